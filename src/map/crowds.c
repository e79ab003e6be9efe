/* What many inside hosts ask for outside, by one name, each too seldom to speak for itself: updates at night from whichever
 * mirror is next, licences, an index of packages. Together they do. Fed by the services of peers.c; decides nothing, and
 * what somebody sends beacons to is doubted later all the same.
 */
#include "config.h"

#include "constants.h"
#include "peers.h"
#include "ports.h"
#include "work.h"

#include <string.h>

/* Of hosts that are known for something else, as in a pool, and not lately. */
static gboolean may_be_asked(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmEdgeNotes *notes = am_work_notes(work, edge_index);
	const AmEndpointNotes *client = &work->hosts[edge->client], *server = &work->hosts[edge->server];
	return notes->kind == AM_KIND_TWO_WAY && !notes->tainted && (edge->reasons & 1u << AM_REASON_BEACON) == 0 &&
	       edge->direction <= AM_DIRECTION_PROTOCOL && client->inside && client->strong_client &&
	       !client->scanner && !server->inside && !server->scanner &&
	       !am_port_is_admin(edge->ip_protocol, edge->port) && !am_edge_is_nameless(edge);
}

static gboolean is_member(const AmMapWork *work, uint32_t edge_index)
{
	return may_be_asked(work, edge_index) && !am_work_notes(work, edge_index)->late;
}

/* The edge whose name more than half of the members ask for, if there is such a name (Boyer and Moore's majority vote, 1981). */
static uint32_t vote(const AmMapWork *work, const AmServiceNotes *service)
{
	uint32_t winner = 0, lead = 0;
	for (uint32_t k = service->first; k < service->end; k++) {
		uint32_t n = work->by_service[k];
		if (!is_member(work, n))
			continue;
		if (lead == 0)
			winner = n;
		gboolean same =
			strcmp(am_work_edge(work, n)->server_name, am_work_edge(work, winner)->server_name) == 0;
		lead = lead == 0 || same ? lead + 1 : lead - 1;
	}
	return winner;
}

static int compare_doubles(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void gather(const AmMapWork *work, AmServiceNotes *service)
{
	g_autoptr(GHashTable) hours = g_hash_table_new(NULL, NULL);
	g_autoptr(GArray) amounts = g_array_new(FALSE, FALSE, sizeof(double));
	service->crowd_named = vote(work, service);
	const char *name = am_work_edge(work, service->crowd_named)->server_name;
	for (uint32_t k = service->first; k < service->end; k++) {
		uint32_t n = work->by_service[k];
		const AmEdge *edge = am_work_edge(work, n);
		if (!is_member(work, n) || strcmp(edge->server_name, name) != 0)
			continue;
		double amount = am_edge_served(edge);
		g_array_append_val(amounts, amount);
		service->n_crowd_returning += am_edge_comes_again(edge) != FALSE;
		/* As many as are needed beside those of any that is not regular. */
		if (g_hash_table_size(hours) < 2 * AM_RECUR_HOURS)
			am_edge_add_hours(work, am_work_notes(work, n), hours);
	}
	g_array_sort(amounts, compare_doubles);
	service->n_crowd = amounts->len;
	service->crowd_hours = g_hash_table_size(hours);
	if (amounts->len > 0)
		service->crowd_served = g_array_index(amounts, double, amounts->len / AM_POOL_LOW);
}

void am_crowds_prepare(AmMapWork *work)
{
	for (guint n = 0; n < work->services->len; n++) {
		AmServiceNotes *service = &g_array_index(work->services, AmServiceNotes, n);
		const AmEdge *head = am_work_edge(work, work->by_service[service->first]);
		if (!work->hosts[head->server].inside && service->end - service->first > AM_POOL_CLIENTS)
			gather(work, service);
	}
}

/* As in a pool: the others are several, and come in enough hours or on enough days each. */
gboolean am_crowds_support(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmServiceNotes *service =
		&g_array_index(work->services, AmServiceNotes, am_work_notes(work, edge_index)->service);
	if (service->n_crowd == 0 || !may_be_asked(work, edge_index) ||
	    strcmp(edge->server_name, am_work_edge(work, service->crowd_named)->server_name) != 0)
		return FALSE;
	gboolean self = is_member(work, edge_index);
	uint32_t n_others = service->n_crowd - self;
	uint32_t n_returning = service->n_crowd_returning - (self && am_edge_comes_again(edge));
	return n_others >= AM_POOL_CLIENTS &&
	       (service->crowd_hours >= AM_RECUR_HOURS + (self ? edge->hours : 0) || n_returning >= AM_POOL_CLIENTS) &&
	       am_edge_is_served(edge, service->crowd_served);
}
