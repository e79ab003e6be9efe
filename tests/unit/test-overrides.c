/* What people decided, and took back. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

static void test_override_survives(void)
{
	Net net = net_new();
	net_span(&net, 3);
	net_use(&net, "10.0.1.1", "10.0.2.1", 443, 0, 3);
	AmPrefix clients = {0}, server = {0};
	CU_ASSERT(am_prefix_parse("10.0.1.0/24", &clients, NULL) && am_prefix_parse("10.0.2.1", &server, NULL));
	AmOverride no = {.client = clients,
			 .server = server,
			 .ip_protocol = -1,
			 .port = -1,
			 .verdict = AM_VERDICT_BACKGROUND,
			 .who = (char *)"ann",
			 .why = (char *)"moved away"};
	AmOverride other = no;
	other.port = 80;
	other.verdict = AM_VERDICT_ESSENTIAL;
	AmDecisionSet decisions = {.overrides = g_array_new(FALSE, TRUE, sizeof(AmOverride)),
				   .hints = g_array_new(FALSE, TRUE, sizeof(AmHint))};
	g_array_append_val(decisions.overrides, no);
	g_array_append_val(decisions.overrides, other);
	for (int run = 0; run < 2; run++) { /* it is named by addresses: more traffic does not move it */
		g_autoptr(AmMap) map = am_map_build(net.tallies, NULL, net.networks, &decisions, NULL);
		ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 443, BACKGROUND);
		const AmEdge *edge = edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 443);
		CU_ASSERT_EQUAL(edge->override_index, 0);
		CU_ASSERT(has_reason(edge, AM_REASON_OVERRIDE));
		g_autofree char *text =
			am_map_explain_edge(map, &decisions, (uint32_t)(edge - (const AmEdge *)map->edges->data));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "ann"));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "10.0.1.1 > 10.0.2.1 tcp/443: background"));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "on 3 of 3 days"));
		net_use(&net, "10.0.0.1", "10.0.2.1", 443, 0, 3);
	}
	other.port = 443;
	g_array_append_val(decisions.overrides, other);
	g_autoptr(AmMap) map = am_map_build(net.tallies, NULL, net.networks, &decisions, NULL);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 443, ESSENTIAL); /* the newest wins */
	g_array_unref(decisions.overrides);
	g_array_unref(decisions.hints);
	net_clear(&net);
}

static AmOverride override_of(const char *clients, const char *servers, int port, AmVerdict verdict)
{
	AmOverride override = {.ip_protocol = port >= 0 ? AM_PROTO_TCP : -1, .port = port, .verdict = verdict};
	CU_ASSERT(am_prefix_parse(clients, &override.client, NULL) && am_prefix_parse(servers, &override.server, NULL));
	return override;
}

static void test_override_withdrawn(void)
{
	Net net = net_new();
	net_span(&net, 3);
	net_use(&net, "10.0.1.1", "10.0.2.1", 443, 0, 3);
	net_use(&net, "10.0.1.2", "10.0.2.1", 443, 0, 3);
	g_autoptr(AmMap) own = am_map_build(net.tallies, NULL, net.networks, NULL, NULL);
	AmDecisionSet decisions = {.overrides = g_array_new(FALSE, TRUE, sizeof(AmOverride)),
				   .hints = g_array_new(FALSE, TRUE, sizeof(AmHint))};
	GArray *overrides = decisions.overrides;
	AmOverride all = override_of("10.0.1.0/24", "10.0.2.1", -1, AM_VERDICT_BACKGROUND);
	AmOverride one = override_of("10.0.1.1", "10.0.2.1", 443, AM_VERDICT_SUSPICIOUS);
	AmOverride back = override_of("10.0.1.1", "10.0.2.1", 443, AM_OVERRIDE_WITHDRAWN);
	CU_ASSERT_EQUAL(am_map_count_withdrawn(overrides, &back), 0);
	g_array_append_val(overrides, all);
	g_array_append_val(overrides, one);
	CU_ASSERT_EQUAL(am_map_count_withdrawn(overrides, &back), 2);
	g_array_append_val(overrides, back);
	CU_ASSERT_EQUAL(am_map_count_withdrawn(overrides, &back), 0);
	g_autoptr(AmMap) map = am_map_build(net.tallies, NULL, net.networks, &decisions, NULL);
	/* As if nothing had been said of it, also by the wider one, which goes on for the rest. */
	const AmEdge *edge = edge_of(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 443);
	const AmEdge *before = edge_of(own, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 443);
	CU_ASSERT_PTR_NOT_NULL_FATAL(edge);
	CU_ASSERT_EQUAL(edge->verdict, before->verdict);
	CU_ASSERT_EQUAL(edge->reasons, before->reasons);
	CU_ASSERT_EQUAL(edge->override_index, -1);
	ASSERT_VERDICT(map, "10.0.1.2", "10.0.2.1", AM_PROTO_TCP, 443, BACKGROUND);
	CU_ASSERT_EQUAL(am_map_count_matching(map, &all), 2);
	CU_ASSERT_EQUAL(am_map_count_decided(map, &all), 1);
	CU_ASSERT_STRING_NOT_EQUAL(map->revision, own->revision);
	/* What is left to take back is the wider one; after that nothing, not even for a still wider one. */
	AmOverride rest = override_of("10.0.0.0/16", "0.0.0.0/0", -1, AM_OVERRIDE_WITHDRAWN);
	CU_ASSERT_EQUAL(am_map_count_withdrawn(overrides, &rest), 1);
	AmOverride elsewhere = override_of("10.0.3.0/24", "10.0.2.1", -1, AM_OVERRIDE_WITHDRAWN);
	CU_ASSERT_EQUAL(am_map_count_withdrawn(overrides, &elsewhere), 0);
	g_array_append_val(overrides, rest);
	AmOverride everything = override_of("0.0.0.0/0", "0.0.0.0/0", -1, AM_OVERRIDE_WITHDRAWN);
	CU_ASSERT_EQUAL(am_map_count_withdrawn(overrides, &everything), 0);
	g_array_append_val(overrides, one);
	CU_ASSERT_EQUAL(am_map_count_withdrawn(overrides, &back), 1);
	g_autoptr(AmMap) anew = am_map_build(net.tallies, NULL, net.networks, &decisions, NULL);
	ASSERT_VERDICT(anew, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 443, SUSPICIOUS); /* said again, it holds again */
	ASSERT_VERDICT(anew, "10.0.1.2", "10.0.2.1", AM_PROTO_TCP, 443, ESSENTIAL);
	g_array_unref(decisions.overrides);
	g_array_unref(decisions.hints);
	net_clear(&net);
}

/* One network's decisions and another's have nothing to do with each other. */
static void test_withdrawal_by_network(void)
{
	g_autoptr(GArray) overrides = g_array_new(FALSE, TRUE, sizeof(AmOverride));
	AmOverride blue = override_of("10.0.1.1", "10.0.2.1", 443, AM_VERDICT_ESSENTIAL);
	AmOverride back = override_of("10.0.1.1", "10.0.2.1", 443, AM_OVERRIDE_WITHDRAWN);
	blue.network = (char *)"blue";
	g_array_append_val(overrides, blue);
	CU_ASSERT_EQUAL(am_map_count_withdrawn(overrides, &back), 1);
	back.network = (char *)"green";
	CU_ASSERT_EQUAL(am_map_count_withdrawn(overrides, &back), 0);
	g_array_append_val(overrides, back);
	back.network = (char *)"blue";
	CU_ASSERT_EQUAL(am_map_count_withdrawn(overrides, &back), 1);
	back.port = 80;
	CU_ASSERT_EQUAL(am_map_count_withdrawn(overrides, &back), 0);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_override_survives),
		UNIT_TEST(test_override_withdrawn),
		UNIT_TEST(test_withdrawal_by_network),
		{NULL, NULL},
	};
	return unit_run("overrides", tests);
}
