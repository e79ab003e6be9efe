/* Tunnels and mirror transports: from a packet to the one that it carries.
 *
 * Why: mirrors come in ERSPAN, GRE, VXLAN and GENEVE, overlays in the same; what the hosts say to each other is inside.
 * decode.c asks for packets whose port or protocol may stand for a tunnel, goes on with what is inside, and bounds how
 * often. This looks at the tunnel's own header only, keeps nothing, and must not guess: everything in the header has to
 * be as its specification says, reserved bits too, or the packet is one like any other.
 */
#include "config.h"

#include "decode.h"

#include <string.h>

#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_TEB 0x6558 /* transparent Ethernet bridging: a whole frame */
#define ETHERTYPE_PPP 0x880b
#define ETHERTYPE_MPLS 0x8847
#define ETHERTYPE_MPLS_UPSTREAM 0x8848
#define ETHERTYPE_ERSPAN 0x88be
#define ETHERTYPE_ERSPAN3 0x22eb

#define ETHERNET_SIZE 14

static inline uint16_t be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t be24(const uint8_t *b)
{
	return (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
}

/* Steps over a part of the header that was captured. */
static const uint8_t *take(AmInner *inner, uint32_t size)
{
	if (inner->wire_size < size)
		return NULL;
	const uint8_t *bytes = am_cursor_take(&inner->cursor, size);
	if (bytes != NULL)
		inner->wire_size -= size;
	return bytes;
}

/* What these headers say of what follows: an Ethernet frame, IP, or MPLS. */
static gboolean set_type(AmInner *inner, uint16_t type)
{
	switch (type) {
	case ETHERTYPE_TEB:
		inner->type = AM_ETHERTYPE_ETHERNET;
		return inner->cursor.left >= ETHERNET_SIZE && inner->wire_size >= ETHERNET_SIZE;
	case AM_ETHERTYPE_IPV4:
	case AM_ETHERTYPE_IPV6:
		inner->type = type;
		return inner->cursor.left > 0 && inner->cursor.at[0] >> 4 == (type == AM_ETHERTYPE_IPV4 ? 4 : 6);
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
		inner->type = type;
		return inner->cursor.left >= 4;
	default:
		return FALSE;
	}
}

/* RFC 7348 5
 *
 *   0: flags (0x08 = the VNI is valid)   1-3: reserved   4-6: VNI   7: reserved
 *
 * The Group Policy option (draft-smith-vxlan-group-policy) adds 0x80 to the flags, two bits in octet 1 (0x40 = do not
 * learn, 0x08 = policy applied), and the group in octets 2 and 3. The Generic Protocol Extension (draft-ietf-nvo3-vxlan-gpe
 * 3.1) adds 0x04 and names what is inside in octet 3: 1 = IPv4, 2 = IPv6, 3 = Ethernet. */
static gboolean decode_vxlan(AmInner *inner)
{
	static const uint16_t gpe_types[] = {0, AM_ETHERTYPE_IPV4, AM_ETHERTYPE_IPV6, ETHERTYPE_TEB};
	const uint8_t *head = take(inner, 8);
	if (head == NULL || head[7] != 0)
		return FALSE;
	uint16_t type = ETHERTYPE_TEB;
	switch (head[0]) {
	case 0x08:
		if (be24(head + 1) != 0)
			return FALSE;
		break;
	case 0x88:
		if ((head[1] & 0xb7) != 0)
			return FALSE;
		break;
	case 0x0c:
		if (be16(head + 1) != 0 || head[3] >= G_N_ELEMENTS(gpe_types))
			return FALSE;
		type = gpe_types[head[3]];
		break;
	default:
		return FALSE;
	}
	inner->kind = AM_ENCAPSULATION_VXLAN;
	inner->id = be24(head + 4);
	return set_type(inner, type);
}

/* RFC 8926 3.4
 *
 *   0: version (2 bits, 0), length of the options (6, in words)   1: control, critical (2), reserved (6)
 *   2-3: protocol type   4-6: VNI   7: reserved   8..: options
 *
 * 3.5: an option is its class (2 octets), type (1), reserved (3 bits), length of its data (5, in words), data. */
static gboolean decode_geneve(AmInner *inner)
{
	const uint8_t *head = take(inner, 8);
	if (head == NULL || head[0] >> 6 != 0 || (head[1] & 0x3f) != 0 || head[7] != 0)
		return FALSE;
	uint32_t size = (head[0] & 0x3fu) * 4;
	const uint8_t *options = take(inner, size);
	if (options == NULL)
		return FALSE;
	while (size > 0) {
		uint32_t option = 4 + (options[3] & 0x1fu) * 4;
		if (option > size || (options[3] & 0xe0) != 0)
			return FALSE;
		options += option;
		size -= option;
	}
	inner->kind = AM_ENCAPSULATION_GENEVE;
	inner->id = be24(head + 4);
	if (be16(head + 2) != ETHERTYPE_ARP)
		return set_type(inner, be16(head + 2));
	inner->type = ETHERTYPE_ARP; /* a neighbour is looked for inside: no IP packet */
	return TRUE;
}

/* Extension headers of GTP (3GPP TS 29.281 5.2): length in words (1 octet, at least 1), content, type of the next (1). */
static gboolean skip_gtp_extensions(AmInner *inner, uint8_t type)
{
	for (guint n = 0; type != 0; n++) {
		const uint8_t *head = n < AM_MAX_EXTENSIONS ? take(inner, 4) : NULL;
		if (head == NULL || head[0] == 0)
			return FALSE;
		const uint8_t *rest = take(inner, (head[0] - 1u) * 4);
		if (rest == NULL)
			return FALSE;
		type = head[0] == 1 ? head[3] : rest[(head[0] - 1u) * 4 - 1];
	}
	return TRUE;
}

/* 3GPP TS 29.281 5.1: GTP version 1, user plane
 *
 *   0: version (3 bits, 1), protocol type (1, set), spare (1), E, S, PN   1: message type (255 = G-PDU)
 *   2-3: length of what follows octet 7   4-7: TEID
 *   with any of E, S, PN:   8-9: sequence   10: N-PDU number   11: type of the next extension header, if E
 *
 * Other messages are the tunnel's own. A first fragment's length is that of the whole. */
static gboolean decode_gtp(const AmPacket *packet, AmInner *inner)
{
	const uint8_t *head = take(inner, 8);
	if (head == NULL || head[0] >> 3 != 0x06 || head[1] != 255)
		return FALSE;
	uint32_t length = be16(head + 2);
	if (length > inner->wire_size && !packet->is_fragment)
		return FALSE;
	inner->wire_size = MIN(inner->wire_size, length);
	inner->cursor.left = MIN(inner->cursor.left, inner->wire_size);
	inner->kind = AM_ENCAPSULATION_GTP;
	inner->id = (uint32_t)be16(head + 4) << 16 | be16(head + 6);
	if ((head[0] & 0x07) != 0) {
		const uint8_t *more = take(inner, 4);
		if (more == NULL || ((head[0] & 0x04) != 0 && !skip_gtp_extensions(inner, more[3])))
			return FALSE;
	}
	if (inner->cursor.left == 0)
		return FALSE;
	return set_type(inner, inner->cursor.at[0] >> 4 == 4 ? AM_ETHERTYPE_IPV4 : AM_ETHERTYPE_IPV6);
}

/* ERSPAN II (draft-foschiano-erspan 4.2): version (4 bits, 1), VLAN (12), class (3), how it was tagged (2), truncated
 * (1), session (10), reserved (12), index (20). Type I has no header: the frame comes next, and GRE has no sequence. */
static gboolean decode_erspan(AmInner *inner, gboolean has_sequence)
{
	inner->kind = AM_ENCAPSULATION_ERSPAN;
	inner->id = 0;
	if (has_sequence) {
		const uint8_t *head = take(inner, 8);
		if (head == NULL || head[0] >> 4 != 1)
			return FALSE;
		inner->vlan = be16(head) & 0x0fff;
		inner->id = be16(head + 2) & 0x03ff;
	}
	return set_type(inner, ETHERTYPE_TEB);
}

/* ERSPAN III (draft-foschiano-erspan 4.3): version (4 bits, 2), VLAN (12), class (3), bad or short (2), truncated (1),
 * session (10); timestamp (32); security group (16), PDU (1), frame type (5: 0 = Ethernet, 2 = IP), hardware id (6),
 * direction (1), granularity (2), optional header (1): 8 octets more. */
static gboolean decode_erspan3(AmInner *inner)
{
	const uint8_t *head = take(inner, 12);
	if (head == NULL || head[0] >> 4 != 2)
		return FALSE;
	inner->kind = AM_ENCAPSULATION_ERSPAN;
	inner->vlan = be16(head) & 0x0fff;
	inner->id = be16(head + 2) & 0x03ff;
	if ((head[11] & 0x01) != 0 && take(inner, 8) == NULL)
		return FALSE;
	switch (head[10] >> 2 & 0x1f) {
	case 0:
		return set_type(inner, ETHERTYPE_TEB);
	case 2:
		return inner->cursor.left > 0 &&
		       set_type(inner, inner->cursor.at[0] >> 4 == 4 ? AM_ETHERTYPE_IPV4 : AM_ETHERTYPE_IPV6);
	default:
		return FALSE;
	}
}

/* RFC 2637 4.1: GRE version 1 carries PPP; its key is payload length (16 bits) and call id (16). What is not IP in it is
 * the tunnel's own. */
static gboolean decode_pptp(AmInner *inner, uint16_t flags, uint16_t type)
{
	if (type != ETHERTYPE_PPP || (flags & 0xef78) != 0x2000)
		return FALSE;
	const uint8_t *key = take(inner, 4);
	uint32_t more = ((flags & 0x1000) != 0 ? 4 : 0) + ((flags & 0x0080) != 0 ? 4 : 0);
	if (key == NULL || (more > 0 && take(inner, more) == NULL))
		return FALSE;
	inner->kind = AM_ENCAPSULATION_PPTP;
	inner->id = be16(key + 2);
	size_t before = inner->cursor.left;
	if (am_decode_ppp(&inner->cursor, &type) != AM_SKIP_NONE)
		return FALSE;
	uint32_t size = (uint32_t)(before - inner->cursor.left);
	if (inner->wire_size < size)
		return FALSE;
	inner->wire_size -= size;
	return set_type(inner, type);
}

/* RFC 2784 2, RFC 2890 2
 *
 *   0-1: checksum (0x8000), key (0x2000), sequence (0x1000), version (0x0007); what else there is is reserved, or the
 *   source routes of RFC 1701   2-3: protocol type   then 4 octets for each of checksum, key, sequence, if it is there
 *
 * RFC 7637 3.2: NVGRE has a frame, a key and no more; the key is the VSID (24 bits; those below 0x1000 are reserved) and
 * a flow id (8). Others put their number into the whole key. */
static gboolean decode_gre(AmInner *inner)
{
	const uint8_t *head = take(inner, 4);
	if (head == NULL)
		return FALSE;
	uint16_t flags = be16(head), type = be16(head + 2);
	if ((flags & 0x0007) == 1)
		return decode_pptp(inner, flags, type);
	if ((flags & 0x4fff) != 0)
		return FALSE;
	uint32_t key = 0;
	if ((flags & 0x8000) != 0 && take(inner, 4) == NULL)
		return FALSE;
	if ((flags & 0x2000) != 0) {
		const uint8_t *at = take(inner, 4);
		if (at == NULL)
			return FALSE;
		key = (uint32_t)be16(at) << 16 | be16(at + 2);
	}
	if ((flags & 0x1000) != 0 && take(inner, 4) == NULL)
		return FALSE;
	if (type == ETHERTYPE_ERSPAN)
		return decode_erspan(inner, (flags & 0x1000) != 0);
	if (type == ETHERTYPE_ERSPAN3)
		return decode_erspan3(inner);
	gboolean is_nvgre = type == ETHERTYPE_TEB && flags == 0x2000 && key >> 8 >= 0x1000;
	inner->kind = is_nvgre ? AM_ENCAPSULATION_NVGRE : AM_ENCAPSULATION_GRE;
	inner->id = is_nvgre ? key >> 8 : key;
	return set_type(inner, type);
}

/* RFC 2003 (IPv4 in IPv4), RFC 4213 3 (IPv6 in IPv4), RFC 2473 (either in IPv6): nothing is between the headers. */
static gboolean decode_ip_in_ip(AmInner *inner, gboolean is_v6)
{
	inner->kind = is_v6 ? AM_ENCAPSULATION_SIXINFOUR : AM_ENCAPSULATION_IPIP;
	inner->id = 0;
	return set_type(inner, is_v6 ? AM_ETHERTYPE_IPV6 : AM_ETHERTYPE_IPV4);
}

/* RFC 4380 5.1.1
 *
 *   authentication, perhaps:   0 1   length of the client's id (1), of the value (1), id, value, nonce (8), confirmation (1)
 *   origin, perhaps:   0 0   obfuscated port (2), obfuscated address (4)
 *   an IPv6 packet
 *
 * Servers are on port 3544 and give both; clients and relays send the bare packet to each other, on any port. Not every
 * datagram that begins with a 6 is meant: the packet has to fill the datagram, and one end of it has an address of Teredo
 * (2001::/32, 2.6) or, when a client asks the server for one (5.2.1), a link-local one. A packet with nothing in it (a bubble, 2.8)
 * is the tunnel's own. */
static gboolean decode_teredo(const AmPacket *packet, AmInner *inner)
{
	static const uint8_t prefix[4] = {0x20, 0x01, 0x00, 0x00};
	gboolean by_server =
		packet->tuple.source_port == AM_PORT_TEREDO || packet->tuple.destination_port == AM_PORT_TEREDO;
	const AmCursor *at = &inner->cursor;
	if (by_server && at->left >= 4 && at->at[0] == 0 && at->at[1] == 1 &&
	    take(inner, 4u + at->at[2] + at->at[3] + 9) == NULL)
		return FALSE;
	if (by_server && at->left >= 2 && at->at[0] == 0 && at->at[1] == 0 && take(inner, 8) == NULL)
		return FALSE;
	if (at->left < AM_IPV6_SIZE || at->at[0] >> 4 != 6 || at->at[6] == 59 ||
	    inner->wire_size != AM_IPV6_SIZE + (uint32_t)be16(at->at + 4))
		return FALSE;
	gboolean is_teredo = memcmp(at->at + 8, prefix, 4) == 0 || memcmp(at->at + 24, prefix, 4) == 0;
	gboolean is_asking = by_server && at->at[8] == 0xfe && (at->at[9] & 0xc0) == 0x80;
	if (!is_teredo && !is_asking)
		return FALSE;
	inner->kind = AM_ENCAPSULATION_TEREDO;
	inner->id = 0;
	return set_type(inner, AM_ETHERTYPE_IPV6);
}

/* draft-massar-v6ops-ayiya-02 3
 *
 *   0: length of the identity (4 bits, 2^n octets), its kind (4: none, number, text)
 *   1: length of the signature (4, in words), its hash (4: none, MD5, SHA-1)
 *   2: authentication (4: none, shared secret, public key), operation (4: 1 = forward)   3: protocol of what follows
 *   4-7: time   then identity, signature, and a packet
 *
 * Other operations are the tunnel's own. */
static gboolean decode_ayiya(AmInner *inner)
{
	const uint8_t *head = take(inner, 8);
	if (head == NULL || (head[0] & 0x0f) > 2 || (head[1] & 0x0f) > 2 || head[2] >> 4 > 2 || (head[2] & 0x0f) != 1)
		return FALSE;
	if (take(inner, (UINT32_C(1) << (head[0] >> 4)) + (head[1] >> 4) * 4u) == NULL)
		return FALSE;
	inner->kind = AM_ENCAPSULATION_AYIYA;
	inner->id = 0;
	if (head[3] != AM_PROTO_IPV6 && head[3] != AM_PROTO_IPIP)
		return FALSE;
	return set_type(inner, head[3] == AM_PROTO_IPV6 ? AM_ETHERTYPE_IPV6 : AM_ETHERTYPE_IPV4);
}

static gboolean decode_over_udp(const AmPacket *packet, AmInner *inner)
{
	switch (packet->tuple.destination_port) {
	case AM_PORT_VXLAN:
	case AM_PORT_VXLAN_GPE:
	case AM_PORT_VXLAN_LINUX:
		return decode_vxlan(inner);
	case AM_PORT_GENEVE:
		return decode_geneve(inner);
	case AM_PORT_GTP:
		return decode_gtp(packet, inner);
	default:
		break;
	}
	if (packet->tuple.source_port == AM_PORT_AYIYA || packet->tuple.destination_port == AM_PORT_AYIYA)
		return decode_ayiya(inner);
	return decode_teredo(packet, inner);
}

gboolean am_decode_tunnel(const AmPacket *packet, AmInner *ret_inner)
{
	*ret_inner = (AmInner){.cursor = am_cursor(packet->payload, packet->payload_size),
			       .wire_size = packet->payload_wire_size};
	switch (packet->tuple.ip_protocol) {
	case AM_PROTO_GRE:
		return decode_gre(ret_inner);
	case AM_PROTO_IPIP:
	case AM_PROTO_IPV6:
		return decode_ip_in_ip(ret_inner, packet->tuple.ip_protocol == AM_PROTO_IPV6);
	case AM_PROTO_UDP:
		return decode_over_udp(packet, ret_inner);
	default:
		return FALSE;
	}
}
