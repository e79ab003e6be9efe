/* `flows`: one row per (client address, server address, protocol, port). The JSON names are a contract with what reads
 * them; tables show what a person needs first. */
#include "config.h"

#include "filter.h"
#include "listing.h"
#include "view.h"

enum {
	CLIENT,
	SERVER,
	CLIENT_GROUP,
	SERVER_GROUP,
	NETWORK,
	SERVICE,
	L7 = SERVICE + AM_N_SERVICE_COLUMNS,
	L7_CONFIDENCE,
	DIRECTION,
	VERDICT,
	REASONS,
	CONNECTIONS,
	PACKETS,
	BYTES,
	DAYS,
	FIRST,
	LAST,
	OUTCOMES,
	RELATED_TO,
	SCHEDULE,
	WEEK,
	CONFIDENCE,
	CLIENT_IS,
	GOES_ON_AS,
	COMES_FROM,
	N_COLUMNS,
};

static const AmColumn columns[N_COLUMNS] = {
	{"client", AM_COLUMN_ALL},
	{"server", AM_COLUMN_ALL},
	{"client_group", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"server_group", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"network", AM_COLUMN_DATA},
	AM_SERVICE_COLUMNS,
	{"l7", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"l7_confidence", AM_COLUMN_DATA},
	{"direction", AM_COLUMN_DATA},
	{"verdict", AM_COLUMN_ALL},
	{"reasons", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"connections", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"packets", AM_COLUMN_DATA | AM_COLUMN_RIGHT},
	{"bytes", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"days", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"first", AM_COLUMN_DATA},
	{"last", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"outcomes", AM_COLUMN_DATA | AM_COLUMN_NO_SORT},
	{"related_to", AM_COLUMN_DATA},
	{"schedule", AM_COLUMN_DATA},
	{"week", AM_COLUMN_DATA},
	{"confidence_percent", AM_COLUMN_DATA},
	{"client_is", AM_COLUMN_DATA},                      /* real, hidden, unknown: whose address it is */
	{"goes_on_as", AM_COLUMN_DATA | AM_COLUMN_NO_SORT}, /* legs of the same path, behind a middlebox */
	{"comes_from", AM_COLUMN_DATA | AM_COLUMN_NO_SORT}, /* and in front of it */
};

typedef struct {
	const AmMap *map;
	AmFilter filter;
	AmServiceCells service;
	const char *reasons[AM_N_REASONS];
	char related[AM_RELATED_TEXT_SIZE], period[AM_PERIOD_TEXT_SIZE], week[AM_WEEK_TEXT_SIZE];
	GPtrArray *legs[2]; /* char *: of the row, behind and in front */
} Flows;

static AmCell legs_cell(Flows *flows, guint row, uint32_t front)
{
	GPtrArray *texts = flows->legs[front];
	guint first, n_legs = am_legs_find(flows->map, row, &first);
	g_ptr_array_set_size(texts, 0);
	for (guint n = 0; n < n_legs; n++) {
		const AmLeg *leg = &g_array_index(flows->map->legs, AmLeg, first + n);
		if (leg->front == front)
			g_ptr_array_add(texts, am_leg_text(flows->map, leg));
	}
	return am_cell_list((const char *const *)texts->pdata, texts->len);
}

static gboolean keep_edge(const void *context, guint row)
{
	const Flows *flows = context;
	return am_filter_edge(&flows->filter, am_view_edge(flows->map, row));
}

static void fill_edge(void *context, guint row, AmCell *cells)
{
	Flows *flows = context;
	const AmMap *map = flows->map;
	const AmEdge *edge = am_view_edge(map, row);
	const AmEndpoint *client = am_view_endpoint(map, edge->client), *server = am_view_endpoint(map, edge->server);
	cells[CLIENT] = am_cell_address(&client->address);
	cells[SERVER] = am_cell_address(&server->address);
	cells[CLIENT_GROUP] = am_cell_text(am_view_group_name(map, edge->client));
	cells[SERVER_GROUP] = am_cell_text(am_view_group_name(map, edge->server));
	cells[NETWORK] = am_cell_text(am_view_network(map, client->network));
	am_cells_service(&cells[SERVICE], &flows->service, edge->ip_protocol, edge->port);
	cells[L7] = am_cell_text(am_view_l7(edge));
	cells[L7_CONFIDENCE] = am_cell_text(am_l7_confidence_name(am_view_l7_confidence(edge)));
	cells[DIRECTION] = am_cell_text(am_direction_name(edge->direction));
	cells[VERDICT] = am_cell_text(am_verdict_name(edge->verdict));
	cells[REASONS] = am_cell_list(flows->reasons, am_view_reasons(edge->reasons, flows->reasons));
	cells[CONNECTIONS] = am_cell_number(edge->connections);
	cells[PACKETS] = am_cell_number(edge->counts.packets[0] + edge->counts.packets[1]);
	cells[BYTES] = am_cell_size(edge->counts.bytes[0] + edge->counts.bytes[1]);
	cells[DAYS] = am_cell_number(edge->days);
	cells[FIRST] = am_cell_time(edge->first_ns);
	cells[LAST] = am_cell_time(edge->last_ns);
	cells[OUTCOMES] = am_cell_outcomes(edge->outcomes);
	cells[RELATED_TO] = am_cell_text(am_related_text(edge->related, flows->related));
	cells[SCHEDULE] = am_cell_text(am_period_text(&edge->period, flows->period));
	cells[WEEK] = am_cell_text(am_week_text(&edge->week, flows->week));
	cells[CONFIDENCE] = edge->confidence != AM_CONFIDENCE_UNKNOWN ? am_cell_number((edge->confidence + 5u) / 10)
								      : am_cell_text(NULL);
	cells[CLIENT_IS] = am_cell_text(am_client_view_name((AmClientView)edge->client_view));
	cells[GOES_ON_AS] = legs_cell(flows, row, 1);
	cells[COMES_FROM] = legs_cell(flows, row, 0);
}

gboolean am_report_flows(const AmMap *map, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			 GError **error)
{
	Flows flows = {.map = map};
	if (!am_filter_parse(map, options, "flows", AM_FILTER_ALL, &flows.filter, error))
		return FALSE;
	AmListing listing = {
		.what = "flows",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.n_rows = map->edges->len,
		.keep = keep_edge,
		.fill = fill_edge,
		.context = &flows,
	};
	for (int l = 0; l < 2; l++)
		flows.legs[l] = g_ptr_array_new_with_free_func(g_free);
	gboolean good = am_listing_run(&listing, options, out, ret_listed, error);
	for (int l = 0; l < 2; l++)
		g_ptr_array_free(flows.legs[l], TRUE);
	return good;
}
