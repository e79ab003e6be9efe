/* Times as text and back. The system's clock is asked in one place only, am_clock(); everywhere else time is a value.
 */
#include "config.h"

#include "allowmap/base.h"

#include <stdio.h>
#include <string.h>

#define S_PER_DAY 86400

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int32_t am_time_day(int64_t ns)
{
	return (int32_t)floor_div(ns, S_PER_DAY * AM_NS_PER_S);
}

int am_time_hour(int64_t ns)
{
	int64_t hours = floor_div(ns, 3600 * AM_NS_PER_S);
	return (int)(hours - floor_div(hours, 24) * 24);
}

static const char *no_time(char text[AM_TIME_TEXT_SIZE])
{
	text[0] = '-';
	text[1] = '\0';
	return text;
}

const char *am_time_text(int64_t ns, char text[AM_TIME_TEXT_SIZE])
{
	if (ns == 0)
		return no_time(text);
	int64_t seconds = floor_div(ns, AM_NS_PER_S), fraction = ns - seconds * AM_NS_PER_S;
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
	if (time == NULL)
		return no_time(text);
	int length = snprintf(text, AM_TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", g_date_time_get_year(time),
			      g_date_time_get_month(time), g_date_time_get_day_of_month(time),
			      g_date_time_get_hour(time), g_date_time_get_minute(time), g_date_time_get_second(time));
	if (fraction != 0) {
		length += snprintf(text + length, (size_t)(AM_TIME_TEXT_SIZE - length), ".%09d", (int)fraction);
		while (text[length - 1] == '0')
			length--;
	}
	text[length] = 'Z';
	text[length + 1] = '\0';
	return text;
}

/* The fraction of a second at `text`, a '.' or ',' and digits; *ret_end points behind it. Digits past the ninth are
 * cut. */
static int64_t parse_fraction(const char *text, const char **ret_end)
{
	int64_t ns = 0;
	const char *at = text;
	if ((*at == '.' || *at == ',') && g_ascii_isdigit(at[1])) {
		at++;
		for (int64_t unit = AM_NS_PER_S / 10; g_ascii_isdigit(*at); at++, unit /= 10)
			ns += (*at - '0') * unit;
	}
	*ret_end = at;
	return ns;
}

/* GLib knows microseconds only and rounds them, so it is given the time without its fraction. */
gboolean am_time_parse(const char *text, int64_t *ret_ns)
{
	gint64 seconds, least = INT64_MIN / AM_NS_PER_S, most = INT64_MAX / AM_NS_PER_S;
	if (g_ascii_string_to_signed(text, 10, least, most, &seconds, NULL)) {
		*ret_ns = seconds * AM_NS_PER_S;
		return TRUE;
	}
	size_t whole = strcspn(text, ".,");
	const char *zone;
	int64_t fraction = parse_fraction(text + whole, &zone);
	g_autofree char *without = g_strdup_printf("%.*s%s", (int)MIN(whole, 64), text, zone);
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(without, utc);
	if (time == NULL)
		return FALSE;
	seconds = g_date_time_to_unix(time);
	if (seconds < least || seconds >= most)
		return FALSE;
	*ret_ns = seconds * AM_NS_PER_S + fraction;
	return TRUE;
}

gboolean am_clock(const char *now_text, int64_t *ret_now_ns, GError **error)
{
	const char *text = now_text != NULL ? now_text : g_getenv("SOURCE_DATE_EPOCH");
	if (text == NULL) {
		*ret_now_ns = g_get_real_time() * 1000;
		return TRUE;
	}
	if (am_time_parse(text, ret_now_ns))
		return TRUE;
	g_set_error(error, AM_BASE_ERROR, AM_BASE_ERROR_INVALID,
		    "%s '%s' is not a time, such as 2026-03-02T00:00:00Z or seconds since 1970",
		    now_text != NULL ? "--now" : "SOURCE_DATE_EPOCH", text);
	return FALSE;
}
