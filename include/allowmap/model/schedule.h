/* When an edge is active: the hours of the week, and the words that the days support. */
#pragma once

#include <stdint.h>

/* 168 bits, UTC. */
typedef struct {
	uint32_t hours[7]; /* bit h: seen in hour h of that weekday; 0 = Monday */
} AmWeek;

/* X(id, name) */
#define AM_PERIODS(X)                                                                                                  \
	X(NONE, "")         /* the days support no word */                                                             \
	X(HOURLY, "hourly") /* in every hour that was watched, or nearly */                                            \
	X(DAILY, "daily")   /* on every day, at the same hours */                                                      \
	X(WEEKLY, "weekly") /* on these days of the week, and never on the others */                                   \
	X(DAYTIME, "hours") /* at these hours only, on no days in particular */

typedef enum {
#define X(id, name) AM_PERIOD_##id,
	AM_PERIODS(X)
#undef X
		AM_N_PERIODS,
} AmPeriodKind;

typedef struct {
	uint8_t kind;     /* AmPeriodKind */
	uint8_t weekdays; /* bit 0 = Monday; of WEEKLY */
	uint8_t from, to; /* UTC hours: from `from`:00 to `to`:00, over midnight when from > to; both 0 = any hour */
} AmPeriod;

#define AM_CONFIDENCE_UNKNOWN UINT16_MAX /* else thousandths */
