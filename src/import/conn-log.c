/* Zeek's conn.log: lines from a reader that somebody else opened (and decompressed), each usable one becomes a connection.
 *
 * TSV (Zeek manual, "Zeek Log Formats"): "#separator \x09", then directives that use it; "#fields" may come again, with
 * other columns, when logs were put one after the other. JSON: an object a line.
 *
 * A hostile log is bounded by the length of a line; a longer one is skipped and counted. Nothing here knows what the values
 * mean: see conn-log-record.c. */
#include "config.h"

#include "conn-log.h"

#include <string.h>

#define MAX_LINE 65536
#define BUFFER_SIZE (4 * MAX_LINE)
#define MAX_FIELDS 256
#define MAX_WORD 32

typedef struct {
	AmInputKind kind;
	AmLogFunc each;
	gpointer user_data;
	uint64_t sequence, lines, skipped;
	uint32_t network;
	/* TSV: what the directives so far say. */
	char separator[MAX_WORD], unset[MAX_WORD], empty[MAX_WORD];
	size_t separator_size;
	AmLogColumn fields[MAX_FIELDS];
	size_t n_fields; /* 0 = no #fields yet */
} LogReader;

typedef struct {
	const char *name;
	gboolean needed;
} ColumnInfo;

static const ColumnInfo columns[] = {
#define X(id, name, needed) {name, needed},
	AM_LOG_COLUMNS(X)
#undef X
};

AmLogColumn am_log_column(const char *name, size_t size)
{
	for (guint n = 0; n < G_N_ELEMENTS(columns); n++) {
		if (strlen(columns[n].name) == size && memcmp(columns[n].name, name, size) == 0)
			return (AmLogColumn)n;
	}
	return AM_N_LOG_COLUMNS;
}

/* The next part of `*rest` up to the separator; text NULL when there is none left. */
static AmLogValue next_part(const LogReader *reader, AmLogValue *rest)
{
	AmLogValue part = *rest;
	if (part.text == NULL)
		return part;
	const char *end = memmem(rest->text, rest->size, reader->separator, reader->separator_size);
	if (end == NULL) {
		rest->text = NULL;
		return part;
	}
	part.size = (size_t)(end - rest->text);
	rest->text = end + reader->separator_size;
	rest->size -= part.size + reader->separator_size;
	return part;
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
static gboolean set_separator(LogReader *reader, const char *text, size_t size)
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

static gboolean set_fields(LogReader *reader, AmLogValue rest, GError **error)
{
	gboolean seen[AM_N_LOG_COLUMNS] = {FALSE};
	reader->n_fields = 0;
	for (AmLogValue name = next_part(reader, &rest); name.text != NULL; name = next_part(reader, &rest)) {
		AmLogColumn column = am_log_column(name.text, name.size);
		if (reader->n_fields == MAX_FIELDS || (column != AM_N_LOG_COLUMNS && seen[column])) {
			g_set_error_literal(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
					    "the #fields line of the log has too many columns, or one of them twice");
			return FALSE;
		}
		if (column != AM_N_LOG_COLUMNS)
			seen[column] = TRUE;
		reader->fields[reader->n_fields++] = column;
	}
	for (guint column = 0; column < AM_N_LOG_COLUMNS; column++) {
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
static gboolean read_directive(LogReader *reader, const char *line, size_t size, GError **error)
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

static gboolean is_word(AmLogValue value, const char *word)
{
	return value.size == strlen(word) && memcmp(value.text, word, value.size) == 0;
}

/* Splits a line into its columns; FALSE when there are not as many as #fields says. */
static gboolean read_tsv(const LogReader *reader, const char *line, size_t size, AmLogRecord *ret_record)
{
	AmLogValue rest = {line, size};
	size_t n = 0;
	memset(ret_record, 0, sizeof *ret_record);
	for (AmLogValue value = next_part(reader, &rest); value.text != NULL; value = next_part(reader, &rest)) {
		if (n == reader->n_fields)
			return FALSE;
		AmLogColumn column = reader->fields[n++];
		if (column != AM_N_LOG_COLUMNS && !is_word(value, reader->unset) && !is_word(value, reader->empty))
			ret_record->values[column] = value;
	}
	return n == reader->n_fields;
}

static gboolean read_line(LogReader *reader, char *line, size_t size, GError **error)
{
	if (size > 0 && line[size - 1] == '\r')
		size--;
	if (size == 0)
		return TRUE;
	gboolean is_json = reader->kind == AM_INPUT_ZEEK_JSON;
	if (!is_json && line[0] == '#')
		return read_directive(reader, line, size, error);
	if (!is_json && reader->n_fields == 0) {
		g_set_error_literal(
			error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			"the log has no #fields line before its records; Zeek writes one, zeek-cut drops it "
			"unless it is called with -c");
		return FALSE;
	}
	AmLogRecord record;
	AmConnection connection;
	reader->lines++;
	if (!(is_json ? am_log_read_json(line, size, &record) : read_tsv(reader, line, size, &record)) ||
	    !am_log_connection(&record, &connection)) {
		reader->skipped++;
		return TRUE;
	}
	connection.sequence = reader->sequence++;
	connection.network = reader->network;
	return reader->each(&connection, reader->user_data, error);
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
		if (*too_long || length > MAX_LINE) {
			reader->lines++;
			reader->skipped++;
			*too_long = FALSE;
		} else if (!read_line(reader, buffer + start, length, error)) {
			return FALSE;
		}
		start += length + 1;
	}
	*size -= start;
	memmove(buffer, buffer + start, *size);
	if (*size > MAX_LINE) {
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
		reader->lines++;
		reader->skipped++;
		return TRUE;
	}
	return read_line(reader, buffer, size, error);
}

gboolean am_import_conn_log(AmByteReader bytes, AmInputKind kind, uint64_t first_sequence, uint32_t network,
			    AmLogFunc each, gpointer user_data, uint64_t *ret_lines, uint64_t *ret_skipped,
			    GError **error)
{
	LogReader reader = {
		.kind = kind,
		.each = each,
		.user_data = user_data,
		.sequence = first_sequence,
		.network = network,
		.separator = "\t",
		.separator_size = 1,
		.unset = "-",
		.empty = "(empty)",
	};
	gboolean ok = read_all(&reader, bytes, error);
	*ret_lines = reader.lines;
	*ret_skipped = reader.skipped;
	return ok;
}
