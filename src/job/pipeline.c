/* The way of packets into the facts: frames go in at one end, in time order, and are rows at the other.
 *
 * Three kinds of threads. The reader (the caller's) decodes frames and fills chunks. Each worker goes through every chunk,
 * in order, and gives the packets of its shards to their connection tables; when the last worker is done with a chunk, the
 * connections that ended in it, its harvest, go to the writer (pipeline-writer.c), and the chunk to the reader.
 *
 * Why chunks: they make the result independent of the number of threads. A chunk's limits depend only on the frames; at
 * its end every shard is brought to the same packet time; so what ends in which chunk, and the order in which it is
 * stored, is the same whoever did the work. (Live, the clock decides, too: nobody can wait for a chunk to fill up.) Chunks
 * and harvests come from pools, so a slow disk holds up the reader instead of filling memory.
 */
#include "config.h"

#include "chunk.h"
#include "clock.h"

#include <string.h>

#define N_CHUNKS 6
#define FLUSH_PACKETS 8192 /* connections that began within so many packets end in one chunk; at most so many chunks */
#define FLUSH_PIECES 8192

typedef struct {
	AmPipeline *pipeline;
	guint index;
	GAsyncQueue *chunks;
	GThread *thread;
} Worker;

struct AmPipeline {
	AmPipelineOptions options;
	AmFlowShard *shards[AM_FLOW_SHARDS];
	guint n_workers;
	Worker *workers;
	Chunk *pool[N_CHUNKS];
	GAsyncQueue *free_chunks;
	AmPipelineWriter *writer;
	/* The reader's. */
	guint told_networks; /* to the writer */
	Chunk *chunk;
	uint64_t ended_to; /* ordinal: what began before it ended when time began anew */
	uint64_t n_outers; /* packets besides those that the ledger has read: each has an ordinal of its own */
	AmPacketClock clock;
	AmLinkObserver *link;
};

/* ---- Workers */

/* The packets of a worker's shards, shard by shard: each shard's tables, and above all nDPI's, then stay in the processor's
 * caches for many packets. Returns how many. */
static guint pick(const Chunk *chunk, guint worker, guint n_workers, uint16_t ret_packets[CHUNK_PACKETS])
{
	guint ends[AM_FLOW_SHARDS] = {0}, n_picked = 0;
	for (guint n = 0; n < chunk->n; n++)
		ends[chunk->shards[n]]++;
	for (guint s = worker; s < AM_FLOW_SHARDS; s += n_workers)
		ends[s] = n_picked += ends[s];
	for (guint n = chunk->n; n > 0; n--) {
		guint shard = chunk->shards[n - 1];
		if (shard % n_workers == worker)
			ret_packets[--ends[shard]] = (uint16_t)(n - 1);
	}
	return n_picked;
}

static gpointer worker_main(gpointer data)
{
	Worker *worker = data;
	AmPipeline *pipeline = worker->pipeline;
	uint16_t mine[CHUNK_PACKETS];
	for (gboolean is_last = FALSE; !is_last;) {
		Chunk *chunk = g_async_queue_pop(worker->chunks);
		Harvest *harvest = chunk->harvest;
		AmConnectionBatch *out = &harvest->batches[worker->index];
		const AmFlowPackets packets = {chunk->packets, chunk->ordinals, chunk->shards};
		guint n_mine = pick(chunk, worker->index, pipeline->n_workers, mine);
		am_flow_shards_packets(pipeline->shards, &packets, mine, n_mine, out);
		is_last = harvest->is_last;
		for (guint s = worker->index; s < AM_FLOW_SHARDS; s += pipeline->n_workers) {
			if (chunk->ends_all)
				am_flow_shard_flush_to(pipeline->shards[s], chunk->flush_to, out);
			else
				am_flow_shard_advance(pipeline->shards[s], chunk->now_ns, out);
			if (chunk->checkpoint_ns != INT64_MIN)
				am_flow_shard_checkpoint(pipeline->shards[s], chunk->checkpoint_ns, out);
			if (harvest->commits)
				harvest->counters[s] = am_flow_shard_counters(pipeline->shards[s]);
		}
		if (g_atomic_int_dec_and_test(&chunk->pending)) {
			am_pipeline_writer_store(pipeline->writer, harvest);
			g_async_queue_push(pipeline->free_chunks, chunk);
		}
	}
	return NULL;
}

/* ---- Reader */

static Chunk *take_chunk(AmPipeline *pipeline)
{
	Chunk *chunk = g_async_queue_pop(pipeline->free_chunks);
	chunk->n = chunk->n_frames = 0;
	chunk->used = 0;
	chunk->ends_all = chunk->has_tunnels = FALSE;
	chunk->checkpoint_ns = INT64_MIN;
	chunk->harvest = am_pipeline_writer_take(pipeline->writer);
	return chunk;
}

static void hand_out(AmPipeline *pipeline, Chunk *chunk)
{
	g_atomic_int_set(&chunk->pending, (gint)pipeline->n_workers);
	for (guint w = 0; w < pipeline->n_workers; w++)
		g_async_queue_push(pipeline->workers[w].chunks, chunk);
}

uint64_t am_pipeline_ordinals(const AmPipeline *pipeline)
{
	return pipeline->options.run->ledger.read + pipeline->n_outers;
}

/* Ends what is open, in chunks of its own: a full table at once would take more memory than the table. The pieces depend on
 * the number of packets alone. */
static void end_all(AmPipeline *pipeline, int64_t now_ns, gboolean is_last)
{
	uint64_t last = am_pipeline_ordinals(pipeline), first = pipeline->ended_to;
	uint64_t piece = MAX(FLUSH_PACKETS, (last - first) / FLUSH_PIECES);
	pipeline->ended_to = last;
	for (uint64_t to = first + piece; to != 0; to = to == UINT64_MAX ? 0 : to + piece) {
		if (to >= last)
			to = UINT64_MAX;
		Chunk *chunk = take_chunk(pipeline);
		chunk->ends_all = TRUE;
		chunk->flush_to = to;
		chunk->now_ns = now_ns;
		chunk->harvest->is_last = is_last && to == UINT64_MAX;
		hand_out(pipeline, chunk);
	}
}

/* Of how many packets it is known where they belong; of the rest, that a little more may tell. */
static guint count_ready(const AmPipeline *pipeline, const Chunk *chunk)
{
	uint64_t read = pipeline->options.run->ledger.read;
	for (guint n = 0; chunk->has_tunnels && n < chunk->n; n++) {
		if (!am_networks_waits(pipeline->options.networks, chunk->tunnels[n], read))
			continue;
		/* Not for ever, and the next chunk has to hold them. */
		size_t used = (size_t)(chunk->packets[n].ip - chunk->bytes);
		while (n > 0 && chunk->packets[n].follows)
			n--;
		return n > chunk->n / 2 && chunk->used - used <= CHUNK_BYTES / 2 ? n : chunk->n;
	}
	return chunk->n;
}

static void settle_networks(AmPipeline *pipeline, Chunk *chunk, gboolean is_last)
{
	AmNetworks *networks = pipeline->options.networks;
	for (guint n = 0; chunk->has_tunnels && n < chunk->n; n++) {
		const AmPlace place = {.network = chunk->packets[n].network, .tunnel = chunk->tunnels[n]};
		chunk->packets[n].network = am_networks_settle(networks, &place);
	}
	for (; pipeline->told_networks < am_networks_count(networks); pipeline->told_networks++)
		g_ptr_array_add(chunk->harvest->new_networks,
				g_strdup(am_networks_name(networks, pipeline->told_networks)));
	if (chunk->harvest->commits || is_last)
		chunk->harvest->seen = am_networks_take_seen(networks);
}

/* Hands out what the clock has settled of a chunk, and gives the next one, which begins with the rest; NULL when that was
 * the last. */
static Chunk *settle(AmPipeline *pipeline, Chunk *chunk, gboolean is_last)
{
	AmPacketClock *clock = &pipeline->clock;
	int64_t before_ns = clock->now_ns;
	gboolean step_back;
	guint ready = is_last ? chunk->n : count_ready(pipeline, chunk);
	guint settled = am_packet_clock_settle(clock, chunk->packets, ready, is_last, &step_back);
	chunk->now_ns = step_back ? before_ns : clock->now_ns;
	gboolean is_last_of_all = is_last && settled == chunk->n, ends_all = is_last_of_all || step_back;
	Chunk *next = is_last_of_all ? NULL : take_chunk(pipeline);
	guint frames = 0; /* that are the next chunk's to record */
	for (guint n = settled; n < chunk->n;) {
		frames += chunk->packets[n].carries == 0;
		n += move_frame(next, chunk, n);
	}
	if (next != NULL)
		next->n_frames = frames;
	if (chunk->harvest->commits) {
		AmLedger *ledger = &chunk->harvest->ledger;
		*ledger = pipeline->options.run->ledger;
		ledger->read -= frames;
		ledger->times_mended = clock->mended;
		ledger->clock_steps_back = clock->steps_back;
	}
	chunk->n = settled;
	if (chunk->harvest->commits || ends_all)
		am_link_observer_give_out(pipeline->link, &chunk->harvest->link);
	settle_networks(pipeline, chunk, is_last_of_all);
	int64_t now_ns = chunk->now_ns;
	hand_out(pipeline, chunk);
	if (ends_all)
		end_all(pipeline, now_ns, is_last_of_all);
	return next;
}

gboolean am_pipeline_hand_out(AmPipeline *pipeline, int64_t now_ns, gboolean commits, int64_t checkpoint_ns)
{
	Chunk *chunk = pipeline->chunk;
	chunk->harvest->commits = commits;
	chunk->checkpoint_ns = checkpoint_ns;
	/* Time goes on, also when no packet says so; it is the packets that say that it went back. */
	if (chunk->n == 0)
		pipeline->clock.now_ns = MAX(pipeline->clock.now_ns, now_ns);
	if (chunk->n > 0 || commits || now_ns != INT64_MIN)
		pipeline->chunk = settle(pipeline, chunk, FALSE);
	return !am_pipeline_writer_failed(pipeline->writer);
}

/* The packets of a frame that has a tunnel in it: the innermost one, unless it was skipped, and then the outer ones. */
static G_GNUC_NO_INLINE void keep_tunnel(AmPipeline *pipeline, AmSkipReason skip, const AmPacket *packet,
					 const AmPlace *place, const AmLayers *layers)
{
	AmPacket packets[AM_MAX_FRAME_PACKETS];
	AmPlace places[AM_MAX_FRAME_PACKETS];
	guint n = 0;
	if (skip == AM_SKIP_NONE) {
		packets[n] = *packet;
		places[n++] = *place;
	}
	for (guint t = 0; t < layers->n_tunnels; t++) {
		const AmOuter *outer = &layers->outers[t];
		if (!am_outer_packet(outer, &packets[n]))
			continue;
		places[n] = am_networks_place_outer(pipeline->options.networks, layers, outer->n_layers,
						    pipeline->options.run->ledger.read);
		packets[n].network = places[n].network;
		packets[n].follows = n > 0;
		n++;
	}
	if (n == 0)
		return;
	Chunk *chunk = pipeline->chunk;
	const uint8_t *begin;
	uint8_t *copy = keep_span(chunk, packets, n, &begin);
	for (guint i = 0; i < n; i++) {
		pipeline->n_outers += packets[i].carries != 0;
		add_packet(chunk, &packets[i], copy, begin, places[i].tunnel, am_pipeline_ordinals(pipeline),
			   am_flow_shard_of(&packets[i], pipeline->options.flow.seed));
	}
}

gboolean am_pipeline_frame(AmPipeline *pipeline, const AmFrame *frame)
{
	AmLedger *ledger = &pipeline->options.run->ledger;
	Chunk *chunk = pipeline->chunk;
	ledger->read++;
	chunk->n_frames++;
	AmPacket packet;
	AmLayers layers;
	AmPlace place = {0};
	AmSkipReason skip = am_decode(frame, &packet, &layers);
	if (layers.n > 0)
		place = am_networks_place(pipeline->options.networks, frame, &layers, ledger->read);
	packet.network = place.network;
	if (G_UNLIKELY(layers.n_tunnels > 0))
		keep_tunnel(pipeline, skip, &packet, &place, &layers);
	else if (skip == AM_SKIP_NONE)
		keep_packet(chunk, &packet, place.tunnel, am_pipeline_ordinals(pipeline),
			    am_flow_shard_of(&packet, pipeline->options.flow.seed));
	if (skip != AM_SKIP_NONE)
		ledger->skipped[skip]++;
	if (skip == AM_SKIP_NOT_IP && packet.ether_type != 0 && layers.n_tunnels == 0 && place.tunnel == 0)
		am_link_observer_frame(pipeline->link, &packet, &chunk->harvest->link);
	while (is_full(pipeline->chunk))
		pipeline->chunk = settle(pipeline, pipeline->chunk, FALSE);
	return !am_pipeline_writer_failed(pipeline->writer);
}

/* ---- Threads */

static gboolean make_shards(AmPipeline *pipeline, GError **error)
{
	for (guint s = 0; s < AM_FLOW_SHARDS; s++) {
		pipeline->shards[s] = am_flow_shard_new(&pipeline->options.flow, error);
		if (pipeline->shards[s] == NULL)
			return FALSE;
	}
	return TRUE;
}

static void start_threads(AmPipeline *pipeline)
{
	guint n_workers = pipeline->options.threads != 0 ? pipeline->options.threads : g_get_num_processors();
	pipeline->n_workers = CLAMP(n_workers, 1, AM_FLOW_SHARDS);
	pipeline->free_chunks = g_async_queue_new();
	for (guint c = 0; c < N_CHUNKS; c++) {
		Chunk *chunk = pipeline->pool[c] = g_new0(Chunk, 1);
		chunk->bytes = g_malloc(CHUNK_BYTES);
		g_async_queue_push(pipeline->free_chunks, chunk);
	}
	pipeline->writer = am_pipeline_writer_new(&pipeline->options, pipeline->n_workers);
	pipeline->workers = g_new0(Worker, pipeline->n_workers);
	for (guint w = 0; w < pipeline->n_workers; w++) {
		Worker *worker = &pipeline->workers[w];
		*worker = (Worker){.pipeline = pipeline, .index = w, .chunks = g_async_queue_new()};
		worker->thread = g_thread_new("worker", worker_main, worker);
	}
}

static gboolean join_threads(AmPipeline *pipeline, GError **error)
{
	for (guint w = 0; w < pipeline->n_workers; w++) {
		g_thread_join(pipeline->workers[w].thread);
		g_async_queue_unref(pipeline->workers[w].chunks);
	}
	gboolean ok = am_pipeline_writer_finish(g_steal_pointer(&pipeline->writer), error);
	g_free(pipeline->workers);
	for (guint c = 0; c < N_CHUNKS; c++) {
		g_free(pipeline->pool[c]->bytes);
		g_free(pipeline->pool[c]);
	}
	g_async_queue_unref(pipeline->free_chunks);
	return ok;
}

static void count_shards(AmPipeline *pipeline)
{
	for (guint s = 0; s < AM_FLOW_SHARDS; s++) {
		AmFlowCounters counters = am_flow_shard_counters(pipeline->shards[s]);
		am_ledger_add_shard(&pipeline->options.run->ledger, &counters);
	}
}

/* ---- The whole */

AmPipeline *am_pipeline_new(const AmPipelineOptions *options, GError **error)
{
	g_autoptr(AmPipeline) pipeline = g_new0(AmPipeline, 1);
	pipeline->options = *options;
	pipeline->clock = AM_PACKET_CLOCK_INIT;
	pipeline->link = am_link_observer_new(options->flow.seed);
	if (!make_shards(pipeline, error))
		return NULL;
	start_threads(pipeline);
	pipeline->chunk = take_chunk(pipeline);
	return g_steal_pointer(&pipeline);
}

gboolean am_pipeline_finish(AmPipeline *pipeline, GError **error)
{
	AmLedger *ledger = &pipeline->options.run->ledger;
	while (pipeline->chunk != NULL)
		pipeline->chunk = settle(pipeline, pipeline->chunk, TRUE);
	gboolean ok = join_threads(pipeline, error);
	count_shards(pipeline);
	ledger->times_mended += pipeline->clock.mended;
	ledger->clock_steps_back += pipeline->clock.steps_back;
	return ok;
}

void am_pipeline_free(AmPipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	if (pipeline->chunk != NULL)
		(void)am_pipeline_finish(pipeline, NULL);
	for (guint s = 0; s < AM_FLOW_SHARDS; s++)
		am_flow_shard_free(pipeline->shards[s]);
	am_link_observer_free(pipeline->link);
	g_free(pipeline);
}
