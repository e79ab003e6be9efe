/* What crosses from capture/ to flow/: frames as read, and packets as decoded. Nothing here owns memory. */
#pragma once

#include "address.h"

/* One captured frame. `bytes` is lent by the source until its next call. */
typedef struct {
	int64_t time_ns;      /* UTC, since 1970 */
	const uint8_t *bytes; /* `size` octets, as captured */
	uint32_t size;
	uint32_t wire_size; /* octets on the wire, >= size unless the file lies */
	uint32_t link_type; /* LINKTYPE_* of the tcpdump registry */
} AmFrame;

/* Why a frame was not recorded. Each frame is counted exactly once: recorded, or under one of these. */
#define AM_SKIP_REASONS(X)                                                                                             \
	X(LINK_TYPE, "link-type-unknown", "the file's link layer is not one that is decoded")                          \
	X(NOT_IP, "not-ip", "ARP, LLDP, spanning tree and other non-IP EtherTypes")                                    \
	X(WIFI_PROTECTED, "wifi-protected", "an encrypted frame of a wireless network")                                \
	X(WIFI_FRAGMENT, "wifi-fragment", "a wireless frame in several pieces, or several in one")                     \
	X(WIFI_DAMAGED, "wifi-damaged", "a wireless frame whose receiver says that its checksum is wrong")             \
	X(LINK_TRUNCATED, "link-truncated", "the frame ends inside its link-layer header")                             \
	X(IP_TRUNCATED, "ip-truncated", "the packet ends inside its IP header or extension headers")                   \
	X(IP_MALFORMED, "ip-malformed", "version, header length or total length contradict each other")                \
	X(L4_TRUNCATED, "l4-truncated", "the packet ends inside its TCP, UDP, SCTP or ICMP header")                    \
	X(L4_MALFORMED, "l4-malformed", "a transport header contradicts itself")                                       \
	X(FRAGMENT, "fragment", "a later IP fragment, and the first one, which has the ports, was not seen")           \
	X(FRAGMENT_CONFLICT, "fragment-conflict", "an IP fragment that overlaps or contradicts the first one")         \
	X(NESTED, "nested-too-deep", "more tags, tunnels or extension headers than are followed")                      \
	X(FLOW_TABLE, "connection-table-full",                                                                         \
	  "no room in the connection table, and nothing could be given up for it")                                     \
	X(DUPLICATE, "duplicate", "the same packet once more: mirrored twice, or seen on both sides of a router")

typedef enum {
	AM_SKIP_NONE = 0,
#define X(id, name, text) AM_SKIP_##id,
	AM_SKIP_REASONS(X)
#undef X
		AM_N_SKIP_REASONS,
} AmSkipReason;

#define AM_TCP_FIN 0x01
#define AM_TCP_SYN 0x02
#define AM_TCP_RST 0x04
#define AM_TCP_PSH 0x08
#define AM_TCP_ACK 0x10

#define AM_PROTO_ICMP 1
#define AM_PROTO_TCP 6
#define AM_PROTO_UDP 17
#define AM_PROTO_ICMPV6 58
#define AM_PROTO_SCTP 132

/* AmPacket.ether_type of Cisco's discovery protocol: its number under SNAP with Cisco's prefix, which is no EtherType. */
#define AM_ETHER_TYPE_CDP 0x2000

/* The 5-tuple of a packet in its own direction. ICMP has no ports: both are 0 and `AmPacket.icmp_*` says more. */
typedef struct {
	AmAddress source, destination;
	uint16_t source_port, destination_port;
	uint8_t ip_protocol; /* the upper-layer protocol, after extension headers */
} AmTuple;

/* One decoded packet; of a tunnel, the innermost one. All pointers are into the frame and live as long as it does. */
typedef struct {
	int64_t time_ns;
	AmTuple tuple;
	uint16_t vlan, inner_vlan;                 /* 802.1Q ids, outer first, inside of tunnels; 0 = untagged */
	uint8_t source_mac[6], destination_mac[6]; /* zero where the link layer has none */
	const uint8_t *ip;                         /* the IP header */
	uint32_t ip_size;                          /* captured octets from there, link-layer padding removed */
	uint32_t ip_wire_size;                     /* octets of the IP packet by its own header: what `bytes` counts */
	const uint8_t *payload;     /* above TCP, UDP, SCTP (the first chunk) or ICMP (after its 8 octets) */
	uint32_t payload_size;      /* captured octets */
	uint32_t payload_wire_size; /* by the headers */
	uint32_t tcp_sequence, tcp_ack;
	uint16_t tcp_window;
	uint8_t tcp_flags;
	uint8_t sctp_chunk; /* type of the first chunk */
	uint8_t icmp_type, icmp_code;
	uint8_t has_quoted; /* an ICMP error that quotes enough of a packet to name its tuple, in the direction it was sent */
	uint8_t is_fragment; /* a first fragment: ports known, payload incomplete */
	/* A later fragment: no ports, and the payload is what it carries of the datagram. */
	uint8_t is_later_fragment;
	uint8_t is_last_fragment : 1; /* of those */
	uint8_t follows : 1;          /* it came in the same frame as the packet before it */
	uint8_t carries : 6; /* AmEncapsulation: this is a tunnel's outer packet, and what is inside is another one */
	uint8_t fragment_protocol; /* as the header says that told of the fragment; in IPv6 not yet the upper layer's */
	uint8_t encapsulation;     /* AmEncapsulation: the innermost one that is not a VLAN */
	uint16_t fragment_at;      /* octets of the datagram before it; of a first one, up to its end */
	uint16_t
		ether_type; /* of a frame without an IP packet (AM_SKIP_NOT_IP), `payload` being what is behind it; else 0 */
	uint16_t network; /* index of the address space: 0, the run's own, until somebody sets another */
	uint32_t fragment_id;
	uint32_t encapsulation_id;
	AmTuple quoted;
} AmPacket;
