/* One field of a line as RFC 4180 has it. Private to import/. */
#pragma once

#include <glib.h>

/* Moves `*at` behind it, to the separator, the end of the line or `end`. FALSE when quotes are not as they should be. */
gboolean am_csv_field(const char **at, const char *end, char separator, GString *ret_field);
/* Moves `*at` behind the end of the line (LF, CR LF, or `end`); FALSE when it is not at one. */
gboolean am_csv_line_end(const char **at, const char *end);
