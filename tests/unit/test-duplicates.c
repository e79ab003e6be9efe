/* Copies of packets against packets that are sent again. */
#include "config.h"

#include <allowmap/flow.h>

#include <string.h>

#include "duplicates.h"
#include "flow-packets.h"
#include "unit.h"

#define A "192.0.2.1"
#define B "198.51.100.2"
#define A6 "2001:db8::1"
#define B6 "2001:db8:1::2"
#define MS .001

/* ---- making copies */
static void identify(TestPacket *t, uint16_t id)
{
	test_be16(t->bytes + 4, id);
}

static void at(TestPacket *t, double seconds)
{
	t->packet.time_ns = (int64_t)(seconds * 1e9);
}

/* As the other side of a router shows it. */
static void route(TestPacket *t)
{
	gboolean is_v4 = t->packet.tuple.source.family == 4;
	t->bytes[is_v4 ? 8 : 7]--;
	if (is_v4)
		t->bytes[10] ^= 0x55;
	memcpy(t->packet.source_mac, "\2routr", 6);
	t->packet.vlan = 20;
}

static gboolean seen(AmDuplicates *duplicates, const TestPacket *t)
{
	return am_duplicates_seen(duplicates, am_duplicates_fingerprint(duplicates, &t->packet), t->packet.time_ns);
}

static void segment(TestPacket *t, double seconds, gboolean is_v6, uint16_t id, const char *payload)
{
	test_tcp(t, seconds, is_v6 ? A6 : A, 40000, is_v6 ? B6 : B, 443, AM_TCP_ACK, 1000, 2000, payload);
	t->bytes[is_v6 ? 7 : 8] = 64;
	if (!is_v6)
		identify(t, id);
}

static void datagram(TestPacket *t, double seconds, uint16_t id, const char *payload)
{
	test_packet(t, seconds, AM_PROTO_UDP, A, 40000, B, 8125, payload, strlen(payload));
	identify(t, id);
}

/* ---- */
typedef struct {
	const char *what;
	gboolean is_v6;
	uint16_t id, other_id; /* of IPv4 */
	gboolean is_routed;
	double apart_s;
	gboolean is_copy;
} Case;

static const Case cases[] = {
	{"identical, at once", FALSE, 7, 7, FALSE, 0, TRUE},
	{"identical, late", FALSE, 7, 7, FALSE, 40 * MS, TRUE},
	{"identical, too late", FALSE, 7, 7, FALSE, 60 * MS, FALSE},
	{"time goes back", FALSE, 7, 7, FALSE, -40 * MS, TRUE},
	{"routed", FALSE, 7, 7, TRUE, 40 * MS, TRUE},
	{"routed, seen behind the router first", FALSE, 7, 7, TRUE, -40 * MS, TRUE},
	{"sent again: another identification", FALSE, 7, 8, FALSE, .1 * MS, FALSE},
	{"sent again after a timeout", FALSE, 7, 8, FALSE, 200 * MS, FALSE},
	{"no identification, near", FALSE, 0, 0, FALSE, .9 * MS, TRUE},
	{"no identification, sent again", FALSE, 0, 0, FALSE, 5 * MS, FALSE},
	{"no identification, two points", FALSE, 0, 0, TRUE, 40 * MS, TRUE},
	{"no identification, two points, too late", FALSE, 0, 0, TRUE, 60 * MS, FALSE},
	{"IPv6, near", TRUE, 0, 0, FALSE, .9 * MS, TRUE},
	{"IPv6, sent again", TRUE, 0, 0, FALSE, 5 * MS, FALSE},
	{"IPv6, routed", TRUE, 0, 0, TRUE, 40 * MS, TRUE},
	{"IPv6, a second later", TRUE, 0, 0, TRUE, 1, FALSE},
};

static void test_copies(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const Case *c = &cases[i];
		for (int udp = 0; udp < 2; udp++) {
			AmDuplicates *duplicates = am_duplicates_new(1);
			TestPacket one, other;
			if (udp && c->is_v6) {
				test_packet(&one, 100, AM_PROTO_UDP, A6, 40000, B6, 53, "query", 5);
				one.bytes[7] = 64;
				other = one;
				other.packet.ip = other.bytes;
				other.packet.payload = other.bytes + (one.packet.payload - one.bytes);
				at(&other, 100 + c->apart_s);
			} else if (udp) {
				datagram(&one, 100, c->id, "query");
				datagram(&other, 100 + c->apart_s, c->other_id, "query");
			} else {
				segment(&one, 100, c->is_v6, c->id, "data");
				segment(&other, 100 + c->apart_s, c->is_v6, c->other_id, "data");
			}
			if (c->is_routed)
				route(&other);
			CU_ASSERT_FALSE(seen(duplicates, &one));
			gboolean is_copy = seen(duplicates, &other);
			if (is_copy != c->is_copy)
				printf("%s (%s)\n", c->what, udp ? "UDP" : "TCP");
			CU_ASSERT_EQUAL(is_copy, c->is_copy);
			am_duplicates_free(duplicates);
		}
	}
}

/* Whatever the sender writes differently makes another packet, however near. */
static void test_differences(void)
{
	AmDuplicates *duplicates = am_duplicates_new(1);
	TestPacket t;
	segment(&t, 1, FALSE, 7, "data");
	CU_ASSERT_FALSE(seen(duplicates, &t));
	t.packet.tcp_sequence++;
	CU_ASSERT_FALSE(seen(duplicates, &t));
	t.packet.tcp_ack++;
	CU_ASSERT_FALSE(seen(duplicates, &t));
	t.packet.tcp_window++;
	CU_ASSERT_FALSE(seen(duplicates, &t));
	t.packet.tcp_flags |= AM_TCP_FIN;
	CU_ASSERT_FALSE(seen(duplicates, &t));
	t.packet.ip_wire_size++;
	CU_ASSERT_FALSE(seen(duplicates, &t));
	t.packet.tuple.source_port++;
	CU_ASSERT_FALSE(seen(duplicates, &t));
	segment(&t, 1, TRUE, 0, "data");
	CU_ASSERT_FALSE(seen(duplicates, &t));
	t.packet.tuple.destination.bytes[15]++;
	CU_ASSERT_FALSE(seen(duplicates, &t));
	/* A DHCP client's own header, with the same number each time. */
	char dhcp[301];
	memset(dhcp, 'd', 300);
	dhcp[300] = '\0';
	datagram(&t, 1, 9, dhcp);
	CU_ASSERT_FALSE(seen(duplicates, &t));
	dhcp[242] = 'e';
	datagram(&t, 1.03, 9, dhcp);
	CU_ASSERT_FALSE(seen(duplicates, &t));
	CU_ASSERT_TRUE(seen(duplicates, &t));
	am_duplicates_free(duplicates);
}

/* TCP time stamps tell a segment without identification from one that is sent again, also within a millisecond. */
static void test_time_stamps(void)
{
	AmDuplicates *duplicates = am_duplicates_new(1);
	TestPacket t;
	test_tcp(&t, 1, A6, 40000, B6, 443, AM_TCP_ACK, 1, 1, "\1\1\10\12aaaabbbbdata");
	t.packet.payload += 12; /* the options are the 12 octets before it */
	t.packet.payload_size = t.packet.payload_wire_size = 4;
	CU_ASSERT_FALSE(seen(duplicates, &t));
	CU_ASSERT_TRUE(seen(duplicates, &t));
	t.bytes[40 + 20 + 4]++;
	CU_ASSERT_FALSE(seen(duplicates, &t));
	am_duplicates_free(duplicates);
}

/* A snap length leaves four octets less of the copy that has a VLAN tag. */
static void test_cut(void)
{
	AmDuplicates *duplicates = am_duplicates_new(1);
	for (uint32_t left = 0; left < 40; left++) {
		TestPacket t;
		char payload[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
		payload[0] = (char)('0' + left);
		datagram(&t, 1 + left, 7, payload);
		t.packet.payload_size = 4 + left;
		t.packet.ip_size = 28 + 4 + left;
		CU_ASSERT_FALSE(seen(duplicates, &t));
		t.packet.payload_size = left;
		t.packet.ip_size = 28 + left;
		route(&t);
		/* Where 24 octets are left in one and not in the other, they do not meet. */
		CU_ASSERT_EQUAL(seen(duplicates, &t), left < 20 || left >= 24);
	}
	am_duplicates_free(duplicates);
}

/* Many packets inside of the window: the table grows and forgets none, up to its bound; then it forgets, and never
 * takes one for another. */
static void test_many(void)
{
	AmDuplicates *duplicates = am_duplicates_new(1);
	TestPacket t;
	segment(&t, 1, FALSE, 7, "data");
	enum { FEW = 4000, MANY = 100000 };
	for (uint32_t i = 0; i < FEW; i++) {
		t.packet.tcp_sequence = i;
		CU_ASSERT_FALSE(seen(duplicates, &t));
	}
	for (uint32_t i = 0; i < FEW; i++) {
		t.packet.tcp_sequence = i;
		CU_ASSERT_TRUE(seen(duplicates, &t));
	}
	for (uint32_t i = FEW; i < MANY; i++) {
		t.packet.tcp_sequence = i;
		CU_ASSERT_FALSE(seen(duplicates, &t));
	}
	am_duplicates_forget(duplicates);
	CU_ASSERT_FALSE(seen(duplicates, &t));
	CU_ASSERT_TRUE(seen(duplicates, &t));
	am_duplicates_free(duplicates);
}

/* Through the door: three copies of a conversation count once, and the ledger says where the others went. */
static void test_ledger(void)
{
	const AmFlowOptions options = {.seed = 3};
	g_autoptr(AmFlowShard) shard = am_flow_shard_new(&options, NULL);
	AmConnectionBatch out = {0};
	uint64_t ordinal = 0;
	for (int i = 0; i < 10; i++) {
		TestPacket t;
		segment(&t, 1 + i, FALSE, (uint16_t)(i + 1), "data");
		t.packet.tcp_sequence += (uint32_t)i * 4;
		am_flow_shard_packet(shard, &t.packet, ++ordinal, &out);
		am_flow_shard_packet(shard, &t.packet, ++ordinal, &out);
		route(&t);
		at(&t, 1.00001 + i);
		am_flow_shard_packet(shard, &t.packet, ++ordinal, &out);
	}
	am_flow_shard_flush(shard, &out);
	CU_ASSERT_EQUAL_FATAL(out.n, 1);
	CU_ASSERT_EQUAL(out.records[0].total.packets[0], 10);
	CU_ASSERT_EQUAL(out.records[0].total.payload[0], 40);
	AmFlowCounters counters = am_flow_shard_counters(shard);
	CU_ASSERT_EQUAL(counters.recorded, 10);
	CU_ASSERT_EQUAL(counters.skipped[AM_SKIP_DUPLICATE], 20);
	am_connection_batch_clear(&out);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_copies), UNIT_TEST(test_differences), UNIT_TEST(test_time_stamps), UNIT_TEST(test_cut),
		UNIT_TEST(test_many),   UNIT_TEST(test_ledger),      CU_TEST_INFO_NULL,
	};
	return unit_run("duplicates", tests);
}
