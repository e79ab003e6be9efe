/* pcapng: sections, interfaces, packets of all kinds, times, and what is cut or contradicts itself. */
#include "config.h"

#include "../../src/capture/formats.h"
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- Files are built in memory and handed out in pieces, as a pipe does. */

typedef struct {
	GByteArray *bytes;
	gboolean is_big;
	size_t block; /* where the open one begins */
	size_t at, end, piece;
} File;

static File *file_new(gboolean is_big)
{
	File *file = g_new0(File, 1);
	file->bytes = g_byte_array_new();
	file->is_big = is_big;
	return file;
}

static void file_free(File *file)
{
	g_byte_array_unref(file->bytes);
	g_free(file);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(File, file_free)

static void add16(File *file, uint16_t value)
{
	value = file->is_big ? GUINT16_TO_BE(value) : GUINT16_TO_LE(value);
	g_byte_array_append(file->bytes, (const guint8 *)&value, 2);
}

static void add32(File *file, uint32_t value)
{
	value = file->is_big ? GUINT32_TO_BE(value) : GUINT32_TO_LE(value);
	g_byte_array_append(file->bytes, (const guint8 *)&value, 4);
}

static void add_bytes(File *file, const void *bytes, guint size)
{
	static const uint8_t zero[3] = {0};
	g_byte_array_append(file->bytes, bytes, size);
	g_byte_array_append(file->bytes, zero, (4 - size % 4) % 4);
}

static void begin(File *file, uint32_t type)
{
	file->block = file->bytes->len;
	add32(file, type);
	add32(file, 0);
}

static void set32(File *file, size_t at, uint32_t value)
{
	value = file->is_big ? GUINT32_TO_BE(value) : GUINT32_TO_LE(value);
	memcpy(file->bytes->data + at, &value, 4);
}

static void end(File *file)
{
	uint32_t size = (uint32_t)(file->bytes->len - file->block) + 4;
	add32(file, size);
	set32(file, file->block + 4, size);
}

static void section(File *file)
{
	begin(file, 0x0a0d0d0a);
	add32(file, 0x1a2b3c4d);
	add16(file, 1);
	add16(file, 0);
	add32(file, UINT32_MAX);
	add32(file, UINT32_MAX);
	end(file);
}

static void interface(File *file, uint16_t link_type, uint32_t snap_length, int resolution, int64_t offset_s)
{
	begin(file, 1);
	add16(file, link_type);
	add16(file, 0);
	add32(file, snap_length);
	if (resolution >= 0) {
		uint8_t value = (uint8_t)resolution;
		add16(file, 2); /* if_name: of no interest */
		add16(file, 5);
		add_bytes(file, "eth0", 5);
		add16(file, 9);
		add16(file, 1);
		add_bytes(file, &value, 1);
	}
	if (offset_s != 0) {
		uint64_t value = file->is_big ? GUINT64_TO_BE((uint64_t)offset_s) : GUINT64_TO_LE((uint64_t)offset_s);
		add16(file, 14);
		add16(file, 8);
		add_bytes(file, &value, 8);
	}
	add32(file, 0); /* end of options */
	end(file);
}

static void enhanced(File *file, uint32_t index, uint64_t ticks, const char *data, uint32_t original)
{
	begin(file, 6);
	add32(file, index);
	add32(file, (uint32_t)(ticks >> 32));
	add32(file, (uint32_t)ticks);
	add32(file, (uint32_t)strlen(data));
	add32(file, original);
	add_bytes(file, data, (guint)strlen(data));
	add16(file, 1); /* a comment */
	add16(file, 3);
	add_bytes(file, "abc", 3);
	add32(file, 0);
	end(file);
}

static void simple(File *file, const char *data, uint32_t original)
{
	begin(file, 3);
	add32(file, original);
	add_bytes(file, data, (guint)strlen(data));
	end(file);
}

static void obsolete(File *file, uint16_t index, uint64_t ticks, const char *data, uint32_t original)
{
	begin(file, 2);
	add16(file, index);
	add16(file, 7); /* drops */
	add32(file, (uint32_t)(ticks >> 32));
	add32(file, (uint32_t)ticks);
	add32(file, (uint32_t)strlen(data));
	add32(file, original);
	add_bytes(file, data, (guint)strlen(data));
	end(file);
}

static void unknown(File *file, guint size)
{
	g_autofree uint8_t *body = g_malloc0(size);
	begin(file, 0x0bad);
	add_bytes(file, body, size);
	end(file);
}

static gssize file_read(void *source, void *buffer, size_t size, GError **error)
{
	(void)error;
	File *file = source;
	size = MIN(MIN(size, file->piece), file->end - file->at);
	memcpy(buffer, file->bytes->data + file->at, size);
	file->at += size;
	return (gssize)size;
}

/* ---- Reading them */

#define MAX_FRAMES 64
typedef struct {
	unsigned n;
	AmFrame frames[MAX_FRAMES]; /* `bytes` only to compare with NULL */
	char texts[MAX_FRAMES][64];
	int last; /* what the last call gave: 0 or -1 */
	gboolean was_cut;
	char message[256];
} Got;

static void read_all(File *file, size_t size, size_t piece, Got *got)
{
	memset(got, 0, sizeof *got);
	file->at = 0;
	file->end = size;
	file->piece = piece;
	g_autoptr(GError) error = NULL;
	g_autoptr(AmBytes) bytes = am_bytes_new((AmByteReader){.read = file_read, .source = file});
	g_autoptr(AmPcapng) pcapng = am_pcapng_open(bytes, &error);
	got->last = -1;
	AmFrame frame;
	while (pcapng != NULL && (got->last = am_pcapng_next(pcapng, &frame, &got->was_cut, &error)) == 1) {
		CU_ASSERT_FATAL(got->n < MAX_FRAMES);
		got->frames[got->n] = frame;
		memcpy(got->texts[got->n], frame.bytes, MIN(frame.size, 63));
		got->n++;
	}
	CU_ASSERT((got->last == -1) == (error != NULL));
	if (error != NULL) {
		CU_ASSERT(error->domain == AM_CAPTURE_ERROR);
		CU_ASSERT(error->code == (int)(pcapng != NULL ? AM_CAPTURE_ERROR_CORRUPT : AM_CAPTURE_ERROR_FORMAT));
		g_strlcpy(got->message, error->message, sizeof got->message);
	}
}

static void check_frame(const Got *got, unsigned n, int64_t time_ns, uint32_t link_type, const char *text,
			uint32_t wire_size)
{
	CU_ASSERT_FATAL(n < got->n);
	CU_ASSERT(got->frames[n].time_ns == time_ns);
	CU_ASSERT(got->frames[n].link_type == link_type);
	CU_ASSERT(got->frames[n].size == strlen(text));
	CU_ASSERT(got->frames[n].wire_size == wire_size);
	CU_ASSERT_STRING_EQUAL(got->texts[n], text);
}

/* Several interfaces and two sections, the second one in the other byte order. */
static File *two_sections(gboolean is_big)
{
	File *file = file_new(is_big);
	section(file);
	interface(file, 1, 0, -1, 0);
	interface(file, 113, 96, 9, 0);
	enhanced(file, 0, UINT64_C(1700000000000001), "one", 60);
	enhanced(file, 1, UINT64_C(1700000000000000002), "four", 4);
	unknown(file, 21);
	obsolete(file, 1, UINT64_C(1700000000000000003), "three", 5);
	simple(file, "simple!", 7);
	file->is_big = !is_big;
	section(file);
	interface(file, 101, 3, 3, 0);
	simple(file, "cut", 1000);
	enhanced(file, 0, UINT64_C(1700000000004), "ms", 2);
	return file;
}

static void check_two_sections(const Got *got)
{
	CU_ASSERT(got->n == 6);
	check_frame(got, 0, INT64_C(1700000000000001000), 1, "one", 60);
	check_frame(got, 1, INT64_C(1700000000000000002), 113, "four", 4);
	check_frame(got, 2, INT64_C(1700000000000000003), 113, "three", 5);
	check_frame(got, 3, INT64_C(1700000000000000003), 1, "simple!", 7);
	check_frame(got, 4, INT64_C(1700000000000000003), 101, "cut", 1000);
	check_frame(got, 5, INT64_C(1700000000004000000), 101, "ms", 2);
	CU_ASSERT(got->last == 0);
	CU_ASSERT(!got->was_cut);
}

static void test_sections_and_interfaces(void)
{
	for (int is_big = 0; is_big < 2; is_big++) {
		g_autoptr(File) file = two_sections(is_big);
		static const size_t pieces[] = {1, 3, 7, 64, 100000};
		for (size_t n = 0; n < G_N_ELEMENTS(pieces); n++) {
			Got got;
			read_all(file, file->bytes->len, pieces[n], &got);
			check_two_sections(&got);
		}
	}
}

/* Cut at every length: never an error, never a frame that the whole does not have, and "cut" unless it was cut between
 * two blocks. */
static void test_every_cut(void)
{
	for (int is_big = 0; is_big < 2; is_big++) {
		g_autoptr(File) file = two_sections(is_big);
		Got whole, got;
		read_all(file, file->bytes->len, 100000, &whole);
		unsigned last_n = 0, n_whole = 0;
		for (size_t size = 1; size <= file->bytes->len; size++) {
			read_all(file, size, 5, &got);
			CU_ASSERT(got.last == 0);
			CU_ASSERT(got.n == last_n || got.n == last_n + 1);
			last_n = got.n;
			for (unsigned n = 0; n < got.n; n++) {
				CU_ASSERT(got.frames[n].time_ns == whole.frames[n].time_ns);
				CU_ASSERT_STRING_EQUAL(got.texts[n], whole.texts[n]);
			}
			n_whole += !got.was_cut;
		}
		CU_ASSERT(last_n == 6);
		CU_ASSERT(n_whole == 12); /* the ends of its blocks */
	}
}

static void test_time(void)
{
	static const struct {
		uint64_t ticks;
		uint8_t resolution;
		int64_t offset_s, ns;
	} cases[] = {
		{5, 0, 0, INT64_C(5000000000)},
		{1500, 3, 0, INT64_C(1500000000)},
		{UINT64_C(1700000000123456), 6, 0, INT64_C(1700000000123456000)},
		{UINT64_C(1700000000123456789), 9, 0, INT64_C(1700000000123456789)},
		{UINT64_C(17000000001234567899), 10, 0, INT64_C(1700000000123456789)},
		{UINT64_MAX, 12, 0, INT64_C(18446744073709551)},
		{UINT64_MAX, 19, 0, INT64_C(1844674407)},
		{UINT64_MAX, 20, 0, 184467440},
		{UINT64_MAX, 28, 0, 1},
		{UINT64_MAX, 29, 0, 0},
		{UINT64_MAX, 127, 0, 0},
		{7, 0x80, 0, INT64_C(7000000000)},
		{3, 0x81, 0, INT64_C(1500000000)},
		{(UINT64_C(1700000000) << 20) + (1 << 19), 0x94, 0, INT64_C(1700000000500000000)},
		{(UINT64_C(1700000000) << 32) + UINT64_C(0x40000000), 0xa0, 0, INT64_C(1700000000250000000)},
		{UINT64_MAX, 0xc0, 0, 999999999},
		{UINT64_MAX, 0xff, 0, 0},
		{UINT64_C(1000000), 6, 1700000000, INT64_C(1700000001000000000)},
		{UINT64_C(1000001), 6, -3, INT64_C(-1999999000)},
		/* What does not fit: the nearest that does. */
		{UINT64_MAX, 6, 0, INT64_MAX},
		{UINT64_MAX, 0, 0, INT64_MAX},
		{0, 6, INT64_MAX, INT64_MAX},
		{0, 6, INT64_MIN, INT64_MIN},
		{UINT64_MAX, 0, INT64_MAX, INT64_MAX},
		{UINT64_C(9300000000), 0, INT64_C(-9200000000), INT64_C(100000000000000000)},
		{UINT64_MAX, 0, INT64_MIN, INT64_MAX},
	};
	for (size_t n = 0; n < G_N_ELEMENTS(cases); n++) {
		int64_t ns = am_pcapng_time(cases[n].ticks, cases[n].resolution, cases[n].offset_s);
		CU_ASSERT(ns == cases[n].ns);
		if (ns != cases[n].ns)
			fprintf(stderr, "case %zu: %" PRId64 "\n", n, ns);
	}
}

static void test_offset_option(void)
{
	for (int is_big = 0; is_big < 2; is_big++) {
		g_autoptr(File) file = file_new(is_big);
		section(file);
		interface(file, 1, 0, 9, 1700000000);
		interface(file, 1, 0, -1, -2);
		enhanced(file, 0, 5, "a", 1);
		enhanced(file, 1, 3000000, "b", 1);
		Got got;
		read_all(file, file->bytes->len, 1000, &got);
		CU_ASSERT(got.n == 2);
		check_frame(&got, 0, INT64_C(1700000000000000005), 1, "a", 1);
		check_frame(&got, 1, INT64_C(1000000000), 1, "b", 1);
	}
}

static void test_long_unknown_block(void)
{
	g_autoptr(File) file = file_new(FALSE);
	section(file);
	interface(file, 1, 0, -1, 0);
	unknown(file, 3 * AM_FRAME_MAX + 1);
	enhanced(file, 0, 1, "after", 5);
	Got got;
	read_all(file, file->bytes->len, 10007, &got);
	CU_ASSERT(got.n == 1 && got.last == 0 && !got.was_cut);
	read_all(file, 2 * AM_FRAME_MAX, 10007, &got);
	CU_ASSERT(got.n == 0 && got.last == 0 && got.was_cut);
}

static void test_missing_padding(void)
{
	g_autoptr(File) file = file_new(FALSE);
	section(file);
	interface(file, 1, 0, -1, 0);
	begin(file, 3);
	add32(file, 5);
	add_bytes(file, "12345", 5);
	add32(file, 21); /* the padded length is 24 */
	set32(file, file->block + 4, 21);
	enhanced(file, 0, 1, "after", 5);
	Got got;
	read_all(file, file->bytes->len, 1000, &got);
	CU_ASSERT(got.n == 2 && got.last == 0);
	check_frame(&got, 0, 0, 1, "12345", 5);
}

/* ---- Contradictions: what came before stands, and the message says where. */

static void check_corrupt(File *file, unsigned n_before, const char *words)
{
	enhanced(file, 0, 9, "never", 5);
	Got got;
	read_all(file, file->bytes->len, 1000, &got);
	CU_ASSERT(got.n == n_before);
	CU_ASSERT(got.last == -1);
	CU_ASSERT(strstr(got.message, words) != NULL);
	if (strstr(got.message, words) == NULL)
		fprintf(stderr, "\"%s\" is not in \"%s\"\n", words, got.message);
}

static File *one_packet(void)
{
	File *file = file_new(FALSE);
	section(file);
	interface(file, 1, 0, -1, 0);
	enhanced(file, 0, 1, "first", 5);
	return file;
}

static void test_corrupt_lengths(void)
{
	g_autoptr(File) differ = one_packet();
	enhanced(differ, 0, 2, "second", 6);
	set32(differ, differ->bytes->len - 4, 100);
	check_corrupt(differ, 1, "its two lengths differ");

	g_autoptr(File) unknown_differ = one_packet();
	unknown(unknown_differ, 8);
	set32(unknown_differ, unknown_differ->bytes->len - 4, 100);
	check_corrupt(unknown_differ, 1, "its two lengths differ");

	g_autoptr(File) tiny = one_packet();
	unknown(tiny, 8);
	set32(tiny, tiny->block + 4, 8);
	check_corrupt(tiny, 1, "less than a block has");

	g_autoptr(File) huge = one_packet();
	enhanced(huge, 0, 2, "second", 6);
	set32(huge, huge->block + 4, UINT32_MAX);
	check_corrupt(huge, 1, "more than");

	g_autoptr(File) captured = one_packet();
	enhanced(captured, 0, 2, "second", 6);
	set32(captured, captured->block + 20, 100);
	check_corrupt(captured, 1, "captured octets in a block of");

	g_autoptr(File) too_large = one_packet();
	enhanced(too_large, 0, 2, "second", 6);
	set32(too_large, too_large->block + 20, AM_FRAME_MAX + 1);
	check_corrupt(too_large, 1, "more than the");

	g_autoptr(File) too_short = one_packet();
	begin(too_short, 6);
	add32(too_short, 0);
	end(too_short);
	check_corrupt(too_short, 1, "a packet block of only");
}

static void test_corrupt_structure(void)
{
	g_autoptr(File) nobody = one_packet();
	enhanced(nobody, 1, 2, "second", 6);
	check_corrupt(nobody, 1, "interface 1, which is not described");

	g_autoptr(File) forgotten = one_packet(); /* a section's interfaces end with it */
	section(forgotten);
	enhanced(forgotten, 0, 2, "second", 6);
	check_corrupt(forgotten, 1, "interface 0, which is not described");

	g_autoptr(File) early = file_new(FALSE);
	section(early);
	simple(early, "early", 5);
	check_corrupt(early, 0, "before any interface");

	g_autoptr(File) option = one_packet();
	interface(option, 1, 0, 6, 0);
	option->bytes->data[option->block + 18] = 0xff; /* the length of its first option */
	check_corrupt(option, 1, "an option that is longer");

	g_autoptr(File) magic = one_packet();
	section(magic);
	set32(magic, magic->block + 8, 0x12345678);
	check_corrupt(magic, 1, "byte-order magic");

	g_autoptr(File) version = one_packet();
	section(version);
	set32(version, version->block + 12, 2);
	check_corrupt(version, 1, "a version of pcapng");
}

static void test_not_usable(void)
{
	g_autoptr(File) file = one_packet();
	set32(file, 12, 2);
	Got got;
	read_all(file, file->bytes->len, 1000, &got);
	CU_ASSERT(got.n == 0 && got.last == -1);
	CU_ASSERT(strstr(got.message, "a version of pcapng") != NULL);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_sections_and_interfaces),
		UNIT_TEST(test_every_cut),
		UNIT_TEST(test_time),
		UNIT_TEST(test_offset_option),
		UNIT_TEST(test_long_unknown_block),
		UNIT_TEST(test_missing_padding),
		UNIT_TEST(test_corrupt_lengths),
		UNIT_TEST(test_corrupt_structure),
		UNIT_TEST(test_not_usable),
		{NULL, NULL},
	};
	return unit_run("pcapng", tests);
}
