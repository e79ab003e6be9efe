/* What a run counted, on its way into the tallies. Tallies are for good, yet an unfinished run must leave no trace in
 * them: so sums wait, in memory and, when there are too many, in a spill, and are merged in the very transaction that
 * finishes the run. A live run, whose commits stay, merges at each of them, and never spills.
 *
 * The cap on undirected pairs of ports is made good here for what memory did not see at once: what was spilled in between,
 * and what earlier runs left on the same day.
 */
#include "config.h"

#include "facts.h"

typedef struct {
	AmFacts *facts;
	sqlite3_stmt *add, *add_l7;
} Target;

static gboolean add_l7(Target *target, const AmSumL7 *l7, GError **error)
{
	am_facts_bind_sum_l7(target->add_l7, target->facts->sensor, l7);
	return am_database_execute(target->facts->database, target->add_l7, error);
}

static gboolean add_sum(const AmSum *sum, const AmSumL7 *l7, guint n_l7, gpointer user_data, GError **error)
{
	Target *target = user_data;
	AmFacts *facts = target->facts;
	const AmFactsDay day = {.network = sum->key.network, .day = sum->key.day};
	const AmFactsDay *last =
		facts->days->len > 0 ? &g_array_index(facts->days, AmFactsDay, facts->days->len - 1) : NULL;
	if (sum->key.side == AM_SIDE_NONE && (last == NULL || last->network != day.network || last->day != day.day))
		g_array_append_val(facts->days, day);
	am_facts_bind_sum(target->add, facts->sensor, sum);
	gboolean ok = am_database_execute(facts->database, target->add, error);
	for (guint n = 0; ok && n < n_l7; n++)
		ok = add_l7(target, &l7[n], error);
	return ok;
}

gboolean am_facts_spill(AmFacts *facts, GError **error)
{
	if (facts->spill == NULL)
		facts->spill = am_spill_new(facts->database->path, error);
	return facts->spill != NULL && am_spill_add(facts->spill, facts->sums, error);
}

/* ---- Crowded pairs */

static sqlite3_stmt *statement_of_pair(AmFacts *facts, const char *name, const AmSumKey *pair, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, name, error);
	if (statement == NULL)
		return NULL;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, facts->sensor);
	am_bind_int(&b, pair->network);
	am_bind_int(&b, pair->day);
	am_bind_blob(&b, &pair->lo, sizeof pair->lo);
	am_bind_blob(&b, &pair->hi, sizeof pair->hi);
	am_bind_int(&b, pair->ip_protocol);
	return statement;
}

typedef struct {
	GArray *sums, *l7; /* AmSum, AmSumL7 */
	GStringChunk *names;
} PairRows;

static gboolean read_pair(AmFacts *facts, const AmSumKey *pair, PairRows *rows, GError **error)
{
	int code;
	sqlite3_stmt *statement = statement_of_pair(facts, "facts-pair-tallies", pair, error);
	if (statement == NULL)
		return FALSE;
	while ((code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmSum sum;
		am_facts_read_sum(&columns, &sum);
		if (!am_columns_check(&columns, facts->database, error))
			return FALSE;
		if (sum.server_name != NULL)
			sum.server_name = g_string_chunk_insert_const(rows->names, sum.server_name);
		g_array_append_val(rows->sums, sum);
	}
	if (code != SQLITE_DONE || (statement = statement_of_pair(facts, "facts-pair-l7", pair, error)) == NULL)
		return FALSE;
	while ((code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmSumL7 l7;
		am_facts_read_sum_l7(&columns, &l7);
		if (!am_columns_check(&columns, facts->database, error))
			return FALSE;
		g_array_append_val(rows->l7, l7);
	}
	return code == SQLITE_DONE;
}

static gboolean write_pair(const PairRows *rows, Target *target, GError **error)
{
	g_autofree AmPortPair *ports = g_new(AmPortPair, rows->sums->len);
	for (guint n = 0; n < rows->sums->len; n++)
		ports[n] = am_port_pair_of(&g_array_index(rows->sums, AmSum, n));
	AmPortChoice *choice = am_port_choice_new(ports, rows->sums->len);
	gboolean ok = TRUE;
	for (guint n = 0; ok && n < rows->sums->len; n++) {
		AmSum *sum = &g_array_index(rows->sums, AmSum, n);
		am_port_choice_apply(choice, &sum->key);
		ok = add_sum(sum, NULL, 0, target, error);
	}
	for (guint n = 0; ok && n < rows->l7->len; n++) {
		AmSumL7 *l7 = &g_array_index(rows->l7, AmSumL7, n);
		am_port_choice_apply(choice, &l7->key);
		ok = add_l7(target, l7, error);
	}
	am_port_choice_free(choice);
	return ok;
}

static gboolean thin_out_pair(AmFacts *facts, const AmSumKey *pair, Target *target, GError **error)
{
	PairRows rows = {.sums = g_array_new(FALSE, FALSE, sizeof(AmSum)),
			 .l7 = g_array_new(FALSE, FALSE, sizeof(AmSumL7)),
			 .names = g_string_chunk_new(1024)};
	gboolean ok = read_pair(facts, pair, &rows, error);
	sqlite3_stmt *remove = ok ? statement_of_pair(facts, "facts-pair-tallies-remove", pair, error) : NULL;
	ok = remove != NULL && am_database_execute(facts->database, remove, error);
	remove = ok ? statement_of_pair(facts, "facts-pair-l7-remove", pair, error) : NULL;
	ok = remove != NULL && am_database_execute(facts->database, remove, error) && write_pair(&rows, target, error);
	g_array_unref(rows.sums);
	g_array_unref(rows.l7);
	g_string_chunk_free(rows.names);
	return ok;
}

static gboolean thin_out_day(AmFacts *facts, const AmFactsDay *day, Target *target, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-pairs-crowded", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, facts->sensor);
	am_bind_int(&b, day->network);
	am_bind_int(&b, day->day);
	am_bind_int(&b, AM_MAX_UNDIRECTED);
	g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(AmSumKey));
	int code;
	while ((code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmSumKey pair = {.network = day->network, .day = day->day};
		pair.lo = am_column_address(&columns);
		pair.hi = am_column_address(&columns);
		pair.ip_protocol = (uint8_t)am_column_range(&columns, 0, UINT8_MAX);
		if (!am_columns_check(&columns, facts->database, error))
			return FALSE;
		g_array_append_val(pairs, pair);
	}
	gboolean ok = code == SQLITE_DONE;
	for (guint n = 0; ok && n < pairs->len; n++)
		ok = thin_out_pair(facts, &g_array_index(pairs, AmSumKey, n), target, error);
	return ok;
}

static int compare_days(gconstpointer a, gconstpointer b)
{
	const AmFactsDay *x = a, *y = b;
	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	return x->day < y->day ? -1 : x->day > y->day;
}

gboolean am_facts_merge(AmFacts *facts, GError **error)
{
	Target target = {.facts = facts};
	if ((facts->spill != NULL && !am_facts_spill(facts, error)) ||
	    (target.add = am_database_statement(facts->database, "facts-tally-add", error)) == NULL ||
	    (target.add_l7 = am_database_statement(facts->database, "facts-tally-l7-add", error)) == NULL)
		return FALSE;
	return facts->spill != NULL ? am_spill_merge(facts->spill, add_sum, &target, error)
				    : am_sum_table_drain(facts->sums, add_sum, &target, error);
}

gboolean am_facts_thin_out(AmFacts *facts, GError **error)
{
	Target target = {.facts = facts};
	if ((target.add = am_database_statement(facts->database, "facts-tally-add", error)) == NULL ||
	    (target.add_l7 = am_database_statement(facts->database, "facts-tally-l7-add", error)) == NULL)
		return FALSE;
	GArray *days = facts->days;
	g_array_sort(days, compare_days);
	guint n_days = days->len;
	for (guint n = 0; n < n_days; n++) {
		AmFactsDay day = g_array_index(days, AmFactsDay, n);
		if ((n == 0 || compare_days(&day, &g_array_index(days, AmFactsDay, n - 1)) != 0) &&
		    !thin_out_day(facts, &day, &target, error))
			return FALSE;
	}
	g_array_set_size(days, 0);
	return TRUE;
}
