/* What the coverage says, in words that the status, the summary and the HTML report share. Private to report/. */
#pragma once

#include "allowmap/model/map.h"

#define AM_COVERAGE_DAY_SIZE 11
/* "2026-03-02"; `day` in UTC days since 1970-01-01. */
const char *am_coverage_day_text(int32_t day, char text[AM_COVERAGE_DAY_SIZE]);
/* One or two sentences: how much discovery covers, or why that cannot be said. NULL is fine. g_free() */
char *am_coverage_words(const AmCoverage *coverage);
/* "a Sunday, the last day of a month (next: 2026-03-31)": what the calendar has and no day that counts was; NULL = nothing. g_free() */
char *am_coverage_gaps(const AmCoverage *coverage);
/* How frequent something must be for it to have been seen. "" without days. g_free() */
char *am_coverage_rare(const AmCoverage *coverage);
