/* The main() of a fuzz target in `make check`: every file of its corpus once, in name order.
 *
 * A target is one file with LLVMFuzzerTestOneInput(). To really fuzz it, build it without this file, with clang:
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -D_GNU_SOURCE -Iinclude -Ibuild \
 *     $(pkg-config --cflags glib-2.0 libpcap libarchive) -o fuzz-decode tests/fuzz/fuzz-decode.c src/capture/?*.c \
 *     $(pkg-config --libs glib-2.0 libpcap libarchive)
 *   mkdir found && ./fuzz-decode -max_total_time=300 found tests/fuzz/corpus/decode
 *
 * (`build` is where config.h is.) What it crashes on joins the corpus, with its fix; so does what reaches new code:
 *
 *   ./fuzz-decode -merge=1 tests/fuzz/corpus/decode found
 */
#include "config.h"

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int compare_names(gconstpointer a, gconstpointer b)
{
	return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

static gboolean replay(const char *path)
{
	g_autofree char *content = NULL;
	gsize size;
	g_autoptr(GError) error = NULL;
	if (!g_file_get_contents(path, &content, &size, &error)) {
		fprintf(stderr, "%s\n", error->message);
		return FALSE;
	}
	/* No octet more than there is: what is read behind it is seen by a sanitizer. */
	g_autofree uint8_t *exact = g_malloc(MAX(size, 1));
	memcpy(exact, content, size);
	(void)LLVMFuzzerTestOneInput(size > 0 ? exact : exact + 1, size);
	return TRUE;
}

/* The corpus is the folder CORPUS, or those named as arguments. */
static int replay_folder(const char *folder)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
	if (dir == NULL) {
		fprintf(stderr, "%s\n", error->message);
		return 99;
	}
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;
	while ((name = g_dir_read_name(dir)) != NULL)
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	for (guint n = 0; n < names->len; n++) {
		g_autofree char *path = g_build_filename(folder, names->pdata[n], NULL);
		if (!replay(path))
			return 1;
	}
	printf("%s: %u inputs\n", folder, names->len);
	return names->len > 0 ? 0 : 99;
}

int main(int argc, char **argv)
{
	int status = argc > 1 ? 0 : replay_folder(CORPUS);
	for (int n = 1; n < argc && status == 0; n++)
		status = replay_folder(argv[n]);
	return status;
}
