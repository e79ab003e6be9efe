/* The escaping and the small pieces of the HTML report. Fed by the html*.c files. There is no way to put text on the
 * page that does not go through here, and a last pass over the whole page cleans what escaping leaves. */
#include "config.h"

#include "html-writer.h"

#include "text.h"

#include <stdarg.h>
#include <string.h>

void am_html_add(GString *page, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_markup_vprintf_escaped(format, arguments);
	va_end(arguments);
	g_string_append(page, text);
}

/* GLib writes control characters as &#x..; references, which our own HTML never uses: the length of one, or 0. */
static gsize control_reference(const char *at)
{
	if (strncmp(at, "&#x", 3) != 0)
		return 0;
	const char *end = at + 3;
	while (g_ascii_isxdigit(*end))
		end++;
	return *end == ';' ? (gsize)(end + 1 - at) : 0;
}

char *am_html_finish(GString *page, gsize *ret_size)
{
	GString *clean = g_string_sized_new(page->len + 1);
	const char *at = page->str, *end = page->str + page->len;
	while (at < end) {
		gsize reference = *at == '&' ? control_reference(at) : 0;
		gunichar c = g_utf8_get_char_validated(at, end - at);
		if (reference > 0) {
			g_string_append_c(clean, '?');
			at += reference;
		} else if (c == (gunichar)-1 || c == (gunichar)-2) {
			g_string_append(clean, "\xef\xbf\xbd");
			at++;
		} else {
			g_string_append_unichar(clean, c == '\n' || c == '\t' || g_unichar_isprint(c) ? c : '?');
			at = g_utf8_next_char(at);
		}
	}
	g_string_free(page, TRUE);
	*ret_size = clean->len;
	return g_string_free(clean, FALSE);
}

void am_html_table(GString *page, const char *const *headings)
{
	g_string_append(page, "<div class=\"wide\"><table>\n<thead><tr>");
	for (; *headings != NULL; headings++) {
		gboolean number = **headings == '>';
		g_string_append_printf(page, "<th%s>", number ? " class=\"n\"" : "");
		am_html_add(page, "%s</th>", *headings + number);
	}
	g_string_append(page, "</tr></thead>\n<tbody>\n");
}

void am_html_table_end(GString *page)
{
	g_string_append(page, "</tbody></table></div>\n");
}

void am_html_cell(GString *page, const char *text)
{
	am_html_add(page, "<td>%s</td>", text != NULL && *text != '\0' ? text : "–");
}

void am_html_cell_code(GString *page, const char *text)
{
	am_html_add(page, "<td><code>%s</code></td>", text);
}

void am_html_cell_number(GString *page, uint64_t number)
{
	char text[AM_NUMBER_TEXT_SIZE];
	am_html_add(page, "<td class=\"n\">%s</td>", am_number_text(number, text));
}

void am_html_cell_size(GString *page, uint64_t size)
{
	char text[AM_NUMBER_TEXT_SIZE];
	am_html_add(page, "<td class=\"n\">%s</td>", am_size_text(size, text));
}

/* Minutes are enough for a person; the listings have the nanoseconds. */
static void minute_text(int64_t ns, char text[AM_TIME_TEXT_SIZE])
{
	am_moment_text(ns, text);
	if (strlen(text) > strlen("2026-03-02 08:15"))
		text[strlen("2026-03-02 08:15")] = '\0';
}

void am_html_cell_span(GString *page, int64_t first_ns, int64_t last_ns)
{
	char first[AM_TIME_TEXT_SIZE], last[AM_TIME_TEXT_SIZE];
	minute_text(first_ns, first);
	minute_text(last_ns, last);
	if (strcmp(first, last) == 0) {
		am_html_add(page, "<td class=\"t\">%s</td>", first);
		return;
	}
	/* The same day is not said twice. */
	gsize day = strlen("2026-03-02 ");
	const char *rest = strncmp(first, last, day) == 0 ? last + day : last;
	am_html_add(page, "<td class=\"t\"><span>%s –</span> <span>%s</span></td>", first, rest);
}

void am_html_more(GString *page, uint64_t left, const char *noun, const char *command)
{
	if (left == 0)
		return;
	g_autoptr(GString) counted = g_string_new(NULL);
	am_text_append_counted(counted, left, noun, NULL);
	am_html_add(page, "<p class=\"more\">%s more not shown here.", counted->str);
	if (command != NULL)
		am_html_add(page, " All of them: <code>%s</code>", command);
	g_string_append(page, "</p>\n");
}
