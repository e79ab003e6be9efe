/* What the tests of the facts share: a database, and what goes in and comes out. */
#pragma once

#include "facts.h"
#include "store.h"

static inline char *db_in(const char *folder)
{
	return g_build_filename(folder, "facts.db", NULL);
}

#define ASSERT_ERROR(error, wanted)                                                                                    \
	do {                                                                                                           \
		CU_ASSERT_TRUE(g_error_matches(error, AM_STORE_ERROR, wanted));                                        \
		g_clear_error(&(error));                                                                               \
	} while (0)

/* One finished run with these records. */
static inline gboolean store(const char *db, const char *sensor, const char *network, const AmConnection *connections,
			     size_t n, const AmFactsLimits *limits, GError **error)
{
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_WRITE, error);
	if (facts == NULL)
		return FALSE;
	if (limits != NULL)
		facts->limits = *limits;
	g_autoptr(AmRun) run = store_run(sensor, network);
	uint32_t id;
	if (!am_facts_begin_run(facts, run, &id, error))
		return FALSE;
	for (size_t c = 0; c < n; c++) {
		AmConnection copy = connections[c];
		copy.network = id;
		if (!am_facts_add_connections(facts, &copy, 1, error))
			return FALSE;
	}
	run->finished_ns = T0 + DAY;
	return am_facts_finish_run(facts, run, error);
}

static inline void store_ok(const char *db, const char *sensor, const char *network, const AmConnection *connections,
			    size_t n)
{
	g_autoptr(GError) error = NULL;
	CU_ASSERT_TRUE(store(db, sensor, network, connections, n, NULL, &error));
	if (error != NULL)
		printf("[%s]", error->message);
}

static inline GArray *tallies_of(const char *db)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, &error);
	GArray *tallies = facts != NULL ? am_facts_tallies(facts, &error) : NULL;
	CU_ASSERT_PTR_NOT_NULL_FATAL(tallies);
	return tallies;
}

#define TALLY(tallies, n) g_array_index(tallies, AmTally, n)

static inline gboolean collect(const AmConnection *connection, int64_t run, gpointer user_data)
{
	(void)run;
	g_array_append_vals(user_data, connection, 1);
	return TRUE;
}

static inline GArray *connections_of(const char *db)
{
	g_autoptr(GError) error = NULL;
	GArray *connections = g_array_new(FALSE, FALSE, sizeof(AmConnection));
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	CU_ASSERT_TRUE(am_facts_foreach_connection(facts, collect, connections, &error));
	CU_ASSERT_EQUAL(am_facts_count_connections(facts, &error), connections->len);
	return connections;
}

/* Behind the back of the store. */
static inline void store_sql(const char *db, const char *sql)
{
	sqlite3 *raw;
	CU_ASSERT_EQUAL(sqlite3_open(db, &raw), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
}
