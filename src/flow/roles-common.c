/* Recognisers of protocols that run over both TCP and datagrams. The input is the message itself: record marks and
 * length prefixes of TCP are taken off by roles-tcp.c. They read only inside the input and keep nothing. */
#include "config.h"

#include <string.h>

#include "roles.h"

static gboolean is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* RFC 9110, section 9 and RFC 9112, sections 3 and 4; RFC 4918 (WebDAV); RFC 9113, 3.4 (HTTP/2 preface); RTSP, RFC
 * 2326. */
unsigned am_role_http(const AmRoleInput *in)
{
	static const char *const methods[] = {"GET ",    "POST ",  "HEAD ",     "PUT ",       "DELETE ",   "OPTIONS ",
					      "PATCH ",  "TRACE ", "PROPFIND ", "PROPPATCH ", "MKCOL ",    "REPORT ",
					      "SEARCH ", "COPY ",  "MOVE ",     "LOCK ",      "DESCRIBE ", "SETUP "};
	if (am_role_starts(in, "HTTP/1.", 7) || am_role_starts(in, "RTSP/1.", 7))
		return in->n >= 12 && in->p[8] == ' ' && is_digit(in->p[9]) && is_digit(in->p[10]) &&
				       is_digit(in->p[11])
			       ? AM_ROLE_SERVER
			       : AM_ROLE_NONE;
	if (AM_STARTS(in, "PRI * HTTP/2.0\r\n"))
		return AM_ROLE_CLIENT;
	if (AM_STARTS(in, "CONNECT ")) { /* authority, then the version: NATS and others have a CONNECT of their own */
		const uint8_t *end = memchr(in->p, '\r', in->n);
		return end != NULL && end - in->p > 17 && memcmp(end - 9, " HTTP/1.", 8) == 0 ? AM_ROLE_CLIENT
											      : AM_ROLE_NONE;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		size_t size = strlen(methods[i]);
		if (!am_role_starts(in, methods[i], size))
			continue;
		const AmRoleInput rest = {in->p + size, in->n - size, in->from, in->to};
		gboolean is_target = (rest.n > 0 && rest.p[0] == '/') || AM_STARTS(&rest, "* HTTP/") ||
				     AM_STARTS(&rest, "http://") || AM_STARTS(&rest, "rtsp://");
		return is_target ? AM_ROLE_CLIENT : AM_ROLE_NONE;
	}
	return AM_ROLE_NONE;
}

static gboolean contains(const AmRoleInput *in, const char *text)
{
	return memmem(in->p, in->n, text, strlen(text)) != NULL;
}

/* RFC 3261, sections 7.1 and 7.2. Both ends of a SIP dialogue send requests; who registers is a client (section 10),
 * and so is who calls a server's port from a port of its own. */
unsigned am_role_sip(const AmRoleInput *in)
{
	static const char *const methods[] = {"INVITE ", "OPTIONS ", "SUBSCRIBE ", "MESSAGE ", "PUBLISH "};
	gboolean to_server = in->to == 5060 && in->from != 5060;
	gboolean from_server = in->from == 5060 && in->to != 5060;
	if (AM_STARTS(in, "REGISTER sip"))
		return AM_ROLE_CLIENT | AM_ROLE_EXPECTS;
	if (AM_STARTS(in, "SIP/2.0 ") && in->n >= 11 && is_digit(in->p[8]))
		return from_server || contains(in, " REGISTER\r\n") ? AM_ROLE_SERVER : AM_ROLE_NONE;
	for (size_t i = 0; to_server && i < G_N_ELEMENTS(methods); i++) {
		size_t size = strlen(methods[i]);
		if (am_role_starts(in, methods[i], size) && in->n >= size + 3 && memcmp(in->p + size, "sip", 3) == 0)
			return AM_ROLE_CLIENT | AM_ROLE_EXPECTS;
	}
	return AM_ROLE_NONE;
}

/* RFC 1035, 4.1.1: the QR bit. Also mDNS (RFC 6762, 18), LLMNR (RFC 4795, 2.1), NBNS (RFC 1002, 4.2.1.1). A response to
 * a group is an announcement: nobody's server. */
unsigned am_role_dns(const AmRoleInput *in, gboolean to_group)
{
	if (in->n < 12)
		return AM_ROLE_NONE;
	uint8_t opcode = in->p[2] >> 3 & 0x0f;
	uint16_t questions = am_role_be16(in->p + 4), answers = am_role_be16(in->p + 6);
	gboolean is_response = (in->p[2] & 0x80) != 0;
	gboolean is_nbns = am_role_port(in, 137), is_mdns = am_role_port(in, 5353);
	if (opcode > (is_nbns ? 8 : 6) || questions > 64 || (!is_nbns && (in->p[3] & 0x40) != 0))
		return AM_ROLE_NONE;
	uint16_t service = is_nbns ? 137 : is_mdns ? 5353 : am_role_port(in, 5355) ? 5355 : 53;
	if (is_response) {
		if (to_group || in->from != service || (questions == 0 && answers == 0 && (in->p[3] & 0x0f) == 0))
			return AM_ROLE_NONE;
		return AM_ROLE_SERVER;
	}
	if (in->to != service || questions == 0 || (!is_nbns && !is_mdns && questions != 1))
		return AM_ROLE_NONE;
	gboolean is_broadcast =
		is_nbns && (in->p[3] & 0x10) != 0; /* the B flag: subnet broadcasts do not show otherwise */
	return AM_ROLE_CLIENT | (to_group || is_broadcast ? 0 : AM_ROLE_EXPECTS);
}

/* RFC 4120, section 5.4 to 5.9: ASN.1 application tags 10 AS-REQ, 11 AS-REP, 12 TGS-REQ, 13 TGS-REP, 30 KRB-ERROR. */
unsigned am_role_kerberos(const AmRoleInput *in)
{
	if (in->n < 8)
		return AM_ROLE_NONE;
	size_t content = in->p[1] < 0x80 ? 2 : 2 + (size_t)(in->p[1] & 0x7f);
	if (content > 6 || in->n <= content || in->p[content] != 0x30)
		return AM_ROLE_NONE;
	switch (in->p[0]) {
	case 0x6a:
	case 0x6c:
		return in->to == 88 ? AM_ROLE_CLIENT | AM_ROLE_EXPECTS : AM_ROLE_NONE;
	case 0x6b:
	case 0x6d:
	case 0x7e:
		return in->from == 88 ? AM_ROLE_SERVER : AM_ROLE_NONE;
	default:
		return AM_ROLE_NONE;
	}
}

/* A BER header of tag and definite length: steps over it; FALSE when it is not one or runs past the message. */
static gboolean ber_header(AmCursor *cursor, uint8_t *ret_tag, size_t *ret_size)
{
	uint8_t tag = am_cursor_u8(cursor);
	size_t size = am_cursor_u8(cursor);
	if (size > 0x80) {
		unsigned octets = (unsigned)size & 0x7f;
		if (octets > 4)
			return FALSE;
		for (size = 0; octets > 0; octets--)
			size = size << 8 | am_cursor_u8(cursor);
	} else if (size == 0x80) {
		return FALSE;
	}
	*ret_tag = tag;
	*ret_size = size;
	return cursor->ok;
}

/* RFC 4511, section 4.2 to 4.12: [APPLICATION n] of the operation. */
static unsigned ldap_role(uint8_t operation)
{
	switch (operation) {
	case 0x60: /* bind */
	case 0x42: /* unbind */
	case 0x63: /* search */
	case 0x66: /* modify */
	case 0x68: /* add */
	case 0x4a: /* delete */
	case 0x6c: /* modify name */
	case 0x6e: /* compare */
	case 0x77: /* extended */
		return AM_ROLE_CLIENT | AM_ROLE_EXPECTS;
	case 0x61:
	case 0x64:
	case 0x65:
	case 0x67:
	case 0x69:
	case 0x6b:
	case 0x6d:
	case 0x6f:
	case 0x73:
	case 0x78:
		return AM_ROLE_SERVER;
	default:
		return AM_ROLE_NONE;
	}
}

/* RFC 3416, section 3 and RFC 1157, 4: the PDU's context tag. Traps expect no answer. */
static unsigned snmp_role(uint8_t pdu)
{
	switch (pdu) {
	case 0xa0: /* get */
	case 0xa1: /* get next */
	case 0xa3: /* set */
	case 0xa5: /* get bulk */
	case 0xa6: /* inform */
		return AM_ROLE_CLIENT | AM_ROLE_EXPECTS;
	case 0xa4: /* trap of version 1 */
	case 0xa7:
		return AM_ROLE_CLIENT;
	case 0xa2:
		return AM_ROLE_SERVER;
	default:
		return AM_ROLE_NONE;
	}
}

/* Both are SEQUENCE { INTEGER, ... }: LDAP goes on with an application tag, SNMP with the community (RFC 1157, 4) or,
 * in version 3, with a header whose PDU may be encrypted (RFC 3412, 6): there the agent's port tells. */
unsigned am_role_ldap_or_snmp(const AmRoleInput *in)
{
	AmCursor cursor = am_cursor(in->p, in->n);
	uint8_t tag;
	size_t size;
	if (!ber_header(&cursor, &tag, &size) || tag != 0x30 || size < 6)
		return AM_ROLE_NONE;
	if (!ber_header(&cursor, &tag, &size) || tag != 0x02 || size < 1 || size > 4)
		return AM_ROLE_NONE;
	const uint8_t *number = am_cursor_take(&cursor, size);
	gboolean is_version = size == 1 && number != NULL && number[0] <= 3;
	if (!ber_header(&cursor, &tag, &size))
		return AM_ROLE_NONE;
	if (is_version && tag == 0x04) {
		am_cursor_skip(&cursor, size);
		unsigned role = snmp_role(am_cursor_u8(&cursor));
		if (!cursor.ok || role == AM_ROLE_NONE)
			return AM_ROLE_NONE;
		return number[0] < 3 ? role | AM_ROLE_COMMUNITY : role;
	}
	if (is_version && number[0] == 3 && tag == 0x30 && am_role_port(in, 161) && in->from != in->to)
		return in->to == 161 ? AM_ROLE_CLIENT | AM_ROLE_EXPECTS : AM_ROLE_SERVER;
	unsigned role = ldap_role(tag);
	if (tag == 0x60) { /* a bind goes on with its version, 2 or 3 */
		uint8_t integer = am_cursor_u8(&cursor), one = am_cursor_u8(&cursor), version = am_cursor_u8(&cursor);
		return integer == 0x02 && one == 1 && (version == 2 || version == 3) ? role : AM_ROLE_NONE;
	}
	return size <= cursor.left || am_role_port(in, 389) || am_role_port(in, 3268) ? role : AM_ROLE_NONE;
}

/* RFC 5531, section 9. A call names RPC version 2 and a program; those from 0x40000000 on are transient, as the
 * callbacks are that an NFSv4.1 server sends on the client's own connection (RFC 8881, 2.10.3.1). */
unsigned am_role_sunrpc(const AmRoleInput *in)
{
	if (in->n < 24)
		return AM_ROLE_NONE;
	uint32_t type = am_role_be32(in->p + 4);
	if (type == 0) {
		uint32_t program = am_role_be32(in->p + 12);
		gboolean is_call = am_role_be32(in->p + 8) == 2 && program >= 100000 && program < 0x40000000 &&
				   am_role_be32(in->p + 16) <= 16 && am_role_be32(in->p + 20) < 1024;
		return is_call ? AM_ROLE_CLIENT | AM_ROLE_EXPECTS : AM_ROLE_NONE;
	}
	gboolean from_server = (in->from == 111 || in->from == 2049) && in->to != in->from;
	return type == 1 && from_server && am_role_be32(in->p + 8) <= 1 ? AM_ROLE_SERVER : AM_ROLE_NONE;
}

/* RFC 8489, section 5. In ICE (RFC 8445) both ends ask, so only with a server's own port: 3478, 5349, Google's 19302.
 */
unsigned am_role_stun(const AmRoleInput *in)
{
	if (in->n < 20 || am_role_be32(in->p + 4) != 0x2112a442 || am_role_be16(in->p + 2) % 4 != 0)
		return AM_ROLE_NONE;
	gboolean to_server = in->to == 3478 || in->to == 5349 || in->to == 19302;
	gboolean from_server = in->from == 3478 || in->from == 5349 || in->from == 19302;
	uint16_t type = am_role_be16(in->p);
	if (to_server == from_server || (type & 0xc000) != 0)
		return AM_ROLE_NONE;
	switch (type & 0x0110) { /* the class bits */
	case 0x0000:
		return to_server ? AM_ROLE_CLIENT | AM_ROLE_EXPECTS : AM_ROLE_NONE;
	case 0x0100:
	case 0x0110:
		return from_server ? AM_ROLE_SERVER : AM_ROLE_NONE;
	default:
		return AM_ROLE_NONE;
	}
}

/* memcached's protocol_binary.h: magic 0x80 asks, 0x81 answers; 24 octets of header, data type 0. */
unsigned am_role_memcached_binary(const AmRoleInput *in)
{
	if (in->n < 24 || !am_role_port(in, 11211) || in->p[5] != 0)
		return AM_ROLE_NONE;
	if (in->p[0] == 0x80)
		return in->to == 11211 ? AM_ROLE_CLIENT : AM_ROLE_NONE;
	return in->p[0] == 0x81 && in->from == 11211 ? AM_ROLE_SERVER : AM_ROLE_NONE;
}

gboolean am_role_is_login(const AmPacket *packet)
{
	static const char methods[][4] = {{'G', 'E', 'T', ' '}, {'P', 'O', 'S', 'T'}, {'P', 'U', 'T', ' '},
					  {'H', 'E', 'A', 'D'}, {'P', 'R', 'O', 'P'}, {'C', 'O', 'N', 'N'}};
	static const char wanted[] = "uthorization: basic ";
	const char *at = (const char *)packet->payload;
	size_t left = packet->payload_size, n = 0;
	if (packet->tuple.ip_protocol != AM_PROTO_TCP || left < 4)
		return FALSE;
	while (n < G_N_ELEMENTS(methods) && memcmp(at, methods[n], 4) != 0)
		n++;
	if (n == G_N_ELEMENTS(methods))
		return FALSE;
	for (const char *line; (line = memchr(at, '\n', left)) != NULL;) {
		left -= (size_t)(line + 1 - at);
		at = line + 1;
		size_t before = left >= 6 && g_ascii_strncasecmp(at, "proxy-", 6) == 0 ? 7 : 1;
		if (left >= before + sizeof wanted - 1 &&
		    g_ascii_strncasecmp(at + before, wanted, sizeof wanted - 1) == 0)
			return TRUE;
	}
	return FALSE;
}
