/* `assets` and `groups`: the machines, and what they were put together into. */
#include "config.h"

#include "filter.h"
#include "listing.h"
#include "view.h"

#include <string.h>

/* Addresses as a list of text that lives until the next row. */
typedef struct {
	GPtrArray *texts; /* char * */
} AddressList;

static void address_list_init(AddressList *list)
{
	list->texts = g_ptr_array_new_with_free_func(g_free);
}

static void address_list_clear(AddressList *list)
{
	g_ptr_array_free(list->texts, TRUE);
}

/* Adds every address of the asset. */
static void address_list_add(AddressList *list, const AmMap *map, const AmAsset *asset)
{
	for (uint32_t e = asset->first_endpoint; e != AM_NO_INDEX; e = am_view_endpoint(map, e)->next) {
		char *text = g_malloc(AM_ADDRESS_TEXT_SIZE);
		am_address_text(&am_view_endpoint(map, e)->address, text);
		g_ptr_array_add(list->texts, text);
	}
}

static AmCell address_list_cell(const AddressList *list)
{
	return am_cell_list((const char *const *)list->texts->pdata, list->texts->len);
}

static gboolean asset_matches(const AmFilter *filter, const AmAsset *asset)
{
	for (uint32_t e = asset->first_endpoint; e != AM_NO_INDEX; e = am_view_endpoint(filter->map, e)->next)
		if (am_filter_endpoint(filter, e))
			return TRUE;
	return FALSE;
}

/* ---- assets */

enum {
	ASSET,
	ADDRESSES,
	NAMED,
	NAMES,
	KIND,
	KIND_WHY,
	MIDDLEBOX,
	MIDDLEBOX_WHY,
	VIRTUAL_OF,
	MAC,
	NETWORK,
	GROUP,
	INSIDE,
	SCANNER,
	SERVES,
	USES,
	FIRST,
	LAST,
	N_ASSET_COLUMNS
};

static const AmColumn asset_columns[N_ASSET_COLUMNS] = {
	{"asset", AM_COLUMN_DATA},
	{"addresses", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"name", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"names", AM_COLUMN_DATA | AM_COLUMN_NO_SORT}, /* all, with who told them: "dns:www.example.com" */
	{"kind", AM_COLUMN_ALL},
	{"kind_why", AM_COLUMN_DATA},
	{"middlebox", AM_COLUMN_DATA}, /* nat, balancer, proxy; and virtual, an address that is passed on */
	{"middlebox_why", AM_COLUMN_DATA},
	{"virtual_of", AM_COLUMN_DATA}, /* the machine that has the virtual address */
	{"mac", AM_COLUMN_DATA},
	{"network", AM_COLUMN_DATA},
	{"group", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"inside", AM_COLUMN_ALL},
	{"scanner", AM_COLUMN_ALL},
	{"serves", AM_COLUMN_ALL | AM_COLUMN_RIGHT}, /* essential edges as the server */
	{"uses", AM_COLUMN_ALL | AM_COLUMN_RIGHT},   /* essential edges as the client */
	{"first", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"last", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
};

typedef struct {
	const AmMap *map;
	AmFilter filter;
	AddressList addresses, names;
	char mac[AM_MAC_TEXT_SIZE];
	char roles[2 * 16];
	uint64_t *serves, *uses; /* by asset */
} Assets;

static gboolean keep_asset(const void *context, guint row)
{
	const Assets *assets = context;
	return asset_matches(&assets->filter, &g_array_index(assets->map->assets, AmAsset, row));
}

/* What the first of its addresses that is one is. */
static void fill_middlebox(Assets *assets, const AmAsset *asset, AmCell *cells)
{
	const AmMap *map = assets->map;
	const AmMiddlebox *box = NULL;
	for (uint32_t e = asset->first_endpoint; e != AM_NO_INDEX && box == NULL; e = am_view_endpoint(map, e)->next)
		box = am_middlebox_find(map, e);
	cells[MIDDLEBOX] = cells[MIDDLEBOX_WHY] = am_cell_text(NULL);
	cells[VIRTUAL_OF] = am_cell_text(NULL);
	if (box == NULL || (box->role == AM_MIDDLEBOX_NONE && !box->is_virtual))
		return;
	const char *role = box->role != AM_MIDDLEBOX_NONE ? am_middlebox_role_name(box->role) : "";
	g_snprintf(assets->roles, sizeof assets->roles, "%s%s%s", role, role[0] != '\0' && box->is_virtual ? " " : "",
		   box->is_virtual ? "virtual" : "");
	cells[MIDDLEBOX] = am_cell_text(assets->roles);
	cells[MIDDLEBOX_WHY] = am_cell_text(box->why);
	if (box->holder != AM_NO_INDEX)
		cells[VIRTUAL_OF] = am_cell_address(&am_view_endpoint(map, box->holder)->address);
}

static void fill_asset(void *context, guint row, AmCell *cells)
{
	Assets *assets = context;
	const AmMap *map = assets->map;
	const AmAsset *asset = &g_array_index(map->assets, AmAsset, row);
	g_ptr_array_set_size(assets->addresses.texts, 0);
	address_list_add(&assets->addresses, map, asset);
	cells[ASSET] = am_cell_address(am_view_asset_address(map, row));
	cells[ADDRESSES] = address_list_cell(&assets->addresses);
	g_ptr_array_set_size(assets->names.texts, 0);
	for (uint32_t n = 0; n < asset->n_names; n++) {
		const AmAssetName *name = &g_array_index(map->names, AmAssetName, asset->first_name + n);
		g_ptr_array_add(assets->names.texts,
				g_strdup_printf("%s:%s", am_observed_name((AmObservedKind)name->kind), name->value));
	}
	cells[NAMED] = am_cell_text(am_view_asset_name(map, asset));
	cells[NAMES] = address_list_cell(&assets->names);
	cells[KIND] = am_cell_text(am_asset_kind_name(asset->kind));
	cells[KIND_WHY] = am_cell_text(asset->kind_why[0] != '\0' ? asset->kind_why : NULL);
	fill_middlebox(assets, asset, cells);
	cells[MAC] = am_cell_text(asset->has_mac ? am_mac_text(asset->mac, assets->mac) : NULL);
	cells[NETWORK] = am_cell_text(am_view_network(map, am_view_endpoint(map, asset->first_endpoint)->network));
	cells[GROUP] = am_cell_text(am_view_group_name(map, asset->first_endpoint));
	cells[INSIDE] = am_cell_bool(asset->inside);
	cells[SCANNER] = am_cell_bool(asset->scanner);
	cells[SERVES] = am_cell_number(assets->serves[row]);
	cells[USES] = am_cell_number(assets->uses[row]);
	cells[FIRST] = am_cell_time(asset->first_ns);
	cells[LAST] = am_cell_time(asset->last_ns);
}

gboolean am_report_assets(const AmMap *map, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			  GError **error)
{
	Assets assets = {.map = map};
	if (!am_filter_parse(map, options, "assets", AM_FILTER_ASSET | AM_FILTER_GROUP, &assets.filter, error))
		return FALSE;
	g_autofree uint64_t *serves = assets.serves = g_new0(uint64_t, map->assets->len);
	g_autofree uint64_t *uses = assets.uses = g_new0(uint64_t, map->assets->len);
	for (guint i = 0; i < map->edges->len; i++) {
		const AmEdge *edge = am_view_edge(map, i);
		if (edge->verdict != AM_VERDICT_ESSENTIAL)
			continue;
		serves[am_view_endpoint(map, edge->server)->asset]++;
		uses[am_view_endpoint(map, edge->client)->asset]++;
	}
	AmListing listing = {
		.what = "assets",
		.columns = asset_columns,
		.n_columns = N_ASSET_COLUMNS,
		.n_rows = map->assets->len,
		.keep = keep_asset,
		.fill = fill_asset,
		.context = &assets,
	};
	address_list_init(&assets.addresses);
	address_list_init(&assets.names);
	gboolean good = am_listing_run(&listing, options, out, ret_listed, error);
	address_list_clear(&assets.addresses);
	address_list_clear(&assets.names);
	return good;
}

/* ---- groups */

enum { ID, NAME, SIZE, WHY, MEMBERS, N_GROUP_COLUMNS };

static const AmColumn group_columns[N_GROUP_COLUMNS] = {
	{"id", AM_COLUMN_ALL},
	{"name", AM_COLUMN_ALL},
	{"assets", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_RIGHT},
	{"why", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_SHRINK},
	{"members", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},
};

typedef struct {
	const AmMap *map;
	AmFilter filter;
	AddressList addresses;
} Groups;

static gboolean keep_group(const void *context, guint row)
{
	const Groups *groups = context;
	const AmGroup *group = &g_array_index(groups->map->groups, AmGroup, row);
	for (guint i = 0; i < group->members->len; i++) {
		uint32_t asset = g_array_index(group->members, uint32_t, i);
		if (asset_matches(&groups->filter, &g_array_index(groups->map->assets, AmAsset, asset)))
			return TRUE;
	}
	return FALSE;
}

static void fill_group(void *context, guint row, AmCell *cells)
{
	Groups *groups = context;
	const AmMap *map = groups->map;
	const AmGroup *group = &g_array_index(map->groups, AmGroup, row);
	g_ptr_array_set_size(groups->addresses.texts, 0);
	for (guint i = 0; i < group->members->len; i++) {
		uint32_t asset = g_array_index(group->members, uint32_t, i);
		address_list_add(&groups->addresses, map, &g_array_index(map->assets, AmAsset, asset));
	}
	cells[ID] = am_cell_text(group->id);
	cells[NAME] = am_cell_text(group->name);
	cells[SIZE] = am_cell_number(group->members->len);
	cells[WHY] = am_cell_text(group->why);
	cells[MEMBERS] = address_list_cell(&groups->addresses);
}

gboolean am_report_groups(const AmMap *map, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			  GError **error)
{
	Groups groups = {.map = map};
	if (!am_filter_parse(map, options, "groups", AM_FILTER_ASSET | AM_FILTER_GROUP, &groups.filter, error))
		return FALSE;
	AmListing listing = {
		.what = "groups",
		.columns = group_columns,
		.n_columns = N_GROUP_COLUMNS,
		.n_rows = map->groups->len,
		.keep = keep_group,
		.fill = fill_group,
		.context = &groups,
	};
	address_list_init(&groups.addresses);
	gboolean good = am_listing_run(&listing, options, out, ret_listed, error);
	address_list_clear(&groups.addresses);
	return good;
}
