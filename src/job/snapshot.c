/* map: facts and decisions become the map that every listing, report and policy starts from.
 *
 * The facts are read in one go and the database is let go before anything is computed or printed, so that a slow reader
 * never holds up a writer.
 */
#include "config.h"

#include "allowmap/job.h"

static AmDecisionSet *load_decisions(const char *db, const char *decisions_path, GError **error)
{
	g_autofree char *beside = decisions_path == NULL ? am_decisions_path_for(db) : NULL;
	g_autoptr(AmDecisions) decisions =
		am_decisions_open(decisions_path != NULL ? decisions_path : beside, FALSE, error);
	return decisions != NULL ? am_decisions_load(decisions, error) : NULL;
}

AmSnapshot *am_job_snapshot(const char *db, const char *decisions_path, const AmMapOptions *options, GError **error)
{
	g_autoptr(AmSnapshot) snapshot = g_new0(AmSnapshot, 1);
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, error);
	if (facts == NULL)
		return NULL;
	snapshot->runs = am_facts_runs(facts, error);
	if (snapshot->runs == NULL)
		return NULL;
	snapshot->connections = am_facts_count_connections(facts, error);
	if (snapshot->connections == UINT64_MAX)
		return NULL;
	g_autoptr(GPtrArray) networks = am_facts_networks(facts, error);
	if (networks == NULL)
		return NULL;
	g_autoptr(GArray) tallies = am_facts_tallies(facts, error);
	if (tallies == NULL)
		return NULL;
	g_autoptr(GArray) observations = am_facts_observations(facts, error);
	if (observations == NULL)
		return NULL;
	g_autoptr(GArray) listed = am_facts_listed(facts, error);
	if (listed == NULL)
		return NULL;
	g_autoptr(GArray) relayed = am_facts_relayed(facts, error);
	if (relayed == NULL)
		return NULL;
	g_clear_pointer(&facts, am_facts_free);

	snapshot->decisions = load_decisions(db, decisions_path, error);
	if (snapshot->decisions == NULL)
		return NULL;
	AmMapOptions whole = options != NULL ? *options : (AmMapOptions){0};
	whole.listed = listed;
	whole.relayed = relayed;
	snapshot->map = am_map_build(tallies, observations, networks, snapshot->decisions, &whole);
	return g_steal_pointer(&snapshot);
}

AmSnapshot *am_job_snapshot_without_facts(const char *db, const char *decisions_path, GError **error)
{
	g_autoptr(AmSnapshot) snapshot = g_new0(AmSnapshot, 1);
	g_autoptr(GArray) tallies = g_array_new(FALSE, FALSE, sizeof(AmTally));
	g_autoptr(GPtrArray) networks = g_ptr_array_new();
	snapshot->decisions = load_decisions(db, decisions_path, error);
	if (snapshot->decisions == NULL)
		return NULL;
	snapshot->map = am_map_build(tallies, NULL, networks, snapshot->decisions, NULL);
	return g_steal_pointer(&snapshot);
}

void am_snapshot_free(AmSnapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	am_map_free(snapshot->map);
	g_clear_pointer(&snapshot->runs, g_ptr_array_unref);
	am_decision_set_free(snapshot->decisions);
	g_free(snapshot);
}
