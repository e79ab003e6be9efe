/* Groups permit more than was seen, but nothing that was seen and judged otherwise (judged.c). Local edges are nobody's but who
 * was seen to say it.
 *
 * Nor is a group a server because a few of its members are: where most offer something together and hardly any offers this
 * (shares of a laptop or two), these are permitted by their addresses.
 *
 * Nor do groups join what keeps apart: where each of several clients uses one server of its own, again and again, and none
 * uses another's (tenants and their databases, pairs that replicate), the pairs are all that is needed.
 *
 * And where a middlebox asks for others, that is no need of its group. */
#include "config.h"

#include "private.h"

#include <string.h>

/* That four clients find a server each by chance has a probability of 4!/4^4 = .09 when each picked one once and kept to it,
 * and less than 1e-10 when it picked anew each of this many times. */
#define MIN_PAIRS 4
#define MIN_PAIR_CONNECTIONS 5
/* Of n clients that pick one of n servers each, a share of 1/e has it for itself; twice that is no chance. One that crosses
 * over spoils three. */
#define MIN_PAIR_SHARE 0.75

/* Of a group this large, fewer than a quarter are no habit of it. Of a smaller one, one member may be what was seen of all. */
#define MIN_ODD_GROUP 8
#define ODD_SHARE 4

/* A needed edge in its area, while it is looked for pairs. */
typedef struct {
	AmArea area;
	uint32_t client, server; /* endpoints */
	uint32_t position;       /* in `edges` */
	gboolean is_often;
} Placed;

static int compare_placed(gconstpointer a, gconstpointer b)
{
	const Placed *x = a, *y = b;
	int by_area = am_area_compare(&x->area, &y->area);
	if (by_area != 0)
		return by_area;
	return x->server != y->server ? (x->server < y->server ? -1 : 1)
				      : (x->client > y->client) - (x->client < y->client);
}

static gboolean occurs_once(GArray *sorted, uint32_t number)
{
	guint at = 0;
	return g_array_binary_search(sorted, &number, am_numbers_compare, &at) &&
	       (at == 0 || g_array_index(sorted, uint32_t, at - 1) != number) &&
	       (at + 1 == sorted->len || g_array_index(sorted, uint32_t, at + 1) != number);
}

/* Enough pairs, each client with one server and each server with one client, often enough that chance does not explain it, and
 * hardly anything but pairs: one that uses another's server as well does not make a pool of all. `placed` is sorted by server. */
static gboolean are_pairs(const Placed *placed, guint n_placed)
{
	g_autoptr(GArray) clients = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), n_placed);
	for (guint n = 0; n < n_placed; n++)
		g_array_append_val(clients, placed[n].client);
	g_array_sort(clients, am_numbers_compare);
	guint n_pairs = 0;
	for (guint n = 0; n < n_placed; n++) {
		gboolean shared = (n > 0 && placed[n - 1].server == placed[n].server) ||
				  (n + 1 < n_placed && placed[n + 1].server == placed[n].server);
		n_pairs += placed[n].is_often && !shared && occurs_once(clients, placed[n].client);
	}
	return n_pairs >= MIN_PAIRS && n_pairs >= MIN_PAIR_SHARE * n_placed;
}

static void part_pairs(const AmMap *map, const GArray *edges, AmApart *apart)
{
	g_autoptr(GArray) all = g_array_sized_new(FALSE, TRUE, sizeof(Placed), edges->len);
	for (guint n = 0; n < edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, g_array_index(edges, uint32_t, n));
		Placed placed = {am_area_of(map, edge), edge->client, edge->server, n,
				 edge->connections >= MIN_PAIR_CONNECTIONS};
		g_array_append_val(all, placed);
	}
	g_array_sort(all, compare_placed);
	for (guint n = 0, run; n < all->len; n += run) {
		const Placed *first = &g_array_index(all, Placed, n);
		for (run = 1; n + run < all->len && am_area_compare(&first->area, &first[run].area) == 0;)
			run++;
		gboolean pairs = are_pairs(first, run);
		for (guint k = 0; k < run; k++)
			apart[first[k].position].ends |= pairs ? AM_APART_BOTH : 0;
	}
}

/* A server in what is offered by a unit; as a member of one, with service 0. */
typedef struct {
	uint64_t unit, service;
	uint32_t endpoint;
	uint32_t position; /* in `edges` */
} Offer;

static int compare_offers(gconstpointer a, gconstpointer b)
{
	const Offer *x = a, *y = b;
	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	if (x->service != y->service)
		return x->service < y->service ? -1 : 1;
	return (x->endpoint > y->endpoint) - (x->endpoint < y->endpoint);
}

/* How many follow each other in one unit and service, and how many endpoints these are of. */
static guint run_of(const GArray *sorted, guint from, guint *ret_endpoints)
{
	const Offer *first = &g_array_index(sorted, Offer, from);
	guint n = 0;
	*ret_endpoints = 0;
	for (; from + n < sorted->len && first[n].unit == first->unit && first[n].service == first->service; n++)
		*ret_endpoints += n == 0 || first[n].endpoint != first[n - 1].endpoint;
	return n;
}

/* Members and offers are in one array: those of a unit follow each other, the members first. */
static void part_odd_servers(const AmMap *map, const GArray *edges, AmApart *apart)
{
	g_autoptr(GArray) all = g_array_sized_new(FALSE, TRUE, sizeof(Offer), 3 * edges->len);
	for (guint n = 0; n < edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, g_array_index(edges, uint32_t, n));
		AmArea area = am_area_of(map, edge);
		if ((edge->reasons & 1u << AM_REASON_SANCTIONED) != 0)
			continue; /* what a scanner finds is no habit */
		const Offer offers[] = {{area.client, 0, edge->client, n},
					{area.server, 0, edge->server, n},
					{area.server, 1 + area.service, edge->server, n}};
		g_array_append_vals(all, offers, G_N_ELEMENTS(offers));
	}
	g_array_sort(all, compare_offers);
	guint n_members = 0, n_servers;
	for (guint n = 0, run; n < all->len; n += run) {
		const Offer *first = &g_array_index(all, Offer, n);
		run = run_of(all, n, &n_servers);
		if (first->service == 0)
			n_members = n_servers;
		else if (n_members >= MIN_ODD_GROUP && n_servers * ODD_SHARE < n_members)
			for (guint k = 0; k < run; k++)
				apart[first[k].position].ends |= AM_APART_SERVER;
	}
}

/* By group: do all addresses of its members hide who asks through them? g_free() */
static uint8_t *find_middle_groups(const AmMap *map, const uint8_t *hides)
{
	uint8_t *all = g_new0(uint8_t, MAX(map->groups->len, 1));
	for (guint g = 0; g < map->groups->len; g++) {
		const GArray *members = g_array_index(map->groups, AmGroup, g).members;
		all[g] = members->len > 0;
		for (guint m = 0; m < members->len; m++) {
			const AmAsset *asset =
				&g_array_index(map->assets, AmAsset, g_array_index(members, uint32_t, m));
			for (uint32_t e = asset->first_endpoint; e != AM_NO_INDEX; e = am_map_endpoint(map, e)->next)
				all[g] &= hides[e];
		}
	}
	return all;
}

/* Who asks through a middlebox is not known, but that the middlebox does is: the rule is from its address, and from no other member of
 * a group that it may be in, unless they are middleboxes all. */
static void part_middleboxes(const AmMap *map, const GArray *edges, AmApart *apart)
{
	if (map->middleboxes == NULL || map->middleboxes->len == 0)
		return;
	g_autofree uint8_t *hides = g_new0(uint8_t, MAX(map->endpoints->len, 1));
	for (guint n = 0; n < map->middleboxes->len; n++) {
		const AmMiddlebox *box = &g_array_index(map->middleboxes, AmMiddlebox, n);
		hides[box->endpoint] = box->hides != FALSE;
	}
	g_autofree uint8_t *all = find_middle_groups(map, hides);
	for (guint n = 0; n < edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, g_array_index(edges, uint32_t, n));
		uint32_t asset = am_map_endpoint(map, edge->client)->asset;
		uint32_t group = g_array_index(map->assets, AmAsset, asset).group;
		if (edge->client_view == AM_CLIENT_HIDDEN && group != AM_NO_INDEX && !all[group])
			apart[n].ends |= AM_APART_CLIENT;
	}
}

AmApart *am_edges_apart(const AmMap *map, const GArray *edges, AmGranularity granularity, GPtrArray *parts)
{
	AmApart *apart = g_new0(AmApart, MAX(edges->len, 1));
	if (granularity != AM_GRANULARITY_GROUP)
		return apart;
	am_part_judged(map, edges, apart, parts);
	for (guint n = 0; n < edges->len; n++)
		if (g_array_index(map->edges, AmEdge, g_array_index(edges, uint32_t, n)).verdict == AM_VERDICT_LOCAL)
			apart[n].ends = AM_APART_BOTH;
	part_pairs(map, edges, apart);
	part_odd_servers(map, edges, apart);
	part_middleboxes(map, edges, apart);
	return apart;
}
