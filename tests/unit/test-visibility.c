/* Visibility: which pairs of subnets count as seen, what is said of those that are not, and that default deny holds nowhere
 * else. */
#include "config.h"

#include "allowmap/policy.h"

#include "map-fixture.h"
#include "unit.h"

static AmPrefix prefix(const char *text)
{
	AmPrefix parsed;
	gboolean ok = am_prefix_parse(text, &parsed, NULL);
	g_assert(ok);
	return parsed;
}

/* The options' list of these, up to NULL. */
static GArray *prefixes(const char *first, ...)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	va_list more;
	va_start(more, first);
	for (const char *text = first; text != NULL; text = va_arg(more, const char *)) {
		AmPrefix one = prefix(text);
		g_array_append_val(list, one);
	}
	va_end(more);
	return list;
}

static uint32_t subnet_of(const AmVisibility *seen, const char *text)
{
	AmPrefix wanted = prefix(text);
	for (uint32_t n = 0; n < seen->subnets->len; n++)
		if (am_prefix_compare(&g_array_index(seen->subnets, AmSubnet, n).prefix, &wanted) == 0)
			return n;
	return AM_NO_INDEX;
}

/* By the row of the one and of the other, which must agree; NULL = the outside. */
static AmVisibilityClass class_of(const AmVisibility *seen, const char *a, const char *b)
{
	g_autofree uint8_t *row = g_malloc(seen->subnets->len + 1);
	uint32_t x = subnet_of(seen, a), y = b != NULL ? subnet_of(seen, b) : AM_SUBNET_OUTSIDE;
	g_assert(x != AM_NO_INDEX && (b == NULL || y != AM_NO_INDEX));
	am_visibility_row(seen, x, row);
	const AmSubnet *own = &g_array_index(seen->subnets, AmSubnet, x);
	if (b == NULL)
		return row[own->block_end - own->block_first];
	AmVisibilityClass class = row[y - own->block_first];
	am_visibility_row(seen, y, row);
	CU_ASSERT_EQUAL(row[x - own->block_first], class);
	return class;
}

static const AmSubnetPair *unseen_pair(const AmVisibility *seen, const char *a, const char *b)
{
	uint32_t x = subnet_of(seen, a), y = b != NULL ? subnet_of(seen, b) : AM_SUBNET_OUTSIDE;
	for (guint n = 0; n < seen->unseen->len; n++) {
		const AmSubnetPair *pair = &g_array_index(seen->unseen, AmSubnetPair, n);
		if ((pair->a == x && pair->b == y) || (pair->a == y && pair->b == x))
			return pair;
	}
	return NULL;
}

/* Desks use the web, the web its database and somebody outside; a sensor tells a collector and gets no word back. */
static Net company(void)
{
	Net net = net_new();
	for (int desk = 1; desk <= 3; desk++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", desk);
		net_use(&net, client, "10.0.2.1", 443, 0, 3);
		net_use(&net, client, "10.0.2.2", 443, 0, 3);
	}
	net_use(&net, "10.0.2.1", "10.0.3.1", 5432, 0, 3);
	net_use(&net, "10.0.2.1", "198.51.100.1", 443, 0, 3);
	net_add(&net, (Talk){.client = "10.0.3.1",
			     .server = "10.0.4.1",
			     .ip_protocol = AM_PROTO_UDP,
			     .port = 514,
			     .n_hours = 20,
			     .connections = 500,
			     .outcome = AM_OUTCOME_ONE_WAY,
			     .payload = {50000, 0}});
	net_use(&net, "10.0.4.1", "10.0.2.1", 9100, 0, 3);
	return net;
}

static void test_classes(void)
{
	Net net = company();
	/* Knocks at a subnet where nobody is, and a broadcast. */
	net_add(&net, (Talk){.client = "10.0.1.1",
			     .server = "10.0.9.1",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 22,
			     .outcome = AM_OUTCOME_SILENT});
	net_add(&net, (Talk){.client = "10.0.1.1",
			     .server = "255.255.255.255",
			     .ip_protocol = AM_PROTO_UDP,
			     .port = 67,
			     .outcome = AM_OUTCOME_ONE_WAY});
	/* A refusal. */
	net_add(&net, (Talk){.client = "10.0.1.1",
			     .server = "10.0.4.1",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 22,
			     .outcome = AM_OUTCOME_REFUSED});
	/* Opened, and nothing said. */
	net_add(&net, (Talk){.client = "10.0.1.1",
			     .server = "10.0.3.1",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 22,
			     .outcome = AM_OUTCOME_MIDSTREAM});
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmVisibility) seen = am_map_visibility(map, NULL);
	CU_ASSERT_EQUAL(seen->subnets->len, 4);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.1.0/24", "10.0.4.0/24"), AM_VISIBILITY_BOTH);
	CU_ASSERT_EQUAL(subnet_of(seen, "10.0.9.0/24"), AM_NO_INDEX);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.1.0/24", "10.0.2.0/24"), AM_VISIBILITY_BOTH);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.2.0/24", "10.0.3.0/24"), AM_VISIBILITY_BOTH);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.2.0/24", NULL), AM_VISIBILITY_BOTH);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.3.0/24", "10.0.4.0/24"), AM_VISIBILITY_ONE_WAY);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.1.0/24", "10.0.3.0/24"), AM_VISIBILITY_BOTH);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.1.0/24", "10.0.1.0/24"), AM_VISIBILITY_NONE);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.1.0/24", NULL), AM_VISIBILITY_NONE);
	/* 6 pairs of two, desks and web with themselves (of the others there is one host each), 4 with the outside. */
	CU_ASSERT_EQUAL(seen->n_pairs[AM_VISIBILITY_BOTH], 6);
	CU_ASSERT_EQUAL(seen->n_pairs[AM_VISIBILITY_ONE_WAY], 1);
	CU_ASSERT_EQUAL(seen->n_pairs[AM_VISIBILITY_NONE], 5);
	CU_ASSERT_EQUAL(seen->n_within, 2);
	CU_ASSERT_EQUAL(seen->unseen->len, 5);
	CU_ASSERT_PTR_NOT_NULL(unseen_pair(seen, "10.0.4.0/24", NULL));
	CU_ASSERT_PTR_NULL(unseen_pair(seen, "10.0.1.0/24", "10.0.2.0/24"));
	const AmSubnet *desks = &g_array_index(seen->subnets, AmSubnet, subnet_of(seen, "10.0.1.0/24"));
	CU_ASSERT_EQUAL(desks->hosts, 3);
	CU_ASSERT_EQUAL(desks->pairs[AM_VISIBILITY_NONE], 2);
	net_clear(&net);
}

/* What people know: subnets that are no /24, some that nobody saw, and taps that would have shown what was not there. */
static void test_told(void)
{
	Net net = company();
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(GArray) subnets = prefixes("10.0.2.0/31", "10.0.2.2/31", "10.0.7.0/24", NULL);
	g_autoptr(GArray) visible = prefixes("10.0.3.0/24", NULL);
	AmVisibilityOptions options = {.subnets = subnets, .visible = visible};
	g_autoptr(AmVisibility) seen = am_map_visibility(map, &options);
	CU_ASSERT_EQUAL(seen->subnets->len, 6);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.2.0/31", "10.0.4.0/24"), AM_VISIBILITY_BOTH);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.2.2/31", "10.0.4.0/24"), AM_VISIBILITY_NONE);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.1.0/24", "10.0.7.0/24"), AM_VISIBILITY_NONE);
	CU_ASSERT_PTR_NOT_NULL(unseen_pair(seen, "10.0.1.0/24", "10.0.7.0/24"));
	CU_ASSERT_EQUAL(class_of(seen, "10.0.1.0/24", "10.0.3.0/24"), AM_VISIBILITY_DECLARED);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.3.0/24", NULL), AM_VISIBILITY_DECLARED);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.1.0/24", NULL), AM_VISIBILITY_NONE);
	/* What was seen in one way is not whole because somebody says so. */
	CU_ASSERT_EQUAL(class_of(seen, "10.0.3.0/24", "10.0.4.0/24"), AM_VISIBILITY_ONE_WAY);
	options.outside_visible = TRUE;
	g_autoptr(AmVisibility) open = am_map_visibility(map, &options);
	CU_ASSERT_EQUAL(class_of(open, "10.0.1.0/24", NULL), AM_VISIBILITY_DECLARED);
	net_clear(&net);
}

/* TCP of which one side never passes shows that it is not silent; attempts without an answer show nothing. */
static void test_half_seen(void)
{
	Net net = company();
	for (int desk = 1; desk <= 3; desk++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", desk);
		net_add(&net, (Talk){.client = client,
				     .server = "10.0.2.9",
				     .ip_protocol = AM_PROTO_TCP,
				     .port = 443,
				     .connections = 20,
				     .outcome = AM_OUTCOME_SILENT,
				     .packets = {200, 0},
				     .payload = {9000, 0}});
		net_add(&net, (Talk){.client = client,
				     .server = "10.0.2.10",
				     .ip_protocol = AM_PROTO_TCP,
				     .port = 443,
				     .connections = 20,
				     .outcome = AM_OUTCOME_SILENT});
	}
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmVisibility) seen = am_map_visibility(map, NULL);
	CU_ASSERT_EQUAL_FATAL(seen->half_seen->len, 1);
	const AmHalfSeen *half = &g_array_index(seen->half_seen, AmHalfSeen, 0);
	AmAddress host = address("10.0.2.9");
	CU_ASSERT_EQUAL(am_address_compare(&g_array_index(map->endpoints, AmEndpoint, half->endpoint).address, &host),
			0);
	CU_ASSERT_TRUE(half->lacks_sent);
	CU_ASSERT_EQUAL(half->edges, 3);
	CU_ASSERT_EQUAL(half->subnet, subnet_of(seen, "10.0.2.0/24"));
	net_clear(&net);
}

/* As many connections and octets, per day, as `share` tenths of what a client asks of the whole. */
static void ask(Net *net, const char *client, const char *server, uint64_t tenths)
{
	for (int day = 0; day < 3; day++)
		net_add(net, (Talk){.client = client,
				    .server = server,
				    .ip_protocol = AM_PROTO_TCP,
				    .port = 443,
				    .day = day,
				    .n_hours = 10,
				    .connections = 10 * tenths,
				    .payload = {3000 * tenths, 50000 * tenths}});
}

static void test_balanced(void)
{
	Net net = net_new();
	for (int desk = 1; desk <= 3; desk++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", desk);
		ask(&net, client, "10.0.5.100", 10);
		ask(&net, client, "10.0.6.1", 4);
		ask(&net, client, "10.0.6.2", 6);
		/* The same of each, as a poll asks, is not handed on. */
		ask(&net, client, "10.0.7.1", 10);
		ask(&net, client, "10.0.7.2", 10);
	}
	/* These are hosts, not balancers' addresses: they ask. */
	static const char *const servers[] = {"10.0.6.1", "10.0.6.2", "10.0.7.1", "10.0.7.2"};
	for (guint n = 0; n < G_N_ELEMENTS(servers); n++)
		net_use(&net, servers[n], "10.0.9.1", 53, 0, 3);
	net_use(&net, "10.0.9.1", "10.0.1.9", 53, 0, 3);
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmVisibility) seen = am_map_visibility(map, NULL);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.1.0/24", "10.0.6.0/24"), AM_VISIBILITY_ONE_WAY);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.1.0/24", "10.0.5.0/24"), AM_VISIBILITY_BOTH);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.1.0/24", "10.0.7.0/24"), AM_VISIBILITY_BOTH);
	/* Anything else that is answered does pass between the two. */
	net_use(&net, "10.0.6.1", "10.0.1.9", 22, 0, 3);
	g_autoptr(AmMap) direct = net_map(&net);
	g_autoptr(AmVisibility) both = am_map_visibility(direct, NULL);
	CU_ASSERT_EQUAL(class_of(both, "10.0.1.0/24", "10.0.6.0/24"), AM_VISIBILITY_BOTH);
	net_clear(&net);
}

static AmVisibilityClass attempted(const Net *net)
{
	g_autoptr(AmMap) map = net_map(net);
	g_autoptr(AmVisibility) seen = am_map_visibility(map, NULL);
	return class_of(seen, "10.0.1.0/24", "10.0.6.0/24");
}

/* What is needed may be handed on by an address that never asks anything, over a pair that is not seen. */
static void test_fronts(void)
{
	Net net = net_new();
	for (int desk = 1; desk <= 3; desk++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", desk);
		net_use(&net, client, "10.0.5.100", 443, 0, 3);
		net_add(&net, (Talk){.client = client,
				     .server = "10.0.6.1",
				     .ip_protocol = AM_PROTO_TCP,
				     .port = 22,
				     .outcome = AM_OUTCOME_REFUSED});
	}
	guint so_far = net.tallies->len;
	CU_ASSERT_EQUAL(attempted(&net), AM_VISIBILITY_ONE_WAY);
	/* Words do not change that. */
	net_use(&net, "10.0.1.9", "10.0.6.1", 80, 0, 3);
	CU_ASSERT_EQUAL(attempted(&net), AM_VISIBILITY_ONE_WAY);
	/* The pair that it would be handed on over is seen. */
	net_use(&net, "10.0.6.1", "10.0.5.7", 53, 0, 3);
	CU_ASSERT_EQUAL(attempted(&net), AM_VISIBILITY_BOTH);
	/* It asks for names, so it is a host. */
	g_array_set_size(net.tallies, so_far);
	net_use(&net, "10.0.5.100", "10.0.1.9", 53, 0, 3);
	CU_ASSERT_EQUAL(attempted(&net), AM_VISIBILITY_BOTH);
	net_clear(&net);
}

/* Six subnets and a seventh that has what all need: names. */
static Net town(int n_users)
{
	Net net = net_new();
	for (int subnet = 1; subnet <= 6; subnet++) {
		g_autofree char *host = g_strdup_printf("10.0.%d.1", subnet);
		g_autofree char *next = g_strdup_printf("10.0.%d.1", subnet % 6 + 1);
		net_use(&net, host, next, 443, 0, 3);
		if (subnet <= n_users)
			net_use(&net, host, "10.0.7.1", 53, 0, 3);
	}
	net_use(&net, "10.0.7.1", "10.0.7.2", 53, 0, 3);
	return net;
}

/* Who misses what nearly all use is named first, and so is the place to mirror that shows most. */
static void test_expected(void)
{
	Net net = town(4);
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmVisibility) seen = am_map_visibility(map, NULL);
	const AmSubnetPair *missing = unseen_pair(seen, "10.0.5.0/24", "10.0.7.0/24");
	CU_ASSERT_PTR_NOT_NULL_FATAL(missing);
	CU_ASSERT_EQUAL(missing->expected_by, 4);
	CU_ASSERT_EQUAL(g_array_index(map->edges, AmEdge, missing->expected_edge).port, 53);
	CU_ASSERT_EQUAL(seen->n_expected, 2);
	CU_ASSERT(g_array_index(seen->unseen, AmSubnetPair, 1).expected_by == 4);
	CU_ASSERT_EQUAL(g_array_index(seen->unseen, AmSubnetPair, 2).expected_by, 0);
	const AmSubnetPair *silent = unseen_pair(seen, "10.0.1.0/24", "10.0.3.0/24");
	CU_ASSERT_PTR_NOT_NULL_FATAL(silent);
	CU_ASSERT_EQUAL(silent->expected_by, 0);
	/* Nobody was seen with the outside: one place shows these seven. */
	CU_ASSERT_EQUAL(g_array_index(seen->taps, AmTap, 0).subnet, AM_SUBNET_OUTSIDE);
	CU_ASSERT_EQUAL(g_array_index(seen->taps, AmTap, 0).pairs, 7);
	uint64_t shown = seen->n_within;
	uint32_t expected = 0;
	for (guint n = 0; n < seen->taps->len; n++) {
		const AmTap *tap = &g_array_index(seen->taps, AmTap, n);
		CU_ASSERT(tap->pairs > 0 && (n == 0 || tap->pairs <= (tap - 1)->pairs));
		shown += tap->pairs;
		expected += tap->expected;
	}
	CU_ASSERT_EQUAL(shown, seen->n_pairs[AM_VISIBILITY_NONE]);
	CU_ASSERT_EQUAL(expected, 2);
	net_clear(&net);
	/* Of two users it is not known that all need it. */
	Net few = town(2);
	g_autoptr(AmMap) small = net_map(&few);
	g_autoptr(AmVisibility) unsure = am_map_visibility(small, NULL);
	CU_ASSERT_EQUAL(unsure->n_expected, 0);
	net_clear(&few);
}

/* One service on several servers, and nothing of what all use there: a balancer's link, as far as one can tell. */
static void test_doubtful(void)
{
	Net net = town(5);
	net_use(&net, "10.0.6.1", "10.0.7.5", 389, 0, 3);
	g_autoptr(AmMap) one = net_map(&net);
	g_autoptr(AmVisibility) single = am_map_visibility(one, NULL);
	CU_ASSERT_EQUAL(class_of(single, "10.0.6.0/24", "10.0.7.0/24"), AM_VISIBILITY_BOTH);
	net_use(&net, "10.0.6.1", "10.0.7.6", 389, 0, 3);
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmVisibility) seen = am_map_visibility(map, NULL);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.6.0/24", "10.0.7.0/24"), AM_VISIBILITY_ONE_WAY);
	CU_ASSERT_EQUAL(class_of(seen, "10.0.5.0/24", "10.0.7.0/24"), AM_VISIBILITY_BOTH);
	net_use(&net, "10.0.6.1", "10.0.7.5", 22, 0, 3);
	g_autoptr(AmMap) more = net_map(&net);
	g_autoptr(AmVisibility) both = am_map_visibility(more, NULL);
	CU_ASSERT_EQUAL(class_of(both, "10.0.6.0/24", "10.0.7.0/24"), AM_VISIBILITY_BOTH);
	net_clear(&net);
}

/* All pairs are counted; of those without packets the list has so many. */
static void test_many_subnets(void)
{
	Net net = net_new();
	for (int subnet = 0; subnet < 200; subnet++) {
		g_autofree char *host = g_strdup_printf("10.1.%d.1", subnet);
		net_use(&net, host, "10.2.0.1", 443, 0, 1);
	}
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmVisibility) seen = am_map_visibility(map, NULL);
	CU_ASSERT_EQUAL(seen->n_pairs[AM_VISIBILITY_BOTH], 200);
	CU_ASSERT_EQUAL(seen->n_pairs[AM_VISIBILITY_NONE], 200 * 199 / 2 + 201);
	CU_ASSERT_EQUAL(seen->unseen->len, AM_UNSEEN_LISTED);
	net_clear(&net);
}

/* ---- What follows for policies. */

static AmPolicy *recommend(const AmMap *map, const AmVisibility *visibility)
{
	const AmRecommendOptions options = {.tool_version = "test", .visibility = visibility};
	return am_policy_recommend(map, &options);
}

static gboolean has(const GArray *list, const char *text)
{
	AmAddress wanted = address(text);
	for (guint n = 0; n < list->len; n++)
		if (am_prefix_contains(&g_array_index(list, AmPrefix, n), &wanted))
			return TRUE;
	return FALSE;
}

/* Is what no rule permits denied from here to there? */
static gboolean is_denied(const AmPolicy *policy, const char *from, const char *to)
{
	for (guint n = 0; policy->visible != NULL && n < policy->visible->len; n++) {
		const AmScope *scope = policy->visible->pdata[n];
		if (has(scope->from, from) && has(scope->to, to))
			return TRUE;
	}
	return policy->visible == NULL;
}

static void test_default_deny(void)
{
	Net net = company();
	net_add(&net, (Talk){.client = "10.0.1.1",
			     .server = "10.0.2.9",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 443,
			     .connections = 20,
			     .outcome = AM_OUTCOME_SILENT,
			     .packets = {200, 0},
			     .payload = {9000, 0}});
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmVisibility) seen = am_map_visibility(map, NULL);
	g_autoptr(AmPolicy) policy = recommend(map, seen);
	CU_ASSERT_PTR_NOT_NULL_FATAL(policy->visible);
	CU_ASSERT_TRUE(is_denied(policy, "10.0.1.200", "10.0.2.1"));
	CU_ASSERT_TRUE(is_denied(policy, "10.0.2.1", "10.0.1.200"));
	CU_ASSERT_TRUE(is_denied(policy, "10.0.2.1", "10.0.3.200"));
	CU_ASSERT_TRUE(is_denied(policy, "10.0.2.1", "203.0.113.7"));
	CU_ASSERT_TRUE(is_denied(policy, "203.0.113.7", "10.0.2.1"));
	CU_ASSERT_FALSE(is_denied(policy, "10.0.2.1", "224.0.0.251"));
	CU_ASSERT_FALSE(is_denied(policy, "10.0.1.1", "203.0.113.7"));
	CU_ASSERT_FALSE(is_denied(policy, "10.0.1.1", "10.0.3.1"));
	CU_ASSERT_FALSE(is_denied(policy, "10.0.3.1", "10.0.4.1"));
	CU_ASSERT_FALSE(is_denied(policy, "10.0.1.1", "10.0.1.2"));
	CU_ASSERT_FALSE(is_denied(policy, "10.0.99.1", "10.0.2.1"));
	/* Of this host one direction was missing. */
	CU_ASSERT_FALSE(is_denied(policy, "10.0.1.1", "10.0.2.9"));
	CU_ASSERT_TRUE(is_denied(policy, "10.0.1.1", "10.0.2.8"));
	CU_ASSERT_TRUE(is_denied(policy, "10.0.1.1", "10.0.2.10"));
	CU_ASSERT_EQUAL(policy->missing_taps->len, seen->taps->len);
	CU_ASSERT(policy->missing_taps->len > 0);
	g_autoptr(AmPolicy) everywhere = recommend(map, NULL);
	CU_ASSERT_PTR_NULL(everywhere->visible);
	CU_ASSERT_TRUE(am_policy_equal(policy, everywhere, NULL));
	net_clear(&net);
}

static void test_equal_default(void)
{
	Net net = company();
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmVisibility) seen = am_map_visibility(map, NULL);
	g_autoptr(AmPolicy) a = recommend(map, seen), b = recommend(map, seen), all = recommend(map, NULL);
	g_autoptr(GError) error = NULL;
	CU_ASSERT_TRUE(am_policy_equal_default(a, b, NULL));
	CU_ASSERT_TRUE(am_policy_equal_default(all, all, NULL));
	CU_ASSERT_FALSE(am_policy_equal_default(a, all, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_POLICY_ERROR, AM_POLICY_ERROR_PROOF));
	/* One address less is found. */
	AmScope *scope = b->visible->pdata[0];
	AmPrefix *first = &g_array_index(scope->to, AmPrefix, 0);
	CU_ASSERT_FATAL(first->length < 32);
	first->length++;
	CU_ASSERT_FALSE(am_policy_equal_default(a, b, NULL));
	/* Monitor denies nothing, and so does an empty list. */
	a->default_action = AM_DEFAULT_MONITOR;
	g_ptr_array_set_size(b->visible, 0);
	CU_ASSERT_TRUE(am_policy_equal_default(a, b, NULL));
	net_clear(&net);
}

static void test_networks(void)
{
	Net net = company();
	g_ptr_array_add(net.networks, g_strdup("branch"));
	guint n_tallies = net.tallies->len;
	for (guint n = 0; n < n_tallies; n++) {
		AmTally other = g_array_index(net.tallies, AmTally, n);
		other.key.network = 1;
		if (other.key.ip_protocol == AM_PROTO_TCP)
			g_array_append_val(net.tallies, other);
	}
	g_autoptr(AmMap) map = net_map(&net);
	g_autoptr(AmVisibility) seen = am_map_visibility(map, NULL);
	g_autoptr(AmPolicy) policy = recommend(map, seen);
	g_autoptr(AmPolicy) part = am_policy_of_network(policy, "branch");
	CU_ASSERT(part->visible->len > 0 && part->visible->len < policy->visible->len);
	for (guint n = 0; n < part->visible->len; n++)
		CU_ASSERT_STRING_EQUAL(((AmScope *)part->visible->pdata[n])->network, "branch");
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_classes),       UNIT_TEST(test_told),         UNIT_TEST(test_half_seen),
		UNIT_TEST(test_balanced),      UNIT_TEST(test_fronts),       UNIT_TEST(test_expected),
		UNIT_TEST(test_doubtful),      UNIT_TEST(test_many_subnets), UNIT_TEST(test_default_deny),
		UNIT_TEST(test_equal_default), UNIT_TEST(test_networks),     {NULL, NULL},
	};
	return unit_run("visibility", tests);
}
