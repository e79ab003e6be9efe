/* Inventories as values: making, freeing, names. Read by import/, kept by store/, used by map/. */
#include "config.h"

#include "allowmap/base.h"

#include <string.h>

static void clear_label(AmLabel *label)
{
	g_free(label->host);
	g_free(label->name);
	g_free(label->value);
}

static void clear_lease(AmLease *lease)
{
	g_free(lease->host);
}

static void clear_import(AmImport *import)
{
	g_free(import->source);
	g_free(import->network);
	g_free(import->who);
	g_free(import->why);
}

static GArray *array_new(guint size, GDestroyNotify clear)
{
	GArray *array = g_array_new(FALSE, FALSE, size);
	g_array_set_clear_func(array, clear);
	return array;
}

GArray *am_labels_new(void)
{
	return array_new(sizeof(AmLabel), (GDestroyNotify)(void (*)(void))clear_label);
}

GArray *am_leases_new(void)
{
	return array_new(sizeof(AmLease), (GDestroyNotify)(void (*)(void))clear_lease);
}

GArray *am_imports_new(void)
{
	return array_new(sizeof(AmImport), (GDestroyNotify)(void (*)(void))clear_import);
}

AmInventory *am_inventory_new(void)
{
	AmInventory *inventory = g_new0(AmInventory, 1);
	inventory->labels = am_labels_new();
	inventory->leases = am_leases_new();
	inventory->unused = g_ptr_array_new_with_free_func(g_free);
	return inventory;
}

void am_inventory_free(AmInventory *inventory)
{
	if (inventory == NULL)
		return;
	g_array_unref(inventory->labels);
	g_array_unref(inventory->leases);
	g_ptr_array_unref(inventory->unused);
	g_free(inventory);
}

static const char *const kinds[AM_N_INVENTORY_KINDS] = {
#define X(id, name) [AM_INVENTORY_##id] = name,
	AM_INVENTORY_KINDS(X)
#undef X
};

const char *am_inventory_kind_name(AmInventoryKind kind)
{
	return (unsigned)kind < AM_N_INVENTORY_KINDS ? kinds[kind] : NULL;
}

gboolean am_inventory_kind_parse(const char *name, AmInventoryKind *ret_kind)
{
	for (guint n = 0; n < AM_N_INVENTORY_KINDS; n++) {
		if (strcmp(name, kinds[n]) != 0)
			continue;
		*ret_kind = (AmInventoryKind)n;
		return TRUE;
	}
	return FALSE;
}

const char *am_inventory_skip_text(AmInventorySkip reason)
{
	static const char *const texts[AM_N_INVENTORY_SKIPS] = {[AM_INVENTORY_USED] = "",
#define X(id, text) [AM_INVENTORY_SKIP_##id] = text,
								AM_INVENTORY_SKIPS(X)
#undef X
	};
	return (unsigned)reason < AM_N_INVENTORY_SKIPS ? texts[reason] : NULL;
}

const char *am_asset_label(const AmMap *map, const AmAsset *asset, const char *name)
{
	for (uint32_t n = 0; n < asset->n_labels; n++) {
		const AmAssetLabel *label = &g_array_index(map->labels, AmAssetLabel, asset->first_label + n);
		if (!label->overruled && strcmp(label->name, name) == 0)
			return label->value;
	}
	return NULL;
}
