/* Making and freeing a policy, its groups and rules: pure data handling, used by policy/, import/ and export/. */
#include "config.h"

#include "allowmap/base.h"

AmPolicy *am_policy_new(void)
{
	AmPolicy *policy = g_new0(AmPolicy, 1);
	policy->inputs = g_array_new(FALSE, TRUE, sizeof(AmInput));
	g_array_set_clear_func(policy->inputs, (GDestroyNotify)am_input_clear);
	policy->groups = g_ptr_array_new_with_free_func((GDestroyNotify)am_policy_group_free);
	policy->rules = g_ptr_array_new_with_free_func((GDestroyNotify)am_rule_free);
	policy->missing_taps = g_ptr_array_new_with_free_func(g_free);
	return policy;
}

void am_policy_free(AmPolicy *policy)
{
	if (policy == NULL)
		return;
	g_free(policy->tool_version);
	g_array_unref(policy->inputs);
	g_ptr_array_unref(policy->groups);
	g_ptr_array_unref(policy->rules);
	g_clear_pointer(&policy->visible, g_ptr_array_unref);
	g_ptr_array_unref(policy->missing_taps);
	g_free(policy);
}

AmPolicyGroup *am_policy_group_new(const char *name)
{
	AmPolicyGroup *group = g_new0(AmPolicyGroup, 1);
	group->name = g_strdup(name);
	group->members = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	return group;
}

void am_policy_group_free(AmPolicyGroup *group)
{
	if (group == NULL)
		return;
	g_free(group->name);
	g_free(group->label);
	g_free(group->network);
	g_free(group->owner);
	g_free(group->application);
	g_free(group->site);
	g_clear_pointer(&group->members, g_array_unref);
	g_free(group);
}

static void peer_init(AmPeer *peer)
{
	peer->groups = g_ptr_array_new_with_free_func(g_free);
	peer->prefixes = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
}

static void peer_clear(AmPeer *peer)
{
	g_clear_pointer(&peer->groups, g_ptr_array_unref);
	g_clear_pointer(&peer->prefixes, g_array_unref);
}

AmRule *am_rule_new(void)
{
	AmRule *rule = g_new0(AmRule, 1);
	peer_init(&rule->from);
	peer_init(&rule->to);
	rule->service.ports = g_array_new(FALSE, TRUE, sizeof(AmPortRange));
	rule->service.types = g_array_new(FALSE, TRUE, sizeof(AmIcmpType));
	return rule;
}

void am_rule_free(AmRule *rule)
{
	if (rule == NULL)
		return;
	peer_clear(&rule->from);
	peer_clear(&rule->to);
	g_clear_pointer(&rule->service.ports, g_array_unref);
	g_clear_pointer(&rule->service.types, g_array_unref);
	g_free(rule->comment);
	g_free(rule->owner);
	g_free(rule->reason);
	g_free(rule->ticket);
	g_free(rule);
}

AmScope *am_scope_new(const char *network)
{
	AmScope *scope = g_new0(AmScope, 1);
	scope->network = g_strdup(network);
	scope->from = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	scope->to = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	return scope;
}

void am_scope_free(AmScope *scope)
{
	if (scope == NULL)
		return;
	g_free(scope->network);
	g_array_unref(scope->from);
	g_array_unref(scope->to);
	g_free(scope);
}

GPtrArray *am_scopes_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)am_scope_free);
}
