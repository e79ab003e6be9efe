/* The map, from tallies and decisions: the order of the steps, and finding things in the result. Pure: what comes out
 * depends on the values that come in and on nothing else, not even on their order.
 */
#include "config.h"

#include "allowmap/base.h"
#include "constants.h"
#include "work.h"

#include <string.h>

static void group_clear(gpointer group)
{
	g_array_unref(((AmGroup *)group)->members);
	g_free(((AmGroup *)group)->why);
	g_free(((AmGroup *)group)->decided);
	g_free(((AmGroup *)group)->ticket);
}

static void label_clear(gpointer data)
{
	AmAssetLabel *label = data;
	g_free(label->name);
	g_free(label->value);
	g_free(label->source);
}

static AmMap *map_new(const GPtrArray *networks)
{
	AmMap *map = g_new0(AmMap, 1);
	map->networks = g_ptr_array_new_with_free_func(g_free);
	for (guint n = 0; networks != NULL && n < networks->len; n++)
		g_ptr_array_add(map->networks, g_strdup(networks->pdata[n]));
	map->endpoints = g_array_new(FALSE, TRUE, sizeof(AmEndpoint));
	map->names = g_array_new(FALSE, TRUE, sizeof(AmAssetName));
	map->labels = g_array_new(FALSE, TRUE, sizeof(AmAssetLabel));
	g_array_set_clear_func(map->labels, label_clear);
	map->assets = g_array_new(FALSE, TRUE, sizeof(AmAsset));
	map->neighbours = g_array_new(FALSE, TRUE, sizeof(AmNeighbour));
	map->listeners = g_array_new(FALSE, TRUE, sizeof(AmListener));
	map->unused = g_array_new(FALSE, TRUE, sizeof(AmUnusedListener));
	map->edges = g_array_new(FALSE, TRUE, sizeof(AmEdge));
	map->groups = g_array_new(FALSE, TRUE, sizeof(AmGroup));
	g_array_set_clear_func(map->groups, group_clear);
	map->pools = g_array_new(FALSE, TRUE, sizeof(AmPool));
	map->reserved = g_array_new(FALSE, TRUE, sizeof(AmReserved));
	map->middleboxes = g_array_new(FALSE, TRUE, sizeof(AmMiddlebox));
	map->relays = g_array_new(FALSE, TRUE, sizeof(AmRelay));
	map->legs = g_array_new(FALSE, TRUE, sizeof(AmLeg));
	map->inside = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	return map;
}

void am_map_free(AmMap *map)
{
	if (map == NULL)
		return;
	g_ptr_array_unref(map->networks);
	g_array_unref(map->endpoints);
	g_array_unref(map->assets);
	g_array_unref(map->names);
	g_array_unref(map->labels);
	g_array_unref(map->listeners);
	g_array_unref(map->unused);
	g_array_unref(map->neighbours);
	g_array_unref(map->edges);
	g_array_unref(map->groups);
	g_array_unref(map->pools);
	g_array_unref(map->reserved);
	g_array_unref(map->middleboxes);
	g_array_unref(map->relays);
	g_array_unref(map->legs);
	am_coverage_free(map->coverage);
	g_array_unref(map->inside);
	g_free(map);
}

static int compare_days(gconstpointer a, gconstpointer b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
	return x < y ? -1 : x > y;
}

/* First, last, and how many days: what recurrence is measured against. */
static void measure(AmMapWork *work)
{
	AmMap *map = work->map;
	g_autoptr(GArray) days = g_array_new(FALSE, FALSE, sizeof(int32_t));
	for (guint n = 0; n < work->tallies->len; n++) {
		const AmTally *tally = am_work_tally(work, n);
		map->first_ns = n == 0 ? tally->first_ns : MIN(map->first_ns, tally->first_ns);
		map->last_ns = n == 0 ? tally->last_ns : MAX(map->last_ns, tally->last_ns);
		if (days->len == 0 || g_array_index(days, int32_t, days->len - 1) != tally->key.day)
			g_array_append_val(days, tally->key.day);
	}
	g_array_sort(days, compare_days);
	for (guint n = 0; n < days->len; n++)
		map->days += n == 0 || g_array_index(days, int32_t, n) != g_array_index(days, int32_t, n - 1);
	work->span_hours = (uint32_t)((map->last_ns - map->first_ns + AM_NS_PER_HOUR - 1) / AM_NS_PER_HOUR);
}

static void work_clear(AmMapWork *work)
{
	g_free(work->ends);
	g_free(work->hosts);
	g_free(work->macs);
	g_free(work->makes);
	am_table_free(work->by_mac);
	g_clear_pointer(&work->mac_assets, g_array_unref);
	g_free(work->n_regular);
	g_free(work->likeness);
	g_free(work->by_service);
	g_free(work->roles);
	g_free(work->realms);
	g_clear_pointer(&work->with_leases, g_array_unref);
	g_clear_pointer(&work->arcs, g_array_unref);
	g_clear_pointer(&work->notes, g_array_unref);
	g_clear_pointer(&work->windows, g_array_unref);
	g_clear_pointer(&work->services, g_array_unref);
	g_clear_pointer(&work->samples, g_array_unref);
	g_clear_pointer(&work->habit_servers, g_array_unref);
	g_clear_pointer(&work->checks, am_table_free);
	g_clear_pointer(&work->n_checks, g_array_unref);
	g_clear_pointer(&work->pairs, am_table_free);
	g_clear_pointer(&work->n_pairs, g_array_unref);
	am_table_free(work->habits);
	am_table_free(work->collectors);
	am_table_free(work->answering);
	am_table_free(work->learned);
}

AmMap *am_map_build(const GArray *tallies, const GArray *observations, const GPtrArray *networks,
		    const AmDecisionSet *decisions, const AmMapOptions *options)
{
	AmMapWork work = {.tallies = tallies,
			  .observations = observations,
			  .options = options,
			  .decisions = decisions,
			  .map = map_new(networks)};
	measure(&work);
	am_assets_build(&work);
	am_makers_build(&work);
	am_direction_build(&work);
	am_edges_build(&work);
	am_verdicts_build(&work);
	am_schedule_build(&work);
	am_middleboxes_build(&work);
	am_listeners_build(&work);
	am_labels_build(&work);
	am_listed_add(&work);
	am_neighbours_build(&work);
	am_names_build(&work);
	am_devices_build(&work);
	am_flags_find(&work);
	am_groups_build(&work);
	am_pools_build(&work);
	am_coverage_build(&work);
	am_sanctioned_apply(&work);
	am_revision_build(&work);
	work_clear(&work);
	return work.map;
}

/* ---- Finding. Endpoints are sorted by (network, address). */

static int compare_endpoint(const AmEndpoint *endpoint, uint32_t network, const AmAddress *address)
{
	if (endpoint->network != network)
		return endpoint->network < network ? -1 : 1;
	return memcmp(&endpoint->address, address, sizeof *address);
}

uint32_t am_map_find_endpoint(const AmMap *map, uint32_t network, const AmAddress *address)
{
	uint32_t low = 0, high = map->endpoints->len;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_endpoint(&g_array_index(map->endpoints, AmEndpoint, middle), network, address);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return AM_NO_INDEX;
}

static int compare_edge(const AmEdge *edge, uint32_t client, uint32_t server, uint8_t ip_protocol, uint16_t port)
{
	if (edge->client != client)
		return edge->client < client ? -1 : 1;
	if (edge->server != server)
		return edge->server < server ? -1 : 1;
	if (edge->ip_protocol != ip_protocol)
		return (int)edge->ip_protocol - (int)ip_protocol;
	return (int)edge->port - (int)port;
}

uint32_t am_map_find_edge(const AmMap *map, uint32_t client_endpoint, uint32_t server_endpoint, uint8_t ip_protocol,
			  uint16_t port)
{
	uint32_t low = 0, high = map->edges->len;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_edge(&g_array_index(map->edges, AmEdge, middle), client_endpoint, server_endpoint,
					 ip_protocol, port);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return AM_NO_INDEX;
}

/* ---- One connection's client, with what the map knows. */

static gboolean bit(const AmConnection *connection, uint32_t evidence)
{
	return (connection->evidence & evidence) != 0;
}

/* As in direction.c, for a single connection. -1 = neither handshake nor protocol tells. */
static int proven_client(const AmConnection *connection, AmDirection *ret_level)
{
	gboolean syn[2] = {bit(connection, AM_EVIDENCE_SYN_LO), bit(connection, AM_EVIDENCE_SYN_HI)};
	gboolean synack[2] = {bit(connection, AM_EVIDENCE_SYNACK_LO), bit(connection, AM_EVIDENCE_SYNACK_HI)};
	int votes[2];
	for (int side = 0; side < 2; side++) {
		gboolean asked = syn[side] || bit(connection, AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_WENT_ON);
		votes[side] = syn[side] + (asked && synack[!side]);
	}
	*ret_level = AM_DIRECTION_HANDSHAKE;
	if (votes[0] == votes[1]) {
		votes[0] = bit(connection, AM_EVIDENCE_CLIENT_LO);
		votes[1] = bit(connection, AM_EVIDENCE_CLIENT_HI);
		*ret_level = AM_DIRECTION_PROTOCOL;
	}
	return votes[0] == votes[1] ? -1 : votes[1] > votes[0];
}

int am_map_client_of(const AmMap *map, const AmConnection *connection, AmDirection *ret_level)
{
	int client = proven_client(connection, ret_level);
	if (client >= 0) {
		gboolean server_begins = bit(connection, client == 0 ? AM_EVIDENCE_FIRST_HI : AM_EVIDENCE_FIRST_LO);
		uint16_t server_port = client == 0 ? connection->port_hi : connection->port_lo;
		const AmAddress *address = client == 0 ? &connection->lo : &connection->hi;
		gboolean lease = am_direction_gives_lease(connection->ip_protocol, server_port, address);
		return server_begins && lease ? !client : client;
	}
	uint32_t ends[2] = {am_map_find_endpoint(map, connection->network, &connection->lo),
			    am_map_find_endpoint(map, connection->network, &connection->hi)};
	uint16_t ports[2] = {connection->port_lo, connection->port_hi};
	uint32_t edges[2]; /* the edge that it belongs to if this side is the client */
	for (int side = 0; side < 2; side++)
		edges[side] = am_map_find_edge(map, ends[side], ends[!side], connection->ip_protocol, ports[!side]);
	client = bit(connection, AM_EVIDENCE_FIRST_HI);
	if ((edges[0] == AM_NO_INDEX) != (edges[1] == AM_NO_INDEX))
		client = edges[0] == AM_NO_INDEX;
	*ret_level = AM_DIRECTION_FIRST_PACKET;
	if (edges[client] != AM_NO_INDEX) {
		AmDirection best = g_array_index(map->edges, AmEdge, edges[client]).direction;
		*ret_level = MAX(best, AM_DIRECTION_LISTENER);
	}
	return client;
}
