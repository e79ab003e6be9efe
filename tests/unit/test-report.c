/* The listings and the status, on a small map made by hand. */
#include "config.h"

#include "json-keys.h"

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
		UNIT_TEST(test_golden), UNIT_TEST(test_empty),       UNIT_TEST(test_write_error),
		{NULL, NULL},
	};
	return unit_run("listings", tests);
}
