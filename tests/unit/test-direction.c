/* direction.c: the rungs that only guess, one case after the other. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

/* The first one speaks first. */
typedef struct {
	uint8_t ip_protocol;
	const char *first;
	uint16_t first_port;
	const char *other;
	uint16_t other_port;
	gboolean answered, first_serves;
	AmDirection level;
} Case;

static const Case cases[] = {
	/* TCP whose beginning was missed: any side may speak first. */
	{AM_PROTO_TCP, "10.0.0.1", 50000, "10.0.0.2", 8500, TRUE, FALSE, AM_DIRECTION_PORT},
	{AM_PROTO_TCP, "10.0.0.1", 8500, "10.0.0.2", 50000, TRUE, TRUE, AM_DIRECTION_PORT},
	{AM_PROTO_TCP, "10.0.0.1", 2430, "10.0.0.2", 502, TRUE, FALSE, AM_DIRECTION_PORT},
	{AM_PROTO_TCP, "10.0.0.1", 44818, "10.0.0.2", 2430, TRUE, TRUE, AM_DIRECTION_PORT}, /* EtherNet/IP */
	{AM_PROTO_TCP, "10.0.0.1", 2430, "10.0.0.2", 44818, TRUE, FALSE, AM_DIRECTION_PORT},
	{AM_PROTO_TCP, "10.0.0.1", 3306, "10.0.0.2", 443, TRUE, FALSE, AM_DIRECTION_PORT},
	/* Datagrams: a known port, */
	{AM_PROTO_UDP, "10.0.0.1", 53, "10.0.0.2", 40000, FALSE, TRUE, AM_DIRECTION_PORT},
	{AM_PROTO_UDP, "10.0.0.1", 3797, "10.0.0.2", 3544, TRUE, FALSE, AM_DIRECTION_PORT},
	{AM_PROTO_UDP, "10.0.0.1", 3544, "10.0.0.2", 3797, TRUE, TRUE, AM_DIRECTION_PORT},
	/* else who was spoken to. */
	{AM_PROTO_UDP, "10.0.0.1", 3797, "10.0.0.2", 32900, TRUE, FALSE, AM_DIRECTION_FIRST_PACKET},
	{AM_PROTO_UDP, "10.0.0.1", 3797, "10.0.0.2", 32900, FALSE, FALSE, AM_DIRECTION_FIRST_PACKET},
	{AM_PROTO_UDP, "10.0.0.1", 40000, "10.0.0.2", 7000, TRUE, FALSE, AM_DIRECTION_PORT},
	{AM_PROTO_UDP, "10.0.0.1", 7000, "10.0.0.2", 7000, FALSE, FALSE, AM_DIRECTION_FIRST_PACKET},
	/* A port that a client reserved is no service's. */
	{AM_PROTO_UDP, "10.0.0.24", 800, "10.2.0.1", 20048, TRUE, FALSE, AM_DIRECTION_FIRST_PACKET},
	{AM_PROTO_UDP, "10.0.0.23", 700, "10.2.0.1", 9999, FALSE, FALSE, AM_DIRECTION_FIRST_PACKET},
	{AM_PROTO_UDP, "10.0.0.23", 623, "10.2.0.1", 9999, TRUE, TRUE, AM_DIRECTION_PORT}, /* IPMI is one */
	{AM_PROTO_TCP, "10.0.0.24", 800, "10.2.0.1", 2049, TRUE, FALSE, AM_DIRECTION_PORT},
	/* A group only receives. */
	{AM_PROTO_UDP, "10.0.0.1", 12380, "255.255.255.255", 5246, FALSE, FALSE, AM_DIRECTION_PROTOCOL},
	{AM_PROTO_UDP, "10.0.0.1", 53, "10.0.0.255", 40000, FALSE, FALSE, AM_DIRECTION_PROTOCOL},
	{AM_PROTO_UDP, "10.0.0.255", 53, "10.0.0.1", 40000, FALSE, TRUE, AM_DIRECTION_PORT},
	{AM_PROTO_UDP, "10.0.0.1", 53, "239.1.2.3", 40000, FALSE, FALSE, AM_DIRECTION_PROTOCOL},
	{AM_PROTO_UDP, "239.1.2.3", 53, "10.0.0.1", 40000, FALSE, TRUE, AM_DIRECTION_PORT}, /* an anonymised host */
};

static void test_guesses(void)
{
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		const Case *c = &cases[n];
		Net net = net_new();
		net_add(&net, (Talk){.client = c->first,
				     .server = c->other,
				     .ip_protocol = c->ip_protocol,
				     .undirected = TRUE,
				     .client_port = c->first_port,
				     .port = c->other_port,
				     .no_handshake = TRUE,
				     .outcome = c->answered ? AM_OUTCOME_ACCEPTED : AM_OUTCOME_ONE_WAY,
				     .payload = {70, c->answered ? 700 : 0}});
		g_autoptr(AmMap) map = net_map(&net);
		const AmEdge *edge = c->first_serves ? edge_of(map, c->other, c->first, c->ip_protocol, c->first_port)
						     : edge_of(map, c->first, c->other, c->ip_protocol, c->other_port);
		CU_ASSERT_PTR_NOT_NULL(edge);
		if (edge != NULL)
			CU_ASSERT_EQUAL(edge->direction, c->level);
		net_clear(&net);
	}
}

/* One socket that writes to many, each at another port: a server whose requests were not seen when its port is known, else
 * somebody who asks around. */
static void test_one_socket_to_many(void)
{
	const uint16_t ports[] = {1053, 5246};
	for (int known = 0; known < 2; known++) {
		Net net = net_new();
		for (int n = 1; n <= 5; n++) {
			g_autofree char *other = g_strdup_printf("10.0.3.%d", n);
			net_add(&net, (Talk){.client = "10.0.1.1",
					     .server = other,
					     .ip_protocol = AM_PROTO_UDP,
					     .undirected = TRUE,
					     .client_port = ports[known],
					     .port = (uint16_t)(20000 + 77 * n),
					     .outcome = AM_OUTCOME_ONE_WAY,
					     .payload = {70, 0}});
		}
		g_autoptr(AmMap) map = net_map(&net);
		CU_ASSERT_EQUAL(map->edges->len, 5);
		for (guint n = 0; n < map->edges->len; n++) {
			const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
			CU_ASSERT_EQUAL(edge->port == ports[known], known);
			CU_ASSERT_EQUAL(edge->direction, known ? AM_DIRECTION_DEGREE : AM_DIRECTION_FIRST_PACKET);
		}
		net_clear(&net);
	}
}

/* Refusals whose SYNs were not seen: the port that refuses again and again is what was tried. Not when they come from
 * outside: so does backscatter. */
static void test_refusals(void)
{
	static const struct {
		const char *refuser, *other;
		gboolean refuser_serves;
	} pairs[] = {
		{"10.0.0.2", "10.0.0.1", TRUE},
		{"10.0.0.2", "10.0.0.2", TRUE},
		{"::1", "::1", TRUE},
		{"192.0.2.9", "10.0.0.1", FALSE},
	};
	for (guint p = 0; p < G_N_ELEMENTS(pairs); p++) {
		Net net = net_new();
		for (uint16_t n = 1; n <= 5; n++) {
			guint added = net_add(&net, (Talk){.client = pairs[p].refuser,
							   .server = pairs[p].other,
							   .ip_protocol = AM_PROTO_TCP,
							   .undirected = TRUE,
							   .client_port = 51944,
							   .port = (uint16_t)(51944 + n),
							   .no_handshake = TRUE,
							   .outcome = AM_OUTCOME_MIDSTREAM});
			AmTally *tally = &g_array_index(net.tallies, AmTally, added);
			int refuser = tally->key.port_lo == 51944 ? 0 : 1;
			tally->rst[refuser] = 1;
			tally->counts.packets[!refuser] = tally->counts.bytes[!refuser] = 0;
		}
		g_autoptr(AmMap) map = net_map(&net);
		const AmEdge *edge = edge_of(map, pairs[p].other, pairs[p].refuser, AM_PROTO_TCP, 51944);
		CU_ASSERT_EQUAL(edge != NULL, pairs[p].refuser_serves);
		CU_ASSERT_EQUAL(map->edges->len, pairs[p].refuser_serves ? 1 : 5);
		net_clear(&net);
	}
}

/* The same port at both ends, or none: who begins is the client, and both are where both begin. */
static void test_both_begin(void)
{
	static const struct {
		uint8_t ip_protocol;
		uint16_t port;
		uint64_t by_first, by_other;
		int n_edges;
	} pairs[] = {
		{AM_PROTO_UDP, 500, 40, 40, 2}, {AM_PROTO_UDP, 5060, 5, 30, 2}, {50, 0, 12, 12, 2},
		{AM_PROTO_UDP, 500, 80, 1, 1}, /* one beginning was missed */
		{AM_PROTO_UDP, 500, 80, 2, 1},  {AM_PROTO_UDP, 7000, 9, 0, 1},
	};
	for (guint p = 0; p < G_N_ELEMENTS(pairs); p++) {
		Net net = net_new();
		uint64_t all = pairs[p].by_first + pairs[p].by_other;
		guint added = net_add(&net, (Talk){.client = "10.0.0.9",
						   .server = "10.0.0.1",
						   .ip_protocol = pairs[p].ip_protocol,
						   .undirected = TRUE,
						   .client_port = pairs[p].port,
						   .port = pairs[p].port,
						   .n_hours = 8,
						   .connections = (int)all,
						   .packets = {(int)all + 1, (int)all},
						   .payload = {5000, 7001}});
		AmTally *tally = &g_array_index(net.tallies, AmTally, added);
		tally->first[1] = pairs[p].by_first; /* 10.0.0.9 is hi */
		tally->first[0] = pairs[p].by_other;
		g_autoptr(AmMap) map = net_map(&net);
		CU_ASSERT_EQUAL(map->edges->len, (guint)pairs[p].n_edges);
		const AmEdge *one = edge_of(map, "10.0.0.9", "10.0.0.1", pairs[p].ip_protocol, pairs[p].port);
		const AmEdge *two = edge_of(map, "10.0.0.1", "10.0.0.9", pairs[p].ip_protocol, pairs[p].port);
		CU_ASSERT_PTR_NOT_NULL(one);
		CU_ASSERT_EQUAL(two != NULL, pairs[p].n_edges == 2);
		if (one != NULL && two != NULL) {
			CU_ASSERT_EQUAL(one->connections, pairs[p].by_first);
			CU_ASSERT_EQUAL(two->connections, pairs[p].by_other);
			CU_ASSERT_EQUAL(one->counts.packets[0] + two->counts.packets[1], all + 1);
			CU_ASSERT_EQUAL(one->counts.payload[1] + two->counts.payload[0], 7001);
			CU_ASSERT_EQUAL(one->direction, AM_DIRECTION_FIRST_PACKET);
		}
		net_clear(&net);
	}
}

/* Who was spoken to first serves, although a mirror that loses packets shows a few answers before their question. */
static void test_missed_beginnings(void)
{
	static const struct {
		uint64_t missed;
		gboolean holds;
	} losses[] = {{0, TRUE}, {9, TRUE}, {144, TRUE}, {145, FALSE}, {700, FALSE}};
	for (guint l = 0; l < G_N_ELEMENTS(losses); l++) {
		Net net = net_new();
		guint added = net_add(&net, (Talk){.client = "10.0.0.1",
						   .server = "10.0.0.9",
						   .ip_protocol = AM_PROTO_UDP,
						   .undirected = TRUE,
						   .client_port = 40105,
						   .port = 24105,
						   .n_hours = 24,
						   .connections = 1440,
						   .packets = {1440, 1440},
						   .payload = {100000, 200000}});
		AmTally *tally = &g_array_index(net.tallies, AmTally, added);
		tally->first[1] = losses[l].missed; /* 10.0.0.9 is hi */
		tally->first[0] = 1440 - losses[l].missed;
		g_autoptr(AmMap) map = net_map(&net);
		const AmEdge *edge = edge_of(map, "10.0.0.1", "10.0.0.9", AM_PROTO_UDP, 24105);
		CU_ASSERT_PTR_NOT_NULL(edge);
		if (edge != NULL)
			CU_ASSERT_EQUAL(edge->verdict, losses[l].holds ? AM_VERDICT_ESSENTIAL : AM_VERDICT_UNDECIDED);
		net_clear(&net);
	}
}

int main(void)
{
	const CU_TestInfo tests[] = {
		UNIT_TEST(test_guesses),    UNIT_TEST(test_one_socket_to_many), UNIT_TEST(test_refusals),
		UNIT_TEST(test_both_begin), UNIT_TEST(test_missed_beginnings),  {NULL, NULL},
	};
	return unit_run("direction", tests);
}
