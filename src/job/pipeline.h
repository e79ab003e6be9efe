/* Frames → facts, for everything that reads packets. Private to job/. */
#pragma once

#include "allowmap/capture.h"
#include "allowmap/job.h"

typedef struct {
	AmFacts *facts; /* with a run begun; the writer thread's until am_pipeline_finish() */
	AmRun *run;     /* its ledger is filled; the reader's */
	uint32_t network;
	guint threads; /* workers; 0 = one per core */
	AmFlowOptions flow;
} AmPipelineOptions;

typedef struct AmPipeline AmPipeline;

/* Starts the threads. Options are copied, what they point to is borrowed. */
AmPipeline *am_pipeline_new(const AmPipelineOptions *options, GError **error);
/* Takes in one frame, roughly in time order. FALSE: it could not be stored; finish, which says why. */
gboolean am_pipeline_frame(AmPipeline *pipeline, const AmFrame *frame);
/* Ends every connection, waits for all that was read to be stored, and completes the ledger. Once. */
gboolean am_pipeline_finish(AmPipeline *pipeline, GError **error);
/* Finishes first, if that was not done. */
void am_pipeline_free(AmPipeline *pipeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmPipeline, am_pipeline_free)
