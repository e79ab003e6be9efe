/* Sample coverage from counts of days (ALGORITHMS §2). Private to map/.
 *
 * A series is a population of flows seen over some days, as the counts that all estimates hang on. New, then every flow
 * once, then the estimates. */
#pragma once

#include "allowmap/model/coverage.h"

typedef struct AmSeries AmSeries;

AmSeries *am_series_new(uint32_t n_days);
void am_series_free(AmSeries *series);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmSeries, am_series_free)
void am_series_clear(AmSeries *series);
/* A flow that was active on these days (ascending, distinct, at least one). O(days) */
void am_series_add(AmSeries *series, const uint32_t *days, uint32_t n_days);

/* All that can be said. O(days) */
AmCoverageSum am_series_sum(const AmSeries *series);
/* Of one day: flows active on it, those of them that were known, and which share the days before predict. */
void am_series_day(const AmSeries *series, uint32_t day, uint64_t *ret_edges, uint64_t *ret_known,
		   double *ret_predicted);
