/* The facts, read: what finished runs saw. Every function is one transaction: it sees one state, whatever a writer does
 * meanwhile, and keeps nothing once it returns.
 */
#include "config.h"

#include "facts.h"

/* ---- Tallies */

static void read_tally(AmColumns *columns, AmTally *ret_tally)
{
	AmSum sum;
	uint32_t sensor = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	am_facts_read_sum(columns, &sum);
	*ret_tally = (AmTally){.hours = sum.hours,
			       .counts = sum.counts,
			       .first_ns = sum.first_ns,
			       .last_ns = sum.last_ns,
			       .first_outcome = sum.first_outcome,
			       .risks = sum.risks,
			       .related = sum.related};
	ret_tally->key = (AmTallyKey){.sensor = sensor,
				      .network = sum.key.network,
				      .day = sum.key.day,
				      .lo = sum.key.lo,
				      .hi = sum.key.hi,
				      .ip_protocol = sum.key.ip_protocol,
				      .side = sum.key.side,
				      .port_lo = sum.key.port_lo,
				      .port_hi = sum.key.port_hi};
	g_strlcpy(ret_tally->server_name, sum.server_name != NULL ? sum.server_name : "",
		  sizeof ret_tally->server_name);
	/* Sums of changes: below zero only where a connection's ports were chosen between two of its records. */
	uint64_t n[AM_N_SUMS];
	for (guint s = 0; s < AM_N_SUMS; s++)
		n[s] = sum.n[s] > 0 ? (uint64_t)sum.n[s] : 0;
	ret_tally->connections = n[AM_SUM_CONNECTIONS];
	memcpy(ret_tally->outcomes, &n[AM_SUM_OUTCOME], sizeof ret_tally->outcomes);
	memcpy(ret_tally->syn, &n[AM_SUM_SYN], sizeof ret_tally->syn);
	memcpy(ret_tally->synack, &n[AM_SUM_SYNACK], sizeof ret_tally->synack);
	ret_tally->handshake = n[AM_SUM_HANDSHAKE];
	memcpy(ret_tally->role_client, &n[AM_SUM_CLIENT], sizeof ret_tally->role_client);
	memcpy(ret_tally->first, &n[AM_SUM_FIRST], sizeof ret_tally->first);
	memcpy(ret_tally->rst, &n[AM_SUM_RST], sizeof ret_tally->rst);
	ret_tally->icmp_errors = n[AM_SUM_ICMP_ERRORS];
	ret_tally->payload_both = n[AM_SUM_PAYLOAD_BOTH];
}

/* A key whose connections were all moved elsewhere, packets and all, is no tally. */
static gboolean is_empty(const AmTally *tally)
{
	return tally->connections == 0 && tally->counts.packets[0] == 0 && tally->counts.packets[1] == 0;
}

static gboolean read_tallies(AmDatabase *database, GArray *tallies, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "facts-tallies", error);
	if (statement == NULL)
		return FALSE;
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmTally tally;
		read_tally(&columns, &tally);
		if (!am_columns_check(&columns, database, error))
			return FALSE;
		if (!is_empty(&tally))
			g_array_append_val(tallies, tally);
	}
	return code == SQLITE_DONE;
}

static int compare_keys(const AmTallyKey *a, uint32_t sensor, const AmSumKey *b)
{
	if (a->sensor != sensor)
		return a->sensor < sensor ? -1 : 1;
	AmSumKey key = {.network = a->network,
			.day = a->day,
			.lo = a->lo,
			.hi = a->hi,
			.ip_protocol = a->ip_protocol,
			.side = a->side,
			.port_lo = a->port_lo,
			.port_hi = a->port_hi};
	return am_sum_key_compare(&key, b);
}

static void read_tally_l7(AmColumns *columns, uint32_t *ret_sensor, AmSumKey *ret_key, AmTallyL7 *ret_l7)
{
	*ret_sensor = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	ret_key->network = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	ret_key->day = (int32_t)am_column_range(columns, INT32_MIN, INT32_MAX);
	ret_key->lo = am_column_address(columns);
	ret_key->hi = am_column_address(columns);
	ret_key->ip_protocol = (uint8_t)am_column_range(columns, 0, UINT8_MAX);
	ret_key->side = (uint8_t)am_column_range(columns, AM_SIDE_NONE, AM_SIDE_HI);
	ret_key->port_lo = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	ret_key->port_hi = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	am_column_array(columns, ret_l7->name, sizeof ret_l7->name);
	uint64_t connections = am_column_count(columns);
	ret_l7->connections = (uint32_t)MIN(connections, UINT32_MAX);
	ret_l7->confidence = (uint8_t)am_column_range(columns, 0, AM_N_L7_CONFIDENCES - 1);
}

/* Both come by key: one goes along the other. */
static gboolean read_l7(AmDatabase *database, GArray *tallies, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "facts-tally-l7", error);
	if (statement == NULL)
		return FALSE;
	guint at = 0;
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		uint32_t sensor;
		AmSumKey key;
		AmTallyL7 l7;
		memset(&l7, 0, sizeof l7);
		read_tally_l7(&columns, &sensor, &key, &l7);
		if (!am_columns_check(&columns, database, error))
			return FALSE;
		while (at < tallies->len && compare_keys(&g_array_index(tallies, AmTally, at).key, sensor, &key) < 0)
			at++;
		if (at == tallies->len || compare_keys(&g_array_index(tallies, AmTally, at).key, sensor, &key) != 0)
			continue;
		AmTally *tally = &g_array_index(tallies, AmTally, at);
		if (l7.connections > 0 && tally->n_l7 < AM_TALLY_MAX_L7)
			tally->l7[tally->n_l7++] = l7;
	}
	return code == SQLITE_DONE;
}

GArray *am_facts_tallies(AmFacts *facts, GError **error)
{
	g_autoptr(GArray) tallies = g_array_new(FALSE, FALSE, sizeof(AmTally));
	AmDatabase *database = facts->database;
	gboolean own = sqlite3_get_autocommit(database->sqlite) != 0;
	if (own && !am_database_run(database, "BEGIN", error))
		return NULL;
	gboolean ok = read_tallies(database, tallies, error) && read_l7(database, tallies, error);
	if (own)
		am_database_roll_back(database); /* nothing was written */
	return ok ? g_steal_pointer(&tallies) : NULL;
}

/* ---- The rest */

GPtrArray *am_facts_networks(AmFacts *facts, GError **error)
{
	g_autoptr(GPtrArray) networks = g_ptr_array_new_with_free_func(g_free);
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-networks", error);
	if (statement == NULL)
		return NULL;
	int code;
	while ((code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		am_column_range(&columns, networks->len, networks->len); /* without a gap: the index is the id */
		g_ptr_array_add(networks, am_column_text(&columns));
		if (!am_columns_check(&columns, facts->database, error)) {
			sqlite3_reset(statement);
			return NULL;
		}
	}
	return code == SQLITE_DONE ? g_steal_pointer(&networks) : NULL;
}

uint64_t am_facts_count_connections(AmFacts *facts, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-connections-count", error);
	if (statement == NULL || am_database_step(facts->database, statement, error) != SQLITE_ROW)
		return UINT64_MAX;
	uint64_t n = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return n;
}

gboolean am_facts_foreach_connection(AmFacts *facts, AmConnectionFunc each, gpointer user_data, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-connections", error);
	if (statement == NULL)
		return FALSE;
	int code;
	gboolean ok = TRUE, more = TRUE;
	while (ok && more && (code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmConnection connection;
		int64_t run;
		am_facts_read_connection(&columns, &connection, &run, NULL);
		ok = am_columns_check(&columns, facts->database, error);
		more = ok && each(&connection, run, user_data);
	}
	sqlite3_reset(statement);
	return ok && (!more || code == SQLITE_DONE);
}
