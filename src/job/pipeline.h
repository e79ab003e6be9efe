/* Frames → facts, for everything that reads packets. Private to job/. */
#pragma once

#include "networks.h"

#include "allowmap/capture.h"
#include "allowmap/job.h"

/* Called by the writer when a chunk that was handed out with `commits` is stored; `so_far` is the ledger up to there. It
 * commits, and may put other facts, with another id of the network, in place of these. */
typedef gboolean (*AmPipelineCommit)(AmFacts **facts, uint32_t *network, const AmLedger *so_far, gpointer user_data,
				     GError **error);

typedef struct {
	AmFacts *facts;       /* with a run begun; the writer thread's until am_pipeline_finish() */
	AmRun *run;           /* its ledger is filled; the reader's */
	uint32_t network;     /* id of the run's own */
	AmNetworks *networks; /* borrowed; the reader's */
	guint threads;        /* workers; 0 = one per core */
	AmFlowOptions flow;
	AmPipelineCommit commit; /* live; else NULL */
	gpointer user_data;
} AmPipelineOptions;

/* The network table (AmNetworkRule) of the decisions, NULL = those beside `db`. To be read before a sandbox is entered. */
GArray *am_pipeline_rules(const char *db, const char *decisions_path, GError **error);
/* What a run that has begun starts with: the network table, and what earlier runs found out. */
AmNetworks *am_pipeline_networks(AmFacts *facts, const AmRun *run, const GArray *rules, GError **error);

typedef struct AmPipeline AmPipeline;

/* Starts the threads. Options are copied, what they point to is borrowed. */
AmPipeline *am_pipeline_new(const AmPipelineOptions *options, GError **error);
/* Takes in one frame, roughly in time order. FALSE: it could not be stored; finish, which says why. */
gboolean am_pipeline_frame(AmPipeline *pipeline, const AmFrame *frame);
/* Live: hands out what was read so far, though it is little. Connections idle at `now_ns` end (INT64_MIN: the packets' own
 * time decides). `commits`: it is committed when it is stored. What open connections did up to `checkpoint_ns` goes with it
 * (INT64_MIN: none). FALSE as above. */
gboolean am_pipeline_hand_out(AmPipeline *pipeline, int64_t now_ns, gboolean commits, int64_t checkpoint_ns);
/* Ends every connection, waits for all that was read to be stored, and completes the ledger. Once. */
gboolean am_pipeline_finish(AmPipeline *pipeline, GError **error);
/* The highest ordinal of a packet. Frames with tunnels have several packets, so it is at least the number of frames. */
uint64_t am_pipeline_ordinals(const AmPipeline *pipeline);
/* Finishes first, if that was not done. */
void am_pipeline_free(AmPipeline *pipeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmPipeline, am_pipeline_free)
