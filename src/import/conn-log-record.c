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

/* What Zeek calls a service, what we call it, and whether it is what is spoken inside another (then the other names it). */
typedef struct {
	const char *zeek, *name;
	gboolean is_carrier;
} ServiceName;

/* Services that are not listed keep their name, "_" replaced by "-". */
static const ServiceName service_names[] = {
	{"dce_rpc", "dce-rpc", TRUE},  {"dnp3_tcp", "dnp3", FALSE},     {"dnp3_udp", "dnp3", FALSE},
	{"gssapi", "gssapi", TRUE},    {"krb", "kerberos", TRUE},       {"krb_tcp", "kerberos", TRUE},
	{"krb_udp", "kerberos", TRUE}, {"ldap_tcp", "ldap", FALSE},     {"ldap_udp", "ldap", FALSE},
	{"ntlm", "ntlm", TRUE},        {"portmapper", "sunrpc", FALSE}, {"postgresql", "postgresql", FALSE},
	{"rfb", "vnc", FALSE},         {"spnego", "spnego", TRUE},      {"ssl", "tls", TRUE},
};

/* ICMP types with an answer: the one that asks, the one that answers. */
typedef struct {
	uint8_t request, reply;
} IcmpPair;
static const IcmpPair icmp4_pairs[] = {{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}};
static const IcmpPair icmp6_pairs[] = {{128, 129}, {130, 131}, {133, 134}, {135, 136}, {139, 140}, {144, 145}};

/* The record with its values read. Index 0 is the originator. */
typedef struct {
	AmAddress address[2];
	uint16_t port[2];
	uint64_t packets[2], ip_bytes[2], bytes[2];
	int64_t first_ns, duration_ns;
	int ip_protocol;
	const char *state; /* the record's, not NUL-terminated */
	size_t state_size;
	char history[32]; /* longer ones are cut: each kind of packet is there once */
	gboolean has_service, flipped;
	int lo; /* which of the two is lo */
} Record;

static gboolean copy_text(const AmLogValue *value, char *text, size_t size)
{
	if (value->text == NULL || value->size >= size || memchr(value->text, '\0', value->size) != NULL)
		return FALSE;
	memcpy(text, value->text, value->size);
	text[value->size] = '\0';
	return TRUE;
}

/* Not set: 0. */
static gboolean read_count(const AmLogValue *value, uint64_t most, uint64_t *ret_count)
{
	uint64_t count = 0;
	for (size_t n = 0; value->text != NULL && n < value->size; n++) {
		unsigned digit = (unsigned char)value->text[n] - '0';
		if (digit > 9 || count > (most - digit) / 10)
			return FALSE;
		count = count * 10 + digit;
	}
	*ret_count = count;
	return value->text == NULL || value->size > 0;
}

/* "1644451201.000001" to nanoseconds, digit by digit; what is finer is cut off. */
static gboolean read_seconds(const AmLogValue *value, int64_t *ret_ns)
{
	const char *dot = memchr(value->text, '.', value->size);
	size_t whole = dot != NULL ? (size_t)(dot - value->text) : value->size;
	AmLogValue seconds_text = {value->text, whole};
	uint64_t seconds;
	if (!read_count(&seconds_text, INT64_MAX / AM_NS_PER_S - 1, &seconds))
		return FALSE;
	int64_t ns = (int64_t)seconds * AM_NS_PER_S, unit = AM_NS_PER_S / 10;
	for (size_t n = whole + 1; n < value->size; n++, unit /= 10) {
		unsigned digit = (unsigned char)value->text[n] - '0';
		if (digit > 9)
			return FALSE;
		ns += (int64_t)digit * unit;
	}
	*ret_ns = ns;
	return dot == NULL || whole + 1 < value->size;
}

/* Seconds, or in JSON also ISO 8601 (LogAscii::json_timestamps). */
static gboolean read_time(const AmLogValue *value, int64_t *ret_ns)
{
	char text[64];
	if (value->text == NULL)
		return FALSE;
	if (read_seconds(value, ret_ns))
		return TRUE;
	return memchr(value->text, 'T', value->size) != NULL && copy_text(value, text, sizeof text) &&
	       am_time_parse(text, ret_ns) && *ret_ns >= 0;
}

static gboolean read_address(const AmLogValue *value, AmAddress *ret_address)
{
	char text[AM_ADDRESS_TEXT_SIZE];
	return copy_text(value, text, sizeof text) && am_address_parse(text, ret_address);
}

static gboolean is_text(const AmLogValue *value, const char *text)
{
	return value->text != NULL && value->size == strlen(text) && memcmp(value->text, text, value->size) == 0;
}

static gboolean read_protocol(const AmLogRecord *from, Record *record)
{
	const AmLogValue *name = &from->values[AM_LOG_PROTO];
	uint64_t number;
	gboolean is_v6 = record->address[0].family == 6;
	if (is_text(name, "tcp"))
		record->ip_protocol = AM_PROTO_TCP;
	else if (is_text(name, "udp"))
		record->ip_protocol = AM_PROTO_UDP;
	else if (is_text(name, "icmp"))
		record->ip_protocol = is_v6 ? AM_PROTO_ICMPV6 : AM_PROTO_ICMP;
	else if (from->values[AM_LOG_IP_PROTO].text != NULL && read_count(&from->values[AM_LOG_IP_PROTO], 255, &number))
		record->ip_protocol = (int)number;
	else
		return FALSE;
	return TRUE;
}

static gboolean read_numbers(const AmLogRecord *from, Record *record)
{
	static const AmLogColumn ports[2] = {AM_LOG_ORIG_P, AM_LOG_RESP_P};
	static const AmLogColumn packets[2] = {AM_LOG_ORIG_PKTS, AM_LOG_RESP_PKTS};
	static const AmLogColumn ip_bytes[2] = {AM_LOG_ORIG_IP_BYTES, AM_LOG_RESP_IP_BYTES};
	static const AmLogColumn bytes[2] = {AM_LOG_ORIG_BYTES, AM_LOG_RESP_BYTES};
	for (int end = 0; end < 2; end++) {
		uint64_t port;
		if (from->values[ports[end]].text == NULL ||
		    !read_count(&from->values[ports[end]], UINT16_MAX, &port) ||
		    !read_count(&from->values[packets[end]], INT64_MAX, &record->packets[end]) ||
		    !read_count(&from->values[ip_bytes[end]], INT64_MAX, &record->ip_bytes[end]) ||
		    !read_count(&from->values[bytes[end]], INT64_MAX, &record->bytes[end]))
			return FALSE;
		record->port[end] = (uint16_t)port;
	}
	record->duration_ns = 0;
	return from->values[AM_LOG_DURATION].text == NULL ||
	       read_seconds(&from->values[AM_LOG_DURATION], &record->duration_ns);
}

/* "SF", "RSTOS0": it is listed and put into reports as it stands there, so nothing but letters and digits may pass. */
static gboolean is_state_word(const AmLogValue *state)
{
	if (state->text == NULL || state->size == 0 || state->size >= AM_CONN_STATE_SIZE)
		return FALSE;
	for (size_t n = 0; n < state->size; n++) {
		if (!g_ascii_isalnum(state->text[n]))
			return FALSE;
	}
	return TRUE;
}

static gboolean read_record(const AmLogRecord *from, Record *record)
{
	const AmLogValue *history = &from->values[AM_LOG_HISTORY], *state = &from->values[AM_LOG_CONN_STATE];
	if (from->values[AM_LOG_PATH].text != NULL && !is_text(&from->values[AM_LOG_PATH], "conn"))
		return FALSE;
	if (!read_time(&from->values[AM_LOG_TS], &record->first_ns) ||
	    !read_address(&from->values[AM_LOG_ORIG_H], &record->address[0]) ||
	    !read_address(&from->values[AM_LOG_RESP_H], &record->address[1]) ||
	    record->address[0].family != record->address[1].family || !read_protocol(from, record) ||
	    !read_numbers(from, record) || record->duration_ns > INT64_MAX - record->first_ns)
		return FALSE;
	if (!is_state_word(state))
		return FALSE;
	record->state = state->text;
	record->state_size = state->size;
	memset(record->history, 0, sizeof record->history);
	if (history->text != NULL)
		memcpy(record->history, history->text, MIN(history->size, sizeof record->history - 1));
	record->flipped = record->history[0] == '^';
	return TRUE;
}

/* `lo_bit` is the evidence bit of lo; the one of hi follows it. */
static uint32_t bit_of(const Record *record, uint32_t lo_bit, int end)
{
	return end == record->lo ? lo_bit : lo_bit << 1;
}

static uint32_t client_is(const Record *record, int end)
{
	return bit_of(record, AM_EVIDENCE_CLIENT_LO, end);
}

static gboolean is_state(const Record *record, const char *names)
{
	for (const char *at = names; *at != '\0';) {
		size_t size = strcspn(at, " ");
		if (size == record->state_size && memcmp(at, record->state, size) == 0)
			return TRUE;
		at += size + (at[size] == ' ');
	}
	return FALSE;
}

/* What must have been seen for Zeek to give this state. */
static void tcp_from_state(const Record *record, char history[32])
{
	static const struct {
		const char *state, *history;
	} table[] = {
		{"S0", "S"},      {"S1", "ShA"},    {"SF", "ShAFf"},  {"REJ", "Sr"},   {"S2", "ShAF"}, {"S3", "ShAf"},
		{"RSTO", "ShAR"}, {"RSTR", "ShAr"}, {"RSTOS0", "SR"}, {"RSTRH", "hr"}, {"SH", "SF"},   {"SHR", "hf"},
	};
	for (guint n = 0; n < G_N_ELEMENTS(table); n++) {
		if (is_state(record, table[n].state))
			g_strlcpy(history, table[n].history, 32);
	}
}

static uint32_t tcp_evidence(const Record *record, uint8_t flags[2])
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
		tcp_from_state(record, history);
	for (const char *at = history; *at != '\0'; at++) {
		int end = g_ascii_islower(*at) ? 1 : 0;
		for (guint n = 0; n < G_N_ELEMENTS(letters); n++) {
			if (letters[n].letter != g_ascii_tolower(*at))
				continue;
			uint32_t answered = bit_of(record, AM_EVIDENCE_SYNACK_LO, !end);
			if ((*at == 'A' || *at == 'D' || *at == 'a' || *at == 'd') && (evidence & answered) != 0)
				evidence |= AM_EVIDENCE_HANDSHAKE;
			uint32_t own = bit_of(record, AM_EVIDENCE_SYNACK_LO, end);
			went_on = went_on || (strchr("DdFf", *at) != NULL && (evidence & own) != 0);
			seen[end] = TRUE;
			if (letters[n].lo_bit != 0)
				evidence |= bit_of(record, letters[n].lo_bit, end);
			flags[end] |= letters[n].flags;
		}
	}
	if ((evidence & (AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_HANDSHAKE)) == 0)
		evidence |= AM_EVIDENCE_MIDSTREAM;
	if (went_on && !(seen[0] && seen[1]) && (evidence & AM_EVIDENCE_HANDSHAKE) == 0)
		evidence |= AM_EVIDENCE_WENT_ON;
	return evidence;
}

/* The same words for the same sights as flow/ has. */
static AmOutcome tcp_outcome(const Record *record, uint32_t evidence, const uint8_t flags[2])
{
	gboolean handshake = (evidence & AM_EVIDENCE_HANDSHAKE) != 0;
	gboolean syn = (evidence & bit_of(record, AM_EVIDENCE_SYN_LO, 0)) != 0;
	gboolean reset = (evidence & bit_of(record, AM_EVIDENCE_RST_LO, 1)) != 0;
	gboolean any_fin = (evidence & (AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI)) != 0;
	gboolean any_payload = record->bytes[0] != 0 || record->bytes[1] != 0;
	if (record->bytes[0] != 0 && record->bytes[1] != 0)
		return AM_OUTCOME_ACCEPTED;
	if (handshake && !reset && (any_fin || any_payload))
		return AM_OUTCOME_ACCEPTED;
	if (reset && (syn || handshake))
		return AM_OUTCOME_REFUSED;
	if (syn && record->packets[1] == 0 && flags[1] == 0 && (flags[0] & AM_TCP_ACK) == 0 && !any_payload)
		return AM_OUTCOME_SILENT;
	return AM_OUTCOME_MIDSTREAM;
}

static gboolean is_answered(const Record *record)
{
	return (record->packets[0] != 0 && record->packets[1] != 0) || is_state(record, "SF");
}

/* Sets both ports to what is asked, (type << 8 | code), and gives the evidence. */
static uint32_t icmp_evidence(Record *record, AmOutcome *ret_outcome)
{
	gboolean is_v4 = record->ip_protocol == AM_PROTO_ICMP;
	const IcmpPair *pairs = is_v4 ? icmp4_pairs : icmp6_pairs;
	guint n_pairs = is_v4 ? G_N_ELEMENTS(icmp4_pairs) : G_N_ELEMENTS(icmp6_pairs);
	uint16_t type = record->port[0], code = record->port[1];
	uint32_t evidence = 0;
	gboolean asks = FALSE;
	for (guint n = 0; n < n_pairs; n++) {
		if (type != pairs[n].request && type != pairs[n].reply)
			continue;
		evidence = client_is(record, type == pairs[n].request ? 0 : 1);
		asks = type == pairs[n].request && !am_address_is_multicast(&record->address[1]);
		type = pairs[n].request;
		code = 0;
		break;
	}
	record->port[0] = record->port[1] = (uint16_t)((type & 0xff) << 8 | (code & 0xff));
	*ret_outcome = is_answered(record) ? AM_OUTCOME_ACCEPTED : asks ? AM_OUTCOME_SILENT : AM_OUTCOME_ONE_WAY;
	return evidence;
}

static uint32_t first_packet(const Record *record)
{
	for (const char *at = record->history; *at != '\0'; at++) {
		if (g_ascii_isalpha(*at))
			return bit_of(record, AM_EVIDENCE_FIRST_LO, g_ascii_islower(*at) ? 1 : 0);
	}
	return record->flipped ? 0 : bit_of(record, AM_EVIDENCE_FIRST_LO, 0);
}

static const ServiceName *find_service(const char *name)
{
	for (guint n = 0; n < G_N_ELEMENTS(service_names); n++) {
		if (strcmp(service_names[n].zeek, name) == 0)
			return &service_names[n];
	}
	return NULL;
}

/* `service` lists all that Zeek's analyzers confirmed, in no order, "-ssl" being one that gave up: what is spoken inside
 * names the connection, a carrier only when there is nothing else; among equals the first by name. */
static gboolean read_service(const AmLogValue *value, char l7[AM_L7_SIZE])
{
	char text[256];
	gboolean best_is_carrier = TRUE;
	l7[0] = '\0';
	if (!copy_text(value, text, sizeof text))
		return FALSE;
	g_auto(GStrv) parts = g_strsplit(text, ",", 16);
	for (guint n = 0; parts[n] != NULL; n++) {
		char name[AM_L7_SIZE];
		const ServiceName *known = find_service(parts[n]);
		gboolean is_carrier = known != NULL && known->is_carrier;
		if (!g_ascii_isalpha(parts[n][0]))
			continue;
		g_strlcpy(name, known != NULL ? known->name : parts[n], sizeof name);
		g_strcanon(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", '-');
		for (char *at = name; *at != '\0'; at++)
			*at = g_ascii_tolower(*at);
		gboolean better = l7[0] == '\0' || (best_is_carrier && !is_carrier) ||
				  (best_is_carrier == is_carrier && strcmp(name, l7) < 0);
		if (!better)
			continue;
		best_is_carrier = is_carrier;
		memset(l7, 0, AM_L7_SIZE);
		g_strlcpy(l7, name, AM_L7_SIZE);
	}
	return l7[0] != '\0';
}

/* Aside from the ends: VLANs and MACs, where Zeek was told to log them. A value that is none is as if it were not there. */
static void read_link(const AmLogRecord *from, const Record *record, AmConnection *connection)
{
	uint64_t vlan = 0, inner = 0;
	if (read_count(&from->values[AM_LOG_VLAN], 4095, &vlan))
		connection->vlan = (uint16_t)vlan;
	if (read_count(&from->values[AM_LOG_INNER_VLAN], 4095, &inner))
		connection->inner_vlan = (uint16_t)inner;
	for (int end = 0; end < 2; end++) {
		uint8_t *mac = end == record->lo ? connection->mac_lo : connection->mac_hi, bytes[6] = {0};
		char text[24];
		if (!copy_text(&from->values[end == 0 ? AM_LOG_ORIG_MAC : AM_LOG_RESP_MAC], text, sizeof text) ||
		    strlen(text) != 17)
			continue;
		gboolean ok = TRUE;
		for (int n = 0; n < 6; n++) {
			int high = g_ascii_xdigit_value(text[3 * n]), low = g_ascii_xdigit_value(text[3 * n + 1]);
			ok = ok && high >= 0 && low >= 0 && (n == 5 || text[3 * n + 2] == ':');
			bytes[n] = ok ? (uint8_t)(high << 4 | low) : 0;
		}
		if (ok)
			memcpy(mac, bytes, sizeof bytes);
	}
}

/* What Zeek puts into the ports of ICMP is not where it came from. */
static int compare_ends(const Record *record, gboolean is_icmp)
{
	int order = am_address_compare(&record->address[0], &record->address[1]);
	return order != 0 || is_icmp ? order : (int)record->port[0] - (int)record->port[1];
}

static void set_ends(const Record *record, AmConnection *connection)
{
	int lo = record->lo, hi = !lo;
	connection->lo = record->address[lo];
	connection->hi = record->address[hi];
	connection->port_lo = record->port[lo];
	connection->port_hi = record->port[hi];
	for (int direction = 0; direction < 2; direction++) {
		int end = direction == 0 ? lo : hi;
		connection->total.packets[direction] = record->packets[end];
		connection->total.bytes[direction] = record->ip_bytes[end];
		connection->total.payload[direction] = record->bytes[end];
	}
}

static void set_times(const Record *record, AmConnection *connection)
{
	connection->first_ns = connection->delta_first_ns = record->first_ns;
	connection->last_ns = record->first_ns + record->duration_ns;
	connection->delta = connection->total;
	connection->delta_hours = 1u << am_time_hour(connection->first_ns);
	if (am_time_day(connection->last_ns) == am_time_day(connection->first_ns))
		connection->delta_hours |= 1u << am_time_hour(connection->last_ns);
}

gboolean am_log_connection(const AmLogRecord *from, AmConnection *ret_connection)
{
	Record record;
	AmConnection connection;
	memset(&connection, 0, sizeof connection);
	if (!read_record(from, &record))
		return FALSE;
	record.has_service = read_service(&from->values[AM_LOG_SERVICE], connection.l7);
	connection.l7_confidence = record.has_service ? AM_L7_DPI : AM_L7_NONE;
	gboolean is_stream = record.ip_protocol == AM_PROTO_TCP;
	gboolean is_icmp = record.ip_protocol == AM_PROTO_ICMP || record.ip_protocol == AM_PROTO_ICMPV6;
	if (!is_stream && !is_icmp && record.ip_protocol != AM_PROTO_UDP && record.ip_protocol != AM_PROTO_SCTP)
		record.port[0] = record.port[1] = 0;
	record.lo = compare_ends(&record, is_icmp) > 0 ? 1 : 0;

	AmOutcome outcome = is_answered(&record) ? AM_OUTCOME_ACCEPTED : AM_OUTCOME_ONE_WAY;
	uint8_t flags[2] = {0, 0};
	connection.evidence = AM_EVIDENCE_LOG | first_packet(&record);
	if (is_stream) {
		connection.evidence |= tcp_evidence(&record, flags);
		outcome = tcp_outcome(&record, connection.evidence, flags);
	} else if (is_icmp) {
		connection.evidence |= icmp_evidence(&record, &outcome);
	}
	if (record.has_service || (!is_stream && !is_icmp && !record.flipped && is_answered(&record)))
		connection.evidence |= is_icmp ? 0 : client_is(&record, 0);
	connection.outcome = (uint8_t)outcome;
	connection.ip_protocol = (uint8_t)record.ip_protocol;
	connection.tcp_flags[0] = flags[record.lo];
	connection.tcp_flags[1] = flags[!record.lo];
	memcpy(connection.conn_state, record.state, record.state_size);
	set_ends(&record, &connection);
	set_times(&record, &connection);
	read_link(from, &record, &connection);
	*ret_connection = connection;
	return TRUE;
}
