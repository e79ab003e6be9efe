/* Frames decoded from exact copies, and what has to hold of every packet: for the tests of capture/'s decoders. */
#pragma once

#include "allowmap/capture.h"
#include "frames.h"
#include "unit.h"

#define ETHERNET 1

/* What the last frame was wrapped in. */
static AmLayers layers;

/* Decodes a copy that is exactly as large as the frame, so that a sanitizer sees the first octet too many. */
static inline AmSkipReason decode_as(const Frame *f, uint32_t link_type, size_t size, size_t wire_size,
				     AmPacket *packet)
{
	static uint8_t *copy; /* of the last call: pointers in `packet` stay good until the next */
	g_free(copy);
	copy = g_malloc(MAX(size, 1));
	memcpy(copy, f->bytes, size);
	AmFrame frame = {.time_ns = 7,
			 .bytes = copy,
			 .size = (uint32_t)size,
			 .wire_size = (uint32_t)wire_size,
			 .link_type = link_type};
	AmSkipReason skip = am_decode(&frame, packet, &layers);
	if (size == 0) {
		g_free(copy);
		copy = NULL;
	}
	return skip;
}

static inline AmSkipReason decode(const Frame *f, AmPacket *packet)
{
	return decode_as(f, ETHERNET, f->size, f->size, packet);
}

static inline void check_in_frame(const AmPacket *p, size_t size)
{
	CU_ASSERT_FATAL(p->ip != NULL);
	CU_ASSERT(p->ip_size <= size);
	CU_ASSERT(p->ip_size <= p->ip_wire_size);
	CU_ASSERT(p->payload_size <= p->payload_wire_size);
	CU_ASSERT(p->payload_wire_size <= p->ip_wire_size);
	if (p->payload != NULL) {
		CU_ASSERT(p->payload >= p->ip);
		CU_ASSERT(p->payload + p->payload_size <= p->ip + p->ip_size);
	} else {
		CU_ASSERT(p->payload_size == 0);
	}
}

/* Cut at every length: first reasons, then, from some length on, always a packet, with the same tuple and the same size
 * on the wire, and a captured payload that only grows. */
static inline void check_every_cut(const Frame *f, uint32_t link_type)
{
	AmPacket whole, packet;
	CU_ASSERT_FATAL(decode_as(f, link_type, f->size, f->size, &whole) == AM_SKIP_NONE);
	AmTuple tuple = whole.tuple;
	uint32_t wire_size = whole.payload_wire_size, last_size = 0;
	gboolean was_packet = FALSE;
	for (size_t size = 0; size <= f->size; size++) {
		AmSkipReason skip = decode_as(f, link_type, size, f->size, &packet);
		if (skip != AM_SKIP_NONE) {
			CU_ASSERT(!was_packet);
			CU_ASSERT(skip == AM_SKIP_LINK_TRUNCATED || skip == AM_SKIP_IP_TRUNCATED ||
				  skip == AM_SKIP_L4_TRUNCATED);
			continue;
		}
		was_packet = TRUE;
		check_in_frame(&packet, size);
		CU_ASSERT(memcmp(&packet.tuple, &tuple, sizeof tuple) == 0);
		CU_ASSERT(packet.payload_wire_size == wire_size);
		CU_ASSERT(packet.payload_size >= last_size);
		last_size = packet.payload_size;
	}
	CU_ASSERT(was_packet);
}

static inline gboolean is_v4(const AmAddress *address, uint8_t last)
{
	static const AmAddress expected = {4, {10, 0, 0, 0}};
	AmAddress with_last = expected;
	with_last.bytes[3] = last;
	return memcmp(address, &with_last, sizeof with_last) == 0;
}

static inline gboolean is_v6(const AmAddress *address, uint8_t last)
{
	AmAddress expected = {6, {0x20, 0x01, 0x0d, 0xb8}};
	expected.bytes[15] = last;
	return memcmp(address, &expected, sizeof expected) == 0;
}
