/* The listings and the status, on a small map made by hand. */
#include "config.h"

#include "report-fixture.h"

#include <jansson.h>

typedef gboolean (*ListFunc)(const AmMap *map, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			     GError **error);

static char *list(ListFunc print, const AmMap *map, AmListOptions options)
{
	char *text = NULL;
	size_t size = 0;
	g_autoptr(GError) error = NULL;
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_TRUE(print(map, &options, out, NULL, &error));
	CU_ASSERT_PTR_NULL(error);
	fclose(out);
	return text;
}

static json_t *list_json(ListFunc print, const AmMap *map, AmListOptions options)
{
	options.format = AM_FORMAT_JSON;
	char *text = list(print, map, options);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	free(text);
	return json;
}

/* Exactly these keys, in any order. */
static void assert_keys(json_t *object, const char *keys)
{
	g_auto(GStrv) names = g_strsplit(keys, " ", -1);
	for (char **name = names; *name != NULL; name++)
		if (json_object_get(object, *name) == NULL) {
			printf("\n  missing: %s\n", *name);
			CU_FAIL("a key is missing");
		}
	CU_ASSERT_EQUAL(json_object_size(object), g_strv_length(names));
}

static void assert_option_error(ListFunc print, const AmMap *map, AmListOptions options, const char *says)
{
	g_autoptr(GError) error = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_FALSE(print(map, &options, out, NULL, &error));
	fclose(out);
	CU_ASSERT_EQUAL(size, 0);
	free(text);
	CU_ASSERT_TRUE_FATAL(g_error_matches(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION));
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, says));
}

static void test_format(void)
{
	AmFormat format;
	g_autoptr(GError) error = NULL;
	CU_ASSERT_TRUE(am_format_parse("csv", &format, &error));
	CU_ASSERT_EQUAL(format, AM_FORMAT_CSV);
	CU_ASSERT_FALSE(am_format_parse("xml", &format, &error));
	CU_ASSERT_TRUE_FATAL(g_error_matches(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION));
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "table, json, csv"));
}

static void test_flows_json(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	json_t *flows = list_json(am_report_flows, &fixture.map, (AmListOptions){0});
	CU_ASSERT_EQUAL_FATAL(json_array_size(flows), 55);
	const char *common = "client server client_group server_group network proto l7 l7_confidence direction verdict "
			     "reasons connections packets bytes first last days outcomes related_to schedule week "
			     "confidence_percent client_is goes_on_as comes_from";
	g_autofree char *with_port = g_strconcat(common, " port", NULL),
			*icmp = g_strconcat(common, " type code", NULL);
	json_t *ping = json_array_get(flows, 0), *tls = json_array_get(flows, 2), *gre = json_array_get(flows, 54);
	assert_keys(ping, icmp);
	assert_keys(tls, with_port);
	assert_keys(gre, with_port);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(ping, "proto")), "icmp");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(ping, "type")), 8);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(ping, "code")), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(gre, "proto")), "47");
	CU_ASSERT_TRUE(json_is_null(json_object_get(gre, "port")));
	CU_ASSERT_TRUE(json_is_null(json_object_get(gre, "client_group")));
	CU_ASSERT_TRUE(json_is_null(json_object_get(gre, "l7")));
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(gre, "l7_confidence")), "none");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(tls, "client")), "10.0.0.9");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(tls, "server_group")), "web");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(tls, "port")), 443);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(tls, "bytes")), 40000);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(tls, "first")), "2026-03-02T08:00:00Z");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(tls, "reasons")), 2);
	assert_keys(json_object_get(tls, "outcomes"), "accepted refused prohibited silent one-way midstream");
	json_t *hostile = json_array_get(flows, 3);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(hostile, "l7")), "=cmd|'\"<b>\x1b[2J");
	json_decref(flows);
	fixture_clear(&fixture);
}

static void test_other_json(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	json_t *groups = list_json(am_report_groups, &fixture.map, (AmListOptions){0});
	CU_ASSERT_EQUAL_FATAL(json_array_size(groups), 2);
	assert_keys(json_array_get(groups, 0), "id name decided members");
	json_t *members = json_object_get(json_array_get(groups, 0), "members");
	CU_ASSERT_EQUAL(json_array_size(members), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(members, 1)), "10.0.0.10");
	json_decref(groups);
	json_t *listeners = list_json(am_report_listeners, &fixture.map, (AmListOptions){0});
	CU_ASSERT_EQUAL_FATAL(json_array_size(listeners), 1);
	assert_keys(json_array_get(listeners, 0),
		    "asset address proto port state exposed used idle l7 proof clients essential_clients "
		    "flags source program opened closed outcomes");
	CU_ASSERT_TRUE(json_is_false(json_object_get(json_array_get(listeners, 0), "idle")));
	json_decref(listeners);
	json_t *assets = list_json(am_report_assets, &fixture.map, (AmListOptions){.asset = "10.0.0.0/8"});
	CU_ASSERT_EQUAL_FATAL(json_array_size(assets), 3);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(assets, 2), "serves")), 3);
	json_decref(assets);
	/* A name that only this machine goes by is what it is called; a service's is one of its names. */
	for (int shared = 0; shared < 2; shared++) {
		AmAssetName name = {.kind = AM_OBSERVED_DHCP, .value = "<b>=x\"", .shared = shared};
		fixture.map.names = g_array_new(FALSE, FALSE, sizeof(AmAssetName));
		g_array_append_val(fixture.map.names, name);
		g_array_index(fixture.map.assets, AmAsset, 0).n_names = 1;
		g_array_index(fixture.map.assets, AmAsset, 0).kind = AM_ASSET_PRINTER;
		assets = list_json(am_report_assets, &fixture.map, (AmListOptions){.limit = 1});
		const json_t *row = json_array_get(assets, 0);
		CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "kind")), "printer");
		CU_ASSERT_EQUAL(json_is_null(json_object_get(row, "name")), shared != 0);
		CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(json_object_get(row, "names"), 0)),
				       "dhcp:<b>=x\"");
		json_decref(assets);
		g_array_unref(fixture.map.names);
	}
	fixture_clear(&fixture);
}

static char *status(const Fixture *fixture, AmFormat format)
{
	char *text = NULL;
	size_t size = 0;
	g_autoptr(GError) error = NULL;
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_TRUE(am_report_status(&fixture->map, fixture->runs, 375, format, out, &error));
	fclose(out);
	return text;
}

static void test_status(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	char *text = status(&fixture, AM_FORMAT_JSON);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	assert_keys(json, "packets connections assets edges declared loss inputs captures");
	json_t *packets = json_object_get(json, "packets");
	assert_keys(packets, "read recorded fragments skipped");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(packets, "skipped"), "not-ip")), 10);
	assert_keys(json_object_get(json, "declared"), "expected excluded sanctioned");
	assert_keys(json_object_get(json, "edges"), "essential undecided background suspicious local");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(json, "edges"), "suspicious")), 50);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(json, "loss"), "connections_given_up")), 3);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(json, "loss"), "inputs_cut")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(json, "loss"), "tcp_unseen_ppm")), 10000);
	json_t *input = json_array_get(json_object_get(json, "inputs"), 0);
	assert_keys(input, "path kind size sha256 records first last cut");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(input, "path")), "a<b>\x1b.pcap");
	CU_ASSERT_TRUE(json_is_null(json_object_get(input, "last")));
	json_decref(json);
	text = status(&fixture, AM_FORMAT_TABLE);
	CU_ASSERT_PTR_NULL(strchr(text, '\x1b'));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "a<b>?.pcap"));
	free(text);
	text = status(&fixture, AM_FORMAT_CSV);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nskipped,not-ip,10\n"));
	free(text);
	fixture_clear(&fixture);
}

static void test_escapes(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	AmListOptions one = {.asset = "10.0.0.10"};
	char *text = list(am_report_flows, &fixture.map, one);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "=cmd|'\"<b>?[2J"));
	CU_ASSERT_PTR_NULL(strchr(text, '\x1b'));
	free(text);
	one.format = AM_FORMAT_CSV;
	text = list(am_report_flows, &fixture.map, one);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, ",\"'=cmd|'\"\"<b>?[2J\",dpi,"));
	free(text);
	one.format = AM_FORMAT_JSON;
	text = list(am_report_flows, &fixture.map, one);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"=cmd|'\\\"<b>\\u001b[2J\""));
	free(text);
	/* Broken UTF-8, a C1 control, a bidirectional override, and each thing that a spreadsheet would run. */
	AmEdge *edge = &g_array_index(fixture.map.edges, AmEdge, 3);
	g_strlcpy(edge->l7[0].name, "x\xff\xc2\x9b\xe2\x80\xae", AM_L7_SIZE);
	json_t *json = list_json(am_report_flows, &fixture.map, one);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(json, 0), "l7")),
			       "x\xef\xbf\xbd\xc2\x9b\xe2\x80\xae");
	json_decref(json);
	one.format = AM_FORMAT_TABLE;
	text = list(am_report_flows, &fixture.map, one);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "x???"));
	free(text);
	one.format = AM_FORMAT_CSV;
	for (const char *formula = "=+-@\t"; *formula != '\0'; formula++) {
		g_snprintf(edge->l7[0].name, AM_L7_SIZE, "%cx", *formula);
		g_autofree char *expected = g_strdup_printf(",\"'%cx\",", *formula);
		text = list(am_report_flows, &fixture.map, one);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, expected));
		free(text);
	}
	fixture_clear(&fixture);
}

static size_t count(ListFunc print, const AmMap *map, AmListOptions options)
{
	json_t *json = list_json(print, map, options);
	size_t n = json_array_size(json);
	json_decref(json);
	return n;
}

static void test_filters(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	const AmMap *map = &fixture.map;
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.asset = "10.0.0.9"}), 3);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.asset = "10.0.0.0/24"}), 4);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.asset = "2001:db8::/32"}), 0);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.group = "desktops"}), 4);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.group = "g-0000000b"}), 55);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.port = "443"}), 2);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.port = "udp/443"}), 0);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.port = "tcp/20-29"}), 11);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.port = "0-65535"}), 53);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.l7 = "tls"}), 1);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.l7 = "tls.google"}), 1);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.l7 = "tl"}), 0);
	CU_ASSERT_EQUAL(count(am_report_flows, map, (AmListOptions){.verdict = "essential"}), 3);
	CU_ASSERT_EQUAL(
		count(am_report_flows, map, (AmListOptions){.verdict = "essential", .port = "443", .l7 = "tls"}), 1);
	CU_ASSERT_EQUAL(count(am_report_groups, map, (AmListOptions){.asset = "10.0.0.10"}), 1);
	CU_ASSERT_EQUAL(count(am_report_assets, map, (AmListOptions){.group = "web"}), 1);
	CU_ASSERT_EQUAL(count(am_report_listeners, map, (AmListOptions){.port = "tcp/80"}), 0);
	CU_ASSERT_EQUAL(count(am_report_listeners, map, (AmListOptions){.l7 = "tls"}), 1);
	fixture_clear(&fixture);
}

static void assert_listed(ListFunc print, const AmMap *map, AmListOptions options, uint64_t there, uint64_t listed)
{
	char *text = NULL;
	size_t size = 0;
	AmListed got = {99, 99};
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_TRUE(print(map, &options, out, &got, NULL));
	fclose(out);
	free(text);
	CU_ASSERT_EQUAL(got.there, there);
	CU_ASSERT_EQUAL(got.listed, listed);
}

static void test_listed(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	assert_listed(am_report_flows, &fixture.map, (AmListOptions){0}, 0, 0);
	char *seen = am_report_l7_seen(&fixture.map, "tls");
	CU_ASSERT_STRING_EQUAL(seen, "");
	g_free(seen);
	fixture_fill(&fixture);
	const AmMap *map = &fixture.map;
	assert_listed(am_report_flows, map, (AmListOptions){0}, 55, 55);
	assert_listed(am_report_flows, map, (AmListOptions){.port = "443"}, 55, 2);
	assert_listed(am_report_flows, map, (AmListOptions){.limit = 7, .sort = "bytes"}, 55, 7);
	assert_listed(am_report_flows, map, (AmListOptions){.port = "9", .verdict = "essential"}, 55, 0);
	assert_listed(am_report_assets, map, (AmListOptions){.asset = "192.0.2.1"}, 4, 0);
	assert_listed(am_report_groups, map, (AmListOptions){.asset = "10.0.0.10"}, 2, 1);
	assert_listed(am_report_listeners, map, (AmListOptions){.port = "80"}, 1, 0);
	/* Only where nothing is of that protocol; the most frequent first, and nothing that acts on a terminal. */
	CU_ASSERT_PTR_NULL(am_report_l7_seen(map, "tls"));
	CU_ASSERT_PTR_NULL(am_report_l7_seen(map, "ssh"));
	seen = am_report_l7_seen(map, "dns");
	CU_ASSERT_STRING_EQUAL(seen, "=cmd|'\"<b>?[2J, tls.google, ssh");
	g_free(seen);
	for (guint n = 0; n < 30; n++) {
		g_autofree char *name = g_strdup_printf("app%02u", n);
		add_edge(&fixture.map, 0, 1, 6, (uint16_t)(9000 + n), AM_VERDICT_UNDECIDED, 0, 1, name);
	}
	seen = am_report_l7_seen(map, "dns");
	CU_ASSERT_TRUE(g_str_has_suffix(seen, ", app17 and 13 more"));
	g_free(seen);
	fixture_clear(&fixture);
}

static void test_bad_options(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	const AmMap *map = &fixture.map;
	assert_option_error(am_report_flows, map, (AmListOptions){.asset = "host"}, "10.0.0.0/8");
	assert_option_error(am_report_flows, map, (AmListOptions){.asset = "10.0.0.1/8"}, "--asset");
	assert_option_error(am_report_flows, map, (AmListOptions){.group = "db"}, "desktops, web");
	static const char *const ports[] = {"",       "x",      "65536", "-1",   "9-8", "tcp/",
					    "icmp/8", "tcp/1-", "1-2-3", "443 ", NULL};
	for (const char *const *port = ports; *port != NULL; port++)
		assert_option_error(am_report_flows, map, (AmListOptions){.port = *port}, "8000-8100");
	assert_option_error(am_report_flows, map, (AmListOptions){.l7 = ""}, "tls.google");
	assert_option_error(am_report_flows, map, (AmListOptions){.verdict = "good"},
			    "essential, undecided, background, suspicious, local");
	assert_option_error(am_report_flows, map, (AmListOptions){.sort = "outcomes"}, "bytes");
	assert_option_error(am_report_flows, map, (AmListOptions){.sort = "--bytes"}, "connections");
	assert_option_error(am_report_groups, map, (AmListOptions){.verdict = "local"}, "--asset, --group");
	assert_option_error(am_report_assets, map, (AmListOptions){.port = "443"}, "--asset, --group");
	fixture_clear(&fixture);
}

static void assert_first(const AmMap *map, const char *sort, const char *client, const char *port)
{
	json_t *json =
		list_json(am_report_flows, map, (AmListOptions){.sort = sort, .verdict = "essential", .limit = 1});
	CU_ASSERT_EQUAL_FATAL(json_array_size(json), 1);
	json_t *row = json_array_get(json, 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "client")), client);
	if (port == NULL)
		CU_ASSERT_PTR_NULL(json_object_get(row, "port"));
	json_decref(json);
}

static void test_sort_limit(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	assert_first(&fixture.map, "-bytes", "10.0.0.10", "443");
	assert_first(&fixture.map, "bytes", "10.0.0.9", NULL);
	assert_first(&fixture.map, "client", "10.0.0.9", NULL); /* as a number, not as text */
	assert_first(&fixture.map, "-client", "10.0.0.10", "443");
	assert_first(&fixture.map, "-last", "10.0.0.10", "443");
	assert_first(&fixture.map, "-reasons", "10.0.0.9", "443");
	CU_ASSERT_EQUAL(count(am_report_flows, &fixture.map, (AmListOptions){.limit = 7}), 7);
	CU_ASSERT_EQUAL(count(am_report_flows, &fixture.map, (AmListOptions){.limit = 700}), 55);
	fixture_clear(&fixture);
}

static void test_golden(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	char *text = list(am_report_flows, &fixture.map, (AmListOptions){.group = "desktops", .limit = 3});
	CU_ASSERT_STRING_EQUAL(text, "CLIENT    SERVER    CLIENT_GROUP  SERVER_GROUP  SERVICE   L7          VERDICT    "
				     "REASONS            CONNECTIONS    BYTES  DAYS  LAST\n"
				     "10.0.0.9  10.0.1.1  desktops      web           icmp/8.0  -           essential  "
				     "two-way                      4   8.0 kB     1  2026-03-02 08:00:04\n"
				     "10.0.0.9  10.0.1.1  desktops      web           tcp/22    ssh         undecided  "
				     "single admin-port            1   2.0 kB     1  2026-03-02 08:00:01\n"
				     "10.0.0.9  10.0.1.1  desktops      web           tcp/443   tls.google  essential  "
				     "two-way handshake           20  40.0 kB     1  2026-03-02 08:00:20\n");
	free(text);
	text = list(am_report_listeners, &fixture.map, (AmListOptions){.format = AM_FORMAT_CSV});
	CU_ASSERT_STRING_EQUAL(
		text,
		"asset,address,group,proto,port,type,code,state,exposed,used,idle,l7,proof,clients,essential_clients,"
		"flags,source,program,opened,closed,first,last,outcomes\n"
		"10.0.1.1,10.0.1.1,web,tcp,443,,,used,true,true,false,tls,handshake,2,2,"
		"weak-tls self-signed,seen host,nginx,2026-03-02T08:00:00Z,,2026-03-02T08:00:00Z,"
		"2026-03-02T08:00:00Z,accepted=320\n");
	free(text);
	fixture_clear(&fixture);
}

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

static void test_empty(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	CU_ASSERT_EQUAL(count(am_report_flows, &fixture.map, (AmListOptions){0}), 0);
	CU_ASSERT_EQUAL(count(am_report_groups, &fixture.map, (AmListOptions){.sort = "name"}), 0);
	char *text = list(am_report_assets, &fixture.map, (AmListOptions){0});
	CU_ASSERT_STRING_EQUAL(text,
			       "ADDRESSES  NAME  KIND  VENDOR  GROUP  INSIDE  SCANNER  SERVES  USES  FIRST  LAST\n");
	free(text);
	assert_option_error(am_report_flows, &fixture.map, (AmListOptions){.group = "web"}, "(none)");
	size_t size = 0;
	g_autoptr(GError) error = NULL;
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_TRUE(am_report_html(&fixture.map, NULL, fixture.runs, NULL, out, &error));
	am_report_summary(&fixture.map, NULL, fixture.runs, out);
	fclose(out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "nothing to draw"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "0 assets (0 inside), 0 groups, 0 listeners (0 idle)"));
	free(text);
	fixture_clear(&fixture);
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

/* A full disk is told, and the lister says to stop. */
static void test_write_error(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	FILE *full = fopen("/dev/full", "w");
	if (full != NULL) {
		g_autoptr(GError) error = NULL, html_error = NULL;
		setvbuf(full, NULL, _IONBF, 0);
		CU_ASSERT_FALSE(am_report_flows(&fixture.map, &(AmListOptions){0}, full, NULL, &error));
		CU_ASSERT_TRUE(g_error_matches(error, AM_REPORT_ERROR, AM_REPORT_ERROR_WRITE));
		CU_ASSERT_FALSE(am_report_html(&fixture.map, NULL, fixture.runs, NULL, full, &html_error));
		CU_ASSERT_TRUE(g_error_matches(html_error, AM_REPORT_ERROR, AM_REPORT_ERROR_WRITE));
		fclose(full);
	}
	fixture_clear(&fixture);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_format), UNIT_TEST(test_flows_json),  UNIT_TEST(test_other_json),
		UNIT_TEST(test_status), UNIT_TEST(test_escapes),     UNIT_TEST(test_filters),
		UNIT_TEST(test_listed), UNIT_TEST(test_bad_options), UNIT_TEST(test_sort_limit),
		UNIT_TEST(test_golden), UNIT_TEST(test_networks),    UNIT_TEST(test_verdicts),
		UNIT_TEST(test_empty),  UNIT_TEST(test_connections), UNIT_TEST(test_write_error),
		{NULL, NULL},
	};
	return unit_run("listings", tests);
}
