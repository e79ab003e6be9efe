/* From a frame to a packet: the network layer, and the way through the layers.
 *
 * Why: everything that is learned begins here, and everything that is hostile arrives here. am_input_file_next() or a
 * live interface feeds it. One pass over the headers, no state, no allocation; decode-link.c and decode-transport.c
 * hold the layers below and above. It must not read outside of the frame, and must not guess: what contradicts itself
 * or is cut inside its headers is given a reason and left out.
 *
 * A frame that was cut by the snap length after its headers is a packet: its sizes are those of the headers, and what
 * was captured of its payload is lent.
 */
#include "config.h"

#include "decode.h"

#include <stddef.h>
#include <string.h>

#define IPV4_MIN 20
#define IPV6_SIZE 40

static inline uint16_t be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline void set_ipv4(AmAddress *address, const uint8_t bytes[4])
{
	address->family = 4;
	memcpy(address->bytes, bytes, 4); /* the rest is zero already */
}

static inline void set_ipv6(AmAddress *address, const uint8_t bytes[16])
{
	address->family = 6;
	memcpy(address->bytes, bytes, 16);
}

/* RFC 791 3.1
 *
 *   0: version (4 bits) IHL (4 bits, in words)   1: DSCP, ECN   2-3: total length
 *   4-5: identification   6-7: flags (0x2000 = more fragments), fragment offset (13 bits, in 8 octets)
 *   8: TTL   9: protocol   10-11: checksum   12-15: source   16-19: destination   20..: options
 *
 * The checksum is not looked at: on the sending host's side of an interface that computes it, it is not there yet. */
static AmSkipReason decode_ipv4(AmCursor cursor, uint32_t wire_left, AmPacket *packet)
{
	size_t captured = cursor.left;
	const uint8_t *ip = am_cursor_take(&cursor, IPV4_MIN);
	if (ip == NULL)
		return captured > 0 && cursor.at[0] >> 4 != 4 ? AM_SKIP_IP_MALFORMED : AM_SKIP_IP_TRUNCATED;
	uint32_t header_size = (ip[0] & 0x0fu) * 4;
	uint32_t total = be16(ip + 2);
	if (total == 0)
		total = wire_left; /* segmentation offload: the length did not fit, or is the interface's to fill in */
	if (ip[0] >> 4 != 4 || header_size < IPV4_MIN || total < header_size)
		return AM_SKIP_IP_MALFORMED;
	if (header_size > captured)
		return AM_SKIP_IP_TRUNCATED;
	packet->ip = ip;
	packet->ip_size = (uint32_t)MIN(captured, total);
	packet->ip_wire_size = total;
	set_ipv4(&packet->tuple.source, ip + 12);
	set_ipv4(&packet->tuple.destination, ip + 16);
	packet->tuple.ip_protocol = ip[9];
	uint16_t fragment = be16(ip + 6);
	if ((fragment & 0x1fff) != 0)
		return AM_SKIP_FRAGMENT;
	packet->is_fragment = (fragment & 0x2000) != 0;
	AmCursor above = am_cursor(ip + header_size, packet->ip_size - header_size);
	return am_decode_transport(above, total - header_size, packet);
}

/* RFC 8200 4: each extension header begins with the next header's number and its own length.
 *
 *   hop-by-hop 0, routing 43, destination options 60, HIP 139, shim6 140:   next, n    (n + 1) * 8 octets
 *   fragment 44 (4.5):   next, reserved, offset (13 bits) reserved (2) more (1), identification    8 octets
 *   authentication 51 (RFC 4302 2):   next, n    (n + 2) * 4 octets
 *   mobility 135 (RFC 6275 6.1.1):   next, n    (n + 1) * 8 octets; next is 59 (none) as long as nothing rides on it,
 *   and then mobility itself is what the hosts speak, and what a filter has to permit
 *
 * ESP 50 hides what follows; it is the upper layer. */
AmSkipReason am_decode_extensions(AmCursor *cursor, AmExtensions *extensions)
{
	for (guint n = 0; n < AM_MAX_EXTENSIONS; n++) {
		AmCursor at = *cursor;
		uint8_t protocol = extensions->protocol;
		uint32_t unit = 8, base = 1;
		switch (protocol) {
		case 0:
		case 43:
		case 60:
		case 135:
		case 139:
		case 140:
			break;
		case 44:
			unit = 0; /* always 8 octets; its second one is reserved */
			break;
		case 51:
			unit = 4;
			base = 2;
			break;
		default:
			return AM_SKIP_NONE;
		}
		const uint8_t *head = am_cursor_take(&at, 8);
		if (head == NULL)
			return AM_SKIP_IP_TRUNCATED;
		if (protocol == 135 && head[0] == 59)
			return AM_SKIP_NONE;
		if (protocol == 44) {
			uint16_t fragment = be16(head + 2);
			extensions->is_later_fragment = (fragment & 0xfff8) != 0;
			extensions->is_first_fragment = !extensions->is_later_fragment && (fragment & 1) != 0;
		}
		uint32_t size = unit == 0 ? 8 : (head[1] + base) * unit;
		if (size < 8)
			return AM_SKIP_IP_MALFORMED;
		am_cursor_skip(&at, size - 8);
		if (!at.ok)
			return AM_SKIP_IP_TRUNCATED;
		extensions->protocol = head[0];
		*cursor = at;
		if (extensions->is_later_fragment)
			return AM_SKIP_NONE;
	}
	return AM_SKIP_NESTED;
}

/* RFC 8200 3
 *
 *   0-3: version (4 bits), traffic class, flow label   4-5: payload length   6: next header   7: hop limit
 *   8-23: source   24-39: destination
 *
 * A payload length of 0 is a jumbogram (RFC 2675) or segmentation offload: the frame's size stands in for it. */
static AmSkipReason decode_ipv6(AmCursor cursor, uint32_t wire_left, AmPacket *packet)
{
	size_t captured = cursor.left;
	const uint8_t *ip = am_cursor_take(&cursor, IPV6_SIZE);
	if (ip == NULL)
		return captured > 0 && cursor.at[0] >> 4 != 6 ? AM_SKIP_IP_MALFORMED : AM_SKIP_IP_TRUNCATED;
	if (ip[0] >> 4 != 6)
		return AM_SKIP_IP_MALFORMED;
	uint32_t total = IPV6_SIZE + (uint32_t)be16(ip + 4);
	AmExtensions extensions = {.protocol = ip[6]};
	if (total == IPV6_SIZE && extensions.protocol != 59)
		total = wire_left;
	packet->ip = ip;
	packet->ip_size = (uint32_t)MIN(captured, total);
	packet->ip_wire_size = total;
	set_ipv6(&packet->tuple.source, ip + 8);
	set_ipv6(&packet->tuple.destination, ip + 24);
	AmCursor above = am_cursor(ip + IPV6_SIZE, packet->ip_size - IPV6_SIZE);
	AmSkipReason skip = am_decode_extensions(&above, &extensions);
	if (skip != AM_SKIP_NONE)
		return skip;
	packet->tuple.ip_protocol = extensions.protocol;
	if (extensions.is_later_fragment)
		return AM_SKIP_FRAGMENT;
	packet->is_fragment = (uint8_t)extensions.is_first_fragment;
	return am_decode_transport(above, total - (uint32_t)(above.at - ip), packet);
}

static inline gboolean ports_of(AmCursor cursor, AmTuple *tuple)
{
	switch (tuple->ip_protocol) {
	case AM_PROTO_TCP:
	case AM_PROTO_UDP:
	case AM_PROTO_SCTP:
		tuple->source_port = am_cursor_u16(&cursor);
		tuple->destination_port = am_cursor_u16(&cursor);
		return cursor.ok;
	default:
		return TRUE;
	}
}

gboolean am_decode_quoted(AmCursor cursor, AmTuple *ret_tuple)
{
	AmTuple tuple = {0};
	uint8_t version = cursor.left > 0 ? cursor.at[0] >> 4 : 0;
	if (version == 4) {
		const uint8_t *ip = am_cursor_take(&cursor, IPV4_MIN);
		if (ip == NULL || (ip[0] & 0x0f) < 5 || (be16(ip + 6) & 0x1fff) != 0)
			return FALSE;
		am_cursor_skip(&cursor, (ip[0] & 0x0fu) * 4 - IPV4_MIN);
		set_ipv4(&tuple.source, ip + 12);
		set_ipv4(&tuple.destination, ip + 16);
		tuple.ip_protocol = ip[9];
	} else if (version == 6) {
		const uint8_t *ip = am_cursor_take(&cursor, IPV6_SIZE);
		if (ip == NULL)
			return FALSE;
		AmExtensions extensions = {.protocol = ip[6]};
		if (am_decode_extensions(&cursor, &extensions) != AM_SKIP_NONE || extensions.is_later_fragment)
			return FALSE;
		set_ipv6(&tuple.source, ip + 8);
		set_ipv6(&tuple.destination, ip + 24);
		tuple.ip_protocol = extensions.protocol;
	}
	if (tuple.source.family == 0 || !cursor.ok || !ports_of(cursor, &tuple))
		return FALSE;
	*ret_tuple = tuple;
	return TRUE;
}

AmSkipReason am_decode(const AmFrame *frame, AmPacket *ret_packet)
{
	/* In two parts: one of more than 128 octets becomes `rep stos`, whose start alone costs more than both. */
	memset(ret_packet, 0, offsetof(AmPacket, quoted));
	memset(&ret_packet->quoted, 0, sizeof *ret_packet - offsetof(AmPacket, quoted));
	ret_packet->time_ns = frame->time_ns;
	AmCursor cursor = am_cursor(frame->bytes, frame->size);
	uint16_t type;
	AmSkipReason skip = am_decode_link(frame->link_type, &cursor, ret_packet, &type);
	if (skip != AM_SKIP_NONE)
		return skip;
	if (type == AM_ETHERTYPE_BY_VERSION) {
		if (cursor.left == 0)
			return AM_SKIP_IP_TRUNCATED;
		type = cursor.at[0] >> 4 == 6 ? AM_ETHERTYPE_IPV6 : AM_ETHERTYPE_IPV4;
	}
	uint32_t wire_size = MAX(frame->size, frame->wire_size);
	uint32_t wire_left = wire_size - (uint32_t)(cursor.at - frame->bytes);
	if (type == AM_ETHERTYPE_IPV4)
		return decode_ipv4(cursor, wire_left, ret_packet);
	return decode_ipv6(cursor, wire_left, ret_packet);
}
