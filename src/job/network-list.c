/* What `networks` lists, and what a run begins with: encapsulations that were seen, and the network table. */
#include "config.h"

#include "pipeline.h"

/* An older file is brought up to date; a missing one says nothing. */
GArray *am_pipeline_rules(const char *db, const char *decisions_path, GError **error)
{
	g_autofree char *beside = decisions_path == NULL ? am_decisions_path_for(db) : NULL;
	const char *path = decisions_path != NULL ? decisions_path : beside;
	g_autoptr(AmDecisions) decisions = am_decisions_open(path, g_file_test(path, G_FILE_TEST_IS_REGULAR), error);
	g_autoptr(AmDecisionSet) set = decisions != NULL ? am_decisions_load(decisions, error) : NULL;
	return set != NULL ? g_array_ref(set->networks) : NULL;
}

AmNetworks *am_pipeline_networks(AmFacts *facts, const AmRun *run, const GArray *rules, GError **error)
{
	g_autoptr(GArray) earlier = am_facts_encapsulated(facts, error);
	return earlier != NULL ? am_networks_new(run->network, run->sensor, rules, earlier) : NULL;
}

AmNetworkList *am_job_networks(const char *db, const char *decisions_path, GError **error)
{
	g_autoptr(AmNetworkList) list = g_new0(AmNetworkList, 1);
	g_autoptr(GError) reason = NULL;
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, &reason);
	/* One may decide before there are facts; but where there are neither, a name was mistyped. */
	gboolean may_miss = g_error_matches(reason, AM_STORE_ERROR, AM_STORE_ERROR_MISSING) &&
			    am_decisions_exist(db, decisions_path);
	if (facts == NULL && !may_miss) {
		g_propagate_error(error, g_steal_pointer(&reason));
		return NULL;
	}
	list->seen = facts != NULL ? am_facts_encapsulated(facts, error) : am_encapsulated_array_new();
	list->rules = list->seen != NULL ? am_pipeline_rules(db, decisions_path, error) : NULL;
	return list->rules != NULL ? g_steal_pointer(&list) : NULL;
}

void am_network_list_free(AmNetworkList *list)
{
	if (list == NULL)
		return;
	g_clear_pointer(&list->seen, g_array_unref);
	g_clear_pointer(&list->rules, g_array_unref);
	g_free(list);
}
