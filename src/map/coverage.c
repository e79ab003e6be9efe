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

/* By flow the days on which it was active: of flow n are days[first[n]] up to days[first[n + 1]], as numbers of units,
 * ascending. A flow that does not count has none. */
typedef struct {
	uint32_t *first;
	GArray *days; /* uint32_t */
} Incidences;

static void incidences_clear(Incidences *incidences)
{
	g_free(incidences->first);
	g_array_unref(incidences->days);
}

/* Items 0 .. n - 1 by the bucket that each is in: those of bucket b are items[first[b]] up to items[first[b + 1]], ascending. */
typedef struct {
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

static gboolean counts(const AmEdge *edge)
{
	return (edge->verdict == AM_VERDICT_ESSENTIAL || edge->verdict == AM_VERDICT_UNDECIDED) && !is_announced(edge);
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

static Incidences list_incidences(const AmMapWork *work)
{
	guint n_edges = work->map->edges->len;
	Incidences hosts = {g_new(uint32_t, n_edges + 1), g_array_new(FALSE, FALSE, sizeof(uint32_t))};
	for (guint n = 0; n < n_edges; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		hosts.first[n] = hosts.days->len;
		if (counts(edge))
			add_days(work, n, hosts.days);
		else if (is_announced(edge) && edge->verdict <= AM_VERDICT_UNDECIDED)
			work->map->coverage->announced++;
	}
	hosts.first[n_edges] = hosts.days->len;
	return hosts;
}

static const uint32_t *days_of(const Incidences *incidences, uint32_t flow, uint32_t *ret_n)
{
	*ret_n = incidences->first[flow + 1] - incidences->first[flow];
	return &((const uint32_t *)incidences->days->data)[incidences->first[flow]];
}

static AmSeries *series_of(const Incidences *incidences, guint n_flows, uint32_t n_days)
{
	AmSeries *series = am_series_new(n_days);
	for (guint n = 0; n < n_flows; n++) {
		uint32_t n_active;
		const uint32_t *days = days_of(incidences, n, &n_active);
		if (n_active > 0)
			am_series_add(series, days, n_active);
	}
	return series;
}

/* ---- Groups */

/* `places`: (bucket, item), two uint32_t each, items ascending. */
static Buckets fill_buckets(const GArray *places, uint32_t n_buckets)
{
	typedef struct {
		uint32_t bucket, item;
	} Place;
	const Place *place = (const Place *)places->data;
	Buckets buckets = {g_new0(uint32_t, n_buckets + 2), g_new(uint32_t, MAX(places->len, 1))};
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
	const uint32_t place[2] = {bucket, item};
	g_array_append_vals(places, place, 1);
}

static uint32_t group_of(const AmMap *map, uint32_t endpoint)
{
	uint32_t asset = g_array_index(map->endpoints, AmEndpoint, endpoint).asset;
	return g_array_index(map->assets, AmAsset, asset).group;
}

/* The group, or the asset where it has none. */
static uint64_t party_of(const AmMap *map, uint32_t endpoint)
{
	uint32_t group = group_of(map, endpoint);
	return group != AM_NO_INDEX
		       ? group
		       : (uint64_t)map->groups->len + g_array_index(map->endpoints, AmEndpoint, endpoint).asset;
}

/* The edges that count, by what they are between groups. Returns how many such there are. */
static uint32_t join_edges(const AmMap *map, const Incidences *hosts, Buckets *ret_buckets)
{
	g_autoptr(AmTable) table = am_table_new(2 * sizeof(uint64_t));
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, 2 * sizeof(uint32_t));
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		uint64_t client = party_of(map, edge->client), server = party_of(map, edge->server);
		uint64_t key[2] = {client << 24 | (uint64_t)edge->ip_protocol << 16 | edge->port, server};
		if (hosts->first[n] < hosts->first[n + 1])
			add_place(places, am_table_add(table, key), n);
	}
	*ret_buckets = fill_buckets(places, am_table_size(table));
	return am_table_size(table);
}

/* The days of all edges of each bucket together. */
static Incidences join_days(const Incidences *hosts, const Buckets *buckets, uint32_t n_buckets, uint32_t n_days)
{
	Incidences joined = {g_new(uint32_t, n_buckets + 1), g_array_new(FALSE, FALSE, sizeof(uint32_t))};
	g_autofree uint8_t *active = g_new(uint8_t, MAX(n_days, 1));
	for (uint32_t b = 0; b < n_buckets; b++) {
		joined.first[b] = joined.days->len;
		memset(active, 0, n_days);
		for (uint32_t i = buckets->first[b]; i < buckets->first[b + 1]; i++) {
			uint32_t n_active;
			const uint32_t *days = days_of(hosts, buckets->items[i], &n_active);
			for (uint32_t n = 0; n < n_active; n++)
				active[days[n]] = 1;
		}
		for (uint32_t day = 0; day < n_days; day++)
			if (active[day])
				g_array_append_val(joined.days, day);
	}
	joined.first[n_buckets] = joined.days->len;
	return joined;
}

static AmSeries *series_between_groups(const AmMap *map, const Incidences *hosts, uint32_t n_days)
{
	Buckets buckets;
	uint32_t n_buckets = join_edges(map, hosts, &buckets);
	Incidences joined = join_days(hosts, &buckets, n_buckets, n_days);
	AmSeries *series = series_of(&joined, n_buckets, n_days);
	incidences_clear(&joined);
	buckets_clear(&buckets);
	return series;
}

/* Each group's own: edges between hosts of which it holds one end or both. */
static void sum_groups(const AmMap *map, const Incidences *hosts, AmCoverage *coverage)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, 2 * sizeof(uint32_t));
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		uint32_t client = group_of(map, edge->client), server = group_of(map, edge->server);
		if (hosts->first[n] == hosts->first[n + 1])
			continue;
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
	Incidences hosts = list_incidences(work);
	g_autoptr(AmSeries) between_hosts = series_of(&hosts, work->map->edges->len, coverage->units);
	g_autoptr(AmSeries) between_groups = series_between_groups(work->map, &hosts, coverage->units);
	const AmSeries *series[AM_N_COVERAGE_SCOPES] = {between_hosts, between_groups};
	for (int scope = 0; scope < AM_N_COVERAGE_SCOPES; scope++) {
		coverage->scopes[scope] = am_series_sum(series[scope]);
		fill_days(coverage, series[scope], (AmCoverageScope)scope);
	}
	sum_groups(work->map, &hosts, coverage);
	incidences_clear(&hosts);
}

void am_coverage_free(AmCoverage *coverage)
{
	if (coverage == NULL)
		return;
	g_array_unref(coverage->days);
	g_array_unref(coverage->groups);
	g_free(coverage);
}
