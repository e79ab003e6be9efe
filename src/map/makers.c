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
