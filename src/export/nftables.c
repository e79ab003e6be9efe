/* nftables: a table of its own, replaced at once when the file is loaded. Addresses lie in named sets, one for each distinct
 * set of addresses and family; the frame around sets and rules is data/nftables-*.nft, the same that the reader in import/
 * checks against. Comments carry rule ids only; set names are hashes: nothing learned reaches the rules.
 *
 * Overlapping set elements would fail to load: the prefixes were minimised. Ends without a common family give no rule.
 */
#include "config.h"

#include "private.h"

#include <string.h>

AmNftSet am_nft_set(const GArray *prefixes, uint8_t family)
{
	AmNftSet set = {.family = family};
	g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
	for (guint n = 0; n < prefixes->len; n++) {
		const AmPrefix *prefix = &g_array_index(prefixes, AmPrefix, n);
		if (prefix->address.family != family)
			continue;
		if (set.n++ == 0)
			set.prefixes = prefix;
		g_checksum_update(hash, (const guchar *)prefix, sizeof *prefix);
	}
	g_snprintf(set.name, sizeof set.name, "a%u_%.12s", family, g_checksum_get_string(hash));
	return set;
}

static int compare_sets(gconstpointer a, gconstpointer b)
{
	return strcmp(((const AmNftSet *)a)->name, ((const AmNftSet *)b)->name);
}

GArray *am_nft_sets(const GArray *rules)
{
	GArray *sets = g_array_new(FALSE, TRUE, sizeof(AmNftSet));
	for (guint n = 0; n < rules->len; n++) {
		const AmFlatRule *rule = &g_array_index(rules, AmFlatRule, n);
		const GArray *const ends[] = {rule->from, rule->to};
		for (guint end = 0; end < 2; end++) {
			for (uint8_t family = 4; ends[end] != NULL && family <= 6; family += 2) {
				AmNftSet set = am_nft_set(ends[end], family);
				if (set.n > 0 && am_nft_has_family(rule, family))
					g_array_append_val(sets, set);
			}
		}
	}
	g_array_sort(sets, compare_sets);
	guint kept = 0;
	for (guint n = 0; n < sets->len; n++) {
		const AmNftSet *set = &g_array_index(sets, AmNftSet, n);
		if (kept == 0 || compare_sets(set, &g_array_index(sets, AmNftSet, kept - 1)) != 0)
			g_array_index(sets, AmNftSet, kept++) = *set;
	}
	g_array_set_size(sets, kept);
	return sets;
}

gboolean am_nft_has_family(const AmFlatRule *rule, uint8_t family)
{
	uint8_t ip_protocol = rule->rule->service.ip_protocol;
	if ((ip_protocol == AM_PROTO_ICMP && family == 6) || (ip_protocol == AM_PROTO_ICMPV6 && family == 4))
		return FALSE;
	const GArray *const ends[] = {rule->from, rule->to};
	for (guint end = 0; end < 2; end++) {
		if (ends[end] != NULL && am_nft_set(ends[end], family).n == 0)
			return FALSE;
	}
	return TRUE;
}

static void add_sets(GString *text, const GArray *rules)
{
	g_autoptr(GArray) sets = am_nft_sets(rules);
	for (guint n = 0; n < sets->len; n++) {
		const AmNftSet *set = &g_array_index(sets, AmNftSet, n);
		g_string_append_printf(text, "\tset %s {\n\t\ttype ipv%u_addr\n\t\tflags interval\n\t\telements = {\n",
				       set->name, set->family);
		for (guint m = 0; m < set->n; m++) {
			g_autofree char *prefix = am_prefix_text(&set->prefixes[m]);
			g_string_append_printf(text, "\t\t\t%s%s\n", prefix, m + 1 < set->n ? "," : "");
		}
		g_string_append(text, "\t\t}\n\t}\n");
	}
}

static void add_ends(GString *text, const AmFlatRule *flat, uint8_t family)
{
	const char *ip = family == 4 ? "ip" : "ip6";
	if (flat->from == NULL && flat->to == NULL)
		g_string_append_printf(text, "meta nfproto ipv%u ", family);
	if (flat->from != NULL)
		g_string_append_printf(text, "%s saddr @%s ", ip, am_nft_set(flat->from, family).name);
	if (flat->to != NULL)
		g_string_append_printf(text, "%s daddr @%s ", ip, am_nft_set(flat->to, family).name);
}

static void end_rule(GString *text, const AmRule *rule)
{
	g_string_append_printf(text, "counter accept comment \"%s\"\n", rule->id);
}

static void add_port_rule(GString *text, const AmFlatRule *flat, uint8_t family)
{
	const AmService *service = &flat->rule->service;
	char protocol[8];
	g_string_append(text, "\t\t");
	add_ends(text, flat, family);
	if (service->ports->len == 0) {
		g_string_append_printf(text, "meta l4proto %u ", service->ip_protocol);
	} else {
		g_string_append_printf(text, "%s dport { ", am_protocol_text(service->ip_protocol, protocol));
		for (guint n = 0; n < service->ports->len; n++) {
			const AmPortRange *range = &g_array_index(service->ports, AmPortRange, n);
			g_string_append_printf(text, "%s%u", n > 0 ? ", " : "", range->low);
			if (range->high != range->low)
				g_string_append_printf(text, "-%u", range->high);
		}
		g_string_append(text, " } ");
	}
	end_rule(text, flat->rule);
}

/* One rule a type: a code belongs to its type alone. */
static void add_icmp_rules(GString *text, const AmFlatRule *flat, uint8_t family)
{
	const AmService *service = &flat->rule->service;
	char protocol[8];
	const char *name = am_protocol_text(service->ip_protocol, protocol);
	for (guint n = 0; n < service->types->len; n++) {
		const AmIcmpType *type = &g_array_index(service->types, AmIcmpType, n);
		g_string_append(text, "\t\t");
		add_ends(text, flat, family);
		g_string_append_printf(text, "%s type %u ", name, type->type);
		if (type->code >= 0)
			g_string_append_printf(text, "%s code %d ", name, type->code);
		end_rule(text, flat->rule);
	}
}

static void add_rules(GString *text, const GArray *rules)
{
	for (guint n = 0; n < rules->len; n++) {
		const AmFlatRule *flat = &g_array_index(rules, AmFlatRule, n);
		for (uint8_t family = 4; family <= 6; family += 2) {
			if (!am_nft_has_family(flat, family))
				continue;
			if (flat->rule->service.types->len > 0)
				add_icmp_rules(text, flat, family);
			else
				add_port_rule(text, flat, family);
		}
	}
}

char *am_nftables_text(const GArray *rules, const AmExportOptions *options, const AmPolicy *policy)
{
	const char *frame = am_embedded(options->host ? "data/nftables-host.nft" : "data/nftables-router.nft", NULL);
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, "# allowmap %s: %u rules, for a %s; %s\n", policy->tool_version, rules->len,
			       options->host ? "host" : "router",
			       options->enforce ? "what is not permitted is dropped"
						: "log only: what is not permitted is logged and passes");
	g_string_append(
		text,
		"# Loading this file replaces the table at once: nft -f FILE. Comments name the policy's rules.\n");
	for (const char *line = frame; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		if (strncmp(line, "@SETS@", length) == 0)
			add_sets(text, rules);
		else if (strncmp(line, "@RULES@", length) == 0)
			add_rules(text, rules);
		else if (strncmp(line, "@DEFAULT@", length) == 0)
			g_string_append(text,
					options->enforce
						? "\t\tlimit rate 10/second log prefix \"allowmap deny: \"\n"
						  "\t\tcounter drop comment \"denied\"\n"
						: "\t\tlimit rate 10/second log prefix \"allowmap would deny: \"\n"
						  "\t\tcounter accept comment \"would-be-denied\"\n");
		else
			g_string_append_printf(text, "%.*s\n", (int)length, line);
		line += length + (line[length] == '\n');
	}
	return g_string_free(text, FALSE);
}

static char *write_nftables(const AmPolicy *policy, const AmExportOptions *options, GArray *fidelity, GError **error)
{
	g_autoptr(GArray) rules = am_flatten(policy, fidelity, error);
	if (rules == NULL)
		return NULL;
	return options->json ? am_nftables_json(rules, options) : am_nftables_text(rules, options, policy);
}

const AmExportTarget am_export_nftables = {
	.name = "nftables",
	.help = "a table of its own for nft -f, as text or JSON, for a router or a host",
	.suffix = "nft",
	.write = write_nftables,
};
