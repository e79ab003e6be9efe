/* One TCP packet, and that it was decoded as it is, whatever it was wrapped in. */
#pragma once

#include "decoding.h"

/* The Ethernet/IPv4/TCP packet with 5 octets of payload that the link-layer tests wrap. */
static inline void tcp_packet(Frame *f)
{
	ipv4(f, 6, 25);
	tcp(f, 5);
	put(f, "hello", 5);
}

static inline void check_tcp_packet(const AmPacket *p)
{
	CU_ASSERT(p->time_ns == 7);
	CU_ASSERT(is_v4(&p->tuple.source, 1));
	CU_ASSERT(is_v4(&p->tuple.destination, 2));
	CU_ASSERT(p->tuple.ip_protocol == AM_PROTO_TCP);
	CU_ASSERT(p->tuple.source_port == 40000);
	CU_ASSERT(p->tuple.destination_port == 443);
	CU_ASSERT(p->tcp_flags == (AM_TCP_PSH | AM_TCP_ACK));
	CU_ASSERT(p->tcp_sequence == 0x01020304);
	CU_ASSERT(p->tcp_ack == 0x05060708);
	CU_ASSERT(p->tcp_window == 512);
	CU_ASSERT(p->ip_size == 45);
	CU_ASSERT(p->ip_wire_size == 45);
	CU_ASSERT(p->payload_wire_size == 5);
	CU_ASSERT_FATAL(p->payload_size == 5);
	CU_ASSERT(memcmp(p->payload, "hello", 5) == 0);
	CU_ASSERT(!p->is_fragment);
	CU_ASSERT(!p->has_quoted);
}
