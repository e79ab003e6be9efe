/* capture: live interfaces become facts, for weeks. The reader (the caller's thread) takes frames from the interfaces into
 * the pipeline, and does once a second what depends on the clock: it hands out what was read, has it committed every few
 * seconds, looks at links and drop counters, and tells people, monitoring and the service manager. What is done at a commit
 * is in capture-commit.c.
 *
 * The promise: a kill -9 loses at most 5 s of connections that ended, and 60 s of the counters of those that go on. Hence
 * COMMIT_US, and CHECKPOINT_AGE_NS + CHECKPOINT_US + COMMIT_US.
 */
#include "config.h"

#include "capture.h"
#include "pipeline.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#define IDLE_MS 200
#define SECOND_US G_USEC_PER_SEC
#define COMMIT_US (4 * SECOND_US)
#define CHECKPOINT_US (10 * SECOND_US)
#define CHECKPOINT_AGE_NS (40 * AM_NS_PER_S)
#define REST_US SECOND_US         /* at most, for what waits in the rings at the end */
#define STUCK_US (60 * SECOND_US) /* no commit for so long: the service manager may start us anew */
#define LATE_NS AM_NS_PER_S       /* frames that are on their way when an idle port says that there are none */

typedef struct {
	AmCapture *capture;
	AmLive *live;
	AmPipeline *pipeline;
	AmNotify *notify;
	const GArray *rules;                                /* the network table */
	gint64 second_us, commit_us, checkpoint_us, end_us; /* when it is next time for it */
	gint64 committed_us;                                /* when a new commit was seen */
	uint64_t commits;
	AmInterfaceState stored[AM_MAX_INTERFACES]; /* what went into the minutes so far */
	int64_t minute;
} Reader;

/* ---- Once a second */

/* Asked for each frame: the coarse clock costs next to nothing, and seconds are all that is wanted. */
static gint64 coarse_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void tell_of_links(Reader *reader, const AmLiveState *before, const AmLiveState *after)
{
	for (guint n = 0; n < before->n_interfaces; n++) {
		const AmInterfaceState *was = &before->interfaces[n], *is = &after->interfaces[n];
		if (is->gone && !was->gone)
			am_capture_say(reader->capture, "%s is gone; a new one of that name needs a new start",
				       is->name);
		else if (was->up != is->up)
			am_capture_say(reader->capture, "%s: the link is %s", is->name, is->up ? "up" : "down");
	}
}

/* What the interfaces counted since it was last asked, for the next commit. A minute has a row, also when nothing came. */
static void note_minutes(Reader *reader, const AmLiveState *state)
{
	AmCapture *capture = reader->capture;
	int64_t minute = state->now_ns / (60 * AM_NS_PER_S);
	g_mutex_lock(&capture->mutex);
	for (guint n = 0; n < state->n_interfaces; n++) {
		const AmInterfaceState *is = &state->interfaces[n];
		AmInterfaceState *was = &reader->stored[n];
		const AmInterfaceMinute row = {.interface = capture->options->live.interfaces[n],
					       .minute = minute,
					       .packets = is->packets - was->packets,
					       .dropped_kernel = is->dropped_kernel - was->dropped_kernel,
					       .dropped_interface = is->dropped_interface - was->dropped_interface,
					       .outages = is->outages - was->outages};
		if (row.packets + row.dropped_kernel + row.dropped_interface + row.outages > 0 ||
		    minute != reader->minute)
			g_array_append_val(capture->minutes, row);
		*was = *is;
	}
	g_mutex_unlock(&capture->mutex);
	reader->minute = minute;
}

static AmLiveState look(Reader *reader)
{
	AmCapture *capture = reader->capture;
	AmLiveState seen = {.now_ns = am_capture_now_ns()};
	am_live_look(reader->live, &seen);
	g_mutex_lock(&capture->mutex);
	AmLiveState before = capture->state;
	memcpy(capture->state.interfaces, seen.interfaces, sizeof seen.interfaces);
	capture->state.n_interfaces = seen.n_interfaces;
	capture->state.now_ns = seen.now_ns;
	AmLiveState after = capture->state;
	g_mutex_unlock(&capture->mutex);
	tell_of_links(reader, &before, &after);
	return after;
}

static void tell(Reader *reader, const AmLiveState *state, gint64 now_us)
{
	const AmCaptureOptions *options = reader->capture->options;
	if (options->show != NULL)
		options->show(state, options->user_data);
	if (state->commits != reader->commits)
		reader->committed_us = now_us;
	reader->commits = state->commits;
	if (now_us - reader->committed_us < STUCK_US)
		am_notify_say(reader->notify, "WATCHDOG=1");
}

/* FALSE: what was read cannot be stored. */
static gboolean tick(Reader *reader, gint64 now_us, gboolean is_idle)
{
	AmLiveState state = look(reader);
	gboolean commits = now_us >= reader->commit_us, checkpoints = now_us >= reader->checkpoint_us;
	reader->second_us = now_us + SECOND_US;
	if (am_signals_reopen()) {
		commits = TRUE;
		g_mutex_lock(&reader->capture->mutex);
		reader->capture->reopen = TRUE;
		g_mutex_unlock(&reader->capture->mutex);
	}
	if (commits) {
		reader->commit_us = now_us + COMMIT_US;
		note_minutes(reader, &state);
	}
	if (checkpoints)
		reader->checkpoint_us = now_us + CHECKPOINT_US;
	tell(reader, &state, now_us);
	return am_pipeline_hand_out(reader->pipeline, is_idle ? state.now_ns - LATE_NS : INT64_MIN, commits,
				    checkpoints ? state.now_ns - CHECKPOINT_AGE_NS : INT64_MIN);
}

static gboolean has_no_room(AmCapture *capture)
{
	g_mutex_lock(&capture->mutex);
	gboolean has_none = capture->no_room != NULL;
	g_mutex_unlock(&capture->mutex);
	return has_none;
}

/* What came before it was told to stop: the kernel may hold it back until its block is due. */
static gboolean read_rest(Reader *reader)
{
	int64_t stop_ns = am_capture_now_ns();
	gint64 end_us = coarse_us() + REST_US;
	AmFrame frame = {0};
	while (frame.time_ns <= stop_ns && coarse_us() < end_us &&
	       am_live_next(reader->live, IDLE_MS, &frame, NULL) > 0) {
		if (!am_pipeline_frame(reader->pipeline, &frame))
			return FALSE;
	}
	return TRUE;
}

/* Until a signal, the end of its time, or a reason to end: then FALSE, and the error is set unless the pipeline has it. */
static gboolean read_frames(Reader *reader, GError **error)
{
	while (!am_signals_stop()) {
		AmFrame frame;
		int got = am_live_next(reader->live, IDLE_MS, &frame, error);
		if (got < 0 || (got > 0 && !am_pipeline_frame(reader->pipeline, &frame)))
			return FALSE;
		gint64 now_us = coarse_us();
		if (now_us < reader->second_us)
			continue;
		if (reader->end_us != 0 && now_us >= reader->end_us)
			break;
		if (!tick(reader, now_us, got == 0))
			return FALSE;
		if (has_no_room(reader->capture)) {
			g_set_error_literal(error, AM_STORE_ERROR, AM_STORE_ERROR_FULL, reader->capture->no_room);
			return FALSE;
		}
	}
	return read_rest(reader);
}

/* ---- The whole */

static gboolean run_pipeline(Reader *reader, GError **error)
{
	AmCapture *capture = reader->capture;
	const AmCaptureOptions *options = capture->options;
	AmRun counted = {0}; /* the reader's and workers' ledger of the whole session */
	g_autoptr(AmNetworks) networks = am_pipeline_networks(capture->facts, capture->run, reader->rules, error);
	if (networks == NULL)
		return FALSE;
	AmPipelineOptions pipeline_options = {.facts = capture->facts,
					      .run = &counted,
					      .network = capture->network,
					      .networks = networks,
					      .threads = options->threads,
					      .flow = options->flow,
					      .commit = am_capture_commit,
					      .user_data = capture};
	g_autoptr(AmPipeline) pipeline = reader->pipeline = am_pipeline_new(&pipeline_options, error);
	if (pipeline == NULL)
		return FALSE;
	gint64 now_us = coarse_us();
	reader->second_us = reader->commit_us = reader->checkpoint_us = reader->committed_us = now_us;
	reader->end_us = options->duration_ns != 0 ? now_us + options->duration_ns / 1000 : 0;
	am_notify_say(reader->notify, "READY=1");
	g_autoptr(GError) read_error = NULL;
	gboolean read = read_frames(reader, &read_error);
	am_notify_say(reader->notify, "STOPPING=1");
	AmLiveState last = look(reader);
	note_minutes(reader, &last);
	if (!am_pipeline_finish(pipeline, error) || !am_capture_end_run(capture, &counted.ledger, error))
		return FALSE;
	if (read_error != NULL)
		g_propagate_error(error, g_steal_pointer(&read_error));
	return read;
}

static gboolean fence_in(AmCapture *capture, const AmLive *live, GError **error)
{
	const AmCaptureOptions *options = capture->options;
	const char *const writes[] = {options->db, options->metrics, NULL};
	if (!am_capture_fence_in(live, options->user, writes, &capture->not_fenced, error))
		return FALSE;
	if (capture->not_fenced != NULL)
		am_capture_say(capture, "%s", capture->not_fenced);
	return TRUE;
}

static gboolean capture_with(AmCapture *capture, GError **error)
{
	const AmCaptureOptions *options = capture->options;
	g_autoptr(AmLive) live = am_live_open(&options->live, error);
	if (live == NULL)
		return FALSE;
	g_autoptr(GError) notify_error = NULL;
	g_autoptr(AmNotify) notify = am_notify_open(&notify_error);
	if (notify_error != NULL)
		am_capture_say(capture, "%s", notify_error->message);
	Reader reader = {.capture = capture, .live = live, .notify = notify};
	g_autoptr(GArray) rules = am_pipeline_rules(options->db, options->decisions, error);
	if (rules == NULL)
		return FALSE;
	reader.rules = rules;
	am_live_look(live, &capture->state);
	return fence_in(capture, live, error) && am_capture_begin_run(capture, error) && run_pipeline(&reader, error);
}

gboolean am_job_capture(const AmCaptureOptions *options, AmLiveState *ret_state, GError **error)
{
	AmCaptureOptions own = *options;
	/* An attacker must not know it: it decides which packets share a shard and a slot. */
	while (getrandom(&own.flow.seed, sizeof own.flow.seed, 0) != sizeof own.flow.seed)
		continue;
	AmCapture capture = {.options = &own, .minutes = g_array_new(FALSE, FALSE, sizeof(AmInterfaceMinute))};
	capture.state.started_ns = am_capture_now_ns();
	g_mutex_init(&capture.mutex);
	AmSignals *signals = am_signals_catch();
	gboolean ok = capture_with(&capture, error);
	am_signals_let_go(signals);
	*ret_state = capture.state;
	am_facts_free(capture.facts);
	am_run_free(capture.run);
	g_array_unref(capture.minutes);
	g_free(capture.no_room);
	g_free(capture.not_fenced);
	g_mutex_clear(&capture.mutex);
	return ok;
}
