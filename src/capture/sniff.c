/* Which capture, or what else, a file is, by its first octets. Logs are recognised elsewhere: import/ reads them.
 *
 * Why: names lie and pipes have none. Fed by input.c; it only looks. What is not read is named as well as possible, so
 * that the message says what to do instead of "bad file".
 */
#include "config.h"

#include "formats.h"

#include <string.h>

AmCompression am_sniff_compression(const uint8_t *bytes, size_t size)
{
	if (size >= 3 && memcmp(bytes, "\x1f\x8b\x08", 3) == 0) /* RFC 1952 2.3.1 */
		return AM_COMPRESSION_GZIP;
	if (size >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0) /* RFC 8878 3.1.1 */
		return AM_COMPRESSION_ZSTD;
	if (size >= 6 && memcmp(bytes, "\xfd\x37zXZ\0", 6) == 0)
		return AM_COMPRESSION_XZ;
	if (size >= 10 && memcmp(bytes, "BZh", 3) == 0 && bytes[3] >= '1' && bytes[3] <= '9' &&
	    (memcmp(bytes + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
	     memcmp(bytes + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0))
		return AM_COMPRESSION_BZIP2;
	return AM_COMPRESSION_NONE;
}

/* The magics that libpcap 1.10 reads, each in both byte orders: microseconds; "modified" (a longer record header,
 * Alexey Kuznetzov's patch of the 1990s); nanoseconds. */
static gboolean is_pcap(const uint8_t *bytes, size_t size)
{
	static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b2cd34, 0xa1b23c4d};
	if (size < 4)
		return FALSE;
	uint32_t big = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	for (size_t n = 0; n < G_N_ELEMENTS(magics); n++) {
		if (big == magics[n] || big == GUINT32_SWAP_LE_BE(magics[n]))
			return TRUE;
	}
	return FALSE;
}

static gboolean begins_with(const uint8_t *bytes, size_t size, const char *text)
{
	return size >= strlen(text) && memcmp(bytes, text, strlen(text)) == 0;
}

static gboolean begins_with_nocase(const uint8_t *bytes, size_t size, const char *text)
{
	return size >= strlen(text) && g_ascii_strncasecmp((const char *)bytes, text, strlen(text)) == 0;
}

static void skip_space(const uint8_t **bytes, size_t *size)
{
	if (begins_with(*bytes, *size, "\xef\xbb\xbf")) {
		*bytes += 3;
		*size -= 3;
	}
	while (*size > 0 && g_ascii_isspace((gchar)(*bytes)[0])) {
		++*bytes;
		--*size;
	}
}

gboolean am_sniff_kind(const uint8_t *bytes, size_t size, AmInputKind *ret_kind)
{
	if (is_pcap(bytes, size)) {
		*ret_kind = AM_INPUT_PCAP;
		return TRUE;
	}
	if (begins_with(bytes, size, "\x0a\x0d\x0d\x0a")) {
		*ret_kind = AM_INPUT_PCAPNG;
		return TRUE;
	}
	return FALSE;
}

/* ERF records (Endace) have no magic: timestamp (8, little-endian), type, flags, record length (2), loss (2), wire
 * length (2). Two plausible ones in a row, with times that do not go back, are one. */
static gboolean is_erf(const uint8_t *bytes, size_t size)
{
	uint64_t last = 0;
	for (int n = 0; n < 2; n++) {
		if (size < 16)
			return FALSE;
		uint64_t time;
		memcpy(&time, bytes, sizeof time);
		time = GUINT64_FROM_LE(time);
		size_t record = (size_t)bytes[10] << 8 | bytes[11];
		uint8_t type = bytes[8] & 0x7f;
		if (type == 0 || type > 48 || record < 16 || record > size || time < last || time == 0)
			return FALSE;
		last = time;
		bytes += record;
		size -= record;
	}
	return TRUE;
}

static const struct {
	const char *magic;
	size_t size;
	const char *what;
} known[] = {
	{"snoop\0\0\0", 8, "a Solaris snoop capture; convert it with: editcap -F pcapng IN OUT"},
	{"RTSS", 4, "a Microsoft Network Monitor 1 capture; convert it with: editcap -F pcapng IN OUT"},
	{"GMBU", 4, "a Microsoft Network Monitor 2 capture; convert it with: editcap -F pcapng IN OUT"},
	{"TRSNIFF data", 12, "a Network General Sniffer capture; convert it with: editcap -F pcapng IN OUT"},
	{"XCP\0", 4, "a NetXray or Sniffer capture; convert it with: editcap -F pcapng IN OUT"},
	{"iptrace ", 8, "an AIX iptrace capture; convert it with: editcap -F pcapng IN OUT"},
	{"\x0c\xa5", 2, "an nfdump flow file, not packets"},
	{"\xa1\xb2\x34\xcd", 4,
	 "a variant of pcap that libpcap does not read; convert it with: editcap -F pcapng IN OUT"},
	{"\xcd\x34\xb2\xa1", 4,
	 "a variant of pcap that libpcap does not read; convert it with: editcap -F pcapng IN OUT"},
	{"%PDF", 4, "a PDF document"},
	{"PK\x03\x04", 4, "a zip archive; unpack it first"},
	{"7z\xbc\xaf\x27\x1c", 6, "a 7z archive; unpack it first"},
	{"Rar!", 4, "a rar archive; unpack it first"},
	{"\x04\x22\x4d\x18", 4, "lz4 compression; undo it first with: lz4 -d"},
	{"\x1f\x9d", 2, "compress(1) compression; undo it first with: uncompress"},
	{"\x1f\x8b", 2, "gzip inside of compression; undo one of them first"},
	{"\x28\xb5\x2f\xfd", 4, "zstd inside of compression; undo one of them first"},
	{"\xfd\x37zXZ", 5, "xz inside of compression; undo one of them first"},
	{"BZh", 3, "bzip2 inside of compression; undo one of them first"},
	{"SQLite format 3", 15, "an SQLite database; was it meant for --db?"},
	{"\x7f\x45LF", 4, "a program"},
	{"\x89PNG", 4, "a picture"},
	{"\xff\xd8\xff", 3, "a picture"},
};

static const char *name_of(const uint8_t *bytes, size_t size)
{
	for (size_t n = 0; n < G_N_ELEMENTS(known); n++) {
		if (size >= known[n].size && memcmp(bytes, known[n].magic, known[n].size) == 0)
			return known[n].what;
	}
	if (size >= 262 && memcmp(bytes + 257, "ustar", 5) == 0)
		return "a tar archive; unpack it first";
	if (is_erf(bytes, size))
		return "perhaps an Endace ERF capture; convert it with: editcap -F pcapng IN OUT";
	const uint8_t *text = bytes;
	size_t left = size;
	skip_space(&text, &left);
	if (begins_with_nocase(text, left, "<!doctype html") || begins_with_nocase(text, left, "<html"))
		return "a web page; was a login or error page downloaded instead of the capture?";
	if (begins_with(text, left, "<?xml"))
		return "an XML document";
	size_t end = MIN(size, 512);
	while (end > 0 && size > 512 && (bytes[end - 1] & 0x80) != 0)
		end--; /* perhaps in the middle of a character */
	if (memchr(bytes, 0, end) == NULL && g_utf8_validate_len((const char *)bytes, end, NULL))
		return "text";
	return NULL;
}

char *am_sniff_describe(const uint8_t *bytes, size_t size, const char *what)
{
	g_autoptr(GString) text = g_string_new("begins with");
	for (size_t n = 0; n < MIN(size, 8); n++)
		g_string_append_printf(text, " %02x", bytes[n]);
	const char *name = what != NULL ? what : name_of(bytes, size);
	if (name != NULL)
		g_string_append_printf(text, ": %s", name);
	return g_string_free(g_steal_pointer(&text), FALSE);
}
