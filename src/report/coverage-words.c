/* Coverage in words. It must not promise more than was checked: an estimate that the last days contradict is no number. */
#include "config.h"

#include "coverage.h"
#include "text.h"

#include <math.h>

const char *am_coverage_day_text(int32_t day, char text[AM_COVERAGE_DAY_SIZE])
{
	char time[AM_TIME_TEXT_SIZE];
	g_strlcpy(text, am_time_text((int64_t)day * 86400 * AM_NS_PER_S, time), AM_COVERAGE_DAY_SIZE);
	return text;
}

/* "97.1%": never rounded up to what it is not. */
static void append_share(GString *to, double share)
{
	int tenths = (int)floor(share * 1000 + 1e-9);
	g_string_append_printf(to, "%d.%d%%", tenths / 10, tenths % 10);
}

static const char *between(int scope)
{
	return scope == AM_COVERAGE_HOSTS ? "between hosts" : "between groups";
}

/* Scopes whose estimate may be believed, in one sentence. */
static void say_estimates(GString *to, const AmCoverage *coverage)
{
	gboolean any = FALSE, unchecked = FALSE;
	for (int scope = 0; scope < AM_N_COVERAGE_SCOPES; scope++) {
		const AmCoverageSum *sum = &coverage->scopes[scope];
		if (sum->state != AM_COVERAGE_STEADY && sum->state != AM_COVERAGE_UNCHECKED)
			continue;
		g_string_append(to, any ? " and " : "Discovery covers about ");
		append_share(to, sum->coverage);
		g_string_append_printf(to, any ? " of those %s" : " of the edges %s", between(scope));
		any = TRUE;
		unchecked |= sum->state == AM_COVERAGE_UNCHECKED;
	}
	if (!any)
		return;
	gboolean weekdays =
		coverage->gaps[AM_COVERAGE_GAP_SATURDAY] != 0 && coverage->gaps[AM_COVERAGE_GAP_SUNDAY] != 0;
	g_string_append_printf(to, " that a next %s will need%s%s.", weekdays ? "weekday" : "day",
			       weekdays ? " (no weekend was seen)" : "",
			       unchecked ? ", if days are alike: there is no day yet to check that on" : "");
}

/* The others, each by what contradicts it, and with what can be said all the same. */
static void say_doubts(GString *to, const AmCoverage *coverage)
{
	gboolean any = FALSE;
	for (int scope = 0; scope < AM_N_COVERAGE_SCOPES; scope++) {
		const AmCoverageSum *sum = &coverage->scopes[scope];
		if (sum->state != AM_COVERAGE_NON_STATIONARY)
			continue;
		g_string_append_printf(to,
				       "%sNo estimate holds for the edges %s, as days are not alike (non-stationary): ",
				       to->len > 0 ? " " : "", between(scope));
		append_share(to, sum->actual);
		g_string_append(to, " of the last day's had been seen before, where ");
		append_share(to, sum->predicted);
		g_string_append(to, " was predicted");
		if (sum->held_out > 1) {
			g_string_append(to, "; of the last ");
			am_text_append_counted(to, sum->held_out, "day", NULL);
			g_string_append(to, "' between ");
			append_share(to, sum->lowest);
			g_string_append(to, " and ");
			append_share(to, sum->highest);
		}
		g_string_append_c(to, '.');
		any = TRUE;
	}
	if (any && coverage->other_kind)
		g_string_append(to, " The last day is the first of its kind, weekend or not.");
}

char *am_coverage_words(const AmCoverage *coverage)
{
	GString *to = g_string_new(NULL);
	if (coverage == NULL || coverage->scopes[AM_COVERAGE_HOSTS].state == AM_COVERAGE_NONE) {
		uint32_t units = coverage != NULL ? coverage->units : 0;
		g_string_append(to, "How much discovery covers cannot be said: ");
		if (units >= 3)
			g_string_append(to, "nothing was seen that may be needed.");
		else
			g_string_append_printf(to, "%s whole day%s observed, and an estimate needs at least 3.",
					       units == 0   ? "no"
					       : units == 1 ? "1"
							    : "2",
					       units == 1 ? " was" : "s were");
		return g_string_free(to, FALSE);
	}
	say_estimates(to, coverage);
	say_doubts(to, coverage);
	return g_string_free(to, FALSE);
}

char *am_coverage_gaps(const AmCoverage *coverage)
{
#define X(id, name, text) text,
	static const char *const texts[AM_N_COVERAGE_GAPS] = {AM_COVERAGE_GAPS(X)};
#undef X
	GString *to = g_string_new(NULL);
	for (int gap = 0; coverage != NULL && gap < AM_N_COVERAGE_GAPS; gap++) {
		if (coverage->gaps[gap] == 0)
			continue;
		char next[AM_COVERAGE_DAY_SIZE];
		g_string_append_printf(to, "%s%s", to->len > 0 ? ", " : "", texts[gap]);
		if (gap > AM_COVERAGE_GAP_SUNDAY)
			g_string_append_printf(to, " (next: %s)", am_coverage_day_text(coverage->gaps[gap], next));
	}
	return g_string_free(to, to->len == 0);
}

/* After how many days what happens on one in `every` of them has been seen, with 95% confidence. */
static uint32_t days_to_see(uint32_t every)
{
	return (uint32_t)ceil(log(0.05) / log(1 - 1.0 / every));
}

char *am_coverage_rare(const AmCoverage *coverage)
{
	static const uint32_t wanted[] = {7, 30};
	GString *to = g_string_new(NULL);
	if (coverage == NULL || coverage->units == 0)
		return g_string_free(to, FALSE);
	uint32_t every = (uint32_t)(1 / coverage->rare);
	am_text_append_counted(to, coverage->units, "whole day", NULL);
	g_string_append(to, coverage->units == 1 ? " shows" : " show");
	g_string_append(to, " with 95% confidence what happens at random ");
	if (every > 1)
		g_string_append_printf(to, "every %u days or more often", every);
	else
		g_string_append_printf(to, "on %d%% of all days or more", (int)ceil(100 * coverage->rare));
	const char *before = ";";
	for (guint n = 0; n < G_N_ELEMENTS(wanted); n++) {
		if (every >= wanted[n])
			continue;
		g_string_append_printf(to, "%s every %u days takes %u whole days", before, wanted[n],
				       days_to_see(wanted[n]));
		before = ",";
	}
	return g_string_free(to, FALSE);
}
