/* What people declared: changes that are expected, scanners that are sanctioned, traffic that is left out, groups that are
 * cut otherwise, and what taps show. They name addresses, MACs and ports, never a derived id. */
#pragma once

#include "address.h"

#include <glib.h>

/* Who said it, when and why. `number` is that of its entry in the decision log, by which it is listed and taken back. */
typedef struct {
	int64_t number;
	int64_t at_ns;
	char *who, *why;
	gboolean withdrawn; /* and by whom, when and why */
	int64_t withdrawn_ns;
	char *withdrawn_by, *withdrawn_why;
} AmSaid;

/* X(id, name, text) */
#define AM_DECLARED_KINDS(X)                                                                                           \
	X(CHANGE, "change", "expected change")                                                                         \
	X(SCANNER, "scanner", "sanctioned scanner")                                                                    \
	X(MONITORING, "monitoring", "sanctioned monitoring")                                                           \
	X(EXCLUSION, "exclusion", "exclusion")

typedef enum {
#define X(id, name, text) AM_DECLARED_##id,
	AM_DECLARED_KINDS(X)
#undef X
		AM_N_DECLARED_KINDS,
} AmDeclaredKind;

#define AM_DECLARED_MAX_PREFIXES 1024 /* of each of the two lists */

/* What it is about: edges that have one end in `hosts` and the other in `peers`; a sanctioned one only as the client. */
typedef struct {
	AmSaid said;
	AmDeclaredKind kind;
	char *network;          /* NULL = any */
	GArray *hosts, *peers;  /* AmPrefix; no peers: any, but an exclusion's aside only those inside */
	int ip_protocol, port;  /* -1 = any; as of AmOverride */
	int64_t from_ns, to_ns; /* a change: first seen between; a sanctioned one: never seen outside; 0 = open */
	char *ticket;           /* "" for none */
} AmDeclaration;

/* What it is about in a map: addresses of its hosts, edges, of these those that it made what they are, and of these again those
 * that are essential. */
typedef struct {
	guint hosts, flows, changed, essential;
} AmDeclaredCount;

/* A machine, by what stays: its MAC where that is known, else its address. */
#define AM_MEMBER_NETWORK_SIZE 65
typedef struct {
	char network[AM_MEMBER_NETWORK_SIZE]; /* name */
	AmAddress address;
	uint8_t mac[6];
	gboolean has_mac;
} AmGroupMember;

/* X(id, name) */
#define AM_GROUP_EDITS(X)                                                                                              \
	X(MERGE,                                                                                                       \
	  "merge") /* the groups that `members` are most of become one; no group's members are left alone in it */     \
	X(SPLIT, "split") /* `members` become a group of their own */                                                  \
	X(MOVE, "move")   /* `members` go to the group that most of `anchors` are in */                                \
	X(NAME, "name")   /* the group that most of `anchors` are in is called `name` */

typedef enum {
#define X(id, name) AM_GROUP_EDIT_##id,
	AM_GROUP_EDITS(X)
#undef X
		AM_N_GROUP_EDITS,
} AmGroupEditKind;

#define AM_GROUP_EDIT_MAX_MEMBERS 65536 /* of each of the two lists */

typedef struct {
	AmSaid said;
	AmGroupEditKind kind;
	GArray *members, *anchors; /* AmGroupMember */
	char *name;                /* NULL = none given */
} AmGroupEdit;

/* What is known of taps and subnets. The newest counts, and none when that was taken back. */
typedef struct {
	AmSaid said;
	GPtrArray *subnets; /* char *: CIDRs; empty = none told */
	char *visible;      /* as --assume-visible takes it; NULL = not told */
} AmTaps;
