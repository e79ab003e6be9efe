/* What `analyze` ends with on the terminal: what was read, what was found, what has to be decided, in under a screen.
 * Fed by the map, the policy and the runs; says what is missing as plainly as what is there. */
#include "config.h"

#include "coverage.h"
#include "digest.h"
#include "ledger.h"
#include "text.h"
#include "view.h"

#include "allowmap/report.h"

#include <string.h>

#define TOP_SERVICES 8
#define TOP_NOISE 5

/* "Packets    " and then text; the heading only on a section's first line. */
static void start(GString *to, const char *heading)
{
	g_string_append_printf(to, "%-12s", heading);
}

static void summarise_packets(GString *to, const AmLedgerSum *all)
{
	char number[AM_NUMBER_TEXT_SIZE];
	uint64_t skipped = am_ledger_skipped(&all->sum);
	start(to, "Packets");
	g_string_append_printf(to, "%s read", am_number_text(all->sum.read, number));
	g_string_append_printf(to, " = %s recorded", am_number_text(all->sum.recorded, number));
	g_string_append_printf(to, " + %s skipped\n", am_number_text(skipped, number));
	for (int r = 1; r < AM_N_SKIP_REASONS; r++) {
		if (all->sum.skipped[r] == 0)
			continue;
		start(to, "");
		g_string_append_printf(to, "  %s: %s (%s)\n", am_skip_reason_name(r),
				       am_number_text(all->sum.skipped[r], number), am_skip_reason_text(r));
	}
	if (all->sum.log_lines > 0) {
		start(to, "Logs");
		am_text_append_counted(to, all->sum.log_lines, "line", NULL);
		g_string_append_printf(to, " = %s recorded", am_number_text(all->sum.log_recorded, number));
		g_string_append_printf(to, " + %s skipped\n", am_number_text(all->sum.log_skipped, number));
	}
	for (int r = 1; r < AM_N_LOG_SKIPS; r++) {
		if (all->sum.log_reasons[r] == 0)
			continue;
		start(to, "");
		g_string_append_printf(to, "  %s: %s (%s)\n", am_log_skip_name((AmLogSkip)r),
				       am_number_text(all->sum.log_reasons[r], number), am_log_skip_text((AmLogSkip)r));
	}
}

static void summarise_losses(GString *to, const AmLedgerSum *all)
{
	if (all->cut_inputs > 0) {
		start(to, "Cut short");
		am_text_append_counted(to, all->cut_inputs, "capture", NULL);
		g_string_append(to, " ended inside a record; all before it was kept\n");
	}
	if (all->sum.connections_given_up > 0) {
		start(to, "Given up");
		am_text_append_counted(to, all->sum.connections_given_up, "connection", NULL);
		g_string_append(to, " closed early: the connection table was full\n");
	}
}

static void summarise_map(GString *to, const AmMap *map, const AmDigest *digest)
{
	char first[AM_TIME_TEXT_SIZE], last[AM_TIME_TEXT_SIZE], number[AM_NUMBER_TEXT_SIZE];
	start(to, "Observed");
	g_string_append_printf(to, "%s .. %s UTC, ", am_moment_text(map->first_ns, first),
			       am_moment_text(map->last_ns, last));
	am_text_append_counted(to, map->days, "day", NULL);
	g_string_append_c(to, '\n');
	start(to, "Network");
	am_text_append_counted(to, map->assets->len, "asset", NULL);
	g_string_append_printf(to, " (%s inside), ", am_number_text(digest->inside, number));
	am_text_append_counted(to, map->groups->len, "group", NULL);
	g_string_append(to, ", ");
	am_text_append_counted(to, map->listeners->len, "listener", NULL);
	g_string_append_printf(to, " (%s idle)\n", am_number_text(digest->idle_listeners, number));
	for (int v = 0; v < AM_N_VERDICTS; v++) {
		const AmEdgeSum *sum = &digest->by_verdict[v];
		start(to, v == 0 ? "Edges" : "");
		g_string_append_printf(to, "%-11s %9s", am_verdict_name((AmVerdict)v),
				       am_number_text(sum->edges, number));
		g_string_append_printf(to, "   %12s connections\n", am_number_text(sum->connections, number));
	}
}

static void summarise_coverage(GString *to, const AmMap *map)
{
	g_autofree char *words = am_coverage_words(map->coverage);
	start(to, "Coverage");
	am_text_append_wrapped(to, words, strlen("Coverage    "));
	start(to, "");
	g_string_append(to, "(allowmap status --coverage)\n");
}

static void summarise_services(GString *to, const AmDigest *digest)
{
	for (guint i = 0; i < digest->services->len && i < TOP_SERVICES; i++) {
		const AmServiceSum *service = g_ptr_array_index(digest->services, i);
		char text[AM_SERVICE_TEXT_SIZE], number[AM_NUMBER_TEXT_SIZE];
		start(to, i == 0 ? "Services" : "");
		g_string_append_printf(to, "%-11s ", am_service_text(service->ip_protocol, service->port, text));
		char l7[AM_L7_SIZE + 1];
		guint width =
			am_text_append_terminal(to, *am_view_l7_word(service->sum.busiest, l7) != '\0' ? l7 : "-");
		g_string_append_printf(to, "%*s", width < 15 ? (int)(15 - width) : 1, "");
		g_string_append_printf(to, "%9s connections, ", am_number_text(service->sum.connections, number));
		am_text_append_counted(to, service->clients, "client", NULL);
		g_string_append(to, ", ");
		am_text_append_counted(to, service->servers, "server", NULL);
		g_string_append_c(to, '\n');
	}
	if (digest->services->len > TOP_SERVICES) {
		start(to, "");
		g_string_append(to, "and ");
		am_text_append_counted(to, digest->services->len - TOP_SERVICES, "more service", NULL);
		g_string_append_c(to, '\n');
	}
}

static void summarise_policy(GString *to, const AmPolicy *policy)
{
	if (policy == NULL)
		return;
	char number[AM_NUMBER_TEXT_SIZE];
	uint64_t over_grant = 0, unseen = 0;
	uint32_t needed = 0;
	for (guint i = 0; i < policy->rules->len; i++) {
		const AmRule *rule = g_ptr_array_index(policy->rules, i);
		over_grant = am_number_add(over_grant, rule->over_grant);
		unseen = am_number_add(unseen, rule->over_grant_unseen);
		needed += rule->evidence.edges;
	}
	start(to, "Policy");
	am_text_append_counted(to, policy->rules->len, "rule", NULL);
	g_string_append(to, " between ");
	am_text_append_counted(to, policy->groups->len, "group", NULL);
	g_string_append_printf(to, " for %s needed edges; over-grant ", am_number_text(needed, number));
	g_string_append_printf(to, "%s (permitted, never seen to be needed)", am_number_text(over_grant, number));
	if (unseen > 0)
		g_string_append_printf(to, ", and %s for addresses still to come", am_number_text(unseen, number));
	g_string_append_c(to, '\n');
}

static void summarise_noise(GString *to, const AmDigest *digest)
{
	const AmMap *map = digest->map;
	guint n = MIN(digest->suspects, TOP_NOISE);
	for (guint i = 0; i < n; i++) {
		const AmNoiseSum *noise = g_ptr_array_index(digest->suspicious, i);
		char address[AM_ADDRESS_TEXT_SIZE];
		start(to, i == 0 ? "Suspicious" : "");
		g_string_append_printf(
			to, "%s: ", am_address_text(&am_view_endpoint(map, noise->endpoint)->address, address));
		am_text_append_counted(to, noise->targets, "target", NULL);
		g_string_append(to, ", ");
		am_text_append_counted(to, noise->services, "service", NULL);
		g_string_append_printf(to, "%s\n", am_view_asset(map, noise->endpoint)->scanner ? ", a scanner" : "");
	}
	if (digest->suspects > n) {
		start(to, "");
		g_string_append(to, "and ");
		am_text_append_counted(to, digest->suspects - n, "more source", NULL);
		g_string_append(to, "; allowmap flows --verdict suspicious\n");
	}
	if (digest->knockers > 0) {
		start(to, n == 0 ? "Suspicious" : "");
		am_text_append_counted(to, digest->knockers, "address", "addresses");
		g_string_append(to, " outside that knocked a few times\n");
	}
}

static void summarise_questions(GString *to, const AmDigest *digest, const AmPolicy *policy)
{
	start(to, "Questions");
	if (digest->questions->len == 0) {
		g_string_append(to, "none\n");
		return;
	}
	am_text_append_counted(to, digest->by_verdict[AM_VERDICT_UNDECIDED].edges, "undecided edge", NULL);
	g_string_append(to, " to ");
	am_text_append_counted(to, digest->questions->len, "service", NULL);
	g_string_append(to, ": no rule is made for them until you decide\n");
	if (policy != NULL && policy->undecided_permitted > 0) {
		start(to, "");
		am_text_append_counted(to, policy->undecided_permitted, "is", "are");
		g_string_append(to, " permitted all the same, by rules between groups\n");
	}
	start(to, "");
	g_string_append(to, "(allowmap flows --verdict undecided, allowmap verdict set)\n");
}

void am_report_summary(const AmMap *map, const AmPolicy *policy, const GPtrArray *runs, FILE *out)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(AmDigest) digest = am_digest_new(map);
	AmLedgerSum all = am_ledger_sum(runs);
	summarise_packets(text, &all);
	summarise_losses(text, &all);
	summarise_map(text, map, digest);
	summarise_coverage(text, map);
	summarise_services(text, digest);
	summarise_noise(text, digest);
	summarise_policy(text, policy);
	summarise_questions(text, digest, policy);
	fwrite(text->str, 1, text->len, out);
}
