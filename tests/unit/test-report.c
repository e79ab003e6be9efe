/* The listings, the status, the summary and the HTML report, on a small map made by hand. Names in it are hostile:
 * whatever a packet can carry must come out as text. */
#include "config.h"

#include "allowmap/report.h"
#include "unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define START (INT64_C(1772438400) * AM_NS_PER_S) /* 2026-03-02T08:00:00Z */

/* ---- the map */

typedef struct {
	AmMap map;
	GPtrArray *runs;
} Fixture;

static AmAddress address(const char *text)
{
	AmAddress parsed = {0};
	CU_ASSERT_TRUE_FATAL(am_address_parse(text, &parsed));
	return parsed;
}

static uint32_t add_asset(AmMap *map, const char *text, uint32_t group, gboolean inside, gboolean scanner)
{
	AmEndpoint endpoint = {.address = address(text), .asset = map->assets->len};
	AmAsset asset = {.first_endpoint = map->endpoints->len,
			 .n_endpoints = 1,
			 .group = group,
			 .first_ns = START,
			 .last_ns = START + 60 * AM_NS_PER_S,
			 .inside = inside,
			 .scanner = scanner};
	g_array_append_val(map->endpoints, endpoint);
	g_array_append_val(map->assets, asset);
	if (group != AM_NO_INDEX)
		g_array_append_val(g_array_index(map->groups, AmGroup, group).members, endpoint.asset);
	return map->endpoints->len - 1;
}

static void add_group(AmMap *map, const char *id, const char *name, const char *why)
{
	AmGroup group = {.members = g_array_new(FALSE, FALSE, sizeof(uint32_t)), .why = g_strdup(why)};
	g_strlcpy(group.id, id, sizeof group.id);
	g_strlcpy(group.name, name, sizeof group.name);
	g_array_append_val(map->groups, group);
}

static AmEdge *add_edge(AmMap *map, uint32_t client, uint32_t server, uint8_t protocol, uint16_t port,
			AmVerdict verdict, uint32_t reasons, uint64_t connections, const char *l7)
{
	AmEdge edge = {.client = client,
		       .server = server,
		       .ip_protocol = protocol,
		       .port = port,
		       .verdict = verdict,
		       .direction = AM_DIRECTION_HANDSHAKE,
		       .reasons = reasons,
		       .connections = connections,
		       .first_ns = START,
		       .last_ns = START + (int64_t)connections * AM_NS_PER_S,
		       .days = 1,
		       .override_index = -1};
	edge.counts.packets[0] = edge.counts.packets[1] = connections * 5;
	edge.counts.bytes[0] = connections * 400;
	edge.counts.bytes[1] = connections * 1600;
	edge.outcomes[verdict == AM_VERDICT_ESSENTIAL ? AM_OUTCOME_ACCEPTED : AM_OUTCOME_SILENT] = connections;
	if (l7 != NULL) {
		edge.n_l7 = 1;
		edge.l7[0].connections = (uint32_t)connections;
		edge.l7[0].confidence = AM_L7_DPI;
		g_strlcpy(edge.l7[0].name, l7, AM_L7_SIZE);
	}
	g_array_append_val(map->edges, edge);
	map->n_verdicts[verdict]++;
	return &g_array_index(map->edges, AmEdge, map->edges->len - 1);
}

static void clear_group(gpointer data)
{
	AmGroup *group = data;
	g_array_free(group->members, TRUE);
	g_free(group->why);
}

static void fixture_init(Fixture *fixture)
{
	memset(fixture, 0, sizeof *fixture);
	AmMap *map = &fixture->map;
	map->networks = g_ptr_array_new();
	g_ptr_array_add(map->networks, (gpointer) "default");
	map->endpoints = g_array_new(FALSE, TRUE, sizeof(AmEndpoint));
	map->assets = g_array_new(FALSE, TRUE, sizeof(AmAsset));
	map->listeners = g_array_new(FALSE, TRUE, sizeof(AmListener));
	map->edges = g_array_new(FALSE, TRUE, sizeof(AmEdge));
	map->groups = g_array_new(FALSE, TRUE, sizeof(AmGroup));
	g_array_set_clear_func(map->groups, clear_group);
	g_strlcpy(map->revision, "00112233aabbccdd", sizeof map->revision);
	fixture->runs = g_ptr_array_new();
}

/* Two desktops, a web server that also pings, and somebody outside who scans. */
static void fixture_fill(Fixture *fixture)
{
	AmMap *map = &fixture->map;
	add_group(map, "g-0000000a", "desktops", "uses tcp/443 (tls)");
	add_group(map, "g-0000000b", "web", "serves tcp/443 (tls) <img src=x>");
	uint32_t pc1 = add_asset(map, "10.0.0.9", 0, TRUE, FALSE), pc2 = add_asset(map, "10.0.0.10", 0, TRUE, FALSE);
	uint32_t web = add_asset(map, "10.0.1.1", 1, TRUE, FALSE);
	uint32_t bad = add_asset(map, "203.0.113.7", AM_NO_INDEX, FALSE, TRUE);
	AmEdge *edge = add_edge(map, pc1, web, 1, 8 << 8, AM_VERDICT_ESSENTIAL, 1u << AM_REASON_TWO_WAY, 4, NULL);
	edge->direction = AM_DIRECTION_PROTOCOL;
	edge = add_edge(map, pc1, web, 6, 22, AM_VERDICT_UNDECIDED, 1u << AM_REASON_SINGLE | 1u << AM_REASON_ADMIN_PORT,
			1, "ssh");
	g_strlcpy(edge->server_name, "</code><script>alert(1)</script>\x1b[2J\xe2\x80\xae", sizeof edge->server_name);
	add_edge(map, pc1, web, 6, 443, AM_VERDICT_ESSENTIAL, 1u << AM_REASON_TWO_WAY | 1u << AM_REASON_HANDSHAKE, 20,
		 "tls.google");
	add_edge(map, pc2, web, 6, 443, AM_VERDICT_ESSENTIAL, 1u << AM_REASON_TWO_WAY, 300, "=cmd|'\"<b>\x1b[2J");
	for (uint16_t port = 1; port <= 50; port++)
		add_edge(map, bad, web, 6, port, AM_VERDICT_SUSPICIOUS, 1u << AM_REASON_SCAN_PROBE, 1, NULL);
	add_edge(map, bad, web, 47, 0, AM_VERDICT_BACKGROUND, 1u << AM_REASON_FAILED, 1, NULL);
	AmListener listener = {
		.endpoint = web, .ip_protocol = 6, .port = 443, .clients = 2, .first_ns = START, .last_ns = START};
	listener.outcomes[AM_OUTCOME_ACCEPTED] = 320;
	listener.l7.connections = 320;
	g_strlcpy(listener.l7.name, "tls", AM_L7_SIZE);
	g_array_append_val(map->listeners, listener);
	map->first_ns = START;
	map->last_ns = START + 300 * AM_NS_PER_S;
	map->days = 1;
	AmRun *run = g_new0(AmRun, 1);
	run->finished_ns = START;
	run->ledger.read = 1000;
	run->ledger.recorded = 990;
	run->ledger.skipped[AM_SKIP_NOT_IP] = 10;
	run->ledger.connections_given_up = 3;
	run->ledger.tcp_bytes_seen = 9900;
	run->ledger.tcp_bytes_unseen = 100;
	run->inputs = g_array_new(FALSE, TRUE, sizeof(AmInput));
	AmInput input = {
		.path = (char *)"a<b>\x1b.pcap", .size = 4096, .records = 1000, .first_ns = START, .cut = TRUE};
	g_strlcpy(input.sha256, "9f86d081884c7d65", sizeof input.sha256);
	g_array_append_val(run->inputs, input);
	g_ptr_array_add(fixture->runs, run);
}

static void fixture_clear(Fixture *fixture)
{
	for (guint i = 0; i < fixture->runs->len; i++) {
		AmRun *run = g_ptr_array_index(fixture->runs, i);
		g_array_free(run->inputs, TRUE);
		g_free(run);
	}
	g_ptr_array_free(fixture->runs, TRUE);
	g_ptr_array_free(fixture->map.networks, TRUE);
	g_array_free(fixture->map.endpoints, TRUE);
	g_array_free(fixture->map.assets, TRUE);
	g_array_free(fixture->map.listeners, TRUE);
	g_array_free(fixture->map.edges, TRUE);
	g_array_free(fixture->map.groups, TRUE);
}

/* ---- what a listing writes */

static void assert_has(const char *page, const char *text)
{
	if (strstr(page, text) == NULL)
		printf("\n  not there: %s\n", text);
	CU_ASSERT_PTR_NOT_NULL(strstr(page, text));
}

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
			     "reasons connections packets bytes first last days outcomes related_to";
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
	assert_keys(json_array_get(groups, 0), "id name members");
	json_t *members = json_object_get(json_array_get(groups, 0), "members");
	CU_ASSERT_EQUAL(json_array_size(members), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(members, 1)), "10.0.0.10");
	json_decref(groups);
	json_t *listeners = list_json(am_report_listeners, &fixture.map, (AmListOptions){0});
	CU_ASSERT_EQUAL_FATAL(json_array_size(listeners), 1);
	assert_keys(json_array_get(listeners, 0), "asset address proto port l7 clients outcomes idle");
	CU_ASSERT_TRUE(json_is_false(json_object_get(json_array_get(listeners, 0), "idle")));
	json_decref(listeners);
	json_t *assets = list_json(am_report_assets, &fixture.map, (AmListOptions){.asset = "10.0.0.0/8"});
	CU_ASSERT_EQUAL_FATAL(json_array_size(assets), 3);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(assets, 2), "serves")), 3);
	json_decref(assets);
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
	assert_keys(json, "packets connections assets edges loss inputs captures");
	json_t *packets = json_object_get(json, "packets");
	assert_keys(packets, "read recorded fragments skipped");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(packets, "skipped"), "not-ip")), 10);
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
	CU_ASSERT_STRING_EQUAL(text,
			       "asset,address,group,proto,port,type,code,l7,clients,idle,first,last,outcomes\n"
			       "10.0.1.1,10.0.1.1,web,tcp,443,,,tls,2,false,2026-03-02T08:00:00Z,2026-03-02T08:00:00Z,"
			       "accepted=320\n");
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
	CU_ASSERT_STRING_EQUAL(text, "ADDRESSES  GROUP  INSIDE  SCANNER  SERVES  USES  FIRST  LAST\n");
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

/* ---- summary and HTML */

static AmRule *make_rule(const char *id, uint64_t over_grant)
{
	AmRule *rule = g_new0(AmRule, 1);
	g_strlcpy(rule->id, id, sizeof rule->id);
	rule->from.groups = g_ptr_array_new();
	rule->from.prefixes = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	rule->to.any = TRUE;
	rule->to.groups = g_ptr_array_new();
	rule->to.prefixes = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	g_ptr_array_add(rule->from.groups, (gpointer) "desktops");
	rule->service.ip_protocol = 6;
	rule->service.ports = g_array_new(FALSE, TRUE, sizeof(AmPortRange));
	rule->service.types = g_array_new(FALSE, TRUE, sizeof(AmIcmpType));
	AmPortRange range = {443, 444};
	g_array_append_val(rule->service.ports, range);
	g_strlcpy(rule->evidence.l7, "</td>", sizeof rule->evidence.l7);
	rule->evidence.edges = 3;
	rule->over_grant = over_grant;
	return rule;
}

static void free_rule(gpointer data)
{
	AmRule *rule = data;
	g_ptr_array_free(rule->from.groups, TRUE);
	g_ptr_array_free(rule->to.groups, TRUE);
	g_array_free(rule->from.prefixes, TRUE);
	g_array_free(rule->to.prefixes, TRUE);
	g_array_free(rule->service.ports, TRUE);
	g_array_free(rule->service.types, TRUE);
	g_free(rule);
}

static char *html(const Fixture *fixture, const AmPolicy *policy)
{
	static const char *const files[] = {"policy.json", "<x>.nft", NULL};
	char *text = NULL;
	size_t size = 0;
	g_autoptr(GError) error = NULL;
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_TRUE(am_report_html(&fixture->map, policy, fixture->runs, files, out, &error));
	CU_ASSERT_PTR_NULL(error);
	fclose(out);
	return text;
}

/* Nothing that loads, runs or links to the outside; no character that a terminal or a reader would obey. */
static void assert_contained(const char *page)
{
	static const char *const forbidden[] = {"<script", "<img",         "a<b>",    "'\"<b>",   "<x>",
						"url(",    "http:",        "https:",  "href=\"h", "@import",
						"<link",   "<a xlink",     "<iframe", "<?xml",    "<!--",
						"\x1b",    "\xe2\x80\xae", "&#x1b",   NULL};
	for (const char *const *text = forbidden; *text != NULL; text++) {
		if (strstr(page, *text) != NULL)
			printf("\n  on the page: %s\n", *text);
		CU_ASSERT_PTR_NULL(strstr(page, *text));
	}
	CU_ASSERT_TRUE(g_utf8_validate(page, -1, NULL));
	assert_has(page, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
			 "style-src 'unsafe-inline'; img-src data:\">");
}

static void test_html(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	AmPolicy policy = {
		.groups = g_ptr_array_new(), .rules = g_ptr_array_new_with_free_func(free_rule), .undecided = 1};
	g_ptr_array_add(policy.rules, make_rule("r-000000000001", 1));
	g_ptr_array_add(policy.rules, make_rule("r-000000000002", 40));
	char *page = html(&fixture, &policy);
	assert_contained(page);
	assert_has(page, "<svg class=\"graph\"");
	assert_has(
		page,
		"Does <code>10.0.0.9</code> (desktops) need <code>10.0.1.1</code> (web) on <code>tcp/22</code> (ssh)?");
	assert_has(page, "allowmap verdict set 10.0.0.9 10.0.1.1 tcp/22 essential");
	assert_has(page, "&lt;/code&gt;&lt;script&gt;alert(1)&lt;/script&gt;?[2J?");
	assert_has(page, "scan-probe 50");
	assert_has(page, "<code>tcp/443-444</code>");
	assert_has(page, "&lt;x&gt;.nft");
	assert_has(page, "a&lt;b&gt;?.pcap");
	CU_ASSERT_TRUE(strstr(page, "r-000000000002") < strstr(page, "r-000000000001"));
	char *again = html(&fixture, &policy);
	CU_ASSERT_STRING_EQUAL(page, again);
	free(again);
	free(page);
	g_ptr_array_free(policy.rules, TRUE);
	g_ptr_array_free(policy.groups, TRUE);
	fixture_clear(&fixture);
}

/* Fifteen groups that all ask one for names and each other in a ring: the names are told in the box, the ring is drawn. */
static void test_graph_folding(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	AmMap *map = &fixture.map;
	uint32_t asset[16];
	for (uint32_t i = 0; i < 16; i++) {
		g_autofree char *id = g_strdup_printf("g-%08x", i), *name = g_strdup_printf("group-%u", i),
				*text = g_strdup_printf("10.0.%u.1", i);
		add_group(map, id, name, "x");
		asset[i] = add_asset(map, text, i, TRUE, FALSE);
	}
	for (uint32_t i = 0; i < 15; i++) {
		add_edge(map, asset[i], asset[(i + 1) % 15], 6, 443, AM_VERDICT_ESSENTIAL, 0, 10, "tls");
		AmEdge *edge = add_edge(map, asset[i], asset[15], 17, 53, AM_VERDICT_ESSENTIAL, 0, 1000, "dns");
		edge->l7[0].confidence = AM_L7_PORT;
	}
	char *page = html(&fixture, NULL);
	assert_contained(page);
	assert_has(page, ">serves udp/53 dns? to 15</text>");
	assert_has(page, "<title>group-0 to group-1</title>");
	CU_ASSERT_PTR_NULL(strstr(page, "<title>group-0 to group-15</title>"));
	CU_ASSERT_PTR_NULL(strstr(page, "arrows are drawn"));
	free(page);
	fixture_clear(&fixture);
}

static void test_summary(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	am_report_summary(&fixture.map, NULL, fixture.runs, out);
	fclose(out);
	assert_has(text, "1,000 read = 990 recorded + 10 skipped\n");
	assert_has(text, "not-ip: 10");
	assert_has(text, "1 capture ended inside a record");
	assert_has(text, "4 assets (3 inside), 2 groups, 1 listener (0 idle)");
	assert_has(text, "203.0.113.7: 1 target, 50 services, a scanner");
	assert_has(text, "1 undecided edge to 1 service");
	CU_ASSERT_PTR_NULL(strchr(text, '\x1b'));
	g_auto(GStrv) rows = g_strsplit(text, "\n", -1);
	for (char **row = rows; *row != NULL; row++)
		CU_ASSERT_TRUE(g_utf8_strlen(*row, -1) <= 100);
	free(text);
	fixture_clear(&fixture);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_format), UNIT_TEST(test_flows_json),    UNIT_TEST(test_other_json),
		UNIT_TEST(test_status), UNIT_TEST(test_escapes),       UNIT_TEST(test_filters),
		UNIT_TEST(test_listed), UNIT_TEST(test_bad_options),   UNIT_TEST(test_sort_limit),
		UNIT_TEST(test_golden), UNIT_TEST(test_networks),      UNIT_TEST(test_verdicts),
		UNIT_TEST(test_empty),  UNIT_TEST(test_connections),   UNIT_TEST(test_write_error),
		UNIT_TEST(test_html),   UNIT_TEST(test_graph_folding), UNIT_TEST(test_summary),
		{NULL, NULL},
	};
	return unit_run("report", tests);
}
