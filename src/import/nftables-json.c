/* The JSON form of our nftables export, read back command by command against its frame, data/nftables-*.json: a command of
 * the frame must stand there as it is; where the frame has a mark, sets, rules or the end of a chain are read. Any other
 * command is an error with its place. */
#include "config.h"

#include "nftables.h"

#include "allowmap/model/packet.h"

#include <jansson.h>
#include <string.h>

typedef struct {
	AmNftReader *reader;
	json_t *commands;
	size_t at;
	int enforce;       /* -1 = not known yet; AM_NFT_LOG, _DENY, _DENY_SCOPES */
	GPtrArray *scopes; /* AmNftParsedScope *: where it denies, the same in all chains; NULL = not read yet */
} JsonReader;

static json_t *command_of(const JsonReader *json)
{
	return json_array_get(json->commands, json->at);
}

/* Does the object have just these members, all there? Missing ones are NULL in the end. */
static gboolean has_only(json_t *object, size_t n)
{
	return json_is_object(object) && json_object_size(object) == n;
}

static gboolean is_string(json_t *value, const char *text)
{
	return json_is_string(value) && json_string_length(value) == strlen(text) &&
	       strcmp(json_string_value(value), text) == 0;
}

/* The value of the only member of `object`, if that has this name. */
static json_t *only(json_t *object, const char *name)
{
	return has_only(object, 1) ? json_object_get(object, name) : NULL;
}

static gboolean is_ours(json_t *object)
{
	return is_string(json_object_get(object, "family"), "inet") &&
	       is_string(json_object_get(object, "table"), "allowmap");
}

static gboolean take_number(json_t *value, json_int_t most, json_int_t *ret_number)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > most)
		return FALSE;
	*ret_number = json_integer_value(value);
	return TRUE;
}

/* "10.0.0.1", or {"prefix": {"addr": "10.0.0.0", "len": 8}} */
static gboolean read_element(AmPolicyGroup *set, uint8_t family, json_t *element)
{
	if (json_is_string(element))
		return strchr(json_string_value(element), '/') == NULL &&
		       am_nft_add_prefix(set, family, json_string_value(element), json_string_length(element));
	json_t *prefix = only(element, "prefix");
	json_t *address = json_object_get(prefix, "addr");
	json_int_t length;
	if (!has_only(prefix, 2) || !json_is_string(address) || json_string_length(address) >= AM_ADDRESS_TEXT_SIZE ||
	    !take_number(json_object_get(prefix, "len"), 128, &length))
		return FALSE;
	g_autofree char *text = g_strdup_printf("%s/%d", json_string_value(address), (int)length);
	return am_nft_add_prefix(set, family, text, strlen(text));
}

static gboolean read_set(JsonReader *json, json_t *set)
{
	json_t *name = json_object_get(set, "name"), *type = json_object_get(set, "type"), *element;
	json_t *flags = json_object_get(set, "flags"), *elements = json_object_get(set, "elem");
	uint8_t family = is_string(type, "ipv4_addr") ? 4 : is_string(type, "ipv6_addr") ? 6 : 0;
	if (!has_only(set, 6) || !is_ours(set) || !json_is_string(name) || family == 0 || json_array_size(flags) != 1 ||
	    !is_string(json_array_get(flags, 0), "interval") || json_array_size(elements) == 0)
		return FALSE;
	AmPolicyGroup *group = am_nft_add_set(json->reader, json_string_value(name), json_string_length(name), family);
	size_t index;
	json_array_foreach(elements, index, element)
	{
		if (group == NULL || !read_element(group, family, element))
			return FALSE;
	}
	return group != NULL;
}

/* The right side of {"match": {"op": "==", "left": LEFT, "right": ...}}, if LEFT is the field of that name: "ip saddr",
 * "meta l4proto". */
static json_t *match_of(json_t *expression, size_t at, const char *first, const char *second)
{
	json_t *match = only(json_array_get(expression, at), "match");
	json_t *left = json_object_get(match, "left"), *right = json_object_get(match, "right");
	if (!has_only(match, 3) || !is_string(json_object_get(match, "op"), "=="))
		return NULL;
	if (strcmp(first, "meta") == 0) {
		json_t *meta = only(left, "meta");
		return has_only(meta, 1) && is_string(json_object_get(meta, "key"), second) ? right : NULL;
	}
	json_t *payload = only(left, "payload");
	gboolean same = has_only(payload, 2) && is_string(json_object_get(payload, "protocol"), first) &&
			is_string(json_object_get(payload, "field"), second);
	return same ? right : NULL;
}

/* The name in "@name". */
static const char *reference(json_t *value)
{
	const char *text = json_is_string(value) ? json_string_value(value) : "";
	return text[0] == '@' && strlen(text) == json_string_length(value) ? text + 1 : NULL;
}

/* Both ends; *at steps over what was read. */
static gboolean read_ends(json_t *expression, size_t *at, AmNftParsedRule *rule)
{
	json_t *family = match_of(expression, 0, "meta", "nfproto");
	if (family != NULL) {
		rule->family = is_string(family, "ipv4") ? 4 : is_string(family, "ipv6") ? 6 : 0;
		*at = 1;
		return rule->family != 0;
	}
	for (rule->family = 4; rule->family <= 6; rule->family += 2) {
		const char *ip = rule->family == 4 ? "ip" : "ip6";
		json_t *value = match_of(expression, *at, ip, "saddr");
		if (value != NULL && (rule->from = reference(value)) == NULL)
			return FALSE;
		*at += value != NULL;
		value = match_of(expression, *at, ip, "daddr");
		if (value != NULL && (rule->to = reference(value)) == NULL)
			return FALSE;
		*at += value != NULL;
		if (*at > 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean read_ports(AmNftReader *reader, json_t *value, GArray *ports)
{
	json_t *items = only(value, "set"), *item;
	size_t index;
	json_array_foreach(items, index, item)
	{
		json_t *range = json_is_object(item) ? only(item, "range") : NULL;
		json_int_t low, high;
		if (range != NULL && json_array_size(range) != 2)
			return FALSE;
		if (!take_number(range != NULL ? json_array_get(range, 0) : item, UINT16_MAX, &low) ||
		    !take_number(range != NULL ? json_array_get(range, 1) : item, UINT16_MAX, &high))
			return FALSE;
		if (!am_nft_add_ports(reader, ports, (guint)low, (guint)high))
			return FALSE;
	}
	return json_array_size(items) > 0;
}

static gboolean read_icmp(json_t *expression, size_t *at, const char *name, AmNftParsedRule *rule)
{
	json_int_t type, code;
	if (!take_number(match_of(expression, *at, name, "type"), 255, &type))
		return FALSE;
	rule->has_type = TRUE;
	rule->type = (AmIcmpType){(uint8_t)type, -1};
	json_t *value = match_of(expression, ++*at, name, "code");
	if (value == NULL)
		return TRUE;
	if (!take_number(value, 255, &code))
		return FALSE;
	rule->type.code = (int16_t)code;
	++*at;
	return TRUE;
}

static gboolean read_service(AmNftReader *reader, json_t *expression, size_t *at, AmNftParsedRule *rule, GArray *ports)
{
	static const struct {
		const char *name;
		uint8_t ip_protocol;
	} names[] = {{"tcp", AM_PROTO_TCP}, {"udp", AM_PROTO_UDP}, {"sctp", AM_PROTO_SCTP}};
	json_t *value = match_of(expression, *at, "meta", "l4proto");
	json_int_t number;
	if (value != NULL) {
		++*at;
		gboolean ok = take_number(value, 255, &number);
		rule->ip_protocol = (uint8_t)(ok ? number : 0);
		return ok;
	}
	for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
		value = match_of(expression, *at, names[n].name, "dport");
		if (value == NULL)
			continue;
		++*at;
		rule->ip_protocol = names[n].ip_protocol;
		rule->ports = ports;
		return read_ports(reader, value, ports);
	}
	gboolean is_v4 = match_of(expression, *at, "icmp", "type") != NULL;
	rule->ip_protocol = is_v4 ? AM_PROTO_ICMP : AM_PROTO_ICMPV6;
	return read_icmp(expression, at, is_v4 ? "icmp" : "icmpv6", rule);
}

static gboolean read_rule(JsonReader *json, json_t *rule)
{
	json_t *expression = json_object_get(rule, "expr"), *comment = json_object_get(rule, "comment");
	g_autoptr(GArray) ports = g_array_new(FALSE, FALSE, sizeof(AmPortRange));
	AmNftParsedRule parsed = {.family = 0};
	size_t at = 0;
	if (!has_only(rule, 5) || !is_ours(rule) || !is_string(json_object_get(rule, "chain"), "permitted") ||
	    !json_is_string(comment) || strlen(json_string_value(comment)) != json_string_length(comment))
		return FALSE;
	parsed.id = json_string_value(comment);
	return read_ends(expression, &at, &parsed) && read_service(json->reader, expression, &at, &parsed, ports) &&
	       json_array_size(expression) == at + 2 && json_is_null(only(json_array_get(expression, at), "counter")) &&
	       json_is_null(only(json_array_get(expression, at + 1), "accept")) &&
	       am_nft_add_rule(json->reader, &parsed);
}

/* The same in all chains. */
static gboolean set_enforce(JsonReader *json, int enforce)
{
	gboolean ok = json->enforce < 0 || json->enforce == enforce;
	json->enforce = enforce;
	return ok;
}

/* Takes the command if it is a rule of this chain with this expression and comment (NULL = none), given as JSON text. */
static gboolean take_rule(JsonReader *json, const char *chain, const char *expression, const char *comment)
{
	json_t *expected = json_loads(expression, 0, NULL);
	json_t *rule = json_pack("{s:s, s:s, s:s, s:o, s:s*}", "family", "inet", "table", "allowmap", "chain", chain,
				 "expr", expected, "comment", comment);
	json_t *command = json_pack("{s:{s:o}}", "add", "rule", rule);
	gboolean same = command != NULL && json_equal(command, command_of(json));
	json_decref(command);
	json->at += same;
	return same;
}

static const char is_invalid[] = "{\"match\": {\"op\": \"in\", \"left\": {\"ct\": {\"key\": \"state\"}}, \"right\": "
				 "\"invalid\"}}";

/* The rule for one scope: what is `before` its ends, and `after` them. Names of sets need no escapes. */
static gboolean take_scope_rule(JsonReader *json, const char *chain, const char *before, const AmNftParsedScope *scope,
				const char *after, const char *comment)
{
	static const char end[] =
		"{\"match\": {\"op\": \"==\", \"left\": {\"payload\": {\"protocol\": \"%s\", \"field\": "
		"\"%s\"}}, \"right\": \"@%s\"}}";
	const char *ip = scope->family == 4 ? "ip" : "ip6";
	g_autoptr(GString) expression = g_string_new("[");
	g_string_append_printf(expression, "%s%s", before, before[0] != '\0' ? ", " : "");
	g_string_append_printf(expression, end, ip, "saddr", scope->from);
	g_string_append(expression, ", ");
	g_string_append_printf(expression, end, ip, "daddr", scope->to);
	g_string_append_printf(expression, ", %s]", after);
	return take_rule(json, chain, expression->str, comment);
}

static const char counted_drop[] = "{\"counter\": null}, {\"drop\": null}";

static gboolean read_scope_defaults(JsonReader *json, const char *chain)
{
	static const char logged[] =
		"{\"limit\": {\"rate\": 10, \"per\": \"second\"}}, {\"log\": {\"prefix\": \"allowmap deny: \"}}";
	for (guint n = 0; json->scopes != NULL && n < json->scopes->len; n++) {
		const AmNftParsedScope *scope = json->scopes->pdata[n];
		if (!take_scope_rule(json, chain, "", scope, logged, NULL) ||
		    !take_scope_rule(json, chain, "", scope, counted_drop, "denied"))
			return FALSE;
	}
	return TRUE;
}

static gboolean read_default(JsonReader *json, const char *chain)
{
	static const char limit[] = "{\"limit\": {\"rate\": 10, \"per\": \"second\"}}";
	g_autofree char *deny = g_strdup_printf("[%s, {\"log\": {\"prefix\": \"allowmap deny: \"}}]", limit);
	g_autofree char *would = g_strdup_printf("[%s, {\"log\": {\"prefix\": \"allowmap would deny: \"}}]", limit);
	if (take_rule(json, chain, deny, NULL))
		return take_rule(json, chain, "[{\"counter\": null}, {\"drop\": null}]", "denied") &&
		       set_enforce(json, AM_NFT_DENY);
	gboolean scoped = json->scopes != NULL && json->scopes->len > 0;
	return read_scope_defaults(json, chain) && take_rule(json, chain, would, NULL) &&
	       take_rule(json, chain, "[{\"counter\": null}, {\"accept\": null}]", "would-be-denied") &&
	       set_enforce(json, scoped ? AM_NFT_DENY_SCOPES : AM_NFT_LOG);
}

/* The scope whose invalid packets are dropped by the command here, as far as it is one; NULL when it is another command. The
 * command is compared whole with what it must be. */
static AmNftParsedScope *scope_here(const JsonReader *json)
{
	json_t *rule = only(only(command_of(json), "add"), "rule");
	json_t *expression = json_object_get(rule, "expr");
	if (!is_string(json_object_get(rule, "comment"), "invalid"))
		return NULL;
	for (uint8_t family = 4; family <= 6; family += 2) {
		const char *ip = family == 4 ? "ip" : "ip6";
		const char *from = reference(match_of(expression, 1, ip, "saddr"));
		const char *to = reference(match_of(expression, 2, ip, "daddr"));
		if (from == NULL || to == NULL || !g_hash_table_contains(json->reader->sets, from) ||
		    !g_hash_table_contains(json->reader->sets, to))
			continue;
		AmNftParsedScope *scope = g_new0(AmNftParsedScope, 1);
		*scope = (AmNftParsedScope){family, g_strdup(from), g_strdup(to)};
		return scope;
	}
	return NULL;
}

static gboolean read_invalid(JsonReader *json, const char *chain)
{
	g_autofree char *everywhere = g_strdup_printf("[%s, %s]", is_invalid, counted_drop);
	if (take_rule(json, chain, everywhere, "invalid"))
		return set_enforce(json, AM_NFT_DENY);
	for (guint n = 0; json->scopes != NULL && n < json->scopes->len; n++)
		if (!take_scope_rule(json, chain, is_invalid, json->scopes->pdata[n], counted_drop, "invalid"))
			return FALSE;
	if (json->scopes == NULL) {
		json->scopes = am_nft_scopes_new();
		for (AmNftParsedScope *scope; (scope = scope_here(json)) != NULL;) {
			g_ptr_array_add(json->scopes, scope);
			if (!take_scope_rule(json, chain, is_invalid, scope, counted_drop, "invalid"))
				return FALSE;
		}
	}
	return set_enforce(json, json->scopes->len > 0 ? AM_NFT_DENY_SCOPES : AM_NFT_LOG);
}

static gboolean read_sets(JsonReader *json)
{
	for (json_t *set; (set = only(only(command_of(json), "add"), "set")) != NULL; json->at++) {
		if (!read_set(json, set))
			return FALSE;
	}
	return TRUE;
}

static gboolean read_rules(JsonReader *json)
{
	for (json_t *rule; (rule = only(only(command_of(json), "add"), "rule")) != NULL; json->at++) {
		if (!read_rule(json, rule))
			return FALSE;
	}
	return TRUE;
}

/* "@WHAT@" or "@WHAT CHAIN@" */
static gboolean read_mark(JsonReader *json, const char *mark)
{
	char chain[16] = "";
	const char *space = strchr(mark, ' ');
	if (space != NULL)
		g_strlcpy(chain, space + 1, MIN(sizeof chain, strlen(space + 1)));
	if (g_str_has_prefix(mark, "@SETS"))
		return read_sets(json);
	if (g_str_has_prefix(mark, "@RULES"))
		return read_rules(json);
	return g_str_has_prefix(mark, "@INVALID") ? read_invalid(json, chain) : read_default(json, chain);
}

static gboolean read_frame(JsonReader *json, const char *path)
{
	size_t size = 0, index;
	const char *bytes = am_embedded(path, &size);
	json_t *frame = json_loadb(bytes, size, 0, NULL), *item;
	gboolean ok = TRUE;
	json_array_foreach(frame, index, item)
	{
		if (json_is_string(item)) {
			ok = read_mark(json, json_string_value(item));
		} else {
			ok = json_equal(item, command_of(json));
			json->at += ok;
		}
		if (!ok)
			break;
	}
	json_decref(frame);
	return ok && json->at == json_array_size(json->commands);
}

/* A host's table has an input chain. */
static gboolean is_host(json_t *commands)
{
	json_t *command;
	size_t index;
	json_array_foreach(commands, index, command)
	{
		json_t *chain = only(only(command, "add"), "chain");
		if (chain != NULL && is_string(json_object_get(chain, "name"), "input"))
			return TRUE;
	}
	return FALSE;
}

AmPolicy *am_import_nftables_json(const char *text, size_t size, GError **error)
{
	json_error_t failure;
	json_t *document = json_loadb(text, size, JSON_REJECT_DUPLICATES, &failure);
	if (document == NULL) {
		char message[JSON_ERROR_TEXT_LENGTH];
		am_text_safe(message, sizeof message, failure.text, strlen(failure.text));
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "the nftables JSON, line %d: %s",
			    failure.line, message);
		return NULL;
	}
	AmNftReader reader;
	am_nft_reader_init(&reader);
	JsonReader json = {.reader = &reader, .commands = only(document, "nftables"), .enforce = -1};
	gboolean host = is_host(json.commands);
	AmPolicy *policy = NULL;
	if (read_frame(&json, host ? "data/nftables-host.json" : "data/nftables-router.json") &&
	    am_nft_finish(&reader, json.enforce, json.scopes)) {
		policy = g_steal_pointer(&reader.policy);
	} else {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "the nftables JSON is not understood at nftables[%zu]%s", json.at, reader.why);
	}
	am_nft_reader_clear(&reader);
	g_clear_pointer(&json.scopes, g_ptr_array_unref);
	json_decref(document);
	return policy;
}
