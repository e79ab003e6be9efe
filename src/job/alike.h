/* The same capture in another shape: recompressed, converted, or by standard input once more, it has another hash, is not
 * known as an input, and counts twice; so does what two captures of one time both saw, in two runs. Private to job/. */
#pragma once

#include "allowmap/job.h"

/* Adds a warning for each of `inputs` (AmInput, read by this run) that has as many records of the same kind, from the same
 * first to the same last time, as another of them, or as one of an earlier run of the same sensor and network. Times are
 * compared by the microsecond, which is what many formats keep. If there is none, one warning for all captures that overlap in
 * time with one of an earlier run of the same sensor and network. */
gboolean am_alike_warn(AmFacts *facts, const AmRun *run, const char *db, const GArray *inputs, GPtrArray *warnings,
		       GError **error);
