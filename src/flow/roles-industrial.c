/* Roles in the protocols of plants: controllers and what reads them. Their connections last for weeks, so that a capture hardly
 * ever shows one being opened; and their ports are often all that tells the sides apart. Fed by the dispatchers of roles-tcp.c
 * and roles-udp.c, by port: a few octets of these headers prove little anywhere else. */
#include "config.h"

#include "roles.h"

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static uint16_t cursor_le16(AmCursor *cursor)
{
	uint8_t low = am_cursor_u8(cursor);
	return (uint16_t)(am_cursor_u8(cursor) << 8 | low);
}

static unsigned by_side(gboolean is_client, gboolean is_server)
{
	return is_client ? AM_ROLE_CLIENT : is_server ? AM_ROLE_SERVER : AM_ROLE_NONE;
}

/* Modbus application protocol 1.1b3, section 6, behind the header of Modbus/TCP 1.0b, 3.1.3. Requests and responses have the
 * same header; of the functions that read or write many, their lengths differ. Those that write one are echoed. */
static unsigned modbus_role(const AmRoleInput *in)
{
	if (in->n < 9 || am_role_be16(in->p + 2) != 0)
		return AM_ROLE_NONE;
	size_t size = am_role_be16(in->p + 4); /* with unit and function */
	if (size < 3 || size > 254 || in->n < 6 + size)
		return AM_ROLE_NONE;
	uint8_t function = in->p[7];
	size_t data = size - 2;
	switch (function) {
	case 1: /* coils, inputs: 3 octets of them look like a request from address 0x3.. on */
	case 2:
		return in->p[8] == 3 && data == 4 ? AM_ROLE_NONE : by_side(data == 4, in->p[8] == data - 1);
	case 3: /* registers, of two octets each */
	case 4:
		return by_side(data == 4, in->p[8] == data - 1);
	case 15:
	case 16:
		return by_side(data > 5 && in->p[12] == data - 5, data == 4);
	default:
		return (function & 0x80) != 0 && data == 1 ? AM_ROLE_SERVER : AM_ROLE_NONE;
	}
}

/* The CIP specification, volume 2, 2-3 and 2-6: little endian; a service code with its high bit set is a response. */
static unsigned cip_role(const AmRoleInput *in)
{
	AmCursor cursor = am_cursor(in->p, in->n);
	am_cursor_skip(&cursor, 24 + 6);
	unsigned n_items = cursor_le16(&cursor);
	for (unsigned item = 0; item < MIN(n_items, 4); item++) {
		uint16_t type = cursor_le16(&cursor);
		uint16_t size = cursor_le16(&cursor);
		if (type == 0xb1 || type == 0xb2) {
			am_cursor_skip(&cursor, type == 0xb1 ? 2 : 0); /* a sequence number, when connected */
			uint8_t service = am_cursor_u8(&cursor);
			gboolean is_whole = cursor.ok && size >= 2 && service != 0;
			return by_side(is_whole && (service & 0x80) == 0, is_whole && (service & 0x80) != 0);
		}
		am_cursor_skip(&cursor, size);
	}
	return AM_ROLE_NONE;
}

static unsigned ethernet_ip_role(const AmRoleInput *in)
{
	if (in->n < 24 || in->n < 24u + le16(in->p + 2))
		return AM_ROLE_NONE;
	uint16_t size = le16(in->p + 2);
	uint32_t session = am_role_be32(in->p + 4), status = am_role_be32(in->p + 8);
	switch (le16(in->p)) {
	case 0x04: /* lists of services, identities, interfaces: requests are empty */
	case 0x63:
	case 0x64:
		return by_side(size == 0 && status == 0, size > 0);
	case 0x65: /* the session's number comes with the answer */
		return size == 4 ? by_side(session == 0 && status == 0, TRUE) : AM_ROLE_NONE;
	case 0x6f:
	case 0x70:
		return status == 0 ? cip_role(in) : AM_ROLE_SERVER;
	default:
		return AM_ROLE_NONE;
	}
}

/* IEEE 1815, 9.2.4.1.3: the direction bit is set in what comes from the master. */
static unsigned dnp3_role(const AmRoleInput *in)
{
	if (in->n < 10 || in->p[0] != 0x05 || in->p[1] != 0x64 || in->p[2] < 5)
		return AM_ROLE_NONE;
	return (in->p[3] & 0x80) != 0 ? AM_ROLE_CLIENT : AM_ROLE_SERVER;
}

/* IEC 60870-5-104, 5.1 (starting and stopping), and -5-101, 7.2.1 and 7.2.3 (types and causes): measurements come from the
 * controlled station, which listens; commands are activated by the other one. */
static unsigned iec104_role(const AmRoleInput *in)
{
	if (in->n < 6 || in->p[0] != 0x68 || in->p[1] < 4 || in->n < 2u + in->p[1])
		return AM_ROLE_NONE;
	uint8_t control = in->p[2];
	if ((control & 3) == 3)
		return by_side(control == 0x07 || control == 0x13, control == 0x0b || control == 0x23);
	if ((control & 1) != 0 || in->p[1] < 10)
		return AM_ROLE_NONE;
	uint8_t type = in->p[6], cause = in->p[8] & 0x3f;
	if (type >= 1 && type <= 40)
		return AM_ROLE_SERVER;
	gboolean is_command = (type >= 45 && type <= 69) || (type >= 100 && type <= 107);
	return by_side(is_command && (cause == 6 || cause == 8),
		       is_command && (cause == 7 || cause == 9 || cause == 10));
}

/* S7comm in a COTP data unit (RFC 1006, section 6): jobs come from the client, acknowledgements with data from the server. */
static unsigned s7_role(const AmRoleInput *in)
{
	if (in->n < 17 || in->p[0] != 3 || am_role_be16(in->p + 2) > in->n || in->p[4] != 2 || in->p[5] != 0xf0 ||
	    in->p[7] != 0x32)
		return AM_ROLE_NONE;
	return by_side(in->p[8] == 1, in->p[8] == 2 || in->p[8] == 3);
}

/* ANSI/ASHRAE 135, J.2 (BVLC), 6.2 (NPDU), 20.1.2 (PDU types). Both ends use the service's port. */
unsigned am_role_bacnet(const AmRoleInput *in)
{
	if (in->n < 8 || in->p[0] != 0x81 || am_role_be16(in->p + 2) != in->n)
		return AM_ROLE_NONE;
	AmCursor cursor = am_cursor(in->p + 4, in->n - 4);
	if (in->p[1] == 0x04)
		am_cursor_skip(&cursor, 6); /* forwarded: who sent it first */
	else if (in->p[1] != 0x0a && in->p[1] != 0x0b)
		return AM_ROLE_NONE;
	uint8_t version = am_cursor_u8(&cursor);
	uint8_t control = am_cursor_u8(&cursor);
	if (version != 1 || (control & 0x80) != 0)
		return AM_ROLE_NONE;
	for (uint8_t bit = 0x20; bit != 0; bit = bit == 0x20 ? 0x08 : 0) { /* destination, source */
		if ((control & bit) == 0)
			continue;
		am_cursor_skip(&cursor, 2);
		am_cursor_skip(&cursor, am_cursor_u8(&cursor));
	}
	if ((control & 0x20) != 0)
		am_cursor_skip(&cursor, 1);
	uint8_t type = am_cursor_u8(&cursor) >> 4;
	if (!cursor.ok)
		return AM_ROLE_NONE;
	return type == 0 ? AM_ROLE_CLIENT | AM_ROLE_EXPECTS
			 : by_side(FALSE, type == 2 || type == 3 || type == 5 || type == 6);
}

unsigned am_role_industrial(const AmRoleInput *in)
{
	static const struct {
		uint16_t port;
		unsigned (*recogniser)(const AmRoleInput *);
	} table[] = {
		{102, s7_role}, {502, modbus_role}, {2404, iec104_role}, {20000, dnp3_role}, {44818, ethernet_ip_role}};
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		if (!am_role_port(in, table[i].port))
			continue;
		unsigned role = table[i].recogniser(in);
		uint16_t side = role == AM_ROLE_CLIENT ? in->to : in->from;
		return side == table[i].port ? role : AM_ROLE_NONE;
	}
	return AM_ROLE_NONE;
}
