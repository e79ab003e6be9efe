/* Connection logs: lines from a reader that somebody else opened (and decompressed), each usable one becomes a connection or a
 * part of one. Here is what all formats share: which there are, how one is told from another, and the loop over the lines.
 *
 * A hostile log is bounded by the length of a line; a longer one is skipped and counted. */
#include "config.h"

#include "log.h"

#include <string.h>

#define BUFFER_SIZE (4 * AM_LOG_MAX_LINE)
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static const AmLogFormat *const formats[] = {
	&am_log_zeek_tsv, &am_log_zeek_json, &am_log_suricata, &am_log_conntrack,
	&am_log_vpc_flow, &am_log_hubble,    &am_log_nfdump,   &am_log_zeek_names,
};

struct AmLogSink {
	AmLogFunc each;
	AmLogObserveFunc observe;
	gpointer user_data;
	uint64_t sequence;
	uint32_t network;
	gboolean failed; /* nobody wants more */
};

typedef struct {
	const AmLogFormat *format;
	gpointer state; /* the format's own */
	AmLogSink sink;
	AmLogCounts *counts;
	gboolean started; /* the first line was read */
} LogReader;

/* ---- Recognising */

/* A byte order mark, and blanks before the first line, say nothing. */
static void skip_start(const char **text, size_t *size)
{
	if (*size >= 3 && memcmp(*text, BYTE_ORDER_MARK, 3) == 0) {
		*text += 3;
		*size -= 3;
	}
	while (*size > 0 && g_ascii_isspace(**text)) {
		++*text;
		--*size;
	}
}

gboolean am_log_recognise(const uint8_t *bytes, size_t size, AmInputKind *ret_kind, const char **ret_what)
{
	const char *text = (const char *)bytes;
	skip_start(&text, &size);
	*ret_what = NULL;
	for (guint n = 0; n < G_N_ELEMENTS(formats); n++) {
		if (!formats[n]->recognise(text, size))
			continue;
		*ret_kind = formats[n]->kind;
		return TRUE;
	}
	if (am_log_is_zeek(text, size))
		*ret_what = "a Zeek log of another kind; conn, dns, dhcp, ssl, ntlm and kerberos are read";
	else if (size > 0 && (text[0] == '{' || text[0] == '['))
		*ret_what = "perhaps JSON, but no connection log that is read";
	return FALSE;
}

/* ---- Reading */

gboolean am_log_emit(AmLogSink *sink, const AmLogFlow *flow, GError **error)
{
	AmConnection connection;
	am_log_connection(flow, &connection);
	connection.sequence = sink->sequence++;
	connection.network = sink->network;
	sink->failed = !sink->each(&connection, sink->user_data, error);
	return !sink->failed;
}

gboolean am_log_observe(AmLogSink *sink, AmObservation *observation, GError **error)
{
	observation->network = sink->network;
	sink->failed = !sink->observe(observation, sink->user_data, error);
	return !sink->failed;
}

static void count(LogReader *reader, int what)
{
	if (what == AM_LOG_COMMENT || what == AM_LOG_FAILED)
		return;
	reader->counts->lines++;
	reader->counts->skipped[what]++;
}

static gboolean read_line(LogReader *reader, char *line, size_t size, GError **error)
{
	if (size > 0 && line[size - 1] == '\r')
		size--;
	if (!reader->started && size >= 3 && memcmp(line, BYTE_ORDER_MARK, 3) == 0) {
		line += 3;
		size -= 3;
	}
	reader->started = TRUE;
	if (size == 0)
		return TRUE;
	int what = reader->format->line(reader->state, line, size, &reader->sink, error);
	count(reader, what);
	return what != AM_LOG_FAILED;
}

/* Hands over the complete lines at the beginning of `buffer` and moves what is left to its front. */
static gboolean read_lines(LogReader *reader, char *buffer, size_t *size, gboolean *too_long, GError **error)
{
	size_t start = 0;
	for (;;) {
		char *end = memchr(buffer + start, '\n', *size - start);
		if (end == NULL)
			break;
		size_t length = (size_t)(end - buffer) - start;
		if (*too_long || length > AM_LOG_MAX_LINE) {
			count(reader, AM_LOG_SKIP_TOO_LONG);
			*too_long = FALSE;
		} else if (!read_line(reader, buffer + start, length, error)) {
			return FALSE;
		}
		start += length + 1;
	}
	*size -= start;
	memmove(buffer, buffer + start, *size);
	if (*size > AM_LOG_MAX_LINE) {
		*too_long = TRUE;
		*size = 0;
	}
	return TRUE;
}

static gboolean read_all(LogReader *reader, AmByteReader bytes, GError **error)
{
	g_autofree char *buffer = g_malloc(BUFFER_SIZE);
	gboolean too_long = FALSE;
	size_t size = 0;
	for (;;) {
		gssize got = bytes.read(bytes.source, buffer + size, BUFFER_SIZE - size, error);
		if (got < 0)
			return FALSE;
		if (got == 0)
			break;
		size += (size_t)got;
		if (!read_lines(reader, buffer, &size, &too_long, error))
			return FALSE;
	}
	if (too_long) {
		count(reader, AM_LOG_SKIP_TOO_LONG);
		return TRUE;
	}
	return read_line(reader, buffer, size, error);
}

gboolean am_import_log(AmByteReader bytes, const AmLogOptions *options, AmLogFunc each, AmLogObserveFunc observe,
		       gpointer user_data, AmLogCounts *ret_counts, GError **error)
{
	LogReader reader = {.counts = ret_counts};
	reader.sink = (AmLogSink){each, observe, user_data, options->first_sequence, options->network, FALSE};
	memset(ret_counts, 0, sizeof *ret_counts);
	for (guint n = 0; n < G_N_ELEMENTS(formats); n++) {
		if (formats[n]->kind == options->kind)
			reader.format = formats[n];
	}
	g_return_val_if_fail(reader.format != NULL, FALSE);
	const AmLogFormat *format = reader.format;
	reader.state = format->begin != NULL ? format->begin(options) : NULL;
	gboolean ok = read_all(&reader, bytes, error);
	/* What is held back was read before the error, and is kept like everything else before it. */
	if (format->finish != NULL && !reader.sink.failed)
		ok = format->finish(reader.state, &reader.sink, ok ? error : NULL) && ok;
	if (format->free != NULL)
		format->free(reader.state);
	return ok;
}
