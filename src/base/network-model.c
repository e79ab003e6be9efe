/* What was seen of encapsulations, and the table that says which network is in them: pure data handling, used by store/,
 * job/, report/ and the tests. */
#include "config.h"

#include "allowmap/base.h"
#include "allowmap/model/decision.h"

static void clear_encapsulated(AmEncapsulated *seen)
{
	g_free(seen->sensor);
	g_free(seen->network);
}

GArray *am_encapsulated_array_new(void)
{
	GArray *array = g_array_new(FALSE, FALSE, sizeof(AmEncapsulated));
	g_array_set_clear_func(array, (GDestroyNotify)(void (*)(void))clear_encapsulated);
	return array;
}

static void clear_rule(AmNetworkRule *rule)
{
	g_free(rule->sensor);
	g_free(rule->network);
	g_free(rule->who);
	g_free(rule->why);
}

GArray *am_network_rules_new(void)
{
	GArray *rules = g_array_new(FALSE, FALSE, sizeof(AmNetworkRule));
	g_array_set_clear_func(rules, (GDestroyNotify)(void (*)(void))clear_rule);
	return rules;
}

/* The newest row of one key; NULL also when it was taken back. */
static const AmNetworkRule *newest(const GArray *rules, const char *sensor, AmEncapsulation kind, int64_t id)
{
	for (guint n = rules->len; n-- > 0;) {
		const AmNetworkRule *rule = &g_array_index(rules, AmNetworkRule, n);
		if (rule->kind == kind && rule->id == id && g_strcmp0(rule->sensor, sensor) == 0)
			return rule->network != NULL ? rule : NULL;
	}
	return NULL;
}

const AmNetworkRule *am_network_rules_find(const GArray *rules, const char *sensor, AmEncapsulation kind, int64_t id)
{
	const struct {
		const char *sensor;
		int64_t id;
	} keys[] = {
		{sensor, id},
		{sensor, AM_NETWORK_RULE_ANY_ID},
		{NULL, id},
		{NULL, AM_NETWORK_RULE_ANY_ID},
	};
	for (guint n = 0; n < G_N_ELEMENTS(keys); n++) {
		const AmNetworkRule *rule = newest(rules, keys[n].sensor, kind, keys[n].id);
		if (rule != NULL)
			return rule;
	}
	return NULL;
}
