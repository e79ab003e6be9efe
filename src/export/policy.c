/* The canonical policy document as JSON text, by the names of data/policy.schema.json. Fed with a canonical policy; the same
 * policy gives the same bytes: properties in the schema's order, one line for each member and each property of a rule, so
 * that the difference between two documents can be read. Optional properties are written only when they say something. */
#include "config.h"

#include "allowmap/export.h"

#include <jansson.h>
#include <string.h>

#define FORMAT_VERSION 1

static void put(json_t *object, const char *key, json_t *value)
{
	int failed = json_object_set_new(object, key, value);
	g_assert(failed == 0); /* memory, or text that is no UTF-8: safe_text() sees to that */
}

static void append(json_t *array, json_t *value)
{
	int failed = json_array_append_new(array, value);
	g_assert(failed == 0);
}

/* JSON has no other text than UTF-8; control characters are escaped, so they may stay. */
static json_t *safe_text(const char *text)
{
	size_t size = strlen(text);
	if (g_utf8_validate(text, (gssize)size, NULL))
		return json_stringn(text, size);
	g_autofree char *safe = g_malloc(size + 1);
	am_text_safe(safe, size + 1, text, size);
	return json_string(safe);
}

static void put_text(json_t *object, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0')
		put(object, key, safe_text(text));
}

static void put_time(json_t *object, const char *key, int64_t ns)
{
	char text[AM_TIME_TEXT_SIZE];
	if (ns != 0)
		put(object, key, json_string(am_time_text(ns, text)));
}

static json_t *count(uint64_t value)
{
	return json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX));
}

static json_t *prefix_json(const AmPrefix *prefix)
{
	g_autofree char *text = am_prefix_text(prefix);
	return json_string(text);
}

static json_t *input_json(const AmInput *input)
{
	json_t *object = json_object();
	put(object, "kind", json_string(am_input_kind_name(input->kind)));
	put_text(object, "path", input->path);
	put_text(object, "sha256", input->sha256);
	put(object, "size", count(input->size));
	put(object, "records", count(input->records));
	put_time(object, "first", input->first_ns);
	put_time(object, "last", input->last_ns);
	if (input->cut)
		put(object, "cut", json_true());
	return object;
}

static json_t *generated_json(const AmPolicy *policy)
{
	json_t *object = json_object(), *inputs = json_array();
	put(object, "tool", json_string("allowmap"));
	put_text(object, "tool_version", policy->tool_version);
	put_time(object, "at", policy->generated_ns);
	put(object, "granularity", json_string(policy->granularity == AM_GRANULARITY_EXACT ? "exact" : "group"));
	put_text(object, "map_revision", policy->map_revision);
	put(object, "undecided", count(policy->undecided));
	for (guint n = 0; n < policy->inputs->len; n++)
		append(inputs, input_json(&g_array_index(policy->inputs, AmInput, n)));
	put(object, "inputs", inputs);
	json_t *taps = policy->missing_taps->len > 0 ? json_array() : NULL;
	for (guint n = 0; n < policy->missing_taps->len; n++)
		append(taps, safe_text(policy->missing_taps->pdata[n]));
	if (taps != NULL)
		put(object, "missing_taps", taps);
	return object;
}

static json_t *prefixes_json(const GArray *prefixes)
{
	json_t *list = json_array();
	for (guint n = 0; n < prefixes->len; n++)
		append(list, prefix_json(&g_array_index(prefixes, AmPrefix, n)));
	return list;
}

static json_t *visible_json(const GPtrArray *scopes)
{
	json_t *list = json_array();
	for (guint n = 0; n < scopes->len; n++) {
		const AmScope *scope = scopes->pdata[n];
		json_t *object = json_object();
		put_text(object, "network", scope->network);
		put(object, "from", prefixes_json(scope->from));
		put(object, "to", prefixes_json(scope->to));
		append(list, object);
	}
	return list;
}

static json_t *group_json(const AmPolicyGroup *group)
{
	json_t *object = json_object(), *members = json_array();
	put_text(object, "label", group->label);
	put_text(object, "network", group->network);
	for (guint n = 0; n < group->members->len; n++) {
		json_t *member = json_object();
		put(member, "cidr", prefix_json(&g_array_index(group->members, AmPrefix, n)));
		append(members, member);
	}
	put(object, "members", members);
	put_text(object, "owner", group->owner);
	put_text(object, "application", group->application);
	put_text(object, "site", group->site);
	return object;
}

static json_t *peer_json(const AmPeer *peer)
{
	json_t *object = json_object();
	if (peer->any) {
		put(object, "any", json_true());
		return object;
	}
	json_t *groups = json_array(), *cidrs = json_array();
	for (guint n = 0; n < peer->groups->len; n++)
		append(groups, safe_text(peer->groups->pdata[n]));
	for (guint n = 0; n < peer->prefixes->len; n++)
		append(cidrs, prefix_json(&g_array_index(peer->prefixes, AmPrefix, n)));
	if (peer->groups->len > 0)
		put(object, "groups", groups);
	else
		json_decref(groups);
	if (peer->prefixes->len > 0)
		put(object, "cidrs", cidrs);
	else
		json_decref(cidrs);
	return object;
}

static json_t *service_json(const AmService *service)
{
	char name[8];
	json_t *object = json_object(), *list = json_array();
	gboolean has_ports = service->ports->len > 0;
	if (!has_ports && service->types->len == 0) {
		put(object, "proto_number", json_integer(service->ip_protocol));
		json_decref(list);
		return object;
	}
	put(object, "proto", json_string(am_protocol_text(service->ip_protocol, name)));
	for (guint n = 0; n < service->ports->len; n++) {
		const AmPortRange *range = &g_array_index(service->ports, AmPortRange, n);
		json_t *pair = json_array();
		append(pair, json_integer(range->low));
		append(pair, json_integer(range->high));
		append(list, pair);
	}
	for (guint n = 0; !has_ports && n < service->types->len; n++) {
		const AmIcmpType *type = &g_array_index(service->types, AmIcmpType, n);
		json_t *entry = json_object();
		put(entry, "type", json_integer(type->type));
		if (type->code >= 0)
			put(entry, "code", json_integer(type->code));
		append(list, entry);
	}
	put(object, has_ports ? "ports" : "types", list);
	return object;
}

static json_t *evidence_json(const AmRuleEvidence *evidence)
{
	json_t *object = json_object();
	put(object, "flows", count(evidence->connections));
	put(object, "edges", count(evidence->edges));
	put(object, "bytes", count(evidence->bytes));
	put_time(object, "first", evidence->first_ns);
	put_time(object, "last", evidence->last_ns);
	put(object, "days_seen", count(evidence->days));
	put(object, "direction", json_string(am_direction_name(evidence->direction)));
	put_text(object, "l7", evidence->l7);
	if (evidence->l7[0] != '\0')
		put(object, "app_confidence", json_string(am_l7_confidence_name(evidence->l7_confidence)));
	put_text(object, "related_to", am_related_name((AmRelatedKind)evidence->related));
	if (evidence->client != AM_CLIENT_UNKNOWN)
		put(object, "client", json_string(am_client_view_name((AmClientView)evidence->client)));
	return object;
}

static json_t *rule_json(const AmRule *rule)
{
	static const char *const statuses[] = {"proposed", "approved", "rejected", "expired"};
	static const char *const origins[] = {"observed", "declared", "imported"};
	json_t *object = json_object();
	put(object, "id", json_string(rule->id));
	put(object, "action", json_string("allow"));
	put(object, "from", peer_json(&rule->from));
	put(object, "to", peer_json(&rule->to));
	put(object, "service", service_json(&rule->service));
	put(object, "status", json_string(statuses[rule->status]));
	put(object, "origin", json_string(origins[rule->origin]));
	if (rule->explicit_approval)
		put(object, "explicit_approval", json_true());
	put(object, "over_grant", count(rule->over_grant));
	if (rule->over_grant_unseen > 0)
		put(object, "over_grant_unseen", count(rule->over_grant_unseen));
	if (rule->evidence.edges > 0 || rule->evidence.connections > 0)
		put(object, "evidence", evidence_json(&rule->evidence));
	put_text(object, "owner", rule->owner);
	put_text(object, "reason", rule->reason);
	put_text(object, "ticket", rule->ticket);
	put_time(object, "expires", rule->expires_ns);
	put_text(object, "comment", rule->comment);
	return object;
}

static int append_bytes(const char *bytes, size_t size, void *out)
{
	g_string_append_len(out, bytes, (gssize)size);
	return 0;
}

static void begin_line(GString *out, guint depth)
{
	g_string_append_printf(out, "\n%*s", (int)depth, "");
}

/* Containers are opened up to single rules and groups, and members always; what is inside them is one line. */
static void write_value(GString *out, const json_t *value, guint depth, gboolean open)
{
	size_t n_values = json_is_array(value) ? json_array_size(value) : json_object_size(value);
	if (n_values == 0 || !(open || depth < 3)) {
		int failed = json_dump_callback(value, append_bytes, out, JSON_ENCODE_ANY);
		g_assert(failed == 0);
		return;
	}
	const char *separator = "", *key;
	json_t *child;
	size_t index;
	g_string_append_c(out, json_is_array(value) ? '[' : '{');
	json_array_foreach(value, index, child)
	{
		g_string_append(out, separator);
		begin_line(out, depth + 1);
		write_value(out, child, depth + 1, FALSE);
		separator = ",";
	}
	json_object_foreach((json_t *)value, key, child)
	{
		g_string_append(out, separator);
		begin_line(out, depth + 1);
		g_string_append_printf(out, "\"%s\": ", key);
		write_value(out, child, depth + 1, strcmp(key, "members") == 0);
		separator = ",";
	}
	begin_line(out, depth);
	g_string_append_c(out, json_is_array(value) ? ']' : '}');
}

char *am_export_policy(const AmPolicy *policy)
{
	static const char *const defaults[] = {"deny", "deny-log", "monitor"};
	json_t *document = json_object(), *groups = json_object(), *rules = json_array();
	put(document, "format", json_string("allowmap-policy"));
	put(document, "version", json_integer(FORMAT_VERSION));
	put(document, "generated", generated_json(policy));
	put(document, "default", json_string(defaults[policy->default_action]));
	if (policy->visible != NULL)
		put(document, "visible", visible_json(policy->visible));
	for (guint n = 0; n < policy->groups->len; n++) {
		const AmPolicyGroup *group = policy->groups->pdata[n];
		put(groups, group->name, group_json(group));
	}
	for (guint n = 0; n < policy->rules->len; n++)
		append(rules, rule_json(policy->rules->pdata[n]));
	put(document, "groups", groups);
	put(document, "rules", rules);
	GString *out = g_string_new(NULL);
	write_value(out, document, 0, TRUE);
	g_string_append_c(out, '\n');
	json_decref(document);
	return g_string_free(out, FALSE);
}
