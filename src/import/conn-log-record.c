/* What a record of Zeek's conn.log says, as a connection (Zeek manual, "conn.log"; base/protocols/conn/main.zeek).
 *
 * Evidence. For TCP, `history` has a letter for each kind of packet in the order in which they came, upper case from the
 * originator: S SYN, H SYN-ACK, A ACK, D data, F FIN, R RST; without it, conn_state says what must have been seen. Who asks
 * by protocol role is the originator where Zeek named the service, where the originator's datagram was answered, and where
 * ICMP says so. A leading "^" means that Zeek guessed the direction by ports: then that alone makes no role.
 *
 * ICMP: Zeek puts the type into the originator's port; into the other one the type of the answer, or the code where the
 * type has no answer (ICMP4_counterpart(), ICMP6_counterpart() in Zeek's icmp analyzer).
 *
 * Zeek gives totals only: they count on the day on which the connection began, also when it went on to the next. */
#include "config.h"

#include "conn-log.h"

#include "allowmap/model/packet.h"

#include <string.h>

/* The record with its values read, and what only Zeek knows of it. Index 0 is the originator. */
typedef struct {
	AmLogFlow flow;
	char history[32]; /* longer ones are cut: each kind of packet is there once */
	gboolean has_service, flipped;
} Record;

static gboolean read_protocol(const AmZeekRecord *from, AmLogFlow *flow)
{
	const AmLogValue *name = &from->values[AM_ZEEK_PROTO];
	uint64_t number;
	gboolean is_v6 = flow->address[0].family == 6;
	if (am_log_is(name, "tcp"))
		flow->ip_protocol = AM_PROTO_TCP;
	else if (am_log_is(name, "udp"))
		flow->ip_protocol = AM_PROTO_UDP;
	else if (am_log_is(name, "icmp"))
		flow->ip_protocol = is_v6 ? AM_PROTO_ICMPV6 : AM_PROTO_ICMP;
	else if (am_log_count(&from->values[AM_ZEEK_IP_PROTO], 255, &number))
		flow->ip_protocol = (int)number;
	else
		return FALSE;
	return TRUE;
}

static gboolean read_counts(const AmZeekRecord *from, AmLogFlow *flow)
{
	static const AmZeekColumn packets[2] = {AM_ZEEK_ORIG_PKTS, AM_ZEEK_RESP_PKTS};
	static const AmZeekColumn ip_bytes[2] = {AM_ZEEK_ORIG_IP_BYTES, AM_ZEEK_RESP_IP_BYTES};
	static const AmZeekColumn bytes[2] = {AM_ZEEK_ORIG_BYTES, AM_ZEEK_RESP_BYTES};
	int64_t duration_ns = 0;
	for (int end = 0; end < 2; end++) {
		if (!am_log_count_or_0(&from->values[packets[end]], INT64_MAX, &flow->packets[end]) ||
		    !am_log_count_or_0(&from->values[ip_bytes[end]], INT64_MAX, &flow->ip_bytes[end]) ||
		    !am_log_count_or_0(&from->values[bytes[end]], INT64_MAX, &flow->payload[end]))
			return FALSE;
	}
	const AmLogValue *duration = &from->values[AM_ZEEK_DURATION];
	if ((duration->text != NULL && !am_log_seconds(duration, &duration_ns)) ||
	    duration_ns > INT64_MAX - flow->first_ns)
		return FALSE;
	flow->last_ns = flow->first_ns + duration_ns;
	return TRUE;
}

/* "SF", "RSTOS0": it is listed and put into reports as it stands there, so nothing but letters and digits may pass. */
static gboolean read_state(const AmLogValue *state, char ret_state[AM_CONN_STATE_SIZE])
{
	if (state->text == NULL || state->size == 0 || state->size >= AM_CONN_STATE_SIZE)
		return FALSE;
	for (size_t n = 0; n < state->size; n++) {
		if (!g_ascii_isalnum(state->text[n]))
			return FALSE;
	}
	return am_log_copy(state, ret_state, AM_CONN_STATE_SIZE);
}

static AmLogSkip read_record(const AmZeekRecord *from, Record *record)
{
	const AmLogValue *values = from->values, *history = &values[AM_ZEEK_HISTORY];
	AmLogFlow *flow = &record->flow;
	memset(record, 0, sizeof *record);
	if (values[AM_ZEEK_PATH].text != NULL && !am_log_is(&values[AM_ZEEK_PATH], "conn"))
		return AM_LOG_SKIP_OTHER;
	if (!am_log_time(&values[AM_ZEEK_TS], &flow->first_ns))
		return AM_LOG_SKIP_TIME;
	if (!am_log_address(&values[AM_ZEEK_ORIG_H], &flow->address[0]) ||
	    !am_log_address(&values[AM_ZEEK_RESP_H], &flow->address[1]) ||
	    flow->address[0].family != flow->address[1].family)
		return AM_LOG_SKIP_ADDRESS;
	if (!read_protocol(from, flow) || !am_log_port(&values[AM_ZEEK_ORIG_P], &flow->port[0]) ||
	    !am_log_port(&values[AM_ZEEK_RESP_P], &flow->port[1]))
		return AM_LOG_SKIP_SERVICE;
	if (!read_counts(from, flow))
		return AM_LOG_SKIP_COUNT;
	if (!read_state(&values[AM_ZEEK_CONN_STATE], flow->state))
		return AM_LOG_SKIP_STATE;
	if (history->text != NULL)
		memcpy(record->history, history->text, MIN(history->size, sizeof record->history - 1));
	record->flipped = record->history[0] == '^';
	return AM_LOG_USED;
}

/* What must have been seen for Zeek to give this state. */
static void tcp_from_state(const char *state, char history[32])
{
	static const struct {
		const char *state, *history;
	} table[] = {
		{"S0", "S"},      {"S1", "ShA"},    {"SF", "ShAFf"},  {"REJ", "Sr"},   {"S2", "ShAF"}, {"S3", "ShAf"},
		{"RSTO", "ShAR"}, {"RSTR", "ShAr"}, {"RSTOS0", "SR"}, {"RSTRH", "hr"}, {"SH", "SF"},   {"SHR", "hf"},
	};
	for (guint n = 0; n < G_N_ELEMENTS(table); n++) {
		if (strcmp(state, table[n].state) == 0)
			g_strlcpy(history, table[n].history, 32);
	}
}

static void tcp_evidence(const Record *record, AmLogFlow *flow)
{
	static const struct {
		char letter;
		uint32_t lo_bit;
		uint8_t flags;
	} letters[] = {
		{'s', AM_EVIDENCE_SYN_LO, AM_TCP_SYN},
		{'h', AM_EVIDENCE_SYNACK_LO, AM_TCP_SYN | AM_TCP_ACK},
		{'a', 0, AM_TCP_ACK},
		{'d', 0, AM_TCP_ACK},
		{'f', AM_EVIDENCE_FIN_LO, AM_TCP_FIN},
		{'r', AM_EVIDENCE_RST_LO, AM_TCP_RST},
	};
	uint32_t evidence = 0;
	gboolean seen[2] = {FALSE, FALSE}, went_on = FALSE;
	char history[32];
	memcpy(history, record->history, sizeof history);
	if (history[0] == '\0')
		tcp_from_state(flow->state, history);
	for (const char *at = history; *at != '\0'; at++) {
		int end = g_ascii_islower(*at) ? 1 : 0;
		for (guint n = 0; n < G_N_ELEMENTS(letters); n++) {
			if (letters[n].letter != g_ascii_tolower(*at))
				continue;
			uint32_t answered = am_log_bit(AM_EVIDENCE_SYNACK_LO, !end);
			if ((*at == 'A' || *at == 'D' || *at == 'a' || *at == 'd') && (evidence & answered) != 0)
				evidence |= AM_EVIDENCE_HANDSHAKE;
			uint32_t own = am_log_bit(AM_EVIDENCE_SYNACK_LO, end);
			went_on = went_on || (strchr("DdFf", *at) != NULL && (evidence & own) != 0);
			seen[end] = TRUE;
			if (letters[n].lo_bit != 0)
				evidence |= am_log_bit(letters[n].lo_bit, end);
			flow->tcp_flags[end] |= letters[n].flags;
		}
	}
	if ((evidence & (AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_HANDSHAKE)) == 0)
		evidence |= AM_EVIDENCE_MIDSTREAM;
	if (went_on && !(seen[0] && seen[1]) && (evidence & AM_EVIDENCE_HANDSHAKE) == 0)
		evidence |= AM_EVIDENCE_WENT_ON;
	flow->evidence |= evidence;
}

static gboolean is_answered(const AmLogFlow *flow)
{
	return (flow->packets[0] != 0 && flow->packets[1] != 0) || strcmp(flow->state, "SF") == 0;
}

static uint32_t first_packet(const Record *record)
{
	for (const char *at = record->history; *at != '\0'; at++) {
		if (g_ascii_isalpha(*at))
			return am_log_bit(AM_EVIDENCE_FIRST_LO, g_ascii_islower(*at) ? 1 : 0);
	}
	return record->flipped ? 0 : AM_EVIDENCE_FIRST_LO;
}

/* Aside from the ends: VLANs and MACs, where Zeek was told to log them. A value that is none is as if it were not there. */
static void read_link(const AmZeekRecord *from, AmLogFlow *flow)
{
	uint64_t vlan = 0;
	if (am_log_count(&from->values[AM_ZEEK_VLAN], 4095, &vlan))
		flow->vlan = (uint16_t)vlan;
	if (am_log_count(&from->values[AM_ZEEK_INNER_VLAN], 4095, &vlan))
		flow->inner_vlan = (uint16_t)vlan;
	for (int end = 0; end < 2; end++) {
		uint8_t bytes[6] = {0};
		char text[24];
		if (!am_log_copy(&from->values[end == 0 ? AM_ZEEK_ORIG_MAC : AM_ZEEK_RESP_MAC], text, sizeof text) ||
		    strlen(text) != 17)
			continue;
		gboolean ok = TRUE;
		for (int n = 0; n < 6; n++) {
			int high = g_ascii_xdigit_value(text[3 * n]), low = g_ascii_xdigit_value(text[3 * n + 1]);
			ok = ok && high >= 0 && low >= 0 && (n == 5 || text[3 * n + 2] == ':');
			bytes[n] = ok ? (uint8_t)(high << 4 | low) : 0;
		}
		if (ok)
			memcpy(flow->mac[end], bytes, sizeof bytes);
	}
}

AmLogSkip am_zeek_flow(const AmZeekRecord *from, AmLogFlow *ret_flow)
{
	Record record;
	AmLogSkip skip = read_record(from, &record);
	if (skip != AM_LOG_USED)
		return skip;
	AmLogFlow *flow = &record.flow;
	record.has_service = am_log_l7(&from->values[AM_ZEEK_SERVICE], flow->l7);
	gboolean is_stream = flow->ip_protocol == AM_PROTO_TCP;
	gboolean is_icmp = am_service_is_icmp((uint8_t)flow->ip_protocol);
	flow->evidence = first_packet(&record);
	flow->outcome = is_answered(flow) ? AM_OUTCOME_ACCEPTED : AM_OUTCOME_ONE_WAY;
	if (is_stream) {
		tcp_evidence(&record, flow);
		flow->outcome = am_log_tcp_outcome(flow, 0);
	} else if (is_icmp) {
		am_log_icmp(flow, (uint8_t)flow->port[0], (uint8_t)flow->port[1], is_answered(flow));
	}
	if (!is_icmp && (record.has_service || (!is_stream && !record.flipped && is_answered(flow))))
		flow->evidence |= AM_EVIDENCE_CLIENT_LO;
	read_link(from, flow);
	*ret_flow = *flow;
	return AM_LOG_USED;
}
