/* Which paths through a middlebox a flow is a leg of, and what is to be said of it. */
#include "config.h"

#include "middlebox.h"

#include "allowmap/base.h"

#define MAX_TOLD 8

static gboolean has_edge(const AmMap *map, uint32_t client, uint32_t server, uint16_t port)
{
	return am_map_find_edge(map, client, server, AM_PROTO_TCP, port) != AM_NO_INDEX;
}

/* Translation: `front` is the client behind; both legs go to the same service. */
static gboolean is_translation(const AmRelay *relay)
{
	return relay->front_port == 0;
}

static gboolean is_front(const AmMap *map, const AmRelay *relay, const AmEdge *edge)
{
	if (is_translation(relay))
		return relay->front == edge->client && has_edge(map, relay->client, edge->server, edge->port);
	return relay->front == edge->server && relay->front_port == edge->port && relay->client != edge->client;
}

static gboolean is_back(const AmMap *map, const AmRelay *relay, const AmEdge *edge)
{
	if (is_translation(relay))
		return relay->client == edge->client && has_edge(map, relay->front, edge->server, edge->port);
	if (relay->port != edge->port || (relay->server != AM_NO_INDEX && relay->server != edge->server))
		return FALSE;
	return relay->client == AM_NO_INDEX ? has_edge(map, edge->client, relay->front, relay->front_port)
					    : relay->client == edge->client;
}

/* By endpoint: an end of a path. g_free() */
static uint8_t *find_ends(const AmMap *map)
{
	uint8_t *is_end = g_new0(uint8_t, MAX(map->endpoints->len, 1));
	for (guint n = 0; n < map->relays->len; n++) {
		const AmRelay *relay = &g_array_index(map->relays, AmRelay, n);
		const uint32_t ends[] = {relay->front, relay->client, relay->server};
		for (size_t e = 0; e < G_N_ELEMENTS(ends); e++)
			if (ends[e] != AM_NO_INDEX)
				is_end[ends[e]] = 1;
	}
	return is_end;
}

typedef struct {
	uint32_t endpoint, relay;
} End;

static int compare_places(gconstpointer a, gconstpointer b)
{
	const End *x = a, *y = b;
	if (x->endpoint != y->endpoint)
		return x->endpoint < y->endpoint ? -1 : 1;
	return x->relay < y->relay ? -1 : x->relay > y->relay;
}

/* The paths by their front (side 0), or by their client (1). */
static GArray *index_relays(const AmMap *map, int side)
{
	GArray *ends = g_array_sized_new(FALSE, FALSE, sizeof(End), map->relays->len);
	for (uint32_t n = 0; n < map->relays->len; n++) {
		const AmRelay *relay = &g_array_index(map->relays, AmRelay, n);
		End end = {side == 0 ? relay->front : relay->client, n};
		g_array_append_val(ends, end);
	}
	g_array_sort(ends, compare_places);
	return ends;
}

static void add_legs_at(AmMap *map, uint32_t edge_index, uint32_t front, const GArray *index, uint32_t endpoint)
{
	const AmEdge *edge = &g_array_index(map->edges, AmEdge, edge_index);
	guint low = 0, high = index->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		if (g_array_index(index, End, middle).endpoint < endpoint)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < index->len && g_array_index(index, End, low).endpoint == endpoint; low++) {
		const AmLeg leg = {edge_index, g_array_index(index, End, low).relay, front};
		const AmRelay *relay = &g_array_index(map->relays, AmRelay, leg.relay);
		if (front ? is_front(map, relay, edge) : is_back(map, relay, edge))
			g_array_append_val(map->legs, leg);
	}
}

static int compare_legs(gconstpointer a, gconstpointer b)
{
	const AmLeg *x = a, *y = b;
	if (x->edge != y->edge)
		return x->edge < y->edge ? -1 : 1;
	if (x->front != y->front)
		return x->front < y->front ? -1 : 1;
	return x->relay < y->relay ? -1 : x->relay > y->relay;
}

/* Only few edges are looked for, and only in the paths that have an end of theirs. */
void am_middlebox_find_legs(AmMap *map)
{
	if (map->relays->len == 0)
		return;
	g_autofree uint8_t *is_end = find_ends(map);
	g_autoptr(GArray) by_front = index_relays(map, 0), by_client = index_relays(map, 1);
	for (uint32_t e = 0; e < map->edges->len; e++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, e);
		if (edge->ip_protocol != AM_PROTO_TCP || !(is_end[edge->client] || is_end[edge->server]))
			continue;
		add_legs_at(map, e, FALSE, by_client, edge->client);
		add_legs_at(map, e, FALSE, by_client, AM_NO_INDEX);
		add_legs_at(map, e, TRUE, by_front, edge->client);
		add_legs_at(map, e, TRUE, by_front, edge->server);
	}
	g_array_sort(map->legs, compare_legs);
}

/* ---- For `explain flow` */

static void add_box(GString *text, const AmMap *map, const char *which, uint32_t endpoint)
{
	static const char *const roles[AM_N_MIDDLEBOX_ROLES] = {
		[AM_MIDDLEBOX_NAT] = "NAT", [AM_MIDDLEBOX_BALANCER] = "a balancer", [AM_MIDDLEBOX_PROXY] = "a proxy"};
	const AmMiddlebox *box = am_middlebox_find(map, endpoint);
	if (box == NULL || (box->role == AM_MIDDLEBOX_NONE && !box->is_virtual))
		return;
	const char *role = roles[box->role];
	g_string_append_printf(text, "the %s is %s%s%s: %s\n", which, box->is_virtual ? "a virtual address" : "",
			       box->is_virtual && role != NULL ? " of " : "", role != NULL ? role : "", box->why);
}

static void add_legs(GString *text, const AmMap *map, uint32_t edge)
{
	guint first, n_legs = am_legs_find(map, edge, &first);
	for (guint n = 0; n < MIN(n_legs, MAX_TOLD); n++) {
		const AmLeg *leg = &g_array_index(map->legs, AmLeg, first + n);
		const AmRelay *relay = &g_array_index(map->relays, AmRelay, leg->relay);
		g_autofree char *other = am_leg_text(map, leg);
		g_string_append_printf(text, "%s: %s (%" G_GUINT64_FORMAT " connections %s)\n",
				       leg->front ? "goes on as" : "comes from", other, relay->connections,
				       is_translation(relay) ? "to all servers" : "of all clients");
	}
	if (n_legs > MAX_TOLD)
		g_string_append_printf(text, "and %u more paths: 'allowmap flows --format json' has them\n",
				       n_legs - MAX_TOLD);
}

void am_middlebox_explain(GString *text, const AmMap *map, uint32_t edge_index)
{
	static const char *const views[AM_N_CLIENT_VIEWS] = {
		[AM_CLIENT_UNKNOWN] = "unknown: nothing tells whether it is the client's own",
		[AM_CLIENT_REAL] = "real: its own frames or its lease were seen",
		[AM_CLIENT_HIDDEN] = "hidden: it is a middlebox's; who asks through it is not seen in this flow",
	};
	const AmEdge *edge = &g_array_index(map->edges, AmEdge, edge_index);
	g_string_append_printf(text, "client address: %s\n", views[edge->client_view]);
	add_box(text, map, "client", edge->client);
	add_box(text, map, "server", edge->server);
	add_legs(text, map, edge_index);
}
