/* When an edge is active, and how likely it is to come again: from the days and hours of its tallies, measured against those
 * that were watched at all. It judges nothing: verdicts have their own measure of what recurs.
 *
 * Confidence: that a day like those watched sees the edge again. An edge that was seen on d of D days has the prior of
 * Jeffreys, Beta(d + 1/2, D - d + 1/2); to it come the edges of its kind that the network itself was asked about: each of the
 * last days is held out, and of those that the days before it showed as often and with as many clients, r of n came
 * [ALGORITHMS 2: seen on 1 of 3 days, 16% recur, and 4.8 or 49.8% with one or many clients; on 3 of 3, 97.6%]. So
 * (r + d + 1/2) / (n + D + 1). Whose client is only guessed may be the other way round: half of it.
 *
 * Words: what pure chance would show less than once in a hundred. */
#include "config.h"

#include "work.h"

#define CHANCE 0.01
#define MIN_DAYS 3        /* that a word is about */
#define MIN_WEEKS_DAYS 14 /* ALGORITHMS 2: two weeks for what is said of days of the week */
#define MAX_HELD_OUT 7    /* days, so that each day of the week is asked once */
#define MAX_WINDOW 20     /* hours; wider is no window */
#define WORKDAYS 0x1f
#define WEEKEND 0x60

/* Nine in ten: a mirror or a job may miss one. */
static gboolean nearly(uint32_t part, uint32_t all)
{
	return (uint64_t)part * 10 >= (uint64_t)all * 9;
}

/* A day on which anything was seen, and the hours of it. */
typedef struct {
	int32_t day;
	uint32_t hours;
} Day;

/* How often the edges of one kind came again: days seen before (once, some, nearly all) x clients (1, 2-4, more) x failed. */
#define N_KINDS 18
typedef struct {
	uint64_t asked, came;
} Held;

typedef struct {
	AmMapWork *work;
	GArray *days;         /* Day, ascending */
	uint32_t by_hour[24]; /* days on which this hour was watched */
	uint32_t hours;       /* watched */
	Held held[N_KINDS];
} Schedule;

static const Day *day_at(const Schedule *schedule, guint n)
{
	return &g_array_index(schedule->days, Day, n);
}

/* Monday is 0; 1970-01-01 was a Thursday. */
static int weekday_of(int32_t day)
{
	return (int)(((int64_t)day % 7 + 7 + 3) % 7);
}

/* ---- What was watched */

static int compare_days(gconstpointer a, gconstpointer b)
{
	int32_t x = ((const Day *)a)->day, y = ((const Day *)b)->day;
	return x < y ? -1 : x > y;
}

/* Sorts, and joins what is of one day. */
static void join_days(GArray *days)
{
	guint kept = 0;
	g_array_sort(days, compare_days);
	for (guint n = 0; n < days->len; n++) {
		Day day = g_array_index(days, Day, n);
		if (kept > 0 && g_array_index(days, Day, kept - 1).day == day.day)
			g_array_index(days, Day, kept - 1).hours |= day.hours;
		else
			g_array_index(days, Day, kept++) = day;
	}
	g_array_set_size(days, kept);
}

static void watch(Schedule *schedule)
{
	const AmMapWork *work = schedule->work;
	schedule->days = g_array_new(FALSE, FALSE, sizeof(Day));
	guint limit = 4096;
	for (guint n = 0; n < work->tallies->len; n++) {
		const AmTally *tally = am_work_tally(work, n);
		Day day = {tally->key.day, tally->hours & 0xffffff};
		Day *last =
			schedule->days->len > 0 ? &g_array_index(schedule->days, Day, schedule->days->len - 1) : NULL;
		if (last != NULL && last->day == day.day) {
			last->hours |= day.hours;
			continue;
		}
		g_array_append_val(schedule->days, day);
		if (schedule->days->len >= limit) {
			join_days(schedule->days);
			limit = MAX(limit, 2 * schedule->days->len);
		}
	}
	join_days(schedule->days);
	for (guint n = 0; n < schedule->days->len; n++) {
		for (int hour = 0; hour < 24; hour++)
			schedule->by_hour[hour] += day_at(schedule, n)->hours >> hour & 1;
		schedule->hours += (uint32_t)__builtin_popcount(day_at(schedule, n)->hours);
	}
}

/* ---- An edge's days */

/* Its arcs lie by day and sensor. */
static void read_days(const AmMapWork *work, const AmEdgeNotes *notes, GArray *days)
{
	g_array_set_size(days, 0);
	for (uint32_t n = notes->first_arc; n < notes->first_arc + notes->n_arcs; n++) {
		const AmTally *tally = am_work_tally(work, g_array_index(work->arcs, AmArc, n).tally);
		Day day = {tally->key.day, tally->hours & 0xffffff};
		Day *last = days->len > 0 ? &g_array_index(days, Day, days->len - 1) : NULL;
		if (last != NULL && last->day == day.day)
			last->hours |= day.hours;
		else
			g_array_append_val(days, day);
	}
}

/* ---- Confidence */

static gboolean is_sample(const AmEdge *edge)
{
	return edge->verdict != AM_VERDICT_SUSPICIOUS;
}

static guint kind_of(const AmMapWork *work, guint edge_index, uint32_t seen, uint32_t days)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmServiceNotes *service =
		&g_array_index(work->services, AmServiceNotes, am_work_notes(work, edge_index)->service);
	uint32_t clients = service->end - service->first;
	guint often = nearly(seen, days) ? 2 : seen > 1 ? 1 : 0;
	gboolean failed = edge->outcomes[AM_OUTCOME_ACCEPTED] + edge->outcomes[AM_OUTCOME_ONE_WAY] +
				  edge->outcomes[AM_OUTCOME_MIDSTREAM] ==
			  0;
	return often * 6 + (clients >= 5 ? 2 : clients > 1 ? 1 : 0) * 2 + (failed ? 1 : 0);
}

/* Days that are asked about: the last ones that were watched for at least half as long as the longest, with two days or more
 * before them. */
static guint held_out_days(const Schedule *schedule, guint held_out[MAX_HELD_OUT])
{
	guint n_held = 0;
	int longest = 0;
	for (guint n = 0; n < schedule->days->len; n++)
		longest = MAX(longest, __builtin_popcount(day_at(schedule, n)->hours));
	for (guint n = schedule->days->len; n > 2 && n_held < MAX_HELD_OUT; n--) {
		if (2 * __builtin_popcount(day_at(schedule, n - 1)->hours) >= longest)
			held_out[n_held++] = n - 1;
	}
	return n_held;
}

static void ask(Schedule *schedule, guint edge, const GArray *days, const guint *held_out, guint n_held)
{
	for (guint h = 0; h < n_held; h++) {
		int32_t day = day_at(schedule, held_out[h])->day;
		guint before = 0;
		while (before < days->len && g_array_index(days, Day, before).day < day)
			before++;
		if (before == 0)
			continue;
		Held *held = &schedule->held[kind_of(schedule->work, edge, before, held_out[h])];
		held->asked++;
		held->came += before < days->len && g_array_index(days, Day, before).day == day;
	}
}

/* (r + d + 1/2) / (n + D + 1), in thousandths, rounded. */
static uint16_t confidence_of(const Schedule *schedule, guint edge_index)
{
	const AmEdge *edge = am_work_edge(schedule->work, edge_index);
	uint32_t all = schedule->days->len;
	if (all < 2 || !is_sample(edge))
		return AM_CONFIDENCE_UNKNOWN;
	const Held *held = &schedule->held[kind_of(schedule->work, edge_index, edge->days, all)];
	uint64_t above = 2 * (held->came + edge->days) + 1, below = 2 * (held->asked + all + 1);
	uint64_t thousandths = (1000 * above + below / 2) / below;
	return (uint16_t)(edge->direction >= AM_DIRECTION_DEGREE ? thousandths / 2 : thousandths);
}

/* ---- Words */

static double power(double base, uint32_t n)
{
	double product = 1;
	while (n-- > 0 && product > 1e-12)
		product *= base;
	return product;
}

/* The shortest run of hours, around the clock, that holds all of `hours`: its beginning, and its length. */
static unsigned window_of(uint32_t hours, unsigned *ret_from)
{
	unsigned longest = 0, after = 0;
	for (unsigned from = 0; from < 24; from++) {
		unsigned gap = 0;
		while (gap < 24 && (hours >> (from + gap) % 24 & 1) == 0)
			gap++;
		if (gap <= longest)
			continue;
		longest = gap;
		after = (from + gap) % 24;
	}
	*ret_from = after;
	return 24 - longest;
}

/* Whether `n` hours from `from` on can be said. Chance: d blocks of the edge's usual length, dropped on the clock anywhere, lie
 * within an arc of which they can begin in the part a, with a probability of d * a^(d-1) (Stevens 1939). What lies outside
 * must have been watched, too. */
static gboolean window_holds(const Schedule *schedule, const AmEdge *edge, unsigned from, unsigned n)
{
	unsigned usual = edge->hours / edge->days;
	double part = (n - MIN(usual, n) + 1) / 24.0;
	if (edge->days < MIN_DAYS || n > MAX_WINDOW || edge->days * power(part, edge->days - 1) >= CHANCE)
		return FALSE;
	for (unsigned hour = n; hour < 24; hour++) {
		if (schedule->by_hour[(from + hour) % 24] < MIN_DAYS)
			return FALSE;
	}
	return TRUE;
}

/* Days that were watched in any of these hours, by weekday. */
static uint32_t count_watched(const Schedule *schedule, uint32_t hours, uint32_t by_weekday[7])
{
	uint32_t all = 0;
	for (guint n = 0; n < schedule->days->len; n++) {
		if ((day_at(schedule, n)->hours & hours) == 0)
			continue;
		by_weekday[weekday_of(day_at(schedule, n)->day)]++;
		all++;
	}
	return all;
}

/* Chance: of d days drawn from D, all lie on the W that are of these days of the week: C(W,d) / C(D,d); times the number of such
 * sets, but where it is the working days or the weekend, which need no searching for. */
static gboolean weekdays_hold(const AmEdge *edge, unsigned weekdays, uint32_t such, uint32_t all)
{
	static const double sets[8] = {1, 7, 21, 35, 35, 21, 7, 1};
	if (all < MIN_WEEKS_DAYS || edge->days > such || !nearly(edge->days, such))
		return FALSE;
	gboolean usual = weekdays == WORKDAYS || weekdays == WEEKEND;
	double chance = usual ? 1 : sets[__builtin_popcount(weekdays)];
	for (uint32_t n = 0; n < edge->days; n++)
		chance *= (double)(such - n) / (double)(all - n);
	return chance < CHANCE;
}

static AmPeriod period_of(const Schedule *schedule, const AmEdge *edge)
{
	AmPeriod period = {0};
	uint32_t hours = 0, by_weekday[7] = {0}, such = 0;
	unsigned from, weekdays = 0;
	if (schedule->hours >= 24 && nearly(edge->hours, schedule->hours))
		return (AmPeriod){.kind = AM_PERIOD_HOURLY};
	for (int day = 0; day < 7; day++) {
		hours |= edge->week.hours[day];
		weekdays |= edge->week.hours[day] != 0 ? 1u << day : 0;
	}
	unsigned n = window_of(hours, &from);
	gboolean has_window = window_holds(schedule, edge, from, n);
	if (has_window) {
		period.from = (uint8_t)from;
		period.to = (uint8_t)((from + n) % 24);
	}
	uint32_t all = count_watched(schedule, has_window ? hours : UINT32_MAX, by_weekday);
	for (int day = 0; day < 7; day++)
		such += (weekdays >> day & 1) != 0 ? by_weekday[day] : 0;
	if (edge->days >= MIN_DAYS && nearly(edge->days, all)) {
		period.kind = AM_PERIOD_DAILY;
	} else if (weekdays_hold(edge, weekdays, such, all)) {
		period.kind = AM_PERIOD_WEEKLY;
		period.weekdays = (uint8_t)weekdays;
	} else if (has_window) {
		period.kind = AM_PERIOD_DAYTIME;
	}
	return period;
}

void am_schedule_build(AmMapWork *work)
{
	Schedule schedule = {.work = work};
	guint held_out[MAX_HELD_OUT], n_edges = work->map->edges->len;
	watch(&schedule);
	guint n_held = held_out_days(&schedule, held_out);
	g_autoptr(GArray) days = g_array_new(FALSE, FALSE, sizeof(Day));
	for (guint n = 0; n < n_edges; n++) {
		AmEdge *edge = am_work_edge(work, n);
		read_days(work, am_work_notes(work, n), days);
		for (guint d = 0; d < days->len; d++) {
			const Day *day = &g_array_index(days, Day, d);
			edge->week.hours[weekday_of(day->day)] |= day->hours;
		}
		if (is_sample(edge))
			ask(&schedule, n, days, held_out, n_held);
	}
	for (guint n = 0; n < n_edges; n++) {
		AmEdge *edge = am_work_edge(work, n);
		edge->confidence = confidence_of(&schedule, n);
		edge->period = period_of(&schedule, edge);
	}
	g_array_unref(schedule.days);
}
