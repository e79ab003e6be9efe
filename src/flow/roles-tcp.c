/* Protocol roles from the first payloads of a TCP connection; for connections whose handshake was not seen. Fed by
 * shard.c, one segment at a time (no reassembly); keeps nothing. */
#include "config.h"

#include "roles.h"

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static unsigned by_side(gboolean client, gboolean server)
{
	return client ? AM_ROLE_CLIENT : server ? AM_ROLE_SERVER : AM_ROLE_NONE;
}

static unsigned named(unsigned role, unsigned name)
{
	return role != AM_ROLE_NONE ? role | name : role;
}

/* RFC 8446, sections 4 and 5.1: a handshake record that begins with ClientHello (1) or ServerHello (2). */
static unsigned tls_role(const AmRoleInput *in)
{
	if (in->n < 11 || in->p[0] != 0x16 || in->p[1] != 3 || in->p[2] > 4 || am_role_be16(in->p + 3) < 4)
		return AM_ROLE_NONE;
	if (in->p[9] != 3 || in->p[6] != 0) /* legacy_version of the hello, and a length below 64 KiB */
		return AM_ROLE_NONE;
	return by_side(in->p[5] == 1, in->p[5] == 2);
}

/* RFC 4253, section 8; RFC 5656, 4; RFC 4419, 3: key exchange messages 30, 32, 34 come from the client, 31, 33 from the
 * server. Banners and KEXINIT are the same from both ends and are stepped over. */
static unsigned ssh_role(const AmRoleInput *in)
{
	AmCursor cursor = am_cursor(in->p, in->n);
	for (int i = 0; i < 3; i++) {
		uint32_t size = am_cursor_u32(&cursor);
		uint8_t padding = am_cursor_u8(&cursor), message = am_cursor_u8(&cursor);
		if (!cursor.ok || size < 5 || size > 35000 || padding < 4 || padding >= size - 1)
			return AM_ROLE_NONE;
		if (message >= 30 && message <= 34)
			return message % 2 == 0 ? AM_ROLE_CLIENT : AM_ROLE_SERVER;
		if (message != 20)
			return AM_ROLE_NONE;
		am_cursor_skip(&cursor, size - 2);
	}
	return AM_ROLE_NONE;
}

static gboolean has_word(const AmRoleInput *in, const char *word)
{
	size_t size = strlen(word), line = MIN(in->n, 256);
	for (size_t i = 0; i + size <= line && in->p[i] != '\n'; i++)
		if (g_ascii_strncasecmp((const char *)in->p + i, word, size) == 0)
			return TRUE;
	return FALSE;
}

static gboolean ends_line(const AmRoleInput *in)
{
	return in->n >= 2 && in->p[in->n - 1] == '\n';
}

/* Greetings: SMTP 220 (RFC 5321, 4.2), FTP 220 (RFC 959, 5.4), IMAP "* OK" (RFC 9051, 7.1), POP3 "+OK" (RFC 1939, 4),
 * NNTP 200/201 (RFC 3977, 5.1). Any text could begin so: the port or the protocol's name in the line must agree. */
static unsigned greeting_role(const AmRoleInput *in)
{
	if (!ends_line(in))
		return AM_ROLE_NONE;
	uint16_t from = in->from;
	if (AM_STARTS(in, "220 ") || AM_STARTS(in, "220-"))
		return by_side(FALSE, from == 21 || from == 25 || from == 587 || from == 2525 || has_word(in, "SMTP") ||
					      has_word(in, "FTP"));
	if (AM_STARTS(in, "* OK") || AM_STARTS(in, "* PREAUTH"))
		return by_side(FALSE, from == 143 || has_word(in, "IMAP"));
	if (AM_STARTS(in, "+OK"))
		return by_side(FALSE, from == 110 || has_word(in, "POP"));
	if (AM_STARTS(in, "200 ") || AM_STARTS(in, "201 "))
		return by_side(FALSE, from == 119);
	return AM_ROLE_NONE;
}

/* What only a mail or file client says first: RFC 5321, 4.1.1.1; RFC 959, 4.1.1; RFC 1939, 7; RFC 4217, 4. */
static unsigned command_role(const AmRoleInput *in)
{
	if (!ends_line(in))
		return AM_ROLE_NONE;
	if (AM_STARTS(in, "EHLO ") || AM_STARTS(in, "HELO ") || AM_STARTS(in, "LHLO "))
		return AM_ROLE_CLIENT;
	gboolean is_login = AM_STARTS(in, "USER ") || AM_STARTS(in, "AUTH TLS") || AM_STARTS(in, "CAPA");
	return by_side(is_login && (in->to == 21 || in->to == 110), FALSE);
}

/* MS-SMB 2.2.3.1 (SMB_FLAGS_REPLY), MS-SMB2 2.2.1 (SMB2_FLAGS_SERVER_TO_REDIR), RFC 1002, 4.3 for the session service.
 * An SMB1 lock release (0x24) may come from the server as a request. */
static unsigned smb_role(const AmRoleInput *in)
{
	if (in->n >= 4 && am_role_port(in, 139) && in->p[1] == 0) {
		if (in->p[0] == 0x81)
			return by_side(in->to == 139 && in->n >= 72, FALSE);
		if (in->p[0] == 0x82 || in->p[0] == 0x83)
			return by_side(FALSE, in->from == 139);
	}
	if (in->n < 36 || in->p[0] != 0)
		return AM_ROLE_NONE;
	if (memcmp(in->p + 4, "\xffSMB", 4) == 0 && in->p[8] != 0x24)
		return (in->p[13] & 0x80) != 0 ? AM_ROLE_SERVER : AM_ROLE_CLIENT;
	if (memcmp(in->p + 4, "\xfeSMB", 4) == 0 && in->p[8] == 64 && in->p[9] == 0)
		return (in->p[20] & 1) != 0 ? AM_ROLE_SERVER : AM_ROLE_CLIENT;
	return AM_ROLE_NONE;
}

/* C706 (DCE 1.1 RPC), 12.6.3 and 12.6.4: version 5.0, packet type, data representation, fragment length. */
static unsigned dcerpc_role(const AmRoleInput *in)
{
	if (in->n < 16 || in->p[0] != 5 || in->p[1] > 1 || (in->p[4] & ~0x11) != 0 || in->p[5] > 3 || in->p[6] != 0 ||
	    in->p[7] != 0)
		return AM_ROLE_NONE;
	unsigned size = (in->p[4] & 0x10) != 0 ? in->p[8] | (unsigned)in->p[9] << 8 : am_role_be16(in->p + 8);
	if (size < 16)
		return AM_ROLE_NONE;
	switch (in->p[2]) {
	case 0:  /* request */
	case 11: /* bind */
	case 14: /* alter context */
	case 16: /* auth3 */
		return AM_ROLE_CLIENT;
	case 2:  /* response */
	case 3:  /* fault */
	case 12: /* bind ack */
	case 13: /* bind nak */
	case 15: /* alter context response */
		return AM_ROLE_SERVER;
	default:
		return AM_ROLE_NONE;
	}
}

/* MySQL and MariaDB, protocol version 10: the server speaks first; a printable version of the server ends with NUL. */
static unsigned mysql_role(const AmRoleInput *in)
{
	if (in->n < 30 || in->p[3] != 0 || in->p[4] != 10 || !g_ascii_isdigit((char)in->p[5]))
		return AM_ROLE_NONE;
	uint32_t size = (uint32_t)in->p[0] | (uint32_t)in->p[1] << 8 | (uint32_t)in->p[2] << 16;
	if (size + 4 != in->n)
		return AM_ROLE_NONE;
	size_t end = 5;
	while (end < MIN(in->n, 80) && g_ascii_isprint((char)in->p[end]))
		end++;
	return end < in->n && in->p[end] == 0 ? AM_ROLE_SERVER : AM_ROLE_NONE;
}

/* PostgreSQL, "Message Formats": StartupMessage 3.0, CancelRequest, SSLRequest, GSSENCRequest; Authentication ('R'). After
 * SSLRequest comes TLS, which nDPI may still read a name from. */
static unsigned postgresql_role(const AmRoleInput *in)
{
	if (in->n >= 9 && in->p[0] == 'R')
		return named(by_side(FALSE, in->from == 5432 && am_role_be32(in->p + 1) >= 8 &&
						    am_role_be32(in->p + 1) < 2048 && am_role_be32(in->p + 5) <= 12),
			     AM_ROLE_POSTGRESQL);
	if (in->n < 8 || am_role_be32(in->p) != in->n)
		return AM_ROLE_NONE;
	uint32_t code = am_role_be32(in->p + 4);
	if (code == 0x00030000 && in->n >= 9)
		return AM_ROLE_CLIENT | AM_ROLE_POSTGRESQL;
	return by_side((code >= 80877103 && code <= 80877104 && in->n == 8) || (code == 80877102 && in->n == 16),
		       FALSE);
}

/* RESP, "Redis serialization protocol": commands are arrays of bulk strings, but answers may be arrays too; so the
 * port, or a command that begins a session. */
static unsigned redis_role(const AmRoleInput *in)
{
	static const char *const commands[] = {"PING",   "AUTH",    "SELECT", "HELLO",
					       "CLIENT", "COMMAND", "INFO",   "REPLCONF"};
	if (in->p[0] != '*')
		return by_side(FALSE, in->from == 6379 && in->to != 6379 && memchr("+-:$", in->p[0], 4) != NULL &&
					      in->n >= 4 && in->p[in->n - 1] == '\n');
	if (in->n < 9 || !g_ascii_isdigit((char)in->p[1]))
		return AM_ROLE_NONE;
	const uint8_t *bulk = memchr(in->p, '\n', MIN(in->n, 8));
	size_t left = bulk == NULL ? 0 : (size_t)(in->p + in->n - bulk - 1);
	if (left < 5 || bulk[1] != '$' || !g_ascii_isdigit((char)bulk[2]))
		return AM_ROLE_NONE;
	if (am_role_port(in, 6379) && in->from != in->to)
		return by_side(in->to == 6379, in->from == 6379);
	const uint8_t *name = memchr(bulk + 2, '\n', MIN(left - 1, 6));
	left = name == NULL ? 0 : (size_t)(in->p + in->n - name - 1);
	for (size_t i = 0; name != NULL && i < G_N_ELEMENTS(commands); i++) {
		size_t size = strlen(commands[i]);
		if (left >= size + 2 && g_ascii_strncasecmp((const char *)name + 1, commands[i], size) == 0 &&
		    name[1 + size] == '\r')
			return AM_ROLE_CLIENT;
	}
	return AM_ROLE_NONE;
}

/* MQTT 3.1.1 and 5.0, sections 3.1 and 3.2: CONNECT names the protocol; CONNACK on the well-known port. */
static unsigned mqtt_role(const AmRoleInput *in)
{
	size_t i = 1;
	if (in->p[0] == 0x20)
		return by_side(FALSE,
			       in->from == 1883 && in->n >= 4 && in->p[1] >= 2 && in->p[1] < 0x80 && in->p[2] <= 1);
	while (i < MIN(in->n, 5) && (in->p[i] & 0x80) != 0)
		i++;
	const AmRoleInput name = {in->p + MIN(i + 1, in->n), in->n - MIN(i + 1, in->n), in->from, in->to};
	return by_side(am_role_starts(&name, "\0\4MQTT", 6) || am_role_starts(&name, "\0\6MQIsdp", 8), FALSE);
}

/* AMQP 0-9-1, section 4.2.2: the client's protocol header; the server sends its own only to refuse. 1.0 (2.2): both
 * send one, so only towards the port. Frames: class 10 connection, method 10 start, 11 start-ok. */
static unsigned amqp_role(const AmRoleInput *in)
{
	if (AM_STARTS(in, "AMQP") && in->n >= 8)
		return by_side(memcmp(in->p + 4, "\0\0\t\1", 4) == 0 || (in->to == 5672 && in->from != 5672), FALSE);
	if (in->n < 12 || in->p[0] != 1 || am_role_be16(in->p + 1) != 0 || am_role_be16(in->p + 7) != 10)
		return AM_ROLE_NONE;
	uint16_t method = am_role_be16(in->p + 9);
	return by_side(method == 11, method == 10 && in->p[11] == 0);
}

/* MongoDB wire protocol: length, request id, response to, opcode, little-endian; OP_MSG 2013, OP_QUERY 2004,
 * OP_REPLY 1. */
static unsigned mongodb_role(const AmRoleInput *in)
{
	if (in->n < 21 || le32(in->p) < 21 || le32(in->p) > (48u << 20))
		return AM_ROLE_NONE;
	uint32_t answers = le32(in->p + 8), opcode = le32(in->p + 12);
	if (opcode == 2004 || opcode == 1)
		return le32(in->p) == in->n ? by_side(opcode == 2004 && answers == 0, opcode == 1 && answers != 0)
					    : AM_ROLE_NONE;
	if (opcode != 2013 || (le32(in->p + 16) & ~UINT32_C(0x10003)) != 0)
		return AM_ROLE_NONE;
	return answers == 0 ? AM_ROLE_CLIENT : AM_ROLE_SERVER;
}

/* X.224, 13.3 and 13.4 in a TPKT (RFC 1006, section 6): connection request 0xe0, confirm 0xd0. */
static unsigned tpkt_role(const AmRoleInput *in)
{
	if (in->n < 11 || in->p[1] != 0 || am_role_be16(in->p + 2) != in->n || in->p[4] != in->n - 5)
		return AM_ROLE_NONE;
	return by_side(in->p[5] == 0xe0, in->p[5] == 0xd0);
}

/* MS-TDS 2.2.3: PRELOGIN (0x12) and LOGIN7 (0x10) from the client, responses (0x04) from the server; on the usual port.
 */
static unsigned tds_role(const AmRoleInput *in)
{
	if (in->n < 8 || !am_role_port(in, 1433) || in->from == in->to || am_role_be16(in->p + 2) < 8)
		return AM_ROLE_NONE;
	return by_side((in->p[0] == 0x12 || in->p[0] == 0x10) && in->to == 1433, in->p[0] == 0x04 && in->from == 1433);
}

/* Oracle TNS: connect 1, accept 2, refuse 4, redirect 5, resend 11; on the usual port. */
static unsigned tns_role(const AmRoleInput *in)
{
	if (in->n < 8 || am_role_be16(in->p) != in->n || am_role_be16(in->p + 2) != 0)
		return AM_ROLE_NONE;
	uint8_t type = in->p[4];
	return by_side(type == 1 && in->to == 1521,
		       (type == 2 || type == 4 || type == 5 || type == 11) && in->from == 1521);
}

/* memcached's protocol.txt: commands in lower case; answers by the port. */
static unsigned memcached_role(const AmRoleInput *in)
{
	static const char *const asks[] = {"get ",    "gets ",   "set ",  "add ", "stats",
					   "version", "delete ", "incr ", "mg "};
	static const char *const tells[] = {"VALUE ",   "STORED", "END\r\n", "STAT ",
					    "VERSION ", "ERROR",  "HD",      "NOT_FOUND"};
	if (!am_role_port(in, 11211) || in->from == in->to)
		return AM_ROLE_NONE;
	for (size_t i = 0; i < G_N_ELEMENTS(asks); i++)
		if (in->to == 11211 && am_role_starts(in, asks[i], strlen(asks[i])))
			return AM_ROLE_CLIENT;
	for (size_t i = 0; i < G_N_ELEMENTS(tells); i++)
		if (in->from == 11211 && am_role_starts(in, tells[i], strlen(tells[i])))
			return AM_ROLE_SERVER;
	return am_role_memcached_binary(in);
}

/* CQL binary protocol, section 2: version 3 to 5, the top bit set in answers. NATS: INFO, then CONNECT, both with JSON.
 */
static unsigned cql_role(const AmRoleInput *in)
{
	if (in->n < 9 || !am_role_port(in, 9042) || in->from == in->to || (in->p[0] & 0x7f) < 3 ||
	    (in->p[0] & 0x7f) > 5)
		return AM_ROLE_NONE;
	return by_side(in->p[0] < 0x80 && in->to == 9042, in->p[0] >= 0x80 && in->from == 9042);
}

/* Messages of protocols that put their length in front when over TCP: DNS (RFC 1035, 4.2.2), Kerberos (RFC
 * 4120, 7.2.2), ONC RPC record marks (RFC 5531, 11). */
static unsigned framed_role(const AmRoleInput *in)
{
	if (am_role_port(in, 53) && in->n > 2 && am_role_be16(in->p) >= 12)
		return am_role_dns(&(AmRoleInput){in->p + 2, in->n - 2, in->from, in->to}, FALSE);
	if (in->n <= 4)
		return AM_ROLE_NONE;
	const AmRoleInput message = {in->p + 4, in->n - 4, in->from, in->to};
	if (am_role_port(in, 88) && am_role_be32(in->p) >= message.n && in->p[0] == 0)
		return am_role_kerberos(&message);
	uint32_t record = am_role_be32(in->p) & 0x7fffffff;
	if ((in->p[0] & 0x80) != 0 && record >= 24 && record >= MIN(message.n, 24) && record < (16u << 20))
		return am_role_sunrpc(&message);
	return AM_ROLE_NONE;
}

static unsigned text_role(const AmRoleInput *in)
{
	if (AM_STARTS(in, "SSH-2.0-") || AM_STARTS(in, "SSH-1.99-"))
		return AM_ROLE_SSH;
	if (AM_STARTS(in, "PRI * HTTP/2.0\r\n")) /* RFC 9113, 3.4 */
		return AM_ROLE_CLIENT | AM_ROLE_HTTP2;
	if (AM_STARTS(in, "INFO {"))
		return AM_ROLE_SERVER;
	if (AM_STARTS(in, "CONNECT {"))
		return AM_ROLE_CLIENT;
	unsigned role = am_role_http(in);
	if (role == AM_ROLE_NONE)
		role = greeting_role(in);
	if (role == AM_ROLE_NONE)
		role = command_role(in);
	if (role == AM_ROLE_NONE)
		role = am_role_sip(in);
	if (role == AM_ROLE_NONE && in->p[0] == 'R')
		role = postgresql_role(in);
	if (role == AM_ROLE_NONE && in->p[0] == 'A')
		role = amqp_role(in);
	if (role == AM_ROLE_NONE && memchr("*+-:$", in->p[0], 5) != NULL)
		role = named(redis_role(in), AM_ROLE_REDIS);
	return role != AM_ROLE_NONE ? role : memcached_role(in);
}

static unsigned binary_role(const AmRoleInput *in)
{
	static unsigned (*const recognisers[])(const AmRoleInput *) = {
		smb_role, dcerpc_role, mysql_role, postgresql_role, mongodb_role, amqp_role,
		tds_role, tns_role,    cql_role,   memcached_role,  framed_role};
	switch (in->p[0]) {
	case 0x16:
		return tls_role(in);
	case 0x30:
		return am_role_ldap_or_snmp(in);
	default:
		break;
	}
	unsigned role = AM_ROLE_NONE;
	if (in->p[0] == 3)
		role = tpkt_role(in);
	else if (in->p[0] == 0x10 || in->p[0] == 0x20)
		role = mqtt_role(in);
	for (size_t i = 0; role == AM_ROLE_NONE && i < G_N_ELEMENTS(recognisers); i++)
		role = recognisers[i](in);
	return role;
}

unsigned am_role_tcp(const AmPacket *packet, gboolean is_ssh)
{
	const AmRoleInput in = {packet->payload, packet->payload_size, packet->tuple.source_port,
				packet->tuple.destination_port};
	if (in.n < 4)
		return AM_ROLE_NONE;
	if (is_ssh && in.p[0] == 0)
		return ssh_role(&in);
	unsigned industrial = am_role_industrial(&in);
	if (industrial != AM_ROLE_NONE)
		return industrial;
	/* A first octet of text may also be a length or an id: what no text protocol claims is tried as binary. */
	unsigned role = in.p[0] >= 0x20 && in.p[0] < 0x7f ? text_role(&in) : AM_ROLE_NONE;
	return (role == AM_ROLE_NONE ? binary_role(&in) : role) & ~(unsigned)AM_ROLE_EXPECTS;
}
