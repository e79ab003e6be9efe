/* Frames of tunnels, and what has to hold of what is inside: for the tests of their decoders. */
#pragma once

#include "decoding.h"

/* ---- Frames. The outer packet goes from 10.0.0.1 to 10.0.0.2, or 2001:db8::1 to ::2; the inner one from 192.168.7.1 to
 * 192.168.7.2, port 40000 to 443. */

/* Where a length is filled in once the frame is complete. */
typedef struct {
	size_t ip, udp;
} Outer;

static inline Outer outer(Frame *f, uint8_t protocol)
{
	Outer at = {.ip = f->size};
	ipv4(f, protocol, 0);
	return at;
}

static inline Outer outer_udp(Frame *f, uint16_t port)
{
	Outer at = outer(f, 17);
	at.udp = f->size;
	udp(f, 0);
	f->bytes[at.udp + 2] = (uint8_t)(port >> 8);
	f->bytes[at.udp + 3] = (uint8_t)port;
	return at;
}

static inline void set16(Frame *f, size_t at, size_t value)
{
	f->bytes[at] = (uint8_t)(value >> 8);
	f->bytes[at + 1] = (uint8_t)value;
}

static inline void close_outer(Frame *f, Outer at)
{
	if (f->bytes[at.ip] >> 4 == 6)
		set16(f, at.ip + 4, f->size - at.ip - 40);
	else
		set16(f, at.ip + 2, f->size - at.ip);
	if (at.udp != 0)
		set16(f, at.udp + 4, f->size - at.udp);
}

static inline void inner_tcp(Frame *f)
{
	size_t at = f->size;
	ipv4(f, 6, 25);
	memcpy(f->bytes + at + 12, "\xc0\xa8\x07\x01\xc0\xa8\x07\x02", 8);
	tcp(f, 5);
	put(f, "hello", 5);
}

static inline void inner_frame(Frame *f)
{
	put(f, "\x06\0\0\0\0\x0d\x06\0\0\0\0\x05", 12);
	put16(f, 0x0800);
	inner_tcp(f);
}

/* ---- Checks */

static inline gboolean is_inner(const AmPacket *p)
{
	return p->tuple.source.family == 4 && memcmp(p->tuple.source.bytes, "\xc0\xa8\x07\x01", 4) == 0 &&
	       memcmp(p->tuple.destination.bytes, "\xc0\xa8\x07\x02", 4) == 0;
}

static inline void check_inner(const AmPacket *p, AmEncapsulation kind, uint32_t id)
{
	CU_ASSERT(p->time_ns == 7);
	CU_ASSERT(is_inner(p));
	CU_ASSERT(p->tuple.ip_protocol == AM_PROTO_TCP);
	CU_ASSERT(p->tuple.source_port == 40000 && p->tuple.destination_port == 443);
	CU_ASSERT(p->ip_wire_size == 45 && p->payload_wire_size == 5);
	CU_ASSERT_FATAL(p->payload_size == 5);
	CU_ASSERT(memcmp(p->payload, "hello", 5) == 0);
	CU_ASSERT(p->encapsulation == kind && p->encapsulation_id == id);
	CU_ASSERT_FATAL(layers.n > 0);
	gboolean found = FALSE;
	for (guint n = 0; n < layers.n; n++)
		found = found || (layers.at[n].kind == kind && layers.at[n].id == id);
	CU_ASSERT(found);
}

static inline void check_macs(const AmPacket *p, gboolean has)
{
	static const uint8_t none[6];
	CU_ASSERT(memcmp(p->source_mac, has ? (const uint8_t *)"\x06\0\0\0\0\x05" : none, 6) == 0);
	CU_ASSERT(memcmp(p->destination_mac, has ? (const uint8_t *)"\x06\0\0\0\0\x0d" : none, 6) == 0);
}

/* Cut at every length: reasons, then perhaps the outer packet as long as the tunnel's header is not whole, then reasons
 * again, then always the inner one. */
static inline void check_tunnel_cuts(const Frame *f)
{
	int phase = 0;
	for (size_t size = 0; size <= f->size; size++) {
		AmPacket p;
		AmSkipReason skip = decode_as(f, ETHERNET, size, f->size, &p);
		int is = 1;
		if (skip != AM_SKIP_NONE) {
			CU_ASSERT(skip == AM_SKIP_LINK_TRUNCATED || skip == AM_SKIP_IP_TRUNCATED ||
				  skip == AM_SKIP_L4_TRUNCATED);
			is = phase == 0 ? 0 : 2;
		} else {
			check_in_frame(&p, size);
			if (is_inner(&p))
				is = 3;
		}
		CU_ASSERT(is >= phase);
		phase = is;
	}
	CU_ASSERT(phase == 3);
}

/* Whatever one octet says, what comes out lies inside the frame. */
static inline void check_tunnel_lies(const Frame *f)
{
	for (size_t at = 14; at < f->size; at++) {
		for (unsigned value = 0; value < 256; value++) {
			Frame g = *f;
			g.bytes[at] = (uint8_t)value;
			AmPacket p;
			if (decode(&g, &p) == AM_SKIP_NONE)
				check_in_frame(&p, g.size);
		}
	}
}

/* The frame with one octet changed is no tunnel: its outer packet is what there is. */
static inline void check_ordinary(const Frame *f, size_t at, uint8_t value)
{
	Frame g = *f;
	g.bytes[at] = value;
	AmPacket p;
	CU_ASSERT_FATAL(decode(&g, &p) == AM_SKIP_NONE);
	CU_ASSERT(is_v4(&p.tuple.source, 1) && is_v4(&p.tuple.destination, 2));
	CU_ASSERT(p.tuple.ip_protocol == f->bytes[23]);
	CU_ASSERT(p.encapsulation == AM_ENCAPSULATION_NONE && layers.n == 0 && layers.n_tunnels == 0);
}

/* Octets 34.. of an Ethernet frame are above its IPv4 header, 42.. above UDP. */
#define ABOVE_IP 34
#define ABOVE_UDP 42
