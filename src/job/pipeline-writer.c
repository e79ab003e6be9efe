/* Stores what the workers found, chunk by chunk, sorted by sequence: a thread of its own.
 *
 * A commit waits for the disk while the others work on. So what is waiting to be stored lies apart from the chunks, whose
 * packets are a hundred times as large, and there is room for that of many chunks: until N_HARVESTS of them or MAX_WAITING
 * records wait, the reader does not.
 * What is free is taken last in, first out, so that only as much memory is touched as was needed at once.
 */
#include "config.h"

#include "pipeline-writer.h"

#include <string.h>

#define N_HARVESTS 32
#define MAX_WAITING 16384 /* records, some 500 octets each; one chunk may have more */
#define MAX_KEPT 2048     /* records that an empty batch keeps the room for */
#define UNKNOWN_ID UINT32_MAX

struct AmPipelineWriter {
	const AmPipelineOptions *options;
	guint n_workers;
	Harvest *pool[N_HARVESTS];
	GAsyncQueue *free_harvests, *full_harvests;
	GThread *thread;
	gint stop; /* it failed */
	GMutex lock;
	GCond room;
	size_t n_waiting; /* under the lock: records that are not stored yet */
	/* The thread's, and what the ids of the records' networks are there. */
	AmFacts *facts;
	uint32_t network;    /* of the run's own */
	GPtrArray *networks; /* names by index; [0] is not used */
	GArray *network_ids; /* uint32_t by index; UNKNOWN_ID: not asked for yet */
	GError *error;       /* read after it was joined */
};

/* ---- The thread */

static int compare_records(gconstpointer a, gconstpointer b)
{
	const AmConnection *x = *(const AmConnection *const *)a, *y = *(const AmConnection *const *)b;
	if (x->sequence != y->sequence)
		return x->sequence < y->sequence ? -1 : 1;
	return x->revision < y->revision ? -1 : x->revision > y->revision;
}

void am_ledger_add_shard(AmLedger *ledger, const AmFlowCounters *counters)
{
	ledger->recorded += counters->recorded;
	ledger->fragments += counters->fragments;
	ledger->read -= counters->held; /* of a commit: the next one's */
	ledger->connections += counters->connections;
	ledger->connections_given_up += counters->given_up;
	ledger->connections_counted += counters->counted;
	ledger->tcp_bytes_seen += counters->tcp_bytes_seen;
	ledger->tcp_bytes_unseen += counters->tcp_bytes_unseen;
	ledger->tcp_one_way += counters->tcp_one_way;
	ledger->tcp_bytes_one_way += counters->tcp_bytes_one_way;
	for (guint r = 0; r < AM_N_SKIP_REASONS; r++)
		ledger->skipped[r] += counters->skipped[r];
}

static gboolean commit_harvest(AmPipelineWriter *writer, Harvest *harvest)
{
	const AmPipelineOptions *options = writer->options;
	const AmFacts *before = writer->facts;
	for (guint s = 0; s < AM_FLOW_SHARDS; s++)
		am_ledger_add_shard(&harvest->ledger, &harvest->counters[s]);
	gboolean ok =
		options->commit(&writer->facts, &writer->network, &harvest->ledger, options->user_data, &writer->error);
	for (guint n = 0; writer->facts != before && n < writer->network_ids->len; n++)
		g_array_index(writer->network_ids, uint32_t, n) = UNKNOWN_ID;
	return ok;
}

/* From the index that the reader gave a network to its id in the facts. */
static gboolean find_network(AmPipelineWriter *writer, uint32_t index, uint32_t *ret_id)
{
	if (index == 0) {
		*ret_id = writer->network;
		return TRUE;
	}
	uint32_t *id = &g_array_index(writer->network_ids, uint32_t, index);
	if (*id == UNKNOWN_ID && !am_facts_network(writer->facts, writer->networks->pdata[index], id, &writer->error))
		return FALSE;
	*ret_id = *id;
	return TRUE;
}

static void take_networks(AmPipelineWriter *writer, Harvest *harvest)
{
	const uint32_t unknown = UNKNOWN_ID;
	for (guint n = 0; n < harvest->new_networks->len; n++) {
		g_ptr_array_add(writer->networks, harvest->new_networks->pdata[n]);
		g_array_append_val(writer->network_ids, unknown);
	}
	g_ptr_array_set_size(harvest->new_networks, 0);
}

static gboolean write_seen(AmPipelineWriter *writer, Harvest *harvest)
{
	gboolean ok = harvest->seen == NULL || am_facts_add_encapsulated(writer->facts, harvest->seen, &writer->error);
	g_clear_pointer(&harvest->seen, g_array_unref);
	return ok;
}

static int compare_unanswered(gconstpointer a, gconstpointer b)
{
	const AmUnanswered *x = a, *y = b;
	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	if (x->minute != y->minute)
		return x->minute < y->minute ? -1 : 1;
	int order = memcmp(&x->source, &y->source, sizeof x->source);
	if (order != 0)
		return order;
	if (x->ip_protocol != y->ip_protocol)
		return x->ip_protocol < y->ip_protocol ? -1 : 1;
	return x->port < y->port ? -1 : x->port > y->port;
}

/* Those that are equal in this order are added up, so which shard comes first does not matter. */
static gboolean write_unanswered(AmPipelineWriter *writer, Harvest *harvest)
{
	g_autoptr(GArray) counts = g_array_new(FALSE, FALSE, sizeof(AmUnanswered));
	for (guint w = 0; w < writer->n_workers; w++) {
		AmConnectionBatch *batch = &harvest->batches[w];
		if (batch->n_unanswered > 0)
			g_array_append_vals(counts, batch->unanswered, (guint)batch->n_unanswered);
	}
	g_array_sort(counts, compare_unanswered);
	const AmUnanswered *all = (const AmUnanswered *)counts->data;
	gboolean ok = TRUE;
	for (guint from = 0, to; ok && from < counts->len; from = to) {
		uint32_t network = all[from].network;
		for (to = from + 1; to < counts->len && all[to].network == network;)
			to++;
		ok = find_network(writer, network, &network) &&
		     am_facts_add_unanswered(writer->facts, network, all + from, to - from, &writer->error);
	}
	return ok;
}

/* In an order of their own: where there is no room for all, the same ones are kept whatever the number of workers. */
static gboolean write_observations(AmPipelineWriter *writer, Harvest *harvest)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	for (guint w = 0; w < writer->n_workers; w++) {
		const AmConnectionBatch *batch = &harvest->batches[w];
		if (batch->n_observations > 0)
			g_array_append_vals(all, batch->observations, (guint)batch->n_observations);
	}
	if (harvest->link.n_observations > 0)
		g_array_append_vals(all, harvest->link.observations, (guint)harvest->link.n_observations);
	g_array_sort(all, am_observation_compare);
	gboolean ok = TRUE;
	for (guint n = 0; ok && n < all->len; n++) {
		AmObservation *observation = &g_array_index(all, AmObservation, n);
		ok = find_network(writer, observation->network, &observation->network) &&
		     am_facts_add_observations(writer->facts, observation, 1, &writer->error);
	}
	return ok;
}

static gboolean write_harvest(AmPipelineWriter *writer, Harvest *harvest, GPtrArray *order)
{
	g_ptr_array_set_size(order, 0);
	take_networks(writer, harvest);
	for (guint w = 0; w < writer->n_workers; w++) {
		for (size_t n = 0; n < harvest->batches[w].n; n++)
			g_ptr_array_add(order, &harvest->batches[w].records[n]);
	}
	g_ptr_array_sort(order, compare_records);
	gboolean ok = TRUE;
	for (guint n = 0; ok && n < order->len; n++) {
		AmConnection *record = order->pdata[n];
		ok = find_network(writer, record->network, &record->network) &&
		     am_facts_add_connections(writer->facts, record, 1, &writer->error);
	}
	return ok && write_unanswered(writer, harvest) && write_observations(writer, harvest) &&
	       write_seen(writer, harvest) && (!harvest->commits || commit_harvest(writer, harvest));
}

static size_t count_records(const AmPipelineWriter *writer, const Harvest *harvest)
{
	size_t n = 0;
	for (guint w = 0; w < writer->n_workers; w++)
		n += harvest->batches[w].n;
	return n;
}

static void give_back(AmPipelineWriter *writer, Harvest *harvest, size_t n_records)
{
	for (guint w = 0; w < writer->n_workers; w++) {
		AmConnectionBatch *batch = &harvest->batches[w];
		if (batch->capacity > MAX_KEPT || batch->unanswered_capacity > MAX_KEPT ||
		    batch->observations_capacity > MAX_KEPT)
			am_connection_batch_clear(batch);
		batch->n = batch->n_unanswered = batch->n_observations = 0;
	}
	harvest->link.n_observations = 0;
	g_clear_pointer(&harvest->seen, g_array_unref);
	harvest->commits = harvest->is_last = FALSE;
	g_async_queue_push_front(writer->free_harvests, harvest);
	g_mutex_lock(&writer->lock);
	writer->n_waiting -= n_records;
	g_cond_signal(&writer->room);
	g_mutex_unlock(&writer->lock);
}

/* After a failure the harvests still go round, so that nobody waits for one. */
static gpointer writer_main(gpointer data)
{
	AmPipelineWriter *writer = data;
	g_autoptr(GPtrArray) order = g_ptr_array_new();
	gboolean ok = TRUE;
	for (gboolean is_last = FALSE; !is_last;) {
		Harvest *harvest = g_async_queue_pop(writer->full_harvests);
		size_t n_records = count_records(writer, harvest);
		is_last = harvest->is_last;
		if (ok && !write_harvest(writer, harvest, order)) {
			ok = FALSE;
			g_atomic_int_set(&writer->stop, 1);
		}
		give_back(writer, harvest, n_records);
	}
	return NULL;
}

/* ---- The others */

AmPipelineWriter *am_pipeline_writer_new(const AmPipelineOptions *options, guint n_workers)
{
	AmPipelineWriter *writer = g_new0(AmPipelineWriter, 1);
	writer->options = options;
	writer->n_workers = n_workers;
	writer->facts = options->facts;
	writer->network = options->network;
	writer->networks = g_ptr_array_new_with_free_func(g_free);
	writer->network_ids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_mutex_init(&writer->lock);
	g_cond_init(&writer->room);
	writer->free_harvests = g_async_queue_new();
	writer->full_harvests = g_async_queue_new();
	for (guint n = 0; n < N_HARVESTS; n++) {
		Harvest *harvest = writer->pool[n] = g_new0(Harvest, 1);
		harvest->new_networks = g_ptr_array_new();
		harvest->batches = g_new0(AmConnectionBatch, n_workers);
		g_async_queue_push(writer->free_harvests, harvest);
	}
	writer->thread = g_thread_new("writer", writer_main, writer);
	return writer;
}

Harvest *am_pipeline_writer_take(AmPipelineWriter *writer)
{
	g_mutex_lock(&writer->lock);
	while (writer->n_waiting > MAX_WAITING)
		g_cond_wait(&writer->room, &writer->lock);
	g_mutex_unlock(&writer->lock);
	return g_async_queue_pop(writer->free_harvests);
}

void am_pipeline_writer_store(AmPipelineWriter *writer, Harvest *harvest)
{
	size_t n_records = count_records(writer, harvest);
	g_mutex_lock(&writer->lock);
	writer->n_waiting += n_records;
	g_mutex_unlock(&writer->lock);
	g_async_queue_push(writer->full_harvests, harvest);
}

gboolean am_pipeline_writer_failed(AmPipelineWriter *writer)
{
	return g_atomic_int_get(&writer->stop) != 0;
}

gboolean am_pipeline_writer_finish(AmPipelineWriter *writer, GError **error)
{
	g_thread_join(writer->thread);
	gboolean ok = writer->error == NULL;
	if (!ok)
		g_propagate_error(error, g_steal_pointer(&writer->error));
	for (guint n = 0; n < N_HARVESTS; n++) {
		Harvest *harvest = writer->pool[n];
		for (guint w = 0; w < writer->n_workers; w++)
			am_connection_batch_clear(&harvest->batches[w]);
		am_connection_batch_clear(&harvest->link);
		g_ptr_array_set_free_func(harvest->new_networks, g_free);
		g_ptr_array_unref(harvest->new_networks);
		g_clear_pointer(&harvest->seen, g_array_unref);
		g_free(harvest->batches);
		g_free(harvest);
	}
	g_async_queue_unref(writer->free_harvests);
	g_async_queue_unref(writer->full_harvests);
	g_ptr_array_unref(writer->networks);
	g_array_unref(writer->network_ids);
	g_mutex_clear(&writer->lock);
	g_cond_clear(&writer->room);
	g_free(writer);
	return ok;
}
