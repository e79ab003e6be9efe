/* What runs saw of encapsulations, and the networks that they lead to. Fed by the writer of a job with what was counted since
 * the last time; read by `networks`, and by the next run, which goes on with what this one found out.
 */
#include "config.h"

#include "facts.h"

static void bind_address(AmBinder *binder, const AmAddress *address)
{
	if (address->family == 0)
		am_bind_null(binder);
	else
		am_bind_blob(binder, address, sizeof *address);
}

static gboolean add_encapsulated(AmFacts *facts, const AmEncapsulated *seen, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-encapsulated-add", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, facts->run);
	am_bind_text(&b, am_encapsulation_name((AmEncapsulation)seen->kind));
	am_bind_int(&b, seen->id);
	am_bind_count(&b, seen->packets);
	am_bind_count(&b, seen->bytes);
	am_bind_count(&b, seen->undecided);
	am_bind_int(&b, seen->first_ns);
	am_bind_int(&b, seen->last_ns);
	bind_address(&b, &seen->source);
	bind_address(&b, &seen->destination);
	am_bind_text(&b, seen->network);
	am_bind_text(&b, am_network_reason_name((AmNetworkReason)seen->reason));
	return am_database_execute(facts->database, statement, error);
}

gboolean am_facts_add_encapsulated(AmFacts *facts, const GArray *seen, GError **error)
{
	if (seen->len == 0)
		return TRUE;
	if (!am_facts_need_writer(facts, TRUE, error))
		return FALSE;
	gboolean ok = am_facts_begin_transaction(facts, error);
	for (guint n = 0; ok && n < seen->len; n++)
		ok = add_encapsulated(facts, &g_array_index(seen, AmEncapsulated, n), error);
	return ok || am_facts_fail(facts);
}

gboolean am_facts_network(AmFacts *facts, const char *name, uint32_t *ret_network, GError **error)
{
	if (!am_facts_need_writer(facts, TRUE, error))
		return FALSE;
	const AmRun run = {.network = (char *)name};
	return (am_facts_begin_transaction(facts, error) && am_facts_find_network(facts, &run, ret_network, error)) ||
	       am_facts_fail(facts);
}

/* ---- Reading */

static void read_address(AmColumns *columns, AmAddress *ret_address)
{
	if (sqlite3_column_type(columns->statement, columns->n) == SQLITE_NULL)
		columns->n++;
	else
		*ret_address = am_column_address(columns);
}

static AmEncapsulated read_encapsulated(AmColumns *columns)
{
	AmEncapsulated seen = {.sensor = am_column_text(columns)};
	g_autofree char *kind_name = am_column_text(columns);
	AmEncapsulation kind = AM_ENCAPSULATION_NONE;
	AmNetworkReason reason = AM_NETWORK_ATTRIBUTE;
	seen.id = am_column_range(columns, AM_ENCAPSULATION_OTHERS, UINT32_MAX);
	seen.packets = am_column_count(columns);
	seen.bytes = am_column_count(columns);
	seen.undecided = am_column_count(columns);
	seen.first_ns = am_column_int(columns);
	seen.last_ns = am_column_int(columns);
	read_address(columns, &seen.source);
	read_address(columns, &seen.destination);
	seen.network = am_column_text(columns);
	g_autofree char *reason_name = am_column_text(columns);
	if (kind_name == NULL || !am_encapsulation_parse(kind_name, &kind) || reason_name == NULL ||
	    !am_network_reason_parse(reason_name, &reason) || seen.network == NULL)
		columns->damaged = TRUE;
	seen.kind = (uint8_t)kind;
	seen.reason = (uint8_t)reason;
	return seen;
}

GArray *am_facts_encapsulated(AmFacts *facts, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-encapsulated", error);
	if (statement == NULL)
		return NULL;
	g_autoptr(GArray) all = am_encapsulated_array_new();
	int code;
	while ((code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmEncapsulated seen = read_encapsulated(&columns);
		g_array_append_val(all, seen);
		if (!am_columns_check(&columns, facts->database, error)) {
			sqlite3_reset(statement);
			return NULL;
		}
	}
	return code == SQLITE_DONE ? g_steal_pointer(&all) : NULL;
}
