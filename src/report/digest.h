/* The map condensed to what fits on a page: sums, services, pairs of groups, noise by its source, questions. Shared by
 * the terminal summary and the HTML report. Private to report/.
 *
 * Borrows the map. Every list is sorted, most important first, ties by address or name: same map, same digest. */
#pragma once

#include "allowmap/base.h"
#include "allowmap/model/map.h"

/* A set of edges added up. */
typedef struct {
	uint64_t edges, connections, bytes;
	uint64_t outcomes[AM_N_OUTCOMES];
	int64_t first_ns, last_ns;
	uint32_t days;                    /* the most of any of its edges */
	AmDirection direction;            /* the weakest of its edges */
	uint32_t reasons;                 /* of any of its edges */
	uint64_t by_reason[AM_N_REASONS]; /* edges */
	const AmEdge *busiest;            /* most connections: whose l7 and server name stand for the set */
} AmEdgeSum;

/* A service as a whole. */
typedef struct {
	uint8_t ip_protocol;
	uint16_t port;
	uint32_t clients, servers; /* distinct endpoints */
	AmEdgeSum sum;
	GHashTable *client_set, *server_set;
} AmServiceSum;

/* Two parties (am_view_party()) and one service between them. */
typedef struct {
	const char *client, *server;
	uint8_t ip_protocol;
	uint16_t port;
	uint32_t clients, servers;
	AmEdgeSum sum;
	GPtrArray *edges; /* AmEdge *, most connections first */
	GHashTable *client_set, *server_set;
} AmPairSum;

/* What somebody did that nobody needs. Suspicious: by source address, but the many outside that only knock once or twice
 * are one set for each leading reason. Background: by party and leading reason. */
typedef struct {
	uint32_t endpoint; /* the source; AM_NO_INDEX when it is a party */
	uint32_t sources;  /* distinct source endpoints */
	const char *party;
	AmReason reason;   /* leading */
	uint32_t targets;  /* distinct servers */
	uint32_t services; /* distinct (protocol, port) */
	AmEdgeSum sum;
	GHashTable *source_set, *target_set,
		*service_set; /* service_set: key protocol << 16 | port, value number of edges */
} AmNoiseSum;

/* One service of one server that somebody must decide about. */
typedef struct {
	uint32_t server;
	uint8_t ip_protocol;
	uint16_t port;
	AmEdgeSum sum;
	GPtrArray *edges; /* AmEdge *, one per client, by client address */
} AmQuestion;

typedef struct {
	const AmMap *map;
	AmEdgeSum by_verdict[AM_N_VERDICTS];
	GPtrArray *services;   /* AmServiceSum *, of essential edges, by connections */
	GPtrArray *pairs;      /* AmPairSum *, of essential edges, by client, server, service */
	GPtrArray *questions;  /* AmQuestion *, by connections */
	GPtrArray *suspicious; /* AmNoiseSum *, named sources first, then by edges */
	GPtrArray *background; /* AmNoiseSum *, by edges */
	GPtrArray *local;      /* AmServiceSum *, by connections */
	guint inside, scanners, guessed_essential;
	guint idle_listeners;
	guint suspects; /* sources in `suspicious` that are named */
	guint knockers; /* sources that are not */
} AmDigest;

AmDigest *am_digest_new(const AmMap *map);
void am_digest_free(AmDigest *digest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmDigest, am_digest_free)

/* "tcp/445, tcp/22 and 3 more": the services with most edges. */
void am_digest_append_services(GString *to, const AmNoiseSum *noise, guint most);
/* "scan-probe 1,204, scan-success 3": reasons with their numbers of edges, the most frequent first. */
void am_digest_append_reasons(GString *to, const AmEdgeSum *sum);
