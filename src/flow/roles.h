/* Who of the two is the client, read from the first payloads: what only a client, or only a server, sends. Private to
 * flow/. Independent of nDPI, which names protocols but not roles.
 *
 * A wrong role is worse than none, so a recogniser claims only what the octets prove, with a well-known port where
 * octets alone could mean something else. Protocols whose ends are equal (BGP, NTP peers, ICE, IKE) give none.
 *
 * To add one: a function in roles-tcp.c, roles-udp.c or roles-industrial.c with its RFC section, its line in the dispatcher there, a
 * request, a response and a near miss in tests/unit/test-roles.c. */
#pragma once

#include <allowmap/base.h>
#include <allowmap/model/packet.h>

#include <string.h>

enum {
	AM_ROLE_NONE = 0,
	AM_ROLE_CLIENT = 1 << 0,  /* the sender is the client */
	AM_ROLE_SERVER = 1 << 1,  /* the sender is the server */
	AM_ROLE_EXPECTS = 1 << 2, /* with CLIENT, datagrams: an answer on the same tuple is expected */
	AM_ROLE_SSH = 1 << 3,     /* an SSH banner; says nothing about the side */
	/* With CLIENT or SERVER: the octets name a protocol that nDPI (4.2) only guesses by its port. */
	AM_ROLE_POSTGRESQL = 1 << 4,
	AM_ROLE_REDIS = 1 << 5,
	AM_ROLE_HTTP2 = 1 << 6,
	AM_ROLE_COMMUNITY = 1 << 7, /* SNMP with a community in the clear */
	AM_ROLE_NAMES = AM_ROLE_POSTGRESQL | AM_ROLE_REDIS | AM_ROLE_HTTP2,
};

/* How many payload packets of each side are looked at. */
#define AM_ROLE_PACKETS 4

/* Bits above for one packet with payload. `is_ssh`: AM_ROLE_SSH came up earlier in the connection. */
unsigned am_role_tcp(const AmPacket *packet, gboolean is_ssh);
unsigned am_role_udp(const AmPacket *packet);

/* A request of HTTP that logs in by Basic (RFC 7617): whoever sees it has the password. Asked of every packet, so it looks at four
 * octets of nearly all. */
gboolean am_role_is_login(const AmPacket *packet);

/* ---- shared by the files */
typedef struct {
	const uint8_t *p;
	size_t n;
	uint16_t from, to; /* ports */
} AmRoleInput;

static inline gboolean am_role_starts(const AmRoleInput *in, const char *text, size_t size)
{
	return in->n >= size && memcmp(in->p, text, size) == 0;
}
#define AM_STARTS(in, text) am_role_starts((in), (text), sizeof(text) - 1)

static inline uint16_t am_role_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t am_role_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Either port is `port`. */
static inline gboolean am_role_port(const AmRoleInput *in, uint16_t port)
{
	return in->from == port || in->to == port;
}

unsigned am_role_http(const AmRoleInput *in);
unsigned am_role_sip(const AmRoleInput *in);
unsigned am_role_dns(const AmRoleInput *in, gboolean to_group);
unsigned am_role_kerberos(const AmRoleInput *in);
unsigned am_role_ldap_or_snmp(const AmRoleInput *in);
unsigned am_role_sunrpc(const AmRoleInput *in);
unsigned am_role_stun(const AmRoleInput *in);
unsigned am_role_memcached_binary(const AmRoleInput *in);
unsigned am_role_industrial(const AmRoleInput *in); /* over TCP, on its usual port */
unsigned am_role_bacnet(const AmRoleInput *in);
