/* What middleboxes hand on: a run's connections are gone through once more, in the order in which they began, as relayed.c wants
 * them; as they were written they come in the order in which they ended. Offline at the end of the run; live at each commit, up to
 * what began a while ago. */
#include "config.h"

#include "facts.h"

#include "relayed.h"

#define ENDED_NS (300 * INT64_C(1000000000)) /* of a live run: what is not at an end by then is not looked at */

_Static_assert(AM_EVIDENCE_LOG == 131072, "as facts-relayable.sql has it");

/* FALSE where nothing tells who is the client. */
static gboolean read_relayable(AmColumns *columns, int64_t *ret_id, AmRelayable *ret)
{
	AmAddress ends[2];
	uint16_t ports[2];
	*ret_id = am_column_int(columns);
	*ret = (AmRelayable){.network = (uint32_t)am_column_range(columns, 0, UINT32_MAX)};
	for (int side = 0; side < 2; side++)
		ends[side] = am_column_address(columns);
	for (int side = 0; side < 2; side++)
		ports[side] = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	uint32_t evidence = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	int client = (evidence & (AM_EVIDENCE_SYN_HI | AM_EVIDENCE_SYNACK_LO)) != 0;
	gboolean is_known = client != ((evidence & (AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI)) != 0);
	ret->client = ends[client];
	ret->server = ends[!client];
	ret->client_port = ports[client];
	ret->server_port = ports[!client];
	ret->first_ns = am_column_int(columns);
	ret->last_ns = am_column_int(columns);
	for (int side = 0; side < 2; side++)
		ret->packets[side != client] = am_column_count(columns);
	for (int side = 0; side < 2; side++)
		ret->payload[side != client] = am_column_count(columns);
	return is_known;
}

static gboolean find(AmFacts *facts, int64_t until_ns, GError **error)
{
	AmDatabase *database = facts->database;
	sqlite3_stmt *statement = am_database_statement(database, "facts-relayable", error);
	if (statement == NULL)
		return FALSE;
	int64_t first = am_facts_connection_id(facts->run, 0);
	sqlite3_bind_int64(statement, 1, MAX(facts->relayed_after + 1, first));
	sqlite3_bind_int64(statement, 2, am_facts_connection_id(facts->run + 1, 0) - 1);
	int code;
	gboolean ok = TRUE;
	while (ok && (code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmRelayable connection;
		int64_t id;
		gboolean is_known = read_relayable(&columns, &id, &connection);
		ok = am_columns_check(&columns, database, error);
		if (connection.first_ns > until_ns)
			break;
		facts->relayed_after = id;
		if (ok && is_known)
			am_relay_finder_add(facts->relays, &connection);
	}
	sqlite3_reset(statement);
	return ok && (code == SQLITE_ROW || code == SQLITE_DONE);
}

static gboolean write_one(AmFacts *facts, const AmRelayed *relayed, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-relayed-add", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, facts->run);
	am_bind_int(&b, relayed->network);
	am_bind_int(&b, relayed->kind);
	am_bind_blob(&b, &relayed->front, sizeof relayed->front);
	am_bind_int(&b, relayed->front_port);
	am_bind_blob(&b, &relayed->client, sizeof relayed->client);
	am_bind_blob(&b, &relayed->server, sizeof relayed->server);
	am_bind_int(&b, relayed->port);
	am_bind_count(&b, relayed->connections);
	am_bind_count(&b, relayed->turned);
	return am_database_execute(facts->database, statement, error);
}

gboolean am_facts_write_relayed(AmFacts *facts, int64_t now_ns, GError **error)
{
	if (!am_feed_flush(facts->new_connections, error))
		return FALSE;
	if (facts->relays == NULL)
		facts->relays = am_relay_finder_new();
	if (!find(facts, now_ns == INT64_MAX ? INT64_MAX : now_ns - ENDED_NS, error))
		return FALSE;
	g_autoptr(GArray) list = am_relay_finder_list(facts->relays);
	gboolean ok = TRUE;
	for (guint n = 0; ok && n < list->len; n++)
		ok = write_one(facts, &g_array_index(list, AmRelayed, n), error);
	return ok;
}

/* ---- Reading */

static AmRelayed read_relayed(AmColumns *columns)
{
	AmRelayed relayed = {.network = (uint32_t)am_column_range(columns, 0, UINT32_MAX)};
	relayed.kind = (uint8_t)am_column_range(columns, AM_RELAYED_SERVER_CHANGED, AM_RELAYED_BOTH_CHANGED);
	relayed.front = am_column_address(columns);
	relayed.front_port = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	relayed.client = am_column_address(columns);
	relayed.server = am_column_address(columns);
	relayed.port = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	relayed.connections = am_column_count(columns);
	relayed.turned = am_column_count(columns);
	return relayed;
}

GArray *am_facts_relayed(AmFacts *facts, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-relayed", error);
	if (statement == NULL)
		return NULL;
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(AmRelayed));
	int code;
	while ((code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmRelayed relayed = read_relayed(&columns);
		g_array_append_val(all, relayed);
		if (!am_columns_check(&columns, facts->database, error)) {
			sqlite3_reset(statement);
			return NULL;
		}
	}
	g_array_sort(all, am_relayed_compare);
	return code == SQLITE_DONE ? g_steal_pointer(&all) : NULL;
}
