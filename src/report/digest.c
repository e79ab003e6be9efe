/* Condenses the edges of a map. Fed by an AmMap; a scan of a hundred thousand probes comes out as one line. It decides
 * nothing: verdicts and reasons are the map's. */
#include "config.h"

#include "digest.h"

#include "text.h"
#include "view.h"

#include <string.h>

static gpointer service_key(uint8_t ip_protocol, uint16_t port)
{
	return GUINT_TO_POINTER((guint)ip_protocol << 16 | port);
}

static void add_edge(AmEdgeSum *sum, const AmEdge *edge)
{
	if (sum->edges == 0 || edge->first_ns < sum->first_ns)
		sum->first_ns = edge->first_ns;
	if (sum->edges == 0 || edge->last_ns > sum->last_ns)
		sum->last_ns = edge->last_ns;
	if (sum->edges == 0 || edge->direction > sum->direction)
		sum->direction = edge->direction;
	if (sum->busiest == NULL || edge->connections > sum->busiest->connections)
		sum->busiest = edge;
	sum->edges++;
	sum->connections += edge->connections;
	sum->bytes += edge->counts.bytes[0] + edge->counts.bytes[1];
	sum->days = MAX(sum->days, edge->days);
	sum->reasons |= edge->reasons;
	for (int i = 0; i < AM_N_OUTCOMES; i++)
		sum->outcomes[i] += edge->outcomes[i];
	for (int i = 0; i < AM_N_REASONS; i++)
		sum->by_reason[i] += (edge->reasons >> i) & 1;
}

/* Adds to a set; TRUE when it is new. */
static gboolean add_member(GHashTable **set, gpointer member)
{
	if (*set == NULL)
		*set = g_hash_table_new(NULL, NULL);
	return g_hash_table_add(*set, member);
}

static void service_free(gpointer data)
{
	AmServiceSum *service = data;
	g_clear_pointer(&service->client_set, g_hash_table_unref);
	g_clear_pointer(&service->server_set, g_hash_table_unref);
	g_free(service);
}

static void pair_free(gpointer data)
{
	AmPairSum *pair = data;
	g_clear_pointer(&pair->client_set, g_hash_table_unref);
	g_clear_pointer(&pair->server_set, g_hash_table_unref);
	g_ptr_array_free(pair->edges, TRUE);
	g_free(pair);
}

static void noise_free(gpointer data)
{
	AmNoiseSum *noise = data;
	g_clear_pointer(&noise->source_set, g_hash_table_unref);
	g_clear_pointer(&noise->target_set, g_hash_table_unref);
	g_clear_pointer(&noise->service_set, g_hash_table_unref);
	g_free(noise);
}

static void question_free(gpointer data)
{
	AmQuestion *question = data;
	g_ptr_array_free(question->edges, TRUE);
	g_free(question);
}

/* ---- keys: one line of text per set */

/* The set that `key` names, made on first use by `make`. Takes the key. */
static gpointer find_or_make(GHashTable *index, GPtrArray *list, char *key, gsize size)
{
	gpointer found = g_hash_table_lookup(index, key);
	if (found != NULL) {
		g_free(key);
		return found;
	}
	gpointer made = g_malloc0(size);
	g_hash_table_insert(index, key, made);
	g_ptr_array_add(list, made);
	return made;
}

static void add_service(GHashTable *index, GPtrArray *list, const AmEdge *edge)
{
	char *key = g_strdup_printf("%u %u", edge->ip_protocol, edge->port);
	AmServiceSum *service = find_or_make(index, list, key, sizeof *service);
	service->ip_protocol = edge->ip_protocol;
	service->port = edge->port;
	service->clients += add_member(&service->client_set, GUINT_TO_POINTER(edge->client));
	service->servers += add_member(&service->server_set, GUINT_TO_POINTER(edge->server));
	add_edge(&service->sum, edge);
}

static void add_pair(const AmMap *map, GHashTable *index, GPtrArray *list, const AmEdge *edge)
{
	const char *client = am_view_party(map, edge->client), *server = am_view_party(map, edge->server);
	char *key = g_strdup_printf("%s %s %u %u", client, server, edge->ip_protocol, edge->port);
	AmPairSum *pair = find_or_make(index, list, key, sizeof *pair);
	if (pair->edges == NULL) {
		pair->edges = g_ptr_array_new();
		pair->client = client;
		pair->server = server;
		pair->ip_protocol = edge->ip_protocol;
		pair->port = edge->port;
	}
	pair->clients += add_member(&pair->client_set, GUINT_TO_POINTER(edge->client));
	pair->servers += add_member(&pair->server_set, GUINT_TO_POINTER(edge->server));
	add_edge(&pair->sum, edge);
	g_ptr_array_add(pair->edges, (gpointer)edge);
}

static void add_noise(GHashTable *index, GPtrArray *list, char *key, const AmNoiseSum *what, const AmEdge *edge)
{
	AmNoiseSum *noise = find_or_make(index, list, key, sizeof *noise);
	if (noise->sum.edges == 0)
		*noise = *what;
	noise->sources += add_member(&noise->source_set, GUINT_TO_POINTER(edge->client));
	noise->targets += add_member(&noise->target_set, GUINT_TO_POINTER(edge->server));
	if (noise->service_set == NULL)
		noise->service_set = g_hash_table_new(NULL, NULL);
	gpointer service = service_key(edge->ip_protocol, edge->port);
	guint edges = GPOINTER_TO_UINT(g_hash_table_lookup(noise->service_set, service));
	noise->services += edges == 0;
	g_hash_table_insert(noise->service_set, service, GUINT_TO_POINTER(edges + 1));
	add_edge(&noise->sum, edge);
}

/* The internet knocks at every door all the time: one address outside with a handful of edges is no line of its own. */
#define FEW_EDGES 4

/* Suspicious edges by client endpoint. */
static uint32_t *count_suspicious(const AmMap *map)
{
	uint32_t *edges = g_new0(uint32_t, map->endpoints->len);
	for (guint i = 0; i < map->edges->len; i++)
		edges[am_view_edge(map, i)->client] += am_view_edge(map, i)->verdict == AM_VERDICT_SUSPICIOUS;
	return edges;
}

static void add_suspicious(const AmMap *map, const uint32_t *by_source, GHashTable *index, GPtrArray *list,
			   const AmEdge *edge)
{
	const AmAsset *source = am_view_asset(map, edge->client);
	AmNoiseSum what = {.endpoint = edge->client,
			   .party = am_view_party(map, edge->client),
			   .reason = am_view_leading_reason(edge->reasons)};
	if (source->inside || source->scanner || by_source[edge->client] > FEW_EDGES) {
		add_noise(index, list, g_strdup_printf("%u", edge->client), &what, edge);
		return;
	}
	what.endpoint = AM_NO_INDEX;
	add_noise(index, list, g_strdup_printf("few %d %s", what.reason, what.party), &what, edge);
}

static void add_background(const AmMap *map, GHashTable *index, GPtrArray *list, const AmEdge *edge)
{
	AmNoiseSum what = {.endpoint = AM_NO_INDEX,
			   .party = am_view_party(map, edge->client),
			   .reason = am_view_leading_reason(edge->reasons)};
	add_noise(index, list, g_strdup_printf("%d %s", what.reason, what.party), &what, edge);
}

static void add_question(GHashTable *index, GPtrArray *list, const AmEdge *edge)
{
	char *key = g_strdup_printf("%u %u %u", edge->server, edge->ip_protocol, edge->port);
	AmQuestion *question = find_or_make(index, list, key, sizeof *question);
	if (question->edges == NULL) {
		question->edges = g_ptr_array_new();
		question->server = edge->server;
		question->ip_protocol = edge->ip_protocol;
		question->port = edge->port;
	}
	add_edge(&question->sum, edge);
	g_ptr_array_add(question->edges, (gpointer)edge);
}

/* ---- order */

static int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int by_service(uint8_t a_protocol, uint16_t a_port, uint8_t b_protocol, uint16_t b_port)
{
	return a_protocol != b_protocol ? a_protocol - b_protocol : a_port - b_port;
}

static int compare_services(gconstpointer a, gconstpointer b)
{
	const AmServiceSum *x = *(AmServiceSum *const *)a, *y = *(AmServiceSum *const *)b;
	int order = descending(x->sum.connections, y->sum.connections);
	return order != 0 ? order : by_service(x->ip_protocol, x->port, y->ip_protocol, y->port);
}

static int compare_pairs(gconstpointer a, gconstpointer b)
{
	const AmPairSum *x = *(AmPairSum *const *)a, *y = *(AmPairSum *const *)b;
	int order = strcmp(x->client, y->client);
	if (order == 0)
		order = strcmp(x->server, y->server);
	return order != 0 ? order : by_service(x->ip_protocol, x->port, y->ip_protocol, y->port);
}

/* Edges lie in the map's order, so their places in it break ties. */
static int compare_edges(gconstpointer a, gconstpointer b)
{
	const AmEdge *x = *(AmEdge *const *)a, *y = *(AmEdge *const *)b;
	int order = descending(x->connections, y->connections);
	return order != 0 ? order : (x > y) - (x < y);
}

static int compare_questions(gconstpointer a, gconstpointer b)
{
	const AmQuestion *x = *(AmQuestion *const *)a, *y = *(AmQuestion *const *)b;
	int order = descending(x->sum.connections, y->sum.connections);
	if (order != 0)
		return order;
	const AmEdge *p = g_ptr_array_index(x->edges, 0), *q = g_ptr_array_index(y->edges, 0);
	return (p > q) - (p < q);
}

static int compare_noise(gconstpointer a, gconstpointer b)
{
	const AmNoiseSum *x = *(AmNoiseSum *const *)a, *y = *(AmNoiseSum *const *)b;
	int order = (x->endpoint == AM_NO_INDEX) - (y->endpoint == AM_NO_INDEX);
	if (order == 0)
		order = descending(x->sum.edges, y->sum.edges);
	if (order == 0)
		order = descending(x->sum.connections, y->sum.connections);
	if (order == 0)
		order = strcmp(x->party, y->party);
	if (order == 0)
		order = (x->endpoint > y->endpoint) - (x->endpoint < y->endpoint);
	return order != 0 ? order : (int)x->reason - (int)y->reason;
}

/* ---- the digest */

static void count_parts(AmDigest *digest)
{
	const AmMap *map = digest->map;
	for (guint i = 0; i < map->assets->len; i++) {
		const AmAsset *asset = &g_array_index(map->assets, AmAsset, i);
		digest->inside += asset->inside != FALSE;
		digest->scanners += asset->scanner != FALSE;
	}
	for (guint i = 0; i < map->listeners->len; i++)
		digest->idle_listeners += g_array_index(map->listeners, AmListener, i).idle != FALSE;
	g_autoptr(GHashTable) knockers = g_hash_table_new(NULL, NULL);
	for (guint i = 0; i < digest->suspicious->len; i++) {
		const AmNoiseSum *noise = g_ptr_array_index(digest->suspicious, i);
		digest->suspects += noise->endpoint != AM_NO_INDEX;
		if (noise->endpoint != AM_NO_INDEX)
			continue;
		GHashTableIter iter;
		gpointer source;
		g_hash_table_iter_init(&iter, noise->source_set);
		while (g_hash_table_iter_next(&iter, &source, NULL))
			g_hash_table_add(knockers, source);
	}
	digest->knockers = g_hash_table_size(knockers);
}

static void sort_digest(AmDigest *digest)
{
	g_ptr_array_sort(digest->services, compare_services);
	g_ptr_array_sort(digest->local, compare_services);
	g_ptr_array_sort(digest->pairs, compare_pairs);
	g_ptr_array_sort(digest->questions, compare_questions);
	g_ptr_array_sort(digest->suspicious, compare_noise);
	g_ptr_array_sort(digest->background, compare_noise);
	for (guint i = 0; i < digest->pairs->len; i++)
		g_ptr_array_sort(((AmPairSum *)g_ptr_array_index(digest->pairs, i))->edges, compare_edges);
}

AmDigest *am_digest_new(const AmMap *map)
{
	AmDigest *digest = g_new0(AmDigest, 1);
	digest->map = map;
	digest->services = g_ptr_array_new_with_free_func(service_free);
	digest->local = g_ptr_array_new_with_free_func(service_free);
	digest->pairs = g_ptr_array_new_with_free_func(pair_free);
	digest->questions = g_ptr_array_new_with_free_func(question_free);
	digest->suspicious = g_ptr_array_new_with_free_func(noise_free);
	digest->background = g_ptr_array_new_with_free_func(noise_free);
	g_autoptr(GHashTable) services = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) pairs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	/* Every other verdict has one kind of set: one table is enough for each. */
	g_autoptr(GHashTable) questions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) suspicious = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) background = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) local = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree uint32_t *by_source = count_suspicious(map);
	for (guint i = 0; i < map->edges->len; i++) {
		const AmEdge *edge = am_view_edge(map, i);
		add_edge(&digest->by_verdict[edge->verdict], edge);
		switch (edge->verdict) {
		case AM_VERDICT_ESSENTIAL:
			add_service(services, digest->services, edge);
			add_pair(map, pairs, digest->pairs, edge);
			digest->guessed_essential += edge->direction >= AM_DIRECTION_DEGREE;
			break;
		case AM_VERDICT_UNDECIDED:
			add_question(questions, digest->questions, edge);
			break;
		case AM_VERDICT_BACKGROUND:
			add_background(map, background, digest->background, edge);
			break;
		case AM_VERDICT_SUSPICIOUS:
			add_suspicious(map, by_source, suspicious, digest->suspicious, edge);
			break;
		case AM_VERDICT_LOCAL:
			add_service(local, digest->local, edge);
			break;
		case AM_N_VERDICTS:
			break;
		}
	}
	count_parts(digest);
	sort_digest(digest);
	return digest;
}

void am_digest_free(AmDigest *digest)
{
	if (digest == NULL)
		return;
	g_ptr_array_free(digest->services, TRUE);
	g_ptr_array_free(digest->local, TRUE);
	g_ptr_array_free(digest->pairs, TRUE);
	g_ptr_array_free(digest->questions, TRUE);
	g_ptr_array_free(digest->suspicious, TRUE);
	g_ptr_array_free(digest->background, TRUE);
	g_free(digest);
}

/* ---- words */

typedef struct {
	guint key;
	uint64_t edges;
} Ranked;

static int compare_ranked(gconstpointer a, gconstpointer b)
{
	const Ranked *x = a, *y = b;
	int order = descending(x->edges, y->edges);
	return order != 0 ? order : (x->key > y->key) - (x->key < y->key);
}

void am_digest_append_services(GString *to, const AmNoiseSum *noise, guint most)
{
	g_autoptr(GArray) ranked = g_array_new(FALSE, FALSE, sizeof(Ranked));
	GHashTableIter iter;
	gpointer key, value;
	g_hash_table_iter_init(&iter, noise->service_set);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		Ranked one = {GPOINTER_TO_UINT(key), GPOINTER_TO_UINT(value)};
		g_array_append_val(ranked, one);
	}
	g_array_sort(ranked, compare_ranked);
	for (guint i = 0; i < ranked->len && i < most; i++) {
		char text[AM_SERVICE_TEXT_SIZE];
		guint service = g_array_index(ranked, Ranked, i).key;
		g_string_append_printf(to, "%s%s", i > 0 ? ", " : "",
				       am_service_text((uint8_t)(service >> 16), (uint16_t)service, text));
	}
	if (ranked->len > most) {
		char text[AM_NUMBER_TEXT_SIZE];
		g_string_append_printf(to, " and %s more", am_number_text(ranked->len - most, text));
	}
}

void am_digest_append_reasons(GString *to, const AmEdgeSum *sum)
{
	g_autoptr(GArray) ranked = g_array_new(FALSE, FALSE, sizeof(Ranked));
	for (guint i = 0; i < AM_N_REASONS; i++) {
		Ranked one = {i, sum->by_reason[i]};
		if (one.edges > 0)
			g_array_append_val(ranked, one);
	}
	g_array_sort(ranked, compare_ranked);
	for (guint i = 0; i < ranked->len; i++) {
		char text[AM_NUMBER_TEXT_SIZE];
		const Ranked *one = &g_array_index(ranked, Ranked, i);
		g_string_append_printf(to, "%s%s %s", i > 0 ? ", " : "", am_reason_name((AmReason)one->key),
				       am_number_text(one->edges, text));
	}
}
