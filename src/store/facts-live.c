/* A live run: it goes on for weeks, so what was seen becomes visible, and safe, a few seconds later, not at its end. Each
 * commit holds the connections that ended, their part of the tallies and the ledger at that moment, so that readers see
 * one state, and whatever ends the process leaves one.
 *
 * Fed by the writer thread of a capture. When to commit is its caller's to decide: here nothing looks at a clock.
 */
#include "config.h"

#include "facts.h"

#include <sys/stat.h>

static gboolean need_live(const AmFacts *facts, GError **error)
{
	if (!am_facts_need_writer(facts, TRUE, error))
		return FALSE;
	if (!facts->live)
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED, "%s: the run is not a live one",
			    facts->database->path);
	return facts->live;
}

gboolean am_facts_commit_live(AmFacts *facts, const AmRun *run, GError **error)
{
	if (!need_live(facts, error))
		return FALSE;
	facts->commits++;
	gboolean thin_out = facts->commits % MAX(facts->limits.thin_out, 1) == 0;
	if (!am_facts_begin_transaction(facts, error) || !am_facts_merge(facts, error) ||
	    (thin_out && !am_facts_thin_out(facts, error)) || !am_facts_write_observations(facts, error) ||
	    !am_facts_write_relayed(facts, run->committed_ns, error) || !am_facts_write_progress(facts, run, error) ||
	    !am_facts_commit(facts, error))
		return am_facts_fail(facts);
	return TRUE;
}

gboolean am_facts_add_minute(AmFacts *facts, const AmInterfaceMinute *minute, GError **error)
{
	if (!need_live(facts, error))
		return FALSE;
	sqlite3_stmt *statement = am_facts_begin_transaction(facts, error)
					  ? am_database_statement(facts->database, "facts-minute-add", error)
					  : NULL;
	if (statement == NULL)
		return am_facts_fail(facts);
	AmBinder b = {.statement = statement};
	am_bind_int(&b, facts->run);
	am_bind_text(&b, minute->interface);
	am_bind_int(&b, minute->minute);
	am_bind_count(&b, minute->packets);
	am_bind_count(&b, minute->dropped_kernel);
	am_bind_count(&b, minute->dropped_interface);
	am_bind_count(&b, minute->outages);
	return am_database_execute(facts->database, statement, error) || am_facts_fail(facts);
}

void am_facts_set_tallies_only(AmFacts *facts, gboolean tallies_only)
{
	facts->tallies_only = tallies_only;
}

/* ---- Age */

/* Connections lie in the order in which they began: where a whole batch is younger, so is what follows it. A batch that is
 * not gone through in one call goes on in the next. */
typedef struct {
	GArray *old; /* int64_t: ids */
	int64_t last;
	guint n, n_young;
} Batch;

static gboolean read_batch(AmFacts *facts, int64_t run, int64_t after, int64_t before_ns, guint max, Batch *batch,
			   GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-connections-ages", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, after);
	am_bind_int(&b, run);
	am_bind_int(&b, max);
	int code;
	while ((code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		batch->last = sqlite3_column_int64(statement, 0);
		batch->n++;
		batch->n_young += sqlite3_column_int64(statement, 1) >= before_ns;
		if (sqlite3_column_int64(statement, 2) < before_ns)
			g_array_append_val(batch->old, batch->last);
	}
	return code == SQLITE_DONE;
}

static gboolean remove_batch(AmFacts *facts, int64_t run, const GArray *old, GError **error)
{
	for (guint n = 0; n < old->len; n++) {
		sqlite3_stmt *statement = am_database_statement(facts->database, "facts-connection-remove", error);
		if (statement == NULL)
			return FALSE;
		sqlite3_bind_int64(statement, 1, g_array_index(old, int64_t, n));
		if (!am_database_execute(facts->database, statement, error))
			return FALSE;
	}
	if (run == facts->run) {
		facts->connections -= old->len;
		return TRUE;
	}
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-run-forget", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, run);
	am_bind_int(&b, old->len);
	return am_database_execute(facts->database, statement, error);
}

static gboolean read_live_runs(AmFacts *facts, GArray *runs, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-runs-live", error);
	if (statement == NULL)
		return FALSE;
	int code;
	while ((code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		int64_t run = sqlite3_column_int64(statement, 0);
		g_array_append_val(runs, run);
	}
	return code == SQLITE_DONE;
}

/* Through the runs from where the call before stopped, until `max` rows were looked at. */
static gboolean expire(AmFacts *facts, int64_t before_ns, guint max, guint *ret_removed, GError **error)
{
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(int64_t));
	if (!read_live_runs(facts, runs, error))
		return FALSE;
	guint seen = 0;
	for (guint r = 0; r < runs->len; r++) {
		int64_t run = g_array_index(runs, int64_t, r);
		int64_t begin = am_facts_connection_id(run, 0) - 1, end = am_facts_connection_id(run + 1, 0) - 1;
		if (facts->expire_after >= end)
			continue;
		g_autoptr(GArray) old = g_array_new(FALSE, FALSE, sizeof(int64_t));
		Batch batch = {.old = old, .last = end};
		if (!read_batch(facts, run, MAX(begin, facts->expire_after), before_ns, max - seen, &batch, error) ||
		    !remove_batch(facts, run, old, error))
			return FALSE;
		*ret_removed += old->len;
		seen += batch.n;
		gboolean run_is_done = batch.n_young == batch.n || seen < max;
		facts->expire_after = run_is_done ? end : batch.last;
		if (seen >= max)
			return TRUE;
	}
	facts->expire_after = 0;
	return TRUE;
}

gboolean am_facts_expire(AmFacts *facts, int64_t before_ns, guint max, guint *ret_removed, GError **error)
{
	guint removed = 0;
	if (!need_live(facts, error))
		return FALSE;
	if (!am_facts_begin_transaction(facts, error) || !am_feed_flush(facts->new_connections, error) ||
	    !expire(facts, before_ns, max, &removed, error))
		return am_facts_fail(facts);
	*ret_removed = removed;
	return TRUE;
}

/* ---- Size. SQLite writes the log back by itself, and begins it anew when no reader is in the middle of it. A reader that
 * hangs, or readers that always overlap, make it grow without end; when they are gone the file stays as long as it was. */

static uint64_t log_size(const AmFacts *facts)
{
	g_autofree char *log = g_strconcat(facts->database->path, "-wal", NULL);
	struct stat about;
	return stat(log, &about) == 0 && about.st_size > 0 ? (uint64_t)about.st_size : 0;
}

gboolean am_facts_shorten_log(AmFacts *facts, uint64_t *ret_size, gboolean *ret_held, GError **error)
{
	gboolean held = FALSE;
	if (!need_live(facts, error))
		return FALSE;
	if (log_size(facts) > facts->limits.log && !am_database_cut_log(facts->database, &held, error))
		return am_facts_fail(facts);
	*ret_size = log_size(facts);
	*ret_held = held;
	return TRUE;
}

gboolean am_facts_size(AmFacts *facts, uint64_t *ret_size, GError **error)
{
	int64_t page_size, pages, free_pages;
	if (!am_database_pragma(facts->database, "page_size", &page_size, error) ||
	    !am_database_pragma(facts->database, "page_count", &pages, error) ||
	    !am_database_pragma(facts->database, "freelist_count", &free_pages, error))
		return FALSE;
	*ret_size = (uint64_t)(page_size * MAX(pages - free_pages, 0)) + log_size(facts);
	return TRUE;
}
