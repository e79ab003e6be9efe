/* What kind of activity an edge shows, before anyone asks whether it is needed: failed, merely opened, told without an
 * answer, both ways. And what its addresses or port alone decide: link-local, multicast, discovery chatter, ICMP errors,
 * backscatter. Fed by the summed edges.
 */
#include "config.h"

#include "constants.h"
#include "ports.h"
#include "work.h"

#include "allowmap/base.h"

#define BIT(reason) (1u << AM_REASON_##reason)

static void dismiss(AmEdge *edge, AmEdgeNotes *notes, AmVerdict verdict, uint32_t reasons)
{
	notes->kind = AM_KIND_DISMISSED;
	edge->verdict = verdict;
	edge->reasons |= reasons;
}

/* A broadcast of a subnet looks like any host, except that it never says a word, and that datagrams to it are of the
 * broadcasting kind. Last octet 255 of IPv4 covers every subnet of /24 and wider. */
static gboolean is_subnet_broadcast(const AmMapWork *work, const AmEdge *edge)
{
	const AmAddress *address = am_work_address(work, edge->server);
	return address->family == 4 && address->bytes[3] == 255 && edge->ip_protocol == AM_PROTO_UDP &&
	       !work->hosts[edge->server].live;
}

static gboolean is_dhcp(const AmEdge *edge)
{
	return edge->ip_protocol == AM_PROTO_UDP &&
	       (edge->port == AM_PORT_DHCP_SERVER || edge->port == AM_PORT_DHCP_CLIENT || edge->port == 546 ||
		edge->port == 547);
}

static gboolean any_link_local(const AmMapWork *work, const AmEdge *edge)
{
	const AmAddress *client = am_work_address(work, edge->client), *server = am_work_address(work, edge->server);
	return am_address_is_link_local(client) || am_address_is_link_local(server) ||
	       am_address_is_unspecified(client) || am_address_is_unspecified(server) ||
	       am_address_is_loopback(client) || am_address_is_loopback(server);
}

static gboolean is_neighbour_discovery(const AmEdge *edge)
{
	unsigned type = edge->port >> 8;
	return edge->ip_protocol == AM_PROTO_ICMPV6 && ((type >= 130 && type <= 137) || type == 143);
}

static gboolean is_icmp_error(const AmEdge *edge)
{
	unsigned type = edge->port >> 8;
	if (edge->ip_protocol == AM_PROTO_ICMP)
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return edge->ip_protocol == AM_PROTO_ICMPV6 && type >= 1 && type <= 4;
}

static gboolean dismiss_by_address(const AmMapWork *work, AmEdge *edge, AmEdgeNotes *notes)
{
	gboolean multicast = am_address_is_multicast(am_work_address(work, edge->server)) ||
			     am_address_is_multicast(am_work_address(work, edge->client));
	gboolean broadcast = is_subnet_broadcast(work, edge);
	gboolean discovery = am_port_is_discovery(edge->ip_protocol, edge->port);
	/* Asking for a lease stays on the link; giving it, renewing it, and what a relay passes on, is unicast, and a router may
	 * see it. */
	if (is_dhcp(edge) && (multicast || broadcast || any_link_local(work, edge)))
		dismiss(edge, notes, AM_VERDICT_LOCAL, BIT(LINK_LOCAL) | (multicast ? BIT(MULTICAST) : 0));
	else if (discovery && (multicast || broadcast || edge->payload_both == 0))
		dismiss(edge, notes, AM_VERDICT_BACKGROUND,
			BIT(CHATTER) | (multicast || broadcast ? BIT(MULTICAST) : 0));
	else if (multicast)
		dismiss(edge, notes, AM_VERDICT_LOCAL, BIT(MULTICAST));
	else if (broadcast)
		dismiss(edge, notes, AM_VERDICT_BACKGROUND, BIT(MULTICAST));
	else if (is_neighbour_discovery(edge) || any_link_local(work, edge))
		dismiss(edge, notes, AM_VERDICT_LOCAL, BIT(LINK_LOCAL));
	else if (is_icmp_error(edge))
		dismiss(edge, notes, AM_VERDICT_BACKGROUND, BIT(ICMP_ERROR));
	else if (notes->backscatter)
		dismiss(edge, notes, AM_VERDICT_SUSPICIOUS, BIT(BACKSCATTER));
	return notes->kind == AM_KIND_DISMISSED;
}

/* A mirror that misses one direction shows only one side's words. TCP data after a SYN means that the other side answered
 * it; data after a SYN-ACK, that it was asked; data from a side of which nothing else was missed, the same. Never when
 * the other direction was visible and silent. */
static gboolean one_side_implies_both(const AmEdge *edge)
{
	if (edge->ip_protocol != AM_PROTO_TCP && edge->ip_protocol != AM_PROTO_SCTP)
		return FALSE;
	for (int side = 0; side < 2; side++) {
		if (edge->counts.packets[!side] == 0 && edge->counts.payload[side] > 0 &&
		    edge->counts.packets[side] > 2 * edge->connections)
			return TRUE;
	}
	return FALSE;
}

/* Not an answer in sight, yet the client acknowledged one: the mirror misses what the server sends. */
static gboolean went_on_unanswered(const AmEdge *edge, const AmEdgeNotes *notes)
{
	return edge->counts.packets[1] == 0 && notes->syn > 0 &&
	       edge->outcomes[AM_OUTCOME_MIDSTREAM] * 2 > edge->connections;
}

static uint64_t failures(const AmEdge *edge)
{
	return edge->outcomes[AM_OUTCOME_REFUSED] + edge->outcomes[AM_OUTCOME_SILENT] +
	       edge->outcomes[AM_OUTCOME_PROHIBITED];
}

/* The server is up, and the mirror misses what it sends. Not for who comes from outside, who would only have to pretend. */
static gboolean is_mute(const AmMapWork *work, const AmEdge *edge)
{
	return work->hosts[edge->server].mute && work->hosts[edge->client].inside;
}

/* Datagrams that expect no answer and were not refused. Where the mirror misses what the server sends, silence is none. */
static gboolean is_told(const AmMapWork *work, const AmEdge *edge)
{
	uint64_t silent = is_mute(work, edge) ? edge->outcomes[AM_OUTCOME_SILENT] : 0;
	return edge->ip_protocol == AM_PROTO_UDP && edge->counts.payload[0] > 0 && edge->counts.packets[1] == 0 &&
	       edge->icmp_errors * 10 <= edge->connections && (failures(edge) - silent) * 2 <= edge->connections;
}

/* Datagrams one way: needed by design (syslog, statsd, NetFlow, traps) when the host that gets them is alive, or is told
 * by many, and does not refuse them. */
static AmEdgeKind kind_of_one_way(const AmMapWork *work, const AmEdge *edge)
{
	uint64_t socket = am_socket_key(edge->server, edge->ip_protocol, edge->port);
	if (!is_told(work, edge))
		return AM_KIND_FAILED;
	return work->hosts[edge->server].live || is_mute(work, edge) || am_edge_is_lease(edge) ||
			       am_table_find(work->collectors, &socket) != AM_TABLE_NONE
		       ? AM_KIND_ONE_WAY
		       : AM_KIND_FAILED;
}

/* The client tells a server that takes it without a word: syslog over TCP, metrics, print jobs. */
static gboolean is_poured(const AmEdge *edge)
{
	return edge->counts.payload[0] > 0 && edge->counts.payload[1] == 0 && edge->counts.packets[1] > 0 &&
	       edge->handshakes * 2 > edge->connections && failures(edge) * 2 <= edge->connections;
}

/* The mirror shows one direction of this host's traffic and hardly anything of the other: silence there proves nothing. */
static gboolean is_half_seen(uint64_t seen, uint64_t missed)
{
	return seen >= AM_HALF_SEEN_PACKETS && missed * AM_HALF_SEEN_RATIO < seen;
}

/* Requests without answers, or answers without requests, where the mirror misses the other half of the client's traffic, or in the
 * second case all that the server gets: of a service that is seen to answer; and between inside hosts only in the second case,
 * which is otherwise what the victim of a reflected flood sees. */
static gboolean is_half_a_talk(const AmMapWork *work, const AmEdge *edge)
{
	const AmEndpointNotes *client = &work->hosts[edge->client], *server = &work->hosts[edge->server];
	uint64_t socket = am_socket_key(edge->server, edge->ip_protocol, edge->port);
	if (edge->icmp_errors > 0 || (am_table_find(work->learned, &socket) == AM_TABLE_NONE &&
				      am_table_find(work->answering, &socket) == AM_TABLE_NONE))
		return FALSE;
	if (edge->counts.packets[1] == 0)
		return is_half_seen(client->sent, client->received);
	return edge->counts.packets[0] == 0 && client->inside && server->inside &&
	       (is_half_seen(client->received, client->sent) || is_half_seen(server->sent, server->received));
}

/* Between the ends of a tunnel whose source ports only spread the load, the other direction is an edge of its own; flow/ saw
 * both, or there would be neither. */
static gboolean is_answered_elsewhere(const AmEdge *edge)
{
	return edge->ip_protocol == AM_PROTO_UDP && edge->counts.packets[1] == 0 && edge->counts.payload[0] > 0 &&
	       edge->outcomes[AM_OUTCOME_ACCEPTED] > 0;
}

static AmEdgeKind kind_of(const AmMapWork *work, const AmEdge *edge, const AmEdgeNotes *notes)
{
	gboolean is_icmp = edge->ip_protocol == AM_PROTO_ICMP || edge->ip_protocol == AM_PROTO_ICMPV6;
	if (is_icmp)
		return edge->counts.packets[1] > 0 || is_mute(work, edge) ? AM_KIND_ECHO : AM_KIND_FAILED;
	if (edge->payload_both > 0 || (edge->counts.payload[0] > 0 && edge->counts.payload[1] > 0))
		return AM_KIND_TWO_WAY;
	if (is_answered_elsewhere(edge))
		return AM_KIND_TWO_WAY;
	if (edge->ip_protocol == AM_PROTO_TCP || edge->ip_protocol == AM_PROTO_SCTP) {
		gboolean is_answer = edge->counts.packets[0] == 0 && edge->counts.payload[1] > 0;
		if (one_side_implies_both(edge) || (is_answer && is_half_a_talk(work, edge)))
			return AM_KIND_TWO_WAY;
		if (edge->related != 0 && edge->handshakes > 0 && edge->counts.payload[0] + edge->counts.payload[1] > 0)
			return AM_KIND_DATA;
		if (is_poured(edge))
			return AM_KIND_ONE_WAY;
		if (edge->outcomes[AM_OUTCOME_ACCEPTED] > 0 || notes->synack > 0 || went_on_unanswered(edge, notes))
			return AM_KIND_OPENED;
		return AM_KIND_FAILED;
	}
	if (edge->ip_protocol != AM_PROTO_UDP) /* tunnels, routing: packets both ways are all there is to see */
		return edge->counts.packets[1] > 0 ? AM_KIND_TWO_WAY : AM_KIND_FAILED;
	return is_half_a_talk(work, edge) ? AM_KIND_ONE_WAY : kind_of_one_way(work, edge);
}

/* Active often enough that chance or a single job does not explain it. */
static gboolean recurs(const AmMapWork *work, const AmEdge *edge)
{
	if (work->span_hours < AM_RECUR_SHORT_HOURS)
		return edge->connections >= AM_RECUR_SHORT_CONNECTIONS || edge->hours >= AM_RECUR_HOURS;
	return edge->hours >= AM_RECUR_HOURS || edge->days >= AM_RECUR_DAYS;
}

/* Inside sockets that many inside hosts keep telling something. */
static void find_collectors(AmMapWork *work)
{
	AmTable *told = am_table_new(sizeof(uint64_t));
	g_autoptr(GArray) clients = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	work->collectors = am_table_new(sizeof(uint64_t));
	for (guint n = 0; n < work->map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		if (!is_told(work, edge) || !recurs(work, edge) || !work->hosts[edge->server].inside ||
		    !work->hosts[edge->client].inside)
			continue;
		uint64_t socket = am_socket_key(edge->server, edge->ip_protocol, edge->port);
		uint32_t at = am_table_add(told, &socket);
		if (at >= clients->len)
			g_array_set_size(clients, at + 1);
		if (++g_array_index(clients, uint32_t, at) == AM_COLLECTOR_CLIENTS)
			(void)am_table_add(work->collectors, &socket);
	}
	am_table_free(told);
}

/* Who exchanges words with somebody; and who is up although the mirror hardly shows anything of him, as others open TCP
 * connections to him again and again, and go on talking. */
static void find_answering(AmMapWork *work)
{
	work->answering = am_table_new(sizeof(uint64_t));
	for (guint n = 0; n < work->map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		AmEndpointNotes *server = &work->hosts[edge->server];
		uint64_t socket = am_socket_key(edge->server, edge->ip_protocol, edge->port);
		if (edge->payload_both > 0)
			(void)am_table_add(work->answering, &socket);
		if (edge->counts.packets[1] == 0 && one_side_implies_both(edge) && recurs(work, edge) &&
		    am_work_notes(work, n)->syn > 0 && work->hosts[edge->client].inside &&
		    is_half_seen(server->received, server->sent))
			server->mute = TRUE;
	}
}

/* Local edges are not judged further, so what is no chance is noted here: what comes again, and in a short observation what is
 * told to a group many times. */
static uint32_t local_reasons(const AmMapWork *work, const AmEdge *edge)
{
	gboolean told = work->span_hours < AM_RECUR_SHORT_HOURS && edge->counts.packets[0] >= AM_LOCAL_PACKETS &&
			am_address_is_multicast(am_work_address(work, edge->server));
	return told || recurs(work, edge) ? BIT(RECURRING) : 0;
}

void am_kinds_find(AmMapWork *work)
{
	find_answering(work);
	find_collectors(work);
	for (guint n = 0; n < work->map->edges->len; n++) {
		AmEdge *edge = am_work_edge(work, n);
		AmEdgeNotes *notes = am_work_notes(work, n);
		if (dismiss_by_address(work, edge, notes)) {
			edge->reasons |= edge->verdict == AM_VERDICT_LOCAL ? local_reasons(work, edge) : 0;
			continue;
		}
		notes->kind = kind_of(work, edge, notes);
		notes->recurs = recurs(work, edge);
		work->hosts[edge->server].leased |= am_edge_is_lease(edge) ? 1 : 0;
	}
}
