/* ingest: files become facts.
 *
 * Three kinds of threads. The reader (the caller's) takes frames in time order, decodes them and fills chunks. Each
 * worker goes through every chunk, in order, and gives the packets of its shards to their connection tables; when the
 * last worker is done with a chunk, the connections that ended in it go to the writer, who sorts them by sequence and
 * stores them.
 *
 * Why chunks: they make the result independent of the number of threads. A chunk's limits depend only on the frames; at
 * its end every shard is brought to the same packet time; so what ends in which chunk, and the order in which it is
 * stored, is the same whoever did the work. Chunks come from a pool, so a slow disk holds up the reader instead of
 * filling memory.
 */
#include "config.h"

#include "allowmap/capture.h"
#include "allowmap/import.h"
#include "allowmap/job.h"
#include "clock.h"
#include "inputs.h"

#include <string.h>

G_DEFINE_QUARK(am - job - error - quark, am_job_error)

#define CHUNK_FRAMES 1024
#define CHUNK_BYTES (2 * 1024 * 1024)
#define N_CHUNKS 8
#define PROGRESS_MASK 0xf /* every 16th chunk */

typedef struct {
	AmPacket packets[CHUNK_FRAMES]; /* decoded ones only; pointers into `bytes` */
	uint64_t ordinals[CHUNK_FRAMES];
	uint8_t shards[CHUNK_FRAMES];
	guint n, n_frames;
	uint8_t *bytes;
	size_t used;
	int64_t now_ns;    /* the latest packet time of the run so far */
	gboolean ends_all; /* what is open after it ends: the input is over, or time begins anew */
	gboolean is_last;
	gint pending;               /* workers that are not done with it */
	AmConnectionBatch *batches; /* one a worker */
} Chunk;

typedef struct Ingest Ingest;

typedef struct {
	Ingest *ingest;
	guint index;
	GAsyncQueue *chunks;
	GThread *thread;
} Worker;

struct Ingest {
	const AmIngestOptions *options;
	AmIngestResult *result;
	AmFacts *facts;
	AmRun *run;
	uint32_t network;
	AmFlowShard *shards[AM_FLOW_SHARDS];
	guint n_workers;
	Worker *workers;
	Chunk *pool[N_CHUNKS];
	GAsyncQueue *free_chunks, *done_chunks;
	GThread *writer;
	gint stop;           /* the writer failed: the reader should end */
	GError *write_error; /* the writer's, read after it was joined */
	AmProgress *progress;
};

/* ---- Workers */

static gpointer worker_main(gpointer data)
{
	Worker *worker = data;
	Ingest *ingest = worker->ingest;
	for (gboolean is_last = FALSE; !is_last;) {
		Chunk *chunk = g_async_queue_pop(worker->chunks);
		AmConnectionBatch *out = &chunk->batches[worker->index];
		for (guint n = 0; n < chunk->n; n++) {
			if (chunk->shards[n] % ingest->n_workers == worker->index)
				am_flow_shard_packet(ingest->shards[chunk->shards[n]], &chunk->packets[n],
						     chunk->ordinals[n], out);
		}
		is_last = chunk->is_last;
		for (guint s = worker->index; s < AM_FLOW_SHARDS; s += ingest->n_workers) {
			if (chunk->ends_all)
				am_flow_shard_flush(ingest->shards[s], out);
			else
				am_flow_shard_advance(ingest->shards[s], chunk->now_ns, out);
		}
		if (g_atomic_int_dec_and_test(&chunk->pending))
			g_async_queue_push(ingest->done_chunks, chunk);
	}
	return NULL;
}

/* ---- Writer */

static int compare_records(gconstpointer a, gconstpointer b)
{
	const AmConnection *x = *(const AmConnection *const *)a, *y = *(const AmConnection *const *)b;
	if (x->sequence != y->sequence)
		return x->sequence < y->sequence ? -1 : 1;
	return x->revision < y->revision ? -1 : x->revision > y->revision;
}

static gboolean write_chunk(Ingest *ingest, Chunk *chunk, GPtrArray *order)
{
	g_ptr_array_set_size(order, 0);
	for (guint w = 0; w < ingest->n_workers; w++) {
		for (size_t n = 0; n < chunk->batches[w].n; n++)
			g_ptr_array_add(order, &chunk->batches[w].records[n]);
	}
	g_ptr_array_sort(order, compare_records);
	gboolean ok = TRUE;
	for (guint n = 0; ok && n < order->len; n++)
		ok = am_facts_add_connections(ingest->facts, order->pdata[n], 1, &ingest->write_error);
	for (guint w = 0; w < ingest->n_workers; w++)
		chunk->batches[w].n = 0;
	return ok;
}

/* After a failure the chunks still go round, so that nobody waits for one. */
static gpointer writer_main(gpointer data)
{
	Ingest *ingest = data;
	g_autoptr(GPtrArray) order = g_ptr_array_new();
	gboolean ok = TRUE;
	for (gboolean is_last = FALSE; !is_last;) {
		Chunk *chunk = g_async_queue_pop(ingest->done_chunks);
		is_last = chunk->is_last;
		if (ok && !write_chunk(ingest, chunk, order)) {
			ok = FALSE;
			g_atomic_int_set(&ingest->stop, 1);
		}
		g_async_queue_push(ingest->free_chunks, chunk);
	}
	return NULL;
}

/* ---- Reader */

static Chunk *take_chunk(Ingest *ingest)
{
	Chunk *chunk = g_async_queue_pop(ingest->free_chunks);
	chunk->n = chunk->n_frames = 0;
	chunk->used = 0;
	chunk->ends_all = chunk->is_last = FALSE;
	return chunk;
}

static void hand_out(Ingest *ingest, Chunk *chunk)
{
	g_atomic_int_set(&chunk->pending, (gint)ingest->n_workers);
	for (guint w = 0; w < ingest->n_workers; w++)
		g_async_queue_push(ingest->workers[w].chunks, chunk);
}

/* The frame's memory is lent until the next one: its IP packet moves into the chunk. */
static void keep_packet(Chunk *chunk, const AmPacket *packet, uint64_t ordinal, uint32_t shard)
{
	AmPacket *kept = &chunk->packets[chunk->n];
	*kept = *packet;
	uint8_t *copy = chunk->bytes + chunk->used;
	memcpy(copy, packet->ip, packet->ip_size);
	kept->ip = copy;
	if (packet->payload != NULL)
		kept->payload = copy + (packet->payload - packet->ip);
	chunk->used += packet->ip_size;
	chunk->ordinals[chunk->n] = ordinal;
	chunk->shards[chunk->n] = (uint8_t)shard;
	chunk->n++;
}

/* Hands out what the clock has settled of a chunk, and gives the next one, which begins with the rest; NULL when that was
 * the last. */
static Chunk *settle(Ingest *ingest, Chunk *chunk, AmPacketClock *clock, gboolean is_last)
{
	int64_t before_ns = clock->now_ns;
	gboolean step_back;
	guint settled = am_packet_clock_settle(clock, chunk->packets, chunk->n, is_last, &step_back);
	chunk->is_last = is_last && settled == chunk->n;
	chunk->ends_all = chunk->is_last || step_back;
	chunk->now_ns = step_back ? before_ns : clock->now_ns;
	Chunk *next = chunk->is_last ? NULL : take_chunk(ingest);
	for (guint n = settled; n < chunk->n; n++)
		keep_packet(next, &chunk->packets[n], chunk->ordinals[n], chunk->shards[n]);
	if (next != NULL)
		next->n_frames = next->n;
	chunk->n = settled;
	hand_out(ingest, chunk);
	return next;
}

static void read_captures(Ingest *ingest, AmInputs *inputs)
{
	AmLedger *ledger = &ingest->run->ledger;
	uint64_t seed = ingest->options->flow.seed;
	AmPacketClock clock = AM_PACKET_CLOCK_INIT;
	guint n_chunks = 0;
	Chunk *chunk = take_chunk(ingest);
	AmFrame frame;
	while (!g_atomic_int_get(&ingest->stop) && am_inputs_next(inputs, ingest->result, &frame)) {
		ledger->read++;
		chunk->n_frames++;
		AmPacket packet;
		AmSkipReason skip = am_decode(&frame, &packet);
		if (skip == AM_SKIP_NONE)
			keep_packet(chunk, &packet, ledger->read, am_flow_shard_of(&packet, seed));
		else
			ledger->skipped[skip]++;
		if (chunk->n_frames < CHUNK_FRAMES && chunk->used + AM_FRAME_MAX <= CHUNK_BYTES)
			continue;
		chunk = settle(ingest, chunk, &clock, FALSE);
		if ((n_chunks++ & PROGRESS_MASK) == 0)
			am_progress_set(ingest->progress, am_inputs_position(inputs), ledger->read);
	}
	while (chunk != NULL)
		chunk = settle(ingest, chunk, &clock, TRUE);
	ledger->times_mended = clock.mended;
	ledger->clock_steps_back = clock.steps_back;
}

/* ---- Connection logs: after the captures, by this thread alone. */

static gboolean store_logged(const AmConnection *connection, gpointer user_data, GError **error)
{
	Ingest *ingest = user_data;
	AmLedger *ledger = &ingest->run->ledger;
	ledger->log_recorded++;
	ledger->connections++;
	return am_facts_add_connections(ingest->facts, connection, 1, error);
}

typedef struct {
	Ingest *ingest;
	AmInput *input;
} LogRead;

static gboolean take_logged(const AmConnection *connection, gpointer user_data, GError **error)
{
	LogRead *log = user_data;
	AmInput *input = log->input;
	input->first_ns = input->records == 0 ? connection->first_ns : MIN(input->first_ns, connection->first_ns);
	input->last_ns = input->records == 0 ? connection->last_ns : MAX(input->last_ns, connection->last_ns);
	input->records++;
	return store_logged(connection, log->ingest, error);
}

static gboolean read_logs(Ingest *ingest, AmInputs *inputs, GError **error)
{
	AmLedger *ledger = &ingest->run->ledger;
	for (guint n = 0; n < am_inputs_count(inputs); n++) {
		g_autoptr(GError) open_error = NULL;
		LogRead log = {.ingest = ingest};
		g_autoptr(AmInputFile) file = am_inputs_open_log(inputs, n, &log.input, &open_error);
		if (open_error != NULL) {
			g_ptr_array_add(ingest->result->warnings, g_strdup(open_error->message));
			ingest->result->n_failed++;
		}
		if (file == NULL)
			continue;
		uint64_t lines = 0, skipped = 0;
		g_autoptr(GError) read_error = NULL;
		gboolean ok = am_import_conn_log(am_input_file_reader(file), am_input_file_kind(file),
						 ledger->read + ledger->log_lines + 1, ingest->network, take_logged,
						 &log, &lines, &skipped, &read_error);
		ledger->log_lines += lines;
		ledger->log_skipped += skipped;
		if (!ok && read_error->domain == AM_STORE_ERROR) {
			g_propagate_error(error, g_steal_pointer(&read_error));
			return FALSE;
		}
		if (!ok) {
			g_ptr_array_add(ingest->result->warnings,
					g_strdup_printf("%s: %s", log.input->path, read_error->message));
			ingest->result->n_failed++;
		}
	}
	return TRUE;
}

/* ---- The whole */

static gboolean make_shards(Ingest *ingest, GError **error)
{
	AmFlowOptions flow = ingest->options->flow;
	flow.network = ingest->network;
	for (guint s = 0; s < AM_FLOW_SHARDS; s++) {
		ingest->shards[s] = am_flow_shard_new(&flow, error);
		if (ingest->shards[s] == NULL)
			return FALSE;
	}
	return TRUE;
}

static void start_threads(Ingest *ingest)
{
	guint n_workers = ingest->options->threads != 0 ? ingest->options->threads : g_get_num_processors();
	ingest->n_workers = CLAMP(n_workers, 1, AM_FLOW_SHARDS);
	ingest->free_chunks = g_async_queue_new();
	ingest->done_chunks = g_async_queue_new();
	for (guint c = 0; c < N_CHUNKS; c++) {
		Chunk *chunk = ingest->pool[c] = g_new0(Chunk, 1);
		chunk->bytes = g_malloc(CHUNK_BYTES);
		chunk->batches = g_new0(AmConnectionBatch, ingest->n_workers);
		g_async_queue_push(ingest->free_chunks, chunk);
	}
	ingest->writer = g_thread_new("writer", writer_main, ingest);
	ingest->workers = g_new0(Worker, ingest->n_workers);
	for (guint w = 0; w < ingest->n_workers; w++) {
		Worker *worker = &ingest->workers[w];
		*worker = (Worker){.ingest = ingest, .index = w, .chunks = g_async_queue_new()};
		worker->thread = g_thread_new("worker", worker_main, worker);
	}
}

static void join_threads(Ingest *ingest)
{
	for (guint w = 0; w < ingest->n_workers; w++) {
		g_thread_join(ingest->workers[w].thread);
		g_async_queue_unref(ingest->workers[w].chunks);
	}
	g_thread_join(ingest->writer);
	g_free(ingest->workers);
	for (guint c = 0; c < N_CHUNKS; c++) {
		Chunk *chunk = ingest->pool[c];
		for (guint w = 0; w < ingest->n_workers; w++)
			am_connection_batch_clear(&chunk->batches[w]);
		g_free(chunk->batches);
		g_free(chunk->bytes);
		g_free(chunk);
	}
	g_async_queue_unref(ingest->free_chunks);
	g_async_queue_unref(ingest->done_chunks);
}

static void count_shards(Ingest *ingest)
{
	AmLedger *ledger = &ingest->run->ledger;
	for (guint s = 0; s < AM_FLOW_SHARDS; s++) {
		AmFlowCounters counters = am_flow_shard_counters(ingest->shards[s]);
		ledger->recorded += counters.recorded;
		ledger->connections += counters.connections;
		ledger->connections_given_up += counters.given_up;
		for (guint r = 0; r < AM_N_SKIP_REASONS; r++)
			ledger->skipped[r] += counters.skipped[r];
	}
}

static gboolean ingest_inputs(Ingest *ingest, AmInputs *inputs, GError **error)
{
	if (!make_shards(ingest, error))
		return FALSE;
	ingest->progress = am_progress_new("ingest", am_inputs_size(inputs));
	start_threads(ingest);
	read_captures(ingest, inputs);
	join_threads(ingest);
	g_clear_pointer(&ingest->progress, am_progress_free);
	if (ingest->write_error != NULL) {
		g_propagate_error(error, g_steal_pointer(&ingest->write_error));
		return FALSE;
	}
	count_shards(ingest);
	return read_logs(ingest, inputs, error);
}

/* Every option that has a bearing on the result, as a JSON object. Names were checked to need no escaping. */
static char *parameters_text(const AmIngestOptions *options)
{
	const AmFlowOptions *flow = &options->flow;
	return g_strdup_printf("{\"dpi\":%s,\"hash\":\"%s\",\"max_flows\":%u,\"tcp_established_s\":%u,"
			       "\"tcp_unestablished_s\":%u,\"tcp_closed_s\":%u,\"udp_s\":%u,\"other_s\":%u}",
			       flow->dpi ? "true" : "false", options->whole_hash ? "whole" : "ends", flow->max_flows,
			       flow->tcp_established_s, flow->tcp_unestablished_s, flow->tcp_closed_s, flow->udp_s,
			       flow->other_s);
}

static AmRun *new_run(const AmIngestOptions *options)
{
	AmRun *run = g_new0(AmRun, 1);
	run->sensor = g_strdup(options->sensor != NULL ? options->sensor : "offline");
	run->network = g_strdup(options->network != NULL ? options->network : "default");
	run->started_ns = options->now_ns;
	run->parameters = parameters_text(options);
	run->tool_version = g_strdup(PACKAGE_VERSION);
	run->dpi_version = g_strdup(options->flow.dpi ? am_flow_dpi_version() : "none");
	return run;
}

gboolean am_job_ingest(const AmIngestOptions *options, AmIngestResult *ret_result, GError **error)
{
	*ret_result = (AmIngestResult){.warnings = g_ptr_array_new_with_free_func(g_free)};
	g_autoptr(AmFacts) facts = am_facts_open(options->db, AM_FACTS_WRITE, error);
	if (facts == NULL)
		return FALSE;
	g_autoptr(AmRun) run = new_run(options);
	Ingest ingest = {.options = options, .result = ret_result, .facts = facts, .run = run};
	g_autoptr(AmInputs) inputs = am_inputs_open(options->paths, options->whole_hash, facts, run, ret_result, error);
	if (inputs == NULL)
		return FALSE;
	if (am_inputs_count(inputs) == 0)
		return TRUE; /* all known: nothing to do */
	gboolean ok = am_facts_begin_run(facts, run, &ingest.network, error) && ingest_inputs(&ingest, inputs, error);
	for (guint s = 0; s < AM_FLOW_SHARDS; s++)
		am_flow_shard_free(ingest.shards[s]);
	if (!ok)
		return FALSE;
	run->inputs = am_inputs_steal(inputs);
	run->finished_ns = options->now_ns;
	if (!am_facts_finish_run(facts, run, error))
		return FALSE;
	ret_result->run = g_steal_pointer(&run);
	return TRUE;
}

void am_ingest_result_clear(AmIngestResult *result)
{
	g_clear_pointer(&result->run, am_run_free);
	g_clear_pointer(&result->warnings, g_ptr_array_unref);
}
