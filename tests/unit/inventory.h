/* Inventories in the tests of import/: read from text or a fixture, and told as text, a label or lease a line. */
#pragma once

#include "allowmap/base.h"
#include "allowmap/import.h"
#include "unit.h"

#include <string.h>

#define SNAPSHOT_NS (INT64_C(1772409600) * AM_NS_PER_S)

static inline AmInventory *inventory_read(const char *text, int kind, const char *const *fields)
{
	const AmInventoryOptions options = {.kind = kind, .snapshot_ns = SNAPSHOT_NS, .fields = fields};
	g_autoptr(GError) error = NULL;
	AmInventory *inventory = am_import_inventory(text, strlen(text), &options, &error);
	if (inventory == NULL)
		fprintf(stderr, "%s\n", error->message);
	CU_ASSERT_PTR_NOT_NULL_FATAL(inventory);
	return inventory;
}

static inline AmInventory *inventory_fixture(const char *name, const char *const *fields)
{
	g_autofree char *path = g_build_filename(FIXTURES, "inventory", name, NULL), *text = NULL;
	CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &text, NULL, NULL));
	return inventory_read(text, -1, fields);
}

static inline void inventory_tell_label(GString *text, const AmLabel *label)
{
	char mac[AM_MAC_TEXT_SIZE], time[AM_TIME_TEXT_SIZE];
	static const uint8_t none[6];
	if (label->of == AM_LABELLED_PREFIX) {
		g_autofree char *prefix = am_prefix_text(&label->prefix);
		g_string_append(text, prefix);
		if (memcmp(label->mac, none, sizeof none) != 0)
			g_string_append_printf(text, "(%s)", am_mac_text(label->mac, mac));
	} else {
		g_string_append(text, label->of == AM_LABELLED_MAC ? am_mac_text(label->mac, mac) : label->host);
	}
	g_string_append_printf(text, " %s=%s", label->name, label->value);
	if (label->from_ns != 0)
		g_string_append_printf(text, " from %s", am_time_text(label->from_ns, time));
	g_string_append_c(text, '\n');
}

/* g_free() */
static inline char *inventory_text(const AmInventory *inventory)
{
	GString *text = g_string_new(NULL);
	for (guint n = 0; n < inventory->labels->len; n++)
		inventory_tell_label(text, &g_array_index(inventory->labels, AmLabel, n));
	for (guint n = 0; n < inventory->leases->len; n++) {
		const AmLease *lease = &g_array_index(inventory->leases, AmLease, n);
		char address[AM_ADDRESS_TEXT_SIZE], mac[AM_MAC_TEXT_SIZE];
		g_string_append_printf(text, "%s %s %s %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT "\n",
				       am_address_text(&lease->address, address), am_mac_text(lease->mac, mac),
				       lease->host != NULL ? lease->host : "-", (gint64)(lease->first_ns / AM_NS_PER_S),
				       (gint64)(lease->last_ns / AM_NS_PER_S));
	}
	return g_string_free(text, FALSE);
}

/* All that it says, and why entries were not used: counts by AmInventorySkip, as "used ADDRESS:1 ...". */
#define ASSERT_INVENTORY(inventory, wanted)                                                                            \
	do {                                                                                                           \
		g_autofree char *told = inventory_text(inventory);                                                     \
		CU_ASSERT_STRING_EQUAL(told, wanted);                                                                  \
		if (strcmp(told, wanted) != 0)                                                                         \
			fprintf(stderr, "\n%s", told);                                                                 \
		uint64_t sum = 0;                                                                                      \
		for (int reason = 0; reason < AM_N_INVENTORY_SKIPS; reason++)                                          \
			sum += (inventory)->skipped[reason];                                                           \
		CU_ASSERT_EQUAL(sum, (inventory)->entries);                                                            \
	} while (0)
