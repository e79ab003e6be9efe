/* Related edges: which edge announced the port that they go to, and what follows from that. The facts say for each tally which
 * service of the same two endpoints announced it; here that becomes an edge, the control edge.
 *
 * A data connection is seldom seen twice on the same port, so by itself it is a question for ever. It is needed when what
 * it serves is needed, and hostile when that is: where its own evidence is thin, it takes over the verdict of its control
 * edge. Never against evidence of its own, and nothing where either end scanned: an FTP server that is driven to scan its
 * own client announces every one of its probes.
 */
#include "config.h"

#include "ports.h"
#include "work.h"

#define BIT(reason) (1u << AM_REASON_##reason)
/* What thinness looks like, and goes when something else speaks for the edge. */
#define THIN (BIT(SINGLE) | BIT(LATE) | BIT(UNSURE_DIRECTION) | BIT(INBOUND_UNKNOWN))
/* Questions of their own. */
#define DOUBTS (BIT(SCANNER) | BIT(SCAN_SUCCESS) | BIT(BEACON) | BIT(LATERAL) | BIT(FAILED) | BIT(ADMIN_PORT))

/* Of the endpoints of one network the one with the lower index has the lower address. */
static uint32_t find_control(const AmMap *map, const AmEdge *edge)
{
	uint32_t lo = MIN(edge->client, edge->server), hi = MAX(edge->client, edge->server);
	uint32_t server = am_related_server(edge->related) == 0 ? lo : hi, client = server == lo ? hi : lo;
	uint8_t ip_protocol = am_related_protocol(edge->related);
	uint16_t port = am_related_port(edge->related);
	uint32_t control = am_map_find_edge(map, client, server, ip_protocol, port);
	/* Where both ends use the port (SIP), the other may have turned out to be the client. */
	return control != AM_NO_INDEX ? control : am_map_find_edge(map, server, client, ip_protocol, port);
}

void am_related_find(AmMapWork *work)
{
	for (guint n = 0; n < work->map->edges->len; n++) {
		AmEdge *edge = am_work_edge(work, n);
		edge->control = edge->related != 0 ? find_control(work->map, edge) : AM_NO_INDEX;
		if (edge->control == n)
			edge->control = AM_NO_INDEX;
		if (edge->related != 0)
			edge->reasons |= BIT(RELATED);
	}
}

gboolean am_related_tells_client(const AmEdge *edge, const AmEdgeNotes *notes)
{
	return edge->related != 0 && edge->ip_protocol == AM_PROTO_UDP &&
	       am_nearly_all(notes->first_client, edge->connections);
}

/* A port with a meaning of its own is no chance port, whoever announces it. Programs of SunRPC do have such ports (NFS). */
static gboolean is_other_service(const AmEdge *edge)
{
	if (am_related_kind(edge->related) == AM_RELATED_SUNRPC)
		return am_port_is_admin(edge->ip_protocol, edge->port);
	return am_port_is_service(edge->ip_protocol, edge->port);
}

void am_related_inherit(AmMapWork *work)
{
	for (guint n = 0; n < work->map->edges->len; n++) {
		AmEdge *edge = am_work_edge(work, n);
		if (edge->control == AM_NO_INDEX || edge->verdict != AM_VERDICT_UNDECIDED || edge->override_index >= 0)
			continue;
		AmVerdict verdict = am_work_edge(work, edge->control)->verdict;
		gboolean doubted = (edge->reasons & DOUBTS) != 0 || is_other_service(edge) ||
				   work->hosts[edge->client].scanner || work->hosts[edge->server].scanner;
		gboolean guessed = am_client_is_guessed(edge, am_work_notes(work, n));
		if (verdict == AM_VERDICT_SUSPICIOUS) {
			edge->verdict = verdict;
		} else if (verdict == AM_VERDICT_ESSENTIAL && !doubted && !guessed) {
			edge->verdict = verdict;
			edge->reasons &= ~THIN;
		}
	}
}
