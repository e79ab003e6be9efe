/* capture/: where packets come from, and their decoding.
 *
 * in: paths ("-" = standard input). out: AmFrame, one after the other, in file order; and from a frame an AmPacket.
 * The only room with libpcap and libarchive. Reads pcap (µs, ns, either byte order, by libpcap), pcapng (our own reader:
 * libpcap 1.10 refuses interfaces that differ in link type or snap length), both also compressed (gz, zst, xz, bz2).
 * Everything read is hostile: lengths are checked before use, and a record longer than AM_FRAME_MAX is an error.
 *
 * To add a link layer: a case in decode.c's table, its RFC or registry entry beside it, a capture in tests/fixtures, a
 * line in tests/unit/test-decode.c. */
#pragma once

#include "base.h"
#include "model/encapsulation.h"
#include "model/live.h"
#include "model/packet.h"
#include "model/run.h"

#define AM_CAPTURE_ERROR (am_capture_error_quark())
GQuark am_capture_error_quark(void);
typedef enum {
	AM_CAPTURE_ERROR_OPEN,    /* cannot be opened or read */
	AM_CAPTURE_ERROR_FORMAT,  /* not a capture nor a log that is understood */
	AM_CAPTURE_ERROR_EMPTY,   /* no bytes at all */
	AM_CAPTURE_ERROR_CORRUPT, /* the file contradicts itself in the middle */
	AM_CAPTURE_ERROR_FILTER,  /* a filter that is not understood */
	AM_CAPTURE_ERROR_GONE,    /* no interface is left */
} AmCaptureError;

#define AM_FRAME_MAX (256 * 1024)

/* An opened input: compression undone, kind recognised. One thread at a time. */
typedef struct AmInputFile AmInputFile;
/* What tells a log by its first octets: FALSE = none, and *ret_what what it looks like, or NULL (am_log_recognise()). */
typedef gboolean (*AmRecogniseFunc)(const uint8_t *bytes, size_t size, AmInputKind *ret_kind, const char **ret_what);
/* `recognise`: for what is no capture; NULL = only captures are wanted. */
AmInputFile *am_input_file_open(const char *path, AmRecogniseFunc recognise, GError **error);
void am_input_file_free(AmInputFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmInputFile, am_input_file_free)
AmInputKind am_input_file_kind(const AmInputFile *file);
/* Octets of the file on disk consumed so far, for progress; 0 for standard input. */
uint64_t am_input_file_position(const AmInputFile *file);
/* For logs: the decompressed bytes from the start. Lent, valid as long as `file`. */
AmByteReader am_input_file_reader(AmInputFile *file);

/* For captures: the next frame. 1 = `ret_frame` set, its bytes lent until the next call; 0 = end; -1 = error set (all
 * frames before it stand). A capture that ends inside a record is an end, and am_input_file_was_cut() says so. */
int am_input_file_next(AmInputFile *file, AmFrame *ret_frame, GError **error);
gboolean am_input_file_was_cut(const AmInputFile *file);

/* Size and SHA-256 of the first and last MiB (whole file when at most 2 MiB, or when `whole`), as known inputs are
 * recognised; fills path, size, sha256, changed_ns. Standard input ("-") and named pipes: size 0, empty sha256; they can be opened
 * only once. */
gboolean am_input_identify(const char *path, gboolean whole, AmInput *ret_input, GError **error);

/* Expands folders (recursively, regular files, not hidden, in name order) and keeps files as given. A folder without
 * files is an error. Result: char * to g_free() */
GPtrArray *am_input_expand(const char *const *paths, GError **error);

/* ---- Live interfaces. Opening them needs CAP_NET_RAW (and CAP_NET_ADMIN for promiscuous mode); reading needs nothing. They
 * are only ever read. One thread at a time. */
typedef struct {
	const char *const *interfaces; /* NULL-terminated, 1 .. AM_MAX_INTERFACES */
	const char *filter;            /* in the language of pcap-filter(7); NULL = everything */
	guint ring_mib;                /* of each interface: what arrives while nobody reads; 0 = 32 */
	guint snaplen;                 /* octets of a frame that are kept; 0 = 65535 */
	gboolean promiscuous;
} AmLiveOptions;

typedef struct AmLive AmLive;
AmLive *am_live_open(const AmLiveOptions *options, GError **error);
void am_live_free(AmLive *live);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmLive, am_live_free)

/* The next frame of all interfaces, in the order of their times as far as that is known within a fifth of a second. 1 =
 * `ret_frame` set, its bytes lent until the next call; 0 = none within `timeout_ms`, or a signal came; -1 = error set: no
 * interface is left. An interface that goes down is waited for. */
int am_live_next(AmLive *live, int timeout_ms, AmFrame *ret_frame, GError **error);
/* Looks at links and drop counters, and fills `state`'s interfaces. Some system calls an interface: once a second. */
void am_live_look(AmLive *live, AmLiveState *state);
/* The descriptors that frames come from, for a sandbox that forbids to write to them. Returns how many. */
guint am_live_descriptors(const AmLive *live, int ret_descriptors[AM_MAX_INTERFACES]);

/* Decodes one frame: link layer (Ethernet, 802.11, cooked, ...), VLAN tags, IPv4/IPv6 with extension headers,
 * TCP/UDP/SCTP/ICMP/ICMPv6. Fills `ret_packet` (pointers into the frame) and returns AM_SKIP_NONE, or says why not. No
 * allocation; reads no byte outside frame->size. An IP protocol that is not decoded further is a packet with ports 0. After a
 * skip, *ret_packet holds what was known by then.
 *
 * Of a tunnel (VXLAN on UDP 4789, 4790 and 8472, GENEVE on 6081, GTP-U on 2152, Teredo, AYIYA on 5072, GRE with NVGRE, PPTP and
 * ERSPAN, IP in IP), it is the packet inside, or the reason why that is none; what it travels in, and the packets between the
 * tunnel's ends, are in `ret_layers`, up to AM_MAX_TUNNELS deep, then AM_SKIP_NESTED. What does not decode as the tunnel that
 * its port or protocol stands for is no tunnel, but a packet like any other. */
AmSkipReason am_decode(const AmFrame *frame, AmPacket *ret_packet, AmLayers *ret_layers);
