/* Typed access to jansson's values for the policy reader. Everything that it reads may be hostile: nothing of the document
 * gets into a message but through am_json_quote() or after it was found to be a number or an address. */
#include "config.h"

#include "policy-json.h"

#include <string.h>

gboolean am_json_fail(AmJsonPlace *place, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	gboolean at_top = place->path->len == 0;
	g_set_error(place->error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "%s%s%s", place->path->str,
		    at_top ? "" : ": ", message);
	return FALSE;
}

char *am_json_quote(const char *text)
{
	char safe[65];
	am_text_safe(safe, sizeof safe, text, strlen(text));
	return g_strdup_printf("\"%s%s\"", safe, strlen(text) > strlen(safe) ? "..." : "");
}

gsize am_json_enter(AmJsonPlace *place, const char *key)
{
	gsize length = place->path->len;
	g_string_append_printf(place->path, "%s%s", length > 0 ? "." : "", key);
	return length;
}

gsize am_json_enter_index(AmJsonPlace *place, size_t index)
{
	gsize length = place->path->len;
	g_string_append_printf(place->path, "[%zu]", index);
	return length;
}

void am_json_leave(AmJsonPlace *place, gsize length)
{
	g_string_truncate(place->path, length);
}

static const char *kind_of(const json_t *value)
{
	static const char *const names[] = {"an object",  "an array", "text",  "an integer",
					    "a fraction", "true",     "false", "null"};
	return names[json_typeof(value)];
}

gboolean am_json_check_object(AmJsonPlace *place, const json_t *value, const char *const *known,
			      const char *const *reserved)
{
	if (!json_is_object(value))
		return am_json_fail(place, "must be an object, not %s", kind_of(value));
	const char *key;
	json_t *child;
	json_object_foreach((json_t *)value, key, child)
	{
		if (g_strv_contains(known, key))
			continue;
		if (reserved != NULL && g_strv_contains(reserved, key))
			return am_json_fail(place, "\"%s\" is not supported by this version", key);
		g_autofree char *quoted = am_json_quote(key);
		return am_json_fail(place, "unknown property %s", quoted);
	}
	return TRUE;
}

static gboolean check_text(AmJsonPlace *place, const json_t *value, size_t max_length)
{
	if (!json_is_string(value))
		return am_json_fail(place, "must be text, not %s", kind_of(value));
	glong length = g_utf8_strlen(json_string_value(value), (gssize)json_string_length(value));
	if ((size_t)length > max_length)
		return am_json_fail(place, "%ld characters are more than %zu", length, max_length);
	return TRUE;
}

gboolean am_json_get_text(AmJsonPlace *place, const json_t *object, const char *key, size_t max_length, char **ret)
{
	const json_t *value = json_object_get(object, key);
	if (value == NULL)
		return TRUE;
	gsize at = am_json_enter(place, key);
	if (!check_text(place, value, max_length))
		return FALSE;
	am_json_leave(place, at);
	g_free(*ret);
	*ret = g_strdup(json_string_value(value));
	return TRUE;
}

gboolean am_json_integer(AmJsonPlace *place, const json_t *value, int64_t max, int64_t *ret)
{
	if (!json_is_integer(value))
		return am_json_fail(place, "must be an integer, not %s", kind_of(value));
	json_int_t number = json_integer_value(value);
	if (number < 0)
		return am_json_fail(place, "%" JSON_INTEGER_FORMAT " is below 0", number);
	if (number > max)
		return am_json_fail(place, "%" JSON_INTEGER_FORMAT " is above %" G_GINT64_FORMAT, number, max);
	*ret = number;
	return TRUE;
}

gboolean am_json_get_integer(AmJsonPlace *place, const json_t *object, const char *key, int64_t max, int64_t *ret)
{
	const json_t *value = json_object_get(object, key);
	if (value == NULL)
		return TRUE;
	gsize at = am_json_enter(place, key);
	if (!am_json_integer(place, value, max, ret))
		return FALSE;
	am_json_leave(place, at);
	return TRUE;
}

gboolean am_json_get_bool(AmJsonPlace *place, const json_t *object, const char *key, gboolean *ret)
{
	const json_t *value = json_object_get(object, key);
	if (value == NULL)
		return TRUE;
	gsize at = am_json_enter(place, key);
	if (!json_is_boolean(value))
		return am_json_fail(place, "is not true or false");
	*ret = json_is_true(value);
	am_json_leave(place, at);
	return TRUE;
}

gboolean am_json_get_choice(AmJsonPlace *place, const json_t *object, const char *key, const char *const *choices,
			    int *ret)
{
	const json_t *value = json_object_get(object, key);
	if (value == NULL)
		return TRUE;
	gsize at = am_json_enter(place, key);
	if (!check_text(place, value, 1000))
		return FALSE;
	for (int n = 0; choices[n] != NULL; n++) {
		if (strcmp(choices[n], json_string_value(value)) != 0)
			continue;
		*ret = n;
		am_json_leave(place, at);
		return TRUE;
	}
	g_autofree char *quoted = am_json_quote(json_string_value(value));
	g_autofree char *allowed = g_strjoinv(", ", (char **)choices);
	return am_json_fail(place, "%s is none of: %s", quoted, allowed);
}

gboolean am_json_get_time(AmJsonPlace *place, const json_t *object, const char *key, int64_t *ret_ns)
{
	const json_t *value = json_object_get(object, key);
	if (value == NULL)
		return TRUE;
	gsize at = am_json_enter(place, key);
	if (!check_text(place, value, 64))
		return FALSE;
	/* am_time_parse() also takes seconds since 1970; the document does not. */
	const char *text = json_string_value(value);
	if (strlen(text) < 20 || text[4] != '-' || !am_time_parse(text, ret_ns)) {
		g_autofree char *quoted = am_json_quote(text);
		return am_json_fail(place, "%s is not a time such as 2026-03-02T00:00:00Z", quoted);
	}
	am_json_leave(place, at);
	return TRUE;
}

gboolean am_json_prefix(AmJsonPlace *place, const json_t *value, AmPrefix *ret)
{
	if (!check_text(place, value, 1000))
		return FALSE;
	const char *text = json_string_value(value);
	g_autoptr(GError) error = NULL;
	if (strspn(text, "0123456789abcdefABCDEF.:/") != strlen(text) || strchr(text, '/') == NULL) {
		g_autofree char *quoted = am_json_quote(text);
		return am_json_fail(place, "%s is not an address block with its length, such as 10.0.0.0/8", quoted);
	}
	if (!am_prefix_parse(text, ret, &error))
		return am_json_fail(place, "%.200s", error->message);
	return TRUE;
}

gboolean am_json_is_array(AmJsonPlace *place, const json_t *value)
{
	return json_is_array(value) || am_json_fail(place, "must be an array, not %s", kind_of(value));
}
