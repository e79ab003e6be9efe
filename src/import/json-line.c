/* One line of a JSON log: a flat reader of its top-level names and values (RFC 8259). Why not jansson: it turns numbers into
 * doubles, which cannot hold the nanoseconds of a time, and a log has millions of lines, so nothing is allocated here.
 *
 * Fed by conn-log.c with at most 64 KiB; nesting is bounded. Strings are unescaped in place. */
#include "config.h"

#include "conn-log.h"

#include <string.h>

#define MAX_DEPTH 16

typedef struct {
	char *at, *end;
} Scanner;

static void skip_space(Scanner *scanner)
{
	while (scanner->at < scanner->end && strchr(" \t\r\n", *scanner->at) != NULL && *scanner->at != '\0')
		scanner->at++;
}

static gboolean take(Scanner *scanner, char c)
{
	skip_space(scanner);
	if (scanner->at == scanner->end || *scanner->at != c)
		return FALSE;
	scanner->at++;
	return TRUE;
}

/* The four digits after \u; -1 when there are not. */
static int read_hex(Scanner *scanner)
{
	int value = 0;
	if (scanner->end - scanner->at < 4)
		return -1;
	for (int n = 0; n < 4; n++) {
		int digit = g_ascii_xdigit_value(*scanner->at++);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* What follows a backslash, written to *to, which never overtakes the scanner. Surrogates become "?": no value that is used
 * holds any. */
static gboolean unescape(Scanner *scanner, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	if (scanner->at == scanner->end)
		return FALSE;
	char c = *scanner->at++;
	const char *plain = c != '\0' ? strchr(from, c) : NULL;
	if (plain != NULL) {
		*(*to)++ = into[plain - from];
		return TRUE;
	}
	int code = c == 'u' ? read_hex(scanner) : -1;
	if (code < 0)
		return FALSE;
	if (code >= 0xd800 && code <= 0xdfff)
		code = '?';
	*to += g_unichar_to_utf8((gunichar)code, *to);
	return TRUE;
}

static gboolean read_string(Scanner *scanner, AmLogValue *ret_value)
{
	if (!take(scanner, '"'))
		return FALSE;
	char *start = scanner->at, *to = start;
	while (scanner->at < scanner->end && *scanner->at != '"') {
		char c = *scanner->at++;
		if ((unsigned char)c < 0x20)
			return FALSE;
		if (c != '\\')
			*to++ = c;
		else if (!unescape(scanner, &to))
			return FALSE;
	}
	if (!take(scanner, '"'))
		return FALSE;
	*ret_value = (AmLogValue){start, (size_t)(to - start)};
	return TRUE;
}

/* A number, or true, false, null: its text. */
static gboolean read_word(Scanner *scanner, AmLogValue *ret_value)
{
	char *start = scanner->at;
	while (scanner->at < scanner->end && (g_ascii_isalnum(*scanner->at) || strchr("+-.", *scanner->at) != NULL) &&
	       *scanner->at != '\0')
		scanner->at++;
	*ret_value = (AmLogValue){start, (size_t)(scanner->at - start)};
	return scanner->at != start;
}

static gboolean skip_value(Scanner *scanner, unsigned depth);

/* The inside of an array or object, after its opening bracket. */
static gboolean skip_items(Scanner *scanner, char close, unsigned depth)
{
	AmLogValue name;
	if (take(scanner, close))
		return TRUE;
	do {
		if (close == '}' && (!read_string(scanner, &name) || !take(scanner, ':')))
			return FALSE;
		if (!skip_value(scanner, depth))
			return FALSE;
	} while (take(scanner, ','));
	return take(scanner, close);
}

static gboolean skip_value(Scanner *scanner, unsigned depth)
{
	AmLogValue value;
	skip_space(scanner);
	if (scanner->at == scanner->end || depth > MAX_DEPTH)
		return FALSE;
	switch (*scanner->at) {
	case '"':
		return read_string(scanner, &value);
	case '[':
		scanner->at++;
		return skip_items(scanner, ']', depth + 1);
	case '{':
		scanner->at++;
		return skip_items(scanner, '}', depth + 1);
	default:
		return read_word(scanner, &value);
	}
}

/* A value of the object itself. Arrays and objects are none that is used. */
static gboolean read_value(Scanner *scanner, AmLogValue *ret_value)
{
	*ret_value = (AmLogValue){NULL, 0};
	skip_space(scanner);
	if (scanner->at == scanner->end)
		return FALSE;
	if (*scanner->at == '"')
		return read_string(scanner, ret_value);
	if (*scanner->at == '[' || *scanner->at == '{')
		return skip_value(scanner, 0);
	if (!read_word(scanner, ret_value))
		return FALSE;
	if (ret_value->size == 4 && memcmp(ret_value->text, "null", 4) == 0)
		ret_value->text = NULL;
	return TRUE;
}

gboolean am_log_read_json(char *line, size_t size, AmLogRecord *ret_record)
{
	Scanner scanner = {line, line + size};
	memset(ret_record, 0, sizeof *ret_record);
	if (!take(&scanner, '{'))
		return FALSE;
	do {
		AmLogValue name, value;
		if (!read_string(&scanner, &name) || !take(&scanner, ':') || !read_value(&scanner, &value))
			return FALSE;
		AmLogColumn column = am_log_column(name.text, name.size);
		if (column == AM_N_LOG_COLUMNS)
			continue;
		if (ret_record->values[column].text != NULL)
			return FALSE; /* twice: which one counts? */
		ret_record->values[column] = value;
	} while (take(&scanner, ','));
	if (!take(&scanner, '}'))
		return FALSE;
	skip_space(&scanner);
	return scanner.at == scanner.end;
}
