/* Edges: arcs with the same client, server, protocol and port, summed over days. A connection that two sensors saw counts
 * once: of each day the sensor that saw more is taken, counter by counter.
 */
#include "config.h"

#include "work.h"

#include <string.h>

/* All that adds up, in the client's own direction. Nothing but uint64_t in it: it is added and compared as an array. */
typedef struct {
	uint64_t connections, packets[2], bytes[2], payload[2], outcomes[AM_N_OUTCOMES];
	uint64_t handshakes, payload_both, icmp_errors, syn, synack, first_client;
} Sum;
#define SUM_FIELDS (sizeof(Sum) / sizeof(uint64_t))

static void sum_add(Sum *sum, const Sum *more)
{
	uint64_t *to = (uint64_t *)sum;
	for (size_t n = 0; n < SUM_FIELDS; n++)
		to[n] += ((const uint64_t *)more)[n];
}

static void sum_max(Sum *sum, const Sum *other)
{
	uint64_t *to = (uint64_t *)sum;
	for (size_t n = 0; n < SUM_FIELDS; n++)
		to[n] = MAX(to[n], ((const uint64_t *)other)[n]);
}

/* Of a counter, the part of the connections that this side began: what was counted of which is not kept. The two sides' parts
 * add up to the whole. */
static uint64_t part_of(uint64_t number, const AmTally *tally, int client)
{
	uint64_t all = tally->first[0] + tally->first[1];
	uint64_t lo = all > 0 ? (uint64_t)((double)number * ((double)tally->first[0] / (double)all)) : 0;
	lo = MIN(lo, number);
	return client == 0 ? lo : number - lo;
}

static Sum sum_of(const AmTally *tally, int client)
{
	Sum sum = {.connections = tally->connections,
		   .handshakes = tally->handshake,
		   .payload_both = tally->payload_both,
		   .icmp_errors = tally->icmp_errors,
		   .syn = tally->syn[client],
		   .synack = tally->synack[!client],
		   .first_client = tally->first[client]};
	for (int n = 0; n < 2; n++) {
		sum.packets[n] = tally->counts.packets[n ^ client];
		sum.bytes[n] = tally->counts.bytes[n ^ client];
		sum.payload[n] = tally->counts.payload[n ^ client];
	}
	memcpy(sum.outcomes, tally->outcomes, sizeof sum.outcomes);
	return sum;
}

static void keep_part(Sum *sum, const AmTally *tally, int client)
{
	uint64_t first_client = sum->first_client, *fields = (uint64_t *)sum;
	for (size_t n = 0; n < SUM_FIELDS; n++)
		fields[n] = part_of(fields[n], tally, client);
	sum->first_client = first_client;
	if (tally->first[0] + tally->first[1] == tally->connections)
		sum->connections = first_client;
}

static gboolean same_edge(const AmArc *a, const AmArc *b)
{
	return a->client == b->client && a->server == b->server && a->ip_protocol == b->ip_protocol &&
	       a->port == b->port;
}

static int compare_l7(gconstpointer a, gconstpointer b)
{
	const AmTallyL7 *x = a, *y = b;
	if (x->connections != y->connections)
		return x->connections > y->connections ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void add_l7(GArray *seen, const AmTally *tally)
{
	for (guint n = 0; n < MIN(tally->n_l7, AM_TALLY_MAX_L7); n++) {
		const AmTallyL7 *l7 = &tally->l7[n];
		guint at = 0;
		while (at < seen->len && strcmp(g_array_index(seen, AmTallyL7, at).name, l7->name) != 0)
			at++;
		if (at == seen->len) {
			g_array_append_val(seen, *l7);
			continue;
		}
		AmTallyL7 *known = &g_array_index(seen, AmTallyL7, at);
		known->connections += l7->connections;
		known->confidence = MAX(known->confidence, l7->confidence);
	}
}

/* What does not add up: times, names, l7, the best level, backscatter. */
typedef struct {
	AmEdge *edge;
	AmEdgeNotes *notes;
	GArray *l7;
	int64_t named_ns;
} Gatherer;

static void gather(Gatherer *into, const AmArc *arc, const AmTally *tally)
{
	AmEdge *edge = into->edge;
	edge->direction = MIN(edge->direction, (AmDirection)arc->level);
	edge->first_ns = MIN(edge->first_ns, tally->first_ns);
	edge->last_ns = MAX(edge->last_ns, tally->last_ns);
	edge->risks |= tally->risks;
	edge->related = MAX(edge->related, tally->related);
	into->notes->backscatter &= arc->backscatter;
	add_l7(into->l7, tally);
	if (tally->server_name[0] == '\0')
		return;
	if (edge->server_name[0] != '\0' &&
	    (tally->first_ns > into->named_ns ||
	     (tally->first_ns == into->named_ns && strcmp(tally->server_name, edge->server_name) >= 0)))
		return;
	into->named_ns = tally->first_ns;
	g_strlcpy(edge->server_name, tally->server_name, sizeof edge->server_name);
}

static void edge_set_sums(AmEdge *edge, AmEdgeNotes *notes, const Sum *sum)
{
	edge->connections = sum->connections;
	memcpy(edge->counts.packets, sum->packets, sizeof sum->packets);
	memcpy(edge->counts.bytes, sum->bytes, sizeof sum->bytes);
	memcpy(edge->counts.payload, sum->payload, sizeof sum->payload);
	memcpy(edge->outcomes, sum->outcomes, sizeof sum->outcomes);
	edge->handshakes = sum->handshakes;
	edge->payload_both = sum->payload_both;
	edge->icmp_errors = sum->icmp_errors;
	notes->syn = sum->syn;
	notes->synack = sum->synack;
	notes->first_client = sum->first_client;
}

/* Sums the arcs [first, end), which are of one edge, by day. */
static void sum_edge(const AmMapWork *work, Gatherer *into, guint first, guint end)
{
	const AmArc *arcs = (const AmArc *)work->arcs->data;
	Sum total = {0};
	for (guint n = first; n < end;) {
		int32_t day = am_work_tally(work, arcs[n].tally)->key.day;
		uint32_t hours = 0;
		Sum best = {0};
		while (n < end && am_work_tally(work, arcs[n].tally)->key.day == day) {
			uint32_t sensor = am_work_tally(work, arcs[n].tally)->key.sensor;
			Sum seen = {0};
			for (; n < end; n++) {
				const AmTally *tally = am_work_tally(work, arcs[n].tally);
				if (tally->key.day != day || tally->key.sensor != sensor)
					break;
				Sum sum = sum_of(tally, arcs[n].client_is_hi);
				if (arcs[n].is_part)
					keep_part(&sum, tally, arcs[n].client_is_hi);
				sum_add(&seen, &sum);
				hours |= tally->hours;
				gather(into, &arcs[n], tally);
			}
			sum_max(&best, &seen);
		}
		sum_add(&total, &best);
		into->edge->days++;
		into->edge->hours += (uint32_t)__builtin_popcount(hours);
	}
	edge_set_sums(into->edge, into->notes, &total);
}

static void add_edge(AmMapWork *work, guint first, guint end, GArray *l7)
{
	const AmArc *arc = &g_array_index(work->arcs, AmArc, first);
	AmEdge edge = {.client = arc->client,
		       .server = arc->server,
		       .ip_protocol = arc->ip_protocol,
		       .port = arc->port,
		       .direction = AM_DIRECTION_FIRST_PACKET,
		       .first_ns = INT64_MAX,
		       .last_ns = INT64_MIN,
		       .override_index = -1};
	AmEdgeNotes notes = {.first_arc = first, .n_arcs = end - first, .backscatter = 1};
	g_array_set_size(l7, 0);
	Gatherer into = {.edge = &edge, .notes = &notes, .l7 = l7};
	sum_edge(work, &into, first, end);
	g_array_sort(l7, compare_l7);
	edge.n_l7 = (uint8_t)MIN(l7->len, AM_TALLY_MAX_L7);
	if (edge.n_l7 > 0)
		memcpy(edge.l7, l7->data, edge.n_l7 * sizeof(AmTallyL7));
	g_array_append_val(work->map->edges, edge);
	g_array_append_val(work->notes, notes);
}

static int compare_services(gconstpointer a, gconstpointer b, gpointer user_data)
{
	const AmEdge *x = am_work_edge(user_data, *(const uint32_t *)a),
		     *y = am_work_edge(user_data, *(const uint32_t *)b);
	if (x->server != y->server)
		return x->server < y->server ? -1 : 1;
	if (x->ip_protocol != y->ip_protocol)
		return (int)x->ip_protocol - (int)y->ip_protocol;
	if (x->port != y->port)
		return (int)x->port - (int)y->port;
	return x->client < y->client ? -1 : x->client > y->client;
}

static void index_edges(AmMapWork *work)
{
	guint n_edges = work->map->edges->len;
	work->by_service = g_new(uint32_t, MAX(n_edges, 1));
	for (guint n = 0; n < n_edges; n++) {
		AmEdge *edge = am_work_edge(work, n);
		AmEndpointNotes *host = &work->hosts[edge->client];
		work->by_service[n] = n;
		if (host->n_edges++ == 0)
			host->first_edge = n;
		AmEndpointNotes *other = &work->hosts[edge->server];
		host->live |= edge->counts.packets[0] > 0;
		other->live |= edge->counts.packets[1] > 0;
		host->sent += edge->counts.packets[0];
		host->received += edge->counts.packets[1];
		other->sent += edge->counts.packets[1];
		other->received += edge->counts.packets[0];
		uint32_t ends[2] = {edge->client, edge->server};
		for (int end = 0; end < 2; end++) {
			AmAsset *asset =
				&g_array_index(work->map->assets, AmAsset,
					       g_array_index(work->map->endpoints, AmEndpoint, ends[end]).asset);
			asset->first_ns = asset->last_ns == 0 ? edge->first_ns : MIN(asset->first_ns, edge->first_ns);
			asset->last_ns = MAX(asset->last_ns, edge->last_ns);
		}
	}
	g_qsort_with_data(work->by_service, (gint)n_edges, sizeof *work->by_service, compare_services, work);
}

void am_edges_build(AmMapWork *work)
{
	work->notes = g_array_new(FALSE, FALSE, sizeof(AmEdgeNotes));
	g_autoptr(GArray) l7 = g_array_new(FALSE, FALSE, sizeof(AmTallyL7));
	const AmArc *arcs = (const AmArc *)work->arcs->data;
	for (guint first = 0, n = 0; first < work->arcs->len; first = n) {
		for (n = first + 1; n < work->arcs->len && same_edge(&arcs[first], &arcs[n]);)
			n++;
		add_edge(work, first, n, l7);
	}
	index_edges(work);
}
