/* See zeek-tsv.h. Fed by conn-log.c and zeek-names.c with lines of at most 64 KiB; nothing here knows what the columns mean. */
#include "config.h"

#include "zeek-tsv.h"

#include <string.h>

AmZeekTsv *am_zeek_tsv_new(const char *const *names, guint n_names)
{
	g_assert(n_names <= 32);
	AmZeekTsv *reader = g_new0(AmZeekTsv, 1);
	*reader = (AmZeekTsv){.names = names,
			      .n_names = n_names,
			      .separator = "\t",
			      .separator_size = 1,
			      .set_separator = ",",
			      .unset = "-",
			      .empty = "(empty)"};
	return reader;
}

static AmLogValue next_part(const AmZeekTsv *reader, AmLogValue *rest)
{
	return am_log_part(rest, reader->separator, reader->separator_size);
}

static gboolean starts_with(const char *line, size_t size, const char *word)
{
	return size >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

static gboolean set_word(char word[AM_ZEEK_MAX_WORD], AmLogValue value)
{
	if (value.text == NULL || value.size == 0 || value.size >= AM_ZEEK_MAX_WORD)
		return FALSE;
	memcpy(word, value.text, value.size);
	word[value.size] = '\0';
	return TRUE;
}

/* "\x09", or the characters themselves. */
static gboolean set_separator(AmZeekTsv *reader, const char *text, size_t size)
{
	char separator[AM_ZEEK_MAX_WORD];
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

static gboolean set_fields(AmZeekTsv *reader, AmLogValue rest, GError **error)
{
	reader->n_fields = 0;
	reader->seen = 0;
	for (AmLogValue name = next_part(reader, &rest); name.text != NULL; name = next_part(reader, &rest)) {
		guint column = 0;
		while (column < reader->n_names && !am_log_is(&name, reader->names[column]))
			column++;
		gboolean twice = column < reader->n_names && (reader->seen >> column & 1) != 0;
		if (reader->n_fields == AM_ZEEK_MAX_FIELDS || twice) {
			g_set_error_literal(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
					    "the #fields line of the log has too many columns, or one of them twice");
			return FALSE;
		}
		if (column < reader->n_names)
			reader->seen |= UINT32_C(1) << column;
		reader->fields[reader->n_fields++] = column;
	}
	return TRUE;
}

static gboolean directive_error(GError **error, const char *name)
{
	g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
		    "the log's line '%s' is not as Zeek writes it; is this file a conn.log?", name);
	return FALSE;
}

gboolean am_zeek_tsv_directive(AmZeekTsv *reader, const char *line, size_t size, GError **error)
{
	if (starts_with(line, size, "#separator ")) {
		reader->n_fields = 0; /* a new header: its own #fields must follow */
		return set_separator(reader, line + 11, size - 11) || directive_error(error, "#separator");
	}
	AmLogValue rest = {line, size};
	AmLogValue name = next_part(reader, &rest);
	if (am_log_is(&name, "#fields"))
		return set_fields(reader, rest, error);
	AmLogValue value = next_part(reader, &rest);
	if (am_log_is(&name, "#unset_field"))
		return set_word(reader->unset, value) || directive_error(error, "#unset_field");
	if (am_log_is(&name, "#empty_field"))
		return set_word(reader->empty, value) || directive_error(error, "#empty_field");
	if (am_log_is(&name, "#set_separator"))
		return set_word(reader->set_separator, value) || directive_error(error, "#set_separator");
	if (am_log_is(&name, "#path") && !set_word(reader->path, value))
		reader->path[0] = '\0';
	return TRUE;
}

gboolean am_zeek_tsv_values(const AmZeekTsv *reader, const char *line, size_t size, AmLogValue *ret_values)
{
	AmLogValue rest = {line, size};
	size_t n = 0;
	memset(ret_values, 0, reader->n_names * sizeof *ret_values);
	for (AmLogValue value = next_part(reader, &rest); value.text != NULL; value = next_part(reader, &rest)) {
		if (n == reader->n_fields)
			return FALSE;
		guint column = reader->fields[n++];
		if (column < reader->n_names && !am_log_is(&value, reader->unset) && !am_log_is(&value, reader->empty))
			ret_values[column] = value;
	}
	return n == reader->n_fields;
}

gboolean am_zeek_is_tsv(const char *text, size_t size)
{
	return starts_with(text, size, "#separator ") || starts_with(text, size, "#fields\t");
}
