/* Coverage: counts and estimates from days laid out by hand; days drawn by chance, of which the truth is known; days that are
 * not alike; what is left out; the calendar. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

#include <math.h>

static char *client_of(guint n)
{
	return g_strdup_printf("10.0.%u.%u", 1 + n / 200, 1 + n % 200);
}

/* A flow of its own: client n to the server, an hour in the morning on this day. */
static void be_active(Net *net, guint n, int day)
{
	g_autofree char *client = client_of(n);
	net_add(net, (Talk){.client = client,
			    .server = "10.0.0.1",
			    .ip_protocol = AM_PROTO_TCP,
			    .port = 443,
			    .day = day,
			    .hour = 8,
			    .connections = 4,
			    .payload = {4000, 40000}});
}

/* One row per flow, one column per day. */
static Net net_of(const char *const *rows)
{
	Net net = net_new();
	for (guint n = 0; rows[n] != NULL; n++)
		for (int day = 0; rows[n][day] != '\0'; day++)
			if (rows[n][day] == 'x')
				be_active(&net, n, day);
	return net;
}

#define ASSERT_SHARE(found, wanted) CU_ASSERT_DOUBLE_EQUAL(found, wanted, 1e-9)

static void test_by_hand(void)
{
	static const char *const rows[] = {"xxxx", "xxxx", "xxx.", "xx..", ".x.x", "x...", "..x.", "...x", NULL};
	Net net = net_of(rows);
	AmMap *map = net_map(&net);
	const AmCoverageSum *hosts = &map->coverage->scopes[AM_COVERAGE_HOSTS];
	CU_ASSERT_EQUAL(map->coverage->units, 4);
	CU_ASSERT_EQUAL(hosts->edges, 8);
	CU_ASSERT_EQUAL(hosts->incidences, 18);
	CU_ASSERT_EQUAL(hosts->once, 3);
	CU_ASSERT_EQUAL(hosts->twice, 2);
	ASSERT_SHARE(hosts->coverage, 1 - 3.0 / 18);
	/* Without the last day: U = 14; once: the fifth, sixth and seventh. */
	ASSERT_SHARE(hosts->predicted, 1 - 3.0 / 14);
	CU_ASSERT_EQUAL(hosts->last_edges, 4);
	CU_ASSERT_EQUAL(hosts->last_known, 3);
	ASSERT_SHARE(hosts->actual, 3.0 / 4);
	CU_ASSERT_EQUAL(hosts->held_out, 1);
	ASSERT_SHARE(hosts->margin, 1.0 / 4); /* one of the four */
	CU_ASSERT_EQUAL(hosts->state, AM_COVERAGE_STEADY);
	CU_ASSERT_EQUAL(hosts->outlook, AM_COVERAGE_OUTLOOK_SHORT);
	am_map_free(map);
	net_clear(&net);
}

/* On the third day one of four flows is new. That is Q1/U * A of the first two, 4/8 * 4/(4 + 2*2), so that A is applied. */
static void test_learned(void)
{
	static const char *const rows[] = {"xxx", "xxx", "x.x", "x..", ".x.", ".x.", "..x", NULL};
	Net net = net_of(rows);
	AmMap *map = net_map(&net);
	const AmCoverageSum *hosts = &map->coverage->scopes[AM_COVERAGE_HOSTS];
	CU_ASSERT_EQUAL(hosts->incidences, 12);
	CU_ASSERT_EQUAL(hosts->once, 4);
	CU_ASSERT_EQUAL(hosts->twice, 1);
	ASSERT_SHARE(hosts->coverage, 1 - 4.0 / 12 * (2.0 * 4 / (2 * 4 + 2 * 1)));
	am_map_free(map);
	net_clear(&net);
}

/* Three days are too few to hold one out. Where no flow was active on one day only, all is known. */
static void test_corners(void)
{
	static const char *const rows[] = {"xxx", "xxx", "x..", ".x.", "..x", NULL};
	Net net = net_of(rows);
	AmMap *map = net_map(&net);
	ASSERT_SHARE(map->coverage->scopes[AM_COVERAGE_HOSTS].coverage, 1 - 3.0 / 9);
	CU_ASSERT_EQUAL(map->coverage->scopes[AM_COVERAGE_HOSTS].state, AM_COVERAGE_UNCHECKED);
	am_map_free(map);
	net_clear(&net);
	static const char *const always[] = {"xxx", "xxx", NULL};
	net = net_of(always);
	map = net_map(&net);
	ASSERT_SHARE(map->coverage->scopes[AM_COVERAGE_HOSTS].coverage, 1);
	am_map_free(map);
	net_clear(&net);
}

static void test_too_short(void)
{
	static const char *const rows[] = {"xx", "x.", ".x", NULL};
	for (int n_days = 0; n_days < 3; n_days++) {
		Net net = net_new();
		for (guint n = 0; rows[n] != NULL; n++)
			for (int day = 0; day < n_days; day++)
				if (rows[n][day] == 'x')
					be_active(&net, n, day);
		AmMap *map = net_map(&net);
		CU_ASSERT_EQUAL(map->coverage->units, (uint32_t)n_days);
		for (int scope = 0; scope < AM_N_COVERAGE_SCOPES; scope++) {
			const AmCoverageSum *sum = &map->coverage->scopes[scope];
			CU_ASSERT_EQUAL(sum->state, AM_COVERAGE_NONE);
			ASSERT_SHARE(sum->coverage, AM_COVERAGE_UNKNOWN);
			ASSERT_SHARE(sum->predicted, AM_COVERAGE_UNKNOWN);
			CU_ASSERT_EQUAL(sum->outlook, AM_COVERAGE_OUTLOOK_SHORT);
			CU_ASSERT_EQUAL(sum->more_days, 0);
		}
		am_map_free(map);
		net_clear(&net);
	}
}

/* Edges of one group to another are one flow, active when any of them is. */
static void test_groups(void)
{
	/* Six clients of one server, alike: a group. On each day some of them are there. */
	static const char *const rows[] = {"xx..xx", "..xxxx", "xxxx..", "x.x.xx", ".xx.xx", "xx.xx.", NULL};
	Net net = net_of(rows);
	net_span(&net, 6);
	AmMap *map = net_map(&net);
	const AmCoverage *coverage = map->coverage;
	const AmAsset *client = asset_of(map, "10.0.1.1"), *server = asset_of(map, "10.0.0.1");
	CU_ASSERT_NOT_EQUAL_FATAL(client->group, AM_NO_INDEX);
	CU_ASSERT_NOT_EQUAL_FATAL(server->group, AM_NO_INDEX);
	CU_ASSERT_EQUAL(client->group, asset_of(map, "10.0.1.6")->group);
	CU_ASSERT_EQUAL(coverage->scopes[AM_COVERAGE_HOSTS].edges, 7);
	CU_ASSERT_EQUAL(coverage->scopes[AM_COVERAGE_GROUPS].edges, 2);
	CU_ASSERT_EQUAL(coverage->scopes[AM_COVERAGE_GROUPS].incidences, 12);
	CU_ASSERT_EQUAL_FATAL(coverage->groups->len, map->groups->len);
	const AmCoverageSum *own = &g_array_index(coverage->groups, AmCoverageSum, client->group);
	CU_ASSERT_EQUAL(own->edges, 6);
	CU_ASSERT_EQUAL(own->incidences, 24);
	CU_ASSERT_EQUAL(g_array_index(coverage->groups, AmCoverageSum, server->group).edges, 6);
	am_map_free(map);
	net_clear(&net);
}

#define N_FLOWS 3000
#define N_DAYS 14

/* The daily probabilities of many networks: most flows are there every day or hardly ever. */
static double probability_of(guint n)
{
	static const double probabilities[] = {1, .98, .9, .7, .5, .3, .2, .1, .05, .02};
	return probabilities[n % G_N_ELEMENTS(probabilities)];
}

/* Independent days: what is predicted of a next day is what a next day would have, within two points from
 * four days on, and three after three. */
static void test_by_chance(void)
{
	g_autoptr(GRand) chance = g_rand_new_with_seed(7);
	g_autofree gboolean *known = g_new0(gboolean, N_FLOWS);
	Net net = net_new();
	for (int day = 0; day < N_DAYS; day++) {
		for (guint n = 0; n < N_FLOWS; n++) {
			if (g_rand_double(chance) >= probability_of(n))
				continue;
			known[n] = TRUE;
			be_active(&net, n, day);
		}
		double all = 0, seen = 0;
		for (guint n = 0; n < N_FLOWS; n++) {
			all += probability_of(n);
			seen += known[n] ? probability_of(n) : 0;
		}
		if (day + 1 < 3)
			continue;
		AmMap *map = net_map(&net);
		const AmCoverageSum *hosts = &map->coverage->scopes[AM_COVERAGE_HOSTS];
		CU_ASSERT_DOUBLE_EQUAL(hosts->coverage, seen / all, day + 1 == 3 ? 0.03 : 0.02);
		CU_ASSERT_EQUAL(hosts->state, day + 1 == 3 ? AM_COVERAGE_UNCHECKED : AM_COVERAGE_STEADY);
		if (day + 1 == N_DAYS) {
			CU_ASSERT_EQUAL(hosts->held_out, 7);
			CU_ASSERT_TRUE(hosts->error < 0.01);
		}
		am_map_free(map);
	}
	net_clear(&net);
}

/* How many more days: said where days are alike, and then as many bring it about. */
static void test_more_days(void)
{
	g_autoptr(GRand) chance = g_rand_new_with_seed(11);
	g_autofree gboolean *known = g_new0(gboolean, N_FLOWS);
	Net net = net_new();
	double all = 0;
	uint32_t more_days = 0;
	for (guint n = 0; n < N_FLOWS; n++)
		all += probability_of(n);
	for (int day = 0; day < 7 + (int)more_days; day++) {
		for (guint n = 0; n < N_FLOWS; n++) {
			if (g_rand_double(chance) >= probability_of(n))
				continue;
			known[n] = TRUE;
			if (day < 7)
				be_active(&net, n, day);
		}
		if (day + 1 != 7)
			continue;
		AmMap *map = net_map(&net);
		const AmCoverageSum *hosts = &map->coverage->scopes[AM_COVERAGE_HOSTS];
		CU_ASSERT_EQUAL(hosts->outlook, AM_COVERAGE_OUTLOOK_DAYS);
		ASSERT_SHARE(hosts->target, 0.99);
		more_days = hosts->more_days;
		am_map_free(map);
	}
	CU_ASSERT_TRUE(more_days > 0 && more_days <= 7);
	double seen = 0;
	for (guint n = 0; n < N_FLOWS; n++)
		seen += known[n] ? probability_of(n) : 0;
	CU_ASSERT_DOUBLE_EQUAL(seen / all, 0.99, 0.01);
	net_clear(&net);
}

/* Each day brings flows that stay: what was once new comes again, so that little seems to be missing, and much is. */
static void test_drift(void)
{
	Net net = net_new();
	guint n = 0;
	for (int day = 0; day < 10; day++)
		for (guint more = 0; more < (day == 0 ? 200 : 40); more++, n++)
			for (int later = day; later < 10; later++)
				be_active(&net, n, later);
	AmMap *map = net_map(&net);
	const AmCoverageSum *hosts = &map->coverage->scopes[AM_COVERAGE_HOSTS];
	CU_ASSERT_EQUAL(hosts->state, AM_COVERAGE_NON_STATIONARY);
	ASSERT_SHARE(hosts->actual, 1 - 40.0 / 560);
	CU_ASSERT_EQUAL(hosts->outlook, AM_COVERAGE_OUTLOOK_UNSTEADY);
	CU_ASSERT_EQUAL(hosts->more_days, 0);
	am_map_free(map);
	net_clear(&net);
}

/* The last day is like no other. */
static void test_other_day(void)
{
	Net net = net_new();
	for (guint n = 0; n < 100; n++)
		for (int day = 0; day < 5; day++)
			be_active(&net, n, day);
	for (guint n = 100; n < 130; n++)
		be_active(&net, n, 5);
	AmMap *map = net_map(&net);
	const AmCoverageSum *hosts = &map->coverage->scopes[AM_COVERAGE_HOSTS];
	ASSERT_SHARE(hosts->predicted, 1);
	ASSERT_SHARE(hosts->actual, 0);
	CU_ASSERT_EQUAL(hosts->state, AM_COVERAGE_NON_STATIONARY);
	am_map_free(map);
	net_clear(&net);
}

/* A surprise five days ago: the last day came as predicted, but the week did not. */
static void test_surprise(void)
{
	Net net = net_new();
	for (guint n = 0; n < 100; n++)
		for (int day = 0; day < 12; day++)
			be_active(&net, n, day);
	for (guint n = 100; n < 118; n++)
		be_active(&net, n, 6);
	AmMap *map = net_map(&net);
	const AmCoverageSum *hosts = &map->coverage->scopes[AM_COVERAGE_HOSTS];
	CU_ASSERT_TRUE(fabs(hosts->predicted - hosts->actual) < hosts->margin);
	ASSERT_SHARE(hosts->lowest, 100.0 / 118);
	ASSERT_SHARE(hosts->highest, 1);
	CU_ASSERT_EQUAL(hosts->state, AM_COVERAGE_NON_STATIONARY);
	am_map_free(map);
	net_clear(&net);
}

static void test_left_out(void)
{
	Net net = net_new();
	/* From 20:00 on the first day to 02:00 on the last; the others have all hours. */
	for (int day = 0; day < 6; day++)
		net_add(&net, (Talk){.client = "10.0.99.2",
				     .server = "10.0.99.1",
				     .ip_protocol = AM_PROTO_UDP,
				     .port = 123,
				     .day = day,
				     .hour = day == 0 ? 20 : 0,
				     .n_hours = day == 0   ? 4
						: day == 5 ? 2
							   : 24,
				     .connections = 24,
				     .packets = {24, 24},
				     .payload = {1000, 1000},
				     .role = TRUE});
	be_active(&net, 1, 2);
	be_active(&net, 2, 5); /* seen on no day that counts */
	AmMap *map = net_map(&net);
	const AmCoverage *coverage = map->coverage;
	CU_ASSERT_EQUAL(coverage->days->len, 6);
	CU_ASSERT_EQUAL(coverage->units, 4);
	CU_ASSERT_TRUE(g_array_index(coverage->days, AmCoverageDay, 0).left_out);
	CU_ASSERT_EQUAL(g_array_index(coverage->days, AmCoverageDay, 0).hours, 4);
	CU_ASSERT_FALSE(g_array_index(coverage->days, AmCoverageDay, 1).left_out);
	CU_ASSERT_TRUE(g_array_index(coverage->days, AmCoverageDay, 5).left_out);
	CU_ASSERT_EQUAL(coverage->scopes[AM_COVERAGE_HOSTS].edges, 2);
	CU_ASSERT_EQUAL(coverage->scopes[AM_COVERAGE_HOSTS].once, 1);
	CU_ASSERT_EQUAL(g_array_index(coverage->days, AmCoverageDay, 2).scopes[AM_COVERAGE_HOSTS].edges, 2);
	CU_ASSERT_EQUAL(g_array_index(coverage->days, AmCoverageDay, 2).scopes[AM_COVERAGE_HOSTS].known, 1);
	am_map_free(map);
	net_clear(&net);
}

/* A connection that ends after midnight is no second day; one that goes on is. */
static void test_midnight(void)
{
	static const char *const rows[] = {"xxx", "x..", "x..", NULL};
	Net net = net_of(rows);
	net_span(&net, 3); /* so that all days are whole */
	be_active(&net, 1, 1);
	g_array_index(net.tallies, AmTally, net.tallies->len - 1).connections = 0;
	g_array_index(net.tallies, AmTally, net.tallies->len - 1).hours = 1u << 0;
	be_active(&net, 2, 1);
	g_array_index(net.tallies, AmTally, net.tallies->len - 1).connections = 0;
	g_array_index(net.tallies, AmTally, net.tallies->len - 1).hours = 0xffffff;
	AmMap *map = net_map(&net);
	CU_ASSERT_EQUAL(map->coverage->scopes[AM_COVERAGE_HOSTS].once, 1);
	CU_ASSERT_EQUAL(map->coverage->scopes[AM_COVERAGE_HOSTS].twice, 1);
	am_map_free(map);
	net_clear(&net);
}

/* What nobody needs does not count. */
static void test_verdicts(void)
{
	static const char *const rows[] = {"xxxx", "xxxx", NULL};
	Net net = net_of(rows);
	net_span(&net, 4);
	for (int n = 0; n < 30; n++) {
		g_autofree char *target = g_strdup_printf("10.0.7.%d", n + 1);
		net_add(&net, (Talk){.client = "10.0.66.6",
				     .server = target,
				     .ip_protocol = AM_PROTO_TCP,
				     .port = 445,
				     .day = 3,
				     .hour = 9,
				     .minute = n,
				     .outcome = AM_OUTCOME_SILENT});
	}
	AmMap *map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.66.6", "10.0.7.9", AM_PROTO_TCP, 445, SUSPICIOUS);
	CU_ASSERT_EQUAL(map->coverage->scopes[AM_COVERAGE_HOSTS].edges, 3);
	CU_ASSERT_EQUAL(map->coverage->scopes[AM_COVERAGE_HOSTS].last_edges, 3);
	ASSERT_SHARE(map->coverage->scopes[AM_COVERAGE_HOSTS].actual, 1);
	am_map_free(map);
	net_clear(&net);
}

/* FIRST_DAY is 2024-10-04, a Friday. */
static void test_calendar(void)
{
	static const char *const week[] = {"xxx", NULL};
	Net net = net_of(week);
	AmMap *map = net_map(&net);
	const int32_t *gaps = map->coverage->gaps;
	CU_ASSERT_EQUAL(gaps[AM_COVERAGE_GAP_MONDAY], FIRST_DAY + 3);
	CU_ASSERT_EQUAL(gaps[AM_COVERAGE_GAP_THURSDAY], FIRST_DAY + 6);
	CU_ASSERT_EQUAL(gaps[AM_COVERAGE_GAP_FRIDAY], 0);
	CU_ASSERT_EQUAL(gaps[AM_COVERAGE_GAP_SATURDAY], 0);
	CU_ASSERT_EQUAL(gaps[AM_COVERAGE_GAP_SUNDAY], 0);
	CU_ASSERT_EQUAL(gaps[AM_COVERAGE_GAP_MONTH_END], FIRST_DAY + 27);
	CU_ASSERT_EQUAL(gaps[AM_COVERAGE_GAP_MONTH_BEGIN], FIRST_DAY + 28);
	CU_ASSERT_EQUAL(gaps[AM_COVERAGE_GAP_QUARTER_END], FIRST_DAY + 88); /* 2024-12-31 */
	am_map_free(map);
	net_clear(&net);
	net = net_new();
	for (int day = 0; day < 28; day++)
		be_active(&net, 0, day);
	map = net_map(&net);
	for (int gap = 0; gap < AM_COVERAGE_GAP_MONTH_BEGIN; gap++)
		CU_ASSERT_EQUAL(map->coverage->gaps[gap], 0);
	CU_ASSERT_EQUAL(map->coverage->gaps[AM_COVERAGE_GAP_MONTH_BEGIN], FIRST_DAY + 28);
	CU_ASSERT_EQUAL(map->coverage->gaps[AM_COVERAGE_GAP_MONTH_END], 0);
	am_map_free(map);
	net_clear(&net);
}

static void test_rare(void)
{
	Net net = net_new();
	for (int day = 0; day < 14; day++)
		be_active(&net, 0, day);
	AmMap *map = net_map(&net);
	CU_ASSERT_DOUBLE_EQUAL(map->coverage->rare, 0.193, 0.001);
	CU_ASSERT_DOUBLE_EQUAL(pow(1 - map->coverage->rare, 14), 0.05, 1e-9);
	am_map_free(map);
	net_clear(&net);
}

/* The order of the tallies does not matter. */
static void test_order(void)
{
	static const char *const rows[] = {"xxxx", "xx.x", "x...", ".x..", "..x.", "...x", NULL};
	Net net = net_of(rows);
	AmMap *one = net_map(&net);
	for (guint n = 0; n < net.tallies->len / 2; n++) {
		AmTally *a = &g_array_index(net.tallies, AmTally, n),
			*b = &g_array_index(net.tallies, AmTally, net.tallies->len - 1 - n);
		AmTally kept = *a;
		*a = *b;
		*b = kept;
	}
	AmMap *other = net_map(&net);
	for (int scope = 0; scope < AM_N_COVERAGE_SCOPES; scope++) {
		const AmCoverageSum *x = &one->coverage->scopes[scope], *y = &other->coverage->scopes[scope];
		CU_ASSERT_EQUAL(x->edges, y->edges);
		CU_ASSERT_EQUAL(x->once, y->once);
		CU_ASSERT_EQUAL(x->twice, y->twice);
		CU_ASSERT_EQUAL(x->last_known, y->last_known);
		CU_ASSERT_TRUE(x->coverage == y->coverage && x->predicted == y->predicted && x->error == y->error);
	}
	am_map_free(one);
	am_map_free(other);
	net_clear(&net);
}

int main(void)
{
	const CU_TestInfo tests[] = {
		UNIT_TEST(test_by_hand),
		UNIT_TEST(test_learned),
		UNIT_TEST(test_corners),
		UNIT_TEST(test_too_short),
		UNIT_TEST(test_groups),
		UNIT_TEST(test_by_chance),
		UNIT_TEST(test_more_days),
		UNIT_TEST(test_drift),
		UNIT_TEST(test_other_day),
		UNIT_TEST(test_surprise),
		UNIT_TEST(test_left_out),
		UNIT_TEST(test_midnight),
		UNIT_TEST(test_verdicts),
		UNIT_TEST(test_calendar),
		UNIT_TEST(test_rare),
		UNIT_TEST(test_order),
		{NULL, NULL},
	};
	return unit_run("coverage", tests);
}
