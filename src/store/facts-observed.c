/* What was seen of addresses besides traffic: names, leases, MACs. A run's are kept in memory until they become visible with the
 * rest of it: at its end, or, live, at a commit. Fed by the writer thread of a job. */
#include "config.h"

#include "facts.h"

static int compare(gconstpointer a, gconstpointer b, gpointer user_data)
{
	(void)user_data;
	return am_observation_compare(a, b);
}

static gboolean is_full(const AmFacts *facts)
{
	return facts->observed != NULL && (guint)g_tree_nnodes(facts->observed) >= facts->limits.observations;
}

static void add(AmFacts *facts, const AmObservation *observation)
{
	if (facts->observed == NULL)
		facts->observed = g_tree_new_full(compare, NULL, g_free, NULL);
	AmObservation *there = g_tree_lookup(facts->observed, observation);
	if (there != NULL) {
		there->first_ns = MIN(there->first_ns, observation->first_ns);
		there->last_ns = MAX(there->last_ns, observation->last_ns);
		there->count += observation->count;
	} else if (!is_full(facts)) {
		AmObservation *kept = g_memdup2(observation, sizeof *observation);
		g_tree_insert(facts->observed, kept, kept);
	} else {
		facts->not_observed++;
	}
}

gboolean am_facts_add_observations(AmFacts *facts, const AmObservation *observations, size_t n, GError **error)
{
	if (!am_facts_need_writer(facts, TRUE, error))
		return FALSE;
	for (size_t o = 0; o < n; o++) {
		/* A live run's may go to the file at any time. */
		if (facts->live && is_full(facts) &&
		    (!am_facts_begin_transaction(facts, error) || !am_facts_write_observations(facts, error)))
			return am_facts_fail(facts);
		add(facts, &observations[o]);
	}
	return TRUE;
}

typedef struct {
	AmFacts *facts;
	GError **error;
	gboolean ok;
} Writing;

static gboolean write_one(gpointer key, gpointer value, gpointer user_data)
{
	const AmObservation *observation = value;
	Writing *writing = user_data;
	AmFacts *facts = writing->facts;
	(void)key;
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-observation-add", writing->error);
	writing->ok = statement != NULL;
	if (!writing->ok)
		return TRUE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, facts->sensor);
	am_bind_int(&b, observation->network);
	am_bind_blob(&b, &observation->address, sizeof observation->address);
	am_bind_text(&b, am_observed_name((AmObservedKind)observation->kind));
	am_bind_array(&b, observation->value, sizeof observation->value);
	am_bind_int(&b, observation->first_ns);
	am_bind_int(&b, observation->last_ns);
	am_bind_count(&b, observation->count);
	writing->ok = am_database_execute(facts->database, statement, writing->error);
	return !writing->ok;
}

gboolean am_facts_write_observations(AmFacts *facts, GError **error)
{
	Writing writing = {facts, error, TRUE};
	if (facts->observed == NULL)
		return TRUE;
	g_tree_foreach(facts->observed, write_one, &writing);
	g_clear_pointer(&facts->observed, g_tree_destroy);
	return writing.ok;
}

/* ---- Reading */

/* FALSE for a kind that this version does not know. */
static gboolean read_observation(AmColumns *columns, AmObservation *ret)
{
	AmObservedKind kind = AM_OBSERVED_MAC;
	*ret = (AmObservation){.network = (uint32_t)am_column_range(columns, 0, UINT32_MAX)};
	ret->address = am_column_address(columns);
	g_autofree char *name = am_column_text(columns);
	gboolean known = name != NULL && am_observed_parse(name, &kind);
	ret->kind = (uint8_t)kind;
	am_column_array(columns, ret->value, sizeof ret->value);
	ret->first_ns = am_column_int(columns);
	ret->last_ns = am_column_int(columns);
	ret->count = am_column_count(columns);
	return known;
}

GArray *am_facts_observations(AmFacts *facts, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-observations", error);
	if (statement == NULL)
		return NULL;
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	int code;
	while ((code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmObservation observation;
		if (read_observation(&columns, &observation))
			g_array_append_val(all, observation);
		if (!am_columns_check(&columns, facts->database, error)) {
			sqlite3_reset(statement);
			return NULL;
		}
	}
	g_array_sort(all, am_observation_compare);
	return code == SQLITE_DONE ? g_steal_pointer(&all) : NULL;
}
