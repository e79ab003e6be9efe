/* Which addresses count as outside and yet are neighbours. What is sent to a group of link scope passes no router (RFC 4291,
 * 2.7; RFC 5771, 4; RFC 919), so its sender is on the network that was captured: with public addresses, which no default
 * knows for this network's own. Told, not concluded: a sender's address may be forged.
 */
#include "config.h"

#include "allowmap/map.h"

#include <string.h>

static gboolean is_link_scope(const AmAddress *address)
{
	if (!am_address_is_multicast(address))
		return FALSE;
	if (address->family == 6)
		return (address->bytes[1] & 0x0f) <= 2;
	return address->bytes[0] == 255 ||
	       (address->bytes[0] == 224 && address->bytes[1] == 0 && address->bytes[2] == 0);
}

/* As far as it is known without a routing table: IPv6 links are /64 (RFC 4291, 2.5.4); of IPv4, the address alone. */
static AmPrefix link_of(const AmAddress *address)
{
	return address->family == 6 ? am_prefix_subnet(address) : am_prefix_host(address);
}

GArray *am_map_on_link(const AmMap *map)
{
	GArray *links = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		const AmEndpoint *client = &g_array_index(map->endpoints, AmEndpoint, edge->client);
		if (!is_link_scope(&g_array_index(map->endpoints, AmEndpoint, edge->server).address) ||
		    g_array_index(map->assets, AmAsset, client->asset).inside ||
		    am_address_is_unspecified(&client->address) || am_address_is_link_local(&client->address) ||
		    am_address_is_multicast(&client->address))
			continue;
		AmPrefix link = link_of(&client->address);
		g_array_append_val(links, link);
	}
	am_prefixes_minimise(links);
	return links;
}
