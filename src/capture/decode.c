/* From a frame to a packet: the network layer, and the way through the layers.
 *
 * Why: everything that is learned begins here, and everything that is hostile arrives here. am_input_file_next() or a
 * live interface feeds it. One pass over the headers, no state, no allocation; decode-link.c and decode-transport.c
 * hold the layers below and above, decode-tunnel.c the headers of tunnels. It must not read outside of the frame, and must not guess: what contradicts itself
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

static inline uint16_t be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t be32(const uint8_t *b)
{
	return (uint32_t)be16(b) << 16 | be16(b + 2);
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

/* It has no transport header: what its datagram is shows in the first one, which flow/ looks for. `offset` is in units of
 * 8 octets. */
static AmSkipReason later_fragment(AmCursor cursor, uint32_t wire_size, uint16_t offset, gboolean is_last,
				   AmPacket *packet)
{
	if (offset * 8u + wire_size > UINT16_MAX || (!is_last && wire_size % 8 != 0))
		return AM_SKIP_IP_MALFORMED;
	packet->is_later_fragment = 1;
	packet->is_last_fragment = (uint8_t)is_last;
	packet->fragment_at = (uint16_t)(offset * 8);
	packet->payload = cursor.at;
	packet->payload_size = (uint32_t)cursor.left;
	packet->payload_wire_size = wire_size;
	return AM_SKIP_NONE;
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
	AmCursor above = am_cursor(ip + header_size, packet->ip_size - header_size);
	uint16_t fragment = be16(ip + 6);
	if (G_UNLIKELY((fragment & 0x3fff) != 0)) {
		packet->fragment_id = be16(ip + 4);
		packet->fragment_protocol = ip[9];
		if ((fragment & 0x1fff) != 0)
			return later_fragment(above, total - header_size, fragment & 0x1fff, (fragment & 0x2000) == 0,
					      packet);
		packet->is_fragment = 1;
		packet->fragment_at = (uint16_t)MIN(total - header_size, UINT16_MAX);
	}
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
			extensions->fragment = be16(head + 2);
			extensions->fragment_id = be32(head + 4);
			extensions->fragment_protocol = head[0];
			extensions->fragment_data = head + 8;
			extensions->is_later_fragment = (extensions->fragment & 0xfff8) != 0;
			extensions->is_first_fragment =
				!extensions->is_later_fragment && (extensions->fragment & 1) != 0;
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
	const uint8_t *ip = am_cursor_take(&cursor, AM_IPV6_SIZE);
	if (ip == NULL)
		return captured > 0 && cursor.at[0] >> 4 != 6 ? AM_SKIP_IP_MALFORMED : AM_SKIP_IP_TRUNCATED;
	if (ip[0] >> 4 != 6)
		return AM_SKIP_IP_MALFORMED;
	uint32_t total = AM_IPV6_SIZE + (uint32_t)be16(ip + 4);
	AmExtensions extensions = {.protocol = ip[6]};
	if (total == AM_IPV6_SIZE && extensions.protocol != 59)
		total = wire_left;
	packet->ip = ip;
	packet->ip_size = (uint32_t)MIN(captured, total);
	packet->ip_wire_size = total;
	set_ipv6(&packet->tuple.source, ip + 8);
	set_ipv6(&packet->tuple.destination, ip + 24);
	AmCursor above = am_cursor(ip + AM_IPV6_SIZE, packet->ip_size - AM_IPV6_SIZE);
	AmSkipReason skip = am_decode_extensions(&above, &extensions);
	if (skip != AM_SKIP_NONE)
		return skip;
	packet->tuple.ip_protocol = extensions.protocol;
	if (G_UNLIKELY(extensions.is_later_fragment || extensions.is_first_fragment)) {
		packet->fragment_id = extensions.fragment_id;
		packet->fragment_protocol = extensions.fragment_protocol;
		if (extensions.is_later_fragment)
			return later_fragment(above, total - (uint32_t)(above.at - ip), extensions.fragment >> 3,
					      (extensions.fragment & 1) == 0, packet);
		packet->is_fragment = 1;
		packet->fragment_at = (uint16_t)MIN(total - (uint32_t)(extensions.fragment_data - ip), UINT16_MAX);
	}
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
		const uint8_t *ip = am_cursor_take(&cursor, AM_IPV6_SIZE);
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

static inline void clear(AmPacket *packet)
{
	/* In two parts: one of more than 128 octets becomes `rep stos`, whose start alone costs more than both. */
	memset(packet, 0, offsetof(AmPacket, quoted));
	memset(&packet->quoted, 0, sizeof *packet - offsetof(AmPacket, quoted));
}

static inline AmSkipReason decode_network(AmCursor cursor, uint32_t wire_left, uint16_t type, AmPacket *packet)
{
	if (type == AM_ETHERTYPE_BY_VERSION) {
		if (cursor.left == 0)
			return AM_SKIP_IP_TRUNCATED;
		type = cursor.at[0] >> 4 == 6 ? AM_ETHERTYPE_IPV6 : AM_ETHERTYPE_IPV4;
	}
	if (type == AM_ETHERTYPE_IPV4)
		return decode_ipv4(cursor, wire_left, packet);
	return decode_ipv6(cursor, wire_left, packet);
}

/* From the packet of a tunnel to what it carries: `link` goes on there, and *ret_type is what its network header is. What the
 * outer layers said of MAC addresses and VLANs is about the tunnel, and goes. */
static G_GNUC_NO_INLINE AmSkipReason enter_tunnel(const AmInner *inner, AmLink *link, uint16_t *ret_type)
{
	AmPacket *packet = link->packet;
	AmLayers *layers = link->layers;
	if (layers->n_tunnels == AM_MAX_TUNNELS)
		return AM_SKIP_NESTED;
	AmOuter *outer = &layers->outers[layers->n_tunnels++];
	outer->packet = *packet;
	outer->packet.carries = inner->kind;
	outer->n_layers = layers->n;
	am_layers_add(layers, (AmEncapsulation)inner->kind, inner->id, packet->ip);
	int64_t time_ns = packet->time_ns;
	clear(packet);
	packet->time_ns = time_ns;
	packet->vlan = inner->vlan;
	packet->encapsulation = inner->kind;
	packet->encapsulation_id = inner->id;
	link->cursor = inner->cursor;
	uint8_t n_layers = layers->n;
	AmSkipReason skip = inner->type == AM_ETHERTYPE_ETHERNET ? am_decode_link(AM_LINK_ETHERNET, link, ret_type)
								 : am_decode_ethertype(inner->type, link, ret_type);
	if (inner->vlan != 0 && layers->n == n_layers) /* the mirror took the tag off and tells of it */
		am_layers_add(layers, AM_ENCAPSULATION_VLAN, inner->vlan, NULL);
	return skip;
}

AmSkipReason am_decode(const AmFrame *frame, AmPacket *ret_packet, AmLayers *ret_layers)
{
	clear(ret_packet);
	ret_packet->time_ns = frame->time_ns;
	ret_layers->n = ret_layers->n_tunnels = 0; /* what is in the arrays counts only up to these */
	AmLink link = {.cursor = am_cursor(frame->bytes, frame->size), .packet = ret_packet, .layers = ret_layers};
	const uint8_t *begin = frame->bytes;
	uint32_t wire_size = MAX(frame->size, frame->wire_size);
	uint16_t type;
	AmSkipReason skip = am_decode_link(frame->link_type, &link, &type);
	while (skip == AM_SKIP_NONE) {
		uint32_t used = (uint32_t)(link.cursor.at - begin);
		skip = decode_network(link.cursor, wire_size > used ? wire_size - used : 0, type, ret_packet);
		AmInner inner;
		if (G_LIKELY(skip != AM_SKIP_NONE || !am_may_be_tunnel(ret_packet)) ||
		    !am_decode_tunnel(ret_packet, &inner))
			return skip;
		begin = inner.cursor.at;
		wire_size = inner.wire_size;
		skip = enter_tunnel(&inner, &link, &type);
	}
	return skip;
}
