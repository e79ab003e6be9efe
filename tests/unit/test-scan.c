/* Scans, their successes, backscatter, beacons and lateral movement. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

#include <stdio.h>

/* `n` ports of a host (or one port of `n` hosts), one a minute or as often as said, refused. */
static void probe(Net *net, const char *source, int n_hosts, int n_ports, int day, int hour, int minutes_apart)
{
	int minute = 0;
	for (int host = 0; host < n_hosts; host++) {
		for (int port = 0; port < n_ports; port++, minute += minutes_apart) {
			g_autofree char *target = g_strdup_printf("10.0.50.%d", host + 1);
			net_add(net, (Talk){.client = source,
					    .server = target,
					    .ip_protocol = AM_PROTO_TCP,
					    .port = (uint16_t)(1000 + port),
					    .day = day + (hour + minute / 60) / 24,
					    .hour = (hour + minute / 60) % 24,
					    .minute = minute % 60,
					    .outcome = AM_OUTCOME_REFUSED});
		}
	}
}

static void test_horizontal(void)
{
	Net net = net_new();
	net_span(&net, 3);
	probe(&net, "10.0.1.1", 20, 1, 1, 10, 0);
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT(asset_of(map, "10.0.1.1")->scanner);
	CU_ASSERT_FALSE(asset_of(map, "10.0.50.1")->scanner);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.50.7", AM_PROTO_TCP, 1000, SUSPICIOUS);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.1", "10.0.50.7", AM_PROTO_TCP, 1000), AM_REASON_SCAN_PROBE));
	net_clear(&net);
}

static void test_vertical(void)
{
	Net net = net_new();
	net_span(&net, 3);
	net_use(&net, "10.0.1.1", "10.0.50.1", 443, 0, 3);
	probe(&net, "10.0.1.1", 1, 12, 1, 10, 0);
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT(asset_of(map, "10.0.1.1")->scanner);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.50.1", AM_PROTO_TCP, 1005, SUSPICIOUS);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.50.1", AM_PROTO_TCP, 443, ESSENTIAL); /* stands on its own */
	net_clear(&net);
}

static void test_slow(void)
{
	Net net = net_new();
	net_span(&net, 5);
	probe(&net, "10.0.1.1", 12, 1, 1, 0, 60); /* one host an hour */
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT(asset_of(map, "10.0.1.1")->scanner);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.50.9", AM_PROTO_TCP, 1000, SUSPICIOUS);
	net_clear(&net);
}

static void test_dead_server_makes_no_scanner(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int day = 0; day < 5; day++)
		net_add(&net, (Talk){.client = "10.0.1.1",
				     .server = "10.0.2.1",
				     .ip_protocol = AM_PROTO_TCP,
				     .port = 3306,
				     .day = day,
				     .n_hours = 1,
				     .connections = 2,
				     .outcome = AM_OUTCOME_SILENT});
	/* A person's typing errors: one every other day. */
	for (int n = 0; n < 3; n++)
		probe(&net, "10.0.1.2", 1, 1, n * 2, 9 + n, 0);
	/* All ports of a server that is down for an hour, but serves otherwise. */
	for (uint16_t port = 80; port < 90; port++) {
		net_use(&net, "10.0.1.4", "10.0.2.4", port, 0, 3);
		net_add(&net, (Talk){.client = "10.0.1.3",
				     .server = "10.0.2.4",
				     .ip_protocol = AM_PROTO_TCP,
				     .port = port,
				     .day = 4,
				     .outcome = AM_OUTCOME_SILENT});
	}
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT_FALSE(asset_of(map, "10.0.1.1")->scanner);
	CU_ASSERT_FALSE(asset_of(map, "10.0.1.2")->scanner);
	CU_ASSERT_FALSE(asset_of(map, "10.0.1.3")->scanner);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 3306, BACKGROUND);
	net_clear(&net);
}

static void test_success_is_tainted(void)
{
	Net net = net_new();
	net_span(&net, 5);
	probe(&net, "10.0.1.1", 20, 1, 1, 10, 1);
	Talk banner = {.client = "10.0.1.1",
		       .server = "10.0.60.1",
		       .ip_protocol = AM_PROTO_TCP,
		       .port = 80,
		       .day = 1,
		       .hour = 10,
		       .minute = 5,
		       .payload = {100, 3000}};
	net_add(&net, banner);
	for (int n = 0; n < 3; n++) { /* others make it a service, which does not help the scanner */
		g_autofree char *client = g_strdup_printf("10.0.4.%d", n + 1);
		net_use(&net, client, "10.0.60.1", 80, 0, 5);
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.60.1", AM_PROTO_TCP, 80, SUSPICIOUS);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.1", "10.0.60.1", AM_PROTO_TCP, 80), AM_REASON_SCAN_SUCCESS));
	ASSERT_VERDICT(map, "10.0.4.1", "10.0.60.1", AM_PROTO_TCP, 80, ESSENTIAL);
	net_clear(&net);
}

/* During a scan so long that chance alone would have put it there: what an inside host tells a live one is a question, what an
 * outside one sends without an answer is a probe. */
static void test_told_during_a_long_scan(void)
{
	const char *sources[] = {"10.0.1.1", "203.0.113.5"};
	for (int n = 0; n < 2; n++) {
		Net net = net_new();
		net_span(&net, 5);
		probe(&net, sources[n], 20, 30, 1, 0, 1);
		net_add(&net, (Talk){.client = sources[n],
				     .server = "10.0.99.1",
				     .ip_protocol = AM_PROTO_UDP,
				     .port = 5514,
				     .day = 1,
				     .hour = 5,
				     .outcome = AM_OUTCOME_ONE_WAY,
				     .payload = {100, 0}});
		g_autoptr(AmMap) map = net_map(&net);
		if (n == 0)
			ASSERT_VERDICT(map, sources[n], "10.0.99.1", AM_PROTO_UDP, 5514, UNDECIDED);
		else
			ASSERT_VERDICT(map, sources[n], "10.0.99.1", AM_PROTO_UDP, 5514, SUSPICIOUS);
		net_clear(&net);
	}
}

static void test_nightly_sweep(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int day = 0; day < 5; day++) {
		for (int host = 1; host <= 30; host++) {
			g_autofree char *target = g_strdup_printf("10.0.50.%d", host);
			gboolean up = host % 6 == 0;
			net_add(&net, (Talk){.client = "10.0.1.1",
					     .server = target,
					     .ip_protocol = AM_PROTO_ICMP,
					     .port = 8 << 8,
					     .role = TRUE,
					     .day = day,
					     .hour = 9,
					     .outcome = up ? AM_OUTCOME_ACCEPTED : AM_OUTCOME_SILENT,
					     .payload = {56, up ? 56 : 0}});
		}
		Talk watch = {.client = "10.0.1.1",
			      .server = "10.0.60.1",
			      .ip_protocol = AM_PROTO_ICMP,
			      .port = 8 << 8,
			      .role = TRUE,
			      .day = day,
			      .n_hours = 24,
			      .connections = 96,
			      .payload = {5376, 5376}};
		net_add(&net, watch);
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.50.6", AM_PROTO_ICMP, 8 << 8, SUSPICIOUS);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.50.7", AM_PROTO_ICMP, 8 << 8, SUSPICIOUS);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.60.1", AM_PROTO_ICMP, 8 << 8, ESSENTIAL);
	net_clear(&net);
}

/* ACK, FIN and XMAS scans have no SYN and no word; all from one port, which must not look like a server's. */
static void test_stealth(void)
{
	Net net = net_new();
	net_span(&net, 2);
	for (int port = 0; port < 40; port++)
		net_add(&net, (Talk){.client = "10.0.1.1",
				     .server = "10.0.2.1",
				     .ip_protocol = AM_PROTO_TCP,
				     .undirected = TRUE,
				     .client_port = 50000,
				     .port = (uint16_t)(20 + port),
				     .no_handshake = TRUE,
				     .outcome = AM_OUTCOME_MIDSTREAM});
	for (guint n = 0; n < net.tallies->len; n++) {
		AmTally *tally = &g_array_index(net.tallies, AmTally, n);
		if (tally->key.side == AM_SIDE_NONE)
			tally->rst[1] = 1;
	}
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT(asset_of(map, "10.0.1.1")->scanner);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 30, SUSPICIOUS);
	net_clear(&net);
}

static void test_backscatter_gives_no_clients(void)
{
	Net net = net_new();
	net_span(&net, 2);
	for (int n = 0; n < 50; n++) {
		g_autofree char *source = g_strdup_printf("203.0.113.%d", n + 1);
		guint at = net_add(&net, (Talk){.client = source,
						.server = "10.0.1.1",
						.ip_protocol = AM_PROTO_TCP,
						.undirected = TRUE,
						.client_port = 443,
						.port = (uint16_t)(2000 + n),
						.no_handshake = TRUE,
						.outcome = AM_OUTCOME_SILENT});
		AmTally *tally = &g_array_index(net.tallies, AmTally, at);
		tally->synack[tally->first[1] > 0] = 1;
	}
	g_autoptr(AmMap) map = net_map(&net);
	for (guint n = 0; n < map->listeners->len; n++)
		CU_ASSERT_EQUAL(g_array_index(map->listeners, AmListener, n).port, 123);
	CU_ASSERT_PTR_NULL(edge_of(map, "10.0.1.1", "203.0.113.5", AM_PROTO_TCP, 443));
	ASSERT_VERDICT(map, "203.0.113.5", "10.0.1.1", AM_PROTO_TCP, 2004, SUSPICIOUS);
	CU_ASSERT(has_reason(edge_of(map, "203.0.113.5", "10.0.1.1", AM_PROTO_TCP, 2004), AM_REASON_BACKSCATTER));
	CU_ASSERT_EQUAL(map->n_verdicts[AM_VERDICT_ESSENTIAL], 1);
	net_clear(&net);
}

/* A lone RST from an inside port answers a SYN that was not seen; from outside it may be backscatter. */
static void test_refusals_tell_of_clients(void)
{
	static const char *const ends[][2] = {{"10.0.1.1", "203.0.113.5"}, {"203.0.113.6", "10.0.1.2"}};
	Net net = net_new();
	net_span(&net, 2);
	for (size_t n = 0; n < G_N_ELEMENTS(ends); n++) {
		guint at = net_add(&net, (Talk){.client = ends[n][0],
						.server = ends[n][1],
						.ip_protocol = AM_PROTO_TCP,
						.undirected = TRUE,
						.client_port = 23,
						.port = 50000,
						.no_handshake = TRUE,
						.outcome = AM_OUTCOME_SILENT});
		AmTally *tally = &g_array_index(net.tallies, AmTally, at);
		tally->rst[tally->first[1] > 0] = 1;
	}
	g_autoptr(AmMap) map = net_map(&net);
	const AmEdge *edge = edge_of(map, "203.0.113.5", "10.0.1.1", AM_PROTO_TCP, 23);
	CU_ASSERT_PTR_NOT_NULL_FATAL(edge);
	CU_ASSERT_EQUAL(edge->direction, AM_DIRECTION_PORT);
	CU_ASSERT_FALSE(has_reason(edge, AM_REASON_BACKSCATTER));
	CU_ASSERT_PTR_NULL(edge_of(map, "10.0.1.2", "203.0.113.6", AM_PROTO_TCP, 23));
	CU_ASSERT(has_reason(edge_of(map, "203.0.113.6", "10.0.1.2", AM_PROTO_TCP, 50000), AM_REASON_BACKSCATTER));
	net_clear(&net);
}

static void test_inbound_stranger(void)
{
	Net net = net_new();
	net_span(&net, 2);
	Talk knock = {.client = "203.0.113.9",
		      .server = "10.0.1.1",
		      .ip_protocol = AM_PROTO_TCP,
		      .port = 23,
		      .outcome = AM_OUTCOME_SILENT};
	net_add(&net, knock);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "203.0.113.9", "10.0.1.1", AM_PROTO_TCP, 23, SUSPICIOUS);
	CU_ASSERT(has_reason(edge_of(map, "203.0.113.9", "10.0.1.1", AM_PROTO_TCP, 23), AM_REASON_INBOUND_UNKNOWN));
	net_clear(&net);
}

/* All day long, small, without a name. */
static Talk beacon_of(int day, uint32_t connections)
{
	return (Talk){.client = "10.0.1.3",
		      .server = "203.0.113.7",
		      .ip_protocol = AM_PROTO_TCP,
		      .port = 443,
		      .day = day,
		      .n_hours = 24,
		      .connections = connections,
		      .payload = {connections * 700, connections * 2500},
		      .l7 = "tls"};
}

static void test_beacon(void)
{
	Net net = net_new();
	net_span(&net, 1);
	for (int n = 1; n <= 8; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		net_add(&net, (Talk){.client = client,
				     .server = "198.51.100.1",
				     .ip_protocol = AM_PROTO_TCP,
				     .port = 443,
				     .hour = 8,
				     .n_hours = 9,
				     .connections = 60,
				     .payload = {60000, 900000},
				     .l7 = "tls",
				     .server_name = "www.example"});
	}
	Talk beacon = beacon_of(0, 144);
	net_add(&net, beacon);
	beacon.server = "203.0.113.8"; /* as regular, but by name: a supplier's interface */
	beacon.server_name = "api.example";
	net_add(&net, beacon);
	beacon.server = "10.0.9.9"; /* as regular, but inside: a health check */
	beacon.server_name = NULL;
	net_add(&net, beacon);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.3", "203.0.113.7", AM_PROTO_TCP, 443, SUSPICIOUS);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.3", "203.0.113.7", AM_PROTO_TCP, 443), AM_REASON_BEACON));
	ASSERT_VERDICT(map, "10.0.1.3", "203.0.113.8", AM_PROTO_TCP, 443, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.3", "10.0.9.9", AM_PROTO_TCP, 443, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.3", "198.51.100.1", AM_PROTO_TCP, 443, ESSENTIAL);
	net_clear(&net);
}

/* A clock with jitter, or of a machine that sleeps: steady by the hour, yet not by the day. */
static void test_uneven_beacon(void)
{
	Net net = net_new();
	net_span(&net, 7);
	for (int n = 1; n <= 8; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		net_use(&net, client, "198.51.100.1", 443, 0, 7);
	}
	for (int day = 0; day < 7; day++)
		net_add(&net, beacon_of(day, day % 2 == 0 ? 24 : 32));
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.3", "203.0.113.7", AM_PROTO_TCP, 443, UNDECIDED);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.3", "203.0.113.7", AM_PROTO_TCP, 443), AM_REASON_BEACON));
	net_clear(&net);
}

/* Whom a beacon calls, others need not call either; unless many do. */
static void test_beacons_company(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int n = 1; n <= 8; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		net_use(&net, client, "198.51.100.1", 443, 0, 3);
		net_use(&net, client, "203.0.113.7", 80, 0, 3);
	}
	net_use(&net, "10.0.1.5", "203.0.113.7", 3333, 0, 3);
	for (int day = 0; day < 3; day++)
		net_add(&net, beacon_of(day, 48));
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.3", "203.0.113.7", AM_PROTO_TCP, 443, SUSPICIOUS);
	ASSERT_VERDICT(map, "10.0.1.5", "203.0.113.7", AM_PROTO_TCP, 3333, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.5", "203.0.113.7", AM_PROTO_TCP, 80, ESSENTIAL);
	net_clear(&net);
}

static void call_by_name(Net *net, const char *client, const char *server, int n_days)
{
	for (int day = 0; day < n_days; day++)
		net_add(net, (Talk){.client = client,
				    .server = server,
				    .ip_protocol = AM_PROTO_TCP,
				    .port = 443,
				    .day = day,
				    .hour = 8,
				    .n_hours = 9,
				    .connections = 60,
				    .payload = {60000, 900000},
				    .l7 = "tls",
				    .server_name = "www.example"});
}

/* Several hosts with the same beacon are no crowd that makes its place a usual one: not for a host that calls it otherwise. */
static void test_beacons_of_several(void)
{
	for (int n_beacons = 3; n_beacons <= 6; n_beacons += 3) {
		Net net = net_new();
		net_span(&net, 3);
		for (int n = 1; n <= 100; n++) {
			g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
			net_use(&net, client, "198.51.100.1", 443, 0, 3);
			if (n > n_beacons && n <= 7)
				call_by_name(&net, client, "203.0.113.7", 3);
			for (int day = 0; n <= n_beacons && day < 3; day++) {
				Talk beacon = beacon_of(day, 48);
				beacon.client = client;
				net_add(&net, beacon);
			}
		}
		g_autoptr(AmMap) map = net_map(&net);
		ASSERT_VERDICT(map, "10.0.1.1", "203.0.113.7", AM_PROTO_TCP, 443, SUSPICIOUS);
		AmVerdict verdict = edge_of(map, "10.0.1.7", "203.0.113.7", AM_PROTO_TCP, 443)->verdict;
		CU_ASSERT_EQUAL(verdict, n_beacons == 6 ? AM_VERDICT_UNDECIDED : AM_VERDICT_ESSENTIAL);
		net_clear(&net);
	}
}

/* Small and regular to a resolver outside, of a client that has one inside; what the resolver itself asks is its task. */
static void test_dns_beacon(void)
{
	Net net = net_new();
	net_span(&net, 7);
	Talk dns = {.server = "10.0.6.1",
		    .ip_protocol = AM_PROTO_UDP,
		    .port = 53,
		    .n_hours = 24,
		    .connections = 24,
		    .payload = {24 * 60, 24 * 200},
		    .l7 = "dns",
		    .server_name = "a1b2.example"};
	for (dns.day = 0; dns.day < 7; dns.day++) {
		dns.client = "10.0.1.3";
		dns.server = "10.0.6.1";
		net_add(&net, dns);
		dns.server = "203.0.113.7";
		net_add(&net, dns);
		dns.client = "10.0.6.1";
		dns.server = "203.0.113.9";
		net_add(&net, dns);
		dns.client = "10.0.9.1"; /* a guest network, say, that has none */
		dns.server = "203.0.113.8";
		net_add(&net, dns);
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.3", "203.0.113.7", AM_PROTO_UDP, 53, UNDECIDED);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.3", "203.0.113.7", AM_PROTO_UDP, 53), AM_REASON_BEACON));
	ASSERT_VERDICT(map, "10.0.6.1", "203.0.113.9", AM_PROTO_UDP, 53, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.9.1", "203.0.113.8", AM_PROTO_UDP, 53, ESSENTIAL);
	net_clear(&net);
}

static void test_lateral(void)
{
	Net net = net_new();
	net_span(&net, 5);
	static const uint16_t ports[] = {22, 3389, 445};
	for (int n = 0; n < 6; n++) {
		g_autofree char *server = g_strdup_printf("10.0.2.%d", n + 1);
		net_use(&net, "10.0.7.1", server, 22, 0, 5); /* whose work it is */
		net_add(&net, (Talk){.client = "10.0.1.3",
				     .server = server,
				     .ip_protocol = AM_PROTO_TCP,
				     .port = ports[n % 3],
				     .day = 2,
				     .hour = 3 + n,
				     .payload = {4000, 9000}});
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.1", AM_PROTO_TCP, 22, SUSPICIOUS);
	ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.2", AM_PROTO_TCP, 3389, SUSPICIOUS);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.3", "10.0.2.2", AM_PROTO_TCP, 3389), AM_REASON_LATERAL));
	ASSERT_VERDICT(map, "10.0.7.1", "10.0.2.1", AM_PROTO_TCP, 22, ESSENTIAL);
	net_clear(&net);
}

/* As many in the course of a week are an administrator's, perhaps. */
static void test_administrators_week(void)
{
	Net net = net_new();
	net_span(&net, 7);
	static const uint16_t ports[] = {22, 3389, 445};
	for (int n = 0; n < 4; n++) {
		g_autofree char *server = g_strdup_printf("10.0.2.%d", n + 1);
		net_use(&net, "10.0.7.1", server, 443, 0, 7);
		net_add(&net, (Talk){.client = "10.0.1.3",
				     .server = server,
				     .ip_protocol = AM_PROTO_TCP,
				     .port = ports[n % 3],
				     .day = 2 * n,
				     .hour = 10,
				     .payload = {4000, 9000}});
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.1", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.4", AM_PROTO_TCP, 22, UNDECIDED);
	net_clear(&net);
}

/* In a few hours an administrator's logins do not come again either; of a host that scanned they are suspicious. */
static void test_logins_of_a_short_time(void)
{
	static const uint16_t ports[] = {22, 3389};
	for (int scans = 0; scans < 2; scans++) {
		Net net = net_new();
		net_add(&net, (Talk){.client = "10.0.7.1",
				     .server = "10.0.7.2",
				     .ip_protocol = AM_PROTO_TCP,
				     .port = 443,
				     .hour = 8,
				     .n_hours = 4,
				     .connections = 40,
				     .payload = {40000, 400000}});
		if (scans)
			probe(&net, "10.0.1.3", 20, 1, 0, 8, 0);
		for (int n = 0; n < 6; n++) {
			g_autofree char *server = g_strdup_printf("10.0.2.%d", n + 1);
			net_add(&net, (Talk){.client = "10.0.1.3",
					     .server = server,
					     .ip_protocol = AM_PROTO_TCP,
					     .port = ports[n % 2],
					     .hour = 10,
					     .minute = 10 * n,
					     .payload = {4000, 9000}});
		}
		g_autoptr(AmMap) map = net_map(&net);
		if (scans)
			ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.1", AM_PROTO_TCP, 22, SUSPICIOUS);
		else
			ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.1", AM_PROTO_TCP, 22, UNDECIDED);
		net_clear(&net);
	}
}

/* Who scanned this network from outside is later visited from inside, regularly, and is itself a regular client. */
static void test_dealings_with_an_outside_scanner(void)
{
	Net net = net_new();
	net_span(&net, 5);
	probe(&net, "203.0.113.5", 20, 1, 0, 1, 1);
	for (int day = 0; day < 5; day++) {
		Talk talk = {.client = "10.0.1.2",
			     .server = "203.0.113.5",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 443,
			     .day = day,
			     .hour = 8,
			     .n_hours = 10,
			     .connections = 40,
			     .payload = {40000, 40000000}};
		net_add(&net, talk); /* all along: somebody may have scanned in its name */
		talk.client = "10.0.1.1";
		if (day == 1 || day == 2)
			net_add(&net, talk);
	}
	net_use(&net, "203.0.113.5", "10.0.2.1", 993, 1, 2);
	net_use(&net, "203.0.113.6", "10.0.2.1", 993, 1, 2);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "203.0.113.5", AM_PROTO_TCP, 443, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.2", "203.0.113.5", AM_PROTO_TCP, 443, ESSENTIAL);
	ASSERT_VERDICT(map, "203.0.113.5", "10.0.2.1", AM_PROTO_TCP, 993, UNDECIDED);
	ASSERT_VERDICT(map, "203.0.113.6", "10.0.2.1", AM_PROTO_TCP, 993, ESSENTIAL);
	CU_ASSERT(has_reason(edge_of(map, "203.0.113.5", "10.0.2.1", AM_PROTO_TCP, 993), AM_REASON_SCANNER));
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_horizontal),
		UNIT_TEST(test_vertical),
		UNIT_TEST(test_slow),
		UNIT_TEST(test_dead_server_makes_no_scanner),
		UNIT_TEST(test_success_is_tainted),
		UNIT_TEST(test_told_during_a_long_scan),
		UNIT_TEST(test_nightly_sweep),
		UNIT_TEST(test_stealth),
		UNIT_TEST(test_backscatter_gives_no_clients),
		UNIT_TEST(test_refusals_tell_of_clients),
		UNIT_TEST(test_inbound_stranger),
		UNIT_TEST(test_beacon),
		UNIT_TEST(test_uneven_beacon),
		UNIT_TEST(test_dns_beacon),
		UNIT_TEST(test_beacons_company),
		UNIT_TEST(test_beacons_of_several),
		UNIT_TEST(test_lateral),
		UNIT_TEST(test_administrators_week),
		UNIT_TEST(test_logins_of_a_short_time),
		UNIT_TEST(test_dealings_with_an_outside_scanner),
		{NULL, NULL},
	};
	return unit_run("scan", tests);
}
