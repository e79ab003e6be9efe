/* What hosts do that come and go: machines with several addresses, servers of an hour, updates by turns, half-seen clients. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

#define AT(day, hour) ((FIRST_DAY + (int64_t)(day)) * DAY_NS + (int64_t)(hour)*HOUR_NS)

static void know_mac(GArray *observations, const char *who, const char *mac, int first_day, int last_day)
{
	static const AmObservedKind kinds[] = {AM_OBSERVED_MAC, AM_OBSERVED_LEASE};
	for (size_t n = 0; n < G_N_ELEMENTS(kinds); n++) {
		if (kinds[n] == AM_OBSERVED_LEASE && strchr(who, ':') != NULL)
			continue;
		AmObservation o = {.address = address(who),
				   .kind = (uint8_t)kinds[n],
				   .first_ns = AT(first_day, 0),
				   .last_ns = AT(last_day, 23),
				   .count = 1};
		g_strlcpy(o.value, mac, sizeof o.value);
		g_array_append_val(observations, o);
	}
}

static AmMap *build(const Net *net, GArray *observations)
{
	g_array_sort(observations, am_observation_compare);
	return am_map_build(net->tallies, observations, net->networks, NULL, NULL);
}

static gboolean reason_given(const AmMap *map, const char *client, const char *server, uint16_t port, AmReason reason)
{
	const AmEdge *edge = edge_of(map, client, server, AM_PROTO_TCP, port);
	CU_ASSERT_PTR_NOT_NULL_FATAL(edge);
	return has_reason(edge, reason);
}

/* Every host asks a resolver for names of its own choice: that says nothing against one that asks for yet another. */
static void test_names_asked_for(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 1; n <= 6; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n), *name = g_strdup_printf("www%d.example", n);
		for (int day = 0; day < 5; day++) {
			Talk asked = {.client = client,
				      .server = "10.0.9.53",
				      .ip_protocol = AM_PROTO_UDP,
				      .port = 53,
				      .day = day,
				      .hour = 8,
				      .n_hours = 8,
				      .connections = 40,
				      .payload = {1600, 3200},
				      .role = TRUE,
				      .l7 = "dns",
				      .server_name = name};
			net_add(&net, asked);
		}
	}
	net_add(&net, (Talk){.client = "10.0.1.99",
			     .server = "10.0.9.53",
			     .ip_protocol = AM_PROTO_UDP,
			     .port = 53,
			     .day = 1,
			     .hour = 9,
			     .connections = 3,
			     .payload = {120, 240},
			     .role = TRUE,
			     .l7 = "dns",
			     .server_name = "mail.example"});
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.99", "10.0.9.53", AM_PROTO_UDP, 53, ESSENTIAL);
	net_clear(&net);
}

static void check(Net *net, const char *client, const char *server, uint16_t port, int n_hours)
{
	for (int day = 0; day < (n_hours > 6 ? 5 : 1); day++)
		net_add(net, (Talk){.client = client,
				    .server = server,
				    .ip_protocol = AM_PROTO_TCP,
				    .port = port,
				    .day = day,
				    .hour = 2,
				    .n_hours = n_hours,
				    .connections = (uint64_t)n_hours * 6});
}

/* A balancer looks whether its servers are up; one of them was there for two hours only. Not what is like it: two servers are no
 * habit, and on a port of administration a habit does not speak for one more. */
static void test_check_of_a_new_server(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 1; n <= 4; n++) {
		g_autofree char *server = g_strdup_printf("10.0.2.%d", n);
		check(&net, "10.0.1.1", server, 3002, n == 4 ? 2 : 12);
		check(&net, "10.0.1.2", server, 22, n == 4 ? 2 : 12);
		if (n > 1)
			check(&net, "10.0.1.3", server, 3003, n == 4 ? 2 : 12);
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 3002, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.4", AM_PROTO_TCP, 3002, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.2", "10.0.2.4", AM_PROTO_TCP, 22, BACKGROUND);
	ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.4", AM_PROTO_TCP, 3003, BACKGROUND);
	net_clear(&net);
}

static Talk out(const char *client, const char *server, int day, int hour, const char *name)
{
	return (Talk){.client = client,
		      .server = server,
		      .ip_protocol = AM_PROTO_TCP,
		      .port = 443,
		      .day = day,
		      .hour = hour,
		      .payload = {900, 9000},
		      .l7 = "tls",
		      .server_name = name};
}

/* Each night every host asks one of two mirrors; each mirror by one name. */
static void test_updates_by_turns(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 1; n <= 8; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		net_use(&net, client, "10.0.3.1", 8080, 0, 5);
		net_add(&net, out(client, "203.0.113.1", n % 5, 2 + n % 2, "mirror.example"));
		if (n <= 4) /* too few beside oneself */
			net_add(&net, out(client, "203.0.113.2", n, 2 + n % 2, "few.example"));
		net_add(&net, out(client, "203.0.113.3", n % 5, 2 + n % 2, NULL)); /* that have no name in common */
		g_autofree char *own = g_strdup_printf("h%d.example", n);
		net_add(&net, out(client, "203.0.113.4", n % 5, 2 + n % 2, own));
		net_add(&net,
			out(client, "203.0.113.5", 1, 2, "once.example")); /* all in one hour: an incident, perhaps */
	}
	net_use(&net, "10.0.1.20", "10.0.3.1", 8080, 0, 5);
	net_add(&net, out("10.0.1.20", "203.0.113.1", 2, 4, "elsewhere.example"));
	net_add(&net, out("10.0.1.21", "203.0.113.1", 2, 4, "mirror.example")); /* known for nothing else */
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.2", "203.0.113.1", AM_PROTO_TCP, 443, ESSENTIAL);
	CU_ASSERT(reason_given(map, "10.0.1.2", "203.0.113.1", 443, AM_REASON_PEERS));
	ASSERT_VERDICT(map, "10.0.1.2", "203.0.113.2", AM_PROTO_TCP, 443, UNDECIDED);
	CU_ASSERT_NOT_EQUAL(edge_of(map, "10.0.1.2", "203.0.113.3", AM_PROTO_TCP, 443)->verdict, AM_VERDICT_ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.2", "203.0.113.4", AM_PROTO_TCP, 443, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.2", "203.0.113.5", AM_PROTO_TCP, 443, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.20", "203.0.113.1", AM_PROTO_TCP, 443, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.21", "203.0.113.1", AM_PROTO_TCP, 443, UNDECIDED);
	net_clear(&net);
}

/* All day long, small, without a name. */
static void beacon(Net *net, const char *client, const char *server, gboolean unheard)
{
	Talk talk = out(client, server, 0, 0, NULL);
	talk.n_hours = 24;
	talk.connections = 96;
	talk.payload[0] = unheard ? 0 : 96 * 700;
	talk.payload[1] = 96 * 2500;
	talk.packets[1] = 96 * 8;
	guint at = net_add(net, talk);
	if (!unheard)
		return;
	AmTally *tally = &g_array_index(net->tallies, AmTally, at);
	int side = address(client).bytes[0] > address(server).bytes[0];
	tally->counts.packets[side] = tally->counts.bytes[side] = tally->syn[side] = tally->handshake = 0;
	tally->first[!side] = tally->first[side];
	tally->first[side] = 0;
}

static void browse(Net *net, const char *client, const char *server, const char *name)
{
	Talk talk = out(client, server, 0, 8, name);
	talk.n_hours = 10;
	talk.connections = 30;
	talk.payload[0] = 30 * 900;
	talk.payload[1] = 30 * 20000;
	net_add(net, talk);
}

/* The mirror misses all that one client says, and so the name that the others give. Where nobody gives one, it is a beacon. */
static void test_name_that_was_not_heard(void)
{
	Net net = net_new();
	net_span(&net, 1);
	for (int n = 1; n <= 8; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		browse(&net, client, "198.51.100.1", "www.example");
	}
	browse(&net, "10.0.1.1", "198.51.100.2", "rates.example");
	beacon(&net, "10.0.1.9", "198.51.100.2", TRUE);
	beacon(&net, "10.0.1.9", "198.51.100.3", TRUE);
	browse(&net, "10.0.1.1", "198.51.100.4", "rates.example");
	beacon(&net, "10.0.1.8", "198.51.100.4", FALSE); /* heard, and it gave none */
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.9", "198.51.100.2", AM_PROTO_TCP, 443, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.9", "198.51.100.3", AM_PROTO_TCP, 443, SUSPICIOUS);
	ASSERT_VERDICT(map, "10.0.1.8", "198.51.100.4", AM_PROTO_TCP, 443, SUSPICIOUS);
	net_clear(&net);
}

/* Behind a router that translates, all go out by one public address, and one of them has a beacon: a question, as it is not known
 * whose address that is. Who only visits a place or two is none of ours. */
static void test_beacon_behind_a_translator(void)
{
	Net net = net_new();
	net_span(&net, 1);
	for (int n = 1; n <= 4; n++) {
		g_autofree char *server = g_strdup_printf("198.51.100.%d", n);
		browse(&net, "10.0.1.1", server, "www.example");
		browse(&net, "10.0.1.2", server, "www.example");
		browse(&net, "192.0.2.10", server, "www.example");
	}
	beacon(&net, "192.0.2.10", "203.0.113.7", FALSE);
	beacon(&net, "198.18.0.9", "192.0.2.99", FALSE);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "192.0.2.10", "203.0.113.7", AM_PROTO_TCP, 443, UNDECIDED);
	CU_ASSERT(reason_given(map, "192.0.2.10", "203.0.113.7", 443, AM_REASON_BEACON));
	ASSERT_VERDICT(map, "192.0.2.10", "198.51.100.2", AM_PROTO_TCP, 443, ESSENTIAL);
	CU_ASSERT_FALSE(reason_given(map, "198.18.0.9", "192.0.2.99", 443, AM_REASON_BEACON));
	net_clear(&net);
}

/* A machine with a private address is inside with its public ones, too. */
static void test_beacon_by_another_address(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	net_span(&net, 1);
	for (int n = 1; n <= 8; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		browse(&net, client, "198.51.100.1", "www.example");
	}
	know_mac(told, "10.0.1.8", "3c:52:82:00:00:08", 0, 0);
	know_mac(told, "2001:db8:1::8", "3c:52:82:00:00:08", 0, 0);
	beacon(&net, "2001:db8:1::8", "2001:db8:ffff::7", FALSE);
	g_autoptr(AmMap) map = build(&net, told);
	ASSERT_VERDICT(map, "2001:db8:1::8", "2001:db8:ffff::7", AM_PROTO_TCP, 443, SUSPICIOUS);
	net_clear(&net);
}

/* What all machines do by IPv4 is usual, though by IPv6 they do something else. */
static void test_usual_of_machines(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	net_span(&net, 1);
	for (int n = 1; n <= 8; n++) {
		g_autofree char *four = g_strdup_printf("10.0.1.%d", n), *six = g_strdup_printf("fd00:1::%d", n);
		g_autofree char *mac = g_strdup_printf("3c:52:82:00:00:%02d", n);
		know_mac(told, four, mac, 0, 0);
		know_mac(told, six, mac, 0, 0);
		beacon(&net, four, "198.51.100.1", FALSE);
		browse(&net, six, "2001:db8:ffff::1", "www.example");
	}
	g_autoptr(AmMap) map = build(&net, told);
	CU_ASSERT_FALSE(reason_given(map, "10.0.1.1", "198.51.100.1", 443, AM_REASON_BEACON));
	net_clear(&net);
}

/* Polls of a device whose answers alone are mirrored: as the mirror misses all that it gets, they stand for the questions. Of one
 * whose questions are seen elsewhere, they do not. */
static void test_answers_of_a_half_seen_server(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int half = 0; half < 2; half++) {
		const char *server = half ? "10.0.2.1" : "10.0.2.2";
		for (int day = 0; day < 5; day++) {
			Talk poll = {.client = "10.0.1.1",
				     .server = server,
				     .ip_protocol = AM_PROTO_UDP,
				     .port = 161,
				     .day = day,
				     .n_hours = 24,
				     .connections = 24,
				     .packets = {24, 24},
				     .payload = {0, 2400},
				     .role = TRUE,
				     .l7 = "snmp"};
			guint at = net_add(&net, poll);
			AmTally *tally = &g_array_index(net.tallies, AmTally, at);
			tally->counts.packets[0] = tally->counts.bytes[0] = tally->first[0] = 0;
			tally->first[1] = 24;
		}
	}
	net_use(&net, "10.0.1.1", "10.0.2.3", 443, 0, 5);
	net_use(&net, "10.0.1.3", "10.0.2.2", 443, 0, 5);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_UDP, 161, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.2", AM_PROTO_UDP, 161, UNDECIDED);
	net_clear(&net);
}

static void visit(Net *net, const char *client, const char *server, uint16_t port, int day, int hour)
{
	net_add(net, (Talk){.client = client,
			    .server = server,
			    .ip_protocol = AM_PROTO_TCP,
			    .port = port,
			    .day = day,
			    .hour = hour,
			    .payload = {4000, 9000}});
}

/* A notebook with another address each day does its work by each of them, the last one lately; and logs in, which counts for each
 * address alone. */
static void test_machine_that_moves(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	net_span(&net, 5);
	for (int day = 0; day < 5; day++) {
		g_autofree char *moved = g_strdup_printf("10.0.1.%d", 20 + day),
				*other = g_strdup_printf("10.0.1.%d", 40 + day);
		know_mac(told, moved, "3c:52:82:00:00:20", day, day);
		visit(&net, moved, "10.0.2.1", 3000, day, 9);
		visit(&net, moved, "10.0.2.1", 22, day, 9);
		visit(&net, other, "10.0.2.2", 3000, day, 9); /* five machines */
	}
	g_autoptr(AmMap) map = build(&net, told);
	ASSERT_VERDICT(map, "10.0.1.20", "10.0.2.1", AM_PROTO_TCP, 3000, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.24", "10.0.2.1", AM_PROTO_TCP, 3000, ESSENTIAL);
	CU_ASSERT(reason_given(map, "10.0.1.24", "10.0.2.1", 3000, AM_REASON_SAME_MACHINE));
	CU_ASSERT_FALSE(reason_given(map, "10.0.1.24", "10.0.2.1", 3000, AM_REASON_RECURRING));
	ASSERT_VERDICT(map, "10.0.1.20", "10.0.2.1", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.40", "10.0.2.2", AM_PROTO_TCP, 3000, UNDECIDED);
	net_clear(&net);
}

/* Three people use a jump host, one of them by two addresses: too few for it to be everybody's, so that nobody vouches for a
 * fourth. With four he is vouched for, unless he tours the network. */
static void test_colleagues_are_machines(void)
{
	for (int variant = 0; variant < 3; variant++) {
		Net net = net_new();
		g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
		gboolean one_machine = variant == 0, tours = variant == 2;
		net_span(&net, 5);
		for (int n = 1; n <= 5; n++) {
			g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
			net_use(&net, client, "10.0.3.1", 443, 0, 5);
			net_use(&net, client, "10.0.3.2", 8080, 0, 5);
			if (n <= 4)
				net_use(&net, client, "10.0.2.1", 3389, n == 4 ? 2 : 0, 2);
		}
		if (one_machine) {
			know_mac(told, "10.0.1.3", "3c:52:82:00:00:03", 0, 1);
			know_mac(told, "10.0.1.4", "3c:52:82:00:00:03", 2, 4);
		}
		visit(&net, "10.0.1.5", "10.0.2.1", 3389, 2, 14);
		for (int n = 2; tours && n <= 5; n++) {
			g_autofree char *server = g_strdup_printf("10.0.2.%d", n);
			visit(&net, "10.0.1.5", server, n % 2 ? 22 : 445, 2, 10 + n);
		}
		g_autoptr(AmMap) map = build(&net, told);
		const AmEdge *edge = edge_of(map, "10.0.1.5", "10.0.2.1", AM_PROTO_TCP, 3389);
		CU_ASSERT_PTR_NOT_NULL_FATAL(edge);
		CU_ASSERT_EQUAL(edge->verdict, variant == 1 ? AM_VERDICT_ESSENTIAL : AM_VERDICT_UNDECIDED);
		CU_ASSERT_EQUAL(has_reason(edge, AM_REASON_LATERAL), tours);
		net_clear(&net);
	}
}

/* Three infected hosts, one controller, a protocol that nobody knows: by the clock each of them. */
static void test_beacons_of_an_unknown_protocol(void)
{
	Net net = net_new();
	net_span(&net, 1);
	for (int n = 1; n <= 9; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		browse(&net, client, "198.51.100.1", "www.example");
		if (n > 3)
			continue;
		Talk talk = {.client = client,
			     .server = "203.0.113.7",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 4444,
			     .n_hours = 24,
			     .connections = 28,
			     .payload = {2800, 5600}};
		net_add(&net, talk);
	}
	g_autoptr(AmMap) map = net_map(&net);
	for (int n = 1; n <= 3; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		ASSERT_VERDICT(map, client, "203.0.113.7", AM_PROTO_TCP, 4444, UNDECIDED);
		CU_ASSERT(reason_given(map, client, "203.0.113.7", 4444, AM_REASON_BEACON));
	}
	net_clear(&net);
}

/* Each night a scanner knocks at dead hosts, and two hours later it tries an open port, which it knows by then. What it does by day
 * is its own. */
static void test_night_of_a_scanner(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int day = 0; day < 5; day++) {
		for (int n = 1; n <= 6; n++) {
			g_autofree char *dead = g_strdup_printf("10.0.7.%d", n);
			net_add(&net, (Talk){.client = "10.0.1.1",
					     .server = dead,
					     .ip_protocol = AM_PROTO_TCP,
					     .port = 80,
					     .day = day,
					     .hour = 1,
					     .minute = n,
					     .outcome = AM_OUTCOME_SILENT});
		}
		for (int n = 1; n <= 2; n++) {
			g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
			visit(&net, client, "10.0.2.1", 8443, day, 3);
		}
	}
	net_use(&net, "10.0.1.1", "10.0.2.2", 443, 0, 5);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 8443, UNDECIDED);
	CU_ASSERT(reason_given(map, "10.0.1.1", "10.0.2.1", 8443, AM_REASON_SCAN_SUCCESS));
	ASSERT_VERDICT(map, "10.0.1.2", "10.0.2.1", AM_PROTO_TCP, 8443, ESSENTIAL); /* who never scanned */
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.2", AM_PROTO_TCP, 443, ESSENTIAL);
	net_clear(&net);
}

static void come_by(Net *net, const char *client, const char *server, const char *l7, uint64_t served)
{
	Talk talk = {.client = client,
		     .server = server,
		     .ip_protocol = AM_PROTO_TCP,
		     .port = 2200,
		     .day = 2,
		     .hour = 9,
		     .payload = {3000, served},
		     .role = TRUE,
		     .l7 = l7};
	net_add(net, talk);
}

/* Two suppliers log in by a port of our own choice, and strangers try to. Where nobody is regular, they try as well; who gets as much
 * as a supplier may be one, and a web server's strangers are its visitors. */
static void test_guessed_login(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 1; n <= 30; n++) {
		g_autofree char *stranger = g_strdup_printf("198.51.100.%d", n);
		come_by(&net, stranger, "10.0.2.1", "ssh", n == 30 ? 12000 : 2900);
		come_by(&net, stranger, "10.0.2.2", "ssh", 2900);
		come_by(&net, stranger, "10.0.2.3", "tls", 2900);
		if (n <= 5)
			come_by(&net, stranger, "10.0.2.4", "ssh", 2900);
	}
	for (int n = 1; n <= 2; n++) {
		g_autofree char *supplier = g_strdup_printf("203.0.113.%d", n);
		for (int day = 0; day < 5; day++)
			net_add(&net, (Talk){.client = supplier,
					     .server = "10.0.2.1",
					     .ip_protocol = AM_PROTO_TCP,
					     .port = 2200,
					     .day = day,
					     .hour = 8,
					     .n_hours = 8,
					     .connections = 10,
					     .payload = {40000, 120000},
					     .role = TRUE,
					     .l7 = "ssh"});
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "203.0.113.1", "10.0.2.1", AM_PROTO_TCP, 2200, ESSENTIAL);
	ASSERT_VERDICT(map, "198.51.100.1", "10.0.2.1", AM_PROTO_TCP, 2200, SUSPICIOUS);
	ASSERT_VERDICT(map, "198.51.100.30", "10.0.2.1", AM_PROTO_TCP, 2200, UNDECIDED);
	ASSERT_VERDICT(map, "198.51.100.1", "10.0.2.2", AM_PROTO_TCP, 2200, SUSPICIOUS);
	ASSERT_VERDICT(map, "198.51.100.1", "10.0.2.3", AM_PROTO_TCP, 2200, UNDECIDED);
	ASSERT_VERDICT(map, "198.51.100.1", "10.0.2.4", AM_PROTO_TCP, 2200, UNDECIDED);
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_names_asked_for),
		UNIT_TEST(test_check_of_a_new_server),
		UNIT_TEST(test_updates_by_turns),
		UNIT_TEST(test_name_that_was_not_heard),
		UNIT_TEST(test_beacon_behind_a_translator),
		UNIT_TEST(test_beacon_by_another_address),
		UNIT_TEST(test_usual_of_machines),
		UNIT_TEST(test_answers_of_a_half_seen_server),
		UNIT_TEST(test_machine_that_moves),
		UNIT_TEST(test_colleagues_are_machines),
		UNIT_TEST(test_beacons_of_an_unknown_protocol),
		UNIT_TEST(test_night_of_a_scanner),
		UNIT_TEST(test_guessed_login),
		{NULL, NULL},
	};
	return unit_run("habits", tests);
}
