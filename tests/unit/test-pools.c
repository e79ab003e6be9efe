/* pools.c: where a group is told by its subnet, and where it is not. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

#define AT(day, hour) ((FIRST_DAY + (int64_t)(day)) * DAY_NS + (int64_t)(hour)*HOUR_NS)

/* Two servers that all clients of these tests use. */
static void uses(Net *net, const char *client, int day, int n_days)
{
	gboolean v6 = strchr(client, ':') != NULL;
	net_use(net, client, v6 ? "fd00:9::1" : "10.0.9.1", 443, day, n_days);
	net_use(net, client, v6 ? "fd00:9::2" : "10.0.9.2", 5432, day, n_days);
}

static void tell(GArray *observations, const char *who, AmObservedKind kind, const char *mac)
{
	AmObservation o = {
		.address = address(who), .kind = (uint8_t)kind, .first_ns = AT(0, 1), .last_ns = AT(4, 1), .count = 1};
	g_strlcpy(o.value, mac, sizeof o.value);
	g_array_append_val(observations, o);
}

static AmMap *build(const Net *net, GArray *observations)
{
	g_array_sort(observations, am_observation_compare);
	return am_map_build(net->tallies, observations, net->networks, NULL, NULL);
}

/* All pools, as "prefix kind group;". */
static char *pools_of(const AmMap *map)
{
	static const char *const kinds[] = {"leased", "temporary", "elastic"};
	GString *text = g_string_new(NULL);
	for (guint n = 0; n < map->pools->len; n++) {
		const AmPool *pool = &g_array_index(map->pools, AmPool, n);
		g_autofree char *prefix = am_prefix_text(&pool->prefix);
		g_string_append_printf(text, "%s %s %s;", prefix, kinds[pool->kind],
				       g_array_index(map->groups, AmGroup, pool->group).name);
	}
	return g_string_free(text, FALSE);
}

/* Six hosts, all days; `leased` of them are known to have taken a lease. */
static AmMap *desk(guint leased, guint others)
{
	Net net = net_new();
	net_span(&net, 5);
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	for (guint n = 0; n < 6; n++) {
		g_autofree char *host = g_strdup_printf("10.0.1.%u", 20 + 7 * n);
		g_autofree char *mac = g_strdup_printf("3c:52:82:00:00:%02x", n);
		uses(&net, host, 0, 5);
		if (n < leased)
			tell(told, host, AM_OBSERVED_LEASE, mac);
	}
	for (guint n = 0; n < others; n++) {
		g_autofree char *host = g_strdup_printf("10.0.1.%u", 22 + 7 * n);
		for (guint c = 1; c <= 3; c++) {
			g_autofree char *client = g_strdup_printf("10.0.8.%u", c);
			net_use(&net, client, host, 9100, 0, 5);
		}
	}
	AmMap *map = build(&net, told);
	net_clear(&net);
	return map;
}

/* From .20 to .55 with 7 between two: the ends are looked for at .13 and .62. */
static void test_leased(void)
{
	g_autoptr(AmMap) map = desk(2, 0);
	g_autofree char *pools = pools_of(map);
	CU_ASSERT_STRING_EQUAL(pools, "10.0.1.0/26 leased clients-web;");
	const AmGroup *group = &g_array_index(map->groups, AmGroup, asset_of(map, "10.0.1.20")->group);
	CU_ASSERT_PTR_NOT_NULL(strstr(group->why, "; who is new in 10.0.1.0/26 joins (leased addresses)"));
}

static void test_one_lease_is_no_habit(void)
{
	g_autoptr(AmMap) map = desk(1, 0);
	CU_ASSERT_EQUAL(map->pools->len, 0);
}

/* Where others live in the subnet too, it does not tell who is new. Two printers beside six desks do not matter, three do. */
static void test_others(void)
{
	g_autoptr(AmMap) few = desk(6, 2), many = desk(6, 3);
	CU_ASSERT_EQUAL(few->pools->len, 1);
	CU_ASSERT_EQUAL(many->pools->len, 0);
}

/* Instances that come and go, on several days; as many that only come once are no such thing, nor hosts that stay. */
static AmMap *instances(const int *first, const int *days, guint n_hosts)
{
	Net net = net_new();
	net_span(&net, 5);
	for (guint n = 0; n < n_hosts; n++) {
		g_autofree char *host = g_strdup_printf("10.0.2.%u", 10 + 20 * n);
		uses(&net, host, first[n], days[n]);
	}
	AmMap *map = net_map(&net);
	net_clear(&net);
	return map;
}

static void test_elastic(void)
{
	static const int come[] = {0, 0, 0, 0, 0, 1, 2, 3}, stay[] = {5, 1, 2, 2, 5, 2, 1, 2};
	static const int at_once[] = {0, 0, 0, 0, 0, 1, 1, 1}, all[] = {5, 5, 5, 5, 5, 4, 4, 4};
	g_autoptr(AmMap) elastic = instances(come, stay, 8), one_day = instances(at_once, stay, 8),
			 none_goes = instances(come, all, 5);
	g_autofree char *pools = pools_of(elastic);
	CU_ASSERT_STRING_EQUAL(pools, "10.0.2.0/24 elastic clients-web;");
	CU_ASSERT_EQUAL(one_day->pools->len, 0);
	CU_ASSERT_EQUAL(none_goes->pools->len, 0);
}

/* Machines with another IPv6 address each day (RFC 8981), beside an IPv4 address that stays. */
static void test_temporary(void)
{
	Net net = net_new();
	net_span(&net, 5);
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	for (guint n = 0; n < 4; n++) {
		g_autofree char *mac = g_strdup_printf("3c:52:82:00:00:%02x", n);
		g_autofree char *fixed = g_strdup_printf("10.0.1.%u", n);
		uses(&net, fixed, 0, 5);
		tell(told, fixed, AM_OBSERVED_MAC, mac);
		for (int day = 0; day < 5; day++) {
			g_autofree char *host = g_strdup_printf("fd00:1::%x:%x", 0xa1b2 + n, 0x1000 * day + 7);
			uses(&net, host, day, 1);
			tell(told, host, AM_OBSERVED_MAC, mac);
		}
	}
	g_autoptr(AmMap) map = build(&net, told);
	g_autofree char *pools = pools_of(map);
	CU_ASSERT_STRING_EQUAL(pools, "fd00:1::/64 temporary clients-web;");
	net_clear(&net);
}

/* Servers have several IPv6 addresses for good; that is no change of address. */
static void test_several_for_good(void)
{
	Net net = net_new();
	net_span(&net, 5);
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	for (guint n = 0; n < 4; n++) {
		g_autofree char *mac = g_strdup_printf("3c:52:82:00:00:%02x", n);
		g_autofree char *fixed = g_strdup_printf("10.0.1.%u", n);
		uses(&net, fixed, 0, 5);
		tell(told, fixed, AM_OBSERVED_MAC, mac);
		for (guint k = 0; k < 2; k++) {
			g_autofree char *host = g_strdup_printf("fd00:1::%x:%x", 0x10 + n, k);
			uses(&net, host, 0, 5);
			tell(told, host, AM_OBSERVED_MAC, mac);
		}
	}
	g_autoptr(AmMap) map = build(&net, told);
	CU_ASSERT_EQUAL(map->pools->len, 0);
	net_clear(&net);
}

static AmPrefix prefix(const char *text)
{
	AmPrefix parsed = {0};
	CU_ASSERT_TRUE_FATAL(am_prefix_parse(text, &parsed, NULL));
	return parsed;
}

/* Six leased desks, with what was decided. */
static AmMap *decided_desk(const AmDecisionSet *decisions)
{
	Net net = net_new();
	net_span(&net, 5);
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	for (guint n = 0; n < 6; n++) {
		g_autofree char *host = g_strdup_printf("10.0.1.%u", 20 + 7 * n);
		g_autofree char *mac = g_strdup_printf("3c:52:82:00:00:%02x", n);
		uses(&net, host, 0, 5);
		tell(told, host, AM_OBSERVED_LEASE, mac);
	}
	g_array_sort(told, am_observation_compare);
	AmMap *map = am_map_build(net.tallies, told, net.networks, decisions, NULL);
	net_clear(&net);
	return map;
}

/* What a person said of a part of the pool holds for who is new there; what he said of all of it, or took back, reserves nothing. */
static void test_reserved(void)
{
	AmDecisionSet decisions = {.overrides = g_array_new(FALSE, TRUE, sizeof(AmOverride))};
	AmOverride override = {.client = prefix("10.0.1.48/29"),
			       .server = prefix("10.0.9.2"),
			       .ip_protocol = AM_PROTO_TCP,
			       .port = 5432,
			       .verdict = AM_VERDICT_BACKGROUND};
	g_array_append_val(decisions.overrides, override);
	override.client = prefix("10.0.0.0/8");
	g_array_append_val(decisions.overrides, override);
	override.client = prefix("10.0.1.8/29");
	override.verdict = AM_OVERRIDE_WITHDRAWN;
	g_array_append_val(decisions.overrides, override);
	g_autoptr(AmMap) map = decided_desk(&decisions);
	CU_ASSERT_EQUAL(map->pools->len, 1);
	CU_ASSERT_EQUAL_FATAL(map->reserved->len, 1);
	g_autofree char *text = am_prefix_text(&g_array_index(map->reserved, AmReserved, 0).prefix);
	CU_ASSERT_STRING_EQUAL(text, "10.0.1.48/29");
	g_array_unref(decisions.overrides);
}

/* Who is declared to be a scanner is it by his address; who has another one there is not. */
static void test_sanctioned(void)
{
	AmDecisionSet decisions = {.declarations = g_ptr_array_new_with_free_func((GDestroyNotify)am_declaration_free)};
	AmDeclaration *scanner = am_declaration_new(AM_DECLARED_SCANNER);
	AmPrefix hosts = prefix("10.0.1.0/26");
	scanner->said = (AmSaid){.number = 1, .at_ns = AT(5, 0), .who = g_strdup("ann"), .why = g_strdup("audit")};
	scanner->ticket = g_strdup("CHG-1");
	scanner->ip_protocol = scanner->port = -1;
	g_array_append_val(scanner->hosts, hosts);
	g_ptr_array_add(decisions.declarations, scanner);
	g_autoptr(AmMap) map = decided_desk(&decisions);
	CU_ASSERT_EQUAL(map->pools->len, 0);
	CU_ASSERT_PTR_NOT_NULL(g_array_index(map->groups, AmGroup, asset_of(map, "10.0.1.20")->group).sanctioned);
	g_ptr_array_unref(decisions.declarations);
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_TEST(test_leased),
		UNIT_TEST(test_one_lease_is_no_habit),
		UNIT_TEST(test_others),
		UNIT_TEST(test_elastic),
		UNIT_TEST(test_temporary),
		UNIT_TEST(test_several_for_good),
		UNIT_TEST(test_reserved),
		UNIT_TEST(test_sanctioned),
		{NULL, NULL},
	};
	return unit_run("pools", tests);
}
