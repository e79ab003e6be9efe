/* Good-Turing sample coverage on days. A flow is known once it was seen; a day's coverage is the share of its flows that are
 * known. What T days say of the one that comes after n more:
 *
 *   C(n) = 1 - Q1/U * A^(n + k),   A = (T - 1) Q1 / ((T - 1) Q1 + 2 Q2)
 *
 * with Q1, Q2 = flows that were active on one day and on two (Q2 at least 1), U = the sum of active flows over the days (Chao &
 * Jost, Ecology 2012; for days instead of single finds Chao et al., Ecol. Monogr. 2014). With k = 1, as they have it, it is
 * right for days that do not depend on each other. Flows of networks come to stay and go for good, and then k = 0, plain
 * Good-Turing, is nearer: after three or four days k = 1 was too high by 3 to 4 points where k = 0 was right within one, and
 * k = 0 too low by as much where days were independent. So k is learned: what would have served best on the days so far, each
 * predicted from those before it; at a tie the smaller, which promises less.
 *
 * All of it holds where days are alike, which is checked in the same way: the last days are predicted, each with what was
 * known before it, and compared with what came.
 */
#include "config.h"

#include "constants.h"
#include "estimate.h"

#include <math.h>
#include <string.h>

struct AmSeries {
	uint32_t n_days;
	uint64_t edges;
	uint64_t *active, *fresh; /* by day: flows, and those that were not seen before */
	int64_t *once, *twice;    /* by day: how Q1 and Q2 of the days up to it differ from those of the day before */
};

#define N_POWERS 11 /* k = 0, .1, ..., 1 */

/* The state after the first days of a series. */
typedef struct {
	uint32_t days;
	uint64_t incidences, once, twice;
	double errors[N_POWERS]; /* by k: how far off it was, summed over the days */
} Seen;

AmSeries *am_series_new(uint32_t n_days)
{
	AmSeries *series = g_new0(AmSeries, 1);
	series->n_days = n_days;
	series->active = g_new0(uint64_t, MAX(n_days, 1));
	series->fresh = g_new0(uint64_t, MAX(n_days, 1));
	series->once = g_new0(int64_t, MAX(n_days, 1));
	series->twice = g_new0(int64_t, MAX(n_days, 1));
	return series;
}

void am_series_free(AmSeries *series)
{
	if (series == NULL)
		return;
	g_free(series->active);
	g_free(series->fresh);
	g_free(series->once);
	g_free(series->twice);
	g_free(series);
}

void am_series_clear(AmSeries *series)
{
	series->edges = 0;
	memset(series->active, 0, series->n_days * sizeof *series->active);
	memset(series->fresh, 0, series->n_days * sizeof *series->fresh);
	memset(series->once, 0, series->n_days * sizeof *series->once);
	memset(series->twice, 0, series->n_days * sizeof *series->twice);
}

void am_series_add(AmSeries *series, const uint32_t *days, uint32_t n_days)
{
	series->edges++;
	series->fresh[days[0]]++;
	for (uint32_t n = 0; n < n_days; n++)
		series->active[days[n]]++;
	series->once[days[0]]++;
	if (n_days > 1) {
		series->once[days[1]]--;
		series->twice[days[1]]++;
	}
	if (n_days > 2)
		series->twice[days[2]]--;
}

static double known_share(const AmSeries *series, uint32_t day)
{
	return series->active[day] > 0 ? 1 - (double)series->fresh[day] / (double)series->active[day]
				       : AM_COVERAGE_UNKNOWN;
}

/* By how much the unknown share of a day shrinks from one day to the next. */
static double decay(const Seen *seen)
{
	double singles = ((double)seen->days - 1) * (double)seen->once, pairs = (double)MAX(seen->twice, 1);
	return singles / (singles + 2 * pairs);
}

/* One day alone says nothing of a second, so that the third is the first to learn from. */
static void learn_power(const AmSeries *series, Seen *seen)
{
	double actual = known_share(series, seen->days);
	if (seen->days < 2 || seen->incidences == 0 || actual < 0)
		return;
	double unseen = (double)seen->once / (double)seen->incidences, step = pow(decay(seen), 1 / (N_POWERS - 1.0));
	for (int n = 0; n < N_POWERS; n++, unseen *= step)
		seen->errors[n] += fabs(1 - unseen - actual);
}

static double best_power(const Seen *seen)
{
	int best = 0;
	for (int n = 1; n < N_POWERS; n++)
		if (seen->errors[n] < seen->errors[best] - 1e-9)
			best = n;
	return best / (N_POWERS - 1.0);
}

static void see_day(const AmSeries *series, Seen *seen)
{
	learn_power(series, seen);
	uint32_t day = seen->days++;
	seen->incidences += series->active[day];
	seen->once += (uint64_t)series->once[day];
	seen->twice += (uint64_t)series->twice[day];
}

static Seen see_days(const AmSeries *series, uint32_t n_days)
{
	Seen seen = {0};
	while (seen.days < n_days)
		see_day(series, &seen);
	return seen;
}

/* The known share of the day that comes after `more` further ones. */
static double coverage_after(const Seen *seen, uint32_t more)
{
	if (seen->days < AM_COVERAGE_MIN_DAYS || seen->incidences == 0)
		return AM_COVERAGE_UNKNOWN;
	double unseen = (double)seen->once / (double)seen->incidences;
	return 1 - unseen * pow(decay(seen), more + best_power(seen));
}

void am_series_day(const AmSeries *series, uint32_t day, uint64_t *ret_edges, uint64_t *ret_known,
		   double *ret_predicted)
{
	Seen before = see_days(series, day);
	*ret_edges = series->active[day];
	*ret_known = series->active[day] - series->fresh[day];
	*ret_predicted = coverage_after(&before, 0);
}

/* One flow more or less is no disagreement. */
static double margin_of(uint64_t edges)
{
	return edges > 0 ? MAX(AM_COVERAGE_MARGIN, 1 / (double)edges) : AM_COVERAGE_MARGIN;
}

/* Predicts the days that have enough before them, the last AM_COVERAGE_HELD_OUT of them. */
static void hold_out(const AmSeries *series, AmCoverageSum *sum)
{
	uint32_t first = series->n_days > AM_COVERAGE_HELD_OUT ? series->n_days - AM_COVERAGE_HELD_OUT : 0;
	double errors = 0;
	sum->lowest = 1;
	Seen before = {0};
	for (uint32_t day = 0; day < series->n_days; day++) {
		double predicted = coverage_after(&before, 0), actual = known_share(series, day);
		if (day >= first && predicted >= 0 && actual >= 0) {
			errors += fabs(predicted - actual);
			sum->held_out++;
			sum->lowest = MIN(sum->lowest, actual);
			sum->highest = MAX(sum->highest, actual);
		}
		if (day + 1 == series->n_days) {
			sum->predicted = predicted;
			sum->actual = day > 0 ? actual : AM_COVERAGE_UNKNOWN;
		}
		see_day(series, &before);
	}
	sum->error = sum->held_out > 0 ? errors / sum->held_out : 0;
}

static AmCoverageState state_of(const AmCoverageSum *sum)
{
	if (sum->coverage < 0)
		return AM_COVERAGE_NONE;
	if (sum->predicted < 0 || sum->actual < 0)
		return AM_COVERAGE_UNCHECKED;
	return fabs(sum->predicted - sum->actual) > sum->margin || sum->error > sum->margin ? AM_COVERAGE_NON_STATIONARY
											    : AM_COVERAGE_STEADY;
}

/* Does the first half of the days foretell what was known of the last? */
static gboolean looks_ahead(const AmSeries *series, const AmCoverageSum *sum)
{
	uint32_t half = (series->n_days + 1) / 2;
	Seen seen = see_days(series, half);
	double foretold = coverage_after(&seen, series->n_days - 1 - half);
	return foretold >= 0 && fabs(foretold - sum->actual) <= sum->margin;
}

/* How many more days reach the target; 0 = it is not known to be reached. */
static uint32_t days_to(const Seen *seen, double target)
{
	for (uint32_t more = 1; more <= seen->days; more++)
		if (coverage_after(seen, more) >= target)
			return more;
	return 0;
}

static void look_ahead(const AmSeries *series, const Seen *seen, AmCoverageSum *sum)
{
	static const double targets[] = {AM_COVERAGE_TARGETS};
	guint n = 0;
	while (n < G_N_ELEMENTS(targets) && sum->coverage >= targets[n])
		n++;
	if (sum->coverage >= 0 && n < G_N_ELEMENTS(targets))
		sum->target = targets[n];
	if (series->n_days < AM_COVERAGE_WEEK)
		sum->outlook = AM_COVERAGE_OUTLOOK_SHORT;
	else if (sum->state != AM_COVERAGE_STEADY)
		sum->outlook = AM_COVERAGE_OUTLOOK_UNSTEADY;
	else if (sum->target == 0)
		sum->outlook = AM_COVERAGE_OUTLOOK_REACHED;
	else if (!looks_ahead(series, sum))
		sum->outlook = AM_COVERAGE_OUTLOOK_UNPROVEN;
	else if ((sum->more_days = days_to(seen, sum->target)) > 0)
		sum->outlook = AM_COVERAGE_OUTLOOK_DAYS;
	else
		sum->outlook = AM_COVERAGE_OUTLOOK_FAR;
}

AmCoverageSum am_series_sum(const AmSeries *series)
{
	Seen all = see_days(series, series->n_days);
	AmCoverageSum sum = {.edges = series->edges,
			     .incidences = all.incidences,
			     .once = all.once,
			     .twice = all.twice,
			     .coverage = coverage_after(&all, 0),
			     .predicted = AM_COVERAGE_UNKNOWN,
			     .actual = AM_COVERAGE_UNKNOWN,
			     .margin = AM_COVERAGE_MARGIN};
	if (series->n_days > 0) {
		uint32_t last = series->n_days - 1;
		sum.last_edges = series->active[last];
		sum.last_known = series->active[last] - series->fresh[last];
		sum.margin = margin_of(sum.last_edges);
		hold_out(series, &sum);
	}
	sum.state = state_of(&sum);
	look_ahead(series, &all, &sum);
	return sum;
}
