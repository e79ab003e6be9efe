/* When an edge is active, in words and digits. The words are found in map/. */
#include "config.h"

#include "allowmap/base.h"

#include <string.h>

#define WORKDAYS 0x1f
#define WEEKEND 0x60

static const char *const days[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* "weekdays", "weekends", "weekly Mon", "weekly Mon, Thu" */
static void add_weekdays(char *text, uint8_t weekdays)
{
	if (weekdays == WORKDAYS || weekdays == WEEKEND) {
		g_strlcat(text, weekdays == WORKDAYS ? "weekdays" : "weekends", AM_PERIOD_TEXT_SIZE);
		return;
	}
	const char *before = "weekly ";
	for (int day = 0; day < 7; day++) {
		if ((weekdays >> day & 1) == 0)
			continue;
		g_strlcat(text, before, AM_PERIOD_TEXT_SIZE);
		g_strlcat(text, days[day], AM_PERIOD_TEXT_SIZE);
		before = ", ";
	}
}

/* " about 02h UTC" for one or two hours, " 08-18h UTC" for more. */
static void add_hours(char *text, const AmPeriod *period)
{
	char hours[24];
	unsigned n = (period->to + 24u - period->from) % 24;
	if (period->from == 0 && period->to == 0)
		return;
	if (n <= 2)
		g_snprintf(hours, sizeof hours, "%sabout %02uh UTC", text[0] != '\0' ? " " : "", period->from);
	else
		g_snprintf(hours, sizeof hours, "%s%02u-%02uh UTC", text[0] != '\0' ? " " : "", period->from,
			   period->to);
	g_strlcat(text, hours, AM_PERIOD_TEXT_SIZE);
}

const char *am_period_text(const AmPeriod *period, char text[AM_PERIOD_TEXT_SIZE])
{
	text[0] = '\0';
	switch ((AmPeriodKind)period->kind) {
	case AM_PERIOD_HOURLY:
		g_strlcpy(text, "every hour", AM_PERIOD_TEXT_SIZE);
		break;
	case AM_PERIOD_DAILY:
		g_strlcpy(text, "daily", AM_PERIOD_TEXT_SIZE);
		break;
	case AM_PERIOD_WEEKLY:
		add_weekdays(text, period->weekdays);
		break;
	case AM_PERIOD_DAYTIME:
	case AM_PERIOD_NONE:
	case AM_N_PERIODS:
		break;
	}
	if (period->kind != AM_PERIOD_NONE)
		add_hours(text, period);
	return text;
}

const char *am_week_text(const AmWeek *week, char text[AM_WEEK_TEXT_SIZE])
{
	for (int day = 0; day < 7; day++)
		g_snprintf(text + (size_t)day * 6, 7, "%06x", week->hours[day] & 0xffffff);
	return text;
}
