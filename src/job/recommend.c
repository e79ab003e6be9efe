/* recommend: the map becomes a policy, proved before it is given out. */
#include "config.h"

#include "allowmap/job.h"

/* What the policy was learned from: the inputs of all runs. */
static void add_inputs(AmPolicy *policy, const GPtrArray *runs)
{
	for (guint r = 0; r < runs->len; r++) {
		const AmRun *run = runs->pdata[r];
		for (guint n = 0; run->inputs != NULL && n < run->inputs->len; n++) {
			AmInput input = g_array_index(run->inputs, AmInput, n);
			input.path = g_strdup(input.path);
			g_array_append_val(policy->inputs, input);
		}
	}
}

AmPolicy *am_job_recommend(const AmSnapshot *snapshot, const AmRecommendOptions *options, GError **error)
{
	g_autoptr(AmPolicy) policy = am_policy_recommend(snapshot->map, options);
	add_inputs(policy, snapshot->runs);
	am_policy_canonicalise(policy);
	if (!am_policy_prove(policy, snapshot->map, error)) {
		g_prefix_error(error,
			       "the recommended policy does not permit all that is essential; nothing was written: ");
		return NULL;
	}
	return g_steal_pointer(&policy);
}
