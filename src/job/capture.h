/* A live capture, between its reader and the pipeline's writer. Private to job/. */
#pragma once

#include "allowmap/job.h"
#include "allowmap/report.h"

typedef struct {
	const AmCaptureOptions *options;

	/* The writer's, while the pipeline runs. */
	AmFacts *facts;
	AmRun *run;
	uint32_t network;
	AmLedger before;   /* what earlier runs of this capture have in their ledgers */
	int64_t begun_ns;  /* of the run in hand */
	int64_t expire_ns; /* when to look for old connections again */
	int64_t rotate_ns; /* not before */
	guint held;        /* commits since when the log could not be cut */
	gboolean metrics_failed;
	char *not_fenced; /* what of the sandbox could not be had, in words; NULL = it is complete */

	GMutex mutex; /* of what follows */
	AmLiveState state;
	GArray *minutes; /* AmInterfaceMinute, not stored yet; names are those of the options */
	gboolean reopen; /* asked for */
	char *no_room;   /* why it must end; NULL = it need not */
} AmCapture;

/* SIGINT, SIGTERM (and SIGHUP) are flags from here on, and interrupt poll(). */
typedef struct AmSignals AmSignals;
AmSignals *am_signals_catch(void);
void am_signals_let_go(AmSignals *signals);
gboolean am_signals_stop(void);   /* it is time to end */
gboolean am_signals_reopen(void); /* once for each SIGHUP */
/* With the interfaces open and no thread there yet: no privileges, and no file but those in the folders of `writes` (paths
 * in them; NULL-terminated). *ret_missing as am_sandbox_enter() has it. */
gboolean am_capture_fence_in(const AmLive *live, const char *user, const char *const *writes, char **ret_missing,
			     GError **error);
int64_t am_capture_now_ns(void);
/* Formats a message for people. */
void am_capture_say(const AmCapture *capture, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Opens the facts and begins a run. */
gboolean am_capture_begin_run(AmCapture *capture, GError **error);
/* An AmPipelineCommit; `user_data` is the capture. */
gboolean am_capture_commit(AmFacts **facts, uint32_t *network, const AmLedger *so_far, gpointer user_data,
			   GError **error);
/* Ends the run for good, when the pipeline is finished and `total` is its ledger. */
gboolean am_capture_end_run(AmCapture *capture, const AmLedger *total, GError **error);
