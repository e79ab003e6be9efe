/* What kind of activity an edge has: answered, one way, opened, half seen; and what follows from it alone. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

static void test_syslog_is_essential(void)
{
	Net net = net_new();
	net_use(&net, "10.0.2.9", "10.0.5.5", 443, 0, 3); /* the collector is alive */
	for (int day = 0; day < 3; day++) {
		Talk log = {.client = "10.0.1.1",
			    .server = "10.0.2.9",
			    .ip_protocol = AM_PROTO_UDP,
			    .undirected = TRUE,
			    .client_port = 40000,
			    .port = 514,
			    .day = day,
			    .n_hours = 20,
			    .connections = 60,
			    .outcome = AM_OUTCOME_ONE_WAY,
			    .payload = {6000, 0}};
		net_add(&net, log);
		log.server = "10.0.2.77"; /* nobody there */
		net_add(&net, log);
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.9", AM_PROTO_UDP, 514, ESSENTIAL);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.1", "10.0.2.9", AM_PROTO_UDP, 514), AM_REASON_ONE_WAY_SERVICE));
	/* It may be up and silent, or gone: who knows is a person. */
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.77", AM_PROTO_UDP, 514, UNDECIDED);
	net_clear(&net);
}

/* Collectors that never say a word: told by many they are there; refused by a router they are not. */
static void test_silent_collector(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int day = 0; day < 3; day++) {
		for (int n = 1; n <= 4; n++) {
			g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
			Talk log = {.client = client,
				    .server = "10.0.2.9",
				    .ip_protocol = AM_PROTO_UDP,
				    .undirected = TRUE,
				    .client_port = 40000,
				    .port = 514,
				    .day = day,
				    .n_hours = 20,
				    .connections = 60,
				    .outcome = AM_OUTCOME_ONE_WAY,
				    .payload = {6000, 0}};
			net_add(&net, log);
			log.server = "203.0.113.9"; /* what goes outside in silence is no collector of ours */
			net_add(&net, log);
			log.server = "10.0.2.10";
			log.outcome = AM_OUTCOME_REFUSED;
			net_add(&net, log);
		}
	}
	g_autoptr(AmMap) map = net_map(&net);
	for (int n = 1; n <= 4; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		ASSERT_VERDICT(map, client, "10.0.2.9", AM_PROTO_UDP, 514, ESSENTIAL);
		ASSERT_VERDICT(map, client, "203.0.113.9", AM_PROTO_UDP, 514, UNDECIDED);
		CU_ASSERT_NOT_EQUAL(edge_of(map, client, "10.0.2.10", AM_PROTO_UDP, 514)->verdict,
				    AM_VERDICT_ESSENTIAL);
	}
	net_clear(&net);
}

static void test_half_seen_host(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int day = 0; day < 3; day++) {
		/* SYN and data, but never a packet back; queries without answers, to a server that answers others. */
		net_add(&net, (Talk){.client = "10.0.1.1",
				     .server = "10.0.2.1",
				     .ip_protocol = AM_PROTO_TCP,
				     .port = 9300,
				     .day = day,
				     .n_hours = 20,
				     .connections = 60,
				     .outcome = AM_OUTCOME_MIDSTREAM,
				     .packets = {600, 0},
				     .payload = {60000, 0}});
		Talk query = {.client = "10.0.1.1",
			      .server = "10.0.99.1",
			      .ip_protocol = AM_PROTO_UDP,
			      .port = 123,
			      .day = day,
			      .n_hours = 20,
			      .connections = 20,
			      .outcome = AM_OUTCOME_SILENT,
			      .payload = {960, 0},
			      .role = TRUE};
		net_add(&net, query);
	}
	AmTally *last = &g_array_index(net.tallies, AmTally, net.tallies->len - 1);
	CU_ASSERT_EQUAL(last->counts.packets[0] == 0 || last->counts.packets[1] == 0, TRUE);
	for (guint n = 0; n < net.tallies->len; n++) { /* the fixture answers what is midstream: this mirror does not */
		AmTally *tally = &g_array_index(net.tallies, AmTally, n);
		if (tally->key.port_lo == 9300 || tally->key.port_hi == 9300)
			tally->counts.packets[tally->key.side == AM_SIDE_HI] = 0;
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 9300, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.99.1", AM_PROTO_UDP, 123, ESSENTIAL);
	net_clear(&net);
}

/* A tally's answers alone, or its requests alone, as a mirror of one direction shows them. */
static void hide(Net *net, guint added, gboolean answers)
{
	AmTally *tally = &g_array_index(net->tallies, AmTally, added);
	int server = tally->key.side == AM_SIDE_HI, side = answers ? server : !server;
	tally->counts.packets[side] = tally->counts.payload[side] = tally->counts.bytes[side] = 0;
	tally->payload_both = 0;
}

/* The mirror shows what 10.0.1.1 gets, but not what it sends; and what 10.0.2.9 gets, but not that it answers. */
static void test_one_way_mirror(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int day = 0; day < 3; day++) {
		const Talk talk = {.client = "10.0.1.1",
				   .server = "10.0.2.1",
				   .ip_protocol = AM_PROTO_UDP,
				   .port = 7002,
				   .role = TRUE,
				   .day = day,
				   .n_hours = 20,
				   .connections = 60,
				   .packets = {60, 60},
				   .payload = {6000, 6000}};
		Talk other = talk, session = talk, pushed = talk, ping = talk, log = talk;
		hide(&net, net_add(&net, talk), FALSE);
		other.client = "10.0.1.2";
		net_add(&net, other);
		/* A session of few and long connections; its server answers others. */
		session.ip_protocol = AM_PROTO_TCP;
		session.port = 1883;
		session.outcome = AM_OUTCOME_MIDSTREAM;
		session.no_handshake = TRUE;
		session.role = FALSE;
		hide(&net, net_add(&net, session), FALSE);
		net_use(&net, "10.0.1.2", "10.0.2.1", 1883, day, 1);
		/* The host that is not seen to send is up: others go on talking to it. */
		pushed.client = "10.0.1.2";
		pushed.server = ping.server = log.server = "10.0.2.9";
		pushed.ip_protocol = AM_PROTO_TCP;
		pushed.port = 9300;
		pushed.outcome = AM_OUTCOME_MIDSTREAM;
		pushed.packets[0] = 600;
		hide(&net, net_add(&net, pushed), TRUE);
		ping.client = log.client = "10.0.1.3";
		ping.ip_protocol = AM_PROTO_ICMP;
		ping.port = 8 << 8;
		ping.outcome = log.outcome = AM_OUTCOME_SILENT;
		hide(&net, net_add(&net, ping), TRUE);
		log.port = 5514;
		hide(&net, net_add(&net, log), TRUE);
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_UDP, 7002, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 1883, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.9", AM_PROTO_ICMP, 8 << 8, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.9", AM_PROTO_UDP, 5514, ESSENTIAL);
	net_clear(&net);
}

/* In an observation of four hours a check cannot come for six. */
static void test_health_check_of_a_short_time(void)
{
	Net net = net_new();
	Talk check = {.client = "10.0.1.1",
		      .server = "10.0.2.1",
		      .ip_protocol = AM_PROTO_TCP,
		      .port = 8443,
		      .hour = 8,
		      .n_hours = 4,
		      .connections = 48};
	net_add(&net, check);
	check.server = "10.0.2.2";
	check.n_hours = 1;
	net_add(&net, check);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 8443, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.2", AM_PROTO_TCP, 8443, BACKGROUND);
	net_clear(&net);
}

static void test_health_check(void)
{
	Net net = net_new();
	net_span(&net, 2);
	Talk check = {.client = "10.0.1.1",
		      .server = "10.0.2.1",
		      .ip_protocol = AM_PROTO_TCP,
		      .port = 8443,
		      .n_hours = 24,
		      .connections = 288};
	net_add(&net, check);
	check.server = "10.0.2.2";
	check.n_hours = 1;
	check.connections = 1;
	net_add(&net, check);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 8443, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.2", AM_PROTO_TCP, 8443, BACKGROUND);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.1", "10.0.2.2", AM_PROTO_TCP, 8443), AM_REASON_NO_PAYLOAD));
	net_clear(&net);
}

/* Over TCP only one side may have words: a log that is shipped, a greeting, a transfer that another connection announced. */
static void test_words_of_one_side(void)
{
	Net net = net_new();
	net_span(&net, 2);
	Talk log = {.client = "10.0.1.1",
		    .server = "10.0.2.1",
		    .ip_protocol = AM_PROTO_TCP,
		    .port = 6514,
		    .n_hours = 20,
		    .connections = 40,
		    .payload = {90000, 0}};
	net_add(&net, log);
	Talk transfer = {.client = "10.0.1.1",
			 .server = "10.0.2.2",
			 .ip_protocol = AM_PROTO_TCP,
			 .port = 40000,
			 .n_hours = 4,
			 .connections = 8,
			 .payload = {0, 90000}};
	net_add(&net, transfer);
	transfer.server = "10.0.2.3"; /* a look at a greeting */
	transfer.port = 8025;
	transfer.n_hours = transfer.connections = 1;
	net_add(&net, transfer);
	Talk refused = log;
	refused.server = "10.0.2.4";
	refused.outcome = AM_OUTCOME_REFUSED;
	net_add(&net, refused);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 6514, ESSENTIAL);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 6514), AM_REASON_ONE_WAY_SERVICE));
	CU_ASSERT(!has_reason(edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 6514), AM_REASON_NO_PAYLOAD));
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.2", AM_PROTO_TCP, 40000, UNDECIDED);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.1", "10.0.2.2", AM_PROTO_TCP, 40000), AM_REASON_SERVER_ONLY));
	CU_ASSERT(!has_reason(edge_of(map, "10.0.1.1", "10.0.2.2", AM_PROTO_TCP, 40000), AM_REASON_NO_PAYLOAD));
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.3", AM_PROTO_TCP, 8025, BACKGROUND);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.4", AM_PROTO_TCP, 6514, BACKGROUND);
	net_clear(&net);
}

static void test_half_of_something(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int day = 0; day < 3; day++) {
		net_add(&net, (Talk){.client = "10.0.1.1",
				     .server = "10.0.2.1",
				     .ip_protocol = AM_PROTO_UDP,
				     .port = 53,
				     .role = TRUE,
				     .day = day,
				     .n_hours = 8,
				     .connections = 20,
				     .outcome = AM_OUTCOME_ONE_WAY,
				     .packets = {0, 20},
				     .payload = {0, 3000}});
		guint n = net.tallies->len - 1;
		AmTally *answers = &g_array_index(net.tallies, AmTally, n);
		answers->counts.packets[0] = 0; /* of the client, who is the lower address */
		answers->first[0] = 0;
		answers->first[1] = 20;
		net_add(&net, (Talk){.client = "10.0.1.1",
				     .server = "10.0.2.1",
				     .ip_protocol = AM_PROTO_TCP,
				     .client_port = 40000,
				     .port = 389,
				     .undirected = TRUE,
				     .no_handshake = TRUE,
				     .day = day,
				     .n_hours = 20,
				     .outcome = AM_OUTCOME_MIDSTREAM,
				     .packets = {900, 900}});
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_UDP, 53, UNDECIDED);
	CU_ASSERT(!has_reason(edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_UDP, 53), AM_REASON_FAILED));
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 389, UNDECIDED);
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_syslog_is_essential),
		UNIT_TEST(test_silent_collector),
		UNIT_TEST(test_half_seen_host),
		UNIT_TEST(test_one_way_mirror),
		UNIT_TEST(test_health_check_of_a_short_time),
		UNIT_TEST(test_health_check),
		UNIT_TEST(test_words_of_one_side),
		UNIT_TEST(test_half_of_something),
		{NULL, NULL},
	};
	return unit_run("kinds", tests);
}
