/* `middlebox list`: where addresses are translated, and connections balanced or proxied: as it was found, and as people said. Fed by
 * the map, and by the decisions for what they say of addresses that were not seen. */
#include "config.h"

#include "listing.h"
#include "view.h"

#include <string.h>

enum { ADDRESS, ROLE, CLIENTS, VIRTUAL_OF, NETWORK, FLOWS, SOURCE, WHY, N_COLUMNS };

/* The JSON keys are a contract. */
static const AmColumn columns[N_COLUMNS] = {
	{"address", AM_COLUMN_ALL},
	{"role", AM_COLUMN_ALL},
	{"clients", AM_COLUMN_ALL},    /* hidden: servers see a middlebox's address; kept: the clients' own */
	{"virtual_of", AM_COLUMN_ALL}, /* the machine that has the address, of one that is passed on */
	{"network", AM_COLUMN_DATA},
	{"hidden_flows", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"source", AM_COLUMN_ALL}, /* seen, said */
	{"why", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
};

typedef struct {
	const AmMap *map;
	GArray *unseen;  /* const AmMiddleboxHint * */
	uint64_t *flows; /* by endpoint */
} Boxes;

static void fill_unseen(const AmMiddleboxHint *hint, AmCell *cells)
{
	cells[ADDRESS] = am_cell_address(&hint->address);
	cells[ROLE] = am_cell_text(am_middlebox_role_name(hint->role));
	cells[CLIENTS] = cells[VIRTUAL_OF] = am_cell_text(NULL);
	cells[NETWORK] = am_cell_text(hint->network);
	cells[FLOWS] = am_cell_number(0);
	cells[SOURCE] = am_cell_text("said");
	cells[WHY] = am_cell_text("was not seen");
}

/* On the way through it. */
static const char *clients_text(const AmMap *map, const AmMiddlebox *box)
{
	gboolean hidden = box->hides;
	for (guint n = 0; n < map->relays->len && !hidden; n++) {
		const AmRelay *relay = &g_array_index(map->relays, AmRelay, n);
		hidden = relay->front == box->endpoint && relay->front_port != 0 && relay->client != AM_NO_INDEX;
	}
	return hidden ? "hidden" : "kept";
}

static void fill_box(void *context, guint row, AmCell *cells)
{
	const Boxes *boxes = context;
	const AmMap *map = boxes->map;
	if (row >= map->middleboxes->len) {
		fill_unseen(g_array_index(boxes->unseen, const AmMiddleboxHint *, row - map->middleboxes->len), cells);
		return;
	}
	const AmMiddlebox *box = &g_array_index(map->middleboxes, AmMiddlebox, row);
	const AmEndpoint *endpoint = am_view_endpoint(map, box->endpoint);
	gboolean is_one = box->role != AM_MIDDLEBOX_NONE;
	cells[ADDRESS] = am_cell_address(&endpoint->address);
	cells[ROLE] = am_cell_text(is_one || box->hinted ? am_middlebox_role_name(box->role) : "virtual");
	cells[CLIENTS] = am_cell_text(is_one ? clients_text(map, box) : NULL);
	cells[VIRTUAL_OF] = box->holder != AM_NO_INDEX ? am_cell_address(&am_view_endpoint(map, box->holder)->address)
						       : am_cell_text(NULL);
	cells[NETWORK] = am_cell_text(am_view_network(map, endpoint->network));
	cells[FLOWS] = am_cell_number(boxes->flows[box->endpoint]);
	cells[SOURCE] = am_cell_text(box->hinted ? "said" : "seen");
	cells[WHY] = am_cell_text(box->why);
}

static gboolean keep_box(const void *context, guint row)
{
	const Boxes *boxes = context;
	return row < boxes->map->middleboxes->len + boxes->unseen->len;
}

static gboolean is_seen(const AmMap *map, const AmMiddleboxHint *hint)
{
	for (guint n = 0; n < map->middleboxes->len; n++) {
		const AmMiddlebox *box = &g_array_index(map->middleboxes, AmMiddlebox, n);
		const AmEndpoint *endpoint = am_view_endpoint(map, box->endpoint);
		if (am_address_compare(&endpoint->address, &hint->address) == 0 &&
		    (hint->network == NULL || g_strcmp0(hint->network, am_view_network(map, endpoint->network)) == 0))
			return TRUE;
	}
	return FALSE;
}

/* The newest word on each address that has no place in the map. */
static void find_unseen(Boxes *boxes, const GArray *hints)
{
	for (guint n = 0; n < hints->len; n++) {
		const AmMiddleboxHint *hint = &g_array_index(hints, AmMiddleboxHint, n);
		gboolean is_newest = TRUE;
		for (guint later = n + 1; later < hints->len && is_newest; later++) {
			const AmMiddleboxHint *other = &g_array_index(hints, AmMiddleboxHint, later);
			is_newest = am_address_compare(&hint->address, &other->address) != 0 ||
				    g_strcmp0(hint->network, other->network) != 0;
		}
		if (is_newest && hint->role != AM_MIDDLEBOX_WITHDRAWN && !is_seen(boxes->map, hint))
			g_array_append_val(boxes->unseen, hint);
	}
}

gboolean am_report_middleboxes(const AmMap *map, const GArray *hints, AmFormat format, FILE *out, GError **error)
{
	g_autofree uint64_t *flows = g_new0(uint64_t, MAX(map->endpoints->len, 1));
	g_autoptr(GArray) unseen = g_array_new(FALSE, FALSE, sizeof(const AmMiddleboxHint *));
	Boxes boxes = {map, unseen, flows};
	find_unseen(&boxes, hints);
	for (guint n = 0; n < map->edges->len; n++)
		flows[am_view_edge(map, n)->client] += am_view_edge(map, n)->client_view == AM_CLIENT_HIDDEN;
	const AmListOptions options = {.format = format};
	AmListing listing = {
		.what = "middlebox",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.n_rows = map->middleboxes->len + unseen->len,
		.keep = keep_box,
		.fill = fill_box,
		.context = &boxes,
	};
	return am_listing_run(&listing, &options, out, NULL, error);
}
