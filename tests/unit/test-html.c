/* The summary on the terminal and the HTML report, on a small map made by hand. */
#include "config.h"

#include "report-fixture.h"

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
		UNIT_TEST(test_html),
		UNIT_TEST(test_graph_folding),
		UNIT_TEST(test_summary),
		{NULL, NULL},
	};
	return unit_run("html", tests);
}
