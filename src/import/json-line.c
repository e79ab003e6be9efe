/* One line of a JSON log: a reader of the values that stand at some paths (RFC 8259). Why not jansson: it turns numbers into
 * doubles, which cannot hold the nanoseconds of a time, and a log has millions of lines, so nothing is allocated here.
 *
 * Fed by log.c with at most 64 KiB; nesting is bounded. Strings are unescaped in place. */
#include "config.h"

#include "log.h"

#include <string.h>

#define MAX_DEPTH 16
#define MAX_PATH 64
#define MAX_PATHS 32

typedef struct {
	char *at, *end;
	const char *const *paths;
	guint n_paths;
	AmLogValue *values;
	uint32_t seen;       /* bit n: paths[n] had its value, perhaps null */
	char path[MAX_PATH]; /* of the value that comes next, without NUL; longer ones match nothing */
	size_t path_size;
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

static gboolean read_value(Scanner *scanner, unsigned depth);

/* Adds a name to the path of what it is the name of. Gives the path's size before, to go back to. */
static size_t step_in(Scanner *scanner, const AmLogValue *name)
{
	size_t before = scanner->path_size, dot = before > 0 ? 1 : 0;
	if (before + dot + name->size > MAX_PATH) {
		scanner->path_size = MAX_PATH + 1;
		return before;
	}
	if (dot)
		scanner->path[before] = '.';
	memcpy(scanner->path + before + dot, name->text, name->size);
	scanner->path_size = before + dot + name->size;
	return before;
}

/* The inside of an array or object, after its opening bracket. */
static gboolean read_items(Scanner *scanner, char close, unsigned depth)
{
	if (take(scanner, close))
		return TRUE;
	unsigned n = 0;
	do {
		char digits[12];
		AmLogValue name = {digits, 0};
		if (close == ']')
			name.size = (size_t)g_snprintf(digits, sizeof digits, "%u", n++);
		else if (!read_string(scanner, &name) || !take(scanner, ':'))
			return FALSE;
		size_t before = step_in(scanner, &name);
		if (!read_value(scanner, depth))
			return FALSE;
		scanner->path_size = before;
	} while (take(scanner, ','));
	return take(scanner, close);
}

/* Twice: which one counts? */
static gboolean keep(Scanner *scanner, const AmLogValue *value)
{
	for (guint n = 0; n < scanner->n_paths; n++) {
		const char *path = scanner->paths[n];
		if (strlen(path) != scanner->path_size || memcmp(path, scanner->path, scanner->path_size) != 0)
			continue;
		if ((scanner->seen & 1u << n) != 0)
			return FALSE;
		scanner->seen |= 1u << n;
		scanner->values[n] = *value;
	}
	return TRUE;
}

static gboolean read_value(Scanner *scanner, unsigned depth)
{
	AmLogValue value;
	skip_space(scanner);
	if (scanner->at == scanner->end || depth > MAX_DEPTH)
		return FALSE;
	char c = *scanner->at;
	if (c == '[' || c == '{') {
		scanner->at++;
		if (c == '{' && take(scanner, '}'))
			return keep(scanner, &(AmLogValue){"", 0});
		return read_items(scanner, c == '[' ? ']' : '}', depth + 1);
	}
	if (!(c == '"' ? read_string(scanner, &value) : read_word(scanner, &value)))
		return FALSE;
	if (c == 'n')
		value.text = NULL;
	return keep(scanner, &value);
}

gboolean am_log_json(char *line, size_t size, const char *const *paths, guint n_paths, AmLogValue *ret_values)
{
	Scanner scanner = {.at = line, .end = line + size, .paths = paths, .n_paths = n_paths, .values = ret_values};
	g_assert(n_paths <= MAX_PATHS);
	memset(ret_values, 0, n_paths * sizeof *ret_values);
	if (!take(&scanner, '{') || !read_items(&scanner, '}', 0))
		return FALSE;
	skip_space(&scanner);
	return scanner.at == scanner.end;
}
