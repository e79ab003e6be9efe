/* facts-observed.c: names and MACs of addresses, kept with the run and not before. */
#include "config.h"

#include "store-facts.h"

static AmObservation observation(const char *address, AmObservedKind kind, const char *value, int64_t at_ns)
{
	AmObservation o = {.kind = (uint8_t)kind, .first_ns = at_ns, .last_ns = at_ns + NS, .count = 2};
	CU_ASSERT_TRUE(am_address_parse(address, &o.address));
	g_strlcpy(o.value, value, sizeof o.value);
	return o;
}

static AmFacts *begin(const char *db, AmRun *run, uint32_t *ret_network)
{
	AmFacts *facts = am_facts_open(db, AM_FACTS_WRITE, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	CU_ASSERT_TRUE_FATAL(am_facts_begin_run(facts, run, ret_network, NULL));
	return facts;
}

static GArray *observations_of(const char *db)
{
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	GArray *all = am_facts_observations(facts, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(all);
	return all;
}

/* One finished run of a sensor with two observations of one name, and one of another address. */
static void keep(const char *db, const char *sensor, int64_t at_ns, gboolean finish)
{
	g_autoptr(AmRun) run = store_run(sensor, NULL);
	uint32_t network;
	g_autoptr(AmFacts) facts = begin(db, run, &network);
	AmObservation o[] = {
		observation("10.0.0.2", AM_OBSERVED_DNS, "b.lan", at_ns),
		observation("10.0.0.1", AM_OBSERVED_DNS, "a.lan", at_ns),
		observation("10.0.0.1", AM_OBSERVED_DNS, "a.lan", at_ns + 5 * NS),
	};
	for (guint n = 0; n < G_N_ELEMENTS(o); n++)
		o[n].network = network;
	CU_ASSERT_TRUE(am_facts_add_observations(facts, o, G_N_ELEMENTS(o), NULL));
	run->finished_ns = at_ns + DAY;
	if (finish)
		CU_ASSERT_TRUE(am_facts_finish_run(facts, run, NULL));
}

static void test_runs(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	keep(db, "one", T0, FALSE); /* as if it had been killed */
	g_autoptr(GArray) none = observations_of(db);
	CU_ASSERT_EQUAL(none->len, 0);
	keep(db, "one", T0, TRUE);
	keep(db, "one", T0 + DAY, TRUE);
	keep(db, "two", T0 - DAY, TRUE);
	g_autoptr(GArray) all = observations_of(db);
	CU_ASSERT_EQUAL_FATAL(all->len, 2);
	const AmObservation *first = &g_array_index(all, AmObservation, 0);
	CU_ASSERT_STRING_EQUAL(first->value, "a.lan");
	CU_ASSERT_EQUAL(first->kind, AM_OBSERVED_DNS);
	CU_ASSERT_EQUAL(first->count, 12);
	CU_ASSERT_EQUAL(first->first_ns, T0 - DAY);
	CU_ASSERT_EQUAL(first->last_ns, T0 + DAY + 6 * NS);
	CU_ASSERT_STRING_EQUAL(g_array_index(all, AmObservation, 1).value, "b.lan");
	store_clean(folder);
}

/* An address has at most 64 values of a kind; the rest counts together, and is no name. */
static void test_crowded(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autoptr(AmRun) run = store_run("one", NULL);
	uint32_t network;
	g_autoptr(AmFacts) facts = begin(db, run, &network);
	for (guint n = 0; n < 200; n++) {
		g_autofree char *name = g_strdup_printf("n%03u.lan", n);
		AmObservation o = observation("10.0.0.1", AM_OBSERVED_DNS, name, T0);
		o.network = network;
		CU_ASSERT_TRUE(am_facts_add_observations(facts, &o, 1, NULL));
	}
	CU_ASSERT_TRUE(am_facts_finish_run(facts, run, NULL));
	g_autoptr(GArray) all = observations_of(db);
	CU_ASSERT_EQUAL_FATAL(all->len, 64);
	CU_ASSERT_STRING_EQUAL(g_array_index(all, AmObservation, 63).value, "n063.lan");
	store_clean(folder);
}

/* What finds no room in memory is counted in an offline run's ledger; a live one writes. */
static void test_room(void)
{
	for (int live = 0; live < 2; live++) {
		char *folder = store_folder();
		g_autofree char *db = db_in(folder);
		g_autoptr(AmRun) run = store_run("one", NULL);
		uint32_t network;
		run->live = live;
		g_autoptr(AmFacts) facts = begin(db, run, &network);
		facts->limits.observations = 4;
		for (guint n = 0; n < 10; n++) {
			g_autofree char *name = g_strdup_printf("n%03u.lan", n);
			AmObservation o = observation("10.0.0.1", AM_OBSERVED_DNS, name, T0);
			o.network = network;
			CU_ASSERT_TRUE(am_facts_add_observations(facts, &o, 1, NULL));
		}
		run->committed_ns = T0;
		if (live)
			CU_ASSERT_TRUE(am_facts_commit_live(facts, run, NULL));
		CU_ASSERT_TRUE(am_facts_finish_run(facts, run, NULL));
		g_autoptr(GArray) all = observations_of(db);
		CU_ASSERT_EQUAL(all->len, live ? 10 : 4);
		g_autoptr(AmFacts) reader = am_facts_open(db, AM_FACTS_READ, NULL);
		g_autoptr(GPtrArray) runs = am_facts_runs(reader, NULL);
		CU_ASSERT_EQUAL_FATAL(runs->len, 1);
		CU_ASSERT_EQUAL(((const AmRun *)runs->pdata[0])->ledger.observations_not_kept, live ? 0 : 6);
		store_clean(folder);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_runs),
		UNIT_TEST(test_crowded),
		UNIT_TEST(test_room),
		{NULL, NULL},
	};
	return unit_run("store-observed", tests);
}
