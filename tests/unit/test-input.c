/* Inputs: what is recognised, through which compression, what is refused and in which words, and how folders and
 * identities come out. */
#include "config.h"

#include "allowmap/capture.h"
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder; /* made by main() */

static char *write_file(const char *name, const void *bytes, size_t size)
{
	char *path = g_build_filename(folder, name, NULL);
	CU_ASSERT_FATAL(g_file_set_contents(path, bytes, (gssize)size, NULL));
	return path;
}

/* ---- A pcap file of `n` frames, the i-th of i + 1 octets, one millisecond and one nanosecond apart */

typedef enum { MICRO, NANO, MODIFIED } Variant;

static void add32(GByteArray *bytes, uint32_t value, gboolean is_big)
{
	value = is_big ? GUINT32_TO_BE(value) : GUINT32_TO_LE(value);
	g_byte_array_append(bytes, (const guint8 *)&value, 4);
}

static void add16(GByteArray *bytes, uint16_t value, gboolean is_big)
{
	value = is_big ? GUINT16_TO_BE(value) : GUINT16_TO_LE(value);
	g_byte_array_append(bytes, (const guint8 *)&value, 2);
}

static GByteArray *pcap_bytes(Variant variant, gboolean is_big, uint32_t link_type, unsigned n)
{
	static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};
	GByteArray *bytes = g_byte_array_new();
	add32(bytes, magics[variant], is_big);
	add16(bytes, 2, is_big);
	add16(bytes, 4, is_big);
	add32(bytes, 0, is_big);
	add32(bytes, 0, is_big);
	add32(bytes, 65535, is_big);
	add32(bytes, link_type, is_big);
	for (uint32_t i = 0; i < n; i++) {
		add32(bytes, 1700000000, is_big);
		add32(bytes, variant == NANO ? i * 1000001 : i * 1000, is_big);
		add32(bytes, i + 1, is_big);
		add32(bytes, i + 100, is_big);
		if (variant == MODIFIED) {
			add32(bytes, 3, is_big); /* interface */
			add16(bytes, 0x0800, is_big);
			add16(bytes, 0, is_big); /* packet type, padding */
		}
		for (uint32_t at = 0; at <= i; at++)
			g_byte_array_append(bytes, (const guint8 *)&i, 1);
	}
	return bytes;
}

/* Reads all of it; gives the number of frames, and checks each. */
static unsigned read_pcap(const char *path, Variant variant, uint32_t link_type, gboolean *ret_cut, GError **error)
{
	g_autoptr(AmInputFile) file = am_input_file_open(path, NULL, error);
	CU_ASSERT((file == NULL) == (*error != NULL));
	if (file == NULL)
		return 0;
	CU_ASSERT(am_input_file_kind(file) == AM_INPUT_PCAP);
	AmFrame frame;
	unsigned n = 0;
	int got;
	while ((got = am_input_file_next(file, &frame, error)) == 1) {
		CU_ASSERT(frame.time_ns ==
			  INT64_C(1700000000000000000) + (int64_t)n * (variant == NANO ? 1000001 : 1000000));
		CU_ASSERT(frame.size == n + 1);
		CU_ASSERT(frame.wire_size == n + 100);
		CU_ASSERT(frame.link_type == link_type);
		CU_ASSERT(frame.bytes[n] == (uint8_t)n);
		n++;
	}
	CU_ASSERT((got == -1) == (*error != NULL));
	CU_ASSERT(am_input_file_next(file, &frame, NULL) == 0); /* the end is the end */
	*ret_cut = am_input_file_was_cut(file);
	return n;
}

static void test_pcap_variants(void)
{
	for (int variant = MICRO; variant <= MODIFIED; variant++) {
		for (int is_big = 0; is_big < 2; is_big++) {
			g_autoptr(GByteArray) bytes = pcap_bytes((Variant)variant, is_big, 113, 20);
			g_autofree char *path = write_file("variant.pcap", bytes->data, bytes->len);
			g_autoptr(GError) error = NULL;
			gboolean is_cut = TRUE;
			CU_ASSERT(read_pcap(path, (Variant)variant, 113, &is_cut, &error) == 20);
			CU_ASSERT(error == NULL);
			CU_ASSERT(!is_cut);
		}
	}
}

static void test_raw_link_type(void)
{
	static const uint32_t in_file[] = {101, 12};
	for (size_t n = 0; n < G_N_ELEMENTS(in_file); n++) {
		g_autoptr(GByteArray) bytes = pcap_bytes(MICRO, FALSE, in_file[n], 2);
		g_autofree char *path = write_file("raw.pcap", bytes->data, bytes->len);
		g_autoptr(GError) error = NULL;
		gboolean is_cut = TRUE;
		CU_ASSERT(read_pcap(path, MICRO, 101, &is_cut, &error) == 2);
	}
}

static void test_pcap_every_cut(void)
{
	g_autoptr(GByteArray) bytes = pcap_bytes(MICRO, FALSE, 1, 5);
	unsigned last_n = 0, n_whole = 0;
	for (guint size = 4; size <= bytes->len; size++) {
		g_autofree char *path = write_file("cut.pcap", bytes->data, size);
		g_autoptr(GError) error = NULL;
		gboolean is_cut = FALSE;
		unsigned n = read_pcap(path, MICRO, 1, &is_cut, &error);
		CU_ASSERT(error == NULL);
		CU_ASSERT(n == last_n || n == last_n + 1);
		last_n = n;
		n_whole += !is_cut;
	}
	CU_ASSERT(last_n == 5);
	CU_ASSERT(n_whole == 6); /* after the file header, and after each record */
}

static void test_pcap_corrupt(void)
{
	g_autoptr(GByteArray) bytes = pcap_bytes(MICRO, FALSE, 1, 5);
	memset(bytes->data + 24 + 17 + 18 + 8, 0xff, 4); /* the third record's length */
	g_autofree char *path = write_file("corrupt.pcap", bytes->data, bytes->len);
	g_autoptr(GError) error = NULL;
	gboolean is_cut = TRUE;
	CU_ASSERT(read_pcap(path, MICRO, 1, &is_cut, &error) == 2);
	CU_ASSERT_FATAL(error != NULL);
	CU_ASSERT(g_error_matches(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_CORRUPT));
	CU_ASSERT(strstr(error->message, "packet 3") != NULL);
	CU_ASSERT(!is_cut);
}

/* After 2038 seconds no longer fit a signed number, yet the file's are unsigned. */
static void test_late_time(void)
{
	g_autoptr(GByteArray) bytes = pcap_bytes(MICRO, FALSE, 1, 1);
	memset(bytes->data + 24, 0xff, 4);
	g_autofree char *path = write_file("late.pcap", bytes->data, bytes->len);
	g_autoptr(AmInputFile) file = am_input_file_open(path, NULL, NULL);
	CU_ASSERT_FATAL(file != NULL);
	AmFrame frame;
	CU_ASSERT_FATAL(am_input_file_next(file, &frame, NULL) == 1);
	CU_ASSERT(frame.time_ns == INT64_C(4294967295) * AM_NS_PER_S);
}

/* ---- Compression */

static const struct {
	const char *name;
	int (*add)(struct archive *);
} filters[] = {{"gz", archive_write_add_filter_gzip},
	       {"zst", archive_write_add_filter_zstd},
	       {"xz", archive_write_add_filter_xz},
	       {"bz2", archive_write_add_filter_bzip2}};

static char *write_compressed(const char *name, size_t filter, const void *bytes, size_t size)
{
	char *path = g_build_filename(folder, name, NULL);
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	CU_ASSERT_FATAL(filters[filter].add(archive) == ARCHIVE_OK);
	archive_write_set_format_raw(archive);
	CU_ASSERT_FATAL(archive_write_open_filename(archive, path) == ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	CU_ASSERT_FATAL(archive_write_header(archive, entry) == ARCHIVE_OK);
	CU_ASSERT_FATAL(archive_write_data(archive, bytes, size) == (la_ssize_t)size);
	archive_entry_free(entry);
	CU_ASSERT_FATAL(archive_write_close(archive) == ARCHIVE_OK);
	archive_write_free(archive);
	return path;
}

static void test_compressed(void)
{
	g_autoptr(GByteArray) bytes = pcap_bytes(NANO, FALSE, 1, 900);
	for (size_t n = 0; n < G_N_ELEMENTS(filters); n++) {
		g_autofree char *path = write_compressed("compressed", n, bytes->data, bytes->len);
		g_autoptr(GError) error = NULL;
		gboolean is_cut = TRUE;
		CU_ASSERT(read_pcap(path, NANO, 1, &is_cut, &error) == 900);
		CU_ASSERT(error == NULL);
		CU_ASSERT(!is_cut);
	}
}

/* Cut in the compressed stream: what could be undone is kept, and it is said. */
static void test_compressed_cut(void)
{
	g_autoptr(GByteArray) bytes = pcap_bytes(NANO, FALSE, 1, 900);
	for (size_t n = 0; n < G_N_ELEMENTS(filters); n++) {
		g_autofree char *path = write_compressed("compressed-cut", n, bytes->data, bytes->len);
		struct stat status;
		CU_ASSERT_FATAL(stat(path, &status) == 0);
		for (off_t size = status.st_size - 9; size > 20; size = size * 2 / 3) {
			CU_ASSERT_FATAL(truncate(path, size) == 0);
			g_autoptr(GError) error = NULL;
			gboolean is_cut = FALSE;
			unsigned n_frames = read_pcap(path, NANO, 1, &is_cut, &error);
			CU_ASSERT(n_frames < 900 || is_cut);
			if (error == NULL)
				CU_ASSERT(is_cut);
			if (error != NULL)
				CU_ASSERT(g_error_matches(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_EMPTY));
		}
	}
}

static void test_compressed_corrupt(void)
{
	g_autoptr(GByteArray) bytes = pcap_bytes(NANO, FALSE, 1, 900);
	g_autofree char *path = write_compressed("compressed-corrupt", 3, bytes->data, bytes->len);
	g_autofree char *content = NULL;
	gsize size;
	CU_ASSERT_FATAL(g_file_get_contents(path, &content, &size, NULL));
	memset(content + 20, 0x55, 40);
	g_autofree char *damaged = write_file("compressed-damaged", content, size);
	g_autoptr(GError) error = NULL;
	gboolean is_cut = TRUE;
	CU_ASSERT(read_pcap(damaged, NANO, 1, &is_cut, &error) == 0);
	CU_ASSERT_FATAL(error != NULL);
	CU_ASSERT(g_error_matches(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_CORRUPT));
}

/* ---- Kinds */

/* Stands for the room that knows the logs. */
static gboolean recognise(const uint8_t *bytes, size_t size, AmInputKind *ret_kind, const char **ret_what)
{
	*ret_what = size >= 5 && memcmp(bytes, "diary", 5) == 0 ? "a diary" : NULL;
	*ret_kind = AM_INPUT_ZEEK_JSON;
	return size >= 3 && memcmp(bytes, "log", 3) == 0;
}

static void test_logs(void)
{
	static const struct {
		const char *text;
		AmInputKind kind;
	} logs[] = {
		{"log\n", AM_INPUT_ZEEK_JSON},
		{"log 1\nlog 2, which is longer\n", AM_INPUT_ZEEK_JSON},
	};
	for (size_t n = 0; n < G_N_ELEMENTS(logs); n++) {
		size_t size = strlen(logs[n].text);
		g_autofree char *plain = write_file("conn.log", logs[n].text, size);
		g_autofree char *compressed = write_compressed("conn.log.gz", 0, logs[n].text, size);
		for (int is_compressed = 0; is_compressed < 2; is_compressed++) {
			g_autoptr(GError) error = NULL;
			g_autoptr(AmInputFile) file =
				am_input_file_open(is_compressed ? compressed : plain, recognise, &error);
			CU_ASSERT_FATAL(file != NULL);
			CU_ASSERT(am_input_file_kind(file) == logs[n].kind);
			AmByteReader reader = am_input_file_reader(file);
			char buffer[512];
			size_t got = 0;
			gssize more;
			while ((more = reader.read(reader.source, buffer + got, 10, &error)) > 0)
				got += (size_t)more;
			CU_ASSERT(more == 0);
			CU_ASSERT(got == size);
			CU_ASSERT(memcmp(buffer, logs[n].text, size) == 0);
		}
	}
}

static void check_refused(const char *path, AmCaptureError code, const char *words)
{
	g_autoptr(GError) error = NULL;
	CU_ASSERT(am_input_file_open(path, recognise, &error) == NULL);
	CU_ASSERT_FATAL(error != NULL);
	CU_ASSERT(g_error_matches(error, AM_CAPTURE_ERROR, (int)code));
	CU_ASSERT(strstr(error->message, words) != NULL);
	CU_ASSERT(strstr(error->message, path) != NULL);
	if (strstr(error->message, words) == NULL)
		fprintf(stderr, "\"%s\" is not in \"%s\"\n", words, error->message);
}

static void test_refused(void)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *words;
	} others[] = {
		{"snoop\0\0\0\0\0\0\2", 12, "73 6e 6f 6f 70 00 00 00: a Solaris snoop capture"},
		{"%PDF-1.7\n", 9, "a PDF document"},
		{"<!DOCTYPE html><html>", 21, "a web page"},
		{"  <HTML>", 8, "a web page"},
		{"PK\3\4....", 8, "a zip archive"},
		{"diary of a dog", 14,
		 "nor a connection log that is read; it begins with 64 69 61 72 79 20 6f 66: a diary"},
		{"hello, this is text\n", 20, ": text"},
		{"\x01\x02\x03\x00\xff", 5, "begins with 01 02 03 00 ff"},
		{"\x01\x00\x00\x00\x00\x00\x00\x10\x02\x00\x00\x10\x00\x00\x00\x00"
		 "\x02\x00\x00\x00\x00\x00\x00\x10\x02\x00\x00\x10\x00\x00\x00\x00",
		 32, "ERF"},
	};
	for (size_t n = 0; n < G_N_ELEMENTS(others); n++) {
		g_autofree char *path = write_file("other", others[n].bytes, others[n].size);
		check_refused(path, AM_CAPTURE_ERROR_FORMAT, others[n].words);
	}
	g_autofree char *tar = g_malloc0(1024);
	memcpy(tar, "a/b.pcap", 8);
	memcpy(tar + 257, "ustar", 5);
	g_autofree char *tar_path = write_compressed("a.tar.gz", 0, tar, 1024);
	check_refused(tar_path, AM_CAPTURE_ERROR_FORMAT, "inside begins with 61 2f 62 2e 70 63 61 70: a tar archive");
	g_autofree char *old = write_file("old.pcap", "\xd4\xc3\xb2\xa1\x01\x00\x00\x00zzzzzzzzzzzzzzzz", 24);
	check_refused(old, AM_CAPTURE_ERROR_FORMAT, "a pcap file that cannot be used");
}

static void test_refused_files(void)
{
	g_autofree char *empty = write_file("empty.pcap", "", 0);
	check_refused(empty, AM_CAPTURE_ERROR_EMPTY, "0 octets");
	g_autofree char *empty_gz = write_compressed("empty.gz", 0, "", 0);
	check_refused(empty_gz, AM_CAPTURE_ERROR_EMPTY, "nothing is left");
	g_autofree char *cut_gz = write_file("cut.gz",
					     "\x1f\x8b\x08\x08\0\0\0\0\2\xff"
					     "name",
					     14);
	check_refused(cut_gz, AM_CAPTURE_ERROR_CORRUPT, "damaged or cut short");
	check_refused(folder, AM_CAPTURE_ERROR_OPEN, "directory");
	g_autofree char *missing = g_build_filename(folder, "missing.pcap", NULL);
	check_refused(missing, AM_CAPTURE_ERROR_OPEN, "No such file");
}

/* ---- Identity */

static char *hash_of(const GByteArray *bytes)
{
	return g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);
}

static void test_identify(void)
{
	static const guint sizes[] = {0, 5, 2 * 1024 * 1024, 2 * 1024 * 1024 + 1, 5000000};
	for (size_t n = 0; n < G_N_ELEMENTS(sizes); n++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		g_byte_array_set_size(bytes, sizes[n]);
		for (guint at = 0; at < sizes[n]; at++)
			bytes->data[at] = (uint8_t)(at * 7 + at / 251);
		g_autofree char *path = write_file("identity", bytes->data, bytes->len);
		AmInput ends = {0}, whole = {0};
		CU_ASSERT_FATAL(am_input_identify(path, FALSE, &ends, NULL));
		CU_ASSERT_FATAL(am_input_identify(path, TRUE, &whole, NULL));
		g_autofree char *whole_hash = hash_of(bytes);
		CU_ASSERT(ends.size == sizes[n] && whole.size == sizes[n]);
		CU_ASSERT_STRING_EQUAL(ends.path, path);
		CU_ASSERT_STRING_EQUAL(whole.sha256, whole_hash);
		if (sizes[n] > 2 * 1024 * 1024)
			g_byte_array_remove_range(bytes, 1024 * 1024, sizes[n] - 2 * 1024 * 1024);
		g_autofree char *ends_hash = hash_of(bytes);
		CU_ASSERT_STRING_EQUAL(ends.sha256, ends_hash);
		g_free(ends.path);
		g_free(whole.path);
	}
}

static void test_identify_others(void)
{
	AmInput input = {0};
	CU_ASSERT_FATAL(am_input_identify("-", FALSE, &input, NULL));
	CU_ASSERT(input.size == 0 && input.sha256[0] == '\0');
	CU_ASSERT_STRING_EQUAL(input.path, "-");
	g_free(input.path);
	g_autofree char *pipe_path = g_build_filename(folder, "pipe", NULL);
	CU_ASSERT_FATAL(mkfifo(pipe_path, 0600) == 0);
	CU_ASSERT_FATAL(am_input_identify(pipe_path, FALSE, &input, NULL)); /* and does not wait for a writer */
	CU_ASSERT(input.size == 0 && input.sha256[0] == '\0');
	g_free(input.path);
	(void)g_unlink(pipe_path);
	g_autoptr(GError) error = NULL;
	AmInput untouched = {0};
	CU_ASSERT(!am_input_identify(folder, FALSE, &untouched, &error));
	CU_ASSERT(g_error_matches(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN));
	CU_ASSERT(untouched.path == NULL);
}

/* ---- Folders */

static void test_expand(void)
{
	g_autofree char *top = g_build_filename(folder, "tree", NULL);
	g_autofree char *inner = g_build_filename(top, "b-inner", NULL);
	g_autofree char *loop = g_build_filename(inner, "loop", NULL);
	CU_ASSERT_FATAL(g_mkdir_with_parents(inner, 0700) == 0);
	CU_ASSERT_FATAL(symlink(top, loop) == 0);
	g_autofree char *z = write_file("tree/z.pcap", "z", 1);
	g_autofree char *a = write_file("tree/a.pcap", "a", 1);
	g_autofree char *deep = write_file("tree/b-inner/deep.pcap", "d", 1);
	G_GNUC_UNUSED g_autofree char *hidden = write_file("tree/.hidden", "h", 1);
	g_autoptr(GError) error = NULL;
	const char *paths[] = {"-", z, top, "no such file", NULL};
	g_autoptr(GPtrArray) files = am_input_expand(paths, &error);
	CU_ASSERT_FATAL(files != NULL);
	CU_ASSERT_FATAL(files->len == 6);
	CU_ASSERT_STRING_EQUAL(files->pdata[0], "-");
	CU_ASSERT_STRING_EQUAL(files->pdata[1], z);
	CU_ASSERT_STRING_EQUAL(files->pdata[2], a);
	CU_ASSERT_STRING_EQUAL(files->pdata[3], deep);
	CU_ASSERT_STRING_EQUAL(files->pdata[4], z);
	CU_ASSERT_STRING_EQUAL(files->pdata[5], "no such file");
}

static void test_expand_empty(void)
{
	g_autofree char *top = g_build_filename(folder, "nothing", NULL);
	CU_ASSERT_FATAL(g_mkdir_with_parents(top, 0700) == 0);
	G_GNUC_UNUSED g_autofree char *hidden = write_file("nothing/.hidden", "h", 1);
	g_autoptr(GError) error = NULL;
	const char *paths[] = {top, NULL};
	CU_ASSERT(am_input_expand(paths, &error) == NULL);
	CU_ASSERT_FATAL(error != NULL);
	CU_ASSERT(g_error_matches(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_EMPTY));
	CU_ASSERT(strstr(error->message, top) != NULL);
}

static void remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *inner = g_build_filename(path, name, NULL);
		if (g_file_test(inner, G_FILE_TEST_IS_DIR) && !g_file_test(inner, G_FILE_TEST_IS_SYMLINK))
			remove_tree(inner);
		else
			(void)g_unlink(inner);
	}
	(void)g_rmdir(path);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_pcap_variants),
		UNIT_TEST(test_raw_link_type),
		UNIT_TEST(test_pcap_every_cut),
		UNIT_TEST(test_pcap_corrupt),
		UNIT_TEST(test_late_time),
		UNIT_TEST(test_compressed),
		UNIT_TEST(test_compressed_cut),
		UNIT_TEST(test_compressed_corrupt),
		UNIT_TEST(test_logs),
		UNIT_TEST(test_refused),
		UNIT_TEST(test_refused_files),
		UNIT_TEST(test_identify),
		UNIT_TEST(test_identify_others),
		UNIT_TEST(test_expand),
		UNIT_TEST(test_expand_empty),
		{NULL, NULL},
	};
	folder = g_dir_make_tmp("allowmap-input-XXXXXX", NULL);
	if (folder == NULL)
		return 99;
	int status = unit_run("input", tests);
	remove_tree(folder);
	g_free(folder);
	return status;
}
