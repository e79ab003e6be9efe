/* What a live capture does at each commit: it stores what the interfaces counted, removes what is too old, looks whether
 * there is room, commits, keeps the log short, goes on in a new file when it is time for one, and writes the metrics.
 *
 * Run by the pipeline's writer thread, the only one that touches the facts; it knows nothing of packets and sockets.
 */
#include "config.h"

#include "capture.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define EXPIRE_ROWS 4000                    /* looked at in one commit: some 20 ms */
#define EXPIRE_PAUSE_NS (60 * AM_NS_PER_S)  /* between two rounds */
#define ROTATE_PAUSE_NS (300 * AM_NS_PER_S) /* after one that could not be done */
#define HELD_COMMITS 15                     /* a minute: nobody reads so long */
#define DAY_NS (86400 * AM_NS_PER_S)

int64_t am_capture_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * AM_NS_PER_S + now.tv_nsec;
}

void am_capture_say(const AmCapture *capture, const char *format, ...)
{
	if (capture->options->say == NULL)
		return;
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	capture->options->say(message, capture->options->user_data);
}

/* ---- Runs */

static void append_json(GString *to, const char *text)
{
	g_string_append_c(to, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(to, '\\');
		g_string_append_c(to, g_ascii_isprint(*text) ? *text : '?');
	}
	g_string_append_c(to, '"');
}

/* Every option that has a bearing on the result, as a JSON object. */
static char *parameters_text(const AmCapture *capture)
{
	const AmCaptureOptions *options = capture->options;
	const AmFlowOptions *flow = &options->flow;
	GString *to = g_string_new("{\"interfaces\":[");
	for (const char *const *name = options->live.interfaces; *name != NULL; name++) {
		g_string_append(to, name != options->live.interfaces ? "," : "");
		append_json(to, *name);
	}
	g_string_append(to, "],\"filter\":");
	append_json(to, options->live.filter != NULL ? options->live.filter : "");
	g_string_append(to, ",\"sandbox\":");
	append_json(to, capture->not_fenced != NULL ? capture->not_fenced : "complete");
	g_string_append_printf(
		to,
		",\"ring_mib\":%u,\"snaplen\":%u,\"promiscuous\":%s,\"dpi\":%s,\"max_flows\":%u,"
		"\"keep_days\":%u,\"max_db\":%" G_GUINT64_FORMAT ",\"min_free\":%" G_GUINT64_FORMAT
		",\"tcp_established_s\":%u,\"tcp_unestablished_s\":%u,\"tcp_closed_s\":%u,\"udp_s\":%u,"
		"\"other_s\":%u}",
		options->live.ring_mib, options->live.snaplen, options->live.promiscuous ? "true" : "false",
		flow->dpi ? "true" : "false", flow->max_flows, options->keep_days, options->max_db, options->min_free,
		flow->tcp_established_s, flow->tcp_unestablished_s, flow->tcp_closed_s, flow->udp_s, flow->other_s);
	return g_string_free(to, FALSE);
}

static AmRun *new_run(const AmCapture *capture)
{
	const AmCaptureOptions *options = capture->options;
	AmRun *run = g_new0(AmRun, 1);
	run->sensor = g_strdup(options->sensor != NULL ? options->sensor : g_get_host_name());
	run->network = g_strdup(options->network != NULL ? options->network : "default");
	run->live = TRUE;
	run->started_ns = run->committed_ns = capture->begun_ns;
	run->parameters = parameters_text(capture);
	run->tool_version = g_strdup(PACKAGE_VERSION);
	run->dpi_version = g_strdup(options->flow.dpi ? am_flow_dpi_version() : "none");
	return run;
}

gboolean am_capture_begin_run(AmCapture *capture, GError **error)
{
	capture->facts = am_facts_open(capture->options->db, AM_FACTS_WRITE, error);
	if (capture->facts == NULL)
		return FALSE;
	capture->begun_ns = am_capture_now_ns();
	g_clear_pointer(&capture->run, am_run_free);
	capture->run = new_run(capture);
	return am_facts_begin_run(capture->facts, capture->run, &capture->network, error);
}

static AmLedger ledger_since(const AmLedger *now, const AmLedger *before)
{
	_Static_assert(sizeof(AmLedger) % sizeof(uint64_t) == 0, "a ledger is counters and nothing else");
	AmLedger since = {0};
	for (size_t n = 0; n < sizeof since / sizeof(uint64_t); n++)
		((uint64_t *)&since)[n] = ((const uint64_t *)now)[n] - ((const uint64_t *)before)[n];
	return since;
}

/* ---- What goes with a commit */

static gboolean store_minutes(AmCapture *capture, GError **error)
{
	g_mutex_lock(&capture->mutex);
	GArray *minutes = capture->minutes;
	capture->minutes = g_array_new(FALSE, FALSE, sizeof(AmInterfaceMinute));
	g_mutex_unlock(&capture->mutex);
	gboolean ok = TRUE;
	for (guint n = 0; ok && n < minutes->len; n++)
		ok = am_facts_add_minute(capture->facts, &g_array_index(minutes, AmInterfaceMinute, n), error);
	g_array_unref(minutes);
	return ok;
}

/* Until `end_ns`, unless the clock was put back since: a pause is never longer than it was to be. */
static gboolean is_pausing(int64_t now_ns, int64_t end_ns, int64_t pause_ns)
{
	return now_ns < end_ns && end_ns - now_ns <= pause_ns;
}

static gboolean expire(AmCapture *capture, int64_t now_ns, GError **error)
{
	guint removed = 0;
	if (capture->options->keep_days == 0 || is_pausing(now_ns, capture->expire_ns, EXPIRE_PAUSE_NS))
		return TRUE;
	if (!am_facts_expire(capture->facts, now_ns - (int64_t)capture->options->keep_days * DAY_NS, EXPIRE_ROWS,
			     &removed, error))
		return FALSE;
	/* Once nothing is old any more, there is time. */
	capture->expire_ns = removed > 0 ? now_ns : now_ns + EXPIRE_PAUSE_NS;
	g_mutex_lock(&capture->mutex);
	capture->state.expired += removed;
	g_mutex_unlock(&capture->mutex);
	return TRUE;
}

static uint64_t free_room(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	struct statvfs about;
	return statvfs(folder, &about) == 0 ? (uint64_t)about.f_bavail * about.f_frsize : UINT64_MAX;
}

/* Connections take most of the room and can be done without, tallies cannot. They are kept again when there is clearly
 * room. */
static gboolean watch_room(AmCapture *capture, GError **error)
{
	const AmCaptureOptions *options = capture->options;
	uint64_t size, room = free_room(options->db);
	if (!am_facts_size(capture->facts, &size, error))
		return FALSE;
	gboolean was_short = capture->state.tallies_only, is_short = was_short;
	uint64_t most = options->max_db != 0 ? options->max_db : UINT64_MAX;
	if (size >= most / 10 * 9 || room < options->min_free)
		is_short = TRUE;
	else if (size < most / 10 * 8 && room > options->min_free + options->min_free / 4)
		is_short = FALSE;
	gboolean has_none = size >= most || room < options->min_free / 2;
	if (is_short != was_short)
		am_facts_set_tallies_only(capture->facts, is_short);
	if (is_short && !was_short)
		am_capture_say(capture,
			       "room is short (%s has %" G_GUINT64_FORMAT " MiB, the disk %" G_GUINT64_FORMAT
			       " MiB left): from here on connections are counted in the tallies, and not kept; map and "
			       "policy do not "
			       "change by that",
			       options->db, size >> 20, room >> 20);
	else if (was_short && !is_short)
		am_capture_say(capture, "there is room again: connections are kept");
	g_mutex_lock(&capture->mutex);
	capture->state.tallies_only = is_short;
	capture->state.db_size = size;
	capture->state.free_size = room;
	if (has_none && capture->no_room == NULL)
		capture->no_room =
			g_strdup_printf("no room is left for %s (%s); all that was seen is in it; make room, or "
					"rotate it away, and start again",
					options->db, size >= most ? "--max-db" : "--min-free");
	g_mutex_unlock(&capture->mutex);
	return TRUE;
}

/* A reader that hangs in a transaction cannot be helped from here, but it can be told of. */
static gboolean watch_log(AmCapture *capture, GError **error)
{
	const char *db = capture->options->db;
	uint64_t size;
	gboolean held;
	if (!am_facts_shorten_log(capture->facts, &size, &held, error))
		return FALSE;
	if (held && ++capture->held == HELD_COMMITS)
		am_capture_say(capture,
			       "%s is being read without end, so its log grows (%" G_GUINT64_FORMAT
			       " MiB); 'fuser %s' tells by which process; end that",
			       db, size >> 20, db);
	else if (!held && capture->held >= HELD_COMMITS)
		am_capture_say(capture, "the reader of %s came to an end, its log is short again", db);
	if (!held)
		capture->held = 0;
	g_mutex_lock(&capture->mutex);
	capture->state.log_size = size;
	capture->state.log_held = capture->held >= HELD_COMMITS;
	g_mutex_unlock(&capture->mutex);
	return TRUE;
}

/* ---- Rotation */

/* "facts.db" and a time: "facts-20261124T220000Z.db", or with "-2", ... if that is there already. */
static char *rotated_name(const char *db, int64_t ns)
{
	time_t seconds = (time_t)(ns / AM_NS_PER_S);
	struct tm utc;
	char stamp[32];
	gmtime_r(&seconds, &utc);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
	g_autofree char *base = g_path_get_basename(db), *folder = g_path_get_dirname(db);
	const char *dot = strrchr(base, '.');
	size_t stem = dot != NULL && dot != base ? (size_t)(dot - base) : strlen(base);
	for (guint n = 1;; n++) {
		g_autofree char *more = n > 1 ? g_strdup_printf("-%u", n) : g_strdup("");
		g_autofree char *name = g_strdup_printf("%.*s-%s%s%s", (int)stem, base, stamp, more, base + stem);
		g_autofree char *path = g_build_filename(folder, name, NULL);
		if (access(path, F_OK) != 0)
			return g_steal_pointer(&path);
	}
}

/* A reader that is in the middle of the file holds its log: that must not be left behind. */
static gboolean move_away(AmCapture *capture)
{
	const char *db = capture->options->db;
	g_autofree char *log = g_strconcat(db, "-wal", NULL), *index = g_strconcat(db, "-shm", NULL);
	g_autofree char *name = rotated_name(db, capture->begun_ns);
	if (access(log, F_OK) == 0 || access(index, F_OK) == 0) {
		am_capture_say(capture, "%s is being read: rotated later", db);
		return FALSE;
	}
	if (rename(db, name) != 0) {
		am_capture_say(capture, "cannot rotate %s to %s: %s", db, name, g_strerror(errno));
		return FALSE;
	}
	am_capture_say(capture, "%s is now %s", db, name);
	return TRUE;
}

/* Another hour or day, not a later one: the clock may have been put back. */
static gboolean is_due(const AmCapture *capture, int64_t now_ns)
{
	int64_t hour_ns = DAY_NS / 24, begun_ns = capture->begun_ns;
	if (is_pausing(now_ns, capture->rotate_ns, ROTATE_PAUSE_NS))
		return FALSE;
	switch (capture->options->rotate) {
	case AM_ROTATE_HOURLY:
		return now_ns / hour_ns != begun_ns / hour_ns;
	case AM_ROTATE_DAILY:
		return am_time_day(now_ns) != am_time_day(begun_ns);
	case AM_ROTATE_SIZE:
		return capture->state.db_size >= capture->options->rotate_size;
	case AM_ROTATE_NEVER:
		break;
	}
	return FALSE;
}

static gboolean begin_anew(AmCapture *capture, const AmLedger *so_far, gboolean moves, GError **error)
{
	capture->run->finished_ns = am_capture_now_ns();
	if (!am_facts_finish_run(capture->facts, capture->run, error))
		return FALSE;
	g_clear_pointer(&capture->facts, am_facts_free);
	gboolean moved = moves && move_away(capture);
	if (moves && !moved)
		capture->rotate_ns = capture->run->finished_ns + ROTATE_PAUSE_NS;
	if (!am_capture_begin_run(capture, error))
		return FALSE;
	capture->before = *so_far;
	g_mutex_lock(&capture->mutex);
	capture->state.tallies_only = FALSE; /* as a new handle has it */
	capture->state.rotations++;
	g_mutex_unlock(&capture->mutex);
	return TRUE;
}

/* ---- The whole */

static void write_metrics(AmCapture *capture, const AmLiveState *state)
{
	if (capture->options->metrics == NULL)
		return;
	g_autofree char *text = am_report_metrics(state);
	g_autoptr(GError) error = NULL;
	gboolean ok = am_job_write_file(capture->options->metrics, text, -1, &error);
	if (!ok && !capture->metrics_failed)
		am_capture_say(capture, "%s; the capture goes on", error->message);
	capture->metrics_failed = !ok;
}

static AmLiveState publish(AmCapture *capture, const AmLedger *so_far)
{
	g_mutex_lock(&capture->mutex);
	capture->state.ledger = *so_far;
	capture->state.committed_ns = capture->run->committed_ns;
	capture->state.commits++;
	AmLiveState state = capture->state;
	g_mutex_unlock(&capture->mutex);
	return state;
}

gboolean am_capture_commit(AmFacts **facts, uint32_t *network, const AmLedger *so_far, gpointer user_data,
			   GError **error)
{
	AmCapture *capture = user_data;
	int64_t now_ns = am_capture_now_ns();
	capture->run->ledger = ledger_since(so_far, &capture->before);
	capture->run->committed_ns = now_ns;
	if (!store_minutes(capture, error) || !expire(capture, now_ns, error) || !watch_room(capture, error) ||
	    !am_facts_commit_live(capture->facts, capture->run, error) || !watch_log(capture, error))
		return FALSE;
	AmLiveState state = publish(capture, so_far);
	g_mutex_lock(&capture->mutex);
	gboolean reopen = capture->reopen, moves = is_due(capture, now_ns);
	capture->reopen = FALSE;
	g_mutex_unlock(&capture->mutex);
	if ((reopen || moves) && !begin_anew(capture, so_far, moves, error))
		return FALSE;
	if (reopen)
		am_capture_say(capture, "SIGHUP: %s was closed and opened anew", capture->options->db);
	*facts = capture->facts;
	*network = capture->network;
	write_metrics(capture, &state);
	return TRUE;
}

gboolean am_capture_end_run(AmCapture *capture, const AmLedger *total, GError **error)
{
	capture->run->ledger = ledger_since(total, &capture->before);
	capture->run->finished_ns = capture->run->committed_ns = am_capture_now_ns();
	if (!store_minutes(capture, error) || !am_facts_finish_run(capture->facts, capture->run, error))
		return FALSE;
	AmLiveState state = publish(capture, total);
	write_metrics(capture, &state);
	return TRUE;
}
