/* What the report stands on: every packet accounted for, the inputs, and what this cannot know. Fed by the runs'
 * ledgers and the digest. It must not say more than was measured. */
#include "config.h"

#include "coverage.h"
#include "html-writer.h"
#include "html.h"
#include "text.h"

#define MAX_INPUTS 200

static void inputs(GString *page, const AmHtmlReport *report)
{
	static const char *const headings[] = {
		"Input", "Kind", ">Size", ">Records", "Packets from – to (UTC)", "SHA-256 of first and last MiB",
		"",      NULL};
	guint shown = 0;
	am_html_table(page, headings);
	for (guint i = 0; i < report->runs->len; i++) {
		const AmRun *run = g_ptr_array_index(report->runs, i);
		for (guint n = 0; run->inputs != NULL && n < run->inputs->len && shown < MAX_INPUTS; n++, shown++) {
			const AmInput *input = &g_array_index(run->inputs, AmInput, n);
			g_string_append(page, "<tr>");
			am_html_cell(page, input->path);
			am_html_cell(page, am_input_kind_name(input->kind));
			am_html_cell_size(page, input->size);
			am_html_cell_number(page, input->records);
			am_html_cell_span(page, input->first_ns, input->last_ns);
			/* The first 16 digits tell files apart; `status` has them all. */
			am_html_add(page, "<td><code>%.16s</code></td>",
				    input->sha256[0] != '\0' ? input->sha256 : "–");
			am_html_add(page, "<td>%s</td></tr>\n", input->cut ? "cut short" : "");
		}
	}
	am_html_table_end(page);
	am_html_more(page, report->ledger.inputs - shown, "input", "allowmap status");
}

static void ledger_row(GString *page, const char *name, uint64_t number, const char *text)
{
	g_string_append(page, "<tr>");
	am_html_cell(page, name);
	am_html_cell_number(page, number);
	am_html_cell(page, text);
	g_string_append(page, "</tr>\n");
}

void am_html_ledger(GString *page, const AmHtmlReport *report)
{
	static const char *const headings[] = {"", ">Packets", "", NULL};
	const AmLedger *sum = &report->ledger.sum;
	g_string_append(page, "<section id=\"ledger\">\n<h2>Packets and inputs</h2>\n"
			      "<p>Every packet is accounted for: read = recorded + skipped, by reason.</p>\n");
	am_html_table(page, headings);
	ledger_row(page, "read", sum->read, "from all inputs");
	ledger_row(page, "recorded", sum->recorded, "counted in a connection");
	for (int r = 1; r < AM_N_SKIP_REASONS; r++)
		if (sum->skipped[r] > 0)
			ledger_row(page, am_skip_reason_name(r), sum->skipped[r], am_skip_reason_text(r));
	if (sum->log_lines > 0) {
		ledger_row(page, "log lines", sum->log_lines, "records of connection logs");
		ledger_row(page, "log lines skipped", sum->log_skipped, "that were not used");
		for (int r = 1; r < AM_N_LOG_SKIPS; r++)
			if (sum->log_reasons[r] > 0)
				ledger_row(page, am_log_skip_name((AmLogSkip)r), sum->log_reasons[r],
					   am_log_skip_text((AmLogSkip)r));
	}
	am_html_table_end(page);
	uint64_t skipped = am_ledger_skipped(sum);
	if (sum->read != sum->recorded + skipped)
		g_string_append(page,
				"<p class=\"note\">The ledger does not balance: this is a fault of allowmap. Please "
				"report it.</p>\n");
	inputs(page, report);
	g_string_append(page, "</section>\n");
}

static void item(GString *page, uint64_t number, const char *noun, const char *text)
{
	if (number == 0)
		return;
	g_autoptr(GString) counted = g_string_new(NULL);
	am_text_append_counted(counted, number, noun, NULL);
	am_html_add(page, "<li>%s %s</li>\n", counted->str, text);
}

/* What is too rare to have been seen, and which days never were. */
static void coverage_limits(GString *page, const AmCoverage *coverage)
{
	g_autofree char *rare = am_coverage_rare(coverage), *gaps = am_coverage_gaps(coverage);
	if (*rare == '\0')
		return;
	am_html_add(page, "<li>%s.", rare);
	if (gaps != NULL)
		am_html_add(page, " Not seen so far: %s.", gaps);
	g_string_append(page, " Restores and switches to a stand-by come to mind.</li>\n");
}

void am_html_limits(GString *page, const AmHtmlReport *report)
{
	const AmMap *map = report->map;
	const AmLedgerSum *all = &report->ledger;
	g_string_append(page, "<section id=\"limits\">\n<h2>What this cannot know</h2>\n<ul>\n");
	g_string_append(page,
			"<li>What was not on the mirror port or in the captures is not in this report. Loss before the "
			"capture is not measured here.</li>\n");
	coverage_limits(page, map->coverage);
	item(page, report->digest->guessed_essential, "essential edge",
	     "with a guessed direction: no handshake, no protocol role and no known listener showed who the client "
	     "is.");
	item(page, report->digest->by_verdict[AM_VERDICT_ESSENTIAL].outcomes[AM_OUTCOME_MIDSTREAM],
	     "essential connection", "whose beginning was not seen.");
	item(page, all->cut_inputs, "capture", "cut short: all before the cut was kept.");
	item(page, all->unfinished_runs, "run", "not finished when this was written.");
	item(page, all->sum.connections_given_up, "connection", "closed early because the connection table was full.");
	item(page, all->sum.skipped[AM_SKIP_FLOW_TABLE], "packet", "found no room in the connection table.");
	item(page, am_ledger_unusable(&all->sum), "log line", "could not be used.");
	g_string_append(page,
			"<li>An attacker who was active from the first day on, and who behaved like everybody else, "
			"cannot be told from everybody else.</li>\n");
	g_string_append(page, "</ul>\n</section>\n");
}
