/* nftables: a table of its own, replaced at once when the file is loaded. Addresses lie in named sets, one for each group and
 * family; the frame around sets and rules is data/nftables-*.nft (or .json), the same that the reader in import/ checks
 * against. Comments carry rule ids only, set names are mapped group names or hashes: nothing learned reaches the rules.
 *
 * Overlapping set elements would fail to load: the prefixes were minimised. Ends without a common family give no rule. */
#include "config.h"

#include "private.h"

#include "allowmap/model/packet.h"

#include <string.h>

static const uint8_t families[AM_NFT_N_FAMILIES] = {4, 6};

/* Group names are [a-z][a-z0-9-]* and unique, and so are these: no group name has an underscore. */
static gboolean is_group_name(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return g_ascii_islower(name[0]) && name[length] == '\0' && length <= 32;
}

static void name_set(AmNftSet *set, const AmPeer *peer)
{
	if (peer != NULL && peer->groups->len == 1 && peer->prefixes->len == 0 &&
	    is_group_name(peer->groups->pdata[0])) {
		g_snprintf(set->name, sizeof set->name, "g_%s_v%u", (const char *)peer->groups->pdata[0], set->family);
		for (char *dash = set->name; (dash = strchr(dash, '-')) != NULL;)
			*dash = '_';
		return;
	}
	g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
	for (guint n = 0; n < set->n; n++)
		g_checksum_update(hash, (const guchar *)&set->prefixes[n], sizeof set->prefixes[n]);
	g_snprintf(set->name, sizeof set->name, "p_%.16s_v%u", g_checksum_get_string(hash), set->family);
}

/* The part of an end that is of this family: a run, since the prefixes are sorted. */
static AmNftSet make_set(const AmPeer *peer, const GArray *prefixes, uint8_t family)
{
	AmNftSet set = {.family = family};
	for (guint n = 0; prefixes != NULL && n < prefixes->len; n++) {
		const AmPrefix *prefix = &g_array_index(prefixes, AmPrefix, n);
		if (prefix->address.family == family && set.n++ == 0)
			set.prefixes = prefix;
	}
	if (set.n > 0)
		name_set(&set, peer);
	return set;
}

static AmNftRule make_rule(const AmFlatRule *flat)
{
	AmNftRule rule = {.rule = flat->rule};
	uint8_t ip_protocol = flat->rule->service.ip_protocol;
	for (guint f = 0; f < AM_NFT_N_FAMILIES; f++) {
		rule.from[f] = make_set(&flat->rule->from, flat->from, families[f]);
		rule.to[f] = make_set(&flat->rule->to, flat->to, families[f]);
		rule.has[f] = (flat->from == NULL || rule.from[f].n > 0) && (flat->to == NULL || rule.to[f].n > 0) &&
			      ip_protocol != (families[f] == 4 ? AM_PROTO_ICMPV6 : AM_PROTO_ICMP);
	}
	return rule;
}

/* The scopes that are enforced, one AmNftRule for each. */
static GArray *make_scopes(const AmPolicy *policy)
{
	GArray *scopes = g_array_new(FALSE, TRUE, sizeof(AmNftRule));
	for (guint n = 0; n < policy->visible->len; n++) {
		const AmScope *scope = policy->visible->pdata[n];
		AmNftRule ends = {0};
		for (guint f = 0; f < AM_NFT_N_FAMILIES; f++) {
			ends.from[f] = make_set(NULL, scope->from, families[f]);
			ends.to[f] = make_set(NULL, scope->to, families[f]);
			ends.has[f] = ends.from[f].n > 0 && ends.to[f].n > 0;
		}
		g_array_append_val(scopes, ends);
	}
	return scopes;
}

static int compare_sets(gconstpointer a, gconstpointer b)
{
	return strcmp(((const AmNftSet *)a)->name, ((const AmNftSet *)b)->name);
}

static void collect_sets_of(const GArray *rules, GArray *sets)
{
	for (guint n = 0; rules != NULL && n < rules->len; n++) {
		const AmNftRule *rule = &g_array_index(rules, AmNftRule, n);
		for (guint f = 0; f < AM_NFT_N_FAMILIES; f++) {
			if (rule->has[f] && rule->from[f].n > 0)
				g_array_append_val(sets, rule->from[f]);
			if (rule->has[f] && rule->to[f].n > 0)
				g_array_append_val(sets, rule->to[f]);
		}
	}
}

static GArray *collect_sets(const AmNftTable *table)
{
	GArray *sets = g_array_new(FALSE, TRUE, sizeof(AmNftSet));
	collect_sets_of(table->rules, sets);
	collect_sets_of(table->scopes, sets);
	g_array_sort(sets, compare_sets);
	guint kept = 0;
	for (guint n = 0; n < sets->len; n++) {
		const AmNftSet set = g_array_index(sets, AmNftSet, n);
		if (kept == 0 || compare_sets(&set, &g_array_index(sets, AmNftSet, kept - 1)) != 0)
			g_array_index(sets, AmNftSet, kept++) = set;
	}
	g_array_set_size(sets, kept);
	return sets;
}

static char *write_nftables(const AmPolicy *policy, const AmExportOptions *options, GArray *fidelity, GError **error)
{
	g_autoptr(GArray) flats = am_flatten(policy, fidelity, error);
	if (flats == NULL)
		return NULL;
	g_autoptr(GArray) rules = g_array_new(FALSE, FALSE, sizeof(AmNftRule));
	AmNftTable table = {.rules = rules, .options = options};
	for (guint n = 0; n < flats->len; n++) {
		AmNftRule rule = make_rule(&g_array_index(flats, AmFlatRule, n));
		table.n_proposed += rule.rule->status == AM_STATUS_PROPOSED;
		g_array_append_val(rules, rule);
	}
	g_autoptr(GArray) scopes = options->enforce && policy->visible != NULL ? make_scopes(policy) : NULL;
	table.scopes = scopes;
	g_autoptr(GArray) sets = collect_sets(&table);
	table.sets = sets;
	return options->json ? am_nftables_json(&table) : am_nftables_text(&table);
}

const AmExportTarget am_export_nftables = {
	.name = "nftables",
	.help = "a table of its own for nft -f, as text or JSON, for a router or a host",
	.suffix = "nft",
	.denies = TRUE,
	.write = write_nftables,
};
