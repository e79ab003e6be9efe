/* `listeners`: who offers what, to how many, what came of it, and what is to be said against it. Those that were seen come first,
 * then those that only their hosts or scans tell of. */
#include "config.h"

#include "filter.h"
#include "listing.h"
#include "view.h"

enum {
	ASSET,
	ADDRESS,
	GROUP,
	SERVICE,
	STATE = SERVICE + AM_N_SERVICE_COLUMNS,
	EXPOSED,
	USED,
	IDLE,
	L7,
	PROOF,
	CLIENTS,
	NEEDED,
	FLAGS,
	SOURCE,
	PROGRAM,
	OPENED,
	CLOSED,
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
	{"state", AM_COLUMN_ALL},
	{"exposed", AM_COLUMN_DATA},
	{"used", AM_COLUMN_DATA},
	{"idle", AM_COLUMN_DATA},
	{"l7", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"proof", AM_COLUMN_DATA},
	{"clients", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"essential_clients", AM_COLUMN_DATA | AM_COLUMN_RIGHT},
	{"flags", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"source", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"program", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"opened", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"closed", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"first", AM_COLUMN_CSV},
	{"last", AM_COLUMN_CSV},
	{"outcomes", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},
};

typedef struct {
	const AmMap *map;
	AmFilter filter;
	AmServiceCells service;
	const char *flags[AM_N_FLAGS], *sources[AM_N_LISTENER_SOURCES];
} Listeners;

static const AmListener *listener_at(const AmMap *map, guint row)
{
	return &g_array_index(map->listeners, AmListener, row);
}

static const AmUnusedListener *unused_at(const AmMap *map, guint row)
{
	return &g_array_index(map->unused, AmUnusedListener, row - map->listeners->len);
}

static gboolean keep_unused(const AmFilter *filter, const AmUnusedListener *unused)
{
	gboolean there = unused->endpoint != AM_NO_INDEX ? am_filter_endpoint(filter, unused->endpoint)
							 : am_filter_address(filter, &unused->listed.address);
	return there && am_filter_port(filter, unused->listed.ip_protocol, unused->listed.port) &&
	       am_filter_l7(filter, NULL);
}

static gboolean keep_listener(const void *context, guint row)
{
	const Listeners *listeners = context;
	if (row >= listeners->map->listeners->len)
		return keep_unused(&listeners->filter, unused_at(listeners->map, row));
	const AmListener *listener = listener_at(listeners->map, row);
	return am_filter_endpoint(&listeners->filter, listener->endpoint) &&
	       am_filter_port(&listeners->filter, listener->ip_protocol, listener->port) &&
	       am_filter_l7(&listeners->filter, listener->l7.connections > 0 ? listener->l7.name : NULL);
}

static void fill_marks(Listeners *listeners, uint32_t flags, uint32_t sources, AmCell *cells)
{
	guint n_flags = am_view_listener_flags(flags, listeners->flags), n_sources = 0;
	for (unsigned n = 0; n < AM_N_LISTENER_SOURCES; n++) {
		if ((sources >> n & 1) != 0)
			listeners->sources[n_sources++] = am_listener_source_name((AmListenerSource)n);
	}
	cells[FLAGS] = am_cell_list(listeners->flags, n_flags);
	cells[SOURCE] = am_cell_list(listeners->sources, n_sources);
}

static void fill_unused(Listeners *listeners, const AmUnusedListener *unused, AmCell *cells)
{
	static const uint64_t no_outcomes[AM_N_OUTCOMES];
	const AmMap *map = listeners->map;
	const AmListedListener *listed = &unused->listed;
	gboolean is_seen = unused->endpoint != AM_NO_INDEX;
	cells[ASSET] =
		am_cell_address(is_seen ? am_view_asset_address(map, am_view_endpoint(map, unused->endpoint)->asset)
					: &listed->address);
	cells[ADDRESS] = am_cell_address(&listed->address);
	cells[GROUP] = am_cell_text(is_seen ? am_view_group_name(map, unused->endpoint) : NULL);
	am_cells_service(&cells[SERVICE], &listeners->service, listed->ip_protocol, listed->port);
	cells[STATE] = am_cell_text(listed->closed_ns != 0 ? "closed" : "never-used");
	cells[EXPOSED] = am_cell_bool(listed->closed_ns == 0);
	cells[USED] = am_cell_bool(FALSE);
	cells[IDLE] = am_cell_bool(TRUE);
	cells[L7] = cells[PROOF] = am_cell_text(NULL);
	cells[CLIENTS] = cells[NEEDED] = am_cell_number(0);
	fill_marks(listeners, unused->flags, unused->sources, cells);
	cells[PROGRAM] = am_cell_text(listed->program);
	cells[OPENED] = cells[FIRST] = am_cell_time(listed->first_ns);
	cells[CLOSED] = am_cell_time(listed->closed_ns);
	cells[LAST] = am_cell_time(listed->last_ns);
	cells[OUTCOMES] = am_cell_outcomes(no_outcomes);
}

static void fill_listener(void *context, guint row, AmCell *cells)
{
	Listeners *listeners = context;
	const AmMap *map = listeners->map;
	if (row >= map->listeners->len) {
		fill_unused(listeners, unused_at(map, row), cells);
		return;
	}
	const AmListener *listener = listener_at(map, row);
	const AmEndpoint *endpoint = am_view_endpoint(map, listener->endpoint);
	cells[ASSET] = am_cell_address(am_view_asset_address(map, endpoint->asset));
	cells[ADDRESS] = am_cell_address(&endpoint->address);
	cells[GROUP] = am_cell_text(am_view_group_name(map, listener->endpoint));
	am_cells_service(&cells[SERVICE], &listeners->service, listener->ip_protocol, listener->port);
	cells[STATE] = am_cell_text(am_view_listener_state(listener));
	cells[EXPOSED] = am_cell_bool(listener->answered_ns != 0 && listener->closed_ns == 0);
	cells[USED] = am_cell_bool(!listener->idle);
	cells[IDLE] = am_cell_bool(listener->idle);
	cells[L7] = am_cell_text(listener->l7.connections > 0 ? listener->l7.name : NULL);
	cells[PROOF] = am_cell_text(am_direction_name(listener->direction));
	cells[CLIENTS] = am_cell_number(listener->clients);
	cells[NEEDED] = am_cell_number(listener->needed);
	fill_marks(listeners, listener->flags, listener->sources, cells);
	cells[PROGRAM] = am_cell_text(listener->program);
	cells[OPENED] = am_cell_time(listener->opened_ns);
	cells[CLOSED] = am_cell_time(listener->closed_ns);
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
		.n_rows = map->listeners->len + map->unused->len,
		.keep = keep_listener,
		.fill = fill_listener,
		.context = &listeners,
	};
	return am_listing_run(&listing, options, out, ret_listed, error);
}
