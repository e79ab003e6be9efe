/* HTML put together safely. Private to report/.
 *
 * Text reaches the page only as an argument of am_html_add(), which escapes it. Numbers go through the same. */
#pragma once

#include "allowmap/base.h"

/* `format` is our own HTML; every %s is escaped. */
void am_html_add(GString *page, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Ends the page: what is not valid UTF-8, and every character that would not be seen or would reorder what is (control
 * characters, bidirectional overrides), is replaced. Takes the page; g_free() the text. */
char *am_html_finish(GString *page, gsize *ret_size);

/* A table with these headings (NULL-terminated; one that begins with ">" is of numbers, to the right), in a box that
 * scrolls sideways on small screens. Ended with am_html_table_end(). */
void am_html_table(GString *page, const char *const *headings);
void am_html_table_end(GString *page);
/* Cells. The text may be NULL: a dash. */
void am_html_cell(GString *page, const char *text);
void am_html_cell_code(GString *page, const char *text);
void am_html_cell_number(GString *page, uint64_t number);
void am_html_cell_size(GString *page, uint64_t size);
/* When: one moment, or from first to last. */
void am_html_cell_span(GString *page, int64_t first_ns, int64_t last_ns);
/* "and 1,200 more: allowmap flows ... lists them"; nothing when `left` is 0. `command` lists all; may be NULL. */
void am_html_more(GString *page, uint64_t left, const char *noun, const char *command);
