/* Policies and rules made by hand, for the tests of policy/. */
#pragma once

#include "allowmap/policy.h"
#include "policy-random.h"

static inline AmPolicy *copy_by_seed(guint32 seed, gboolean networks)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	return world_random_policy(rand, networks);
}

static inline AmRule *add_rule(AmPolicy *policy, const char *from, const char *to, uint8_t ip_protocol, uint16_t low,
			       uint16_t high)
{
	AmRule *rule = am_rule_new();
	AmPeer *peers[] = {&rule->from, &rule->to};
	const char *texts[] = {from, to};
	for (int n = 0; n < 2; n++) {
		AmPrefix prefix;
		if (strcmp(texts[n], "any") == 0)
			peers[n]->any = TRUE;
		else if (am_prefix_parse(texts[n], &prefix, NULL))
			g_array_append_val(peers[n]->prefixes, prefix);
		else
			g_ptr_array_add(peers[n]->groups, g_strdup(texts[n]));
	}
	AmPortRange range = {low, high};
	rule->service.ip_protocol = ip_protocol;
	g_array_append_val(rule->service.ports, range);
	g_ptr_array_add(policy->rules, rule);
	return rule;
}
