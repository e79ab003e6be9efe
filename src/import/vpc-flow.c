/* AWS VPC flow logs as text (Amazon VPC user guide, "Flow log records"): words between blanks, in the order of the header line
 * that files in S3 have, or else in the default format of version 2; an export from CloudWatch puts a time before each.
 *
 * A record is one direction of a connection, at one interface, within an interval of up to ten minutes: stitch.h puts
 * connections together. What two interfaces log of the same packets counts once; addresses are those of the packets where the
 * log tells them (pkt-srcaddr), for srcaddr may be that of a gateway on the way.
 *
 * Direction. tcp-flags are the flags of the interval, all together, and of ACK only that of a SYN-ACK: SYN alone names who
 * opens, and there is nothing else that does. flow-direction tells on which side of the interface the sender is, not who began,
 * and start is late by up to a minute. So without tcp-flags, and of UDP, no one is said to have begun, unless only one side
 * sent.
 *
 * REJECT is what a security group or network ACL did: prohibited. Of ICMP the type is not told, so it cannot be used. */
#include "config.h"

#include "log.h"
#include "stitch.h"

#include "allowmap/model/packet.h"

#include <string.h>

#define MAX_FIELDS 64

/* id, name, and whether a log without it is refused. */
#define FIELDS(X)                                                                                                      \
	X(INTERFACE, "interface-id", FALSE)                                                                            \
	X(SRC, "srcaddr", TRUE)                                                                                        \
	X(DST, "dstaddr", TRUE)                                                                                        \
	X(SPORT, "srcport", TRUE)                                                                                      \
	X(DPORT, "dstport", TRUE)                                                                                      \
	X(PROTOCOL, "protocol", TRUE)                                                                                  \
	X(PACKETS, "packets", TRUE)                                                                                    \
	X(BYTES, "bytes", TRUE)                                                                                        \
	X(START, "start", TRUE)                                                                                        \
	X(END, "end", TRUE)                                                                                            \
	X(ACTION, "action", FALSE)                                                                                     \
	X(STATUS, "log-status", FALSE)                                                                                 \
	X(FLAGS, "tcp-flags", FALSE)                                                                                   \
	X(PKT_SRC, "pkt-srcaddr", FALSE)                                                                               \
	X(PKT_DST, "pkt-dstaddr", FALSE)

typedef enum {
#define X(id, name, needed) FIELD_##id,
	FIELDS(X)
#undef X
		N_FIELDS,
} Field;

static const struct {
	const char *name;
	gboolean needed;
} fields[] = {
#define X(id, name, needed) {name, needed},
	FIELDS(X)
#undef X
};

/* Of the default format. N_FIELDS: not used. */
static const Field default_order[] = {N_FIELDS,    N_FIELDS,    FIELD_INTERFACE, FIELD_SRC,     FIELD_DST,
				      FIELD_SPORT, FIELD_DPORT, FIELD_PROTOCOL,  FIELD_PACKETS, FIELD_BYTES,
				      FIELD_START, FIELD_END,   FIELD_ACTION,    FIELD_STATUS};

typedef struct {
	Field order[MAX_FIELDS];
	guint n_order;
	AmLogStitch *stitch;
} Reader;

static gpointer begin(const AmLogOptions *options)
{
	(void)options;
	Reader *reader = g_new0(Reader, 1);
	memcpy(reader->order, default_order, sizeof default_order);
	reader->n_order = G_N_ELEMENTS(default_order);
	reader->stitch = am_log_stitch_new(AM_LOG_STITCH_FLAGS);
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

/* ---- The header */

/* "srcaddr", "${srcaddr}", and "pkt_srcaddr" as query tools have it. */
static Field field_of(AmLogValue name)
{
	char text[32];
	if (name.size > 3 && name.text[0] == '$' && name.text[1] == '{' && name.text[name.size - 1] == '}')
		name = (AmLogValue){name.text + 2, name.size - 3};
	if (!am_log_copy(&name, text, sizeof text))
		return N_FIELDS;
	g_strdelimit(text, "_", '-');
	for (guint n = 0; n < N_FIELDS; n++) {
		if (strcmp(text, fields[n].name) == 0)
			return (Field)n;
	}
	return N_FIELDS;
}

static gboolean is_header(const char *line, size_t size)
{
	AmLogValue rest = {line, size}, word;
	gboolean src = FALSE, dst = FALSE;
	while ((word = am_log_word(&rest)).text != NULL) {
		Field field = field_of(word);
		src = src || field == FIELD_SRC || field == FIELD_PKT_SRC;
		dst = dst || field == FIELD_DST || field == FIELD_PKT_DST;
	}
	return src && dst;
}

static gboolean read_header(Reader *reader, const char *line, size_t size, GError **error)
{
	AmLogValue rest = {line, size}, word;
	gboolean seen[N_FIELDS] = {FALSE};
	reader->n_order = 0;
	while ((word = am_log_word(&rest)).text != NULL) {
		Field field = field_of(word);
		if (reader->n_order == MAX_FIELDS || (field != N_FIELDS && seen[field])) {
			g_set_error_literal(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
					    "the header of the flow log has too many fields, or one of them twice");
			return FALSE;
		}
		if (field != N_FIELDS)
			seen[field] = TRUE;
		reader->order[reader->n_order++] = field;
	}
	seen[FIELD_SRC] = seen[FIELD_SRC] || seen[FIELD_PKT_SRC];
	seen[FIELD_DST] = seen[FIELD_DST] || seen[FIELD_PKT_DST];
	for (guint n = 0; n < N_FIELDS; n++) {
		if (!fields[n].needed || seen[n])
			continue;
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "the flow log has no field '%s'; have it logged in the flow log's format", fields[n].name);
		return FALSE;
	}
	return TRUE;
}

/* ---- Records */

/* FALSE: not as many words as fields. "-" is not set. */
static gboolean read_values(const Field *order, guint n_order, const char *line, size_t size,
			    AmLogValue values[N_FIELDS])
{
	AmLogValue rest = {line, size}, word;
	guint n = 0;
	memset(values, 0, N_FIELDS * sizeof *values);
	while ((word = am_log_word(&rest)).text != NULL) {
		if (n == 0 && memchr(word.text, 'T', word.size) != NULL)
			continue; /* CloudWatch's time */
		if (n == n_order)
			return FALSE;
		Field field = order[n++];
		if (field != N_FIELDS && !am_log_is(&word, "-"))
			values[field] = word;
	}
	return n == n_order;
}

/* Any number, but not 0, for an interface; the same for the same. */
static uint32_t point_of(const AmLogValue *interface)
{
	uint32_t hash = 0x811c9dc5;
	for (size_t n = 0; interface->text != NULL && n < interface->size; n++)
		hash = (hash ^ (uint8_t)interface->text[n]) * 0x01000193;
	return interface->text == NULL ? 0 : MAX(hash, 1);
}

static AmLogSkip read_ends(const AmLogValue *values, AmLogPart *part)
{
	uint64_t protocol;
	gboolean has_src = values[FIELD_PKT_SRC].text != NULL, has_dst = values[FIELD_PKT_DST].text != NULL;
	if (!am_log_address(&values[has_src ? FIELD_PKT_SRC : FIELD_SRC], &part->address[0]) ||
	    !am_log_address(&values[has_dst ? FIELD_PKT_DST : FIELD_DST], &part->address[1]) ||
	    part->address[0].family != part->address[1].family)
		return AM_LOG_SKIP_ADDRESS;
	if (!am_log_count(&values[FIELD_PROTOCOL], 255, &protocol) || am_service_is_icmp((uint8_t)protocol))
		return AM_LOG_SKIP_SERVICE;
	part->ip_protocol = (int)protocol;
	if (am_service_has_ports((uint8_t)protocol) &&
	    (!am_log_port(&values[FIELD_SPORT], &part->port[0]) || !am_log_port(&values[FIELD_DPORT], &part->port[1])))
		return AM_LOG_SKIP_SERVICE;
	return AM_LOG_USED;
}

static AmLogSkip read_part(const AmLogValue *values, AmLogPart *part)
{
	uint64_t flags;
	memset(part, 0, sizeof *part);
	if (am_log_is(&values[FIELD_STATUS], "NODATA"))
		return AM_LOG_SKIP_OTHER;
	if (am_log_is(&values[FIELD_STATUS], "SKIPDATA"))
		return AM_LOG_SKIP_LOST;
	if (!am_log_seconds(&values[FIELD_START], &part->first_ns) ||
	    !am_log_seconds(&values[FIELD_END], &part->last_ns))
		return AM_LOG_SKIP_TIME;
	AmLogSkip skip = read_ends(values, part);
	if (skip != AM_LOG_USED)
		return skip;
	if (!am_log_count(&values[FIELD_PACKETS], INT64_MAX, &part->packets) ||
	    !am_log_count(&values[FIELD_BYTES], INT64_MAX, &part->ip_bytes))
		return AM_LOG_SKIP_COUNT;
	part->refused = am_log_is(&values[FIELD_ACTION], "REJECT");
	if (!am_log_count_or_0(&values[FIELD_FLAGS], 255, &flags) ||
	    (values[FIELD_ACTION].text != NULL && !part->refused && !am_log_is(&values[FIELD_ACTION], "ACCEPT")))
		return AM_LOG_SKIP_STATE;
	part->tcp_flags = (uint8_t)flags;
	part->point = point_of(&values[FIELD_INTERFACE]);
	return AM_LOG_USED;
}

static int line(gpointer state, char *text, size_t size, AmLogSink *sink, GError **error)
{
	Reader *reader = state;
	AmLogValue values[N_FIELDS];
	AmLogPart part;
	if (is_header(text, size))
		return read_header(reader, text, size, error) ? AM_LOG_COMMENT : AM_LOG_FAILED;
	if (!read_values(reader->order, reader->n_order, text, size, values))
		return AM_LOG_SKIP_SYNTAX;
	AmLogSkip skip = read_part(values, &part);
	return skip != AM_LOG_USED ? (int)skip : am_log_stitch_add(reader->stitch, &part, sink, error);
}

static gboolean recognise(const char *text, size_t size)
{
	const char *end = memchr(text, '\n', size);
	AmLogValue values[N_FIELDS];
	if (end != NULL)
		size = (size_t)(end - text);
	if (size > 0 && text[size - 1] == '\r')
		size--;
	if (is_header(text, size))
		return TRUE;
	if (!read_values(default_order, G_N_ELEMENTS(default_order), text, size, values))
		return FALSE;
	const AmLogValue *status = &values[FIELD_STATUS], *interface = &values[FIELD_INTERFACE];
	return interface->text != NULL && interface->size > 4 && memcmp(interface->text, "eni-", 4) == 0 &&
	       (am_log_is(status, "OK") || am_log_is(status, "NODATA") || am_log_is(status, "SKIPDATA"));
}

const AmLogFormat am_log_vpc_flow = {.kind = AM_INPUT_VPC_FLOW,
				     .recognise = recognise,
				     .begin = begin,
				     .line = line,
				     .finish = finish,
				     .free = reader_free};
