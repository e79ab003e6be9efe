/* What the group graph is drawn from: parties, and what one needs of another. Private to report/.
 *
 * In a real network everybody uses DNS, time and logging, and monitoring uses everybody: drawn, their arrows hide all the
 * others. A service that a party offers to many others, or uses of many, is folded into the party: it says so in its box,
 * and the arrows carry what is left. */
#pragma once

#include "digest.h"

/* A service with the l7 of its busiest edge. */
typedef struct {
	uint8_t ip_protocol;
	uint16_t port;
	guint others; /* of a party's service: how many parties are on the other side */
	uint64_t connections;
	const AmEdge *busiest;
} AmArcService;

/* All that one party needs of another, but what is folded. */
typedef struct {
	const char *client, *server;
	uint64_t connections;
	GArray *services; /* AmArcService, most connections first */
} AmArc;

typedef struct {
	const char *name;
	guint assets;          /* 0 when it is no group */
	GArray *served, *used; /* AmArcService that are folded, most others first */
} AmParty;

typedef struct {
	GPtrArray *arcs;     /* AmArc *, most connections first; those with nothing left are not among them */
	GHashTable *parties; /* name → AmParty * */
	guint all;           /* arcs, with those that have nothing left */
	guint many;          /* how many others are "many" here; 0 = nothing is folded */
	uint64_t folded;     /* connections */
} AmArcs;

AmArcs *am_arcs_new(const AmDigest *digest);
void am_arcs_free(AmArcs *arcs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmArcs, am_arcs_free)
