/* Suricata's eve.json: an event a line (Suricata user guide, "EVE JSON Format"; src/output-json-flow.c, -netflow.c). Of its
 * events "flow" tells a connection that ended, "netflow" each of its directions in an event of its own; all others tell of
 * something else. Where a log has both, the kind that comes first counts, for they tell the same connections.
 *
 * Direction. src is the client as Suricata says: who sent the first packet, unless the protocol that it recognised tells
 * otherwise. The SYN is evidence where it tells TCP flags (those of each direction, in hexadecimal, all together: "00" where
 * it followed no session). As in conn.log, src has the protocol role where Suricata recognised the protocol, where a
 * datagram was answered, and where ICMP says so.
 *
 * Octets are those of frames: the link layer's header is taken off as if it were Ethernet's, and what payload there was is
 * reckoned from the rest. */
#include "config.h"

#include "log.h"
#include "stitch.h"

#include "allowmap/model/packet.h"

#include <string.h>

#define ETHERNET_SIZE 14
#define TAG_SIZE 4

#define FIELDS(X)                                                                                                      \
	X(EVENT, "event_type")                                                                                         \
	X(SRC_IP, "src_ip")                                                                                            \
	X(SRC_PORT, "src_port")                                                                                        \
	X(DEST_IP, "dest_ip")                                                                                          \
	X(DEST_PORT, "dest_port")                                                                                      \
	X(PROTO, "proto")                                                                                              \
	X(ICMP_TYPE, "icmp_type")                                                                                      \
	X(ICMP_CODE, "icmp_code")                                                                                      \
	X(APP, "app_proto")                                                                                            \
	X(APP_ORIG, "app_proto_orig")                                                                                  \
	X(VLAN, "vlan.0")                                                                                              \
	X(INNER_VLAN, "vlan.1")                                                                                        \
	X(START, "flow.start")                                                                                         \
	X(END, "flow.end")                                                                                             \
	X(PKTS_TS, "flow.pkts_toserver")                                                                               \
	X(PKTS_TC, "flow.pkts_toclient")                                                                               \
	X(BYTES_TS, "flow.bytes_toserver")                                                                             \
	X(BYTES_TC, "flow.bytes_toclient")                                                                             \
	X(FLAGS, "tcp.tcp_flags")                                                                                      \
	X(FLAGS_TS, "tcp.tcp_flags_ts")                                                                                \
	X(FLAGS_TC, "tcp.tcp_flags_tc")                                                                                \
	X(NET_START, "netflow.start")                                                                                  \
	X(NET_END, "netflow.end")                                                                                      \
	X(NET_PKTS, "netflow.pkts")                                                                                    \
	X(NET_BYTES, "netflow.bytes")

enum {
#define X(id, path) FIELD_##id,
	FIELDS(X)
#undef X
		N_FIELDS,
};

static const char *const paths[] = {
#define X(id, path) path,
	FIELDS(X)
#undef X
};

typedef enum { KIND_OTHER, KIND_FLOW, KIND_NETFLOW } EventKind;

typedef struct {
	EventKind used; /* KIND_OTHER: neither came yet */
	AmLogStitch *stitch;
} Reader;

static gpointer begin(const AmLogOptions *options)
{
	(void)options;
	Reader *reader = g_new0(Reader, 1);
	reader->stitch = am_log_stitch_new(AM_LOG_STITCH_FIRST_BEGAN);
	return reader;
}

static void reader_free(gpointer state)
{
	Reader *reader = state;
	am_log_stitch_free(reader->stitch);
	g_free(reader);
}

static gboolean finish(gpointer state, AmLogSink *sink, GError **error)
{
	return am_log_stitch_finish(((Reader *)state)->stitch, sink, error);
}

/* known_proto[] of Suricata, which is /etc/protocols in capitals; what has no name there is "047". */
static gboolean read_protocol(const AmLogValue *value, int *ret_protocol)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {
		{"TCP", AM_PROTO_TCP},
		{"UDP", AM_PROTO_UDP},
		{"ICMP", AM_PROTO_ICMP},
		{"IPv6-ICMP", AM_PROTO_ICMPV6},
		{"SCTP", AM_PROTO_SCTP},
		{"GRE", 47},
		{"ESP", 50},
		{"AH", 51},
		{"IGMP", 2},
		{"OSPFIGP", 89},
		{"VRRP", 112},
		{"IPIP", 94},
		{"IPv6", 41},
		{"IP-ENCAP", 4},
		{"IP", 0},
		{"ICMPV6", AM_PROTO_ICMPV6},
	};
	uint64_t number;
	for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
		if (!am_log_is(value, names[n].name))
			continue;
		*ret_protocol = names[n].number;
		return TRUE;
	}
	if (!am_log_count(value, 255, &number))
		return FALSE;
	*ret_protocol = (int)number;
	return TRUE;
}

/* "1b"; not set: 0. */
static gboolean read_flags(const AmLogValue *value, uint8_t *ret_flags)
{
	*ret_flags = 0;
	if (value->text == NULL)
		return TRUE;
	int high = value->size == 2 ? g_ascii_xdigit_value(value->text[0]) : -1;
	int low = value->size == 2 ? g_ascii_xdigit_value(value->text[1]) : -1;
	if (high < 0 || low < 0)
		return FALSE;
	*ret_flags = (uint8_t)(high << 4 | low);
	return TRUE;
}

static AmLogSkip read_ends(const AmLogValue *values, AmLogFlow *flow)
{
	if (!am_log_address(&values[FIELD_SRC_IP], &flow->address[0]) ||
	    !am_log_address(&values[FIELD_DEST_IP], &flow->address[1]) ||
	    flow->address[0].family != flow->address[1].family)
		return AM_LOG_SKIP_ADDRESS;
	if (!read_protocol(&values[FIELD_PROTO], &flow->ip_protocol))
		return AM_LOG_SKIP_SERVICE;
	if (am_service_has_ports((uint8_t)flow->ip_protocol) &&
	    (!am_log_port(&values[FIELD_SRC_PORT], &flow->port[0]) ||
	     !am_log_port(&values[FIELD_DEST_PORT], &flow->port[1])))
		return AM_LOG_SKIP_SERVICE;
	return AM_LOG_USED;
}

static void read_vlans(const AmLogValue *values, AmLogFlow *flow)
{
	uint64_t vlan = 0;
	if (am_log_count(&values[FIELD_VLAN], 4095, &vlan))
		flow->vlan = (uint16_t)vlan;
	if (am_log_count(&values[FIELD_INNER_VLAN], 4095, &vlan))
		flow->inner_vlan = (uint16_t)vlan;
}

/* Of frames shorter than that with an IP header, the link layer had no header. */
static void take_off_link(AmLogFlow *flow, int end)
{
	uint64_t header = ETHERNET_SIZE + (flow->vlan != 0 ? TAG_SIZE : 0) + (flow->inner_vlan != 0 ? TAG_SIZE : 0),
		 all;
	uint64_t least = flow->address[0].family == 6 ? 40 : 20;
	if (flow->packets[end] != 0 && flow->ip_bytes[end] / flow->packets[end] >= header + least &&
	    !__builtin_mul_overflow(flow->packets[end], header, &all))
		flow->ip_bytes[end] -= all;
}

static AmLogSkip read_counts(const AmLogValue *values, AmLogFlow *flow)
{
	static const int packets[2] = {FIELD_PKTS_TS, FIELD_PKTS_TC}, bytes[2] = {FIELD_BYTES_TS, FIELD_BYTES_TC};
	static const int flags[2] = {FIELD_FLAGS_TS, FIELD_FLAGS_TC};
	for (int end = 0; end < 2; end++) {
		if (!am_log_count(&values[packets[end]], INT64_MAX, &flow->packets[end]) ||
		    !am_log_count(&values[bytes[end]], INT64_MAX, &flow->ip_bytes[end]))
			return AM_LOG_SKIP_COUNT;
		if (!read_flags(&values[flags[end]], &flow->tcp_flags[end]))
			return AM_LOG_SKIP_STATE;
		take_off_link(flow, end);
	}
	for (int end = 0; end < 2; end++)
		flow->payload[end] = am_log_payload(flow, end);
	return AM_LOG_USED;
}

/* What is spoken after STARTTLS is not all that there is: app_proto_orig was there before. */
static gboolean read_l7(const AmLogValue *values, char l7[AM_L7_SIZE])
{
	char text[2][AM_L7_SIZE], both[2 * AM_L7_SIZE + 1];
	for (int n = 0; n < 2; n++) {
		if (!am_log_copy(&values[n == 0 ? FIELD_APP : FIELD_APP_ORIG], text[n], sizeof text[n]) ||
		    strchr(text[n], ',') != NULL)
			text[n][0] = '\0';
	}
	AmLogValue names = {both, (size_t)g_snprintf(both, sizeof both, "%s,%s", text[0], text[1])};
	return am_log_l7(&names, l7);
}

static AmLogSkip read_icmp(const AmLogValue *values, AmLogFlow *flow, gboolean answered)
{
	uint64_t type, code;
	if (!am_log_count(&values[FIELD_ICMP_TYPE], 255, &type) || !am_log_count(&values[FIELD_ICMP_CODE], 255, &code))
		return AM_LOG_SKIP_SERVICE;
	am_log_icmp(flow, (uint8_t)type, (uint8_t)code, answered);
	return AM_LOG_USED;
}

static AmLogSkip read_flow(const AmLogValue *values, AmLogFlow *flow)
{
	memset(flow, 0, sizeof *flow);
	if (!am_log_time(&values[FIELD_START], &flow->first_ns) || !am_log_time(&values[FIELD_END], &flow->last_ns))
		return AM_LOG_SKIP_TIME;
	flow->last_ns = MAX(flow->last_ns, flow->first_ns);
	AmLogSkip skip = read_ends(values, flow);
	read_vlans(values, flow);
	if (skip == AM_LOG_USED)
		skip = read_counts(values, flow);
	if (skip != AM_LOG_USED)
		return skip;
	gboolean answered = flow->packets[0] != 0 && flow->packets[1] != 0;
	gboolean is_known = read_l7(values, flow->l7);
	flow->evidence = flow->packets[0] != 0 ? AM_EVIDENCE_FIRST_LO : 0;
	flow->outcome = answered ? AM_OUTCOME_ACCEPTED : AM_OUTCOME_ONE_WAY;
	if (am_service_is_icmp((uint8_t)flow->ip_protocol))
		return read_icmp(values, flow, answered);
	if (flow->ip_protocol == AM_PROTO_TCP)
		am_log_tcp(flow, (flow->tcp_flags[0] & AM_TCP_SYN) != 0 ? 0 : -1);
	if (is_known || (flow->ip_protocol != AM_PROTO_TCP && answered))
		flow->evidence |= AM_EVIDENCE_CLIENT_LO;
	return AM_LOG_USED;
}

/* One direction, in the shape of a flow with nothing on the way back. */
static AmLogSkip read_netflow(const AmLogValue *values, AmLogPart *part)
{
	AmLogFlow flow = {0};
	uint64_t type = 0, code = 0;
	memset(part, 0, sizeof *part);
	if (!am_log_time(&values[FIELD_NET_START], &part->first_ns) ||
	    !am_log_time(&values[FIELD_NET_END], &part->last_ns))
		return AM_LOG_SKIP_TIME;
	AmLogSkip skip = read_ends(values, &flow);
	if (skip != AM_LOG_USED)
		return skip;
	if (!am_log_count(&values[FIELD_NET_PKTS], INT64_MAX, &flow.packets[0]) ||
	    !am_log_count(&values[FIELD_NET_BYTES], INT64_MAX, &flow.ip_bytes[0]))
		return AM_LOG_SKIP_COUNT;
	if (am_service_is_icmp((uint8_t)flow.ip_protocol) && (!am_log_count(&values[FIELD_ICMP_TYPE], 255, &type) ||
							      !am_log_count(&values[FIELD_ICMP_CODE], 255, &code)))
		return AM_LOG_SKIP_SERVICE;
	read_vlans(values, &flow);
	take_off_link(&flow, 0);
	(void)read_l7(values, part->l7);
	memcpy(part->address, flow.address, sizeof part->address);
	memcpy(part->port, flow.port, sizeof part->port);
	part->ip_protocol = flow.ip_protocol;
	part->has_icmp = am_service_is_icmp((uint8_t)flow.ip_protocol);
	part->icmp_type = (uint8_t)type;
	part->icmp_code = (uint8_t)code;
	part->packets = flow.packets[0];
	part->ip_bytes = flow.ip_bytes[0];
	return read_flags(&values[FIELD_FLAGS], &part->tcp_flags) ? AM_LOG_USED : AM_LOG_SKIP_STATE;
}

static int line(gpointer state, char *text, size_t size, AmLogSink *sink, GError **error)
{
	Reader *reader = state;
	AmLogValue values[N_FIELDS];
	if (!am_log_json(text, size, paths, N_FIELDS, values))
		return AM_LOG_SKIP_SYNTAX;
	EventKind kind = am_log_is(&values[FIELD_EVENT], "flow")      ? KIND_FLOW
			 : am_log_is(&values[FIELD_EVENT], "netflow") ? KIND_NETFLOW
								      : KIND_OTHER;
	if (reader->used == KIND_OTHER)
		reader->used = kind;
	if (kind == KIND_OTHER)
		return values[FIELD_EVENT].text != NULL ? AM_LOG_SKIP_OTHER : AM_LOG_SKIP_SYNTAX;
	if (kind != reader->used)
		return AM_LOG_SKIP_OTHER;
	if (kind == KIND_FLOW) {
		AmLogFlow flow;
		AmLogSkip skip = read_flow(values, &flow);
		if (skip != AM_LOG_USED)
			return (int)skip;
		return am_log_emit(sink, &flow, error) ? AM_LOG_USED : AM_LOG_FAILED;
	}
	AmLogPart part;
	AmLogSkip skip = read_netflow(values, &part);
	return skip != AM_LOG_USED ? (int)skip : am_log_stitch_add(reader->stitch, &part, sink, error);
}

/* Other programs write "event_type" too; "timestamp" stands in every event, and what makes it Suricata's is one of its own
 * names in the first line. */
static gboolean recognise(const char *text, size_t size)
{
	static const char *const own[] = {"\"flow_id\"", "\"stats\"",  "\"pcap_cnt\"",
					  "\"dest_ip\"", "\"engine\"", "\"in_iface\""};
	const char *line_end = memchr(text, '\n', size);
	size_t line_size = line_end != NULL ? (size_t)(line_end - text) : size;
	if (size == 0 || text[0] != '{' || memmem(text, line_size, "\"event_type\"", 12) == NULL ||
	    memmem(text, line_size, "\"timestamp\"", 11) == NULL)
		return FALSE;
	for (guint n = 0; n < G_N_ELEMENTS(own); n++) {
		if (memmem(text, line_size, own[n], strlen(own[n])) != NULL)
			return TRUE;
	}
	return FALSE;
}

const AmLogFormat am_log_suricata = {.kind = AM_INPUT_SURICATA,
				     .recognise = recognise,
				     .begin = begin,
				     .line = line,
				     .finish = finish,
				     .free = reader_free};
