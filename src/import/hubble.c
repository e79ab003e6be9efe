/* Cilium's Hubble: `hubble observe -o jsonpb` (also json of older versions, and the exporter's files), a flow event a line
 * (api/v1/flow/flow.proto of Cilium). An event is a packet at a point on its way, or a message at a proxy; stitch.h puts
 * connections together: of each direction the first point counts, all others tell the same packets again. With Cilium's
 * aggregation most packets have no event at all, so packets are at least so many, and octets are not told: a datagram, and a
 * segment with PSH, have at least one of payload.
 *
 * Direction. is_reply is what Cilium's connection tracking knows: who does not reply is the client, by protocol role. TCP flags
 * are those of the packet, so a SYN is one. DROPPED is prohibited. A message at a proxy (Type L7) tells the protocol.
 *
 * What is not set is left out in this form: type 0 of ICMP, for one. */
#include "config.h"

#include "log.h"
#include "stitch.h"

#include "allowmap/model/packet.h"

#include <string.h>

#define FIELDS(X)                                                                                                      \
	X(TIME, "time")                                                                                                \
	X(VERDICT, "verdict")                                                                                          \
	X(TYPE, "Type")                                                                                                \
	X(SRC, "IP.source")                                                                                            \
	X(DST, "IP.destination")                                                                                       \
	X(TCP_SPORT, "l4.TCP.source_port")                                                                             \
	X(TCP_DPORT, "l4.TCP.destination_port")                                                                        \
	X(FIN, "l4.TCP.flags.FIN")                                                                                     \
	X(SYN, "l4.TCP.flags.SYN")                                                                                     \
	X(RST, "l4.TCP.flags.RST")                                                                                     \
	X(PSH, "l4.TCP.flags.PSH")                                                                                     \
	X(ACK, "l4.TCP.flags.ACK")                                                                                     \
	X(UDP_SPORT, "l4.UDP.source_port")                                                                             \
	X(UDP_DPORT, "l4.UDP.destination_port")                                                                        \
	X(SCTP_SPORT, "l4.SCTP.source_port")                                                                           \
	X(SCTP_DPORT, "l4.SCTP.destination_port")                                                                      \
	X(ICMP4, "l4.ICMPv4")                                                                                          \
	X(ICMP4_TYPE, "l4.ICMPv4.type")                                                                                \
	X(ICMP4_CODE, "l4.ICMPv4.code")                                                                                \
	X(ICMP6, "l4.ICMPv6")                                                                                          \
	X(ICMP6_TYPE, "l4.ICMPv6.type")                                                                                \
	X(ICMP6_CODE, "l4.ICMPv6.code")                                                                                \
	X(IS_REPLY, "is_reply")                                                                                        \
	X(REPLY, "reply")                                                                                              \
	X(POINT, "trace_observation_point")                                                                            \
	X(EVENT, "event_type.type")                                                                                    \
	X(NODE, "node_name")                                                                                           \
	X(HTTP, "l7.http.method")                                                                                      \
	X(DNS, "l7.dns.query")

enum {
#define X(id, path) FIELD_##id,
	FIELDS(X)
#undef X
		N_FIELDS,
};

/* Of an event alone, and of one in {"flow": ..., "node_name": ..., "time": ...}. */
static const char *const paths[2][N_FIELDS] = {
	{
#define X(id, path) path,
		FIELDS(X)
#undef X
	},
	{
#define X(id, path) "flow." path,
		FIELDS(X)
#undef X
	},
};

static gpointer begin(const AmLogOptions *options)
{
	(void)options;
	return am_log_stitch_new(AM_LOG_STITCH_FLAGS);
}

static void stitch_free(gpointer state)
{
	am_log_stitch_free(state);
}

static gboolean finish(gpointer state, AmLogSink *sink, GError **error)
{
	return am_log_stitch_finish(state, sink, error);
}

/* What is left out is 0. */
static gboolean read_icmp(const AmLogValue *type_value, const AmLogValue *code_value, AmLogPart *part)
{
	uint64_t type, code;
	if (!am_log_count_or_0(type_value, 255, &type) || !am_log_count_or_0(code_value, 255, &code))
		return FALSE;
	part->has_icmp = TRUE;
	part->icmp_type = (uint8_t)type;
	part->icmp_code = (uint8_t)code;
	return TRUE;
}

static void read_flags(const AmLogValue *values, AmLogPart *part)
{
	static const struct {
		int field;
		uint8_t flag;
	} flags[] = {{FIELD_FIN, AM_TCP_FIN},
		     {FIELD_SYN, AM_TCP_SYN},
		     {FIELD_RST, AM_TCP_RST},
		     {FIELD_PSH, AM_TCP_PSH},
		     {FIELD_ACK, AM_TCP_ACK}};
	for (guint n = 0; n < G_N_ELEMENTS(flags); n++) {
		if (am_log_is(&values[flags[n].field], "true"))
			part->tcp_flags |= flags[n].flag;
	}
}

static gboolean read_service(const AmLogValue *values, AmLogPart *part)
{
	static const struct {
		int sport, dport, protocol;
	} ported[] = {{FIELD_TCP_SPORT, FIELD_TCP_DPORT, AM_PROTO_TCP},
		      {FIELD_UDP_SPORT, FIELD_UDP_DPORT, AM_PROTO_UDP},
		      {FIELD_SCTP_SPORT, FIELD_SCTP_DPORT, AM_PROTO_SCTP}};
	for (guint n = 0; n < G_N_ELEMENTS(ported); n++) {
		if (values[ported[n].dport].text == NULL)
			continue;
		part->ip_protocol = ported[n].protocol;
		read_flags(values, part);
		return am_log_port(&values[ported[n].sport], &part->port[0]) &&
		       am_log_port(&values[ported[n].dport], &part->port[1]);
	}
	gboolean is_v4 = part->address[0].family == 4;
	gboolean any = is_v4 ? values[FIELD_ICMP4].text != NULL || values[FIELD_ICMP4_TYPE].text != NULL ||
				       values[FIELD_ICMP4_CODE].text != NULL
			     : values[FIELD_ICMP6].text != NULL || values[FIELD_ICMP6_TYPE].text != NULL ||
				       values[FIELD_ICMP6_CODE].text != NULL;
	part->ip_protocol = is_v4 ? AM_PROTO_ICMP : AM_PROTO_ICMPV6;
	return any && read_icmp(&values[is_v4 ? FIELD_ICMP4_TYPE : FIELD_ICMP6_TYPE],
				&values[is_v4 ? FIELD_ICMP4_CODE : FIELD_ICMP6_CODE], part);
}

/* Which packet events are of one point: what saw it, and where. */
static uint32_t point_of(const AmLogValue *values)
{
	static const int fields[] = {FIELD_NODE, FIELD_POINT, FIELD_EVENT};
	uint32_t hash = 0x811c9dc5;
	for (guint n = 0; n < G_N_ELEMENTS(fields); n++) {
		const AmLogValue *value = &values[fields[n]];
		for (size_t i = 0; value->text != NULL && i < value->size; i++)
			hash = (hash ^ (uint8_t)value->text[i]) * 0x01000193;
		hash = (hash ^ 0x100) * 0x01000193;
	}
	return hash;
}

/* A drop is where the packet ended, not a point that it passed; a message at a proxy is no packet at all. */
static AmLogSkip read_verdict(const AmLogValue *values, AmLogPart *part)
{
	static const char *const passed[] = {"FORWARDED", "REDIRECTED", "TRACED", "AUDIT"};
	const AmLogValue *verdict = &values[FIELD_VERDICT];
	if (am_log_is(&values[FIELD_TYPE], "SOCK") || am_log_is(verdict, "TRANSLATED"))
		return AM_LOG_SKIP_OTHER; /* a socket's addresses, before there was a packet */
	gboolean is_message = am_log_is(&values[FIELD_TYPE], "L7");
	part->refused = am_log_is(verdict, "DROPPED");
	part->packets = !is_message;
	part->is_aside = is_message || part->refused;
	part->point = point_of(values);
	if (is_message) {
		const char *name = values[FIELD_HTTP].text != NULL  ? "http"
				   : values[FIELD_DNS].text != NULL ? "dns"
								    : "";
		g_strlcpy(part->l7, name, sizeof part->l7);
	}
	for (guint n = 0; n < G_N_ELEMENTS(passed); n++) {
		if (am_log_is(verdict, passed[n]))
			return AM_LOG_USED;
	}
	return part->refused ? AM_LOG_USED : AM_LOG_SKIP_STATE;
}

static AmLogSkip read_part(const AmLogValue *values, AmLogPart *part)
{
	memset(part, 0, sizeof *part);
	if (!am_log_time(&values[FIELD_TIME], &part->first_ns))
		return AM_LOG_SKIP_TIME;
	part->last_ns = part->first_ns;
	if (!am_log_address(&values[FIELD_SRC], &part->address[0]) ||
	    !am_log_address(&values[FIELD_DST], &part->address[1]) ||
	    part->address[0].family != part->address[1].family)
		return AM_LOG_SKIP_ADDRESS;
	if (!read_service(values, part))
		return AM_LOG_SKIP_SERVICE;
	const AmLogValue *reply = &values[FIELD_IS_REPLY];
	if (am_log_is(reply, "true") || am_log_is(&values[FIELD_REPLY], "true"))
		part->client = AM_LOG_CLIENT_RECEIVES;
	else if (am_log_is(reply, "false"))
		part->client = AM_LOG_CLIENT_SENDS;
	part->payload = part->ip_protocol == AM_PROTO_UDP || (part->tcp_flags & AM_TCP_PSH) != 0 ||
			am_log_is(&values[FIELD_TYPE], "L7");
	return read_verdict(values, part);
}

static gboolean starts_with(const char *text, size_t size, const char *what)
{
	return size >= strlen(what) && memcmp(text, what, strlen(what)) == 0;
}

/* {"flow": comes first. */
static gboolean is_wrapped(const char *text, size_t size)
{
	size_t n = 1;
	while (n < size && (text[n] == ' ' || text[n] == '\t'))
		n++;
	return size > n && starts_with(text + n, size - n, "\"flow\"");
}

static int line(gpointer state, char *text, size_t size, AmLogSink *sink, GError **error)
{
	AmLogValue values[N_FIELDS];
	AmLogPart part;
	if (starts_with(text, size, "{\"lost_events\"") || starts_with(text, size, "{\"lostEvents\""))
		return AM_LOG_SKIP_LOST;
	if (!am_log_json(text, size, paths[is_wrapped(text, size)], N_FIELDS, values))
		return AM_LOG_SKIP_SYNTAX;
	if (values[FIELD_VERDICT].text == NULL && values[FIELD_SRC].text == NULL)
		return AM_LOG_SKIP_OTHER; /* an agent's or a node's event */
	AmLogSkip skip = read_part(values, &part);
	return skip != AM_LOG_USED ? (int)skip : am_log_stitch_add(state, &part, sink, error);
}

static gboolean recognise(const char *text, size_t size)
{
	static const char *const own[] = {"\"verdict\"", "\"IP\"", "\"l4\""};
	const char *end = memchr(text, '\n', size);
	if (end != NULL)
		size = (size_t)(end - text);
	if (!starts_with(text, size, "{"))
		return FALSE;
	for (guint n = 0; n < G_N_ELEMENTS(own); n++) {
		if (memmem(text, size, own[n], strlen(own[n])) == NULL)
			return FALSE;
	}
	return TRUE;
}

const AmLogFormat am_log_hubble = {.kind = AM_INPUT_HUBBLE,
				   .recognise = recognise,
				   .begin = begin,
				   .line = line,
				   .finish = finish,
				   .free = stitch_free};
