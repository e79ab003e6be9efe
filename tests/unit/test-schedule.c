/* schedule.c: the hours of the week, the words that the days support, and how likely an edge comes again. */
#include "config.h"

#include "unit.h"

#include "map-fixture.h"

#define CLIENT "10.0.1.5"
#define SERVER "10.0.2.9"
#define PORT 873
#define FRIDAY 4 /* FIRST_DAY is one; Monday is 0 */

static int weekday_of(int day)
{
	return (day + FRIDAY) % 7;
}

static void at_hours(Net *net, int day, int hour, int n_hours)
{
	net_add(net, (Talk){.client = CLIENT,
			    .server = SERVER,
			    .ip_protocol = AM_PROTO_TCP,
			    .port = PORT,
			    .day = day,
			    .hour = hour,
			    .n_hours = n_hours,
			    .connections = 2,
			    .payload = {5000, 5000}});
}

static const AmEdge *the_edge(const AmMap *map)
{
	const AmEdge *edge = edge_of(map, CLIENT, SERVER, AM_PROTO_TCP, PORT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(edge);
	return edge;
}

static void assert_words(const Net *net, const char *expected)
{
	char text[AM_PERIOD_TEXT_SIZE];
	g_autoptr(AmMap) map = net_map(net);
	CU_ASSERT_STRING_EQUAL(am_period_text(&the_edge(map)->period, text), expected);
}

/* At these hours of the days of these weekdays, in a network that is watched around the clock. */
static void assert_regular(int n_days, unsigned weekdays, int hour, int n_hours, const char *expected)
{
	Net net = net_new();
	net_span(&net, n_days);
	for (int day = 0; day < n_days; day++) {
		if ((weekdays >> weekday_of(day) & 1) != 0)
			at_hours(&net, day, hour, n_hours);
	}
	assert_words(&net, expected);
	net_clear(&net);
}

static void test_daily(void)
{
	assert_regular(10, 0x7f, 2, 1, "daily about 02h UTC");
	assert_regular(3, 0x7f, 2, 1, "daily about 02h UTC");
	assert_regular(2, 0x7f, 2, 1, ""); /* twice is chance */
	assert_regular(10, 0x7f, 8, 10, "daily 08-18h UTC");
	assert_regular(10, 0x7f, 1, 21, "daily"); /* that is no window */
	assert_regular(3, 0x7f, 0, 24, "every hour");
	assert_regular(1, 0x7f, 0, 24, "every hour");
}

static void test_weekly(void)
{
	assert_regular(28, 0x01, 3, 1, "weekly Mon about 03h UTC");
	assert_regular(28, 0x09, 3, 1, "weekly Mon, Thu about 03h UTC");
	assert_regular(28, 0x1f, 8, 10, "weekdays 08-18h UTC");
	assert_regular(28, 0x60, 8, 10, "weekends 08-18h UTC");
	assert_regular(14, 0x1f, 8, 10, "weekdays 08-18h UTC");
	assert_regular(14, 0x01, 3, 1, "");            /* two Mondays */
	assert_regular(13, 0x1f, 8, 10, "08-18h UTC"); /* of weekdays nothing is said before two weeks */
}

/* Missed once in ten days it is daily still; at an odd hour it is so without the hour. */
static void test_exceptions(void)
{
	Net net = net_new();
	net_span(&net, 20);
	for (int day = 0; day < 20; day++) {
		if (day != 7)
			at_hours(&net, day, 23, 1);
	}
	assert_words(&net, "daily about 23h UTC");
	at_hours(&net, 7, 0, 1); /* after midnight: the window goes around */
	assert_words(&net, "daily about 23h UTC");
	at_hours(&net, 9, 11, 1);
	assert_words(&net, "daily 23-12h UTC");
	at_hours(&net, 10, 17, 1);
	assert_words(&net, "daily 11-01h UTC"); /* the longest silence is another */
	at_hours(&net, 11, 5, 1);
	assert_words(&net, "daily");
	net_clear(&net);
}

/* What was watched in office hours only does not show that the nights are silent. */
static void test_unwatched(void)
{
	Net net = net_new();
	for (int day = 0; day < 10; day++) {
		net_use(&net, "10.0.1.6", SERVER, 443, day, 1); /* 8 to 18 */
		at_hours(&net, day, 9, 1);
	}
	assert_words(&net, "daily");
	net_clear(&net);
}

static void test_week(void)
{
	char text[AM_WEEK_TEXT_SIZE];
	Net net = net_new();
	at_hours(&net, 0, 2, 1);  /* Friday */
	at_hours(&net, 3, 22, 2); /* Monday */
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT_STRING_EQUAL(am_week_text(&the_edge(map)->week, text), "c00000"
									 "000000000000000000"
									 "000004"
									 "000000000000");
	net_clear(&net);
}

static uint16_t confidence_after(int n_days, int n_seen, gboolean guessed)
{
	Net net = net_new();
	net_span(&net, n_days);
	for (int day = 0; day < n_seen; day++)
		net_add(&net, (Talk){.client = CLIENT,
				     .server = SERVER,
				     .ip_protocol = AM_PROTO_TCP,
				     .port = PORT,
				     .client_port = 40000,
				     .undirected = guessed,
				     .no_handshake = guessed,
				     .day = day,
				     .hour = 8,
				     .n_hours = 4,
				     .connections = 9,
				     .payload = {500, 500}});
	g_autoptr(AmMap) map = net_map(&net);
	uint16_t confidence = the_edge(map)->confidence;
	net_clear(&net);
	return confidence;
}

static void test_confidence(void)
{
	CU_ASSERT_EQUAL(confidence_after(1, 1, FALSE), AM_CONFIDENCE_UNKNOWN);
	/* Two days leave none to ask about: Jeffreys' prior alone, (d + 1/2) / (D + 1). */
	CU_ASSERT_EQUAL(confidence_after(2, 2, FALSE), 833);
	CU_ASSERT_EQUAL(confidence_after(2, 1, FALSE), 500);
	/* Of ten days seven are asked about, the clock and this edge each time: (14 + 10.5) / (14 + 11). */
	CU_ASSERT_EQUAL(confidence_after(10, 10, FALSE), 980);
	/* Once, and asked about seven times in vain: 1.5 / (7 + 11), had it been seen once before each. */
	CU_ASSERT_EQUAL(confidence_after(10, 1, FALSE), 83);
	/* A client that is only guessed may be the server. */
	CU_ASSERT_EQUAL(confidence_after(10, 10, TRUE), 490);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_daily),
		UNIT_TEST(test_weekly),
		UNIT_TEST(test_exceptions),
		UNIT_TEST(test_unwatched),
		UNIT_TEST(test_week),
		UNIT_TEST(test_confidence),
		{NULL, NULL},
	};
	return unit_run("schedule", tests);
}
