/* The tab-separated form of Zeek's logs, whatever they are of (Zeek manual, "Zeek Log Formats"): "#separator \\x09", then directives that
 * use it; "#fields" may come again, with other columns, when logs were put one after the other. Private to import/. */
#pragma once

#include "log.h"

#define AM_ZEEK_MAX_FIELDS 256
#define AM_ZEEK_MAX_WORD 32

/* What the directives so far say. */
typedef struct {
	const char *const *names; /* of the columns that are used, at most 32 */
	guint n_names;
	char separator[AM_ZEEK_MAX_WORD], set_separator[AM_ZEEK_MAX_WORD], unset[AM_ZEEK_MAX_WORD],
		empty[AM_ZEEK_MAX_WORD];
	size_t separator_size;
	char path[AM_ZEEK_MAX_WORD];      /* "conn"; "" = not told */
	guint fields[AM_ZEEK_MAX_FIELDS]; /* each one's index in `names`; n_names = not used */
	size_t n_fields;                  /* 0 = no #fields yet */
	uint32_t seen;                    /* bit n: names[n] is among them */
} AmZeekTsv;

AmZeekTsv *am_zeek_tsv_new(const char *const *names, guint n_names); /* to be freed; `names` is borrowed */
/* A line that begins with "#". Unknown ones are comments. */
gboolean am_zeek_tsv_directive(AmZeekTsv *reader, const char *line, size_t size, GError **error);
/* A record's values, by `names`; FALSE when there are not as many columns as #fields says. */
gboolean am_zeek_tsv_values(const AmZeekTsv *reader, const char *line, size_t size, AmLogValue *ret_values);
gboolean am_zeek_is_tsv(const char *text, size_t size);
