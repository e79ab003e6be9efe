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
		int other = host / 30 % 40; /* of each role, two or three use the same */
		g_autofree char *own = g_strdup_printf("10.3.%d.1", other);
		net_use(&net, client, own, (uint16_t)(9000 + other), 0, 1);
	}
	gint64 before = g_get_monotonic_time();
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT(g_get_monotonic_time() - before < 20 * G_USEC_PER_SEC);
	CU_ASSERT_EQUAL(group_of(map, "10.1.0.1"), group_of(map, "10.1.0.31"));
	CU_ASSERT_NOT_EQUAL(group_of(map, "10.1.0.1"), group_of(map, "10.1.0.2"));
	net_clear(&net);
}

/* 10.0.1.1 and 10.0.1.2 use this port of a server of its own. */
static void serve(Net *net, const char *server, uint16_t port)
{
	net_use(net, "10.0.1.1", server, port, 0, 3);
	net_use(net, "10.0.1.2", server, port, 0, 3);
}

/* What two servers have in common weighs more than what one of them uses, but what only one of them offers does not. */
static void test_served_weighs_more(void)
{
	Net net = net_new();
	net_span(&net, 3);
	serve(&net, "10.0.2.1", 9001);
	serve(&net, "10.0.2.2", 9001);
	serve(&net, "10.0.3.1", 7001);
	net_use(&net, "10.0.2.1", "10.0.3.1", 7001, 0, 3);
	const char *const both[] = {"10.0.4.1", "10.0.4.2"};
	for (int n = 0; n < 2; n++)
		for (uint16_t port = 7002; port < 7005; port++)
			net_use(&net, both[n], "10.0.3.2", port, 0, 3);
	serve(&net, "10.0.4.1", 9002);
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT_EQUAL(group_of(map, "10.0.2.1"), group_of(map, "10.0.2.2"));
	CU_ASSERT_EQUAL(group_of(map, "10.0.4.1"), group_of(map, "10.0.4.2"));
	CU_ASSERT_NOT_EQUAL(group_of(map, "10.0.2.1"), group_of(map, "10.0.4.1"));
	net_clear(&net);
}

/* So many staff and so many students, who have nine services in common and one of their own. */
static Net campus(int n_each)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int host = 0; host < 2 * n_each; host++) {
		g_autofree char *client = g_strdup_printf("10.0.%d.%d", 1 + host % 2, 1 + host / 2);
		for (uint16_t port = 8001; port < 8010; port++)
			net_use(&net, client, "10.0.5.1", port, 0, 3);
		net_use(&net, client, "10.0.5.2", host % 2 == 0 ? 445 : 2049, 0, 3);
	}
	return net;
}

static void test_habits_keep_apart(void)
{
	for (int n_each = 3; n_each <= 8; n_each += 5) {
		Net net = campus(n_each);
		g_autoptr(AmMap) map = net_map(&net);
		CU_ASSERT_EQUAL(group_of(map, "10.0.1.1") != group_of(map, "10.0.2.1"), n_each == 8);
		CU_ASSERT_EQUAL(group_of(map, "10.0.1.1"), group_of(map, "10.0.1.3"));
		CU_ASSERT_EQUAL(group_of(map, "10.0.2.1"), group_of(map, "10.0.2.3"));
		net_clear(&net);
	}
	/* One who does neither, and one who does both, are no reason to stay together. */
	Net net = campus(12);
	for (uint16_t port = 8001; port < 8010; port++)
		net_use(&net, "10.0.1.90", "10.0.5.1", port, 0, 3);
	net_use(&net, "10.0.2.1", "10.0.5.2", 445, 0, 3);
	g_autoptr(AmMap) map = net_map(&net);
	CU_ASSERT_NOT_EQUAL(group_of(map, "10.0.1.1"), group_of(map, "10.0.2.2"));
	net_clear(&net);
	/* Nor do those who do more part from those who do less. */
	net = campus(8);
	for (int host = 1; host <= 8; host++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", host);
		net_use(&net, client, "10.0.5.2", 2049, 0, 3);
	}
	g_autoptr(AmMap) nested = net_map(&net);
	CU_ASSERT_EQUAL(group_of(nested, "10.0.1.1"), group_of(nested, "10.0.2.1"));
	net_clear(&net);
}

static const char *id_of(const AmMap *map, const char *text)
{
	return g_array_index(map->groups, AmGroup, group_of(map, text)).id;
}

/* The id and the name of a group in another map. */
static void assert_stays(const AmMap *map, const AmMap *other, const char *here, const char *there)
{
	CU_ASSERT_STRING_EQUAL(id_of(map, here), id_of(other, there));
	CU_ASSERT_STRING_EQUAL(name_of(map, here), name_of(other, there));
}

static void test_members_come(void)
{
	Net net = office();
	g_autoptr(AmMap) map = net_map(&net);
	net_use(&net, "10.0.0.7", "10.0.2.1", 443, 1, 2); /* lower than all others */
	net_use(&net, "10.0.0.7", "10.0.2.2", 443, 1, 2);
	net_use(&net, "10.0.1.1", "10.0.2.4", 443, 1, 2);
	net_use(&net, "10.0.1.2", "10.0.2.4", 443, 1, 2);
	net_use(&net, "10.0.2.4", "10.0.3.1", 5432, 1, 2);
	net_use(&net, "198.51.100.7", "10.0.2.1", 443, 1, 2);
	net_use(&net, "10.0.0.2", "10.0.0.1", 9000, 1, 2); /* and groups that come before the others */
	net_use(&net, "10.0.0.3", "10.0.0.1", 9000, 1, 2);
	g_autoptr(AmMap) grown = net_map(&net);
	CU_ASSERT_EQUAL(group_of(grown, "10.0.0.7"), group_of(grown, "10.0.1.1"));
	CU_ASSERT_EQUAL(group_of(grown, "10.0.2.4"), group_of(grown, "10.0.2.1"));
	CU_ASSERT_EQUAL(group_of(grown, "198.51.100.7"), group_of(grown, "198.51.100.9"));
	const char *const one_of_each[] = {"10.0.1.1", "10.0.2.1", "10.0.3.1", "198.51.100.9", "10.0.99.1"};
	for (guint n = 0; n < G_N_ELEMENTS(one_of_each); n++)
		assert_stays(map, grown, one_of_each[n], one_of_each[n]);
	net_clear(&net);
}

/* Other addresses throughout, first members among them. */
static void test_members_are_replaced(void)
{
	Net net = office(), other = office();
	for (guint n = 0; n < other.tallies->len; n++) {
		AmTallyKey *key = &g_array_index(other.tallies, AmTally, n).key;
		AmAddress was[] = {address("10.0.1.1"), address("10.0.2.1"), address("10.0.3.1")};
		AmAddress is[] = {address("10.0.1.200"), address("10.0.2.200"), address("10.0.3.200")};
		for (int k = 0; k < 3; k++) {
			if (memcmp(&key->lo, &was[k], sizeof was[k]) == 0)
				key->lo = is[k];
			if (memcmp(&key->hi, &was[k], sizeof was[k]) == 0)
				key->hi = is[k];
		}
	}
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmMap) moved = net_map(&other);
	assert_stays(map, moved, "10.0.1.1", "10.0.1.200");
	assert_stays(map, moved, "10.0.2.1", "10.0.2.200");
	assert_stays(map, moved, "10.0.3.1", "10.0.3.200");
	assert_stays(map, moved, "198.51.100.9", "198.51.100.9");
	net_clear(&net);
	net_clear(&other);
}

/* Groups of a habit in common may draw the same: the eldest has it, whoever comes. Names go by age, too. */
static void test_the_eldest_keeps(void)
{
	Net net = office();
	AmMapOptions strict = {.group_cut = 0.01};
	g_autoptr(AmMap) map = am_map_build(net.tallies, NULL, net.networks, NULL, &strict);
	for (int n = 0; n < 16; n++) {
		g_autofree char *client = g_strdup_printf("10.0.0.%d", 1 + n),
				*server = g_strdup_printf("10.0.6.%d", 1 + n);
		net_use(&net, client, "10.0.2.1", 443, 1, 2);
		for (int k = 1; k <= 2; k++) {
			g_autofree char *user = g_strdup_printf("10.0.0.%d", 1 + (n + k) % 16);
			net_use(&net, user, server, (uint16_t)(7001 + n), 1, 2);
		}
	}
	g_autoptr(AmMap) more = am_map_build(net.tallies, NULL, net.networks, NULL, &strict);
	assert_stays(map, more, "10.0.1.1", "10.0.1.1");
	assert_stays(map, more, "10.0.2.1", "10.0.2.1");
	CU_ASSERT_STRING_EQUAL(name_of(more, "10.0.1.1"), "clients-web");
	for (guint n = 1; n < more->groups->len; n++)
		CU_ASSERT(strcmp(g_array_index(more->groups, AmGroup, n - 1).id,
				 g_array_index(more->groups, AmGroup, n).id) < 0);
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_roles),
		UNIT_TEST(test_names_and_ids),
		UNIT_TEST(test_dynamic_ports),
		UNIT_TEST(test_cut),
		UNIT_TEST(test_many_hosts),
		UNIT_TEST(test_served_weighs_more),
		UNIT_TEST(test_habits_keep_apart),
		UNIT_TEST(test_members_come),
		UNIT_TEST(test_members_are_replaced),
		UNIT_TEST(test_the_eldest_keeps),
		{NULL, NULL},
	};
	return unit_run("groups", tests);
}
