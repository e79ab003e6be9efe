/* A live run: what was committed is there, whatever ends it, and counts as if it had been read from a file. */
#include "config.h"

#include "facts.h"
#include "store.h"

#define N 1200

static char *db_in(const char *folder, const char *name)
{
	return g_build_filename(folder, name, NULL);
}

/* Connections of some hosts over two days, and later records of some of them. */
static AmConnection *records(void)
{
	GRand *random = g_rand_new_with_seed(21);
	AmConnection *connections = g_new(AmConnection, N);
	for (guint c = 0; c < N; c++) {
		char lo[32], hi[32];
		g_snprintf(lo, sizeof lo, "10.0.0.%u", 1 + (guint)g_rand_int_range(random, 0, 4));
		g_snprintf(hi, sizeof hi, "10.0.1.%u", 1 + (guint)g_rand_int_range(random, 0, 4));
		uint16_t port = (uint16_t)g_rand_int_range(random, 1024, 1100);
		connections[c] =
			c % 2 == 0 ? store_connection(c + 1, lo, port, hi, (uint16_t)(440 + c % 7), T0 + c * 100 * NS)
				   : store_datagram(c + 1, lo, port, hi, (uint16_t)(510 + c % 2), T0 + c * 100 * NS);
		connections[c].evidence |= c % 9 == 3 ? AM_EVIDENCE_OPEN : 0;
		g_snprintf(connections[c].l7, AM_L7_SIZE, "l7-%u", c % 6);
		if (c % 9 == 8) {
			connections[c] = connections[c - 5];
			connections[c].revision = 1;
			connections[c].evidence &= ~(uint32_t)AM_EVIDENCE_OPEN;
			connections[c].outcome = AM_OUTCOME_REFUSED;
			connections[c].delta_first_ns = connections[c].last_ns = connections[c].first_ns + DAY;
		}
	}
	g_rand_free(random);
	return connections;
}

typedef struct {
	AmFacts *facts;
	AmRun *run;
} Session;

static Session begin(const char *db, gboolean live)
{
	g_autoptr(GError) error = NULL;
	Session session = {.facts = am_facts_open(db, AM_FACTS_WRITE, &error), .run = store_run("probe", NULL)};
	CU_ASSERT_PTR_NOT_NULL_FATAL(session.facts);
	session.run->live = live;
	uint32_t network;
	CU_ASSERT_TRUE_FATAL(am_facts_begin_run(session.facts, session.run, &network, &error));
	return session;
}

static void add(Session *session, const AmConnection *connections, guint n)
{
	CU_ASSERT_TRUE(am_facts_add_connections(session->facts, connections, n, NULL));
}

static void commit(Session *session, guint read)
{
	session->run->ledger.read = session->run->ledger.recorded = read;
	session->run->committed_ns = T0 + read * NS;
	CU_ASSERT_TRUE(am_facts_commit_live(session->facts, session->run, NULL));
}

/* As a kill does it: nothing is finished. */
static void end(Session *session)
{
	am_facts_free(session->facts);
	am_run_free(session->run);
}

static GArray *tallies_of(const char *db)
{
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, NULL);
	GArray *tallies = facts != NULL ? am_facts_tallies(facts, NULL) : NULL;
	CU_ASSERT_PTR_NOT_NULL_FATAL(tallies);
	return tallies;
}

static gboolean collect(const AmConnection *connection, int64_t run, gpointer user_data)
{
	(void)run;
	g_array_append_vals(user_data, connection, 1);
	return TRUE;
}

static GArray *connections_of(const char *db)
{
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, NULL);
	GArray *connections = g_array_new(FALSE, FALSE, sizeof(AmConnection));
	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	CU_ASSERT_TRUE(am_facts_foreach_connection(facts, collect, connections, NULL));
	CU_ASSERT_EQUAL(am_facts_count_connections(facts, NULL), connections->len);
	return connections;
}

static GPtrArray *runs_of(const char *db)
{
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, NULL);
	GPtrArray *runs = facts != NULL ? am_facts_runs(facts, NULL) : NULL;
	CU_ASSERT_PTR_NOT_NULL_FATAL(runs);
	return runs;
}

static void assert_same_tallies(const char *db, const char *other)
{
	g_autoptr(GArray) a = tallies_of(db), b = tallies_of(other);
	CU_ASSERT_EQUAL_FATAL(a->len, b->len);
	for (guint n = 0; n < a->len; n++)
		CU_ASSERT_EQUAL(memcmp(&g_array_index(a, AmTally, n), &g_array_index(b, AmTally, n), sizeof(AmTally)),
				0);
}

static void test_equals_offline(void)
{
	char *folder = store_folder();
	g_autofree char *offline = db_in(folder, "offline.db"), *live = db_in(folder, "live.db");
	g_autofree AmConnection *connections = records();
	/* Cut off after the last commit, with more added that was not committed. */
	const guint kept = 999;
	Session session = begin(offline, FALSE);
	add(&session, connections, kept);
	CU_ASSERT_TRUE(am_facts_finish_run(session.facts, session.run, NULL));
	end(&session);
	session = begin(live, TRUE);
	session.facts->limits.sums = 60; /* also merges in between */
	session.facts->limits.thin_out = 3;
	for (guint n = 0; n < kept; n += 37) {
		add(&session, connections + n, MIN(37, kept - n));
		commit(&session, n + 37);
		if (n == 37 * 5) { /* readers see it while it runs */
			g_autoptr(GArray) seen = connections_of(live);
			CU_ASSERT_TRUE(seen->len > 150);
		}
	}
	add(&session, connections + kept, N - kept);
	end(&session);
	assert_same_tallies(offline, live);
	g_autoptr(GArray) c = connections_of(offline), d = connections_of(live);
	CU_ASSERT_EQUAL_FATAL(c->len, d->len);
	CU_ASSERT_EQUAL(memcmp(c->data, d->data, c->len * sizeof(AmConnection)), 0);
	CU_ASSERT_EQUAL(store_clean(folder), 2);
}

static void test_interrupted(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder, "facts.db");
	g_autofree AmConnection *connections = records();
	Session session = begin(db, TRUE);
	add(&session, connections, 100);
	commit(&session, 100);
	end(&session);
	g_autoptr(GPtrArray) before = runs_of(db);
	const AmRun *run = before->pdata[0];
	CU_ASSERT_TRUE(run->live);
	CU_ASSERT_EQUAL(run->finished_ns, 0);
	CU_ASSERT_EQUAL(run->ledger.read, 100);
	session = begin(db, TRUE);
	commit(&session, 5);
	session.run->finished_ns = T0 + DAY;
	CU_ASSERT_TRUE(am_facts_finish_run(session.facts, session.run, NULL));
	end(&session);
	g_autoptr(GPtrArray) after = runs_of(db);
	CU_ASSERT_EQUAL_FATAL(after->len, 2);
	run = after->pdata[0];
	CU_ASSERT_TRUE(run->interrupted);
	CU_ASSERT_EQUAL(run->finished_ns, T0 + 100 * NS);
	CU_ASSERT_EQUAL(run->ledger.read, 100);
	run = after->pdata[1];
	CU_ASSERT_FALSE(run->interrupted);
	CU_ASSERT_EQUAL(run->finished_ns, T0 + DAY);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void test_tallies_only(void)
{
	char *folder = store_folder();
	g_autofree char *full = db_in(folder, "full.db"), *db = db_in(folder, "facts.db");
	g_autofree AmConnection *connections = records();
	Session session = begin(full, TRUE);
	add(&session, connections, N);
	commit(&session, N);
	end(&session);
	session = begin(db, TRUE);
	add(&session, connections, 600);
	commit(&session, 600);
	am_facts_set_tallies_only(session.facts, TRUE);
	add(&session, connections + 600, N - 600);
	commit(&session, N);
	end(&session);
	assert_same_tallies(full, db);
	g_autoptr(GArray) all = connections_of(full), some = connections_of(db);
	CU_ASSERT_TRUE(some->len > 400 && some->len < 600 && all->len > 1000);
	CU_ASSERT_EQUAL(store_clean(folder), 2);
}

static void test_expire(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder, "facts.db"), *untouched = db_in(folder, "untouched.db");
	g_autofree AmConnection *connections = records();
	Session session = begin(untouched, FALSE);
	add(&session, connections, N);
	CU_ASSERT_TRUE(am_facts_finish_run(session.facts, session.run, NULL));
	end(&session);
	session = begin(db, TRUE);
	add(&session, connections, 500);
	commit(&session, 500);
	end(&session); /* a run before this one */
	session = begin(db, TRUE);
	add(&session, connections, N);
	/* A long one, which began first and goes on. */
	const int64_t before_ns = T0 + 700 * 100 * NS;
	guint removed = 0, total = 0, calls = 0;
	do {
		CU_ASSERT_TRUE(am_facts_expire(session.facts, before_ns, 64, &removed, NULL));
		total += removed;
		calls++;
	} while (session.facts->expire_after != 0 && calls < 1000);
	commit(&session, N);
	end(&session);
	CU_ASSERT_TRUE(calls > 10 && calls < 60);
	g_autoptr(GArray) left = connections_of(db);
	guint old = 0, long_ones = 0;
	for (guint n = 0; n < left->len; n++) {
		old += g_array_index(left, AmConnection, n).last_ns < before_ns;
		long_ones += g_array_index(left, AmConnection, n).first_ns < before_ns;
	}
	CU_ASSERT_EQUAL(old, 0);
	CU_ASSERT_TRUE(long_ones > 10);
	CU_ASSERT_TRUE(total > 900);
	g_autoptr(GArray) tallies = tallies_of(db), all = tallies_of(untouched);
	CU_ASSERT_TRUE(tallies->len >= all->len);
	CU_ASSERT_EQUAL(store_clean(folder), 2);
}

static void test_minutes(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder, "facts.db");
	Session session = begin(db, TRUE);
	const AmInterfaceMinute minutes[] = {
		{.interface = "eth1", .minute = 1000, .packets = 50},
		{.interface = "eth0", .minute = 1000, .packets = 100, .dropped_kernel = 7, .outages = 1},
		{.interface = "eth0", .minute = 1000, .packets = 100, .dropped_interface = 2},
		{.interface = "eth0", .minute = 1001, .packets = 10},
	};
	for (guint n = 0; n < G_N_ELEMENTS(minutes); n++)
		CU_ASSERT_TRUE(am_facts_add_minute(session.facts, &minutes[n], NULL));
	commit(&session, 260);
	uint64_t size = 0;
	CU_ASSERT_TRUE(am_facts_size(session.facts, &size, NULL));
	CU_ASSERT_TRUE(size > 8192 && size < 4 * 1024 * 1024);
	end(&session);
	g_autoptr(GPtrArray) runs = runs_of(db);
	const AmRun *run = runs->pdata[0];
	CU_ASSERT_EQUAL_FATAL(run->interfaces->len, 2);
	const AmRunInterface *eth0 = &g_array_index(run->interfaces, AmRunInterface, 0);
	CU_ASSERT_STRING_EQUAL(eth0->name, "eth0");
	CU_ASSERT_EQUAL(eth0->packets, 210);
	CU_ASSERT_EQUAL(eth0->dropped_kernel, 7);
	CU_ASSERT_EQUAL(eth0->dropped_interface, 2);
	CU_ASSERT_EQUAL(eth0->outages, 1);
	CU_ASSERT_EQUAL(eth0->minutes, 2);
	CU_ASSERT_EQUAL(eth0->minutes_dropped, 1);
	CU_ASSERT_EQUAL(eth0->worst_minute, 9);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* A reader that hangs keeps the log from being cut; once it is gone the log is. */
static void test_log(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder, "facts.db"), *log = g_strconcat(db, "-wal", NULL);
	g_autofree AmConnection *connections = records();
	uint64_t size = 0, first;
	gboolean held = TRUE;
	struct stat about;
	Session session = begin(db, TRUE);
	add(&session, connections, 300);
	commit(&session, 300);
	CU_ASSERT_TRUE(am_facts_shorten_log(session.facts, &size, &held, NULL));
	CU_ASSERT_TRUE(size > 0 && !held); /* its usual size */
	session.facts->limits.log = 1;
	CU_ASSERT_TRUE(am_facts_shorten_log(session.facts, &size, &held, NULL));
	CU_ASSERT_TRUE(size == 0 && !held);
	sqlite3 *reader;
	CU_ASSERT_EQUAL_FATAL(sqlite3_open(db, &reader), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM connections", NULL, NULL, NULL), SQLITE_OK);
	add(&session, connections + 300, 300);
	commit(&session, 600);
	CU_ASSERT_TRUE(am_facts_shorten_log(session.facts, &first, &held, NULL));
	CU_ASSERT_TRUE(first > 0 && held);
	add(&session, connections + 600, 300);
	commit(&session, 900);
	CU_ASSERT_TRUE(am_facts_shorten_log(session.facts, &size, &held, NULL));
	CU_ASSERT_TRUE(size > first && held);
	CU_ASSERT_EQUAL(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	CU_ASSERT_TRUE(am_facts_shorten_log(session.facts, &size, &held, NULL));
	CU_ASSERT_TRUE(size == 0 && !held);
	CU_ASSERT_TRUE(stat(log, &about) == 0 && about.st_size == 0);
	CU_ASSERT_EQUAL(sqlite3_close(reader), SQLITE_OK);
	end(&session);
	g_autoptr(GArray) kept = connections_of(db);
	CU_ASSERT_TRUE(kept->len > 700);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void test_offline_is_no_live_run(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder, "facts.db");
	g_autoptr(GError) error = NULL;
	Session session = begin(db, FALSE);
	CU_ASSERT_FALSE(am_facts_commit_live(session.facts, session.run, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED));
	end(&session);
	g_autoptr(GPtrArray) runs = runs_of(db);
	CU_ASSERT_EQUAL(runs->len, 0);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_equals_offline),
		UNIT_TEST(test_interrupted),
		UNIT_TEST(test_tallies_only),
		UNIT_TEST(test_expire),
		UNIT_TEST(test_minutes),
		UNIT_TEST(test_log),
		UNIT_TEST(test_offline_is_no_live_run),
		{NULL, NULL},
	};
	return unit_run("store live", tests);
}
