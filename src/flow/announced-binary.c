/* Announcements in binary messages: TFTP, the endpoint mapper of MS-RPC, portmap and rpcbind of SunRPC. Input: one packet,
 * hostile; nothing is kept. Fed by related.c. */
#include "config.h"

#include "related.h"

#include <string.h>

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* ---- TFTP */

/* Steps over a text that ends in a zero octet; NULL when none does. */
static const char *take_string(AmCursor *cursor)
{
	const uint8_t *end = cursor->left > 0 ? memchr(cursor->at, 0, cursor->left) : NULL;
	if (end == NULL)
		return NULL;
	return (const char *)am_cursor_take(cursor, (size_t)(end - cursor->at) + 1);
}

/* opcode 1 or 2, file name, 0, mode, 0 */
void am_announced_tftp(const AmPacket *packet, AmAnnounced *announced)
{
	AmCursor cursor = am_cursor(packet->payload, packet->payload_size);
	uint16_t opcode = am_cursor_u16(&cursor);
	const char *file = take_string(&cursor), *mode = file != NULL ? take_string(&cursor) : NULL;
	if ((opcode != 1 && opcode != 2) || mode == NULL || *file == '\0')
		return;
	if (g_ascii_strcasecmp(mode, "octet") == 0 || g_ascii_strcasecmp(mode, "netascii") == 0)
		am_announced_add(announced, AM_PROTO_UDP, packet->tuple.source_port);
}

gboolean am_is_tftp_transfer(const AmPacket *packet)
{
	AmCursor cursor = am_cursor(packet->payload, packet->payload_size);
	uint16_t opcode = am_cursor_u16(&cursor);
	return opcode >= 3 && opcode <= 6;
}

/* ---- MS-RPC. Towers are found by what they look like: NDR and NDR64 wrap them differently, and the pointers around them
 * say nothing more. Floor 3: connection-oriented RPC and its minor version; floor 4: TCP and the port; floor 5: the IPv4
 * address, zero where the server leaves it to the client. */
static const struct {
	uint8_t octets[23], matters[23];
} tower = {
	{1, 0, 0x0b, 2, 0, 0, 0, 1, 0, 0x07, 2, 0, 0, 0, 1, 0, 0x09, 4, 0, 0, 0, 0, 0},
	{1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0},
};

static gboolean is_tower(const uint8_t *p)
{
	for (size_t n = 0; n < sizeof tower.octets; n++) {
		if (tower.matters[n] != 0 && p[n] != tower.octets[n])
			return FALSE;
	}
	return TRUE;
}

void am_announced_msrpc(const AmPacket *packet, AmAnnounced *announced)
{
	static const uint8_t anywhere[4];
	const uint8_t *p = packet->payload;
	const AmAddress *sender = &packet->tuple.source;
	if (packet->payload_size < 24 || p[0] != 5 || p[1] != 0 || p[2] != 2) /* version 5.0, response */
		return;
	for (size_t at = 24; at + sizeof tower.octets <= packet->payload_size; at++) {
		if (p[at + 2] != 0x0b || !is_tower(p + at))
			continue;
		const uint8_t *address = p + at + 19;
		if (memcmp(address, anywhere, 4) == 0 ||
		    (sender->family == 4 && memcmp(address, sender->bytes, 4) == 0))
			am_announced_add(announced, AM_PROTO_TCP, be16(p + at + 12));
	}
}

/* ---- SunRPC */

/* The message without the record mark that TCP has (RFC 5531, 11): of a whole record only. */
static AmCursor message_of(const AmPacket *packet)
{
	AmCursor cursor = am_cursor(packet->payload, packet->payload_size);
	if (packet->tuple.ip_protocol == AM_PROTO_TCP && am_cursor_u32(&cursor) >> 31 == 0)
		cursor.ok = FALSE;
	return cursor;
}

/* Credentials or a verifier: flavour, size, octets. */
static void skip_auth(AmCursor *cursor)
{
	am_cursor_skip(cursor, 4);
	uint32_t size = am_cursor_u32(cursor);
	if (size > 400)
		cursor->ok = FALSE;
	am_cursor_skip(cursor, (size + 3) & ~3u);
}

/* "tcp", "udp", "tcp6", "udp6" */
static uint8_t protocol_of_netid(AmCursor *cursor)
{
	uint32_t size = am_cursor_u32(cursor);
	const uint8_t *netid = size == 3 || size == 4 ? am_cursor_take(cursor, size) : NULL;
	if (netid == NULL || (size == 4 && netid[3] != '6'))
		return 0;
	return memcmp(netid, "tcp", 3) == 0 ? AM_PROTO_TCP : memcmp(netid, "udp", 3) == 0 ? AM_PROTO_UDP : 0;
}

AmPortCall am_sunrpc_call(const AmPacket *packet)
{
	AmCursor cursor = message_of(packet);
	AmPortCall call = {.xid = am_cursor_u32(&cursor)};
	uint32_t type = am_cursor_u32(&cursor), rpc = am_cursor_u32(&cursor), program = am_cursor_u32(&cursor);
	uint32_t version = am_cursor_u32(&cursor), procedure = am_cursor_u32(&cursor);
	skip_auth(&cursor);
	skip_auth(&cursor);
	am_cursor_skip(&cursor, 8); /* the program and version that are asked for */
	if (type != 0 || rpc != 2 || program != 100000)
		return (AmPortCall){0};
	if (version == 2 && procedure == 3) {
		uint32_t protocol = am_cursor_u32(&cursor);
		call.ip_protocol = protocol == AM_PROTO_TCP || protocol == AM_PROTO_UDP ? (uint8_t)protocol : 0;
	} else if ((version == 3 || version == 4) && (procedure == 3 || (version == 4 && procedure == 9))) {
		call.ip_protocol = protocol_of_netid(&cursor);
		call.is_text = TRUE;
	}
	return cursor.ok && call.ip_protocol != 0 ? call : (AmPortCall){0};
}

gboolean am_sunrpc_reply_to(const AmPacket *packet, uint32_t *ret_xid)
{
	AmCursor cursor = message_of(packet);
	uint32_t xid = am_cursor_u32(&cursor), type = am_cursor_u32(&cursor);
	if (!cursor.ok || type != 1)
		return FALSE;
	*ret_xid = xid;
	return TRUE;
}

/* RFC 5665, 5.2.3.3: the address, then the port as two more numbers: "10.0.0.1.8.1" */
static uint32_t universal_port(const uint8_t *text, size_t size, const AmAddress *sender)
{
	char word[64];
	AmAddress address;
	unsigned high, low;
	if (size >= sizeof word || memchr(text, 0, size) != NULL)
		return 0;
	memcpy(word, text, size);
	word[size] = '\0';
	char *dots[2] = {NULL, NULL};
	for (int n = 1; n >= 0; n--) {
		if ((dots[n] = strrchr(word, '.')) == NULL)
			return 0;
		*dots[n] = '\0';
	}
	if (!am_address_parse(word, &address) || !g_ascii_string_to_unsigned(dots[0] + 1, 10, 0, 255, NULL, NULL) ||
	    !g_ascii_string_to_unsigned(dots[1] + 1, 10, 0, 255, NULL, NULL))
		return 0;
	high = (unsigned)g_ascii_strtoull(dots[0] + 1, NULL, 10);
	low = (unsigned)g_ascii_strtoull(dots[1] + 1, NULL, 10);
	gboolean names_sender = am_address_compare(&address, sender) == 0;
	return names_sender || am_address_is_unspecified(&address) ? high << 8 | low : 0;
}

void am_announced_sunrpc(const AmPacket *packet, const AmPortCall *call, AmAnnounced *announced)
{
	AmCursor cursor = message_of(packet);
	am_cursor_skip(&cursor, 8);
	uint32_t refused = am_cursor_u32(&cursor);
	skip_auth(&cursor);
	uint32_t failed = am_cursor_u32(&cursor), value = am_cursor_u32(&cursor);
	if (!cursor.ok || refused != 0 || failed != 0)
		return;
	if (call->is_text) {
		const uint8_t *text = am_cursor_take(&cursor, value);
		value = text != NULL ? universal_port(text, value, &packet->tuple.source) : 0;
	}
	am_announced_add(announced, call->ip_protocol, value);
}
