/* Related: a connection to an endpoint that another connection of the same two hosts, its control connection, announced. */
#pragma once

#include <stdint.h>

/* X(id, name). By the protocol of the control connection. Stored as numbers; new ones go at the end, the last one fits three
 * bits. */
#define AM_RELATED_KINDS(X)                                                                                            \
	X(NONE, "")                                                                                                    \
	X(FTP, "ftp")                                                                                                  \
	X(TFTP, "tftp")                                                                                                \
	X(MSRPC, "msrpc")                                                                                              \
	X(SUNRPC, "sunrpc")                                                                                            \
	X(SIP, "sip")

typedef enum {
#define X(id, name) AM_RELATED_##id,
	AM_RELATED_KINDS(X)
#undef X
		AM_N_RELATED_KINDS,
} AmRelatedKind;

/* The control connection's service in one number, 0 = related to nothing: kind << 25 | server << 24 | IP protocol << 16 |
 * port. `server`: the endpoint that offers it, 0 = lo, 1 = hi. */
typedef uint32_t AmRelated;

static inline AmRelated am_related(AmRelatedKind kind, int server, uint8_t ip_protocol, uint16_t port)
{
	return (AmRelated)kind << 25 | (AmRelated)(server != 0) << 24 | (AmRelated)ip_protocol << 16 | port;
}
static inline AmRelatedKind am_related_kind(AmRelated related)
{
	return (AmRelatedKind)(related >> 25);
}
static inline int am_related_server(AmRelated related)
{
	return related >> 24 & 1;
}
static inline uint8_t am_related_protocol(AmRelated related)
{
	return (uint8_t)(related >> 16);
}
/* Its ports are given out for one transfer each. Those of RPC services stay as long as the service runs. */
static inline int am_related_is_passing(AmRelatedKind kind)
{
	return kind == AM_RELATED_FTP || kind == AM_RELATED_TFTP || kind == AM_RELATED_SIP;
}
static inline uint16_t am_related_port(AmRelated related)
{
	return (uint16_t)related;
}
