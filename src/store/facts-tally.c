/* What a run counted, on its way into the tallies. Tallies are for good, yet an unfinished run must leave no trace in
 * them: so sums wait, in memory and, when there are too many, in a spill, and are merged in the very transaction that
 * finishes the run. A live run, whose commits stay, merges at each of them, and never spills.
 *
 * The cap on undirected pairs of ports is made good here for what memory did not see at once: what was spilled in between,
 * and what earlier runs left on the same day.
 */
#include "config.h"

#include "facts.h"

#include <stddef.h>

static gboolean has_tallies(AmFacts *facts, uint32_t network, int32_t day, gboolean *ret_has, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-day-known", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, facts->sensor);
	am_bind_int(&b, network);
	am_bind_int(&b, day);
	int code = am_database_step(facts->database, statement, error);
	*ret_has = code == SQLITE_ROW;
	sqlite3_reset(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* Sums on their way into the database, by key: where they are. */
typedef struct {
	AmFacts *facts;
	gboolean adds_to_day; /* the database had tallies of this day before */
	AmSumKey
		last; /* the one before, and how many there were of its pair of endpoints and side; 0: there was none */
	guint n_of_pair;
} Merge;

/* Notes where pairs may have become crowded: looking for them means reading the whole day. */
static gboolean note_day(Merge *merge, const AmSumKey *key, GError **error)
{
	GArray *days = merge->facts->days;
	if (merge->n_of_pair == 0 || merge->last.network != key->network || merge->last.day != key->day) {
		AmFactsDay day = {.network = key->network, .day = key->day};
		if (!has_tallies(merge->facts, key->network, key->day, &merge->adds_to_day, error))
			return FALSE;
		g_array_append_val(days, day);
		merge->n_of_pair = 0;
	}
	gboolean same = merge->n_of_pair > 0 && memcmp(&merge->last, key, offsetof(AmSumKey, side) + 1) == 0;
	merge->n_of_pair = same ? merge->n_of_pair + 1 : 1;
	merge->last = *key;
	if (key->side == AM_SIDE_NONE && (merge->adds_to_day || merge->n_of_pair > AM_MAX_UNDIRECTED))
		g_array_index(days, AmFactsDay, days->len - 1).may_crowd = TRUE;
	return TRUE;
}

static gboolean add_sum(const AmSum *sum, const AmSumL7 *l7, guint n_l7, gpointer user_data, GError **error)
{
	Merge *merge = user_data;
	AmFacts *facts = merge->facts;
	gboolean ok =
		note_day(merge, &sum->key, error) && am_facts_feed_sum(facts->new_tallies, facts->sensor, sum, error);
	for (guint n = 0; ok && n < n_l7; n++)
		ok = am_facts_feed_sum_l7(facts->new_tally_l7, facts->sensor, &l7[n], error);
	return ok;
}

static gboolean flush(AmFacts *facts, GError **error)
{
	return am_feed_flush(facts->new_tallies, error) && am_feed_flush(facts->new_tally_l7, error);
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

static gboolean write_pair(AmFacts *facts, const PairRows *rows, GError **error)
{
	g_autofree AmPortPair *ports = g_new(AmPortPair, rows->sums->len);
	for (guint n = 0; n < rows->sums->len; n++)
		ports[n] = am_port_pair_of(&g_array_index(rows->sums, AmSum, n));
	AmPortChoice *choice = am_port_choice_new(ports, rows->sums->len);
	gboolean ok = TRUE;
	for (guint n = 0; ok && n < rows->sums->len; n++) {
		AmSum *sum = &g_array_index(rows->sums, AmSum, n);
		am_port_choice_apply(choice, &sum->key);
		ok = am_facts_feed_sum(facts->new_tallies, facts->sensor, sum, error);
	}
	for (guint n = 0; ok && n < rows->l7->len; n++) {
		AmSumL7 *l7 = &g_array_index(rows->l7, AmSumL7, n);
		am_port_choice_apply(choice, &l7->key);
		ok = am_facts_feed_sum_l7(facts->new_tally_l7, facts->sensor, l7, error);
	}
	am_port_choice_free(choice);
	return ok && flush(facts, error);
}

static gboolean thin_out_pair(AmFacts *facts, const AmSumKey *pair, GError **error)
{
	PairRows rows = {.sums = g_array_new(FALSE, FALSE, sizeof(AmSum)),
			 .l7 = g_array_new(FALSE, FALSE, sizeof(AmSumL7)),
			 .names = g_string_chunk_new(1024)};
	gboolean ok = read_pair(facts, pair, &rows, error);
	sqlite3_stmt *remove = ok ? statement_of_pair(facts, "facts-pair-tallies-remove", pair, error) : NULL;
	ok = remove != NULL && am_database_execute(facts->database, remove, error);
	remove = ok ? statement_of_pair(facts, "facts-pair-l7-remove", pair, error) : NULL;
	ok = remove != NULL && am_database_execute(facts->database, remove, error) && write_pair(facts, &rows, error);
	g_array_unref(rows.sums);
	g_array_unref(rows.l7);
	g_string_chunk_free(rows.names);
	return ok;
}

static gboolean thin_out_day(AmFacts *facts, const AmFactsDay *day, GError **error)
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
		ok = thin_out_pair(facts, &g_array_index(pairs, AmSumKey, n), error);
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
	if (facts->spill != NULL && !am_facts_spill(facts, error))
		return FALSE;
	Merge merge = {.facts = facts};
	gboolean ok = facts->spill != NULL ? am_spill_merge(facts->spill, add_sum, &merge, error)
					   : am_sum_table_drain(facts->sums, add_sum, &merge, error);
	return ok && flush(facts, error);
}

gboolean am_facts_thin_out(AmFacts *facts, GError **error)
{
	GArray *days = facts->days;
	g_array_sort(days, compare_days);
	const AmFactsDay *done = NULL;
	for (guint n = 0; n < days->len; n++) {
		const AmFactsDay *day = &g_array_index(days, AmFactsDay, n);
		if (!day->may_crowd || (done != NULL && compare_days(done, day) == 0))
			continue;
		if (!thin_out_day(facts, day, error))
			return FALSE;
		done = day;
	}
	g_array_set_size(days, 0);
	return TRUE;
}
