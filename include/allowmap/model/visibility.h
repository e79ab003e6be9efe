/* Visibility: which pairs of inside subnets the captures show, and so where nothing seen means nothing there. Derived from the
 * map, never stored. */
#pragma once

#include "address.h"

#include <glib.h>

typedef enum {
	AM_VISIBILITY_NONE, /* not one packet: they are silent, or no tap sees them; it cannot be told */
	AM_VISIBILITY_ONE_WAY, /* packets, but no answer that shows the way which all that is needed between the two takes */
	AM_VISIBILITY_BOTH,     /* both directions of it */
	AM_VISIBILITY_DECLARED, /* not one packet, and somebody knows that a tap would have shown it */
	AM_N_VISIBILITIES,
} AmVisibilityClass;

#define AM_SUBNET_OUTSIDE                                                                                              \
	UINT32_MAX /* in place of a subnet: all that is not inside, of the same network and IP version */

/* An inside subnet with hosts that were seen, or one that was told. Sorted by (network, prefix). Its pairs are those with the subnets of its block
 * (same network and IP version), with itself unless it is `alone`, and with the outside. */
typedef struct {
	uint32_t network;
	AmPrefix prefix;
	uint32_t block_first, block_end; /* a run of AmVisibility.subnets */
	uint32_t hosts, half_seen;
	gboolean alone;    /* one host, which talks to nobody beside it */
	gboolean declared; /* somebody said that all of its traffic passes a tap */
	uint32_t pairs[AM_N_VISIBILITIES];
} AmSubnet;

typedef struct {
	uint32_t a, b; /* subnets, a <= b; b may be AM_SUBNET_OUTSIDE */
	uint8_t class; /* AmVisibilityClass */
	uint32_t edges;
	gboolean attempts; /* refusals and silent connections: both directions, but nothing said */
	gboolean fronted;  /* one-way, as a balancer may hand on what is needed over a pair that is not seen */
	gboolean balanced; /* what was answered is, or may be, what a balancer hands on: its own link shows it */
	uint64_t connections, packets[2]; /* from a, from b */
	int64_t first_ns, last_ns;
	/* Of a pair without packets, or without any other: a service on the one side that so many other subnets use; edge of the
	 * map, 0 = none. */
	uint32_t expected_edge, expected_by;
} AmSubnetPair;

/* A host of which the mirror shows one direction only. */
typedef struct {
	uint32_t endpoint, subnet;
	gboolean lacks_sent; /* what it sends is missing; else what it receives */
	uint32_t edges;      /* that show it */
} AmHalfSeen;

/* A place to mirror: it would show so many pairs without packets that none before it in the list does. */
typedef struct {
	uint32_t subnet;          /* or AM_SUBNET_OUTSIDE: the link to the outside */
	uint32_t pairs, expected; /* `expected`: of these, those that miss a service that others use */
} AmTap;

typedef struct {
	GArray *subnets;               /* AmSubnet */
	GArray *pairs;                 /* AmSubnetPair with packets, sorted by (a, b) */
	GArray *row_first, *row_pairs; /* uint32_t: each subnet's pairs with packets, as indexes of `pairs` */
	GArray *unseen;                /* AmSubnetPair without packets, expected ones first; at most AM_UNSEEN_LISTED */
	GArray *half_seen;             /* AmHalfSeen, by endpoint */
	GArray *taps;                  /* AmTap, the greatest first */
	uint64_t n_pairs[AM_N_VISIBILITIES]; /* all of them, also those that are not listed */
	uint64_t n_within;                   /* of those without packets: subnets with themselves */
	uint64_t n_expected;                 /* of those without packets */
	gboolean has_outside;                /* FALSE: it is not known what is inside, and all counts as that */
	gboolean outside_declared;
} AmVisibility;

#define AM_UNSEEN_LISTED 10000
