/* The database of the facts as a file: two at once, files that are not what they should be, full disks, and the SQL files. */
#include "config.h"

#include "store-facts.h"

#include <fcntl.h>
#include <sys/file.h>

/* ---- Two at once */

static void test_second_writer(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autoptr(GError) error = NULL;
	AmConnection c = store_connection(1, "10.0.0.1", 40000, "10.0.0.2", 443, T0);
	store_ok(db, "offline", NULL, &c, 1);
	AmFacts *writer = am_facts_open(db, AM_FACTS_WRITE, &error);
	g_autoptr(AmRun) run = store_run("offline", NULL);
	uint32_t network;
	CU_ASSERT_TRUE(am_facts_begin_run(writer, run, &network, &error));
	c.first_ns++;
	CU_ASSERT_TRUE(am_facts_add_connections(writer, &c, 1, &error)); /* a transaction is open */
	CU_ASSERT_PTR_NULL(am_facts_open(db, AM_FACTS_WRITE, &error));
	g_autofree char *me = g_strdup_printf("process, %ld;", (long)getpid());
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, me));
	ASSERT_ERROR(error, AM_STORE_ERROR_BUSY);
	/* Who reads is not held up, and may stay while the run ends. */
	AmFacts *reader = am_facts_open(db, AM_FACTS_READ, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reader);
	CU_ASSERT_EQUAL(am_facts_count_connections(reader, &error), 1);
	CU_ASSERT_FALSE(am_facts_begin_run(reader, run, &network, &error));
	ASSERT_ERROR(error, AM_STORE_ERROR_FAILED);
	CU_ASSERT_TRUE(am_facts_finish_run(writer, run, &error));
	am_facts_free(writer);
	CU_ASSERT_EQUAL(am_facts_count_connections(reader, &error), 2);
	am_facts_free(reader);
	/* A lock that its holder left behind, dead, holds nobody up. */
	g_autofree char *lock = g_strconcat(db, ".lock", NULL);
	CU_ASSERT_TRUE(g_file_set_contents(lock, "1\n", -1, NULL));
	writer = am_facts_open(db, AM_FACTS_WRITE, &error);
	CU_ASSERT_PTR_NOT_NULL(writer);
	am_facts_free(writer);
	CU_ASSERT_EQUAL(store_clean(folder), 1); /* no log, no index, no lock */
}

/* ---- Files that are not what they should be */

static void refused(const char *db, AmStoreError code)
{
	g_autoptr(GError) error = NULL;
	gchar *before = NULL, *after = NULL;
	gsize size_before = 0, size_after = 0;
	CU_ASSERT_TRUE(g_file_get_contents(db, &before, &size_before, NULL));
	CU_ASSERT_PTR_NULL(am_facts_open(db, AM_FACTS_READ, &error));
	ASSERT_ERROR(error, code);
	CU_ASSERT_PTR_NULL(am_facts_open(db, AM_FACTS_WRITE, &error));
	ASSERT_ERROR(error, code);
	CU_ASSERT_TRUE(g_file_get_contents(db, &after, &size_after, NULL));
	CU_ASSERT_TRUE(size_before == size_after && memcmp(before, after, size_before) == 0);
	g_free(before);
	g_free(after);
}

static void test_not_ours(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autoptr(GError) error = NULL;
	CU_ASSERT_PTR_NULL(am_facts_open(db, AM_FACTS_READ, &error));
	g_autofree char *message =
		g_strdup_printf("no database at %s; make one with: allowmap ingest --db %s CAPTURE...", db, db);
	CU_ASSERT_STRING_EQUAL(error->message, message);
	ASSERT_ERROR(error, AM_STORE_ERROR_MISSING);
	CU_ASSERT_FALSE(g_file_test(db, G_FILE_TEST_EXISTS));

	store_ok(db, "offline", NULL, NULL, 0);
	store_sql(db, "PRAGMA user_version = 1000");
	refused(db, AM_STORE_ERROR_NEWER);
	store_sql(db, "PRAGMA application_id = 7");
	refused(db, AM_STORE_ERROR_FOREIGN);
	g_unlink(db);
	store_sql(db, "CREATE TABLE other (x)");
	refused(db, AM_STORE_ERROR_FOREIGN);
	CU_ASSERT_TRUE(g_file_set_contents(db, "Dear diary, this is no database, and never was one.", -1, NULL));
	refused(db, AM_STORE_ERROR_FOREIGN);
	CU_ASSERT_PTR_NULL(am_facts_open(folder, AM_FACTS_READ, &error));
	ASSERT_ERROR(error, AM_STORE_ERROR_FOREIGN);
	g_autofree char *nowhere = g_build_filename(folder, "none", "facts.db", NULL);
	CU_ASSERT_PTR_NULL(am_facts_open(nowhere, AM_FACTS_WRITE, &error));
	ASSERT_ERROR(error, AM_STORE_ERROR_FAILED);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void test_mode_bits(void)
{
	static const mode_t masks[] = {0, 0022, 0777};
	for (guint n = 0; n < G_N_ELEMENTS(masks); n++) {
		char *folder = store_folder();
		g_autofree char *db = db_in(folder), *log = g_strconcat(db, "-wal", NULL),
				*lock = g_strconcat(db, ".lock", NULL);
		mode_t before = umask(masks[n]);
		AmFacts *facts = am_facts_open(db, AM_FACTS_WRITE, NULL);
		umask(before);
		CU_ASSERT_PTR_NOT_NULL(facts);
		struct stat about;
		CU_ASSERT_TRUE(stat(db, &about) == 0 && (about.st_mode & 0777) == 0600);
		CU_ASSERT_TRUE(stat(log, &about) == 0 && (about.st_mode & 0777) == 0600);
		CU_ASSERT_TRUE(stat(lock, &about) == 0 && (about.st_mode & 0077) == 0);
		am_facts_free(facts);
		CU_ASSERT_EQUAL(store_clean(folder), 1);
	}
}

static void test_full(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autoptr(GError) error = NULL;
	AmConnection c = store_connection(1, "10.0.0.1", 40000, "10.0.0.2", 443, T0);
	store_ok(db, "offline", NULL, &c, 1);
	AmFacts *facts = am_facts_open(db, AM_FACTS_WRITE, &error);
	CU_ASSERT_TRUE(am_database_run(facts->database, "PRAGMA max_page_count = 60", &error));
	facts->limits.rows = 100;
	g_autoptr(AmRun) run = store_run("offline", NULL);
	uint32_t network;
	CU_ASSERT_TRUE(am_facts_begin_run(facts, run, &network, &error));
	gboolean ok = TRUE;
	for (guint n = 1; ok && n < 100000; n++) {
		c.sequence = n;
		ok = am_facts_add_connections(facts, &c, 1, &error);
	}
	CU_ASSERT_FALSE(ok);
	ASSERT_ERROR(error, AM_STORE_ERROR_FULL);
	CU_ASSERT_FALSE(am_facts_add_connections(facts, &c, 1, &error)); /* the run is lost */
	ASSERT_ERROR(error, AM_STORE_ERROR_FAILED);
	am_facts_free(facts);
	g_autoptr(GArray) connections = connections_of(db);
	CU_ASSERT_EQUAL(connections->len, 1);
	sqlite3 *raw;
	sqlite3_stmt *check;
	CU_ASSERT_EQUAL(sqlite3_open(db, &raw), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_prepare_v2(raw, "PRAGMA integrity_check", -1, &check, NULL), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_step(check), SQLITE_ROW);
	CU_ASSERT_STRING_EQUAL(sqlite3_column_text(check, 0), "ok");
	sqlite3_finalize(check);
	sqlite3_close(raw);
	store_ok(db, "offline", NULL, &c, 1); /* room again */
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void test_damaged_record(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autoptr(GError) error = NULL;
	AmConnection c = store_connection(1, "10.0.0.1", 40000, "10.0.0.2", 443, T0);
	c.outcome = AM_N_OUTCOMES;
	CU_ASSERT_FALSE(store(db, "offline", NULL, &c, 1, NULL, &error));
	ASSERT_ERROR(error, AM_STORE_ERROR_FAILED);
	c.outcome = 0;
	store_ok(db, "offline", NULL, &c, 1);
	store_sql(db, "UPDATE connections SET lo = x'00'; UPDATE tallies SET side = 9");
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, &error);
	g_autoptr(GArray) read = g_array_new(FALSE, FALSE, sizeof(AmConnection));
	CU_ASSERT_FALSE(am_facts_foreach_connection(facts, collect, read, &error));
	ASSERT_ERROR(error, AM_STORE_ERROR_FAILED);
	CU_ASSERT_PTR_NULL(am_facts_tallies(facts, &error));
	ASSERT_ERROR(error, AM_STORE_ERROR_FAILED);
	CU_ASSERT_EQUAL(read->len, 0);
	g_clear_pointer(&facts, am_facts_free);
	store_clean(folder);
}

/* More names than are kept: the rest is counted under one. */
static void test_many_names(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	AmConnection c[10];
	for (guint n = 0; n < G_N_ELEMENTS(c); n++) {
		c[n] = store_connection(n + 1, "10.0.0.1", 40000, "10.0.0.2", 443, T0);
		g_snprintf(c[n].l7, AM_L7_SIZE, "name-%u", n);
	}
	AmFactsLimits limits = {.rows = 10, .sums = 10, .names = 4};
	CU_ASSERT_TRUE(store(db, "offline", NULL, c, G_N_ELEMENTS(c), &limits, NULL));
	g_autoptr(GArray) tallies = tallies_of(db);
	CU_ASSERT_EQUAL_FATAL(tallies->len, 1);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).n_l7, AM_TALLY_MAX_L7);
	CU_ASSERT_STRING_EQUAL(TALLY(tallies, 0).l7[0].name, "other");
	CU_ASSERT_EQUAL(TALLY(tallies, 0).l7[0].connections, 6);
	CU_ASSERT_STRING_EQUAL(TALLY(tallies, 0).l7[1].name, "name-0");
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* ---- SQL files */

static char *schema_of(sqlite3 *sqlite)
{
	static const char sql[] = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name";
	sqlite3_stmt *statement;
	GString *schema = g_string_new(NULL);
	CU_ASSERT_EQUAL_FATAL(sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		g_string_append_printf(schema, "%s;\n", sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return g_string_free(schema, FALSE);
}

static void test_schema_and_queries(void)
{
	static const AmDatabaseKind *const kinds[] = {&am_database_facts, &am_database_decisions};
	guint n_prepared = 0, n_queries = 0;
	for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
		char *folder = store_folder();
		g_autofree char *db = db_in(folder), *file = g_strdup_printf("sql/schema-%s.sql", kinds[k]->name);
		g_autoptr(AmDatabase) database = am_database_open(db, kinds[k], AM_DATABASE_CREATE, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(database);
		/* Some queries take what waits in memory. */
		const AmFeedKind *const feed_kinds[] = {&am_feed_connections, &am_feed_tallies, &am_feed_tally_l7};
		AmFeed *feeds[G_N_ELEMENTS(feed_kinds)];
		for (guint f = 0; f < G_N_ELEMENTS(feeds); f++)
			CU_ASSERT_PTR_NOT_NULL_FATAL(feeds[f] = am_feed_new(database, feed_kinds[f], NULL));
		sqlite3 *whole;
		CU_ASSERT_EQUAL(sqlite3_open(":memory:", &whole), SQLITE_OK);
		CU_ASSERT_EQUAL(sqlite3_exec(whole, am_embedded(file, NULL), NULL, NULL, NULL), SQLITE_OK);
		g_autofree char *migrated = schema_of(database->sqlite), *present = schema_of(whole);
		sqlite3_close(whole);
		CU_ASSERT_TRUE(strlen(present) > 1000);
		CU_ASSERT_STRING_EQUAL(migrated, present);

		g_autofree char *prefix = g_strdup_printf("sql/queries/%s-", kinds[k]->name);
		const char *path;
		for (guint n = 0; (path = am_embedded_path(prefix, n)) != NULL; n++) {
			g_autofree char *name =
				g_strndup(path + strlen("sql/queries/"), strlen(path + strlen("sql/queries/")) - 4);
			g_autoptr(GError) error = NULL;
			sqlite3_stmt *statement = am_database_statement(database, name, &error);
			CU_ASSERT_PTR_NOT_NULL(statement);
			if (error != NULL)
				printf("[%s: %s]", name, error->message);
			n_prepared += statement != NULL;
		}
		g_clear_pointer(&database, am_database_free);
		for (guint f = 0; f < G_N_ELEMENTS(feeds); f++)
			am_feed_free(feeds[f]);
		CU_ASSERT_EQUAL(store_clean(folder), 1);
	}
	while (am_embedded_path("sql/queries/", n_queries) != NULL)
		n_queries++;
	CU_ASSERT_TRUE(n_queries > 40);
	CU_ASSERT_EQUAL(n_prepared, n_queries); /* each belongs to one of the two */
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_second_writer),      UNIT_TEST(test_not_ours),
		UNIT_TEST(test_mode_bits),          UNIT_TEST(test_full),
		UNIT_TEST(test_damaged_record),     UNIT_TEST(test_many_names),
		UNIT_TEST(test_schema_and_queries), {NULL, NULL},
	};
	return unit_run("store-file", tests);
}
