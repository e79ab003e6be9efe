/* What the two halves of visibility share. Private to map/. */
#pragma once

#include "allowmap/map.h"

/* Words both ways, or a connection that was opened and closed in order. */
static inline gboolean am_edge_is_answered(const AmEdge *edge)
{
	return edge->counts.packets[0] > 0 && edge->counts.packets[1] > 0 && edge->outcomes[AM_OUTCOME_ACCEPTED] > 0;
}

/* The service of a subnet that hosts of the most other subnets need. */
typedef struct {
	uint32_t edge;  /* one of its edges */
	uint32_t users; /* subnets; 0 = there is none that counts */
} AmCommon;

typedef struct {
	const AmMap *map;
	const uint32_t *subnet_of; /* by endpoint: its subnet, AM_NO_INDEX = in none, or outside */
	AmVisibility *seen;
	uint8_t *explained; /* by endpoint: a balancer's address, and what it hands on is seen */
	AmCommon *common;   /* by subnet */
} AmSight;

static inline AmSubnet *am_sight_subnet(const AmSight *sight, uint32_t n)
{
	return &g_array_index(sight->seen->subnets, AmSubnet, n);
}

/* Is there such a pair? `at` is a place in the subnet's row; each pair is told by its first subnet, with `first_only`. */
gboolean am_sight_has_pair(const AmSight *sight, uint32_t subnet, uint32_t at, gboolean first_only);

/* The pair that an edge is of, as an index, or AM_NO_INDEX; pairs with the outside are left out. O(log pairs) */
uint32_t am_sight_find_pair(const AmSight *sight, const AmEdge *edge);

/* Of two subnets of one block. O(log pairs) */
AmVisibilityClass am_sight_class(const AmSight *sight, uint32_t a, uint32_t b);

/* visibility-balanced.c: by edge, is it what a balancer hands on? g_free() */
uint8_t *am_sight_find_balanced(const AmSight *sight);
/* visibility-fronts.c: attempts show a pair, too; but nothing does if what is needed may be handed on over one that is not seen. */
void am_sight_weigh_fronts(AmSight *sight);
/* visibility-taps.c: sets `common`; takes pairs for one-way of which only what a balancer may hand on was seen. */
void am_sight_find_common(AmSight *sight);
/* visibility-taps.c: sets `unseen`, `taps` and `n_expected`. */
void am_sight_find_taps(AmSight *sight);
