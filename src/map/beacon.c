/* Beacons: malware that calls home, small and regular. Health checks inside are as regular and are essential, so only
 * destinations outside are looked at, and only as far as tallies go: hours, daily counts, sizes and names, not the times
 * of single connections. Two or three signs make a question, all of them a suspicion.
 */
#include "config.h"

#include "allowmap/base.h"
#include "constants.h"
#include "ports.h"
#include "work.h"

#include <string.h>

static gboolean goes_out(const AmMapWork *work, const AmEdge *edge, const AmEdgeNotes *notes)
{
	return work->hosts[edge->client].inside && !work->hosts[edge->server].inside &&
	       (notes->kind == AM_KIND_TWO_WAY || notes->kind == AM_KIND_OPENED);
}

void am_beacon_prepare(AmMapWork *work)
{
	guint n_hosts = work->map->endpoints->len;
	work->outside_clients = g_new0(uint32_t, MAX(n_hosts, 1));
	work->n_outward = 0;
	for (guint client = 0; client < n_hosts; client++) {
		const AmEndpointNotes *host = &work->hosts[client];
		gboolean outward = FALSE;
		uint32_t last = AM_NO_INDEX; /* a client's edges are sorted by server: count each server once */
		for (uint32_t n = host->first_edge; n < host->first_edge + host->n_edges; n++) {
			const AmEdge *edge = am_work_edge(work, n);
			if (!goes_out(work, edge, am_work_notes(work, n)))
				continue;
			outward = TRUE;
			work->outside_clients[edge->server] += edge->server != last;
			last = edge->server;
		}
		work->n_outward += outward;
	}
}

/* Without a name that somebody could have registered: TLS without SNI, HTTP to a bare address, no known protocol. */
static gboolean is_nameless(const AmEdge *edge)
{
	AmAddress address;
	char host[AM_SERVER_NAME_SIZE];
	g_strlcpy(host, edge->server_name, sizeof host);
	char *colon = strchr(host, ':');
	if (colon != NULL && strchr(colon + 1, ':') == NULL)
		*colon = '\0'; /* "203.0.113.7:8080" */
	return host[0] == '\0' || am_address_parse(host, &address);
}

/* Daily counts of the days between the first and the last (which are cut), against what chance would give. -1 = more even
 * than chance, +1 = clearly uneven, 0 = no telling. */
static int evenness(const AmMapWork *work, const AmEdgeNotes *notes)
{
	double counts[64], sum = 0, spread = 0;
	int n_days = 0;
	int32_t first_day = am_work_tally(work, g_array_index(work->arcs, AmArc, notes->first_arc).tally)->key.day;
	int32_t last_day =
		am_work_tally(work, g_array_index(work->arcs, AmArc, notes->first_arc + notes->n_arcs - 1).tally)
			->key.day;
	int32_t day = first_day;
	for (uint32_t n = notes->first_arc; n < notes->first_arc + notes->n_arcs; n++) {
		const AmTally *tally = am_work_tally(work, g_array_index(work->arcs, AmArc, n).tally);
		if (tally->key.day == first_day || tally->key.day == last_day)
			continue;
		if (tally->key.day != day && n_days < (int)G_N_ELEMENTS(counts))
			counts[n_days++] = 0;
		day = tally->key.day;
		if (n_days > 0)
			counts[n_days - 1] += (double)tally->connections;
	}
	if (n_days < AM_BEACON_DISPERSION_DAYS)
		return 0;
	for (int n = 0; n < n_days; n++)
		sum += counts[n];
	for (int n = 0; n < n_days; n++)
		spread += (counts[n] - sum / n_days) * (counts[n] - sum / n_days);
	double index = spread / (n_days - 1) / MAX(sum / n_days, 1);
	/* 5% and 95% of chi-square/df for 2 degrees of freedom and more: .05 .. 3.0; stricter on the low side with more days */
	return index < (n_days == 3 ? 0.05 : 0.12) ? -1 : index > 3.0 ? 1 : 0;
}

int am_beacon_score(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmEdgeNotes *notes = am_work_notes(work, edge_index);
	if (!goes_out(work, edge, notes) || edge->connections < AM_BEACON_CONNECTIONS ||
	    am_port_is_relayed(edge->ip_protocol, edge->port))
		return 0;
	uint32_t usual = MAX(work->n_outward / AM_BEACON_CLIENT_SHARE, 1);
	gboolean unusual = work->outside_clients[edge->server] <= usual;
	double hours = (double)(edge->last_ns - edge->first_ns) / (double)AM_NS_PER_HOUR;
	double rate = (double)edge->connections / MAX(hours, 1);
	gboolean steady = hours >= AM_BEACON_HOURS &&
			  edge->hours >= AM_BEACON_COVERAGE * MIN(hours, edge->hours + hours) &&
			  rate >= AM_BEACON_SLOWEST && rate <= AM_BEACON_FASTEST;
	gboolean small = edge->counts.payload[0] + edge->counts.payload[1] < AM_BEACON_BYTES * edge->connections;
	int even = evenness(work, notes);
	if (!unusual || !small || even > 0)
		return 0;
	gboolean nameless = is_nameless(edge);
	if (nameless && (steady || even < 0))
		return 2;
	return nameless || (steady && even < 0) ? 1 : 0;
}
