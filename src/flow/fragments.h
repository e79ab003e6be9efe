/* Which connection the later fragments of a datagram belong to. Private to flow/. */
#pragma once

#include "flow.h"

typedef struct AmFragments AmFragments;

/* `key0`, `key1`: of the hash. Its memory is one block, taken with the first fragment: AM_FRAGMENTS_MAX datagrams. */
#define AM_FRAGMENTS_MAX 1024
AmFragments *am_fragments_new(uint64_t key0, uint64_t key1);
void am_fragments_free(AmFragments *fragments);

/* Of later fragments that came before the first one: how much they were, all in its direction. */
typedef struct {
	uint32_t packets, bytes, payload;
} AmHeldFragments;

typedef enum {
	AM_FRAGMENT_JOINS,      /* it is part of a datagram whose connection is known */
	AM_FRAGMENT_HELD,       /* the first one was not seen: it is counted here until then */
	AM_FRAGMENT_LOST,       /* the same, but no more are counted */
	AM_FRAGMENT_CONTRADICTS /* it does not fit to the first one, or to the last */
} AmFragmentFate;

/* Takes note of a first fragment, whose connection has this key. AM_FRAGMENT_JOINS: *ret_held is what had been held of its
 * datagram; or AM_FRAGMENT_CONTRADICTS: another one, with another meaning, came before, and it is the one that counts. */
AmFragmentFate am_fragments_first(AmFragments *fragments, const AmPacket *packet, int64_t now_ns, const AmFlowKey *key,
				  int direction, AmHeldFragments *ret_held);
/* AM_FRAGMENT_JOINS: *ret_key and *ret_direction are set. */
AmFragmentFate am_fragments_later(AmFragments *fragments, const AmPacket *packet, int64_t now_ns, AmFlowKey *ret_key,
				  int *ret_direction);
/* Forgets the datagrams that began long before `now_ns`. Forgetting is also done on the way; this is so that it is done. */
void am_fragments_advance(AmFragments *fragments, int64_t now_ns);
void am_fragments_clear(AmFragments *fragments);
/* How many are held by now. */
uint64_t am_fragments_held(const AmFragments *fragments);
/* How many held fragments were forgotten without their first one, and how many contradicted it, since the last call. */
void am_fragments_take_counts(AmFragments *fragments, uint64_t *ret_lost, uint64_t *ret_contradicting);
