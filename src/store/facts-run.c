/* Runs: how one begins, what it brings with it, what it leaves when it is finished, and how an unfinished one is removed.
 * Every function here runs inside a transaction of facts.c.
 */
#include "config.h"

#include "facts.h"

static const struct {
	const char *name;
	size_t offset;
} ledger_lines[] = {
	{"read", offsetof(AmLedger, read)},
	{"recorded", offsetof(AmLedger, recorded)},
	{"fragments", offsetof(AmLedger, fragments)},
	{"log-lines", offsetof(AmLedger, log_lines)},
	{"log-recorded", offsetof(AmLedger, log_recorded)},
	{"log-skipped", offsetof(AmLedger, log_skipped)},
	{"connections", offsetof(AmLedger, connections)},
	{"connections-given-up", offsetof(AmLedger, connections_given_up)},
	{"connections-counted", offsetof(AmLedger, connections_counted)},
	{"connections-not-kept", offsetof(AmLedger, connections_not_kept)},
	{"observations-not-kept", offsetof(AmLedger, observations_not_kept)},
	{"times-mended", offsetof(AmLedger, times_mended)},
	{"clock-steps-back", offsetof(AmLedger, clock_steps_back)},
	{"tcp-bytes-seen", offsetof(AmLedger, tcp_bytes_seen)},
	{"tcp-bytes-unseen", offsetof(AmLedger, tcp_bytes_unseen)},
	{"tcp-one-way", offsetof(AmLedger, tcp_one_way)},
	{"tcp-bytes-one-way", offsetof(AmLedger, tcp_bytes_one_way)},
};

static const char *const skip_names[AM_N_SKIP_REASONS] = {
#define X(id, name, text) [AM_SKIP_##id] = name,
	AM_SKIP_REASONS(X)
#undef X
};

/* ---- Names and their ids */

/* 1 and the id, 0 when there is none, -1 with the error set. */
static int find_id(AmDatabase *database, const char *query, const char *name, int64_t *ret_id, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, query, error);
	if (statement == NULL)
		return -1;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	int code = am_database_step(database, statement, error);
	if (code == SQLITE_ROW)
		*ret_id = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return code == SQLITE_ROW ? 1 : code == SQLITE_DONE ? 0 : -1;
}

gboolean am_facts_find_sensor(AmFacts *facts, AmRun *run, GError **error)
{
	char uuid[AM_UUID_TEXT_SIZE];
	gboolean is_name = am_sensor_uuid(run->sensor, uuid);
	int found = find_id(facts->database, "facts-sensor", uuid, &facts->sensor, error);
	if (found == 0) {
		sqlite3_stmt *statement = am_database_statement(facts->database, "facts-sensor-add", error);
		if (statement == NULL)
			return FALSE;
		AmBinder b = {.statement = statement};
		am_bind_text(&b, uuid);
		am_bind_text(&b, is_name ? run->sensor : NULL);
		am_bind_int(&b, facts->run);
		if (!am_database_execute(facts->database, statement, error))
			return FALSE;
		found = find_id(facts->database, "facts-sensor", uuid, &facts->sensor, error);
	}
	if (found != 1)
		return FALSE;
	g_free(run->sensor);
	run->sensor = g_strdup(uuid);
	return TRUE;
}

gboolean am_facts_find_network(AmFacts *facts, const AmRun *run, uint32_t *ret_network, GError **error)
{
	const char *name = run->network != NULL ? run->network : "default";
	int64_t id = 0;
	int found = find_id(facts->database, "facts-network", name, &id, error);
	if (found == 0) {
		sqlite3_stmt *statement = am_database_statement(facts->database, "facts-network-add", error);
		if (statement == NULL)
			return FALSE;
		AmBinder b = {.statement = statement};
		am_bind_text(&b, name);
		am_bind_int(&b, facts->run);
		if (!am_database_execute(facts->database, statement, error))
			return FALSE;
		found = find_id(facts->database, "facts-network", name, &id, error);
	}
	if (found == 1)
		*ret_network = (uint32_t)id;
	return found == 1;
}

/* ---- Begin */

gboolean am_facts_add_run(AmFacts *facts, const AmRun *run, uint32_t network, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-run-add", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, facts->run);
	am_bind_int(&b, facts->sensor);
	am_bind_int(&b, network);
	am_bind_int(&b, run->live ? 1 : 0);
	am_bind_int(&b, run->started_ns);
	am_bind_text(&b, run->parameters != NULL ? run->parameters : "{}");
	am_bind_text(&b, run->tool_version != NULL ? run->tool_version : "");
	am_bind_text(&b, run->dpi_version != NULL ? run->dpi_version : "none");
	return am_database_execute(facts->database, statement, error);
}

/* ---- Finish */

static gboolean write_inputs(AmFacts *facts, const AmRun *run, GError **error)
{
	for (guint n = 0; run->inputs != NULL && n < run->inputs->len; n++) {
		const AmInput *input = &g_array_index(run->inputs, AmInput, n);
		sqlite3_stmt *statement = am_database_statement(facts->database, "facts-input-add", error);
		if (statement == NULL)
			return FALSE;
		AmBinder b = {.statement = statement};
		am_bind_int(&b, facts->run);
		am_bind_int(&b, n);
		am_bind_text(&b, input->path);
		am_bind_int(&b, input->kind);
		am_bind_count(&b, input->size);
		am_bind_array(&b, input->sha256, sizeof input->sha256);
		am_bind_count(&b, input->records);
		am_bind_int(&b, input->first_ns);
		am_bind_int(&b, input->last_ns);
		am_bind_int(&b, input->cut ? 1 : 0);
		if (!am_database_execute(facts->database, statement, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean write_line(AmFacts *facts, const char *reason, uint64_t packets, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-ledger-add", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, facts->run);
	am_bind_text(&b, reason);
	am_bind_count(&b, packets);
	return am_database_execute(facts->database, statement, error);
}

static gboolean write_ledger(AmFacts *facts, const AmLedger *ledger, GError **error)
{
	gboolean ok = TRUE;
	AmLedger whole = *ledger;
	whole.connections_not_kept = facts->not_kept;
	whole.observations_not_kept = facts->not_observed;
	for (guint n = 0; ok && n < G_N_ELEMENTS(ledger_lines); n++)
		ok = write_line(facts, ledger_lines[n].name,
				*(const uint64_t *)((const char *)&whole + ledger_lines[n].offset), error);
	for (guint r = AM_SKIP_NONE + 1; ok && r < AM_N_SKIP_REASONS; r++)
		ok = ledger->skipped[r] == 0 || write_line(facts, skip_names[r], ledger->skipped[r], error);
	for (guint r = AM_LOG_USED + 1; ok && r < AM_N_LOG_SKIPS; r++)
		ok = ledger->log_reasons[r] == 0 ||
		     write_line(facts, am_log_skip_name((AmLogSkip)r), ledger->log_reasons[r], error);
	return ok;
}

gboolean am_facts_write_run(AmFacts *facts, const AmRun *run, GError **error)
{
	if (!write_inputs(facts, run, error) ||
	    !(facts->live ? am_facts_write_progress(facts, run, error) : write_ledger(facts, &run->ledger, error)))
		return FALSE;
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-run-finish", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, facts->run);
	am_bind_int(&b, run->finished_ns);
	am_bind_count(&b, facts->connections);
	return am_database_execute(facts->database, statement, error);
}

gboolean am_facts_write_progress(AmFacts *facts, const AmRun *run, GError **error)
{
	sqlite3_stmt *statement = write_ledger(facts, &run->ledger, error)
					  ? am_database_statement(facts->database, "facts-run-commit", error)
					  : NULL;
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, facts->run);
	am_bind_int(&b, run->committed_ns);
	am_bind_count(&b, facts->connections);
	return am_database_execute(facts->database, statement, error);
}

/* ---- Reading */

static gboolean read_inputs(AmDatabase *database, AmRun *run, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "facts-inputs", error);
	if (statement == NULL)
		return FALSE;
	sqlite3_bind_int64(statement, 1, run->id);
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmInput input = {.path = am_column_text(&columns)};
		input.kind = (AmInputKind)am_column_range(&columns, AM_INPUT_PCAP, AM_N_INPUT_KINDS - 1);
		input.size = am_column_count(&columns);
		am_column_array(&columns, input.sha256, sizeof input.sha256);
		input.records = am_column_count(&columns);
		input.first_ns = am_column_int(&columns);
		input.last_ns = am_column_int(&columns);
		input.cut = am_column_int(&columns) != 0;
		g_array_append_val(run->inputs, input);
		if (!am_columns_check(&columns, database, error))
			return FALSE;
	}
	return code == SQLITE_DONE;
}

static void read_line(AmLedger *ledger, const char *reason, uint64_t packets)
{
	for (guint n = 0; n < G_N_ELEMENTS(ledger_lines); n++) {
		if (g_strcmp0(reason, ledger_lines[n].name) == 0)
			*(uint64_t *)((char *)ledger + ledger_lines[n].offset) = packets;
	}
	for (guint r = AM_SKIP_NONE + 1; r < AM_N_SKIP_REASONS; r++) {
		if (g_strcmp0(reason, skip_names[r]) == 0)
			ledger->skipped[r] = packets;
	}
	for (guint r = AM_LOG_USED + 1; r < AM_N_LOG_SKIPS; r++) {
		if (g_strcmp0(reason, am_log_skip_name((AmLogSkip)r)) == 0)
			ledger->log_reasons[r] = packets;
	}
}

static gboolean read_ledger(AmDatabase *database, AmRun *run, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "facts-ledger", error);
	if (statement == NULL)
		return FALSE;
	sqlite3_bind_int64(statement, 1, run->id);
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW)
		read_line(&run->ledger, (const char *)sqlite3_column_text(statement, 0),
			  (uint64_t)sqlite3_column_int64(statement, 1));
	return code == SQLITE_DONE;
}

static gboolean read_interfaces(AmDatabase *database, AmRun *run, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "facts-interfaces", error);
	if (statement == NULL)
		return FALSE;
	sqlite3_bind_int64(statement, 1, run->id);
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmRunInterface interface = {.name = am_column_text(&columns)};
		interface.packets = am_column_count(&columns);
		interface.dropped_kernel = am_column_count(&columns);
		interface.dropped_interface = am_column_count(&columns);
		interface.outages = am_column_count(&columns);
		interface.minutes = am_column_count(&columns);
		interface.minutes_dropped = am_column_count(&columns);
		interface.worst_minute = am_column_count(&columns);
		g_array_append_val(run->interfaces, interface);
	}
	return code == SQLITE_DONE;
}

static gboolean read_runs(AmDatabase *database, GPtrArray *runs, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "facts-runs", error);
	if (statement == NULL)
		return FALSE;
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmRun *run = g_new0(AmRun, 1);
		run->id = am_column_int(&columns);
		run->sensor = am_column_text(&columns);
		run->network = am_column_text(&columns);
		run->live = am_column_int(&columns) != 0;
		run->started_ns = am_column_int(&columns);
		run->finished_ns = am_column_int(&columns);
		run->parameters = am_column_text(&columns);
		run->tool_version = am_column_text(&columns);
		run->dpi_version = am_column_text(&columns);
		run->committed_ns = am_column_int(&columns);
		run->interrupted = am_column_int(&columns) != 0;
		run->inputs = g_array_new(FALSE, TRUE, sizeof(AmInput));
		run->interfaces = run->live ? g_array_new(FALSE, TRUE, sizeof(AmRunInterface)) : NULL;
		g_ptr_array_add(runs, run);
	}
	return code == SQLITE_DONE;
}

GPtrArray *am_facts_runs(AmFacts *facts, GError **error)
{
	g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func((GDestroyNotify)am_run_free);
	AmDatabase *database = facts->database;
	gboolean own = sqlite3_get_autocommit(database->sqlite) != 0;
	if (own && !am_database_run(database, "BEGIN", error))
		return NULL;
	gboolean ok = read_runs(database, runs, error);
	for (guint n = 0; ok && n < runs->len; n++)
		ok = read_inputs(database, runs->pdata[n], error) && read_ledger(database, runs->pdata[n], error) &&
		     (!((const AmRun *)runs->pdata[n])->live || read_interfaces(database, runs->pdata[n], error));
	if (own)
		am_database_roll_back(database); /* nothing was written */
	return ok ? g_steal_pointer(&runs) : NULL;
}

/* ---- Removal */

static gboolean remove_run(AmFacts *facts, int64_t run, GError **error)
{
	static const char *const queries[] = {
		"facts-run-remove-connections", "facts-run-remove-unanswered",
		"facts-run-remove-inputs",      "facts-run-remove-ledger",
		"facts-run-remove-l7-names",    "facts-run-remove-networks",
		"facts-run-remove-sensors",     "facts-run-remove-encapsulations",
		"facts-run-remove-relayed",     "facts-run-remove",
	};
	gboolean ok = TRUE;
	for (guint n = 0; ok && n < G_N_ELEMENTS(queries); n++) {
		sqlite3_stmt *statement = am_database_statement(facts->database, queries[n], error);
		if (statement == NULL)
			return FALSE;
		sqlite3_bind_int64(statement, 1, run);
		ok = am_database_execute(facts->database, statement, error);
	}
	return ok;
}

static gboolean end_interrupted(AmFacts *facts, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-run-interrupted", error);
	return statement != NULL && am_database_execute(facts->database, statement, error);
}

gboolean am_facts_remove_unfinished(AmFacts *facts, GError **error)
{
	if (!end_interrupted(facts, error))
		return FALSE;
	for (;;) {
		sqlite3_stmt *statement = am_database_statement(facts->database, "facts-run-unfinished", error);
		if (statement == NULL)
			return FALSE;
		int code = am_database_step(facts->database, statement, error);
		if (code != SQLITE_ROW)
			return code == SQLITE_DONE;
		int64_t run = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
		if (!remove_run(facts, run, error))
			return FALSE;
	}
}
