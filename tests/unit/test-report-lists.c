/* Lists beside those of the map: networks, connections, verdicts. */
#include "config.h"

#include "json-keys.h"

static AmEncapsulated seen_of(const char *sensor, AmEncapsulation kind, int64_t id, AmNetworkReason reason,
			      const char *network)
{
	AmEncapsulated seen = {
		.kind = (uint8_t)kind, .id = id, .reason = (uint8_t)reason, .packets = 10, .bytes = 1000};
	seen.sensor = g_strdup(sensor);
	seen.network = g_strdup(network);
	seen.first_ns = seen.last_ns = INT64_C(1772438400) * AM_NS_PER_S;
	seen.undecided = 3;
	return seen;
}

static char *networks_text(const GArray *seen, const GArray *rules, AmFormat format)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_TRUE(am_report_networks(seen, rules, format, out, NULL));
	fclose(out);
	return text;
}

/* Two runs of one sensor, another sensor, and a row of the table that nothing has met. */
static void test_networks(void)
{
	g_autoptr(GArray) seen = am_encapsulated_array_new(), rules = am_network_rules_new();
	const AmEncapsulated all[] = {
		seen_of("a", AM_ENCAPSULATION_VXLAN, 5001, AM_NETWORK_MIRROR, "default"),
		seen_of("a", AM_ENCAPSULATION_VXLAN, 5001, AM_NETWORK_TRANSIT, "vxlan-5001"),
		seen_of("a", AM_ENCAPSULATION_GTP, AM_ENCAPSULATION_OTHERS, AM_NETWORK_ATTRIBUTE, "default"),
		seen_of("b", AM_ENCAPSULATION_VXLAN, 5001, AM_NETWORK_MIRROR, "default"),
		seen_of("b", AM_ENCAPSULATION_VLAN, 9, AM_NETWORK_SET, "was"),
	};
	g_array_append_vals(seen, all, G_N_ELEMENTS(all));
	AmNetworkRule rule = {.kind = AM_ENCAPSULATION_GRE, .id = AM_NETWORK_RULE_ANY_ID, .network = g_strdup("red")};
	rule.who = g_strdup("=ann");
	rule.why = g_strdup("said \x1b[1mso");
	g_array_append_val(rules, rule);
	rule = (AmNetworkRule){.sensor = g_strdup("b"), .kind = AM_ENCAPSULATION_VXLAN, .id = 5001};
	rule.network = g_strdup("blue");
	rule.who = g_strdup("ann");
	rule.why = g_strdup("");
	g_array_append_val(rules, rule);
	char *text = networks_text(seen, rules, AM_FORMAT_CSV);
	CU_ASSERT_STRING_EQUAL(
		text,
		"encapsulation,id,network,reason,next,packets,bytes,undecided,source,destination,first,last,sensor,by,"
		"why\n"
		"gre,any,,,red,0,0,0,,,,,,\"'=ann\",said ?[1mso\n"
		"vxlan,5001,vxlan-5001,transit,vxlan-5001,20,2000,6,,,2026-03-02T08:00:00Z,2026-03-02T08:00:00Z,a,,"
		"its outer packets go both ways: it is part of the network that is watched\n"
		"gtp,others,default,attribute,default,10,1000,0,,,2026-03-02T08:00:00Z,2026-03-02T08:00:00Z,a,,"
		"this kind does not name a network unless somebody says so\n"
		"vlan,9,was,set,,10,1000,0,,,2026-03-02T08:00:00Z,2026-03-02T08:00:00Z,b,,somebody said so\n"
		"vxlan,5001,default,mirror,blue,10,1000,0,,,2026-03-02T08:00:00Z,2026-03-02T08:00:00Z,b,ann,\n");
	free(text);
	text = networks_text(seen, rules, AM_FORMAT_JSON);
	json_t *json = json_loads(text, 0, NULL);
	CU_ASSERT_EQUAL(json_array_size(json), 5);
	assert_keys(json_array_get(json, 1), "encapsulation id network reason next packets bytes undecided source "
					     "destination first last sensor by why");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(json, 1), "id")), 5001);
	json_decref(json);
	free(text);
	text = networks_text(seen, rules, AM_FORMAT_TABLE);
	CU_ASSERT_PTR_NULL(strchr(text, 0x1b));
	free(text);
}

/* ---- connections */

static AmConnection connection(const char *lo, uint16_t port_lo, const char *hi, uint16_t port_hi)
{
	AmConnection one = {
		.lo = address(lo), .hi = address(hi), .port_lo = port_lo, .port_hi = port_hi, .ip_protocol = 6};
	one.first_ns = START;
	one.last_ns = START + 5;
	one.l7_confidence = AM_L7_DPI;
	one.total.bytes[0] = 100;
	one.total.bytes[1] = 900;
	one.tls_version = 0x0304;
	g_strlcpy(one.l7, "tls", sizeof one.l7);
	g_strlcpy(one.conn_state, "SF", sizeof one.conn_state);
	g_strlcpy(one.server_name, "a.example", sizeof one.server_name);
	return one;
}

static char *list_connections(const AmMap *map, AmListOptions options, int client)
{
	char *text = NULL;
	size_t size = 0;
	g_autoptr(GError) error = NULL;
	FILE *out = open_memstream(&text, &size);
	AmConnectionLister *lister = am_connection_lister_new(map, &options, out, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lister);
	AmConnection one = connection("10.0.0.9", 50000, "10.0.1.1", 443),
		     two = connection("10.0.0.9", 50001, "192.0.2.1", 80);
	for (int i = 0; i < 3; i++)
		if (!am_connection_lister_add(lister, i < 2 ? &one : &two, client, AM_DIRECTION_HANDSHAKE))
			break;
	AmListed listed;
	CU_ASSERT_TRUE(am_connection_lister_finish(lister, &listed, &error));
	CU_ASSERT_TRUE(listed.listed <= listed.there && listed.there <= 3);
	fclose(out);
	return text;
}

static guint lines(const char *text)
{
	guint n = 0;
	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void assert_lines(const AmMap *map, AmListOptions options, guint expected)
{
	options.format = AM_FORMAT_JSON;
	char *text = list_connections(map, options, 0);
	CU_ASSERT_EQUAL(lines(text), expected);
	free(text);
}

static void test_connections(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	const AmMap *map = &fixture.map;
	char *text = list_connections(map, (AmListOptions){.format = AM_FORMAT_JSON}, 0);
	CU_ASSERT_EQUAL(lines(text), 3);
	*strchr(text, '\n') = '\0';
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	assert_keys(json, "first last client client_port server server_port network proto l7 l7_confidence server_name "
			  "outcome conn_state direction verdict client_packets server_packets client_bytes "
			  "server_bytes vlan "
			  "encapsulation encapsulation_id alpn tls_version related_to");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "client")), "10.0.0.9");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json, "server_port")), 443);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json, "server_bytes")), 900);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "verdict")), "essential");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "tls_version")), "1.3");
	json_decref(json);
	free(text);
	text = list_connections(map, (AmListOptions){.format = AM_FORMAT_JSON}, 1);
	*strchr(text, '\n') = '\0';
	json = json_loads(text, 0, NULL);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "client")), "10.0.1.1");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json, "client_bytes")), 900);
	CU_ASSERT_TRUE(json_is_null(json_object_get(json, "verdict")));
	json_decref(json);
	free(text);
	text = list_connections(map, (AmListOptions){.limit = 1}, 0);
	assert_has(text, "  50000  10.0.1.1          443  tcp ");
	CU_ASSERT_EQUAL(lines(text), 2);
	free(text);
	assert_lines(map, (AmListOptions){.limit = 1}, 1);
	assert_lines(map, (AmListOptions){.asset = "192.0.2.0/24"}, 1);
	assert_lines(map, (AmListOptions){.group = "web"}, 2);
	assert_lines(map, (AmListOptions){.verdict = "essential"}, 2);
	assert_lines(map, (AmListOptions){.port = "80"}, 1);
	assert_lines(map, (AmListOptions){.l7 = "http"}, 0);
	g_autoptr(GError) error = NULL;
	CU_ASSERT_PTR_NULL(am_connection_lister_new(map, &(AmListOptions){.sort = "-bytes"}, stdout, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION));
	fixture_clear(&fixture);
}

static void add_override(GArray *overrides, const char *client, const char *server, int protocol, int port,
			 AmVerdict verdict)
{
	AmOverride override = {.ip_protocol = protocol,
			       .port = port,
			       .verdict = verdict,
			       .who = (char *)"ann\x1b[2J",
			       .why = (char *)"=cmd",
			       .at_ns = START};
	CU_ASSERT_TRUE(am_prefix_parse(client, &override.client, NULL));
	CU_ASSERT_TRUE(am_prefix_parse(server, &override.server, NULL));
	g_array_append_val(overrides, override);
}

static char *list_verdicts(const Fixture *fixture, const GArray *overrides, AmFormat format)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_TRUE(am_report_verdicts(&fixture->map, overrides, format, out, NULL));
	fclose(out);
	return text;
}

static void test_verdicts(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	g_autoptr(GArray) overrides = g_array_new(FALSE, FALSE, sizeof(AmOverride));
	char *text = list_verdicts(&fixture, overrides, AM_FORMAT_JSON);
	CU_ASSERT_STRING_EQUAL(text, "[]\n");
	free(text);
	add_override(overrides, "10.0.0.0/8", "10.0.1.1", -1, -1, AM_VERDICT_BACKGROUND);
	add_override(overrides, "10.0.0.9", "10.0.1.1", 1, 8 << 8, AM_VERDICT_ESSENTIAL);
	add_override(overrides, "10.0.0.9", "10.0.1.1", 112, 0, AM_OVERRIDE_WITHDRAWN);
	for (guint n = 0; n < 4; n++)
		g_array_index(fixture.map.edges, AmEdge, n).override_index = n == 0;
	text = list_verdicts(&fixture, overrides, AM_FORMAT_CSV);
	CU_ASSERT_STRING_EQUAL(text, "client,server,service,network,verdict,flows,by,at,why\n"
				     "10.0.0.9,10.0.1.1,ip/112,,withdrawn,0,ann?[2J,2026-03-02T08:00:00Z,\"'=cmd\"\n"
				     "10.0.0.9,10.0.1.1,icmp/8.0,,essential,1,ann?[2J,2026-03-02T08:00:00Z,\"'=cmd\"\n"
				     "10.0.0.0/8,10.0.1.1,any,,background,3,ann?[2J,2026-03-02T08:00:00Z,\"'=cmd\"\n");
	free(text);
	text = list_verdicts(&fixture, overrides, AM_FORMAT_TABLE);
	CU_ASSERT_PTR_NULL(strchr(text, '\x1b'));
	free(text);
	fixture_clear(&fixture);
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_TEST(test_networks),
		UNIT_TEST(test_verdicts),
		UNIT_TEST(test_connections),
		{NULL, NULL},
	};
	return unit_run("report-lists", tests);
}
