/* A buffered stream of bytes that lends what it holds.
 *
 * Why: capture records are read in place, without a copy each; and the first octets, by which a file is recognised, are
 * read once, also from a pipe. Fed by a file, a decompressor or a test. It knows no format.
 *
 * The buffer begins small, as many files are opened only for their first record; it grows once a file is really read.
 */
#include "config.h"

#include "bytes.h"

#include <string.h>

#define FIRST_CAPACITY (64 * 1024)
#define CAPACITY (256 * 1024)

AmBytes *am_bytes_new(AmByteReader reader)
{
	AmBytes *bytes = g_new0(AmBytes, 1);
	bytes->reader = reader;
	return bytes;
}

void am_bytes_free(AmBytes *bytes)
{
	if (bytes == NULL)
		return;
	g_free(bytes->buffer);
	g_free(bytes);
}

/* Moves what is left to the front of a buffer that holds `size` octets. */
static void make_room(AmBytes *bytes, size_t size)
{
	size_t capacity = bytes->n_refills++ == 0 ? FIRST_CAPACITY : CAPACITY;
	while (capacity < size)
		capacity *= 2;
	if (capacity > bytes->capacity) {
		uint8_t *larger = g_malloc(capacity);
		if (bytes->left > 0)
			memcpy(larger, bytes->at, bytes->left);
		g_free(bytes->buffer);
		bytes->buffer = larger;
		bytes->capacity = capacity;
	} else if (bytes->left > 0) {
		memmove(bytes->buffer, bytes->at, bytes->left);
	}
	bytes->at = bytes->buffer;
}

gboolean am_bytes_fill(AmBytes *bytes, size_t size, GError **error)
{
	if (bytes->left >= size || bytes->at_end)
		return TRUE;
	make_room(bytes, size);
	while (bytes->left < size) {
		gssize got = bytes->reader.read(bytes->reader.source, bytes->buffer + bytes->left,
						bytes->capacity - bytes->left, error);
		if (got < 0)
			return FALSE;
		if (got == 0) {
			bytes->at_end = TRUE;
			break;
		}
		bytes->left += (size_t)got;
	}
	return TRUE;
}

gboolean am_bytes_skip(AmBytes *bytes, uint64_t size, GError **error)
{
	while (size > bytes->left) {
		size -= bytes->left;
		bytes->left = 0;
		if (!am_bytes_fill(bytes, 1, error) || bytes->left == 0)
			return FALSE;
	}
	am_bytes_consume(bytes, (size_t)size);
	return TRUE;
}

gssize am_bytes_read(AmBytes *bytes, void *buffer, size_t size, GError **error)
{
	if (size == 0)
		return 0;
	if (bytes->left == 0) {
		if (bytes->at_end)
			return 0;
		gssize got = bytes->reader.read(bytes->reader.source, buffer, size, error);
		bytes->at_end = got == 0;
		return got;
	}
	size = MIN(size, bytes->left);
	memcpy(buffer, bytes->at, size);
	am_bytes_consume(bytes, size);
	return (gssize)size;
}
