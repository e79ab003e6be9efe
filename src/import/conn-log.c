/* Zeek's conn.log, both forms: from lines to columns.
 *
 * TSV (Zeek manual, "Zeek Log Formats"): "#separator \x09", then directives that use it; "#fields" may come again, with
 * other columns, when logs were put one after the other. JSON: an object a line.
 *
 * Nothing here knows what the values mean: see conn-log-record.c. */
#include "config.h"

#include "conn-log.h"

#include <string.h>

#define MAX_FIELDS 256
#define MAX_WORD 32

/* What the directives so far say. */
typedef struct {
	char separator[MAX_WORD], unset[MAX_WORD], empty[MAX_WORD];
	size_t separator_size;
	AmZeekColumn fields[MAX_FIELDS];
	size_t n_fields; /* 0 = no #fields yet */
} TsvReader;

typedef struct {
	const char *name;
	gboolean needed;
} ColumnInfo;

static const ColumnInfo columns[] = {
#define X(id, name, needed) {name, needed},
	AM_ZEEK_COLUMNS(X)
#undef X
};

static AmZeekColumn column_of(const AmLogValue *name)
{
	for (guint n = 0; n < G_N_ELEMENTS(columns); n++) {
		if (am_log_is(name, columns[n].name))
			return (AmZeekColumn)n;
	}
	return AM_N_ZEEK_COLUMNS;
}

static AmLogValue next_part(const TsvReader *reader, AmLogValue *rest)
{
	return am_log_part(rest, reader->separator, reader->separator_size);
}

static gboolean starts_with(const char *line, size_t size, const char *word)
{
	return size >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

static gboolean set_word(char word[MAX_WORD], AmLogValue value)
{
	if (value.text == NULL || value.size == 0 || value.size >= MAX_WORD)
		return FALSE;
	memcpy(word, value.text, value.size);
	word[value.size] = '\0';
	return TRUE;
}

/* "\x09", or the characters themselves. */
static gboolean set_separator(TsvReader *reader, const char *text, size_t size)
{
	char separator[MAX_WORD];
	size_t length = 0;
	for (size_t at = 0; at < size;) {
		if (length == sizeof separator)
			return FALSE;
		if (size - at >= 4 && text[at] == '\\' && text[at + 1] == 'x' && g_ascii_isxdigit(text[at + 2]) &&
		    g_ascii_isxdigit(text[at + 3])) {
			separator[length++] =
				(char)(g_ascii_xdigit_value(text[at + 2]) << 4 | g_ascii_xdigit_value(text[at + 3]));
			at += 4;
		} else {
			separator[length++] = text[at++];
		}
	}
	if (length == 0)
		return FALSE;
	memcpy(reader->separator, separator, length);
	reader->separator_size = length;
	return TRUE;
}

static gboolean set_fields(TsvReader *reader, AmLogValue rest, GError **error)
{
	gboolean seen[AM_N_ZEEK_COLUMNS] = {FALSE};
	reader->n_fields = 0;
	for (AmLogValue name = next_part(reader, &rest); name.text != NULL; name = next_part(reader, &rest)) {
		AmZeekColumn column = column_of(&name);
		if (reader->n_fields == MAX_FIELDS || (column != AM_N_ZEEK_COLUMNS && seen[column])) {
			g_set_error_literal(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
					    "the #fields line of the log has too many columns, or one of them twice");
			return FALSE;
		}
		if (column != AM_N_ZEEK_COLUMNS)
			seen[column] = TRUE;
		reader->fields[reader->n_fields++] = column;
	}
	for (guint column = 0; column < AM_N_ZEEK_COLUMNS; column++) {
		if (!columns[column].needed || seen[column])
			continue;
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "the log has no column '%s'; only Zeek's conn.log is read", columns[column].name);
		return FALSE;
	}
	return TRUE;
}

static gboolean directive_error(GError **error, const char *name)
{
	g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
		    "the log's line '%s' is not as Zeek writes it; is this file a conn.log?", name);
	return FALSE;
}

/* A line that begins with "#". Unknown ones are comments. */
static gboolean read_directive(TsvReader *reader, const char *line, size_t size, GError **error)
{
	if (starts_with(line, size, "#separator ")) {
		reader->n_fields = 0; /* a new header: its own #fields must follow */
		return set_separator(reader, line + 11, size - 11) || directive_error(error, "#separator");
	}
	AmLogValue rest = {line, size};
	AmLogValue name = next_part(reader, &rest);
	if (name.size == 7 && memcmp(name.text, "#fields", 7) == 0)
		return set_fields(reader, rest, error);
	AmLogValue value = next_part(reader, &rest);
	if (name.size == 12 && memcmp(name.text, "#unset_field", 12) == 0)
		return set_word(reader->unset, value) || directive_error(error, "#unset_field");
	if (name.size == 12 && memcmp(name.text, "#empty_field", 12) == 0)
		return set_word(reader->empty, value) || directive_error(error, "#empty_field");
	if (name.size == 5 && memcmp(name.text, "#path", 5) == 0 &&
	    (value.text == NULL || !starts_with(value.text, value.size, "conn"))) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "this is Zeek's log of something else than connections; only conn.log is read");
		return FALSE;
	}
	return TRUE;
}

/* Splits a line into its columns; FALSE when there are not as many as #fields says. */
static gboolean read_tsv(const TsvReader *reader, const char *line, size_t size, AmZeekRecord *ret_record)
{
	AmLogValue rest = {line, size};
	size_t n = 0;
	memset(ret_record, 0, sizeof *ret_record);
	for (AmLogValue value = next_part(reader, &rest); value.text != NULL; value = next_part(reader, &rest)) {
		if (n == reader->n_fields)
			return FALSE;
		AmZeekColumn column = reader->fields[n++];
		if (column != AM_N_ZEEK_COLUMNS && !am_log_is(&value, reader->unset) &&
		    !am_log_is(&value, reader->empty))
			ret_record->values[column] = value;
	}
	return n == reader->n_fields;
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
	TsvReader *reader = g_new0(TsvReader, 1);
	*reader = (TsvReader){.separator = "\t", .separator_size = 1, .unset = "-", .empty = "(empty)"};
	return reader;
}

static int tsv_line(gpointer state, char *line, size_t size, AmLogSink *sink, GError **error)
{
	TsvReader *reader = state;
	AmZeekRecord record;
	if (line[0] == '#')
		return read_directive(reader, line, size, error) ? AM_LOG_COMMENT : AM_LOG_FAILED;
	if (reader->n_fields == 0) {
		g_set_error_literal(
			error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			"the log has no #fields line before its records; Zeek writes one, zeek-cut drops it "
			"unless it is called with -c");
		return AM_LOG_FAILED;
	}
	return read_tsv(reader, line, size, &record) ? use(&record, sink, error) : AM_LOG_SKIP_SYNTAX;
}

static int json_line(gpointer state, char *line, size_t size, AmLogSink *sink, GError **error)
{
	(void)state;
	static const char *const paths[] = {
#define X(id, name, needed) name,
		AM_ZEEK_COLUMNS(X)
#undef X
	};
	AmZeekRecord record;
	return am_log_json(line, size, paths, G_N_ELEMENTS(paths), record.values) ? use(&record, sink, error)
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

static gboolean is_tsv(const char *text, size_t size)
{
	return starts_with(text, size, "#separator ") || starts_with(text, size, "#fields\t");
}

static gboolean is_json(const char *text, size_t size)
{
	const char *line_end = memchr(text, '\n', size);
	return size > 0 && text[0] == '{' &&
	       contains(text, line_end != NULL ? (size_t)(line_end - text) : size, "\"id.orig_h\"");
}

gboolean am_log_is_zeek(const char *text, size_t size)
{
	return is_tsv(text, size) || is_json(text, size);
}

static gboolean recognise_tsv(const char *text, size_t size)
{
	const char *line = is_tsv(text, size) ? memmem(text, size, "#fields", strlen("#fields")) : NULL;
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
