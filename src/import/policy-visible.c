/* Of the policy document: where the default holds, and which taps are missing. Called by policy.c; no more trusting than that. */
#include "config.h"

#include "policy-json.h"

#include <string.h>

gboolean am_json_read_taps(AmJsonPlace *place, const json_t *value, GPtrArray *taps)
{
	gsize at = am_json_enter(place, "missing_taps");
	if (value != NULL && !am_json_is_array(place, value))
		return FALSE;
	for (size_t n = 0; n < json_array_size(value); n++) {
		const json_t *tap = json_array_get(value, n);
		gsize at_tap = am_json_enter_index(place, n);
		if (!json_is_string(tap) || json_string_length(tap) == 0 || json_string_length(tap) > 200)
			return am_json_fail(place, "must be a text of 1 to 200 octets");
		g_ptr_array_add(taps, g_strdup(json_string_value(tap)));
		am_json_leave(place, at_tap);
	}
	am_json_leave(place, at);
	return TRUE;
}

static gboolean read_prefixes(AmJsonPlace *place, const json_t *object, const char *key, GArray *prefixes)
{
	const json_t *list = json_object_get(object, key);
	gsize at = am_json_enter(place, key);
	if (list == NULL)
		return am_json_fail(place, "is missing");
	if (!am_json_is_array(place, list))
		return FALSE;
	if (json_array_size(list) == 0)
		return am_json_fail(place, "is empty");
	for (size_t n = 0; n < json_array_size(list); n++) {
		AmPrefix prefix;
		gsize at_entry = am_json_enter_index(place, n);
		if (!am_json_prefix(place, json_array_get(list, n), &prefix))
			return FALSE;
		g_array_append_val(prefixes, prefix);
		am_json_leave(place, at_entry);
	}
	am_json_leave(place, at);
	return TRUE;
}

/* Absent: everywhere. */
gboolean am_json_read_visible(AmJsonPlace *place, const json_t *value, AmPolicy *policy)
{
	if (value == NULL)
		return TRUE;
	gsize at = am_json_enter(place, "visible");
	if (!am_json_is_array(place, value))
		return FALSE;
	policy->visible = am_scopes_new();
	for (size_t n = 0; n < json_array_size(value); n++) {
		const json_t *entry = json_array_get(value, n);
		gsize at_entry = am_json_enter_index(place, n);
		AmScope *scope = am_scope_new(NULL);
		g_ptr_array_add(policy->visible, scope);
		if (!am_json_check_object(place, entry, NAMES("network", "from", "to"), NULL) ||
		    !am_json_get_text(place, entry, "network", 64, &scope->network) ||
		    !read_prefixes(place, entry, "from", scope->from) || !read_prefixes(place, entry, "to", scope->to))
			return FALSE;
		if (scope->network != NULL && scope->network[0] == '\0')
			return am_json_fail(place, "\"network\" is empty; leave it out for the default network");
		am_json_leave(place, at_entry);
	}
	am_json_leave(place, at);
	return TRUE;
}
