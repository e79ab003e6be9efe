/* ingest: files become facts. The captures go through the pipeline in the order of their times, then the connection logs,
 * by this thread alone. Nothing of a run is visible before it is finished.
 */
#include "config.h"

#include "allowmap/capture.h"
#include "allowmap/import.h"
#include "allowmap/job.h"
#include "alike.h"
#include "inputs.h"
#include "pipeline.h"
#include "sandbox.h"

G_DEFINE_QUARK(am - job - error - quark, am_job_error)

#define PROGRESS_FRAMES 16384

typedef struct {
	const AmIngestOptions *options;
	AmIngestResult *result;
	AmFacts *facts;
	AmRun *run;
	uint32_t network;
	const GArray *rules; /* the network table */
	uint64_t ordinals;   /* that packets have; those of log lines come next */
} Ingest;

/* ---- Captures */

static gboolean read_captures(Ingest *ingest, AmInputs *inputs, GError **error)
{
	g_autoptr(AmNetworks) networks = am_pipeline_networks(ingest->facts, ingest->run, ingest->rules, error);
	if (networks == NULL)
		return FALSE;
	const AmPipelineOptions options = {.facts = ingest->facts,
					   .run = ingest->run,
					   .networks = networks,
					   .network = ingest->network,
					   .threads = ingest->options->threads,
					   .flow = ingest->options->flow};
	g_autoptr(AmPipeline) pipeline = am_pipeline_new(&options, error);
	if (pipeline == NULL)
		return FALSE;
	AmProgress *progress = am_progress_new("ingest", am_inputs_size(inputs));
	const AmLedger *ledger = &ingest->run->ledger;
	AmFrame frame;
	uint64_t unknown = 0;
	while (am_inputs_next(inputs, ingest->result, &frame) && am_pipeline_frame(pipeline, &frame)) {
		if (ledger->skipped[AM_SKIP_LINK_TYPE] > unknown) {
			unknown = ledger->skipped[AM_SKIP_LINK_TYPE];
			am_inputs_link_unknown(inputs);
		}
		if (ledger->read % PROGRESS_FRAMES == 0)
			am_progress_set(progress, am_inputs_position(inputs), ledger->read);
	}
	gboolean ok = am_pipeline_finish(pipeline, error);
	ingest->ordinals = am_pipeline_ordinals(pipeline);
	am_progress_free(progress);
	return ok;
}

/* ---- Connection logs */

typedef struct {
	Ingest *ingest;
	AmInput *input;
	uint64_t connections;
} LogRead;

static gboolean take_logged(const AmConnection *connection, gpointer user_data, GError **error)
{
	LogRead *log = user_data;
	AmInput *input = log->input;
	gboolean is_first = log->connections++ == 0;
	input->first_ns = is_first ? connection->first_ns : MIN(input->first_ns, connection->first_ns);
	input->last_ns = is_first ? connection->last_ns : MAX(input->last_ns, connection->last_ns);
	log->ingest->run->ledger.connections++;
	return am_facts_add_connections(log->ingest->facts, connection, 1, error);
}

static gboolean take_observed(const AmObservation *observation, gpointer user_data, GError **error)
{
	LogRead *log = user_data;
	AmInput *input = log->input;
	gboolean is_first = log->connections == 0 && input->first_ns == 0;
	input->first_ns = is_first ? observation->first_ns : MIN(input->first_ns, observation->first_ns);
	input->last_ns = MAX(input->last_ns, observation->last_ns);
	return am_facts_add_observations(log->ingest->facts, observation, 1, error);
}

static void count_lines(AmLedger *ledger, const AmLogCounts *counts)
{
	ledger->log_lines += counts->lines;
	ledger->log_recorded += counts->skipped[AM_LOG_USED];
	ledger->log_skipped += counts->lines - counts->skipped[AM_LOG_USED];
	for (guint r = AM_LOG_USED + 1; r < AM_N_LOG_SKIPS; r++)
		ledger->log_reasons[r] += counts->skipped[r];
}

/* What is to be known of a log that was read to its end. */
static void tell_log(const AmInput *input, const AmLogCounts *counts, AmIngestResult *result)
{
	guint most = AM_LOG_USED + 1;
	for (guint r = most; r < AM_N_LOG_SKIPS; r++)
		most = counts->skipped[r] > counts->skipped[most] ? r : most;
	if (input->cut)
		g_ptr_array_add(result->warnings,
				g_strdup_printf("%s: ends in the middle of a record (cut short); the %" G_GUINT64_FORMAT
						" lines before it were kept",
						input->path, input->records));
	if (counts->lines > 0 && input->records == 0) {
		g_ptr_array_add(result->warnings,
				g_strdup_printf("%s: none of its %" G_GUINT64_FORMAT
						" lines could be used; of most of them: %s (%s)",
						input->path, counts->lines, am_log_skip_name((AmLogSkip)most),
						am_log_skip_text((AmLogSkip)most)));
		result->n_failed++;
	}
}

/* FALSE: the facts failed. */
static gboolean read_log(Ingest *ingest, AmInputFile *file, AmInput *input, GError **error)
{
	AmLedger *ledger = &ingest->run->ledger;
	LogRead log = {.ingest = ingest, .input = input};
	AmLogCounts counts;
	int64_t now_ns = ingest->options->now_ns;
	const AmLogOptions options = {
		.kind = am_input_file_kind(file),
		.first_sequence = ingest->ordinals + ledger->log_lines + 1,
		.network = ingest->network,
		/* A list of what is open now was written when it was made, and not after now. */
		.snapshot_ns = input->changed_ns != 0 ? MIN(input->changed_ns, now_ns) : now_ns,
	};
	g_autoptr(GError) read_error = NULL;
	gboolean ok = am_import_log(am_input_file_reader(file), &options, take_logged, take_observed, &log, &counts,
				    &read_error);
	count_lines(ledger, &counts);
	input->records = counts.skipped[AM_LOG_USED];
	if (!ok && read_error->domain == AM_STORE_ERROR) {
		g_propagate_error(error, g_steal_pointer(&read_error));
		return FALSE;
	}
	if (!ok) {
		g_ptr_array_add(ingest->result->warnings, g_strdup_printf("%s: %s", input->path, read_error->message));
		ingest->result->n_failed++;
		return TRUE;
	}
	input->cut = am_input_file_was_cut(file);
	ingest->result->n_cut += input->cut;
	tell_log(input, &counts, ingest->result);
	return TRUE;
}

static gboolean read_logs(Ingest *ingest, AmInputs *inputs, GError **error)
{
	for (guint n = 0; n < am_inputs_count(inputs); n++) {
		g_autoptr(GError) open_error = NULL;
		AmInput *input;
		g_autoptr(AmInputFile) file = am_inputs_open_log(inputs, n, &input, &open_error);
		if (open_error != NULL) {
			g_ptr_array_add(ingest->result->warnings, g_strdup(open_error->message));
			ingest->result->n_failed++;
		}
		if (file != NULL && !read_log(ingest, file, input, error))
			return FALSE;
	}
	return TRUE;
}

/* ---- The whole */

/* Every option that has a bearing on the result, as a JSON object. Names were checked to need no escaping. */
static char *parameters_text(const AmIngestOptions *options)
{
	const AmFlowOptions *flow = &options->flow;
	return g_strdup_printf(
		"{\"dpi\":\"%s\",\"hash\":\"%s\",\"max_flows\":%u,\"max_unanswered\":%u,\"tcp_established_s\":%u,"
		"\"tcp_unestablished_s\":%u,\"tcp_closed_s\":%u,\"udp_s\":%u,\"other_s\":%u}",
		am_dpi_mode_name(flow->dpi), options->whole_hash ? "whole" : "ends", flow->max_flows,
		flow->max_unanswered, flow->tcp_established_s, flow->tcp_unestablished_s, flow->tcp_closed_s,
		flow->udp_s, flow->other_s);
}

static AmRun *new_run(const AmIngestOptions *options)
{
	AmRun *run = g_new0(AmRun, 1);
	run->sensor = g_strdup(options->sensor != NULL ? options->sensor : "offline");
	run->network = g_strdup(options->network != NULL ? options->network : "default");
	run->started_ns = options->now_ns;
	run->parameters = parameters_text(options);
	run->tool_version = g_strdup(PACKAGE_VERSION);
	run->dpi_version = g_strdup(options->flow.dpi != AM_DPI_OFF ? am_flow_dpi_version() : "none");
	return run;
}

static void add_all(GPtrArray *to, const char *const *paths)
{
	for (; paths != NULL && *paths != NULL; paths++)
		g_ptr_array_add(to, g_strdup(*paths));
}

/* Every file by its own name: one in a folder may be a link to elsewhere. */
static gboolean fence_in(const AmIngestOptions *options, AmIngestResult *result, GError **error)
{
	g_auto(AmSandboxRules) rules = am_sandbox_rules_new();
	g_autoptr(GPtrArray) files = am_input_expand(options->paths, NULL);
	add_all(rules.reads, options->paths);
	for (guint n = 0; files != NULL && n < files->len; n++)
		g_ptr_array_add(rules.reads, g_strdup(files->pdata[n]));
	add_all(rules.reads, options->also_reads);
	add_all(rules.writes, options->also_writes);
	am_sandbox_rules_write_beside(&rules, options->db);
	char *missing;
	if (!am_sandbox_enter(&rules, &missing, error))
		return FALSE;
	if (missing != NULL)
		g_ptr_array_add(result->warnings, missing);
	return TRUE;
}

static void reach(const AmIngestOptions *options, AmIngestStage stage)
{
	if (options->reached != NULL)
		options->reached(stage);
}

gboolean am_job_ingest(const AmIngestOptions *options, AmIngestResult *ret_result, GError **error)
{
	reach(options, AM_INGEST_READING);
	*ret_result = (AmIngestResult){.warnings = g_ptr_array_new_with_free_func(g_free)};
	g_autoptr(GArray) rules = am_pipeline_rules(options->db, options->decisions, error);
	if (rules == NULL)
		return FALSE;
	if (options->sandbox && !fence_in(options, ret_result, error))
		return FALSE;
	g_autoptr(AmFacts) facts = am_facts_open(options->db, AM_FACTS_WRITE, error);
	if (facts == NULL)
		return FALSE;
	g_autoptr(AmRun) run = new_run(options);
	Ingest ingest = {.options = options, .result = ret_result, .facts = facts, .run = run, .rules = rules};
	g_autoptr(AmInputs) inputs =
		am_inputs_open(options->paths, options->db, options->whole_hash, facts, run, ret_result, error);
	if (inputs == NULL) {
		am_facts_abandon(g_steal_pointer(&facts));
		return FALSE;
	}
	if (am_inputs_count(inputs) == 0) { /* all known: nothing to do */
		reach(options, AM_INGEST_KEPT);
		return TRUE;
	}
	gboolean ok = am_facts_begin_run(facts, run, &ingest.network, error) && read_captures(&ingest, inputs, error) &&
		      read_logs(&ingest, inputs, error);
	if (!ok)
		return FALSE;
	run->inputs = am_inputs_steal(inputs);
	g_autoptr(GPtrArray) alike = g_ptr_array_new_with_free_func(g_free);
	if (!am_alike_warn(facts, run, options->db, run->inputs, alike, error))
		return FALSE;
	run->finished_ns = options->now_ns;
	reach(options, AM_INGEST_KEEPING);
	if (!am_facts_finish_run(facts, run, error))
		return FALSE;
	reach(options, AM_INGEST_KEPT);
	/* Of what is not kept, nothing counts twice. */
	g_ptr_array_extend_and_steal(ret_result->warnings, g_steal_pointer(&alike));
	ret_result->run = g_steal_pointer(&run);
	return TRUE;
}

void am_ingest_result_clear(AmIngestResult *result)
{
	g_clear_pointer(&result->run, am_run_free);
	g_clear_pointer(&result->warnings, g_ptr_array_unref);
}
