/* Why a file of our own and not a table: what waits here is written once, read once, in order, and worth nothing when
 * the run fails. As rows it cost as much as all the rest of storing (measured on a million connections between hosts that
 * never meet again): inserted, read, inserted again and deleted.
 *
 * Layout: records one after the other, as they lie in memory, since no other process ever reads them: Head, the server
 * name, the l7 counts. A piece is a run of them in key order; pieces are merged with a heap (Knuth, TAOCP 3, 5.4.1).
 */
#include "config.h"

#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE (64 * 1024)

typedef struct {
	AmSum sum; /* its server_name means nothing in the file */
	guint name_size, n_l7;
} Head;

typedef struct {
	off_t begin, end;
} Extent;

struct AmSpill {
	char *path; /* of the database, for messages */
	int fd;
	off_t size;
	GByteArray *buffer; /* not yet written */
	GArray *extents;    /* Extent */
};

static gboolean set_error(const AmSpill *spill, const char *what, GError **error)
{
	int reason = errno;
	gboolean full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
	g_set_error(error, AM_STORE_ERROR, full ? AM_STORE_ERROR_FULL : AM_STORE_ERROR_FAILED,
		    "%s: cannot %s the temporary file beside it: %s%s", spill->path, what, g_strerror(reason),
		    full ? "; make room and run it again" : "");
	return FALSE;
}

static int open_nameless(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* Not every file system has nameless files. */
	g_autofree char *name = g_strconcat(path, "-spill.XXXXXX", NULL);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

AmSpill *am_spill_new(const char *path, GError **error)
{
	g_autoptr(AmSpill) spill = g_new0(AmSpill, 1);
	spill->path = g_strdup(path);
	spill->buffer = g_byte_array_sized_new(BUFFER_SIZE);
	spill->extents = g_array_new(FALSE, FALSE, sizeof(Extent));
	spill->fd = open_nameless(path);
	if (spill->fd >= 0)
		return g_steal_pointer(&spill);
	(void)set_error(spill, "create", error);
	return NULL;
}

void am_spill_free(AmSpill *spill)
{
	if (spill == NULL)
		return;
	if (spill->fd >= 0)
		close(spill->fd);
	g_byte_array_unref(spill->buffer);
	g_array_unref(spill->extents);
	g_free(spill->path);
	g_free(spill);
}

/* ---- Writing */

static gboolean write_buffer(AmSpill *spill, GError **error)
{
	guint written = 0;
	while (written < spill->buffer->len) {
		ssize_t n = pwrite(spill->fd, spill->buffer->data + written, spill->buffer->len - written, spill->size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return set_error(spill, "write", error);
		written += (guint)n;
		spill->size += n;
	}
	g_byte_array_set_size(spill->buffer, 0);
	return TRUE;
}

static gboolean write_sum(const AmSum *sum, const AmSumL7 *l7, guint n_l7, gpointer user_data, GError **error)
{
	AmSpill *spill = user_data;
	Head head = {.n_l7 = n_l7};
	if (sum->server_name != NULL)
		head.name_size = (guint)strlen(sum->server_name) + 1;
	head.sum = *sum;
	g_byte_array_append(spill->buffer, (const guint8 *)&head, sizeof head);
	g_byte_array_append(spill->buffer, (const guint8 *)sum->server_name, head.name_size);
	g_byte_array_append(spill->buffer, (const guint8 *)l7, n_l7 * (guint)sizeof *l7);
	return spill->buffer->len < BUFFER_SIZE || write_buffer(spill, error);
}

gboolean am_spill_add(AmSpill *spill, AmSumTable *table, GError **error)
{
	Extent extent = {.begin = spill->size};
	if (!am_sum_table_drain(table, write_sum, spill, error) || !write_buffer(spill, error))
		return FALSE;
	extent.end = spill->size;
	g_array_append_val(spill->extents, extent);
	return TRUE;
}

/* ---- Merging */

/* A piece being read, and its record at hand. */
typedef struct {
	guint number;
	off_t at, end; /* of what is not in the buffer */
	guint8 *buffer;
	size_t used, filled;
	Head head;
	GByteArray *name;
	GArray *l7; /* AmSumL7 */
} Piece;

static void piece_free(gpointer data)
{
	Piece *piece = data;
	g_free(piece->buffer);
	g_byte_array_unref(piece->name);
	g_array_unref(piece->l7);
	g_free(piece);
}

static gboolean fill(const AmSpill *spill, Piece *piece, GError **error)
{
	size_t size = (size_t)MIN((off_t)BUFFER_SIZE, piece->end - piece->at);
	ssize_t n;
	do
		n = pread(spill->fd, piece->buffer, size, piece->at);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = EIO; /* shorter than it was written */
	if (n <= 0)
		return set_error(spill, "read", error);
	piece->at += n;
	piece->used = 0;
	piece->filled = (size_t)n;
	return TRUE;
}

static gboolean read_bytes(const AmSpill *spill, Piece *piece, void *to, size_t size, GError **error)
{
	for (size_t done = 0; done < size;) {
		if (piece->used == piece->filled && !fill(spill, piece, error))
			return FALSE;
		size_t n = MIN(size - done, piece->filled - piece->used);
		memcpy((guint8 *)to + done, piece->buffer + piece->used, n);
		piece->used += n;
		done += n;
	}
	return TRUE;
}

static gboolean is_over(const Piece *piece)
{
	return piece->at == piece->end && piece->used == piece->filled;
}

static gboolean next_record(const AmSpill *spill, Piece *piece, GError **error)
{
	Head *head = &piece->head;
	if (!read_bytes(spill, piece, head, sizeof *head, error))
		return FALSE;
	g_byte_array_set_size(piece->name, head->name_size);
	g_array_set_size(piece->l7, head->n_l7);
	if (!read_bytes(spill, piece, piece->name->data, head->name_size, error) ||
	    !read_bytes(spill, piece, piece->l7->data, head->n_l7 * sizeof(AmSumL7), error))
		return FALSE;
	head->sum.server_name = head->name_size > 0 ? (const char *)piece->name->data : NULL;
	return TRUE;
}

/* Of one key, what was spilled first comes first: so it was counted. */
static gboolean is_before(const Piece *a, const Piece *b)
{
	int order = am_sum_key_compare(&a->head.sum.key, &b->head.sum.key);
	return order != 0 ? order < 0 : a->number < b->number;
}

static void sift_down(GPtrArray *heap, guint at)
{
	gpointer *pieces = heap->pdata;
	for (;;) {
		guint least = at;
		for (guint child = 2 * at + 1; child <= 2 * at + 2 && child < heap->len; child++) {
			if (is_before(pieces[child], pieces[least]))
				least = child;
		}
		if (least == at)
			return;
		gpointer moved = pieces[at];
		pieces[at] = pieces[least];
		pieces[least] = moved;
		at = least;
	}
}

static GPtrArray *open_pieces(const AmSpill *spill, GError **error)
{
	g_autoptr(GPtrArray) heap = g_ptr_array_new_with_free_func(piece_free);
	for (guint n = 0; n < spill->extents->len; n++) {
		const Extent *extent = &g_array_index(spill->extents, Extent, n);
		if (extent->begin == extent->end)
			continue;
		Piece *piece = g_new0(Piece, 1);
		g_ptr_array_add(heap, piece);
		piece->number = n;
		piece->at = extent->begin;
		piece->end = extent->end;
		piece->buffer = g_malloc(BUFFER_SIZE);
		piece->name = g_byte_array_new();
		piece->l7 = g_array_new(FALSE, FALSE, sizeof(AmSumL7));
		if (!next_record(spill, piece, error))
			return NULL;
	}
	for (guint n = heap->len / 2; n-- > 0;)
		sift_down(heap, n);
	return g_steal_pointer(&heap);
}

/* The heap's first piece goes on to its next record, or leaves. */
static gboolean advance(const AmSpill *spill, GPtrArray *heap, GError **error)
{
	Piece *piece = heap->pdata[0];
	if (is_over(piece))
		g_ptr_array_remove_index_fast(heap, 0);
	else if (!next_record(spill, piece, error))
		return FALSE;
	sift_down(heap, 0);
	return TRUE;
}

static void merge_l7(GArray *to, const GArray *from)
{
	for (guint n = 0; n < from->len; n++) {
		const AmSumL7 *count = &g_array_index(from, AmSumL7, n);
		guint at = 0;
		while (at < to->len && g_array_index(to, AmSumL7, at).l7 < count->l7)
			at++;
		if (at < to->len && g_array_index(to, AmSumL7, at).l7 == count->l7)
			am_sum_l7_merge(&g_array_index(to, AmSumL7, at), count);
		else
			g_array_insert_val(to, at, *count);
	}
}

/* The next record, if it is of this key. */
static const Piece *next_of_key(const GPtrArray *heap, const AmSumKey *key)
{
	const Piece *piece = heap->len > 0 ? heap->pdata[0] : NULL;
	return piece != NULL && am_sum_key_compare(&piece->head.sum.key, key) == 0 ? piece : NULL;
}

/* Adds the heap's next record to a sum, whose server name is the caller's copy. */
static void take_record(const Piece *piece, AmSum *sum, GArray *l7)
{
	const char *before = sum->server_name;
	am_sum_merge(sum, &piece->head.sum);
	if (sum->server_name != before) {
		g_free((char *)before);
		sum->server_name = g_strdup(sum->server_name);
	}
	merge_l7(l7, piece->l7);
}

gboolean am_spill_merge(AmSpill *spill, AmSumFunc each, gpointer user_data, GError **error)
{
	g_autoptr(GPtrArray) heap = open_pieces(spill, error);
	g_autoptr(GArray) l7 = g_array_new(FALSE, FALSE, sizeof(AmSumL7));
	gboolean ok = heap != NULL;
	while (ok && heap->len > 0) {
		AmSumKey key = ((const Piece *)heap->pdata[0])->head.sum.key;
		AmSum sum = {.key = key, .first_ns = INT64_MAX, .last_ns = INT64_MIN};
		g_array_set_size(l7, 0);
		for (const Piece *piece; ok && (piece = next_of_key(heap, &key)) != NULL;) {
			take_record(piece, &sum, l7);
			ok = advance(spill, heap, error);
		}
		ok = ok && each(&sum, (const AmSumL7 *)l7->data, l7->len, user_data, error);
		g_free((char *)sum.server_name);
	}
	return ok;
}
