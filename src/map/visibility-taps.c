/* Which taps are missing, as far as what was not seen can tell: the pairs without packets by how much speaks for a need, and
 * the fewest places that would show them all (nearly: each next place is the one that shows most of what is left). A service
 * that many subnets use, and one does not, with whose subnet no packet was exchanged at all, speaks for a tap that misses
 * that pair; it is a hint for where to look first and decides nothing. */
#include "config.h"

#include "visibility.h"

#include "constants.h"

#include "allowmap/model/packet.h"

typedef struct {
	uint32_t server, client_subnet, edge;
	uint16_t port;
	uint8_t ip_protocol;
} Use;

static int compare_services(const Use *x, const Use *y)
{
	if (x->server != y->server)
		return x->server < y->server ? -1 : 1;
	if (x->ip_protocol != y->ip_protocol)
		return (int)x->ip_protocol - (int)y->ip_protocol;
	return (int)x->port - (int)y->port;
}

static int compare_uses(gconstpointer a, gconstpointer b)
{
	const Use *x = a, *y = b;
	int order = compare_services(x, y);
	if (order != 0)
		return order;
	if (x->client_subnet != y->client_subnet)
		return x->client_subnet < y->client_subnet ? -1 : 1;
	return x->edge < y->edge ? -1 : x->edge > y->edge;
}

/* Needed from other subnets; which need it is told by who else has it. */
static GArray *find_uses(const AmSight *sight)
{
	GArray *uses = g_array_new(FALSE, TRUE, sizeof(Use));
	for (uint32_t n = 0; n < sight->map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(sight->map->edges, AmEdge, n);
		uint32_t from = sight->subnet_of[edge->client], to = sight->subnet_of[edge->server];
		if (edge->verdict != AM_VERDICT_ESSENTIAL || from == AM_NO_INDEX || to == AM_NO_INDEX || from == to)
			continue;
		Use use = {edge->server, from, n, edge->port, edge->ip_protocol};
		g_array_append_val(uses, use);
	}
	g_array_sort(uses, compare_uses);
	return uses;
}

static gboolean is_common(const AmSight *sight, uint32_t subnet, uint32_t users)
{
	const AmSubnet *own = am_sight_subnet(sight, subnet);
	return users >= AM_EXPECTED_SUBNETS && users * AM_EXPECTED_SHARE >= own->block_end - own->block_first - 1;
}

static void find_services(AmSight *sight)
{
	sight->common = g_new0(AmCommon, MAX(sight->seen->subnets->len, 1));
	g_autoptr(GArray) uses = find_uses(sight);
	for (guint first = 0, n = 0; first < uses->len; first = n) {
		const Use *head = &g_array_index(uses, Use, first);
		AmCommon service = {head->edge, 0};
		for (; n < uses->len && compare_services(&g_array_index(uses, Use, n), head) == 0; n++)
			service.users += n == first || g_array_index(uses, Use, n).client_subnet !=
							       g_array_index(uses, Use, n - 1).client_subnet;
		uint32_t subnet = sight->subnet_of[head->server];
		if (is_common(sight, subnet, service.users) && service.users > sight->common[subnet].users)
			sight->common[subnet] = service;
	}
}

/* All answered edges of a pair, as far as they are alike: one service of TCP, from one side. */
typedef struct {
	uint32_t edge, pair;
	uint32_t n_servers;
	gboolean various;
} Single;

static void add_to_single(Single *single, const AmSight *sight, uint32_t edge_index)
{
	const AmEdge *edge = &g_array_index(sight->map->edges, AmEdge, edge_index);
	const AmEdge *first = &g_array_index(sight->map->edges, AmEdge, single->edge);
	if (single->n_servers == 0) {
		single->edge = edge_index;
		single->n_servers = 1;
		single->various = edge->ip_protocol != AM_PROTO_TCP;
		return;
	}
	single->n_servers += edge->server != first->server;
	single->various = single->various || edge->ip_protocol != first->ip_protocol || edge->port != first->port ||
			  sight->subnet_of[edge->client] != sight->subnet_of[first->client];
}

/* By pair. g_free() */
static Single *find_singles(const AmSight *sight)
{
	Single *singles = g_new0(Single, MAX(sight->seen->pairs->len, 1));
	for (uint32_t n = 0; n < sight->map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(sight->map->edges, AmEdge, n);
		uint32_t pair = am_sight_find_pair(sight, edge);
		if (pair != AM_NO_INDEX && am_edge_is_answered(edge))
			add_to_single(&singles[pair], sight, n);
	}
	return singles;
}

/* Where the address of a balancer is not seen, but its own link is, what it hands on stands alone: one service on several servers,
 * and nothing else between the two subnets, not even what nearly all others use there. */
static void find_doubtful(const AmSight *sight)
{
	g_autofree Single *singles = find_singles(sight);
	for (guint n = 0; n < sight->seen->pairs->len; n++) {
		AmSubnetPair *pair = &g_array_index(sight->seen->pairs, AmSubnetPair, n);
		if (pair->class != AM_VISIBILITY_BOTH || singles[n].various || singles[n].n_servers < 2)
			continue;
		const AmEdge *edge = &g_array_index(sight->map->edges, AmEdge, singles[n].edge);
		const AmCommon *service = &sight->common[sight->subnet_of[edge->server]];
		const AmEdge *use = &g_array_index(sight->map->edges, AmEdge, service->edge);
		if (service->users == 0 || (use->ip_protocol == edge->ip_protocol && use->port == edge->port))
			continue;
		pair->class = AM_VISIBILITY_ONE_WAY;
		pair->balanced = TRUE;
		pair->expected_by = service->users;
		pair->expected_edge = service->edge;
	}
}

void am_sight_find_common(AmSight *sight)
{
	find_services(sight);
	find_doubtful(sight);
}

/* The pair at this place of the row, with the service that is missing in it, if there is one. */
static AmSubnetPair unseen_pair(const AmSight *sight, uint32_t subnet, uint32_t at)
{
	const AmSubnet *own = am_sight_subnet(sight, subnet);
	uint32_t other = own->block_first + at;
	AmSubnetPair pair = {.a = subnet, .b = other < own->block_end ? other : AM_SUBNET_OUTSIDE};
	if (pair.b == AM_SUBNET_OUTSIDE || pair.b == pair.a)
		return pair;
	const AmCommon *missed = sight->common[other].users > sight->common[subnet].users ? &sight->common[other]
											  : &sight->common[subnet];
	pair.expected_by = missed->users;
	pair.expected_edge = missed->edge;
	return pair;
}

static int compare_unseen(gconstpointer a, gconstpointer b)
{
	const AmSubnetPair *x = a, *y = b;
	if (x->expected_by != y->expected_by)
		return x->expected_by > y->expected_by ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return x->b < y->b ? -1 : x->b > y->b;
}

/* One pass for those that are expected, one for the others, as far as there is room. */
static void list_unseen(AmSight *sight, uint8_t *row, gboolean expected)
{
	AmVisibility *seen = sight->seen;
	for (uint32_t n = 0; n < seen->subnets->len; n++) {
		uint32_t size = am_visibility_row_size(seen, n);
		am_visibility_row(seen, n, row);
		for (uint32_t at = 0; at < size; at++) {
			if (row[at] != AM_VISIBILITY_NONE || !am_sight_has_pair(sight, n, at, TRUE))
				continue;
			AmSubnetPair pair = unseen_pair(sight, n, at);
			if ((pair.expected_by > 0) != expected)
				continue;
			seen->n_expected += expected;
			if (seen->unseen->len < AM_UNSEEN_LISTED)
				g_array_append_val(seen->unseen, pair);
		}
	}
}

/* How many pairs without packets a place would show. Pairs of a subnet with itself are left out: what a router's port shows is
 * what passes the router. */
typedef struct {
	uint32_t *left;   /* by subnet, then of the outside, of the block under work */
	uint32_t *hints;  /* of these: expected ones */
	uint8_t *is_done; /* the place is mirrored by then */
} Cover;

static gboolean is_left(const AmSight *sight, const Cover *cover, const uint8_t *row, uint32_t subnet, uint32_t at)
{
	uint32_t other = am_sight_subnet(sight, subnet)->block_first + at;
	return row[at] == AM_VISIBILITY_NONE && other != subnet && !cover->is_done[at] &&
	       am_sight_has_pair(sight, subnet, at, FALSE);
}

static void count_left(const AmSight *sight, const Cover *cover, uint32_t first, uint8_t *row)
{
	uint32_t outside = am_sight_subnet(sight, first)->block_end - first;
	for (uint32_t n = 0; n < outside; n++) {
		am_visibility_row(sight->seen, first + n, row);
		for (uint32_t at = 0; at <= outside; at++) {
			if (!is_left(sight, cover, row, first + n, at))
				continue;
			gboolean hint = unseen_pair(sight, first + n, at).expected_by > 0;
			cover->left[n]++;
			cover->hints[n] += hint;
			cover->left[outside] += at == outside;
		}
	}
}

/* The place is mirrored: what it shows is no longer left to others. */
static void take(const AmSight *sight, const Cover *cover, uint32_t first, uint32_t place, uint8_t *row)
{
	uint32_t outside = am_sight_subnet(sight, first)->block_end - first;
	cover->is_done[place] = TRUE;
	if (place < outside)
		am_visibility_row(sight->seen, first + place, row);
	for (uint32_t at = 0; at <= outside; at++) {
		if (place == outside && at < outside)
			am_visibility_row(sight->seen, first + at, row);
		gboolean between = place < outside
					   ? is_left(sight, cover, row, first + place, at)
					   : at < outside && !cover->is_done[at] && row[outside] == AM_VISIBILITY_NONE;
		if (!between)
			continue;
		cover->left[at]--;
		if (place < outside)
			cover->hints[at] -= unseen_pair(sight, first + place, at).expected_by > 0;
	}
}

static void cover_block(AmSight *sight, const Cover *cover, uint32_t first, uint8_t *row)
{
	uint32_t outside = am_sight_subnet(sight, first)->block_end - first;
	count_left(sight, cover, first, row);
	for (;;) {
		uint32_t best = 0;
		for (uint32_t n = 1; n <= outside; n++)
			if (!cover->is_done[n] && (cover->is_done[best] || cover->left[n] > cover->left[best]))
				best = n;
		if (cover->is_done[best] || cover->left[best] == 0)
			return;
		AmTap tap = {best < outside ? first + best : AM_SUBNET_OUTSIDE, cover->left[best], cover->hints[best]};
		g_array_append_val(sight->seen->taps, tap);
		take(sight, cover, first, best, row);
	}
}

static int compare_taps(gconstpointer a, gconstpointer b)
{
	const AmTap *x = a, *y = b;
	if (x->pairs != y->pairs)
		return x->pairs > y->pairs ? -1 : 1;
	return x->subnet < y->subnet ? -1 : x->subnet > y->subnet;
}

void am_sight_find_taps(AmSight *sight)
{
	AmVisibility *seen = sight->seen;
	gsize size = (gsize)seen->subnets->len + 1;
	g_autofree uint8_t *row = g_malloc(size);
	list_unseen(sight, row, TRUE);
	list_unseen(sight, row, FALSE);
	g_array_sort(seen->unseen, compare_unseen);
	for (uint32_t n = 0; n < seen->subnets->len; n = am_sight_subnet(sight, n)->block_end) {
		g_autofree uint32_t *left = g_new0(uint32_t, size), *hints = g_new0(uint32_t, size);
		g_autofree uint8_t *is_done = g_new0(uint8_t, size);
		const Cover cover = {left, hints, is_done};
		cover_block(sight, &cover, n, row);
	}
	g_array_sort(seen->taps, compare_taps);
}
