/* What the fuzz targets of the readers of rules have in common: any octets are read or refused with an error that can be
 * shown; what was read is written again by the target's exporter, read, the same, and written as the same text. */
#pragma once

#include "allowmap/export.h"
#include "allowmap/import.h"
#include "allowmap/policy.h"

#include <string.h>

typedef AmPolicy *(*RulesReader)(const char *text, size_t size, GError **error);

static inline void check_rules(RulesReader reader, const char *target, gboolean json, const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(AmPolicy) policy = reader((const char *)data, size, &error);
	g_assert((policy == NULL) == (error != NULL));
	if (policy == NULL) {
		g_assert(g_utf8_validate(error->message, -1, NULL));
		return;
	}
	const AmExportOptions options = {.json = json,
					 .host = size % 2 != 0,
					 .unapproved = TRUE,
					 .enforce = policy->default_action == AM_DEFAULT_DENY_LOG};
	g_autofree char *text = am_export_write(am_export_find(target), policy, &options, NULL, &error);
	g_assert_no_error(error);
	g_autoptr(AmPolicy) again = reader(text, strlen(text), &error);
	g_assert_no_error(error);
	g_assert(again->default_action == policy->default_action);
	(void)am_policy_equal(policy, again, &error);
	g_assert_no_error(error);
	g_autofree char *text_again = am_export_write(am_export_find(target), again, &options, NULL, &error);
	g_assert_cmpstr(text, ==, text_again);
	/* Made canonical, it still says the same. */
	am_policy_canonicalise(again);
	(void)am_policy_equal(policy, again, &error);
	g_assert_no_error(error);
}
