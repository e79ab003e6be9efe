/* The active rules of one or more policies over common atoms: what prove.c and equal.c work on. Rejected and expired rules
 * are left out: they permit nothing. */
#include "config.h"

#include "private.h"

static void add_rule(AmCompiled *compiled, const AmRule *rule, uint32_t index, uint32_t side, AmGroupIndex *groups,
		     gboolean one_space)
{
	AmCompiledRule entry = {.rule = rule, .index = index, .side = side};
	entry.from = am_atoms_add(&compiled->from, am_peer_intervals(&rule->from, groups, compiled->spaces, one_space));
	entry.to = am_atoms_add(&compiled->to, am_peer_intervals(&rule->to, groups, compiled->spaces, one_space));
	entry.service = am_atoms_add(&compiled->service, am_service_intervals(&rule->service));
	int32_t ip_protocol = rule->service.ip_protocol;
	if (entry.service == compiled->service_protocol->len)
		g_array_append_val(compiled->service_protocol, ip_protocol);
	g_array_append_val(compiled->rules, entry);
}

static void index_by_from(AmCompiled *compiled)
{
	uint32_t n_sets = compiled->from.sets->len;
	g_array_set_size(compiled->from_first, n_sets + 1);
	g_array_set_size(compiled->from_rules, compiled->rules->len);
	uint32_t *first = (uint32_t *)(void *)compiled->from_first->data;
	for (guint n = 0; n < compiled->rules->len; n++)
		first[g_array_index(compiled->rules, AmCompiledRule, n).from + 1]++;
	for (uint32_t set = 0; set < n_sets; set++)
		first[set + 1] += first[set];
	g_autofree uint32_t *next = g_memdup2(first, (n_sets + 1) * sizeof *first);
	for (uint32_t n = 0; n < compiled->rules->len; n++) {
		uint32_t set = g_array_index(compiled->rules, AmCompiledRule, n).from;
		g_array_index(compiled->from_rules, uint32_t, next[set]++) = n;
	}
}

AmCompiled *am_compiled_new(const AmPolicy *const *policies, guint n_policies, gboolean one_space)
{
	AmCompiled *compiled = g_new0(AmCompiled, 1);
	compiled->spaces = am_spaces_new();
	compiled->rules = g_array_new(FALSE, FALSE, sizeof(AmCompiledRule));
	compiled->from_first = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	compiled->from_rules = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	compiled->service_protocol = g_array_new(FALSE, TRUE, sizeof(int32_t));
	am_atoms_init(&compiled->from);
	am_atoms_init(&compiled->to);
	am_atoms_init(&compiled->service);
	/* All networks first: "any" means everybody in each of them. */
	for (guint side = 0; side < n_policies && !one_space; side++)
		for (guint n = 0; n < policies[side]->groups->len; n++)
			am_spaces_add(compiled->spaces, ((AmPolicyGroup *)policies[side]->groups->pdata[n])->network);
	for (guint side = 0; side < n_policies; side++) {
		g_autoptr(GHashTable) groups = am_group_index_new(policies[side]);
		for (guint n = 0; n < policies[side]->rules->len; n++) {
			const AmRule *rule = policies[side]->rules->pdata[n];
			if (am_rule_is_active(rule))
				add_rule(compiled, rule, n, side, groups, one_space);
		}
	}
	am_atoms_split(&compiled->from);
	am_atoms_split(&compiled->to);
	am_atoms_split(&compiled->service);
	index_by_from(compiled);
	return compiled;
}

void am_compiled_free(AmCompiled *compiled)
{
	if (compiled == NULL)
		return;
	am_spaces_free(compiled->spaces);
	g_array_unref(compiled->rules);
	g_array_unref(compiled->from_first);
	g_array_unref(compiled->from_rules);
	g_array_unref(compiled->service_protocol);
	am_atoms_clear(&compiled->from);
	am_atoms_clear(&compiled->to);
	am_atoms_clear(&compiled->service);
	g_free(compiled);
}
