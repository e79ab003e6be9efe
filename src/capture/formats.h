/* Private to capture/: the two capture formats behind one shape. Each reads from an AmBytes that the caller owns, and
 * which must outlive it. */
#pragma once

#include "allowmap/capture.h"
#include "bytes.h"

/* 1 = a frame, its bytes lent until the next call; 0 = end (*ret_cut: inside a record); -1 = error set, in words that
 * follow the file's name and a colon. */
typedef struct AmPcap AmPcap;
AmPcap *am_pcap_open(AmBytes *bytes, GError **error);
void am_pcap_free(AmPcap *pcap);
int am_pcap_next(AmPcap *pcap, AmFrame *ret_frame, gboolean *ret_cut, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmPcap, am_pcap_free)

typedef struct AmPcapng AmPcapng;
AmPcapng *am_pcapng_open(AmBytes *bytes, GError **error);
void am_pcapng_free(AmPcapng *pcapng);
int am_pcapng_next(AmPcapng *pcapng, AmFrame *ret_frame, gboolean *ret_cut, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmPcapng, am_pcapng_free)

/* Nanoseconds since 1970 of a pcapng timestamp: `ticks` of the unit that if_tsresol names
 * (draft-ietf-opsawg-pcapng 4.2), plus `offset_s`. What int64 nanoseconds cannot hold becomes the nearest that they
 * can. */
int64_t am_pcapng_time(uint64_t ticks, uint8_t resolution, int64_t offset_s);

/* What the first octets say. */
typedef enum {
	AM_COMPRESSION_NONE,
	AM_COMPRESSION_GZIP,
	AM_COMPRESSION_ZSTD,
	AM_COMPRESSION_XZ,
	AM_COMPRESSION_BZIP2,
} AmCompression;
AmCompression am_sniff_compression(const uint8_t *bytes, size_t size);
/* Octets that make sure of a log and of what am_sniff_describe() says; fewer are fine when there are no more. */
#define AM_SNIFF_SIZE (16 * 1024)
/* FALSE = no capture that is read. */
gboolean am_sniff_kind(const uint8_t *bytes, size_t size, AmInputKind *ret_kind);
/* What it is then, in words: "begins with 25 50 44 46: a PDF document". `what`: what somebody else found, or NULL. g_free() */
char *am_sniff_describe(const uint8_t *bytes, size_t size, const char *what);
