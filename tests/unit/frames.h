/* Frames built octet by octet, for the tests of capture/ and for the seeds of its fuzz targets. */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <string.h>

typedef struct {
	uint8_t bytes[4096];
	size_t size;
} Frame;

static inline void put(Frame *f, const void *bytes, size_t size)
{
	g_assert(f->size + size <= sizeof f->bytes);
	memcpy(f->bytes + f->size, bytes, size);
	f->size += size;
}

static inline void put8(Frame *f, uint8_t value)
{
	put(f, &value, 1);
}

static inline void put16(Frame *f, uint16_t value)
{
	put8(f, (uint8_t)(value >> 8));
	put8(f, (uint8_t)value);
}

static inline void put32(Frame *f, uint32_t value)
{
	put16(f, (uint16_t)(value >> 16));
	put16(f, (uint16_t)value);
}

static inline void fill(Frame *f, uint8_t value, size_t size)
{
	while (size-- > 0)
		put8(f, value);
}

static inline void ethernet(Frame *f, uint16_t type)
{
	put(f, "\x02\x00\x00\x00\x00\x0d\x02\x00\x00\x00\x00\x05", 12); /* to ...0d, from ...05 */
	put16(f, type);
}

/* 10.0.0.1 to 10.0.0.2; `above` octets follow */
static inline void ipv4(Frame *f, uint8_t protocol, size_t above)
{
	put16(f, 0x4500);
	put16(f, (uint16_t)(20 + above));
	put32(f, 0x12340000); /* not a fragment */
	put8(f, 64);
	put8(f, protocol);
	put16(f, 0);
	put32(f, 0x0a000001);
	put32(f, 0x0a000002);
}

/* 2001:db8::1 to 2001:db8::2 */
static inline void ipv6(Frame *f, uint8_t next, size_t above)
{
	put32(f, 0x60000000);
	put16(f, (uint16_t)above);
	put8(f, next);
	put8(f, 64);
	for (uint8_t n = 1; n <= 2; n++) {
		put32(f, 0x20010db8);
		fill(f, 0, 11);
		put8(f, n);
	}
}

/* 40000 to 443; PSH ACK */
static inline void tcp(Frame *f, uint8_t words)
{
	put16(f, 40000);
	put16(f, 443);
	put32(f, 0x01020304);
	put32(f, 0x05060708);
	put8(f, (uint8_t)(words << 4));
	put8(f, 0x18);
	put16(f, 512);
	put32(f, 0);
	fill(f, 1, words > 5 ? (words - 5u) * 4 : 0);
}

/* 40000 to 53; `length` as the header says it */
static inline void udp(Frame *f, uint16_t length)
{
	put16(f, 40000);
	put16(f, 53);
	put16(f, length);
	put16(f, 0);
}

static inline void sctp(Frame *f, uint8_t chunk, uint16_t chunk_length)
{
	put16(f, 40000);
	put16(f, 3868);
	put32(f, 0x11223344);
	put32(f, 0);
	put8(f, chunk);
	put8(f, 0);
	put16(f, chunk_length);
}
