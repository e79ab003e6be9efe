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

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_peers_speak_for_a_thin_edge),
		UNIT_TEST(test_nobody_speaks_for_anothers_server),
		UNIT_TEST(test_failover_is_not_anothers),
		UNIT_TEST(test_habit_speaks_for_one_more_server),
		{NULL, NULL},
	};
	return unit_run("peers", tests);
}
