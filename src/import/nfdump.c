/* NetFlow and IPFIX as nfdump prints them: `nfdump -o json` (an object over several lines, or in a line), and `-o csv` with
 * its header (nfdump(1); bin/output_json.c, output_csv.c of nfdump 1.7).
 *
 * A record is one direction of a connection, or a part of one that went on; stitch.h puts connections together. Of both
 * directions in a record (-B, or from exporters that do so) nothing tells whose the flags are, so they are not used. Times are
 * the local ones of whoever ran nfdump, and taken as UTC.
 *
 * Direction. Both directions show SYN and ACK, all flags together; the one that began earlier sent the SYN. JSON has
 * milliseconds, CSV only seconds: there a tie is usual, and nobody is said to have begun. A flow from after it was received
 * has a clock that is not to be believed. */
#include "config.h"

#include "log.h"
#include "stitch.h"

#include "allowmap/model/packet.h"

#include <string.h>

#define MAX_VALUE 64
#define MAX_COLUMNS 128
#define MAX_AHEAD_NS (3600 * AM_NS_PER_S)

/* id, name in JSON, in CSV. Both families of addresses have one place each. */
#define FIELDS(X)                                                                                                      \
	X(TYPE, "type", "")                                                                                            \
	X(FIRST, "first", "ts")                                                                                        \
	X(LAST, "last", "te")                                                                                          \
	X(RECEIVED, "received", "tr")                                                                                  \
	X(SRC, "src4_addr", "sa")                                                                                      \
	X(DST, "dst4_addr", "da")                                                                                      \
	X(SRC6, "src6_addr", "")                                                                                       \
	X(DST6, "dst6_addr", "")                                                                                       \
	X(SPORT, "src_port", "sp")                                                                                     \
	X(DPORT, "dst_port", "dp")                                                                                     \
	X(PROTOCOL, "proto", "pr")                                                                                     \
	X(FLAGS, "tcp_flags", "flg")                                                                                   \
	X(ICMP_TYPE, "icmp_type", "")                                                                                  \
	X(ICMP_CODE, "icmp_code", "")                                                                                  \
	X(IN_PACKETS, "in_packets", "ipkt")                                                                            \
	X(IN_BYTES, "in_bytes", "ibyt")                                                                                \
	X(OUT_PACKETS, "out_packets", "opkt")                                                                          \
	X(OUT_BYTES, "out_bytes", "obyt")                                                                              \
	X(ROUTER, "ip_router", "ra")

enum {
#define X(id, json, csv) FIELD_##id,
	FIELDS(X)
#undef X
		N_FIELDS,
};

static const char *const json_names[] = {
#define X(id, json, csv) json,
	FIELDS(X)
#undef X
};

static const char *const csv_names[] = {
#define X(id, json, csv) csv,
	FIELDS(X)
#undef X
};

typedef enum { FORM_UNKNOWN, FORM_JSON, FORM_CSV } Form;

typedef struct {
	Form form;
	AmLogStitch *stitch;
	/* JSON: the object that is open, its values so far. */
	gboolean is_open, is_bad;
	char texts[N_FIELDS][MAX_VALUE];
	size_t sizes[N_FIELDS];
	gboolean has[N_FIELDS];
	/* CSV: the header. */
	int columns[MAX_COLUMNS]; /* N_FIELDS: not used */
	guint n_columns;
	gboolean in_summary;
} Reader;

static gpointer begin(const AmLogOptions *options)
{
	(void)options;
	Reader *reader = g_new0(Reader, 1);
	reader->stitch = am_log_stitch_new(AM_LOG_STITCH_TIMES);
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

/* ---- Values */

/* ISO 8601, or with a blank in its middle. */
static gboolean read_time(const AmLogValue *value, int64_t *ret_ns)
{
	char text[40];
	if (!am_log_copy(value, text, sizeof text))
		return FALSE;
	g_strdelimit(text, " ", 'T');
	AmLogValue time = {text, strlen(text)};
	return am_log_time(&time, ret_ns);
}

static gboolean read_protocol(const AmLogValue *value, int *ret_protocol)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {
		{"TCP", AM_PROTO_TCP},
		{"UDP", AM_PROTO_UDP},
		{"ICMP", AM_PROTO_ICMP},
		{"ICMP6", AM_PROTO_ICMPV6},
		{"IGMP", 2},
		{"SCTP", AM_PROTO_SCTP},
		{"GRE", 47},
		{"ESP", 50},
		{"AH", 51},
		{"OSPF", 89},
		{"VRRP", 112},
		{"PIM", 103},
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

/* "...AP.SF"; not set: none. */
static gboolean read_flags(const AmLogValue *value, uint8_t *ret_flags)
{
	static const char letters[] = "FSRPAUEC";
	uint8_t flags = 0;
	for (size_t n = 0; value->text != NULL && n < value->size; n++) {
		const char *letter = memchr(letters, value->text[n], sizeof letters - 1);
		if (letter == NULL && value->text[n] != '.')
			return FALSE;
		if (letter != NULL)
			flags |= (uint8_t)(1u << (letter - letters));
	}
	*ret_flags = flags;
	return TRUE;
}

/* As numbers of their own, or in the port: 2048 or 8.0 is type 8, code 0. */
static gboolean read_icmp(const AmLogValue *values, AmLogPart *part)
{
	const AmLogValue *port = &values[FIELD_DPORT];
	const char *dot = port->text != NULL ? memchr(port->text, '.', port->size) : NULL;
	uint64_t type, code;
	uint16_t both;
	part->has_icmp = TRUE;
	if (values[FIELD_ICMP_TYPE].text != NULL) {
		if (!am_log_count(&values[FIELD_ICMP_TYPE], 255, &type) ||
		    !am_log_count(&values[FIELD_ICMP_CODE], 255, &code))
			return FALSE;
	} else if (dot != NULL) {
		AmLogValue parts[2] = {{port->text, (size_t)(dot - port->text)},
				       {dot + 1, port->size - (size_t)(dot - port->text) - 1}};
		if (!am_log_count(&parts[0], 255, &type) || !am_log_count(&parts[1], 255, &code))
			return FALSE;
	} else {
		if (!am_log_port(port, &both))
			return FALSE;
		type = both >> 8;
		code = both & 0xff;
	}
	part->icmp_type = (uint8_t)type;
	part->icmp_code = (uint8_t)code;
	return TRUE;
}

static AmLogSkip read_times(const AmLogValue *values, AmLogPart *part)
{
	int64_t received_ns;
	if (!read_time(&values[FIELD_FIRST], &part->first_ns) || !read_time(&values[FIELD_LAST], &part->last_ns))
		return AM_LOG_SKIP_TIME;
	if (read_time(&values[FIELD_RECEIVED], &received_ns) && part->first_ns - MAX_AHEAD_NS > received_ns)
		return AM_LOG_SKIP_TIME;
	return AM_LOG_USED;
}

static AmLogSkip read_ends(const AmLogValue *values, AmLogPart *part)
{
	gboolean is_v6 = values[FIELD_SRC].text == NULL;
	if (!am_log_address(&values[is_v6 ? FIELD_SRC6 : FIELD_SRC], &part->address[0]) ||
	    !am_log_address(&values[is_v6 ? FIELD_DST6 : FIELD_DST], &part->address[1]) ||
	    part->address[0].family != part->address[1].family)
		return AM_LOG_SKIP_ADDRESS;
	if (!read_protocol(&values[FIELD_PROTOCOL], &part->ip_protocol))
		return AM_LOG_SKIP_SERVICE;
	if (am_service_has_ports((uint8_t)part->ip_protocol))
		return am_log_port(&values[FIELD_SPORT], &part->port[0]) &&
				       am_log_port(&values[FIELD_DPORT], &part->port[1])
			       ? AM_LOG_USED
			       : AM_LOG_SKIP_SERVICE;
	return !am_service_is_icmp((uint8_t)part->ip_protocol) || read_icmp(values, part) ? AM_LOG_USED
											  : AM_LOG_SKIP_SERVICE;
}

/* The same in FNV-1a for the same exporter. */
static uint32_t point_of(const AmLogValue *router)
{
	uint32_t hash = 0x811c9dc5;
	for (size_t n = 0; router->text != NULL && n < router->size; n++)
		hash = (hash ^ (uint8_t)router->text[n]) * 0x01000193;
	return hash;
}

/* What came back, where the record tells it. */
static AmLogPart turned_round(const AmLogPart *part, uint64_t packets, uint64_t bytes)
{
	AmLogPart back = *part;
	for (int end = 0; end < 2; end++) {
		back.address[end] = part->address[!end];
		back.port[end] = part->port[!end];
	}
	back.packets = packets;
	back.ip_bytes = bytes;
	return back;
}

static int use(Reader *reader, const AmLogValue *values, AmLogSink *sink, GError **error)
{
	AmLogPart part;
	uint64_t back_packets, back_bytes;
	memset(&part, 0, sizeof part);
	if (values[FIELD_TYPE].text != NULL && !am_log_is(&values[FIELD_TYPE], "FLOW"))
		return AM_LOG_SKIP_OTHER;
	AmLogSkip skip = read_times(values, &part);
	if (skip == AM_LOG_USED)
		skip = read_ends(values, &part);
	if (skip != AM_LOG_USED)
		return (int)skip;
	if (!am_log_count(&values[FIELD_IN_PACKETS], INT64_MAX, &part.packets) ||
	    !am_log_count(&values[FIELD_IN_BYTES], INT64_MAX, &part.ip_bytes) ||
	    !am_log_count_or_0(&values[FIELD_OUT_PACKETS], INT64_MAX, &back_packets) ||
	    !am_log_count_or_0(&values[FIELD_OUT_BYTES], INT64_MAX, &back_bytes))
		return AM_LOG_SKIP_COUNT;
	if (!read_flags(&values[FIELD_FLAGS], &part.tcp_flags))
		return AM_LOG_SKIP_STATE;
	part.point = point_of(&values[FIELD_ROUTER]);
	if (back_packets > 0)
		part.tcp_flags = 0;
	int what = am_log_stitch_add(reader->stitch, &part, sink, error);
	if (back_packets == 0 || what != AM_LOG_USED || part.has_icmp)
		return what;
	AmLogPart back = turned_round(&part, back_packets, back_bytes);
	return am_log_stitch_add(reader->stitch, &back, sink, error) == AM_LOG_FAILED ? AM_LOG_FAILED : AM_LOG_USED;
}

/* ---- JSON */

/* Values outlive their lines here; one that is too long for any that is used is as if it were not there. */
static void keep(Reader *reader, const AmLogValue *values)
{
	for (guint n = 0; n < N_FIELDS; n++) {
		if (values[n].text == NULL || values[n].size > MAX_VALUE)
			continue;
		reader->is_bad = reader->is_bad || reader->has[n];
		memcpy(reader->texts[n], values[n].text, values[n].size);
		reader->sizes[n] = values[n].size;
		reader->has[n] = TRUE;
	}
}

static int close_object(Reader *reader, AmLogSink *sink, GError **error)
{
	AmLogValue values[N_FIELDS];
	if (!reader->is_open)
		return AM_LOG_SKIP_SYNTAX;
	reader->is_open = FALSE;
	if (reader->is_bad)
		return AM_LOG_SKIP_SYNTAX;
	for (guint n = 0; n < N_FIELDS; n++)
		values[n] = (AmLogValue){reader->has[n] ? reader->texts[n] : NULL, reader->sizes[n]};
	return use(reader, values, sink, error);
}

/* `"name" : value,` */
static int json_member(Reader *reader, const AmLogValue *text)
{
	char object[AM_LOG_MAX_LINE / 16];
	AmLogValue values[N_FIELDS];
	size_t size = text->size - (text->text[text->size - 1] == ',');
	if (!reader->is_open)
		return AM_LOG_SKIP_SYNTAX;
	if (size + 2 > sizeof object)
		return AM_LOG_COMMENT;
	object[0] = '{';
	memcpy(object + 1, text->text, size);
	object[size + 1] = '}';
	if (am_log_json(object, size + 2, json_names, N_FIELDS, values))
		keep(reader, values);
	else
		reader->is_bad = TRUE;
	return AM_LOG_COMMENT;
}

static int json_line(Reader *reader, char *line, size_t size, AmLogSink *sink, GError **error)
{
	AmLogValue text = {line, size};
	while (text.size > 0 && g_ascii_isspace(text.text[0]))
		text = (AmLogValue){text.text + 1, text.size - 1};
	while (text.size > 0 && g_ascii_isspace(text.text[text.size - 1]))
		text.size--;
	if (text.size == 0)
		return AM_LOG_COMMENT;
	if (text.text[0] == '"')
		return json_member(reader, &text);
	if (memchr(text.text, '"', text.size) != NULL) { /* a whole object */
		AmLogValue values[N_FIELDS];
		size_t whole = text.size - (text.text[text.size - 1] == ',');
		return am_log_json(line + (text.text - line), whole, json_names, N_FIELDS, values)
			       ? use(reader, values, sink, error)
			       : AM_LOG_SKIP_SYNTAX;
	}
	gboolean closes = memchr(text.text, '}', text.size) != NULL, opens = memchr(text.text, '{', text.size) != NULL;
	int what = closes ? close_object(reader, sink, error) : AM_LOG_COMMENT;
	if (opens) {
		reader->is_open = TRUE;
		reader->is_bad = FALSE;
		memset(reader->has, 0, sizeof reader->has);
	}
	return what;
}

/* ---- CSV */

static gboolean is_csv_header(const char *line, size_t size)
{
	return size >= 9 && memcmp(line, "ts,te,td,", 9) == 0;
}

static gboolean read_header(Reader *reader, const char *line, size_t size, GError **error)
{
	static const int needed[] = {FIELD_FIRST, FIELD_LAST,     FIELD_SRC,        FIELD_DST,     FIELD_SPORT,
				     FIELD_DPORT, FIELD_PROTOCOL, FIELD_IN_PACKETS, FIELD_IN_BYTES};
	AmLogValue rest = {line, size}, name;
	gboolean seen[N_FIELDS] = {FALSE};
	reader->n_columns = 0;
	reader->in_summary = FALSE;
	while ((name = am_log_part(&rest, ",", 1)).text != NULL && reader->n_columns < MAX_COLUMNS) {
		int field = 0;
		while (field < N_FIELDS && (seen[field] || name.size == 0 || !am_log_is(&name, csv_names[field])))
			field++;
		if (field < N_FIELDS)
			seen[field] = TRUE;
		reader->columns[reader->n_columns++] = field;
	}
	for (guint n = 0; n < G_N_ELEMENTS(needed); n++) {
		if (seen[needed[n]])
			continue;
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "nfdump's CSV has no column '%s'; use nfdump -o json", csv_names[needed[n]]);
		return FALSE;
	}
	return TRUE;
}

static int csv_line(Reader *reader, const char *line, size_t size, AmLogSink *sink, GError **error)
{
	AmLogValue rest = {line, size}, value, values[N_FIELDS];
	guint n = 0;
	if (is_csv_header(line, size))
		return read_header(reader, line, size, error) ? AM_LOG_COMMENT : AM_LOG_FAILED;
	reader->in_summary = reader->in_summary || (size == 7 && memcmp(line, "Summary", 7) == 0) ||
			     (size == 17 && memcmp(line, "No matching flows", 17) == 0);
	if (reader->in_summary)
		return AM_LOG_COMMENT;
	memset(values, 0, sizeof values);
	while ((value = am_log_part(&rest, ",", 1)).text != NULL) {
		if (n == reader->n_columns)
			return AM_LOG_SKIP_SYNTAX;
		int field = reader->columns[n++];
		if (field != N_FIELDS && value.size > 0)
			values[field] = value;
	}
	return n == reader->n_columns ? use(reader, values, sink, error) : AM_LOG_SKIP_SYNTAX;
}

static int line(gpointer state, char *text, size_t size, AmLogSink *sink, GError **error)
{
	Reader *reader = state;
	if (reader->form == FORM_UNKNOWN)
		reader->form = is_csv_header(text, size) ? FORM_CSV : FORM_JSON;
	return reader->form == FORM_CSV ? csv_line(reader, text, size, sink, error)
					: json_line(reader, text, size, sink, error);
}

static gboolean recognise(const char *text, size_t size)
{
	static const char *const own[] = {"\"type\"", "\"first\"", "\"in_packets\""};
	if (is_csv_header(text, size))
		return memmem(text, size, ",ipkt,", 6) != NULL;
	if (size == 0 || (text[0] != '[' && text[0] != '{'))
		return FALSE;
	for (guint n = 0; n < G_N_ELEMENTS(own); n++) {
		if (memmem(text, MIN(size, 2048), own[n], strlen(own[n])) == NULL)
			return FALSE;
	}
	return TRUE;
}

const AmLogFormat am_log_nfdump = {.kind = AM_INPUT_NFDUMP,
				   .recognise = recognise,
				   .begin = begin,
				   .line = line,
				   .finish = finish,
				   .free = reader_free};
