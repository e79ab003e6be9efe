/* The text form for `nft -f`: data/nftables-*.nft with sets, rules and the end of the chains put into their places. Each
 * line is written in one way only, which is what the reader in import/ relies on. */
#include "config.h"

#include "private.h"

#include <string.h>

static void add_sets(GString *text, const GArray *sets)
{
	for (guint n = 0; n < sets->len; n++) {
		const AmNftSet *set = &g_array_index(sets, AmNftSet, n);
		g_string_append_printf(text, "\tset %s {\n\t\ttype ipv%u_addr\n\t\tflags interval\n\t\telements = {\n",
				       set->name, set->family);
		for (guint m = 0; m < set->n; m++) {
			const AmPrefix *prefix = &set->prefixes[m];
			char address[AM_ADDRESS_TEXT_SIZE];
			g_string_append_printf(text, "\t\t\t%s", am_address_text(&prefix->address, address));
			if (prefix->length != am_address_bits(&prefix->address))
				g_string_append_printf(text, "/%u", prefix->length);
			g_string_append(text, m + 1 < set->n ? ",\n" : "\n");
		}
		g_string_append(text, "\t\t}\n\t}\n");
	}
}

static void add_ends(GString *text, const AmNftRule *rule, guint f)
{
	const char *ip = f == AM_NFT_V4 ? "ip" : "ip6";
	if (rule->from[f].n == 0 && rule->to[f].n == 0)
		g_string_append_printf(text, "meta nfproto ipv%u ", f == AM_NFT_V4 ? 4u : 6u);
	if (rule->from[f].n > 0)
		g_string_append_printf(text, "%s saddr @%s ", ip, rule->from[f].name);
	if (rule->to[f].n > 0)
		g_string_append_printf(text, "%s daddr @%s ", ip, rule->to[f].name);
}

static void begin_rule(GString *text, const AmNftRule *rule, guint f)
{
	g_string_append(text, "\t\t");
	add_ends(text, rule, f);
}

static void end_rule(GString *text, const AmRule *rule)
{
	g_string_append_printf(text, "counter accept comment \"%s\"\n", rule->id);
}

static void add_port_rule(GString *text, const AmNftRule *rule, guint f)
{
	const AmService *service = &rule->rule->service;
	char protocol[8];
	begin_rule(text, rule, f);
	if (service->ports->len == 0) {
		g_string_append_printf(text, "meta l4proto %u ", service->ip_protocol);
	} else {
		g_string_append_printf(text, "%s dport {", am_protocol_text(service->ip_protocol, protocol));
		for (guint n = 0; n < service->ports->len; n++) {
			const AmPortRange *range = &g_array_index(service->ports, AmPortRange, n);
			g_string_append_printf(text, "%s%u", n > 0 ? ", " : " ", range->low);
			if (range->high != range->low)
				g_string_append_printf(text, "-%u", range->high);
		}
		g_string_append(text, " } ");
	}
	end_rule(text, rule->rule);
}

/* One rule a type: a code belongs to its type alone. */
static void add_icmp_rules(GString *text, const AmNftRule *rule, guint f)
{
	const AmService *service = &rule->rule->service;
	char protocol[8];
	const char *name = am_protocol_text(service->ip_protocol, protocol);
	for (guint n = 0; n < service->types->len; n++) {
		const AmIcmpType *type = &g_array_index(service->types, AmIcmpType, n);
		begin_rule(text, rule, f);
		g_string_append_printf(text, "%s type %u ", name, type->type);
		if (type->code >= 0)
			g_string_append_printf(text, "%s code %d ", name, type->code);
		end_rule(text, rule->rule);
	}
}

static void add_rules(GString *text, const GArray *rules)
{
	for (guint n = 0; n < rules->len; n++) {
		const AmNftRule *rule = &g_array_index(rules, AmNftRule, n);
		for (guint f = 0; f < AM_NFT_N_FAMILIES; f++) {
			if (!rule->has[f])
				continue;
			if (rule->rule->service.types->len > 0)
				add_icmp_rules(text, rule, f);
			else
				add_port_rule(text, rule, f);
		}
	}
}

static void add_head(GString *text, const AmNftTable *table)
{
	g_string_append_printf(
		text, "# allowmap " PACKAGE_VERSION ": %u rules, for a %s; %s\n", table->rules->len,
		table->options->host ? "host" : "router",
		!table->options->enforce ? "log only: what is not permitted is logged and passes"
		: table->scopes != NULL
			? "what is not permitted is dropped where the policy says visible, else it is logged and passes"
			: "what is not permitted is dropped");
	if (table->n_proposed > 0)
		g_string_append_printf(text, "# PROPOSED: %u of these rules were approved by nobody.\n",
				       table->n_proposed);
	g_string_append(text, "# Loading this file replaces the table at once: nft -f FILE. Comments name the policy's "
			      "rules.\n");
}

/* `before` and `after` the ends of each scope. */
static void add_scope_lines(GString *text, const AmNftRule *scope, guint f, const char *before, const char *after)
{
	g_string_append_printf(text, "\t\t%s", before);
	add_ends(text, scope, f);
	g_string_append_printf(text, "%s\n", after);
}

static void add_scopes(GString *text, const GArray *scopes, gboolean invalid)
{
	for (guint n = 0; n < scopes->len; n++) {
		const AmNftRule *scope = &g_array_index(scopes, AmNftRule, n);
		for (guint f = 0; f < AM_NFT_N_FAMILIES; f++) {
			if (!scope->has[f])
				continue;
			if (invalid) {
				add_scope_lines(text, scope, f, "ct state invalid ",
						"counter drop comment \"invalid\"");
				continue;
			}
			add_scope_lines(text, scope, f, "", "limit rate 10/second log prefix \"allowmap deny: \"");
			add_scope_lines(text, scope, f, "", "counter drop comment \"denied\"");
		}
	}
}

static void add_mark(GString *text, const AmNftTable *table, const char *mark)
{
	gboolean everywhere = table->options->enforce && table->scopes == NULL;
	gboolean invalid = g_str_has_prefix(mark, "@INVALID@");
	if (table->scopes != NULL && (invalid || g_str_has_prefix(mark, "@DEFAULT@")))
		add_scopes(text, table->scopes, invalid);
	if (g_str_has_prefix(mark, "@SETS@"))
		add_sets(text, table->sets);
	else if (g_str_has_prefix(mark, "@RULES@"))
		add_rules(text, table->rules);
	else if (invalid)
		g_string_append(text, everywhere ? "\t\tct state invalid counter drop comment \"invalid\"\n" : "");
	else
		g_string_append(text, everywhere ? "\t\tlimit rate 10/second log prefix \"allowmap deny: \"\n"
						   "\t\tcounter drop comment \"denied\"\n"
						 : "\t\tlimit rate 10/second log prefix \"allowmap would deny: \"\n"
						   "\t\tcounter accept comment \"would-be-denied\"\n");
}

char *am_nftables_text(const AmNftTable *table)
{
	const char *frame =
		am_embedded(table->options->host ? "data/nftables-host.nft" : "data/nftables-router.nft", NULL);
	GString *text = g_string_new(NULL);
	add_head(text, table);
	for (const char *line = frame; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		if (line[0] == '@')
			add_mark(text, table, line);
		else
			g_string_append_printf(text, "%.*s\n", (int)length, line);
		line += length + (line[length] == '\n');
	}
	return g_string_free(text, FALSE);
}
