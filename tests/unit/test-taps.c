/* `status --visibility`: what is said of pairs of subnets that were seen, seen in part, and not. */
#include "config.h"

#include "report-fixture.h"

#include <jansson.h>

static void add_subnet(AmVisibility *seen, const char *text, uint32_t hosts)
{
	AmSubnet subnet = {.block_end = 3, .hosts = hosts};
	CU_ASSERT_TRUE_FATAL(am_prefix_parse(text, &subnet.prefix, NULL));
	g_array_append_val(seen->subnets, subnet);
}

/* Two subnets that talk, a third that does not, though others have its service; the web server is seen in half. */
static AmVisibility *made(void)
{
	AmVisibility *seen = am_visibility_new();
	seen->has_outside = TRUE;
	add_subnet(seen, "10.0.0.0/24", 2);
	add_subnet(seen, "10.0.1.0/24", 1);
	add_subnet(seen, "10.0.2.0/24", 1);
	AmSubnetPair talk = {
		.a = 0, .b = 1, .class = AM_VISIBILITY_BOTH, .edges = 4, .connections = 1325, .packets = {9, 8}};
	AmSubnetPair half = {.a = 1,
			     .b = AM_SUBNET_OUTSIDE,
			     .class = AM_VISIBILITY_ONE_WAY,
			     .edges = 1,
			     .connections = 1,
			     .packets = {0, 5}};
	AmSubnetPair handed = {.a = 0, .b = 2, .class = AM_VISIBILITY_ONE_WAY, .balanced = TRUE, .packets = {5, 5}};
	AmSubnetPair missed = {.a = 1, .b = 2, .expected_by = 5, .expected_edge = 2};
	AmSubnetPair silent = {.a = 0, .b = AM_SUBNET_OUTSIDE};
	g_array_append_val(seen->pairs, talk);
	g_array_append_val(seen->pairs, handed);
	g_array_append_val(seen->pairs, half);
	g_array_append_val(seen->unseen, missed);
	g_array_append_val(seen->unseen, silent);
	seen->n_pairs[AM_VISIBILITY_BOTH] = 1;
	seen->n_pairs[AM_VISIBILITY_ONE_WAY] = 2;
	seen->n_pairs[AM_VISIBILITY_NONE] = 12003; /* more than are listed */
	seen->n_within = 1;
	seen->n_expected = 1;
	AmHalfSeen host = {.endpoint = 2, .subnet = 1, .lacks_sent = TRUE, .edges = 3};
	g_array_append_val(seen->half_seen, host);
	AmTap taps[] = {{2, 7, 1}, {AM_SUBNET_OUTSIDE, 1, 0}};
	g_array_append_vals(seen->taps, taps, 2);
	return seen;
}

/* free() */
static char *text_of(const Fixture *fixture, const AmVisibility *seen, AmFormat format)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	g_autoptr(GError) error = NULL;
	CU_ASSERT_TRUE(am_report_visibility(&fixture->map, seen, format, out, &error));
	CU_ASSERT_PTR_NULL(error);
	fclose(out);
	return text;
}

static void test_table(void)
{
	static const char *const wanted[] = {
		"3 inside subnets, and the outside: 12,006 pairs. 1 pair is seen both ways, 2 one way, 12,003 not at "
		"all.\n",
		"nothing is denied there by default",
		"mirror the router's port (or VLAN) of 10.0.2.0/24: 7 pairs, 1 of them without a service that others "
		"use\n",
		"mirror the link to the outside, before any address translation: 1 pair\n",
		"mirror the access switches: 1 subnet whose hosts",
		"10.0.1.1: what it sends is not mirrored, as 3 edges show\n",
		"10.0.1.0/24              10.0.2.0/24              none                    0  tcp/443 of 10.0.1.1 is "
		"used from 5 "
		"other subnets\n",
		"10.0.0.0/24              outside                  none                    0\n",
		"only what is sent from outside was seen",
		"only what a balancer hands on was seen",
		"10.0.0.0/24              10.0.1.0/24              both                1,325\n",
		"and 12,001 pairs more without packets\n",
	};
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	g_autoptr(AmVisibility) seen = made();
	char *text = text_of(&fixture, seen, AM_FORMAT_TABLE);
	for (guint n = 0; n < G_N_ELEMENTS(wanted); n++) {
		if (strstr(text, wanted[n]) == NULL)
			printf("missing: %s\nin:\n%s", wanted[n], text);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, wanted[n]));
	}
	/* Those that want a tap come first. */
	CU_ASSERT(strstr(text, "10.0.1.0/24              10.0.2.0/24") <
		  strstr(text, "10.0.0.0/24              10.0.1.0/24"));
	free(text);
	fixture_clear(&fixture);
}

/* Names of networks are learned by nobody, but may hold anything all the same. */
static void test_networks(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	g_ptr_array_add(fixture.map.networks, (gpointer) "\x1b[2Jbranch");
	g_autoptr(AmVisibility) seen = made();
	g_array_index(seen->subnets, AmSubnet, 2).network = 1;
	char *text = text_of(&fixture, seen, AM_FORMAT_TABLE);
	CU_ASSERT_PTR_NULL(strchr(text, '\x1b'));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "10.0.2.0/24 in ?[2Jbranch"));
	free(text);
	fixture_clear(&fixture);
}

static void test_data(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	g_autoptr(AmVisibility) seen = made();
	char *text = text_of(&fixture, seen, AM_FORMAT_JSON);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	json_t *pairs = json_object_get(json, "pairs"), *all = json_object_get(json, "list");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(pairs, "all")), 12006);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(pairs, "none")), 12003);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(pairs, "none_listed")), 2);
	CU_ASSERT_EQUAL(json_array_size(all), 5);
	json_t *first = json_array_get(all, 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "subnet")), "10.0.1.0/24");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "with")), "10.0.2.0/24");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "visibility")), "none");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "expected")), "tcp/443 of 10.0.1.1");
	json_t *half = json_array_get(json_object_get(json, "half_seen"), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(half, "missing")), "sent");
	json_t *tap = json_array_get(json_object_get(json, "missing_taps"), 1);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(tap, "mirror")), "outside");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(json, "subnets")), 3);
	json_decref(json);
	free(text);
	text = text_of(&fixture, seen, AM_FORMAT_CSV);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	CU_ASSERT_EQUAL(g_strv_length(lines), 7);
	CU_ASSERT_STRING_EQUAL(lines[0], "subnet,with,visibility,edges,connections,packets_from,packets_to,note");
	CU_ASSERT_STRING_EQUAL(lines[5], "10.0.0.0/24,10.0.1.0/24,both,4,1325,9,8,");
	free(text);
	fixture_clear(&fixture);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_table), UNIT_TEST(test_networks), UNIT_TEST(test_data), {NULL, NULL}};
	return unit_run("taps", tests);
}
