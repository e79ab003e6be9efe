/* check: frames of interfaces for a minute, or of files, through the checker; nothing is stored. */
#include "config.h"

#include "allowmap/import.h"
#include "capture.h"
#include "check.h"

#define IDLE_MS 200
#define DEFAULT_NS (60 * AM_NS_PER_S)

static gboolean check_live(const AmCheckOptions *options, AmChecker *checker, AmLiveState *state, GError **error)
{
	static const char *const no_files[] = {NULL};
	g_autoptr(AmLive) live = am_live_open(&options->live, error);
	g_autofree char *missing = NULL;
	if (live == NULL || !am_capture_fence_in(live, options->user, no_files, &missing, error))
		return FALSE;
	if (missing != NULL && options->say != NULL)
		options->say(missing, options->user_data);
	AmSignals *signals = am_signals_catch();
	int64_t duration_ns = options->duration_ns != 0 ? options->duration_ns : DEFAULT_NS;
	gint64 end_us = g_get_monotonic_time() + duration_ns / 1000;
	int got = 0;
	while (got >= 0 && !am_signals_stop() && g_get_monotonic_time() < end_us) {
		AmFrame frame;
		got = am_live_next(live, IDLE_MS, &frame, error);
		if (got > 0)
			am_checker_frame(checker, &frame, am_capture_now_ns());
	}
	am_live_look(live, state);
	am_signals_let_go(signals);
	return got >= 0;
}

static gboolean check_files(const AmCheckOptions *options, AmChecker *checker, GError **error)
{
	g_autoptr(GPtrArray) paths = am_input_expand(options->paths, error);
	for (guint n = 0; paths != NULL && n < paths->len; n++) {
		g_autoptr(AmInputFile) file = am_input_file_open(paths->pdata[n], am_log_recognise, error);
		if (file == NULL)
			return FALSE;
		AmInputKind kind = am_input_file_kind(file);
		if (am_input_is_log(kind)) {
			g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_INPUT,
				    "%s is a log: only captures can be checked", (const char *)paths->pdata[n]);
			return FALSE;
		}
		AmFrame frame;
		int got;
		while ((got = am_input_file_next(file, &frame, error)) > 0)
			am_checker_frame(checker, &frame, 0);
		if (got < 0) {
			g_prefix_error(error, "%s: ", (const char *)paths->pdata[n]);
			return FALSE;
		}
	}
	return paths != NULL;
}

AmPortCheck *am_job_check(const AmCheckOptions *options, GError **error)
{
	gboolean is_live = options->live.interfaces != NULL;
	g_autoptr(AmChecker) checker = am_checker_new(is_live);
	AmLiveState state = {0};
	if (!(is_live ? check_live(options, checker, &state, error) : check_files(options, checker, error)))
		return NULL;
	uint64_t dropped_kernel = 0, dropped_interface = 0;
	for (guint n = 0; n < state.n_interfaces; n++) {
		dropped_kernel += state.interfaces[n].dropped_kernel;
		dropped_interface += state.interfaces[n].dropped_interface;
	}
	return am_checker_finish(checker, dropped_kernel, dropped_interface);
}
