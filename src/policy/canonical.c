/* One way to write each policy: everything sorted and without doubles, and ids that name a rule's meaning. Fed by
 * recommend.c and by every reader. The id hashes what the peers' names stand for, so that renaming a group changes no id
 * and changing its members changes all ids of its rules: an approval binds what was approved. */
#include "config.h"

#include "private.h"

#include <string.h>

GQuark am_policy_error_quark(void)
{
	return g_quark_from_static_string("am-policy-error");
}

static int compare_strings(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void canonicalise_peer(AmPeer *peer)
{
	if (peer->any) {
		g_ptr_array_set_size(peer->groups, 0);
		g_array_set_size(peer->prefixes, 0);
	}
	g_ptr_array_sort(peer->groups, compare_strings);
	for (guint n = peer->groups->len; n-- > 1;)
		if (strcmp(peer->groups->pdata[n], peer->groups->pdata[n - 1]) == 0)
			g_ptr_array_remove_index(peer->groups, n);
	am_prefixes_minimise(peer->prefixes);
}

/* The service as its intervals say it: all ICMP types become the bare protocol, bare TCP becomes all ports. */
static void canonicalise_service(AmService *service)
{
	g_autoptr(GArray) intervals = am_service_intervals(service);
	g_array_set_size(service->ports, 0);
	g_array_set_size(service->types, 0);
	for (guint n = 0; n < intervals->len; n++) {
		const AmInterval *interval = &g_array_index(intervals, AmInterval, n);
		uint32_t low = (uint32_t)interval->low.low, high = (uint32_t)interval->high.low;
		if (am_service_has_ports(service->ip_protocol)) {
			AmPortRange range = {(uint16_t)low, (uint16_t)high};
			g_array_append_val(service->ports, range);
		}
		if (!am_service_is_icmp(service->ip_protocol) || high - low == UINT16_MAX)
			continue;
		while (low <= high) {
			gboolean whole = (low & 0xff) == 0 && (low | 0xff) <= high;
			AmIcmpType type = {(uint8_t)(low >> 8), whole ? -1 : (int16_t)(low & 0xff)};
			g_array_append_val(service->types, type);
			low += whole ? 256 : 1;
		}
	}
}

static void add_peer_bytes(GChecksum *checksum, const AmPeer *peer, AmGroupIndex *groups)
{
	/* Networks by name and not by number: ids must not hang on which networks a policy has besides. */
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) by_network =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_array_unref);
	for (guint n = 0; n <= peer->groups->len; n++) {
		const AmPolicyGroup *group =
			n < peer->groups->len ? g_hash_table_lookup(groups, peer->groups->pdata[n]) : NULL;
		const GArray *members = group != NULL ? group->members : n == peer->groups->len ? peer->prefixes : NULL;
		if (members == NULL || members->len == 0)
			continue;
		const char *network = group != NULL && group->network != NULL ? group->network : "default";
		GArray *all = g_hash_table_lookup(by_network, network);
		if (all == NULL) {
			all = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
			g_hash_table_insert(by_network, (gpointer)network, all);
		}
		g_array_append_vals(all, members->data, members->len);
	}
	GHashTableIter iter;
	gpointer network, all;
	g_hash_table_iter_init(&iter, by_network);
	while (g_hash_table_iter_next(&iter, &network, &all)) {
		GString *line = g_string_new(network);
		am_prefixes_minimise(all);
		for (guint n = 0; n < ((GArray *)all)->len; n++) {
			g_autofree char *text = am_prefix_text(&g_array_index((GArray *)all, AmPrefix, n));
			g_string_append_printf(line, " %s", text);
		}
		g_string_append_c(line, '\n');
		g_ptr_array_add(lines, g_string_free(line, FALSE));
	}
	g_ptr_array_sort(lines, compare_strings);
	for (guint n = 0; n < lines->len; n++)
		g_checksum_update(checksum, lines->pdata[n], -1);
	g_checksum_update(checksum, (const guchar *)(peer->any ? "any\n" : ".\n"), -1);
}

static void set_id(AmRule *rule, AmGroupIndex *groups)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	g_checksum_update(checksum, (const guchar *)"allow\n", -1);
	add_peer_bytes(checksum, &rule->from, groups);
	add_peer_bytes(checksum, &rule->to, groups);
	g_autoptr(GArray) service = am_service_intervals(&rule->service);
	for (guint n = 0; n < service->len; n++) {
		const AmInterval *interval = &g_array_index(service, AmInterval, n);
		char text[64];
		g_snprintf(text, sizeof text, "%u %u-%u\n", rule->service.ip_protocol, (unsigned)interval->low.low,
			   (unsigned)interval->high.low);
		g_checksum_update(checksum, (const guchar *)text, -1);
	}
	g_snprintf(rule->id, sizeof rule->id, "r-%.12s", g_checksum_get_string(checksum));
}

static int compare_groups(gconstpointer a, gconstpointer b)
{
	const AmPolicyGroup *x = *(AmPolicyGroup *const *)a, *y = *(AmPolicyGroup *const *)b;
	return strcmp(x->name, y->name);
}

/* Of rules that say the same, the first is kept: one that permits, if there is one, so that nothing else is permitted
 * before and after. */
static int compare_rules(gconstpointer a, gconstpointer b)
{
	static const int rank[] = {
		[AM_STATUS_APPROVED] = 0, [AM_STATUS_PROPOSED] = 1, [AM_STATUS_REJECTED] = 2, [AM_STATUS_EXPIRED] = 3};
	const AmRule *x = *(AmRule *const *)a, *y = *(AmRule *const *)b;
	int by_id = strcmp(x->id, y->id);
	return by_id != 0 ? by_id : rank[x->status] - rank[y->status];
}

static int compare_inputs(gconstpointer a, gconstpointer b)
{
	const AmInput *x = a, *y = b;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	int by_hash = strcmp(x->sha256, y->sha256);
	return by_hash != 0 ? by_hash : g_strcmp0(x->path, y->path);
}

void am_policy_canonicalise(AmPolicy *policy)
{
	for (guint n = 0; n < policy->groups->len; n++) {
		AmPolicyGroup *group = policy->groups->pdata[n];
		am_prefixes_minimise(group->members);
		if (g_strcmp0(group->network, "default") == 0)
			g_clear_pointer(&group->network, g_free);
	}
	g_ptr_array_sort(policy->groups, compare_groups);
	g_array_sort(policy->inputs, compare_inputs);
	if (policy->visible != NULL)
		am_scopes_canonicalise(policy->visible);
	g_autoptr(GHashTable) groups = am_group_index_new(policy);
	for (guint n = 0; n < policy->rules->len; n++) {
		AmRule *rule = policy->rules->pdata[n];
		canonicalise_peer(&rule->from);
		canonicalise_peer(&rule->to);
		canonicalise_service(&rule->service);
		set_id(rule, groups);
	}
	g_ptr_array_sort(policy->rules, compare_rules);
	/* One pass that keeps the first of each: removing one by one would be quadratic. */
	g_autoptr(GPtrArray) rules = g_steal_pointer(&policy->rules);
	policy->rules = g_ptr_array_new_with_free_func((GDestroyNotify)am_rule_free);
	for (guint n = 0; n < rules->len; n++) {
		AmRule **rule = (AmRule **)&rules->pdata[n];
		AmRule *last = policy->rules->len > 0 ? policy->rules->pdata[policy->rules->len - 1] : NULL;
		if (last == NULL || strcmp(last->id, (*rule)->id) != 0)
			g_ptr_array_add(policy->rules, g_steal_pointer(rule));
	}
}

/* A decision was made about what its rule meant then: where the id says that the meaning has changed since, somebody must
 * decide again. A proposed rule gets the id of what it says. */
gboolean am_policy_settle(AmPolicy *policy, GError **error)
{
	typedef char Id[sizeof((AmRule *)NULL)->id];
	guint n_rules = policy->rules->len;
	g_autofree AmRule **written = g_new(AmRule *, n_rules + 1);
	g_autofree Id *ids = g_new(Id, n_rules + 1);
	for (guint n = 0; n < n_rules; n++) {
		written[n] = policy->rules->pdata[n];
		memcpy(ids[n], written[n]->id, sizeof(Id));
	}
	am_policy_canonicalise(policy);
	if (policy->rules->len < n_rules) {
		g_set_error_literal(error, AM_POLICY_ERROR, AM_POLICY_ERROR_INVALID,
				    "rules: two of them say the same; leave one out");
		return FALSE;
	}
	for (guint n = 0; n < n_rules; n++) {
		if (written[n]->status == AM_STATUS_PROPOSED || strcmp(written[n]->id, ids[n]) == 0)
			continue;
		g_set_error(error, AM_POLICY_ERROR, AM_POLICY_ERROR_INVALID,
			    "rules[%u]: the id %s does not fit what the rule says (%s): it was changed after it was "
			    "decided; set "
			    "it to proposed and decide again",
			    n, ids[n], written[n]->id);
		return FALSE;
	}
	return TRUE;
}
