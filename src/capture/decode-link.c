/* Link layers: from the first octet of a frame to its IP header.
 *
 * Why: mirror ports and capture tools wrap IP in many ways. decode.c calls it; it fills MAC addresses and VLAN ids and
 * says what follows. It must not look into the IP header, but for its version where nothing else tells.
 *
 * Link types: https://www.tcpdump.org/linktypes.html. Files hold the LINKTYPE_ values; 12 and 14 are the DLT_RAW of
 * systems that wrote their own numbers.
 */
#include "config.h"

#include "decode.h"

#include <string.h>

#define ETHERTYPE_MIN 0x0600 /* IEEE 802.3 3.2.6: below, the field is a length */

/* A tag or label that is no VLAN. */
static void note(AmLink *link, AmEncapsulation kind, uint32_t id)
{
	am_layers_add(link->layers, kind, id, NULL);
	link->packet->encapsulation = (uint8_t)kind;
	link->packet->encapsulation_id = id;
}

/* What such a frame tells of hosts is for others to read. */
static AmSkipReason not_ip(AmLink *link, uint16_t type, AmCursor behind)
{
	link->packet->ether_type = type;
	link->packet->payload = behind.at;
	link->packet->payload_size = (uint32_t)behind.left;
	return AM_SKIP_NOT_IP;
}

/* IEEE 802.2 LLC: DSAP, SSAP, control. SNAP (RFC 1042): AA AA 03, OUI (3 octets), EtherType; the OUI is zero for
 * EtherTypes, or 00-00-F8 on bridged tunnels (IEEE 802.1H). */
static AmSkipReason decode_llc(AmLink *link, uint16_t *ret_type)
{
	static const uint8_t cisco[3] = {0x00, 0x00, 0x0c};
	AmCursor at = link->cursor;
	const uint8_t *llc = am_cursor_take(&at, 3);
	if (llc == NULL)
		return AM_SKIP_LINK_TRUNCATED;
	if (llc[0] != 0xaa || llc[1] != 0xaa || llc[2] != 0x03)
		return AM_SKIP_NOT_IP;
	const uint8_t *oui = am_cursor_take(&at, 3);
	uint16_t type = am_cursor_u16(&at);
	if (!at.ok)
		return AM_SKIP_LINK_TRUNCATED;
	if (type == AM_ETHER_TYPE_CDP && memcmp(oui, cisco, sizeof cisco) == 0)
		return not_ip(link, type, at);
	if (oui[0] != 0 || oui[1] != 0 || (oui[2] != 0 && oui[2] != 0xf8) || type < ETHERTYPE_MIN)
		return AM_SKIP_NOT_IP;
	link->cursor = at;
	*ret_type = type;
	return AM_SKIP_NONE;
}

/* RFC 1661 2, RFC 1662 3.1: [FF 03] protocol. FF begins no protocol. A protocol's first octet is left out when zero: it
 * is even, the last one odd. 0x0021 = IPv4 (RFC 1332), 0x0057 = IPv6 (RFC 5072). */
AmSkipReason am_decode_ppp(AmCursor *cursor, uint16_t *ret_type)
{
	if (cursor->left > 0 && cursor->at[0] == 0xff)
		am_cursor_skip(cursor, 2);
	uint16_t protocol = am_cursor_u8(cursor);
	if ((protocol & 1) == 0)
		protocol = (uint16_t)(protocol << 8 | am_cursor_u8(cursor));
	if (!cursor->ok)
		return AM_SKIP_LINK_TRUNCATED;
	if (protocol != 0x0021 && protocol != 0x0057)
		return AM_SKIP_NOT_IP;
	*ret_type = protocol == 0x0021 ? AM_ETHERTYPE_IPV4 : AM_ETHERTYPE_IPV6;
	return AM_SKIP_NONE;
}

/* RFC 2516 4: version and type (11), code (0 = session data), session id (2), length (2), then PPP. */
static AmSkipReason decode_pppoe(AmLink *link, uint16_t *ret_type)
{
	const uint8_t *head = am_cursor_take(&link->cursor, 6);
	if (head == NULL)
		return AM_SKIP_LINK_TRUNCATED;
	if (head[0] != 0x11 || head[1] != 0)
		return AM_SKIP_NOT_IP;
	note(link, AM_ENCAPSULATION_PPPOE, (uint32_t)(head[2] << 8 | head[3]));
	return am_decode_ppp(&link->cursor, ret_type);
}

/* RFC 3032 2.1: label (20 bits), traffic class (3), bottom of stack (1), TTL (8). What follows the last label is not
 * named: 4 and 6 are IP versions; 0 is the control word of a pseudowire (RFC 4385 3), here taken to carry Ethernet (RFC
 * 4448), the only kind whose own EtherType can confirm it. *ret_is_ethernet: an Ethernet header comes next. */
static AmSkipReason decode_mpls(AmLink *link, guint *n_tags, uint16_t *ret_type, gboolean *ret_is_ethernet)
{
	AmCursor *cursor = &link->cursor;
	uint32_t entry;
	do {
		if ((*n_tags)++ == AM_MAX_TAGS)
			return AM_SKIP_NESTED;
		entry = am_cursor_u32(cursor);
		if (!cursor->ok)
			return AM_SKIP_LINK_TRUNCATED;
	} while ((entry & 0x100) == 0);
	if (cursor->left == 0)
		return AM_SKIP_LINK_TRUNCATED;
	note(link, AM_ENCAPSULATION_MPLS, entry >> 12);
	uint8_t nibble = cursor->at[0] >> 4;
	*ret_is_ethernet = nibble == 0;
	if (nibble == 4 || nibble == 6) {
		*ret_type = nibble == 4 ? AM_ETHERTYPE_IPV4 : AM_ETHERTYPE_IPV6;
		return AM_SKIP_NONE;
	}
	if (nibble != 0)
		return AM_SKIP_NOT_IP;
	am_cursor_skip(cursor, 4);
	return cursor->ok ? AM_SKIP_NONE : AM_SKIP_LINK_TRUNCATED;
}

/* IEEE 802.3: destination (6), source (6), EtherType or length (2) */
static inline gboolean take_ethernet(AmLink *link, uint16_t *ret_type)
{
	const uint8_t *head = am_cursor_take(&link->cursor, 14);
	if (head == NULL)
		return FALSE;
	memcpy(link->packet->destination_mac, head, 6);
	memcpy(link->packet->source_mac, head + 6, 6);
	*ret_type = (uint16_t)(head[12] << 8 | head[13]);
	return TRUE;
}

/* IEEE 802.1Q 9.6: priority (3 bits), DEI (1), VLAN id (12; 0 is none), then the next EtherType. The first two are
 * kept. */
static gboolean take_vlan(AmLink *link, guint n_vlans, uint16_t *ret_type)
{
	uint16_t id = am_cursor_u16(&link->cursor) & 0x0fff;
	uint16_t type = am_cursor_u16(&link->cursor);
	if (!link->cursor.ok)
		return FALSE;
	if (n_vlans == 0)
		link->packet->vlan = id;
	else if (n_vlans == 1)
		link->packet->inner_vlan = id;
	if (n_vlans < 2 && id != 0)
		am_layers_add(link->layers, n_vlans == 0 ? AM_ENCAPSULATION_VLAN : AM_ENCAPSULATION_INNER_VLAN, id,
			      NULL);
	*ret_type = type;
	return TRUE;
}

/* IEEE 802.1Q 9.7 (802.1ah): priority (3 bits), DEI (1), UCA (1), reserved (1), reserved and zero (2), I-SID (24); then the
 * frame of the customer, with its own addresses and tags. Those of the backbone are about the way through it, and go. */
static AmSkipReason decode_pbb(AmLink *link, uint16_t *ret_type)
{
	uint32_t tag = am_cursor_u32(&link->cursor);
	if (!link->cursor.ok)
		return AM_SKIP_LINK_TRUNCATED;
	if ((tag & 0x03000000) != 0)
		return AM_SKIP_NOT_IP;
	note(link, AM_ENCAPSULATION_PBB, tag & 0xffffff);
	link->packet->vlan = link->packet->inner_vlan = 0;
	return take_ethernet(link, ret_type) ? AM_SKIP_NONE : AM_SKIP_LINK_TRUNCATED;
}

AmSkipReason am_decode_ethertype(uint16_t type, AmLink *link, uint16_t *ret_type)
{
	guint n_tags = 0, n_vlans = 0;
	for (;;) {
		gboolean is_ethernet = FALSE;
		AmSkipReason skip = AM_SKIP_NONE;
		switch (type) {
		case AM_ETHERTYPE_IPV4:
		case AM_ETHERTYPE_IPV6:
			*ret_type = type;
			return AM_SKIP_NONE;
		case 0x8100: /* 802.1Q */
		case 0x88a8: /* 802.1ad */
		case 0x9100: /* QinQ before 802.1ad */
		case 0x9200:
			if (!take_vlan(link, n_vlans++, &type))
				skip = AM_SKIP_LINK_TRUNCATED;
			else if (n_tags++ == AM_MAX_TAGS)
				skip = AM_SKIP_NESTED;
			break;
		case 0x8847: /* MPLS, RFC 3032 5 */
		case 0x8848: /* MPLS with upstream-assigned label, RFC 5332 */
			skip = decode_mpls(link, &n_tags, &type, &is_ethernet);
			if (skip == AM_SKIP_NONE && is_ethernet && !take_ethernet(link, &type))
				skip = AM_SKIP_LINK_TRUNCATED;
			break;
		case 0x88e7: /* 802.1ah */
			n_vlans = 0;
			skip = n_tags++ == AM_MAX_TAGS ? AM_SKIP_NESTED : decode_pbb(link, &type);
			break;
		case 0x8864: /* PPPoE session */
			skip = decode_pppoe(link, &type);
			break;
		default:
			if (type >= ETHERTYPE_MIN)
				return not_ip(link, type, link->cursor);
			skip = decode_llc(link, &type);
			break;
		}
		if (skip != AM_SKIP_NONE)
			return skip;
	}
}

/* LINKTYPE_LINUX_SLL: packet type (2), ARPHRD type (2), address length (2), address (8), protocol (2).
 * LINKTYPE_LINUX_SLL2: protocol (2), reserved (2), interface (4), ARPHRD type (2), packet type (1), address length (1),
 * address (8). The address is the sender's. The protocol is an EtherType, 1 for Novell 802.3, 4 for LLC; under netlink
 * (ARPHRD 824) it is something else. */
static AmSkipReason decode_cooked(AmLink *link, gboolean is_v2, uint16_t *ret_type)
{
	const uint8_t *head = am_cursor_take(&link->cursor, is_v2 ? 20 : 16);
	if (head == NULL)
		return AM_SKIP_LINK_TRUNCATED;
	const uint8_t *protocol = is_v2 ? head : head + 14;
	const uint8_t *hardware = is_v2 ? head + 8 : head + 2;
	const uint8_t *address = is_v2 ? head + 12 : head + 6;
	uint16_t address_size = is_v2 ? head[11] : (uint16_t)(head[4] << 8 | head[5]);
	uint16_t type = (uint16_t)(protocol[0] << 8 | protocol[1]);
	if ((hardware[0] << 8 | hardware[1]) == 824 || (type < ETHERTYPE_MIN && type != 4))
		return AM_SKIP_NOT_IP;
	if (address_size == 6)
		memcpy(link->packet->source_mac, address, 6);
	return am_decode_ethertype(type, link, ret_type);
}

/* LINKTYPE_NULL: the address family as the capturing host's 32-bit number, in its byte order; LINKTYPE_LOOP:
 * big-endian. AF_INET is 2 everywhere; AF_INET6 24 (NetBSD, OpenBSD), 28 (FreeBSD), 30 (Darwin), 10 (Linux). */
static AmSkipReason decode_null(AmCursor *cursor, uint16_t *ret_type)
{
	uint32_t family = am_cursor_u32(cursor);
	if (!cursor->ok)
		return AM_SKIP_LINK_TRUNCATED;
	if (family > 0xffff)
		family = GUINT32_SWAP_LE_BE(family);
	switch (family) {
	case 2:
		*ret_type = AM_ETHERTYPE_IPV4;
		return AM_SKIP_NONE;
	case 10:
	case 24:
	case 28:
	case 30:
		*ret_type = AM_ETHERTYPE_IPV6;
		return AM_SKIP_NONE;
	default:
		return AM_SKIP_NOT_IP;
	}
}

/* Cisco HDLC: address (0F unicast, 8F broadcast), control (0), EtherType (2) */
static AmSkipReason decode_hdlc(AmLink *link, uint16_t *ret_type)
{
	am_cursor_skip(&link->cursor, 2);
	uint16_t type = am_cursor_u16(&link->cursor);
	if (!link->cursor.ok)
		return AM_SKIP_LINK_TRUNCATED;
	return type < ETHERTYPE_MIN ? AM_SKIP_NOT_IP : am_decode_ethertype(type, link, ret_type);
}

/* RFC 1547 4.3.1, LINKTYPE_PPP_HDLC: either PPP in HDLC-like framing, or Cisco HDLC, told apart by the first octet. */
static AmSkipReason decode_ppp_hdlc(AmLink *link, uint16_t *ret_type)
{
	if (link->cursor.left > 0 && (link->cursor.at[0] == 0x0f || link->cursor.at[0] == 0x8f))
		return decode_hdlc(link, ret_type);
	return am_decode_ppp(&link->cursor, ret_type);
}

/* The payload in the list of type-length-values that begins at the cursor, which moves to it; FALSE: none, or the list is
 * not one. `is_little`: the byte order of lengths and types. */
static gboolean find_nflog_payload(AmCursor *cursor, gboolean is_little)
{
	AmCursor at = *cursor;
	for (;;) {
		const uint8_t *head = am_cursor_take(&at, 4);
		if (head == NULL)
			return FALSE;
		uint16_t size = (uint16_t)(is_little ? head[1] << 8 | head[0] : head[0] << 8 | head[1]);
		uint16_t type = (uint16_t)(is_little ? head[3] << 8 | head[2] : head[2] << 8 | head[3]);
		if (size < 4 || (type & 0x3fff) > 0xff)
			return FALSE;
		if ((type & 0x3fff) == 9) { /* NFULA_PAYLOAD; the capture's snap length may cut it */
			at.left = MIN(at.left, (size_t)size - 4);
			*cursor = at;
			return TRUE;
		}
		am_cursor_skip(&at, ((size_t)size + 3) / 4 * 4 - 4);
	}
}

/* LINKTYPE_NFLOG, as of linux/netfilter/nfnetlink_log.h: address family (2 = IPv4, 10 = IPv6), version (0), resource id
 * (2, big-endian); then attributes: length (2, with this header), type (2), value, padded to 4 octets. Lengths and types
 * are in the byte order of the capturing host, which nothing tells: only the right one makes a list of them. */
static AmSkipReason decode_nflog(AmCursor *cursor, uint16_t *ret_type)
{
	const uint8_t *head = am_cursor_take(cursor, 4);
	if (head == NULL || cursor->left < 4)
		return AM_SKIP_LINK_TRUNCATED;
	if (head[1] != 0 || (head[0] != 2 && head[0] != 10))
		return AM_SKIP_NOT_IP;
	if (!find_nflog_payload(cursor, TRUE) && !find_nflog_payload(cursor, FALSE))
		return AM_SKIP_LINK_TRUNCATED;
	*ret_type = head[0] == 2 ? AM_ETHERTYPE_IPV4 : AM_ETHERTYPE_IPV6;
	return AM_SKIP_NONE;
}

AmSkipReason am_decode_link(uint32_t link_type, AmLink *link, uint16_t *ret_type)
{
	uint16_t type;
	switch (link_type) {
	case AM_LINK_ETHERNET:
		if (!take_ethernet(link, &type))
			return AM_SKIP_LINK_TRUNCATED;
		return am_decode_ethertype(type, link, ret_type);
	case 0:   /* NULL */
	case 108: /* LOOP */
		return decode_null(&link->cursor, ret_type);
	case 9: /* PPP */
		return am_decode_ppp(&link->cursor, ret_type);
	case 50: /* PPP_HDLC */
		return decode_ppp_hdlc(link, ret_type);
	case 51: /* PPP_ETHER */
		return decode_pppoe(link, ret_type);
	case 104: /* C_HDLC */
		return decode_hdlc(link, ret_type);
	case 105: /* IEEE802_11 */
	case 127: /* IEEE802_11_RADIOTAP */
	case 163: /* IEEE802_11_AVS */
	case 192: /* PPI */
		return am_decode_wifi(link_type, link, ret_type);
	case 113: /* LINUX_SLL */
		return decode_cooked(link, FALSE, ret_type);
	case 239: /* NFLOG */
		return decode_nflog(&link->cursor, ret_type);
	case 276: /* LINUX_SLL2 */
		return decode_cooked(link, TRUE, ret_type);
	case 12:  /* DLT_RAW */
	case 14:  /* DLT_RAW of OpenBSD */
	case 101: /* RAW */
		*ret_type = AM_ETHERTYPE_BY_VERSION;
		return AM_SKIP_NONE;
	case 228: /* IPV4 */
		*ret_type = AM_ETHERTYPE_IPV4;
		return AM_SKIP_NONE;
	case 229: /* IPV6 */
		*ret_type = AM_ETHERTYPE_IPV6;
		return AM_SKIP_NONE;
	default:
		return AM_SKIP_LINK_TYPE;
	}
}
