/* The inputs of one ingest, merged into one stream of frames. Private to job/. */
#pragma once

#include "allowmap/capture.h"
#include "allowmap/job.h"

typedef struct AmInputs AmInputs;

/* Expands folders, leaves out the files of the database `db` itself, identifies every other, leaves out those that `facts`
 * knows (under the sensor and network of `run`)
 * and those that cannot be used, with a warning each, and orders the rest by the time of their first packet. NULL =
 * nothing could be opened, not even one known input. */
AmInputs *am_inputs_open(const char *const *paths, const char *db, gboolean whole_hash, AmFacts *facts,
			 const AmRun *run, AmIngestResult *result, GError **error);
void am_inputs_free(AmInputs *inputs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmInputs, am_inputs_free)

guint am_inputs_count(const AmInputs *inputs);
/* Octets of all files, for progress; and those consumed so far. */
uint64_t am_inputs_size(const AmInputs *inputs);
uint64_t am_inputs_position(const AmInputs *inputs);

/* The next frame of all captures in time order; its bytes are lent until the next call. FALSE = no more. A file that
 * fails on the way gives a warning in `result` and ends there. */
gboolean am_inputs_next(AmInputs *inputs, AmIngestResult *result, AmFrame *ret_frame);

/* The frame that was lent last is of a link layer that is not decoded: told, with the file's name, at its end. */
void am_inputs_link_unknown(AmInputs *inputs);

/* Opens the n-th input when it is a log; NULL without an error when it is a capture. */
AmInputFile *am_inputs_open_log(AmInputs *inputs, guint n, AmInput **ret_input, GError **error);

/* The inputs as they will be recorded, in the order in which they were read. Owned by the caller from here on. */
GArray *am_inputs_steal(AmInputs *inputs);
