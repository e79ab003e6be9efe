/* Inventories: what people keep about their machines in other systems, and the leases that DHCP servers keep. Imported whole,
 * source by source; they name endpoints (addresses, MACs, names), never a derived id. */
#pragma once

#include "address.h"

#include <glib.h>

/* X(id, name) */
#define AM_INVENTORY_KINDS(X)                                                                                          \
	X(CSV, "csv")                                                                                                  \
	X(ANSIBLE, "ansible")       /* ansible-inventory --list */                                                     \
	X(KUBERNETES, "kubernetes") /* kubectl get ... -o json */                                                      \
	X(NETBOX, "netbox")         /* its REST API */                                                                 \
	X(DNSMASQ, "dnsmasq")       /* dnsmasq.leases */                                                               \
	X(KEA, "kea")               /* memfile, kea-leases4.csv and kea-leases6.csv */                                 \
	X(ISC_DHCP, "isc-dhcp")     /* dhcpd.leases */

typedef enum {
#define X(id, name) AM_INVENTORY_##id,
	AM_INVENTORY_KINDS(X)
#undef X
		AM_N_INVENTORY_KINDS,
} AmInventoryKind;

/* X(id, text): why an entry (line, host, object, lease) was not used. */
#define AM_INVENTORY_SKIPS(X)                                                                                          \
	X(SYNTAX, "not whole, or not of this format")                                                                  \
	X(NO_KEY, "with neither an address, nor a MAC, nor a name")                                                    \
	X(ADDRESS, "with an address that is none")                                                                     \
	X(MAC, "with a MAC that is none")                                                                              \
	X(NOTHING, "of which nothing is said")                                                                         \
	X(TIME, "without the time of the lease")                                                                       \
	X(SHARED, "with the address of the machine that they run on")                                                  \
	X(ENDED, "that have ended or were never given")                                                                \
	X(OTHER, "of a kind that tells nothing of machines")                                                           \
	X(FULL, "beyond the most that one import may hold")

typedef enum {
	AM_INVENTORY_USED = 0,
#define X(id, text) AM_INVENTORY_SKIP_##id,
	AM_INVENTORY_SKIPS(X)
#undef X
		AM_N_INVENTORY_SKIPS,
} AmInventorySkip;

/* The labels that mean something here; others are shown and nothing else. */
#define AM_LABEL_NAME "name"
#define AM_LABEL_OWNER "owner"
#define AM_LABEL_APPLICATION "application"
#define AM_LABEL_ENVIRONMENT "environment"
#define AM_LABEL_CRITICALITY "criticality"
#define AM_LABEL_ROLE "role"   /* what a machine is for: makes its group */
#define AM_LABEL_GROUP "group" /* the same, where there is no role */

typedef enum { AM_LABELLED_PREFIX, AM_LABELLED_MAC, AM_LABELLED_HOST } AmLabelled;

/* "Whatever has this address is called so." Strings owned, UTF-8 without control characters. */
typedef struct {
	AmLabelled of;
	AmPrefix prefix;    /* of AM_LABELLED_PREFIX; a host's is as long as its address */
	uint8_t mac[6];     /* of AM_LABELLED_MAC; of a prefix, what else must be so where it is known; zeros = none */
	char *host;         /* of AM_LABELLED_HOST: a name, in lower case */
	char *name, *value; /* name: ^[a-z0-9][a-z0-9._/-]*$ */
	int64_t from_ns, until_ns; /* 0 = open */
	uint32_t import;           /* index into AmDecisionSet.imports; in a fresh AmInventory 0 */
} AmLabel;

/* Who had an address, as a DHCP server kept it. */
typedef struct {
	AmAddress address;
	uint8_t mac[6];
	char *host;                /* in lower case; NULL = not told */
	int64_t first_ns, last_ns; /* when it was told */
	uint32_t import;
} AmLease;

/* What a reader makes of a file. */
typedef struct {
	AmInventoryKind kind;
	GArray *labels;                         /* AmLabel */
	GArray *leases;                         /* AmLease, by address and MAC, each pair once */
	GPtrArray *unused;                      /* char *: columns that were not used, in their order */
	uint64_t entries;                       /* = sum(skipped) */
	uint64_t skipped[AM_N_INVENTORY_SKIPS]; /* under AM_INVENTORY_USED those that were used */
	uint64_t contradictions;                /* labels that say otherwise than an entry before; that one counts */
} AmInventory;

/* An import. Of one source the newest counts. Strings owned. */
typedef struct {
	char *source;
	int kind;      /* AmInventoryKind; -1 = taken back */
	char *network; /* name; NULL = any */
	uint64_t n_labels, n_leases;
	char sha256[65]; /* of its labels and leases */
	char *who, *why;
	int64_t at_ns;
	int64_t log; /* the entry of the log that made it */
} AmImport;
