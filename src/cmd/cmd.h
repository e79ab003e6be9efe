/* cmd/: one file per verb: options, one job, print. Private to cmd/.
 *
 * To add a command: write src/cmd/VERB.c with `int am_cmd_VERB(int argc, char **argv)`, declare it below, add its line
 * to the table in main.c (name, function, one-line help), list the file in src/cmd/local.mk, and add the verb to
 * doc/allowmap.1, contrib/completion.bash and tests/e2e. The function parses its options with am_cmd_parse(), runs one
 * job and gives the exit status: results go to standard output, words for people to standard error, by am_cmd_say(). */
#pragma once

#include "allowmap/job.h"
#include "allowmap/report.h"

#include <glib.h>

enum { AM_EXIT_OK = 0, AM_EXIT_FINDINGS = 1, AM_EXIT_USAGE = 2, AM_EXIT_ENVIRONMENT = 3 };

int am_cmd_analyze(int argc, char **argv);
int am_cmd_assets(int argc, char **argv);
int am_cmd_capture(int argc, char **argv);
int am_cmd_connections(int argc, char **argv);
int am_cmd_exclude(int argc, char **argv);
int am_cmd_expect(int argc, char **argv);
int am_cmd_explain(int argc, char **argv);
int am_cmd_export(int argc, char **argv);
int am_cmd_flows(int argc, char **argv);
int am_cmd_group(int argc, char **argv);
int am_cmd_groups(int argc, char **argv);
int am_cmd_import(int argc, char **argv);
int am_cmd_ingest(int argc, char **argv);
int am_cmd_listeners(int argc, char **argv);
int am_cmd_middlebox(int argc, char **argv);
int am_cmd_networks(int argc, char **argv);
int am_cmd_recommend(int argc, char **argv);
int am_cmd_status(int argc, char **argv);
int am_cmd_verdict(int argc, char **argv);
int am_cmd_visibility_verb(int argc, char **argv);

/* ---- Options that several commands share. Strings are NULL when not given. */

/* Where the facts and decisions are, and how the map is computed from them. */
typedef struct {
	char *db, *decisions, *now;
	char **inside; /* --inside CIDR, repeatable */
} AmMapArguments;

/* What and how to list. */
typedef struct {
	char *format, *asset, *group, *port, *l7, *verdict, *sort;
	gint64 limit; /* G_MAXINT64: none */
} AmListArguments;

/* How connections are made from packets. */
typedef struct {
	char *sensor, *network, *dpi;
	gint threads, max_flows, max_unanswered;
	char *max_memory;
	gboolean strict, hash;
} AmIngestArguments;

/* What is known of taps and subnets that no packet tells. */
typedef struct {
	char **subnets; /* --subnet CIDR, repeatable */
	char *visible;  /* --assume-visible */
} AmVisibilityArguments;

void am_visibility_arguments_add(GOptionContext *context, AmVisibilityArguments *arguments);
void am_visibility_arguments_clear(AmVisibilityArguments *arguments);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AmVisibilityArguments, am_visibility_arguments_clear)
void am_map_arguments_add(GOptionContext *context, AmMapArguments *arguments);
void am_map_arguments_clear(AmMapArguments *arguments);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AmMapArguments, am_map_arguments_clear)
void am_list_arguments_add(GOptionContext *context, AmListArguments *arguments);
void am_list_arguments_clear(AmListArguments *arguments);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AmListArguments, am_list_arguments_clear)
void am_ingest_arguments_add(GOptionContext *context, AmIngestArguments *arguments);
/* Without those that are about files. */
void am_ingest_arguments_add_live(GOptionContext *context, AmIngestArguments *arguments);
void am_ingest_arguments_clear(AmIngestArguments *arguments);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AmIngestArguments, am_ingest_arguments_clear)

/* ---- Steps of a command. */

/* Parses the options; `description` ends --help and holds an example. FALSE with an error of G_OPTION_ERROR when they
 * are not understood, or when the number of what is left is not between `min` and `max`. */
gboolean am_cmd_parse(GOptionContext *context, const char *description, int *argc, char ***argv, int min, int max,
		      GError **error);
/* One line on standard error; `format` has no newline. Names of files and what was learnt may hold anything: what would act
 * on a terminal, or begin a line, is shown as "?". */
void am_cmd_say(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* "allowmap VERB: message" on standard error; the exit status that goes with this error. */
int am_cmd_fail(const char *verb, const GError *error);
/* A usage error of our own. */
void am_cmd_usage_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Sensor and network names go into listings, file names and parameters: plain words only. NULL is fine. */
gboolean am_cmd_check_name(const char *option, const char *name, GError **error);
/* Fills the job's options from arguments. The strings stay the arguments'. */
gboolean am_cmd_ingest_options(const AmIngestArguments *arguments, const char *db, const char *now,
			       const char *const *paths, AmIngestOptions *ret_options, GError **error);
/* From here on SIGINT and SIGTERM end the program, as ever, but not without a word on what is kept of an ingest with these
 * options. Whoever ignores them goes on to. */
void am_cmd_tell_interruption(const char *verb);
/* Prints the warnings of an ingest, and gives the exit status. */
int am_cmd_ingest_outcome(const char *verb, const AmIngestResult *result, gboolean strict);

/* Reads the facts and computes the map. */
AmSnapshot *am_cmd_snapshot(const AmMapArguments *arguments, GError **error);
/* What of it was seen. */
/* What is not told by the arguments is filled in as it was decided ('allowmap visibility'). */
AmVisibility *am_cmd_visibility(AmVisibilityArguments *arguments, const AmSnapshot *snapshot, GError **error);
/* --assume-visible all: default deny holds everywhere. */
gboolean am_cmd_assumes_all(const AmVisibilityArguments *arguments);
/* Says on standard error between how many pairs of subnets default deny holds, if not between all. */
void am_cmd_note_visibility(const AmVisibility *visibility, const AmVisibilityArguments *arguments);
gboolean am_cmd_list_options(const AmListArguments *arguments, AmListOptions *ret_options, GError **error);
/* Prints a listing of the map, and says what became of it. */
typedef gboolean (*AmListFunc)(const AmMap *map, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			       GError **error);
gboolean am_cmd_list(const char *verb, const AmMapArguments *map_arguments, const AmListArguments *list_arguments,
		     AmListFunc print, GError **error);
/* Where the filters left nothing, says so on standard error, and what would help. `what`: "flows". */
void am_cmd_note_listed(const char *what, const AmMapArguments *map_arguments, const AmListArguments *arguments,
			const AmMap *map, const AmListed *listed);
gboolean am_cmd_recommend_options(const char *granularity, const char *default_action, const char *now,
				  AmRecommendOptions *ret_options, GError **error);
/* Says on standard error how many rules permit ports that were handed out for one transfer each, and what helps. */
void am_cmd_note_announced(const AmPolicy *policy);
/* Says how many rules are to be approved one by one. */
void am_cmd_note_sanctioned(const AmPolicy *policy);
/* Says which networks count as outside, though they were captured on their own link; not when --inside was given. */
void am_cmd_note_on_link(const AmMap *map, const AmMapArguments *arguments);

/* "500M", "20G" (powers of 1024; no letter = octets); "90s", "10m", "2h", "7d" (no letter = seconds). `option` is for the
 * message. */
gboolean am_cmd_parse_size(const char *option, const char *text, uint64_t *ret_size, GError **error);
gboolean am_cmd_parse_duration(const char *option, const char *text, int64_t *ret_ns, GError **error);
/* What am_service_parse() takes: as the listings show it, or shorter. */
gboolean am_cmd_parse_service(const char *text, int *ret_ip_protocol, int *ret_port, GError **error);
/* Ends standard output: FALSE when what was written could not be kept (disk full, closed pipe). */
gboolean am_cmd_finish_output(GError **error);
