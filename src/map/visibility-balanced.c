/* What a balancer hands on with the client's address as it was. A tap at the balancer shows it twice: to the balancer's own
 * address, and to the servers behind it, in another subnet. The second time it says nothing of what passes between the clients'
 * subnet and the servers' otherwise, which may be seen nowhere. Tallies have no ports of clients to tell it by; but the one
 * address was asked as often, and as much was said both ways, as to all the servers of a subnet together. Polls of single hosts do
 * not look like that: they say as much to each server, and not in sum. */
#include "config.h"

#include "visibility.h"

#include "constants.h"

/* What a subnet's hosts ask of one server, or on one port of all servers of a subnet. */
typedef struct {
	uint32_t clients, servers; /* subnets */
	uint32_t server;           /* AM_NO_INDEX = several */
	uint16_t port;
	uint8_t ip_protocol;
	gboolean is_balanced;
	uint64_t connections, payload[2];
} Demand;

static gboolean is_of_interest(const AmSight *sight, const AmEdge *edge)
{
	uint32_t from = sight->subnet_of[edge->client], to = sight->subnet_of[edge->server];
	return from != AM_NO_INDEX && to != AM_NO_INDEX && from != to && am_edge_is_answered(edge);
}

/* By whose it is and what for; a server's own last, so that those of one subnet are together. */
static int compare_places(gconstpointer a, gconstpointer b)
{
	const Demand *x = a, *y = b;
	if (x->clients != y->clients)
		return x->clients < y->clients ? -1 : 1;
	if (x->servers != y->servers)
		return x->servers < y->servers ? -1 : 1;
	if (x->ip_protocol != y->ip_protocol)
		return (int)x->ip_protocol - (int)y->ip_protocol;
	if (x->port != y->port)
		return (int)x->port - (int)y->port;
	return x->server < y->server ? -1 : x->server > y->server;
}

static int compare_volumes(gconstpointer a, gconstpointer b)
{
	const Demand *x = a, *y = b;
	if (x->clients != y->clients)
		return x->clients < y->clients ? -1 : 1;
	return x->connections < y->connections ? -1 : x->connections > y->connections;
}

static void add(Demand *sum, const Demand *part)
{
	sum->connections += part->connections;
	sum->payload[0] += part->payload[0];
	sum->payload[1] += part->payload[1];
}

/* One for each clients' subnet and server socket, in the order of their places. */
static GArray *demands_by_server(const AmSight *sight)
{
	GArray *demands = g_array_new(FALSE, TRUE, sizeof(Demand));
	for (guint n = 0; n < sight->map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(sight->map->edges, AmEdge, n);
		if (!is_of_interest(sight, edge))
			continue;
		Demand demand = {.clients = sight->subnet_of[edge->client],
				 .servers = sight->subnet_of[edge->server],
				 .server = edge->server,
				 .port = edge->port,
				 .ip_protocol = edge->ip_protocol,
				 .connections = edge->connections,
				 .payload = {edge->counts.payload[0], edge->counts.payload[1]}};
		g_array_append_val(demands, demand);
	}
	g_array_sort(demands, compare_places);
	guint kept = 0;
	for (guint n = 0; n < demands->len; n++) {
		const Demand *demand = &g_array_index(demands, Demand, n);
		Demand *last = kept > 0 ? &g_array_index(demands, Demand, kept - 1) : NULL;
		if (last != NULL && compare_places(last, demand) == 0)
			add(last, demand);
		else
			g_array_index(demands, Demand, kept++) = *demand;
	}
	g_array_set_size(demands, kept);
	return demands;
}

/* Where a subnet has several servers on one port: their sum. */
static GArray *demands_by_subnet(const GArray *by_server)
{
	GArray *sums = g_array_new(FALSE, TRUE, sizeof(Demand));
	for (guint first = 0, n = 0; first < by_server->len; first = n) {
		Demand sum = g_array_index(by_server, Demand, first);
		sum.server = AM_NO_INDEX;
		for (n = first + 1; n < by_server->len; n++) {
			Demand next = g_array_index(by_server, Demand, n);
			next.server = AM_NO_INDEX;
			if (compare_places(&sum, &next) != 0)
				break;
			add(&sum, &next);
		}
		if (n - first > 1 && sum.connections >= AM_BALANCED_CONNECTIONS)
			g_array_append_val(sums, sum);
	}
	return sums;
}

static gboolean are_near(uint64_t a, uint64_t b)
{
	uint64_t more = MAX(a, b), less = MIN(a, b);
	return (double)(more - less) <= AM_BALANCED_ERROR * (double)more;
}

/* The address elsewhere that was asked for just this, or NULL. `by_volume`: demands of single servers. */
static const Demand *find_front(const GArray *by_volume, const Demand *back)
{
	guint low = 0, high = by_volume->len;
	Demand least = *back;
	least.connections = (uint64_t)((double)back->connections * (1 - AM_BALANCED_ERROR));
	while (low < high) {
		guint middle = low + (high - low) / 2;
		if (compare_volumes(&g_array_index(by_volume, Demand, middle), &least) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < by_volume->len; low++) {
		const Demand *front = &g_array_index(by_volume, Demand, low);
		if (front->clients != back->clients ||
		    (front->connections > back->connections && !are_near(front->connections, back->connections)))
			return NULL;
		if (front->servers != back->servers && front->ip_protocol == back->ip_protocol &&
		    are_near(front->connections, back->connections) && are_near(front->payload[0], back->payload[0]) &&
		    are_near(front->payload[1], back->payload[1]))
			return front;
	}
	return NULL;
}

uint8_t *am_sight_find_balanced(const AmSight *sight)
{
	const AmMap *map = sight->map;
	uint8_t *balanced = g_new0(uint8_t, MAX(map->edges->len, 1));
	g_autoptr(GArray) fronts = demands_by_server(sight);
	g_autoptr(GArray) backs = demands_by_subnet(fronts);
	g_array_sort(fronts, compare_volumes);
	for (guint n = 0; n < backs->len; n++) {
		Demand *back = &g_array_index(backs, Demand, n);
		const Demand *front = find_front(fronts, back);
		back->is_balanced = front != NULL;
		if (front != NULL)
			sight->explained[front->server] = TRUE;
	}
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		Demand wanted = {.server = AM_NO_INDEX, .port = edge->port, .ip_protocol = edge->ip_protocol};
		guint at;
		wanted.clients = sight->subnet_of[edge->client];
		wanted.servers = sight->subnet_of[edge->server];
		if (is_of_interest(sight, edge) && g_array_binary_search(backs, &wanted, compare_places, &at))
			balanced[n] = g_array_index(backs, Demand, at).is_balanced != FALSE;
	}
	return balanced;
}
