/* Which network packets belong to: attributes, mirrors, overlays in transit, and what somebody said. */
#include "config.h"

#include "networks.h"
#include "unit.h"

#include <string.h>

#define SENSOR "51f6b739-7a68-5636-bc74-525bed93e267"

typedef struct {
	AmNetworks *networks;
	GArray *rules, *earlier;
	uint64_t ordinal;
} Fixture;

static Fixture fixture_new(const char *network, GArray *rules, GArray *earlier)
{
	return (Fixture){
		.networks = am_networks_new(network, SENSOR, rules, earlier), .rules = rules, .earlier = earlier};
}

static void fixture_end(Fixture *f)
{
	am_networks_free(f->networks);
	g_clear_pointer(&f->rules, g_array_unref);
	g_clear_pointer(&f->earlier, g_array_unref);
}

static void add_rule(GArray *rules, const char *sensor, AmEncapsulation kind, int64_t id, const char *network)
{
	AmNetworkRule rule = {.sensor = g_strdup(sensor), .kind = kind, .id = id, .network = g_strdup(network)};
	g_array_append_val(rules, rule);
}

/* An outer IPv4 header from 192.0.2.`from` to 192.0.2.`to`. */
static const uint8_t *outer(uint8_t from, uint8_t to)
{
	static uint8_t ips[8][20];
	static guint next;
	uint8_t *ip = ips[next++ % G_N_ELEMENTS(ips)];
	memset(ip, 0, 20);
	ip[0] = 0x45;
	memcpy(ip + 12, "\xc0\0\2", 3);
	memcpy(ip + 16, "\xc0\0\2", 3);
	ip[15] = from;
	ip[19] = to;
	return ip;
}

static AmLayer tunnel(AmEncapsulation kind, uint32_t id, uint8_t from, uint8_t to)
{
	return (AmLayer){.kind = (uint8_t)kind, .id = id, .outer = outer(from, to)};
}

static AmLayer tag(AmEncapsulation kind, uint32_t id)
{
	return (AmLayer){.kind = (uint8_t)kind, .id = id};
}

static AmPlace place(Fixture *f, guint n, const AmLayer *at)
{
	AmLayers layers = {.n = (uint8_t)n};
	memcpy(layers.at, at, n * sizeof *at);
	f->ordinal++;
	const AmFrame frame = {.time_ns = (int64_t)f->ordinal * 10, .wire_size = 100};
	return am_networks_place(f->networks, &frame, &layers, f->ordinal);
}

static AmPlace place_one(Fixture *f, AmLayer layer)
{
	return place(f, 1, &layer);
}

static const char *name_of(Fixture *f, AmPlace at)
{
	return am_networks_name(f->networks, am_networks_settle(f->networks, &at));
}

static void check_seen(const AmEncapsulated *seen, AmEncapsulation kind, int64_t id, AmNetworkReason reason,
		       const char *network, uint64_t packets)
{
	CU_ASSERT_EQUAL(seen->kind, kind);
	CU_ASSERT_EQUAL(seen->id, id);
	CU_ASSERT_EQUAL(seen->reason, reason);
	CU_ASSERT_STRING_EQUAL(seen->network, network);
	CU_ASSERT_EQUAL(seen->packets, packets);
	CU_ASSERT_EQUAL(seen->bytes, 100 * packets);
}

/* One source, one collector, both directions of what is inside: never a network of its own. */
static void test_mirror(void)
{
	static const AmEncapsulation kinds[] = {AM_ENCAPSULATION_VXLAN, AM_ENCAPSULATION_GENEVE,
						AM_ENCAPSULATION_NVGRE};
	Fixture f = fixture_new("default", NULL, NULL);
	for (guint k = 0; k < G_N_ELEMENTS(kinds); k++)
		for (guint n = 0; n < 100; n++)
			CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tunnel(kinds[k], 7, 1, 2))), "default");
	for (guint n = 0; n < 100; n++) /* many sources, one collector */
		CU_ASSERT_STRING_EQUAL(
			name_of(&f, place_one(&f, tunnel(AM_ENCAPSULATION_VXLAN, 7, (uint8_t)(3 + n), 2))), "default");
	CU_ASSERT_EQUAL(am_networks_count(f.networks), 1);
	g_autoptr(GArray) seen = am_networks_take_seen(f.networks);
	CU_ASSERT_EQUAL_FATAL(seen->len, 3);
	const AmEncapsulated *first = &g_array_index(seen, AmEncapsulated, 0);
	check_seen(first, AM_ENCAPSULATION_VXLAN, 7, AM_NETWORK_MIRROR, "default", 200);
	CU_ASSERT_EQUAL(first->source.bytes[3], 1);
	CU_ASSERT_EQUAL(first->destination.bytes[3], 2);
	CU_ASSERT_EQUAL(first->first_ns, 10);
	CU_ASSERT_EQUAL(first->last_ns, 4000);
	fixture_end(&f);
}

static void test_transit(void)
{
	Fixture f = fixture_new("default", NULL, NULL);
	AmPlace question = place_one(&f, tunnel(AM_ENCAPSULATION_VXLAN, 5001, 1, 2));
	AmPlace alone = place_one(&f, tunnel(AM_ENCAPSULATION_VXLAN, 5002, 1, 2));
	CU_ASSERT_TRUE(am_networks_waits(f.networks, question.tunnel, f.ordinal));
	CU_ASSERT_FALSE(am_networks_waits(f.networks, question.tunnel, f.ordinal + 1000));
	AmPlace answer = place_one(&f, tunnel(AM_ENCAPSULATION_VXLAN, 5001, 2, 1));
	CU_ASSERT_FALSE(am_networks_waits(f.networks, question.tunnel, f.ordinal));
	CU_ASSERT_STRING_EQUAL(name_of(&f, question), "vxlan-5001");
	CU_ASSERT_STRING_EQUAL(name_of(&f, answer), "vxlan-5001");
	/* The ends answer each other, but not with this number. */
	CU_ASSERT_STRING_EQUAL(name_of(&f, alone), "default");
	/* The same number of another kind is another one. */
	CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tunnel(AM_ENCAPSULATION_GENEVE, 5001, 1, 2))), "default");
	/* From itself to itself is no direction. */
	(void)place_one(&f, tunnel(AM_ENCAPSULATION_GENEVE, 9, 3, 3));
	CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tunnel(AM_ENCAPSULATION_GENEVE, 9, 3, 3))), "default");
	fixture_end(&f);
	f = fixture_new("branch", NULL, NULL);
	(void)place_one(&f, tunnel(AM_ENCAPSULATION_NVGRE, 0x2000, 1, 2));
	CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tunnel(AM_ENCAPSULATION_NVGRE, 0x2000, 2, 1))),
			       "branch-nvgre-8192");
	fixture_end(&f);
}

/* Answers that come late: what went before is counted. Many ends in between do not hide them for ever. */
static void test_late_answer(void)
{
	Fixture f = fixture_new("default", NULL, NULL);
	for (guint n = 0; n < 5; n++)
		CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tunnel(AM_ENCAPSULATION_VXLAN, 1, 1, 2))), "default");
	for (uint8_t to = 10; to < 60; to++)
		CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tunnel(AM_ENCAPSULATION_VXLAN, 1, 1, to))), "default");
	(void)place_one(&f, tunnel(AM_ENCAPSULATION_VXLAN, 1, 59, 1));
	g_autoptr(GArray) seen = am_networks_take_seen(f.networks);
	CU_ASSERT_EQUAL_FATAL(seen->len, 1);
	check_seen(&g_array_index(seen, AmEncapsulated, 0), AM_ENCAPSULATION_VXLAN, 1, AM_NETWORK_TRANSIT, "vxlan-1",
		   56);
	CU_ASSERT_EQUAL(g_array_index(seen, AmEncapsulated, 0).undecided, 55);
	g_autoptr(GArray) more = am_networks_take_seen(f.networks);
	CU_ASSERT_EQUAL(more->len, 0); /* told once */
	/* The next run knows it from the beginning, at this sensor. */
	g_array_index(seen, AmEncapsulated, 0).sensor = g_strdup(SENSOR);
	Fixture next = fixture_new("default", NULL, g_array_ref(seen));
	CU_ASSERT_STRING_EQUAL(name_of(&next, place_one(&next, tunnel(AM_ENCAPSULATION_VXLAN, 1, 1, 2))), "vxlan-1");
	fixture_end(&next);
	g_free(g_array_index(seen, AmEncapsulated, 0).sensor);
	g_array_index(seen, AmEncapsulated, 0).sensor = g_strdup("another");
	next = fixture_new("default", NULL, g_array_ref(seen));
	CU_ASSERT_STRING_EQUAL(name_of(&next, place_one(&next, tunnel(AM_ENCAPSULATION_VXLAN, 1, 1, 2))), "default");
	fixture_end(&next);
	fixture_end(&f);
}

/* What is not known by default stays in the network of the run, whichever way it goes. */
static void test_attributes(void)
{
	static const AmEncapsulation kinds[] = {AM_ENCAPSULATION_GRE,       AM_ENCAPSULATION_PPTP,
						AM_ENCAPSULATION_ERSPAN,    AM_ENCAPSULATION_IPIP,
						AM_ENCAPSULATION_SIXINFOUR, AM_ENCAPSULATION_GTP};
	Fixture f = fixture_new("default", NULL, NULL);
	for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
		for (uint8_t n = 0; n < 4; n++) {
			AmPlace at = place_one(&f, tunnel(kinds[k], 3, 1 + n % 2, 2 - n % 2));
			CU_ASSERT_FALSE(am_networks_waits(f.networks, at.tunnel, f.ordinal));
			CU_ASSERT_STRING_EQUAL(name_of(&f, at), "default");
		}
	}
	const AmLayer tags[] = {tag(AM_ENCAPSULATION_VLAN, 10), tag(AM_ENCAPSULATION_INNER_VLAN, 10),
				tag(AM_ENCAPSULATION_MPLS, 10), tag(AM_ENCAPSULATION_PPPOE, 10)};
	CU_ASSERT_STRING_EQUAL(name_of(&f, place(&f, 4, tags)), "default");
	g_autoptr(GArray) seen = am_networks_take_seen(f.networks);
	CU_ASSERT_EQUAL_FATAL(seen->len, G_N_ELEMENTS(kinds) + 4);
	check_seen(&g_array_index(seen, AmEncapsulated, 0), AM_ENCAPSULATION_VLAN, 10, AM_NETWORK_ATTRIBUTE, "default",
		   1);
	CU_ASSERT_EQUAL(g_array_index(seen, AmEncapsulated, 0).source.family, 0);
	fixture_end(&f);
}

static void test_rules(void)
{
	GArray *rules = am_network_rules_new();
	add_rule(rules, NULL, AM_ENCAPSULATION_VLAN, 10, "old");
	add_rule(rules, NULL, AM_ENCAPSULATION_VLAN, 10, "red");
	add_rule(rules, NULL, AM_ENCAPSULATION_VLAN, AM_NETWORK_RULE_ANY_ID, "others");
	add_rule(rules, SENSOR, AM_ENCAPSULATION_GRE, AM_NETWORK_RULE_ANY_ID, "here");
	add_rule(rules, NULL, AM_ENCAPSULATION_GRE, 5, "anywhere");
	add_rule(rules, "another", AM_ENCAPSULATION_GRE, 5, "elsewhere");
	add_rule(rules, NULL, AM_ENCAPSULATION_VXLAN, 1, "default");
	add_rule(rules, NULL, AM_ENCAPSULATION_ERSPAN, 1, "gone");
	add_rule(rules, NULL, AM_ENCAPSULATION_ERSPAN, 1, NULL);
	Fixture f = fixture_new("default", rules, NULL);
	CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tag(AM_ENCAPSULATION_VLAN, 10))), "red");
	CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tag(AM_ENCAPSULATION_VLAN, 11))), "others");
	CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tag(AM_ENCAPSULATION_INNER_VLAN, 10))), "default");
	CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tunnel(AM_ENCAPSULATION_GRE, 5, 1, 2))), "here");
	CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tunnel(AM_ENCAPSULATION_ERSPAN, 1, 1, 2))), "default");
	/* Said to be the mirror's, so it is, though it goes both ways. */
	(void)place_one(&f, tunnel(AM_ENCAPSULATION_VXLAN, 1, 1, 2));
	CU_ASSERT_STRING_EQUAL(name_of(&f, place_one(&f, tunnel(AM_ENCAPSULATION_VXLAN, 1, 2, 1))), "default");
	fixture_end(&f);
}

/* What says something and is furthest in counts. */
static void test_nesting(void)
{
	GArray *rules = am_network_rules_new();
	add_rule(rules, NULL, AM_ENCAPSULATION_VLAN, 10, "red");
	Fixture f = fixture_new("default", rules, NULL);
	const AmLayer in_vlan[] = {tag(AM_ENCAPSULATION_VLAN, 10), tunnel(AM_ENCAPSULATION_ERSPAN, 1, 1, 2)};
	CU_ASSERT_STRING_EQUAL(name_of(&f, place(&f, 2, in_vlan)), "red");
	const AmLayer there[] = {tag(AM_ENCAPSULATION_VLAN, 10), tunnel(AM_ENCAPSULATION_VXLAN, 4, 1, 2)};
	const AmLayer back[] = {tag(AM_ENCAPSULATION_VLAN, 10), tunnel(AM_ENCAPSULATION_VXLAN, 4, 2, 1)};
	CU_ASSERT_STRING_EQUAL(name_of(&f, place(&f, 2, there)), "red");
	CU_ASSERT_STRING_EQUAL(name_of(&f, place(&f, 2, back)), "vxlan-4");
	const AmLayer inner_vlan[] = {tunnel(AM_ENCAPSULATION_VXLAN, 4, 2, 1), tag(AM_ENCAPSULATION_VLAN, 10)};
	CU_ASSERT_STRING_EQUAL(name_of(&f, place(&f, 2, inner_vlan)), "red");
	/* A mirror of an overlay. */
	const AmLayer mirrored[] = {tunnel(AM_ENCAPSULATION_VXLAN, 99, 8, 9), tunnel(AM_ENCAPSULATION_VXLAN, 4, 1, 2)};
	CU_ASSERT_STRING_EQUAL(name_of(&f, place(&f, 2, mirrored)), "vxlan-4");
	/* A mirror's packets that pass an overlay. */
	const AmLayer carried[] = {tunnel(AM_ENCAPSULATION_VXLAN, 4, 1, 2), tunnel(AM_ENCAPSULATION_VXLAN, 99, 8, 9)};
	CU_ASSERT_STRING_EQUAL(name_of(&f, place(&f, 2, carried)), "vxlan-4");
	fixture_end(&f);
}

/* A flood of numbers is bounded, and all of it is counted. */
static void test_many_numbers(void)
{
	Fixture f = fixture_new("default", NULL, NULL);
	for (uint32_t id = 0; id < 50000; id++) {
		(void)place_one(&f, tunnel(AM_ENCAPSULATION_GTP, id, 1, 2));
		(void)place_one(&f, tunnel(AM_ENCAPSULATION_VXLAN, id, 1, 2));
		AmPlace back = place_one(&f, tunnel(AM_ENCAPSULATION_VXLAN, id, 2, 1));
		CU_ASSERT_TRUE(am_networks_settle(f.networks, &back) < am_networks_count(f.networks));
	}
	CU_ASSERT_TRUE(am_networks_count(f.networks) <= 4096);
	g_autoptr(GArray) seen = am_networks_take_seen(f.networks);
	CU_ASSERT_EQUAL_FATAL(seen->len, 2 * 4097);
	uint64_t packets = 0;
	for (guint n = 0; n < seen->len; n++)
		packets += g_array_index(seen, AmEncapsulated, n).packets;
	CU_ASSERT_EQUAL(packets, 150000);
	check_seen(&g_array_index(seen, AmEncapsulated, 0), AM_ENCAPSULATION_VXLAN, AM_ENCAPSULATION_OTHERS,
		   AM_NETWORK_ATTRIBUTE, "default", 2 * (50000 - 4096));
	fixture_end(&f);
}

static void test_long_name(void)
{
	g_autofree char *own = g_strnfill(64, 'n');
	Fixture f = fixture_new(own, NULL, NULL);
	(void)place_one(&f, tunnel(AM_ENCAPSULATION_GENEVE, 0xffffff, 1, 2));
	const char *name = name_of(&f, place_one(&f, tunnel(AM_ENCAPSULATION_GENEVE, 0xffffff, 2, 1)));
	CU_ASSERT_TRUE(strlen(name) <= 64);
	CU_ASSERT_TRUE(g_str_has_suffix(name, "-geneve-16777215"));
	fixture_end(&f);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_mirror),       UNIT_TEST(test_transit),   UNIT_TEST(test_late_answer),
		UNIT_TEST(test_attributes),   UNIT_TEST(test_rules),     UNIT_TEST(test_nesting),
		UNIT_TEST(test_many_numbers), UNIT_TEST(test_long_name), CU_TEST_INFO_NULL,
	};
	return unit_run("networks", tests);
}
