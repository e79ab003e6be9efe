/* What the files of flow/ share: a connection in the table, the table, and the shard that owns both. Private to flow/.
 */
#pragma once

#include <allowmap/flow.h>

#include "classify.h"
#include "loss.h"

/* Timeout and value classes. A flow is in exactly one, and in one slot of that class's timer wheel. Smaller goes first
 * when room is needed. */
typedef enum {
	AM_CLASS_TCP_OPENING, /* no handshake yet: a SYN flood lives and dies here */
	AM_CLASS_UDP_UNANSWERED,
	AM_CLASS_OTHER_UNANSWERED,
	AM_CLASS_TCP_CLOSED,
	AM_CLASS_UDP,
	AM_CLASS_OTHER,
	AM_CLASS_TCP,
	AM_N_CLASSES,
} AmFlowClass;

/* A normalised tuple: (lo, port_lo) <= (hi, port_hi). Compared as AM_KEY_SIZE bytes, so there is no padding in it. */
typedef struct {
	uint8_t lo[16], hi[16];
	uint16_t port_lo, port_hi;
	uint16_t network; /* index of the address space */
	uint8_t family, ip_protocol;
} AmFlowKey;
#define AM_KEY_SIZE 40
_Static_assert(sizeof(AmFlowKey) == AM_KEY_SIZE, "keys are compared and hashed as bytes");

enum {
	AM_FLOW_WANTS_DPI = 1 << 0,
	AM_FLOW_SSH = 1 << 1,            /* an SSH banner was seen: its key exchange may be read */
	AM_FLOW_EXPECTS_ANSWER = 1 << 2, /* a request of a known request protocol was sent */
	AM_FLOW_UNREACHABLE = 1 << 3,    /* an ICMP destination unreachable quoted it */
	AM_FLOW_ORDERLY = 1 << 4,        /* both sides closed before anybody reset */
	AM_FLOW_BRIEF_DPI = 1 << 5,      /* nDPI's first word is enough */
	AM_FLOW_SAMPLE = 1 << 6,         /* inspected in full: the sampler wants to know */
	AM_FLOW_WENT_ON = 1 << 7, /* the sender of a SYN-ACK that nobody has confirmed sent what comes after that */
};

#define AM_SYSTEM_SIZE 16 /* "128:mnwnns", with the NUL */

/* What every packet touches: two cache lines. */
typedef struct {
	AmFlowKey key;
	uint8_t kind; /* AmFlowClass */
	uint8_t flags;
	uint8_t role_tries;  /* four bits a side */
	uint8_t dpi_packets; /* payload packets that nDPI was given */
	uint8_t tcp_flags[2];
	uint16_t slot;
	int64_t last_ns;
	AmCounts total;
	uint32_t evidence;
	int32_t day;    /* UTC day of the delta; AM_NO_DAY: it is empty */
	uint32_t hours; /* of the delta */
	uint32_t hash;
	uint32_t next, previous; /* in its wheel slot (a ring); `next` also in the list of free ones */
} AmFlow;
_Static_assert(sizeof(AmFlow) == 128, "the hot part is two cache lines");
_Static_assert(AM_DPI_MAX_PACKETS <= UINT8_MAX, "counted in one octet");

/* What can be read on the way that should not. */
enum {
	AM_SHOWS_COMMUNITY = 1 << 0, /* of SNMP, version 1 or 2c */
	AM_SHOWS_LOGIN = 1 << 1,     /* of HTTP */
};

/* What a connection's beginning, its odd packets and its end touch; and, apart, what TCP packets touch besides. Same index as its AmFlow. */
typedef struct {
	uint64_t sequence;
	int64_t first_ns, delta_first_ns;
	AmCounts base; /* total when the delta began */
	uint32_t revision, icmp_errors;
	uint32_t opening_sequence[2]; /* of the SYN or SYN-ACK of each side, once its evidence bit is set */
	uint32_t first_sequence[2];   /* of the first packet of each side */
	uint32_t synack_ack;
	uint16_t vlan, inner_vlan;
	uint32_t encapsulation_id;
	uint8_t encapsulation;
	uint8_t mac[2][6];
	char system[AM_SYSTEM_SIZE]; /* of who sent the SYN */
	uint8_t is_near[2];          /* the sender of its first packet is on this link */
	uint8_t carries;             /* AmEncapsulation: of the first outer packet of a tunnel in it; 0 = none */
	uint8_t shows;               /* AM_SHOWS_ bits */
	uint8_t is_answered; /* the outer packets of the other direction, which are a connection of their own, were seen */
	uint64_t n_outers; /* packets that are a tunnel's outer ones */
	AmRelated related;
	AmDpiSlot dpi;
	AmLoss loss; /* of TCP */
} AmFlowRecord;

#define AM_NO_FLOW UINT32_MAX
#define AM_NO_DAY INT32_MIN /* nothing was seen since the last record */
#define AM_MAX_WHEEL_SLOTS 8192
#define AM_FLOW_BLOCK 512

/* One class's wheel: slot s holds the flows to look at in second s modulo n_slots. Re-armed lazily: a packet does not
 * move its flow; when the slot comes up, flows that were busy meanwhile are put where their timeout now ends. */
typedef struct {
	uint32_t *heads;
	uint32_t n_slots; /* a power of two */
	uint32_t n_flows;
	int64_t timeout_ns;
	int64_t done_s; /* slots up to this second are empty of what is due */
} AmWheel;

typedef struct {
	uint64_t key0, key1; /* of the hash */
	uint64_t *slots;     /* hash << 32 | index + 1; 0 = empty */
	uint32_t n_slots;    /* a power of two, at most half full */
	uint32_t n_flows, max_flows;
	uint32_t n_allocated;
	uint32_t free;                          /* list of free ones */
	GPtrArray *flow_blocks, *record_blocks; /* arrays of AM_FLOW_BLOCK */
	AmWheel wheels[AM_N_CLASSES];
} AmFlowTable;

/* shard.c, for unanswered.c. */
void am_connection_batch_add_unanswered(AmConnectionBatch *batch, const AmUnanswered *counts);
/* The same, for observe.c. */
void am_connection_batch_add_observations(AmConnectionBatch *batch, const AmObservation *observations, size_t n);

void am_flow_table_init(AmFlowTable *table, uint64_t seed, uint32_t max_flows, const uint32_t timeouts_s[AM_N_CLASSES]);
void am_flow_table_clear(AmFlowTable *table);

/* SipHash-1-3 of whole 64-bit words. */
uint64_t am_flow_hash(uint64_t key0, uint64_t key1, const uint64_t *words, size_t n);

static inline AmFlow *am_flow_at(const AmFlowTable *table, uint32_t index)
{
	return (AmFlow *)table->flow_blocks->pdata[index / AM_FLOW_BLOCK] + index % AM_FLOW_BLOCK;
}

static inline AmFlowRecord *am_flow_record_at(const AmFlowTable *table, uint32_t index)
{
	return (AmFlowRecord *)table->record_blocks->pdata[index / AM_FLOW_BLOCK] + index % AM_FLOW_BLOCK;
}

uint32_t am_flow_table_hash(const AmFlowTable *table, const AmFlowKey *key);
/* Brings what am_flow_table_find() will read nearer: first the slot, and, when that is there, the flow. */
void am_flow_table_fetch_slot(const AmFlowTable *table, uint32_t hash);
void am_flow_table_fetch_flow(const AmFlowTable *table, uint32_t hash);
/* Index of the flow with this key, or AM_NO_FLOW. */
uint32_t am_flow_table_find(const AmFlowTable *table, const AmFlowKey *key, uint32_t hash);
/* A zeroed flow with its key set, not yet in a wheel. The table must not be full. */
uint32_t am_flow_table_add(AmFlowTable *table, const AmFlowKey *key, uint32_t hash);
void am_flow_table_remove(AmFlowTable *table, uint32_t index);
/* Puts a flow into a class's wheel at the end of its timeout; out of the one it is in, if `armed`. */
void am_flow_table_arm(AmFlowTable *table, uint32_t index, AmFlowClass kind, gboolean armed);
/* A flow that has been idle for its timeout at `now_ns`, or AM_NO_FLOW when there is none left. */
uint32_t am_flow_table_expired(AmFlowTable *table, int64_t now_ns);
/* Lets an empty table begin anew at any time. */
void am_flow_table_rewind(AmFlowTable *table);
/* The flow to give up when there is no room: the least valuable class first, in it the one idle longest (to the
 * second). */
uint32_t am_flow_table_victim(AmFlowTable *table);

/* ---- key.c */
/* The packet's direction in its key: 0 when its source is lo. */
int am_flow_packet_key(const AmPacket *packet, AmFlowKey *ret_key);
/* The key of the tuple that an ICMP error quotes. When that is ICMP itself, its type and code are read from the quoted octets;
 * FALSE when they are not there. */
gboolean am_flow_quoted_key(const AmPacket *packet, AmFlowKey *ret_key);

/* ---- door.c */
AmConnection *am_connection_batch_add(AmConnectionBatch *batch); /* zeroed */

/* ---- evidence.c */
/* Does this TCP or SCTP packet begin a new connection on a tuple that is in the table? */
gboolean am_evidence_is_reuse(const AmFlow *flow, const AmFlowRecord *record, const AmPacket *packet, int direction);
/* Takes in the evidence of one packet whose counts are already added; returns the class that the flow is in with it. */
AmFlowClass am_evidence_add(AmFlow *flow, AmFlowRecord *record, const AmPacket *packet, int direction);
/* An ICMP error that quotes this flow. */
void am_evidence_add_icmp_error(AmFlow *flow, AmFlowRecord *record, const AmPacket *packet);
/* Is it an ICMP error that says that what it quotes did not arrive (not "fragmentation needed", not a redirect)? */
gboolean am_evidence_is_icmp_failure(const AmPacket *packet);
uint32_t am_evidence_final(const AmFlow *flow); /* evidence bits for the record */
/* The side that opened it, as far as is seen: by SYN, by SYN-ACK, by protocol role, by the first packet. */
int am_evidence_opener(const AmFlow *flow);
AmOutcome am_evidence_outcome(const AmFlow *flow);
const char *am_evidence_conn_state(const AmFlow *flow);
/* Octets of user data in a packet: of DATA chunks for SCTP, else all above the transport header. */
uint32_t am_evidence_payload(const AmPacket *packet);
