/* Pools in rules: the addresses that a group's machines take in turn are its members, those that others are known to have
 * left out. And which addresses are known: what a rule permits to all others is counted apart. */
#include "config.h"

#include "private.h"

#include <string.h>

/* `holes` ascend, and each lies in the prefix. */
static void add_around(GArray *to, AmPrefix prefix, const AmPrefix *holes, guint n_holes)
{
	if (n_holes == 0) {
		g_array_append_val(to, prefix);
		return;
	}
	if (holes[0].length <= prefix.length)
		return;
	/* A hole lies inside, so the prefix is no single address. */
	AmPrefix low = prefix, high;
	low.length++;
	high = low;
	high.address.bytes[prefix.length / 8] |= (uint8_t)(0x80u >> prefix.length % 8);
	guint n_low = 0;
	while (n_low < n_holes && am_prefix_contains(&low, &holes[n_low].address))
		n_low++;
	add_around(to, low, holes, n_low);
	add_around(to, high, holes + n_low, n_holes - n_low);
}

static int compare_prefixes(gconstpointer a, gconstpointer b)
{
	return am_prefix_compare(a, b);
}

void am_prefix_add_without(GArray *to, AmPrefix prefix, const AmPrefix *holes, guint n_holes)
{
	g_autoptr(GArray) inside = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	for (guint n = 0; n < n_holes; n++) {
		if (holes[n].length <= prefix.length && am_prefix_contains(&holes[n], &prefix.address))
			return;
		if (am_prefix_contains(&prefix, &holes[n].address))
			g_array_append_val(inside, holes[n]);
	}
	g_array_sort(inside, compare_prefixes);
	add_around(to, prefix, (const AmPrefix *)(const void *)inside->data, inside->len);
}

uint8_t *am_known_endpoints(const AmMap *map)
{
	uint8_t *known = g_new0(uint8_t, map->endpoints->len + 1);
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		gboolean needed = am_edge_needs_rule(map, edge);
		known[edge->client] |= needed || edge->counts.packets[0] > 0;
		known[edge->server] |= needed || edge->counts.packets[1] > 0;
	}
	return known;
}

GArray *am_known_intervals(const AmMap *map, const AmSpaces *spaces)
{
	g_autofree uint8_t *known = am_known_endpoints(map);
	GArray *intervals = g_array_new(FALSE, FALSE, sizeof(AmInterval));
	for (uint32_t n = 0; n < map->endpoints->len; n++) {
		const AmEndpoint *endpoint = am_map_endpoint(map, n);
		if (!known[n] || endpoint->address.family == 0)
			continue;
		uint32_t space = am_spaces_find(spaces, am_map_network(map, endpoint->network));
		AmWide value = am_wide_of_address(&endpoint->address);
		AmInterval interval = {space << 1 | (endpoint->address.family == 6 ? 1 : 0), value, value};
		g_array_append_val(intervals, interval);
	}
	am_intervals_normalise(intervals);
	return intervals;
}

/* The endpoints of a prefix lie side by side. */
static uint32_t first_endpoint_in(const AmMap *map, uint32_t network, const AmAddress *address)
{
	uint32_t low = 0, high = map->endpoints->len;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const AmEndpoint *endpoint = am_map_endpoint(map, middle);
		if (endpoint->network < network ||
		    (endpoint->network == network && am_address_compare(&endpoint->address, address) < 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void add_pool(const AmMap *map, const AmPool *pool, const uint8_t *known, const GArray *lacks, GArray *members)
{
	g_autoptr(GArray) others = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	for (uint32_t n = first_endpoint_in(map, pool->network, &pool->prefix.address); n < map->endpoints->len; n++) {
		const AmEndpoint *endpoint = am_map_endpoint(map, n);
		if (endpoint->network != pool->network || !am_prefix_contains(&pool->prefix, &endpoint->address))
			break;
		AmPrefix host = am_prefix_host(&endpoint->address);
		gboolean lacking =
			lacks != NULL && g_array_binary_search((GArray *)lacks, &n, am_numbers_compare, NULL);
		uint32_t group = am_map_group_of(map, n);
		gboolean other = group == AM_NO_INDEX ? known[n] != 0 : group != pool->group;
		if (lacking || other)
			g_array_append_val(others, host);
	}
	for (guint n = 0; map->reserved != NULL && n < map->reserved->len; n++) {
		const AmReserved *reserved = &g_array_index(map->reserved, AmReserved, n);
		if (reserved->network == pool->network && am_prefix_contains(&pool->prefix, &reserved->prefix.address))
			g_array_append_val(others, reserved->prefix);
	}
	am_prefix_add_without(members, pool->prefix, (const AmPrefix *)(const void *)others->data, others->len);
}

void am_pools_add(const AmMap *map, const uint8_t *known, uint32_t network, uint32_t group, const GArray *lacks,
		  GArray *members)
{
	for (guint n = 0; n < map->pools->len; n++) {
		const AmPool *pool = &g_array_index(map->pools, AmPool, n);
		if (pool->network == network && pool->group == group)
			add_pool(map, pool, known, lacks, members);
	}
}
