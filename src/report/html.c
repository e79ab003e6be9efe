/* The HTML report: one page that an engineer and a security review can read without allowmap, without a network and
 * without script. Fed by the map, the policy and the runs; the sections are in the html-*.c files. Its own security
 * policy forbids everything but its style. */
#include "config.h"

#include "coverage.h"
#include "graph.h"
#include "html-writer.h"
#include "html.h"
#include "text.h"
#include "view.h"

#include <errno.h>

static void head(GString *page)
{
	gsize size;
	const char *css = am_embedded("data/report.css", &size);
	g_string_append(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
			      "style-src 'unsafe-inline'; img-src data:\">\n"
			      "<meta name=\"referrer\" content=\"no-referrer\">\n"
			      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
			      "<meta name=\"color-scheme\" content=\"light dark\">\n"
			      "<title>allowmap report</title>\n<style>\n");
	if (css != NULL)
		g_string_append_len(page, css, (gssize)size);
	g_string_append(page, "</style>\n</head>\n<body>\n");
}

static void masthead(GString *page, const AmHtmlReport *report)
{
	char first[AM_TIME_TEXT_SIZE], last[AM_TIME_TEXT_SIZE];
	const AmMap *map = report->map;
	g_autoptr(GString) days = g_string_new(NULL);
	am_text_append_counted(days, map->days, "day", NULL);
	g_string_append(page, "<header>\n<p class=\"brand\">allowmap</p>\n<h1>Who needs to talk to whom</h1>\n");
	am_html_add(page, "<p class=\"meta\"><span>%s – %s UTC</span> <span>%s with traffic</span> ",
		    am_moment_text(map->first_ns, first), am_moment_text(map->last_ns, last), days->str);
	am_html_add(page, "<span>map revision <code>%s</code></span>", map->revision);
	if (report->policy != NULL && report->policy->tool_version != NULL)
		am_html_add(page, " <span>allowmap %s</span>", report->policy->tool_version);
	g_string_append(page, "</p>\n</header>\n");
	g_string_append(page, "<nav><a href=\"#summary\">Summary</a><a href=\"#graph\">Graph</a>"
			      "<a href=\"#questions\">Questions</a><a href=\"#suspicious\">Suspicious</a>"
			      "<a href=\"#essential\">Essential</a><a href=\"#policy\">Policy</a>"
			      "<a href=\"#groups\">Groups</a><a href=\"#listeners\">Listeners</a>"
			      "<a href=\"#background\">Background</a><a href=\"#local\">Local</a>"
			      "<a href=\"#ledger\">Packets</a><a href=\"#limits\">Limits</a></nav>\n<main>\n");
}

static void tile(GString *page, const char *class, uint64_t number, const char *noun, const char *plural,
		 const char *note)
{
	char text[AM_NUMBER_TEXT_SIZE];
	am_html_add(page, "<div class=\"tile %s\"><b>%s</b><span>", class, am_number_text(number, text));
	if (number == 1 || plural == NULL)
		am_html_add(page, "%s%s", noun, number == 1 ? "" : "s");
	else
		am_html_add(page, "%s", plural);
	am_html_add(page, "</span><small>%s</small></div>\n", note);
}

static void tiles(GString *page, const AmHtmlReport *report)
{
	const AmMap *map = report->map;
	const AmDigest *digest = report->digest;
	char number[AM_NUMBER_TEXT_SIZE];
	g_autofree char *inside = g_strdup_printf("%s inside", am_number_text(digest->inside, number));
	g_autofree char *idle =
		g_strdup_printf("%s answer, but nobody needs them", am_number_text(digest->idle_listeners, number));
	g_string_append(page, "<div class=\"tiles\">\n");
	tile(page, "", map->assets->len, "asset", NULL, inside);
	tile(page, "", map->groups->len, "group", NULL, "serve and use the same things");
	tile(page, "", map->listeners->len, "listener", NULL, idle);
	for (int v = 0; v < AM_N_VERDICTS; v++) {
		const AmEdgeSum *sum = &digest->by_verdict[v];
		g_autoptr(GString) connections = g_string_new(NULL);
		am_text_append_counted(connections, sum->connections, "connection", NULL);
		const char *name = am_verdict_name((AmVerdict)v);
		g_autofree char *edge = g_strdup_printf("%s edge", name);
		tile(page, name, sum->edges, edge, NULL, connections->str);
	}
	if (report->policy != NULL) {
		tile(page, "", report->policy->rules->len, "rule", NULL, "each with its evidence below");
		tile(page, "", report->over_grant, "over-grant", "over-grant",
		     "permitted, yet never seen to be needed");
	}
	tile(page, "", report->ledger.sum.read, "packet read", "packets read",
	     am_ledger_skipped(&report->ledger.sum) == 0 ? "all recorded" : "recorded or skipped for a reason");
	g_string_append(page, "</div>\n");
}

/* The first thing that a reader must know, in words. */
static void verdict_in_words(GString *page, const AmHtmlReport *report)
{
	const AmDigest *digest = report->digest;
	g_autoptr(GString) text = g_string_new(NULL);
	am_text_append_counted(text, digest->by_verdict[AM_VERDICT_ESSENTIAL].edges, "essential edge", NULL);
	if (report->policy != NULL) {
		g_string_append(text, ", permitted by ");
		am_text_append_counted(text, report->policy->rules->len, "rule", NULL);
		g_string_append(
			text, report->policy->default_action == AM_DEFAULT_MONITOR
				      ? "; everything else would be watched, not denied"
			      : report->policy->visible != NULL
				      ? "; once enforced, everything else is denied where traffic was seen both ways, "
					"and only logged elsewhere"
				      : "; once enforced, everything else is denied");
	}
	g_string_append(text, ". ");
	if (digest->questions->len > 0) {
		am_text_append_counted(text, digest->questions->len, "service", NULL);
		g_string_append(text, digest->questions->len == 1 ? " needs a decision" : " need a decision");
		g_string_append(text, " by a person: no rule is made for them until then. ");
	} else {
		g_string_append(text, "Nothing is left to decide by hand. ");
	}
	if (digest->suspects > 0) {
		am_text_append_counted(text, digest->suspects, "source", NULL);
		g_string_append(text, " behaved like a scanner or an intruder: look there first.");
	} else {
		g_string_append(text, "No scan or attack from a single source was recognised.");
	}
	if (digest->knockers > 0) {
		g_string_append_c(text, ' ');
		am_text_append_counted(text, digest->knockers, "address", "addresses");
		g_string_append(text, " outside knocked a few times.");
	}
	am_html_add(page, "<p class=\"lead\">%s</p>\n", text->str);
}

static void summary(GString *page, const AmHtmlReport *report)
{
	g_string_append(page, "<section id=\"summary\">\n<h2>Summary</h2>\n");
	verdict_in_words(page, report);
	g_autofree char *covered = am_coverage_words(report->map->coverage);
	am_html_add(page, "<p>%s</p>\n", covered);
	tiles(page, report);
	if (report->files != NULL && report->files[0] != NULL) {
		g_string_append(page, "<p class=\"files\">Beside this page:");
		for (const char *const *file = report->files; *file != NULL; file++)
			am_html_add(page, " <code>%s</code>", *file);
		g_string_append(page, "</p>\n");
	}
	g_string_append(page, "</section>\n");
}

static void graph(GString *page, const char *svg, const AmGraphExtent *extent)
{
	char a[AM_NUMBER_TEXT_SIZE], b[AM_NUMBER_TEXT_SIZE];
	g_string_append(page, "<section id=\"graph\">\n<h2>What the groups need of each other</h2>\n");
	if (*svg == '\0') {
		g_string_append(page,
				"<p>No edge was found to be essential, so there is nothing to draw.</p>\n</section>\n");
		return;
	}
	g_string_append(
		page, "<p>An arrow goes from client to server and carries the services that are needed; the "
		      "thicker, the more connections. Undecided, suspicious and background edges are not drawn.</p>\n");
	if (extent->many > 0)
		am_html_add(page,
			    "<p>A service that at least %s groups use of the same group, or that one group uses of as "
			    "many, "
			    "stands in the box of that group instead of crossing the picture.</p>\n",
			    am_number_text(extent->many, a));
	if (extent->arcs_shown < extent->arcs) {
		am_html_add(page, "<p class=\"note\">The busiest %s of %s arrows are drawn. ",
			    am_number_text(extent->arcs_shown, a), am_number_text(extent->arcs, b));
		am_html_add(page, "The picture stands for %s of %s essential connections; ",
			    am_number_text(extent->connections_shown, a), am_number_text(extent->connections, b));
		g_string_append(page, "the section Essential has the rest.</p>\n");
	}
	g_string_append_printf(page, "<div class=\"wide canvas\">%s</div>\n</section>\n", svg);
}

static void sum_over_grant(AmHtmlReport *report)
{
	for (guint i = 0; report->policy != NULL && i < report->policy->rules->len; i++) {
		const AmRule *rule = g_ptr_array_index(report->policy->rules, i);
		report->over_grant = am_number_add(report->over_grant, rule->over_grant);
		report->over_grant_unseen = am_number_add(report->over_grant_unseen, rule->over_grant_unseen);
	}
}

gboolean am_report_html(const AmMap *map, const AmPolicy *policy, const GPtrArray *runs, const char *const *files,
			FILE *out, GError **error)
{
	g_autoptr(AmDigest) digest = am_digest_new(map);
	AmHtmlReport report = {
		.map = map,
		.policy = policy,
		.runs = runs,
		.files = files,
		.digest = digest,
		.ledger = am_ledger_sum(runs),
	};
	sum_over_grant(&report);
	AmGraphExtent extent;
	g_autofree char *svg = am_graph_svg(digest, &extent, error);
	if (svg == NULL)
		return FALSE;
	GString *page = g_string_sized_new(1 << 18);
	head(page);
	masthead(page, &report);
	summary(page, &report);
	graph(page, svg, &extent);
	am_html_questions(page, &report);
	am_html_suspicious(page, &report);
	am_html_essential(page, &report);
	am_html_policy(page, &report);
	am_html_groups(page, &report);
	am_html_listeners(page, &report);
	am_html_background(page, &report);
	am_html_local(page, &report);
	am_html_ledger(page, &report);
	am_html_limits(page, &report);
	g_string_append(page, "</main>\n</body>\n</html>\n");
	gsize size;
	g_autofree char *text = am_html_finish(page, &size);
	errno = 0;
	if (fwrite(text, 1, size, out) != size || fflush(out) != 0) {
		g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_WRITE, "could not write the HTML report: %s",
			    g_strerror(errno != 0 ? errno : EIO));
		return FALSE;
	}
	return TRUE;
}
