/* An index of fixed-size keys: key → 0, 1, 2, ... in the order of insertion. Open addressing. Keys are copied and may
 * be read back by their number. It is the hot structure of the map: millions of lookups, no allocation per key. */
#pragma once

#include <glib.h>
#include <stdint.h>

#define AM_TABLE_NONE UINT32_MAX

typedef struct AmTable AmTable;

AmTable *am_table_new(size_t key_size); /* a multiple of 8; the whole key is compared, padding included */
void am_table_free(AmTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmTable, am_table_free)

uint32_t am_table_add(AmTable *table, const void *key);        /* the number of the key, new or old */
uint32_t am_table_find(const AmTable *table, const void *key); /* or AM_TABLE_NONE */
uint32_t am_table_size(const AmTable *table);
const void *am_table_key(const AmTable *table, uint32_t number); /* lent until the next am_table_add() */

/* 64-bit mixing, also used for fingerprints (not against an adversary: the map is no hash table of packets). */
uint64_t am_mix(uint64_t a, uint64_t b);
uint64_t am_mix_bytes(uint64_t seed, const void *bytes, size_t size);
