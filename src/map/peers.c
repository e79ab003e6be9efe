/* Does anybody else speak for an edge that is too thin to stand on its own? Peer support, after Cretu et al. (S&P'08):
 * what is seen once is believed when clients that are alike do it regularly. Fed by the strong and usable marks of
 * verdict.c; decides nothing.
 */
#include "config.h"

#include "constants.h"
#include "peers.h"
#include "ports.h"
#include "work.h"

#include <string.h>

static void add_strong(const AmMapWork *work, AmServiceNotes *service, uint32_t edge_index, GArray *strong)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	service->n_strong++;
	service->n_outside += !work->hosts[edge->client].inside;
	service->named = service->named || (edge->server_name[0] != '\0' && !am_edge_asks_names(edge));
	g_array_append_val(strong, edge_index);
}

static int compare_doubles(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* Evenly picked, so that clients of all subnets are among them. */
static void sample(AmMapWork *work, AmServiceNotes *service, const GArray *strong)
{
	g_autoptr(GArray) amounts = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) exchanges = g_array_new(FALSE, FALSE, sizeof(double));
	service->first_sample = work->samples->len;
	service->n_samples = MIN(strong->len, AM_PEER_SAMPLE);
	for (uint32_t n = 0; n < service->n_samples; n++) {
		guint at = (guint)((uint64_t)n * strong->len / service->n_samples);
		g_array_append_val(work->samples, g_array_index(strong, uint32_t, at));
		const AmEdge *edge = am_work_edge(work, g_array_index(strong, uint32_t, at));
		double amount = am_edge_served(edge), exchange = am_edge_exchanged(edge);
		g_array_append_val(amounts, amount);
		g_array_append_val(exchanges, exchange);
	}
	g_array_sort(amounts, compare_doubles);
	g_array_sort(exchanges, compare_doubles);
	if (amounts->len == 0)
		return;
	guint low = MIN(MAX(amounts->len / AM_CONFORM_LOW, 1), amounts->len - 1);
	service->lowest_served = g_array_index(amounts, double, 0);
	service->usually_served = g_array_index(amounts, double, low);
	service->usually_exchanged = g_array_index(exchanges, double, low);
	service->least_served = g_array_index(amounts, double, amounts->len / AM_CONFORM_LOW);
}

/* The element of what is counted beside a table, zero when it is new. */
static gpointer counted_at(GArray *counts, uint32_t at)
{
	if (at >= counts->len)
		g_array_set_size(counts, at + 1);
	return counts->data + (gsize)at * g_array_get_element_size(counts);
}

static const AmHabit *habit_of(const AmMapWork *work, const AmEdge *edge)
{
	uint64_t key = am_socket_key(edge->client, edge->ip_protocol, edge->port);
	uint32_t habit = am_table_find(work->habits, &key);
	return habit != AM_TABLE_NONE ? &g_array_index(work->habit_servers, AmHabit, habit) : NULL;
}

static const AmServiceNotes *service_of(const AmMapWork *work, uint32_t edge_index)
{
	return &g_array_index(work->services, AmServiceNotes, am_work_notes(work, edge_index)->service);
}

static uint32_t network_of(const AmMapWork *work, uint32_t endpoint)
{
	return g_array_index(work->map->endpoints, AmEndpoint, endpoint).network;
}

static uint64_t port_key(const AmMapWork *work, const AmEdge *edge)
{
	return am_socket_key(network_of(work, edge->server), edge->ip_protocol, edge->port);
}

/* Who has one server for this, and is the only one who is regular there. */
static gboolean is_pair(const AmMapWork *work, uint32_t edge_index)
{
	return am_peers_count(work, edge_index) == 0 && am_work_notes(work, edge_index)->strong &&
	       am_peers_habit(work, edge_index) == 0;
}

static void count_pairs(AmMapWork *work)
{
	work->pairs = am_table_new(sizeof(uint64_t));
	work->n_pairs = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	for (guint n = 0; n < work->map->edges->len; n++) {
		if (!is_pair(work, n))
			continue;
		uint64_t key = port_key(work, am_work_edge(work, n));
		uint32_t *n_pairs = counted_at(work->n_pairs, am_table_add(work->pairs, &key));
		*n_pairs += 1;
	}
}

/* Of a network's own use, by what it shows itself: seldom, perhaps, but by a host of its own or one that is known for something
 * else. */
static gboolean is_clean(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmEdgeNotes *notes = am_work_notes(work, edge_index);
	const AmEndpointNotes *client = &work->hosts[edge->client];
	return notes->kind == AM_KIND_TWO_WAY && !notes->tainted && edge->direction <= AM_DIRECTION_PROTOCOL &&
	       (client->inside || client->strong_client) && !client->scanner && work->hosts[edge->server].inside &&
	       !am_port_is_admin(edge->ip_protocol, edge->port);
}

/* Neither regular nor late, of a client that is known for something else: one host with several addresses would not be. */
static gboolean is_in_pool(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdgeNotes *notes = am_work_notes(work, edge_index);
	return is_clean(work, edge_index) && !notes->strong && !notes->late &&
	       work->hosts[am_work_edge(work, edge_index)->client].strong_client;
}

/* How many inside hosts of the endpoint's network use anything regularly. */
static uint32_t *regular_beside(const AmMapWork *work, uint32_t endpoint)
{
	return &work->n_regular[MIN(network_of(work, endpoint), work->map->networks->len)];
}

/* The clients of a service that do not recur, taken together: logons by a protocol that is asked for once, a nightly update.
 * Where most clients are regular ones, one that is not is out of the ordinary. */
static void pool(const AmMapWork *work, AmServiceNotes *service)
{
	g_autoptr(GHashTable) hours = g_hash_table_new(NULL, NULL);
	g_autoptr(GArray) amounts = g_array_new(FALSE, FALSE, sizeof(double));
	for (uint32_t k = service->first; k < service->end; k++) {
		uint32_t n = work->by_service[k];
		if (!is_in_pool(work, n))
			continue;
		double amount = am_edge_served(am_work_edge(work, n));
		g_array_append_val(amounts, amount);
		service->n_returning += am_edge_comes_again(am_work_edge(work, n)) != FALSE;
		/* As many as are needed beside those of any that is not regular. */
		if (g_hash_table_size(hours) < 2 * AM_RECUR_HOURS)
			am_edge_add_hours(work, am_work_notes(work, n), hours);
	}
	g_array_sort(amounts, compare_doubles);
	service->n_pool = amounts->len;
	service->pool_hours = g_hash_table_size(hours);
	if (amounts->len > 0)
		service->pool_served = g_array_index(amounts, double, amounts->len / AM_POOL_LOW);
}

/* Who comes by from outside, and is not regular. */
static void count_visits(const AmMapWork *work, AmServiceNotes *service)
{
	g_autoptr(GArray) amounts = g_array_new(FALSE, FALSE, sizeof(double));
	for (uint32_t k = service->first; k < service->end; k++) {
		const AmEdge *edge = am_work_edge(work, work->by_service[k]);
		const AmEdgeNotes *notes = am_work_notes(work, work->by_service[k]);
		if (work->hosts[edge->client].inside || notes->kind != AM_KIND_TWO_WAY || notes->usable)
			continue;
		double amount = am_edge_served(edge);
		g_array_append_val(amounts, amount);
	}
	g_array_sort(amounts, compare_doubles);
	service->n_visits = amounts->len;
	if (amounts->len > 0)
		service->visit_served = g_array_index(amounts, double, amounts->len / 2);
}

/* An observation of two days shows no third; what comes on both may be a nightly job. */
static gboolean returns(const AmMapWork *work, uint32_t edge_index)
{
	return work->map->days == 2 && am_edge_comes_again(am_work_edge(work, edge_index)) &&
	       is_clean(work, edge_index);
}

/* Other strong clients of a port of administration; of one inside, inside ones. One machine at several addresses is one. */
static uint32_t n_colleagues(const AmMapWork *work, uint32_t edge_index)
{
	return service_of(work, edge_index)->n_machines - am_work_notes(work, edge_index)->machine_strong;
}

static uint32_t asset_of(const AmMapWork *work, const AmEdge *edge)
{
	return g_array_index(work->map->endpoints, AmEndpoint, edge->client).asset;
}

static void count_machines(const AmMapWork *work, AmServiceNotes *service)
{
	const AmEdge *head = am_work_edge(work, work->by_service[service->first]);
	if (!am_port_is_admin(head->ip_protocol, head->port))
		return;
	g_autoptr(GHashTable) machines = g_hash_table_new(NULL, NULL);
	for (uint32_t k = service->first; k < service->end; k++) {
		const AmEdge *edge = am_work_edge(work, work->by_service[k]);
		if (am_work_notes(work, work->by_service[k])->strong && !am_work_comes_in(work, edge))
			g_hash_table_add(machines, GUINT_TO_POINTER(asset_of(work, edge)));
	}
	service->n_machines = g_hash_table_size(machines);
	for (uint32_t k = service->first; k < service->end; k++) {
		uint32_t n = work->by_service[k];
		uint32_t asset = asset_of(work, am_work_edge(work, n));
		am_work_notes(work, n)->machine_strong =
			g_hash_table_contains(machines, GUINT_TO_POINTER(asset)) != FALSE;
	}
}

static gboolean lasts_as_login(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdgeNotes *notes = am_work_notes(work, edge_index);
	return am_edge_is_login(work, edge_index) && notes->strong && notes->kind == AM_KIND_TWO_WAY &&
	       am_edge_lasts(work, am_work_edge(work, edge_index));
}

/* What only passes by is no habit, or one server that an intruder comes to would speak for the next. */
static gboolean is_habitual(const AmMapWork *work, uint32_t edge_index)
{
	return am_work_notes(work, edge_index)->usable && !am_edge_is_passing(work, edge_index);
}

static void count_habits(AmMapWork *work)
{
	work->habits = am_table_new(sizeof(uint64_t));
	work->habit_servers = g_array_new(FALSE, TRUE, sizeof(AmHabit));
	for (guint n = 0; n < work->map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		gboolean usable = is_habitual(work, n), returning = returns(work, n), login = am_edge_is_login(work, n);
		if (!usable && !returning && !login)
			continue;
		uint64_t key = am_socket_key(edge->client, edge->ip_protocol, edge->port);
		AmHabit *habit = counted_at(work->habit_servers, am_table_add(work->habits, &key));
		habit->returning += returning != FALSE;
		habit->all += login != FALSE;
		habit->lasting += lasts_as_login(work, n);
		habit->shared += login && n_colleagues(work, n) >= AM_POOL_CLIENTS;
		if (!usable)
			continue;
		if (habit->servers++ == 0)
			habit->first_edge = n;
		habit->last_edge = n;
	}
}

void am_peers_prepare(AmMapWork *work)
{
	guint n_edges = work->map->edges->len;
	g_autoptr(GArray) strong = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	work->likeness = am_likeness_new();
	work->services = g_array_new(FALSE, FALSE, sizeof(AmServiceNotes));
	work->samples = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	for (guint first = 0, n = 0; first < n_edges; first = n) {
		const AmEdge *head = am_work_edge(work, work->by_service[first]);
		AmServiceNotes service = {.first = first};
		g_array_set_size(strong, 0);
		for (n = first;
		     n < n_edges && am_edge_compare_service(am_work_edge(work, work->by_service[n]), head) == 0; n++) {
			AmEdgeNotes *notes = am_work_notes(work, work->by_service[n]);
			notes->service = work->services->len;
			if (notes->kind == AM_KIND_TWO_WAY && head->related == 0)
				work->hosts[head->server].serves = TRUE;
			if (notes->strong)
				add_strong(work, &service, work->by_service[n], strong);
		}
		service.end = n;
		count_machines(work, &service);
		if (service.n_strong >= AM_RELIED_ON_CLIENTS)
			work->hosts[head->server].relied_on = TRUE;
		sample(work, &service, strong);
		pool(work, &service);
		if (service.n_outside >= AM_PUBLIC_CLIENTS || work->hosts[head->server].inside)
			count_visits(work, &service);
		g_array_append_val(work->services, service);
	}
	work->n_regular = g_new0(uint32_t, work->map->networks->len + 1);
	for (guint n = 0; n < work->map->endpoints->len; n++)
		*regular_beside(work, n) += work->hosts[n].inside && work->hosts[n].strong_client;
	count_habits(work);
	count_pairs(work);
}

uint32_t am_peers_count(const AmMapWork *work, uint32_t edge_index)
{
	return service_of(work, edge_index)->n_strong - am_work_notes(work, edge_index)->strong;
}

/* Servers on whose port of this number the client is regular, this one left out. */
uint32_t am_peers_habit(const AmMapWork *work, uint32_t edge_index)
{
	if (work->span_hours < AM_RECUR_SHORT_HOURS)
		return 0; /* two connections within minutes are no habit */
	const AmHabit *habit = habit_of(work, am_work_edge(work, edge_index));
	return (habit != NULL ? habit->servers : 0) - is_habitual(work, edge_index);
}

/* Does the edge ask for a name that a regular client asks for, and is any of these like its client? */
static void look_around(const AmMapWork *work, uint32_t edge_index, gboolean *ret_alike, gboolean *ret_same_name)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmServiceNotes *service = service_of(work, edge_index);
	*ret_alike = *ret_same_name = FALSE;
	for (uint32_t n = service->first_sample; n < service->first_sample + service->n_samples; n++) {
		uint32_t other_index = g_array_index(work->samples, uint32_t, n);
		const AmEdge *other = am_work_edge(work, other_index);
		if (other_index == edge_index)
			continue;
		*ret_same_name = *ret_same_name || strcmp(other->server_name, edge->server_name) == 0;
		*ret_alike = *ret_alike || am_clients_alike(work, edge_index, other_index);
		if (*ret_alike && *ret_same_name)
			return;
	}
}

/* What a regular client gets: about as much to read as `amount`, and by one of the same names. */
static gboolean conforms(const AmMapWork *work, uint32_t edge_index, double amount, gboolean *ret_alike)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmServiceNotes *service = service_of(work, edge_index);
	gboolean same_name;
	look_around(work, edge_index, ret_alike, &same_name);
	return am_edge_is_served(edge, amount) && (!service->named || same_name);
}

/* A server that nobody uses regularly yet, such as an instance that was started an hour ago: its client speaks for it when it
 * uses that port on several others. Not to the outside, where everybody has a habit of port 443, nor to
 * administration, which is what an intruder looks for on one more host. */
static gboolean is_one_more_of_a_kind(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	return work->hosts[edge->client].inside && work->hosts[edge->server].inside &&
	       !am_port_is_admin(edge->ip_protocol, edge->port) && am_peers_habit(work, edge_index) >= AM_HABIT_SERVERS;
}

/* Its client has one server for this, which is nobody else's, and so has the only one that is regular here: tenants and their
 * databases, of which none speaks for a visit to another's. */
static gboolean is_anothers(const AmMapWork *work, uint32_t edge_index)
{
	if (am_peers_count(work, edge_index) != 1 || am_peers_habit(work, edge_index) != 1)
		return FALSE;
	uint64_t key = port_key(work, am_work_edge(work, edge_index));
	uint32_t at = am_table_find(work->pairs, &key);
	if (at == AM_TABLE_NONE || g_array_index(work->n_pairs, uint32_t, at) < AM_PAIR_CLIENTS)
		return FALSE;
	const AmHabit *habit = habit_of(work, am_work_edge(work, edge_index));
	uint32_t own = habit->first_edge != edge_index ? habit->first_edge : habit->last_edge;
	uint32_t owner = g_array_index(work->samples, uint32_t, service_of(work, edge_index)->first_sample);
	return am_peers_count(work, own) == 0 && is_pair(work, owner);
}

/* What most hosts here need, a host needs that was there for an hour, too. */
static gboolean is_everybodys(const AmMapWork *work, uint32_t edge_index)
{
	const AmServiceNotes *service = service_of(work, edge_index);
	const AmEdge *edge = am_work_edge(work, edge_index);
	uint32_t n_inside = service->n_strong - service->n_outside;
	return work->hosts[edge->client].inside && !work->hosts[edge->client].scanner &&
	       work->hosts[edge->server].inside && n_inside >= AM_POOL_CLIENTS &&
	       (uint64_t)n_inside * AM_COMMON_SHARE >= *regular_beside(work, edge->server);
}

/* Many outside use the service regularly. Where most others that come by get less than any of these it is no public one, but that
 * of partners, which the internet knocks at: there it takes as much as the regular ones get. */
static gboolean is_public_visit(const AmMapWork *work, uint32_t edge_index)
{
	const AmServiceNotes *service = service_of(work, edge_index);
	const AmEdge *edge = am_work_edge(work, edge_index);
	double enough = AM_VISIT_SHARE * service->least_served;
	gboolean of_partners = service->n_visits >= AM_PUBLIC_CLIENTS && service->visit_served < enough;
	return !work->hosts[edge->client].inside && service->n_outside >= AM_PUBLIC_CLIENTS &&
	       (!of_partners || am_edge_served(edge) >= enough);
}

gboolean am_peers_support(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	gboolean any_alike;
	if (am_peers_count(work, edge_index) == 0)
		return is_one_more_of_a_kind(work, edge_index);
	if (is_anothers(work, edge_index))
		return FALSE;
	if (!conforms(work, edge_index, service_of(work, edge_index)->least_served, &any_alike))
		return FALSE;
	if (am_port_is_admin(edge->ip_protocol, edge->port)) {
		/* Where many log in, to a file server, say, one more who is like them does, too. */
		gboolean shared = n_colleagues(work, edge_index) >= AM_POOL_CLIENTS;
		return !am_work_comes_in(work, edge) &&
		       (am_peers_administers(work, edge_index) || (shared && am_peers_like(work, edge_index)));
	}
	if (is_public_visit(work, edge_index))
		return TRUE;
	return any_alike || am_peers_habit(work, edge_index) > 0 || is_everybodys(work, edge_index);
}

/* An intruder's targets are a habit as well, so only those count that were there all along, and only beside not too many that
 * were not. */
gboolean am_peers_administers(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmHabit *habit = habit_of(work, edge);
	if (habit == NULL || work->span_hours < AM_RECUR_SHORT_HOURS)
		return FALSE;
	return habit->lasting - lasts_as_login(work, edge_index) >= AM_ADMIN_ESTABLISHED &&
	       habit->lasting * AM_ADMIN_SHARE >= habit->all;
}

/* Two public addresses that may be one organisation's: of one /32, as a provider has, or one /16. */
static gboolean are_neighbours(const AmMapWork *work, const AmEdge *edge)
{
	const AmAddress *a = am_work_address(work, edge->client), *b = am_work_address(work, edge->server);
	return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 4 ? 2 : 4) == 0;
}

gboolean am_peers_join(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmHabit *habit = habit_of(work, edge);
	return habit != NULL && habit->all == habit->shared && n_colleagues(work, edge_index) >= AM_POOL_CLIENTS &&
	       !work->hosts[edge->client].scanner &&
	       am_edge_is_served(edge, service_of(work, edge_index)->usually_served) &&
	       (work->hosts[edge->server].inside || are_neighbours(work, edge));
}

gboolean am_peers_like(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmServiceNotes *service = service_of(work, edge_index);
	uint32_t n_alike = 0;
	if (work->hosts[edge->client].scanner)
		return FALSE;
	for (uint32_t n = service->first_sample; n < service->first_sample + service->n_samples; n++) {
		uint32_t other_index = g_array_index(work->samples, uint32_t, n);
		const AmEdge *other = am_work_edge(work, other_index);
		if (other_index == edge_index ||
		    am_work_notes(work, other_index)->kind != am_work_notes(work, edge_index)->kind ||
		    !am_edge_is_served(edge, am_edge_served(other)) || !am_clients_alike(work, edge_index, other_index))
			continue;
		if (am_edge_lasts(work, other) || ++n_alike >= AM_POOL_CLIENTS)
			return TRUE;
	}
	return FALSE;
}

gboolean am_peers_unlike(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmServiceNotes *service = service_of(work, edge_index);
	/* A refused password is answered as much as a short session; but little is said. */
	gboolean brief = am_port_is_admin(edge->ip_protocol, edge->port) &&
			 am_edge_exchanged(edge) < AM_CONFORM_SHARE * service->usually_exchanged;
	return edge->ip_protocol == AM_PROTO_TCP && !work->hosts[edge->client].inside && edge->counts.packets[1] > 0 &&
	       service->n_outside - am_work_notes(work, edge_index)->strong >= AM_PUBLIC_CLIENTS &&
	       (brief || !am_edge_is_served(edge, service->usually_served));
}

/* The others in the pool are many, more than the regular clients; they come in enough hours, or on enough days each; and what
 * they get is what this one gets. */
gboolean am_peers_pooled(const AmMapWork *work, uint32_t edge_index)
{
	const AmServiceNotes *service = service_of(work, edge_index);
	const AmEdge *edge = am_work_edge(work, edge_index);
	if (!is_in_pool(work, edge_index) || is_anothers(work, edge_index))
		return FALSE;
	uint32_t n_others = service->n_pool - 1,
		 n_returning = service->n_returning - (am_edge_comes_again(edge) != FALSE);
	gboolean any_alike;
	return n_others >= AM_POOL_CLIENTS && n_others >= service->n_strong &&
	       (service->pool_hours >= AM_RECUR_HOURS + edge->hours || n_returning >= AM_POOL_CLIENTS) &&
	       am_edge_is_served(edge, service->pool_served) &&
	       (service->n_strong == 0 || conforms(work, edge_index, service->least_served, &any_alike));
}

gboolean am_peers_round(const AmMapWork *work, uint32_t edge_index)
{
	const AmHabit *habit = habit_of(work, am_work_edge(work, edge_index));
	return habit != NULL && habit->returning >= AM_HABIT_SERVERS && returns(work, edge_index) &&
	       !is_anothers(work, edge_index);
}

/* A login that strangers try, many for each regular client, and get far less than these; or where nobody is regular. */
static gboolean is_guessed(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmServiceNotes *service = service_of(work, edge_index);
	gboolean any_alike;
	return am_edge_speaks_login(edge) && am_work_comes_in(work, edge) &&
	       service->n_visits >= AM_GUESSERS * MAX(service->n_outside, 1) &&
	       (service->n_strong == 0 || !conforms(work, edge_index, service->lowest_served, &any_alike));
}

gboolean am_peers_contradict(const AmMapWork *work, uint32_t edge_index)
{
	gboolean any_alike;
	if (is_guessed(work, edge_index))
		return TRUE;
	return am_peers_count(work, edge_index) >= AM_PUBLIC_CLIENTS &&
	       !conforms(work, edge_index, service_of(work, edge_index)->lowest_served, &any_alike);
}
