/* pcap files, through libpcap.
 *
 * Why libpcap: it knows the variants (byte orders, nanoseconds, the "modified" header of 1990s Linux, old versions with
 * swapped lengths) and normalises link types. It reads from a stdio stream over our own bytes, so that a file, a pipe
 * and a decompressor are the same to it, and the octets that were looked at before are not lost.
 */
#include "config.h"

#include "formats.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdio_ext.h>

#define STREAM_BUFFER (256 * 1024)
#define FILE_HEADER 24

struct AmPcap {
	AmBytes *bytes;
	FILE *stream;   /* owned by `handle` */
	pcap_t *handle; /* NULL: cut inside its file header */
	char *buffer;
	GError *error; /* of reading, until somebody asks */
	uint32_t link_type;
	uint64_t n;
};

static ssize_t stream_read(void *cookie, char *buffer, size_t size)
{
	AmPcap *pcap = cookie;
	return am_bytes_read(pcap->bytes, buffer, size, pcap->error == NULL ? &pcap->error : NULL);
}

void am_pcap_free(AmPcap *pcap)
{
	if (pcap == NULL)
		return;
	if (pcap->handle != NULL)
		pcap_close(pcap->handle);
	g_clear_error(&pcap->error);
	g_free(pcap->buffer);
	g_free(pcap);
}

AmPcap *am_pcap_open(AmBytes *bytes, GError **error)
{
	g_autoptr(AmPcap) pcap = g_new0(AmPcap, 1);
	pcap->bytes = bytes;
	if (!am_bytes_fill(bytes, FILE_HEADER, error))
		return NULL;
	if (bytes->left < FILE_HEADER)
		return g_steal_pointer(&pcap);
	FILE *stream = fopencookie(pcap, "r", (cookie_io_functions_t){.read = stream_read});
	if (stream == NULL) {
		g_set_error_literal(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN, "out of memory for its stream");
		return NULL;
	}
	pcap->buffer = g_malloc(STREAM_BUFFER);
	setvbuf(stream, pcap->buffer, _IOFBF, STREAM_BUFFER);
	__fsetlocking(stream, FSETLOCKING_BYCALLER); /* one thread at a time; two reads a packet */
	char text[PCAP_ERRBUF_SIZE];
	pcap->handle = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, text);
	if (pcap->handle == NULL) {
		fclose(stream);
		if (pcap->error != NULL)
			g_propagate_error(error, g_steal_pointer(&pcap->error));
		else
			g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_FORMAT,
				    "a pcap file that cannot be used: %s", text);
		return NULL;
	}
	pcap->stream = stream;
	int link_type = pcap_datalink(pcap->handle);
	pcap->link_type = link_type == DLT_RAW ? 101 : (uint32_t)link_type; /* LINKTYPE_RAW; the others are the same */
	return g_steal_pointer(&pcap);
}

/* pcap_next_ex() does not tell a short file from a broken one, but the stream does. */
static int at_failure(AmPcap *pcap, gboolean *ret_cut, GError **error)
{
	if (pcap->error != NULL) {
		g_propagate_error(error, g_steal_pointer(&pcap->error));
		return -1;
	}
	if (feof(pcap->stream)) {
		*ret_cut = TRUE;
		return 0;
	}
	g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_CORRUPT, "packet %" G_GUINT64_FORMAT " is damaged: %s",
		    pcap->n + 1, pcap_geterr(pcap->handle));
	return -1;
}

int am_pcap_next(AmPcap *pcap, AmFrame *ret_frame, gboolean *ret_cut, GError **error)
{
	if (pcap->handle == NULL) {
		*ret_cut = TRUE;
		return 0;
	}
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int got = pcap_next_ex(pcap->handle, &header, &bytes);
	if (got == PCAP_ERROR_BREAK) /* the end */
		return 0;
	if (got != 1)
		return at_failure(pcap, ret_cut, error);
	pcap->n++;
	if (header->caplen > AM_FRAME_MAX) {
		g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_CORRUPT,
			    "packet %" G_GUINT64_FORMAT " claims %u captured octets, more than the %u that are read",
			    pcap->n, header->caplen, AM_FRAME_MAX);
		return -1;
	}
	/* Seconds are unsigned in the file (draft-ietf-opsawg-pcap 5); libpcap 1.10 takes them as signed. The fraction
	 * is added as it is: a file that writes more than a second into it means that. */
	ret_frame->time_ns = (int64_t)(uint32_t)header->ts.tv_sec * AM_NS_PER_S + header->ts.tv_usec;
	ret_frame->bytes = bytes;
	ret_frame->size = header->caplen;
	ret_frame->wire_size = header->len;
	ret_frame->link_type = pcap->link_type;
	return 1;
}
