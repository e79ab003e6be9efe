/* Who made the machines, by their MACs, and what kind of machine such a vendor makes. Fed by map.c once assets are joined; what it
 * finds is evidence for devices.c, never proof: a MAC is set by whoever sends the frame. */
#include "config.h"

#include "work.h"

#include "allowmap/base.h"

#include <string.h>

typedef struct {
	const char *begin; /* of data/vendor-kinds.tsv */
	size_t size;
	uint8_t kind; /* AmAssetKind; that of a server stands for a virtual machine */
} Maker;

static uint8_t kind_of(const char *name, size_t size)
{
	for (guint kind = 0; kind < AM_N_ASSET_KINDS; kind++) {
		const char *known = am_asset_kind_name((AmAssetKind)kind);
		if (strlen(known) == size && memcmp(known, name, size) == 0)
			return (uint8_t)kind;
	}
	return size == strlen("virtual") && memcmp(name, "virtual", size) == 0 ? AM_ASSET_SERVER : AM_ASSET_UNKNOWN;
}

static GArray *read_makers(void)
{
	GArray *makers = g_array_new(FALSE, FALSE, sizeof(Maker));
	const char *text = am_embedded("data/vendor-kinds.tsv", NULL);
	while (text != NULL && *text != '\0') {
		size_t size = strcspn(text, "\n"), name = strcspn(text, "\t\n");
		Maker maker = {.begin = text, .size = name};
		if (*text != '#' && name < size)
			maker.kind = kind_of(text + name + 1, size - name - 1);
		if (maker.kind != AM_ASSET_UNKNOWN)
			g_array_append_val(makers, maker);
		text += size + (text[size] == '\n');
	}
	return makers;
}

static uint8_t made_by(const GArray *makers, const char *vendor)
{
	for (guint n = 0; n < makers->len; n++) {
		const Maker *maker = &g_array_index(makers, Maker, n);
		if (g_ascii_strncasecmp(vendor, maker->begin, maker->size) == 0 &&
		    !g_ascii_isalnum(vendor[maker->size]))
			return maker->kind;
	}
	return AM_ASSET_UNKNOWN;
}

static uint64_t key_of(uint32_t network, const uint8_t mac[6])
{
	uint64_t key = network;
	for (int b = 0; b < 6; b++)
		key = key << 8 | mac[b];
	return key;
}

/* The first asset of each MAC. */
static void note_mac(AmMapWork *work, uint32_t asset)
{
	const AmAsset *a = &g_array_index(work->map->assets, AmAsset, asset);
	uint64_t key = key_of(g_array_index(work->map->endpoints, AmEndpoint, a->first_endpoint).network, a->mac);
	if (work->by_mac == NULL) {
		work->by_mac = am_table_new(sizeof(uint64_t));
		work->mac_assets = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	}
	if (am_table_add(work->by_mac, &key) == work->mac_assets->len)
		g_array_append_val(work->mac_assets, asset);
}

uint32_t am_makers_find(const AmMapWork *work, uint32_t network, const uint8_t mac[6])
{
	uint64_t key = key_of(network, mac);
	uint32_t at = work->by_mac != NULL ? am_table_find(work->by_mac, &key) : AM_TABLE_NONE;
	return at != AM_TABLE_NONE ? g_array_index(work->mac_assets, uint32_t, at) : AM_NO_INDEX;
}

void am_makers_build(AmMapWork *work)
{
	const AmMap *map = work->map;
	g_autoptr(AmVendors) vendors = NULL;
	g_autoptr(GArray) makers = NULL;
	work->makes = g_new0(uint8_t, MAX(map->assets->len, 1));
	for (guint n = 0; n < map->assets->len; n++) {
		AmAsset *asset = &g_array_index(map->assets, AmAsset, n);
		if (!asset->has_mac)
			continue;
		note_mac(work, n);
		if (vendors == NULL) {
			vendors = am_vendors_new();
			makers = read_makers();
		}
		const char *vendor = am_vendors_find(vendors, asset->mac);
		if (vendor == NULL)
			continue;
		g_strlcpy(asset->vendor, vendor, sizeof asset->vendor);
		work->makes[n] = made_by(makers, vendor);
	}
}
