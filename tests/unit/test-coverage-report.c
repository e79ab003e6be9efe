/* What the coverage says: the sentence for each state, table, JSON and CSV, on a map made by hand. */
#include "config.h"

#include "report-fixture.h"

#include <jansson.h>

#define FIRST 20514 /* 2026-03-02, a Monday */

/* Two groups and three days that count; the fourth was left out. */
static AmCoverage coverage_new(const AmMap *map)
{
	AmCoverage coverage = {.days = g_array_new(FALSE, TRUE, sizeof(AmCoverageDay)),
			       .units = 3,
			       .groups = g_array_new(FALSE, TRUE, sizeof(AmCoverageSum)),
			       .rare = 0.6316};
	for (int n = 0; n < 4; n++) {
		AmCoverageDay day = {.day = FIRST + n, .hours = n < 3 ? 24 : 5, .left_out = n == 3};
		for (int scope = 0; scope < AM_N_COVERAGE_SCOPES; scope++)
			day.scopes[scope].predicted = AM_COVERAGE_UNKNOWN;
		g_array_append_val(coverage.days, day);
	}
	AmCoverageSum sum = {.edges = 40,
			     .incidences = 100,
			     .once = 5,
			     .twice = 6,
			     .coverage = 0.9569,
			     .predicted = 0.94,
			     .actual = 0.9299,
			     .last_edges = 30,
			     .last_known = 28,
			     .held_out = 2,
			     .error = 0.01,
			     .lowest = 0.92,
			     .highest = 0.99,
			     .margin = 0.0333,
			     .state = AM_COVERAGE_STEADY,
			     .outlook = AM_COVERAGE_OUTLOOK_DAYS,
			     .target = 0.99,
			     .more_days = 3};
	coverage.scopes[AM_COVERAGE_HOSTS] = coverage.scopes[AM_COVERAGE_GROUPS] = sum;
	coverage.scopes[AM_COVERAGE_GROUPS].coverage = 1;
	for (guint n = 0; n < map->groups->len; n++)
		g_array_append_val(coverage.groups, sum);
	return coverage;
}

static void coverage_clear(AmCoverage *coverage)
{
	g_array_unref(coverage->days);
	g_array_unref(coverage->groups);
}

static char *print(const AmMap *map, AmFormat format)
{
	char *text = NULL;
	size_t size = 0;
	g_autoptr(GError) error = NULL;
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_TRUE(am_report_coverage(map, format, out, &error));
	CU_ASSERT_PTR_NULL(error);
	fclose(out);
	return text;
}

/* The table says so, wherever its lines end. */
static void assert_says(const AmMap *map, const char *words)
{
	char *text = print(map, AM_FORMAT_TABLE);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		CU_ASSERT_TRUE(strlen(*line) <= 100);
		g_strstrip(*line);
	}
	g_autofree char *flat = g_strjoinv(" ", lines);
	if (strstr(flat, words) == NULL) {
		printf("\n  not said: %s\n  but: %s\n", words, flat);
		CU_FAIL("it is not said");
	}
	free(text);
}

static void test_words(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	AmCoverage coverage = coverage_new(&fixture.map);
	AmCoverageSum *hosts = &coverage.scopes[AM_COVERAGE_HOSTS], *groups = &coverage.scopes[AM_COVERAGE_GROUPS];
	fixture.map.coverage = &coverage;
	/* Never rounded up. */
	assert_says(&fixture.map, "Discovery covers about 95.6% of the edges between hosts and 100.0% of those between "
				  "groups that a next day will need.");
	assert_says(&fixture.map, "hosts: run 3 more days to reach about 99%");
	assert_says(&fixture.map, "3 whole days, 2026-03-02 .. 2026-03-04 (UTC)");
	assert_says(&fixture.map, "2026-03-05 does not count: only 5 of its hours were seen");
	assert_says(&fixture.map,
		    "what happens at random on 64% of all days or more; every 7 days takes 20 whole days");
	assert_says(&fixture.map, "all kinds of days were seen");
	coverage.gaps[AM_COVERAGE_GAP_SATURDAY] = coverage.gaps[AM_COVERAGE_GAP_SUNDAY] = FIRST + 5;
	assert_says(&fixture.map, "that a next weekday will need (no weekend was seen).");
	assert_says(&fixture.map, "not seen: a Saturday, a Sunday Counted");
	coverage.gaps[AM_COVERAGE_GAP_QUARTER_END] = FIRST + 29;
	assert_says(&fixture.map, "a Sunday, the last day of a quarter (next: 2026-03-31)");
	hosts->state = AM_COVERAGE_UNCHECKED;
	assert_says(&fixture.map, "there is no day yet to check that on");
	hosts->state = AM_COVERAGE_NON_STATIONARY;
	hosts->outlook = AM_COVERAGE_OUTLOOK_UNSTEADY;
	coverage.other_kind = TRUE;
	assert_says(&fixture.map, "Discovery covers about 100.0% of the edges between groups");
	assert_says(&fixture.map,
		    "92.9% of the last day's had been seen before, where 94.0% was predicted; of the last 2 "
		    "days' between 92.0% and 99.0%. The last day is the first of its kind");
	assert_says(&fixture.map, "hosts: how many are needed cannot be said: days do not come as predicted");
	hosts->state = groups->state = AM_COVERAGE_NONE;
	coverage.units = 2;
	assert_says(&fixture.map,
		    "How much discovery covers cannot be said: 2 whole days were observed, and an estimate "
		    "needs at least 3.");
	coverage_clear(&coverage);
	fixture_clear(&fixture);
}

static void test_json(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	AmCoverage coverage = coverage_new(&fixture.map);
	fixture.map.coverage = &coverage;
	coverage.gaps[AM_COVERAGE_GAP_MONTH_END] = FIRST + 29;
	char *text = print(&fixture.map, AM_FORMAT_JSON);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json, "days")), 3);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "last")), "2026-03-04");
	json_t *hosts = json_object_get(json, "hosts");
	CU_ASSERT_DOUBLE_EQUAL(json_real_value(json_object_get(hosts, "coverage")), 0.9569, 1e-9);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(hosts, "state")), "steady");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(hosts, "more_days")), 3);
	json_t *gap = json_array_get(json_object_get(json, "gaps"), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(gap, "missing")), "month-end");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(gap, "next")), "2026-03-31");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(json, "by_group")), fixture.map.groups->len);
	json_t *day = json_array_get(json_object_get(json, "by_day"), 3);
	CU_ASSERT_TRUE(json_is_false(json_object_get(day, "counts")));
	day = json_array_get(json_object_get(json, "by_day"), 0);
	CU_ASSERT_TRUE(json_is_null(json_object_get(json_object_get(day, "hosts"), "predicted")));
	json_decref(json);
	free(text);
	coverage_clear(&coverage);
	fixture_clear(&fixture);
}

static void test_csv(void)
{
	Fixture fixture;
	fixture_init(&fixture);
	fixture_fill(&fixture);
	AmCoverage coverage = coverage_new(&fixture.map);
	fixture.map.coverage = &coverage;
	coverage.scopes[AM_COVERAGE_GROUPS].predicted = AM_COVERAGE_UNKNOWN;
	/* The least covered of the groups comes first; one without edges that count is left out. */
	g_array_index(coverage.groups, AmCoverageSum, 1).coverage = 0.5;
	char *text = print(&fixture.map, AM_FORMAT_CSV);
	CU_ASSERT_STRING_EQUAL(text,
			       "scope,name,id,edges,once,twice,coverage,predicted,actual,last_edges,last_known,state\n"
			       "hosts,hosts,,40,5,6,0.9569,0.9400,0.9299,30,28,steady\n"
			       "groups,groups,,40,5,6,1.0000,,0.9299,30,28,steady\n"
			       "group,web,g-0000000b,40,5,6,0.5000,0.9400,0.9299,30,28,steady\n"
			       "group,desktops,g-0000000a,40,5,6,0.9569,0.9400,0.9299,30,28,steady\n");
	free(text);
	g_array_index(coverage.groups, AmCoverageSum, 1).edges = 0;
	text = print(&fixture.map, AM_FORMAT_CSV);
	CU_ASSERT_PTR_NULL(strstr(text, "web"));
	free(text);
	coverage_clear(&coverage);
	fixture_clear(&fixture);
}

int main(void)
{
	const CU_TestInfo tests[] = {
		UNIT_TEST(test_words),
		UNIT_TEST(test_json),
		UNIT_TEST(test_csv),
		{NULL, NULL},
	};
	return unit_run("coverage-report", tests);
}
