/* Directions, edges and verdicts, on small networks made by hand. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

#include <stdio.h>

static void test_empty(void)
{
	Net net = net_new();
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT_EQUAL(map->edges->len + map->assets->len + map->groups->len + map->listeners->len, 0);
	CU_ASSERT_EQUAL(strlen(map->revision), 16);
	net_clear(&net);
}

static void test_recurring_is_essential(void)
{
	Net net = net_new();
	net_span(&net, 5);
	net_use(&net, "10.0.1.1", "10.0.2.1", 443, 0, 5);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 443, ESSENTIAL);
	const AmEdge *edge = edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 443);
	CU_ASSERT_EQUAL(edge->connections, 200);
	CU_ASSERT_EQUAL(edge->counts.payload[0], 200000);
	CU_ASSERT_EQUAL(edge->counts.payload[1], 2000000);
	CU_ASSERT_EQUAL(edge->days, 5);
	CU_ASSERT_EQUAL(edge->hours, 50);
	CU_ASSERT_EQUAL(edge->direction, AM_DIRECTION_HANDSHAKE);
	CU_ASSERT(has_reason(edge, AM_REASON_TWO_WAY) && has_reason(edge, AM_REASON_RECURRING));
	CU_ASSERT_EQUAL(map->n_verdicts[AM_VERDICT_ESSENTIAL], 2);
	net_clear(&net);
}

static void test_rare_job_is_undecided(void)
{
	Net net = net_new();
	net_span(&net, 5);
	net_add(&net, (Talk){.client = "10.0.1.1",
			     .server = "10.0.2.1",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 8443,
			     .day = 2,
			     .hour = 3,
			     .payload = {1000, 90000}});
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 8443, UNDECIDED);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 8443), AM_REASON_SINGLE));
	net_clear(&net);
}

static void test_late_is_undecided(void)
{
	Net net = net_new();
	net_span(&net, 10);
	net_use(&net, "10.0.1.1", "10.0.2.1", 9000, 9, 1);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 9000, UNDECIDED);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 9000), AM_REASON_LATE));
	net_clear(&net);
}

static void test_failed_is_background(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int day = 0; day < 3; day++)
		net_add(&net, (Talk){.client = "10.0.1.1",
				     .server = "10.0.2.9",
				     .ip_protocol = AM_PROTO_TCP,
				     .port = 3306,
				     .day = day,
				     .n_hours = 24,
				     .connections = 144,
				     .outcome = AM_OUTCOME_SILENT});
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 3306, BACKGROUND);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 3306), AM_REASON_FAILED));
	CU_ASSERT_FALSE(asset_of(map, "10.0.1.1")->scanner);
	for (guint n = 0; n < map->listeners->len; n++) /* a SYN to a dead host is no listener */
		CU_ASSERT_NOT_EQUAL(g_array_index(map->listeners, AmListener, n).port, 3306);
	net_clear(&net);
}

static void test_later_listener_turns_the_direction(void)
{
	Net net = net_new();
	net_span(&net, 2);
	/* Missed beginnings, and ports that mislead: the server's is the higher one. */
	for (int n = 0; n < 3; n++)
		net_add(&net, (Talk){.client = "10.0.2.1",
				     .server = "10.0.1.1",
				     .ip_protocol = AM_PROTO_TCP,
				     .undirected = TRUE,
				     .client_port = 50051,
				     .port = (uint16_t)(40000 + n),
				     .no_handshake = TRUE,
				     .outcome = AM_OUTCOME_ACCEPTED,
				     .payload = {5000, 500}});
	g_autoptr(AmMap) before = net_map(&net);
	const AmEdge *guessed = edge_of(before, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 50051);
	CU_ASSERT(guessed == NULL || guessed->direction >= AM_DIRECTION_DEGREE);
	net_add(&net, (Talk){.client = "10.0.1.9",
			     .server = "10.0.2.1",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 50051,
			     .day = 1,
			     .payload = {500, 5000}});
	g_autoptr(AmMap) map = net_map(&net);
	const AmEdge *edge = edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 50051);
	CU_ASSERT_PTR_NOT_NULL_FATAL(edge);
	CU_ASSERT_EQUAL(edge->direction, AM_DIRECTION_LISTENER);
	CU_ASSERT_EQUAL(edge->connections, 3); /* three client ports, one edge */
	CU_ASSERT_EQUAL(edge->counts.payload[1], 15000);
	net_clear(&net);
}

static void test_midstream_joins_its_edge(void)
{
	Net net = net_new();
	net_use(&net, "10.0.1.1", "10.0.2.1", 5432, 0, 2);
	net_add(&net, (Talk){.client = "10.0.1.1",
			     .server = "10.0.2.1",
			     .ip_protocol = AM_PROTO_TCP,
			     .undirected = TRUE,
			     .client_port = 45000,
			     .port = 5432,
			     .no_handshake = TRUE,
			     .payload = {70, 700}});
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT_EQUAL(map->edges->len, 1);
	CU_ASSERT_EQUAL(g_array_index(map->edges, AmEdge, 0).connections, 81);
	CU_ASSERT_EQUAL(g_array_index(map->edges, AmEdge, 0).direction, AM_DIRECTION_HANDSHAKE);
	net_clear(&net);
}

static void test_symmetric_ports(void)
{
	Net net = net_new();
	/* Three clocks ask one, all from port 123: the one with the many partners serves. */
	const char *clients[] = {"10.0.1.1", "10.0.1.2", "10.0.3.3"};
	for (int n = 0; n < 3; n++)
		net_add(&net, (Talk){.client = clients[n],
				     .server = "10.0.2.1",
				     .ip_protocol = AM_PROTO_UDP,
				     .undirected = TRUE,
				     .client_port = 123,
				     .port = 123,
				     .n_hours = 12,
				     .connections = 12,
				     .payload = {576, 576}});
	g_autoptr(AmMap) map = net_map(&net);
	for (int n = 0; n < 3; n++)
		CU_ASSERT_PTR_NOT_NULL(edge_of(map, clients[n], "10.0.2.1", AM_PROTO_UDP, 123));
	CU_ASSERT_EQUAL(map->edges->len, 3);
	net_clear(&net);
}

static void test_hint(void)
{
	Net net = net_new();
	net_add(&net, (Talk){.client = "10.0.1.1",
			     .server = "10.0.2.1",
			     .ip_protocol = AM_PROTO_TCP,
			     .undirected = TRUE,
			     .client_port = 2000,
			     .port = 40000,
			     .no_handshake = TRUE,
			     .payload = {70, 700}});
	AmAddress server = address("10.0.2.1");
	AmHint hint = {.server = am_prefix_host(&server), .ip_protocol = AM_PROTO_TCP, .port = 40000};
	AmDecisionSet decisions = {.overrides = g_array_new(FALSE, TRUE, sizeof(AmOverride)),
				   .hints = g_array_new(FALSE, TRUE, sizeof(AmHint))};
	g_autoptr(AmMap) without = am_map_build(net.tallies, NULL, net.networks, &decisions, NULL);
	CU_ASSERT_PTR_NOT_NULL(edge_of(without, "10.0.2.1", "10.0.1.1", AM_PROTO_TCP, 2000));
	g_array_append_val(decisions.hints, hint);
	g_autoptr(AmMap) map = am_map_build(net.tallies, NULL, net.networks, &decisions, NULL);
	const AmEdge *edge = edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 40000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(edge);
	CU_ASSERT_EQUAL(edge->direction, AM_DIRECTION_HINT);
	CU_ASSERT_STRING_NOT_EQUAL(map->revision, without->revision);
	g_array_unref(decisions.overrides);
	g_array_unref(decisions.hints);
	net_clear(&net);
}

static void test_local_and_chatter(void)
{
	Net net = net_new();
	Talk mdns = {.client = "10.0.1.1",
		     .server = "224.0.0.251",
		     .ip_protocol = AM_PROTO_UDP,
		     .undirected = TRUE,
		     .client_port = 5353,
		     .port = 5353,
		     .n_hours = 20,
		     .connections = 40,
		     .outcome = AM_OUTCOME_ONE_WAY,
		     .payload = {4000, 0}};
	net_add(&net, mdns);
	Talk dhcp = {.client = "0.0.0.0",
		     .server = "255.255.255.255",
		     .ip_protocol = AM_PROTO_UDP,
		     .port = 67,
		     .role = TRUE,
		     .outcome = AM_OUTCOME_ONE_WAY,
		     .payload = {300, 0}};
	net_add(&net, dhcp);
	Talk renewal = dhcp; /* of a server that is gone */
	renewal.client = "10.0.1.9";
	renewal.server = "10.0.1.250";
	net_add(&net, renewal);
	net_add(&net, (Talk){.client = "10.0.1.3", .server = "224.0.0.18", .ip_protocol = 112, .n_hours = 24});
	Talk solicit = {.client = "fe80::1",
			.server = "fe80::2",
			.ip_protocol = AM_PROTO_ICMPV6,
			.port = 135 << 8,
			.role = TRUE,
			.payload = {24, 24}};
	net_add(&net, solicit);
	Talk netbios = {.client = "10.0.1.1",
			.server = "10.0.1.255",
			.ip_protocol = AM_PROTO_UDP,
			.undirected = TRUE,
			.client_port = 137,
			.port = 137,
			.outcome = AM_OUTCOME_ONE_WAY,
			.payload = {50, 0}};
	net_add(&net, netbios);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "224.0.0.251", AM_PROTO_UDP, 5353, BACKGROUND);
	ASSERT_VERDICT(map, "0.0.0.0", "255.255.255.255", AM_PROTO_UDP, 67, LOCAL);
	ASSERT_VERDICT(map, "10.0.1.9", "10.0.1.250", AM_PROTO_UDP, 67, BACKGROUND);
	ASSERT_VERDICT(map, "10.0.1.3", "224.0.0.18", 112, 0, LOCAL);
	ASSERT_VERDICT(map, "fe80::1", "fe80::2", AM_PROTO_ICMPV6, 135 << 8, LOCAL);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.1.255", AM_PROTO_UDP, 137, BACKGROUND);
	CU_ASSERT_EQUAL(map->groups->len, 0);
	net_clear(&net);
}

/* Half of a conversation, again and again, is a question: only its answers were seen, or it began before and is idle. */
/* Who speaks to the neighbours is one, whatever the default says of its address; what is forwarded tells nothing. */
static void test_on_link(void)
{
	Net net = net_new();
	net_span(&net, 1);
	const char *const talks[][2] = {{"2001:db8:1::10", "ff02::1:ff00:1"}, {"2001:db8:1::11", "ff02::fb"},
					{"2001:db8:2::1", "ff05::2"},         {"203.0.113.7", "224.0.0.251"},
					{"203.0.113.8", "255.255.255.255"},   {"203.0.113.9", "239.1.2.3"},
					{"10.0.1.1", "224.0.0.251"},          {"fe80::1", "ff02::fb"},
					{"0.0.0.0", "255.255.255.255"}};
	for (guint n = 0; n < G_N_ELEMENTS(talks); n++) {
		Talk talk = {.client = talks[n][0],
			     .server = talks[n][1],
			     .ip_protocol = AM_PROTO_UDP,
			     .undirected = TRUE,
			     .client_port = 5353,
			     .port = 5353,
			     .connections = 5,
			     .outcome = AM_OUTCOME_ONE_WAY,
			     .payload = {4000, 0}};
		net_add(&net, talk);
	}
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(GArray) links = am_map_on_link(map);
	const char *const expected[] = {"203.0.113.7/32", "203.0.113.8/32", "2001:db8:1::/64"};
	CU_ASSERT_EQUAL_FATAL(links->len, G_N_ELEMENTS(expected));
	for (guint n = 0; n < links->len; n++) {
		g_autofree char *text = am_prefix_text(&g_array_index(links, AmPrefix, n));
		CU_ASSERT_STRING_EQUAL(text, expected[n]);
	}
	net_clear(&net);
}

static void test_two_sensors_count_once(void)
{
	Net net = net_new();
	Talk talk = {.client = "10.0.1.1",
		     .server = "10.0.2.1",
		     .ip_protocol = AM_PROTO_TCP,
		     .port = 443,
		     .n_hours = 10,
		     .connections = 40,
		     .payload = {4000, 40000}};
	net_add(&net, talk);
	talk.sensor = 1;
	talk.connections = 50; /* the other missed ten */
	net_add(&net, talk);
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT_EQUAL(map->edges->len, 1);
	CU_ASSERT_EQUAL(g_array_index(map->edges, AmEdge, 0).connections, 50);
	CU_ASSERT_EQUAL(g_array_index(map->edges, AmEdge, 0).days, 1);
	CU_ASSERT_EQUAL(g_array_index(map->edges, AmEdge, 0).hours, 10);
	net_clear(&net);
}

static void test_networks_are_apart(void)
{
	Net net = net_new();
	g_ptr_array_add(net.networks, g_strdup("branch"));
	net_use(&net, "10.0.1.1", "10.0.2.1", 443, 0, 2);
	guint first = net.tallies->len;
	net_use(&net, "10.0.1.1", "10.0.2.1", 443, 0, 2);
	for (guint n = first; n < net.tallies->len; n++)
		g_array_index(net.tallies, AmTally, n).key.network = 1;
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT_EQUAL(map->edges->len, 2);
	CU_ASSERT_EQUAL(map->endpoints->len, 4);
	CU_ASSERT_EQUAL(g_array_index(map->endpoints, AmEndpoint, 2).network, 1);
	net_clear(&net);
}

static void test_client_of(void)
{
	Net net = net_new();
	net_use(&net, "10.0.1.1", "10.0.2.1", 5432, 0, 2);
	g_autoptr(AmMap) map = net_map(&net);
	AmConnection connection = {.lo = address("10.0.1.1"),
				   .hi = address("10.0.2.1"),
				   .port_lo = 5000,
				   .port_hi = 5432,
				   .ip_protocol = AM_PROTO_TCP,
				   .evidence = AM_EVIDENCE_FIRST_HI | AM_EVIDENCE_MIDSTREAM};
	AmDirection level;
	CU_ASSERT_EQUAL(am_map_client_of(map, &connection, &level), 0);
	CU_ASSERT_EQUAL(level, AM_DIRECTION_LISTENER);
	connection.evidence = AM_EVIDENCE_SYN_HI;
	CU_ASSERT_EQUAL(am_map_client_of(map, &connection, &level), 1);
	CU_ASSERT_EQUAL(level, AM_DIRECTION_HANDSHAKE);
	connection.evidence = AM_EVIDENCE_CLIENT_HI;
	CU_ASSERT_EQUAL(am_map_client_of(map, &connection, &level), 1);
	CU_ASSERT_EQUAL(level, AM_DIRECTION_PROTOCOL);
	connection.evidence = AM_EVIDENCE_SYNACK_LO; /* nobody asked, nobody went on */
	connection.port_hi = 6000;
	CU_ASSERT_EQUAL(am_map_client_of(map, &connection, &level), 0);
	CU_ASSERT_EQUAL(level, AM_DIRECTION_FIRST_PACKET);
	net_clear(&net);
}

/* Everything that the map says, as text. */
static char *map_text(const AmMap *map)
{
	GString *text = g_string_new(map->revision);
	for (guint n = 0; n < map->edges->len; n++) {
		g_autofree char *edge = am_map_explain_edge(map, NULL, n);
		g_string_append(text, edge);
	}
	for (guint n = 0; n < map->listeners->len; n++) {
		const AmListener *listener = &g_array_index(map->listeners, AmListener, n);
		g_string_append_printf(text, "%u %u %u %u %d %s\n", listener->endpoint, listener->ip_protocol,
				       listener->port, listener->clients, listener->idle, listener->l7.name);
	}
	for (guint n = 0; n < map->groups->len; n++) {
		const AmGroup *group = &g_array_index(map->groups, AmGroup, n);
		g_string_append_printf(text, "%s %s %s", group->id, group->name, group->why);
		for (guint m = 0; m < group->members->len; m++)
			g_string_append_printf(text, " %u", g_array_index(group->members, uint32_t, m));
	}
	return g_string_free(text, FALSE);
}

/* A network with a little of everything, by chance but the same each time. */
static Net mixed_network(void)
{
	Net net = net_new();
	g_autoptr(GRand) chance = g_rand_new_with_seed(7);
	net_span(&net, 4);
	for (int n = 0; n < 600; n++) {
		static const uint16_t ports[] = {22, 53, 80, 443, 445, 3306, 5432, 8080, 40001};
		g_autofree char *client =
			g_strdup_printf("10.0.%d.%d", g_rand_int_range(chance, 1, 4), g_rand_int_range(chance, 1, 9));
		g_autofree char *server = g_strdup_printf("%s.%d", g_rand_boolean(chance) ? "10.0.8" : "198.51.100",
							  g_rand_int_range(chance, 1, 7));
		gboolean undirected = g_rand_int_range(chance, 0, 3) == 0;
		AmOutcome outcome = g_rand_int_range(chance, 0, 3) == 0 ? AM_OUTCOME_REFUSED : AM_OUTCOME_ACCEPTED;
		net_add(&net, (Talk){.client = client,
				     .server = server,
				     .ip_protocol = g_rand_boolean(chance) ? AM_PROTO_TCP : AM_PROTO_UDP,
				     .client_port = (uint16_t)g_rand_int_range(chance, 33000, 33005),
				     .port = ports[g_rand_int_range(chance, 0, G_N_ELEMENTS(ports))],
				     .undirected = undirected,
				     .no_handshake = undirected,
				     .day = g_rand_int_range(chance, 0, 4),
				     .hour = g_rand_int_range(chance, 0, 12),
				     .n_hours = g_rand_int_range(chance, 1, 12),
				     .connections = (uint64_t)g_rand_int_range(chance, 1, 9),
				     .outcome = outcome,
				     .payload = {100, outcome == AM_OUTCOME_ACCEPTED ? 1000 : 0},
				     .l7 = g_rand_boolean(chance) ? "http" : "tls",
				     .server_name = g_rand_boolean(chance) ? "a.example" : "b.example",
				     .sensor = (uint32_t)g_rand_int_range(chance, 0, 2)});
	}
	return net;
}

static void test_order_does_not_matter(void)
{
	Net net = mixed_network();
	g_autoptr(AmMap) map = net_map(&net);
	g_autofree char *wanted = map_text(map);
	g_autoptr(GRand) chance = g_rand_new_with_seed(1);
	CU_ASSERT(map->edges->len > 100 && map->groups->len > 3 && map->listeners->len > 10);
	for (int round = 0; round < 20; round++) {
		for (guint n = net.tallies->len - 1; n > 0; n--) {
			guint other = (guint)g_rand_int_range(chance, 0, (gint32)n + 1);
			AmTally swap = g_array_index(net.tallies, AmTally, n);
			g_array_index(net.tallies, AmTally, n) = g_array_index(net.tallies, AmTally, other);
			g_array_index(net.tallies, AmTally, other) = swap;
		}
		g_autoptr(AmMap) again = net_map(&net);
		g_autofree char *got = map_text(again);
		CU_ASSERT_STRING_EQUAL(got, wanted);
	}
	g_array_index(net.tallies, AmTally, 5).connections++;
	g_autoptr(AmMap) changed = net_map(&net);
	CU_ASSERT_STRING_NOT_EQUAL(changed->revision, map->revision);
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_empty),
		UNIT_TEST(test_recurring_is_essential),
		UNIT_TEST(test_rare_job_is_undecided),
		UNIT_TEST(test_late_is_undecided),
		UNIT_TEST(test_failed_is_background),
		UNIT_TEST(test_later_listener_turns_the_direction),
		UNIT_TEST(test_midstream_joins_its_edge),
		UNIT_TEST(test_symmetric_ports),
		UNIT_TEST(test_hint),
		UNIT_TEST(test_local_and_chatter),
		UNIT_TEST(test_on_link),
		UNIT_TEST(test_two_sensors_count_once),
		UNIT_TEST(test_networks_are_apart),
		UNIT_TEST(test_client_of),
		UNIT_TEST(test_order_does_not_matter),
		{NULL, NULL},
	};
	return unit_run("map", tests);
}
