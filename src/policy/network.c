/* A policy may speak of several networks, whose addresses overlap; an enforcement point sits in one of them and knows
 * addresses only. Here is what the policy says there, as a policy of its own: the job hands that to an exporter, and
 * compares what was written with it. Must not change the meaning of what stays: rules keep their ids and their approval. */
#include "config.h"

#include "private.h"

#include <string.h>

static const char *network_of(const AmPolicyGroup *group)
{
	return group->network != NULL ? group->network : "default";
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *am_policy_networks(const AmPolicy *policy)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *names = g_ptr_array_new();
	gboolean has_default = policy->groups->len == 0;
	for (guint n = 0; n < policy->rules->len; n++) {
		const AmRule *rule = policy->rules->pdata[n];
		has_default = has_default || (!rule->from.any && rule->from.prefixes->len > 0) ||
			      (!rule->to.any && rule->to.prefixes->len > 0);
	}
	if (has_default && g_hash_table_add(seen, (gpointer) "default"))
		g_ptr_array_add(names, (gpointer) "default");
	for (guint n = 0; n < policy->groups->len; n++) {
		const char *name = network_of(policy->groups->pdata[n]);
		if (g_hash_table_add(seen, (gpointer)name))
			g_ptr_array_add(names, (gpointer)name);
	}
	g_ptr_array_sort(names, compare_names);
	return names;
}

static AmPolicyGroup *copy_group(const AmPolicyGroup *from)
{
	AmPolicyGroup *group = am_policy_group_new(from->name);
	group->label = g_strdup(from->label);
	group->network = g_strdup(from->network);
	group->owner = g_strdup(from->owner);
	group->application = g_strdup(from->application);
	group->site = g_strdup(from->site);
	g_array_append_vals(group->members, from->members->data, from->members->len);
	return group;
}

/* What of the peer is in the network; FALSE when that is nobody. A group that does not exist is nobody anywhere, and stays
 * for the exporter to complain about. */
static gboolean copy_peer(AmPeer *peer, const AmPeer *from, AmGroupIndex *groups, const char *network)
{
	peer->any = from->any;
	for (guint n = 0; n < from->groups->len; n++) {
		const AmPolicyGroup *group = g_hash_table_lookup(groups, from->groups->pdata[n]);
		if (group == NULL || strcmp(network_of(group), network) == 0)
			g_ptr_array_add(peer->groups, g_strdup(from->groups->pdata[n]));
	}
	if (strcmp(network, "default") == 0)
		g_array_append_vals(peer->prefixes, from->prefixes->data, from->prefixes->len);
	return peer->any || peer->groups->len > 0 || peer->prefixes->len > 0;
}

/* NULL when the rule permits nothing there. */
static AmRule *copy_rule(const AmRule *from, AmGroupIndex *groups, const char *network)
{
	g_autoptr(AmRule) rule = am_rule_new();
	if (!copy_peer(&rule->from, &from->from, groups, network) || !copy_peer(&rule->to, &from->to, groups, network))
		return NULL;
	memcpy(rule->id, from->id, sizeof rule->id);
	rule->service.ip_protocol = from->service.ip_protocol;
	g_array_append_vals(rule->service.ports, from->service.ports->data, from->service.ports->len);
	g_array_append_vals(rule->service.types, from->service.types->data, from->service.types->len);
	rule->status = from->status;
	rule->evidence = from->evidence;
	rule->over_grant = from->over_grant;
	rule->over_grant_unseen = from->over_grant_unseen;
	rule->origin = from->origin;
	rule->explicit_approval = from->explicit_approval;
	rule->comment = g_strdup(from->comment);
	rule->owner = g_strdup(from->owner);
	rule->reason = g_strdup(from->reason);
	rule->ticket = g_strdup(from->ticket);
	rule->expires_ns = from->expires_ns;
	return g_steal_pointer(&rule);
}

AmPolicy *am_policy_of_network(const AmPolicy *policy, const char *network)
{
	AmPolicy *part = am_policy_new();
	part->tool_version = g_strdup(policy->tool_version);
	part->generated_ns = policy->generated_ns;
	memcpy(part->map_revision, policy->map_revision, sizeof part->map_revision);
	part->granularity = policy->granularity;
	part->default_action = policy->default_action;
	part->undecided = policy->undecided;
	if (policy->visible != NULL)
		part->visible = am_scopes_of_network(policy->visible, network);
	for (guint n = 0; n < policy->missing_taps->len; n++)
		g_ptr_array_add(part->missing_taps, g_strdup(policy->missing_taps->pdata[n]));
	for (guint n = 0; n < policy->inputs->len; n++) {
		AmInput input = g_array_index(policy->inputs, AmInput, n);
		input.path = g_strdup(input.path);
		g_array_append_val(part->inputs, input);
	}
	for (guint n = 0; n < policy->groups->len; n++)
		if (strcmp(network_of(policy->groups->pdata[n]), network) == 0)
			g_ptr_array_add(part->groups, copy_group(policy->groups->pdata[n]));
	g_autoptr(GHashTable) groups = am_group_index_new(policy);
	for (guint n = 0; n < policy->rules->len; n++) {
		AmRule *rule = copy_rule(policy->rules->pdata[n], groups, network);
		if (rule != NULL)
			g_ptr_array_add(part->rules, rule);
	}
	return part;
}
