/* middlebox*.c: machines in the middle, by what was handed on, by what they say, and by what people say. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

typedef struct {
	Net net;
	GArray *relayed, *observations;
	AmDecisionSet decisions;
	AmMapOptions options;
} Case;

static Case case_new(void)
{
	Case c = {.net = net_new(),
		  .relayed = g_array_new(FALSE, TRUE, sizeof(AmRelayed)),
		  .observations = g_array_new(FALSE, TRUE, sizeof(AmObservation)),
		  .decisions = {.overrides = g_array_new(FALSE, TRUE, sizeof(AmOverride)),
				.hints = g_array_new(FALSE, TRUE, sizeof(AmHint)),
				.middleboxes = am_middlebox_hints_new()}};
	net_span(&c.net, 3);
	return c;
}

static void case_clear(Case *c)
{
	net_clear(&c->net);
	g_array_unref(c->relayed);
	g_array_unref(c->observations);
	g_array_unref(c->decisions.overrides);
	g_array_unref(c->decisions.hints);
	g_array_unref(c->decisions.middleboxes);
}

static AmMap *case_map(Case *c)
{
	c->options.relayed = c->relayed;
	g_array_sort(c->observations, am_observation_compare);
	return am_map_build(c->net.tallies, c->observations, c->net.networks, &c->decisions, &c->options);
}

static AmAddress or_none(const char *text)
{
	return text != NULL ? address(text) : (AmAddress){0};
}

static void relayed(Case *c, AmRelayedKind kind, const char *front, uint16_t front_port, const char *client,
		    const char *server, uint16_t port, uint64_t connections, uint64_t turned)
{
	AmRelayed row = {.kind = (uint8_t)kind,
			 .front = address(front),
			 .front_port = front_port,
			 .client = or_none(client),
			 .server = or_none(server),
			 .port = port,
			 .connections = connections,
			 .turned = turned};
	g_array_append_val(c->relayed, row);
}

static void observe(Case *c, const char *of, AmObservedKind kind, const char *value, int first_h, int last_h,
		    uint64_t count)
{
	AmObservation o = {.address = address(of),
			   .kind = (uint8_t)kind,
			   .first_ns = FIRST_DAY * DAY_NS + first_h * HOUR_NS,
			   .last_ns = FIRST_DAY * DAY_NS + last_h * HOUR_NS,
			   .count = count};
	g_strlcpy(o.value, value, sizeof o.value);
	g_array_append_val(c->observations, o);
}

static void say_in(Case *c, const char *network, const char *of, int role)
{
	AmMiddleboxHint hint = {.network = g_strdup(network),
				.address = address(of),
				.role = role,
				.who = g_strdup("ann"),
				.why = g_strdup("rack 4")};
	g_array_append_val(c->decisions.middleboxes, hint);
}

static void say(Case *c, const char *of, int role)
{
	say_in(c, NULL, of, role);
}

static const AmMiddlebox *box_of(const AmMap *map, const char *text)
{
	AmAddress wanted = address(text);
	uint32_t endpoint = am_map_find_endpoint(map, 0, &wanted);
	return endpoint != AM_NO_INDEX ? am_middlebox_find(map, endpoint) : NULL;
}

static int role_of(const AmMap *map, const char *text)
{
	const AmMiddlebox *box = box_of(map, text);
	return box != NULL ? box->role : AM_MIDDLEBOX_NONE;
}

#define ASSERT_VIEW(map, client, server, port, view)                                                                   \
	CU_ASSERT_EQUAL(edge_of(map, client, server, AM_PROTO_TCP, port)->client_view, AM_CLIENT_##view)

/* Two clients ask 10.0.2.100, 120 times a day each; 10.0.2.4 asks two servers on. */
static void use_balancer(Case *c)
{
	net_use(&c->net, "10.0.1.1", "10.0.2.100", 443, 0, 3);
	net_use(&c->net, "10.0.1.2", "10.0.2.100", 443, 0, 3);
	net_use(&c->net, "10.0.2.4", "10.0.3.1", 8443, 0, 3);
	net_use(&c->net, "10.0.2.4", "10.0.3.2", 8443, 0, 3);
	net_use(&c->net, "10.0.2.4", "10.0.9.9", 514, 0, 3);
	net_use(&c->net, "10.0.2.5", "10.0.3.1", 8443, 0, 3);
}

static void test_balancer(void)
{
	Case c = case_new();
	use_balancer(&c);
	relayed(&c, AM_RELAYED_BOTH_CHANGED, "10.0.2.100", 443, "10.0.2.4", "10.0.3.1", 8443, 118, 1);
	relayed(&c, AM_RELAYED_BOTH_CHANGED, "10.0.2.100", 443, "10.0.2.4", "10.0.3.2", 8443, 115, 0);
	g_autoptr(AmMap) map = case_map(&c);
	CU_ASSERT_EQUAL(role_of(map, "10.0.2.100"), AM_MIDDLEBOX_BALANCER);
	CU_ASSERT_EQUAL(role_of(map, "10.0.2.4"), AM_MIDDLEBOX_BALANCER);
	CU_ASSERT_EQUAL(map->middleboxes->len, 2);
	CU_ASSERT_TRUE(box_of(map, "10.0.2.4")->hides);
	CU_ASSERT_FALSE(box_of(map, "10.0.2.100")->hides);
	ASSERT_VIEW(map, "10.0.2.4", "10.0.3.1", 8443, HIDDEN);
	ASSERT_VIEW(map, "10.0.2.4", "10.0.9.9", 514, UNKNOWN); /* its own */
	ASSERT_VIEW(map, "10.0.2.5", "10.0.3.1", 8443, UNKNOWN);
	CU_ASSERT_EQUAL(map->relays->len, 2);
	CU_ASSERT_EQUAL(map->legs->len, 2 * 2 + 2); /* two clients in front, to two servers; these two behind */
	const AmEdge *front = edge_of(map, "10.0.1.1", "10.0.2.100", AM_PROTO_TCP, 443);
	guint first, n_legs = am_legs_find(map, (uint32_t)(front - (const AmEdge *)map->edges->data), &first);
	CU_ASSERT_EQUAL_FATAL(n_legs, 2);
	g_autofree char *leg = am_leg_text(map, &g_array_index(map->legs, AmLeg, first));
	CU_ASSERT_STRING_EQUAL(leg, "10.0.2.4 > 10.0.3.1 tcp/8443");
	const AmEdge *back = edge_of(map, "10.0.2.4", "10.0.3.2", AM_PROTO_TCP, 8443);
	g_autofree char *text = am_map_explain_edge(map, NULL, (uint32_t)(back - (const AmEdge *)map->edges->data));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "client address: hidden"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "comes from: any > 10.0.2.100 tcp/443"));
	case_clear(&c);
}

/* Each of these looks like a balancer, but for one thing. */
static void test_no_balancer(void)
{
	static const struct {
		const char *front, *client;
		uint64_t connections, turned;
	} cases[] = {
		{"10.0.2.100", "10.0.2.4", 4, 0},     /* too few */
		{"10.0.2.100", "10.0.2.4", 118, 60},  /* as often the other way round */
		{"10.0.2.100", "10.0.2.4", 30, 0},    /* most of both is not */
		{"10.0.2.100", "10.0.9.9", 118, 0},   /* who is far, and asked nothing that way */
		{"10.0.2.100", "10.0.99.99", 118, 0}, /* who was never seen */
	};
	for (size_t n = 0; n < G_N_ELEMENTS(cases); n++) {
		Case c = case_new();
		use_balancer(&c);
		net_use(&c.net, "10.0.9.9", "10.0.3.1", 8443, 0, 3);
		relayed(&c, AM_RELAYED_BOTH_CHANGED, cases[n].front, 443, cases[n].client, "10.0.3.1", 8443,
			cases[n].connections, cases[n].turned);
		g_autoptr(AmMap) map = case_map(&c);
		CU_ASSERT_EQUAL(map->middleboxes->len, 0);
		CU_ASSERT_EQUAL(map->relays->len, 0);
		case_clear(&c);
	}
}

static void test_client_kept(void)
{
	Case c = case_new();
	for (int n = 1; n <= 2; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		net_use(&c.net, client, "10.0.2.101", 443, 0, 3);
		net_use(&c.net, client, "10.0.3.1", 443, 0, 3);
		net_use(&c.net, client, "10.0.3.2", 443, 0, 3);
	}
	relayed(&c, AM_RELAYED_SERVER_CHANGED, "10.0.2.101", 443, NULL, "10.0.3.1", 443, 120, 0);
	relayed(&c, AM_RELAYED_SERVER_CHANGED, "10.0.2.101", 443, NULL, "10.0.3.2", 443, 119, 0);
	g_autoptr(AmMap) map = case_map(&c);
	CU_ASSERT_EQUAL(role_of(map, "10.0.2.101"), AM_MIDDLEBOX_BALANCER);
	CU_ASSERT_EQUAL(map->middleboxes->len, 1);
	ASSERT_VIEW(map, "10.0.1.1", "10.0.3.1", 443, UNKNOWN);
	const AmEdge *back = edge_of(map, "10.0.1.1", "10.0.3.1", AM_PROTO_TCP, 443);
	guint first;
	CU_ASSERT_EQUAL_FATAL(am_legs_find(map, (uint32_t)(back - (const AmEdge *)map->edges->data), &first), 1);
	g_autofree char *leg = am_leg_text(map, &g_array_index(map->legs, AmLeg, first));
	CU_ASSERT_STRING_EQUAL(leg, "10.0.1.1 > 10.0.2.101 tcp/443");
	/* A port that is passed on to one server is no balancer. */
	g_array_set_size(c.relayed, 1);
	g_autoptr(AmMap) one = case_map(&c);
	CU_ASSERT_EQUAL(role_of(one, "10.0.2.101"), AM_MIDDLEBOX_NAT);
	case_clear(&c);
}

static void test_translation(void)
{
	Case c = case_new();
	net_use(&c.net, "10.0.1.1", "198.51.100.7", 443, 0, 3);
	net_use(&c.net, "10.0.1.2", "198.51.100.7", 443, 0, 3);
	net_use(&c.net, "192.0.2.10", "198.51.100.7", 443, 0, 3);
	net_use(&c.net, "192.0.2.11", "198.51.100.7", 443, 0, 3);
	relayed(&c, AM_RELAYED_CLIENT_CHANGED, "10.0.1.1", 0, "192.0.2.10", NULL, 0, 50, 0);
	relayed(&c, AM_RELAYED_CLIENT_CHANGED, "10.0.1.2", 0, "192.0.2.10", NULL, 0, 60, 0);
	relayed(&c, AM_RELAYED_CLIENT_CHANGED, "10.0.1.2", 0, "192.0.2.11", NULL, 0, 20, 0); /* hardly any of its own */
	g_autoptr(AmMap) map = case_map(&c);
	CU_ASSERT_EQUAL(role_of(map, "192.0.2.10"), AM_MIDDLEBOX_NAT);
	CU_ASSERT_EQUAL(map->middleboxes->len, 1);
	ASSERT_VIEW(map, "192.0.2.10", "198.51.100.7", 443, HIDDEN);
	ASSERT_VIEW(map, "192.0.2.11", "198.51.100.7", 443, UNKNOWN);
	const AmEdge *front = edge_of(map, "10.0.1.1", "198.51.100.7", AM_PROTO_TCP, 443);
	guint first;
	CU_ASSERT_EQUAL_FATAL(am_legs_find(map, (uint32_t)(front - (const AmEdge *)map->edges->data), &first), 1);
	g_autofree char *leg = am_leg_text(map, &g_array_index(map->legs, AmLeg, first));
	CU_ASSERT_STRING_EQUAL(leg, "192.0.2.10 > 198.51.100.7 tcp/443");
	case_clear(&c);
}

static void test_proxy(void)
{
	Case c = case_new();
	net_use(&c.net, "10.0.1.1", "10.0.2.8", 3128, 0, 3);
	net_use(&c.net, "10.0.1.2", "10.0.2.8", 3128, 0, 3);
	net_use(&c.net, "10.0.2.8", "198.51.100.7", 443, 0, 3);
	net_use(&c.net, "10.0.2.8", "198.51.100.8", 443, 0, 3);
	relayed(&c, AM_RELAYED_BOTH_CHANGED, "10.0.2.8", 3128, "10.0.2.8", NULL, 443, 200, 2);
	/* One that is spoken to as one. */
	for (int day = 0; day < 3; day++)
		net_add(&c.net, (Talk){.client = "10.0.1.1",
				       .server = "10.0.2.9",
				       .ip_protocol = AM_PROTO_TCP,
				       .port = 8080,
				       .day = day,
				       .hour = 9,
				       .n_hours = 8,
				       .connections = 20,
				       .payload = {9000, 90000},
				       .l7 = "http_connect"});
	net_use(&c.net, "10.0.2.9", "198.51.100.9", 443, 0, 3);
	g_autoptr(AmMap) map = case_map(&c);
	CU_ASSERT_EQUAL(role_of(map, "10.0.2.8"), AM_MIDDLEBOX_PROXY);
	CU_ASSERT_EQUAL(role_of(map, "10.0.2.9"), AM_MIDDLEBOX_PROXY);
	ASSERT_VIEW(map, "10.0.2.8", "198.51.100.7", 443, HIDDEN);
	ASSERT_VIEW(map, "10.0.2.9", "198.51.100.9", 443, HIDDEN);
	case_clear(&c);
}

static void test_virtual(void)
{
	Case c = case_new();
	use_balancer(&c);
	observe(&c, "10.0.2.100", AM_OBSERVED_VIRTUAL, "vrrp/100@10.0.2.5", 0, 20, 9);
	observe(&c, "10.0.2.100", AM_OBSERVED_VIRTUAL, "vrrp/100@10.0.2.4", 21, 60, 5); /* took over */
	observe(&c, "10.0.3.1", AM_OBSERVED_VIRTUAL, "vrrp", 0, 20, 9);                 /* none of ours */
	g_autoptr(AmMap) map = case_map(&c);
	const AmMiddlebox *box = box_of(map, "10.0.2.100");
	CU_ASSERT_PTR_NOT_NULL_FATAL(box);
	CU_ASSERT_TRUE(box->is_virtual);
	CU_ASSERT_EQUAL(box->role, AM_MIDDLEBOX_NONE);
	AmAddress holder = address("10.0.2.4");
	CU_ASSERT_EQUAL(box->holder, am_map_find_endpoint(map, 0, &holder));
	CU_ASSERT_PTR_NOT_NULL(strstr(box->why, "vrrp group 100"));
	CU_ASSERT_EQUAL(map->middleboxes->len, 1);
	case_clear(&c);
}

static void test_systems(void)
{
	Case c = case_new();
	net_use(&c.net, "192.0.2.10", "198.51.100.7", 443, 0, 3);
	net_use(&c.net, "10.0.1.1", "198.51.100.7", 443, 0, 3);
	net_use(&c.net, "10.0.1.2", "198.51.100.7", 443, 0, 3);
	net_use(&c.net, "10.0.1.3", "198.51.100.7", 443, 0, 3);
	observe(&c, "192.0.2.10", AM_OBSERVED_SYSTEM, "128:mnwnns", 0, 60, 70);
	observe(&c, "192.0.2.10", AM_OBSERVED_SYSTEM, "64:mstnw", 3, 50, 30);
	/* One after the other; too seldom; two machines that had the address. */
	observe(&c, "10.0.1.1", AM_OBSERVED_SYSTEM, "128:mnwnns", 0, 20, 70);
	observe(&c, "10.0.1.1", AM_OBSERVED_SYSTEM, "64:mstnw", 21, 60, 30);
	observe(&c, "10.0.1.2", AM_OBSERVED_SYSTEM, "128:mnwnns", 0, 60, 70);
	observe(&c, "10.0.1.2", AM_OBSERVED_SYSTEM, "64:mstnw", 3, 50, 2);
	observe(&c, "10.0.1.3", AM_OBSERVED_SYSTEM, "128:mnwnns", 0, 60, 70);
	observe(&c, "10.0.1.3", AM_OBSERVED_SYSTEM, "64:mstnw", 3, 50, 30);
	observe(&c, "10.0.1.3", AM_OBSERVED_MAC, "02:00:00:00:00:01", 0, 60, 30);
	observe(&c, "10.0.1.3", AM_OBSERVED_MAC, "02:00:00:00:00:02", 3, 50, 30);
	g_autoptr(AmMap) map = case_map(&c);
	CU_ASSERT_EQUAL(role_of(map, "192.0.2.10"), AM_MIDDLEBOX_NAT);
	CU_ASSERT_EQUAL(map->middleboxes->len, 1);
	ASSERT_VIEW(map, "192.0.2.10", "198.51.100.7", 443, HIDDEN);
	case_clear(&c);
}

static void test_hints(void)
{
	Case c = case_new();
	use_balancer(&c);
	relayed(&c, AM_RELAYED_BOTH_CHANGED, "10.0.2.100", 443, "10.0.2.4", "10.0.3.1", 8443, 130, 1);
	g_autoptr(AmMap) before = case_map(&c);
	CU_ASSERT_EQUAL(role_of(before, "10.0.2.4"), AM_MIDDLEBOX_BALANCER);
	say(&c, "10.0.2.5", AM_MIDDLEBOX_PROXY);
	say(&c, "10.0.2.4", AM_MIDDLEBOX_NONE);
	say(&c, "10.0.1.1", AM_MIDDLEBOX_NAT);
	say(&c, "10.0.1.1", AM_MIDDLEBOX_WITHDRAWN);
	say_in(&c, "default", "10.0.1.2", AM_MIDDLEBOX_NAT);
	say_in(&c, "default", "10.0.1.2", AM_MIDDLEBOX_WITHDRAWN);
	say(&c, "10.9.9.9", AM_MIDDLEBOX_NAT); /* was not seen */
	g_autoptr(AmMap) map = case_map(&c);
	CU_ASSERT_STRING_NOT_EQUAL(map->revision, before->revision);
	CU_ASSERT_EQUAL(role_of(map, "10.0.2.5"), AM_MIDDLEBOX_PROXY);
	CU_ASSERT_TRUE(box_of(map, "10.0.2.5")->hinted);
	CU_ASSERT_STRING_EQUAL(box_of(map, "10.0.2.5")->why, "ann said so: rack 4");
	ASSERT_VIEW(map, "10.0.2.5", "10.0.3.1", 8443, HIDDEN);
	CU_ASSERT_EQUAL(role_of(map, "10.0.2.4"), AM_MIDDLEBOX_NONE);
	ASSERT_VIEW(map, "10.0.2.4", "10.0.3.1", 8443, UNKNOWN);
	CU_ASSERT_PTR_NULL(box_of(map, "10.0.1.1"));
	CU_ASSERT_PTR_NULL(box_of(map, "10.0.1.2"));
	case_clear(&c);
}

static void test_real(void)
{
	Case c = case_new();
	use_balancer(&c);
	observe(&c, "10.0.1.1", AM_OBSERVED_MAC, "02:00:00:00:00:01", 0, 60, 30);
	g_autoptr(AmMap) map = case_map(&c);
	ASSERT_VIEW(map, "10.0.1.1", "10.0.2.100", 443, REAL);
	ASSERT_VIEW(map, "10.0.1.2", "10.0.2.100", 443, UNKNOWN);
	case_clear(&c);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_balancer),    UNIT_TEST(test_no_balancer),
		UNIT_TEST(test_client_kept), UNIT_TEST(test_translation),
		UNIT_TEST(test_proxy),       UNIT_TEST(test_virtual),
		UNIT_TEST(test_systems),     UNIT_TEST(test_hints),
		UNIT_TEST(test_real),        {NULL, NULL},
	};
	return unit_run("middlebox", tests);
}
