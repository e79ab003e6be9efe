/* What the listings, the summary and the HTML report ask of a map. Borrows it; answers are borrowed too. Private to
 * report/. */
#pragma once

#include "allowmap/base.h"
#include "allowmap/model/map.h"

static inline const AmEndpoint *am_view_endpoint(const AmMap *map, uint32_t endpoint)
{
	return &g_array_index(map->endpoints, AmEndpoint, endpoint);
}

static inline const AmAsset *am_view_asset(const AmMap *map, uint32_t endpoint)
{
	return &g_array_index(map->assets, AmAsset, am_view_endpoint(map, endpoint)->asset);
}

static inline const AmEdge *am_view_edge(const AmMap *map, guint edge)
{
	return &g_array_index(map->edges, AmEdge, edge);
}

/* The group that the endpoint's asset is in; NULL = none. */
const AmGroup *am_view_group(const AmMap *map, uint32_t endpoint);
/* The group's name, or NULL. */
const char *am_view_group_name(const AmMap *map, uint32_t endpoint);
/* What the endpoint is called where a group is expected: its group's name, else "outside", "multicast" or "ungrouped".
 */
const char *am_view_party(const AmMap *map, uint32_t endpoint);
/* The address that names the endpoint's asset: its first. */
const AmAddress *am_view_asset_address(const AmMap *map, uint32_t asset);
/* What it is called; NULL when nobody said, or, inside, only what others are called, too. */
const char *am_view_asset_name(const AmMap *map, const AmAsset *asset);
const char *am_view_network(const AmMap *map, uint32_t network); /* "" when it has no name */

/* The l7 name seen most often; NULL = none. */
const char *am_view_l7(const AmEdge *edge);
/* For people: "tls"; "tls?" when only the port says so, because that is no DPI; "" for none. */
const char *am_view_l7_word(const AmEdge *edge, char text[AM_L7_SIZE + 1]);
AmL7Confidence am_view_l7_confidence(const AmEdge *edge);
/* Fills `names` with the codes of the set bits and returns how many. */
guint am_view_reasons(uint32_t reasons, const char *names[AM_N_REASONS]);
/* The reason that says most about a verdict against an edge; AM_N_REASONS when no bit is set. */
AmReason am_view_leading_reason(uint32_t reasons);

/* "used", "idle", "closed". */
const char *am_view_listener_state(const AmListener *listener);
/* Fills `names` with those of the set bits and returns how many. */
guint am_view_listener_flags(uint32_t flags, const char *names[AM_N_FLAGS]);

/* The edge between two endpoints on a service: its index, or AM_NO_INDEX. O(log n) */
uint32_t am_view_find_edge(const AmMap *map, uint32_t client, uint32_t server, uint8_t ip_protocol, uint16_t port);

/* (network, address) → endpoint. */
typedef struct AmEndpointIndex AmEndpointIndex;
AmEndpointIndex *am_endpoint_index_new(const AmMap *map);
uint32_t am_endpoint_index_find(const AmEndpointIndex *index, uint32_t network, const AmAddress *address);
void am_endpoint_index_free(AmEndpointIndex *index);
