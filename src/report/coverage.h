/* What the coverage says, in words that the status, the summary and the HTML report share. Private to report/. */
#pragma once

#include "allowmap/model/map.h"

/* One or two sentences: how much discovery covers, or why that cannot be said. NULL is fine. g_free() */
char *am_coverage_words(const AmCoverage *coverage);
/* "a Saturday, a Sunday": what the calendar has and no day that counts was; NULL = nothing. g_free() */
char *am_coverage_gaps(const AmCoverage *coverage);
/* How frequent something must be for it to have been seen. "" without days. g_free() */
char *am_coverage_rare(const AmCoverage *coverage);
