/* Fuzz target: any bytes as a pcapng file, its frames decoded. See replay.c for how to run it.
 *
 * First octet: in pieces of how many octets the file arrives (0 = at once). Then the file. */
#include "config.h"

#include "../../src/capture/formats.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
	const uint8_t *at;
	size_t left, piece;
} Memory;

static gssize memory_read(void *source, void *buffer, size_t size, GError **error)
{
	(void)error;
	Memory *memory = source;
	size = MIN(size, memory->left);
	if (memory->piece != 0)
		size = MIN(size, memory->piece);
	memcpy(buffer, memory->at, size);
	memory->at += size;
	memory->left -= size;
	return (gssize)size;
}

typedef struct {
	uint64_t n, octets, sum;
	gboolean is_cut;
	int last;
} Reading;

static Reading read_all(const uint8_t *data, size_t size, size_t piece)
{
	Reading reading = {.last = -1};
	Memory memory = {.at = data, .left = size, .piece = piece};
	g_autoptr(GError) error = NULL;
	g_autoptr(AmBytes) bytes = am_bytes_new((AmByteReader){.read = memory_read, .source = &memory});
	g_autoptr(AmPcapng) pcapng = am_pcapng_open(bytes, &error);
	AmFrame frame;
	while (pcapng != NULL && (reading.last = am_pcapng_next(pcapng, &frame, &reading.is_cut, &error)) == 1) {
		AmPacket packet;
		g_assert(frame.size <= AM_FRAME_MAX);
		reading.n++;
		reading.octets += frame.size;
		for (uint32_t at = 0; at < frame.size; at++)
			reading.sum = reading.sum * 31 + frame.bytes[at];
		reading.sum = reading.sum * 31 + (uint64_t)frame.time_ns;
		AmLayers layers;
		(void)am_decode(&frame, &packet, &layers);
	}
	g_assert((reading.last == -1) == (error != NULL));
	g_assert(reading.octets <= size);
	return reading;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	Reading pieces = read_all(data + 1, size - 1, data[0]);
	Reading whole = read_all(data + 1, size - 1, 0);
	/* How it arrives makes no difference. */
	g_assert(pieces.n == whole.n && pieces.sum == whole.sum);
	g_assert(pieces.last == whole.last && pieces.is_cut == whole.is_cut);
	return 0;
}
