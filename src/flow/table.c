/* The connection table of one shard: an open-addressed hash table of indices, blocks of flows, and a timer wheel per
 * timeout class. It knows keys, time and room; what packets mean is evidence.c's, what leaves the table shard.c's.
 *
 * An attacker chooses addresses and ports, so the hash is keyed (SipHash-1-3, Aumasson and Bernstein 2012, one
 * compression and three finalisation rounds, as in the Linux kernel's flow hashing). Memory is bounded by max_flows; it
 * grows in blocks and nothing is allocated per packet. All time is packet time. */
#include "config.h"

#include "flow.h"

#include <stdlib.h>
#include <string.h>

static inline uint64_t rotate_left(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate_left(v[1], 13) ^ v[0];
	v[0] = rotate_left(v[0], 32);
	v[2] += v[3];
	v[3] = rotate_left(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate_left(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate_left(v[1], 17) ^ v[2];
	v[2] = rotate_left(v[2], 32);
}

uint64_t am_flow_hash(uint64_t key0, uint64_t key1, const uint64_t *words, size_t n)
{
	uint64_t v[4] = {key0 ^ UINT64_C(0x736f6d6570736575), key1 ^ UINT64_C(0x646f72616e646f6d),
			 key0 ^ UINT64_C(0x6c7967656e657261), key1 ^ UINT64_C(0x7465646279746573)};
	for (size_t i = 0; i < n; i++) {
		v[3] ^= words[i];
		sip_round(v);
		v[0] ^= words[i];
	}
	uint64_t last = (uint64_t)n << 59; /* the length in octets in the top byte, as the algorithm has it */
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint32_t power_of_two_from(uint32_t n)
{
	uint32_t power = 1;
	while (power < n)
		power <<= 1;
	return power;
}

static void wheel_init(AmWheel *wheel, uint32_t timeout_s)
{
	wheel->timeout_ns = (int64_t)timeout_s * AM_NS_PER_S;
	wheel->n_slots = power_of_two_from(MIN(timeout_s, AM_MAX_WHEEL_SLOTS - 2) + 2);
	wheel->heads = g_new(uint32_t, wheel->n_slots);
	for (uint32_t i = 0; i < wheel->n_slots; i++)
		wheel->heads[i] = AM_NO_FLOW;
	wheel->done_s = INT64_MIN;
}

void am_flow_table_init(AmFlowTable *table, uint64_t seed, uint32_t max_flows, const uint32_t timeouts_s[AM_N_CLASSES])
{
	const uint64_t one = 1, two = 2;
	*table = (AmFlowTable){
		.key0 = am_flow_hash(seed, 0x666c6f77, &one, 1),
		.key1 = am_flow_hash(seed, 0x7461626c65, &two, 1),
		.max_flows = max_flows,
		.n_slots = 1024,
		.slots = g_new0(uint64_t, 1024),
		.free = AM_NO_FLOW,
		.flow_blocks = g_ptr_array_new_with_free_func(free),
		.record_blocks = g_ptr_array_new_with_free_func(g_free),
	};
	for (int kind = 0; kind < AM_N_CLASSES; kind++)
		wheel_init(&table->wheels[kind], timeouts_s[kind]);
}

void am_flow_table_clear(AmFlowTable *table)
{
	g_free(table->slots);
	g_ptr_array_unref(table->flow_blocks);
	g_ptr_array_unref(table->record_blocks);
	for (int kind = 0; kind < AM_N_CLASSES; kind++)
		g_free(table->wheels[kind].heads);
}

uint32_t am_flow_table_hash(const AmFlowTable *table, const AmFlowKey *key)
{
	uint64_t words[5] = {0};
	size_t n = 0;
	if (key->family == 4) {
		memcpy(words, key->lo, 4);
		memcpy((uint8_t *)words + 4, key->hi, 4);
		n = 1;
	} else {
		memcpy(words, key->lo, 16);
		memcpy(words + 2, key->hi, 16);
		n = 4;
	}
	words[n] = (uint64_t)key->port_lo << 48 | (uint64_t)key->port_hi << 32 | (uint64_t)key->network << 16 |
		   (uint64_t)key->family << 8 | key->ip_protocol;
	uint64_t hash = am_flow_hash(table->key0, table->key1, words, n + 1);
	return (uint32_t)(hash ^ hash >> 32);
}

/* Compared in words: memcmp() would be a call. */
static inline gboolean is_same_key(const AmFlowKey *a, const AmFlowKey *b)
{
	uint64_t x[AM_KEY_SIZE / 8], y[AM_KEY_SIZE / 8], difference = 0;
	memcpy(x, a, AM_KEY_SIZE);
	memcpy(y, b, AM_KEY_SIZE);
	for (size_t i = 0; i < G_N_ELEMENTS(x); i++)
		difference |= x[i] ^ y[i];
	return difference == 0;
}

void am_flow_table_fetch_slot(const AmFlowTable *table, uint32_t hash)
{
	__builtin_prefetch(&table->slots[hash & (table->n_slots - 1)]);
}

void am_flow_table_fetch_flow(const AmFlowTable *table, uint32_t hash)
{
	uint64_t slot = table->slots[hash & (table->n_slots - 1)];
	if (slot >> 32 != hash || slot == 0)
		return; /* new, or one of the few that lie further on */
	const AmFlow *flow = am_flow_at(table, (uint32_t)slot - 1);
	__builtin_prefetch(flow);
	__builtin_prefetch((const char *)flow + 64);
	__builtin_prefetch(am_flow_record_at(table, (uint32_t)slot - 1));
}

uint32_t am_flow_table_find(const AmFlowTable *table, const AmFlowKey *key, uint32_t hash)
{
	uint32_t mask = table->n_slots - 1;
	for (uint32_t i = hash & mask; table->slots[i] != 0; i = (i + 1) & mask) {
		if (table->slots[i] >> 32 != hash)
			continue;
		uint32_t index = (uint32_t)table->slots[i] - 1;
		if (is_same_key(&am_flow_at(table, index)->key, key))
			return index;
	}
	return AM_NO_FLOW;
}

static void put_slot(uint64_t *slots, uint32_t mask, uint64_t slot)
{
	uint32_t i = (uint32_t)(slot >> 32) & mask;
	while (slots[i] != 0)
		i = (i + 1) & mask;
	slots[i] = slot;
}

static void grow_slots(AmFlowTable *table)
{
	uint32_t n_slots = table->n_slots * 2;
	uint64_t *slots = g_new0(uint64_t, n_slots);
	for (uint32_t i = 0; i < table->n_slots; i++)
		if (table->slots[i] != 0)
			put_slot(slots, n_slots - 1, table->slots[i]);
	g_free(table->slots);
	table->slots = slots;
	table->n_slots = n_slots;
}

static void add_block(AmFlowTable *table)
{
	AmFlow *flows = aligned_alloc(64, AM_FLOW_BLOCK * sizeof(AmFlow));
	if (flows == NULL)
		g_error("no memory for the connection table; a lower --max-flows needs less");
	g_ptr_array_add(table->flow_blocks, flows);
	g_ptr_array_add(table->record_blocks, g_new(AmFlowRecord, AM_FLOW_BLOCK));
	for (uint32_t i = AM_FLOW_BLOCK; i-- > 0;) {
		flows[i].next = table->free;
		table->free = table->n_allocated + i;
	}
	table->n_allocated += AM_FLOW_BLOCK;
}

uint32_t am_flow_table_add(AmFlowTable *table, const AmFlowKey *key, uint32_t hash)
{
	g_assert(table->n_flows < table->max_flows);
	if (table->free == AM_NO_FLOW)
		add_block(table);
	if (table->n_flows >= table->n_slots / 2)
		grow_slots(table);
	uint32_t index = table->free;
	AmFlow *flow = am_flow_at(table, index);
	table->free = flow->next;
	*flow = (AmFlow){.key = *key, .hash = hash};
	*am_flow_record_at(table, index) = (AmFlowRecord){0};
	put_slot(table->slots, table->n_slots - 1, (uint64_t)hash << 32 | (index + 1));
	table->n_flows++;
	return index;
}

/* Linear probing leaves no tombstones: what follows the hole and would be cut off by it moves into it. */
static void take_slot(AmFlowTable *table, uint32_t hash, uint32_t index)
{
	uint32_t mask = table->n_slots - 1, hole = hash & mask;
	while ((uint32_t)table->slots[hole] != index + 1)
		hole = (hole + 1) & mask;
	for (uint32_t i = (hole + 1) & mask; table->slots[i] != 0; i = (i + 1) & mask) {
		uint32_t home = (uint32_t)(table->slots[i] >> 32) & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			table->slots[hole] = table->slots[i];
			hole = i;
		}
	}
	table->slots[hole] = 0;
}

static int64_t floor_s(int64_t ns)
{
	return ns / AM_NS_PER_S - (ns % AM_NS_PER_S < 0);
}

/* The second after the one in which the timeout ends: when it has come, all of its slot is due. */
static int64_t due_second(const AmWheel *wheel, const AmFlow *flow)
{
	int64_t due_s = floor_s(flow->last_ns + wheel->timeout_ns) + 1;
	return MAX(due_s, wheel->done_s + 1);
}

static void disarm(AmFlowTable *table, uint32_t index)
{
	AmFlow *flow = am_flow_at(table, index);
	AmWheel *wheel = &table->wheels[flow->kind];
	uint32_t *head = &wheel->heads[flow->slot];
	if (flow->next == index) {
		*head = AM_NO_FLOW;
	} else {
		am_flow_at(table, flow->next)->previous = flow->previous;
		am_flow_at(table, flow->previous)->next = flow->next;
		if (*head == index)
			*head = flow->next;
	}
	wheel->n_flows--;
}

void am_flow_table_remove(AmFlowTable *table, uint32_t index)
{
	AmFlow *flow = am_flow_at(table, index);
	disarm(table, index);
	take_slot(table, flow->hash, index);
	flow->next = table->free;
	table->free = index;
	table->n_flows--;
}

void am_flow_table_arm(AmFlowTable *table, uint32_t index, AmFlowClass kind, gboolean armed)
{
	AmFlow *flow = am_flow_at(table, index);
	if (armed)
		disarm(table, index);
	AmWheel *wheel = &table->wheels[kind];
	if (wheel->done_s == INT64_MIN)
		wheel->done_s = floor_s(flow->last_ns) - 1;
	uint32_t slot = (uint32_t)((uint64_t)due_second(wheel, flow) & (wheel->n_slots - 1));
	flow->kind = (uint8_t)kind;
	flow->slot = (uint16_t)slot;
	uint32_t head = wheel->heads[slot];
	if (head == AM_NO_FLOW) {
		flow->next = flow->previous = index;
		wheel->heads[slot] = index;
	} else {
		AmFlow *first = am_flow_at(table, head);
		flow->next = head;
		flow->previous = first->previous;
		am_flow_at(table, first->previous)->next = index;
		first->previous = index;
	}
	wheel->n_flows++;
}

/* Looks through one slot: the first flow that is due, after putting the busy ones in front of it where they belong. */
static uint32_t slot_due(AmFlowTable *table, AmFlowClass kind, uint32_t slot, int64_t now_ns)
{
	AmWheel *wheel = &table->wheels[kind];
	uint32_t last = wheel->heads[slot] == AM_NO_FLOW ? AM_NO_FLOW : am_flow_at(table, wheel->heads[slot])->previous;
	while (wheel->heads[slot] != AM_NO_FLOW) {
		uint32_t index = wheel->heads[slot];
		if (am_flow_at(table, index)->last_ns + wheel->timeout_ns <= now_ns)
			return index;
		am_flow_table_arm(table, index, kind, TRUE);
		if (index == last)
			break;
	}
	return AM_NO_FLOW;
}

uint32_t am_flow_table_expired(AmFlowTable *table, int64_t now_ns)
{
	int64_t now_s = floor_s(now_ns);
	for (int kind = 0; kind < AM_N_CLASSES; kind++) {
		AmWheel *wheel = &table->wheels[kind];
		if (wheel->n_flows == 0 || wheel->done_s < now_s - (int64_t)wheel->n_slots)
			wheel->done_s = MAX(wheel->done_s, now_s - (wheel->n_flows == 0 ? 0 : (int64_t)wheel->n_slots));
		while (wheel->done_s < now_s) {
			uint32_t slot = (uint32_t)((uint64_t)(wheel->done_s + 1) & (wheel->n_slots - 1));
			uint32_t index = slot_due(table, kind, slot, now_ns);
			if (index != AM_NO_FLOW)
				return index;
			wheel->done_s++;
		}
	}
	return AM_NO_FLOW;
}

void am_flow_table_rewind(AmFlowTable *table)
{
	g_assert(table->n_flows == 0);
	for (int kind = 0; kind < AM_N_CLASSES; kind++)
		table->wheels[kind].done_s = INT64_MIN;
}

/* The first flow of a wheel by the second in which its timeout ends; busy ones that it meets are put right on the way.
 */
static uint32_t wheel_first(AmFlowTable *table, AmFlowClass kind)
{
	AmWheel *wheel = &table->wheels[kind];
	if (wheel->n_flows == 0)
		return AM_NO_FLOW;
	for (uint32_t i = 1;; i++) {
		uint32_t slot = (uint32_t)((uint64_t)(wheel->done_s + i) & (wheel->n_slots - 1));
		uint32_t index = wheel->heads[slot];
		if (index == AM_NO_FLOW)
			continue;
		int64_t due_s = due_second(wheel, am_flow_at(table, index));
		if (i >= wheel->n_slots || ((uint64_t)due_s & (wheel->n_slots - 1)) == slot)
			return index;
		am_flow_table_arm(table, index, kind, TRUE);
		i--; /* the same slot again: it may hold more */
	}
}

uint32_t am_flow_table_victim(AmFlowTable *table)
{
	/* Unanswered ones of any protocol by age, then closed ones, then the rest by age. */
	static const AmFlowClass tiers[3][2] = {{AM_CLASS_TCP_OPENING, AM_CLASS_OTHER_UNANSWERED},
						{AM_CLASS_TCP_CLOSED, AM_CLASS_TCP_CLOSED},
						{AM_CLASS_UDP, AM_CLASS_TCP}};
	for (int tier = 0; tier < 3; tier++) {
		uint32_t victim = AM_NO_FLOW;
		for (AmFlowClass kind = tiers[tier][0]; kind <= tiers[tier][1]; kind++) {
			uint32_t index = wheel_first(table, kind);
			if (index == AM_NO_FLOW)
				continue;
			if (victim == AM_NO_FLOW ||
			    am_flow_at(table, index)->last_ns < am_flow_at(table, victim)->last_ns)
				victim = index;
		}
		if (victim != AM_NO_FLOW)
			return victim;
	}
	return AM_NO_FLOW;
}
