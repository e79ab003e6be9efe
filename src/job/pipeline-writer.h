/* What ended in each chunk, into the facts. Private to job/: pipeline.c says why. */
#pragma once

#include "pipeline.h"

/* What the workers found in one chunk. */
typedef struct {
	AmConnectionBatch *batches; /* one a worker */
	AmConnectionBatch link;     /* the reader's: what frames without IP packets told */
	GPtrArray *new_networks;    /* char *: names of those that come up in it, in order */
	GArray *seen;               /* if it commits, or is the last: of encapsulations */
	gboolean is_last;
	gboolean commits;
	AmLedger ledger;                         /* if it commits: the reader's part, up to its end */
	AmFlowCounters counters[AM_FLOW_SHARDS]; /* if it commits */
} Harvest;

typedef struct AmPipelineWriter AmPipelineWriter;

/* Starts the thread. Options are borrowed. */
AmPipelineWriter *am_pipeline_writer_new(const AmPipelineOptions *options, guint n_workers);
/* An empty one; waits while too much is waiting to be stored. */
Harvest *am_pipeline_writer_take(AmPipelineWriter *writer);
/* Takes it back, filled, in the order of the chunks. */
void am_pipeline_writer_store(AmPipelineWriter *writer, Harvest *harvest);
/* Nothing more is stored: the reader should end. */
gboolean am_pipeline_writer_failed(AmPipelineWriter *writer);
/* After the last one was given: waits until it is stored, and frees. FALSE: something could not be. */
gboolean am_pipeline_writer_finish(AmPipelineWriter *writer, GError **error);

void am_ledger_add_shard(AmLedger *ledger, const AmFlowCounters *counters);
