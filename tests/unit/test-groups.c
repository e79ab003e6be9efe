/* Groups: who is put together, under which name, and that it scales. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

static uint32_t group_of(const AmMap *map, const char *text)
{
	return asset_of(map, text)->group;
}

static const char *name_of(const AmMap *map, const char *text)
{
	return g_array_index(map->groups, AmGroup, group_of(map, text)).name;
}

/* Six desktops, three web servers, two databases, one customer. */
static Net office(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int web = 1; web <= 3; web++) {
		g_autofree char *server = g_strdup_printf("10.0.2.%d", web);
		for (int desk = 1; desk <= 6; desk++) {
			g_autofree char *client = g_strdup_printf("10.0.1.%d", desk);
			net_use(&net, client, server, 443, 0, 3);
		}
		net_use(&net, server, "10.0.3.1", 5432, 0, 3);
		net_use(&net, server, "10.0.3.2", 5432, 0, 3);
		net_use(&net, "198.51.100.9", server, 443, 0, 3);
	}
	return net;
}

static void test_roles(void)
{
	Net net = office();
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT_EQUAL(group_of(map, "10.0.1.1"), group_of(map, "10.0.1.6"));
	CU_ASSERT_EQUAL(group_of(map, "10.0.2.1"), group_of(map, "10.0.2.3"));
	CU_ASSERT_EQUAL(group_of(map, "10.0.3.1"), group_of(map, "10.0.3.2"));
	CU_ASSERT_NOT_EQUAL(group_of(map, "10.0.1.1"), group_of(map, "10.0.2.1"));
	CU_ASSERT_NOT_EQUAL(group_of(map, "10.0.2.1"), group_of(map, "10.0.3.1"));
	CU_ASSERT_NOT_EQUAL(group_of(map, "10.0.1.1"), group_of(map, "198.51.100.9")); /* outside stays apart */
	CU_ASSERT_STRING_EQUAL(name_of(map, "10.0.2.1"), "web-443");
	CU_ASSERT_STRING_EQUAL(name_of(map, "10.0.3.1"), "postgres-5432");
	CU_ASSERT_STRING_EQUAL(name_of(map, "10.0.1.1"), "clients-web");
	CU_ASSERT_STRING_EQUAL(name_of(map, "198.51.100.9"), "visitors-web");
	const AmGroup *web = &g_array_index(map->groups, AmGroup, group_of(map, "10.0.2.1"));
	CU_ASSERT_STRING_EQUAL(web->why, "3 members; serve tcp/443 (3); use tcp/5432 (3)");
	net_clear(&net);
}

static void test_names_and_ids(void)
{
	Net net = office();
	/* Two more kinds of web servers, so that names must be told apart. */
	for (int n = 1; n <= 2; n++) {
		g_autofree char *server = g_strdup_printf("10.0.4.%d", n);
		net_use(&net, "10.0.1.1", server, 443, 0, 3);
		net_use(&net, "10.0.1.2", server, 443, 0, 3);
		net_use(&net, server, n == 1 ? "10.0.5.1" : "10.0.5.2", (uint16_t)(7000 + n), 0, 3);
		net_use(&net, "10.0.2.1", n == 1 ? "10.0.5.1" : "10.0.5.2", (uint16_t)(7000 + n), 0, 3);
	}
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(GRegex) pattern = g_regex_new("^[a-z][a-z0-9]{0,11}(-[a-z0-9]{1,8}){0,2}$", 0, 0, NULL);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint n = 0; n < map->groups->len; n++) {
		const AmGroup *group = &g_array_index(map->groups, AmGroup, n);
		CU_ASSERT(g_regex_match(pattern, group->name, 0, NULL));
		CU_ASSERT(g_hash_table_add(seen, (gpointer)group->name));
		CU_ASSERT(g_str_has_prefix(group->id, "g-") && strlen(group->id) == 10);
		CU_ASSERT(n == 0 || strcmp(group[-1].id, group->id) < 0);
		for (guint m = 0; m < group->members->len; m++) {
			uint32_t asset = g_array_index(group->members, uint32_t, m);
			CU_ASSERT_EQUAL(g_array_index(map->assets, AmAsset, asset).group, n);
		}
	}
	/* The same members have the same id in another map. */
	Net small = office();
	g_autoptr(AmMap) other = net_map(&small);
	CU_ASSERT_STRING_EQUAL(g_array_index(other->groups, AmGroup, group_of(other, "10.0.3.1")).id,
			       g_array_index(map->groups, AmGroup, group_of(map, "10.0.3.1")).id);
	net_clear(&small);
	net_clear(&net);
}

/* Servers that hand out ports as they go are alike although no two have a port in common. */
static void test_dynamic_ports(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int server = 1; server <= 2; server++) {
		g_autofree char *to = g_strdup_printf("10.0.2.%d", server);
		for (int port = 0; port < 60; port++) {
			net_use(&net, "10.0.1.1", to, (uint16_t)(49152 + server * 1000 + port), 0, 3);
			net_use(&net, "10.0.1.2", to, (uint16_t)(49152 + server * 1000 + port), 0, 3);
		}
		net_use(&net, "10.0.1.1", to, 135, 0, 3);
		net_use(&net, "10.0.1.2", to, 135, 0, 3);
	}
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT_EQUAL(group_of(map, "10.0.2.1"), group_of(map, "10.0.2.2"));
	net_clear(&net);
}

static void test_cut(void)
{
	Net net = office();
	net_use(&net, "10.0.1.6", "10.0.3.1", 5432, 0, 3); /* one desktop does a little more */
	AmMapOptions strict = {.group_cut = 0.01}, loose = {.group_cut = 0.9};
	g_autoptr(AmMap) apart = am_map_build(net.tallies, NULL, net.networks, NULL, &strict);
	g_autoptr(AmMap) together = am_map_build(net.tallies, NULL, net.networks, NULL, &loose);
	CU_ASSERT_NOT_EQUAL(group_of(apart, "10.0.1.1"), group_of(apart, "10.0.1.6"));
	CU_ASSERT_EQUAL(group_of(together, "10.0.1.1"), group_of(together, "10.0.1.6"));
	CU_ASSERT_STRING_NOT_EQUAL(apart->revision, together->revision);
	net_clear(&net);
}

/* 3,000 hosts of 30 roles, each with a service of its own on top: no two classes are equal. Kept small for make check;
 * the bound is there to catch a quadratic step. */
static void test_many_hosts(void)
{
	Net net = net_new();
	net_span(&net, 1);
	for (int host = 0; host < 3000; host++) {
		int role = host % 30;
		g_autofree char *client = g_strdup_printf("10.1.%d.%d", host / 250, host % 250 + 1);
		for (int service = 0; service < 6; service++) {
			g_autofree char *server = g_strdup_printf("10.2.%d.%d", role, service + 1);
			net_use(&net, client, server, (uint16_t)(2000 + role * 7 + service), 0, 1);
		}
		g_autofree char *own = g_strdup_printf("10.3.%d.1", host % 40);
		net_use(&net, client, own, (uint16_t)(9000 + host % 40), 0, 1);
	}
	gint64 before = g_get_monotonic_time();
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT(g_get_monotonic_time() - before < 20 * G_USEC_PER_SEC);
	CU_ASSERT_EQUAL(group_of(map, "10.1.0.1"), group_of(map, "10.1.0.31"));
	CU_ASSERT_NOT_EQUAL(group_of(map, "10.1.0.1"), group_of(map, "10.1.0.2"));
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_roles), UNIT_TEST(test_names_and_ids), UNIT_TEST(test_dynamic_ports),
		UNIT_TEST(test_cut),   UNIT_TEST(test_many_hosts),    {NULL, NULL},
	};
	return unit_run("groups", tests);
}
