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

/* A web server, a desktop and another server ask the same directory and resolver; only the servers serve anybody. That the first
 * uses a database speaks for the other server, and not for the desktop: an intruder may be sitting at it. */
static void test_a_server_does_not_vouch_for_a_desktop(void)
{
	for (int relied_on = 0; relied_on < 2; relied_on++) {
		Net net = net_new();
		net_span(&net, 5);
		const char *const clients[] = {"10.0.1.1", "10.0.1.2", "10.0.1.3"};
		for (int n = 0; n < 3; n++) {
			net_use(&net, clients[n], "10.0.2.1", 8081, 0, 5);
			net_use(&net, clients[n], "10.0.2.2", 389, 0, 5);
		}
		net_use(&net, "10.0.1.1", "10.0.2.3", 5432, 0, 5);
		visit_once(&net, "10.0.1.2", "10.0.2.3", 5432);
		visit_once(&net, "10.0.1.3", "10.0.2.3", 5432);
		visit_once(&net, "10.0.5.1", "10.0.1.3", 443);
		for (int n = 0; n < 2 && relied_on; n++)
			net_use(&net, n == 0 ? "10.0.5.1" : "10.0.5.2", "10.0.1.1", 443, 0, 5);
		g_autoptr(AmMap) map = net_map(&net);
		AmVerdict verdict = edge_of(map, "10.0.1.2", "10.0.2.3", AM_PROTO_TCP, 5432)->verdict;
		CU_ASSERT_EQUAL(verdict, relied_on ? AM_VERDICT_UNDECIDED : AM_VERDICT_ESSENTIAL);
		ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.3", AM_PROTO_TCP, 5432, ESSENTIAL);
		net_clear(&net);
	}
}

/* The only client of a service that comes for a day or two, however often, is a question; one that is there all along is not, nor
 * is one of several. */
static void test_who_passes(void)
{
	Net net = net_new();
	net_span(&net, 6);
	net_use(&net, "10.0.1.1", "10.0.2.1", 5432, 1, 2);
	net_use(&net, "10.0.1.2", "10.0.2.2", 5432, 1, 4);
	net_use(&net, "10.0.1.3", "10.0.2.3", 5432, 0, 1); /* on two of six days, but the first and the last */
	net_use(&net, "10.0.1.3", "10.0.2.3", 5432, 5, 1);
	net_use(&net, "10.0.1.1", "192.0.2.1", 5433, 1, 2);
	visit_once(&net, "10.0.1.1", "10.0.2.2", 5432); /* that it passes by one speaks for no other */
	visit_once(&net, "10.0.1.2", "10.0.2.3", 5432);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 5432, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.2", AM_PROTO_TCP, 5432, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.2", "10.0.2.3", AM_PROTO_TCP, 5432, ESSENTIAL);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 5432), AM_REASON_SINGLE));
	ASSERT_VERDICT(map, "10.0.1.2", "10.0.2.2", AM_PROTO_TCP, 5432, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.3", "10.0.2.3", AM_PROTO_TCP, 5432, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.1", "192.0.2.1", AM_PROTO_TCP, 5433, ESSENTIAL);
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

/* Hosts 10.0.1.1.. that are known for something else, among as many others: it is not everybody's. */
static void know(Net *net, int n_hosts)
{
	for (int n = 0; n < n_hosts; n++) {
		g_autofree char *host = g_strdup_printf("10.0.1.%d", n + 1),
				*other = g_strdup_printf("10.0.5.%d", n + 1);
		net_use(net, host, "10.0.6.1", 443, 0, 5);
		net_use(net, other, "10.0.6.2", 443, 0, 5);
	}
}

static AmVerdict verdict_of(const Net *net, const char *client, const char *server, uint16_t port)
{
	g_autoptr(AmMap) map = net_map(net);
	const AmEdge *edge = edge_of(map, client, server, AM_PROTO_TCP, port);
	CU_ASSERT_PTR_NOT_NULL(edge);
	return edge != NULL ? edge->verdict : AM_N_VERDICTS;
}

/* Clients that each ask once, as one asks for a ticket: together they come again and again. */
static void test_many_thin_ones_speak_together(void)
{
	static const struct {
		int n_clients, n_hours, n_days;
		uint16_t port;
		int n_regular, n_unknown;
		gboolean essential;
	} cases[] = {
		{5, 5, 1, 88, 0, 0, TRUE},  {4, 4, 1, 88, 0, 0, FALSE}, /* three others are not many */
		{8, 2, 1, 88, 0, 0, FALSE},                             /* one morning's work, */
		{8, 2, 2, 88, 0, 0, TRUE},                              /* and of two days */
		{8, 4, 1, 88, 0, 0, TRUE},                              /* three hours beside the own one, */
		{6, 6, 1, 22, 0, 0, FALSE},                             /* as an intruder goes around */
		{5, 5, 1, 88, 5, 0, FALSE}, /* where most are regular, five that are not are out of the ordinary */
		{5, 5, 1, 88, 0, 5, FALSE}, /* one host, perhaps, with an address for each visit */
	};
	for (guint c = 0; c < G_N_ELEMENTS(cases); c++) {
		Net net = net_new();
		net_span(&net, 5);
		know(&net, 10);
		for (int n = 0; n < cases[c].n_clients; n++) {
			g_autofree char *client = g_strdup_printf("10.0.%d.%d", cases[c].n_unknown > 0 ? 8 : 1, n + 1);
			for (int day = 0; day < cases[c].n_days; day++)
				look_in(&net, client, "10.0.2.1", cases[c].port, day, 8 + n % cases[c].n_hours);
		}
		for (int n = 0; n < cases[c].n_regular; n++) {
			g_autofree char *client = g_strdup_printf("10.0.4.%d", n + 1);
			net_use(&net, client, "10.0.2.1", cases[c].port, 0, 5);
		}
		AmVerdict verdict =
			verdict_of(&net, cases[c].n_unknown > 0 ? "10.0.8.1" : "10.0.1.1", "10.0.2.1", cases[c].port);
		CU_ASSERT_EQUAL(verdict, cases[c].essential ? AM_VERDICT_ESSENTIAL : AM_VERDICT_UNDECIDED);
		net_clear(&net);
	}
}

/* Nor do they speak for a visit that was not served, or came late, or for the hour that it came in. */
static void test_what_thin_ones_do_not_speak_for(void)
{
	Net net = net_new();
	net_span(&net, 5);
	know(&net, 12);
	for (int n = 0; n < 6; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n + 1);
		look_in(&net, client, "10.0.2.1", 88, 1, 8 + n);
		look_in(&net, client, "10.0.2.2", 88, 1, 8 + n % 2);
	}
	net_add(&net, (Talk){.client = "10.0.1.7",
			     .server = "10.0.2.1",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 88,
			     .day = 1,
			     .hour = 9,
			     .payload = {100, 60}});
	look_in(&net, "10.0.1.8", "10.0.2.1", 88, 4, 23);
	look_in(&net, "10.0.1.9", "10.0.2.2", 88, 1, 12);
	CU_ASSERT_EQUAL(verdict_of(&net, "10.0.1.1", "10.0.2.1", 88), AM_VERDICT_ESSENTIAL);
	CU_ASSERT_EQUAL(verdict_of(&net, "10.0.1.7", "10.0.2.1", 88), AM_VERDICT_UNDECIDED);
	CU_ASSERT_EQUAL(verdict_of(&net, "10.0.1.8", "10.0.2.1", 88), AM_VERDICT_UNDECIDED);
	CU_ASSERT_EQUAL(verdict_of(&net, "10.0.1.9", "10.0.2.2", 88), AM_VERDICT_UNDECIDED);
	net_clear(&net);
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
	visit_once(&net, "203.0.113.9", "10.0.2.1", 8443);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.99", "10.0.2.1", AM_PROTO_TCP, 8443, ESSENTIAL);
	ASSERT_VERDICT(map, "203.0.113.9", "10.0.2.1", AM_PROTO_TCP, 8443, UNDECIDED);
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

/* What goes over midnight is on two days, and comes once. */
static void test_midnight_is_no_return(void)
{
	Net net = net_new();
	net_span(&net, 2);
	for (int n = 1; n <= 3; n++) {
		g_autofree char *server = g_strdup_printf("10.0.2.%d", n);
		look_in(&net, "10.0.1.1", server, 873, 0, 23);
		look_in(&net, "10.0.1.1", server, 873, 1, 0);
	}
	CU_ASSERT_EQUAL(verdict_of(&net, "10.0.1.1", "10.0.2.1", 873), AM_VERDICT_UNDECIDED);
	net_clear(&net);
}

/* A tenant that comes back to others' databases has not got them for his own. */
static void test_a_round_of_others(void)
{
	Net net = net_new();
	use_own_servers(&net, 5, 5432);
	for (guint n = 0; n < net.tallies->len;) {
		if (g_array_index(net.tallies, AmTally, n).key.day >= FIRST_DAY + 2)
			g_array_remove_index(net.tallies, n);
		else
			n++;
	}
	const char *others[] = {"10.0.2.1", "10.0.2.3", "10.0.2.4"};
	for (int n = 0; n < 3; n++) {
		look_in(&net, "10.0.1.2", others[n], 5432, 0, 2);
		look_in(&net, "10.0.1.2", others[n], 5432, 1, 2);
	}
	CU_ASSERT_EQUAL(verdict_of(&net, "10.0.1.2", "10.0.2.2", 5432), AM_VERDICT_ESSENTIAL);
	CU_ASSERT_EQUAL(verdict_of(&net, "10.0.1.2", "10.0.2.3", 5432), AM_VERDICT_UNDECIDED);
	net_clear(&net);
}

/* Who guesses passwords from outside is regular, and on many hosts at once: neither speaks for it. */
static void test_password_guessing_from_outside(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 1; n <= 4; n++) {
		g_autofree char *server = g_strdup_printf("10.0.2.%d", n);
		net_use(&net, "203.0.113.66", server, 22, 1, 4);
		net_use(&net, "198.51.100.8", server, 22, 0, 5); /* a supplier's, all along, */
		net_use(&net, "10.0.1.1", server, 22, 0, 5);
	}
	net_use(&net, "198.51.100.7", "10.0.2.1", 22, 0, 5); /* and one with a single host */
	net_use(&net, "203.0.113.67", "10.0.2.1", 22, 2, 1); /* somebody, where others from outside are regular */
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "203.0.113.66", "10.0.2.1", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "203.0.113.66", "10.0.2.4", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "203.0.113.67", "10.0.2.1", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "198.51.100.7", "10.0.2.1", AM_PROTO_TCP, 22, ESSENTIAL);
	ASSERT_VERDICT(map, "198.51.100.8", "10.0.2.3", AM_PROTO_TCP, 22, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.4", AM_PROTO_TCP, 22, ESSENTIAL);
	net_clear(&net);
}

static Talk login(const char *client, const char *server, uint16_t port, int day, int hour)
{
	return (Talk){.client = client,
		      .server = server,
		      .ip_protocol = AM_PROTO_TCP,
		      .port = port,
		      .day = day,
		      .hour = hour,
		      .n_hours = 4,
		      .connections = 40,
		      .payload = {80000, 90000}};
}

/* A worm comes back to its victims for a night, and so they are a habit; who guesses passwords is regular where an
 * administrator is. Neither speaks for the other targets, nor do they for these. */
static void test_intruders_have_habits(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 1; n <= 8; n++) {
		g_autofree char *server = g_strdup_printf("10.0.2.%d", n);
		net_use(&net, "10.0.1.1", server, 22, 0, 5);
		if (n <= 4)
			net_add(&net, login("10.0.1.66", server, 22, 2, 1));
		else
			look_in(&net, "10.0.1.66", server, 22, 2, 3);
		if (n <= 2)
			net_add(&net, login("10.0.1.67", server, 22, 3, 1));
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 22, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.66", "10.0.2.1", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.66", "10.0.2.8", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.1.67", "10.0.2.2", AM_PROTO_TCP, 22, UNDECIDED);
	net_clear(&net);
}

/* An administrator of several hosts all along is no surprise on one more; one with as many that are new is. */
static void test_administrators_of_several(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 1; n <= 3; n++) {
		g_autofree char *server = g_strdup_printf("10.0.2.%d", n);
		net_use(&net, "10.0.1.1", server, 22, 0, 5);
		net_use(&net, "10.0.1.2", server, 22, 0, 5);
	}
	for (int n = 10; n < 30; n++) {
		g_autofree char *server = g_strdup_printf("10.0.2.%d", n);
		look_in(&net, "10.0.1.2", server, 22, 2, 1);
	}
	net_add(&net, login("10.0.1.1", "10.0.2.9", 22, 2, 8));
	net_add(&net, login("10.0.1.2", "10.0.2.8", 22, 2, 8));
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 22, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.2", "10.0.2.8", AM_PROTO_TCP, 22, UNDECIDED);
	net_clear(&net);
}

/* A file server that each of its users logs in to, for some hours of one day; and who logs in elsewhere, too. */
static void test_users_of_a_file_server(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 1; n <= 6; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		net_add(&net, login(client, "10.0.2.1", 445, 1, 8));
	}
	net_add(&net, login("10.0.1.6", "10.0.2.2", 445, 1, 8));
	for (int n = 1; n <= 6; n++) { /* nobody said that these are inside, and it does not matter */
		g_autofree char *client = g_strdup_printf("2001:db8:1::%d", n);
		net_add(&net, login(client, "2001:db8:2::1", 445, 1, 8));
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 445, ESSENTIAL);
	ASSERT_VERDICT(map, "10.0.1.6", "10.0.2.1", AM_PROTO_TCP, 445, UNDECIDED);
	ASSERT_VERDICT(map, "2001:db8:1::1", "2001:db8:2::1", AM_PROTO_TCP, 445, ESSENTIAL);
	net_clear(&net);
}

/* Of a public service, a visitor that comes again and again and is served next to nothing. */
static void test_visits_that_are_not_served(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int n = 1; n <= 6; n++) {
		g_autofree char *client = g_strdup_printf("198.51.100.%d", n);
		net_use(&net, client, "10.0.2.1", 443, 0, 3);
	}
	Talk probe = login("203.0.113.5", "10.0.2.1", 443, 1, 3);
	probe.payload[1] = 2000;
	net_add(&net, probe);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "198.51.100.1", "10.0.2.1", AM_PROTO_TCP, 443, ESSENTIAL);
	ASSERT_VERDICT(map, "203.0.113.5", "10.0.2.1", AM_PROTO_TCP, 443, UNDECIDED);
	net_clear(&net);
}

/* Partners use a service, and the internet knocks at it: one of those gets somewhat less than any partner. Of a public one, all
 * get what they get. */
static void test_knocking_at_a_partners_service(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int n = 1; n <= 6; n++) {
		g_autofree char *client = g_strdup_printf("198.51.100.%d", n),
				*knocker = g_strdup_printf("203.0.113.%d", n);
		net_use(&net, client, "10.0.2.1", 4080, 0, 3);
		net_use(&net, client, "10.0.2.2", 443, 0, 3);
		Talk visit = login(knocker, "10.0.2.1", 4080, 1, 3);
		visit.connections = visit.n_hours = 1;
		visit.payload[1] = 6500; /* of 10000 */
		net_add(&net, visit);
		visit.server = "10.0.2.2";
		visit.port = 443;
		visit.payload[1] = n == 1 ? 6500 : 9000;
		net_add(&net, visit);
	}
	Talk partner = login("198.51.100.7", "10.0.2.1", 4080, 1, 3);
	partner.connections = partner.n_hours = 1;
	partner.payload[1] = 9000;
	net_add(&net, partner);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "203.0.113.1", "10.0.2.1", AM_PROTO_TCP, 4080, UNDECIDED);
	ASSERT_VERDICT(map, "198.51.100.7", "10.0.2.1", AM_PROTO_TCP, 4080, ESSENTIAL);
	ASSERT_VERDICT(map, "203.0.113.1", "10.0.2.2", AM_PROTO_TCP, 443, ESSENTIAL);
	net_clear(&net);
}

/* Refused passwords are answered as much as short sessions, but what the partners transfer is missing. */
static void test_guessing_where_partners_log_in(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int day = 0; day < 5; day++) {
		for (int n = 1; n <= 6; n++) {
			g_autofree char *client = g_strdup_printf("198.51.100.%d", n);
			Talk transfer = login(client, "10.0.2.1", 22, day, 8);
			transfer.payload[0] = 4000000;
			net_add(&net, transfer);
		}
		net_add(&net, login("203.0.113.5", "10.0.2.1", 22, day, 8));
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "203.0.113.5", "10.0.2.1", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "198.51.100.1", "10.0.2.1", AM_PROTO_TCP, 22, ESSENTIAL);
	net_clear(&net);
}

/* A service that outside clients come to seldom, each of them a regular one elsewhere; who is known for nothing is not of them. */
static void test_known_clients_from_outside(void)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 1; n <= 8; n++) {
		g_autofree char *client = g_strdup_printf("198.51.100.%d", n);
		net_use(&net, client, "10.0.2.1", 443, 0, 5);
		look_in(&net, client, "10.0.2.2", 8443, n % 4, 2 + 2 * n);
	}
	look_in(&net, "203.0.113.5", "10.0.2.2", 8443, 1, 3);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "198.51.100.1", "10.0.2.2", AM_PROTO_TCP, 8443, ESSENTIAL);
	ASSERT_VERDICT(map, "203.0.113.5", "10.0.2.2", AM_PROTO_TCP, 8443, UNDECIDED);
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
		UNIT_TEST(test_what_thin_ones_do_not_speak_for),
		UNIT_TEST(test_everybodys_service),
		UNIT_TEST(test_nightly_round),
		UNIT_TEST(test_midnight_is_no_return),
		UNIT_TEST(test_a_round_of_others),
		UNIT_TEST(test_password_guessing_from_outside),
		UNIT_TEST(test_intruders_have_habits),
		UNIT_TEST(test_administrators_of_several),
		UNIT_TEST(test_users_of_a_file_server),
		UNIT_TEST(test_visits_that_are_not_served),
		UNIT_TEST(test_knocking_at_a_partners_service),
		UNIT_TEST(test_guessing_where_partners_log_in),
		UNIT_TEST(test_known_clients_from_outside),
		UNIT_TEST(test_a_server_does_not_vouch_for_a_desktop),
		UNIT_TEST(test_who_passes),
		{NULL, NULL},
	};
	return unit_run("peers", tests);
}
