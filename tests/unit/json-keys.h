/* Objects of JSON that have exactly the keys that they should, for the tests of report/. */
#pragma once

#include "report-fixture.h"

#include <jansson.h>

/* Exactly these keys, in any order. */
static inline void assert_keys(json_t *object, const char *keys)
{
	g_auto(GStrv) names = g_strsplit(keys, " ", -1);
	for (char **name = names; *name != NULL; name++)
		if (json_object_get(object, *name) == NULL) {
			printf("\n  missing: %s\n", *name);
			CU_FAIL("a key is missing");
		}
	CU_ASSERT_EQUAL(json_object_size(object), g_strv_length(names));
}
