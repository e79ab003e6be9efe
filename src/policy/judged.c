/* Groups permit more than was seen, but nothing that was seen and judged otherwise. Where suspicious edges, or some that a person
 * decided are none of the needed, lie between two groups that need the same service, those few members that they are of are
 * taken out of their group there, and what they need themselves is permitted address by address. Where they are not few, all
 * is: who scans must not part a whole group from its service, nor get in with it. An undecided edge parts nobody, unless it is
 * under suspicion: its peers speak for it, and it is counted. */
#include "config.h"

#include "private.h"

#include <string.h>

/* Of so many members one may be taken out. */
#define FEW_OF 4

typedef struct {
	AmArea area;
	uint32_t ends[2]; /* endpoints */
} Judged;

/* What follows from the judged edges of an area; found when it is needed. */
typedef struct {
	AmArea area;
	guint first, n; /* of the judged edges */
	gboolean found;
	int side; /* whose members are taken out: 0 client, 1 server, -1 = nobody's, as they are not few */
	uint32_t part;
} Verdict;

/* The group in its network, or the endpoint. Where nobody is, but the next one of a group may be, is the group's. */
static uint64_t unit_key(const AmMap *map, uint32_t endpoint)
{
	const AmEndpoint *end = am_map_endpoint(map, endpoint);
	uint32_t group = am_map_group_of(map, endpoint);
	const AmPool *pool = group == AM_NO_INDEX ? am_pool_find(map, end->network, &end->address) : NULL;
	group = pool != NULL ? pool->group : group;
	return group != AM_NO_INDEX ? (uint64_t)end->network << 32 | group : UINT64_C(1) << 63 | endpoint;
}

AmArea am_area_of(const AmMap *map, const AmEdge *edge)
{
	return (AmArea){unit_key(map, edge->client), unit_key(map, edge->server),
			(uint64_t)edge->ip_protocol << 16 | am_service_port(edge->ip_protocol, edge->port)};
}

int am_area_compare(gconstpointer a, gconstpointer b)
{
	const AmArea *x = a, *y = b;
	if (x->client != y->client)
		return x->client < y->client ? -1 : 1;
	if (x->server != y->server)
		return x->server < y->server ? -1 : 1;
	return x->service < y->service ? -1 : x->service > y->service;
}

static int compare_judged(gconstpointer a, gconstpointer b)
{
	const Judged *x = a, *y = b;
	int order = am_area_compare(&x->area, &y->area);
	for (int e = 0; order == 0 && e < 2; e++)
		order = (x->ends[e] > y->ends[e]) - (x->ends[e] < y->ends[e]);
	return order;
}

/* Seen, and held to be no need; or a question because of a suspicion, which no peer answers. */
static gboolean is_judged(const AmEdge *edge)
{
	static const uint32_t suspicions = 1u << AM_REASON_BEACON | 1u << AM_REASON_SCANNER |
					   1u << AM_REASON_SCAN_SUCCESS | 1u << AM_REASON_LATERAL;
	return edge->verdict == AM_VERDICT_SUSPICIOUS ||
	       (edge->verdict == AM_VERDICT_UNDECIDED && (edge->reasons & suspicions) != 0) ||
	       ((edge->override_index >= 0 || (edge->reasons & 1u << AM_REASON_EXCLUDED) != 0) &&
		edge->verdict != AM_VERDICT_ESSENTIAL);
}

static GArray *find_judged(const AmMap *map)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(Judged));
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		Judged judged = {am_area_of(map, edge), {edge->client, edge->server}};
		if (is_judged(edge))
			g_array_append_val(all, judged);
	}
	g_array_sort(all, compare_judged);
	return all;
}

static GArray *find_areas(const GArray *judged)
{
	GArray *areas = g_array_new(FALSE, FALSE, sizeof(Verdict));
	for (guint n = 0; n < judged->len; n++) {
		const Judged *at = &g_array_index(judged, Judged, n);
		Verdict *last = areas->len > 0 ? &g_array_index(areas, Verdict, areas->len - 1) : NULL;
		Verdict fresh = {.area = at->area, .first = n, .n = 1};
		if (last != NULL && am_area_compare(&last->area, &at->area) == 0)
			last->n++;
		else
			g_array_append_val(areas, fresh);
	}
	return areas;
}

/* Distinct endpoints of one side, ascending. */
static GArray *judged_ends(const GArray *judged, const Verdict *area, int side)
{
	GArray *ends = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	for (guint n = area->first; n < area->first + area->n; n++)
		g_array_append_val(ends, g_array_index(judged, Judged, n).ends[side]);
	am_numbers_unique(ends);
	return ends;
}

/* Of those ends that are members of a group: how many there are, and of how many. Addresses where nobody is do not count: taken
 * out they part nobody. */
static void count_members(const AmMap *map, const GArray *ends, uint64_t *ret_ends, uint64_t *ret_size)
{
	*ret_ends = 0;
	*ret_size = 1;
	for (guint n = 0; n < ends->len; n++) {
		uint32_t group = am_map_group_of(map, g_array_index(ends, uint32_t, n));
		if (group == AM_NO_INDEX)
			continue;
		++*ret_ends;
		*ret_size = g_array_index(map->groups, AmGroup, group).members->len;
	}
}

/* The number of the part without these members; equal ones have one number. Takes `without`. */
static uint32_t number_part(GPtrArray *parts, GHashTable *numbers, GArray *without)
{
	GBytes *key = g_bytes_new(without->data, without->len * sizeof(uint32_t));
	gpointer found = g_hash_table_lookup(numbers, key);
	if (found != NULL) {
		g_bytes_unref(key);
		g_array_unref(without);
		return GPOINTER_TO_UINT(found);
	}
	g_ptr_array_add(parts, without);
	g_hash_table_insert(numbers, key, GUINT_TO_POINTER(parts->len)); /* 0 is the whole group */
	return parts->len;
}

/* Taken out are members of the side where they are fewer by share. */
static void find_verdict(const AmMap *map, const GArray *judged, Verdict *area, GPtrArray *parts, GHashTable *numbers)
{
	GArray *ends[2];
	uint64_t n_ends[2], sizes[2];
	for (int e = 0; e < 2; e++) {
		ends[e] = judged_ends(judged, area, e);
		count_members(map, ends[e], &n_ends[e], &sizes[e]);
	}
	int side = n_ends[1] * sizes[0] < n_ends[0] * sizes[1];
	gboolean few = n_ends[side] * FEW_OF <= sizes[side];
	area->found = TRUE;
	area->side = few ? side : -1;
	area->part = few ? number_part(parts, numbers, g_array_ref(ends[side])) : 0;
	g_array_unref(ends[0]);
	g_array_unref(ends[1]);
}

void am_part_judged(const AmMap *map, const GArray *edges, AmApart *apart, GPtrArray *parts)
{
	g_autoptr(GArray) judged = find_judged(map);
	g_autoptr(GArray) areas = find_areas(judged);
	g_autoptr(GHashTable) numbers =
		g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
	for (guint n = 0; n < edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, g_array_index(edges, uint32_t, n));
		AmArea area = am_area_of(map, edge);
		guint at;
		if (!g_array_binary_search(areas, &area, am_area_compare, &at))
			continue;
		Verdict *verdict = &g_array_index(areas, Verdict, at);
		if (!verdict->found)
			find_verdict(map, judged, verdict, parts, numbers);
		uint32_t own = verdict->side == 1 ? edge->server : edge->client;
		if (verdict->side < 0 || am_part_lacks(parts, verdict->part, own))
			apart[n].ends = AM_APART_BOTH;
		else
			apart[n].part[verdict->side] = verdict->part;
	}
}

gboolean am_part_lacks(const GPtrArray *parts, uint32_t part, uint32_t endpoint)
{
	return part > 0 && g_array_binary_search(parts->pdata[part - 1], &endpoint, am_numbers_compare, NULL);
}
