/* unanswered.c: the budget of a minute, the allowance of who is real, and what is counted beyond. */
#include "config.h"

#include "flow-packets.h"
#include "unanswered.h"
#include "unit.h"

#define MINUTE (60 * AM_NS_PER_S)
#define T0 (INT64_C(29543333) * MINUTE)

static AmTuple opener(uint32_t source, uint32_t target, uint16_t port)
{
	AmTuple tuple = {
		.source = {.family = 4}, .destination = {.family = 4}, .ip_protocol = 6, .destination_port = port};
	for (int b = 0; b < 4; b++) {
		tuple.source.bytes[b] = (uint8_t)(source >> (24 - 8 * b));
		tuple.destination.bytes[b] = (uint8_t)(target >> (24 - 8 * b));
	}
	return tuple;
}

static void test_budget(void)
{
	AmUnansweredTable *table = am_unanswered_new(1, 2, 100);
	AmConnectionBatch out = {0};
	guint kept = 0;
	for (uint32_t n = 0; n < 5100; n++) {
		AmTuple tuple = opener(0x0a000009, 0x0b000000 + n, 22);
		kept += am_unanswered_keep(table, 0, &tuple, 2, 120, T0 + n, &out);
	}
	CU_ASSERT_EQUAL(kept, 100);
	CU_ASSERT_EQUAL(out.n_unanswered, 0);
	/* The next minute has a budget of its own, and tells of this one. */
	AmTuple tuple = opener(0x0a000009, 1, 22);
	CU_ASSERT_TRUE(am_unanswered_keep(table, 0, &tuple, 1, 60, T0 + MINUTE, &out));
	CU_ASSERT_EQUAL_FATAL(out.n_unanswered, 1);
	const AmUnanswered *sum = &out.unanswered[0];
	CU_ASSERT_EQUAL(sum->minute, T0 / MINUTE);
	CU_ASSERT_EQUAL(sum->source.family, 4);
	CU_ASSERT_EQUAL(sum->source.bytes[3], 9);
	CU_ASSERT_EQUAL(sum->port, 22);
	CU_ASSERT_EQUAL(sum->connections, 5000);
	CU_ASSERT_EQUAL(sum->packets, 10000);
	CU_ASSERT_EQUAL(sum->bytes, 600000);
	CU_ASSERT(sum->targets > 3000 && sum->targets < 7000);
	am_unanswered_flush(table, &out);
	CU_ASSERT_EQUAL(out.n_unanswered, 1);
	am_connection_batch_clear(&out);
	am_unanswered_free(table);
}

/* Every one is kept or counted, however many sources and ports there are; the counts stay few. */
static void test_spoofed(void)
{
	AmUnansweredTable *table = am_unanswered_new(1, 2, 100);
	AmConnectionBatch out = {0};
	const uint32_t n_all = 300000;
	uint64_t kept = 0, counted = 0;
	for (uint32_t n = 0; n < n_all; n++) {
		AmTuple tuple = opener(n * 2654435761u, 0x0a000001, (uint16_t)(n * 40503u));
		tuple.ip_protocol = (uint8_t)(n % 200);
		kept += am_unanswered_keep(table, 0, &tuple, 1, 60, T0, &out);
	}
	am_unanswered_flush(table, &out);
	for (size_t n = 0; n < out.n_unanswered; n++)
		counted += out.unanswered[n].connections;
	CU_ASSERT_EQUAL(kept, 100);
	CU_ASSERT_EQUAL(kept + counted, n_all);
	CU_ASSERT(out.n_unanswered <= 1024);
	am_connection_batch_clear(&out);
	am_unanswered_free(table);
}

/* A flood does not hide what a real host tells one that never answers. */
static void test_trusted(void)
{
	AmUnansweredTable *table = am_unanswered_new(1, 2, 100);
	AmConnectionBatch out = {0};
	AmTuple real = opener(0x0a000005, 0x0a000006, 514);
	am_unanswered_trust(table, &real.source);
	guint kept = 0;
	for (uint32_t n = 0; n < 2000; n++) {
		AmTuple tuple = opener(n * 2654435761u, 0x0a000001, 80);
		(void)am_unanswered_keep(table, 0, &tuple, 1, 60, T0, &out);
		if (n % 20 == 19)
			kept += am_unanswered_keep(table, 0, &real, 1, 100, T0, &out);
	}
	CU_ASSERT_EQUAL(kept, 100);
	am_connection_batch_clear(&out);
	am_unanswered_free(table);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_budget),
		UNIT_TEST(test_spoofed),
		UNIT_TEST(test_trusted),
		{NULL, NULL},
	};
	return unit_run("unanswered", tests);
}
