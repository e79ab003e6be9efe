/* Text that may come from the network, made safe for where it goes; and numbers for people. Private to report/. */
#pragma once

#include "allowmap/base.h"

/* For a terminal: whatever is not printable (control characters, C1, bidirectional overrides, other invisible format
 * characters, broken UTF-8) becomes "?". Returns the display width that was added. */
guint am_text_append_terminal(GString *to, const char *text);
/* Columns that `text`, already safe, takes on a terminal. */
guint am_text_width(const char *text);
/* Cuts safe text to `width` columns, the last of them "…". */
void am_text_cut(GString *text, guint width);
/* A JSON string with its quotes. Always valid: broken UTF-8 becomes U+FFFD, what a terminal would obey \uXXXX. */
void am_text_append_json(GString *to, const char *text);
/* A CSV field, quoted where needed, with ' before what a spreadsheet would take for a formula. */
void am_text_append_csv(GString *to, const char *text);

/* Their sum, or UINT64_MAX where it would be more. */
static inline uint64_t am_number_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

#define AM_NUMBER_TEXT_SIZE 32
/* "1234567" */
void am_text_append_number(GString *to, uint64_t number);
/* "1,234,567" */
const char *am_number_text(uint64_t number, char text[AM_NUMBER_TEXT_SIZE]);
/* "317 B", "4.2 MB": powers of 1000. */
const char *am_size_text(uint64_t size, char text[AM_NUMBER_TEXT_SIZE]);
/* "2026-03-02 08:15:03", UTC, whole seconds; "-" for 0. */
const char *am_moment_text(int64_t ns, char text[AM_TIME_TEXT_SIZE]);
/* "1 edge", "1,200 edges": the number with its noun. The plural is the noun and an s unless `plural` says it. */
void am_text_append_counted(GString *to, uint64_t number, const char *noun, const char *plural);
/* Our own ASCII words, and a newline; lines of up to 100 columns, of which the first `indent` are empty, or taken on the first. */
void am_text_append_wrapped(GString *to, const char *words, guint indent);
