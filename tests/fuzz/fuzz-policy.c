/* The policy reader: any bytes are read or refused with an error, and what was read is written, read again and the same. */
#include "config.h"

#include "allowmap/export.h"
#include "allowmap/import.h"
#include "allowmap/policy.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(AmPolicy) policy = am_import_policy((const char *)data, size, &error);
	g_assert((policy == NULL) == (error != NULL));
	if (policy == NULL || !am_policy_settle(policy, &error)) {
		g_assert(g_utf8_validate(error->message, -1, NULL));
		return 0;
	}
	g_autofree char *text = am_export_policy(policy);
	g_autoptr(AmPolicy) again = am_import_policy(text, strlen(text), &error);
	g_assert_no_error(error);
	g_assert(am_policy_settle(again, NULL));
	g_autofree char *text_again = am_export_policy(again);
	g_assert_cmpstr(text, ==, text_again);
	g_assert(am_policy_equal(policy, again, NULL));
	return 0;
}
