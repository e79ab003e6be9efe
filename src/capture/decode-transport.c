/* Transport headers: TCP, UDP, SCTP, ICMP, ICMPv6.
 *
 * Why: ports, flags and the place of the payload are all that flow/ needs of them. decode.c calls it with the octets
 * above the IP headers. It must not look into the payload, but for the packet that an ICMP error quotes.
 */
#include "config.h"

#include "decode.h"

static inline uint16_t be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t be32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The payload begins `header_size` octets after `head`, of which `captured` and `wire_size` count from there too. */
static inline void set_payload(AmPacket *packet, const uint8_t *head, uint32_t header_size, size_t captured,
			       uint32_t wire_size)
{
	packet->payload_wire_size = wire_size > header_size ? wire_size - header_size : 0;
	if (captured < header_size)
		return;
	packet->payload = head + header_size;
	packet->payload_size = MIN((uint32_t)(captured - header_size), packet->payload_wire_size);
}

/* RFC 9293 3.1
 *
 *   0-1: source port   2-3: destination port   4-7: sequence   8-11: acknowledgment
 *   12: data offset (4 bits, in words)   13: flags   14-15: window   16-17: checksum   18-19: urgent   20..: options
 *
 * Nothing is read from the options, so a capture that was cut inside them (tcpdump once kept 68 octets: a SYN with
 * options does not fit), or a first fragment that ends there, still is a packet, without captured payload. */
static AmSkipReason decode_tcp(AmCursor cursor, uint32_t wire_size, AmPacket *packet)
{
	size_t captured = cursor.left;
	const uint8_t *tcp = am_cursor_take(&cursor, 20);
	if (tcp == NULL)
		return AM_SKIP_L4_TRUNCATED;
	uint32_t header_size = (tcp[12] >> 4) * 4u;
	if (header_size < 20)
		return AM_SKIP_L4_MALFORMED;
	if (header_size > wire_size && !packet->is_fragment)
		return AM_SKIP_L4_MALFORMED;
	packet->tuple.source_port = be16(tcp);
	packet->tuple.destination_port = be16(tcp + 2);
	packet->tcp_sequence = be32(tcp + 4);
	packet->tcp_ack = be32(tcp + 8);
	packet->tcp_flags = tcp[13];
	packet->tcp_window = be16(tcp + 14);
	set_payload(packet, tcp, header_size, captured, wire_size);
	return AM_SKIP_NONE;
}

/* RFC 768: source port, destination port, length (of header and data), checksum; 2 octets each. A length of 0 is a UDP
 * jumbogram (RFC 2675 4) or segmentation offload. The length of a first fragment is that of the whole datagram. */
static AmSkipReason decode_udp(AmCursor cursor, uint32_t wire_size, AmPacket *packet)
{
	size_t captured = cursor.left;
	const uint8_t *udp = am_cursor_take(&cursor, 8);
	if (udp == NULL)
		return AM_SKIP_L4_TRUNCATED;
	uint32_t length = be16(udp + 4);
	if (length == 0)
		length = wire_size;
	if (length < 8 || (length > wire_size && !packet->is_fragment))
		return AM_SKIP_L4_MALFORMED;
	packet->tuple.source_port = be16(udp);
	packet->tuple.destination_port = be16(udp + 2);
	set_payload(packet, udp, 8, captured, MIN(length, wire_size));
	return AM_SKIP_NONE;
}

/* RFC 9260 3: source port, destination port (2 each), verification tag (4), checksum (4); then chunks: type, flags,
 * length (2, with this header), value. There is at least one. */
static AmSkipReason decode_sctp(AmCursor cursor, uint32_t wire_size, AmPacket *packet)
{
	size_t captured = cursor.left;
	const uint8_t *sctp = am_cursor_take(&cursor, 16);
	if (sctp == NULL)
		return wire_size >= 12 && wire_size < 16 ? AM_SKIP_L4_MALFORMED : AM_SKIP_L4_TRUNCATED;
	if (be16(sctp + 14) < 4)
		return AM_SKIP_L4_MALFORMED;
	packet->tuple.source_port = be16(sctp);
	packet->tuple.destination_port = be16(sctp + 2);
	packet->sctp_chunk = sctp[12];
	set_payload(packet, sctp, 12, captured, wire_size);
	return AM_SKIP_NONE;
}

/* RFC 792: type, code, checksum (2), 4 octets by type; errors then quote the IP header and at least 8 octets above it.
 * RFC 4443 2.1: type, code, checksum (2), body; errors (types below 128) have 4 octets, then as much of the packet as
 * fits. */
static AmSkipReason decode_icmp(AmCursor cursor, uint32_t wire_size, AmPacket *packet)
{
	gboolean is_v6 = packet->tuple.ip_protocol == AM_PROTO_ICMPV6;
	size_t captured = cursor.left;
	const uint8_t *icmp = am_cursor_take(&cursor, is_v6 ? 4 : 8);
	if (icmp == NULL)
		return AM_SKIP_L4_TRUNCATED;
	packet->icmp_type = icmp[0];
	packet->icmp_code = icmp[1];
	set_payload(packet, icmp, 8, captured, wire_size);
	gboolean is_error;
	if (is_v6)
		is_error = packet->icmp_type >= 1 && packet->icmp_type <= 4;
	else
		is_error = packet->icmp_type == 3 || packet->icmp_type == 4 || packet->icmp_type == 5 ||
			   packet->icmp_type == 11 || packet->icmp_type == 12;
	if (is_error && packet->payload != NULL) {
		AmCursor quoted = am_cursor(packet->payload, packet->payload_size);
		packet->has_quoted = (uint8_t)am_decode_quoted(quoted, &packet->quoted);
	}
	return AM_SKIP_NONE;
}

AmSkipReason am_decode_transport(AmCursor cursor, uint32_t wire_size, AmPacket *packet)
{
	switch (packet->tuple.ip_protocol) {
	case AM_PROTO_TCP:
		return decode_tcp(cursor, wire_size, packet);
	case AM_PROTO_UDP:
		return decode_udp(cursor, wire_size, packet);
	case AM_PROTO_SCTP:
		return decode_sctp(cursor, wire_size, packet);
	case AM_PROTO_ICMP:
	case AM_PROTO_ICMPV6:
		return decode_icmp(cursor, wire_size, packet);
	default:
		set_payload(packet, cursor.at, 0, cursor.left, wire_size);
		return AM_SKIP_NONE;
	}
}
