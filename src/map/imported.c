/* Leases that DHCP servers kept, as if they had been seen on the wire: they join the addresses of one machine like those that
 * were (identity.c), and what the server calls a machine is a name like another. Only those of addresses that occur.
 */
#include "config.h"

#include "work.h"

#include "allowmap/base.h"

#include <string.h>

static void add(GArray *all, uint32_t network, const AmLease *lease, AmObservedKind kind, const char *value)
{
	AmObservation observation = {.network = network,
				     .address = lease->address,
				     .kind = (uint8_t)kind,
				     .first_ns = lease->first_ns,
				     .last_ns = lease->last_ns,
				     .count = 1};
	g_strlcpy(observation.value, value, sizeof observation.value);
	g_array_append_val(all, observation);
}

static const char *network_of(const AmDecisionSet *decisions, uint32_t import)
{
	return g_array_index(decisions->imports, AmImport, import).network;
}

gboolean am_imported_holds_in(const AmMap *map, const AmDecisionSet *decisions, uint32_t import, uint32_t network)
{
	const char *name = network_of(decisions, import);
	return name == NULL || (network < map->networks->len && strcmp(map->networks->pdata[network], name) == 0);
}

void am_imported_observe(AmMapWork *work)
{
	const GArray *leases = work->decisions != NULL ? work->decisions->leases : NULL;
	if (leases == NULL || leases->len == 0)
		return;
	g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(AmObservation));
	if (work->observations != NULL)
		g_array_append_vals(all, work->observations->data, work->observations->len);
	for (guint n = 0; n < leases->len; n++) {
		const AmLease *lease = &g_array_index(leases, AmLease, n);
		char mac[AM_MAC_TEXT_SIZE];
		for (uint32_t network = 0; network < work->map->networks->len; network++) {
			if (!am_imported_holds_in(work->map, work->decisions, lease->import, network) ||
			    am_map_find_endpoint(work->map, network, &lease->address) == AM_NO_INDEX)
				continue;
			add(all, network, lease, AM_OBSERVED_LEASE, am_mac_text(lease->mac, mac));
			if (lease->host != NULL)
				add(all, network, lease, AM_OBSERVED_DHCP, lease->host);
		}
	}
	g_array_sort(all, am_observation_compare);
	work->with_leases = g_steal_pointer(&all);
	work->observations = work->with_leases;
}
