/* Tallies made by hand, for the tests of map/. */
#pragma once

#include "allowmap/base.h"
#include "allowmap/map.h"
#include "allowmap/model/packet.h"

#include <string.h>

#define FIRST_DAY 20000
#define HOUR_NS (3600 * AM_NS_PER_S)
#define DAY_NS (24 * HOUR_NS)

typedef struct {
	GArray *tallies;
	GPtrArray *networks;
} Net;

static inline Net net_new(void)
{
	Net net = {g_array_new(FALSE, TRUE, sizeof(AmTally)), g_ptr_array_new_with_free_func(g_free)};
	g_ptr_array_add(net.networks, g_strdup("default"));
	return net;
}

static inline void net_clear(Net *net)
{
	g_array_unref(net->tallies);
	g_ptr_array_unref(net->networks);
}

static inline AmAddress address(const char *text)
{
	AmAddress parsed = {0};
	g_assert(am_address_parse(text, &parsed));
	return parsed;
}

/* What happened between a client and a server on one day, told from the client's side. */
typedef struct {
	const char *client, *server;
	uint8_t ip_protocol;
	uint16_t client_port, port; /* client_port is kept only when undirected */
	gboolean undirected;
	int day, hour, n_hours; /* n_hours 0 = 1 */
	int minute;
	uint64_t connections; /* 0 = 1 */
	AmOutcome outcome;
	uint64_t packets[2], payload[2]; /* client→server, server→client; 0 packets = guessed from the outcome */
	gboolean no_handshake;           /* TCP whose opening nobody saw */
	gboolean role;                   /* the protocol told the client */
	const char *l7, *server_name;
	uint32_t sensor;
} Talk;

static inline int net_order(const Talk *talk, const AmAddress *client, const AmAddress *server)
{
	int order = am_address_compare(client, server);
	return order != 0 ? order : (int)talk->client_port - (int)talk->port;
}

/* Adds one tally; gives its index. */
static inline guint net_add(Net *net, Talk talk)
{
	AmTally tally;
	memset(&tally, 0, sizeof tally);
	AmAddress client = address(talk.client), server = address(talk.server);
	int c = net_order(&talk, &client, &server) > 0; /* side of the client */
	uint64_t n = MAX(talk.connections, 1);
	tally.key = (AmTallyKey){.sensor = talk.sensor,
				 .day = FIRST_DAY + talk.day,
				 .lo = c ? server : client,
				 .hi = c ? client : server,
				 .ip_protocol = talk.ip_protocol};
	if (talk.undirected) {
		tally.key.port_lo = c ? talk.port : talk.client_port;
		tally.key.port_hi = c ? talk.client_port : talk.port;
	} else {
		tally.key.side = c ? AM_SIDE_LO : AM_SIDE_HI;
		*(c ? &tally.key.port_lo : &tally.key.port_hi) = talk.port;
	}
	for (int h = 0; h < MAX(talk.n_hours, 1); h++)
		tally.hours |= 1u << (talk.hour + h);
	gboolean answered = talk.outcome == AM_OUTCOME_ACCEPTED || talk.outcome == AM_OUTCOME_MIDSTREAM;
	tally.connections = n;
	tally.outcomes[talk.outcome] = n;
	tally.first_outcome = talk.outcome;
	for (int d = 0; d < 2; d++) {
		uint64_t packets = talk.packets[d] != 0                             ? talk.packets[d]
				   : d == 0                                         ? n
				   : answered || talk.outcome == AM_OUTCOME_REFUSED ? n
										    : 0;
		tally.counts.packets[d ^ c] = packets;
		tally.counts.payload[d ^ c] = talk.payload[d];
		tally.counts.bytes[d ^ c] = packets * 40 + talk.payload[d];
	}
	tally.payload_both = talk.payload[0] > 0 && talk.payload[1] > 0 ? n : 0;
	tally.first[c] = n;
	if (talk.ip_protocol == AM_PROTO_TCP && !talk.no_handshake) {
		tally.syn[c] = n;
		tally.synack[!c] = talk.outcome == AM_OUTCOME_ACCEPTED ? n : 0;
		tally.handshake = tally.synack[!c];
		tally.rst[!c] = talk.outcome == AM_OUTCOME_REFUSED ? n : 0;
	}
	if (talk.role)
		tally.role_client[c] = n;
	tally.first_ns =
		(int64_t)(FIRST_DAY + talk.day) * DAY_NS + talk.hour * HOUR_NS + talk.minute * 60 * AM_NS_PER_S;
	tally.last_ns = tally.first_ns + (MAX(talk.n_hours, 1) - 1) * HOUR_NS + AM_NS_PER_S;
	if (talk.l7 != NULL) {
		tally.n_l7 = 1;
		tally.l7[0] = (AmTallyL7){.connections = (uint32_t)n, .confidence = AM_L7_DPI};
		g_strlcpy(tally.l7[0].name, talk.l7, AM_L7_SIZE);
	}
	if (talk.server_name != NULL)
		g_strlcpy(tally.server_name, talk.server_name, AM_SERVER_NAME_SIZE);
	g_array_append_val(net->tallies, tally);
	return net->tallies->len - 1;
}

/* Regular TCP use, both ways, `n_days` days from `day` on. */
static inline void net_use(Net *net, const char *client, const char *server, uint16_t port, int day, int n_days)
{
	for (int d = day; d < day + n_days; d++)
		net_add(net, (Talk){.client = client,
				    .server = server,
				    .ip_protocol = AM_PROTO_TCP,
				    .port = port,
				    .day = d,
				    .hour = 8,
				    .n_hours = 10,
				    .connections = 40,
				    .payload = {40000, 400000}});
}

/* So that the observation spans this many days: a clock that is asked every hour. */
static inline void net_span(Net *net, int n_days)
{
	for (int d = 0; d < n_days; d++)
		net_add(net, (Talk){.client = "10.0.99.2",
				    .server = "10.0.99.1",
				    .ip_protocol = AM_PROTO_UDP,
				    .port = 123,
				    .day = d,
				    .n_hours = 24,
				    .connections = 24,
				    .packets = {24, 24},
				    .payload = {48 * 24, 48 * 24},
				    .role = TRUE});
}

static inline AmMap *net_map(const Net *net)
{
	return am_map_build(net->tallies, NULL, net->networks, NULL, NULL);
}

/* The edge, or NULL. */
static inline const AmEdge *edge_of(const AmMap *map, const char *client, const char *server, uint8_t ip_protocol,
				    uint16_t port)
{
	AmAddress from = address(client), to = address(server);
	uint32_t c = am_map_find_endpoint(map, 0, &from), s = am_map_find_endpoint(map, 0, &to);
	uint32_t edge =
		c != AM_NO_INDEX && s != AM_NO_INDEX ? am_map_find_edge(map, c, s, ip_protocol, port) : AM_NO_INDEX;
	return edge != AM_NO_INDEX ? &g_array_index(map->edges, AmEdge, edge) : NULL;
}

static inline gboolean has_reason(const AmEdge *edge, AmReason reason)
{
	return (edge->reasons >> reason & 1) != 0;
}

static inline const AmAsset *asset_of(const AmMap *map, const char *text)
{
	AmAddress wanted = address(text);
	uint32_t endpoint = am_map_find_endpoint(map, 0, &wanted);
	g_assert(endpoint != AM_NO_INDEX);
	return &g_array_index(map->assets, AmAsset, g_array_index(map->endpoints, AmEndpoint, endpoint).asset);
}

/* An edge that must be there, with this verdict. */
#define ASSERT_VERDICT(map, client, server, proto, port, wanted)                                                       \
	do {                                                                                                           \
		const AmEdge *found = edge_of(map, client, server, proto, port);                                       \
		CU_ASSERT_PTR_NOT_NULL_FATAL(found);                                                                   \
		CU_ASSERT_STRING_EQUAL(am_verdict_name(found->verdict), am_verdict_name(AM_VERDICT_##wanted));         \
	} while (0)
