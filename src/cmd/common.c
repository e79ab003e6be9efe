/* What the commands share: options, errors and exit statuses. Only here and in main.c are messages printed. */
#include "config.h"

#include "cmd.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void add_entries(GOptionContext *context, const GOptionEntry *entries)
{
	g_option_context_add_main_entries(context, entries, NULL);
}

void am_map_arguments_add(GOptionContext *context, AmMapArguments *arguments)
{
	const GOptionEntry entries[] = {
		{"db", 0, 0, G_OPTION_ARG_FILENAME, &arguments->db, "The facts (default: allowmap.db)", "FILE"},
		{"decisions", 0, 0, G_OPTION_ARG_FILENAME, &arguments->decisions,
		 "The decisions (default: beside the facts)", "FILE"},
		{"inside", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments->inside,
		 "What is inside (repeatable; default: the private ranges)", "CIDR"},
		{"now", 0, 0, G_OPTION_ARG_STRING, &arguments->now,
		 "The time to go by (RFC 3339; also SOURCE_DATE_EPOCH)", "TIME"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	add_entries(context, entries);
}

void am_map_arguments_clear(AmMapArguments *arguments)
{
	g_free(arguments->db);
	g_free(arguments->decisions);
	g_free(arguments->now);
	g_strfreev(arguments->inside);
}

void am_list_arguments_add(GOptionContext *context, AmListArguments *arguments)
{
	arguments->limit = G_MAXINT64;
	const GOptionEntry entries[] = {
		{"format", 0, 0, G_OPTION_ARG_STRING, &arguments->format, "table (default), json or csv", "FORMAT"},
		{"asset", 0, 0, G_OPTION_ARG_STRING, &arguments->asset, "Only where this address or CIDR takes part",
		 "ADDRESS"},
		{"group", 0, 0, G_OPTION_ARG_STRING, &arguments->group, "Only where this group (name or id) takes part",
		 "GROUP"},
		{"port", 0, 0, G_OPTION_ARG_STRING, &arguments->port, "Only this server port: 443, tcp/443, 8000-8100",
		 "PORT"},
		{"l7", 0, 0, G_OPTION_ARG_STRING, &arguments->l7,
		 "Only this application protocol: tls also means tls.google", "NAME"},
		{"verdict", 0, 0, G_OPTION_ARG_STRING, &arguments->verdict,
		 "Only this verdict: essential, undecided, background, suspicious, local", "VERDICT"},
		{"sort", 0, 0, G_OPTION_ARG_STRING, &arguments->sort, "Sort by this column; -COLUMN = descending",
		 "COLUMN"},
		{"limit", 0, 0, G_OPTION_ARG_INT64, &arguments->limit, "At most N rows", "N"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	add_entries(context, entries);
}

void am_list_arguments_clear(AmListArguments *arguments)
{
	g_free(arguments->format);
	g_free(arguments->asset);
	g_free(arguments->group);
	g_free(arguments->port);
	g_free(arguments->l7);
	g_free(arguments->verdict);
	g_free(arguments->sort);
}

void am_ingest_arguments_add_live(GOptionContext *context, AmIngestArguments *arguments)
{
	const GOptionEntry entries[] = {
		{"sensor", 0, 0, G_OPTION_ARG_STRING, &arguments->sensor,
		 "Where it was captured: a name or a UUID (default: offline)", "NAME"},
		{"network", 0, 0, G_OPTION_ARG_STRING, &arguments->network,
		 "The address space; set it where addresses overlap (default: default)", "NAME"},
		{"dpi", 0, 0, G_OPTION_ARG_STRING, &arguments->dpi, "full (default), adaptive or off", "MODE"},
		{"threads", 0, 0, G_OPTION_ARG_INT, &arguments->threads, "Worker threads (default: one per core)", "N"},
		{"max-flows", 0, 0, G_OPTION_ARG_INT, &arguments->max_flows,
		 "Connections kept open at once (default: 500000)", "N"},
		{"max-memory", 0, 0, G_OPTION_ARG_STRING, &arguments->max_memory,
		 "In place of --max-flows: as many as fit (at least 160M; some 300M is the default)", "SIZE"},
		{"max-unanswered", 0, 0, G_OPTION_ARG_INT, &arguments->max_unanswered,
		 "Unanswered connections kept a minute, more are only counted (default: 30000)", "N"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	add_entries(context, entries);
}

void am_ingest_arguments_add(GOptionContext *context, AmIngestArguments *arguments)
{
	const GOptionEntry entries[] = {
		{"hash", 0, 0, G_OPTION_ARG_NONE, &arguments->hash,
		 "Recognise known inputs by all their bytes, not by size and both ends", NULL},
		{"strict", 0, 0, G_OPTION_ARG_NONE, &arguments->strict, "Exit with 3 also when a capture is cut short",
		 NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	am_ingest_arguments_add_live(context, arguments);
	add_entries(context, entries);
}

void am_ingest_arguments_clear(AmIngestArguments *arguments)
{
	g_free(arguments->sensor);
	g_free(arguments->network);
	g_free(arguments->dpi);
	g_free(arguments->max_memory);
}

void am_cmd_say(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_autofree char *safe = am_text_safe_dup(message);
	fprintf(stderr, "%s\n", safe);
}

void am_cmd_usage_error(GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message);
}

/* "allowmap ingest [OPTION...] FILE...", out of the help text. */
static char *usage_of(GOptionContext *context)
{
	g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);
	g_auto(GStrv) lines = g_strsplit(help, "\n", 3);
	g_auto(GStrv) parts = g_strsplit(g_strv_length(lines) > 1 ? g_strstrip(lines[1]) : "", "\xe2\x80\xa6", -1);
	return g_strjoinv("...", parts);
}

gboolean am_cmd_parse(GOptionContext *context, const char *description, int *argc, char ***argv, int min, int max,
		      GError **error)
{
	g_option_context_set_description(context, description);
	g_option_context_set_translate_func(context, NULL, NULL, NULL);
	if (!g_option_context_parse(context, argc, argv, error)) {
		if (error != NULL && *error != NULL) {
			g_autofree char *hint = g_strdup_printf("; '%s --help' lists the options", g_get_prgname());
			char *message = g_strconcat((*error)->message, hint, NULL);
			g_free((*error)->message);
			(*error)->message = message;
		}
		return FALSE;
	}
	if (*argc > 1 && strcmp((*argv)[1], "--") == 0) {
		memmove(*argv + 1, *argv + 2, sizeof(char *) * (size_t)(*argc - 1));
		(*argc)--;
	}
	int left = *argc - 1;
	if (left < min || left > max) {
		g_autofree char *usage = usage_of(context);
		am_cmd_usage_error(error, "%s; usage: %s", left < min ? "something is missing" : "too many arguments",
				   usage);
		return FALSE;
	}
	return TRUE;
}

int am_cmd_fail(const char *verb, const GError *error)
{
	am_cmd_say("allowmap %s: %s", verb, error->message);
	gboolean usage =
		error->domain == G_OPTION_ERROR || g_error_matches(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION) ||
		g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_UNAPPROVED) ||
		g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION) ||
		g_error_matches(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_FILTER) || error->domain == AM_BASE_ERROR;
	return usage ? AM_EXIT_USAGE : AM_EXIT_ENVIRONMENT;
}

gboolean am_cmd_check_name(const char *option, const char *name, GError **error)
{
	if (name == NULL)
		return TRUE;
	size_t length = strlen(name);
	if (length > 0 && length <= 64 &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == length)
		return TRUE;
	am_cmd_usage_error(error, "--%s: 1 to 64 of letters, digits, '.', '_' and '-', please", option);
	return FALSE;
}

/* ---- Interruptions: all that a handler knows is in one flag, and it makes system calls only */

static volatile sig_atomic_t stage; /* AmIngestStage */

static void note_stage(AmIngestStage reached)
{
	stage = reached;
}

/* Dies by the signal after all, so that a shell or a script sees that and ends, too. */
static void die_of(int number, const char *message)
{
	static const char wipe[] = "\r\033[K"; /* what progress wrote, and the terminal's ^C */
	gboolean told = (!isatty(STDERR_FILENO) || write(STDERR_FILENO, wipe, strlen(wipe)) > 0) &&
			write(STDERR_FILENO, message, strlen(message)) > 0;
	(void)told; /* there is nobody else to tell */
	signal(number, SIG_DFL);
	raise(number);
}

static void on_ingest_interrupted(int number)
{
	static const char *const messages[AM_N_INGEST_STAGES] = {
		"allowmap ingest: interrupted; nothing of this run is kept, run the same command again\n",
		"allowmap ingest: interrupted while the run was being kept; 'allowmap status' tells whether it is\n",
		"allowmap ingest: interrupted when all was kept\n",
	};
	die_of(number, messages[stage]);
}

static void on_analyze_interrupted(int number)
{
	static const char *const messages[AM_N_INGEST_STAGES] = {
		"allowmap analyze: interrupted; nothing of this run is kept, run the same command again\n",
		"allowmap analyze: interrupted while the run was being kept; 'allowmap status' tells whether it is\n",
		"allowmap analyze: interrupted; all that was read is kept, run the same command again\n",
	};
	die_of(number, messages[stage]);
}

void am_cmd_tell_interruption(const char *verb)
{
	static const int signals[] = {SIGINT, SIGTERM};
	struct sigaction action = {0}, before;
	action.sa_handler = strcmp(verb, "analyze") == 0 ? on_analyze_interrupted : on_ingest_interrupted;
	sigemptyset(&action.sa_mask);
	for (size_t n = 0; n < G_N_ELEMENTS(signals); n++)
		sigaddset(&action.sa_mask, signals[n]);
	for (size_t n = 0; n < G_N_ELEMENTS(signals); n++)
		if (sigaction(signals[n], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(signals[n], &action, NULL);
}

/* ---- Ingests */

/* What the rest takes at most (nDPI's tables and states, chunks, tallies, SQLite's cache), and what a connection takes in
 * the table; both measured, and rounded up. */
#define FIXED_MEMORY (UINT64_C(144) << 20)
#define FLOW_MEMORY 320

static gboolean fit_in_memory(const AmIngestArguments *arguments, AmFlowOptions *flow, GError **error)
{
	uint64_t size;
	if (!am_cmd_parse_size("max-memory", arguments->max_memory, &size, error))
		return FALSE;
	if (size < UINT64_C(160) << 20 || arguments->max_flows > 0) {
		am_cmd_usage_error(error, arguments->max_flows > 0 ? "--max-memory or --max-flows, not both, please"
								   : "--max-memory: at least 160M, please");
		return FALSE;
	}
	flow->max_flows = (uint32_t)MIN((size - FIXED_MEMORY) / FLOW_MEMORY, G_MAXINT32);
	return TRUE;
}

gboolean am_cmd_ingest_options(const AmIngestArguments *arguments, const char *db, const char *now,
			       const char *const *paths, AmIngestOptions *ret_options, GError **error)
{
	AmIngestOptions options = {
		.db = db, .paths = paths, .sensor = arguments->sensor, .network = arguments->network};
	if (!am_cmd_check_name("sensor", options.sensor, error) ||
	    !am_cmd_check_name("network", options.network, error))
		return FALSE;
	options.flow.dpi = AM_DPI_FULL;
	if (arguments->dpi != NULL && !am_dpi_mode_parse(arguments->dpi, &options.flow.dpi)) {
		am_cmd_usage_error(error, "--dpi %s: full, adaptive or off, please", arguments->dpi);
		return FALSE;
	}
	if (arguments->threads < 0 || arguments->threads > 1024 || arguments->max_flows < 0 ||
	    arguments->max_unanswered < 0) {
		am_cmd_usage_error(error, "--threads, --max-flows and --max-unanswered take a positive number");
		return FALSE;
	}
	options.flow.seed = UINT64_C(0x616c6c6f776d6170); /* "allowmap": fixed offline, so that results repeat */
	options.flow.max_flows = (uint32_t)arguments->max_flows;
	options.flow.max_unanswered = (uint32_t)arguments->max_unanswered;
	if (arguments->max_memory != NULL && !fit_in_memory(arguments, &options.flow, error))
		return FALSE;
	options.threads = (guint)arguments->threads;
	options.whole_hash = arguments->hash;
	options.reached = note_stage;
	if (!am_clock(now, &options.now_ns, error))
		return FALSE;
	*ret_options = options;
	return TRUE;
}

int am_cmd_ingest_outcome(const char *verb, const AmIngestResult *result, gboolean strict)
{
	for (guint n = 0; result->warnings != NULL && n < result->warnings->len; n++)
		am_cmd_say("allowmap %s: %s", verb, (const char *)result->warnings->pdata[n]);
	return result->n_failed > 0 || (strict && result->n_cut > 0) ? AM_EXIT_ENVIRONMENT : AM_EXIT_OK;
}

/* ---- Listings and policies */

AmSnapshot *am_cmd_snapshot(const AmMapArguments *arguments, GError **error)
{
	AmMapOptions options = {0};
	g_autoptr(GArray) inside = NULL;
	if (arguments->inside != NULL) {
		inside = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
		for (char **text = arguments->inside; *text != NULL; text++) {
			AmPrefix prefix;
			if (!am_prefix_parse(*text, &prefix, error)) {
				g_prefix_error(error, "--inside: ");
				return NULL;
			}
			g_array_append_val(inside, prefix);
		}
		options.inside = inside;
	}
	return am_job_snapshot(arguments->db != NULL ? arguments->db : "allowmap.db", arguments->decisions, &options,
			       error);
}

gboolean am_cmd_list_options(const AmListArguments *arguments, AmListOptions *ret_options, GError **error)
{
	AmListOptions options = {
		.asset = arguments->asset,
		.group = arguments->group,
		.port = arguments->port,
		.l7 = arguments->l7,
		.verdict = arguments->verdict,
		.sort = arguments->sort,
		.limit = arguments->limit != G_MAXINT64 ? (guint64)MAX(arguments->limit, 0) : 0,
	};
	if (arguments->limit <= 0) {
		am_cmd_usage_error(error, "--limit takes a positive number");
		return FALSE;
	}
	if (arguments->format != NULL && !am_format_parse(arguments->format, &options.format, error))
		return FALSE;
	*ret_options = options;
	return TRUE;
}

/* " --port 9 --verdict essential" */
static char *filters_text(const AmListArguments *arguments)
{
	const struct {
		const char *name, *value;
	} filters[] = {
		{"asset", arguments->asset}, {"group", arguments->group},     {"port", arguments->port},
		{"l7", arguments->l7},       {"verdict", arguments->verdict},
	};
	GString *text = g_string_new(NULL);
	for (size_t n = 0; n < G_N_ELEMENTS(filters); n++)
		if (filters[n].value != NULL)
			g_string_append_printf(text, " --%s %s", filters[n].name, filters[n].value);
	return g_string_free(text, FALSE);
}

void am_cmd_note_listed(const char *what, const AmMapArguments *map_arguments, const AmListArguments *arguments,
			const AmMap *map, const AmListed *listed)
{
	if (listed->listed > 0)
		return;
	if (listed->there == 0) {
		am_cmd_say("there are no %s in %s; 'allowmap status' tells what was read", what,
			   map_arguments->db != NULL ? map_arguments->db : "allowmap.db");
		return;
	}
	g_autofree char *filters = filters_text(arguments);
	g_autofree char *none = listed->there == 1 ? g_strdup_printf("the only one of the %s does not match", what)
						   : g_strdup_printf("none of the %" G_GUINT64_FORMAT " %s matches",
								     listed->there, what);
	g_autofree char *seen = arguments->l7 != NULL ? am_report_l7_seen(map, arguments->l7) : NULL;
	const char *help = seen == NULL      ? ""
			   : seen[0] == '\0' ? "; no application protocol was recognised"
					     : "; the application protocols seen are: ";
	am_cmd_say("%s%s%s%s", none, filters, help, seen != NULL ? seen : "");
}

gboolean am_cmd_recommend_options(const char *granularity, const char *default_action, const char *now,
				  AmRecommendOptions *ret_options, GError **error)
{
	AmRecommendOptions options = {.tool_version = PACKAGE_VERSION};
	if (granularity == NULL || strcmp(granularity, "group") == 0) {
		options.granularity = AM_GRANULARITY_GROUP;
	} else if (strcmp(granularity, "exact") == 0) {
		options.granularity = AM_GRANULARITY_EXACT;
	} else {
		am_cmd_usage_error(error, "--granularity %s: group or exact, please", granularity);
		return FALSE;
	}
	if (default_action == NULL || strcmp(default_action, "deny") == 0) {
		options.default_action = AM_DEFAULT_DENY;
	} else if (strcmp(default_action, "deny-log") == 0) {
		options.default_action = AM_DEFAULT_DENY_LOG;
	} else if (strcmp(default_action, "monitor") == 0) {
		options.default_action = AM_DEFAULT_MONITOR;
	} else {
		am_cmd_usage_error(error, "--default %s: deny, deny-log or monitor, please", default_action);
		return FALSE;
	}
	if (!am_clock(now, &options.now_ns, error))
		return FALSE;
	*ret_options = options;
	return TRUE;
}

/* A whole number and one of `letters`, which stand for `factors`; the result fits into 62 bits. */
static gboolean parse_unit(const char *text, const char *letters, const uint64_t *factors, uint64_t *ret_value)
{
	char *end;
	if (!g_ascii_isdigit(*text))
		return FALSE;
	uint64_t number = g_ascii_strtoull(text, &end, 10), factor = 1;
	if (*end != '\0') {
		const char *letter = strchr(letters, *end);
		if (letter == NULL || end[1] != '\0')
			return FALSE;
		factor = factors[letter - letters];
	}
	*ret_value = number * factor;
	return number <= (UINT64_C(1) << 62) / factor;
}

gboolean am_cmd_parse_size(const char *option, const char *text, uint64_t *ret_size, GError **error)
{
	static const uint64_t factors[] = {UINT64_C(1) << 10, UINT64_C(1) << 20, UINT64_C(1) << 30, UINT64_C(1) << 40};
	if (parse_unit(text, "KMGT", factors, ret_size))
		return TRUE;
	am_cmd_usage_error(error, "--%s %s: a size, please: 500M, 20G, or octets", option, text);
	return FALSE;
}

gboolean am_cmd_parse_duration(const char *option, const char *text, int64_t *ret_ns, GError **error)
{
	static const uint64_t factors[] = {1, 60, 3600, 86400};
	uint64_t seconds;
	if (parse_unit(text, "smhd", factors, &seconds) && seconds > 0 && seconds <= INT64_MAX / AM_NS_PER_S) {
		*ret_ns = (int64_t)seconds * AM_NS_PER_S;
		return TRUE;
	}
	am_cmd_usage_error(error, "--%s %s: a time, please: 90s, 10m, 2h, 7d", option, text);
	return FALSE;
}

gboolean am_cmd_parse_service(const char *text, int *ret_ip_protocol, int *ret_port, GError **error)
{
	if (am_service_parse(text, ret_ip_protocol, ret_port))
		return TRUE;
	am_cmd_usage_error(error, "%s is not a service; write tcp/443, udp/53, sctp/2905, icmp/8, ip/47 or 47", text);
	return FALSE;
}

gboolean am_cmd_finish_output(GError **error)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return TRUE;
	g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT, "cannot write to standard output: %s", g_strerror(errno));
	return FALSE;
}

void am_cmd_note_announced(const AmPolicy *policy)
{
	guint n_rules = 0;
	for (guint n = 0; n < policy->rules->len; n++) {
		const AmRule *rule = policy->rules->pdata[n];
		n_rules += am_related_is_passing((AmRelatedKind)rule->evidence.related) ? 1 : 0;
	}
	if (n_rules > 0)
		am_cmd_say("%u of the rules permit ports that FTP, TFTP or SIP announced for one transfer each: those "
			   "that were "
			   "seen, while the next transfer uses others; give these connections a conntrack helper, or "
			   "their "
			   "servers a fixed range of ports",
			   n_rules);
}

#define MAX_LINKS 4 /* that are named */

void am_cmd_note_on_link(const AmMap *map, const AmMapArguments *arguments)
{
	if (arguments->inside != NULL)
		return;
	g_autoptr(GArray) links = am_map_on_link(map);
	g_autoptr(GString) names = g_string_new(NULL);
	for (guint n = 0; n < MIN(links->len, MAX_LINKS); n++) {
		g_autofree char *name = am_prefix_text(&g_array_index(links, AmPrefix, n));
		g_string_append_printf(names, "%s%s", n > 0 ? ", " : "", name);
	}
	if (links->len > MAX_LINKS)
		g_string_append_printf(names, " and %u more", links->len - MAX_LINKS);
	if (links->len > 0)
		am_cmd_say(
			"%s count%s as outside, but speak%s to the neighbours on a captured link; if that is your own "
			"network, name all that is yours with --inside CIDR (repeatable; it replaces the private "
			"ranges)",
			names->str, links->len == 1 ? "s" : "", links->len == 1 ? "s" : "");
}
