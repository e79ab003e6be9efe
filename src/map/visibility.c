/* Which pairs of inside subnets were seen. A mirror that misses a pair leaves nothing of it, and nor does a pair that never
 * talks: of a pair without one packet it is not known whether there is a need, and that is what is said of it. Fed by the
 * edges; a single connection that was answered with more than a refusal, be it a scan's, shows that both directions pass a tap, unless it is one that a balancer
 * hands on. Must not guess: what was not seen never counts as seen because its neighbours were.
 *
 * Apart from pairs, hosts of which one direction is missing: TCP payload in one direction alone proves that its other side
 * answered, out of sight. */
#include "config.h"

#include "visibility.h"

#include "constants.h"
#include "table.h"

#include "allowmap/model/packet.h"

#include <string.h>

/* What is known of an endpoint before there are subnets. */
typedef struct {
	uint8_t inside, outside; /* neither: multicast, link-local, loopback, none */
	uint8_t sent;
	uint32_t two_way, lacks_sent, lacks_received; /* edges */
	AmPrefix subnet;
} Host;

typedef struct {
	AmSight sight;
	const AmVisibilityOptions *options;
	Host *hosts; /* by endpoint */
	uint32_t *subnet_of;
} Finder;

static const AmEndpoint *endpoint_of(const AmMap *map, uint32_t n)
{
	return &g_array_index(map->endpoints, AmEndpoint, n);
}

static gboolean in_any(const GArray *prefixes, const AmAddress *address)
{
	for (guint n = 0; prefixes != NULL && n < prefixes->len; n++)
		if (am_prefix_contains(&g_array_index(prefixes, AmPrefix, n), address))
			return TRUE;
	return FALSE;
}

static AmPrefix told_or_natural(const Finder *finder, const AmAddress *address)
{
	const GArray *told = finder->options != NULL ? finder->options->subnets : NULL;
	const AmPrefix *best = NULL;
	for (guint n = 0; told != NULL && n < told->len; n++) {
		const AmPrefix *prefix = &g_array_index(told, AmPrefix, n);
		if (am_prefix_contains(prefix, address) && (best == NULL || prefix->length > best->length))
			best = prefix;
	}
	return best != NULL ? *best : am_prefix_subnet(address);
}

static void place_hosts(Finder *finder)
{
	const AmMap *map = finder->sight.map;
	for (uint32_t n = 0; n < map->endpoints->len; n++) {
		const AmAddress *address = &endpoint_of(map, n)->address;
		if (address->family == 0 || am_address_is_multicast(address) || am_address_is_link_local(address) ||
		    am_address_is_unspecified(address) || am_address_is_loopback(address))
			continue;
		Host *host = &finder->hosts[n];
		host->inside = map->inside->len == 0 || in_any(map->inside, address);
		host->outside = !host->inside;
		if (host->inside)
			host->subnet = told_or_natural(finder, address);
	}
}

/* To a broadcast address of the subnet nobody answers. */
static gboolean is_about_hosts(const AmEdge *edge)
{
	return (edge->reasons >> AM_REASON_MULTICAST & 1) == 0;
}

static gboolean is_two_way(const AmEdge *edge)
{
	return edge->counts.packets[0] > 0 && edge->counts.packets[1] > 0;
}

/* TCP that goes on though no packet of the other side passed. Attempts without an answer are not that. */
static gboolean is_half(const AmEdge *edge)
{
	gboolean one_sided = (edge->counts.packets[0] == 0) != (edge->counts.packets[1] == 0);
	return one_sided && edge->ip_protocol == AM_PROTO_TCP &&
	       (edge->counts.payload[0] + edge->counts.payload[1] > 0 || edge->handshakes > 0);
}

static void watch_hosts(Finder *finder)
{
	const AmMap *map = finder->sight.map;
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		if (!is_about_hosts(edge))
			continue;
		const uint32_t ends[] = {edge->client, edge->server};
		for (int e = 0; e < 2; e++) {
			Host *host = &finder->hosts[ends[e]];
			host->sent |= edge->counts.packets[e] > 0;
			host->two_way += is_two_way(edge);
			host->lacks_sent += is_half(edge) && edge->counts.packets[e] == 0;
			host->lacks_received += is_half(edge) && edge->counts.packets[e] > 0;
		}
	}
}

/* Seen as a host: others address many a host that is not there. */
static gboolean is_there(const Host *host)
{
	return host->inside && (host->sent || host->lacks_sent > 0);
}

/* Of a connection that is half seen, either host may be the one: it is the one with more of these than others. */
static gboolean is_half_seen(const Host *host)
{
	return is_there(host) && host->lacks_sent + host->lacks_received > host->two_way;
}

static int compare_subnets(gconstpointer a, gconstpointer b)
{
	const AmSubnet *x = a, *y = b;
	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	return am_prefix_compare(&x->prefix, &y->prefix);
}

/* Those that were told are there even if no host of them was seen; of several networks it is not known in which. */
static void add_told(Finder *finder)
{
	const GArray *told = finder->options != NULL ? finder->options->subnets : NULL;
	for (guint n = 0; told != NULL && n < told->len && finder->sight.map->networks->len <= 1; n++) {
		AmSubnet subnet = {.prefix = g_array_index(told, AmPrefix, n)};
		if (finder->sight.map->inside->len == 0 || in_any(finder->sight.map->inside, &subnet.prefix.address))
			g_array_append_val(finder->sight.seen->subnets, subnet);
	}
}

static void find_subnets(Finder *finder)
{
	const AmMap *map = finder->sight.map;
	GArray *subnets = finder->sight.seen->subnets;
	add_told(finder);
	for (uint32_t n = 0; n < map->endpoints->len; n++) {
		AmSubnet subnet = {.network = endpoint_of(map, n)->network, .prefix = finder->hosts[n].subnet};
		if (is_there(&finder->hosts[n]))
			g_array_append_val(subnets, subnet);
	}
	g_array_sort(subnets, compare_subnets);
	guint kept = 0;
	for (guint n = 0; n < subnets->len; n++)
		if (kept == 0 ||
		    compare_subnets(am_sight_subnet(&finder->sight, kept - 1), am_sight_subnet(&finder->sight, n)) != 0)
			g_array_index(subnets, AmSubnet, kept++) = g_array_index(subnets, AmSubnet, n);
	g_array_set_size(subnets, kept);
	for (guint first = 0, n = 0; first < kept; first = n) {
		const AmSubnet *head = am_sight_subnet(&finder->sight, first);
		while (n < kept && am_sight_subnet(&finder->sight, n)->network == head->network &&
		       am_sight_subnet(&finder->sight, n)->prefix.address.family == head->prefix.address.family)
			n++;
		for (guint k = first; k < n; k++) {
			am_sight_subnet(&finder->sight, k)->block_first = first;
			am_sight_subnet(&finder->sight, k)->block_end = n;
		}
	}
}

static uint32_t find_subnet(const Finder *finder, uint32_t endpoint)
{
	AmSubnet wanted = {.network = endpoint_of(finder->sight.map, endpoint)->network,
			   .prefix = finder->hosts[endpoint].subnet};
	guint at;
	gboolean found = finder->hosts[endpoint].inside &&
			 g_array_binary_search(finder->sight.seen->subnets, &wanted, compare_subnets, &at);
	return found ? at : AM_NO_INDEX;
}

static void count_hosts(Finder *finder)
{
	for (uint32_t n = 0; n < finder->sight.map->endpoints->len; n++) {
		const Host *host = &finder->hosts[n];
		finder->subnet_of[n] = find_subnet(finder, n);
		if (finder->subnet_of[n] == AM_NO_INDEX || !is_there(host))
			continue;
		AmSubnet *subnet = am_sight_subnet(&finder->sight, finder->subnet_of[n]);
		subnet->hosts++;
		if (!is_half_seen(host))
			continue;
		subnet->half_seen++;
		AmHalfSeen half = {n, finder->subnet_of[n], host->lacks_sent > host->lacks_received,
				   MAX(host->lacks_sent, host->lacks_received)};
		g_array_append_val(finder->sight.seen->half_seen, half);
	}
}

/* Is the edge between two subnets, or a subnet and the outside? Sets the pair, and whose packets are those of its `a`. */
static gboolean pair_of(const Finder *finder, const AmEdge *edge, uint32_t ret_pair[2], int *ret_a)
{
	uint32_t ends[2] = {finder->subnet_of[edge->client], finder->subnet_of[edge->server]};
	const Host *hosts[2] = {&finder->hosts[edge->client], &finder->hosts[edge->server]};
	for (int e = 0; e < 2; e++) {
		if (ends[e] == AM_NO_INDEX && !hosts[e]->outside)
			return FALSE; /* a host that is not there, in a subnet where none is */
		if (ends[e] == AM_NO_INDEX)
			ends[e] = AM_SUBNET_OUTSIDE;
	}
	*ret_a = ends[1] < ends[0];
	ret_pair[0] = ends[*ret_a];
	ret_pair[1] = ends[!*ret_a];
	return ret_pair[0] != AM_SUBNET_OUTSIDE;
}

static int compare_pairs(gconstpointer a, gconstpointer b)
{
	const AmSubnetPair *x = a, *y = b;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return x->b < y->b ? -1 : x->b > y->b;
}

static void add_edge(AmSubnetPair *pair, const AmEdge *edge, int a, gboolean balanced)
{
	pair->first_ns = pair->edges == 0 ? edge->first_ns : MIN(pair->first_ns, edge->first_ns);
	pair->last_ns = MAX(pair->last_ns, edge->last_ns);
	pair->edges++;
	pair->connections += edge->connections;
	pair->packets[0] += edge->counts.packets[a];
	pair->packets[1] += edge->counts.packets[!a];
	if (!am_edge_is_answered(edge))
		pair->attempts = pair->attempts || is_two_way(edge);
	else if (balanced)
		pair->balanced = TRUE;
	else
		pair->class = AM_VISIBILITY_BOTH;
}

static void find_pairs(Finder *finder)
{
	GArray *pairs = finder->sight.seen->pairs;
	g_autoptr(AmTable) keys = am_table_new(2 * sizeof(uint32_t));
	g_autofree uint8_t *balanced = am_sight_find_balanced(&finder->sight);
	for (guint n = 0; n < finder->sight.map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(finder->sight.map->edges, AmEdge, n);
		uint32_t ends[2];
		int a;
		if (!is_about_hosts(edge) || !pair_of(finder, edge, ends, &a))
			continue;
		uint32_t at = am_table_add(keys, ends);
		AmSubnetPair fresh = {.a = ends[0], .b = ends[1], .class = AM_VISIBILITY_ONE_WAY};
		if (at == pairs->len)
			g_array_append_val(pairs, fresh);
		add_edge(&g_array_index(pairs, AmSubnetPair, at), edge, a, balanced[n]);
	}
	g_array_sort(pairs, compare_pairs);
}

uint32_t am_sight_find_pair(const AmSight *sight, const AmEdge *edge)
{
	uint32_t from = sight->subnet_of[edge->client], to = sight->subnet_of[edge->server];
	AmSubnetPair wanted = {.a = MIN(from, to), .b = MAX(from, to)};
	guint at;
	gboolean found = from != AM_NO_INDEX && to != AM_NO_INDEX && is_about_hosts(edge) &&
			 g_array_binary_search(sight->seen->pairs, &wanted, compare_pairs, &at);
	return found ? at : AM_NO_INDEX;
}

AmVisibilityClass am_sight_class(const AmSight *sight, uint32_t a, uint32_t b)
{
	AmSubnetPair wanted = {.a = MIN(a, b), .b = MAX(a, b)};
	guint at;
	if (g_array_binary_search(sight->seen->pairs, &wanted, compare_pairs, &at))
		return g_array_index(sight->seen->pairs, AmSubnetPair, at).class;
	gboolean declared = am_sight_subnet(sight, a)->declared || am_sight_subnet(sight, b)->declared;
	return declared ? AM_VISIBILITY_DECLARED : AM_VISIBILITY_NONE;
}

/* Each subnet's pairs, for am_visibility_row(). */
static void index_pairs(AmVisibility *seen)
{
	g_array_set_size(seen->row_first, seen->subnets->len + 1);
	uint32_t *first = (uint32_t *)(void *)seen->row_first->data;
	for (guint n = 0; n < seen->pairs->len; n++) {
		const AmSubnetPair *pair = &g_array_index(seen->pairs, AmSubnetPair, n);
		first[pair->a + 1]++;
		if (pair->b != AM_SUBNET_OUTSIDE && pair->b != pair->a)
			first[pair->b + 1]++;
	}
	for (guint n = 0; n < seen->subnets->len; n++)
		first[n + 1] += first[n];
	g_array_set_size(seen->row_pairs, first[seen->subnets->len]);
	g_autofree uint32_t *next = g_memdup2(first, (seen->subnets->len + 1) * sizeof *first);
	for (uint32_t n = 0; n < seen->pairs->len; n++) {
		const AmSubnetPair *pair = &g_array_index(seen->pairs, AmSubnetPair, n);
		g_array_index(seen->row_pairs, uint32_t, next[pair->a]++) = n;
		if (pair->b != AM_SUBNET_OUTSIDE && pair->b != pair->a)
			g_array_index(seen->row_pairs, uint32_t, next[pair->b]++) = n;
	}
}

gboolean am_sight_has_pair(const AmSight *sight, uint32_t subnet, uint32_t at, gboolean first_only)
{
	const AmSubnet *own = am_sight_subnet(sight, subnet);
	uint32_t other = own->block_first + at;
	if (other == own->block_end)
		return sight->seen->has_outside;
	return other == subnet ? !own->alone : !first_only || other > subnet;
}

/* What was told of subnets; and those that have no pair with themselves. */
static void mark_subnets(Finder *finder)
{
	AmVisibility *seen = finder->sight.seen;
	for (guint n = 0; n < seen->subnets->len; n++) {
		AmSubnet *subnet = am_sight_subnet(&finder->sight, n);
		subnet->declared = finder->options != NULL && in_any(finder->options->visible, &subnet->prefix.address);
		subnet->alone = subnet->hosts < 2;
	}
	for (guint n = 0; n < seen->pairs->len; n++) {
		const AmSubnetPair *pair = &g_array_index(seen->pairs, AmSubnetPair, n);
		if (pair->a == pair->b)
			am_sight_subnet(&finder->sight, pair->a)->alone = FALSE;
	}
	seen->has_outside = finder->sight.map->inside->len > 0;
	seen->outside_declared = finder->options != NULL && finder->options->outside_visible;
}

static void count_pairs(AmSight *sight)
{
	AmVisibility *seen = sight->seen;
	g_autofree uint8_t *row = g_malloc(seen->subnets->len + 1);
	for (uint32_t n = 0; n < seen->subnets->len; n++) {
		AmSubnet *subnet = am_sight_subnet(sight, n);
		uint32_t size = am_visibility_row_size(seen, n);
		am_visibility_row(seen, n, row);
		for (uint32_t at = 0; at < size; at++) {
			subnet->pairs[row[at]] += am_sight_has_pair(sight, n, at, FALSE);
			seen->n_pairs[row[at]] += am_sight_has_pair(sight, n, at, TRUE);
			seen->n_within += row[at] == AM_VISIBILITY_NONE && subnet->block_first + at == n &&
					  am_sight_has_pair(sight, n, at, TRUE);
		}
	}
}

AmVisibility *am_map_visibility(const AmMap *map, const AmVisibilityOptions *options)
{
	g_autofree Host *hosts = g_new0(Host, MAX(map->endpoints->len, 1));
	g_autofree uint32_t *subnet_of = g_new(uint32_t, MAX(map->endpoints->len, 1));
	Finder finder = {.sight = {.map = map, .subnet_of = subnet_of, .seen = am_visibility_new()},
			 .options = options};
	finder.hosts = hosts;
	finder.subnet_of = subnet_of;
	g_autofree uint8_t *explained = g_new0(uint8_t, MAX(map->endpoints->len, 1));
	finder.sight.explained = explained;
	place_hosts(&finder);
	watch_hosts(&finder);
	find_subnets(&finder);
	count_hosts(&finder);
	find_pairs(&finder);
	index_pairs(finder.sight.seen);
	mark_subnets(&finder);
	am_sight_weigh_fronts(&finder.sight);
	am_sight_find_common(&finder.sight);
	count_pairs(&finder.sight);
	am_sight_find_taps(&finder.sight);
	g_free(finder.sight.common);
	return finder.sight.seen;
}
