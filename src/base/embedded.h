/* The table that contrib/embed.sh writes. Private to base/. */
#pragma once

#include <stddef.h>

typedef struct {
	const char *path;
	const char *bytes;
	size_t size;
} AmEmbeddedFile;

/* Ends with a NULL path. */
extern const AmEmbeddedFile am_embedded_files[];
