/* `verdict list`: what people decided about flows, newest first, and how many flows each decision decides now. Fed by the
 * decisions and the map that was made with them.
 */
#include "config.h"

#include "listing.h"
#include "view.h"

enum { CLIENT, SERVER, SERVICE, NETWORK, VERDICT, FLOWS, BY, AT, WHY, N_COLUMNS };

/* The JSON keys are a contract; client, server and service are as `verdict set` takes them. */
static const AmColumn columns[N_COLUMNS] = {
	{"client", AM_COLUMN_ALL},
	{"server", AM_COLUMN_ALL},
	{"service", AM_COLUMN_ALL},
	{"network", AM_COLUMN_ALL},
	{"verdict", AM_COLUMN_ALL},
	{"flows", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"by", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"at", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"why", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
};

typedef struct {
	const GArray *overrides;
	uint64_t *flows; /* as overrides */
	char client[AM_ADDRESS_TEXT_SIZE + 4], server[AM_ADDRESS_TEXT_SIZE + 4], service[AM_SERVICE_TEXT_SIZE];
} Verdicts;

/* One host is told without a length. */
static const char *prefix_text(const AmPrefix *prefix, char text[AM_ADDRESS_TEXT_SIZE + 4])
{
	char address[AM_ADDRESS_TEXT_SIZE];
	am_address_text(&prefix->address, address);
	if (prefix->length == am_address_bits(&prefix->address))
		g_strlcpy(text, address, AM_ADDRESS_TEXT_SIZE + 4);
	else
		g_snprintf(text, AM_ADDRESS_TEXT_SIZE + 4, "%s/%u", address, prefix->length);
	return text;
}

static const char *service_text(const AmOverride *override, char text[AM_SERVICE_TEXT_SIZE])
{
	if (override->ip_protocol < 0 || override->port < 0)
		return "any";
	return am_service_text((uint8_t) override->ip_protocol, (uint16_t) override->port, text);
}

static void fill_verdict(void *context, guint row, AmCell *cells)
{
	Verdicts *verdicts = context;
	guint n = verdicts->overrides->len - 1 - row;
	const AmOverride *override = &g_array_index(verdicts->overrides, AmOverride, n);
	cells[CLIENT] = am_cell_text(prefix_text(&override->client, verdicts->client));
	cells[SERVER] = am_cell_text(prefix_text(&override->server, verdicts->server));
	cells[SERVICE] = am_cell_text(service_text(override, verdicts->service));
	cells[NETWORK] = am_cell_text(override->network);
	cells[VERDICT] = am_cell_text(am_override_name(override->verdict));
	cells[FLOWS] = am_cell_number(verdicts->flows[n]);
	cells[BY] = am_cell_text(override->who);
	cells[AT] = am_cell_time(override->at_ns);
	cells[WHY] = am_cell_text(override->why);
}

static gboolean keep_verdict(const void *context, guint row)
{
	return row < ((const Verdicts *)context)->overrides->len;
}

gboolean am_report_verdicts(const AmMap *map, const GArray *overrides, AmFormat format, FILE *out, GError **error)
{
	Verdicts verdicts = {.overrides = overrides};
	g_autofree uint64_t *flows = verdicts.flows = g_new0(uint64_t, MAX(overrides->len, 1));
	for (guint n = 0; n < map->edges->len; n++) {
		int32_t decided_by = am_view_edge(map, n)->override_index;
		if (decided_by >= 0)
			flows[decided_by]++;
	}
	const AmListOptions options = {.format = format};
	AmListing listing = {
		.what = "verdict",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.n_rows = overrides->len,
		.keep = keep_verdict,
		.fill = fill_verdict,
		.context = &verdicts,
	};
	return am_listing_run(&listing, &options, out, NULL, error);
}
