/* Files that were embedded at build, by path. */
#include "config.h"

#include "allowmap/base.h"
#include "embedded.h"

#include <string.h>

const char *am_embedded(const char *path, size_t *ret_size)
{
	for (const AmEmbeddedFile *file = am_embedded_files; file->path != NULL; file++) {
		if (strcmp(file->path, path) != 0)
			continue;
		if (ret_size != NULL)
			*ret_size = file->size;
		return file->bytes;
	}
	return NULL;
}

const char *am_embedded_path(const char *prefix, guint n)
{
	for (const AmEmbeddedFile *file = am_embedded_files; file->path != NULL; file++) {
		if (g_str_has_prefix(file->path, prefix) && n-- == 0)
			return file->path;
	}
	return NULL;
}
