/* Which address space each packet belongs to, by what it is wrapped in; and what was seen of that. Private to job/; pure.
 *
 * VLANs, sessions, keys and TEIDs are attributes: routed traffic is mirrored in two VLANs, and sessions name the mirror. The
 * VNI of VXLAN and GENEVE, and NVGRE's, is either a mirror's own or that of an overlay whose packets are in transit. A mirror
 * sends one way, to a collector that never answers in kind; the ends of an overlay send to each other. So a number is in
 * transit as soon as outer packets with it were seen from A to B and from B to A; until then it is taken for the mirror's.
 * A row of the network table goes before all that. What says something and is furthest in counts.
 *
 * The answer for a packet is asked for twice: when it is read, and again when it goes on to the connections, because what
 * comes a little later may tell. am_networks_waits() says for which packets waiting is worth it. All depends on the frames and
 * their order alone. */
#pragma once

#include "allowmap/base.h"

typedef struct AmNetworks AmNetworks;

/* `network`: the run's own. `sensor`: its UUID. `rules`: AmNetworkRule. `earlier`: AmEncapsulated of earlier runs: what of this
 * sensor was in transit there is so here. All are borrowed for the call. */
AmNetworks *am_networks_new(const char *network, const char *sensor, const GArray *rules, const GArray *earlier);
void am_networks_free(AmNetworks *networks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmNetworks, am_networks_free)

/* Where a packet belongs. */
typedef struct {
	uint16_t network; /* as far as is known when it is read; index, 0 = the run's own */
	uint32_t tunnel;  /* that may turn out to be in transit; 0 = none: it was the last word */
} AmPlace;

/* Takes note of what frame number `ordinal` is wrapped in. */
AmPlace am_networks_place(AmNetworks *networks, const AmFrame *frame, const AmLayers *layers, uint64_t ordinal);
/* The same of a packet that is outside of all but the first `n` of these layers, which were noted already. */
AmPlace am_networks_place_outer(AmNetworks *networks, const AmLayers *layers, guint n, uint64_t ordinal);
/* Whether it is too early to say where it belongs, `read` frames having been read. */
gboolean am_networks_waits(const AmNetworks *networks, uint32_t tunnel, uint64_t read);
/* The last word on it. */
uint16_t am_networks_settle(AmNetworks *networks, const AmPlace *place);

/* Networks are numbered as they come up; 0 is the run's own. The name lives as long as `networks`. */
guint am_networks_count(const AmNetworks *networks);
const char *am_networks_name(const AmNetworks *networks, guint index);

/* What was seen since the last time (AmEncapsulated, by kind and id). */
GArray *am_networks_take_seen(AmNetworks *networks);
