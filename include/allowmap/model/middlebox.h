/* Machines in the middle: what translates addresses, balances or proxies connections. Who talks through one is not the one whose
 * address its servers see. */
#pragma once

#include "address.h"

#include <glib.h>

/* X(id, name) */
#define AM_MIDDLEBOX_ROLES(X)                                                                                          \
	X(NONE, "none")                                                                                                \
	X(NAT, "nat")           /* gives others' packets its own address, or passes its own on to others */            \
	X(BALANCER, "balancer") /* spreads what it is asked over several servers */                                    \
	X(PROXY, "proxy")       /* asks others what it is asked */

typedef enum {
#define X(id, name) AM_MIDDLEBOX_##id,
	AM_MIDDLEBOX_ROLES(X)
#undef X
		AM_N_MIDDLEBOX_ROLES,
} AmMiddleboxRole;

/* Whose is the client's address of a flow? */
#define AM_CLIENT_VIEWS(X)                                                                                             \
	X(UNKNOWN, "unknown") /* nothing tells */                                                                      \
	X(REAL, "real")       /* the client's own: its frames or its lease were seen */                                \
	X(HIDDEN, "hidden")   /* a middlebox's, and who is behind it is not in the packets */

typedef enum {
#define X(id, name) AM_CLIENT_##id,
	AM_CLIENT_VIEWS(X)
#undef X
		AM_N_CLIENT_VIEWS,
} AmClientView;

/* An address of one. Sorted by endpoint, distinct. */
typedef struct {
	uint32_t endpoint;
	uint8_t role;        /* AmMiddleboxRole; NONE: only a virtual address */
	gboolean hinted;     /* a person said so; else found */
	gboolean hides;      /* what it asks others, it asks in its own name */
	gboolean is_virtual; /* an address that machines pass on to each other, not a machine's own */
	uint32_t holder;     /* endpoint: who said that it has it, or AM_NO_INDEX */
	char why[200];       /* what tells so, in words */
} AmMiddlebox;

/* A service whose connections went on as those of another one: two legs of one path. Sorted, distinct. */
typedef struct {
	uint32_t front;      /* endpoint that is asked; of addresses that are translated: the client behind */
	uint16_t front_port; /* 0: any */
	uint16_t port;       /* 0: any */
	uint32_t client;     /* endpoint that asks on; AM_NO_INDEX = the same client as in front */
	uint32_t server;     /* endpoint that is asked in the end; AM_NO_INDEX = any */
	uint64_t connections;
} AmRelay;

/* An edge in a path through a middlebox. Sorted, distinct. */
typedef struct {
	uint32_t edge, relay; /* indexes */
	uint32_t front;       /* 1: before the middlebox; 0: behind it */
} AmLeg;

/* "This address is a middlebox", or none. Strings owned. With this in place of a role it takes back what was said before. */
#define AM_MIDDLEBOX_WITHDRAWN AM_N_MIDDLEBOX_ROLES
typedef struct {
	char *network; /* name; NULL = any */
	AmAddress address;
	int role; /* AmMiddleboxRole, or AM_MIDDLEBOX_WITHDRAWN */
	char *who, *why;
	int64_t at_ns;
} AmMiddleboxHint;
