/* Reads the canonical policy document, by data/policy.schema.json, and more strictly: groups must exist, address blocks have
 * no host bits, ranges must not end before they begin, no property occurs twice, and what this version cannot hold is
 * refused, so that reading and writing a document never loses what it says. Each error names its place in the document.
 *
 * Fed with files that people and other tools wrote: nothing in them is trusted. Size is bounded here, depth by jansson. */
#include "config.h"

#include "policy-json.h"

#include <string.h>

#define FORMAT_VERSION 1
#define MAX_SIZE (256u << 20)

/* ^[a-z][a-z0-9]{0,11}(-[a-z0-9]{1,8}){0,2}$ */
static gboolean is_group_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t part = strspn(name, letters);
	if (!g_ascii_islower(name[0]) || part > 12)
		return FALSE;
	for (int n = 0; n < 2 && name[part] == '-'; n++) {
		name += part + 1;
		part = strspn(name, letters);
		if (part < 1 || part > 8)
			return FALSE;
	}
	return name[part] == '\0';
}

static gboolean read_input(AmJsonPlace *place, const json_t *value, GArray *inputs)
{
#define NAME(id, name) name,
	static const char *const kinds[] = {AM_INPUT_KINDS(NAME) NULL};
#undef NAME
	AmInput input = {0};
	int kind = -1;
	int64_t size = 0, records = 0;
	g_autofree char *path = NULL, *sha256 = NULL;
	if (!am_json_check_object(place, value,
				  NAMES("kind", "path", "sha256", "size", "records", "first", "last", "cut"), NULL) ||
	    !am_json_get_choice(place, value, "kind", kinds, &kind) ||
	    !am_json_get_text(place, value, "path", 4096, &path) ||
	    !am_json_get_text(place, value, "sha256", 64, &sha256) ||
	    !am_json_get_integer(place, value, "size", INT64_MAX, &size) ||
	    !am_json_get_integer(place, value, "records", INT64_MAX, &records) ||
	    !am_json_get_time(place, value, "first", &input.first_ns) ||
	    !am_json_get_time(place, value, "last", &input.last_ns))
		return FALSE;
	if (kind < 0)
		return am_json_fail(place, "\"kind\" is missing");
	const json_t *cut = json_object_get(value, "cut");
	if (cut != NULL && !json_is_boolean(cut))
		return am_json_fail(place, "\"cut\" must be true or false");
	if (sha256 != NULL && (strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64))
		return am_json_fail(place, "\"sha256\" must be 64 hexadecimal digits");
	input.kind = (AmInputKind)kind;
	input.size = (uint64_t)size;
	input.records = (uint64_t)records;
	input.cut = json_is_true(cut);
	g_strlcpy(input.sha256, sha256 != NULL ? sha256 : "", sizeof input.sha256);
	input.path = g_steal_pointer(&path);
	g_array_append_val(inputs, input);
	return TRUE;
}

static gboolean read_generated(AmJsonPlace *place, const json_t *value, AmPolicy *policy)
{
	int granularity = AM_GRANULARITY_GROUP;
	int64_t undecided = 0;
	g_autofree char *tool = NULL, *revision = NULL;
	if (!am_json_check_object(place, value,
				  NAMES("tool", "tool_version", "at", "granularity", "map_revision", "undecided",
					"inputs", "missing_taps"),
				  NAMES("coverage")) ||
	    !am_json_get_text(place, value, "tool", 1000, &tool) ||
	    !am_json_get_text(place, value, "tool_version", 1000, &policy->tool_version) ||
	    !am_json_get_time(place, value, "at", &policy->generated_ns) ||
	    !am_json_get_choice(place, value, "granularity", NAMES("group", "exact"), &granularity) ||
	    !am_json_get_text(place, value, "map_revision", 16, &revision) ||
	    !am_json_get_integer(place, value, "undecided", INT64_MAX, &undecided))
		return FALSE;
	if (revision != NULL && (strlen(revision) != 16 || strspn(revision, "0123456789abcdef") != 16))
		return am_json_fail(place, "\"map_revision\" must be 16 hexadecimal digits");
	g_strlcpy(policy->map_revision, revision != NULL ? revision : "", sizeof policy->map_revision);
	policy->granularity = (AmGranularity)granularity;
	policy->undecided = (guint64)undecided;
	const json_t *inputs = json_object_get(value, "inputs");
	gsize at = am_json_enter(place, "inputs");
	if (inputs != NULL && !am_json_is_array(place, inputs))
		return FALSE;
	for (size_t n = 0; n < json_array_size(inputs); n++) {
		gsize at_input = am_json_enter_index(place, n);
		if (!read_input(place, json_array_get(inputs, n), policy->inputs))
			return FALSE;
		am_json_leave(place, at_input);
	}
	am_json_leave(place, at);
	return am_json_read_taps(place, json_object_get(value, "missing_taps"), policy->missing_taps);
}

static gboolean read_members(AmJsonPlace *place, const json_t *members, GArray *prefixes)
{
	gsize at = am_json_enter(place, "members");
	if (members == NULL)
		return am_json_fail(place, "is missing");
	if (!am_json_is_array(place, members))
		return FALSE;
	for (size_t n = 0; n < json_array_size(members); n++) {
		AmPrefix prefix;
		const json_t *member = json_array_get(members, n), *cidr = json_object_get(member, "cidr");
		gsize at_member = am_json_enter_index(place, n);
		if (!am_json_check_object(place, member, NAMES("cidr"),
					  NAMES("host", "fqdn", "selector", "namespace", "group")))
			return FALSE;
		if (cidr == NULL)
			return am_json_fail(place, "\"cidr\" is missing");
		am_json_enter(place, "cidr");
		if (!am_json_prefix(place, cidr, &prefix))
			return FALSE;
		g_array_append_val(prefixes, prefix);
		am_json_leave(place, at_member);
	}
	am_json_leave(place, at);
	return TRUE;
}

static gboolean read_group(AmJsonPlace *place, const char *name, const json_t *value, AmPolicy *policy)
{
	if (!is_group_name(name)) {
		g_autofree char *quoted = am_json_quote(name);
		return am_json_fail(
			place,
			"%s is not a group's name: a letter a-z, up to 11 more letters or digits, then up to "
			"two times a hyphen and up to 8 letters or digits",
			quoted);
	}
	gsize at = am_json_enter(place, name);
	AmPolicyGroup *group = am_policy_group_new(name);
	g_ptr_array_add(policy->groups, group);
	if (!am_json_check_object(place, value, NAMES("label", "network", "members", "owner", "application", "site"),
				  NAMES("native", "mode")) ||
	    !am_json_get_text(place, value, "label", 200, &group->label) ||
	    !am_json_get_text(place, value, "network", 64, &group->network) ||
	    !am_json_get_text(place, value, "owner", 200, &group->owner) ||
	    !am_json_get_text(place, value, "application", 200, &group->application) ||
	    !am_json_get_text(place, value, "site", 64, &group->site) ||
	    !read_members(place, json_object_get(value, "members"), group->members))
		return FALSE;
	if (group->network != NULL && group->network[0] == '\0')
		return am_json_fail(place, "\"network\" is empty; leave it out for the default network");
	am_json_leave(place, at);
	return TRUE;
}

static gboolean read_groups(AmJsonPlace *place, const json_t *value, AmPolicy *policy)
{
	const char *name;
	json_t *group;
	gsize at = am_json_enter(place, "groups");
	if (value == NULL)
		return am_json_fail(place, "is missing");
	if (!json_is_object(value))
		return am_json_fail(place, "must be an object");
	json_object_foreach((json_t *)value, name, group) if (!read_group(place, name, group, policy)) return FALSE;
	am_json_leave(place, at);
	return TRUE;
}

static gboolean read_peer_list(AmJsonPlace *place, const json_t *list, const json_t *groups, AmPeer *peer)
{
	if (list == NULL)
		return TRUE;
	gsize at = am_json_enter(place, groups != NULL ? "groups" : "cidrs");
	if (!am_json_is_array(place, list))
		return FALSE;
	for (size_t n = 0; n < json_array_size(list); n++) {
		AmPrefix prefix;
		const json_t *entry = json_array_get(list, n);
		gsize at_entry = am_json_enter_index(place, n);
		if (groups == NULL && !am_json_prefix(place, entry, &prefix))
			return FALSE;
		if (groups != NULL && !json_is_string(entry))
			return am_json_fail(place, "must be the name of a group");
		if (groups != NULL && json_object_get(groups, json_string_value(entry)) == NULL) {
			g_autofree char *quoted = am_json_quote(json_string_value(entry));
			return am_json_fail(place, "there is no group %s", quoted);
		}
		if (groups != NULL)
			g_ptr_array_add(peer->groups, g_strdup(json_string_value(entry)));
		else
			g_array_append_val(peer->prefixes, prefix);
		am_json_leave(place, at_entry);
	}
	am_json_leave(place, at);
	return TRUE;
}

static gboolean read_peer(AmJsonPlace *place, const json_t *rule, const char *key, const json_t *groups, AmPeer *peer)
{
	const json_t *value = json_object_get(rule, key);
	gsize at = am_json_enter(place, key);
	if (value == NULL)
		return am_json_fail(place, "is missing");
	if (!am_json_check_object(place, value, NAMES("groups", "cidrs", "any"), NULL))
		return FALSE;
	const json_t *any = json_object_get(value, "any");
	if (any != NULL && (!json_is_true(any) || json_object_size(value) != 1))
		return am_json_fail(place, "\"any\" can only be true, and stands alone");
	peer->any = any != NULL;
	if (!read_peer_list(place, json_object_get(value, "groups"), groups, peer) ||
	    !read_peer_list(place, json_object_get(value, "cidrs"), NULL, peer))
		return FALSE;
	if (!peer->any && peer->groups->len == 0 && peer->prefixes->len == 0)
		return am_json_fail(place, "names nobody; it needs groups, cidrs or any");
	am_json_leave(place, at);
	return TRUE;
}

static gboolean read_range(AmJsonPlace *place, const json_t *value, GArray *ports)
{
	int64_t low, high;
	if (!am_json_is_array(place, value))
		return FALSE;
	if (json_array_size(value) != 2)
		return am_json_fail(place, "must be two ports, the first and the last");
	if (!am_json_integer(place, json_array_get(value, 0), UINT16_MAX, &low) ||
	    !am_json_integer(place, json_array_get(value, 1), UINT16_MAX, &high))
		return FALSE;
	if (low > high)
		return am_json_fail(place, "%d-%d ends before it begins", (int)low, (int)high);
	AmPortRange range = {(uint16_t)low, (uint16_t)high};
	g_array_append_val(ports, range);
	return TRUE;
}

static gboolean read_type(AmJsonPlace *place, const json_t *value, GArray *types)
{
	int64_t type = -1, code = -1;
	if (!am_json_check_object(place, value, NAMES("type", "code"), NULL) ||
	    !am_json_get_integer(place, value, "type", UINT8_MAX, &type) ||
	    !am_json_get_integer(place, value, "code", UINT8_MAX, &code))
		return FALSE;
	if (type < 0)
		return am_json_fail(place, "\"type\" is missing");
	AmIcmpType entry = {(uint8_t)type, (int16_t)code};
	g_array_append_val(types, entry);
	return TRUE;
}

static gboolean read_service(AmJsonPlace *place, const json_t *value, AmService *service)
{
	static const uint8_t protocols[] = {6, 17, 132, 1, 58};
	int proto = -1;
	int64_t number = -1;
	gsize at = am_json_enter(place, "service");
	if (value == NULL)
		return am_json_fail(place, "is missing");
	if (!am_json_check_object(place, value, NAMES("proto", "ports", "types", "proto_number"), NAMES("src_ports")) ||
	    !am_json_get_choice(place, value, "proto", NAMES("tcp", "udp", "sctp", "icmp", "icmpv6"), &proto) ||
	    !am_json_get_integer(place, value, "proto_number", UINT8_MAX, &number))
		return FALSE;
	const char *key = proto < 3 ? "ports" : "types";
	const json_t *list = json_object_get(value, key);
	if (json_object_size(value) != (number >= 0 ? 1 : 2) || (number >= 0) == (proto >= 0) ||
	    (list == NULL && proto >= 0))
		return am_json_fail(place,
				    "must be proto with ports (tcp, udp, sctp), proto with types (icmp, icmpv6), or "
				    "proto_number");
	service->ip_protocol = number >= 0 ? (uint8_t)number : protocols[proto];
	am_json_enter(place, key);
	if (number < 0 && !am_json_is_array(place, list))
		return FALSE;
	if (number < 0 && json_array_size(list) == 0)
		return am_json_fail(place, "is empty");
	for (size_t n = 0; n < json_array_size(list); n++) {
		gsize at_entry = am_json_enter_index(place, n);
		const json_t *entry = json_array_get(list, n);
		if (!(proto < 3 ? read_range(place, entry, service->ports) : read_type(place, entry, service->types)))
			return FALSE;
		am_json_leave(place, at_entry);
	}
	am_json_leave(place, at);
	return TRUE;
}

static gboolean read_evidence(AmJsonPlace *place, const json_t *value, AmRuleEvidence *evidence)
{
	const char *directions[AM_N_DIRECTIONS + 1] = {0}, *confidences[AM_N_L7_CONFIDENCES + 1] = {0};
	const char *kinds[AM_N_RELATED_KINDS] = {0};
	for (int n = 1; n < AM_N_RELATED_KINDS; n++)
		kinds[n - 1] = am_related_name((AmRelatedKind)n);
	for (int n = 0; n < AM_N_DIRECTIONS; n++)
		directions[n] = am_direction_name((AmDirection)n);
	for (int n = 0; n < AM_N_L7_CONFIDENCES; n++)
		confidences[n] = am_l7_confidence_name((AmL7Confidence)n);
	const char *views[AM_N_CLIENT_VIEWS + 1] = {0};
	for (int n = 0; n < AM_N_CLIENT_VIEWS; n++)
		views[n] = am_client_view_name((AmClientView)n);
	int direction = 0, confidence = 0, related = AM_RELATED_NONE - 1, client = AM_CLIENT_UNKNOWN;
	int64_t flows = 0, bytes = 0, edges = 0, days = 0;
	g_autofree char *l7 = NULL;
	if (value == NULL)
		return TRUE;
	gsize at = am_json_enter(place, "evidence");
	if (!am_json_check_object(place, value,
				  NAMES("flows", "edges", "bytes", "first", "last", "days_seen", "direction", "l7",
					"app_confidence", "related_to", "client"),
				  NAMES("nat", "sources", "visibility", "capture_loss")) ||
	    !am_json_get_integer(place, value, "flows", INT64_MAX, &flows) ||
	    !am_json_get_integer(place, value, "edges", UINT32_MAX, &edges) ||
	    !am_json_get_integer(place, value, "bytes", INT64_MAX, &bytes) ||
	    !am_json_get_time(place, value, "first", &evidence->first_ns) ||
	    !am_json_get_time(place, value, "last", &evidence->last_ns) ||
	    !am_json_get_integer(place, value, "days_seen", UINT32_MAX, &days) ||
	    !am_json_get_choice(place, value, "direction", directions, &direction) ||
	    !am_json_get_text(place, value, "l7", sizeof evidence->l7 - 1, &l7) ||
	    !am_json_get_choice(place, value, "app_confidence", confidences, &confidence) ||
	    !am_json_get_choice(place, value, "related_to", kinds, &related) ||
	    !am_json_get_choice(place, value, "client", views, &client))
		return FALSE;
	if (l7 != NULL && strlen(l7) >= sizeof evidence->l7)
		return am_json_fail(place, "\"l7\" is too long");
	evidence->connections = (uint64_t)flows;
	evidence->edges = (uint32_t)edges;
	evidence->bytes = (uint64_t)bytes;
	evidence->days = (uint32_t)days;
	evidence->direction = (AmDirection)direction;
	evidence->l7_confidence = (uint8_t)confidence;
	evidence->related = (uint8_t)(related + 1);
	evidence->client = (uint8_t)client;
	g_strlcpy(evidence->l7, l7 != NULL ? l7 : "", sizeof evidence->l7);
	am_json_leave(place, at);
	return TRUE;
}

static gboolean read_id(AmJsonPlace *place, const json_t *rule, char ret_id[15])
{
	g_autofree char *id = NULL;
	if (!am_json_get_text(place, rule, "id", 1000, &id))
		return FALSE;
	if (id == NULL)
		return am_json_fail(place, "\"id\" is missing");
	if (strlen(id) != 14 || strncmp(id, "r-", 2) != 0 || strspn(id + 2, "0123456789abcdef") != 12) {
		g_autofree char *quoted = am_json_quote(id);
		return am_json_fail(place, "the id %s is not r- and 12 hexadecimal digits", quoted);
	}
	g_strlcpy(ret_id, id, 15);
	return TRUE;
}

static gboolean read_action(AmJsonPlace *place, const json_t *rule)
{
	int action = -1;
	if (!am_json_get_choice(place, rule, "action", NAMES("allow", "deny"), &action))
		return FALSE;
	if (action < 0)
		return am_json_fail(place, "\"action\" is missing");
	return action == 0 || am_json_fail(place, "the action \"deny\" is not supported by this version");
}

static gboolean read_rule(AmJsonPlace *place, const json_t *value, const json_t *groups, AmRule *rule)
{
	int status = AM_STATUS_PROPOSED, origin = AM_ORIGIN_OBSERVED;
	int64_t over_grant = 0, unseen = 0;
	if (!am_json_check_object(place, value,
				  NAMES("id", "action", "from", "to", "service", "status", "origin", "over_grant",
					"over_grant_unseen", "explicit_approval", "evidence", "owner", "reason",
					"ticket", "expires", "comment"),
				  NAMES("l7", "identity", "schedule")) ||
	    !read_id(place, value, rule->id) || !read_action(place, value) ||
	    !read_peer(place, value, "from", groups, &rule->from) ||
	    !read_peer(place, value, "to", groups, &rule->to) ||
	    !read_service(place, json_object_get(value, "service"), &rule->service) ||
	    !am_json_get_choice(place, value, "status", NAMES("proposed", "approved", "rejected", "expired"),
				&status) ||
	    !am_json_get_choice(place, value, "origin", NAMES("observed", "declared", "imported"), &origin) ||
	    !am_json_get_bool(place, value, "explicit_approval", &rule->explicit_approval) ||
	    !am_json_get_integer(place, value, "over_grant", INT64_MAX, &over_grant) ||
	    !am_json_get_integer(place, value, "over_grant_unseen", INT64_MAX, &unseen) ||
	    !read_evidence(place, json_object_get(value, "evidence"), &rule->evidence) ||
	    !am_json_get_text(place, value, "owner", 200, &rule->owner) ||
	    !am_json_get_text(place, value, "reason", 1000, &rule->reason) ||
	    !am_json_get_text(place, value, "ticket", 100, &rule->ticket) ||
	    !am_json_get_time(place, value, "expires", &rule->expires_ns) ||
	    !am_json_get_text(place, value, "comment", 1000, &rule->comment))
		return FALSE;
	rule->status = (AmRuleStatus)status;
	rule->origin = (AmRuleOrigin)origin;
	rule->over_grant = (uint64_t)over_grant;
	rule->over_grant_unseen = (uint64_t)unseen;
	return TRUE;
}

static gboolean read_rules(AmJsonPlace *place, const json_t *value, const json_t *groups, AmPolicy *policy)
{
	g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
	gsize at = am_json_enter(place, "rules");
	if (value == NULL)
		return am_json_fail(place, "is missing");
	if (!am_json_is_array(place, value))
		return FALSE;
	for (size_t n = 0; n < json_array_size(value); n++) {
		gsize at_rule = am_json_enter_index(place, n);
		AmRule *rule = am_rule_new();
		g_ptr_array_add(policy->rules, rule);
		if (!read_rule(place, json_array_get(value, n), groups, rule))
			return FALSE;
		if (!g_hash_table_add(ids, rule->id))
			return am_json_fail(place, "the id %s occurs twice", rule->id);
		am_json_leave(place, at_rule);
	}
	am_json_leave(place, at);
	return TRUE;
}

static gboolean read_document(AmJsonPlace *place, const json_t *document, AmPolicy *policy)
{
	const json_t *format = json_object_get(document, "format"), *version = json_object_get(document, "version");
	if (!json_is_string(format) || strcmp(json_string_value(format), "allowmap-policy") != 0)
		return am_json_fail(place, "this is not a policy document: its format is not \"allowmap-policy\"");
	if (!json_is_integer(version) || json_integer_value(version) < 1)
		return am_json_fail(place, "version: must be %d", FORMAT_VERSION);
	if (json_integer_value(version) > FORMAT_VERSION)
		return am_json_fail(place,
				    "version: %" JSON_INTEGER_FORMAT
				    " is newer than %d, the last that this allowmap reads; a newer "
				    "allowmap is needed",
				    json_integer_value(version), FORMAT_VERSION);
	int action = -1;
	if (!am_json_check_object(place, document,
				  NAMES("format", "version", "generated", "default", "visible", "groups", "rules"),
				  NULL) ||
	    !am_json_get_choice(place, document, "default", NAMES("deny", "deny-log", "monitor"), &action))
		return FALSE;
	if (action < 0)
		return am_json_fail(place, "default: is missing");
	policy->default_action = (AmPolicyDefault)action;
	const json_t *generated = json_object_get(document, "generated"), *groups = json_object_get(document, "groups");
	gsize at = am_json_enter(place, "generated");
	if (generated != NULL && !read_generated(place, generated, policy))
		return FALSE;
	am_json_leave(place, at);
	return am_json_read_visible(place, json_object_get(document, "visible"), policy) &&
	       read_groups(place, groups, policy) &&
	       read_rules(place, json_object_get(document, "rules"), groups, policy);
}

AmPolicy *am_import_policy(const char *text, size_t size, GError **error)
{
	if (size > MAX_SIZE) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "%zu octets are more than a policy document may have (%u)", size, MAX_SIZE);
		return NULL;
	}
	json_error_t where;
	json_t *document = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	if (document == NULL) {
		char message[JSON_ERROR_TEXT_LENGTH];
		am_text_safe(message, sizeof message, where.text, strlen(where.text));
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "line %d, column %d: not JSON: %s",
			    where.line, where.column, message);
		return NULL;
	}
	g_autoptr(AmPolicy) policy = am_policy_new();
	g_autoptr(GString) path = g_string_new(NULL);
	AmJsonPlace place = {path, error};
	gboolean ok = read_document(&place, document, policy);
	json_decref(document);
	return ok ? g_steal_pointer(&policy) : NULL;
}
