/* Zeek's conn.log, both forms: from lines to columns. TSV: see zeek-tsv.h. JSON: an object a line.
 *
 * Nothing here knows what the values mean: see conn-log-record.c. */
#include "config.h"

#include "conn-log.h"
#include "zeek-tsv.h"

#include <string.h>

static const char *const names[] = {
#define X(id, name, needed) name,
	AM_ZEEK_COLUMNS(X)
#undef X
};

static const gboolean needed_columns[] = {
#define X(id, name, needed) needed,
	AM_ZEEK_COLUMNS(X)
#undef X
};

/* After a directive. */
static gboolean check_header(const AmZeekTsv *reader, GError **error)
{
	if (reader->path[0] != '\0' && !g_str_has_prefix(reader->path, "conn")) {
		g_set_error_literal(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
				    "this is Zeek's log of something else than connections");
		return FALSE;
	}
	for (guint column = 0; reader->n_fields > 0 && column < G_N_ELEMENTS(names); column++) {
		if (!needed_columns[column] || (reader->seen >> column & 1) != 0)
			continue;
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "the log has no column '%s'; is it Zeek's conn.log?", names[column]);
		return FALSE;
	}
	return TRUE;
}

static int use(const AmZeekRecord *record, AmLogSink *sink, GError **error)
{
	AmLogFlow flow;
	AmLogSkip skip = am_zeek_flow(record, &flow);
	if (skip != AM_LOG_USED)
		return (int)skip;
	return am_log_emit(sink, &flow, error) ? AM_LOG_USED : AM_LOG_FAILED;
}

static gpointer begin_tsv(const AmLogOptions *options)
{
	(void)options;
	return am_zeek_tsv_new(names, G_N_ELEMENTS(names));
}

static int tsv_line(gpointer state, char *line, size_t size, AmLogSink *sink, GError **error)
{
	AmZeekTsv *reader = state;
	AmZeekRecord record;
	if (line[0] == '#')
		return am_zeek_tsv_directive(reader, line, size, error) && check_header(reader, error) ? AM_LOG_COMMENT
												       : AM_LOG_FAILED;
	if (reader->n_fields == 0) {
		g_set_error_literal(
			error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			"the log has no #fields line before its records; Zeek writes one, zeek-cut drops it "
			"unless it is called with -c");
		return AM_LOG_FAILED;
	}
	return am_zeek_tsv_values(reader, line, size, record.values) ? use(&record, sink, error) : AM_LOG_SKIP_SYNTAX;
}

static int json_line(gpointer state, char *line, size_t size, AmLogSink *sink, GError **error)
{
	(void)state;
	AmZeekRecord record;
	return am_log_json(line, size, names, G_N_ELEMENTS(names), record.values) ? use(&record, sink, error)
										  : AM_LOG_SKIP_SYNTAX;
}

/* ---- Recognising */

static gboolean contains(const char *text, size_t size, const char *what)
{
	return memmem(text, size, what, strlen(what)) != NULL;
}

/* Zeek writes the origin of a connection as id.orig_h in many logs; only conn.log has one of these too. */
static gboolean names_connections(const char *text, size_t size)
{
	return contains(text, size, "id.orig_h") &&
	       (contains(text, size, "conn_state") || contains(text, size, "orig_pkts") ||
		contains(text, size, "orig_bytes"));
}

static gboolean is_json(const char *text, size_t size)
{
	const char *line_end = memchr(text, '\n', size);
	return size > 0 && text[0] == '{' &&
	       contains(text, line_end != NULL ? (size_t)(line_end - text) : size, "\"id.orig_h\"");
}

gboolean am_log_is_zeek(const char *text, size_t size)
{
	return am_zeek_is_tsv(text, size) || is_json(text, size);
}

static gboolean recognise_tsv(const char *text, size_t size)
{
	const char *line = am_zeek_is_tsv(text, size) ? memmem(text, size, "#fields", strlen("#fields")) : NULL;
	if (line == NULL)
		return FALSE;
	size_t left = size - (size_t)(line - text);
	const char *end = memchr(line, '\n', left);
	return names_connections(line, end != NULL ? (size_t)(end - line) : left);
}

static gboolean recognise_json(const char *text, size_t size)
{
	return is_json(text, size) && names_connections(text, size);
}

const AmLogFormat am_log_zeek_tsv = {
	.kind = AM_INPUT_ZEEK_TSV, .recognise = recognise_tsv, .begin = begin_tsv, .line = tsv_line, .free = g_free};
const AmLogFormat am_log_zeek_json = {.kind = AM_INPUT_ZEEK_JSON, .recognise = recognise_json, .line = json_line};
