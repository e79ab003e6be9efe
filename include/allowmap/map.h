/* map/: who really talks to whom, and which of it is needed. Pure: values in, values out; no files, clock, network, SQL,
 * JSON, threads. Same input in any order of tallies, same map, byte for byte.
 *
 * in: all tallies, observations, networks, decisions, options. out: an AmMap. Cost O(n log n) in tallies. */
#pragma once

#include "base.h"
#include "model/decision.h"
#include "model/map.h"
#include "model/observation.h"
#include "model/relayed.h"
#include "model/tally.h"
#include "model/visibility.h"

typedef struct {
	GArray *inside; /* AmPrefix: what is inside; NULL = RFC 1918, RFC 4193, RFC 6598 and link-local; and, when none
	                          of these occurs in the tallies, everything */
	double group_cut; /* 0 = the default (ALGORITHMS §3): average-link IDF-Jaccard distance under which classes merge */
	const GArray *listed;  /* AmListedListener: what hosts and scans tell of listeners; NULL = nothing */
	const GArray *relayed; /* AmRelayed: what was handed on, by am_facts_relayed(); NULL = not known. Borrowed */
} AmMapOptions;

/* Takes nothing; `tallies` (AmTally), `observations` (AmObservation, by am_observation_compare(); may be NULL), `networks` (char *)
 * and `decisions` (may be NULL) are borrowed during the call. */
AmMap *am_map_build(const GArray *tallies, const GArray *observations, const GPtrArray *networks,
		    const AmDecisionSet *decisions, const AmMapOptions *options);
void am_map_free(AmMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmMap, am_map_free)

/* Who is the client of one connection, with what the map has learned: 0 = lo, 1 = hi. Sets the level. */
int am_map_client_of(const AmMap *map, const AmConnection *connection, AmDirection *ret_level);

/* Index of the endpoint, or AM_NO_INDEX. O(log n). */
uint32_t am_map_find_endpoint(const AmMap *map, uint32_t network, const AmAddress *address);
/* Index of the edge, or AM_NO_INDEX. O(log n). */
uint32_t am_map_find_edge(const AmMap *map, uint32_t client_endpoint, uint32_t server_endpoint, uint8_t ip_protocol,
			  uint16_t port);
/* How many edges a decision is about, whether or not a newer one goes before it. O(edges). */
guint am_map_count_matching(const AmMap *map, const AmOverride *override);
/* How many of these have the verdict that a person set. O(edges). */
guint am_map_count_decided(const AmMap *map, const AmOverride *override);
/* How many of the decisions so far (AmOverride, oldest first) a withdrawal would take back, in whole or in part; those that
 * are taken back already are not counted. */
guint am_map_count_withdrawn(const GArray *overrides, const AmOverride *withdrawal);
/* What a declaration is about, in force or not. O(edges + endpoints). */
AmDeclaredCount am_map_count_declared(const AmMap *map, const AmDeclaration *declaration);
/* AmPrefix, minimised: where addresses that count as outside speak to groups of link scope, and so are neighbours; of IPv6 their
 * /64, of IPv4 they alone. To be unreferenced. */
GArray *am_map_on_link(const AmMap *map);
/* What the captures show of the pairs of inside subnets, by the edges of `map`. A subnet is the longest of `subnets` that holds
 * the address, else its /24 (IPv4) or /64 (IPv6): one that is wider than the network's own may hide that half of it was never
 * seen. Link-local and multicast addresses are in none. O(edges log edges + pairs of subnets). */
typedef struct {
	const GArray *subnets; /* AmPrefix: the network's own; NULL = none told */
	const GArray *
		visible; /* AmPrefix: all traffic of the subnets in these passes a tap: where none was seen, there is none */
	gboolean outside_visible; /* the same of the links to the outside */
} AmVisibilityOptions;
AmVisibility *am_map_visibility(const AmMap *map, const AmVisibilityOptions *options);

/* What stands for and against it, as lines of text for `explain flow`. g_free() */
char *am_map_explain_edge(const AmMap *map, const AmDecisionSet *decisions, uint32_t edge);
