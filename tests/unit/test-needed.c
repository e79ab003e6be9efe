/* From maps to rules: which edges get one, and between whom. */
#include "config.h"

#include "allowmap/policy.h"
#include "map-fixture.h"
#include "unit.h"

static AmPolicy *recommend(const AmMap *map, AmGranularity granularity)
{
	const AmRecommendOptions options = {.granularity = granularity, .tool_version = "test"};
	AmPolicy *policy = am_policy_recommend(map, &options);
	g_autoptr(GError) error = NULL;
	CU_ASSERT(am_policy_prove(policy, map, &error));
	return policy;
}

static gboolean permits(const AmPolicy *policy, const char *client, const char *server, uint8_t ip_protocol,
			uint16_t port)
{
	AmAddress from = address(client), to = address(server);
	return am_policy_permits(policy, &from, &to, ip_protocol, port, NULL);
}

/* Told without an answer, this many times. */
static void tell(Net *net, const char *client, const char *server, uint8_t ip_protocol, uint16_t port, uint64_t packets)
{
	net_add(net, (Talk){.client = client,
			    .server = server,
			    .ip_protocol = ip_protocol,
			    .port = port,
			    .outcome = AM_OUTCOME_ONE_WAY,
			    .packets = {packets, 0},
			    .payload = {packets * 20, 0}});
}

/* What hosts must let through themselves, though no router ever sees it. */
static void test_local(void)
{
	Net net = net_new();
	tell(&net, "10.0.1.2", "224.0.0.18", 112, 0, 3600);
	tell(&net, "10.0.1.2", "224.0.0.5", 89, 0, 360);
	tell(&net, "fe80::2", "ff02::5", 89, 0, 360);
	tell(&net, "10.0.1.3", "239.1.1.1", AM_PROTO_UDP, 5004, 9000);
	net_add(&net, (Talk){.client = "fe80::1",
			     .server = "fe80::2",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 179,
			     .n_hours = 4,
			     .payload = {900, 900}});
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, "10.0.1.2", "224.0.0.18", 112, 0, LOCAL);
	for (AmGranularity granularity = AM_GRANULARITY_GROUP; granularity <= AM_GRANULARITY_EXACT; granularity++) {
		g_autoptr(AmPolicy) policy = recommend(map, granularity);
		CU_ASSERT(permits(policy, "10.0.1.2", "224.0.0.18", 112, 0));
		CU_ASSERT(permits(policy, "10.0.1.2", "224.0.0.5", 89, 0));
		CU_ASSERT(permits(policy, "fe80::2", "ff02::5", 89, 0));
		CU_ASSERT(permits(policy, "10.0.1.3", "239.1.1.1", AM_PROTO_UDP, 5004));
		CU_ASSERT(permits(policy, "fe80::1", "fe80::2", AM_PROTO_TCP, 179));
		CU_ASSERT(!permits(policy, "10.0.1.3", "224.0.0.18", 112, 0));
		CU_ASSERT(!permits(policy, "10.0.1.3", "239.1.1.1", AM_PROTO_UDP, 5005));
	}
	net_clear(&net);
}

/* What every host's list lets through anyway, what came once, what was refused, chatter, and what a person took out. */
static void test_local_without_a_rule(void)
{
	Net net = net_new();
	tell(&net, "0.0.0.0", "255.255.255.255", AM_PROTO_UDP, 67, 50);
	tell(&net, "10.0.1.2", "224.0.0.22", 2, 0, 50);
	tell(&net, "fe80::2", "ff02::1:ff00:1", AM_PROTO_ICMPV6, 135 << 8, 50);
	tell(&net, "10.0.1.2", "224.0.0.251", AM_PROTO_UDP, 5353, 50);
	tell(&net, "10.0.1.2", "239.1.1.1", AM_PROTO_UDP, 5004, 1);
	tell(&net, "10.0.1.2", "239.1.1.2", AM_PROTO_UDP, 5004, 500);
	net_add(&net, (Talk){.client = "fe80::1",
			     .server = "fe80::2",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 80,
			     .outcome = AM_OUTCOME_REFUSED});
	net_add(&net, (Talk){.client = "fe80::1",
			     .server = "fe80::3",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 80,
			     .outcome = AM_OUTCOME_SILENT});
	tell(&net, "203.0.113.9", "239.9.9.9", AM_PROTO_UDP, 4000, 500);
	net_add(&net, (Talk){.client = "fe80::1",
			     .server = "fe80::4",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 22,
			     .payload = {900, 900}}); /* once */
	AmDecisionSet decisions = {.overrides = g_array_new(FALSE, FALSE, sizeof(AmOverride))};
	AmAddress stream = address("239.1.1.2"), sender = address("10.0.1.2");
	AmOverride local = {.client = am_prefix_host(&sender),
			    .server = am_prefix_host(&stream),
			    .ip_protocol = -1,
			    .port = -1,
			    .verdict = AM_VERDICT_LOCAL};
	g_array_append_val(decisions.overrides, local);
	g_autoptr(AmMap) map = am_map_build(net.tallies, NULL, net.networks, &decisions, NULL);
	g_autoptr(AmPolicy) policy = recommend(map, AM_GRANULARITY_GROUP);
	CU_ASSERT_EQUAL(map->edges->len, net.tallies->len);
	CU_ASSERT_EQUAL(policy->rules->len, 0);
	g_array_unref(decisions.overrides);
	net_clear(&net);
}

static void use_pairs(Net *net, guint n_pairs, gboolean crossed)
{
	net_span(net, 4);
	for (guint n = 1; n <= n_pairs; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%u", n), *server = g_strdup_printf("10.0.2.%u", n);
		net_use(net, client, server, 5432, 0, 4);
	}
	if (crossed)
		net_use(net, "10.0.1.1", "10.0.2.2", 5432, 0, 4);
}

/* Each with a database of its own, and none with another's: the group permits no more than that. */
static void test_pairs_stay_apart(void)
{
	Net net = net_new();
	use_pairs(&net, 8, FALSE);
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmPolicy) policy = recommend(map, AM_GRANULARITY_GROUP);
	guint n_permitted = 0;
	for (guint c = 1; c <= 8; c++) {
		for (guint s = 1; s <= 8; s++) {
			g_autofree char *client = g_strdup_printf("10.0.1.%u", c),
					*server = g_strdup_printf("10.0.2.%u", s);
			n_permitted += permits(policy, client, server, AM_PROTO_TCP, 5432) ? 1 : 0;
			CU_ASSERT(c != s || permits(policy, client, server, AM_PROTO_TCP, 5432));
		}
	}
	CU_ASSERT_EQUAL(n_permitted, 8);
	net_clear(&net);
}

/* One that uses another's, too, is no pair, and makes no pool of the others. */
static void test_one_crossing(void)
{
	Net net = net_new();
	use_pairs(&net, 12, TRUE);
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmPolicy) policy = recommend(map, AM_GRANULARITY_GROUP);
	CU_ASSERT(permits(policy, "10.0.1.1", "10.0.2.2", AM_PROTO_TCP, 5432));
	CU_ASSERT(permits(policy, "10.0.1.2", "10.0.2.2", AM_PROTO_TCP, 5432));
	CU_ASSERT_FALSE(permits(policy, "10.0.1.2", "10.0.2.1", AM_PROTO_TCP, 5432));
	CU_ASSERT_FALSE(permits(policy, "10.0.1.3", "10.0.2.2", AM_PROTO_TCP, 5432));
	net_clear(&net);
}

/* One of few that uses two, or only a few pairs: they may as well be one pool, and the group is permitted. */
static void test_pools_stay_together(void)
{
	const guint sizes[] = {8, 3};
	for (guint n = 0; n < G_N_ELEMENTS(sizes); n++) {
		Net net = net_new();
		use_pairs(&net, sizes[n], n == 0);
		g_autoptr(AmMap) map = net_map(&net);
		g_autoptr(AmPolicy) policy = recommend(map, AM_GRANULARITY_GROUP);
		CU_ASSERT(permits(policy, "10.0.1.3", "10.0.2.1", AM_PROTO_TCP, 5432));
		net_clear(&net);
	}
}

/* A share on one of many laptops makes no server of the others; of a few, it may. */
static void test_odd_server(void)
{
	const guint sizes[] = {12, 4};
	for (guint n = 0; n < G_N_ELEMENTS(sizes); n++) {
		Net net = net_new();
		net_span(&net, 5);
		for (guint c = 1; c <= sizes[n]; c++) {
			g_autofree char *client = g_strdup_printf("10.0.1.%u", c);
			net_use(&net, client, "10.0.2.1", 443, 0, 5);
			net_use(&net, client, "10.0.2.2", 389, 0, 5);
			net_use(&net, client, "10.0.2.3", 3128, 0, 5);
		}
		net_use(&net, "10.0.1.1", "10.0.1.2", 8080, 0, 5);
		g_autoptr(AmMap) map = net_map(&net);
		g_autoptr(AmPolicy) policy = recommend(map, AM_GRANULARITY_GROUP);
		CU_ASSERT(permits(policy, "10.0.1.1", "10.0.1.2", AM_PROTO_TCP, 8080));
		CU_ASSERT(permits(policy, "10.0.1.3", "10.0.1.2", AM_PROTO_TCP, 8080)); /* its group uses it */
		CU_ASSERT_EQUAL(permits(policy, "10.0.1.1", "10.0.1.3", AM_PROTO_TCP, 8080) != 0, n == 1);
		net_clear(&net);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_local),
		UNIT_TEST(test_local_without_a_rule),
		UNIT_TEST(test_pairs_stay_apart),
		UNIT_TEST(test_one_crossing),
		UNIT_TEST(test_pools_stay_together),
		UNIT_TEST(test_odd_server),
		{NULL, NULL},
	};
	return unit_run("needed", tests);
}
