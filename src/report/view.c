/* Small questions to a map that several outputs ask. Fed by an AmMap that it only reads; it decides nothing. */
#include "config.h"

#include "view.h"

#include <string.h>

const AmGroup *am_view_group(const AmMap *map, uint32_t endpoint)
{
	uint32_t group = am_view_asset(map, endpoint)->group;
	return group < map->groups->len ? &g_array_index(map->groups, AmGroup, group) : NULL;
}

const char *am_view_group_name(const AmMap *map, uint32_t endpoint)
{
	const AmGroup *group = am_view_group(map, endpoint);
	return group != NULL ? group->name : NULL;
}

const char *am_view_party(const AmMap *map, uint32_t endpoint)
{
	const char *name = am_view_group_name(map, endpoint);
	if (name != NULL)
		return name;
	if (am_address_is_multicast(&am_view_endpoint(map, endpoint)->address))
		return "(multicast)";
	return am_view_asset(map, endpoint)->inside ? "(ungrouped)" : "(outside)";
}

const AmAddress *am_view_asset_address(const AmMap *map, uint32_t asset)
{
	const AmAsset *a = &g_array_index(map->assets, AmAsset, asset);
	return &am_view_endpoint(map, a->first_endpoint)->address;
}

const char *am_view_asset_name(const AmMap *map, const AmAsset *asset)
{
	const AmAssetName *name =
		asset->n_names > 0 ? &g_array_index(map->names, AmAssetName, asset->first_name) : NULL;
	return name == NULL || (asset->inside && name->shared) ? NULL : name->value;
}

const char *am_view_network(const AmMap *map, uint32_t network)
{
	const char *name = network < map->networks->len ? g_ptr_array_index(map->networks, network) : NULL;
	return name != NULL ? name : "";
}

const char *am_view_l7(const AmEdge *edge)
{
	return edge->n_l7 > 0 && edge->l7[0].name[0] != '\0' ? edge->l7[0].name : NULL;
}

AmL7Confidence am_view_l7_confidence(const AmEdge *edge)
{
	return am_view_l7(edge) != NULL ? (AmL7Confidence)edge->l7[0].confidence : AM_L7_NONE;
}

const char *am_view_l7_word(const AmEdge *edge, char text[AM_L7_SIZE + 1])
{
	const char *l7 = am_view_l7(edge);
	g_snprintf(text, AM_L7_SIZE + 1, "%s%s", l7 != NULL ? l7 : "",
		   am_view_l7_confidence(edge) == AM_L7_PORT ? "?" : "");
	return text;
}

guint am_view_reasons(uint32_t reasons, const char *names[AM_N_REASONS])
{
	guint n = 0;
	for (int i = 0; i < AM_N_REASONS; i++)
		if (reasons & (1u << i))
			names[n++] = am_reason_name((AmReason)i);
	return n;
}

AmReason am_view_leading_reason(uint32_t reasons)
{
	/* What accuses comes before what merely describes. */
	static const AmReason order[] = {
		AM_REASON_OVERRIDE,        AM_REASON_EXCLUDED,         AM_REASON_SANCTIONED,
		AM_REASON_SCAN_SUCCESS,    AM_REASON_SCAN_PROBE,       AM_REASON_SCANNER,
		AM_REASON_LATERAL,         AM_REASON_BEACON,           AM_REASON_BACKSCATTER,
		AM_REASON_INBOUND_UNKNOWN, AM_REASON_LINK_LOCAL,       AM_REASON_MULTICAST,
		AM_REASON_CHATTER,         AM_REASON_ICMP_ERROR,       AM_REASON_TYPO,
		AM_REASON_FAILED,          AM_REASON_NO_PAYLOAD,       AM_REASON_RELATED,
		AM_REASON_EXPECTED,        AM_REASON_ADMIN_PORT,       AM_REASON_LATE,
		AM_REASON_SINGLE,          AM_REASON_UNSURE_DIRECTION, AM_REASON_ONE_WAY_SERVICE,
		AM_REASON_RECURRING,       AM_REASON_SAME_MACHINE,     AM_REASON_PEERS,
		AM_REASON_TWO_WAY,         AM_REASON_HANDSHAKE,
	};
	for (guint i = 0; i < G_N_ELEMENTS(order); i++)
		if (reasons & (1u << order[i]))
			return order[i];
	for (int i = 0; i < AM_N_REASONS; i++)
		if (reasons & (1u << i))
			return (AmReason)i;
	return AM_N_REASONS;
}

const char *am_view_listener_state(const AmListener *listener)
{
	return listener->closed_ns != 0 ? "closed" : listener->idle ? "idle" : "used";
}

guint am_view_listener_flags(uint32_t flags, const char *names[AM_N_FLAGS])
{
	guint n = 0;
	for (unsigned i = 0; i < AM_N_FLAGS; i++)
		if (flags & (1u << i))
			names[n++] = am_listener_flag_name((AmListenerFlag)i);
	return n;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

uint32_t am_view_find_edge(const AmMap *map, uint32_t client, uint32_t server, uint8_t ip_protocol, uint16_t port)
{
	const AmEndpoint *c = am_view_endpoint(map, client), *s = am_view_endpoint(map, server);
	uint32_t low = 0, high = map->edges->len;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const AmEdge *edge = am_view_edge(map, middle);
		const AmEndpoint *ec = am_view_endpoint(map, edge->client), *es = am_view_endpoint(map, edge->server);
		int order = compare_numbers(ec->network, c->network);
		if (order == 0)
			order = am_address_compare(&ec->address, &c->address);
		if (order == 0)
			order = am_address_compare(&es->address, &s->address);
		if (order == 0)
			order = compare_numbers(edge->ip_protocol, ip_protocol);
		if (order == 0)
			order = compare_numbers(edge->port, port);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return AM_NO_INDEX;
}

/* ---- (network, address) → endpoint: the endpoints sorted another way. */

struct AmEndpointIndex {
	const AmMap *map;
	uint32_t *sorted; /* endpoints by (network, address) */
	guint n;
};

static int compare_place(const AmEndpoint *a, uint32_t network, const AmAddress *address)
{
	int order = compare_numbers(a->network, network);
	return order != 0 ? order : am_address_compare(&a->address, address);
}

static int compare_endpoints(const void *a, const void *b, void *map)
{
	const AmEndpoint *y = am_view_endpoint(map, *(const uint32_t *)b);
	return compare_place(am_view_endpoint(map, *(const uint32_t *)a), y->network, &y->address);
}

AmEndpointIndex *am_endpoint_index_new(const AmMap *map)
{
	AmEndpointIndex *index = g_new0(AmEndpointIndex, 1);
	index->map = map;
	index->n = map->endpoints->len;
	index->sorted = g_new(uint32_t, index->n);
	for (uint32_t i = 0; i < index->n; i++)
		index->sorted[i] = i;
	if (index->n > 0)
		g_qsort_with_data(index->sorted, (gint)index->n, sizeof(uint32_t), compare_endpoints, (void *)map);
	return index;
}

uint32_t am_endpoint_index_find(const AmEndpointIndex *index, uint32_t network, const AmAddress *address)
{
	uint32_t low = 0, high = index->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_place(am_view_endpoint(index->map, index->sorted[middle]), network, address);
		if (order == 0)
			return index->sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return AM_NO_INDEX;
}

void am_endpoint_index_free(AmEndpointIndex *index)
{
	if (index == NULL)
		return;
	g_free(index->sorted);
	g_free(index);
}
