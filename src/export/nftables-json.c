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

static void add_sets(json_t *commands, const GArray *rules)
{
	g_autoptr(GArray) sets = am_nft_sets(rules);
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

static json_t *set_reference(const GArray *prefixes, uint8_t family)
{
	return json_sprintf("@%s", am_nft_set(prefixes, family).name);
}

/* The matches of both ends. */
static json_t *begin_rule(const AmFlatRule *flat, uint8_t family)
{
	const char *ip = family == 4 ? "ip" : "ip6";
	json_t *expression = json_array();
	if (flat->from == NULL && flat->to == NULL)
		json_array_append_new(expression, match(meta("nfproto"), json_string(family == 4 ? "ipv4" : "ipv6")));
	if (flat->from != NULL)
		json_array_append_new(expression, match(payload(ip, "saddr"), set_reference(flat->from, family)));
	if (flat->to != NULL)
		json_array_append_new(expression, match(payload(ip, "daddr"), set_reference(flat->to, family)));
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

static void add_port_rule(json_t *commands, const AmFlatRule *flat, uint8_t family)
{
	const AmService *service = &flat->rule->service;
	char protocol[8];
	json_t *expression = begin_rule(flat, family);
	if (service->ports->len == 0)
		json_array_append_new(expression, match(meta("l4proto"), json_integer(service->ip_protocol)));
	else
		json_array_append_new(expression,
				      match(payload(am_protocol_text(service->ip_protocol, protocol), "dport"),
					    port_set(service->ports)));
	end_rule(commands, expression, flat->rule);
}

static void add_icmp_rules(json_t *commands, const AmFlatRule *flat, uint8_t family)
{
	const AmService *service = &flat->rule->service;
	char protocol[8];
	const char *name = am_protocol_text(service->ip_protocol, protocol);
	for (guint n = 0; n < service->types->len; n++) {
		const AmIcmpType *type = &g_array_index(service->types, AmIcmpType, n);
		json_t *expression = begin_rule(flat, family);
		json_array_append_new(expression, match(payload(name, "type"), json_integer(type->type)));
		if (type->code >= 0)
			json_array_append_new(expression, match(payload(name, "code"), json_integer(type->code)));
		end_rule(commands, expression, flat->rule);
	}
}

static void add_rules(json_t *commands, const GArray *rules)
{
	for (guint n = 0; n < rules->len; n++) {
		const AmFlatRule *flat = &g_array_index(rules, AmFlatRule, n);
		for (uint8_t family = 4; family <= 6; family += 2) {
			if (!am_nft_has_family(flat, family))
				continue;
			if (flat->rule->service.types->len > 0)
				add_icmp_rules(commands, flat, family);
			else
				add_port_rule(commands, flat, family);
		}
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

char *am_nftables_json(const GArray *rules, const AmExportOptions *options)
{
	size_t size = 0;
	const char *bytes = am_embedded(options->host ? "data/nftables-host.json" : "data/nftables-router.json", &size);
	json_t *frame = json_loadb(bytes, size, 0, NULL);
	json_t *commands = json_array(), *item;
	size_t index;
	json_array_foreach(frame, index, item)
	{
		const char *mark = json_string_value(item);
		if (mark == NULL)
			json_array_append(commands, item);
		else if (strcmp(mark, "@SETS@") == 0)
			add_sets(commands, rules);
		else if (strcmp(mark, "@RULES@") == 0)
			add_rules(commands, rules);
		else
			add_default(commands,
				    strncmp(mark, "@DEFAULT forward", 16) == 0 ? "forward"
				    : strncmp(mark, "@DEFAULT input", 14) == 0 ? "input"
									       : "output",
				    options->enforce);
	}
	json_decref(frame);
	json_t *document = json_pack("{s:o}", "nftables", commands);
	char *json = json_dumps(document, JSON_INDENT(1));
	json_decref(document);
	char *text = g_strconcat(json, "\n", NULL);
	free(json);
	return text;
}
