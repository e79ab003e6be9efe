/* `status --coverage`: has discovery run long enough? Fed by the map's coverage; the sentence that answers comes first, then
 * what it rests on.
 */
#include "config.h"

#include "coverage.h"
#include "listing.h"
#include "text.h"

#include "allowmap/report.h"

#include <math.h>
#include <string.h>

#define MAX_GROUPS 20 /* that a table shows */
#define SHARE_SIZE 16

static const char *state_name(AmCoverageState state)
{
#define X(id, name, text) name,
	static const char *const names[AM_N_COVERAGE_STATES] = {AM_COVERAGE_STATES(X)};
#undef X
	return names[state];
}

static const char *scope_name(int scope)
{
#define X(id, name, text) name,
	static const char *const names[AM_N_COVERAGE_SCOPES] = {AM_COVERAGE_SCOPES(X)};
#undef X
	return names[scope];
}

static const AmCoverageDay *day_at(const AmCoverage *coverage, guint n)
{
	return &g_array_index(coverage->days, AmCoverageDay, n);
}

/* The first or last day that counts; NULL = none does. */
static const AmCoverageDay *end_day(const AmCoverage *coverage, gboolean last)
{
	for (guint n = 0; n < coverage->days->len; n++) {
		const AmCoverageDay *day = day_at(coverage, last ? coverage->days->len - 1 - n : n);
		if (!day->left_out)
			return day;
	}
	return NULL;
}

/* Days from the first to the last that counts on which nothing at all was seen. */
static uint32_t unobserved(const AmCoverage *coverage)
{
	const AmCoverageDay *first = end_day(coverage, FALSE), *last = end_day(coverage, TRUE);
	return first != NULL ? (uint32_t)(last->day - first->day) + 1 - coverage->units : 0;
}

/* ---- Rows: what a table and CSV show of each population */

enum {
	SCOPE,
	NAME,
	ID,
	EDGES,
	ONCE,
	TWICE,
	COVERAGE,
	PREDICTED,
	ACTUAL,
	LAST_EDGES,
	LAST_KNOWN,
	STATE,
	N_COLUMNS,
};

static const AmColumn columns[N_COLUMNS] = {
	{"scope", AM_COLUMN_CSV},
	{"name", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_SHRINK},
	{"id", AM_COLUMN_CSV},
	{"edges", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_RIGHT},
	{"once", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_RIGHT},
	{"twice", AM_COLUMN_CSV},
	{"coverage", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_RIGHT},
	{"predicted", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_RIGHT},
	{"actual", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_RIGHT},
	{"last_edges", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_RIGHT},
	{"last_known", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_RIGHT},
	{"state", AM_COLUMN_TABLE | AM_COLUMN_CSV},
};

typedef struct {
	char coverage[SHARE_SIZE], predicted[SHARE_SIZE], actual[SHARE_SIZE];
} Shares;

/* People get percent, programs the share. */
static AmCell share_cell(double share, AmFormat format, char text[SHARE_SIZE])
{
	if (share < 0)
		return (AmCell){.kind = AM_CELL_NULL};
	if (format == AM_FORMAT_TABLE)
		g_snprintf(text, SHARE_SIZE, "%d.%d%%", (int)floor(share * 1000 + 1e-9) / 10,
			   (int)floor(share * 1000 + 1e-9) % 10);
	else
		g_ascii_formatd(text, SHARE_SIZE, "%.4f", share);
	return am_cell_text(text);
}

static gboolean write_row(AmWriter *writer, AmFormat format, const char *scope, const AmGroup *group,
			  const AmCoverageSum *sum)
{
	Shares shares;
	AmCell cells[N_COLUMNS] = {
		[SCOPE] = am_cell_text(scope),
		[NAME] = am_cell_text(group != NULL ? group->name : scope),
		[ID] = am_cell_text(group != NULL ? group->id : NULL),
		[EDGES] = am_cell_number(sum->edges),
		[ONCE] = am_cell_number(sum->once),
		[TWICE] = am_cell_number(sum->twice),
		[COVERAGE] = share_cell(sum->coverage, format, shares.coverage),
		[PREDICTED] = share_cell(sum->predicted, format, shares.predicted),
		[ACTUAL] = share_cell(sum->actual, format, shares.actual),
		[LAST_EDGES] = am_cell_number(sum->last_edges),
		[LAST_KNOWN] = am_cell_number(sum->last_known),
		[STATE] = am_cell_text(state_name(sum->state)),
	};
	return am_writer_row(writer, cells);
}

static int compare_groups(gconstpointer a, gconstpointer b, gpointer user_data)
{
	const AmMap *map = user_data;
	uint32_t n = *(const uint32_t *)a, m = *(const uint32_t *)b;
	double x = g_array_index(map->coverage->groups, AmCoverageSum, n).coverage;
	double y = g_array_index(map->coverage->groups, AmCoverageSum, m).coverage;
	if (x != y)
		return x < y ? -1 : 1;
	return strcmp(g_array_index(map->groups, AmGroup, n).name, g_array_index(map->groups, AmGroup, m).name);
}

/* Groups that have any edge that counts, the least covered first. */
static GArray *sort_groups(const AmMap *map)
{
	GArray *order = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	for (uint32_t n = 0; n < map->coverage->groups->len; n++)
		if (g_array_index(map->coverage->groups, AmCoverageSum, n).edges > 0)
			g_array_append_val(order, n);
	g_array_sort_with_data(order, compare_groups, (gpointer)map);
	return order;
}

static gboolean write_rows(const AmMap *map, AmFormat format, const GArray *order, guint most, FILE *out,
			   GError **error)
{
	AmWriter *writer = am_writer_new(format, FALSE, columns, N_COLUMNS, out);
	gboolean more = TRUE;
	for (int scope = 0; more && scope < AM_N_COVERAGE_SCOPES; scope++)
		more = write_row(writer, format, scope_name(scope), NULL, &map->coverage->scopes[scope]);
	for (guint n = 0; more && n < MIN(order->len, most); n++) {
		uint32_t group = g_array_index(order, uint32_t, n);
		more = write_row(writer, format, "group", &g_array_index(map->groups, AmGroup, group),
				 &g_array_index(map->coverage->groups, AmCoverageSum, group));
	}
	return am_writer_finish(writer, error);
}

/* ---- For people */

/* One paragraph beside its heading. */
static void say(GString *to, const char *heading, const char *words)
{
	g_string_append_printf(to, "%-12s", heading);
	am_text_append_wrapped(to, words, 12);
}

static void say_days(GString *to, const AmCoverage *coverage)
{
	char text[AM_COVERAGE_DAY_SIZE];
	g_autoptr(GString) words = g_string_new(NULL);
	am_text_append_counted(words, coverage->units, "whole day", NULL);
	if (coverage->units > 0) {
		g_string_append_printf(words, ", %s", am_coverage_day_text(end_day(coverage, FALSE)->day, text));
		g_string_append_printf(words, " .. %s (UTC)", am_coverage_day_text(end_day(coverage, TRUE)->day, text));
	}
	if (unobserved(coverage) > 0)
		g_string_append_printf(words, "; on %u days in between nothing was seen", unobserved(coverage));
	say(to, "Days", words->str);
	for (guint n = 0; n < coverage->days->len; n++) {
		const AmCoverageDay *day = day_at(coverage, n);
		if (!day->left_out)
			continue;
		g_string_printf(words, "%s does not count: only %u of its hours were seen",
				am_coverage_day_text(day->day, text), day->hours);
		say(to, "", words->str);
	}
}

static void append_outlook(GString *to, const AmCoverageSum *sum)
{
#define X(id, name, text) text,
	static const char *const texts[AM_N_COVERAGE_OUTLOOKS] = {AM_COVERAGE_OUTLOOKS(X)};
#undef X
	if (sum->outlook == AM_COVERAGE_OUTLOOK_REACHED) {
		g_string_append(to, "the estimate is 99% or more");
	} else if (sum->outlook == AM_COVERAGE_OUTLOOK_DAYS) {
		g_string_append(to, "run ");
		am_text_append_counted(to, sum->more_days, "more day", NULL);
		g_string_append_printf(to, " to reach about %d%%", (int)(sum->target * 100 + .5));
	} else {
		g_string_append_printf(to, "how many are needed cannot be said: %s", texts[sum->outlook]);
	}
}

static void say_outlooks(GString *to, const AmCoverage *coverage)
{
	const AmCoverageSum *hosts = &coverage->scopes[AM_COVERAGE_HOSTS],
			    *groups = &coverage->scopes[AM_COVERAGE_GROUPS];
	gboolean same = hosts->outlook == groups->outlook && hosts->outlook != AM_COVERAGE_OUTLOOK_DAYS;
	g_autoptr(GString) words = g_string_new(same ? "" : "hosts: ");
	append_outlook(words, hosts);
	say(to, "More days", words->str);
	if (same)
		return;
	g_string_assign(words, "groups: ");
	append_outlook(words, groups);
	say(to, "", words->str);
}

static void say_limits(GString *to, const AmCoverage *coverage)
{
	g_autofree char *rare = am_coverage_rare(coverage), *gaps = am_coverage_gaps(coverage);
	g_autofree char *missing = g_strdup_printf("not seen: %s", gaps != NULL ? gaps : "");
	if (coverage->units > 0) {
		say(to, "Rare flows", rare);
		say(to, "Calendar", gaps != NULL ? missing : "all kinds of days were seen");
	}
	say(to, "Counted",
	    "essential and undecided edges, as they are judged now; coverage is the share of a next day's edges that "
	    "were "
	    "seen before, predicted and actual are that of the last day. Between groups, a new host that does as the "
	    "others of its group is no surprise.");
	if (coverage->announced > 0) {
		g_autoptr(GString) words = g_string_new("not counted: ");
		am_text_append_counted(words, coverage->announced, "edge", NULL);
		g_string_append(words, " to ports that were announced for one transfer each");
		say(to, "", words->str);
	}
}

static gboolean coverage_table(const AmMap *map, FILE *out, GError **error)
{
	const AmCoverage *coverage = map->coverage;
	g_autofree char *words = am_coverage_words(coverage);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GArray) order = sort_groups(map);
	am_text_append_wrapped(text, words, 0);
	g_string_append_c(text, '\n');
	say_days(text, coverage);
	say_outlooks(text, coverage);
	say_limits(text, coverage);
	g_string_append_c(text, '\n');
	fwrite(text->str, 1, text->len, out);
	if (!write_rows(map, AM_FORMAT_TABLE, order, MAX_GROUPS, out, error))
		return FALSE;
	if (order->len > MAX_GROUPS)
		fprintf(out, "and %u more groups that are covered no less; --format csv has them\n",
			order->len - MAX_GROUPS);
	return am_write_flush(out, error);
}

/* ---- JSON */

static void json_number(GString *to, const char *name, uint64_t number)
{
	g_string_append_printf(to, ",\"%s\":%" G_GUINT64_FORMAT, name, number);
}

static void json_share(GString *to, const char *name, double share)
{
	char text[SHARE_SIZE];
	g_string_append_printf(to, ",\"%s\":%s", name,
			       share < 0 ? "null" : g_ascii_formatd(text, SHARE_SIZE, "%.4f", share));
}

static void json_day(GString *to, const char *name, const AmCoverageDay *day)
{
	char text[AM_COVERAGE_DAY_SIZE];
	if (day == NULL)
		g_string_append_printf(to, ",\"%s\":null", name);
	else
		g_string_append_printf(to, ",\"%s\":\"%s\"", name, am_coverage_day_text(day->day, text));
}

static void json_sum(GString *to, const AmCoverageSum *sum)
{
#define X(id, name, text) name,
	static const char *const outlooks[AM_N_COVERAGE_OUTLOOKS] = {AM_COVERAGE_OUTLOOKS(X)};
#undef X
	g_string_append_printf(to, "\"state\":\"%s\"", state_name(sum->state));
	json_number(to, "edges", sum->edges);
	json_number(to, "incidences", sum->incidences);
	json_number(to, "once", sum->once);
	json_number(to, "twice", sum->twice);
	json_share(to, "coverage", sum->coverage);
	json_share(to, "predicted", sum->predicted);
	json_share(to, "actual", sum->actual);
	json_number(to, "last_edges", sum->last_edges);
	json_number(to, "last_known", sum->last_known);
	json_number(to, "held_out", sum->held_out);
	json_share(to, "error", sum->held_out > 0 ? sum->error : AM_COVERAGE_UNKNOWN);
	json_share(to, "lowest", sum->held_out > 0 ? sum->lowest : AM_COVERAGE_UNKNOWN);
	json_share(to, "highest", sum->held_out > 0 ? sum->highest : AM_COVERAGE_UNKNOWN);
	json_share(to, "margin", sum->margin);
	g_string_append_printf(to, ",\"outlook\":\"%s\"", outlooks[sum->outlook]);
	json_share(to, "target", sum->target > 0 ? sum->target : AM_COVERAGE_UNKNOWN);
	if (sum->outlook == AM_COVERAGE_OUTLOOK_DAYS)
		json_number(to, "more_days", sum->more_days);
	else
		g_string_append(to, ",\"more_days\":null");
}

static void json_days(GString *to, const AmCoverage *coverage)
{
	char text[AM_COVERAGE_DAY_SIZE];
	g_string_append(to, ",\"by_day\":[");
	for (guint n = 0; n < coverage->days->len; n++) {
		const AmCoverageDay *day = day_at(coverage, n);
		g_string_append_printf(to, "%s{\"day\":\"%s\",\"hours\":%u,\"counts\":%s", n > 0 ? "," : "",
				       am_coverage_day_text(day->day, text), day->hours,
				       day->left_out ? "false" : "true");
		for (int scope = 0; !day->left_out && scope < AM_N_COVERAGE_SCOPES; scope++) {
			g_string_append_printf(to, ",\"%s\":{\"edges\":%" G_GUINT64_FORMAT, scope_name(scope),
					       day->scopes[scope].edges);
			json_number(to, "known", day->scopes[scope].known);
			json_share(to, "predicted", day->scopes[scope].predicted);
			g_string_append_c(to, '}');
		}
		g_string_append_c(to, '}');
	}
	g_string_append_c(to, ']');
}

static void json_groups(GString *to, const AmMap *map)
{
	g_string_append(to, ",\"by_group\":[");
	for (guint n = 0; n < map->coverage->groups->len; n++) {
		const AmGroup *group = &g_array_index(map->groups, AmGroup, n);
		g_string_append(to, n > 0 ? ",{\"id\":" : "{\"id\":");
		am_text_append_json(to, group->id);
		g_string_append(to, ",\"name\":");
		am_text_append_json(to, group->name);
		g_string_append_c(to, ',');
		json_sum(to, &g_array_index(map->coverage->groups, AmCoverageSum, n));
		g_string_append_c(to, '}');
	}
	g_string_append_c(to, ']');
}

static void json_gaps(GString *to, const AmCoverage *coverage)
{
#define X(id, name, text) name,
	static const char *const names[AM_N_COVERAGE_GAPS] = {AM_COVERAGE_GAPS(X)};
#undef X
	char text[AM_COVERAGE_DAY_SIZE];
	gboolean first = TRUE;
	g_string_append(to, ",\"gaps\":[");
	for (int gap = 0; gap < AM_N_COVERAGE_GAPS; gap++) {
		if (coverage->gaps[gap] == 0)
			continue;
		g_string_append_printf(to, "%s{\"missing\":\"%s\",\"next\":\"%s\"}", first ? "" : ",", names[gap],
				       am_coverage_day_text(coverage->gaps[gap], text));
		first = FALSE;
	}
	g_string_append_c(to, ']');
}

static void coverage_json(GString *to, const AmMap *map)
{
	const AmCoverage *coverage = map->coverage;
	g_string_append_printf(to, "{\"days\":%u", coverage->units);
	json_day(to, "first", end_day(coverage, FALSE));
	json_day(to, "last", end_day(coverage, TRUE));
	json_number(to, "unobserved", unobserved(coverage));
	g_string_append(to, ",\"verdicts\":[\"essential\",\"undecided\"]");
	json_number(to, "announced", coverage->announced);
	for (int scope = 0; scope < AM_N_COVERAGE_SCOPES; scope++) {
		g_string_append_printf(to, ",\"%s\":{", scope_name(scope));
		json_sum(to, &coverage->scopes[scope]);
		g_string_append_c(to, '}');
	}
	json_share(to, "rare", coverage->units > 0 ? coverage->rare : AM_COVERAGE_UNKNOWN);
	json_gaps(to, coverage);
	json_groups(to, map);
	json_days(to, coverage);
	g_string_append(to, "}\n");
}

gboolean am_report_coverage(const AmMap *map, AmFormat format, FILE *out, GError **error)
{
	if (format == AM_FORMAT_TABLE)
		return coverage_table(map, out, error);
	if (format == AM_FORMAT_CSV) {
		g_autoptr(GArray) order = sort_groups(map);
		return write_rows(map, format, order, G_MAXUINT, out, error);
	}
	g_autoptr(GString) text = g_string_new(NULL);
	coverage_json(text, map);
	fwrite(text->str, 1, text->len, out);
	return am_write_flush(out, error);
}
