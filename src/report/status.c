/* `status`: what was read, what became of it, what is known to be missing. Fed by the map's sums and the runs' ledgers.
 */
#include "config.h"

#include "ledger.h"
#include "listing.h"
#include "text.h"

#include <string.h>

/* What is known to be lost, by name. Loss before the capture port shows in TCP only: an estimate. */
typedef struct {
	const char *name, *meaning;
	uint64_t number;
} Loss;

static uint64_t parts_per_million(uint64_t lost, uint64_t seen)
{
	return lost == 0 ? 0 : (uint64_t)(1e6 * (double)lost / ((double)lost + (double)seen));
}

#define N_LOSSES 18
static void losses(const AmLedgerSum *all, Loss ret_losses[N_LOSSES])
{
	const Loss table[N_LOSSES] = {
		{"inputs_cut", "captures that end inside a record: all before it was kept", all->cut_inputs},
		{"runs_unfinished", "runs that are not finished", all->unfinished_runs},
		{"runs_interrupted", "captures that did not end by themselves; at most their last minute is missing",
		 all->interrupted_runs},
		{"dropped_kernel", "packets that came faster than they were read; a larger --ring helps",
		 all->dropped_kernel},
		{"dropped_interface", "packets that the network card or its driver dropped", all->dropped_interface},
		{"minutes_dropped", "minutes in which an interface dropped packets", all->minutes_dropped},
		{"link_outages", "times that the link of an interface went down", all->outages},
		{"packets_no_room", "packets that found no room in the connection table",
		 all->sum.skipped[AM_SKIP_FLOW_TABLE]},
		{"connections_given_up", "connections closed early because the table was full",
		 all->sum.connections_given_up},
		{"connections_not_kept", "connections that only count in the tallies, for want of room on the disk",
		 all->sum.connections_not_kept},
		{"connections_counted",
		 "unanswered connections beyond the budget: counted by source, port and minute, not kept",
		 all->sum.connections_counted},
		{"times_mended", "packets whose time was far from all around them; they count at the time so far",
		 all->sum.times_mended},
		{"clock_steps_back", "times that the clock was put back; open connections ended there",
		 all->sum.clock_steps_back},
		{"tcp_bytes_acked_unseen",
		 "octets that TCP acknowledged and that never passed: lost before the capture port",
		 all->sum.tcp_bytes_unseen},
		{"tcp_unseen_ppm", "of a million octets of TCP payload so many were lost before the capture port",
		 parts_per_million(all->sum.tcp_bytes_unseen, all->sum.tcp_bytes_seen)},
		{"tcp_one_way", "TCP connections of which only one side passed: a one-way mirror, not loss",
		 all->sum.tcp_one_way},
		{"tcp_bytes_one_way", "octets that were acknowledged on the side that did not pass",
		 all->sum.tcp_bytes_one_way},
		{"log_lines_skipped", "lines of connection logs that could not be used", am_ledger_unusable(&all->sum)},
	};
	for (guint i = 0; i < N_LOSSES; i++)
		ret_losses[i] = table[i];
}

/* What people declared, and how many edges are what they are by that. */
static const AmReason declared[] = {AM_REASON_EXPECTED, AM_REASON_EXCLUDED, AM_REASON_SANCTIONED};

static uint64_t count_reason(const AmMap *map, AmReason reason)
{
	uint64_t n_edges = 0;
	for (guint n = 0; n < map->edges->len; n++)
		n_edges += g_array_index(map->edges, AmEdge, n).reasons >> reason & 1;
	return n_edges;
}

static void append_json_pair(GString *to, gboolean first, const char *name, uint64_t number)
{
	if (!first)
		g_string_append_c(to, ',');
	am_text_append_json(to, name);
	g_string_append_printf(to, ":%" G_GUINT64_FORMAT, number);
}

static void append_json_time(GString *to, const char *name, int64_t ns)
{
	char text[AM_TIME_TEXT_SIZE];
	g_string_append_printf(to, ",\"%s\":", name);
	if (ns == 0)
		g_string_append(to, "null");
	else
		am_text_append_json(to, am_time_text(ns, text));
}

static void append_json_input(GString *to, const AmInput *input)
{
	g_string_append(to, "{\"path\":");
	am_text_append_json(to, input->path != NULL ? input->path : "");
	g_string_append(to, ",\"kind\":");
	am_text_append_json(to, am_input_kind_name(input->kind));
	append_json_pair(to, FALSE, "size", input->size);
	g_string_append(to, ",\"sha256\":");
	if (input->sha256[0] != '\0')
		am_text_append_json(to, input->sha256);
	else
		g_string_append(to, "null");
	append_json_pair(to, FALSE, "records", input->records);
	append_json_time(to, "first", input->first_ns);
	append_json_time(to, "last", input->last_ns);
	g_string_append_printf(to, ",\"cut\":%s}", input->cut ? "true" : "false");
}

/* How the capture was fenced in, as its parameters say; NULL = they do not. g_free() */
static char *sandbox_of(const AmRun *run)
{
	const char *begin = run->parameters != NULL ? strstr(run->parameters, "\"sandbox\":\"") : NULL;
	if (begin == NULL)
		return NULL;
	begin += strlen("\"sandbox\":\"");
	return g_strndup(begin, strcspn(begin, "\"\\"));
}

static void append_json_capture(GString *to, const AmRun *run)
{
	g_string_append_printf(to, "{\"run\":%" G_GINT64_FORMAT, (gint64)run->id);
	append_json_time(to, "started", run->started_ns);
	append_json_time(to, "committed", run->committed_ns);
	append_json_time(to, "ended", run->finished_ns);
	g_autofree char *sandbox = sandbox_of(run);
	g_string_append(to, ",\"sandbox\":");
	am_text_append_json(to, sandbox != NULL ? sandbox : "");
	g_string_append_printf(to, ",\"interrupted\":%s,\"interfaces\":[", run->interrupted ? "true" : "false");
	for (guint n = 0; run->interfaces != NULL && n < run->interfaces->len; n++) {
		const AmRunInterface *interface = &g_array_index(run->interfaces, AmRunInterface, n);
		g_string_append(to, n > 0 ? ",{\"name\":" : "{\"name\":");
		am_text_append_json(to, interface->name);
		append_json_pair(to, FALSE, "packets", interface->packets);
		append_json_pair(to, FALSE, "dropped_kernel", interface->dropped_kernel);
		append_json_pair(to, FALSE, "dropped_interface", interface->dropped_interface);
		append_json_pair(to, FALSE, "outages", interface->outages);
		append_json_pair(to, FALSE, "minutes", interface->minutes);
		append_json_pair(to, FALSE, "minutes_dropped", interface->minutes_dropped);
		append_json_pair(to, FALSE, "worst_minute", interface->worst_minute);
		g_string_append_c(to, '}');
	}
	g_string_append(to, "]}");
}

static void append_json_captures(GString *to, const GPtrArray *runs)
{
	gboolean first = TRUE;
	g_string_append(to, "],\"captures\":[");
	for (guint i = 0; i < runs->len; i++) {
		const AmRun *run = g_ptr_array_index(runs, i);
		if (!run->live)
			continue;
		if (!first)
			g_string_append_c(to, ',');
		first = FALSE;
		append_json_capture(to, run);
	}
}

static void status_json(GString *to, const AmMap *map, const GPtrArray *runs, const AmLedgerSum *all,
			uint64_t connections)
{
	g_string_append(to, "{\"packets\":{");
	append_json_pair(to, TRUE, "read", all->sum.read);
	append_json_pair(to, FALSE, "recorded", all->sum.recorded);
	append_json_pair(to, FALSE, "fragments", all->sum.fragments);
	g_string_append(to, ",\"skipped\":{");
	for (int r = 1; r < AM_N_SKIP_REASONS; r++)
		append_json_pair(to, r == 1, am_skip_reason_name(r), all->sum.skipped[r]);
	g_string_append(to, "}}");
	append_json_pair(to, FALSE, "connections", connections);
	append_json_pair(to, FALSE, "assets", map->assets->len);
	g_string_append(to, ",\"edges\":{");
	for (int v = 0; v < AM_N_VERDICTS; v++)
		append_json_pair(to, v == 0, am_verdict_name((AmVerdict)v), map->n_verdicts[v]);
	g_string_append(to, "},\"declared\":{");
	for (guint n = 0; n < G_N_ELEMENTS(declared); n++)
		append_json_pair(to, n == 0, am_reason_name(declared[n]), count_reason(map, declared[n]));
	g_string_append(to, "},\"loss\":{");
	Loss lost[N_LOSSES];
	losses(all, lost);
	for (guint i = 0; i < N_LOSSES; i++)
		append_json_pair(to, i == 0, lost[i].name, lost[i].number);
	g_string_append(to, "},\"inputs\":[");
	gboolean first = TRUE;
	for (guint i = 0; i < runs->len; i++) {
		const AmRun *run = g_ptr_array_index(runs, i);
		for (guint n = 0; run->inputs != NULL && n < run->inputs->len; n++) {
			if (!first)
				g_string_append_c(to, ',');
			first = FALSE;
			append_json_input(to, &g_array_index(run->inputs, AmInput, n));
		}
	}
	append_json_captures(to, runs);
	g_string_append(to, "]}\n");
}

static void line(GString *to, const char *name, uint64_t number, const char *meaning)
{
	char text[AM_NUMBER_TEXT_SIZE];
	g_string_append_printf(to, "  %-24s %15s", name, am_number_text(number, text));
	if (meaning != NULL)
		g_string_append_printf(to, "  %s", meaning);
	g_string_append_c(to, '\n');
}

static void status_inputs(GString *to, const GPtrArray *runs)
{
	char size[AM_NUMBER_TEXT_SIZE], records[AM_NUMBER_TEXT_SIZE], first[AM_TIME_TEXT_SIZE], last[AM_TIME_TEXT_SIZE];
	for (guint i = 0; i < runs->len; i++) {
		const AmRun *run = g_ptr_array_index(runs, i);
		for (guint n = 0; run->inputs != NULL && n < run->inputs->len; n++) {
			const AmInput *input = &g_array_index(run->inputs, AmInput, n);
			g_string_append(to, "  ");
			am_text_append_terminal(to, input->path != NULL ? input->path : "");
			g_string_append_printf(to, "  %s, %s, %s records, %s .. %s%s\n",
					       am_input_kind_name(input->kind), am_size_text(input->size, size),
					       am_number_text(input->records, records),
					       am_moment_text(input->first_ns, first),
					       am_moment_text(input->last_ns, last), input->cut ? ", cut short" : "");
		}
	}
}

static void status_interface(GString *to, const AmRunInterface *interface)
{
	char number[AM_NUMBER_TEXT_SIZE];
	uint64_t dropped = interface->dropped_kernel + interface->dropped_interface;
	g_string_append(to, "    ");
	am_text_append_terminal(to, interface->name);
	g_string_append_printf(to, "  %s packets", am_number_text(interface->packets, number));
	if (dropped > 0)
		g_string_append_printf(to, ", %s dropped", am_number_text(dropped, number));
	if (interface->outages > 0)
		g_string_append_printf(to, ", link down %s times", am_number_text(interface->outages, number));
	g_string_append_c(to, '\n');
}

static void status_captures(GString *to, const GPtrArray *runs)
{
	char first[AM_TIME_TEXT_SIZE], last[AM_TIME_TEXT_SIZE];
	gboolean none = TRUE;
	for (guint i = 0; i < runs->len; i++) {
		const AmRun *run = g_ptr_array_index(runs, i);
		if (!run->live)
			continue;
		gboolean is_open = run->finished_ns == 0;
		g_string_append(to, none ? "Captures\n" : "");
		none = FALSE;
		g_string_append_printf(to, "  run %" G_GINT64_FORMAT "  %s .. %s%s%s\n", (gint64)run->id,
				       am_moment_text(run->started_ns, first),
				       am_moment_text(is_open ? run->committed_ns : run->finished_ns, last),
				       run->interrupted ? ", interrupted" : "", is_open ? ", not ended" : "");
		g_autofree char *sandbox = sandbox_of(run);
		if (sandbox != NULL && strcmp(sandbox, "complete") != 0) {
			g_string_append(to, "    sandbox: ");
			am_text_append_terminal(to, sandbox);
			g_string_append_c(to, '\n');
		}
		for (guint n = 0; run->interfaces != NULL && n < run->interfaces->len; n++)
			status_interface(to, &g_array_index(run->interfaces, AmRunInterface, n));
	}
}

static void status_table(GString *to, const AmMap *map, const GPtrArray *runs, const AmLedgerSum *all,
			 uint64_t connections)
{
	g_string_append(to, "Packets\n");
	line(to, "read", all->sum.read, NULL);
	line(to, "recorded", all->sum.recorded, NULL);
	if (all->sum.fragments > 0)
		line(to, "  as fragments", all->sum.fragments,
		     "of those: later IP fragments, counted with the first one of their datagram");
	for (int r = 1; r < AM_N_SKIP_REASONS; r++)
		if (all->sum.skipped[r] > 0)
			line(to, am_skip_reason_name(r), all->sum.skipped[r], am_skip_reason_text(r));
	if (all->sum.log_lines > 0) {
		g_string_append(to, "Connection logs\n");
		line(to, "lines", all->sum.log_lines, NULL);
		line(to, "recorded", all->sum.log_recorded, NULL);
		line(to, "skipped", all->sum.log_skipped, NULL);
		for (int r = 1; r < AM_N_LOG_SKIPS; r++)
			if (all->sum.log_reasons[r] > 0)
				line(to, am_log_skip_name((AmLogSkip)r), all->sum.log_reasons[r],
				     am_log_skip_text((AmLogSkip)r));
	}
	g_string_append(to, "Map\n");
	line(to, "connections", connections, NULL);
	line(to, "assets", map->assets->len, NULL);
	line(to, "groups", map->groups->len, NULL);
	g_string_append(to, "Edges\n");
	for (int v = 0; v < AM_N_VERDICTS; v++)
		line(to, am_verdict_name((AmVerdict)v), map->n_verdicts[v], NULL);
	for (guint n = 0; n < G_N_ELEMENTS(declared); n++)
		if (count_reason(map, declared[n]) > 0) {
			g_autofree char *name = g_strdup_printf("  %s", am_reason_name(declared[n]));
			line(to, name, count_reason(map, declared[n]), am_reason_text(declared[n]));
		}
	Loss lost[N_LOSSES];
	losses(all, lost);
	g_string_append(to, "Loss\n");
	gboolean none = TRUE;
	for (guint i = 0; i < N_LOSSES; i++) {
		if (lost[i].number == 0)
			continue;
		none = FALSE;
		line(to, lost[i].name, lost[i].number, lost[i].meaning);
	}
	if (none)
		g_string_append(to, "  none known\n");
	status_captures(to, runs);
	g_string_append(to, "Inputs\n");
	status_inputs(to, runs);
}

static void csv_line(GString *to, const char *section, const char *name, uint64_t value)
{
	g_string_append_printf(to, "%s,%s,%" G_GUINT64_FORMAT "\n", section, name, value);
}

/* One row per number. */
static void status_csv(GString *to, const AmMap *map, const AmLedgerSum *all, uint64_t connections)
{
	g_string_append(to, "section,name,value\n");
	csv_line(to, "packets", "read", all->sum.read);
	csv_line(to, "packets", "recorded", all->sum.recorded);
	csv_line(to, "packets", "fragments", all->sum.fragments);
	for (int r = 1; r < AM_N_SKIP_REASONS; r++)
		csv_line(to, "skipped", am_skip_reason_name(r), all->sum.skipped[r]);
	csv_line(to, "map", "connections", connections);
	csv_line(to, "map", "assets", map->assets->len);
	for (int v = 0; v < AM_N_VERDICTS; v++)
		csv_line(to, "edges", am_verdict_name((AmVerdict)v), map->n_verdicts[v]);
	for (guint n = 0; n < G_N_ELEMENTS(declared); n++)
		csv_line(to, "declared", am_reason_name(declared[n]), count_reason(map, declared[n]));
	Loss lost[N_LOSSES];
	losses(all, lost);
	for (guint i = 0; i < N_LOSSES; i++)
		csv_line(to, "loss", lost[i].name, lost[i].number);
}

gboolean am_report_status(const AmMap *map, const GPtrArray *runs, uint64_t connections, AmFormat format, FILE *out,
			  GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	AmLedgerSum all = am_ledger_sum(runs);
	switch (format) {
	case AM_FORMAT_TABLE:
		status_table(text, map, runs, &all, connections);
		break;
	case AM_FORMAT_JSON:
		status_json(text, map, runs, &all, connections);
		break;
	case AM_FORMAT_CSV:
		status_csv(text, map, &all, connections);
		break;
	}
	fwrite(text->str, 1, text->len, out);
	return am_write_flush(out, error);
}
