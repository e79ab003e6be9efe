/* Beacons: malware that calls home, small and regular. Health checks inside are as regular and are essential, so only
 * destinations outside are looked at, and only as far as tallies go: hours, daily counts, sizes and names, not the times
 * of single connections. Small, to an uncommon place, and with no name where names are usual: regular, that is a
 * suspicion, else a question. Few and regular clients of some other protocol are a question too, DNS among them where the
 * client has a resolver inside: tunnels use it. With a name it is taken for the interface of some supplier.
 */
#include "config.h"

#include "allowmap/base.h"
#include "constants.h"
#include "ports.h"
#include "work.h"

#include <math.h>
#include <string.h>

static gboolean goes_out(const AmMapWork *work, const AmEdge *edge, const AmEdgeNotes *notes)
{
	const AmEndpointNotes *client = &work->hosts[edge->client], *server = &work->hosts[edge->server];
	return (client->inside || client->own) && !server->inside && !server->own &&
	       (notes->kind == AM_KIND_TWO_WAY || notes->kind == AM_KIND_OPENED ||
		(notes->kind == AM_KIND_ONE_WAY && edge->ip_protocol == AM_PROTO_TCP));
}

/* Who asks for names inside, and who answers. */
static void find_resolvers(AmMapWork *work)
{
	for (guint n = 0; n < work->map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		if (edge->port != AM_PORT_DNS || edge->connections < AM_BEACON_CONNECTIONS ||
		    am_work_notes(work, n)->kind != AM_KIND_TWO_WAY || !work->hosts[edge->client].inside ||
		    !work->hosts[edge->server].inside)
			continue;
		work->hosts[edge->client].asks_inside = TRUE;
		work->hosts[edge->server].resolver = TRUE;
	}
}

/* Services that a network has its own servers for, which are then the only ones to use those outside. */
static gboolean is_relayed(const AmMapWork *work, const AmEdge *edge)
{
	const AmEndpointNotes *client = &work->hosts[edge->client];
	gboolean passes_by = edge->port == AM_PORT_DNS && client->asks_inside && !client->resolver;
	return am_port_is_relayed(edge->ip_protocol, edge->port) && !passes_by;
}

/* Behind a router that translates, a mirror shows inside hosts by a public address that --inside was not told. Who visits us from
 * outside comes to few of our addresses; one that is regular at several places outside goes out. */
static void find_own(AmMapWork *work)
{
	for (guint client = 0; client < work->map->endpoints->len; client++) {
		AmEndpointNotes *host = &work->hosts[client];
		uint32_t n_servers = 0, last = AM_NO_INDEX;
		if (host->inside || host->scanner || work->no_outside)
			continue;
		for (uint32_t n = host->first_edge; n < host->first_edge + host->n_edges; n++) {
			const AmEdge *edge = am_work_edge(work, n);
			const AmEdgeNotes *notes = am_work_notes(work, n);
			if (work->hosts[edge->server].inside || edge->server == last || !notes->recurs ||
			    notes->kind != AM_KIND_TWO_WAY)
				continue;
			n_servers++;
			last = edge->server;
		}
		host->own = n_servers >= AM_HABIT_SERVERS;
	}
}

/* TLS without SNI, HTTP to a bare address, no known protocol. What a resolver is asked for is not its own name. */
gboolean am_edge_is_nameless(const AmEdge *edge)
{
	AmAddress address;
	if (am_edge_asks_names(edge))
		return TRUE;
	char host[AM_SERVER_NAME_SIZE];
	g_strlcpy(host, edge->server_name, sizeof host);
	char *colon = strchr(host, ':');
	if (colon != NULL && strchr(colon + 1, ':') == NULL)
		*colon = '\0'; /* "203.0.113.7:8080" */
	return host[0] == '\0' || am_address_parse(host, &address);
}

static uint32_t asset_of(const AmMapWork *work, uint32_t endpoint)
{
	return g_array_index(work->map->endpoints, AmEndpoint, endpoint).asset;
}

/* How many inside machines use each outside service, whether by a name, and how many use any: with the IPv6 addresses of each
 * counted as well, what all use by IPv4 would be what half of them do. */
void am_beacon_prepare(AmMapWork *work)
{
	find_own(work);
	find_resolvers(work);
	guint n_edges = work->map->edges->len;
	g_autofree guint *last_of =
		g_new0(guint, MAX(work->map->assets->len, 1)); /* by asset: 1 + the service counted last */
	for (guint first = 0, end = 0; first < n_edges; first = end) {
		const AmEdge *head = am_work_edge(work, work->by_service[first]);
		uint32_t clients = 0;
		gboolean named = FALSE;
		for (end = first; end < n_edges; end++) {
			const AmEdge *edge = am_work_edge(work, work->by_service[end]);
			if (edge->server != head->server || edge->ip_protocol != head->ip_protocol ||
			    edge->port != head->port)
				break;
			if (!goes_out(work, edge, am_work_notes(work, work->by_service[end])))
				continue;
			guint *last = &last_of[asset_of(work, edge->client)];
			clients += *last != first + 1;
			*last = first + 1;
			named = named || !am_edge_is_nameless(edge);
		}
		for (guint n = first; n < end; n++) {
			am_work_notes(work, work->by_service[n])->outward_clients = clients;
			am_work_notes(work, work->by_service[n])->outward_named = named != FALSE;
		}
	}
	work->n_outward = 0;
	for (guint n = 0; n < work->map->assets->len; n++)
		work->n_outward += last_of[n] != 0;
}

/* Daily counts of whole days (the first and the last of the edge are cut), against what chance would give. */
typedef enum { EVEN_UNKNOWN, EVEN_YES, EVEN_NO } Evenness;

static Evenness evenness(const AmMapWork *work, const AmEdgeNotes *notes)
{
	const AmArc *arcs = &g_array_index(work->arcs, AmArc, notes->first_arc);
	int32_t first_day = am_work_tally(work, arcs[0].tally)->key.day;
	int32_t last_day = am_work_tally(work, arcs[notes->n_arcs - 1].tally)->key.day;
	double sum = 0, squares = 0, n_days = last_day - first_day - 1;
	if (n_days < AM_BEACON_DISPERSION_DAYS)
		return EVEN_UNKNOWN;
	for (uint32_t n = 0; n < notes->n_arcs;) {
		int32_t day = am_work_tally(work, arcs[n].tally)->key.day;
		double count = 0;
		for (; n < notes->n_arcs && am_work_tally(work, arcs[n].tally)->key.day == day; n++)
			count += (double)am_work_tally(work, arcs[n].tally)->connections;
		if (day == first_day || day == last_day)
			continue;
		sum += count;
		squares += count * count;
	}
	double mean = sum / n_days, index = (squares - n_days * mean * mean) / (n_days - 1) / MAX(mean, 1);
	return index < AM_BEACON_DISPERSION ? EVEN_YES : EVEN_NO;
}

static double rate_of(const AmEdge *edge)
{
	double hours = (double)(edge->last_ns - edge->first_ns) / (double)AM_NS_PER_HOUR;
	return (double)edge->connections / MAX(hours, 1);
}

/* What its hours show: contacts by chance at this rate fill 1 - e^-rate of all hours, a clock fills min(1, rate). It must
 * come nearer to the clock. */
static gboolean is_steady(const AmEdge *edge)
{
	double hours = (double)(edge->last_ns - edge->first_ns) / (double)AM_NS_PER_HOUR;
	double rate = rate_of(edge);
	double needed = MIN(AM_BEACON_COVERAGE, (1 - exp(-rate) + MIN(rate, 1)) / 2);
	return edge->connections >= AM_BEACON_CONNECTIONS && hours >= AM_BEACON_HOURS && rate >= AM_BEACON_SLOWEST &&
	       rate <= AM_BEACON_FASTEST && edge->hours >= needed * hours;
}

/* The mirror misses what this client says, the name as well; others ask for the same service by name. */
static gboolean is_name_unseen(const AmEdge *edge, const AmEdgeNotes *notes)
{
	return edge->counts.packets[0] == 0 && notes->outward_named;
}

/* HTTP and TLS give names as a rule; what has another protocol often has no place for one. */
static gboolean should_have_name(const AmEdge *edge)
{
	const char *word =
		edge->n_l7 > 0 && edge->l7[0].confidence >= AM_L7_PARTIAL ? am_l7_group_name(edge->l7[0].name) : NULL;
	if (word == NULL)
		word = am_port_group_name(edge->ip_protocol, edge->port);
	return g_strcmp0(word, "web") == 0;
}

int am_beacon_score(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmEdgeNotes *notes = am_work_notes(work, edge_index);
	if (!goes_out(work, edge, notes) || is_relayed(work, edge))
		return 0;
	if (edge->counts.payload[0] + edge->counts.payload[1] >= AM_BEACON_BYTES * edge->connections)
		return 0;
	if (notes->outward_clients * AM_BEACON_CLIENT_SHARE > MAX(work->n_outward, AM_BEACON_CLIENT_SHARE))
		return 0;
	Evenness even = evenness(work, notes);
	gboolean steady = is_steady(edge);
	/* A clock that is late by chance, or whose machine sleeps at times, gives steady hours and uneven days. */
	if (!am_edge_is_nameless(edge) || is_name_unseen(edge, notes) || (even == EVEN_NO && !steady))
		return 0;
	gboolean regular = even == EVEN_YES || steady;
	/* Of a client that is only taken for one of ours it is a question. */
	if (should_have_name(edge))
		return regular && even != EVEN_NO && work->hosts[edge->client].inside ? 2 : 1;
	/* Nothing speaks for or against other protocols but their rhythm: it must be one that chance does not give. */
	gboolean telling = even == EVEN_YES || rate_of(edge) <= AM_BEACON_TELLING_RATE;
	return regular && telling && notes->outward_clients < AM_PUBLIC_CLIENTS;
}
