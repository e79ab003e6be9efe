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

/* May others be measured by it? */
static gboolean is_server(const AmEndpointNotes *host)
{
	return host->inside && !host->scanner && !host->leased && host->n_leases >= AM_LEASE_CLIENTS;
}

/* Of the leases that one host was given, those of a server that gives hardly any beside another one. */
static void count_contested(AmMapWork *work, const AmServiceNotes *service)
{
	uint32_t most = 0;
	for (uint32_t k = service->first; k < service->end; k++) {
		const AmEndpointNotes *giver = &work->hosts[am_work_edge(work, work->by_service[k])->client];
		if (is_lease(work, work->by_service[k]) && is_server(giver))
			most = MAX(most, giver->n_leases);
	}
	for (uint32_t k = service->first; k < service->end; k++) {
		AmEndpointNotes *giver = &work->hosts[am_work_edge(work, work->by_service[k])->client];
		if (is_lease(work, work->by_service[k]) && !am_work_notes(work, work->by_service[k])->late)
			giver->n_contested += giver->n_leases < AM_LEASE_SHARE * most;
	}
}

void am_leases_count(AmMapWork *work)
{
	for (guint n = 0; n < work->map->edges->len; n++) {
		if (is_lease(work, n) && !am_work_notes(work, n)->late)
			work->hosts[am_work_edge(work, n)->client].n_leases++;
	}
	for (guint n = 0; n < work->services->len; n++)
		count_contested(work, &g_array_index(work->services, AmServiceNotes, n));
}

/* Who has a lease of his own serves none; and who gives a few to hosts that another one serves, who gives many, may be somebody's
 * own router. A branch's server has its hosts for itself, and servers that share the work give as much as each other. */
gboolean am_lease_is_usual(const AmMapWork *work, uint32_t n)
{
	const AmEndpointNotes *giver = &work->hosts[am_work_edge(work, n)->client];
	return is_lease(work, n) && is_server(giver) && 2 * giver->n_contested < giver->n_leases;
}
