/* Wireless frames: from what a capture tool writes before them, through the IEEE 802.11 header, to LLC.
 *
 * Why: sniffers in monitor mode deliver 802.11 as it is in the air. decode-link.c calls it. Only what was sent in the clear and
 * whole is followed: encrypted frames, pieces, aggregates and those with a wrong checksum are given their reasons.
 */
#include "config.h"

#include "decode.h"

#include <string.h>

#define TYPE_LLC 4 /* below the smallest EtherType: LLC comes next */

#define RADIOTAP_FLAG_PAD 0x20 /* the header is padded to a multiple of 4 octets */
#define RADIOTAP_FLAG_BAD 0x40 /* the checksum is wrong */

static inline uint16_t le16(const uint8_t *b)
{
	return (uint16_t)(b[1] << 8 | b[0]);
}

static inline uint32_t le32(const uint8_t *b)
{
	return (uint32_t)le16(b + 2) << 16 | le16(b);
}

/* radiotap.org, all little-endian
 *
 *   0: version, 0   1: padding   2-3: length of it all   4-7: which fields are there; bit 31: another such word follows
 *   then the fields of the set bits: bit 0 = time, 8 octets, aligned to 8; bit 1 = flags, 1 octet; ...
 *
 * Only the flags are looked for. A checksum at the end of the frame needs no care: IP tells its own length. */
static AmSkipReason decode_radiotap(AmCursor *cursor, uint8_t *ret_flags)
{
	AmCursor at = *cursor;
	const uint8_t *head = am_cursor_take(&at, 8);
	if (head == NULL)
		return AM_SKIP_LINK_TRUNCATED;
	size_t size = le16(head + 2);
	if (head[0] != 0 || size < 8)
		return AM_SKIP_NOT_IP;
	if (am_cursor_take(cursor, size) == NULL)
		return AM_SKIP_LINK_TRUNCATED;
	uint32_t present = le32(head + 4);
	size_t field = 8;
	for (uint32_t word = present; (word & 0x80000000) != 0; field += 4) {
		if (size - field < 4)
			return AM_SKIP_NOT_IP;
		word = le32(head + field);
	}
	if ((present & 0x1) != 0)
		field = (field + 7) / 8 * 8 + 8;
	if ((present & 0x2) == 0)
		return AM_SKIP_NONE;
	if (field >= size)
		return AM_SKIP_NOT_IP;
	*ret_flags = head[field];
	return AM_SKIP_NONE;
}

/* LINKTYPE_IEEE802_11_AVS: magic and version (4, 80211001), length of it all (4), more. */
static AmSkipReason decode_avs(AmCursor *cursor)
{
	AmCursor at = *cursor;
	uint32_t magic = am_cursor_u32(&at), size = am_cursor_u32(&at);
	if (!at.ok)
		return AM_SKIP_LINK_TRUNCATED;
	if (magic != 0x80211001 || size < 8)
		return AM_SKIP_NOT_IP;
	return am_cursor_take(cursor, size) != NULL ? AM_SKIP_NONE : AM_SKIP_LINK_TRUNCATED;
}

/* LINKTYPE_PPI: version (1, 0), flags (1), length of it all (2, little-endian), link type (4, the same), fields. */
static AmSkipReason decode_ppi(AmCursor *cursor)
{
	AmCursor at = *cursor;
	const uint8_t *head = am_cursor_take(&at, 8);
	if (head == NULL)
		return AM_SKIP_LINK_TRUNCATED;
	size_t size = le16(head + 2);
	if (head[0] != 0 || size < 8 || le32(head + 4) != 105)
		return AM_SKIP_NOT_IP;
	return am_cursor_take(cursor, size) != NULL ? AM_SKIP_NONE : AM_SKIP_LINK_TRUNCATED;
}

/* Who sent it to whom: IEEE 802.11 9.3.2.1, table 9-30. `head` has address 4 where both bits are set. */
static void set_addresses(AmPacket *packet, const uint8_t *head, gboolean to_ds, gboolean from_ds)
{
	static const uint8_t sources[] = {10, 10, 16, 24}; /* addresses 2, 2, 3, 4 */
	memcpy(packet->source_mac, head + sources[2 * from_ds + to_ds], 6);
	memcpy(packet->destination_mac, head + (to_ds ? 16 : 4), 6);
}

/* IEEE 802.11 9.2.3 and 9.3.2.1, a data frame
 *
 *   0: version (2 bits), type (2: 2 = data), subtype (4: 8 = QoS, 4 = no data)
 *   1: to DS, from DS, more fragments, retry, power, more data, protected, +HTC
 *   2-3: duration   4-9, 10-15, 16-21: addresses 1 to 3   22-23: fragment (4 bits, low), sequence
 *   address 4 (6), if to and from DS; QoS control (2: 0x80 of the first octet = an A-MSDU); HT control (4), if QoS and +HTC
 *
 * then LLC (IEEE 802.2). A frame of a mesh has its own header there, and is no LLC. */
static AmSkipReason decode_frame(AmLink *link, gboolean is_padded)
{
	AmCursor *cursor = &link->cursor;
	if (cursor->left > 0 && (cursor->at[0] & 0x4f) != 0x08)
		return AM_SKIP_NOT_IP; /* acknowledgements and the like are shorter than data */
	const uint8_t *head = am_cursor_take(cursor, 24);
	if (head == NULL)
		return AM_SKIP_LINK_TRUNCATED;
	uint8_t flags = head[1];
	gboolean to_ds = (flags & 0x01) != 0, from_ds = (flags & 0x02) != 0, is_qos = (head[0] & 0x80) != 0;
	if ((flags & 0x40) != 0)
		return AM_SKIP_WIFI_PROTECTED;
	size_t size = 24 + (to_ds && from_ds ? 6 : 0) + (is_qos ? 2 : 0) + (is_qos && (flags & 0x80) != 0 ? 4 : 0);
	am_cursor_skip(cursor, size - 24 + (is_padded ? (4 - size % 4) % 4 : 0));
	if (!cursor->ok)
		return AM_SKIP_LINK_TRUNCATED;
	gboolean is_aggregate = is_qos && (head[to_ds && from_ds ? 30 : 24] & 0x80) != 0;
	if ((flags & 0x04) != 0 || (head[22] & 0x0f) != 0 || is_aggregate)
		return AM_SKIP_WIFI_FRAGMENT;
	set_addresses(link->packet, head, to_ds, from_ds);
	return AM_SKIP_NONE;
}

AmSkipReason am_decode_wifi(uint32_t link_type, AmLink *link, uint16_t *ret_type)
{
	AmSkipReason skip = AM_SKIP_NONE;
	uint8_t flags = 0;
	switch (link_type) {
	case 127:
		skip = decode_radiotap(&link->cursor, &flags);
		break;
	case 163:
		skip = decode_avs(&link->cursor);
		break;
	case 192:
		skip = decode_ppi(&link->cursor);
		break;
	default:
		break;
	}
	if (skip == AM_SKIP_NONE && (flags & RADIOTAP_FLAG_BAD) != 0)
		skip = AM_SKIP_WIFI_DAMAGED;
	if (skip == AM_SKIP_NONE)
		skip = decode_frame(link, (flags & RADIOTAP_FLAG_PAD) != 0);
	return skip == AM_SKIP_NONE ? am_decode_ethertype(TYPE_LLC, link, ret_type) : skip;
}
