/* Loss at the mirror, estimated from TCP. */
#include "config.h"

#include <allowmap/flow.h>

#include "flow-packets.h"
#include "loss.h"
#include "unit.h"

/* One story per row. A packet is "side from+octets/ack": c0+100/1. Numbers start anywhere. */
typedef struct {
	const char *what, *story;
	uint64_t client, server; /* octets unseen */
} Story;

static const Story stories[] = {
	{"nothing lost", "c0+10/0 s0+5/10 c10+0/5", 0, 0},
	{"a segment lost", "c0+10/0 c20+10/0 s0+0/30", 10, 0},
	{"the last one lost", "c0+10/0 s0+0/30 c30+0/0", 20, 0},
	{"lost, not acknowledged", "c0+10/0 c20+10/0 s0+0/10", 0, 0},
	{"late", "c0+10/0 c20+10/0 c10+10/0 s0+0/30", 0, 0},
	{"late, behind its acknowledgment", "c0+10/0 s0+0/20 c10+10/0 s0+0/20", 0, 0},
	{"lost upstream, sent again", "c0+10/0 c20+10/0 s0+0/10 c10+10/0 s0+0/30", 0, 0},
	{"sent again though it had passed", "c0+10/0 c10+10/0 c0+10/0 s0+0/20 c20+10/0 s0+0/30", 0, 0},
	{"two holes at once", "c0+10/0 c20+10/0 c40+10/0 s0+0/50", 20, 0},
	{"two holes, one filled", "c0+10/0 c20+10/0 c40+10/0 c10+10/0 s0+0/50", 10, 0},
	{"one hole after the other", "c0+10/0 c20+10/0 s0+0/30 c30+10/0 c50+10/0 s0+0/60", 20, 0},
	{"both sides", "c0+10/0 s0+10/10 c20+10/10 s30+10/30 c30+0/40", 10, 20},
	{"an ACK of its own tells of a lost segment", "c0+10/0 c20+0/0 s0+0/20", 10, 0},
	{"on its way when the capture began", "s0+0/100 c150+10/0 s0+0/160", 0, 0},
	{"a keep-alive", "c0+10/0 s0+0/10 c9+0/0 s0+0/10 c9+1/0 s0+0/10", 0, 0},
	{"one side only", "c0+10/0 c10+10/50 c20+10/80", 0, 80},
	{"numbers made up", "c0+10/0 s0+0/2000000000 c10+10/0 s0+0/20", 0, 0},
};

static void tell(AmLoss *loss, const char *story, uint32_t base)
{
	g_auto(GStrv) words = g_strsplit(story, " ", -1);
	for (char **word = words; *word != NULL; word++) {
		char side;
		guint from, octets, ack;
		CU_ASSERT_EQUAL_FATAL(sscanf(*word, "%c%u+%u/%u", &side, &from, &octets, &ack), 4);
		AmPacket packet = {.tcp_sequence = base + from,
				   .tcp_ack = base + ack,
				   .payload_wire_size = octets,
				   .tcp_flags = AM_TCP_ACK};
		am_loss_add(loss, &packet, side == 's');
	}
}

static void test_stories(void)
{
	static const uint32_t bases[] = {1000, 0xfffffff0, 0x7ffffff8};
	for (size_t i = 0; i < G_N_ELEMENTS(stories) * G_N_ELEMENTS(bases); i++) {
		const Story *s = &stories[i / G_N_ELEMENTS(bases)];
		AmLoss loss = {0};
		tell(&loss, s->story, bases[i % G_N_ELEMENTS(bases)]);
		uint64_t client = am_loss_unseen(&loss, 0), server = am_loss_unseen(&loss, 1);
		if (client != s->client || server != s->server)
			printf("%s: %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n", s->what, client, server);
		CU_ASSERT_EQUAL(client, s->client);
		CU_ASSERT_EQUAL(server, s->server);
	}
}

/* SYN and FIN take a number each; a RST says nothing. */
static void test_flags(void)
{
	AmLoss loss = {0};
	AmPacket packet = {.tcp_sequence = 100, .tcp_flags = AM_TCP_SYN};
	am_loss_add(&loss, &packet, 0);
	packet = (AmPacket){.tcp_sequence = 500, .tcp_ack = 101, .tcp_flags = AM_TCP_SYN | AM_TCP_ACK};
	am_loss_add(&loss, &packet, 1);
	packet = (AmPacket){.tcp_sequence = 101, .tcp_ack = 501, .tcp_flags = AM_TCP_FIN | AM_TCP_ACK};
	am_loss_add(&loss, &packet, 0);
	packet = (AmPacket){.tcp_sequence = 501, .tcp_ack = 102, .tcp_flags = AM_TCP_ACK};
	am_loss_add(&loss, &packet, 1);
	packet = (AmPacket){.tcp_sequence = 7777, .tcp_ack = 9999, .tcp_flags = AM_TCP_RST | AM_TCP_ACK};
	am_loss_add(&loss, &packet, 1);
	CU_ASSERT_EQUAL(am_loss_unseen(&loss, 0), 0);
	CU_ASSERT_EQUAL(am_loss_unseen(&loss, 1), 0);
}

/* Through the door: what both sides show is loss, what one side shows is a one-way mirror. */
static void test_ledger(void)
{
	const AmFlowOptions options = {.seed = 3};
	g_autoptr(AmFlowShard) shard = am_flow_shard_new(&options, NULL);
	AmConnectionBatch out = {0};
	TestPacket t;
	uint64_t ordinal = 0;
	test_tcp(&t, 1, "10.0.0.1", 40000, "10.0.0.2", 80, AM_TCP_ACK, 100, 1000, "aaaaa");
	am_flow_shard_packet(shard, &t.packet, ++ordinal, &out);
	test_tcp(&t, 1.01, "10.0.0.2", 80, "10.0.0.1", 40000, AM_TCP_ACK, 1000, 125, "bbbbbbbbbb");
	am_flow_shard_packet(shard, &t.packet, ++ordinal, &out);
	for (uint32_t i = 0; i < 3; i++) {
		test_tcp(&t, 1 + i, "10.0.0.1", 40001, "10.0.0.2", 80, AM_TCP_ACK, 100 + 5 * i, 1000 + 500 * i,
			 "aaaaa");
		am_flow_shard_packet(shard, &t.packet, ++ordinal, &out);
	}
	am_flow_shard_flush(shard, &out);
	AmFlowCounters counters = am_flow_shard_counters(shard);
	CU_ASSERT_EQUAL(counters.tcp_bytes_seen, 15);
	CU_ASSERT_EQUAL(counters.tcp_bytes_unseen, 20);
	CU_ASSERT_EQUAL(counters.tcp_one_way, 1);
	CU_ASSERT_EQUAL(counters.tcp_bytes_one_way, 1000);
	am_connection_batch_clear(&out);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_stories),
		UNIT_TEST(test_flags),
		UNIT_TEST(test_ledger),
		CU_TEST_INFO_NULL,
	};
	return unit_run("loss", tests);
}
