/* What memory cannot hold of a run's sums, on disk until the run is finished. Private to store/; knows nothing of SQL. */
#pragma once

#include "tally.h"

/* Pieces, each in key order, in a file without a name: whatever ends the process, nothing of it is left. */
typedef struct AmSpill AmSpill;

/* The file lies in the folder of `path`, where the database needs room anyway. */
AmSpill *am_spill_new(const char *path, GError **error);
void am_spill_free(AmSpill *spill);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmSpill, am_spill_free)

/* Everything that `table` holds, as one more piece. */
gboolean am_spill_add(AmSpill *spill, AmSumTable *table, GError **error);
/* Gives out the sums of all pieces, those of one key added up, in key order. Nothing can be added afterwards. Memory: some
 * 64 KiB a piece. */
gboolean am_spill_merge(AmSpill *spill, AmSumFunc each, gpointer user_data, GError **error);
