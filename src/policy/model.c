/* The policy as values: making and freeing them. Fed by recommend.c and by the readers of import/. */
#include "config.h"

#include "private.h"

GQuark am_policy_error_quark(void)
{
	return g_quark_from_static_string("am-policy-error");
}

static void input_clear(gpointer data)
{
	AmInput *input = data;
	g_free(input->path);
}

AmPolicy *am_policy_new(void)
{
	AmPolicy *policy = g_new0(AmPolicy, 1);
	policy->inputs = g_array_new(FALSE, TRUE, sizeof(AmInput));
	g_array_set_clear_func(policy->inputs, input_clear);
	policy->groups = g_ptr_array_new_with_free_func((GDestroyNotify)am_policy_group_free);
	policy->rules = g_ptr_array_new_with_free_func((GDestroyNotify)am_rule_free);
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
