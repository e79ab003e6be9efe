/* Which connection a packet belongs to, and which shard: the key is the same for both directions. Pure. */
#include "config.h"

#include "flow.h"

#include <string.h>

uint32_t am_flow_shard_of(const AmPacket *packet, uint64_t seed)
{
	const AmTuple *tuple = packet->has_quoted ? &packet->quoted : &packet->tuple;
	const uint8_t *a = tuple->source.bytes, *b = tuple->destination.bytes;
	if (memcmp(a, b, 16) > 0) {
		const uint8_t *swap = a;
		a = b;
		b = swap;
	}
	uint64_t words[4];
	size_t n = 1;
	if (tuple->source.family == 4) {
		memcpy(words, a, 4);
		memcpy((uint8_t *)words + 4, b, 4);
	} else {
		memcpy(words, a, 16);
		memcpy(words + 2, b, 16);
		n = 4;
	}
	return (uint32_t)(am_flow_hash(seed, 0x7368617264, words, n) % AM_FLOW_SHARDS);
}

/* The request that an ICMP answer answers; else the type itself. */
static uint8_t icmp_request_type(uint8_t ip_protocol, uint8_t type)
{
	if (ip_protocol == AM_PROTO_ICMP)
		return type == 0 ? 8 : type == 14 || type == 16 || type == 18 ? type - 1 : type;
	return type == 129 || type == 140 || type == 145 || type == 147 ? type - 1 : type;
}

static uint16_t icmp_port(uint8_t ip_protocol, uint8_t type, uint8_t code)
{
	return (uint16_t)(icmp_request_type(ip_protocol, type) << 8 | code);
}

static inline int compare_bytes(const uint8_t a[16], const uint8_t b[16])
{
	uint64_t x[2], y[2];
	memcpy(x, a, 16);
	memcpy(y, b, 16);
	int i = x[0] == y[0];
	uint64_t p = GUINT64_FROM_BE(x[i]), q = GUINT64_FROM_BE(y[i]);
	return (p > q) - (p < q);
}

/* Returns the direction of the tuple: 0 when its source is lo. */
static inline int make_key(const AmTuple *tuple, uint16_t network, uint16_t source_port, uint16_t destination_port,
			   AmFlowKey *ret_key)
{
	int order = compare_bytes(tuple->source.bytes, tuple->destination.bytes);
	int direction = order > 0 || (order == 0 && source_port > destination_port);
	const AmAddress *lo = direction ? &tuple->destination : &tuple->source;
	const AmAddress *hi = direction ? &tuple->source : &tuple->destination;
	memcpy(ret_key->lo, lo->bytes, 16);
	memcpy(ret_key->hi, hi->bytes, 16);
	ret_key->port_lo = direction ? destination_port : source_port;
	ret_key->port_hi = direction ? source_port : destination_port;
	ret_key->network = network;
	ret_key->family = tuple->source.family;
	ret_key->ip_protocol = tuple->ip_protocol;
	return direction;
}

int am_flow_packet_key(const AmPacket *packet, AmFlowKey *ret_key)
{
	const AmTuple *tuple = &packet->tuple;
	switch (tuple->ip_protocol) {
	case AM_PROTO_TCP:
	case AM_PROTO_UDP:
	case AM_PROTO_SCTP:
		return make_key(tuple, packet->network, tuple->source_port, tuple->destination_port, ret_key);
	case AM_PROTO_ICMP:
	case AM_PROTO_ICMPV6: {
		uint16_t port = icmp_port(tuple->ip_protocol, packet->icmp_type, packet->icmp_code);
		return make_key(tuple, packet->network, port, port, ret_key);
	}
	default:
		return make_key(tuple, packet->network, 0, 0, ret_key);
	}
}

gboolean am_flow_quoted_key(const AmPacket *packet, AmFlowKey *ret_key)
{
	const AmTuple *tuple = &packet->quoted;
	uint16_t source_port = tuple->source_port, destination_port = tuple->destination_port;
	if (tuple->ip_protocol == AM_PROTO_ICMP || tuple->ip_protocol == AM_PROTO_ICMPV6) {
		AmCursor cursor = am_cursor(packet->payload, packet->payload_size);
		uint8_t first = am_cursor_u8(&cursor);
		am_cursor_skip(&cursor, tuple->source.family == 4 ? (size_t)(first & 0x0f) * 4 - 1 : 39);
		uint8_t type = am_cursor_u8(&cursor), code = am_cursor_u8(&cursor);
		if (!cursor.ok || (tuple->source.family == 4 && (first & 0x0f) < 5))
			return FALSE;
		source_port = destination_port = icmp_port(tuple->ip_protocol, type, code);
	}
	(void)make_key(tuple, packet->network, source_port, destination_port, ret_key);
	return TRUE;
}
