/* Packets for the tests of flow/, built in code: the tuple, and the octets of a real IP packet behind it. */
#pragma once

#include <allowmap/base.h>
#include <allowmap/model/packet.h>

#include <string.h>

typedef struct {
	AmPacket packet;
	uint8_t bytes[2048];
} TestPacket;

static inline AmAddress test_address(const char *text)
{
	AmAddress address;
	if (!am_address_parse(text, &address))
		g_error("test: not an address: %s", text);
	return address;
}

static inline void test_be16(uint8_t *p, size_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* One packet of a protocol with ports, or none. `payload` may be NULL. */
static inline void test_packet(TestPacket *t, double seconds, uint8_t ip_protocol, const char *source,
			       uint16_t source_port, const char *destination, uint16_t destination_port,
			       const void *payload, size_t size)
{
	memset(t, 0, sizeof(*t));
	AmPacket *p = &t->packet;
	p->time_ns = (int64_t)(seconds * 1e9);
	p->tuple =
		(AmTuple){test_address(source), test_address(destination), source_port, destination_port, ip_protocol};
	gboolean is_v4 = p->tuple.source.family == 4;
	size_t header = is_v4 ? 20 : 40;
	size_t l4 = ip_protocol == AM_PROTO_TCP ? 20 : ip_protocol == AM_PROTO_SCTP ? 12 : 8;
	g_assert(header + l4 + size <= sizeof(t->bytes));
	if (is_v4) {
		t->bytes[0] = 0x45;
		t->bytes[9] = ip_protocol;
		test_be16(t->bytes + 2, header + l4 + size);
		memcpy(t->bytes + 12, p->tuple.source.bytes, 4);
		memcpy(t->bytes + 16, p->tuple.destination.bytes, 4);
	} else {
		t->bytes[0] = 0x60;
		t->bytes[6] = ip_protocol;
		test_be16(t->bytes + 4, l4 + size);
		memcpy(t->bytes + 8, p->tuple.source.bytes, 16);
		memcpy(t->bytes + 24, p->tuple.destination.bytes, 16);
	}
	test_be16(t->bytes + header, source_port);
	test_be16(t->bytes + header + 2, destination_port);
	if (ip_protocol == AM_PROTO_TCP)
		t->bytes[header + 12] = 0x50;
	else if (ip_protocol == AM_PROTO_UDP)
		test_be16(t->bytes + header + 4, 8 + size);
	if (size > 0)
		memcpy(t->bytes + header + l4, payload, size);
	p->ip = t->bytes;
	p->ip_size = p->ip_wire_size = (uint32_t)(header + l4 + size);
	p->payload = t->bytes + header + l4;
	p->payload_size = p->payload_wire_size = (uint32_t)size;
}

static inline void test_tcp(TestPacket *t, double seconds, const char *source, uint16_t source_port,
			    const char *destination, uint16_t destination_port, uint8_t flags, uint32_t sequence,
			    uint32_t ack, const char *payload)
{
	test_packet(t, seconds, AM_PROTO_TCP, source, source_port, destination, destination_port, payload,
		    payload != NULL ? strlen(payload) : 0);
	t->packet.tcp_flags = flags;
	t->packet.tcp_sequence = sequence;
	t->packet.tcp_ack = ack;
	t->bytes[33] = flags;
}
