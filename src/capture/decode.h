/* Private to capture/: what the decoders of the layers hand to each other. */
#pragma once

#include "allowmap/capture.h"
#include "allowmap/model/encapsulation.h"

/* Tags, labels and encapsulations of the link layer that are followed before AM_SKIP_NESTED. */
#define AM_MAX_TAGS 8
/* IPv6 extension headers that are followed. RFC 8200 4.1 knows six kinds, one of them twice. */
#define AM_MAX_EXTENSIONS 10

#define AM_ETHERTYPE_IPV4 0x0800
#define AM_ETHERTYPE_IPV6 0x86dd
/* Not of the registry: the link layer names no protocol, the version in the first octet does. */
#define AM_ETHERTYPE_BY_VERSION 0

/* Not of the registry either: an Ethernet header comes next. */
#define AM_ETHERTYPE_ETHERNET 1

/* Where a decoder of the link layer is, and what it fills. */
typedef struct {
	AmCursor cursor;
	AmPacket *packet;
	AmLayers *layers;
} AmLink;

#define AM_LINK_ETHERNET 1 /* LINKTYPE_ETHERNET */

/* Steps over the link layer: on AM_SKIP_NONE the cursor is at the network header and *ret_type is one of the first three
 * above. Fills the MAC addresses and VLAN ids, and notes tags and labels. */
AmSkipReason am_decode_link(uint32_t link_type, AmLink *link, uint16_t *ret_type);
/* The same from an EtherType on: tags, MPLS, PPPoE, LLC. */
AmSkipReason am_decode_ethertype(uint16_t type, AmLink *link, uint16_t *ret_type);

/* IEEE 802.11 frames, with what capture tools put before them. */
AmSkipReason am_decode_wifi(uint32_t link_type, AmLink *link, uint16_t *ret_type);

/* PPP's protocol field, with what may be before it. */
AmSkipReason am_decode_ppp(AmCursor *cursor, uint16_t *ret_type);

/* Notes a layer, if there is room. */
static inline void am_layers_add(AmLayers *layers, AmEncapsulation kind, uint32_t id, const uint8_t *outer)
{
	if (layers->n < AM_MAX_LAYERS)
		layers->at[layers->n++] = (AmLayer){.kind = (uint8_t)kind, .id = id, .outer = outer};
}

/* What a packet carries when it is a tunnel's. */
typedef struct {
	AmCursor cursor;    /* at the first octet of it */
	uint32_t wire_size; /* octets from there on the wire, by the outer headers */
	uint16_t type;      /* an EtherType, or one of those above */
	uint16_t vlan;      /* of the frame inside, when the tunnel's header tells it; else 0 */
	uint8_t kind;       /* AmEncapsulation */
	uint32_t id;
} AmInner;

#define AM_PROTO_IPIP 4
#define AM_PROTO_IPV6 41
#define AM_PROTO_GRE 47

#define AM_IPV6_SIZE 40

/* Is it worth to ask am_decode_tunnel()? */
static inline gboolean am_may_be_tunnel(const AmPacket *packet)
{
	switch (packet->tuple.ip_protocol) {
	case AM_PROTO_UDP:
		switch (packet->tuple.destination_port) {
		case AM_PORT_VXLAN:
		case AM_PORT_VXLAN_GPE:
		case AM_PORT_VXLAN_LINUX:
		case AM_PORT_GENEVE:
		case AM_PORT_GTP:
			return !packet->is_later_fragment;
		default:
			return packet->tuple.source_port == AM_PORT_TEREDO ||
			       packet->tuple.destination_port == AM_PORT_TEREDO ||
			       packet->tuple.source_port == AM_PORT_AYIYA ||
			       packet->tuple.destination_port == AM_PORT_AYIYA ||
			       (packet->payload_size > AM_IPV6_SIZE && packet->payload[0] >> 4 == 6);
		}
	case AM_PROTO_IPIP:
	case AM_PROTO_IPV6:
	case AM_PROTO_GRE:
		return !packet->is_later_fragment;
	default:
		return FALSE;
	}
}
/* TRUE: `packet` is a tunnel's, and this is what it carries. FALSE: it is not, or its tunnel header is cut. */
gboolean am_decode_tunnel(const AmPacket *packet, AmInner *ret_inner);

/* The transport header: `cursor` spans what was captured of it and above, `wire_size` is its size by the IP header. */
AmSkipReason am_decode_transport(AmCursor cursor, uint32_t wire_size, AmPacket *packet);

/* The tuple of an IP packet of which perhaps only the beginning is there, as ICMP errors quote it (RFC 792, RFC 4443
 * 2.4). FALSE: too little to name it. */
gboolean am_decode_quoted(AmCursor cursor, AmTuple *ret_tuple);

/* IPv6 extension headers (RFC 8200 4): steps `cursor` to the upper layer and sets *protocol to it. */
typedef struct {
	uint8_t protocol; /* in: the first next-header value; out: the upper layer's */
	gboolean is_first_fragment, is_later_fragment;
	uint16_t fragment; /* offset and flags, as the header has them */
	uint32_t fragment_id;
	uint8_t fragment_protocol;    /* that the fragment header names */
	const uint8_t *fragment_data; /* behind it */
} AmExtensions;
AmSkipReason am_decode_extensions(AmCursor *cursor, AmExtensions *extensions);
