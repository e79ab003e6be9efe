/* flow/: the connection table, its evidence, and DPI.
 *
 * in: AmPacket in time order (roughly). out: AmConnection records when a connection ends, changes its UTC day, is put
 * on record while it goes on, or is given up. The only room with nDPI. It stores what was seen; who is the client is decided in map/.
 *
 * The table is split into a fixed number of logical shards by a seeded hash of the address pair, so that nDPI's caches, the
 * fragments of a datagram and the two halves of a conversation stay together and the result is the same for any number of
 * threads. Packets of different networks never meet; AmConnection.network is the packet's, an index that the caller knows. A shard
 * is used by one thread at a time; different shards by different threads. ICMP errors go by the addresses they quote.
 *
 * A connection to a port that a control connection of the same two hosts announced (FTP, TFTP, MS-RPC, SunRPC, SIP) says so in
 * AmConnection.related. Names and MACs of addresses that packets tell of (DNS, mDNS, LLMNR, NetBIOS, DHCP) go out as
 * AmObservation, with a checkpoint, at a flush, or when a shard has many. */
#pragma once

#include "base.h"
#include "model/connection.h"
#include "model/observation.h"
#include "model/packet.h"
#include "model/unanswered.h"

#define AM_FLOW_SHARDS 8

#define AM_FLOW_ERROR (am_flow_error_quark())
GQuark am_flow_error_quark(void);
typedef enum { AM_FLOW_ERROR_DPI } AmFlowError;

typedef enum {
	AM_DPI_OFF,
	AM_DPI_FULL,
	AM_DPI_ADAPTIVE, /* a listener that was named the same way many times is sampled; server names are still read */
} AmDpiMode;

typedef struct {
	AmDpiMode dpi;
	uint64_t seed;      /* of the hashes; fixed offline, random live */
	uint32_t max_flows; /* of the whole table; each shard has its share. 0 = 500,000 */
	/* Unanswered connections of few packets that are kept in a minute of packet time; more are only counted. 0 = 30,000 */
	uint32_t max_unanswered;
	/* Idle timeouts by packet time, seconds; 0 = the default in brackets. */
	uint32_t tcp_established_s;   /* 3600: keep-alives are often two hours apart, yet memory is bounded */
	uint32_t tcp_unestablished_s; /* 60 */
	uint32_t tcp_closed_s;        /* 5: trailing ACKs and retransmitted FINs still belong to it */
	uint32_t udp_s;   /* 60 (RFC 4787 asks NATs for 120; DNS and most request protocols need far less) */
	uint32_t other_s; /* 60 */
} AmFlowOptions;

/* "off", "full", "adaptive". */
const char *am_dpi_mode_name(AmDpiMode mode);
gboolean am_dpi_mode_parse(const char *name, AmDpiMode *ret_mode);

/* What one shard counted. */
typedef struct {
	uint64_t recorded;  /* packets that joined a connection */
	uint64_t fragments; /* of these, later fragments, which joined by their first one */
	uint64_t held;      /* later fragments that wait for their first one: neither recorded nor skipped so far */
	uint64_t skipped[AM_N_SKIP_REASONS];
	uint64_t connections; /* begun */
	uint64_t given_up;    /* closed early for want of room */
	uint64_t counted;     /* unanswered ones that were only counted */
	/* Of ended TCP connections, estimates: payload of those of which both sides were seen, and what was acknowledged
	 * there and did not pass; connections of which one side was never seen, though the other acknowledged its octets. */
	uint64_t tcp_bytes_seen, tcp_bytes_unseen;
	uint64_t tcp_one_way, tcp_bytes_one_way;
} AmFlowCounters;

/* A batch of finished records: grows, is reused, holds AmConnection in the order they ended. */
typedef struct {
	AmConnection *records;
	size_t n, capacity;
	AmUnanswered *unanswered; /* counts of those that are not among the records */
	size_t n_unanswered, unanswered_capacity;
	AmObservation *observations; /* of addresses, in no order; of one key there may be several */
	size_t n_observations, observations_capacity;
} AmConnectionBatch;
void am_connection_batch_clear(AmConnectionBatch *batch); /* frees the memory */

/* Which shard a packet belongs to: 0 .. AM_FLOW_SHARDS-1. Symmetric in direction. */
uint32_t am_flow_shard_of(const AmPacket *packet, uint64_t seed);

typedef struct AmFlowShard AmFlowShard;
AmFlowShard *am_flow_shard_new(const AmFlowOptions *options, GError **error);
void am_flow_shard_free(AmFlowShard *shard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmFlowShard, am_flow_shard_free)

/* What frames without an IP packet tell of the link's machines (AmPacket.ether_type): ARP, LLDP, CDP. Beside the shards, for one
 * thread; what it found is added to `out` when there is much, or at _give_out(). */
typedef struct AmLinkObserver AmLinkObserver;
AmLinkObserver *am_link_observer_new(uint64_t seed);
void am_link_observer_free(AmLinkObserver *link);
void am_link_observer_frame(AmLinkObserver *link, const AmPacket *packet, AmConnectionBatch *out);
void am_link_observer_give_out(AmLinkObserver *link, AmConnectionBatch *out);

/* Takes in one packet. `ordinal` is its number in the run, from 1, ascending. Records that end because of it (day change,
 * port reuse, given up) are added to `out`. A later fragment that comes before its first one is counted when that comes,
 * or as skipped when am_flow_shard_advance() or _flush() gives it up. The outer packet of a tunnel (AmPacket.carries) is in no
 * counter but that of connections: its frame counts as the packet inside. A connection of outer packets alone is given out
 * once both directions were seen, in it or in the one with the ports the other way round. */
void am_flow_shard_packet(AmFlowShard *shard, const AmPacket *packet, uint64_t ordinal, AmConnectionBatch *out);
/* Packets of several shards, in the order in which they came. */
typedef struct {
	const AmPacket *packets;
	const uint64_t *ordinals;
	const uint8_t *shards;
} AmFlowPackets;
/* The same as am_flow_shard_packet() for each of the `n` packets numbered in `which`, ascending, each in its shard; faster. */
void am_flow_shards_packets(AmFlowShard *const *shards, const AmFlowPackets *packets, const uint16_t *which, size_t n,
			    AmConnectionBatch *out);
/* Ends what has been idle for its timeout at `now_ns` (packet time; never goes backwards). */
void am_flow_shard_advance(AmFlowShard *shard, int64_t now_ns, AmConnectionBatch *out);
/* Puts on record, as a revision, what open connections did and no record tells of yet, where that began by `before_ns`. */
void am_flow_shard_checkpoint(AmFlowShard *shard, int64_t before_ns, AmConnectionBatch *out);
/* Ends everything that is still open: the input is over, or time begins anew, and may be earlier. */
void am_flow_shard_flush(AmFlowShard *shard, AmConnectionBatch *out);
/* The same in pieces, so that a full table does not become one large batch: ends what began with a packet up to `ordinal`.
 * Nothing but further calls may follow, the last one with UINT64_MAX. */
void am_flow_shard_flush_to(AmFlowShard *shard, uint64_t ordinal, AmConnectionBatch *out);
AmFlowCounters am_flow_shard_counters(const AmFlowShard *shard);

/* "nDPI 4.2.0", or "none". */
const char *am_flow_dpi_version(void);
/* Name of risk bit 0..63, or NULL. */
const char *am_flow_risk_name(guint bit);
