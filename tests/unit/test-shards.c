/* Packets of several shards at once give what they give one by one. */
#include "flow-packets.h"
#include "unit.h"

#include <allowmap/flow.h>

#define N_SHARDS 4
#define N_PACKETS 3000
#define SEED 7

/* Conversations that begin, go on, end and come again; every fifth packet twice, as mirrors show them; fragments among them. */
static TestPacket *random_packets(uint8_t shards[N_PACKETS])
{
	GRand *random = g_rand_new_with_seed(11);
	TestPacket *all = g_new(TestPacket, N_PACKETS);
	for (guint n = 0; n < N_PACKETS; n++) {
		TestPacket *t = &all[n];
		if (n % 5 == 4) {
			*t = all[n - 1];
			t->packet.time_ns += 100000;
			t->packet.ip = t->bytes;
			t->packet.payload = t->bytes + (all[n - 1].packet.payload - all[n - 1].bytes);
		} else {
			g_autofree char *client = g_strdup_printf("10.0.0.%d", g_rand_int_range(random, 1, 20));
			uint16_t port = (uint16_t)g_rand_int_range(random, 40000, 40003);
			uint8_t flags = (uint8_t)g_rand_int_range(random, 0, 32);
			if (g_rand_boolean(random))
				test_tcp(t, n * 0.01, client, port, "10.1.0.1", 443, flags, n * 10, n, "hello");
			else
				test_tcp(t, n * 0.01, "10.1.0.1", 443, client, port, flags, n * 10, n, "hello");
			t->packet.is_later_fragment = n % 50 == 0;
		}
		shards[n] = (uint8_t)(am_flow_shard_of(&t->packet, SEED) % N_SHARDS);
	}
	g_rand_free(random);
	return all;
}

typedef struct {
	AmFlowShard *shards[N_SHARDS];
	AmConnectionBatch out;
	AmFlowCounters counters[N_SHARDS];
} Shards;

static void shards_begin(Shards *s)
{
	const AmFlowOptions options = {.seed = SEED};
	*s = (Shards){0};
	for (guint n = 0; n < N_SHARDS; n++) {
		s->shards[n] = am_flow_shard_new(&options, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s->shards[n]);
	}
}

static void shards_end(Shards *s)
{
	for (guint n = 0; n < N_SHARDS; n++) {
		am_flow_shard_flush(s->shards[n], &s->out);
		s->counters[n] = am_flow_shard_counters(s->shards[n]);
		am_flow_shard_free(s->shards[n]);
	}
}

static void compare(const Shards *a, const Shards *b)
{
	CU_ASSERT_EQUAL(memcmp(a->counters, b->counters, sizeof a->counters), 0);
	CU_ASSERT_TRUE(a->out.n > 50);
	CU_ASSERT_EQUAL_FATAL(a->out.n, b->out.n);
	CU_ASSERT_EQUAL(memcmp(a->out.records, b->out.records, a->out.n * sizeof *a->out.records), 0);
}

static void test_batches(void)
{
	uint8_t shard_of[N_PACKETS];
	g_autofree TestPacket *all = random_packets(shard_of);
	Shards one_by_one;
	shards_begin(&one_by_one);
	for (guint n = 0; n < N_PACKETS; n++)
		am_flow_shard_packet(one_by_one.shards[shard_of[n]], &all[n].packet, n + 1, &one_by_one.out);
	shards_end(&one_by_one);
	CU_ASSERT_TRUE(one_by_one.counters[0].skipped[AM_SKIP_DUPLICATE] > 10);

	AmPacket *packets = g_new(AmPacket, N_PACKETS);
	uint64_t ordinals[N_PACKETS];
	for (guint n = 0; n < N_PACKETS; n++) {
		packets[n] = all[n].packet;
		ordinals[n] = n + 1;
	}
	const AmFlowPackets input = {packets, ordinals, shard_of};
	static const guint sizes[] = {1, 2, 3, 7, 8, 9, 64, 1000, N_PACKETS};
	for (guint s = 0; s < G_N_ELEMENTS(sizes); s++) {
		Shards together;
		shards_begin(&together);
		for (guint from = 0; from < N_PACKETS; from += sizes[s]) {
			uint16_t which[N_PACKETS];
			guint n = 0;
			for (; n < sizes[s] && from + n < N_PACKETS; n++)
				which[n] = (uint16_t)(from + n);
			am_flow_shards_packets(together.shards, &input, which, n, &together.out);
		}
		shards_end(&together);
		compare(&one_by_one, &together);
		am_connection_batch_clear(&together.out);
	}
	am_connection_batch_clear(&one_by_one.out);
	g_free(packets);
}

/* Of a chunk, each worker takes those of its shards. */
static void test_some(void)
{
	uint8_t shard_of[N_PACKETS];
	g_autofree TestPacket *all = random_packets(shard_of);
	AmPacket *packets = g_new(AmPacket, N_PACKETS);
	uint64_t ordinals[N_PACKETS];
	uint16_t which[N_PACKETS];
	guint n_which = 0;
	Shards one_by_one, some;
	shards_begin(&one_by_one);
	shards_begin(&some);
	for (guint n = 0; n < N_PACKETS; n++) {
		packets[n] = all[n].packet;
		ordinals[n] = n + 1;
		if (shard_of[n] % 2 == 0)
			continue;
		which[n_which++] = (uint16_t)n;
		am_flow_shard_packet(one_by_one.shards[shard_of[n]], &packets[n], n + 1, &one_by_one.out);
	}
	const AmFlowPackets input = {packets, ordinals, shard_of};
	am_flow_shards_packets(some.shards, &input, which, n_which, &some.out);
	shards_end(&one_by_one);
	shards_end(&some);
	compare(&one_by_one, &some);
	CU_ASSERT_EQUAL(some.counters[0].recorded, 0);
	am_connection_batch_clear(&one_by_one.out);
	am_connection_batch_clear(&some.out);
	g_free(packets);
}

int main(void)
{
	static const CU_TestInfo tests[] = {UNIT_TEST(test_batches), UNIT_TEST(test_some), {NULL, NULL}};
	return unit_run("shards", tests);
}
