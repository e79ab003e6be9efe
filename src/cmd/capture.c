/* capture: what passes on interfaces into the facts, until it is told to stop. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char description[] =
	"Watches interfaces (a mirror port, a tap) and keeps the facts up to date; it sends nothing. What is seen can "
	"be\n"
	"read by all other commands a few seconds later. SIGINT or SIGTERM ends it; SIGHUP opens the database anew.\n"
	"FILTER is in the language of pcap-filter(7).\n"
	"With --check nothing is stored: after a minute it tells what the port shows, and what to ask the switch team "
	"for.\n"
	"\n"
	"Example:\n"
	"  allowmap capture --check -i eth1 --duration 60s\n"
	"  allowmap capture -i eth1 --db office.db\n"
	"  allowmap capture -i eth1 -i eth2 --db office.db --keep-connections 30 --duration 7d not port 22";

#define DEFAULT_MIN_FREE (UINT64_C(64) << 20)

typedef struct {
	char *db, *decisions, *duration, *rotate, *max_db, *min_free, *metrics, *user, *format;
	char **interfaces;
	gint ring, snaplen, keep;
	gboolean no_promiscuous, check;
	AmIngestArguments ingest;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
	g_free(arguments->db);
	g_free(arguments->decisions);
	g_free(arguments->duration);
	g_free(arguments->rotate);
	g_free(arguments->max_db);
	g_free(arguments->min_free);
	g_free(arguments->metrics);
	g_free(arguments->user);
	g_free(arguments->format);
	g_strfreev(arguments->interfaces);
	am_ingest_arguments_clear(&arguments->ingest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

static void add_entries(GOptionContext *context, Arguments *a)
{
	const GOptionEntry entries[] = {
		{"interface", 'i', 0, G_OPTION_ARG_STRING_ARRAY, &a->interfaces, "Watch this interface (repeatable)",
		 "NAME"},
		{"db", 0, 0, G_OPTION_ARG_FILENAME, &a->db, "The facts, made when missing (default: allowmap.db)",
		 "FILE"},
		{"decisions", 0, 0, G_OPTION_ARG_FILENAME, &a->decisions,
		 "The decisions, for what 'networks set' says (default: beside the facts)", "FILE"},
		{"duration", 0, 0, G_OPTION_ARG_STRING, &a->duration, "End after this time: 90s, 10m, 2h, 7d", "TIME"},
		{"ring", 0, 0, G_OPTION_ARG_INT, &a->ring, "MiB of each interface that may wait (default: 32)", "MIB"},
		{"snaplen", 0, 0, G_OPTION_ARG_INT, &a->snaplen,
		 "Octets of a packet that are looked at (default: 65535)", "N"},
		{"no-promiscuous", 0, 0, G_OPTION_ARG_NONE, &a->no_promiscuous,
		 "Only what is sent to or by this machine", NULL},
		{"rotate-db", 0, 0, G_OPTION_ARG_STRING, &a->rotate,
		 "Begin a new database: hourly, daily, or at a size such as 20G", "WHEN"},
		{"keep-connections", 0, 0, G_OPTION_ARG_INT, &a->keep,
		 "Remove connections after so many days; what is computed from them stays", "DAYS"},
		{"max-db", 0, 0, G_OPTION_ARG_STRING, &a->max_db,
		 "Most that the database may take; near it connections are only counted", "SIZE"},
		{"min-free", 0, 0, G_OPTION_ARG_STRING, &a->min_free,
		 "Room to leave on the disk (default: 64M); below it connections are only counted", "SIZE"},
		{"metrics", 0, 0, G_OPTION_ARG_FILENAME, &a->metrics,
		 "Keep the capture's numbers in this file, for Prometheus", "FILE"},
		{"check", 0, 0, G_OPTION_ARG_NONE, &a->check,
		 "Store nothing; tell what the interface, or files, show, and what to ask for (default: 60s)", NULL},
		{"format", 0, 0, G_OPTION_ARG_STRING, &a->format, "With --check: table (default) or json", "FORMAT"},
		{"user", 0, 0, G_OPTION_ARG_STRING, &a->user, "Become this user once the interfaces are open", "NAME"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_option_context_add_main_entries(context, entries, NULL);
	am_ingest_arguments_add_live(context, &a->ingest);
}

static gboolean parse_rotate(const char *text, AmCaptureOptions *options, GError **error)
{
	if (text == NULL)
		options->rotate = AM_ROTATE_NEVER;
	else if (strcmp(text, "hourly") == 0)
		options->rotate = AM_ROTATE_HOURLY;
	else if (strcmp(text, "daily") == 0)
		options->rotate = AM_ROTATE_DAILY;
	else
		options->rotate = AM_ROTATE_SIZE;
	return options->rotate != AM_ROTATE_SIZE || am_cmd_parse_size("rotate-db", text, &options->rotate_size, error);
}

static gboolean fill_options(const Arguments *arguments, AmCaptureOptions *options, GError **error)
{
	AmIngestOptions ingest;
	if (arguments->interfaces == NULL) {
		am_cmd_usage_error(error, "which interface? -i NAME; 'ip link' lists them");
		return FALSE;
	}
	if (arguments->ring < 0 || arguments->ring > 2000 || arguments->snaplen < 0 ||
	    arguments->snaplen > AM_FRAME_MAX || (arguments->snaplen > 0 && arguments->snaplen < 96) ||
	    arguments->keep < 0 || arguments->keep > 36500) {
		am_cmd_usage_error(error,
				   "--ring takes 1 to 2000 MiB, --snaplen 96 to %d octets, --keep-connections days",
				   AM_FRAME_MAX);
		return FALSE;
	}
	if (!am_cmd_ingest_options(&arguments->ingest, options->db, NULL, NULL, &ingest, error) ||
	    !parse_rotate(arguments->rotate, options, error) ||
	    (arguments->duration != NULL &&
	     !am_cmd_parse_duration("duration", arguments->duration, &options->duration_ns, error)) ||
	    (arguments->max_db != NULL && !am_cmd_parse_size("max-db", arguments->max_db, &options->max_db, error)) ||
	    (arguments->min_free != NULL &&
	     !am_cmd_parse_size("min-free", arguments->min_free, &options->min_free, error)))
		return FALSE;
	options->decisions = arguments->decisions;
	options->sensor = ingest.sensor;
	options->network = ingest.network;
	options->threads = ingest.threads;
	options->flow = ingest.flow;
	options->keep_days = (guint)arguments->keep;
	options->metrics = arguments->metrics;
	options->user = arguments->user;
	options->live.interfaces = (const char *const *)arguments->interfaces;
	options->live.ring_mib = (guint)arguments->ring;
	options->live.snaplen = (guint)arguments->snaplen;
	options->live.promiscuous = !arguments->no_promiscuous;
	return TRUE;
}

/* ---- What people see. Messages may come from two threads: each is one write, and wipes the status line. */

typedef struct {
	gboolean is_terminal;
	uint64_t packets;
	int64_t at_ns;
} Screen;

static void say(const char *message, gpointer user_data)
{
	const Screen *screen = user_data;
	g_autofree char *safe = am_text_safe_dup(message);
	fprintf(stderr, "%sallowmap capture: %s\n", screen->is_terminal ? "\r\033[K" : "", safe);
}

static uint64_t packets_of(const AmLiveState *state, uint64_t *ret_dropped)
{
	uint64_t packets = 0;
	*ret_dropped = 0;
	for (guint n = 0; n < state->n_interfaces; n++) {
		packets += state->interfaces[n].packets;
		*ret_dropped += state->interfaces[n].dropped_kernel + state->interfaces[n].dropped_interface;
	}
	return packets;
}

static void show(const AmLiveState *state, gpointer user_data)
{
	Screen *screen = user_data;
	uint64_t dropped, packets = packets_of(state, &dropped);
	double seconds = (double)(state->now_ns - screen->at_ns) / (double)AM_NS_PER_S;
	if (screen->is_terminal && screen->at_ns != 0 && seconds > 0)
		fprintf(stderr,
			"\r%" G_GUINT64_FORMAT " packets, %.0f a second, %" G_GUINT64_FORMAT
			" dropped; %" G_GUINT64_FORMAT " connections; database %" G_GUINT64_FORMAT " MiB\033[K",
			packets, (double)(packets - screen->packets) / seconds, dropped, state->ledger.connections,
			state->db_size >> 20);
	screen->packets = packets;
	screen->at_ns = state->now_ns;
}

static void print_result(const AmLiveState *state, const char *db, gboolean is_terminal)
{
	uint64_t dropped;
	(void)packets_of(state, &dropped);
	const AmLedger *ledger = &state->ledger;
	g_autofree char *safe = am_text_safe_dup(db);
	fprintf(stderr,
		"%s%" G_GUINT64_FORMAT " packets read, %" G_GUINT64_FORMAT " recorded, %" G_GUINT64_FORMAT
		" skipped, %" G_GUINT64_FORMAT " dropped before they could be read; %" G_GUINT64_FORMAT
		" connections -> %s\n",
		is_terminal ? "\r\033[K" : "", ledger->read, ledger->recorded, ledger->read - ledger->recorded, dropped,
		ledger->connections, safe);
}

static gboolean capture(const Arguments *arguments, char **filter, GError **error)
{
	Screen screen = {.is_terminal = isatty(STDERR_FILENO)};
	g_autofree char *expression = g_strjoinv(" ", filter);
	AmCaptureOptions options = {.db = arguments->db != NULL ? arguments->db : "allowmap.db",
				    .min_free = DEFAULT_MIN_FREE,
				    .say = say,
				    .show = show,
				    .user_data = &screen};
	options.live.filter = *expression != '\0' ? expression : NULL;
	if (!fill_options(arguments, &options, error))
		return FALSE;
	AmLiveState state;
	gboolean ok = am_job_capture(&options, &state, error);
	if (ok || state.commits > 0)
		print_result(&state, options.db, screen.is_terminal);
	return ok;
}

/* ---- --check */

static gboolean check(const Arguments *arguments, char **rest, GError **error)
{
	Screen screen = {.is_terminal = isatty(STDERR_FILENO)};
	AmFormat format = AM_FORMAT_TABLE;
	g_autofree char *expression = g_strjoinv(" ", rest);
	AmCaptureOptions capture_options = {.db = ""};
	Arguments own = *arguments;
	char *no_interface[] = {NULL};
	own.interfaces = arguments->interfaces != NULL ? arguments->interfaces : no_interface;
	if (arguments->format != NULL && !am_format_parse(arguments->format, &format, error))
		return FALSE;
	if (arguments->interfaces == NULL && *rest == NULL) {
		am_cmd_usage_error(error, "what is to be checked? -i NAME, or files");
		return FALSE;
	}
	if (!fill_options(&own, &capture_options, error))
		return FALSE;
	AmCheckOptions options = {.live = capture_options.live,
				  .paths = (const char *const *)rest,
				  .duration_ns = capture_options.duration_ns,
				  .user = arguments->user,
				  .say = say,
				  .user_data = &screen};
	options.live.filter = *expression != '\0' ? expression : NULL;
	if (arguments->interfaces == NULL)
		options.live.interfaces = NULL;
	g_autoptr(AmPortCheck) found = am_job_check(&options, error);
	return found != NULL && am_report_check(found, format, stdout, error) && am_cmd_finish_output(error);
}

int am_cmd_capture(int argc, char **argv)
{
	g_auto(Arguments) arguments = {0};
	g_autoptr(GOptionContext) context = g_option_context_new("[FILTER...]");
	add_entries(context, &arguments);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, G_MAXINT, &error) &&
	    (arguments.check ? check : capture)(&arguments, argv + 1, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("capture", error);
}
