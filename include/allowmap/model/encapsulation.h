/* What wraps packets: tags, labels and tunnels, and the address space that what is inside belongs to. */
#pragma once

#include "packet.h"

#include <glib.h>

/* X(id, name, is_transit, text). The names are a contract: options, listings and databases have them. `is_transit`: a
 * number that can name an address space of its own; the others are attributes unless somebody says otherwise, as routed
 * traffic is mirrored in two VLANs, and a session or key names the mirror. New ones go at the end. */
#define AM_ENCAPSULATIONS(X)                                                                                           \
	X(VLAN, "vlan", 0, "802.1Q or 802.1ad tag, the outer one: VLAN id")                                            \
	X(INNER_VLAN, "inner-vlan", 0, "802.1Q tag behind another one: VLAN id")                                       \
	X(MPLS, "mpls", 0, "MPLS: the label at the bottom of the stack")                                               \
	X(PPPOE, "pppoe", 0, "PPPoE: session id")                                                                      \
	X(VXLAN, "vxlan", 1, "VXLAN: VNI")                                                                             \
	X(GENEVE, "geneve", 1, "GENEVE: VNI")                                                                          \
	X(NVGRE, "nvgre", 1, "NVGRE: VSID")                                                                            \
	X(GRE, "gre", 0, "GRE: key, 0 without one")                                                                    \
	X(PPTP, "pptp", 0, "GRE of PPTP: call id")                                                                     \
	X(ERSPAN, "erspan", 0, "ERSPAN I, II, III: session, 0 in the first kind")                                      \
	X(IPIP, "ipip", 0, "IPv4 in IP: no number, 0")                                                                 \
	X(SIXINFOUR, "6in4", 0, "IPv6 in IP: no number, 0")                                                            \
	X(GTP, "gtp", 0, "GTP-U: TEID")                                                                                \
	X(PBB, "pbb", 0, "802.1ah backbone: I-SID")                                                                    \
	X(TEREDO, "teredo", 0, "Teredo, IPv6 in UDP: no number, 0")                                                    \
	X(AYIYA, "ayiya", 0, "AYIYA, IPv6 in UDP: no number, 0")

typedef enum {
	AM_ENCAPSULATION_NONE = 0,
#define X(id, name, is_transit, text) AM_ENCAPSULATION_##id,
	AM_ENCAPSULATIONS(X)
#undef X
		AM_N_ENCAPSULATIONS,
} AmEncapsulation;

/* UDP ports of their servers, or of both ends. VXLAN: IANA's, with the generic protocol extension, and Linux's of old. */
#define AM_PORT_VXLAN 4789
#define AM_PORT_VXLAN_GPE 4790
#define AM_PORT_VXLAN_LINUX 8472
#define AM_PORT_GENEVE 6081
#define AM_PORT_GTP 2152
#define AM_PORT_TEREDO 3544
#define AM_PORT_AYIYA 5072

/* What one frame is wrapped in, outermost first; a side product of decoding that lives as long as the frame. */
#define AM_MAX_TUNNELS 4 /* one in another */
#define AM_MAX_LAYERS 16 /* tags, labels and tunnels that are noted; what is more is followed, not noted */

typedef struct {
	uint8_t kind; /* AmEncapsulation */
	uint32_t id;
	const uint8_t *outer; /* the IP header that carries it; NULL for tags and labels */
} AmLayer;

/* The packet between the ends of a tunnel. */
typedef struct {
	AmPacket packet;  /* its `carries` is set */
	uint8_t n_layers; /* that are outside of it: the first ones */
} AmOuter;

typedef struct {
	uint8_t n, n_tunnels;
	AmLayer at[AM_MAX_LAYERS];      /* the first `n` are set */
	AmOuter outers[AM_MAX_TUNNELS]; /* the first `n_tunnels` are set */
} AmLayers;

/* Why what is inside went to the network that it went to. */
#define AM_NETWORK_REASONS(X)                                                                                          \
	X(ATTRIBUTE, "attribute", "this kind does not name a network unless somebody says so")                         \
	X(MIRROR, "mirror", "its outer packets go one way only: it is the mirror's own")                               \
	X(TRANSIT, "transit", "its outer packets go both ways: it is part of the network that is watched")             \
	X(SET, "set", "somebody said so")

typedef enum {
#define X(id, name, text) AM_NETWORK_##id,
	AM_NETWORK_REASONS(X)
#undef X
		AM_N_NETWORK_REASONS,
} AmNetworkReason;

#define AM_ENCAPSULATION_OTHERS (-1)

/* What a run saw of one encapsulation and number. */
typedef struct {
	char *sensor;   /* UUID; NULL while it is being counted */
	uint8_t kind;   /* AmEncapsulation */
	uint8_t reason; /* AmNetworkReason */
	int64_t id;     /* AM_ENCAPSULATION_OTHERS: all those past the number that is told one by one */
	uint64_t packets;
	uint64_t bytes;     /* of the whole frames */
	uint64_t undecided; /* transit: packets before that was known; they went to the run's own network */
	int64_t first_ns, last_ns;
	AmAddress source, destination; /* of the outer header of its first packet; none for tags and labels */
	char *network;                 /* where packets in it went unless something further in said otherwise */
} AmEncapsulated;
