/* Which edges need a rule: the essential ones, and of the local ones those that a host's own allow-list must let through. What
 * hosts say to a multicast group (routing, redundancy, clocks, streams) or over link-local addresses passes no router, but
 * every host drops it that lets in nothing else. */
#include "config.h"

#include "private.h"

#include "allowmap/base.h"
#include "allowmap/model/packet.h"

#define PROTO_IGMP 2

/* What the frame of every allow-list for hosts lets through without a rule (data/nftables-host.nft). */
static gboolean is_in_frame(const AmEdge *edge)
{
	unsigned type = edge->port >> 8;
	switch (edge->ip_protocol) {
	case PROTO_IGMP:
		return TRUE;
	case AM_PROTO_UDP:
		return edge->port == 67 || edge->port == 68 || edge->port == 546 || edge->port == 547;
	case AM_PROTO_ICMPV6:
		return (type >= 1 && type <= 4) || (type >= 130 && type <= 136) || type == 143;
	default:
		return FALSE;
	}
}

static gboolean is_placeless(const AmAddress *address)
{
	return am_address_is_unspecified(address) || am_address_is_loopback(address);
}

/* A link-local host that never answers, or refuses, may not be there. */
static gboolean is_in_use(const AmEdge *edge, gboolean multicast)
{
	uint64_t refused = edge->outcomes[AM_OUTCOME_REFUSED] + edge->outcomes[AM_OUTCOME_PROHIBITED];
	return multicast ||
	       (edge->counts.packets[0] > 0 && edge->counts.packets[1] > 0 && refused * 2 < edge->connections);
}

/* Nobody judges local edges, so less is taken for a need: what comes again, from an inside host that scanned nobody. */
static gboolean is_needed_on_link(const AmMap *map, const AmEdge *edge)
{
	const AmEndpoint *client = am_map_endpoint(map, edge->client), *server = am_map_endpoint(map, edge->server);
	const AmAsset *asset = &g_array_index(map->assets, AmAsset, client->asset);
	return edge->verdict == AM_VERDICT_LOCAL && edge->override_index < 0 &&
	       (edge->reasons & 1u << AM_REASON_RECURRING) != 0 && !is_in_frame(edge) &&
	       is_in_use(edge, am_address_is_multicast(&server->address)) && !is_placeless(&client->address) &&
	       !is_placeless(&server->address) && !am_address_is_multicast(&client->address) && asset->inside &&
	       !asset->scanner;
}

gboolean am_edge_needs_rule(const AmMap *map, const AmEdge *edge)
{
	const AmEndpoint *client = am_map_endpoint(map, edge->client), *server = am_map_endpoint(map, edge->server);
	uint8_t family = client->address.family;
	return (edge->verdict == AM_VERDICT_ESSENTIAL || is_needed_on_link(map, edge)) && family != 0 &&
	       family == server->address.family && client->network == server->network &&
	       am_protocol_fits(edge->ip_protocol, family == 6);
}
