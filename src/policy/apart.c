/* Groups permit more than was seen, but nothing that was seen and judged otherwise: where a suspicious edge, or one
 * that a person decided is none of the needed, lies between two groups that need the same service, the needed edges of these
 * two are permitted address by address. An undecided one does not part groups: its peers speak for it, and it is counted. */
#include "config.h"

#include "private.h"

#include <string.h>

/* A service between two units of rules: what one tuple of groups would permit. */
typedef struct {
	uint64_t client, server;
	uint64_t service;
} Area;

/* The group in its network, or the endpoint. */
static uint64_t unit_key(const AmMap *map, uint32_t endpoint)
{
	const AmEndpoint *end = am_map_endpoint(map, endpoint);
	uint32_t group = g_array_index(map->assets, AmAsset, end->asset).group;
	return group != AM_NO_INDEX ? (uint64_t)end->network << 32 | group : UINT64_C(1) << 63 | endpoint;
}

static Area area_of(const AmMap *map, const AmEdge *edge)
{
	return (Area){unit_key(map, edge->client), unit_key(map, edge->server),
		      (uint64_t)edge->ip_protocol << 16 | am_service_port(edge->ip_protocol, edge->port)};
}

static int compare_areas(gconstpointer a, gconstpointer b)
{
	const Area *x = a, *y = b;
	if (x->client != y->client)
		return x->client < y->client ? -1 : 1;
	if (x->server != y->server)
		return x->server < y->server ? -1 : 1;
	return x->service < y->service ? -1 : x->service > y->service;
}

/* Seen, and held to be no need. */
static gboolean is_judged(const AmEdge *edge)
{
	return edge->verdict == AM_VERDICT_SUSPICIOUS ||
	       (edge->override_index >= 0 && edge->verdict != AM_VERDICT_ESSENTIAL);
}

uint8_t *am_edges_apart(const AmMap *map, const GArray *edges, AmGranularity granularity)
{
	uint8_t *apart = g_new0(uint8_t, MAX(edges->len, 1));
	if (granularity != AM_GRANULARITY_GROUP)
		return apart;
	g_autoptr(GArray) areas = g_array_new(FALSE, FALSE, sizeof(Area));
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		if (!is_judged(edge))
			continue;
		Area area = area_of(map, edge);
		g_array_append_val(areas, area);
	}
	g_array_sort(areas, compare_areas);
	for (guint n = 0; n < edges->len; n++) {
		Area area = area_of(map, &g_array_index(map->edges, AmEdge, g_array_index(edges, uint32_t, n)));
		apart[n] = g_array_binary_search(areas, &area, compare_areas, NULL);
	}
	return apart;
}
