/* From nftables' sets and rules to a policy: sets become groups, each rule line a rule of one family. Fed by nftables-text.c
 * and nftables-json.c, which know the two forms. What is not exactly as our own exporter writes it is refused: this is the
 * reader that proves an export, so it must never look away. */
#include "config.h"

#include "nftables.h"

#include "allowmap/model/packet.h"

#include <string.h>

void am_nft_reader_init(AmNftReader *reader)
{
	reader->policy = am_policy_new();
	reader->sets = g_hash_table_new(g_str_hash, g_str_equal);
	reader->why[0] = '\0';
}

void am_nft_reader_clear(AmNftReader *reader)
{
	g_clear_pointer(&reader->policy, am_policy_free);
	g_clear_pointer(&reader->sets, g_hash_table_unref);
}

/* Sets end with their family: "..._v4". */
static uint8_t family_of(const char *name)
{
	return g_str_has_suffix(name, "_v4") ? 4 : g_str_has_suffix(name, "_v6") ? 6 : 0;
}

AmPolicyGroup *am_nft_add_set(AmNftReader *reader, const char *name, size_t size, uint8_t family)
{
	char copy[64];
	if (size >= sizeof copy)
		return NULL;
	memcpy(copy, name, size);
	copy[size] = '\0';
	if (strspn(copy, "abcdefghijklmnopqrstuvwxyz0123456789_") != size || !g_ascii_islower(copy[0]) ||
	    family_of(copy) != family || g_hash_table_contains(reader->sets, copy))
		return NULL;
	AmPolicyGroup *set = am_policy_group_new(copy);
	g_ptr_array_add(reader->policy->groups, set);
	g_hash_table_insert(reader->sets, set->name, set);
	return set;
}

/* Is `b` after all of `a`? */
static gboolean is_after(const AmPrefix *a, const AmPrefix *b)
{
	return am_address_compare(&a->address, &b->address) < 0 && !am_prefix_contains(a, &b->address);
}

gboolean am_nft_add_prefix(AmPolicyGroup *set, uint8_t family, const char *text, size_t size)
{
	char copy[AM_ADDRESS_TEXT_SIZE + 4];
	AmPrefix prefix;
	if (size >= sizeof copy || memchr(text, '\0', size) != NULL)
		return FALSE;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (!am_prefix_parse(copy, &prefix, NULL) || prefix.address.family != family)
		return FALSE;
	if (set->members->len > 0 && !is_after(&g_array_index(set->members, AmPrefix, set->members->len - 1), &prefix))
		return FALSE;
	g_array_append_val(set->members, prefix);
	return TRUE;
}

static gboolean set_peer(AmNftReader *reader, AmPeer *peer, const char *name, uint8_t family)
{
	if (name == NULL) {
		AmPrefix everybody = {.address.family = family};
		g_array_append_val(peer->prefixes, everybody);
		return TRUE;
	}
	if (!g_hash_table_contains(reader->sets, name) || family_of(name) != family)
		return FALSE;
	g_ptr_array_add(peer->groups, g_strdup(name));
	return TRUE;
}

gboolean am_nft_add_ports(AmNftReader *reader, GArray *ports, guint low, guint high)
{
	AmPortRange range = {(uint16_t)low, (uint16_t)high};
	guint last = ports->len > 0 ? g_array_index(ports, AmPortRange, ports->len - 1).high : 0;
	if (low > high)
		g_snprintf(reader->why, sizeof reader->why, ": the ports %u-%u end before they begin", low, high);
	else if (ports->len > 0 && low <= last)
		g_snprintf(reader->why, sizeof reader->why, ": the ports %u-%u are not after %u", low, high, last);
	g_array_append_val(ports, range);
	return reader->why[0] == '\0';
}

static gboolean set_service(AmService *service, const AmNftParsedRule *from)
{
	gboolean has_ports = from->ip_protocol == AM_PROTO_TCP || from->ip_protocol == AM_PROTO_UDP ||
			     from->ip_protocol == AM_PROTO_SCTP;
	service->ip_protocol = from->ip_protocol;
	if (from->has_type)
		g_array_append_val(service->types, from->type);
	for (guint n = 0; from->ports != NULL && n < from->ports->len; n++) {
		if (!has_ports)
			return FALSE;
		g_array_append_val(service->ports, g_array_index(from->ports, AmPortRange, n));
	}
	return from->ports == NULL || from->ports->len > 0;
}

static gboolean is_rule_id(const char *id)
{
	return g_str_has_prefix(id, "r-") && strlen(id) == 14 && strspn(id + 2, "0123456789abcdef") == 12;
}

gboolean am_nft_add_rule(AmNftReader *reader, const AmNftParsedRule *from)
{
	g_autoptr(AmRule) rule = am_rule_new();
	if (!is_rule_id(from->id) || !set_peer(reader, &rule->from, from->from, from->family) ||
	    !set_peer(reader, &rule->to, from->to, from->family) || !set_service(&rule->service, from))
		return FALSE;
	if (from->ip_protocol == (from->family == 4 ? AM_PROTO_ICMPV6 : AM_PROTO_ICMP))
		return FALSE;
	g_strlcpy(rule->id, from->id, sizeof rule->id);
	rule->status = AM_STATUS_APPROVED;
	g_ptr_array_add(reader->policy->rules, g_steal_pointer(&rule));
	return TRUE;
}

void am_nft_parsed_scope_free(AmNftParsedScope *scope)
{
	if (scope == NULL)
		return;
	g_free(scope->from);
	g_free(scope->to);
	g_free(scope);
}

GPtrArray *am_nft_scopes_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)am_nft_parsed_scope_free);
}

static gboolean copy_set(AmNftReader *reader, GArray *prefixes, const char *name, uint8_t family)
{
	const AmPolicyGroup *set = g_hash_table_lookup(reader->sets, name);
	if (set == NULL || family_of(name) != family)
		return FALSE;
	g_array_append_vals(prefixes, set->members->data, set->members->len);
	return TRUE;
}

gboolean am_nft_finish(AmNftReader *reader, int enforce, const GPtrArray *scopes)
{
	AmPolicy *policy = reader->policy;
	policy->default_action = enforce == AM_NFT_LOG ? AM_DEFAULT_MONITOR : AM_DEFAULT_DENY_LOG;
	if (enforce != AM_NFT_DENY_SCOPES)
		return TRUE;
	policy->visible = am_scopes_new();
	for (guint n = 0; n < scopes->len; n++) {
		const AmNftParsedScope *parsed = scopes->pdata[n];
		AmScope *scope = am_scope_new(NULL);
		g_ptr_array_add(policy->visible, scope);
		if (!copy_set(reader, scope->from, parsed->from, parsed->family) ||
		    !copy_set(reader, scope->to, parsed->to, parsed->family))
			return FALSE;
	}
	return TRUE;
}
