/* Health checks: who connects, says nothing and closes, again and again, is a balancer or a monitor that looks whether a
 * server is up. Feeds the first judgement; an edge that is no check only looked in.
 */
#include "config.h"

#include "constants.h"
#include "work.h"

/* Mostly completed; how it is closed does not matter (many checks reset). */
static gboolean connects(const AmMapWork *work, const AmEdge *edge, const AmEdgeNotes *notes)
{
	uint64_t opened = edge->handshakes + (edge->counts.packets[1] == 0 ? edge->outcomes[AM_OUTCOME_MIDSTREAM] : 0);
	return notes->kind == AM_KIND_OPENED && !notes->tainted && opened * 2 > edge->connections &&
	       work->hosts[edge->client].inside;
}

/* Long enough to be no person's wrong port. */
static gboolean goes_on(const AmMapWork *work, const AmEdge *edge, const AmEdgeNotes *notes)
{
	if (!notes->recurs)
		return FALSE;
	return work->span_hours < AM_RECUR_SHORT_HOURS
		       ? edge->connections >= AM_HEALTH_HOURS && edge->hours + 1 >= work->span_hours
		       : edge->hours >= AM_HEALTH_HOURS;
}

static uint64_t key_of(const AmEdge *edge)
{
	return am_socket_key(edge->client, edge->ip_protocol, edge->port);
}

void am_checks_count(AmMapWork *work)
{
	work->checks = am_table_new(sizeof(uint64_t));
	work->n_checks = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	for (guint n = 0; n < work->map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		const AmEdgeNotes *notes = am_work_notes(work, n);
		if (!connects(work, edge, notes) || !goes_on(work, edge, notes))
			continue;
		uint64_t key = key_of(edge);
		uint32_t at = am_table_add(work->checks, &key);
		if (at >= work->n_checks->len)
			g_array_set_size(work->n_checks, at + 1);
		g_array_index(work->n_checks, uint32_t, at)++;
	}
}

/* A server that was there for a few hours only is checked as its like are. Not on a port of administration, where an
 * intruder looks for one more host. */
static gboolean is_one_more(const AmMapWork *work, const AmEdge *edge)
{
	uint64_t key = key_of(edge);
	uint32_t at = am_table_find(work->checks, &key);
	return at != AM_TABLE_NONE && g_array_index(work->n_checks, uint32_t, at) >= AM_HABIT_SERVERS &&
	       work->hosts[edge->server].inside && !am_port_is_admin(edge->ip_protocol, edge->port);
}

gboolean am_check_is_one(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmEdgeNotes *notes = am_work_notes(work, edge_index);
	return connects(work, edge, notes) && (goes_on(work, edge, notes) || is_one_more(work, edge));
}
