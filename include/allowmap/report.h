/* report/: listings (table, JSON, CSV), the status, and the HTML report. The only room with Graphviz.
 *
 * Everything that came from the network is escaped for the format that it goes into: control characters for the terminal,
 * JSON strings, CSV quoting with a ' before =, +, -, @, HTML entities. */
#pragma once

#include "base.h"
#include "model/check.h"
#include "model/connection.h"
#include "model/decision.h"
#include "model/live.h"
#include "model/map.h"
#include "model/policy.h"
#include "model/run.h"
#include "model/visibility.h"

#include <stdio.h>

#define AM_REPORT_ERROR (am_report_error_quark())
GQuark am_report_error_quark(void);
typedef enum { AM_REPORT_ERROR_OPTION, AM_REPORT_ERROR_WRITE, AM_REPORT_ERROR_DRAW } AmReportError;

typedef enum { AM_FORMAT_TABLE, AM_FORMAT_JSON, AM_FORMAT_CSV } AmFormat;
gboolean am_format_parse(const char *text, AmFormat *ret_format, GError **error);

/* What to list. Strings are borrowed; NULL = no filter. */
typedef struct {
	AmFormat format;
	const char *asset;   /* an address or CIDR: either end */
	const char *group;   /* name or id: either end */
	const char *port;    /* "443", "tcp/443", "8000-8100" */
	const char *l7;      /* "tls" matches tls and tls.google */
	const char *verdict; /* one verdict name */
	const char *sort;    /* a column name; "-bytes" = descending */
	guint64 limit;       /* 0 = all */
} AmListOptions;

/* What became of a listing: rows that there are, and those that the filters left, up to the limit. */
typedef struct {
	uint64_t there, listed;
} AmListed;

/* *ret_listed may be NULL. */
gboolean am_report_assets(const AmMap *map, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			  GError **error);
gboolean am_report_listeners(const AmMap *map, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			     GError **error);
gboolean am_report_flows(const AmMap *map, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			 GError **error);
gboolean am_report_groups(const AmMap *map, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			  GError **error);
/* Where no flow is of the application protocol that --l7 asks for: those that were seen, the most frequent first, as one line
 * that is safe to print ("" for none); else NULL. g_free() */
char *am_report_l7_seen(const AmMap *map, const char *l7);
/* `runs`: AmRun *. `connections`: how many are kept. */
gboolean am_report_status(const AmMap *map, const GPtrArray *runs, uint64_t connections, AmFormat format, FILE *out,
			  GError **error);

/* Has discovery run long enough? The map must have its coverage. */
gboolean am_report_coverage(const AmMap *map, AmFormat format, FILE *out, GError **error);
/* Which pairs of subnets were seen, and which taps are missing. `visibility` is of `map`. */
gboolean am_report_visibility(const AmMap *map, const AmVisibility *visibility, AmFormat format, FILE *out,
			      GError **error);

/* `seen`: AmEncapsulated, run by run. `rules`: the network table, AmNetworkRule. */
gboolean am_report_networks(const GArray *seen, const GArray *rules, AmFormat format, FILE *out, GError **error);

/* `hints`: what was said of middleboxes, AmMiddleboxHint, oldest first. `map`: as it is with that. */
gboolean am_report_middleboxes(const AmMap *map, const GArray *hints, AmFormat format, FILE *out, GError **error);

/* `overrides`: what was decided, AmOverride, oldest first. `map`: as it is with that. */
gboolean am_report_verdicts(const AmMap *map, const GArray *overrides, AmFormat format, FILE *out, GError **error);

/* What was declared, oldest first, also what was taken back: AmDeclaration *, with what each is about in the map; the exclusions or
 * the others. AmGroupEdit *. AmTaps *. */
gboolean am_report_declarations(const GPtrArray *declarations, const AmDeclaredCount *counts, gboolean exclusions,
				AmFormat format, FILE *out, GError **error);
gboolean am_report_group_edits(const GPtrArray *edits, AmFormat format, FILE *out, GError **error);
gboolean am_report_taps(const GPtrArray *taps, AmFormat format, FILE *out, GError **error);
/* `imports`: those in force, AmImport, oldest first. `map`: as it is with them. */
gboolean am_report_imports(const AmMap *map, const GArray *imports, AmFormat format, FILE *out, GError **error);
/* How many machines a source says something of. O(assets). */
uint64_t am_report_count_labelled(const AmMap *map, const char *source);

/* Connections are streamed: new, one call each, free (which ends the listing). JSON is JSON lines. `client` is 0 = lo,
 * 1 = hi, from am_map_client_of(). Sorting other than by time is not offered on a stream. */
typedef struct AmConnectionLister AmConnectionLister;
AmConnectionLister *am_connection_lister_new(const AmMap *map, const AmListOptions *options, FILE *out, GError **error);
/* FALSE = enough (limit reached) or the output is closed. */
gboolean am_connection_lister_add(AmConnectionLister *lister, const AmConnection *connection, int client,
				  AmDirection level);
/* Frees it. *ret_listed may be NULL; `there` is how many were added. */
gboolean am_connection_lister_finish(AmConnectionLister *lister, AmListed *ret_listed, GError **error);

/* The terminal summary that `analyze` ends with. */
void am_report_summary(const AmMap *map, const AmPolicy *policy, const GPtrArray *runs, FILE *out);
/* One self-contained HTML page: no outside request, readable without script. Names the files beside it in `files`
 * (char *, NULL-terminated; may be NULL). */
gboolean am_report_html(const AmMap *map, const AmPolicy *policy, const GPtrArray *runs, const char *const *files,
			FILE *out, GError **error);

/* What a port shows: table or JSON. */
gboolean am_report_check(const AmPortCheck *check, AmFormat format, FILE *out, GError **error);

/* ---- A live capture. */
/* What it counts, in the text format of Prometheus (exposition format 0.0.4). g_free() */
char *am_report_metrics(const AmLiveState *state);
/* The service manager, by the protocol of sd_notify(3). Opened before the sandbox is closed; afterwards it only writes to
 * its socket. NULL when none is there ($NOTIFY_SOCKET), which is no error. */
typedef struct AmNotify AmNotify;
AmNotify *am_notify_open(GError **error);
void am_notify_free(AmNotify *notify);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmNotify, am_notify_free)
/* "READY=1", "WATCHDOG=1", "STOPPING=1", ...; lines apart by newlines. NULL is fine; a manager that does not listen, too. */
void am_notify_say(AmNotify *notify, const char *state);
