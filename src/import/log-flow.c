/* A connection as a log tells it, turned into one of ours: which end is lo, what flags prove, what became of it in the words
 * that flow/ has for the same sights. Fed by the formats; whatever numbers it gets, the result is within bounds.
 *
 * Logs give totals only: they count on the day on which the connection began, also when it went on to the next. */
#include "config.h"

#include "log.h"

#include "allowmap/model/packet.h"

#include <string.h>

/* ---- Payload */

/* A TCP header without options, with timestamps, with all that fit; and what a SYN has besides the first and the second. */
#define TCP_BARE 20
#define TCP_USUAL 32
#define TCP_FULL 60
#define TCP_SYN_BARE_MORE 12
#define TCP_SYN_MORE 8

static uint64_t above(uint64_t bytes, uint64_t packets, uint64_t header)
{
	uint64_t headers;
	return __builtin_mul_overflow(packets, header, &headers) || headers > bytes ? 0 : bytes - headers;
}

/* Most hosts send timestamps in every segment, but for a RST; where the packets are too small for it, they do not. */
static uint64_t tcp_payload(const AmLogFlow *flow, int end, uint64_t ip_header)
{
	uint64_t bytes = flow->ip_bytes[end], packets = flow->packets[end];
	uint64_t syns = flow->tcp_flags[end] & AM_TCP_SYN ? 1 : 0;
	/* SYNs again and again, as it may be. */
	if (flow->packets[!end] == 0 && (syns > 0 || flow->tcp_flags[end] == 0))
		return above(bytes, packets, ip_header + TCP_FULL);
	uint64_t usual = above(bytes, packets, ip_header + TCP_USUAL);
	if (usual > 0 || (flow->tcp_flags[end] & AM_TCP_RST) != 0)
		return above(usual, syns, TCP_SYN_MORE);
	if (packets == 0 || bytes / packets >= ip_header + TCP_USUAL)
		return 0;
	return above(above(bytes, packets, ip_header + TCP_BARE), syns, TCP_SYN_BARE_MORE);
}

uint64_t am_log_payload(const AmLogFlow *flow, int end)
{
	uint64_t ip_header = flow->address[end].family == 6 ? 40 : 20;
	switch (flow->ip_protocol) {
	case AM_PROTO_TCP:
		return tcp_payload(flow, end, ip_header);
	case AM_PROTO_UDP:
	case AM_PROTO_ICMP:
	case AM_PROTO_ICMPV6:
		return above(flow->ip_bytes[end], flow->packets[end], ip_header + 8);
	case AM_PROTO_SCTP: /* the common header, and that of a chunk of data */
		return above(flow->ip_bytes[end], flow->packets[end], ip_header + 12 + 16);
	default:
		return above(flow->ip_bytes[end], flow->packets[end], ip_header);
	}
}

/* ---- TCP */

AmOutcome am_log_tcp_outcome(const AmLogFlow *flow, int opener)
{
	int o = opener == 1, r = !o;
	gboolean handshake = (flow->evidence & AM_EVIDENCE_HANDSHAKE) != 0;
	gboolean syn = (flow->evidence & am_log_bit(AM_EVIDENCE_SYN_LO, o)) != 0;
	gboolean reset = (flow->evidence & am_log_bit(AM_EVIDENCE_RST_LO, r)) != 0;
	gboolean any_fin = (flow->evidence & (AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI)) != 0;
	gboolean any_payload = flow->payload[0] != 0 || flow->payload[1] != 0;
	if (flow->payload[0] != 0 && flow->payload[1] != 0)
		return AM_OUTCOME_ACCEPTED;
	if (handshake && !reset && (any_fin || any_payload))
		return AM_OUTCOME_ACCEPTED;
	if (reset && (syn || handshake))
		return AM_OUTCOME_REFUSED;
	if (syn && flow->packets[r] == 0 && flow->tcp_flags[r] == 0 && (flow->tcp_flags[o] & AM_TCP_ACK) == 0 &&
	    !any_payload)
		return AM_OUTCOME_SILENT;
	return AM_OUTCOME_MIDSTREAM;
}

void am_log_tcp(AmLogFlow *flow, int opener)
{
	for (int end = 0; end < 2; end++) {
		if ((flow->tcp_flags[end] & AM_TCP_FIN) != 0)
			flow->evidence |= am_log_bit(AM_EVIDENCE_FIN_LO, end);
		if ((flow->tcp_flags[end] & AM_TCP_RST) != 0)
			flow->evidence |= am_log_bit(AM_EVIDENCE_RST_LO, end);
	}
	if (opener >= 0) {
		int other = !opener;
		gboolean syn = (flow->tcp_flags[opener] & AM_TCP_SYN) != 0;
		gboolean synack = (flow->tcp_flags[other] & AM_TCP_SYN) != 0;
		/* What the opener said or ended, it did when it knew that it was heard; the same goes for an ACK without RST. */
		gboolean goes_on = (flow->tcp_flags[opener] & AM_TCP_FIN) != 0 || flow->payload[opener] > 0 ||
				   flow->payload[other] > 0 ||
				   (flow->tcp_flags[opener] & (AM_TCP_ACK | AM_TCP_RST)) == AM_TCP_ACK;
		if (syn)
			flow->evidence |= am_log_bit(AM_EVIDENCE_SYN_LO, opener);
		if (synack)
			flow->evidence |= am_log_bit(AM_EVIDENCE_SYNACK_LO, other);
		if (synack && goes_on)
			flow->evidence |= AM_EVIDENCE_HANDSHAKE;
	}
	if ((flow->evidence & (AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_HANDSHAKE)) == 0)
		flow->evidence |= AM_EVIDENCE_MIDSTREAM;
	flow->outcome = am_log_tcp_outcome(flow, opener);
}

/* ---- ICMP */

/* Types with an answer: the one that asks, the one that answers. */
typedef struct {
	uint8_t request, reply;
} IcmpPair;
static const IcmpPair icmp4_pairs[] = {{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}};
static const IcmpPair icmp6_pairs[] = {{128, 129}, {130, 131}, {133, 134}, {135, 136}, {139, 140}, {144, 145}};

void am_log_icmp(AmLogFlow *flow, uint8_t type, uint8_t code, gboolean answered)
{
	gboolean is_v4 = flow->ip_protocol == AM_PROTO_ICMP, asks = FALSE;
	const IcmpPair *pairs = is_v4 ? icmp4_pairs : icmp6_pairs;
	guint n_pairs = is_v4 ? G_N_ELEMENTS(icmp4_pairs) : G_N_ELEMENTS(icmp6_pairs);
	for (guint n = 0; n < n_pairs; n++) {
		if (type != pairs[n].request && type != pairs[n].reply)
			continue;
		flow->evidence |= am_log_bit(AM_EVIDENCE_CLIENT_LO, type == pairs[n].request ? 0 : 1);
		asks = type == pairs[n].request && !am_address_is_multicast(&flow->address[1]);
		type = pairs[n].request;
		code = 0;
		break;
	}
	flow->port[0] = flow->port[1] = (uint16_t)(type << 8 | code);
	flow->outcome = answered ? AM_OUTCOME_ACCEPTED : asks ? AM_OUTCOME_SILENT : AM_OUTCOME_ONE_WAY;
}

/* ---- Connections */

/* Evidence by lo and hi, where lo is the log's 1. */
static uint32_t turned_round(uint32_t evidence)
{
	const uint32_t los = AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_LO | AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_FIRST_LO |
			     AM_EVIDENCE_FIN_LO | AM_EVIDENCE_RST_LO;
	return (evidence & ~(los | los << 1)) | (evidence & los) << 1 | (evidence >> 1 & los);
}

static void set_times(const AmLogFlow *flow, AmConnection *connection)
{
	connection->first_ns = connection->delta_first_ns = flow->first_ns;
	connection->last_ns = flow->last_ns;
	connection->delta = connection->total;
	connection->delta_hours = flow->hours | 1u << am_time_hour(flow->first_ns);
	if (flow->hours == 0 && am_time_day(flow->last_ns) == am_time_day(flow->first_ns))
		connection->delta_hours |= 1u << am_time_hour(flow->last_ns);
}

void am_log_connection(const AmLogFlow *flow, AmConnection *ret_connection)
{
	AmConnection connection;
	memset(&connection, 0, sizeof connection);
	int order = am_address_compare(&flow->address[0], &flow->address[1]);
	gboolean has_ports =
		am_service_has_ports((uint8_t)flow->ip_protocol) || am_service_is_icmp((uint8_t)flow->ip_protocol);
	if (order == 0 && has_ports)
		order = (int)flow->port[0] - (int)flow->port[1];
	int lo = order > 0 ? 1 : 0, hi = !lo;
	connection.lo = flow->address[lo];
	connection.hi = flow->address[hi];
	connection.port_lo = has_ports ? flow->port[lo] : 0;
	connection.port_hi = has_ports ? flow->port[hi] : 0;
	for (int direction = 0; direction < 2; direction++) {
		int end = direction == 0 ? lo : hi;
		connection.total.packets[direction] = flow->packets[end];
		connection.total.bytes[direction] = flow->ip_bytes[end];
		connection.total.payload[direction] = flow->payload[end];
		connection.tcp_flags[direction] = flow->tcp_flags[end];
	}
	connection.evidence = AM_EVIDENCE_LOG | (lo == 0 ? flow->evidence : turned_round(flow->evidence));
	connection.outcome = (uint8_t)flow->outcome;
	connection.ip_protocol = (uint8_t)flow->ip_protocol;
	connection.vlan = flow->vlan;
	connection.inner_vlan = flow->inner_vlan;
	memcpy(connection.mac_lo, flow->mac[lo], 6);
	memcpy(connection.mac_hi, flow->mac[hi], 6);
	memcpy(connection.conn_state, flow->state, sizeof connection.conn_state);
	memcpy(connection.l7, flow->l7, sizeof connection.l7);
	connection.l7_confidence = flow->l7[0] != '\0' ? AM_L7_DPI : AM_L7_NONE;
	set_times(flow, &connection);
	*ret_connection = connection;
}
