/* Adding connections up into tallies. Why in memory first: a busy pair of hosts has thousands of connections a day and
 * one tally, and a row of the database costs a hundred times what an addition here costs.
 *
 * Fed by facts.c with each record; drained by it, in key order, when full (by number alone: the same input is spilled at
 * the same points) and at the end of a run.
 *
 * How records are counted. Packets, octets and hours of a record's delta belong to the delta's day. The connection
 * itself, its outcome, evidence and l7 belong to the day on which it began, once, as its last record tells them: a later
 * record takes back what the one before had said and says it anew, so sums here are changes and may be negative. Should
 * the side have become known in between, the connection moves to the directed key; the packets that were counted stay.
 *
 * Bounds: the number of sums, of l7 counts and of octets in names decides when it is full. A hostile network can fill it
 * often, which costs time, never memory. The hash is seeded from the system, so that nobody can choose addresses that
 * collide; the order of what comes out does not depend on it.
 */
#include "config.h"

#include "tally.h"

#include <string.h>
#include <sys/random.h>

#define NONE UINT32_MAX
#define BLOCK 4096 /* sums that are allocated at once */
#define MAX_NAME_BYTES (16 * 1024 * 1024)
#define MAX_CHOICES 65536 /* crowded pairs that are remembered after draining */

typedef struct {
	AmSum sum;
	uint32_t l7;           /* first of its l7 counts, or NONE */
	uint32_t next_of_pair; /* undirected: the one before it with the same pair of endpoints, or NONE */
	gboolean moved;        /* to a directed key: not to be given out */
} Slot;

typedef struct {
	uint32_t next;
	uint32_t l7;
	uint8_t confidence;
	int64_t connections;
} L7Count;

/* A pair of endpoints on a day with undirected tallies. */
typedef struct {
	AmSumKey key; /* side and ports zero */
	guint hash;   /* of it, by the table's seed */
	uint32_t newest;
	guint n;
	AmPortChoice *choice; /* NULL: all are kept */
} Pair;

struct AmSumTable {
	uint64_t seed[2];
	guint max_sums;
	GPtrArray *blocks; /* Slot[BLOCK] */
	guint n;
	uint32_t *index; /* slot number + 1, open addressing; 0 = free */
	guint mask;
	GArray *l7;        /* L7Count */
	GHashTable *pairs; /* Pair, by its key */
	GStringChunk *names;
	size_t name_bytes;
};

/* ---- Keys */

int am_sum_key_compare(const AmSumKey *a, const AmSumKey *b)
{
	if (a->network != b->network)
		return a->network < b->network ? -1 : 1;
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	int order = memcmp(&a->lo, &b->lo, sizeof a->lo);
	if (order == 0)
		order = memcmp(&a->hi, &b->hi, sizeof a->hi);
	if (order != 0)
		return order;
	if (a->ip_protocol != b->ip_protocol)
		return a->ip_protocol < b->ip_protocol ? -1 : 1;
	if (a->side != b->side)
		return a->side < b->side ? -1 : 1;
	if (a->port_lo != b->port_lo)
		return a->port_lo < b->port_lo ? -1 : 1;
	return a->port_hi < b->port_hi ? -1 : a->port_hi > b->port_hi;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_key(const uint64_t seed[2], const AmSumKey *key)
{
	uint64_t words[sizeof *key / 8];
	memcpy(words, key, sizeof words);
	uint64_t hash = seed[0];
	for (guint w = 0; w < G_N_ELEMENTS(words); w += 2)
		hash = mix(hash ^ words[w], seed[1] ^ words[w + 1] ^ UINT64_C(0x9e3779b97f4a7c15));
	return mix(hash, seed[1] | 1);
}

static guint pair_hash(gconstpointer pair)
{
	return ((const Pair *)pair)->hash;
}

static gboolean pair_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(&((const Pair *)a)->key, &((const Pair *)b)->key, sizeof(AmSumKey)) == 0;
}

static void pair_free(gpointer pair)
{
	am_port_choice_free(((Pair *)pair)->choice);
	g_free(pair);
}

/* ---- The table */

AmSumTable *am_sum_table_new(guint max_sums)
{
	AmSumTable *table = g_new0(AmSumTable, 1);
	if (getrandom(table->seed, sizeof table->seed, GRND_NONBLOCK) != sizeof table->seed)
		table->seed[0] = (uintptr_t)table; /* early at boot: better than nothing */
	table->max_sums = max_sums;
	guint size = 16;
	while (size < 2 * max_sums + AM_MAX_UNDIRECTED)
		size *= 2;
	table->index = g_new0(uint32_t, size);
	table->mask = size - 1;
	table->blocks = g_ptr_array_new_with_free_func(g_free);
	table->l7 = g_array_new(FALSE, FALSE, sizeof(L7Count));
	table->pairs = g_hash_table_new_full(pair_hash, pair_equal, pair_free, NULL);
	table->names = g_string_chunk_new(65536);
	return table;
}

void am_sum_table_free(AmSumTable *table)
{
	if (table == NULL)
		return;
	g_ptr_array_unref(table->blocks);
	g_free(table->index);
	g_array_unref(table->l7);
	g_hash_table_unref(table->pairs);
	g_string_chunk_free(table->names);
	g_free(table);
}

/* One record adds at most three sums (and, when a pair becomes crowded, its directed ones in place of as many). */
gboolean am_sum_table_is_full(const AmSumTable *table)
{
	return table->n >= table->max_sums || table->l7->len >= 2 * table->max_sums ||
	       table->name_bytes >= MAX_NAME_BYTES;
}

static Slot *slot_at(const AmSumTable *table, uint32_t n)
{
	return (Slot *)table->blocks->pdata[n / BLOCK] + n % BLOCK;
}

static uint32_t new_slot(AmSumTable *table, const AmSumKey *key)
{
	if (table->n == table->blocks->len * BLOCK)
		g_ptr_array_add(table->blocks, g_new(Slot, BLOCK));
	Slot *slot = slot_at(table, table->n);
	*slot = (Slot){
		.sum = {.key = *key, .first_ns = INT64_MAX, .last_ns = INT64_MIN}, .l7 = NONE, .next_of_pair = NONE};
	return table->n++;
}

/* Makes room when a crowded pair added more than was reckoned with. */
static void grow_index(AmSumTable *table)
{
	guint size = 2 * (table->mask + 1);
	g_free(table->index);
	table->index = g_new0(uint32_t, size);
	table->mask = size - 1;
	for (guint n = 0; n < table->n; n++) {
		guint at = (guint)hash_key(table->seed, &slot_at(table, n)->sum.key) & table->mask;
		while (table->index[at] != 0)
			at = (at + 1) & table->mask;
		table->index[at] = n + 1;
	}
}

static Slot *find_slot(AmSumTable *table, const AmSumKey *key, gboolean *ret_new)
{
	if (2 * table->n > table->mask)
		grow_index(table);
	guint at = (guint)hash_key(table->seed, key) & table->mask;
	for (; table->index[at] != 0; at = (at + 1) & table->mask) {
		Slot *slot = slot_at(table, table->index[at] - 1);
		if (memcmp(&slot->sum.key, key, sizeof *key) == 0) {
			*ret_new = FALSE;
			return slot;
		}
	}
	*ret_new = TRUE;
	table->index[at] = new_slot(table, key) + 1;
	return slot_at(table, table->index[at] - 1);
}

/* ---- Adding up */

static int64_t add_capped(int64_t a, int64_t b)
{
	int64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? (b > 0 ? INT64_MAX : INT64_MIN) : sum;
}

static void add_counts(uint64_t to[2], const uint64_t from[2])
{
	for (int d = 0; d < 2; d++)
		to[d] = __builtin_add_overflow(to[d], from[d], &to[d]) ? UINT64_MAX : to[d];
}

/* At equal times the later one counts: so it is in the database, too. */
static void add_outcome(AmSum *sum, int64_t first_ns, uint8_t outcome)
{
	if (first_ns <= sum->first_ns) {
		sum->first_ns = first_ns;
		sum->first_outcome = outcome;
	}
}

static void add_name(AmSum *sum, const char *name, int64_t at_ns)
{
	if (name != NULL && (sum->server_name == NULL || at_ns < sum->server_name_ns)) {
		sum->server_name = name;
		sum->server_name_ns = at_ns;
	}
}

void am_sum_merge(AmSum *to, const AmSum *from)
{
	to->hours |= from->hours;
	to->risks |= from->risks;
	to->related = MAX(to->related, from->related);
	for (guint n = 0; n < AM_N_SUMS; n++)
		to->n[n] = add_capped(to->n[n], from->n[n]);
	add_counts(to->counts.packets, from->counts.packets);
	add_counts(to->counts.bytes, from->counts.bytes);
	add_counts(to->counts.payload, from->counts.payload);
	add_outcome(to, from->first_ns, from->first_outcome);
	to->last_ns = MAX(to->last_ns, from->last_ns);
	add_name(to, from->server_name, from->server_name_ns);
}

void am_sum_l7_merge(AmSumL7 *to, const AmSumL7 *from)
{
	to->connections = add_capped(to->connections, from->connections);
	to->confidence = MAX(to->confidence, from->confidence);
}

static void add_l7(AmSumTable *table, Slot *slot, uint32_t l7, uint8_t confidence, int64_t connections)
{
	for (uint32_t at = slot->l7; at != NONE;) {
		L7Count *count = &g_array_index(table->l7, L7Count, at);
		if (count->l7 == l7) {
			count->connections = add_capped(count->connections, connections);
			count->confidence = MAX(count->confidence, confidence);
			return;
		}
		at = count->next;
	}
	L7Count count = {.next = slot->l7, .l7 = l7, .confidence = confidence, .connections = connections};
	slot->l7 = table->l7->len;
	g_array_append_val(table->l7, count);
}

/* ---- Pairs of endpoints whose direction nobody knows */

static Pair *find_pair(AmSumTable *table, const AmSumKey *key)
{
	Pair wanted = {.key = *key, .newest = NONE};
	wanted.key.side = 0;
	wanted.key.port_lo = wanted.key.port_hi = 0;
	wanted.hash = (guint)(hash_key(table->seed, &wanted.key) >> 32);
	Pair *pair = g_hash_table_lookup(table->pairs, &wanted);
	if (pair == NULL) {
		pair = g_new(Pair, 1);
		*pair = wanted;
		g_hash_table_add(table->pairs, pair);
	}
	return pair;
}

static void move_slot(AmSumTable *table, const AmPortChoice *choice, Slot *from)
{
	AmSumKey key = from->sum.key;
	am_port_choice_apply(choice, &key);
	gboolean is_new;
	Slot *to = find_slot(table, &key, &is_new);
	am_sum_merge(&to->sum, &from->sum);
	for (uint32_t at = from->l7; at != NONE;) {
		L7Count count = g_array_index(table->l7, L7Count, at);
		add_l7(table, to, count.l7, count.confidence, count.connections);
		at = count.next;
	}
	from->moved = TRUE;
}

static void choose_ports(AmSumTable *table, Pair *pair)
{
	AmPortPair ports[AM_MAX_UNDIRECTED + 1];
	guint n = 0;
	for (uint32_t at = pair->newest; at != NONE; at = slot_at(table, at)->next_of_pair)
		ports[n++] = am_port_pair_of(&slot_at(table, at)->sum);
	pair->choice = am_port_choice_new(ports, n);
	/* Oldest first, so that what is counted first is merged first. */
	uint32_t order[AM_MAX_UNDIRECTED + 1];
	guint at_end = n;
	for (uint32_t at = pair->newest; at != NONE; at = slot_at(table, at)->next_of_pair)
		order[--at_end] = at;
	for (guint s = 0; s < n; s++)
		move_slot(table, pair->choice, slot_at(table, order[s]));
	pair->newest = NONE;
}

static Slot *find_undirected(AmSumTable *table, AmSumKey *key)
{
	gboolean is_new;
	Pair *pair = find_pair(table, key);
	if (pair->choice == NULL) {
		Slot *slot = find_slot(table, key, &is_new);
		if (!is_new)
			return slot;
		slot->next_of_pair = pair->newest;
		pair->newest = table->n - 1;
		if (++pair->n <= AM_MAX_UNDIRECTED)
			return slot;
		choose_ports(table, pair);
	}
	am_port_choice_apply(pair->choice, key);
	return find_slot(table, key, &is_new);
}

/* The sum that a record counts in, on a day. */
static Slot *slot_of(AmSumTable *table, const AmConnection *record, int32_t day)
{
	AmSumKey key = {
		.network = record->network,
		.day = day,
		.lo = record->lo,
		.hi = record->hi,
		.ip_protocol = record->ip_protocol,
		.side = am_side_of(record),
		.port_lo = record->port_lo,
		.port_hi = record->port_hi,
	};
	gboolean is_new;
	if (key.side == AM_SIDE_NONE)
		return find_undirected(table, &key);
	if (key.side == AM_SIDE_LO)
		key.port_hi = 0;
	else
		key.port_lo = 0;
	return find_slot(table, &key, &is_new);
}

/* ---- Records */

static void add_if(AmSum *sum, guint what, uint32_t evidence, uint32_t bit, int64_t sign)
{
	if ((evidence & bit) != 0)
		sum->n[what] += sign;
}

/* What a record says of the whole connection, added (+1) or taken back (-1) on the day on which it began. */
static Slot *say(AmSumTable *table, const AmConnection *record, uint32_t l7, int64_t sign)
{
	Slot *slot = slot_of(table, record, am_time_day(record->first_ns));
	AmSum *sum = &slot->sum;
	uint32_t evidence = record->evidence;
	sum->n[AM_SUM_CONNECTIONS] += sign;
	sum->n[AM_SUM_OUTCOME + record->outcome] += sign;
	add_if(sum, AM_SUM_SYN, evidence, AM_EVIDENCE_SYN_LO, sign);
	add_if(sum, AM_SUM_SYN + 1, evidence, AM_EVIDENCE_SYN_HI, sign);
	add_if(sum, AM_SUM_SYNACK, evidence, AM_EVIDENCE_SYNACK_LO, sign);
	add_if(sum, AM_SUM_SYNACK + 1, evidence, AM_EVIDENCE_SYNACK_HI, sign);
	add_if(sum, AM_SUM_HANDSHAKE, evidence, AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_WENT_ON, sign);
	add_if(sum, AM_SUM_CLIENT, evidence, AM_EVIDENCE_CLIENT_LO, sign);
	add_if(sum, AM_SUM_CLIENT + 1, evidence, AM_EVIDENCE_CLIENT_HI, sign);
	add_if(sum, AM_SUM_FIRST, evidence, AM_EVIDENCE_FIRST_LO, sign);
	add_if(sum, AM_SUM_FIRST + 1, evidence, AM_EVIDENCE_FIRST_HI, sign);
	add_if(sum, AM_SUM_RST, evidence, AM_EVIDENCE_RST_LO, sign);
	add_if(sum, AM_SUM_RST + 1, evidence, AM_EVIDENCE_RST_HI, sign);
	sum->n[AM_SUM_ICMP_ERRORS] += sign * (int64_t)record->icmp_errors;
	if (record->total.payload[0] > 0 && record->total.payload[1] > 0)
		sum->n[AM_SUM_PAYLOAD_BOTH] += sign;
	if (l7 != 0)
		add_l7(table, slot, l7, record->l7_confidence, sign);
	sum->hours |= 1u << am_time_hour(record->first_ns);
	if (sign > 0 || record->first_ns < sum->first_ns)
		add_outcome(sum, record->first_ns, record->outcome);
	sum->last_ns = MAX(sum->last_ns, record->first_ns);
	return slot;
}

static const char *keep_name(AmSumTable *table, const AmSum *sum, const AmConnection *record, int64_t at_ns)
{
	size_t length = strnlen(record->server_name, sizeof record->server_name);
	if (length == 0 || (sum->server_name != NULL && sum->server_name_ns <= at_ns))
		return NULL;
	table->name_bytes += length + 1;
	char name[AM_SERVER_NAME_SIZE + 1];
	memcpy(name, record->server_name, length);
	name[length] = '\0';
	return g_string_chunk_insert_const(table->names, name);
}

/* What came since the record before, on its own day. */
static void add_delta(AmSumTable *table, AmSum *sum, const AmConnection *record)
{
	sum->hours |= record->delta_hours & 0xffffff;
	sum->related = MAX(sum->related, record->related);
	sum->risks |= record->risks;
	add_counts(sum->counts.packets, record->delta.packets);
	add_counts(sum->counts.bytes, record->delta.bytes);
	add_counts(sum->counts.payload, record->delta.payload);
	add_outcome(sum, record->delta_first_ns, record->outcome);
	sum->last_ns = MAX(sum->last_ns, record->last_ns);
	add_name(sum, keep_name(table, sum, record, record->delta_first_ns), record->delta_first_ns);
}

void am_sum_table_add(AmSumTable *table, const AmConnection *record, uint32_t l7, const AmConnection *before,
		      uint32_t before_l7)
{
	if (before != NULL)
		(void)say(table, before, before_l7, -1);
	Slot *slot = say(table, record, l7, 1);
	int32_t day = am_time_day(record->delta_first_ns);
	if (day != slot->sum.key.day)
		slot = slot_of(table, record, day);
	add_delta(table, &slot->sum, record);
}

/* ---- Draining */

static int compare_slots(gconstpointer a, gconstpointer b)
{
	return am_sum_key_compare(&(*(const Slot *const *)a)->sum.key, &(*(const Slot *const *)b)->sum.key);
}

static int compare_l7(gconstpointer a, gconstpointer b)
{
	const AmSumL7 *x = a, *y = b;
	return x->l7 < y->l7 ? -1 : x->l7 > y->l7;
}

/* Those that were taken back altogether are left out. */
static void collect_l7(const AmSumTable *table, const Slot *slot, GArray *counts)
{
	g_array_set_size(counts, 0);
	for (uint32_t at = slot->l7; at != NONE;) {
		const L7Count *count = &g_array_index(table->l7, L7Count, at);
		AmSumL7 out = {.key = slot->sum.key,
			       .l7 = count->l7,
			       .confidence = count->confidence,
			       .connections = count->connections};
		if (count->connections != 0)
			g_array_append_val(counts, out);
		at = count->next;
	}
	g_array_sort(counts, compare_l7);
}

static gboolean has_no_choice(gpointer pair, gpointer value, gpointer user_data)
{
	(void)value;
	(void)user_data;
	return ((Pair *)pair)->choice == NULL;
}

static void forget(AmSumTable *table)
{
	table->n = 0;
	memset(table->index, 0, ((size_t)table->mask + 1) * sizeof *table->index);
	g_array_set_size(table->l7, 0);
	g_string_chunk_clear(table->names);
	table->name_bytes = 0;
	g_hash_table_foreach_remove(table->pairs, has_no_choice, NULL);
	if (g_hash_table_size(table->pairs) > MAX_CHOICES)
		g_hash_table_remove_all(table->pairs);
}

gboolean am_sum_table_drain(AmSumTable *table, AmSumFunc each, gpointer user_data, GError **error)
{
	g_autoptr(GPtrArray) order = g_ptr_array_sized_new(table->n);
	for (guint n = 0; n < table->n; n++) {
		if (!slot_at(table, n)->moved)
			g_ptr_array_add(order, slot_at(table, n));
	}
	g_ptr_array_sort(order, compare_slots);
	g_autoptr(GArray) counts = g_array_new(FALSE, FALSE, sizeof(AmSumL7));
	for (guint n = 0; n < order->len; n++) {
		const Slot *slot = order->pdata[n];
		collect_l7(table, slot, counts);
		if (!each(&slot->sum, (const AmSumL7 *)counts->data, counts->len, user_data, error))
			return FALSE;
	}
	forget(table);
	return TRUE;
}
