/* What the files of policy/ share: address sets as intervals, and policies split into atoms. */
#pragma once

#include "allowmap/policy.h"

/* 128 bits, so that one kind of interval serves IPv4, IPv6 and ports. */
typedef struct {
	uint64_t high, low;
} AmWide;

AmWide am_wide_of_address(const AmAddress *address);
int am_wide_compare(AmWide a, AmWide b);

/* Values low..high, inclusive, low <= high. Intervals of different zones have nothing in common. For addresses the zone is (space << 1 |
 * is IPv6), a space being a network; for services it is the IP protocol. */
typedef struct {
	uint64_t zone; /* as wide as the rest, so that there is no padding: intervals are hashed as bytes */
	AmWide low, high;
} AmInterval;

/* Sorts and joins what overlaps or touches. */
void am_intervals_normalise(GArray *intervals);
/* How many values both (or one, when `b` is NULL) have in `zone`; capped at INT64_MAX. Both normalised. */
uint64_t am_intervals_count(const GArray *a, const GArray *b, uint32_t zone);

/* The values that both have; both normalised, and so is the result. O(a log b + result). To be
 * unreferenced. */
GArray *am_intervals_intersect(const GArray *a, const GArray *b);

#define am_zone_is_ipv6(zone) (((zone)&1) != 0)

/* The networks that policies name, and all those that none names: "any" is everybody there too. */
enum { AM_SPACE_DEFAULT, AM_SPACE_OTHER };
typedef struct {
	GPtrArray *names; /* const char *, borrowed */
	GHashTable *ids;
} AmSpaces;

AmSpaces *am_spaces_new(void);
void am_spaces_free(AmSpaces *spaces);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmSpaces, am_spaces_free)
uint32_t am_spaces_add(AmSpaces *spaces, const char *name);
/* AM_SPACE_OTHER when no policy names it. */
uint32_t am_spaces_find(const AmSpaces *spaces, const char *name);

/* Groups by name, whether or not the policy is canonical. */
typedef GHashTable AmGroupIndex; /* g_hash_table_unref() */
AmGroupIndex *am_group_index_new(const AmPolicy *policy);

/* What a peer stands for, and what a service stands for, as normalised intervals. A group that does not exist has no
 * members. "any" is everybody in all of `spaces`. With `one_space` every network counts as the default one. */
GArray *am_peer_intervals(const AmPeer *peer, AmGroupIndex *groups, AmSpaces *spaces, gboolean one_space);
GArray *am_service_intervals(const AmService *service);
/* Packets of ICMP are IPv4 only, of ICMPv6 IPv6 only. */
gboolean am_protocol_fits(uint8_t ip_protocol, gboolean ipv6);
gboolean am_rule_is_active(const AmRule *rule);

/* ---- atoms.c: sets of intervals, split where any of them begins or ends (Yang and Lam, ToN 2016); atoms that lie in the
 * same sets and zone are one class. */
typedef struct {
	AmInterval interval;
	uint32_t class;
} AmAtom;

typedef struct {
	GArray *sets;    /* AmIntervalSet: GArray * of AmInterval, distinct; owned */
	GHashTable *ids; /* of sets */
	/* After am_atoms_split(): */
	GArray *atoms; /* AmAtom, ascending; parts that are in no set are left out */
	uint32_t n_classes;
	GArray *class_atom;              /* uint32_t: an atom of each class */
	GArray *class_first;             /* uint32_t, n_classes + 1: where its sets begin in class_sets */
	GArray *class_sets;              /* uint32_t, ascending inside a class */
	GArray *set_first, *set_classes; /* the same, the other way */
} AmAtoms;

void am_atoms_init(AmAtoms *atoms);
void am_atoms_clear(AmAtoms *atoms);
/* Takes `intervals` (normalised) and gives the number of the set: the same set, the same number. */
uint32_t am_atoms_add(AmAtoms *atoms, GArray *intervals);
void am_atoms_split(AmAtoms *atoms);
/* The class that holds this value, or AM_NO_INDEX. O(log n). */
uint32_t am_atoms_find(const AmAtoms *atoms, uint32_t zone, AmWide value);

/* A run of numbers in one of the arrays above. */
typedef struct {
	const uint32_t *at;
	uint32_t n;
} AmSlice;
AmSlice am_slice(const GArray *first, const GArray *values, uint32_t index);
gboolean am_slice_has(AmSlice slice, uint32_t value); /* ascending; O(log n) */

/* ---- compiled.c: the active rules of one policy, or of several side by side. */
typedef struct {
	const AmRule *rule;
	uint32_t index;             /* in its policy's rules */
	uint32_t side;              /* which policy */
	uint32_t from, to, service; /* sets */
} AmCompiledRule;

typedef struct {
	AmSpaces *spaces;
	GArray *rules; /* AmCompiledRule */
	AmAtoms from, to, service;
	GArray *from_first, *from_rules; /* the rules of each from set */
	GArray *service_protocol;        /* int32_t: the protocol of each service set */
} AmCompiled;

/* The policies are borrowed as long as the result is used. */
AmCompiled *am_compiled_new(const AmPolicy *const *policies, guint n_policies, gboolean one_space);
void am_compiled_free(AmCompiled *compiled);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmCompiled, am_compiled_free)

/* ---- needed.c */
gboolean am_edge_needs_rule(const AmMap *map, const AmEdge *edge);

/* ---- visible.c: sets `visible` and `missing_taps`. */
void am_policy_add_visible(AmPolicy *policy, const AmMap *map, const AmVisibility *visibility);
/* Each scope in one way only; the order does not hang on the run. */
void am_scopes_canonicalise(GPtrArray *scopes);
/* Those of one network. */
GPtrArray *am_scopes_of_network(const GPtrArray *scopes, const char *network);

/* ---- pools.c */
/* `prefix` without `holes` (AmPrefix, disjoint), as few prefixes as that takes, added to the array of AmPrefix. */
void am_prefix_add_without(GArray *to, AmPrefix prefix, const AmPrefix *holes, guint n_holes);
/* By endpoint: it sent something, or is needed all the same (a collector of datagrams need not say a word). To be freed. */
uint8_t *am_known_endpoints(const AmMap *map);
/* Adds the pools (AmPrefix) of the group in the network, without the endpoints `lacks` (uint32_t, ascending; may be NULL). */
void am_pools_add(const AmMap *map, const uint8_t *known, uint32_t network, uint32_t group, const GArray *lacks,
		  GArray *members);
/* The addresses that are known to be somebody's: AmInterval, normalised. To be unreferenced. */
GArray *am_known_intervals(const AmMap *map, const AmSpaces *spaces);

/* ---- evidence.c */
GArray *am_l7_counts_new(void); /* of a rule: how often which l7 was seen. To be unreferenced */
void am_rule_evidence_add(AmRuleEvidence *evidence, GArray *counts, const AmEdge *edge);
/* At the end: the most frequent one. */
void am_rule_evidence_set_l7(AmRuleEvidence *evidence, const GArray *counts);

/* ---- judged.c */
/* A service between two units of rules: what one tuple of groups would permit. */
typedef struct {
	uint64_t client, server; /* a group in a network, or an endpoint */
	uint64_t service;
} AmArea;
AmArea am_area_of(const AmMap *map, const AmEdge *edge);
int am_area_compare(gconstpointer a, gconstpointer b);

enum { AM_APART_CLIENT = 1, AM_APART_SERVER = 2, AM_APART_BOTH = 3 };
/* How an edge is permitted. */
typedef struct {
	uint8_t ends;     /* AM_APART_*: by their address */
	uint32_t part[2]; /* of the client's and the server's group: 0 = all of it */
} AmApart;

/* Of edges (indexes into the map's) that share their area with judged ones. Adds to `parts` for each part, from 1, which members it
 * lacks: GArray of uint32_t, endpoints, ascending. */
void am_part_judged(const AmMap *map, const GArray *edges, AmApart *apart, GPtrArray *parts);
gboolean am_part_lacks(const GPtrArray *parts, uint32_t part, uint32_t endpoint);

/* ---- apart.c */
/* By position in `edges` (indexes into the map's). To be freed. */
AmApart *am_edges_apart(const AmMap *map, const GArray *edges, AmGranularity granularity, GPtrArray *parts);
const AmEndpoint *am_map_endpoint(const AmMap *map, uint32_t index);
uint32_t am_map_group_of(const AmMap *map, uint32_t endpoint);  /* or AM_NO_INDEX */
const char *am_map_network(const AmMap *map, uint32_t network); /* NULL = the default one */
/* Protocols with ports or types keep their port; for the others it is 0. */
uint16_t am_service_port(uint8_t ip_protocol, uint16_t port);

/* "client -> server tcp/443 in network NAME", for messages; NULL = the default network, which is not told. */
char *am_tuple_text(const AmAddress *client, const AmAddress *server, uint8_t ip_protocol, uint16_t port,
		    const char *network);

/* ---- contract.c: tuples (from, to, service) become as few products of sets as equal rows and columns allow. */
typedef struct {
	uint32_t from, to, service;
	uint64_t class
		; /* tuples of different classes never share a product: the protocol in the lowest octet, what announced
	                   the port in the next, and above, who is sanctioned, and between which applications and owners it is */
} AmGrant;

/* Distinct sets of numbers. Those with an id below n_singletons are {id}. */
typedef struct {
	uint32_t n_singletons;
	GArray *first,
		*members; /* uint32_t: where the members of set n_singletons + i begin, and the members, ascending */
	uint32_t *slots;  /* open addressing: ids of sets, AM_NO_INDEX = free */
	uint32_t n_slots; /* a power of two */
} AmNumberSets;

typedef struct {
	AmNumberSets sets[3];  /* of from, to, service */
	GArray *products;      /* AmGrant of set ids */
	GArray *tuple_product; /* uint32_t: for each tuple, the product that holds it */
} AmContraction;

/* Exact: the products are disjoint and hold the tuples and nothing else. `tuples` must be distinct. */
AmContraction *am_contract(const GArray *tuples, uint32_t n_from, uint32_t n_to, uint32_t n_service);
void am_contraction_free(AmContraction *contraction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmContraction, am_contraction_free)
/* The numbers of a set. A singleton is written to *storage, which must live as long as the slice. */
/* For g_array_sort() of uint32_t. */
int am_numbers_compare(gconstpointer a, gconstpointer b);
void am_numbers_unique(GArray *numbers); /* ascending, each once */
AmSlice am_number_set(const AmNumberSets *sets, uint32_t id, uint32_t *storage);
