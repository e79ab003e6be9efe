/* Which inputs there are, and by what they are known again.
 *
 * Why: people hand over folders, and the same capture twice. Fed with paths from the command line; looks at the disk
 * only, not at formats.
 */
#include "config.h"

#include "allowmap/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define END_SIZE (1024 * 1024)

G_DEFINE_QUARK(am - capture - error - quark, am_capture_error)

static gboolean read_failed(const char *path, GError **error)
{
	g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN, "cannot read %s: %s", path, g_strerror(errno));
	return FALSE;
}

/* Adds `left` octets from `offset` on; a file that has become shorter ends sooner. */
static gboolean hash_range(GChecksum *checksum, int fd, const char *path, uint64_t offset, uint64_t left,
			   GError **error)
{
	g_autofree uint8_t *buffer = g_malloc(64 * 1024);
	while (left > 0) {
		ssize_t got = pread(fd, buffer, (size_t)MIN(left, 64 * 1024), (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return read_failed(path, error);
		if (got == 0)
			break;
		g_checksum_update(checksum, buffer, got);
		offset += (uint64_t)got;
		left -= (uint64_t)got;
	}
	return TRUE;
}

static gboolean identify_file(int fd, gboolean whole, AmInput *input, GError **error)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return read_failed(input->path, error);
	if (S_ISDIR(status.st_mode)) {
		errno = EISDIR;
		return read_failed(input->path, error);
	}
	if (!S_ISREG(status.st_mode))
		return TRUE; /* a pipe: what is read from it now would be missing later */
	uint64_t size = (uint64_t)status.st_size;
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	uint64_t first = whole || size <= 2 * END_SIZE ? size : END_SIZE;
	if (!hash_range(checksum, fd, input->path, 0, first, error))
		return FALSE;
	if (first < size && !hash_range(checksum, fd, input->path, size - END_SIZE, END_SIZE, error))
		return FALSE;
	input->size = size;
	input->changed_ns = (int64_t)status.st_mtim.tv_sec * AM_NS_PER_S + status.st_mtim.tv_nsec;
	g_strlcpy(input->sha256, g_checksum_get_string(checksum), sizeof input->sha256);
	return TRUE;
}

gboolean am_input_identify(const char *path, gboolean whole, AmInput *ret_input, GError **error)
{
	AmInput input = {.path = (char *)path};
	if (strcmp(path, "-") != 0) {
		/* Not to wait for a writer: a pipe is only looked at here. */
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			return read_failed(path, error);
		gboolean ok = identify_file(fd, whole, &input, error);
		close(fd);
		if (!ok)
			return FALSE;
	}
	ret_input->path = g_strdup(path);
	ret_input->size = input.size;
	ret_input->changed_ns = input.changed_ns;
	memcpy(ret_input->sha256, input.sha256, sizeof input.sha256);
	return TRUE;
}

/* ---- Folders */

typedef struct {
	GPtrArray *paths;
	GHashTable *seen; /* "device:inode" of folders: a link may lead back up */
} Expansion;

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The visible names in a folder, sorted. NULL = unreadable. */
static GPtrArray *list_folder(const char *path)
{
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	if (folder == NULL)
		return NULL;
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const char *name;
	while ((name = g_dir_read_name(folder)) != NULL) {
		if (name[0] != '.')
			g_ptr_array_add(names, g_strdup(name));
	}
	g_ptr_array_sort(names, compare_names);
	return names;
}

/* What cannot be looked at stays in the list: opening it says why. */
static void expand_folder(Expansion *expansion, const char *path, const struct stat *status)
{
	if (!g_hash_table_add(expansion->seen, g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
							       (guint64)status->st_dev, (guint64)status->st_ino)))
		return;
	g_autoptr(GPtrArray) names = list_folder(path);
	if (names == NULL) {
		g_ptr_array_add(expansion->paths, g_strdup(path));
		return;
	}
	for (guint n = 0; n < names->len; n++) {
		g_autofree char *inner = g_build_filename(path, names->pdata[n], NULL);
		struct stat inner_status;
		if (stat(inner, &inner_status) != 0 || S_ISREG(inner_status.st_mode))
			g_ptr_array_add(expansion->paths, g_steal_pointer(&inner));
		else if (S_ISDIR(inner_status.st_mode))
			expand_folder(expansion, inner, &inner_status);
	}
}

GPtrArray *am_input_expand(const char *const *paths, GError **error)
{
	g_autoptr(GPtrArray) expanded = g_ptr_array_new_with_free_func(g_free);
	for (; *paths != NULL; paths++) {
		struct stat status;
		if (strcmp(*paths, "-") == 0 || stat(*paths, &status) != 0 || !S_ISDIR(status.st_mode)) {
			g_ptr_array_add(expanded, g_strdup(*paths));
			continue;
		}
		g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		guint before = expanded->len;
		expand_folder(&(Expansion){.paths = expanded, .seen = seen}, *paths, &status);
		if (expanded->len == before) {
			g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_EMPTY,
				    "the folder %s holds no files; name captures, or a folder that holds some", *paths);
			return NULL;
		}
	}
	return g_steal_pointer(&expanded);
}
