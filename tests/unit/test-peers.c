/* Who speaks for an edge that is too thin to stand on its own. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

static void visit_once(Net *net, const char *client, const char *server, uint16_t port)
{
	net_add(net, (Talk){.client = client,
			    .server = server,
			    .ip_protocol = AM_PROTO_TCP,
			    .port = port,
			    .day = 1,
			    .hour = 9,
			    .payload = {1000, 10000}});
}

/* Hosts 10.0.1.1.. that are alike, each with a server of its own, 10.0.2.1.. */
static void use_own_servers(Net *net, guint n_hosts, uint16_t port)
{
	net_span(net, 5);
	for (guint n = 1; n <= n_hosts; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%u", n), *own = g_strdup_printf("10.0.2.%u", n);
		net_use(net, client, own, port, 0, 5);
		net_use(net, client, "10.0.3.1", 443, 0, 5);
		net_use(net, client, "10.0.3.2", 8080, 0, 5);
	}
}

static void test_peers_speak_for_a_thin_edge(void)
{
	Net net = net_new();
	net_span(&net, 5);
	const char *clients[] = {"10.0.1.1", "10.0.1.2", "10.0.1.3"};
	for (int n = 0; n < 3; n++) {
		net_use(&net, clients[n], "10.0.2.1", 443, 0, 5);
		net_use(&net, clients[n], "10.0.2.2", 389, 0, 5);
		if (n < 2)
			net_use(&net, clients[n], "10.0.2.3", 5432, 0, 5);
	}
	visit_once(&net, "10.0.1.3", "10.0.2.3", 5432);
	visit_once(&net, "10.0.7.7", "10.0.2.3", 5432); /* does nothing that the others do */
	visit_once(&net, "10.0.1.2", "10.0.2.4", 5432); /* where nobody is regular */
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.3", AM_PROTO_TCP, 5432, ESSENTIAL);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.3", "10.0.2.3", AM_PROTO_TCP, 5432), AM_REASON_PEERS));
	ASSERT_VERDICT(map, "10.0.7.7", "10.0.2.3", AM_PROTO_TCP, 5432, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.2", "10.0.2.4", AM_PROTO_TCP, 5432, UNDECIDED);
	net_clear(&net);
}

/* Tenants, each with a database of its own: none of them speaks for a visit to another's. */
static void test_nobody_speaks_for_anothers_server(void)
{
	Net net = net_new();
	use_own_servers(&net, 4, 5432);
	net_use(&net, "10.0.1.5", "10.0.3.1", 443, 0, 5);
	net_use(&net, "10.0.1.5", "10.0.3.2", 8080, 0, 5);
	visit_once(&net, "10.0.1.2", "10.0.2.3", 5432);
	visit_once(&net, "10.0.1.5", "10.0.2.4",
		   5432); /* has none of its own, and may be a second one of that tenant's */
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.2", "10.0.2.3", AM_PROTO_TCP, 5432, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.5", "10.0.2.4", AM_PROTO_TCP, 5432, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.2", "10.0.2.2", AM_PROTO_TCP, 5432, ESSENTIAL);
	net_clear(&net);
}

/* Two hosts that prefer a server each: the other one is for when theirs fails. */
static void test_failover_is_not_anothers(void)
{
	Net net = net_new();
	use_own_servers(&net, 2, 389);
	visit_once(&net, "10.0.1.1", "10.0.2.2", 389);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.2", AM_PROTO_TCP, 389, ESSENTIAL);
	net_clear(&net);
}

/* An instance that was started for an afternoon: nobody uses it regularly, but its client has three others like it. */
static void test_habit_speaks_for_one_more_server(void)
{
	Net net = net_new();
	net_span(&net, 5);
	const char *servers[] = {"10.0.2.1", "10.0.2.2", "10.0.2.3"};
	for (int n = 0; n < 3; n++) {
		net_use(&net, "10.0.1.1", servers[n], 8000, 0, 5);
		net_use(&net, "10.0.1.1", servers[n], 22, 0, 5);
		if (n < 2)
			net_use(&net, "10.0.1.2", servers[n], 8000, 0, 5);
	}
	visit_once(&net, "10.0.1.1", "10.0.2.9", 8000);
	visit_once(&net, "10.0.1.2", "10.0.2.9", 8000);
	visit_once(&net, "10.0.1.1", "203.0.113.9", 8000);
	visit_once(&net, "10.0.1.1", "10.0.2.9", 22);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8000, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.2", "10.0.2.9", AM_PROTO_TCP, 8000, UNDECIDED);    /* two are no habit */
	ASSERT_VERDICT(map, "10.0.1.1", "203.0.113.9", AM_PROTO_TCP, 8000, UNDECIDED); /* not outside */
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 22, UNDECIDED);      /* not to log in */
	net_clear(&net);
}

static void look_in(Net *net, const char *client, const char *server, uint16_t port, int day, int hour)
{
	net_add(net, (Talk){.client = client,
			    .server = server,
			    .ip_protocol = AM_PROTO_TCP,
			    .port = port,
			    .day = day,
			    .hour = hour,
			    .payload = {1000, 10000}});
}

/* Clients that each ask once, as one asks for a ticket: together they come again and again. */
static void test_many_thin_ones_speak_together(void)
{
	static const struct {
		int n_clients, n_hours;
		gboolean admin, regular, essential;
	} cases[] = {
		{5, 5, FALSE, FALSE, TRUE},  {4, 4, FALSE, FALSE, FALSE}, /* three others are not many */
		{8, 2, FALSE, FALSE, FALSE},                              /* one morning's work */
		{6, 6, TRUE, FALSE, FALSE},                               /* as an intruder goes around */
		{5, 5, FALSE, TRUE, FALSE}, /* where most are regular, five that are not are out of the ordinary */
	};
	for (guint c = 0; c < G_N_ELEMENTS(cases); c++) {
		Net net = net_new();
		uint16_t port = cases[c].admin ? 22 : 88;
		net_span(&net, 2);
		for (int n = 0; n < cases[c].n_clients; n++) {
			g_autofree char *client = g_strdup_printf("10.0.1.%d", n + 1);
			look_in(&net, client, "10.0.2.1", port, 0, 8 + n % cases[c].n_hours);
		}
		for (int n = 0; cases[c].regular && n < 5; n++) {
			g_autofree char *client = g_strdup_printf("10.0.4.%d", n + 1);
			net_use(&net, client, "10.0.2.1", port, 0, 2);
		}
		/* That it is not everybody's. */
		for (int n = 0; n < 8; n++) {
			g_autofree char *client = g_strdup_printf("10.0.5.%d", n + 1);
			net_use(&net, client, "10.0.6.1", 443, 0, 2);
		}
		g_autoptr(AmMap) map = net_map(&net);
		const AmEdge *edge = edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, port);
		CU_ASSERT_PTR_NOT_NULL(edge);
		if (edge != NULL)
			CU_ASSERT_EQUAL(edge->verdict == AM_VERDICT_ESSENTIAL, cases[c].essential);
		net_clear(&net);
	}
}

/* What most hosts use regularly, a host of an hour uses too; what a few use, it does not. */
static void test_everybodys_service(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 0; n < 9; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n + 1);
		net_use(&net, client, n < 6 ? "10.0.2.1" : "10.0.2.3", 8443, 0, 5);
		if (n < 4)
			net_use(&net, client, "10.0.2.2", 5432, 0, 5);
	}
	visit_once(&net, "10.0.1.99", "10.0.2.1", 8443);
	visit_once(&net, "10.0.1.99", "10.0.2.2", 5432);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.99", "10.0.2.1", AM_PROTO_TCP, 8443, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.99", "10.0.2.2", AM_PROTO_TCP, 5432, UNDECIDED);
	net_clear(&net);
}

/* A backup of two nights: of three servers on both nights, of a fourth on one. With a third day to look at, two are too few. */
static void test_nightly_round(void)
{
	for (int n_days = 2; n_days <= 3; n_days++) {
		Net net = net_new();
		net_span(&net, n_days);
		for (int n = 1; n <= 4; n++) {
			g_autofree char *server = g_strdup_printf("10.0.2.%d", n);
			look_in(&net, "10.0.1.1", server, 873, 0, 2);
			if (n < 4)
				look_in(&net, "10.0.1.1", server, 873, 1, 2);
			look_in(&net, "10.0.1.2", server, 22, 0, 2);
			look_in(&net, "10.0.1.2", server, 22, 1, 2);
		}
		g_autoptr(AmMap) map = net_map(&net);
		if (n_days == 2)
			ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 873, ESSENTIAL);
		else
			ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 873, UNDECIDED);
		ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.4", AM_PROTO_TCP, 873, UNDECIDED);
		ASSERT_VERDICT(map, "10.0.1.2", "10.0.2.1", AM_PROTO_TCP, 22, UNDECIDED);
		net_clear(&net);
	}
}

/* Who guesses passwords from outside is regular, and on many hosts at once: neither speaks for it. */
static void test_password_guessing_from_outside(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 1; n <= 4; n++) {
		g_autofree char *server = g_strdup_printf("10.0.2.%d", n);
		net_use(&net, "203.0.113.66", server, 22, 1, 2);
		net_use(&net, "10.0.1.1", server, 22, 0, 5);
	}
	net_use(&net, "198.51.100.7", "10.0.2.1", 22, 0, 5); /* a supplier's, all along */
	net_use(&net, "203.0.113.67", "10.0.2.1", 22, 2, 1); /* somebody, where others from outside are regular */
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "203.0.113.66", "10.0.2.1", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "203.0.113.66", "10.0.2.4", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "203.0.113.67", "10.0.2.1", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "198.51.100.7", "10.0.2.1", AM_PROTO_TCP, 22, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.4", AM_PROTO_TCP, 22, ESSENTIAL);
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_peers_speak_for_a_thin_edge),
		UNIT_TEST(test_nobody_speaks_for_anothers_server),
		UNIT_TEST(test_failover_is_not_anothers),
		UNIT_TEST(test_habit_speaks_for_one_more_server),
		UNIT_TEST(test_many_thin_ones_speak_together),
		UNIT_TEST(test_everybodys_service),
		UNIT_TEST(test_nightly_round),
		UNIT_TEST(test_password_guessing_from_outside),
		{NULL, NULL},
	};
	return unit_run("peers", tests);
}
