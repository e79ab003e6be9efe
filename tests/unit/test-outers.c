/* What is recorded of the packets between the ends of tunnels. */
#include "config.h"

#include <allowmap/model/encapsulation.h>

#include <string.h>

#include "flow-shard.h"

#define A "10.0.0.1"
#define B "10.0.0.2"

/* One packet; `carries` 0: an ordinary one. */
static void send_one(Flow *flow, double seconds, uint8_t protocol, const char *from, uint16_t from_port, const char *to,
		     uint16_t to_port, AmEncapsulation carries)
{
	static uint32_t number;
	TestPacket t;
	number++;
	test_packet(&t, seconds, protocol, from, from_port, to, to_port, &number, sizeof number);
	t.packet.carries = carries & 0x3f;
	am_flow_shard_packet(flow->shard, &t.packet, ++flow->ordinal, &flow->out);
}

/* Ends all. The ledger counts ordinary packets only. */
static void check_end(Flow *flow, size_t n_connections, uint64_t n_ordinary)
{
	am_flow_shard_flush(flow->shard, &flow->out);
	CU_ASSERT_EQUAL_FATAL(flow->out.n, n_connections);
	AmFlowCounters counters = am_flow_shard_counters(flow->shard);
	CU_ASSERT_EQUAL(counters.recorded, n_ordinary);
	CU_ASSERT_EQUAL(counters.connections, n_connections);
	CU_ASSERT_EQUAL(counters.counted, 0);
	for (guint r = 0; r < AM_N_SKIP_REASONS; r++)
		CU_ASSERT_EQUAL(counters.skipped[r], 0);
}

static void test_both_ways(void)
{
	static const struct {
		uint8_t protocol;
		uint16_t from, to;
		AmEncapsulation kind;
		uint32_t role;
	} cases[] = {{17, 2152, 2152, AM_ENCAPSULATION_GTP, AM_EVIDENCE_CLIENT_LO},
		     {17, 40000, 3544, AM_ENCAPSULATION_TEREDO, AM_EVIDENCE_CLIENT_LO},
		     {17, 3544, 40000, AM_ENCAPSULATION_TEREDO, AM_EVIDENCE_CLIENT_HI},
		     {17, 40000, 50000, AM_ENCAPSULATION_TEREDO, 0},
		     {17, 40000, 5072, AM_ENCAPSULATION_AYIYA, AM_EVIDENCE_CLIENT_LO},
		     {47, 0, 0, AM_ENCAPSULATION_GRE, 0},
		     {41, 0, 0, AM_ENCAPSULATION_SIXINFOUR, 0}};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		Flow flow = flow_new();
		for (int i = 0; i < 3; i++) {
			send_one(&flow, i, cases[n].protocol, A, cases[n].from, B, cases[n].to, cases[n].kind);
			send_one(&flow, i + .5, cases[n].protocol, B, cases[n].to, A, cases[n].from, cases[n].kind);
		}
		check_end(&flow, 1, 0);
		const AmConnection *c = flow.out.records;
		CU_ASSERT_STRING_EQUAL(c->l7, am_encapsulation_name(cases[n].kind));
		CU_ASSERT_EQUAL(c->l7_confidence, AM_L7_DPI);
		CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ACCEPTED);
		CU_ASSERT_EQUAL(c->evidence & (AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI), cases[n].role);
		CU_ASSERT(c->total.packets[0] == 3 && c->total.packets[1] == 3);
		flow_end(&flow);
	}
}

static void test_one_way(void)
{
	static const struct {
		uint8_t protocol;
		uint16_t from, to;
	} cases[] = {{17, 0, 4789}, {17, 2152, 2152}, {17, 40000, 3544}, {47, 0, 0}};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		Flow flow = flow_new();
		for (int i = 0; i < 100; i++)
			send_one(&flow, i * .1, cases[n].protocol, A, cases[n].from, B, cases[n].to,
				 AM_ENCAPSULATION_VXLAN);
		am_flow_shard_checkpoint(flow.shard, INT64_MAX, &flow.out);
		CU_ASSERT_EQUAL(flow.out.n, 0);
		check_end(&flow, 0, 0);
		flow_end(&flow);
	}
}

/* Each direction is a connection of its own, and both are recorded as soon as there are both. */
static void test_spread(void)
{
	Flow flow = flow_new();
	for (int i = 0; i < 5; i++)
		send_one(&flow, i, 17, A, 0, B, 4789, AM_ENCAPSULATION_VXLAN);
	send_one(&flow, 5, 17, B, 0, A, 4789, AM_ENCAPSULATION_VXLAN);
	send_one(&flow, 6, 17, A, 0, "10.0.0.3", 4789, AM_ENCAPSULATION_VXLAN); /* nobody answers this one */
	check_end(&flow, 2, 0);
	for (guint n = 0; n < 2; n++) {
		const AmConnection *c = &flow.out.records[n];
		gboolean by_a = c->total.packets[0] > 0;
		CU_ASSERT_EQUAL(c->total.packets[!by_a], by_a ? 5 : 1);
		CU_ASSERT_EQUAL(c->total.packets[by_a], 0);
		CU_ASSERT_EQUAL(c->port_lo, by_a ? 0 : 4789);
		CU_ASSERT_EQUAL(c->port_hi, by_a ? 4789 : 0);
		CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ACCEPTED);
		CU_ASSERT_EQUAL(c->evidence & (AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI),
				by_a ? AM_EVIDENCE_CLIENT_LO : AM_EVIDENCE_CLIENT_HI);
	}
	flow_end(&flow);
}

/* Ordinary packets that look like the other direction are none: their senders are no ends of the tunnel. */
static void test_not_answered(void)
{
	Flow flow = flow_new();
	send_one(&flow, 0, 17, B, 0, A, 4789, AM_ENCAPSULATION_NONE);
	send_one(&flow, 1, 17, A, 0, B, 4789, AM_ENCAPSULATION_VXLAN);
	check_end(&flow, 1, 1);
	CU_ASSERT_EQUAL(flow.out.records[0].outcome, AM_OUTCOME_ONE_WAY);
	CU_ASSERT_STRING_EQUAL(flow.out.records[0].l7, "");
	flow_end(&flow);
}

/* The tunnel's own messages make it a connection, and are in the ledger. */
static void test_mixed(void)
{
	Flow flow = flow_new();
	send_one(&flow, 0, 17, A, 2152, B, 2152, AM_ENCAPSULATION_NONE);
	send_one(&flow, 1, 17, A, 2152, B, 2152, AM_ENCAPSULATION_GTP);
	send_one(&flow, 2, 17, A, 2152, B, 2152, AM_ENCAPSULATION_GTP);
	check_end(&flow, 1, 1);
	CU_ASSERT_EQUAL(flow.out.records[0].total.packets[0], 3);
	CU_ASSERT_STRING_EQUAL(flow.out.records[0].l7, "gtp");
	flow_end(&flow);
}

/* What was not recorded while it looked like a mirror's is not lost: it goes with what comes later. */
static void test_late_answer(void)
{
	Flow flow = flow_new();
	double midnight = 86400 * 100;
	send_one(&flow, midnight - 10, 17, A, 2152, B, 2152, AM_ENCAPSULATION_GTP);
	send_one(&flow, midnight + 10, 17, A, 2152, B, 2152, AM_ENCAPSULATION_GTP);
	am_flow_shard_checkpoint(flow.shard, INT64_MAX, &flow.out);
	CU_ASSERT_EQUAL(flow.out.n, 0);
	send_one(&flow, midnight + 20, 17, B, 2152, A, 2152, AM_ENCAPSULATION_GTP);
	am_flow_shard_checkpoint(flow.shard, INT64_MAX, &flow.out);
	CU_ASSERT_EQUAL_FATAL(flow.out.n, 1);
	const AmConnection *c = flow.out.records;
	CU_ASSERT(c->revision == 0 && c->total.packets[0] == 2 && c->total.packets[1] == 1);
	CU_ASSERT(c->delta.packets[0] == 2 && c->delta.packets[1] == 1);
	CU_ASSERT(c->delta_first_ns >= (int64_t)(midnight * 1e9) && c->delta_hours == 1);
	am_flow_shard_flush(flow.shard, &flow.out);
	CU_ASSERT_EQUAL(flow.out.n, 2); /* its end */
	flow_end(&flow);
}

/* A copy of an outer packet is one packet, and no duplicate of the ledger's. */
static void test_copies(void)
{
	Flow flow = flow_new();
	TestPacket t;
	for (int side = 0; side < 2; side++) {
		test_packet(&t, side, 47, side ? B : A, 0, side ? A : B, 0, "frame", 5);
		t.packet.carries = AM_ENCAPSULATION_GRE;
		for (int copy = 0; copy < 2; copy++)
			am_flow_shard_packet(flow.shard, &t.packet, ++flow.ordinal, &flow.out);
	}
	check_end(&flow, 1, 0);
	CU_ASSERT(flow.out.records[0].total.packets[0] == 1 && flow.out.records[0].total.packets[1] == 1);
	flow_end(&flow);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_both_ways), UNIT_TEST(test_one_way),
		UNIT_TEST(test_spread),    UNIT_TEST(test_not_answered),
		UNIT_TEST(test_mixed),     UNIT_TEST(test_late_answer),
		UNIT_TEST(test_copies),    {NULL, NULL},
	};
	return unit_run("outers", tests);
}
