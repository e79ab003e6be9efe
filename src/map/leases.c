/* Which leases are this network's. A host takes hardly two a day, so most edges of a DHCP server are too thin to stand on their
 * own; but a server gives to many, and that tells it from a host that answers where it should not. Fed by verdict.c with
 * the marks of the first judgement.
 */
#include "config.h"

#include "constants.h"
#include "work.h"

static gboolean is_lease(const AmMapWork *work, uint32_t n)
{
	return am_edge_is_lease(am_work_edge(work, n)) && am_work_notes(work, n)->kind == AM_KIND_ONE_WAY;
}

static uint32_t *leases_of(const AmMapWork *work, uint32_t endpoint)
{
	uint32_t network = g_array_index(work->map->endpoints, AmEndpoint, endpoint).network;
	return &g_array_index(work->leases, uint32_t, network);
}

void am_leases_count(AmMapWork *work)
{
	work->leases = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	g_array_set_size(work->leases, work->map->networks->len);
	for (guint n = 0; n < work->map->edges->len; n++) {
		if (!is_lease(work, n))
			continue;
		const AmEdge *edge = am_work_edge(work, n);
		*leases_of(work, edge->client) += 1;
		work->hosts[edge->client].n_leases += am_work_notes(work, n)->late ? 0 : 1;
	}
}

/* Who has a lease of his own serves none, and who gives a few where others give many may be somebody's own router. */
gboolean am_lease_is_usual(const AmMapWork *work, uint32_t n)
{
	uint32_t giver = am_work_edge(work, n)->client;
	const AmEndpointNotes *host = &work->hosts[giver];
	return is_lease(work, n) && host->inside && !host->scanner && !host->leased &&
	       host->n_leases >= AM_LEASE_CLIENTS &&
	       (double)host->n_leases >= AM_LEASE_SHARE * (double)*leases_of(work, giver);
}
