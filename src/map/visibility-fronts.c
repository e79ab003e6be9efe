/* What a balancer may hand on over a pair that is not seen. What is needed between two subnets may go to a balancer's address in a
 * third, which hands it on with the client's address as it was, over a link of its own. Where that link is seen, it shows
 * (visibility-balanced.c); where it is not, the pair does not count as seen, whatever else passes between the two. An address
 * may be a balancer's if several hosts need it and it never asks anything itself: a host would ask for names, for the time,
 * or for something. Else attempts, refused or silent, show a pair as well as words do. */
#include "config.h"

#include "visibility.h"

#include "constants.h"
#include "table.h"

#include "allowmap/model/packet.h"

typedef struct {
	uint32_t clients, front; /* subnets */
} Use;

/* By endpoint: how many need it by TCP; 0 = it asks itself. g_free() */
static uint32_t *count_clients(const AmMap *map)
{
	uint32_t *n_clients = g_new0(uint32_t, MAX(map->endpoints->len, 1));
	g_autofree uint32_t *last = g_malloc0(MAX(map->endpoints->len, 1) * sizeof *last);
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		gboolean counts = edge->verdict == AM_VERDICT_ESSENTIAL && edge->ip_protocol == AM_PROTO_TCP;
		/* Edges are sorted by client: of one client several are together. */
		n_clients[edge->server] += counts && last[edge->server] != edge->client + 1;
		if (counts)
			last[edge->server] = edge->client + 1;
	}
	for (guint n = 0; n < map->edges->len; n++)
		n_clients[g_array_index(map->edges, AmEdge, n).client] = 0;
	return n_clients;
}

static int compare_uses(gconstpointer a, gconstpointer b)
{
	const Use *x = a, *y = b;
	if (x->clients != y->clients)
		return x->clients < y->clients ? -1 : 1;
	return x->front < y->front ? -1 : x->front > y->front;
}

/* Which subnets need what may be a balancer's address, and in which subnet that is: sorted, distinct. */
static GArray *find_fronts(const AmSight *sight)
{
	GArray *fronts = g_array_new(FALSE, TRUE, sizeof(Use));
	g_autoptr(AmTable) known = am_table_new(sizeof(Use));
	g_autofree uint32_t *n_clients = count_clients(sight->map);
	for (guint n = 0; n < sight->map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(sight->map->edges, AmEdge, n);
		Use use = {sight->subnet_of[edge->client], sight->subnet_of[edge->server]};
		if (edge->verdict == AM_VERDICT_ESSENTIAL && edge->ip_protocol == AM_PROTO_TCP &&
		    n_clients[edge->server] >= AM_FRONT_CLIENTS && !sight->explained[edge->server] &&
		    use.clients != AM_NO_INDEX && use.front != AM_NO_INDEX && use.clients != use.front &&
		    am_table_add(known, &use) == fronts->len)
			g_array_append_val(fronts, use);
	}
	g_array_sort(fronts, compare_uses);
	return fronts;
}

/* The first use by these clients, or by later ones. */
static guint first_of(const GArray *fronts, uint32_t clients)
{
	guint low = 0, high = fronts->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		if (g_array_index(fronts, Use, middle).clients < clients)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Is there a third subnet that may hand on from the one to the other, for all that was seen? */
static gboolean may_be_handed_on(const AmSight *sight, const GArray *fronts, uint32_t from, uint32_t to)
{
	for (guint n = first_of(fronts, from); n < fronts->len; n++) {
		const Use *use = &g_array_index(fronts, Use, n);
		if (use->clients != from)
			return FALSE;
		AmVisibilityClass link = use->front != to ? am_sight_class(sight, use->front, to) : AM_VISIBILITY_BOTH;
		if (link == AM_VISIBILITY_NONE || link == AM_VISIBILITY_ONE_WAY)
			return TRUE;
	}
	return FALSE;
}

/* Both directions of something passed a tap, and there is no other way that was not seen. */
static gboolean is_shown(const AmSight *sight, const GArray *fronts, const AmSubnetPair *pair)
{
	gboolean answered = pair->class == AM_VISIBILITY_BOTH || (pair->attempts && !pair->balanced);
	if (!answered || pair->b == AM_SUBNET_OUTSIDE || pair->a == pair->b)
		return answered;
	return !may_be_handed_on(sight, fronts, pair->a, pair->b) && !may_be_handed_on(sight, fronts, pair->b, pair->a);
}

void am_sight_weigh_fronts(AmSight *sight)
{
	GArray *pairs = sight->seen->pairs;
	g_autoptr(GArray) fronts = find_fronts(sight);
	g_autofree uint8_t *shown = g_new0(uint8_t, MAX(pairs->len, 1));
	for (guint n = 0; n < pairs->len; n++)
		shown[n] = is_shown(sight, fronts, &g_array_index(pairs, AmSubnetPair, n)) != FALSE;
	for (guint n = 0; n < pairs->len; n++) {
		AmSubnetPair *pair = &g_array_index(pairs, AmSubnetPair, n);
		pair->fronted = pair->class == AM_VISIBILITY_BOTH && !shown[n];
		pair->class = shown[n] ? AM_VISIBILITY_BOTH : AM_VISIBILITY_ONE_WAY;
	}
}
