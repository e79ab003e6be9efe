/* Where default deny is proposed: between subnets of which the captures show both directions, or whose silence somebody vouched
 * for. All else is left to be watched, addresses that were never seen as well: what needs them is not known. Subnets with the
 * same peers share a scope. Fed by recommend.c with what map/ found; must not add a pair that was not seen. */
#include "config.h"

#include "private.h"

#include "allowmap/model/packet.h"

#include <string.h>

typedef struct {
	AmPolicy *policy;
	const AmMap *map;
	const AmVisibility *seen;
	GArray **prefixes; /* by subnet: its addresses, without hosts that are half seen */
} Builder;

/* By subnet: AmPrefix of the hosts that are half seen. What they need shows in half at best. */
static GPtrArray *half_seen_hosts(const Builder *builder)
{
	GPtrArray *hosts = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	for (guint n = 0; n < builder->seen->subnets->len; n++)
		g_ptr_array_add(hosts, g_array_new(FALSE, TRUE, sizeof(AmPrefix)));
	for (guint n = 0; n < builder->seen->half_seen->len; n++) {
		const AmHalfSeen *half = &g_array_index(builder->seen->half_seen, AmHalfSeen, n);
		AmPrefix host = am_prefix_host(&am_map_endpoint(builder->map, half->endpoint)->address);
		g_array_append_val((GArray *)hosts->pdata[half->subnet], host);
	}
	return hosts;
}

static void find_prefixes(Builder *builder)
{
	guint n_subnets = builder->seen->subnets->len;
	g_autoptr(GPtrArray) holes = half_seen_hosts(builder);
	builder->prefixes = g_new(GArray *, n_subnets + 1);
	for (guint n = 0; n < n_subnets; n++) {
		const GArray *hosts = holes->pdata[n];
		builder->prefixes[n] = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
		am_prefix_add_without(builder->prefixes[n], g_array_index(builder->seen->subnets, AmSubnet, n).prefix,
				      (const AmPrefix *)(const void *)hosts->data, hosts->len);
	}
}

static const AmSubnet *subnet_at(const Builder *builder, guint n)
{
	return &g_array_index(builder->seen->subnets, AmSubnet, n);
}

static void add_prefixes(GArray *to, const GArray *from)
{
	if (from->len > 0)
		g_array_append_vals(to, from->data, from->len);
}

static AmScope *add_scope(Builder *builder, const AmSubnet *subnet)
{
	AmScope *scope = am_scope_new(am_map_network(builder->map, subnet->network));
	g_ptr_array_add(builder->policy->visible, scope);
	return scope;
}

static gboolean holds(uint8_t class)
{
	return class == AM_VISIBILITY_BOTH || class == AM_VISIBILITY_DECLARED;
}

/* All but the inside, and what is no host's address. */
static void add_outside(const Builder *builder, GArray *to, uint8_t family)
{
	static const char *const groups[] = {"224.0.0.0/3", "ff00::/8"};
	g_autoptr(GArray) holes = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	add_prefixes(holes, builder->map->inside);
	for (size_t n = 0; n < G_N_ELEMENTS(groups); n++) {
		AmPrefix prefix;
		gboolean ok = am_prefix_parse(groups[n], &prefix, NULL);
		g_assert(ok);
		g_array_append_val(holes, prefix);
	}
	am_prefixes_minimise(holes);
	AmPrefix everything = {.address.family = family};
	am_prefix_add_without(to, everything, (const AmPrefix *)(const void *)holes->data, holes->len);
}

/* Both ways between the outside and those subnets of the block that were seen with it. */
static void add_outside_scopes(Builder *builder, const AmSubnet *head, const GArray *from)
{
	if (from->len == 0 || !builder->seen->has_outside)
		return;
	AmScope *out = add_scope(builder, head), *in = add_scope(builder, head);
	add_prefixes(out->from, from);
	add_outside(builder, out->to, head->prefix.address.family);
	add_prefixes(in->from, out->to);
	add_prefixes(in->to, from);
}

/* The scope of all subnets with this row; NULL = they were seen with nobody. */
static AmScope *scope_of_row(Builder *builder, GHashTable *scopes, const AmSubnet *own, const uint8_t *row)
{
	uint32_t n_subnets = own->block_end - own->block_first;
	g_autoptr(GBytes) key = NULL;
	g_autofree uint8_t *held = g_malloc0(n_subnets + 1);
	gboolean any = FALSE;
	for (uint32_t at = 0; at < n_subnets; at++) {
		held[at] = holds(row[at]);
		any = any || held[at];
	}
	key = g_bytes_new(held, n_subnets);
	AmScope *scope = any ? g_hash_table_lookup(scopes, key) : NULL;
	if (scope != NULL || !any)
		return scope;
	scope = add_scope(builder, own);
	for (uint32_t at = 0; at < n_subnets; at++)
		if (held[at])
			add_prefixes(scope->to, builder->prefixes[own->block_first + at]);
	g_hash_table_insert(scopes, g_bytes_ref(key), scope);
	return scope;
}

static void add_block(Builder *builder, const AmSubnet *head, uint8_t *row)
{
	g_autoptr(GHashTable) scopes =
		g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
	g_autoptr(GArray) outward = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	for (uint32_t n = head->block_first; n < head->block_end; n++) {
		am_visibility_row(builder->seen, n, row);
		AmScope *scope = scope_of_row(builder, scopes, subnet_at(builder, n), row);
		if (scope != NULL)
			add_prefixes(scope->from, builder->prefixes[n]);
		if (holds(row[head->block_end - head->block_first]))
			add_prefixes(outward, builder->prefixes[n]);
	}
	add_outside_scopes(builder, head, outward);
}

/* "10.0.3.0/24", "the link to the outside", with the network where it has a name. */
static void add_taps(Builder *builder)
{
	for (guint n = 0; n < builder->seen->taps->len; n++) {
		const AmTap *tap = &g_array_index(builder->seen->taps, AmTap, n);
		if (tap->subnet == AM_SUBNET_OUTSIDE) {
			g_ptr_array_add(builder->policy->missing_taps, g_strdup("the link to the outside"));
			continue;
		}
		const AmSubnet *subnet = subnet_at(builder, tap->subnet);
		const char *network = am_map_network(builder->map, subnet->network);
		g_autofree char *prefix = am_prefix_text(&subnet->prefix);
		g_ptr_array_add(builder->policy->missing_taps,
				network != NULL ? g_strdup_printf("%s in network %s", prefix, network)
						: g_strdup(prefix));
	}
}

void am_policy_add_visible(AmPolicy *policy, const AmMap *map, const AmVisibility *visibility)
{
	Builder builder = {.policy = policy, .map = map, .seen = visibility};
	g_autofree uint8_t *row = g_malloc(visibility->subnets->len + 1);
	policy->visible = am_scopes_new();
	find_prefixes(&builder);
	for (guint n = 0; n < visibility->subnets->len; n = subnet_at(&builder, n)->block_end)
		add_block(&builder, subnet_at(&builder, n), row);
	for (guint n = 0; n < visibility->subnets->len; n++)
		g_array_unref(builder.prefixes[n]);
	g_free(builder.prefixes);
	add_taps(&builder);
}

/* ---- One way to write scopes, and what they say. */

static int compare_prefixes(const GArray *a, const GArray *b)
{
	for (guint n = 0; n < a->len && n < b->len; n++) {
		int order = am_prefix_compare(&g_array_index(a, AmPrefix, n), &g_array_index(b, AmPrefix, n));
		if (order != 0)
			return order;
	}
	return a->len < b->len ? -1 : a->len > b->len;
}

static int compare_scopes(gconstpointer a, gconstpointer b)
{
	const AmScope *x = *(AmScope *const *)a, *y = *(AmScope *const *)b;
	int order = g_strcmp0(x->network, y->network);
	order = order != 0 ? order : compare_prefixes(x->from, y->from);
	return order != 0 ? order : compare_prefixes(x->to, y->to);
}

void am_scopes_canonicalise(GPtrArray *scopes)
{
	for (guint n = scopes->len; n-- > 0;) {
		AmScope *scope = scopes->pdata[n];
		am_prefixes_minimise(scope->from);
		am_prefixes_minimise(scope->to);
		if (g_strcmp0(scope->network, "default") == 0)
			g_clear_pointer(&scope->network, g_free);
		if (scope->from->len == 0 || scope->to->len == 0)
			g_ptr_array_remove_index(scopes, n);
	}
	g_ptr_array_sort(scopes, compare_scopes);
}

GPtrArray *am_scopes_of_network(const GPtrArray *scopes, const char *network)
{
	GPtrArray *part = am_scopes_new();
	for (guint n = 0; n < scopes->len; n++) {
		const AmScope *scope = scopes->pdata[n];
		if (strcmp(scope->network != NULL ? scope->network : "default", network) != 0)
			continue;
		AmScope *copy = am_scope_new(scope->network);
		add_prefixes(copy->from, scope->from);
		add_prefixes(copy->to, scope->to);
		g_ptr_array_add(part, copy);
	}
	return part;
}

/* What is denied by default as rules of a policy, so that it is compared as rules are: the service stands for all. */
static AmPolicy *denied_by(const AmPolicy *policy)
{
	AmPolicy *denied = am_policy_new();
	const GPtrArray *scopes = policy->default_action != AM_DEFAULT_MONITOR ? policy->visible : NULL;
	gboolean all = policy->default_action != AM_DEFAULT_MONITOR && policy->visible == NULL;
	for (guint n = 0; all || (scopes != NULL && n < scopes->len); n++) {
		AmRule *rule = am_rule_new();
		rule->from.any = rule->to.any = all;
		rule->service.ip_protocol = AM_PROTO_TCP;
		g_ptr_array_add(denied->rules, rule);
		if (all)
			break;
		const AmScope *scope = scopes->pdata[n];
		AmPeer *peers[] = {&rule->from, &rule->to};
		const GArray *prefixes[] = {scope->from, scope->to};
		for (guint p = 0; p < 2; p++) {
			g_autofree char *name = g_strdup_printf("scope-%u-%u", n, p);
			AmPolicyGroup *group = am_policy_group_new(name);
			group->network = g_strdup(scope->network);
			add_prefixes(group->members, prefixes[p]);
			g_ptr_array_add(denied->groups, group);
			g_ptr_array_add(peers[p]->groups, g_strdup(name));
		}
	}
	return denied;
}

gboolean am_policy_equal_default(const AmPolicy *a, const AmPolicy *b, GError **error)
{
	g_autoptr(AmPolicy) x = denied_by(a), y = denied_by(b);
	if (am_policy_equal(x, y, error))
		return TRUE;
	g_prefix_error(error, "of what is denied by default: ");
	return FALSE;
}
