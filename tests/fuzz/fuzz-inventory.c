/* Fuzz target: any octets as an inventory, of the kind that they look like or of one that is said. See replay.c for how to run
 * it; it needs src/import, src/base, jansson, and the embedded data.
 *
 * First octet: which kind; beyond the last, as the content tells. Then the file. */
#include "config.h"

#include "allowmap/base.h"
#include "allowmap/import.h"

#include <string.h>

#define SNAPSHOT_NS (INT64_C(1772409600) * AM_NS_PER_S)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What comes from an inventory is listed, stored and put into reports and policies. */
static void check_text(const char *text, size_t most)
{
	g_assert(text != NULL && *text != '\0' && strlen(text) <= most && g_utf8_validate(text, -1, NULL));
	for (; *text != '\0'; text++)
		g_assert((uint8_t)*text >= 0x20 && *text != 0x7f);
}

static void check_inventory(const AmInventory *inventory)
{
	uint64_t entries = 0;
	for (int reason = 0; reason < AM_N_INVENTORY_SKIPS; reason++)
		entries += inventory->skipped[reason];
	g_assert(entries == inventory->entries);
	for (guint n = 0; n < inventory->labels->len; n++) {
		const AmLabel *label = &g_array_index(inventory->labels, AmLabel, n);
		g_assert((label->host != NULL) == (label->of == AM_LABELLED_HOST));
		g_assert(label->of != AM_LABELLED_PREFIX ||
			 (label->prefix.length <= am_address_bits(&label->prefix.address) &&
			  (label->prefix.address.family == 4 || label->prefix.address.family == 6)));
		check_text(label->name, 48);
		check_text(label->value, 128);
		g_assert(label->import == 0);
	}
	for (guint n = 0; n < inventory->leases->len; n++) {
		const AmLease *lease = &g_array_index(inventory->leases, AmLease, n);
		g_assert(lease->first_ns <= lease->last_ns);
		g_assert(lease->address.family == 4 || lease->address.family == 6);
		if (lease->host != NULL)
			check_text(lease->host, 95);
	}
	for (guint n = 0; n < inventory->unused->len; n++)
		g_assert(g_utf8_validate(inventory->unused->pdata[n], -1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const fields[] = {"x=cost-centre", "y=mac", "z=address", NULL};
	if (size == 0)
		return 0;
	AmInventoryOptions options = {.kind = data[0] < AM_N_INVENTORY_KINDS ? data[0] : -1,
				      .snapshot_ns = SNAPSHOT_NS,
				      .fields = data[0] % 2 == 0 ? fields : NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(AmInventory) inventory = am_import_inventory((const char *)data + 1, size - 1, &options, &error);
	g_assert((inventory == NULL) == (error != NULL));
	g_assert(error == NULL || g_utf8_validate(error->message, -1, NULL));
	if (inventory != NULL)
		check_inventory(inventory);
	return 0;
}
