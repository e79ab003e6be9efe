/* What a middlebox handed on: how often connections of one service went on as connections of another, by times, ports and
 * volumes. A fact: what it means is the map's to weigh. */
#pragma once

#include "address.h"

#include <stddef.h>

/* Stored as numbers. */
typedef enum {
	AM_RELAYED_SERVER_CHANGED =
		1, /* the same client and client port at another server: a balancer, a forwarded port */
	AM_RELAYED_CLIENT_CHANGED = 2, /* the same packets to the same server from another address: translation */
	AM_RELAYED_BOTH_CHANGED = 3, /* a connection of its own, with the same words: a proxy, a balancer that is one */
} AmRelayedKind;

/* Its first members are a key without padding, compared and hashed as octets. What is not told is zero. */
typedef struct {
	uint32_t network;
	uint16_t front_port, port; /* of the servers; CLIENT_CHANGED: 0 */
	AmAddress front;           /* the server that was asked; CLIENT_CHANGED: the client as it was */
	AmAddress client;          /* of what it went on as; SERVER_CHANGED: zero */
	AmAddress server; /* of what it went on as; CLIENT_CHANGED, and where `front` is the client as well: zero */
	uint8_t kind;     /* AmRelayedKind */
	uint8_t zero[4];
	uint64_t connections; /* that were alike, the front one first */
	uint64_t turned;      /* that were alike, the front one last: as often as chance makes it */
} AmRelayed;
#define AM_RELAYED_KEY_SIZE 64
_Static_assert(offsetof(AmRelayed, connections) == AM_RELAYED_KEY_SIZE, "keys are compared as octets");
