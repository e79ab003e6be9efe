/* Key → number. Why not GHashTable: the map looks up ten million fixed-size keys and the pointers and allocations of a
 * general table cost several times the memory. Feeds: every other file of map/. It must stay deterministic: numbers
 * depend on the order of insertion only.
 */
#include "config.h"

#include "table.h"

#include <string.h>

struct AmTable {
	size_t key_size;
	GByteArray *keys;
	uint32_t n;
	uint32_t *slots; /* number + 1; 0 = empty */
	uint64_t mask;
};

uint64_t am_mix(uint64_t a, uint64_t b)
{
	uint64_t x = (a ^ G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9) ^ b;
	x ^= x >> 30;
	x *= G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= G_GUINT64_CONSTANT(0x94d049bb133111eb);
	return x ^ x >> 31;
}

uint64_t am_mix_bytes(uint64_t seed, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t hash = am_mix(seed, size);
	for (; size >= 8; size -= 8, at += 8) {
		uint64_t word;
		memcpy(&word, at, 8);
		hash = am_mix(hash, word);
	}
	uint64_t rest = 0;
	for (size_t n = 0; n < size; n++)
		rest |= (uint64_t)at[n] << (8 * n);
	return size > 0 ? am_mix(hash, rest) : hash;
}

AmTable *am_table_new(size_t key_size)
{
	g_assert(key_size > 0 && key_size % 8 == 0);
	AmTable *table = g_new0(AmTable, 1);
	table->key_size = key_size;
	table->keys = g_byte_array_new();
	table->mask = 255;
	table->slots = g_new0(uint32_t, table->mask + 1);
	return table;
}

void am_table_free(AmTable *table)
{
	if (table == NULL)
		return;
	g_byte_array_unref(table->keys);
	g_free(table->slots);
	g_free(table);
}

uint32_t am_table_size(const AmTable *table)
{
	return table->n;
}

const void *am_table_key(const AmTable *table, uint32_t number)
{
	return table->keys->data + (size_t)number * table->key_size;
}

/* The slot that holds the key, or the empty one where it belongs. */
static uint64_t slot_of(const AmTable *table, const void *key)
{
	uint64_t slot = am_mix_bytes(0, key, table->key_size) & table->mask;
	while (table->slots[slot] != 0 &&
	       memcmp(am_table_key(table, table->slots[slot] - 1), key, table->key_size) != 0)
		slot = (slot + 1) & table->mask;
	return slot;
}

static void grow(AmTable *table)
{
	table->mask = table->mask * 2 + 1;
	g_free(table->slots);
	table->slots = g_new0(uint32_t, table->mask + 1);
	for (uint32_t n = 0; n < table->n; n++) {
		uint64_t slot = am_mix_bytes(0, am_table_key(table, n), table->key_size) & table->mask;
		while (table->slots[slot] != 0)
			slot = (slot + 1) & table->mask;
		table->slots[slot] = n + 1;
	}
}

uint32_t am_table_add(AmTable *table, const void *key)
{
	uint64_t slot = slot_of(table, key);
	if (table->slots[slot] != 0)
		return table->slots[slot] - 1;
	if ((uint64_t)table->n * 10 > table->mask * 7) {
		grow(table);
		slot = slot_of(table, key);
	}
	g_byte_array_append(table->keys, key, (guint)table->key_size);
	table->slots[slot] = ++table->n;
	return table->n - 1;
}

uint32_t am_table_find(const AmTable *table, const void *key)
{
	uint32_t found = table->slots[slot_of(table, key)];
	return found != 0 ? found - 1 : AM_TABLE_NONE;
}
