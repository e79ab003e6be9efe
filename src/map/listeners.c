/* Listeners: (endpoint, protocol, port) that answered as a service, or that datagrams keep being sent to. Summed from the
 * edges into it. A SYN to a dead host, a refused port, and the source of backscatter are none.
 */
#include "config.h"

#include "work.h"

#include "allowmap/base.h"

#include <string.h>

static gboolean offers(const AmMapWork *work, const AmEdge *edge, const AmEdgeNotes *notes)
{
	if (edge->ip_protocol != AM_PROTO_TCP && edge->ip_protocol != AM_PROTO_UDP &&
	    edge->ip_protocol != AM_PROTO_SCTP)
		return FALSE;
	if (notes->backscatter || am_address_is_multicast(am_work_address(work, edge->server)))
		return FALSE;
	gboolean answered = edge->counts.payload[1] > 0 || notes->synack > 0;
	return edge->verdict == AM_VERDICT_ESSENTIAL || (answered && edge->direction <= AM_DIRECTION_HINT);
}

/* ---- When it opened and closed: by the days on which it answered, and on which it only refused. */

static gboolean answered(const AmTally *tally, const AmArc *arc)
{
	int server = !arc->client_is_hi;
	return tally->outcomes[AM_OUTCOME_ACCEPTED] > 0 || tally->synack[server] > 0 ||
	       tally->counts.payload[server] > 0;
}

static void add_answers(const AmMapWork *work, const AmEdgeNotes *notes, AmListener *listener)
{
	for (uint32_t n = notes->first_arc; n < notes->first_arc + notes->n_arcs; n++) {
		const AmArc *arc = &g_array_index(work->arcs, AmArc, n);
		const AmTally *tally = am_work_tally(work, arc->tally);
		if (!answered(tally, arc))
			continue;
		gboolean first = listener->answered_ns == 0;
		listener->opened_ns = first ? tally->first_ns : MIN(listener->opened_ns, tally->first_ns);
		listener->answered_ns = first ? tally->last_ns : MAX(listener->answered_ns, tally->last_ns);
	}
}

/* After add_answers() of all its edges. */
static void add_refusals(const AmMapWork *work, const AmEdgeNotes *notes, AmListener *listener)
{
	for (uint32_t n = notes->first_arc; n < notes->first_arc + notes->n_arcs; n++) {
		const AmArc *arc = &g_array_index(work->arcs, AmArc, n);
		const AmTally *tally = am_work_tally(work, arc->tally);
		if (listener->answered_ns == 0 || tally->key.day <= am_time_day(listener->answered_ns) ||
		    tally->outcomes[AM_OUTCOME_REFUSED] == 0)
			continue;
		if (listener->closed_ns == 0 || tally->first_ns < listener->closed_ns)
			listener->closed_ns = tally->first_ns;
	}
}

static void add_to(AmListener *listener, const AmEdge *edge)
{
	listener->clients++;
	listener->direction = MIN(listener->direction, edge->direction);
	for (int n = 0; n < AM_N_OUTCOMES; n++)
		listener->outcomes[n] += edge->outcomes[n];
	listener->first_ns = MIN(listener->first_ns, edge->first_ns);
	listener->last_ns = MAX(listener->last_ns, edge->last_ns);
	if (edge->verdict == AM_VERDICT_ESSENTIAL) {
		listener->idle = FALSE;
		listener->needed++;
	}
}

static void add_l7(GArray *seen, const AmEdge *edge)
{
	for (guint n = 0; n < edge->n_l7; n++) {
		guint at = 0;
		while (at < seen->len && strcmp(g_array_index(seen, AmTallyL7, at).name, edge->l7[n].name) != 0)
			at++;
		if (at == seen->len) {
			g_array_append_val(seen, edge->l7[n]);
			continue;
		}
		AmTallyL7 *known = &g_array_index(seen, AmTallyL7, at);
		known->connections += edge->l7[n].connections;
		known->confidence = MAX(known->confidence, edge->l7[n].confidence);
	}
}

static AmTallyL7 most_frequent(const GArray *seen)
{
	AmTallyL7 best = {0};
	for (guint n = 0; n < seen->len; n++) {
		const AmTallyL7 *l7 = &g_array_index(seen, AmTallyL7, n);
		if (l7->connections > best.connections ||
		    (l7->connections == best.connections && strcmp(l7->name, best.name) < 0))
			best = *l7;
	}
	return best;
}

void am_listeners_build(AmMapWork *work)
{
	guint n_edges = work->map->edges->len;
	g_autoptr(GArray) l7 = g_array_new(FALSE, FALSE, sizeof(AmTallyL7));
	for (guint first = 0, n = 0; first < n_edges; first = n) {
		const AmEdge *head = am_work_edge(work, work->by_service[first]);
		AmListener listener = {.endpoint = head->server,
				       .ip_protocol = head->ip_protocol,
				       .port = head->port,
				       .idle = TRUE,
				       .direction = AM_DIRECTION_FIRST_PACKET,
				       .sources = 1u << AM_LISTENER_SEEN,
				       .first_ns = INT64_MAX,
				       .last_ns = INT64_MIN};
		gboolean offered = FALSE;
		g_array_set_size(l7, 0);
		for (n = first; n < n_edges; n++) {
			const AmEdge *edge = am_work_edge(work, work->by_service[n]);
			if (edge->server != head->server || edge->ip_protocol != head->ip_protocol ||
			    edge->port != head->port)
				break;
			offered = offered || offers(work, edge, am_work_notes(work, work->by_service[n]));
			add_to(&listener, edge);
			add_answers(work, am_work_notes(work, work->by_service[n]), &listener);
			add_l7(l7, edge);
		}
		for (guint e = first; e < n; e++)
			add_refusals(work, am_work_notes(work, work->by_service[e]), &listener);
		listener.l7 = most_frequent(l7);
		if (offered)
			g_array_append_val(work->map->listeners, listener);
	}
}
