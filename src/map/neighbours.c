/* Who is there and was only seen in ARP: it told its MAC on its link, or was asked for, and sent nothing else that a mirror
 * showed. Fed by map.c; read by what tells of visibility. An ARP frame is easily forged, so nothing else is drawn from it. */
#include "config.h"

#include "constants.h"
#include "work.h"

/* Did any mirror show a packet that it sent? */
static gboolean is_seen(const AmMapWork *work, const AmObservation *observation)
{
	uint32_t endpoint = am_map_find_endpoint(work->map, observation->network, &observation->address);
	return endpoint != AM_NO_INDEX && work->hosts[endpoint].sent > 0;
}

void am_neighbours_build(AmMapWork *work)
{
	AmMap *map = work->map;
	for (guint n = 0; work->observations != NULL && n < work->observations->len; n++) {
		const AmObservation *observation = &g_array_index(work->observations, AmObservation, n);
		AmNeighbour *last = map->neighbours->len > 0
					    ? &g_array_index(map->neighbours, AmNeighbour, map->neighbours->len - 1)
					    : NULL;
		if (observation->kind == AM_OBSERVED_ASKED)
			map->n_asked += !is_seen(work, observation);
		if (observation->kind != AM_OBSERVED_ARP || is_seen(work, observation))
			continue;
		/* By network and address, as they are sorted: several MACs are one neighbour, the later one counts. */
		if (last != NULL && last->network == observation->network &&
		    am_address_compare(&last->address, &observation->address) == 0) {
			last->first_ns = MIN(last->first_ns, observation->first_ns);
			if (observation->last_ns > last->last_ns) {
				last->last_ns = observation->last_ns;
				(void)am_mac_parse(observation->value, last->mac);
			}
			continue;
		}
		AmNeighbour neighbour = {.network = observation->network,
					 .address = observation->address,
					 .first_ns = observation->first_ns,
					 .last_ns = observation->last_ns};
		if (am_mac_parse(observation->value, neighbour.mac))
			g_array_append_val(map->neighbours, neighbour);
	}
}
