/* Which connections are one that a middlebox handed on. Each is compared with those that began just before it: a balancer
 * keeps client and client port and changes the server; translation of addresses changes the client, and every packet comes
 * again; a proxy opens a connection of its own and says the same words. Chance makes pairs of the last kind as often in the one
 * order as in the other; so both are counted.
 *
 * Fed by facts-relayed.c with connections in the order of their first packets. Bounded: so many are remembered, for so long, and so
 * many pairs are counted; when there are more, those that were seen once go. */
#include "config.h"

#include "relayed.h"

#include <string.h>

#define N_RECENT 512 /* a power of two */
#define WINDOW_NS (250 * INT64_C(1000000))
/* The same packet, before and behind a machine that only changes its addresses. */
#define SAME_PACKET_NS (20 * INT64_C(1000000))
#define SAME_DELAY_NS (2 * INT64_C(1000000))
/* What is handed on ends no later than what it is for, but for what closes it. */
#define LATE_END_NS (50 * INT64_C(1000000))
/* Headers that a proxy adds or takes away; only where so much was said that they hardly matter. */
#define MANY_WORDS 4096
#define FEW_WORDS 512
#define MAX_PAIRS 32768u
#define LEAST 3 /* pairs seen less often tell nothing */

struct AmRelayFinder {
	AmRelayable recent[N_RECENT];
	uint32_t n;        /* ever added */
	GHashTable *pairs; /* AmRelayed, by its key */
	uint32_t refused;  /* since there was room */
};

static guint hash_key(gconstpointer key)
{
	const uint8_t *octets = key;
	uint32_t hash = 2166136261u; /* FNV-1a */
	for (size_t n = 0; n < AM_RELAYED_KEY_SIZE; n++)
		hash = (hash ^ octets[n]) * 16777619u;
	return hash;
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, AM_RELAYED_KEY_SIZE) == 0;
}

AmRelayFinder *am_relay_finder_new(void)
{
	AmRelayFinder *finder = g_new0(AmRelayFinder, 1);
	finder->pairs = g_hash_table_new_full(hash_key, equal_keys, g_free, NULL);
	return finder;
}

void am_relay_finder_free(AmRelayFinder *finder)
{
	if (finder == NULL)
		return;
	g_hash_table_unref(finder->pairs);
	g_free(finder);
}

static gboolean is_single(gpointer key, gpointer value, gpointer user_data)
{
	(void)key;
	(void)user_data;
	return ((const AmRelayed *)value)->connections <= 1;
}

/* All are looked through only as often as that costs little for each that wants in: those that stay may be made to stay. */
static gboolean make_room(AmRelayFinder *finder)
{
	if (g_hash_table_size(finder->pairs) >= MAX_PAIRS && finder->refused++ % MAX_PAIRS == 0)
		g_hash_table_foreach_remove(finder->pairs, is_single, NULL);
	gboolean is_room = g_hash_table_size(finder->pairs) < MAX_PAIRS;
	if (is_room)
		finder->refused = 0;
	return is_room;
}

static void count(AmRelayFinder *finder, const AmRelayed *key, gboolean turned)
{
	AmRelayed *pair = g_hash_table_lookup(finder->pairs, key);
	if (pair == NULL) {
		if (!make_room(finder))
			return;
		pair = g_memdup2(key, sizeof *key);
		pair->connections = pair->turned = 0;
		g_hash_table_insert(finder->pairs, pair, pair);
	}
	pair->connections += !turned;
	pair->turned += turned;
}

/* ---- Are two alike? */

static gboolean same_address(const AmAddress *a, const AmAddress *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* But for what a mirror loses. */
static gboolean nearly(uint64_t a, uint64_t b)
{
	return MIN(a, b) >= MAX(a, b) - MAX(a, b) / 20;
}

static gboolean same_words(const AmRelayable *a, const AmRelayable *b)
{
	if (a->payload[0] == b->payload[0] && a->payload[1] == b->payload[1])
		return TRUE;
	for (int side = 0; side < 2; side++) {
		uint64_t more = MAX(a->payload[side], b->payload[side]);
		uint64_t less = MIN(a->payload[side], b->payload[side]);
		if (more - less > FEW_WORDS + more / 100)
			return FALSE;
	}
	return MIN(a->payload[1], b->payload[1]) >= MANY_WORDS;
}

static gboolean same_packets(const AmRelayable *a, const AmRelayable *b)
{
	int64_t delay = b->first_ns - a->first_ns;
	return delay <= SAME_PACKET_NS && ABS(b->last_ns - a->last_ns - delay) <= SAME_DELAY_NS &&
	       nearly(a->packets[0], b->packets[0]) && nearly(a->packets[1], b->packets[1]) &&
	       nearly(a->payload[0], b->payload[0]) && nearly(a->payload[1], b->payload[1]);
}

/* ---- What it would be, if `front` was handed on as `back` */

static AmRelayed key_of(AmRelayedKind kind, const AmRelayable *front, const AmRelayable *back)
{
	AmRelayed key = {.network = front->network, .kind = (uint8_t)kind};
	if (kind == AM_RELAYED_CLIENT_CHANGED) {
		key.front = front->client;
		key.client = back->client;
		return key;
	}
	key.front = front->server;
	key.front_port = front->server_port;
	key.port = back->server_port;
	if (kind == AM_RELAYED_BOTH_CHANGED)
		key.client = back->client;
	if (!same_address(&key.client, &key.front))
		key.server = back->server;
	return key;
}

/* 0: nothing. */
static int kind_of(const AmRelayable *a, const AmRelayable *b)
{
	gboolean client = same_address(&a->client, &b->client), server = same_address(&a->server, &b->server);
	if (client && !server && a->client_port == b->client_port && nearly(a->payload[0], b->payload[0]) &&
	    nearly(a->payload[1], b->payload[1]))
		return AM_RELAYED_SERVER_CHANGED;
	if (server && !client && a->server_port == b->server_port && same_packets(a, b))
		return AM_RELAYED_CLIENT_CHANGED;
	if (!server && !client && same_words(a, b))
		return AM_RELAYED_BOTH_CHANGED;
	return 0;
}

static void look_back(AmRelayFinder *finder, const AmRelayable *now)
{
	gboolean handed_on = FALSE, turned = FALSE;
	for (uint32_t back = 1; back <= MIN(finder->n, N_RECENT); back++) {
		const AmRelayable *then = &finder->recent[(finder->n - back) % N_RECENT];
		if (then->first_ns < now->first_ns - WINDOW_NS)
			return;
		int kind = then->network == now->network ? kind_of(then, now) : 0;
		gboolean is_own = kind == AM_RELAYED_BOTH_CHANGED;
		/* Of several that a proxy may have handed on, the last. */
		if (kind != 0 && (!is_own || (!handed_on && now->last_ns <= then->last_ns + LATE_END_NS))) {
			AmRelayed key = key_of((AmRelayedKind)kind, then, now);
			count(finder, &key, FALSE);
			handed_on |= is_own;
		}
		if (kind != 0 && (!is_own || (!turned && then->last_ns <= now->last_ns + LATE_END_NS))) {
			AmRelayed key = key_of((AmRelayedKind)kind, now, then);
			count(finder, &key, TRUE);
			turned |= is_own;
		}
	}
}

void am_relay_finder_add(AmRelayFinder *finder, const AmRelayable *connection)
{
	look_back(finder, connection);
	finder->recent[finder->n++ % N_RECENT] = *connection;
}

/* ---- What was found */

int am_relayed_compare(gconstpointer a, gconstpointer b)
{
	const AmRelayed *x = a, *y = b;
	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	int order = am_address_compare(&x->front, &y->front);
	if (order == 0)
		order = (int)x->front_port - (int)y->front_port;
	if (order == 0)
		order = am_address_compare(&x->client, &y->client);
	if (order == 0)
		order = am_address_compare(&x->server, &y->server);
	return order != 0 ? order : (int)x->port - (int)y->port;
}

GArray *am_relay_finder_list(const AmRelayFinder *finder)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(AmRelayed));
	GHashTableIter iter;
	gpointer pair;
	g_hash_table_iter_init(&iter, finder->pairs);
	while (g_hash_table_iter_next(&iter, NULL, &pair)) {
		if (((const AmRelayed *)pair)->connections >= LEAST)
			g_array_append_vals(list, pair, 1);
	}
	g_array_sort(list, am_relayed_compare);
	return list;
}
