/* Coverage: which flows were active on which days, and what that says of a day to come. Fed by the arcs (which keep the days
 * that edges have summed up), the verdicts and the groups; estimate.c does the arithmetic.
 *
 * What a policy is about counts: essential and undecided edges. Both, as an edge that was seen on one day only is hardly
 * ever essential: of these alone, nothing would ever seem to be missing. Days are UTC days, as tallies are.
 */
#include "config.h"

#include "estimate.h"
#include "work.h"

#include <math.h>
#include <string.h>

#define AM_JULIAN_1970 719163 /* GLib counts days from 0001-01-01 = 1 */

/* By flow the days on which it was active: of flow n are days[first[n]] up to days[first[n + 1]], as numbers of days that
 * count, ascending, and at least one. */
typedef struct {
	uint32_t n;
	uint32_t *first;
	GArray *days;  /* uint32_t */
	GArray *edges; /* uint32_t: one of the edges that each is made of */
} Flows;

static void flows_clear(Flows *flows)
{
	g_free(flows->first);
	g_array_unref(flows->days);
	g_array_unref(flows->edges);
}

static const uint32_t *days_of(const Flows *flows, uint32_t flow, uint32_t *ret_n)
{
	*ret_n = flows->first[flow + 1] - flows->first[flow];
	return &((const uint32_t *)flows->days->data)[flows->first[flow]];
}

/* Flows by the bucket that each is in: those of bucket b are items[first[b]] up to items[first[b + 1]], ascending. */
typedef struct {
	uint32_t n;
	uint32_t *first, *items;
} Buckets;

static void buckets_clear(Buckets *buckets)
{
	g_free(buckets->first);
	g_free(buckets->items);
}

/* ---- Days */

static int compare_days(gconstpointer a, gconstpointer b)
{
	const AmCoverageDay *x = a, *y = b;
	return x->day < y->day ? -1 : x->day > y->day;
}

/* All days with any traffic, and in how many of their hours there was some. */
static GArray *list_days(const AmMapWork *work)
{
	GArray *days = g_array_new(FALSE, TRUE, sizeof(AmCoverageDay));
	g_autoptr(GArray) hours = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	g_autoptr(AmTable) table = am_table_new(sizeof(uint64_t));
	for (guint n = 0; n < work->tallies->len; n++) {
		const AmTally *tally = am_work_tally(work, n);
		uint64_t key = (uint32_t)tally->key.day;
		uint32_t at = am_table_add(table, &key);
		if (at == days->len) {
			AmCoverageDay day = {.day = tally->key.day};
			g_array_append_val(days, day);
			g_array_set_size(hours, at + 1);
		}
		g_array_index(hours, uint32_t, at) |= tally->hours;
	}
	for (guint n = 0; n < days->len; n++)
		g_array_index(days, AmCoverageDay, n).hours =
			(uint8_t)__builtin_popcount(g_array_index(hours, uint32_t, n));
	g_array_sort(days, compare_days);
	return days;
}

/* Leaves out a first or last day of which much less was seen than of the fullest one. */
static void leave_out(AmCoverage *coverage)
{
	GArray *days = coverage->days;
	unsigned most = 0;
	for (guint n = 0; n < days->len; n++)
		most = MAX(most, g_array_index(days, AmCoverageDay, n).hours);
	for (guint n = 0; n < days->len; n++) {
		AmCoverageDay *day = &g_array_index(days, AmCoverageDay, n);
		gboolean at_an_end = n == 0 || n + 1 == days->len;
		day->left_out = at_an_end && days->len > 1 && day->hours < AM_COVERAGE_WHOLE_DAY * most;
		coverage->units += !day->left_out;
	}
}

/* Which of the days that count this is, or AM_NO_INDEX. */
static uint32_t unit_of(const AmCoverage *coverage, int32_t day)
{
	const AmCoverageDay *days = (const AmCoverageDay *)coverage->days->data;
	uint32_t low = 0, high = coverage->days->len;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (days[middle].day == day)
			return days[middle].left_out ? AM_NO_INDEX : middle - days[0].left_out;
		if (days[middle].day < day)
			low = middle + 1;
		else
			high = middle;
	}
	return AM_NO_INDEX;
}

/* ---- Which flows were active when */

static gboolean is_announced(const AmEdge *edge)
{
	return am_related_is_passing(am_related_kind(edge->related));
}

static gboolean may_be_needed(const AmEdge *edge)
{
	return edge->verdict == AM_VERDICT_ESSENTIAL || edge->verdict == AM_VERDICT_UNDECIDED;
}

/* What only goes over midnight, an hour at most, was not active on the second day. */
static void add_days(const AmMapWork *work, uint32_t edge, GArray *days)
{
	const AmEdgeNotes *notes = am_work_notes(work, edge);
	const AmArc *arcs = &g_array_index(work->arcs, AmArc, notes->first_arc);
	for (uint32_t n = 0; n < notes->n_arcs;) {
		int32_t day = am_work_tally(work, arcs[n].tally)->key.day;
		uint32_t hours = 0;
		gboolean began = FALSE;
		for (; n < notes->n_arcs && am_work_tally(work, arcs[n].tally)->key.day == day; n++) {
			const AmTally *tally = am_work_tally(work, arcs[n].tally);
			hours |= tally->hours;
			began |= tally->connections > 0;
		}
		uint32_t unit = unit_of(work->map->coverage, day);
		if (unit != AM_NO_INDEX && (began || __builtin_popcount(hours) > 1))
			g_array_append_val(days, unit);
	}
}

static Flows list_flows(const AmMapWork *work)
{
	guint n_edges = work->map->edges->len;
	Flows flows = {0, g_new(uint32_t, n_edges + 1), g_array_new(FALSE, FALSE, sizeof(uint32_t)),
		       g_array_new(FALSE, FALSE, sizeof(uint32_t))};
	flows.first[0] = 0;
	for (guint n = 0; n < n_edges; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		if (!may_be_needed(edge))
			continue;
		if (is_announced(edge)) {
			work->map->coverage->announced++;
			continue;
		}
		guint n_days = flows.days->len;
		add_days(work, n, flows.days);
		if (flows.days->len == n_days)
			continue;
		g_array_append_val(flows.edges, n);
		flows.first[++flows.n] = flows.days->len;
	}
	return flows;
}

static AmSeries *series_of(const Flows *flows, uint32_t n_days)
{
	AmSeries *series = am_series_new(n_days);
	for (uint32_t n = 0; n < flows->n; n++) {
		uint32_t n_active;
		const uint32_t *days = days_of(flows, n, &n_active);
		am_series_add(series, days, n_active);
	}
	return series;
}

/* ---- From edges to flows between hosts, and from these to flows between groups */

typedef struct {
	uint32_t bucket, item;
} Place;

/* `places`: Place, items ascending. */
static Buckets fill_buckets(const GArray *places, uint32_t n_buckets)
{
	const Place *place = (const Place *)places->data;
	Buckets buckets = {n_buckets, g_new0(uint32_t, n_buckets + 2), g_new(uint32_t, MAX(places->len, 1))};
	uint32_t *next = buckets.first + 1; /* shifted by one, it ends as `first` */
	for (guint n = 0; n < places->len; n++)
		next[place[n].bucket + 1]++;
	for (uint32_t b = 0; b < n_buckets; b++)
		next[b + 1] += next[b];
	for (guint n = 0; n < places->len; n++)
		buckets.items[next[place[n].bucket]++] = place[n].item;
	return buckets;
}

static void add_place(GArray *places, uint32_t bucket, uint32_t item)
{
	const Place place = {bucket, item};
	g_array_append_val(places, place);
}

static uint32_t asset_of(const AmMap *map, uint32_t endpoint)
{
	return g_array_index(map->endpoints, AmEndpoint, endpoint).asset;
}

static uint32_t group_of(const AmMap *map, uint32_t endpoint)
{
	return g_array_index(map->assets, AmAsset, asset_of(map, endpoint)).group;
}

/* The group, or the asset where it has none. */
static uint32_t group_or_asset(const AmMap *map, uint32_t endpoint)
{
	uint32_t group = group_of(map, endpoint);
	return group != AM_NO_INDEX ? group : map->groups->len + asset_of(map, endpoint);
}

typedef uint32_t (*Party)(const AmMap *map, uint32_t endpoint);

/* Flows that are the same between these parties. */
static Buckets find_equal(const AmMap *map, const Flows *flows, Party party)
{
	g_autoptr(AmTable) table = am_table_new(2 * sizeof(uint64_t));
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));
	for (uint32_t n = 0; n < flows->n; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, g_array_index(flows->edges, uint32_t, n));
		uint64_t key[2] = {(uint64_t)party(map, edge->client) << 32 | party(map, edge->server),
				   (uint64_t)edge->ip_protocol << 16 | edge->port};
		add_place(places, am_table_add(table, key), n);
	}
	return fill_buckets(places, am_table_size(table));
}

/* Adds the days of all flows of a bucket together; `active`: room for all days. */
static void add_joined(const Flows *flows, const Buckets *buckets, uint32_t bucket, uint32_t n_days, uint8_t *active,
		       GArray *days)
{
	memset(active, 0, n_days);
	for (uint32_t i = buckets->first[bucket]; i < buckets->first[bucket + 1]; i++) {
		uint32_t n_active;
		const uint32_t *own = days_of(flows, buckets->items[i], &n_active);
		for (uint32_t n = 0; n < n_active; n++)
			active[own[n]] = 1;
	}
	for (uint32_t day = 0; day < n_days; day++)
		if (active[day])
			g_array_append_val(days, day);
}

static Flows join_flows(const AmMap *map, const Flows *flows, Party party, uint32_t n_days)
{
	Buckets buckets = find_equal(map, flows, party);
	Flows joined = {buckets.n, g_new(uint32_t, buckets.n + 1), g_array_new(FALSE, FALSE, sizeof(uint32_t)),
			g_array_new(FALSE, FALSE, sizeof(uint32_t))};
	g_autofree uint8_t *active = g_new(uint8_t, MAX(n_days, 1));
	joined.first[0] = 0;
	for (uint32_t b = 0; b < buckets.n; b++) {
		add_joined(flows, &buckets, b, n_days, active, joined.days);
		joined.first[b + 1] = joined.days->len;
		g_array_append_val(joined.edges,
				   g_array_index(flows->edges, uint32_t, buckets.items[buckets.first[b]]));
	}
	buckets_clear(&buckets);
	return joined;
}

/* Each group's own: flows between hosts of which it holds one end or both. */
static void sum_groups(const AmMap *map, const Flows *hosts, AmCoverage *coverage)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));
	for (uint32_t n = 0; n < hosts->n; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, g_array_index(hosts->edges, uint32_t, n));
		uint32_t client = group_of(map, edge->client), server = group_of(map, edge->server);
		if (client != AM_NO_INDEX)
			add_place(places, client, n);
		if (server != AM_NO_INDEX && server != client)
			add_place(places, server, n);
	}
	Buckets buckets = fill_buckets(places, map->groups->len);
	g_autoptr(AmSeries) series = am_series_new(coverage->units);
	for (guint g = 0; g < map->groups->len; g++) {
		am_series_clear(series);
		for (uint32_t i = buckets.first[g]; i < buckets.first[g + 1]; i++) {
			uint32_t n_active;
			const uint32_t *days = days_of(hosts, buckets.items[i], &n_active);
			am_series_add(series, days, n_active);
		}
		AmCoverageSum sum = am_series_sum(series);
		g_array_append_val(coverage->groups, sum);
	}
	buckets_clear(&buckets);
}

/* ---- The calendar */

static uint32_t kinds_of(int32_t day)
{
	GDate date;
	g_date_clear(&date, 1);
	g_date_set_julian(&date, (guint32)(AM_JULIAN_1970 + day));
	uint32_t kinds = 1u << (AM_COVERAGE_GAP_MONDAY + g_date_get_weekday(&date) - G_DATE_MONDAY);
	if (g_date_is_first_of_month(&date))
		kinds |= 1u << AM_COVERAGE_GAP_MONTH_BEGIN;
	if (g_date_is_last_of_month(&date))
		kinds |= 1u << AM_COVERAGE_GAP_MONTH_END;
	if (g_date_is_last_of_month(&date) && g_date_get_month(&date) % 3 == 0)
		kinds |= 1u << AM_COVERAGE_GAP_QUARTER_END;
	return kinds;
}

static gboolean on_weekend(int32_t day)
{
	return (kinds_of(day) & (1u << AM_COVERAGE_GAP_SATURDAY | 1u << AM_COVERAGE_GAP_SUNDAY)) != 0;
}

/* Is the last day the first one of its kind? */
static gboolean ends_otherwise(const AmCoverage *coverage)
{
	int32_t last = 0;
	uint32_t n_alike = 0;
	for (guint n = coverage->days->len; n > 0; n--) {
		const AmCoverageDay *day = &g_array_index(coverage->days, AmCoverageDay, n - 1);
		if (day->left_out)
			continue;
		if (n_alike == 0)
			last = day->day;
		n_alike += on_weekend(day->day) == on_weekend(last);
	}
	return n_alike == 1 && coverage->units > 1;
}

static void find_gaps(AmCoverage *coverage)
{
	uint32_t missing = (1u << AM_N_COVERAGE_GAPS) - 1;
	int32_t last = 0;
	for (guint n = 0; n < coverage->days->len; n++) {
		const AmCoverageDay *day = &g_array_index(coverage->days, AmCoverageDay, n);
		if (day->left_out)
			continue;
		missing &= ~kinds_of(day->day);
		last = day->day;
	}
	for (int32_t day = last + 1; missing != 0 && coverage->units > 0; day++) {
		uint32_t found = missing & kinds_of(day);
		for (int gap = 0; gap < AM_N_COVERAGE_GAPS; gap++)
			if ((found >> gap & 1) != 0)
				coverage->gaps[gap] = day;
		missing &= ~found;
	}
}

/* ---- All */

static void fill_days(AmCoverage *coverage, const AmSeries *series, AmCoverageScope scope)
{
	uint32_t unit = 0;
	for (guint n = 0; n < coverage->days->len; n++) {
		AmCoverageDay *day = &g_array_index(coverage->days, AmCoverageDay, n);
		day->scopes[scope].predicted = AM_COVERAGE_UNKNOWN;
		if (!day->left_out)
			am_series_day(series, unit++, &day->scopes[scope].edges, &day->scopes[scope].known,
				      &day->scopes[scope].predicted);
	}
}

static void sum_scope(AmCoverage *coverage, AmCoverageScope scope, const Flows *flows)
{
	g_autoptr(AmSeries) series = series_of(flows, coverage->units);
	coverage->scopes[scope] = am_series_sum(series);
	fill_days(coverage, series, scope);
}

void am_coverage_build(AmMapWork *work)
{
	AmCoverage *coverage = work->map->coverage = g_new0(AmCoverage, 1);
	coverage->days = list_days(work);
	coverage->groups = g_array_new(FALSE, TRUE, sizeof(AmCoverageSum));
	leave_out(coverage);
	find_gaps(coverage);
	coverage->other_kind = ends_otherwise(coverage);
	if (coverage->units > 0)
		coverage->rare = 1 - pow(AM_COVERAGE_MISSED, 1.0 / coverage->units);
	Flows edges = list_flows(work);
	Flows hosts = join_flows(work->map, &edges, asset_of, coverage->units);
	flows_clear(&edges);
	Flows groups = join_flows(work->map, &hosts, group_or_asset, coverage->units);
	sum_scope(coverage, AM_COVERAGE_HOSTS, &hosts);
	sum_scope(coverage, AM_COVERAGE_GROUPS, &groups);
	sum_groups(work->map, &hosts, coverage);
	flows_clear(&hosts);
	flows_clear(&groups);
}

void am_coverage_free(AmCoverage *coverage)
{
	if (coverage == NULL)
		return;
	g_array_unref(coverage->days);
	g_array_unref(coverage->groups);
	g_free(coverage);
}
