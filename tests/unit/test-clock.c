/* clock.c: which times are believed. */
#include "config.h"

#include "clock.h"
#include "unit.h"

#include <allowmap/base.h>

#define S AM_NS_PER_S
#define T0 (INT64_C(1772600000) * S)
#define N 100

static guint settle(AmPacketClock *clock, AmPacket *packets, guint n, gboolean *ret_step_back)
{
	return am_packet_clock_settle(clock, packets, n, TRUE, ret_step_back);
}

/* A packet a second. */
static void fill(AmPacket packets[N])
{
	for (guint n = 0; n < N; n++)
		packets[n] = (AmPacket){.time_ns = T0 + n * S};
}

static void test_steady(void)
{
	AmPacket packets[N];
	AmPacketClock clock = AM_PACKET_CLOCK_INIT;
	gboolean step_back;
	fill(packets);
	packets[50].time_ns -= 20 * S; /* reordered: its time stays */
	CU_ASSERT_EQUAL(settle(&clock, packets, N, &step_back), N);
	CU_ASSERT_FALSE(step_back);
	CU_ASSERT_EQUAL(packets[50].time_ns, T0 + 30 * S);
	CU_ASSERT_EQUAL(clock.now_ns, T0 + (N - 1) * S);
	CU_ASSERT_EQUAL(clock.mended, 0);
}

static void test_wrong_times(void)
{
	const int64_t wrong[] = {INT64_MAX, INT64_MIN, 0, T0 + 86400 * S, T0 - 86400 * S};
	const guint places[] = {1, 40, N - 2};
	for (guint w = 0; w < G_N_ELEMENTS(wrong); w++) {
		for (guint p = 0; p < G_N_ELEMENTS(places); p++) {
			AmPacket packets[N];
			AmPacketClock clock = AM_PACKET_CLOCK_INIT;
			gboolean step_back;
			fill(packets);
			packets[places[p]].time_ns = wrong[w];
			CU_ASSERT_EQUAL(settle(&clock, packets, N, &step_back), N);
			CU_ASSERT_EQUAL(packets[places[p]].time_ns, T0 + (int64_t)(places[p] - 1) * S);
			CU_ASSERT_EQUAL(clock.now_ns, T0 + (N - 1) * S);
			CU_ASSERT_EQUAL(clock.mended, 1);
		}
	}
	/* The very first one. */
	AmPacket packets[N];
	AmPacketClock clock = AM_PACKET_CLOCK_INIT;
	gboolean step_back;
	fill(packets);
	packets[0].time_ns = INT64_MAX;
	CU_ASSERT_EQUAL(settle(&clock, packets, N, &step_back), N);
	CU_ASSERT_EQUAL(packets[0].time_ns, T0 + S);
	CU_ASSERT_EQUAL(clock.now_ns, T0 + (N - 1) * S);
}

/* Quiet networks, gaps between files. */
static void test_gaps(void)
{
	AmPacket packets[N];
	AmPacketClock clock = AM_PACKET_CLOCK_INIT;
	gboolean step_back;
	for (guint n = 0; n < N; n++)
		packets[n] = (AmPacket){.time_ns = T0 + (int64_t)n * 3600 * S};
	CU_ASSERT_EQUAL(settle(&clock, packets, N, &step_back), N);
	CU_ASSERT_EQUAL(packets[N - 1].time_ns, T0 + (N - 1) * INT64_C(3600) * S);
	CU_ASSERT_EQUAL(clock.now_ns, packets[N - 1].time_ns);
	CU_ASSERT_EQUAL(clock.mended, 0);
}

static void test_step_back(void)
{
	AmPacket packets[N];
	AmPacketClock clock = AM_PACKET_CLOCK_INIT;
	gboolean step_back;
	fill(packets);
	for (guint n = 50; n < N; n++)
		packets[n].time_ns -= 7200 * S;
	CU_ASSERT_EQUAL(settle(&clock, packets, N, &step_back), 50);
	CU_ASSERT_TRUE(step_back);
	CU_ASSERT_EQUAL(settle(&clock, packets + 50, N - 50, &step_back), N - 50);
	CU_ASSERT_FALSE(step_back);
	CU_ASSERT_EQUAL(clock.steps_back, 1);
	CU_ASSERT_EQUAL(clock.now_ns, T0 + (N - 1) * S - 7200 * S);
}

/* Packets of one frame, of which the later ones are no witnesses: a wrong time is wrong, however many it has. */
static void test_one_frame(void)
{
	AmPacket packets[N];
	AmPacketClock clock = AM_PACKET_CLOCK_INIT;
	gboolean step_back;
	fill(packets);
	for (guint n = 40; n < 45; n++) {
		packets[n].time_ns = T0 + INT64_C(999999) * S;
		packets[n].follows = n > 40;
	}
	CU_ASSERT_EQUAL(settle(&clock, packets, N, &step_back), N);
	CU_ASSERT_FALSE(step_back);
	CU_ASSERT_EQUAL(clock.mended, 1);
	for (guint n = 40; n < 45; n++)
		CU_ASSERT_EQUAL(packets[n].time_ns, T0 + 39 * S);
	CU_ASSERT_EQUAL(clock.now_ns, T0 + (N - 1) * S);
}

/* Two clocks that differ by hours, merged: neither is wrong, nothing is put back. */
static void test_merged(void)
{
	AmPacket packets[N];
	AmPacketClock clock = AM_PACKET_CLOCK_INIT;
	gboolean step_back;
	fill(packets);
	for (guint n = 0; n < N; n += 3)
		packets[n].time_ns += 7200 * S;
	CU_ASSERT_EQUAL(settle(&clock, packets, N, &step_back), N);
	CU_ASSERT_FALSE(step_back);
	CU_ASSERT_TRUE(clock.mended <= 1); /* the last ones have nobody to speak for them */
}

/* In pieces, with what is not settled put in front, the outcome is that of the whole. */
static void test_pieces(void)
{
	AmPacket whole[N], packets[N];
	AmPacketClock all = AM_PACKET_CLOCK_INIT, clock = AM_PACKET_CLOCK_INIT;
	gboolean step_back;
	fill(whole);
	whole[30].time_ns = INT64_MAX;
	for (guint n = 60; n < N; n++)
		whole[n].time_ns += 86400 * S;
	whole[70].time_ns = 0;
	memcpy(packets, whole, sizeof packets);
	CU_ASSERT_EQUAL(settle(&all, whole, N, &step_back), N);
	for (guint from = 0, to = 35; from < N; to = MIN(N, to + 5)) {
		guint settled = am_packet_clock_settle(&clock, packets + from, to - from, to == N, &step_back);
		CU_ASSERT_TRUE_FATAL(settled > 0 || from == to);
		from += settled;
	}
	CU_ASSERT_EQUAL(memcmp(whole, packets, sizeof packets), 0);
	CU_ASSERT_EQUAL(all.mended, 2);
	CU_ASSERT_EQUAL(clock.mended, 2);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_steady),    UNIT_TEST(test_wrong_times),
		UNIT_TEST(test_gaps),      UNIT_TEST(test_step_back),
		UNIT_TEST(test_one_frame), UNIT_TEST(test_merged),
		UNIT_TEST(test_pieces),    {NULL, NULL},
	};
	return unit_run("clock", tests);
}
