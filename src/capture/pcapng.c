/* pcapng files: our own reader (draft-ietf-opsawg-pcapng).
 *
 * Why our own: libpcap 1.10 refuses files whose interfaces differ in link type or snap length, and Wireshark and
 * mergecap write such files. Fed with bytes, gives frames; what else is in the file (names, statistics, secrets,
 * comments) is stepped over. It must not believe a length before it has checked it.
 *
 * A file is a row of sections, each in the byte order of its writer; a section is a row of blocks:
 *
 *   0-3: type   4-7: total length, of the whole block   8..: body   last 4: total length again
 *
 *   0x0A0D0D0A section header: byte-order magic 0x1A2B3C4D, major (2), minor (2), section length (8), options
 *   1 interface description: link type (2), reserved (2), snap length (4), options
 *   6 enhanced packet: interface (4), time high (4), time low (4), captured (4), original (4), data, options
 *   2 packet (obsolete): interface (2), drops (2), time high (4), time low (4), captured (4), original (4), data,
 * options 3 simple packet: original (4), data; of the section's first interface, without a time
 *
 * An option is a code (2), a length (2) and its value, padded to 4 octets; code 0 ends the list.
 *
 * Total lengths are multiples of 4; writers that forget the padding exist, and Wireshark rounds up for them. So is done
 * here: the length at the block's end tells whether that was right.
 */
#include "config.h"

#include "formats.h"

#include <string.h>

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1
#define BLOCK_PACKET 2
#define BLOCK_SIMPLE 3
#define BLOCK_ENHANCED 6

#define HEAD_SIZE 8  /* type and total length */
#define BLOCK_MIN 12 /* and the total length again */
/* The largest block that is looked into: a frame and plenty of options. Others may have any length. */
#define BLOCK_MAX (AM_FRAME_MAX + 256 * 1024)
#define MAX_INTERFACES 65536 /* of a section; what a file can name is 2^32 */

#define OPTION_END 0
#define OPTION_TSRESOL 9
#define OPTION_TSOFFSET 14
#define RESOLUTION_DEFAULT 6 /* 10^-6 s */

typedef struct {
	uint32_t link_type;
	uint32_t snap_length; /* 0 = none */
	int64_t offset_s;
	uint8_t resolution;
} Interface;

struct AmPcapng {
	AmBytes *bytes;
	gboolean is_big_endian;
	GArray *interfaces; /* Interface, of this section */
	int64_t last_ns;    /* of the packet before */
	uint64_t n_packets;
	uint64_t offset; /* of the next block */
	size_t lent;     /* octets of the block whose frame the caller holds */
};

typedef enum { BLOCK_OK, BLOCK_FRAME, BLOCK_END, BLOCK_CUT, BLOCK_FAILED } BlockResult;

static inline uint16_t get16(const AmPcapng *pcapng, const uint8_t *at)
{
	uint16_t value;
	memcpy(&value, at, sizeof value);
	return pcapng->is_big_endian ? GUINT16_FROM_BE(value) : GUINT16_FROM_LE(value);
}

static inline uint32_t get32(const AmPcapng *pcapng, const uint8_t *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof value);
	return pcapng->is_big_endian ? GUINT32_FROM_BE(value) : GUINT32_FROM_LE(value);
}

/* ---- Time */

static const uint64_t powers[] = {
	UINT64_C(1),
	UINT64_C(10),
	UINT64_C(100),
	UINT64_C(1000),
	UINT64_C(10000),
	UINT64_C(100000),
	UINT64_C(1000000),
	UINT64_C(10000000),
	UINT64_C(100000000),
	UINT64_C(1000000000),
	UINT64_C(10000000000),
	UINT64_C(100000000000),
	UINT64_C(1000000000000),
	UINT64_C(10000000000000),
	UINT64_C(100000000000000),
	UINT64_C(1000000000000000),
	UINT64_C(10000000000000000),
	UINT64_C(100000000000000000),
	UINT64_C(1000000000000000000),
	UINT64_C(10000000000000000000),
};

/* ticks * 10^-n as whole seconds and nanoseconds */
static void split_decimal(uint64_t ticks, unsigned n, uint64_t *ret_s, uint64_t *ret_ns)
{
	*ret_s = n < G_N_ELEMENTS(powers) ? ticks / powers[n] : 0;
	uint64_t rest = n < G_N_ELEMENTS(powers) ? ticks % powers[n] : ticks;
	if (n <= 9)
		*ret_ns = rest * powers[9 - n];
	else
		*ret_ns = n - 9 < G_N_ELEMENTS(powers) ? rest / powers[n - 9] : 0;
}

/* ticks * 2^-n likewise. 34 bits of the fraction are kept: less than 0.06 ns is lost, and 2^34 * 10^9 fits. */
static void split_binary(uint64_t ticks, unsigned n, uint64_t *ret_s, uint64_t *ret_ns)
{
	*ret_s = n < 64 ? ticks >> n : 0;
	uint64_t rest = n < 64 ? ticks & ((UINT64_C(1) << n) - 1) : ticks;
	if (n > 34) {
		rest = n - 34 < 64 ? rest >> (n - 34) : 0;
		n = 34;
	}
	*ret_ns = rest * (uint64_t)AM_NS_PER_S >> n;
}

int64_t am_pcapng_time(uint64_t ticks, uint8_t resolution, int64_t offset_s)
{
	const int64_t max_s = INT64_MAX / AM_NS_PER_S - 1;
	uint64_t s, ns;
	if ((resolution & 0x80) == 0)
		split_decimal(ticks, resolution, &s, &ns);
	else
		split_binary(ticks, resolution & 0x7f, &s, &ns);
	/* First the offset, then the bounds: a large count may lie before a large negative offset. */
	if (offset_s >= 0) {
		if (s > (uint64_t)max_s || offset_s > max_s - (int64_t)s)
			return INT64_MAX;
		return ((int64_t)s + offset_s) * AM_NS_PER_S + (int64_t)ns;
	}
	uint64_t back = 0 - (uint64_t)offset_s;
	if (s >= back)
		return s - back > (uint64_t)max_s ? INT64_MAX : (int64_t)((s - back) * (uint64_t)AM_NS_PER_S + ns);
	return back - s > (uint64_t)max_s ? INT64_MIN : -(int64_t)(back - s) * AM_NS_PER_S + (int64_t)ns;
}

static int64_t frame_time(const AmPcapng *pcapng, const Interface *interface, const uint8_t *at)
{
	uint64_t ticks = (uint64_t)get32(pcapng, at) << 32 | get32(pcapng, at + 4);
	if (interface->resolution == RESOLUTION_DEFAULT && interface->offset_s == 0 &&
	    ticks < (uint64_t)INT64_MAX / 1000)
		return (int64_t)ticks * 1000;
	return am_pcapng_time(ticks, interface->resolution, interface->offset_s);
}

/* ---- Errors: told by the packet, for people, and by the octet, for a hex dump */

G_GNUC_PRINTF(3, 4)
static BlockResult fail(const AmPcapng *pcapng, GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_CORRUPT,
		    "damaged after packet %" G_GUINT64_FORMAT ", in the block at octet %" G_GUINT64_FORMAT ": %s",
		    pcapng->n_packets, pcapng->offset, text);
	return BLOCK_FAILED;
}

/* ---- Blocks. `block` holds the whole of it, head and both lengths, `size` octets. */

static BlockResult read_interface(AmPcapng *pcapng, const uint8_t *block, size_t size, GError **error)
{
	if (size < BLOCK_MIN + 8)
		return fail(pcapng, error, "an interface description of only %zu octets", size);
	if (pcapng->interfaces->len >= MAX_INTERFACES)
		return fail(pcapng, error, "more than %u interfaces", MAX_INTERFACES);
	Interface interface = {.link_type = get16(pcapng, block + 8),
			       .snap_length = get32(pcapng, block + 12),
			       .resolution = RESOLUTION_DEFAULT};
	const uint8_t *at = block + 16;
	size_t left = size - BLOCK_MIN - 8;
	while (left >= 4) {
		uint16_t code = get16(pcapng, at);
		size_t length = get16(pcapng, at + 2);
		size_t padded = 4 + ((length + 3) & ~(size_t)3);
		if (code == OPTION_END)
			break;
		if (padded > left)
			return fail(pcapng, error, "an option that is longer than its block");
		if (code == OPTION_TSRESOL && length == 1)
			interface.resolution = at[4];
		if (code == OPTION_TSOFFSET && length == 8) {
			uint64_t first = get32(pcapng, at + 4), second = get32(pcapng, at + 8);
			interface.offset_s =
				(int64_t)(pcapng->is_big_endian ? first << 32 | second : second << 32 | first);
		}
		at += padded;
		left -= padded;
	}
	g_array_append_val(pcapng->interfaces, interface);
	return BLOCK_OK;
}

/* Common to the two kinds of packet blocks with a time: `block` + 12 on is laid out alike. */
static BlockResult read_packet(AmPcapng *pcapng, uint32_t type, const uint8_t *block, size_t size, AmFrame *frame,
			       GError **error)
{
	if (G_UNLIKELY(size < BLOCK_MIN + 20))
		return fail(pcapng, error, "a packet block of only %zu octets", size);
	uint32_t index = type == BLOCK_ENHANCED ? get32(pcapng, block + 8) : get16(pcapng, block + 8);
	uint32_t captured = get32(pcapng, block + 20);
	if (G_UNLIKELY(index >= pcapng->interfaces->len))
		return fail(pcapng, error, "a packet of interface %u, which is not described", index);
	if (G_UNLIKELY(captured > AM_FRAME_MAX))
		return fail(pcapng, error, "a packet of %u captured octets, more than the %u that are read", captured,
			    AM_FRAME_MAX);
	if (G_UNLIKELY(captured > size - BLOCK_MIN - 20))
		return fail(pcapng, error, "a packet of %u captured octets in a block of %zu", captured, size);
	const Interface *interface = &g_array_index(pcapng->interfaces, Interface, index);
	frame->time_ns = pcapng->last_ns = frame_time(pcapng, interface, block + 12);
	frame->bytes = block + 28;
	frame->size = captured;
	frame->wire_size = get32(pcapng, block + 24);
	frame->link_type = interface->link_type;
	return BLOCK_FRAME;
}

/* It has no time of its own: that of the packet before keeps it in its place when files are merged. */
static BlockResult read_simple(AmPcapng *pcapng, const uint8_t *block, size_t size, AmFrame *frame, GError **error)
{
	if (size < BLOCK_MIN + 4)
		return fail(pcapng, error, "a packet block of only %zu octets", size);
	if (pcapng->interfaces->len == 0)
		return fail(pcapng, error, "a packet before any interface description");
	const Interface *interface = &g_array_index(pcapng->interfaces, Interface, 0);
	uint32_t original = get32(pcapng, block + 8);
	uint32_t captured = interface->snap_length != 0 ? MIN(original, interface->snap_length) : original;
	captured = (uint32_t)MIN(captured, size - BLOCK_MIN - 4);
	if (captured > AM_FRAME_MAX)
		return fail(pcapng, error, "a packet of %u captured octets, more than the %u that are read", captured,
			    AM_FRAME_MAX);
	*frame = (AmFrame){.time_ns = pcapng->last_ns,
			   .bytes = block + 12,
			   .size = captured,
			   .wire_size = original,
			   .link_type = interface->link_type};
	return BLOCK_FRAME;
}

/* The fixed part of a section header: sets the byte order. NULL, or what is wrong with it. */
static const char *check_section(AmPcapng *pcapng, const uint8_t *block, size_t size)
{
	static const uint8_t big[4] = {0x1a, 0x2b, 0x3c, 0x4d}, little[4] = {0x4d, 0x3c, 0x2b, 0x1a};
	if (size < 16)
		return NULL; /* cut: told when it is read */
	pcapng->is_big_endian = memcmp(block + 8, big, 4) == 0;
	if (!pcapng->is_big_endian && memcmp(block + 8, little, 4) != 0)
		return "a section header without a byte-order magic";
	if (get32(pcapng, block + 4) < BLOCK_MIN + 16)
		return "a section header that is too short";
	/* Major 1, minor 0, or 2 as a few writers have it; both mean the same (4.1 of the draft). */
	if (get16(pcapng, block + 12) != 1 || (get16(pcapng, block + 14) & ~2u) != 0)
		return "a version of pcapng that is not 1.0";
	return NULL;
}

/* Blocks that are not looked into, of any length. */
static BlockResult skip_block(AmPcapng *pcapng, uint32_t length, uint64_t size, GError **error)
{
	GError *failure = NULL;
	const uint8_t *end = NULL;
	if (am_bytes_skip(pcapng->bytes, size - 4, &failure))
		end = am_bytes_peek(pcapng->bytes, 4, &failure);
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return BLOCK_FAILED;
	}
	if (end == NULL)
		return BLOCK_CUT;
	if (get32(pcapng, end) != length)
		return fail(pcapng, error, "its two lengths differ (%u, then %u)", length, get32(pcapng, end));
	am_bytes_consume(pcapng->bytes, 4);
	pcapng->offset += size;
	return BLOCK_OK;
}

static BlockResult read_body(AmPcapng *pcapng, uint32_t type, const uint8_t *block, size_t size, AmFrame *frame,
			     GError **error)
{
	switch (type) {
	case BLOCK_ENHANCED:
	case BLOCK_PACKET:
		return read_packet(pcapng, type, block, size, frame, error);
	case BLOCK_SIMPLE:
		return read_simple(pcapng, block, size, frame, error);
	default:
		return read_interface(pcapng, block, size, error);
	}
}

/* Lends `size` octets of the block, or says why not. */
static BlockResult peek(AmPcapng *pcapng, size_t size, const uint8_t **ret_block, GError **error)
{
	if (G_UNLIKELY(pcapng->bytes->left < size)) {
		if (!am_bytes_fill(pcapng->bytes, size, error))
			return BLOCK_FAILED;
		if (pcapng->bytes->left < size)
			return BLOCK_CUT;
	}
	*ret_block = pcapng->bytes->at;
	return BLOCK_OK;
}

static BlockResult read_block(AmPcapng *pcapng, AmFrame *frame, GError **error)
{
	const uint8_t *block;
	BlockResult result = peek(pcapng, BLOCK_MIN, &block, error);
	if (result != BLOCK_OK)
		return result == BLOCK_CUT && pcapng->bytes->left == 0 ? BLOCK_END : result;
	uint32_t type = get32(pcapng, block);
	if (type == BLOCK_SECTION) {
		result = peek(pcapng, 16, &block, error);
		if (result != BLOCK_OK)
			return result;
		const char *wrong = check_section(pcapng, block, 16);
		if (wrong != NULL)
			return fail(pcapng, error, "%s", wrong);
		g_array_set_size(pcapng->interfaces, 0);
	}
	uint32_t length = get32(pcapng, block + 4);
	uint64_t size = ((uint64_t)length + 3) & ~UINT64_C(3);
	if (length < BLOCK_MIN)
		return fail(pcapng, error, "a length of %u, less than a block has", length);
	if (type != BLOCK_ENHANCED && type != BLOCK_PACKET && type != BLOCK_SIMPLE && type != BLOCK_INTERFACE)
		return skip_block(pcapng, length, size, error);
	if (size > BLOCK_MAX)
		return fail(pcapng, error, "a length of %u, more than the %u that are read", length, BLOCK_MAX);
	result = peek(pcapng, (size_t)size, &block, error);
	if (result != BLOCK_OK)
		return result;
	uint32_t again = get32(pcapng, block + size - 4);
	if (again != length)
		return fail(pcapng, error, "its two lengths differ (%u, then %u)", length, again);
	result = read_body(pcapng, type, block, (size_t)size, frame, error);
	pcapng->lent = (size_t)size;
	pcapng->offset += size;
	return result;
}

/* ---- The door */

AmPcapng *am_pcapng_open(AmBytes *bytes, GError **error)
{
	g_autoptr(AmPcapng) pcapng = g_new0(AmPcapng, 1);
	pcapng->bytes = bytes;
	pcapng->interfaces = g_array_new(FALSE, FALSE, sizeof(Interface));
	if (!am_bytes_fill(bytes, 16, error))
		return NULL;
	const char *wrong = check_section(pcapng, bytes->at, bytes->left);
	if (wrong != NULL) {
		g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_FORMAT,
			    "a pcapng file that cannot be used: it begins with %s", wrong);
		return NULL;
	}
	return g_steal_pointer(&pcapng);
}

void am_pcapng_free(AmPcapng *pcapng)
{
	if (pcapng == NULL)
		return;
	g_array_unref(pcapng->interfaces);
	g_free(pcapng);
}

int am_pcapng_next(AmPcapng *pcapng, AmFrame *ret_frame, gboolean *ret_cut, GError **error)
{
	for (;;) {
		am_bytes_consume(pcapng->bytes, pcapng->lent);
		pcapng->lent = 0;
		switch (read_block(pcapng, ret_frame, error)) {
		case BLOCK_OK:
			break;
		case BLOCK_FRAME:
			pcapng->n_packets++;
			return 1;
		case BLOCK_END:
			return 0;
		case BLOCK_CUT:
			*ret_cut = TRUE;
			return 0;
		case BLOCK_FAILED:
			return -1;
		}
	}
}
