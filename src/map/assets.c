/* Who takes part: every (network, address) that a tally names becomes an endpoint, and an asset of its own. Here, too, is
 * decided what is inside. An asset could have several endpoints; what joins them (MACs, leases, names) is not among the
 * tallies.
 */
#include "config.h"

#include "work.h"

#include "allowmap/base.h"

#include <string.h>

typedef struct {
	uint32_t network;
	AmAddress address;
	uint8_t zero[3];
} EndpointKey;
_Static_assert(sizeof(EndpointKey) == 24, "no padding: keys are compared whole");

static int compare_keys(gconstpointer a, gconstpointer b, gpointer user_data)
{
	const AmTable *table = user_data;
	const EndpointKey *x = am_table_key(table, *(const uint32_t *)a),
			  *y = am_table_key(table, *(const uint32_t *)b);
	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	return memcmp(&x->address, &y->address, sizeof x->address);
}

static const char *const private_ranges[] = {"10.0.0.0/8",     "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12",
					     "192.168.0.0/16", "fc00::/7",      "fe80::/10"};

static gboolean in_prefixes(const GArray *prefixes, const AmAddress *address)
{
	for (guint n = 0; n < prefixes->len; n++) {
		if (am_prefix_contains(&g_array_index(prefixes, AmPrefix, n), address))
			return TRUE;
	}
	return FALSE;
}

/* Unicast hosts in the private ranges, or in `--inside`; everything when there is none of the private ones. */
static void find_inside(AmMapWork *work)
{
	const GArray *endpoints = work->map->endpoints;
	const GArray *given = work->options != NULL ? work->options->inside : NULL;
	g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	for (size_t n = 0; given == NULL && n < G_N_ELEMENTS(private_ranges); n++) {
		AmPrefix prefix;
		if (am_prefix_parse(private_ranges[n], &prefix, NULL))
			g_array_append_val(ranges, prefix);
	}
	/* A link-local address occurs on any network that has IPv6: it does not tell private use. */
	gboolean any_private = given != NULL;
	for (guint n = 0; n < endpoints->len; n++) {
		const AmAddress *address = &g_array_index(endpoints, AmEndpoint, n).address;
		work->hosts[n].inside = in_prefixes(given != NULL ? given : ranges, address);
		any_private = any_private || (work->hosts[n].inside && !am_address_is_link_local(address));
	}
	work->no_outside = !any_private;
	const GArray *inside = given != NULL ? given : ranges;
	if (any_private)
		g_array_append_vals(work->map->inside, inside->data, inside->len);
	for (guint n = 0; n < endpoints->len; n++) {
		const AmAddress *address = &g_array_index(endpoints, AmEndpoint, n).address;
		if (!any_private)
			work->hosts[n].inside = TRUE;
		if (am_address_is_multicast(address) || am_address_is_unspecified(address))
			work->hosts[n].inside = FALSE;
	}
}

static AmTable *intern(AmMapWork *work)
{
	AmTable *table = am_table_new(sizeof(EndpointKey));
	work->ends = g_new(uint32_t, 2 * (size_t)MAX(work->tallies->len, 1));
	for (guint n = 0; n < work->tallies->len; n++) {
		const AmTallyKey *key = &am_work_tally(work, n)->key;
		EndpointKey lo = {.network = key->network, .address = key->lo};
		EndpointKey hi = {.network = key->network, .address = key->hi};
		work->ends[2 * n] = am_table_add(table, &lo);
		work->ends[2 * n + 1] = am_table_add(table, &hi);
	}
	return table;
}

/* One asset for each machine, in the order of their first endpoints. */
static void join_endpoints(AmMapWork *work)
{
	AmMap *map = work->map;
	g_autofree uint32_t *firsts = am_identity_find(work), *lasts = g_new(uint32_t, MAX(map->endpoints->len, 1));
	for (uint32_t n = 0; n < map->endpoints->len; n++) {
		AmEndpoint *endpoint = &g_array_index(map->endpoints, AmEndpoint, n);
		if (firsts[n] == n) {
			AmAsset fresh = {.first_endpoint = n, .group = AM_NO_INDEX, .inside = work->hosts[n].inside};
			endpoint->asset = map->assets->len;
			g_array_append_val(map->assets, fresh);
		} else {
			endpoint->asset = g_array_index(map->endpoints, AmEndpoint, firsts[n]).asset;
			g_array_index(map->endpoints, AmEndpoint, lasts[endpoint->asset]).next = n;
		}
		AmAsset *asset = &g_array_index(map->assets, AmAsset, endpoint->asset);
		asset->n_endpoints++;
		asset->inside |= work->hosts[n].inside;
		lasts[endpoint->asset] = n;
		if (work->macs[n].known && !asset->has_mac) {
			asset->has_mac = TRUE;
			memcpy(asset->mac, work->macs[n].octets, 6);
		}
	}
}

/* A machine with one address inside is inside with all of them: hosts with private IPv4 addresses have public IPv6 ones. */
static void spread_inside(AmMapWork *work)
{
	for (guint n = 0; n < work->map->endpoints->len; n++) {
		const AmEndpoint *endpoint = &g_array_index(work->map->endpoints, AmEndpoint, n);
		if (g_array_index(work->map->assets, AmAsset, endpoint->asset).inside &&
		    !am_address_is_multicast(&endpoint->address) && !am_address_is_unspecified(&endpoint->address))
			work->hosts[n].inside = TRUE;
	}
}

void am_assets_build(AmMapWork *work)
{
	AmMap *map = work->map;
	g_autoptr(AmTable) table = intern(work);
	uint32_t size = am_table_size(table);
	g_autofree uint32_t *order = g_new(uint32_t, MAX(size, 1)), *place = g_new(uint32_t, MAX(size, 1));
	for (uint32_t n = 0; n < size; n++)
		order[n] = n;
	g_qsort_with_data(order, (gint)size, sizeof *order, compare_keys, table);
	g_array_set_size(map->endpoints, size);
	for (uint32_t n = 0; n < size; n++) {
		const EndpointKey *key = am_table_key(table, order[n]);
		g_array_index(map->endpoints, AmEndpoint, n) =
			(AmEndpoint){.network = key->network, .address = key->address, .next = AM_NO_INDEX};
		place[order[n]] = n;
	}
	for (size_t n = 0; n < 2 * (size_t)work->tallies->len; n++)
		work->ends[n] = place[work->ends[n]];
	work->hosts = g_new0(AmEndpointNotes, MAX(size, 1));
	find_inside(work);
	am_imported_observe(work);
	join_endpoints(work);
	spread_inside(work);
}
