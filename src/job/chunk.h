/* A chunk: what the reader fills and the workers go through; pipeline.c says why. Private to it. */
#pragma once

#include "outers.h"
#include "pipeline-writer.h"

#include <string.h>

#define CHUNK_FRAMES 4096
#define CHUNK_PACKETS 6144 /* with the outer ones */
#define CHUNK_BYTES (4 * 1024 * 1024)

typedef struct {
	AmPacket packets[CHUNK_PACKETS]; /* decoded ones only; pointers into `bytes` */
	uint32_t tunnels[CHUNK_PACKETS]; /* AmPlace.tunnel; AmPlace.network is in the packet */
	gboolean has_tunnels;            /* any that is not 0 */
	uint64_t ordinals[CHUNK_PACKETS];
	uint8_t shards[CHUNK_PACKETS];
	guint n, n_frames;
	uint8_t *bytes;
	size_t used;
	int64_t now_ns;        /* the latest packet time of the run so far */
	gboolean ends_all;     /* what is open after it ends: the input is over, or time begins anew; in pieces */
	uint64_t flush_to;     /* how far, by the ordinal of the first packet */
	int64_t checkpoint_ns; /* INT64_MIN: no checkpoint */
	gint pending;          /* workers that are not done with it */
	Harvest *harvest;
} Chunk;

/* Adds a packet whose octets are in the chunk, `copy` being where those at `begin` are now. */
static inline void add_packet(Chunk *chunk, const AmPacket *packet, uint8_t *copy, const uint8_t *begin,
			      uint32_t tunnel, uint64_t ordinal, uint32_t shard)
{
	AmPacket *kept = &chunk->packets[chunk->n];
	*kept = *packet;
	kept->ip = copy + (packet->ip - begin);
	if (packet->payload != NULL)
		kept->payload = copy + (packet->payload - begin);
	chunk->tunnels[chunk->n] = tunnel;
	chunk->has_tunnels |= tunnel != 0;
	chunk->ordinals[chunk->n] = ordinal;
	chunk->shards[chunk->n] = (uint8_t)shard;
	chunk->n++;
}

/* The frame's memory is lent until the next one: its IP packet moves into the chunk. */
static inline void keep_packet(Chunk *chunk, const AmPacket *packet, uint32_t tunnel, uint64_t ordinal, uint32_t shard)
{
	uint8_t *copy = chunk->bytes + chunk->used;
	memcpy(copy, packet->ip, packet->ip_size);
	chunk->used += packet->ip_size;
	add_packet(chunk, packet, copy, packet->ip, tunnel, ordinal, shard);
}

/* Copies the octets of packets of one frame; of one that is in another there is no second copy. Returns where those at *ret_begin
 * are now. */
static inline uint8_t *keep_span(Chunk *chunk, const AmPacket *packets, guint n, const uint8_t **ret_begin)
{
	const uint8_t *begin = packets[0].ip, *end = begin + packets[0].ip_size;
	for (guint i = 1; i < n; i++) {
		begin = MIN(begin, packets[i].ip);
		end = MAX(end, packets[i].ip + packets[i].ip_size);
	}
	uint8_t *copy = chunk->bytes + chunk->used;
	memcpy(copy, begin, (size_t)(end - begin));
	chunk->used += (size_t)(end - begin);
	*ret_begin = begin;
	return copy;
}

/* Moves those of one frame, the first `at` and those that follow it, to another chunk; returns how many. */
static inline guint move_frame(Chunk *to, const Chunk *from, guint at)
{
	guint n = 1;
	while (at + n < from->n && from->packets[at + n].follows)
		n++;
	const uint8_t *begin;
	uint8_t *copy = keep_span(to, &from->packets[at], n, &begin);
	for (guint i = at; i < at + n; i++)
		add_packet(to, &from->packets[i], copy, begin, from->tunnels[i], from->ordinals[i], from->shards[i]);
	return n;
}

/* No room for another frame. */
static inline gboolean is_full(const Chunk *chunk)
{
	return chunk->n_frames >= CHUNK_FRAMES || chunk->n + AM_MAX_FRAME_PACKETS > CHUNK_PACKETS ||
	       chunk->used + AM_FRAME_MAX > CHUNK_BYTES;
}
