/* The map: what is derived from tallies and decisions. Computed whole, replaceable, never stored as truth. */
#pragma once

#include "coverage.h"
#include "listener.h"
#include "middlebox.h"
#include "observation.h"
#include "schedule.h"
#include "tally.h"
#include "verdict.h"

#include <glib.h>

/* Indexes are into the arrays of the AmMap; AM_NO_INDEX where there is none. */
#define AM_NO_INDEX UINT32_MAX

typedef struct {
	uint32_t network;
	AmAddress address;
	uint32_t asset; /* index */
	uint32_t next;  /* the asset's next endpoint, or AM_NO_INDEX */
} AmEndpoint;

/* A name that an asset goes by, as somebody told it. */
typedef struct {
	uint8_t kind; /* AmObservedKind */
	char value[AM_OBSERVED_SIZE];
	int64_t first_ns, last_ns;
	uint64_t count;  /* times that it was told */
	gboolean shared; /* other assets go by it, too: a service's name, not a machine's */
} AmAssetName;

/* What an inventory says of an asset. Strings owned. */
typedef struct {
	char *name, *value;
	char *source;       /* the import that says so */
	gboolean overruled; /* another source says otherwise, and counts */
} AmAssetLabel;

/* X(id, name). Of two kinds that a machine shows, the earlier one is told. */
#define AM_ASSET_KINDS(X)                                                                                              \
	X(UNKNOWN, "unknown")                                                                                          \
	X(PRINTER, "printer")                                                                                          \
	X(IOT, "iot-ot") /* of the Internet of things, or operational technology: controllers, sensors, cameras */     \
	X(HYPERVISOR, "hypervisor")                                                                                    \
	X(NETWORK, "network-device")                                                                                   \
	X(SERVER, "server")                                                                                            \
	X(WORKSTATION, "workstation")

typedef enum {
#define X(id, name) AM_ASSET_##id,
	AM_ASSET_KINDS(X)
#undef X
		AM_N_ASSET_KINDS,
} AmAssetKind;

#define AM_VENDOR_SIZE 24 /* with the NUL; ASCII */
#define AM_KIND_WHY_SIZE 96

/* A machine. Sorted by its first endpoint. */
typedef struct {
	uint32_t first_endpoint, n_endpoints; /* linked by AmEndpoint.next, in the order of their addresses */
	uint32_t first_name, n_names;         /* a run of AmMap.names; the first one is what it is called */
	uint32_t first_label, n_labels;       /* a run of AmMap.labels, by name, what counts before what is overruled */
	uint8_t mac[6];                       /* its own, not a router's */
	gboolean has_mac;
	char vendor[AM_VENDOR_SIZE]; /* of that MAC, by the IEEE's list; "" = unknown */
	AmAssetKind kind;
	char kind_why[AM_KIND_WHY_SIZE]; /* what tells so, in words; "" when unknown */
	uint32_t group;                  /* index, or AM_NO_INDEX (outside, multicast, never in an essential edge) */
	int64_t first_ns, last_ns;
	gboolean inside; /* any of its addresses is in one of the --inside prefixes */
	gboolean scanner;
} AmAsset;

/* An address that was only seen in ARP. Sorted by (network, address). */
typedef struct {
	uint32_t network;
	AmAddress address;
	uint8_t mac[6]; /* the last one */
	int64_t first_ns, last_ns;
} AmNeighbour;

/* A service that somebody offers: it answered, or datagrams keep being sent to it. Sorted by (endpoint, protocol, port). */
typedef struct {
	uint32_t endpoint;
	uint8_t ip_protocol;
	uint16_t port;
	uint32_t clients; /* distinct client endpoints, all verdicts */
	uint32_t needed;  /* of these, essential ones */
	uint64_t outcomes[AM_N_OUTCOMES];
	AmTallyL7 l7;          /* the most frequent; connections 0 = none */
	AmDirection direction; /* what proves that it is the server: the best level of its edges */
	gboolean idle;         /* no essential client */
	int64_t first_ns, last_ns;
	/* First and last time of a day on which it answered; 0 = never, as a log collector. */
	int64_t opened_ns, answered_ns;
	int64_t closed_ns;             /* first refusal on a day after the last on which it answered; 0 = open */
	uint32_t sources;              /* bits 1u << AmListenerSource */
	uint32_t flags;                /* bits 1u << AmListenerFlag */
	char program[AM_PROGRAM_SIZE]; /* as its host or a scan tells; "" = not told */
} AmListener;

/* A listener that hosts or scans tell of, and that nobody was seen to use. Sorted by (network, address, protocol, port). */
typedef struct {
	AmListedListener listed; /* of two sources the host's, with the times of both */
	uint32_t endpoint;       /* AM_NO_INDEX: no packet of that address was seen */
	uint32_t sources;
	uint32_t flags;
} AmUnusedListener;

/* Who talks to whom: (client endpoint, server endpoint, protocol, port). Sorted by (network, client address, server
 * address, protocol, port). Index 0 of `counts` is client→server. */
typedef struct {
	uint32_t client, server; /* endpoints */
	uint8_t ip_protocol;
	uint16_t port; /* server port; ICMP: type << 8 | code; else 0 */
	AmVerdict verdict;
	AmDirection direction; /* the best level that any of its connections has */
	uint32_t reasons;      /* bits 1u << AmReason */
	uint64_t connections;
	AmCounts counts;
	uint64_t outcomes[AM_N_OUTCOMES];
	uint64_t handshakes, payload_both, icmp_errors;
	int64_t first_ns, last_ns;
	uint32_t days;  /* distinct UTC days */
	uint32_t hours; /* distinct (day, hour) */
	AmWeek week;
	AmPeriod period;
	uint16_t confidence; /* that a day will see it again, thousandths, or AM_CONFIDENCE_UNKNOWN */
	uint8_t n_l7;
	AmTallyL7 l7[AM_TALLY_MAX_L7]; /* most frequent first */
	char server_name[AM_SERVER_NAME_SIZE];
	uint64_t risks;
	AmRelated related;   /* which service announced its port; 0 = none. lo is the endpoint with the lower index */
	uint32_t control;    /* that service's edge between the two, or AM_NO_INDEX */
	uint8_t client_view; /* AmClientView */
	int32_t override_index; /* into AmDecisionSet.overrides, -1 = none */
} AmEdge;

/* Assets that serve and use the same things. Sorted by id. */
typedef struct {
	char id[16];     /* "g-" + 8 hex digits, drawn from what members do: stays when some come and go */
	char name[32];   /* ^[a-z][a-z0-9]{0,11}(-[a-z0-9]{1,8}){0,2}$, unique in the map */
	GArray *members; /* uint32_t asset indexes, ascending; owned */
	char *why;       /* one line: what its members serve and use; owned */
	char *decided;   /* one line: what people changed of it, who and when; NULL = nothing; owned */
	gboolean made;   /* by what people decided, not found */
	/* Of a declared scanner or monitoring, whose rules are approved one by one. */
	const char *sanctioned; /* "scanner", "monitoring"; NULL = it is neither */
	char *ticket;           /* owned; may be NULL */
	int64_t until_ns;       /* how long it is declared; 0 = for good */
} AmGroup;

/* X(id, words): what shows that machines of a group change their addresses. */
#define AM_POOL_KINDS(X)                                                                                               \
	X(LEASED, "leased addresses")                                                                                  \
	X(TEMPORARY, "temporary addresses")                                                                            \
	X(ELASTIC, "hosts that come and go")

typedef enum {
#define X(id, words) AM_POOL_##id,
	AM_POOL_KINDS(X)
#undef X
		AM_N_POOL_KINDS,
} AmPoolKind;

/* Addresses that a group's machines take in turn: who has a new one there is the group's as well, other assets that are
 * known there excepted. Sorted by (network, prefix); no two overlap. */
typedef struct {
	uint32_t network;
	AmPrefix prefix;
	uint32_t group; /* index */
	AmPoolKind kind;
} AmPool;

/* In a pool, and not for whoever is new there: a person, or an inventory, says otherwise of these addresses. */
typedef struct {
	uint32_t network;
	AmPrefix prefix;
} AmReserved;

typedef struct {
	GPtrArray *networks;       /* char *, index = network id */
	GArray *endpoints;         /* AmEndpoint, sorted by (network, address) */
	GArray *assets;            /* AmAsset */
	GArray *names;             /* AmAssetName, by asset */
	GArray *labels;            /* AmAssetLabel, by asset */
	GArray *listeners;         /* AmListener */
	GArray *unused;            /* AmUnusedListener */
	GArray *neighbours;        /* AmNeighbour */
	uint64_t n_asked;          /* addresses that were asked for by ARP and sent nothing that was seen */
	GArray *edges;             /* AmEdge */
	GArray *groups;            /* AmGroup */
	GArray *pools;             /* AmPool */
	GArray *reserved;          /* AmReserved; NULL = none */
	GArray *middleboxes;       /* AmMiddlebox; this and the next two: NULL = not looked for */
	GArray *relays;            /* AmRelay */
	GArray *legs;              /* AmLeg */
	GArray *inside;            /* AmPrefix: what counts as inside; none = everything */
	int64_t first_ns, last_ns; /* of all tallies */
	uint32_t days;             /* distinct UTC days with any tally */
	uint64_t n_verdicts[AM_N_VERDICTS];
	AmCoverage *coverage; /* has the observation been long enough? Owned */
	char revision[17];    /* 16 hex digits: a hash of the tallies, decisions and parameters that made it */
} AmMap;
