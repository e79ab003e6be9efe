/* Fields of CSV: shared by what reads our own export and what reads inventories. */
#include "config.h"

#include "csv-field.h"

static gboolean ends(char c, char separator)
{
	return c == separator || c == '\r' || c == '\n';
}

gboolean am_csv_field(const char **at, const char *end, char separator, GString *ret_field)
{
	const char *c = *at;
	g_string_truncate(ret_field, 0);
	if (c == end || *c != '"') {
		for (; c < end && !ends(*c, separator); c++) {
			if (*c == '"')
				return FALSE;
			g_string_append_c(ret_field, *c);
		}
		*at = c;
		return TRUE;
	}
	for (c++; c < end; c++) {
		if (*c == '"') {
			if (++c == end || *c != '"') {
				*at = c;
				return TRUE;
			}
		}
		g_string_append_c(ret_field, *c);
	}
	return FALSE;
}

gboolean am_csv_line_end(const char **at, const char *end)
{
	if (*at < end && **at == '\r')
		(*at)++;
	if (*at == end)
		return TRUE;
	return *(*at)++ == '\n';
}
