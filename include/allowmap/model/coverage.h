/* Coverage: has the observation been long enough? Part of the map, computed with it.
 *
 * The unit is the UTC day: a flow is known once it was seen on any day, and coverage is the share of a next day's flows that
 * are known. A share is from 0 to 1, or AM_COVERAGE_UNKNOWN. */
#pragma once

#include <glib.h>
#include <stdint.h>

#define AM_COVERAGE_UNKNOWN (-1.0)

/* What a flow is. */
#define AM_COVERAGE_SCOPES(X)                                                                                          \
	X(HOSTS, "hosts", "from one host to another, on one port")                                                     \
	X(GROUPS, "groups", "from one group to another, on one port; a host without a group stands for itself")

typedef enum {
#define X(id, name, text) AM_COVERAGE_##id,
	AM_COVERAGE_SCOPES(X)
#undef X
		AM_N_COVERAGE_SCOPES,
} AmCoverageScope;

/* How far an estimate may be believed. */
#define AM_COVERAGE_STATES(X)                                                                                          \
	X(NONE, "none", "too few whole days for an estimate")                                                          \
	X(UNCHECKED, "unchecked", "no day yet on which the estimate could be checked")                                 \
	X(STEADY, "steady", "the days that were held out came as predicted")                                           \
	X(NON_STATIONARY, "non-stationary", "the days that were held out came otherwise than predicted")

typedef enum {
#define X(id, name, text) AM_COVERAGE_##id,
	AM_COVERAGE_STATES(X)
#undef X
		AM_N_COVERAGE_STATES,
} AmCoverageState;

/* What can be said of how many more days are needed. */
#define AM_COVERAGE_OUTLOOKS(X)                                                                                        \
	X(REACHED, "reached", "the target is reached")                                                                 \
	X(DAYS, "days", "so many more days are expected to reach the target")                                          \
	X(SHORT, "short", "fewer than seven whole days were seen, so not every day of the week")                       \
	X(UNSTEADY, "unsteady", "days do not come as predicted")                                                       \
	X(UNPROVEN, "unproven", "the first half of the days does not predict what the last one knew")                  \
	X(FAR, "far", "it would take longer than was observed so far")

typedef enum {
#define X(id, name, text) AM_COVERAGE_OUTLOOK_##id,
	AM_COVERAGE_OUTLOOKS(X)
#undef X
		AM_N_COVERAGE_OUTLOOKS,
} AmCoverageOutlook;

typedef struct {
	uint64_t edges, incidences; /* distinct flows, and the sum over the days of those that were active */
	uint64_t once, twice;       /* flows that were active on one day, on two days */
	double coverage;            /* expected of a next day, from all days */
	/* The last day, held out: what the days before it predict of it, and what became of that. */
	double predicted, actual;
	uint64_t last_edges, last_known; /* active on it, and those that had been seen before */
	uint32_t held_out;               /* days, the last one among them, that were predicted from those before, */
	double error;                    /* and the mean distance of prediction and outcome, */
	double lowest, highest;          /* and the shares that had been known; without such days of no meaning */
	double margin;                   /* that distance, and that of the last day, may be as large as this */
	AmCoverageState state;
	AmCoverageOutlook outlook;
	double target;      /* share; 0 = none to reach */
	uint32_t more_days; /* of AM_COVERAGE_OUTLOOK_DAYS */
} AmCoverageSum;

/* One day of the observation. */
typedef struct {
	int32_t day;       /* UTC days since 1970-01-01 */
	uint8_t hours;     /* with any traffic */
	gboolean left_out; /* begun late or ended early: says too little of a day */
	struct {
		uint64_t edges, known; /* active, and those seen on an earlier day that counts */
		double predicted;      /* from the days before it */
	} scopes[AM_N_COVERAGE_SCOPES];
} AmCoverageDay;

/* What the calendar has and the observation has not. */
#define AM_COVERAGE_GAPS(X)                                                                                            \
	X(MONDAY, "monday", "a Monday")                                                                                \
	X(TUESDAY, "tuesday", "a Tuesday")                                                                             \
	X(WEDNESDAY, "wednesday", "a Wednesday")                                                                       \
	X(THURSDAY, "thursday", "a Thursday")                                                                          \
	X(FRIDAY, "friday", "a Friday")                                                                                \
	X(SATURDAY, "saturday", "a Saturday")                                                                          \
	X(SUNDAY, "sunday", "a Sunday")                                                                                \
	X(MONTH_BEGIN, "month-begin", "the first day of a month")                                                      \
	X(MONTH_END, "month-end", "the last day of a month")                                                           \
	X(QUARTER_END, "quarter-end", "the last day of a quarter")

typedef enum {
#define X(id, name, text) AM_COVERAGE_GAP_##id,
	AM_COVERAGE_GAPS(X)
#undef X
		AM_N_COVERAGE_GAPS,
} AmCoverageGap;

typedef struct {
	GArray *days;   /* AmCoverageDay, with any traffic, ascending */
	uint32_t units; /* days that count */
	AmCoverageSum scopes[AM_N_COVERAGE_SCOPES];
	GArray *groups; /* AmCoverageSum, as AmMap.groups: flows between hosts of which one end at least is a member */
	uint64_t announced; /* flows that do not count: on ports that were announced for one transfer each */
	gboolean
		other_kind; /* the last day that counts is on a weekend and none before it was, or the other way round */
	double rare;        /* flows of this daily probability and more have each been seen, with 95% confidence */
	/* For each AmCoverageGap the next such day after the last one that counts; 0 = one was seen. */
	int32_t gaps[AM_N_COVERAGE_GAPS];
} AmCoverage;
