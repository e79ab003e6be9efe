/* Protocol roles from datagrams. Fed with the first payloads of a UDP connection by shard.c; keeps nothing. */
#include "config.h"

#include <string.h>

#include "roles.h"

/* RFC 5905, section 7.3: mode 3 client, 4 server. 1 and 2 are peers, 5 broadcast; 6 control (RFC 9327, R bit). */
static unsigned ntp_role(const AmRoleInput *in)
{
	if (in->n < 12 || (in->p[0] >> 3 & 7) < 1 || (in->p[0] >> 3 & 7) > 4)
		return AM_ROLE_NONE;
	uint8_t mode = in->p[0] & 7;
	if (mode == 3 && in->n >= 48 && in->to == 123)
		return AM_ROLE_CLIENT | AM_ROLE_EXPECTS;
	if (mode == 4 && in->n >= 48 && in->from == 123)
		return AM_ROLE_SERVER;
	if (mode == 6 && (in->p[1] & 0x80) == 0 && in->to == 123)
		return AM_ROLE_CLIENT | AM_ROLE_EXPECTS;
	return mode == 6 && (in->p[1] & 0x80) != 0 && in->from == 123 ? AM_ROLE_SERVER : AM_ROLE_NONE;
}

/* RFC 2131, section 2: op 1 from clients (and relays), 2 from servers; the magic cookie of section 3. Answers may go to
 * the broadcast address, so none is expected on the same tuple. */
static unsigned dhcp_role(const AmRoleInput *in)
{
	if (in->n < 240 || am_role_be32(in->p + 236) != 0x63825363)
		return AM_ROLE_NONE;
	if (in->p[0] == 1 && in->to == 67)
		return AM_ROLE_CLIENT;
	/* To a relay's other address (giaddr, from port 67 to 67) it says as much, but nobody asked from there. */
	return in->p[0] == 2 && in->from == 67 && in->to != 67 ? AM_ROLE_SERVER : AM_ROLE_NONE;
}

/* RFC 8415, section 7.3. */
static unsigned dhcpv6_role(const AmRoleInput *in)
{
	if (in->n < 4)
		return AM_ROLE_NONE;
	switch (in->p[0]) {
	case 1:  /* solicit */
	case 3:  /* request */
	case 4:  /* confirm */
	case 5:  /* renew */
	case 6:  /* rebind */
	case 8:  /* release */
	case 9:  /* decline */
	case 11: /* information request */
	case 12: /* relay forward */
		return in->to == 547 ? AM_ROLE_CLIENT : AM_ROLE_NONE;
	case 2:  /* advertise */
	case 7:  /* reply */
	case 10: /* reconfigure */
		return in->from == 547 || in->to == 546 ? AM_ROLE_SERVER : AM_ROLE_NONE;
	case 13: /* relay reply */
		return in->from == 547 ? AM_ROLE_SERVER : AM_ROLE_NONE;
	default:
		return AM_ROLE_NONE;
	}
}

/* RFC 2865, section 3; RFC 2866, 3; RFC 5176, 2.3 (there the NAS is the server, on port 3799). */
static unsigned radius_role(const AmRoleInput *in)
{
	if (in->n < 20 || am_role_be16(in->p + 2) < 20 || am_role_be16(in->p + 2) > MAX(in->n, 4096))
		return AM_ROLE_NONE;
	switch (in->p[0]) {
	case 1:
	case 4:
	case 12:
	case 40:
	case 43:
		return AM_ROLE_CLIENT | AM_ROLE_EXPECTS;
	case 2:
	case 3:
	case 5:
	case 11:
	case 41:
	case 42:
	case 44:
	case 45:
		return AM_ROLE_SERVER;
	default:
		return AM_ROLE_NONE;
	}
}

/* RFC 1350, section 5: a read or write request goes to port 69; the answer comes from another port. */
static unsigned tftp_role(const AmRoleInput *in)
{
	if (in->n < 6 || in->p[0] != 0 || (in->p[1] != 1 && in->p[1] != 2) || !g_ascii_isprint((char)in->p[2]))
		return AM_ROLE_NONE;
	const uint8_t *end = memchr(in->p + 2, 0, in->n - 2);
	if (end == NULL)
		return AM_ROLE_NONE;
	size_t left = (size_t)(in->p + in->n - end - 1);
	return (left >= 5 && g_ascii_strncasecmp((const char *)end + 1, "octet", 5) == 0) ||
			       (left >= 8 && g_ascii_strncasecmp((const char *)end + 1, "netascii", 8) == 0)
		       ? AM_ROLE_CLIENT
		       : AM_ROLE_NONE;
}

/* RFC 7252, section 3: class 0 asks, 2, 4 and 5 answer. Non-confirmable requests (type 1) may go unanswered. */
static unsigned coap_role(const AmRoleInput *in, gboolean to_group)
{
	if (in->n < 4 || in->p[0] >> 6 != 1 || (in->p[0] & 0x0f) > 8)
		return AM_ROLE_NONE;
	uint8_t class_ = in->p[1] >> 5, type = in->p[0] >> 4 & 3;
	if (class_ == 0 && in->p[1] >= 1 && in->p[1] <= 7 && in->to == 5683 && in->from != 5683)
		return AM_ROLE_CLIENT | (to_group || type == 1 ? 0 : AM_ROLE_EXPECTS);
	gboolean is_answer = class_ == 2 || class_ == 4 || class_ == 5;
	return is_answer && in->from == 5683 && in->to != 5683 ? AM_ROLE_SERVER : AM_ROLE_NONE;
}

/* RFC 5424, 6.2.1 and RFC 3164, 4.1.1: "<PRI>", 0 to 191. The sender is the client; nobody answers. */
static unsigned syslog_role(const AmRoleInput *in)
{
	unsigned priority = 0;
	size_t i = 1;
	if (in->n < 6 || in->p[0] != '<')
		return AM_ROLE_NONE;
	for (; i < 4 && in->p[i] >= '0' && in->p[i] <= '9'; i++)
		priority = priority * 10 + in->p[i] - '0';
	if (i == 1 || in->p[i] != '>' || priority > 191)
		return AM_ROLE_NONE;
	const AmRoleInput rest = {in->p + i + 1, in->n - i - 1, in->from, in->to};
	if (in->to == 514 && in->from != 514)
		return AM_ROLE_CLIENT;
	static const char *const starts[] = {"1 ",   "Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ",
					     "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec "};
	for (size_t k = 0; k < G_N_ELEMENTS(starts); k++)
		if (am_role_starts(&rest, starts[k], strlen(starts[k])))
			return AM_ROLE_CLIENT;
	return AM_ROLE_NONE;
}

/* RFC 9000, section 17.2 and RFC 9369. Of an Initial: a server sends no token, and answers to the connection id that
 * the client chose, which is empty or short; a client's first one has at least 8 octets (7.2). Retry and version
 * negotiation come from servers. Else the port must tell. */
static unsigned quic_role(const AmRoleInput *in)
{
	AmCursor cursor = am_cursor(in->p, in->n);
	uint8_t first = am_cursor_u8(&cursor);
	uint32_t version = am_cursor_u32(&cursor);
	uint8_t dcid = am_cursor_u8(&cursor);
	am_cursor_skip(&cursor, dcid);
	uint8_t scid = am_cursor_u8(&cursor);
	am_cursor_skip(&cursor, scid);
	uint8_t token = am_cursor_u8(&cursor);
	gboolean to_server = in->to == 443 && in->from != 443, from_server = in->from == 443 && in->to != 443;
	if (!cursor.ok || (first & 0xc0) != 0xc0 || dcid > 20 || scid > 20 || in->n < 40)
		return AM_ROLE_NONE;
	gboolean is_v2 = version == 0x6b3343cf;
	if (!is_v2 && version != 1 && version >> 8 != 0xff0000)
		return AM_ROLE_NONE;
	uint8_t type = first >> 4 & 3;
	if (type == (is_v2 ? 0 : 3)) /* Retry */
		return from_server ? AM_ROLE_SERVER : AM_ROLE_NONE;
	if (type != (is_v2 ? 1 : 0))
		return AM_ROLE_NONE;
	if (dcid < 8 || from_server)
		return AM_ROLE_SERVER;
	if (token != 0 || to_server)
		return AM_ROLE_CLIENT | AM_ROLE_EXPECTS;
	return AM_ROLE_NONE;
}

/* RFC 6347, section 4.2.2, on ports that have a server; in WebRTC the roles are by agreement. */
static unsigned dtls_role(const AmRoleInput *in)
{
	static const uint16_t ports[] = {443, 853, 2083, 4433, 5349, 5684};
	if (in->n < 25 || in->p[0] != 0x16 || in->p[1] != 0xfe || (in->p[2] != 0xff && in->p[2] != 0xfd) ||
	    am_role_be16(in->p + 3) != 0)
		return AM_ROLE_NONE;
	gboolean to_server = FALSE, from_server = FALSE;
	for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
		to_server |= in->to == ports[i];
		from_server |= in->from == ports[i];
	}
	if (in->p[13] == 1 && to_server)
		return AM_ROLE_CLIENT | AM_ROLE_EXPECTS;
	return (in->p[13] == 2 || in->p[13] == 3) && from_server ? AM_ROLE_SERVER : AM_ROLE_NONE;
}

/* OpenVPN: opcode in the upper five bits; hard resets 1 and 7 from the client, 2 and 8 from the server. */
static unsigned openvpn_role(const AmRoleInput *in)
{
	if (in->n < 14)
		return AM_ROLE_NONE;
	uint8_t opcode = in->p[0] >> 3;
	if ((opcode == 1 || opcode == 7) && in->to == 1194)
		return AM_ROLE_CLIENT | AM_ROLE_EXPECTS;
	return (opcode == 2 || opcode == 8) && in->from == 1194 ? AM_ROLE_SERVER : AM_ROLE_NONE;
}

/* UPnP device architecture 2.0, 1.3: a search goes to the group, answers come to the asker's own port. */
static unsigned ssdp_role(const AmRoleInput *in)
{
	if (in->to == 1900 && AM_STARTS(in, "M-SEARCH * HTTP/1.1"))
		return AM_ROLE_CLIENT;
	return in->from == 1900 && AM_STARTS(in, "HTTP/1.1 200") ? AM_ROLE_SERVER : AM_ROLE_NONE;
}

/* By one service port; 0xffff when there is no recogniser for it. */
#define NO_RECOGNISER 0xffffu
static unsigned by_port(const AmRoleInput *in, uint16_t port, gboolean to_group)
{
	switch (port) {
	case 53:
	case 137:
	case 5353:
	case 5355:
		return am_role_dns(in, to_group);
	case 67:
		return dhcp_role(in);
	case 69:
		return tftp_role(in);
	case 88:
		return am_role_kerberos(in);
	case 123:
		return ntp_role(in);
	case 547:
		return dhcpv6_role(in);
	case 1194:
		return openvpn_role(in);
	case 1645:
	case 1646:
	case 1812:
	case 1813:
	case 3799:
		return radius_role(in);
	case 1900:
		return ssdp_role(in);
	case 5060:
		return am_role_sip(in);
	case 5683:
		return coap_role(in, to_group);
	case 47808:
		return am_role_bacnet(in);
	case 11211:
		/* RFC-less framing: request id, sequence, count, reserved; then as over TCP. */
		return in->n > 8 ? am_role_memcached_binary(&(AmRoleInput){in->p + 8, in->n - 8, in->from, in->to})
				 : AM_ROLE_NONE;
	default:
		return NO_RECOGNISER;
	}
}

/* RADIUS answers prove nothing unless they come from the service's port, and asks unless they go to it. */
static unsigned check_side(unsigned role, const AmRoleInput *in, uint16_t port)
{
	if ((role & AM_ROLE_CLIENT) != 0 && in->to != port)
		return AM_ROLE_NONE;
	if ((role & AM_ROLE_SERVER) != 0 && in->from != port)
		return AM_ROLE_NONE;
	return role;
}

unsigned am_role_udp(const AmPacket *packet)
{
	const AmRoleInput in = {packet->payload, packet->payload_size, packet->tuple.source_port,
				packet->tuple.destination_port};
	gboolean to_group = am_address_is_multicast(&packet->tuple.destination);
	unsigned role = by_port(&in, in.to, to_group);
	uint16_t port = in.to;
	if (role == NO_RECOGNISER) {
		role = by_port(&in, in.from, to_group);
		port = in.from;
	}
	if (role != NO_RECOGNISER)
		return port == 547 ? role : check_side(role, &in, port);
	if (in.n == 0)
		return AM_ROLE_NONE;
	switch (in.p[0]) {
	case '<':
		return syslog_role(&in);
	case 0x30:
		return am_role_ldap_or_snmp(&in);
	case 0x16:
		return dtls_role(&in);
	case 'R':
	case 'S':
		return am_role_sip(&in);
	default:
		break;
	}
	if ((in.p[0] & 0xc0) == 0xc0)
		role = quic_role(&in);
	else if ((in.p[0] & 0xc0) == 0)
		role = am_role_stun(&in);
	else
		role = AM_ROLE_NONE;
	return role != AM_ROLE_NONE ? role : am_role_sunrpc(&in);
}
