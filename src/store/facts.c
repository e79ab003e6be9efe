/* The facts, written: what a run saw becomes rows, in large transactions, by one writer at a time.
 *
 * Fed by the writer thread of a job, with records in an order that is the same for any number of threads. Everything that
 * happens by amount (a commit, a spill of tallies) is counted in records, never in time: the same input gives the same
 * bytes. Until the last transaction, which merges the tallies and marks the run finished, nobody sees it; whatever ends
 * the process before leaves rows that the next run removes.
 */
#include "config.h"

#include "facts.h"

#define OTHER_L7 "other" /* counts for all names past the limit */

AmFacts *am_facts_open(const char *path, AmFactsMode mode, GError **error)
{
	g_autoptr(AmFacts) facts = g_new0(AmFacts, 1);
	facts->limits = (AmFactsLimits){.rows = 100000,
					.sums = 100000,
					.names = 65536,
					.observations = 200000,
					.thin_out = 120,
					.log = 64 << 20};
	gboolean writes = mode == AM_FACTS_WRITE;
	if (writes && (facts->lock = am_writer_lock_take(path, error)) == NULL)
		return NULL;
	facts->database =
		am_database_open(path, &am_database_facts, writes ? AM_DATABASE_CREATE : AM_DATABASE_READ, error);
	if (facts->database == NULL)
		return NULL;
	if (writes && ((facts->new_connections = am_feed_new(facts->database, &am_feed_connections, error)) == NULL ||
		       (facts->new_tallies = am_feed_new(facts->database, &am_feed_tallies, error)) == NULL ||
		       (facts->new_tally_l7 = am_feed_new(facts->database, &am_feed_tally_l7, error)) == NULL))
		return NULL;
	return g_steal_pointer(&facts);
}

static void end_run(AmFacts *facts)
{
	facts->run = facts->sensor = 0;
	facts->live = facts->tallies_only = FALSE;
	facts->commits = 0;
	facts->not_kept = facts->not_observed = 0;
	g_clear_pointer(&facts->observed, g_tree_destroy);
	g_clear_pointer(&facts->relays, am_relay_finder_free);
	facts->relayed_after = 0;
	facts->in_transaction = FALSE;
	facts->rows = 0;
	facts->connections = 0;
	am_feed_clear(facts->new_connections);
	am_feed_clear(facts->new_tallies);
	am_feed_clear(facts->new_tally_l7);
	g_clear_pointer(&facts->sums, am_sum_table_free);
	g_clear_pointer(&facts->spill, am_spill_free);
	g_clear_pointer(&facts->l7_ids, g_hash_table_unref);
	g_clear_pointer(&facts->l7_names, g_ptr_array_unref);
	g_clear_pointer(&facts->days, g_array_unref);
}

void am_facts_abandon(AmFacts *facts)
{
	if (facts->database->is_new)
		am_database_remove(g_steal_pointer(&facts->database));
	am_facts_free(facts);
}

void am_facts_free(AmFacts *facts)
{
	if (facts == NULL)
		return;
	end_run(facts);
	am_database_free(facts->database);
	am_feed_free(facts->new_connections);
	am_feed_free(facts->new_tallies);
	am_feed_free(facts->new_tally_l7);
	am_writer_lock_free(facts->lock);
	g_free(facts);
}

gboolean am_facts_need_writer(const AmFacts *facts, gboolean in_run, GError **error)
{
	if (facts->lock != NULL && (facts->run != 0) == in_run)
		return TRUE;
	g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED, "%s: %s", facts->database->path,
		    facts->lock == NULL ? "opened for reading"
		    : in_run            ? "no run was begun, or it failed"
					: "a run was begun and is not finished");
	return FALSE;
}

gboolean am_facts_fail(AmFacts *facts)
{
	am_database_roll_back(facts->database);
	end_run(facts);
	return FALSE;
}

/* ---- Begin */

static gboolean load_l7_names(AmFacts *facts, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-l7-names", error);
	if (statement == NULL)
		return FALSE;
	facts->l7_ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	facts->l7_names = g_ptr_array_new();
	int code;
	while ((code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		int64_t id = am_column_range(&columns, facts->l7_names->len + 1, facts->l7_names->len + 1);
		char *name = am_column_text(&columns);
		g_ptr_array_add(facts->l7_names, name);
		g_hash_table_insert(facts->l7_ids, name, GUINT_TO_POINTER((guint)id));
		if (!am_columns_check(&columns, facts->database, error))
			return FALSE;
	}
	return code == SQLITE_DONE;
}

static gboolean next_run(AmFacts *facts, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-run-next", error);
	if (statement == NULL || am_database_step(facts->database, statement, error) != SQLITE_ROW)
		return FALSE;
	facts->run = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	if (facts->run >= AM_MAX_RUN)
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED, "%s holds no more runs; begin a new database",
			    facts->database->path);
	return facts->run < AM_MAX_RUN;
}

gboolean am_facts_begin_run(AmFacts *facts, AmRun *run, uint32_t *ret_network, GError **error)
{
	if (!am_facts_need_writer(facts, FALSE, error))
		return FALSE;
	uint32_t network = 0;
	if (!am_database_run(facts->database, "BEGIN IMMEDIATE", error))
		return FALSE;
	if (!am_facts_remove_unfinished(facts, error) || !next_run(facts, error) ||
	    !am_facts_find_sensor(facts, run, error) || !am_facts_find_network(facts, run, &network, error) ||
	    !am_facts_add_run(facts, run, network, error) || !load_l7_names(facts, error) ||
	    !am_database_run(facts->database, "COMMIT", error))
		return am_facts_fail(facts);
	facts->sums = am_sum_table_new(facts->limits.sums);
	facts->days = g_array_new(FALSE, FALSE, sizeof(AmFactsDay));
	facts->live = run->live;
	run->id = facts->run;
	*ret_network = network;
	return TRUE;
}

gboolean am_facts_check_input(AmFacts *facts, const AmRun *run, const AmInput *input, GError **error)
{
	char uuid[AM_UUID_TEXT_SIZE];
	am_sensor_uuid(run->sensor, uuid);
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-input-known", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_array(&b, input->sha256, sizeof input->sha256);
	am_bind_count(&b, input->size);
	am_bind_text(&b, uuid);
	am_bind_text(&b, run->network != NULL ? run->network : "default");
	int code = input->sha256[0] != '\0' ? am_database_step(facts->database, statement, error) : SQLITE_DONE;
	if (code == SQLITE_ROW)
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_KNOWN,
			    "%s is in %s already: run %" G_GINT64_FORMAT " read it as %s", input->path,
			    facts->database->path, (gint64)sqlite3_column_int64(statement, 0),
			    (const char *)sqlite3_column_text(statement, 1));
	sqlite3_reset(statement);
	return code == SQLITE_DONE;
}

/* ---- Add */

static gboolean add_l7_name(AmFacts *facts, const char *name, uint32_t *ret_id, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-l7-name-add", error);
	if (statement == NULL)
		return FALSE;
	char *kept = g_strdup(name);
	g_ptr_array_add(facts->l7_names, kept);
	g_hash_table_insert(facts->l7_ids, kept, GUINT_TO_POINTER(facts->l7_names->len));
	*ret_id = facts->l7_names->len;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, *ret_id);
	am_bind_text(&b, name);
	am_bind_int(&b, facts->run);
	return am_database_execute(facts->database, statement, error);
}

static gboolean find_l7(AmFacts *facts, const AmConnection *connection, uint32_t *ret_id, GError **error)
{
	char name[AM_L7_SIZE + 1];
	size_t length = strnlen(connection->l7, sizeof connection->l7);
	memcpy(name, connection->l7, length);
	name[length] = '\0';
	*ret_id = 0;
	if (length == 0)
		return TRUE;
	for (const char *wanted = name;; wanted = OTHER_L7) {
		*ret_id = GPOINTER_TO_UINT(g_hash_table_lookup(facts->l7_ids, wanted));
		if (*ret_id != 0)
			return TRUE;
		if (facts->l7_names->len < facts->limits.names || wanted != name)
			return add_l7_name(facts, wanted, ret_id, error);
	}
}

/* Whatever hands over records may be a process of its own: what would not fit its column is not taken. */
static gboolean check_record(const AmFacts *facts, const AmConnection *c, GError **error)
{
	if (c->sequence < AM_MAX_SEQUENCE && c->outcome < AM_N_OUTCOMES && c->l7_confidence < AM_N_L7_CONFIDENCES &&
	    c->name_kind <= AM_NAME_OTHER && (c->lo.family == 4 || c->lo.family == 6) && c->lo.family == c->hi.family)
		return TRUE;
	g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED,
		    "%s: connection %" G_GUINT64_FORMAT " cannot be stored: its record is damaged",
		    facts->database->path, (guint64)c->sequence);
	return FALSE;
}

/* The record of this connection that is there, if any: SQLITE_ROW, SQLITE_DONE, or SQLITE_ERROR. */
static int find_before(AmFacts *facts, const AmConnection *connection, AmConnection *ret_before, uint32_t *ret_l7,
		       GError **error)
{
	int64_t id = am_facts_connection_id(facts->run, connection->sequence);
	if (am_facts_connection_waits(facts->new_connections, id) && !am_feed_flush(facts->new_connections, error))
		return SQLITE_ERROR;
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-connection", error);
	if (statement == NULL)
		return SQLITE_ERROR;
	sqlite3_bind_int64(statement, 1, id);
	int code = am_database_step(facts->database, statement, error);
	if (code != SQLITE_ROW)
		return code;
	AmColumns columns = {.statement = statement};
	int64_t run;
	am_facts_read_connection(&columns, ret_before, &run, ret_l7);
	sqlite3_reset(statement);
	return am_columns_check(&columns, facts->database, error) ? SQLITE_ROW : SQLITE_ERROR;
}

static gboolean make_room(AmFacts *facts, const AmConnection *before, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-connection-remove", error);
	if (statement == NULL)
		return FALSE;
	sqlite3_bind_int64(statement, 1, am_facts_connection_id(facts->run, before->sequence));
	return am_database_execute(facts->database, statement, error);
}

static gboolean add_connection(AmFacts *facts, const AmConnection *connection, GError **error)
{
	AmConnection before;
	uint32_t l7, before_l7 = 0;
	int found = SQLITE_DONE;
	if (!check_record(facts, connection, error) || !find_l7(facts, connection, &l7, error))
		return FALSE;
	if (connection->revision > 0)
		found = find_before(facts, connection, &before, &before_l7, error);
	if (found == SQLITE_ERROR)
		return FALSE;
	if (found == SQLITE_ROW && before.revision >= connection->revision) {
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED,
			    "%s: connection %" G_GUINT64_FORMAT ": revision %u came after %u", facts->database->path,
			    (guint64)connection->sequence, connection->revision, before.revision);
		return FALSE;
	}
	if (found == SQLITE_ROW && !make_room(facts, &before, error))
		return FALSE;
	facts->connections -= found == SQLITE_ROW;
	/* What goes on is kept in any case: without it the next record would count it once more. */
	if (!facts->tallies_only || (connection->evidence & AM_EVIDENCE_OPEN) != 0) {
		if (!am_facts_feed_connection(facts->new_connections, facts->run, connection, l7, error))
			return FALSE;
		facts->connections++;
	} else {
		facts->not_kept++;
	}
	am_sum_table_add(facts->sums, connection, l7, found == SQLITE_ROW ? &before : NULL, before_l7);
	if (!am_sum_table_is_full(facts->sums))
		return TRUE;
	return facts->live ? am_facts_merge(facts, error) : am_facts_spill(facts, error);
}

gboolean am_facts_begin_transaction(AmFacts *facts, GError **error)
{
	facts->in_transaction = facts->in_transaction || am_database_run(facts->database, "BEGIN IMMEDIATE", error);
	return facts->in_transaction;
}

gboolean am_facts_commit(AmFacts *facts, GError **error)
{
	if (!facts->in_transaction)
		return TRUE;
	if (!am_feed_flush(facts->new_connections, error))
		return FALSE;
	facts->in_transaction = FALSE;
	facts->rows = 0;
	return am_database_run(facts->database, "COMMIT", error);
}

gboolean am_facts_add_connections(AmFacts *facts, const AmConnection *connections, size_t n, GError **error)
{
	if (!am_facts_need_writer(facts, TRUE, error))
		return FALSE;
	for (size_t c = 0; c < n; c++) {
		if (!am_facts_begin_transaction(facts, error) || !add_connection(facts, &connections[c], error))
			return am_facts_fail(facts);
		/* A live run's commits are its caller's, for they have its ledger. */
		if (++facts->rows >= facts->limits.rows && !facts->live && !am_facts_commit(facts, error))
			return am_facts_fail(facts);
	}
	return TRUE;
}

gboolean am_facts_add_unanswered(AmFacts *facts, uint32_t network, const AmUnanswered *counts, size_t n, GError **error)
{
	if (n == 0)
		return TRUE;
	if (!am_facts_need_writer(facts, TRUE, error))
		return FALSE;
	if (!am_facts_begin_transaction(facts, error))
		return am_facts_fail(facts);
	for (size_t c = 0; c < n; c++) {
		sqlite3_stmt *statement = am_database_statement(facts->database, "facts-unanswered-add", error);
		if (statement == NULL)
			return am_facts_fail(facts);
		AmBinder b = {.statement = statement};
		am_bind_int(&b, facts->run);
		am_bind_int(&b, network);
		am_bind_int(&b, counts[c].minute);
		am_bind_blob(&b, &counts[c].source, sizeof counts[c].source);
		am_bind_int(&b, counts[c].ip_protocol);
		am_bind_int(&b, counts[c].port);
		am_bind_count(&b, counts[c].connections);
		am_bind_count(&b, counts[c].packets);
		am_bind_count(&b, counts[c].bytes);
		am_bind_count(&b, counts[c].targets);
		if (!am_database_execute(facts->database, statement, error))
			return am_facts_fail(facts);
	}
	return TRUE;
}

/* ---- Finish */

gboolean am_facts_finish_run(AmFacts *facts, const AmRun *run, GError **error)
{
	if (!am_facts_need_writer(facts, TRUE, error))
		return FALSE;
	/* FULL: the commit returns when it is on the disk, with all that was committed before. */
	if ((facts->live && facts->in_transaction && !am_facts_merge(facts, error)) || !am_facts_commit(facts, error) ||
	    !am_database_run(facts->database, "PRAGMA synchronous = FULL", error) ||
	    !am_database_run(facts->database, "BEGIN IMMEDIATE", error) || !am_facts_merge(facts, error) ||
	    !am_facts_thin_out(facts, error) || !am_facts_write_observations(facts, error) ||
	    !am_facts_write_relayed(facts, INT64_MAX, error) || !am_facts_write_run(facts, run, error) ||
	    !am_database_run(facts->database, "COMMIT", error))
		return am_facts_fail(facts);
	end_run(facts);
	/* The run is kept, whatever comes of this: a reader may be in the way, and the next one to close clears it away. */
	(void)am_database_run(facts->database, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
	return am_database_run(facts->database, am_database_facts.synchronous, error);
}
