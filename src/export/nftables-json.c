/* The JSON form for `nft -j -f`: the same sets and rules as the text form, in the frame of data/nftables-*.json. */
#include "config.h"

#include "private.h"

#include <jansson.h>
#include <string.h>

static json_t *prefix_value(const AmPrefix *prefix)
{
	char text[AM_ADDRESS_TEXT_SIZE];
	am_address_text(&prefix->address, text);
	if (prefix->length == am_address_bits(&prefix->address))
		return json_string(text);
	return json_pack("{s:{s:s, s:i}}", "prefix", "addr", text, "len", prefix->length);
}

static void add_sets(json_t *commands, const GArray *sets)
{
	for (guint n = 0; n < sets->len; n++) {
		const AmNftSet *set = &g_array_index(sets, AmNftSet, n);
		json_t *elements = json_array();
		for (guint m = 0; m < set->n; m++)
			json_array_append_new(elements, prefix_value(&set->prefixes[m]));
		json_array_append_new(commands, json_pack("{s:{s:{s:s, s:s, s:s, s:s, s:[s], s:o}}}", "add", "set",
							  "family", "inet", "table", "allowmap", "name", set->name,
							  "type", set->family == 4 ? "ipv4_addr" : "ipv6_addr", "flags",
							  "interval", "elem", elements));
	}
}

static json_t *match(json_t *left, json_t *right)
{
	return json_pack("{s:{s:s, s:o, s:o}}", "match", "op", "==", "left", left, "right", right);
}

static json_t *payload(const char *protocol, const char *field)
{
	return json_pack("{s:{s:s, s:s}}", "payload", "protocol", protocol, "field", field);
}

static json_t *meta(const char *key)
{
	return json_pack("{s:{s:s}}", "meta", "key", key);
}

static json_t *set_reference(const AmNftSet *set)
{
	return json_sprintf("@%s", set->name);
}

/* The matches of both ends. */
static json_t *begin_rule(const AmNftRule *rule, guint f)
{
	const char *ip = f == AM_NFT_V4 ? "ip" : "ip6";
	json_t *expression = json_array();
	if (rule->from[f].n == 0 && rule->to[f].n == 0)
		json_array_append_new(expression,
				      match(meta("nfproto"), json_string(f == AM_NFT_V4 ? "ipv4" : "ipv6")));
	if (rule->from[f].n > 0)
		json_array_append_new(expression, match(payload(ip, "saddr"), set_reference(&rule->from[f])));
	if (rule->to[f].n > 0)
		json_array_append_new(expression, match(payload(ip, "daddr"), set_reference(&rule->to[f])));
	return expression;
}

static void end_rule(json_t *commands, json_t *expression, const AmRule *rule)
{
	json_array_append_new(expression, json_pack("{s:n}", "counter"));
	json_array_append_new(expression, json_pack("{s:n}", "accept"));
	json_array_append_new(commands,
			      json_pack("{s:{s:{s:s, s:s, s:s, s:o, s:s}}}", "add", "rule", "family", "inet", "table",
					"allowmap", "chain", "permitted", "expr", expression, "comment", rule->id));
}

static json_t *port_set(const GArray *ports)
{
	json_t *elements = json_array();
	for (guint n = 0; n < ports->len; n++) {
		const AmPortRange *range = &g_array_index(ports, AmPortRange, n);
		json_array_append_new(elements, range->low == range->high
							? json_integer(range->low)
							: json_pack("{s:[i, i]}", "range", range->low, range->high));
	}
	return json_pack("{s:o}", "set", elements);
}

static void add_port_rule(json_t *commands, const AmNftRule *rule, guint f)
{
	const AmService *service = &rule->rule->service;
	char protocol[8];
	json_t *expression = begin_rule(rule, f);
	if (service->ports->len == 0)
		json_array_append_new(expression, match(meta("l4proto"), json_integer(service->ip_protocol)));
	else
		json_array_append_new(expression,
				      match(payload(am_protocol_text(service->ip_protocol, protocol), "dport"),
					    port_set(service->ports)));
	end_rule(commands, expression, rule->rule);
}

static void add_icmp_rules(json_t *commands, const AmNftRule *rule, guint f)
{
	const AmService *service = &rule->rule->service;
	char protocol[8];
	const char *name = am_protocol_text(service->ip_protocol, protocol);
	for (guint n = 0; n < service->types->len; n++) {
		const AmIcmpType *type = &g_array_index(service->types, AmIcmpType, n);
		json_t *expression = begin_rule(rule, f);
		json_array_append_new(expression, match(payload(name, "type"), json_integer(type->type)));
		if (type->code >= 0)
			json_array_append_new(expression, match(payload(name, "code"), json_integer(type->code)));
		end_rule(commands, expression, rule->rule);
	}
}

static void add_rules(json_t *commands, const GArray *rules)
{
	for (guint n = 0; n < rules->len; n++) {
		const AmNftRule *rule = &g_array_index(rules, AmNftRule, n);
		for (guint f = 0; f < AM_NFT_N_FAMILIES; f++) {
			if (!rule->has[f])
				continue;
			if (rule->rule->service.types->len > 0)
				add_icmp_rules(commands, rule, f);
			else
				add_port_rule(commands, rule, f);
		}
	}
}

static void add_invalid(json_t *commands, const char *chain)
{
	static const char format[] = "{s:{s:{s:s, s:s, s:s, s:[{s:{s:s, s:{s:{s:s}}, s:s}}, {s:n}, {s:n}], s:s}}}";
	json_array_append_new(commands, json_pack(format, "add", "rule", "family", "inet", "table", "allowmap", "chain",
						  chain, "expr", "match", "op", "in", "left", "ct", "key", "state",
						  "right", "invalid", "counter", "drop", "comment", "invalid"));
}

/* {"add": {"rule": ...}} in this chain; `comment` NULL = none. */
static void add_chain_rule(json_t *commands, const char *chain, json_t *expression, const char *comment)
{
	json_array_append_new(commands,
			      json_pack("{s:{s:{s:s, s:s, s:s, s:o, s:s*}}}", "add", "rule", "family", "inet", "table",
					"allowmap", "chain", chain, "expr", expression, "comment", comment));
}

static json_t *dropped(json_t *expression)
{
	json_array_append_new(expression, json_pack("{s:n}", "counter"));
	json_array_append_new(expression, json_pack("{s:n}", "drop"));
	return expression;
}

static void add_scope(json_t *commands, const char *chain, const AmNftRule *scope, guint f, gboolean invalid)
{
	json_t *ends = begin_rule(scope, f);
	if (invalid) {
		json_array_insert_new(ends, 0,
				      json_pack("{s:{s:s, s:{s:{s:s}}, s:s}}", "match", "op", "in", "left", "ct", "key",
						"state", "right", "invalid"));
		add_chain_rule(commands, chain, dropped(ends), "invalid");
		return;
	}
	json_t *logged = json_copy(ends);
	json_array_append_new(logged, json_pack("{s:{s:i, s:s}}", "limit", "rate", 10, "per", "second"));
	json_array_append_new(logged, json_pack("{s:{s:s}}", "log", "prefix", "allowmap deny: "));
	add_chain_rule(commands, chain, logged, NULL);
	add_chain_rule(commands, chain, dropped(ends), "denied");
}

static void add_scopes(json_t *commands, const char *chain, const GArray *scopes, gboolean invalid)
{
	for (guint n = 0; n < scopes->len; n++) {
		const AmNftRule *scope = &g_array_index(scopes, AmNftRule, n);
		for (guint f = 0; f < AM_NFT_N_FAMILIES; f++)
			if (scope->has[f])
				add_scope(commands, chain, scope, f, invalid);
	}
}

static void add_default(json_t *commands, const char *chain, gboolean enforce)
{
	static const char format[] = "{s:{s:{s:s, s:s, s:s, s:[{s:{s:i, s:s}}, {s:{s:s}}]}}}";
	static const char last[] = "{s:{s:{s:s, s:s, s:s, s:[{s:n}, {s:n}], s:s}}}";
	json_array_append_new(commands, json_pack(format, "add", "rule", "family", "inet", "table", "allowmap", "chain",
						  chain, "expr", "limit", "rate", 10, "per", "second", "log", "prefix",
						  enforce ? "allowmap deny: " : "allowmap would deny: "));
	json_array_append_new(commands, json_pack(last, "add", "rule", "family", "inet", "table", "allowmap", "chain",
						  chain, "expr", "counter", enforce ? "drop" : "accept", "comment",
						  enforce ? "denied" : "would-be-denied"));
}

/* "@WHAT@" or "@WHAT CHAIN@" */
static void add_mark(json_t *commands, const AmNftTable *table, const char *mark)
{
	char chain[16] = "";
	const char *space = strchr(mark, ' ');
	if (space != NULL)
		g_strlcpy(chain, space + 1, MIN(sizeof chain, strlen(space + 1)));
	gboolean everywhere = table->options->enforce && table->scopes == NULL;
	gboolean invalid = g_str_has_prefix(mark, "@INVALID");
	if (table->scopes != NULL && (invalid || g_str_has_prefix(mark, "@DEFAULT")))
		add_scopes(commands, chain, table->scopes, invalid);
	if (g_str_has_prefix(mark, "@SETS"))
		add_sets(commands, table->sets);
	else if (g_str_has_prefix(mark, "@RULES"))
		add_rules(commands, table->rules);
	else if (g_str_has_prefix(mark, "@DEFAULT"))
		add_default(commands, chain, everywhere);
	else if (everywhere)
		add_invalid(commands, chain);
}

char *am_nftables_json(const AmNftTable *table)
{
	size_t size = 0;
	const char *bytes =
		am_embedded(table->options->host ? "data/nftables-host.json" : "data/nftables-router.json", &size);
	json_t *frame = json_loadb(bytes, size, 0, NULL);
	json_t *commands = json_array(), *item;
	size_t index;
	json_array_foreach(frame, index, item)
	{
		if (json_is_string(item))
			add_mark(commands, table, json_string_value(item));
		else
			json_array_append(commands, item);
	}
	json_decref(frame);
	json_t *document = json_pack("{s:o}", "nftables", commands);
	char *json = json_dumps(document, JSON_INDENT(1));
	json_decref(document);
	char *text = g_strconcat(json, "\n", NULL);
	free(json);
	return text;
}
