/* `listeners`: who offers what, to how many, and what came of it. */
#include "config.h"

#include "filter.h"
#include "listing.h"
#include "view.h"

enum {
	ASSET,
	ADDRESS,
	GROUP,
	SERVICE,
	L7 = SERVICE + AM_N_SERVICE_COLUMNS,
	CLIENTS,
	IDLE,
	FIRST,
	LAST,
	OUTCOMES,
	N_COLUMNS,
};

/* The JSON keys are a contract; the rest is for tables and spreadsheets. */
static const AmColumn columns[N_COLUMNS] = {
	{"asset", AM_COLUMN_DATA},
	{"address", AM_COLUMN_ALL},
	{"group", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_SHRINK},
	AM_SERVICE_COLUMNS,
	{"l7", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"clients", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"idle", AM_COLUMN_ALL},
	{"first", AM_COLUMN_CSV},
	{"last", AM_COLUMN_TABLE | AM_COLUMN_CSV | AM_COLUMN_SHRINK},
	{"outcomes", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},
};

typedef struct {
	const AmMap *map;
	AmFilter filter;
	AmServiceCells service;
} Listeners;

static const AmListener *listener_at(const AmMap *map, guint row)
{
	return &g_array_index(map->listeners, AmListener, row);
}

static gboolean keep_listener(const void *context, guint row)
{
	const Listeners *listeners = context;
	const AmListener *listener = listener_at(listeners->map, row);
	return am_filter_endpoint(&listeners->filter, listener->endpoint) &&
	       am_filter_port(&listeners->filter, listener->ip_protocol, listener->port) &&
	       am_filter_l7(&listeners->filter, listener->l7.connections > 0 ? listener->l7.name : NULL);
}

static void fill_listener(void *context, guint row, AmCell *cells)
{
	Listeners *listeners = context;
	const AmMap *map = listeners->map;
	const AmListener *listener = listener_at(map, row);
	const AmEndpoint *endpoint = am_view_endpoint(map, listener->endpoint);
	cells[ASSET] = am_cell_address(am_view_asset_address(map, endpoint->asset));
	cells[ADDRESS] = am_cell_address(&endpoint->address);
	cells[GROUP] = am_cell_text(am_view_group_name(map, listener->endpoint));
	am_cells_service(&cells[SERVICE], &listeners->service, listener->ip_protocol, listener->port);
	cells[L7] = am_cell_text(listener->l7.connections > 0 ? listener->l7.name : NULL);
	cells[CLIENTS] = am_cell_number(listener->clients);
	cells[IDLE] = am_cell_bool(listener->idle);
	cells[FIRST] = am_cell_time(listener->first_ns);
	cells[LAST] = am_cell_time(listener->last_ns);
	cells[OUTCOMES] = am_cell_outcomes(listener->outcomes);
}

gboolean am_report_listeners(const AmMap *map, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			     GError **error)
{
	Listeners listeners = {.map = map};
	if (!am_filter_parse(map, options, "listeners",
			     AM_FILTER_ASSET | AM_FILTER_GROUP | AM_FILTER_PORT | AM_FILTER_L7, &listeners.filter,
			     error))
		return FALSE;
	AmListing listing = {
		.what = "listeners",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.n_rows = map->listeners->len,
		.keep = keep_listener,
		.fill = fill_listener,
		.context = &listeners,
	};
	return am_listing_run(&listing, options, out, ret_listed, error);
}
