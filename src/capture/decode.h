/* Private to capture/: what the decoders of the layers hand to each other. */
#pragma once

#include "allowmap/capture.h"

/* Tags, labels and encapsulations of the link layer that are followed before AM_SKIP_NESTED. */
#define AM_MAX_TAGS 8
/* IPv6 extension headers that are followed. RFC 8200 4.1 knows six kinds, one of them twice. */
#define AM_MAX_EXTENSIONS 10

#define AM_ETHERTYPE_IPV4 0x0800
#define AM_ETHERTYPE_IPV6 0x86dd
/* Not of the registry: the link layer names no protocol, the version in the first octet does. */
#define AM_ETHERTYPE_BY_VERSION 0

/* Steps over the link layer: on AM_SKIP_NONE `cursor` is at the network header and *ret_type is one of the three
 * above. Fills the MAC addresses and VLAN ids. */
AmSkipReason am_decode_link(uint32_t link_type, AmCursor *cursor, AmPacket *packet, uint16_t *ret_type);
/* The same from an EtherType on: tags, MPLS, PPPoE, LLC. */
AmSkipReason am_decode_ethertype(uint16_t type, AmCursor *cursor, AmPacket *packet, uint16_t *ret_type);

/* The transport header: `cursor` spans what was captured of it and above, `wire_size` is its size by the IP header. */
AmSkipReason am_decode_transport(AmCursor cursor, uint32_t wire_size, AmPacket *packet);

/* The tuple of an IP packet of which perhaps only the beginning is there, as ICMP errors quote it (RFC 792, RFC 4443
 * 2.4). FALSE: too little to name it. */
gboolean am_decode_quoted(AmCursor cursor, AmTuple *ret_tuple);

/* IPv6 extension headers (RFC 8200 4): steps `cursor` to the upper layer and sets *protocol to it. */
typedef struct {
	uint8_t protocol; /* in: the first next-header value; out: the upper layer's */
	gboolean is_first_fragment, is_later_fragment;
} AmExtensions;
AmSkipReason am_decode_extensions(AmCursor *cursor, AmExtensions *extensions);
