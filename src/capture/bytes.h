/* Private to capture/: a buffered stream of bytes that lends what it holds. */
#pragma once

#include "allowmap/base.h"

/* Reads `reader` ahead. The members are for the inline functions below only. */
typedef struct {
	const uint8_t *at; /* what is buffered and not yet consumed */
	size_t left;
	uint8_t *buffer;
	size_t capacity;
	guint n_refills;
	gboolean at_end; /* the reader gave 0 */
	AmByteReader reader;
} AmBytes;

AmBytes *am_bytes_new(AmByteReader reader);
void am_bytes_free(AmBytes *bytes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmBytes, am_bytes_free)

/* Reads until `size` octets are buffered or the source ends. FALSE = the source failed. */
gboolean am_bytes_fill(AmBytes *bytes, size_t size, GError **error);

/* Lends the next `size` octets, valid until the next call that is not am_bytes_consume(). NULL without an error = fewer
 * are left (`left` of them). The buffer grows to `size`: the caller bounds it. */
static inline const uint8_t *am_bytes_peek(AmBytes *bytes, size_t size, GError **error)
{
	if (G_UNLIKELY(bytes->left < size) && (!am_bytes_fill(bytes, size, error) || bytes->left < size))
		return NULL;
	return bytes->at;
}

/* Steps over octets that were peeked at. */
static inline void am_bytes_consume(AmBytes *bytes, size_t size)
{
	g_assert(size <= bytes->left);
	bytes->at += size;
	bytes->left -= size;
}

/* Steps over any number of octets. FALSE without an error = the source ended before. */
gboolean am_bytes_skip(AmBytes *bytes, uint64_t size, GError **error);

/* Copies out: > 0 octets, 0 at the end, -1 error set. What is not buffered is read straight into `buffer`. */
gssize am_bytes_read(AmBytes *bytes, void *buffer, size_t size, GError **error);
