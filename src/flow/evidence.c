/* What a connection's packets prove: who opened it, whether it was answered, how it ended. Fed by shard.c, one packet
 * at a time; it sets bits and never decides who the client is. Also the words for what became of it: AmOutcome, and
 * Zeek's conn_state (base/protocols/conn of Zeek: the same endpoint states, derived from the evidence bits).
 *
 * TCP: RFC 9293. SCTP: RFC 9260; INIT counts as SYN, INIT ACK as SYN-ACK, SHUTDOWN as FIN, ABORT as RST. */
#include "config.h"

#include "flow.h"

#include <string.h>

/* A SYN on a live connection starts a new one only when the old one has been quiet for so long; else anybody could cut
 * a connection in two with one forged packet (RFC 5961, section 4). */
#define QUIET_NS (5 * AM_NS_PER_S)
/* Mirrors merged from two points deliver out of order; a SYN this little before the first octets seen is theirs. */
#define REORDERED_OCTETS 65536u

#define SCTP_DATA 0
#define SCTP_INIT 1
#define SCTP_INIT_ACK 2
#define SCTP_ABORT 6
#define SCTP_SHUTDOWN 7
#define SCTP_SHUTDOWN_ACK 8
#define SCTP_COOKIE_ECHO 10
#define SCTP_COOKIE_ACK 11
#define SCTP_SHUTDOWN_COMPLETE 14
#define SCTP_I_DATA 64

static inline uint32_t bit_of(uint32_t lo_bit, int side)
{
	return lo_bit << side;
}

static inline gboolean is_closed(const AmFlow *flow)
{
	uint32_t e = flow->evidence;
	return (e & (AM_EVIDENCE_RST_LO | AM_EVIDENCE_RST_HI)) != 0 ||
	       (e & (AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI)) == (AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI);
}

static gboolean is_tcp_reuse(const AmFlow *flow, const AmFlowRecord *record, const AmPacket *packet, int side)
{
	if ((packet->tcp_flags & (AM_TCP_SYN | AM_TCP_RST)) != AM_TCP_SYN)
		return FALSE;
	gboolean is_ack = (packet->tcp_flags & AM_TCP_ACK) != 0;
	uint32_t own = flow->evidence & (bit_of(AM_EVIDENCE_SYN_LO, side) | bit_of(AM_EVIDENCE_SYNACK_LO, side));
	if (own != 0 && record->opening_sequence[side] == packet->tcp_sequence)
		return FALSE; /* sent again */
	if (is_closed(flow))
		return own != 0 || (flow->total.packets[side] != 0 && !is_ack);
	if (is_ack)
		return FALSE;
	if (own == 0) {
		/* The SYN-ACK came first, or later octets of this very side did: one connection, delivered out of
		 * order. */
		if ((flow->evidence & bit_of(AM_EVIDENCE_SYNACK_LO, !side)) != 0)
			return record->synack_ack - packet->tcp_sequence - 1 >= REORDERED_OCTETS;
		if (flow->total.packets[side] != 0)
			return record->first_sequence[side] - packet->tcp_sequence >= REORDERED_OCTETS;
		return FALSE;
	}
	if ((flow->evidence & AM_EVIDENCE_HANDSHAKE) == 0)
		return TRUE; /* a new attempt with a new number */
	return packet->time_ns - flow->last_ns >= QUIET_NS;
}

gboolean am_evidence_is_reuse(const AmFlow *flow, const AmFlowRecord *record, const AmPacket *packet, int side)
{
	if (flow->key.ip_protocol == AM_PROTO_TCP)
		return is_tcp_reuse(flow, record, packet, side);
	return flow->key.ip_protocol == AM_PROTO_SCTP && packet->sctp_chunk == SCTP_INIT && is_closed(flow);
}

uint32_t am_evidence_payload(const AmPacket *packet)
{
	if (packet->tuple.ip_protocol != AM_PROTO_SCTP)
		return packet->payload_wire_size;
	uint32_t octets = 0;
	AmCursor cursor = am_cursor(packet->payload, packet->payload_size);
	while (cursor.left >= 4) {
		uint8_t type = am_cursor_u8(&cursor);
		am_cursor_skip(&cursor, 1);
		uint16_t size = am_cursor_u16(&cursor);
		uint16_t header = type == SCTP_I_DATA ? 20 : 16;
		if (size < 4)
			break;
		if ((type == SCTP_DATA || type == SCTP_I_DATA) && size > header)
			octets += size - header;
		am_cursor_skip(&cursor, MIN((size_t)((size + 3u) & ~3u) - 4, cursor.left));
	}
	return octets;
}

static void add_opening(AmFlow *flow, AmFlowRecord *record, const AmPacket *packet, int side)
{
	uint32_t bit = bit_of((packet->tcp_flags & AM_TCP_ACK) != 0 ? AM_EVIDENCE_SYNACK_LO : AM_EVIDENCE_SYN_LO, side);
	if ((flow->evidence & bit) != 0)
		return;
	flow->evidence |= bit;
	record->opening_sequence[side] = packet->tcp_sequence;
	if ((packet->tcp_flags & AM_TCP_ACK) != 0)
		record->synack_ack = packet->tcp_ack;
}

static AmFlowClass tcp_class(const AmFlow *flow)
{
	const uint8_t *flags = flow->tcp_flags;
	if (is_closed(flow))
		return AM_CLASS_TCP_CLOSED;
	if ((flow->evidence & AM_EVIDENCE_HANDSHAKE) != 0)
		return AM_CLASS_TCP;
	if (flow->total.payload[0] != 0 && flow->total.payload[1] != 0)
		return AM_CLASS_TCP;
	gboolean any_synack = (flow->evidence & (AM_EVIDENCE_SYNACK_LO | AM_EVIDENCE_SYNACK_HI)) != 0;
	return !any_synack && (flags[0] & flags[1] & AM_TCP_ACK) != 0 ? AM_CLASS_TCP : AM_CLASS_TCP_OPENING;
}

/* Data, FIN, or an ACK of data, past the SYN-ACK: its sender knows that it was confirmed. An ACK of the same number may be a
 * challenge to who never asked (RFC 5961, section 4). */
static gboolean goes_on(const AmFlowRecord *record, const AmPacket *packet, int side)
{
	const uint32_t half = UINT32_C(1) << 31;
	if (packet->tcp_sequence - record->opening_sequence[side] - 1 >= half)
		return FALSE;
	return (packet->tcp_flags & AM_TCP_FIN) != 0 || packet->payload_wire_size > 0 ||
	       packet->tcp_ack - record->synack_ack - 1 < half;
}

static AmFlowClass add_tcp(AmFlow *flow, AmFlowRecord *record, const AmPacket *packet, int side)
{
	uint8_t flags = packet->tcp_flags;
	gboolean is_new = (flags & ~flow->tcp_flags[side]) != 0 || flow->total.packets[side] == 1;
	flow->tcp_flags[side] |= flags;
	if (flow->total.packets[side] == 1)
		record->first_sequence[side] = packet->tcp_sequence;
	if ((flags & (AM_TCP_SYN | AM_TCP_RST)) == AM_TCP_SYN) {
		add_opening(flow, record, packet, side);
	} else if ((flow->evidence & AM_EVIDENCE_HANDSHAKE) == 0 && (flags & (AM_TCP_ACK | AM_TCP_RST)) == AM_TCP_ACK) {
		/* It acknowledges the SYN-ACK: only who received that can. */
		if ((flow->evidence & bit_of(AM_EVIDENCE_SYNACK_LO, !side)) != 0 &&
		    packet->tcp_ack - record->opening_sequence[!side] - 1 < UINT32_C(1) << 31) {
			flow->evidence |= AM_EVIDENCE_HANDSHAKE;
			is_new = TRUE;
		} else if ((flow->evidence & bit_of(AM_EVIDENCE_SYNACK_LO, side)) != 0 &&
			   goes_on(record, packet, side)) {
			flow->flags |= AM_FLOW_WENT_ON;
		}
	}
	if ((flags & AM_TCP_FIN) != 0)
		flow->evidence |= bit_of(AM_EVIDENCE_FIN_LO, side);
	if (is_closed(flow) && (flow->evidence & (AM_EVIDENCE_RST_LO | AM_EVIDENCE_RST_HI)) == 0)
		flow->flags |= AM_FLOW_ORDERLY;
	if ((flags & AM_TCP_RST) != 0)
		flow->evidence |= bit_of(AM_EVIDENCE_RST_LO, side);
	if (!is_new && flow->kind == AM_CLASS_TCP)
		return AM_CLASS_TCP;
	return tcp_class(flow);
}

static AmFlowClass add_sctp(AmFlow *flow, const AmPacket *packet, int side)
{
	switch (packet->sctp_chunk) {
	case SCTP_INIT:
		flow->evidence |= bit_of(AM_EVIDENCE_SYN_LO, side);
		break;
	case SCTP_INIT_ACK:
		flow->evidence |= bit_of(AM_EVIDENCE_SYNACK_LO, side);
		break;
	case SCTP_ABORT:
		flow->evidence |= bit_of(AM_EVIDENCE_RST_LO, side);
		break;
	case SCTP_SHUTDOWN:
	case SCTP_SHUTDOWN_ACK:
		flow->evidence |= bit_of(AM_EVIDENCE_FIN_LO, side);
		break;
	case SCTP_COOKIE_ECHO:
	case SCTP_COOKIE_ACK:
	case SCTP_DATA:
	case SCTP_I_DATA:
		if ((flow->evidence & bit_of(AM_EVIDENCE_SYNACK_LO, !side)) != 0)
			flow->evidence |= AM_EVIDENCE_HANDSHAKE;
		else if ((flow->evidence & bit_of(AM_EVIDENCE_SYNACK_LO, side)) != 0)
			flow->flags |= AM_FLOW_WENT_ON;
		break;
	default:
		break;
	}
	if (is_closed(flow))
		return AM_CLASS_TCP_CLOSED;
	gboolean both = flow->total.payload[0] != 0 && flow->total.payload[1] != 0;
	return (flow->evidence & AM_EVIDENCE_HANDSHAKE) != 0 || both ? AM_CLASS_TCP : AM_CLASS_TCP_OPENING;
}

/* Types that ask: echo, router solicitation, timestamp, information, mask (RFC 792, 950, 1256); ICMPv6 echo,
 * solicitations, node information, home agent and prefix discovery (RFC 4443, 4861, 4620, 6275). */
static gboolean is_icmp_request(const AmPacket *packet)
{
	uint8_t type = packet->icmp_type;
	if (packet->tuple.ip_protocol == AM_PROTO_ICMP)
		return type == 8 || type == 10 || type == 13 || type == 15 || type == 17;
	return type == 128 || type == 133 || type == 135 || type == 139 || type == 144 || type == 146;
}

static gboolean is_icmp_reply(const AmPacket *packet)
{
	uint8_t type = packet->icmp_type;
	if (packet->tuple.ip_protocol == AM_PROTO_ICMP)
		return type == 0 || type == 14 || type == 16 || type == 18;
	return type == 129 || type == 140 || type == 145 || type == 147;
}

static void add_icmp(AmFlow *flow, const AmPacket *packet, int side)
{
	const uint32_t roles = AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI;
	gboolean request = is_icmp_request(packet), reply = is_icmp_reply(packet);
	if ((request || reply) && (flow->evidence & roles) == 0)
		flow->evidence |= bit_of(AM_EVIDENCE_CLIENT_LO, request ? side : !side);
	/* Solicitations of neighbours and routers go to multicast groups; nobody answers as such. */
	if (request && packet->icmp_type != 10 && packet->icmp_type != 133 && packet->icmp_type != 135 &&
	    !am_address_is_multicast(&packet->tuple.destination))
		flow->flags |= AM_FLOW_EXPECTS_ANSWER;
}

AmFlowClass am_evidence_add(AmFlow *flow, AmFlowRecord *record, const AmPacket *packet, int side)
{
	gboolean both = flow->total.packets[0] != 0 && flow->total.packets[1] != 0;
	switch (flow->key.ip_protocol) {
	case AM_PROTO_TCP:
		return add_tcp(flow, record, packet, side);
	case AM_PROTO_SCTP:
		return add_sctp(flow, packet, side);
	case AM_PROTO_UDP:
		return both ? AM_CLASS_UDP : AM_CLASS_UDP_UNANSWERED;
	case AM_PROTO_ICMP:
	case AM_PROTO_ICMPV6:
		add_icmp(flow, packet, side);
		return both ? AM_CLASS_OTHER : AM_CLASS_OTHER_UNANSWERED;
	default:
		return both ? AM_CLASS_OTHER : AM_CLASS_OTHER_UNANSWERED;
	}
}

gboolean am_evidence_is_icmp_failure(const AmPacket *packet)
{
	uint8_t type = packet->icmp_type;
	if (packet->tuple.ip_protocol ==
	    AM_PROTO_ICMP) /* unreachable but not "fragmentation needed", time, parameter */
		return (type == 3 && packet->icmp_code != 4) || type == 11 || type == 12;
	return type == 1 || type == 3 || type == 4; /* RFC 4443; 2 is "packet too big" */
}

void am_evidence_add_icmp_error(AmFlow *flow, AmFlowRecord *record, const AmPacket *packet)
{
	if (!am_evidence_is_icmp_failure(packet))
		return;
	uint8_t type = packet->icmp_type, code = packet->icmp_code;
	gboolean is_v4 = packet->tuple.ip_protocol == AM_PROTO_ICMP;
	record->icmp_errors += record->icmp_errors < UINT32_MAX;
	flow->evidence |= AM_EVIDENCE_ICMP_ERROR;
	if (is_v4 ? type == 3 : type == 1)
		flow->flags |= AM_FLOW_UNREACHABLE;
	/* RFC 1812, 5.2.7.1: 9, 10, 13. RFC 4443, 3.1: 1, and 5 and 6, which are kinds of it. */
	if (is_v4 ? type == 3 && (code == 9 || code == 10 || code == 13)
		  : type == 1 && (code == 1 || code == 5 || code == 6))
		flow->evidence |= AM_EVIDENCE_ICMP_PROHIBITED;
}

static gboolean is_stream(const AmFlow *flow)
{
	return flow->key.ip_protocol == AM_PROTO_TCP || flow->key.ip_protocol == AM_PROTO_SCTP;
}

uint32_t am_evidence_final(const AmFlow *flow)
{
	uint32_t e = flow->evidence;
	if (is_stream(flow) && (e & (AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_HANDSHAKE)) == 0)
		e |= AM_EVIDENCE_MIDSTREAM;
	gboolean one_way = flow->total.packets[0] == 0 || flow->total.packets[1] == 0;
	if ((flow->flags & AM_FLOW_WENT_ON) != 0 && one_way && (e & AM_EVIDENCE_HANDSHAKE) == 0)
		e |= AM_EVIDENCE_WENT_ON;
	return e;
}

int am_evidence_opener(const AmFlow *flow)
{
	uint32_t e = flow->evidence;
	static const uint32_t ladder[] = {AM_EVIDENCE_SYN_LO, AM_EVIDENCE_SYNACK_HI, AM_EVIDENCE_CLIENT_LO};
	static const uint32_t mirror[] = {AM_EVIDENCE_SYN_HI, AM_EVIDENCE_SYNACK_LO, AM_EVIDENCE_CLIENT_HI};
	for (size_t i = 0; i < G_N_ELEMENTS(ladder); i++)
		if (((e & ladder[i]) != 0) != ((e & mirror[i]) != 0))
			return (e & mirror[i]) != 0;
	return (e & AM_EVIDENCE_FIRST_HI) != 0;
}

static AmOutcome stream_outcome(const AmFlow *flow)
{
	uint32_t e = flow->evidence;
	int o = am_evidence_opener(flow), r = !o;
	const uint64_t *payload = flow->total.payload;
	gboolean rst_r = (e & bit_of(AM_EVIDENCE_RST_LO, r)) != 0 && (flow->flags & AM_FLOW_ORDERLY) == 0;
	gboolean any_fin = (e & (AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI)) != 0;
	gboolean syn = (e & bit_of(AM_EVIDENCE_SYN_LO, o)) != 0;
	if (payload[0] != 0 && payload[1] != 0)
		return AM_OUTCOME_ACCEPTED;
	if ((e & AM_EVIDENCE_HANDSHAKE) != 0 && !rst_r && (any_fin || payload[0] != 0 || payload[1] != 0))
		return AM_OUTCOME_ACCEPTED;
	if ((e & AM_EVIDENCE_ICMP_PROHIBITED) != 0)
		return AM_OUTCOME_PROHIBITED;
	if ((flow->flags & AM_FLOW_UNREACHABLE) != 0 || (rst_r && (syn || (e & AM_EVIDENCE_HANDSHAKE) != 0)))
		return AM_OUTCOME_REFUSED;
	/* No answer at all; but who goes on with ACKs was answered, out of our sight. */
	if (syn && flow->total.packets[r] == 0 && (flow->tcp_flags[o] & AM_TCP_ACK) == 0 && payload[o] == 0)
		return AM_OUTCOME_SILENT;
	return AM_OUTCOME_MIDSTREAM;
}

AmOutcome am_evidence_outcome(const AmFlow *flow)
{
	if (is_stream(flow))
		return stream_outcome(flow);
	if (flow->total.packets[0] != 0 && flow->total.packets[1] != 0)
		return AM_OUTCOME_ACCEPTED;
	if ((flow->evidence & AM_EVIDENCE_ICMP_PROHIBITED) != 0)
		return AM_OUTCOME_PROHIBITED;
	if ((flow->flags & AM_FLOW_UNREACHABLE) != 0)
		return AM_OUTCOME_REFUSED;
	return (flow->flags & AM_FLOW_EXPECTS_ANSWER) != 0 ? AM_OUTCOME_SILENT : AM_OUTCOME_ONE_WAY;
}

/* Zeek's endpoint states. */
typedef enum { INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET } EndpointState;

static EndpointState endpoint_state(const AmFlow *flow, int side)
{
	uint32_t e = flow->evidence;
	if ((e & bit_of(AM_EVIDENCE_RST_LO, side)) != 0 && (flow->flags & AM_FLOW_ORDERLY) == 0)
		return RESET;
	if ((e & bit_of(AM_EVIDENCE_FIN_LO, side)) != 0)
		return CLOSED;
	gboolean opened = (e & (AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYN_HI)) != 0;
	gboolean answered = (e & (AM_EVIDENCE_SYNACK_LO | AM_EVIDENCE_SYNACK_HI)) != 0;
	if ((e & AM_EVIDENCE_HANDSHAKE) != 0 || (opened && answered))
		return ESTABLISHED;
	if ((e & bit_of(AM_EVIDENCE_SYN_LO, side)) != 0)
		return SYN_SENT;
	if ((e & bit_of(AM_EVIDENCE_SYNACK_LO, side)) != 0)
		return SYN_ACK_SENT;
	return flow->total.packets[side] != 0 ? PARTIAL : INACTIVE;
}

/* A reset or closed side that the other never got an answer from: had it done anything before? */
static gboolean was_idle(const AmFlow *flow, int side)
{
	EndpointState state = endpoint_state(flow, side);
	return state == INACTIVE || state == PARTIAL;
}

static const char *stream_state(const AmFlow *flow)
{
	int o = am_evidence_opener(flow), r = !o;
	EndpointState os = endpoint_state(flow, o), rs = endpoint_state(flow, r);
	gboolean handshake = (flow->evidence & AM_EVIDENCE_HANDSHAKE) != 0;
	gboolean nothing_said = flow->total.payload[0] == 0 && flow->total.payload[1] == 0;
	gboolean rs_synack = (flow->evidence & bit_of(AM_EVIDENCE_SYNACK_LO, r)) != 0;
	if (rs == RESET) {
		if (os == SYN_SENT || os == SYN_ACK_SENT || (os == RESET && nothing_said && !rs_synack))
			return "REJ";
		return was_idle(flow, o) ? "RSTRH" : "RSTR";
	}
	if (os == RESET)
		return was_idle(flow, r) ? "RSTOS0" : "RSTO";
	if (rs == CLOSED && os == CLOSED)
		return "SF";
	if (os == CLOSED)
		return was_idle(flow, r) ? "SH" : "S2";
	if (rs == CLOSED)
		return was_idle(flow, o) ? "SHR" : "S3";
	if (os == SYN_SENT && rs == INACTIVE)
		return "S0";
	return handshake || (os == ESTABLISHED && rs == ESTABLISHED) ? "S1" : "OTH";
}

const char *am_evidence_conn_state(const AmFlow *flow)
{
	if (is_stream(flow))
		return stream_state(flow);
	if (flow->key.ip_protocol != AM_PROTO_UDP)
		return "OTH";
	int o = am_evidence_opener(flow);
	if (flow->total.packets[o] == 0)
		return "SHR";
	return flow->total.packets[!o] != 0 ? "SF" : "S0";
}
