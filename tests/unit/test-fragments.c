/* Fragments: the later ones count where the first one is, and never say anything themselves. */
#include "config.h"

#include <string.h>

#include "flow-shard.h"

#define CLIENT "10.0.0.1"
#define SERVER "10.0.0.2"

static const AmConnection *flush(Flow *flow, size_t n)
{
	am_flow_shard_flush(flow->shard, &flow->out);
	CU_ASSERT_EQUAL_FATAL(flow->out.n, n);
	return flow->out.records;
}

static void feed(Flow *flow, const TestPacket *t)
{
	am_flow_shard_packet(flow->shard, &t->packet, ++flow->ordinal, &flow->out);
}

static uint64_t skipped(const Flow *flow, AmSkipReason reason)
{
	return am_flow_shard_counters(flow->shard).skipped[reason];
}

/* Each packet that was fed is either in a connection or under a reason. To be called after flush(). */
static void check_ledger(const Flow *flow)
{
	AmFlowCounters counters = am_flow_shard_counters(flow->shard);
	uint64_t sum = counters.recorded + counters.held, packets = 0;
	for (int reason = 0; reason < AM_N_SKIP_REASONS; reason++)
		sum += counters.skipped[reason];
	for (size_t n = 0; n < flow->out.n; n++)
		packets += flow->out.records[n].delta.packets[0] + flow->out.records[n].delta.packets[1];
	CU_ASSERT_EQUAL(sum, flow->ordinal);
	CU_ASSERT_EQUAL(packets, counters.recorded);
}

/* The first `size` octets of a UDP datagram of `id`, up to there with its header. */
static TestPacket first(double seconds, uint32_t id, uint16_t port, uint16_t size)
{
	static const uint8_t zero[1400];
	TestPacket t;
	test_packet(&t, seconds, AM_PROTO_UDP, CLIENT, 40000, SERVER, port, zero, size - 8u);
	t.packet.is_fragment = 1;
	t.packet.fragment_id = id;
	t.packet.fragment_protocol = AM_PROTO_UDP;
	t.packet.fragment_at = size;
	return t;
}

static TestPacket later(double seconds, uint32_t id, uint16_t at, uint16_t size, gboolean is_last)
{
	static const uint8_t zero[1400];
	TestPacket t;
	test_packet(&t, seconds, AM_PROTO_UDP, CLIENT, 0, SERVER, 0, zero, size - 8u);
	t.packet.payload -= 8;
	t.packet.payload_size = t.packet.payload_wire_size = size;
	t.packet.is_later_fragment = 1;
	t.packet.is_last_fragment = (uint8_t)is_last;
	t.packet.fragment_id = id;
	t.packet.fragment_protocol = AM_PROTO_UDP;
	t.packet.fragment_at = at;
	return t;
}

static void feed_first(Flow *flow, double seconds, uint32_t id, uint16_t port, uint16_t size)
{
	TestPacket t = first(seconds, id, port, size);
	feed(flow, &t);
}

static void feed_later(Flow *flow, double seconds, uint32_t id, uint16_t at, uint16_t size, gboolean is_last)
{
	TestPacket t = later(seconds, id, at, size, is_last);
	feed(flow, &t);
}

static void check_one(const AmConnection *c, uint64_t packets, uint64_t payload)
{
	CU_ASSERT_EQUAL(c->port_lo, 40000);
	CU_ASSERT_EQUAL(c->port_hi, 2049);
	CU_ASSERT_EQUAL(c->total.packets[0], packets);
	CU_ASSERT_EQUAL(c->total.payload[0], payload);
	CU_ASSERT_EQUAL(c->total.bytes[0], payload + 8 + 20 * packets);
	CU_ASSERT_EQUAL(c->total.packets[1], 0);
}

static void test_in_order(void)
{
	Flow flow = flow_new();
	feed_first(&flow, 1, 5, 2049, 800);
	feed_later(&flow, 1.1, 5, 800, 800, FALSE);
	feed_later(&flow, 1.2, 5, 1600, 100, TRUE);
	CU_ASSERT_EQUAL(am_flow_shard_counters(flow.shard).fragments, 2);
	const AmConnection *c = flush(&flow, 1);
	check_one(c, 3, 1692);
	CU_ASSERT_EQUAL(c->first_ns, AM_NS_PER_S);
	CU_ASSERT_EQUAL(c->last_ns, INT64_C(1200000000));
	check_ledger(&flow);
	flow_end(&flow);
}

static void test_out_of_order(void)
{
	Flow flow = flow_new();
	feed_later(&flow, 1, 5, 1600, 100, TRUE);
	feed_later(&flow, 1.1, 5, 800, 800, FALSE);
	CU_ASSERT_EQUAL(am_flow_shard_counters(flow.shard).recorded, 0);
	CU_ASSERT_EQUAL(am_flow_shard_counters(flow.shard).held, 2);
	feed_first(&flow, 1.2, 5, 2049, 800);
	CU_ASSERT_EQUAL(am_flow_shard_counters(flow.shard).recorded, 3);
	const AmConnection *c = flush(&flow, 1);
	check_one(c, 3, 1692);
	CU_ASSERT_EQUAL(c->sequence, 3);
	CU_ASSERT_EQUAL(c->first_ns, INT64_C(1200000000));
	check_ledger(&flow);
	flow_end(&flow);
}

static void test_no_first(void)
{
	Flow flow = flow_new();
	feed_later(&flow, 1, 5, 800, 800, FALSE);
	feed_later(&flow, 1, 5, 1600, 100, TRUE);
	am_flow_shard_advance(flow.shard, 30 * AM_NS_PER_S, &flow.out);
	CU_ASSERT_EQUAL(skipped(&flow, AM_SKIP_FRAGMENT), 0);
	am_flow_shard_advance(flow.shard, 31 * AM_NS_PER_S, &flow.out);
	CU_ASSERT_EQUAL(skipped(&flow, AM_SKIP_FRAGMENT), 2);
	feed_first(&flow, 31, 5, 2049, 800); /* of another datagram */
	feed_later(&flow, 32, 6, 800, 100, TRUE);
	check_one(flush(&flow, 1), 1, 792);
	CU_ASSERT_EQUAL(skipped(&flow, AM_SKIP_FRAGMENT), 3);
	check_ledger(&flow);
	flow_end(&flow);
}

static void test_overlaps(void)
{
	Flow flow = flow_new();
	feed_first(&flow, 1, 5, 2049, 800);
	feed_later(&flow, 1.1, 5, 8, 800, FALSE); /* over the first one (RFC 1858 3) */
	feed_first(&flow, 1.2, 5, 22, 800);       /* another first one */
	feed_first(&flow, 1.3, 5, 2049, 800);     /* its copy */
	feed_later(&flow, 1.4, 5, 1600, 100, TRUE);
	feed_later(&flow, 1.5, 5, 1696, 100, FALSE); /* behind the last one */
	feed_later(&flow, 1.6, 5, 1400, 100, TRUE);  /* another last one */
	feed_later(&flow, 1.7, 5, 800, 800, FALSE);
	CU_ASSERT_EQUAL(skipped(&flow, AM_SKIP_FRAGMENT_CONFLICT), 4);
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->port_hi, 2049);
	CU_ASSERT_EQUAL(c->total.packets[0], 4);
	check_ledger(&flow);
	flow_end(&flow);
	flow = flow_new(); /* what is held lies over the first one, when that comes */
	feed_later(&flow, 1, 5, 400, 800, FALSE);
	feed_later(&flow, 1, 5, 1200, 100, TRUE);
	feed_first(&flow, 1.1, 5, 2049, 800);
	feed_later(&flow, 1.2, 5, 800, 800, TRUE);
	check_one(flush(&flow, 1), 2, 1592);
	CU_ASSERT_EQUAL(skipped(&flow, AM_SKIP_FRAGMENT_CONFLICT), 2);
	check_ledger(&flow);
	flow_end(&flow);
}

/* The flags of a later first fragment do not become evidence: the connection stays a silent attempt. */
static void test_no_evidence_from_overlaps(void)
{
	static const uint8_t flags[] = {AM_TCP_SYN, AM_TCP_RST, AM_TCP_FIN | AM_TCP_ACK};
	Flow flow = flow_new();
	for (guint n = 0; n < G_N_ELEMENTS(flags); n++) {
		TestPacket t;
		test_tcp(&t, 1 + n * .1, CLIENT, 40000, SERVER, 80, flags[n], 100, 0, NULL);
		t.packet.is_fragment = 1;
		t.packet.fragment_id = 5;
		t.packet.fragment_protocol = AM_PROTO_TCP;
		t.packet.fragment_at = 20;
		feed(&flow, &t);
	}
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_SILENT);
	CU_ASSERT_EQUAL(c->tcp_flags[0], AM_TCP_SYN);
	CU_ASSERT_EQUAL(c->total.packets[0], 1);
	CU_ASSERT_EQUAL(skipped(&flow, AM_SKIP_FRAGMENT_CONFLICT), 2);
	check_ledger(&flow);
	flow_end(&flow);
}

static void test_identification_again(void)
{
	Flow flow = flow_new();
	feed_first(&flow, 1, 5, 2049, 800);
	feed_later(&flow, 1.1, 5, 800, 100, TRUE);
	feed_first(&flow, 2, 5, 111, 800); /* the one before is whole: this is the next */
	feed_later(&flow, 2.1, 5, 800, 200, FALSE);
	feed_first(&flow, 3, 5, 2049, 800);  /* the one before is not */
	feed_first(&flow, 33, 5, 2049, 800); /* nobody waits for it any more */
	feed_later(&flow, 33, 5, 800, 100, TRUE);
	const AmConnection *c = flush(&flow, 2);
	CU_ASSERT_EQUAL(c[0].port_hi, 2049);
	CU_ASSERT_EQUAL(c[0].total.packets[0], 4);
	CU_ASSERT_EQUAL(c[0].total.payload[0], 2 * 892);
	CU_ASSERT_EQUAL(c[1].port_hi, 111);
	CU_ASSERT_EQUAL(c[1].total.packets[0], 2);
	CU_ASSERT_EQUAL(skipped(&flow, AM_SKIP_FRAGMENT_CONFLICT), 1);
	check_ledger(&flow);
	flow_end(&flow);
}

/* The same addresses and number, but for one thing: not the same datagram. */
static void test_keys(void)
{
	Flow flow = flow_new();
	feed_first(&flow, 1, 5, 2049, 800);
	TestPacket t = later(1, 5, 800, 100, TRUE);
	t.packet.network = 1;
	feed(&flow, &t);
	t = later(1, 5, 800, 100, TRUE);
	t.packet.fragment_protocol = t.packet.tuple.ip_protocol = AM_PROTO_TCP;
	feed(&flow, &t);
	t = later(1, 5, 800, 100, TRUE);
	t.packet.tuple.source = test_address(SERVER);
	t.packet.tuple.destination = test_address(CLIENT);
	feed(&flow, &t);
	check_one(flush(&flow, 1), 1, 792);
	CU_ASSERT_EQUAL(skipped(&flow, AM_SKIP_FRAGMENT), 3);
	check_ledger(&flow);
	flow_end(&flow);
}

static void make_v6(TestPacket *t, uint8_t fragment_protocol)
{
	t->packet.tuple.source = test_address("2001:db8::1");
	t->packet.tuple.destination = test_address("2001:db8::2");
	t->packet.fragment_protocol = fragment_protocol;
}

/* In IPv6 only the first one's next header is right (RFC 8200 4.5). */
static void test_ipv6(void)
{
	Flow flow = flow_new();
	TestPacket t = first(1, 0x12345678, 2049, 800);
	make_v6(&t, 60);
	feed(&flow, &t);
	t = later(1, 0x12345678, 800, 100, TRUE);
	make_v6(&t, AM_PROTO_UDP);
	t.packet.tuple.ip_protocol = AM_PROTO_TCP;
	feed(&flow, &t);
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->lo.family, 6);
	CU_ASSERT_EQUAL(c->ip_protocol, AM_PROTO_UDP);
	CU_ASSERT_EQUAL(c->total.packets[0], 2);
	check_ledger(&flow);
	flow_end(&flow);
}

/* Later fragments of datagrams that never began do not push out those that did, and are all told. */
static void test_flood(void)
{
	Flow flow = flow_new();
	for (uint32_t id = 0; id < 200; id++)
		feed_first(&flow, 1, id, 2049, 800);
	for (uint32_t id = 1000; id < 101000; id++)
		feed_later(&flow, 1.1, id, 800, 100, TRUE);
	for (uint32_t n = 0; n < 1000; n++)
		feed_later(&flow, 1.1, 100999, 800, 100, TRUE);
	for (uint32_t id = 0; id < 200; id++)
		feed_later(&flow, 1.2, id, 800, 100, TRUE);
	CU_ASSERT_EQUAL(am_flow_shard_counters(flow.shard).fragments, 200);
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->total.packets[0], 400);
	CU_ASSERT_EQUAL(skipped(&flow, AM_SKIP_FRAGMENT), 101000);
	check_ledger(&flow);
	flow_end(&flow);
}

/* In whatever order the fragments of a datagram come, they count the same. */
static void test_any_order(void)
{
	GRand *random = g_rand_new_with_seed(3);
	for (int round = 0; round < 200; round++) {
		Flow flow = flow_new();
		for (uint32_t id = 0; id < 5; id++) {
			TestPacket parts[4] = {first(1, id, 2049, 800), later(1, id, 800, 800, FALSE),
					       later(1, id, 1600, 800, FALSE), later(1, id, 2400, 33, TRUE)};
			for (int n = 4; n > 0; n--) {
				int pick = g_rand_int_range(random, 0, n);
				feed(&flow, &parts[pick]);
				parts[pick] = parts[n - 1];
			}
		}
		const AmConnection *c = flush(&flow, 1);
		CU_ASSERT_EQUAL(c->total.packets[0], 20);
		CU_ASSERT_EQUAL(c->total.payload[0], 5 * 2425);
		CU_ASSERT_EQUAL(c->total.bytes[0], 5 * (2433 + 4 * 20));
		check_ledger(&flow);
		flow_end(&flow);
	}
	g_rand_free(random);
}

/* Any fragments at any time: the ledger balances, and no port is ever made up. */
static void test_any_fragments(void)
{
	GRand *random = g_rand_new_with_seed(4);
	for (int round = 0; round < 200; round++) {
		Flow flow = flow_new();
		double seconds = 1000;
		for (int n = 0; n < 300; n++) {
			seconds += g_rand_double_range(random, -2, 5);
			uint32_t id = (uint32_t)g_rand_int_range(random, 0, 4);
			uint16_t at = (uint16_t)(8 * g_rand_int_range(random, 1, 100));
			if (g_rand_int_range(random, 0, 3) == 0)
				feed_first(&flow, seconds, id, (uint16_t)g_rand_int_range(random, 2049, 2051), at + 8);
			else
				feed_later(&flow, seconds, id, at, (uint16_t)g_rand_int_range(random, 8, 900),
					   g_rand_boolean(random));
			if (g_rand_int_range(random, 0, 10) == 0) {
				am_flow_shard_advance(flow.shard, (int64_t)(seconds * 1e9), &flow.out);
				AmFlowCounters so_far = am_flow_shard_counters(flow.shard);
				uint64_t sum = so_far.recorded + so_far.held;
				for (int reason = 0; reason < AM_N_SKIP_REASONS; reason++)
					sum += so_far.skipped[reason];
				CU_ASSERT_EQUAL(sum, flow.ordinal);
			}
		}
		am_flow_shard_flush(flow.shard, &flow.out);
		for (size_t n = 0; n < flow.out.n; n++)
			CU_ASSERT(flow.out.records[n].port_hi == 2049 || flow.out.records[n].port_hi == 2050);
		check_ledger(&flow);
		flow_end(&flow);
	}
	g_rand_free(random);
}

static void test_networks(void)
{
	Flow flow = flow_new();
	for (uint16_t network = 0; network < 3; network++) {
		TestPacket t = first(1, 5, 2049, 800);
		t.packet.is_fragment = 0;
		t.packet.network = network;
		t.packet.encapsulation = AM_ENCAPSULATION_VXLAN;
		t.packet.encapsulation_id = 5000u + network;
		feed(&flow, &t);
		t.packet.time_ns += AM_NS_PER_S; /* not a copy */
		feed(&flow, &t);
	}
	const AmConnection *c = flush(&flow, 3);
	for (uint16_t network = 0; network < 3; network++) {
		CU_ASSERT_EQUAL(c[network].network, network);
		CU_ASSERT_EQUAL(c[network].encapsulation, AM_ENCAPSULATION_VXLAN);
		CU_ASSERT_EQUAL(c[network].encapsulation_id, 5000u + network);
		CU_ASSERT_EQUAL(c[network].total.packets[0], 2);
	}
	flow_end(&flow);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_in_order),
		UNIT_TEST(test_out_of_order),
		UNIT_TEST(test_no_first),
		UNIT_TEST(test_overlaps),
		UNIT_TEST(test_no_evidence_from_overlaps),
		UNIT_TEST(test_identification_again),
		UNIT_TEST(test_keys),
		UNIT_TEST(test_ipv6),
		UNIT_TEST(test_flood),
		UNIT_TEST(test_any_order),
		UNIT_TEST(test_any_fragments),
		UNIT_TEST(test_networks),
		CU_TEST_INFO_NULL,
	};
	return unit_run("fragments", tests);
}
