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
	NAMES_TOLD,
	NAMES_DIFFER,
	KIND,
	KIND_WHY,
	MIDDLEBOX,
	MIDDLEBOX_WHY,
	VIRTUAL_OF,
	MAC,
	VENDOR,
	NETWORK,
	GROUP,
	INSIDE,
	SCANNER,
	OWNER,
	APPLICATION,
	ENVIRONMENT,
	CRITICALITY,
	LABELS,
	CONFLICTS,
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
	{"names", AM_COLUMN_DATA | AM_COLUMN_NO_SORT},      /* all, with who told them: "dns:www.example.com" */
	{"names_told", AM_COLUMN_DATA | AM_COLUMN_NO_SORT}, /* in the same order: first and last time, how often */
	{"names_differ", AM_COLUMN_DATA},
	{"kind", AM_COLUMN_ALL},
	{"kind_why", AM_COLUMN_DATA},
	{"middlebox", AM_COLUMN_DATA}, /* nat, balancer, proxy; and virtual, an address that is passed on */
	{"middlebox_why", AM_COLUMN_DATA},
	{"virtual_of", AM_COLUMN_DATA}, /* the machine that has the virtual address */
	{"mac", AM_COLUMN_DATA},
	{"vendor", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"network", AM_COLUMN_DATA},
	{"group", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"inside", AM_COLUMN_ALL},
	{"scanner", AM_COLUMN_ALL},
	{"owner", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"application", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"environment", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"criticality", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"labels", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},    /* the others: "role=web" */
	{"conflicts", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT}, /* what is overruled: "owner=ann (cmdb)" */
	{"serves", AM_COLUMN_ALL | AM_COLUMN_RIGHT},                         /* essential edges as the server */
	{"uses", AM_COLUMN_ALL | AM_COLUMN_RIGHT},                           /* essential edges as the client */
	{"first", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"last", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
};

typedef struct {
	const AmMap *map;
	AmFilter filter;
	AddressList addresses, names, told, labels, conflicts;
	char mac[AM_MAC_TEXT_SIZE];
	char roles[2 * 16];
	uint64_t *serves, *uses; /* by asset */
} Assets;

static gboolean keep_asset(const void *context, guint row)
{
	const Assets *assets = context;
	return asset_matches(&assets->filter, &g_array_index(assets->map->assets, AmAsset, row));
}

static void add_names(Assets *assets, const AmAsset *asset)
{
	g_ptr_array_set_size(assets->names.texts, 0);
	g_ptr_array_set_size(assets->told.texts, 0);
	for (uint32_t n = 0; n < asset->n_names; n++) {
		const AmAssetName *name = &g_array_index(assets->map->names, AmAssetName, asset->first_name + n);
		char first[AM_TIME_TEXT_SIZE], last[AM_TIME_TEXT_SIZE];
		g_ptr_array_add(assets->names.texts,
				g_strdup_printf("%s:%s", am_observed_name((AmObservedKind)name->kind), name->value));
		g_ptr_array_add(assets->told.texts,
				g_strdup_printf("%s %s %" G_GUINT64_FORMAT "%s", am_time_text(name->first_ns, first),
						am_time_text(name->last_ns, last), name->count,
						name->shared ? " shared" : ""));
	}
}

/* Do names that are a machine's own, not a service's, contradict each other? */
static gboolean names_differ(const AmMap *map, const AmAsset *asset)
{
	const AmAssetName *one = NULL;
	for (uint32_t n = 0; n < asset->n_names; n++) {
		const AmAssetName *name = &g_array_index(map->names, AmAssetName, asset->first_name + n);
		if (name->shared || name->kind >= AM_OBSERVED_WORKSTATION)
			continue;
		size_t size = strcspn(name->value, ".");
		if (one != NULL && (strcspn(one->value, ".") != size || memcmp(one->value, name->value, size) != 0))
			return TRUE;
		one = name;
	}
	return FALSE;
}

static const char *const own_columns[] = {AM_LABEL_OWNER, AM_LABEL_APPLICATION, AM_LABEL_ENVIRONMENT,
					  AM_LABEL_CRITICALITY};

static gboolean has_own_column(const char *name)
{
	for (guint n = 0; n < G_N_ELEMENTS(own_columns); n++) {
		if (strcmp(own_columns[n], name) == 0)
			return TRUE;
	}
	return strcmp(name, AM_LABEL_NAME) == 0;
}

/* What a machine is called on the network where nobody there calls it what the inventory does, by its first label. */
static void add_other_name(Assets *assets, const AmAsset *asset, const char *name)
{
	const AmAssetName *other = NULL;
	size_t size = strcspn(name, ".");
	for (uint32_t n = 0; n < asset->n_names; n++) {
		const AmAssetName *told = &g_array_index(assets->map->names, AmAssetName, asset->first_name + n);
		if (told->kind == AM_OBSERVED_INVENTORY || told->kind >= AM_OBSERVED_HOST || told->shared)
			continue;
		if (strcspn(told->value, ".") == size && g_ascii_strncasecmp(told->value, name, size) == 0)
			return;
		other = other != NULL ? other : told;
	}
	if (other != NULL)
		g_ptr_array_add(
			assets->conflicts.texts,
			g_strdup_printf("name=%s (%s)", other->value, am_observed_name((AmObservedKind)other->kind)));
}

static void fill_labels(Assets *assets, const AmAsset *asset, AmCell *cells)
{
	g_ptr_array_set_size(assets->labels.texts, 0);
	g_ptr_array_set_size(assets->conflicts.texts, 0);
	for (uint32_t n = 0; n < asset->n_labels; n++) {
		const AmAssetLabel *label = &g_array_index(assets->map->labels, AmAssetLabel, asset->first_label + n);
		if (label->overruled)
			g_ptr_array_add(assets->conflicts.texts,
					g_strdup_printf("%s=%s (%s)", label->name, label->value, label->source));
		else if (!has_own_column(label->name))
			g_ptr_array_add(assets->labels.texts, g_strdup_printf("%s=%s", label->name, label->value));
	}
	const char *name = am_asset_label(assets->map, asset, AM_LABEL_NAME);
	if (name != NULL)
		add_other_name(assets, asset, name);
	for (guint n = 0; n < G_N_ELEMENTS(own_columns); n++)
		cells[OWNER + n] = am_cell_text(am_asset_label(assets->map, asset, own_columns[n]));
	cells[LABELS] = address_list_cell(&assets->labels);
	cells[CONFLICTS] = address_list_cell(&assets->conflicts);
}

/* A table has no columns for what no inventory tells; and where it tells something, that is more than when an asset was first
 * seen. */
static void drop_empty(Assets *assets, AmColumn *columns)
{
	gboolean any[N_ASSET_COLUMNS] = {FALSE};
	for (guint row = 0; row < assets->map->assets->len; row++) {
		AmCell cells[N_ASSET_COLUMNS];
		const AmAsset *asset = &g_array_index(assets->map->assets, AmAsset, row);
		if (asset->n_labels == 0)
			continue;
		fill_labels(assets, asset, cells);
		for (int n = OWNER; n <= CONFLICTS; n++)
			any[n] |= cells[n].kind == AM_CELL_LIST ? cells[n].list.n > 0 : cells[n].kind != AM_CELL_NULL;
	}
	for (int n = OWNER; n <= CONFLICTS; n++) {
		if (!any[n])
			columns[n].flags &= ~(unsigned)AM_COLUMN_TABLE;
		else
			columns[FIRST].flags &= ~(unsigned)AM_COLUMN_TABLE;
	}
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
	add_names(assets, asset);
	cells[NAMED] = am_cell_text(am_view_asset_name(map, asset));
	cells[NAMES] = address_list_cell(&assets->names);
	cells[NAMES_TOLD] = address_list_cell(&assets->told);
	cells[NAMES_DIFFER] = am_cell_bool(names_differ(map, asset));
	cells[KIND] = am_cell_text(am_asset_kind_name(asset->kind));
	cells[KIND_WHY] = am_cell_text(asset->kind_why[0] != '\0' ? asset->kind_why : NULL);
	fill_middlebox(assets, asset, cells);
	cells[MAC] = am_cell_text(asset->has_mac ? am_mac_text(asset->mac, assets->mac) : NULL);
	cells[VENDOR] = am_cell_text(asset->vendor[0] != '\0' ? asset->vendor : NULL);
	cells[NETWORK] = am_cell_text(am_view_network(map, am_view_endpoint(map, asset->first_endpoint)->network));
	cells[GROUP] = am_cell_text(am_view_group_name(map, asset->first_endpoint));
	cells[INSIDE] = am_cell_bool(asset->inside);
	cells[SCANNER] = am_cell_bool(asset->scanner);
	fill_labels(assets, asset, cells);
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
	AmColumn columns[N_ASSET_COLUMNS];
	memcpy(columns, asset_columns, sizeof columns);
	AmListing listing = {
		.what = "assets",
		.columns = columns,
		.n_columns = N_ASSET_COLUMNS,
		.n_rows = map->assets->len,
		.keep = keep_asset,
		.fill = fill_asset,
		.context = &assets,
	};
	address_list_init(&assets.addresses);
	address_list_init(&assets.names);
	address_list_init(&assets.told);
	address_list_init(&assets.labels);
	address_list_init(&assets.conflicts);
	drop_empty(&assets, columns);
	gboolean good = am_listing_run(&listing, options, out, ret_listed, error);
	address_list_clear(&assets.addresses);
	address_list_clear(&assets.names);
	address_list_clear(&assets.told);
	address_list_clear(&assets.labels);
	address_list_clear(&assets.conflicts);
	return good;
}

/* ---- groups */

enum { ID, NAME, SIZE, WHY, DECIDED, MEMBERS, N_GROUP_COLUMNS };

static const AmColumn group_columns[N_GROUP_COLUMNS] = {
	{"id", AM_COLUMN_ALL},
	{"name", AM_COLUMN_ALL},
	{"assets", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_RIGHT},
	{"why", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_SHRINK},
	{"decided", AM_COLUMN_DATA},
	{"members", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},
};

typedef struct {
	const AmMap *map;
	AmFilter filter;
	AddressList addresses;
	char *why;
	gboolean is_table;
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
	g_free(groups->why); /* a table has no column for what is so rare */
	groups->why = groups->is_table && group->decided != NULL ? g_strdup_printf("%s; %s", group->decided, group->why)
								 : g_strdup(group->why);
	cells[WHY] = am_cell_text(groups->why);
	cells[DECIDED] = am_cell_text(group->decided);
	cells[MEMBERS] = address_list_cell(&groups->addresses);
}

gboolean am_report_groups(const AmMap *map, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			  GError **error)
{
	Groups groups = {.map = map, .is_table = options->format == AM_FORMAT_TABLE};
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
	g_free(groups.why);
	return good;
}
