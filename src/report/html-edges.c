/* The edges of the report, by verdict: what is needed, with its evidence; what a person must decide, as questions; what
 * nobody needs, with reasons, so condensed that a scan is one line. Fed by the digest. Long tables are cut, and say so.
 */
#include "config.h"

#include "html-writer.h"
#include "html.h"
#include "text.h"
#include "view.h"

#define MAX_PAIRS 400
#define MAX_EDGES_OF_PAIR 12
#define MAX_EDGES 2400
#define MAX_QUESTIONS 100
#define MAX_CLIENTS 6
#define MAX_NOISE 100
#define MAX_LOCAL 100
#define MAX_NAMED_SERVICES 4

static void section(GString *page, const char *id, const char *title, uint64_t edges, const char *lead)
{
	char number[AM_NUMBER_TEXT_SIZE];
	am_html_add(page, "<section id=\"%s\">\n<h2>%s <span class=\"count\">%s</span></h2>\n<p>%s</p>\n", id, title,
		    am_number_text(edges, number), lead);
}

static const char *endpoint_text(const AmMap *map, uint32_t endpoint, char text[AM_ADDRESS_TEXT_SIZE])
{
	return am_address_text(&am_view_endpoint(map, endpoint)->address, text);
}

/* "tls.google (dpi)", or a dash. */
static void cell_l7(GString *page, const AmEdge *edge)
{
	const char *l7 = am_view_l7(edge);
	if (l7 == NULL)
		am_html_cell(page, NULL);
	else
		am_html_add(page, "<td>%s <small>%s</small></td>", l7,
			    am_l7_confidence_name(am_view_l7_confidence(edge)));
}

/* "4 accepted, 1 refused" */
static void outcomes_text(GString *to, const uint64_t outcomes[AM_N_OUTCOMES])
{
	char number[AM_NUMBER_TEXT_SIZE];
	for (int i = 0; i < AM_N_OUTCOMES; i++)
		if (outcomes[i] > 0)
			g_string_append_printf(to, "%s%s %s", to->len > 0 ? ", " : "",
					       am_number_text(outcomes[i], number), am_outcome_name((AmOutcome)i));
}

static void cell_outcomes(GString *page, const uint64_t outcomes[AM_N_OUTCOMES])
{
	g_autoptr(GString) text = g_string_new(NULL);
	outcomes_text(text, outcomes);
	am_html_cell(page, text->str);
}

/* ---- essential */

static void essential_row(GString *page, const AmPairSum *pair)
{
	char service[AM_SERVICE_TEXT_SIZE];
	g_string_append(page, "<tr>");
	am_html_cell(page, pair->client);
	am_html_cell(page, pair->server);
	am_html_cell_code(page, am_service_text(pair->ip_protocol, pair->port, service));
	cell_l7(page, pair->sum.busiest);
	am_html_cell_number(page, pair->clients);
	am_html_cell_number(page, pair->servers);
	am_html_cell_number(page, pair->sum.connections);
	am_html_cell_size(page, pair->sum.bytes);
	am_html_cell_number(page, pair->sum.days);
	am_html_cell(page, am_direction_name(pair->sum.direction));
	am_html_cell_span(page, pair->sum.first_ns, pair->sum.last_ns);
	g_string_append(page, "</tr>\n");
}

/* The busiest address pairs behind a row of the table above. Returns how many it wrote. */
static guint evidence_rows(GString *page, const AmMap *map, const AmPairSum *pair, guint most)
{
	guint n = MIN(MIN(pair->edges->len, MAX_EDGES_OF_PAIR), most);
	for (guint i = 0; i < n; i++) {
		const AmEdge *edge = g_ptr_array_index(pair->edges, i);
		char client[AM_ADDRESS_TEXT_SIZE], server[AM_ADDRESS_TEXT_SIZE], service[AM_SERVICE_TEXT_SIZE];
		g_string_append(page, "<tr>");
		am_html_cell_code(page, endpoint_text(map, edge->client, client));
		am_html_cell_code(page, endpoint_text(map, edge->server, server));
		am_html_cell_code(page, am_service_text(edge->ip_protocol, edge->port, service));
		cell_l7(page, edge);
		am_html_cell(page, edge->server_name);
		am_html_cell_number(page, edge->connections);
		cell_outcomes(page, edge->outcomes);
		am_html_cell_number(page, edge->days);
		am_html_cell(page, am_direction_name(edge->direction));
		am_html_cell_span(page, edge->first_ns, edge->last_ns);
		g_string_append(page, "</tr>\n");
	}
	return n;
}

static void essential_evidence(GString *page, const AmHtmlReport *report, guint n_pairs)
{
	static const char *const headings[] = {"Client",       "Server",       "Service",  "Protocol seen",
					       "Server name",  ">Connections", "Outcomes", ">Days",
					       "Direction by", "Seen (UTC)",   NULL};
	g_string_append(page, "<details><summary>Evidence by address pair</summary>\n");
	am_html_table(page, headings);
	guint shown = 0;
	for (guint i = 0; i < n_pairs; i++)
		shown += evidence_rows(page, report->map, g_ptr_array_index(report->digest->pairs, i),
				       MAX_EDGES - shown);
	am_html_table_end(page);
	am_html_more(page, report->digest->by_verdict[AM_VERDICT_ESSENTIAL].edges - shown, "address pair",
		     "allowmap flows --verdict essential");
	g_string_append(page, "</details>\n");
}

void am_html_essential(GString *page, const AmHtmlReport *report)
{
	static const char *const headings[] = {"Client group", "Server group", "Service",      "Protocol seen",
					       ">Clients",     ">Servers",     ">Connections", ">Bytes",
					       ">Days",        "Direction by", "Seen (UTC)",   NULL};
	const GPtrArray *pairs = report->digest->pairs;
	section(page, "essential", "Essential", report->digest->by_verdict[AM_VERDICT_ESSENTIAL].edges,
		"Needed: the policy permits it. One line per pair of groups and service; direction is the weakest "
		"evidence for who is the client, days the most on which one address pair was seen.");
	if (pairs->len > 0) {
		guint n = MIN(pairs->len, MAX_PAIRS);
		am_html_table(page, headings);
		for (guint i = 0; i < n; i++)
			essential_row(page, g_ptr_array_index(pairs, i));
		am_html_table_end(page);
		am_html_more(page, pairs->len - n, "line", "allowmap flows --verdict essential");
		essential_evidence(page, report, n);
	}
	g_string_append(page, "</section>\n");
}

/* ---- undecided */

/* The command that answers for one edge, ready to be pasted. */
static void answer_command(GString *page, const AmMap *map, const AmEdge *edge)
{
	char client[AM_ADDRESS_TEXT_SIZE], server[AM_ADDRESS_TEXT_SIZE], service[AM_SERVICE_TEXT_SIZE];
	am_html_add(page, "allowmap verdict set %s %s %s essential --why 'REASON'",
		    endpoint_text(map, edge->client, client), endpoint_text(map, edge->server, server),
		    am_service_text(edge->ip_protocol, edge->port, service));
	if (map->networks->len > 1) {
		const char *network = am_view_network(map, am_view_endpoint(map, edge->client)->network);
		g_autofree char *quoted = g_shell_quote(network);
		am_html_add(page, " --network %s", quoted);
	}
	g_string_append_c(page, '\n');
}

static void question_clients(GString *page, const AmMap *map, const AmQuestion *question)
{
	char address[AM_ADDRESS_TEXT_SIZE];
	guint n = MIN(question->edges->len, MAX_CLIENTS);
	for (guint i = 0; i < n; i++) {
		const AmEdge *edge = g_ptr_array_index(question->edges, i);
		const char *group = am_view_group_name(map, edge->client);
		am_html_add(page, "%s<code>%s</code>", i == 0 ? "" : ", ", endpoint_text(map, edge->client, address));
		if (group != NULL && question->edges->len == 1)
			am_html_add(page, " (%s)", group);
	}
	if (question->edges->len > n) {
		char number[AM_NUMBER_TEXT_SIZE];
		am_html_add(page, " and %s more", am_number_text(question->edges->len - n, number));
	}
}

static void question_evidence(GString *page, const AmQuestion *question)
{
	char first[AM_TIME_TEXT_SIZE], last[AM_TIME_TEXT_SIZE];
	g_autoptr(GString) seen = g_string_new("Seen ");
	am_text_append_counted(seen, question->sum.connections, "time", NULL);
	am_html_add(page, "<p class=\"evidence\">%s on ", seen->str);
	g_string_truncate(seen, 0);
	am_text_append_counted(seen, question->sum.days, "day", NULL);
	g_autoptr(GString) outcomes = g_string_new(NULL);
	outcomes_text(outcomes, question->sum.outcomes);
	am_html_add(page, "%s (%s), first %s", seen->str, outcomes->str, am_moment_text(question->sum.first_ns, first));
	if (question->sum.last_ns != question->sum.first_ns)
		am_html_add(page, ", last %s", am_moment_text(question->sum.last_ns, last));
	if (question->sum.busiest->server_name[0] != '\0')
		am_html_add(page, ", server name <code>%s</code>", question->sum.busiest->server_name);
	g_string_append(page, ".");
	for (int i = 0; i < AM_N_REASONS; i++)
		if (question->sum.reasons & (1u << i))
			am_html_add(page, " <span class=\"tag\" title=\"%s\">%s</span>", am_reason_text((AmReason)i),
				    am_reason_name((AmReason)i));
	g_string_append(page, "</p>\n");
}

static void question_card(GString *page, const AmMap *map, const AmQuestion *question)
{
	char server[AM_ADDRESS_TEXT_SIZE], service[AM_SERVICE_TEXT_SIZE];
	g_string_append_printf(page, "<li><p class=\"ask\">%s ", question->edges->len > 1 ? "Do" : "Does");
	question_clients(page, map, question);
	am_html_add(page, " need <code>%s</code> ", endpoint_text(map, question->server, server));
	const char *group = am_view_group_name(map, question->server);
	if (group != NULL)
		am_html_add(page, "(%s) ", group);
	am_html_add(page, "on <code>%s</code>", am_service_text(question->ip_protocol, question->port, service));
	char l7[AM_L7_SIZE + 1];
	if (*am_view_l7_word(question->sum.busiest, l7) != '\0')
		am_html_add(page, " (%s)", l7);
	g_string_append(page, "?</p>\n");
	question_evidence(page, question);
	g_string_append(page, "<details><summary>To answer</summary><pre>");
	guint n = MIN(question->edges->len, MAX_CLIENTS);
	for (guint i = 0; i < n; i++)
		answer_command(page, map, g_ptr_array_index(question->edges, i));
	g_string_append(page, "</pre></details></li>\n");
}

void am_html_questions(GString *page, const AmHtmlReport *report)
{
	const GPtrArray *questions = report->digest->questions;
	section(page, "questions", "Questions", questions->len,
		"What was seen too rarely, or looks too risky, to be permitted without a person's word. Each is left "
		"out of "
		"the policy until somebody answers: essential, background or suspicious. The commands are for the "
		"folder "
		"of the database; elsewhere add --db FILE.");
	if (questions->len == 0) {
		g_string_append(page, "<p class=\"none\">None.</p>\n</section>\n");
		return;
	}
	guint n = MIN(questions->len, MAX_QUESTIONS);
	g_string_append(page, "<ol class=\"cards\">\n");
	for (guint i = 0; i < n; i++)
		question_card(page, report->map, g_ptr_array_index(questions, i));
	g_string_append(page, "</ol>\n");
	am_html_more(page, questions->len - n, "question", "allowmap flows --verdict undecided");
	g_string_append(page, "</section>\n");
}

/* ---- suspicious and background */

/* The cells that tell where it comes from and why: suspicious by source, background by reason. */
static void noise_source(GString *page, const AmMap *map, const AmNoiseSum *noise)
{
	char address[AM_ADDRESS_TEXT_SIZE];
	g_autoptr(GString) text = g_string_new(NULL);
	if (noise->endpoint != AM_NO_INDEX) {
		am_html_add(page, "<td><code>%s</code>%s</td>", endpoint_text(map, noise->endpoint, address),
			    am_view_asset(map, noise->endpoint)->scanner ? " scanner" : "");
	} else {
		am_text_append_counted(text, noise->sources, "source", NULL);
		am_html_cell(page, text->str);
	}
	am_html_cell(page, noise->party);
	g_string_truncate(text, 0);
	am_digest_append_reasons(text, &noise->sum);
	am_html_cell(page, text->str);
}

static void noise_reason(GString *page, const AmMap *map, const AmNoiseSum *noise)
{
	(void)map;
	gboolean known = noise->reason < AM_N_REASONS;
	am_html_cell(page, known ? am_reason_name(noise->reason) : NULL);
	am_html_cell(page, known ? am_reason_text(noise->reason) : NULL);
	am_html_cell(page, noise->party);
}

typedef void (*NoiseCells)(GString *page, const AmMap *map, const AmNoiseSum *noise);

static void noise_row(GString *page, const AmMap *map, const AmNoiseSum *noise, NoiseCells cells)
{
	g_autoptr(GString) services = g_string_new(NULL);
	am_digest_append_services(services, noise, MAX_NAMED_SERVICES);
	g_string_append(page, "<tr>");
	cells(page, map, noise);
	am_html_cell_number(page, noise->targets);
	am_html_cell(page, services->str);
	am_html_cell_number(page, noise->sum.edges);
	am_html_cell_number(page, noise->sum.connections);
	/* A probe that is answered and then reset leaves nothing by which the outcome could be told. */
	am_html_cell_number(page, noise->sum.outcomes[AM_OUTCOME_ACCEPTED] + noise->sum.outcomes[AM_OUTCOME_MIDSTREAM]);
	am_html_cell_span(page, noise->sum.first_ns, noise->sum.last_ns);
	g_string_append(page, "</tr>\n");
}

static void noise_table(GString *page, const AmMap *map, const GPtrArray *list, const char *const *headings,
			NoiseCells cells, const char *command)
{
	if (list->len == 0) {
		g_string_append(page, "<p class=\"none\">None.</p>\n</section>\n");
		return;
	}
	guint n = MIN(list->len, MAX_NOISE);
	am_html_table(page, headings);
	for (guint i = 0; i < n; i++)
		noise_row(page, map, g_ptr_array_index(list, i), cells);
	am_html_table_end(page);
	am_html_more(page, list->len - n, "line", command);
	g_string_append(page, "</section>\n");
}

/* What the reason codes mean, for those that occur. */
static void reason_glossary(GString *page, uint32_t reasons)
{
	if (reasons == 0)
		return;
	g_string_append(page, "<dl class=\"glossary\">");
	for (int i = 0; i < AM_N_REASONS; i++)
		if (reasons & (1u << i))
			am_html_add(page, "<div><dt>%s</dt><dd>%s</dd></div>", am_reason_name((AmReason)i),
				    am_reason_text((AmReason)i));
	g_string_append(page, "</dl>\n");
}

void am_html_suspicious(GString *page, const AmHtmlReport *report)
{
	static const char *const headings[] = {"Source", "Group",        "Reasons (edges)", ">Targets",   "Services",
					       ">Edges", ">Connections", ">Answered",       "Seen (UTC)", NULL};
	const AmEdgeSum *sum = &report->digest->by_verdict[AM_VERDICT_SUSPICIOUS];
	section(page, "suspicious", "Suspicious", sum->edges,
		"Scans, attacks, beacons: one line per source. No rule permits them, also not the part that was "
		"answered.");
	reason_glossary(page, sum->reasons);
	noise_table(page, report->map, report->digest->suspicious, headings, noise_source,
		    "allowmap flows --verdict suspicious");
}

void am_html_background(GString *page, const AmHtmlReport *report)
{
	static const char *const headings[] = {"Reason", "Meaning",      "From",      ">Targets",   "Services",
					       ">Edges", ">Connections", ">Answered", "Seen (UTC)", NULL};
	section(page, "background", "Background", report->digest->by_verdict[AM_VERDICT_BACKGROUND].edges,
		"Chatter, leftovers and failures, by reason and by who caused it. No rule is made for them.");
	noise_table(page, report->map, report->digest->background, headings, noise_reason,
		    "allowmap flows --verdict background");
}

/* ---- local */

void am_html_local(GString *page, const AmHtmlReport *report)
{
	static const char *const headings[] = {"Service",      "Protocol seen", ">Senders",   ">Receivers",
					       ">Connections", "Why",           "Seen (UTC)", NULL};
	const GPtrArray *list = report->digest->local;
	section(page, "local", "Local", report->digest->by_verdict[AM_VERDICT_LOCAL].edges,
		"What hosts say on their own link, or to a multicast group. The allow-list for hosts permits DHCP, "
		"neighbour discovery and IGMP in any case; the rest has rules where it comes again from a host "
		"inside.");
	if (list->len == 0) {
		g_string_append(page, "<p class=\"none\">None.</p>\n</section>\n");
		return;
	}
	guint n = MIN(list->len, MAX_LOCAL);
	am_html_table(page, headings);
	for (guint i = 0; i < n; i++) {
		const AmServiceSum *service = g_ptr_array_index(list, i);
		char text[AM_SERVICE_TEXT_SIZE];
		g_autoptr(GString) reasons = g_string_new(NULL);
		am_digest_append_reasons(reasons, &service->sum);
		g_string_append(page, "<tr>");
		am_html_cell_code(page, am_service_text(service->ip_protocol, service->port, text));
		cell_l7(page, service->sum.busiest);
		am_html_cell_number(page, service->clients);
		am_html_cell_number(page, service->servers);
		am_html_cell_number(page, service->sum.connections);
		am_html_cell(page, reasons->str);
		am_html_cell_span(page, service->sum.first_ns, service->sum.last_ns);
		g_string_append(page, "</tr>\n");
	}
	am_html_table_end(page);
	am_html_more(page, list->len - n, "service", "allowmap flows --verdict local");
	g_string_append(page, "</section>\n");
}
