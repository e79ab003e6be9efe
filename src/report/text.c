/* Escaping, and numbers for people. Fed by every listing and by the HTML report with text that came from packets; it
 * must not let any of it act on a terminal, a spreadsheet or a JSON reader. */
#include "config.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

#define LINE_WIDTH 100

/* Takes the next character of `*text`; the replacement character for each octet that is not UTF-8. */
static gunichar next_character(const char **text)
{
	gunichar c = g_utf8_get_char_validated(*text, -1);
	if (c == (gunichar)-1 || c == (gunichar)-2) {
		*text += 1;
		return 0xfffd;
	}
	*text = g_utf8_next_char(*text);
	return c;
}

/* Appends what is printable ASCII and not one of the two stops, and steps over it: nearly all text, a million times over. */
static gsize append_plain(GString *to, const char **text, char stop, char other_stop)
{
	const char *at = *text;
	while (*at >= 0x20 && *at < 0x7f && *at != stop && *at != other_stop)
		at++;
	gsize size = (gsize)(at - *text);
	g_string_append_len(to, *text, (gssize)size);
	*text = at;
	return size;
}

static guint character_width(gunichar c)
{
	if (g_unichar_iszerowidth(c))
		return 0;
	return g_unichar_iswide(c) ? 2 : 1;
}

guint am_text_append_terminal(GString *to, const char *text)
{
	guint width = (guint)append_plain(to, &text, '\0', '\0');
	while (*text != '\0') {
		gunichar c = next_character(&text);
		if (c == 0xfffd || !g_unichar_isprint(c))
			c = '?';
		g_string_append_unichar(to, c);
		width += character_width(c);
	}
	return width;
}

guint am_text_width(const char *text)
{
	guint width = 0;
	for (; *text >= 0x20 && *text < 0x7f; text++)
		width++;
	while (*text != '\0')
		width += character_width(next_character(&text));
	return width;
}

void am_text_cut(GString *text, guint width)
{
	if (am_text_width(text->str) <= width)
		return;
	const char *at = text->str;
	guint used = 0;
	while (*at != '\0') {
		const char *next = at;
		guint w = character_width(next_character(&next));
		if (used + w + 1 > width)
			break;
		used += w;
		at = next;
	}
	g_string_truncate(text, (gsize)(at - text->str));
	if (width > 0)
		g_string_append(text, "…");
}

void am_text_append_json(GString *to, const char *text)
{
	g_string_append_c(to, '"');
	while (append_plain(to, &text, '"', '\\'), *text != '\0') {
		gunichar c = next_character(&text);
		if (c == '"' || c == '\\')
			g_string_append_printf(to, "\\%c", (char)c);
		else if (g_unichar_isprint(c))
			g_string_append_unichar(to, c);
		else if (c <= 0xffff)
			g_string_append_printf(to, "\\u%04x", c);
		else
			g_string_append_printf(to, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
					       0xdc00 + ((c - 0x10000) & 0x3ff));
	}
	g_string_append_c(to, '"');
}

void am_text_append_csv(GString *to, const char *text)
{
	gboolean formula = *text != '\0' && strchr("=+-@\t\r", *text) != NULL;
	gboolean quoted = formula || strpbrk(text, ",\"\n\r") != NULL;
	if (quoted)
		g_string_append_c(to, '"');
	if (formula)
		g_string_append_c(to, '\'');
	while (append_plain(to, &text, '"', '"'), *text != '\0') {
		gunichar c = next_character(&text);
		if (c == '"')
			g_string_append_c(to, '"');
		gboolean kept = g_unichar_isprint(c) || c == '\n' || c == '\r' || c == '\t' || c == 0xfffd;
		g_string_append_unichar(to, kept ? c : '?');
	}
	if (quoted)
		g_string_append_c(to, '"');
}

/* The digits of `number` at the end of `text`; returns where they begin. */
static char *digits(uint64_t number, char text[AM_NUMBER_TEXT_SIZE])
{
	char *at = text + AM_NUMBER_TEXT_SIZE - 1;
	*at = '\0';
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return at;
}

void am_text_append_number(GString *to, uint64_t number)
{
	char text[AM_NUMBER_TEXT_SIZE];
	g_string_append(to, digits(number, text));
}

const char *am_number_text(uint64_t number, char text[AM_NUMBER_TEXT_SIZE])
{
	char storage[AM_NUMBER_TEXT_SIZE], *at = text;
	const char *plain = digits(number, storage);
	size_t n = strlen(plain);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			*at++ = ',';
		*at++ = plain[i];
	}
	*at = '\0';
	return text;
}

const char *am_size_text(uint64_t size, char text[AM_NUMBER_TEXT_SIZE])
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	if (size < 1000) {
		snprintf(text, AM_NUMBER_TEXT_SIZE, "%u B", (unsigned)size);
		return text;
	}
	guint unit = 0;
	/* In tenths of the unit, rounded half up, without floating point. */
	uint64_t divisor = 100;
	while (unit + 1 < G_N_ELEMENTS(units) && size / divisor + (size % divisor >= divisor / 2) >= 10000) {
		divisor *= 1000;
		unit++;
	}
	uint64_t tenths = size / divisor + (size % divisor >= divisor / 2);
	snprintf(text, AM_NUMBER_TEXT_SIZE, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10), units[unit]);
	return text;
}

const char *am_moment_text(int64_t ns, char text[AM_TIME_TEXT_SIZE])
{
	if (ns == 0) {
		g_strlcpy(text, "-", AM_TIME_TEXT_SIZE);
		return text;
	}
	int64_t s = ns / AM_NS_PER_S - (ns % AM_NS_PER_S < 0);
	am_time_text(s * AM_NS_PER_S, text);
	char *t = strchr(text, 'T');
	if (t != NULL)
		*t = ' ';
	if (g_str_has_suffix(text, "Z"))
		text[strlen(text) - 1] = '\0';
	return text;
}

void am_text_append_counted(GString *to, uint64_t number, const char *noun, const char *plural)
{
	char text[AM_NUMBER_TEXT_SIZE];
	g_string_append_printf(to, "%s ", am_number_text(number, text));
	if (number != 1 && plural != NULL)
		g_string_append(to, plural);
	else
		g_string_append_printf(to, "%s%s", noun, number == 1 ? "" : "s");
}

void am_text_append_wrapped(GString *to, const char *words, guint indent)
{
	g_auto(GStrv) parts = g_strsplit(words, " ", 0);
	size_t column = indent;
	for (guint n = 0; parts[n] != NULL; n++) {
		size_t length = strlen(parts[n]);
		if (column > indent && column + 1 + length > LINE_WIDTH) {
			g_string_append_printf(to, "\n%*s", (int)indent, "");
			column = indent;
		}
		g_string_append_printf(to, "%s%s", column > indent ? " " : "", parts[n]);
		column += length + (column > indent);
	}
	g_string_append_c(to, '\n');
}
