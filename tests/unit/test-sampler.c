/* sampler.c: when a listener is inspected, and what puts it back. */
#include "config.h"

#include "sampler.h"
#include "unit.h"

#define SETTLED 32
#define SAMPLE 16

static const AmListenerKey listener = {.server = {.family = 4, .bytes = {10, 0, 0, 1}}, .ip_protocol = 6, .port = 9000};

static void tell(AmSampler *sampler, const AmListenerKey *key, uint16_t app, guint times)
{
	const AmDpiSlot found = {.app = app, .first_app = app, .confidence = AM_L7_DPI, .done = TRUE};
	for (guint n = 0; n < times; n++)
		am_sampler_tell(sampler, key, &found);
}

static guint inspected(AmSampler *sampler, guint asks, uint16_t app)
{
	guint n_full = 0;
	for (guint n = 0; n < asks; n++) {
		AmDpiSlot learned = {0};
		AmInspection inspection = am_sampler_ask(sampler, &listener, &learned);
		n_full += inspection == AM_INSPECT_FULL;
		if (inspection == AM_INSPECT_NONE) {
			CU_ASSERT_TRUE(learned.done);
			CU_ASSERT_EQUAL(learned.app, app);
			CU_ASSERT_EQUAL(learned.confidence, AM_L7_PARTIAL);
		}
	}
	return n_full;
}

static void test_settles(void)
{
	AmSampler *sampler = am_sampler_new(1, 2);
	CU_ASSERT_EQUAL(inspected(sampler, 10, 0), 10);
	tell(sampler, &listener, 200, SETTLED - 1);
	CU_ASSERT_EQUAL(inspected(sampler, 10, 0), 10);
	tell(sampler, &listener, 200, 1);
	CU_ASSERT_EQUAL(inspected(sampler, 10 * SAMPLE, 200), 10);
	/* A sample that disagrees. */
	tell(sampler, &listener, 201, 1);
	CU_ASSERT_EQUAL(inspected(sampler, 100, 0), 100);
	tell(sampler, &listener, 201, SETTLED);
	CU_ASSERT_EQUAL(inspected(sampler, SAMPLE, 201), 1);
	/* Another port of the same host is another listener. */
	AmListenerKey other = listener;
	AmDpiSlot learned;
	other.port++;
	CU_ASSERT_EQUAL(am_sampler_ask(sampler, &other, &learned), AM_INSPECT_FULL);
	am_sampler_free(sampler);
}

/* A flood of new listeners does not push out one that is settled, nor grow anything. */
static void test_flood(void)
{
	AmSampler *sampler = am_sampler_new(1, 2);
	tell(sampler, &listener, 200, SETTLED);
	for (guint n = 0; n < 200000; n++) {
		AmListenerKey key = listener;
		key.server.bytes[1] = (uint8_t)(1 + n / 65536);
		key.port = (uint16_t)n;
		tell(sampler, &key, 7, 1);
	}
	CU_ASSERT_EQUAL(inspected(sampler, SAMPLE, 200), 1);
	am_sampler_free(sampler);
}

/* Connections that carry a server name are never left out. */
static void test_names(void)
{
	AmSampler *sampler = am_sampler_new(1, 2);
	AmDpiNames names = {.server_name = "www.example.org"};
	AmDpiSlot found = {.master = 91, .app = 126, .first_app = 126, .confidence = AM_L7_DPI, .names = &names};
	for (guint n = 0; n < SETTLED; n++) {
		found.app = found.first_app = (uint16_t)(126 + n % 3); /* by name, on one listener */
		am_sampler_tell(sampler, &listener, &found);
	}
	AmDpiSlot learned;
	guint n_brief = 0;
	for (guint n = 0; n < SAMPLE; n++)
		n_brief += am_sampler_ask(sampler, &listener, &learned) == AM_INSPECT_BRIEF;
	CU_ASSERT_EQUAL(n_brief, SAMPLE - 1);
	/* Where the last word is not the first, the first is not enough. */
	found.app = 130;
	am_sampler_tell(sampler, &listener, &found);
	for (guint n = 0; n < 2 * SAMPLE; n++)
		CU_ASSERT_EQUAL(am_sampler_ask(sampler, &listener, &learned), AM_INSPECT_FULL);
	am_sampler_free(sampler);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_settles),
		UNIT_TEST(test_flood),
		UNIT_TEST(test_names),
		{NULL, NULL},
	};
	return unit_run("sampler", tests);
}
