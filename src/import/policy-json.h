/* What reads JSON for the policy document: typed access that knows where it is, so that each error can say so. */
#pragma once

#include "allowmap/import.h"

#include <jansson.h>

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* `path` is where the reader stands, such as rules[3].service. */
typedef struct {
	GString *path;
	GError **error;
} AmJsonPlace;

/* Sets the error "PATH: message" and gives FALSE. Text from the document goes through am_json_quote() first. */
gboolean am_json_fail(AmJsonPlace *place, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Printable, short, in quotes. g_free() */
char *am_json_quote(const char *text);
/* Steps into a property or an element; give what it returns to am_json_leave(). `key` must be printable. */
gsize am_json_enter(AmJsonPlace *place, const char *key);
gsize am_json_enter_index(AmJsonPlace *place, size_t index);
void am_json_leave(AmJsonPlace *place, gsize length);

/* An object whose properties are all in `known` (NULL-terminated); those in `reserved` are part of the format, but of no
 * use to this version, and must not be lost silently. */
gboolean am_json_check_object(AmJsonPlace *place, const json_t *value, const char *const *known,
			      const char *const *reserved);

/* Optional properties: an absent one leaves *ret as it is. */
gboolean am_json_get_text(AmJsonPlace *place, const json_t *object, const char *key, size_t max_length, char **ret);
gboolean am_json_get_integer(AmJsonPlace *place, const json_t *object, const char *key, int64_t max, int64_t *ret);
gboolean am_json_get_bool(AmJsonPlace *place, const json_t *object, const char *key, gboolean *ret);
gboolean am_json_get_choice(AmJsonPlace *place, const json_t *object, const char *key, const char *const *choices,
			    int *ret);
gboolean am_json_get_time(AmJsonPlace *place, const json_t *object, const char *key, int64_t *ret_ns);
/* A value of its own. */
gboolean am_json_integer(AmJsonPlace *place, const json_t *value, int64_t max, int64_t *ret);
gboolean am_json_prefix(AmJsonPlace *place, const json_t *value, AmPrefix *ret);
gboolean am_json_is_array(AmJsonPlace *place, const json_t *value);

/* policy-visible.c: "visible", which may be absent, and "missing_taps" of "generated". */
gboolean am_json_read_visible(AmJsonPlace *place, const json_t *value, AmPolicy *policy);
gboolean am_json_read_taps(AmJsonPlace *place, const json_t *value, GPtrArray *taps);
