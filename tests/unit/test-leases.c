/* What the map makes of DHCP: who begins, and what must be let through where a router is between. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

/* A server that answers a broadcast speaks to the address that it gives, and that only: a router must let it through. */
static void test_lease(void)
{
	Net net = net_new();
	net_span(&net, 3);
	net_use(&net, "10.0.1.7", "10.0.8.1", 443, 0, 3);
	net_use(&net, "10.0.1.8", "10.0.8.1", 443, 0, 3);
	for (int day = 0; day < 3; day++) {
		Talk talk = {.client = "10.0.1.7",
			     .server = "10.0.9.1",
			     .ip_protocol = AM_PROTO_UDP,
			     .port = 67,
			     .day = day,
			     .n_hours = 2,
			     .connections = 2,
			     .role = TRUE,
			     .outcome = AM_OUTCOME_ONE_WAY,
			     .packets = {0, 4},
			     .payload = {0, 1200}};
		guint n = net_add(&net, talk);
		AmTally *given = &g_array_index(net.tallies, AmTally, n);
		given->counts.packets[0] = 0; /* of the client, who is the lower address */
		given->first[0] = 0;
		given->first[1] = 2;
		talk.client = "10.0.1.8"; /* and renews its lease, too */
		talk.connections = 4;
		talk.packets[0] = 2;
		talk.payload[0] = 600;
		n = net_add(&net, talk);
		AmTally *mixed = &g_array_index(net.tallies, AmTally, n);
		mixed->first[0] = mixed->first[1] = mixed->outcomes[AM_OUTCOME_ONE_WAY] = 2;
		mixed->outcomes[AM_OUTCOME_ACCEPTED] = 2;
		mixed->payload_both = 2;
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.9.1", "10.0.1.7", AM_PROTO_UDP, 68, ESSENTIAL);
	CU_ASSERT_PTR_NULL(edge_of(map, "10.0.1.7", "10.0.9.1", AM_PROTO_UDP, 67));
	ASSERT_VERDICT(map, "10.0.9.1", "10.0.1.8", AM_PROTO_UDP, 68, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.8", "10.0.9.1", AM_PROTO_UDP, 67, ESSENTIAL);
	AmConnection given = {.lo = address("10.0.1.7"),
			      .hi = address("10.0.9.1"),
			      .port_lo = 68,
			      .port_hi = 67,
			      .ip_protocol = AM_PROTO_UDP,
			      .evidence = AM_EVIDENCE_FIRST_HI | AM_EVIDENCE_CLIENT_LO};
	AmDirection level;
	CU_ASSERT_EQUAL(am_map_client_of(map, &given, &level), 1);
	given.evidence = AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_CLIENT_LO;
	CU_ASSERT_EQUAL(am_map_client_of(map, &given, &level), 0);
	net_clear(&net);
}

/* A relay asks from one address and is answered at another (RFC 2131, 4.1: giaddr): one way each, from port 67 to 67. */
static void test_relay_with_two_addresses(void)
{
	Net net = net_new();
	net_span(&net, 3);
	net_use(&net, "10.0.0.1", "10.0.8.1", 443, 0, 3);
	net_use(&net, "10.0.1.1", "10.0.8.1", 443, 0, 3);
	net_use(&net, "10.0.9.1", "10.0.8.1", 443, 0, 3);
	for (int day = 0; day < 3; day++) {
		Talk talk = {.client = "10.0.0.1",
			     .server = "10.0.9.1",
			     .ip_protocol = AM_PROTO_UDP,
			     .client_port = 67,
			     .port = 67,
			     .undirected = TRUE,
			     .day = day,
			     .n_hours = 4,
			     .connections = 8,
			     .outcome = AM_OUTCOME_ONE_WAY,
			     .payload = {2400, 0}};
		net_add(&net, talk);
		talk.client = "10.0.9.1";
		talk.server = "10.0.1.1";
		net_add(&net, talk);
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.0.1", "10.0.9.1", AM_PROTO_UDP, 67, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.9.1", "10.0.1.1", AM_PROTO_UDP, 67, ESSENTIAL);
	net_clear(&net);
}

/* Renewing a lease across a router, and what a relay passes on. */
static void test_unicast_dhcp(void)
{
	Net net = net_new();
	net_span(&net, 2);
	for (int day = 0; day < 2; day++) {
		Talk relay = {.client = "10.0.1.1",
			      .server = "10.0.9.1",
			      .ip_protocol = AM_PROTO_UDP,
			      .port = 67,
			      .day = day,
			      .n_hours = 8,
			      .connections = 12,
			      .role = TRUE,
			      .payload = {3600, 3600}};
		net_add(&net, relay);
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.9.1", AM_PROTO_UDP, 67, ESSENTIAL);
	net_clear(&net);
}

static void give_leases(Net *net, const char *server, guint from, guint n, int day)
{
	for (guint k = from; k < from + n; k++) {
		g_autofree char *host = g_strdup_printf("10.0.1.%u", k);
		Talk talk = {.client = host,
			     .server = server,
			     .ip_protocol = AM_PROTO_UDP,
			     .port = 67,
			     .day = day,
			     .connections = 1,
			     .role = TRUE,
			     .outcome = AM_OUTCOME_ONE_WAY,
			     .packets = {0, 2},
			     .payload = {0, 600}};
		guint at = net_add(net, talk); /* which may move them all */
		AmTally *given = &g_array_index(net->tallies, AmTally, at);
		given->counts.packets[0] = 0;
		given->first[0] = 0;
		given->first[1] = 1;
	}
}

/* Phones that take an address and leave, or are seen by no mirror: who offers it to them is no scanner. */
static void test_hosts_that_never_speak(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int day = 0; day < 3; day++)
		give_leases(&net, "10.0.9.1", 1 + 70 * (guint)day, 70, day);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.9.1", "10.0.1.1", AM_PROTO_UDP, 68, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.9.1", "10.0.1.140", AM_PROTO_UDP, 68, ESSENTIAL);
	net_clear(&net);
}

/* Whoever answers some of those that a server serves is no second one, be it for an hour or at the end; a server that shares the
 * work is. */
static void test_rogue_server(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (guint k = 1; k <= 60; k++) {
		g_autofree char *host = g_strdup_printf("10.0.1.%u", k);
		net_use(&net, host, "10.0.8.1", 443, 0, 5);
	}
	give_leases(&net, "10.0.9.1", 1, 40, 0);
	give_leases(&net, "10.0.9.2", 41, 20, 1);
	give_leases(&net, "10.0.9.66", 5, 3, 1);
	give_leases(&net, "10.0.9.67", 10, 30, 4);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.9.1", "10.0.1.7", AM_PROTO_UDP, 68, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.9.2", "10.0.1.47", AM_PROTO_UDP, 68, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.9.66", "10.0.1.7", AM_PROTO_UDP, 68, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.9.67", "10.0.1.12", AM_PROTO_UDP, 68, UNDECIDED);
	net_clear(&net);
}

/* Many servers of about the same size, each with hosts of its own, and a large one. */
static void test_many_servers(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (guint k = 1; k <= 72; k++) {
		g_autofree char *host = g_strdup_printf("10.0.1.%u", k);
		net_use(&net, host, "10.0.8.1", 443, 0, 5);
	}
	give_leases(&net, "10.0.9.1", 1, 40, 0);
	for (guint s = 0; s < 8; s++) {
		g_autofree char *server = g_strdup_printf("10.0.9.%u", s + 2);
		give_leases(&net, server, 41 + 4 * s, 4, 0);
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.9.1", "10.0.1.7", AM_PROTO_UDP, 68, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.9.2", "10.0.1.41", AM_PROTO_UDP, 68, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.9.9", "10.0.1.72", AM_PROTO_UDP, 68, ESSENTIAL);
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_lease),
		UNIT_TEST(test_relay_with_two_addresses),
		UNIT_TEST(test_unicast_dhcp),
		UNIT_TEST(test_hosts_that_never_speak),
		UNIT_TEST(test_rogue_server),
		UNIT_TEST(test_many_servers),
		{NULL, NULL},
	};
	return unit_run("leases", tests);
}
