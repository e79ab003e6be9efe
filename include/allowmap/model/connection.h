/* A connection: one conversation between two endpoints, as it was seen, without saying who the client is. */
#pragma once

#include "address.h"
#include "related.h"

/* Evidence bits. LO and HI name the endpoint that did it. */
enum {
	AM_EVIDENCE_SYN_LO = 1 << 0, /* TCP SYN without ACK; SCTP INIT */
	AM_EVIDENCE_SYN_HI = 1 << 1,
	AM_EVIDENCE_SYNACK_LO = 1 << 2, /* TCP SYN with ACK; SCTP INIT ACK */
	AM_EVIDENCE_SYNACK_HI = 1 << 3,
	AM_EVIDENCE_HANDSHAKE = 1 << 4, /* a SYN-ACK was confirmed by an ACK or by data of the other side */
	/* Protocol role: lo sent what only a client sends (ClientHello, DNS query, ...). */
	AM_EVIDENCE_CLIENT_LO = 1 << 5,
	AM_EVIDENCE_CLIENT_HI = 1 << 6,
	AM_EVIDENCE_FIRST_LO = 1 << 7, /* sent the first packet that was seen */
	AM_EVIDENCE_FIRST_HI = 1 << 8,
	AM_EVIDENCE_FIN_LO = 1 << 9,
	AM_EVIDENCE_FIN_HI = 1 << 10,
	AM_EVIDENCE_RST_LO = 1 << 11,
	AM_EVIDENCE_RST_HI = 1 << 12,
	AM_EVIDENCE_ICMP_ERROR = 1 << 13,      /* an ICMP unreachable or time exceeded quoted it */
	AM_EVIDENCE_ICMP_PROHIBITED = 1 << 14, /* administratively prohibited */
	AM_EVIDENCE_MIDSTREAM = 1 << 15,       /* TCP whose beginning was not seen */
	AM_EVIDENCE_CUT = 1 << 16,             /* still open when the input ended or the table gave it up */
	AM_EVIDENCE_LOG = 1 << 17,             /* from a connection log, not from packets */
	AM_EVIDENCE_OPEN = 1 << 18,            /* it goes on: another record of it follows, unless the run is cut off */
	/* Of the other side nothing was seen, but the sender of the SYN-ACK went on as only one goes on to whom it was confirmed. */
	AM_EVIDENCE_WENT_ON = 1 << 19,
};

/* What became of it. Accepted is an outcome, not a need. */
#define AM_OUTCOMES(X)                                                                                                 \
	X(ACCEPTED, "accepted", "payload both ways, or handshake and orderly close; of a tunnel also in a flow each")  \
	X(REFUSED, "refused", "answered by RST or ICMP unreachable")                                                   \
	X(PROHIBITED, "prohibited", "answered by ICMP administratively prohibited")                                    \
	X(SILENT, "silent", "no answer where one is expected")                                                         \
	X(ONE_WAY, "one-way", "datagrams that expect no answer, or whose answers were not seen")                       \
	X(MIDSTREAM, "midstream", "the beginning was not seen, or what was seen allows no word")

typedef enum {
#define X(id, name, text) AM_OUTCOME_##id,
	AM_OUTCOMES(X)
#undef X
		AM_N_OUTCOMES,
} AmOutcome;

/* How the l7 name came about. "port" is a guess by port number and is never called DPI. */
#define AM_L7_CONFIDENCES(X)                                                                                           \
	X(NONE, "none")                                                                                                \
	X(PORT, "port")                                                                                                \
	X(PARTIAL, "partial")                                                                                          \
	X(DPI, "dpi")

typedef enum {
#define X(id, name) AM_L7_##id,
	AM_L7_CONFIDENCES(X)
#undef X
		AM_N_L7_CONFIDENCES,
} AmL7Confidence;

typedef enum { AM_NAME_NONE, AM_NAME_TLS_SNI, AM_NAME_HTTP_HOST, AM_NAME_DNS_QUERY, AM_NAME_OTHER } AmNameKind;

#define AM_L7_SIZE 32
#define AM_SERVER_NAME_SIZE 96
#define AM_ALPN_SIZE 24
#define AM_CONN_STATE_SIZE 8

/* Index 0 is lo→hi, 1 is hi→lo, everywhere. */
typedef struct {
	uint64_t packets[2];
	uint64_t bytes[2];   /* octets of the IP packets */
	uint64_t payload[2]; /* octets above the transport header */
} AmCounts;

/* Flat bytes, no pointers: workers hand it to the writer as it is, zeroed before it is filled. lo/hi: the endpoint
 * that is smaller as (address, port) is lo. ICMP and ICMPv6: both ports are (type << 8 | code) of the request, and
 * CLIENT_LO/HI says who asked. Other protocols: both ports 0. */
typedef struct {
	/* Ordinal of its first packet in the run, from 1: unique, and the same for any thread count. */
	uint64_t sequence;
	uint32_t revision; /* 0 for the first record; a later record of the same connection has a higher one and wins */
	uint32_t network;  /* id of the address space */
	AmAddress lo, hi;
	uint8_t ip_protocol;
	uint8_t outcome;       /* AmOutcome */
	uint8_t l7_confidence; /* AmL7Confidence */
	uint8_t name_kind;     /* AmNameKind of server_name */
	uint16_t port_lo, port_hi;
	uint16_t vlan, inner_vlan;
	uint8_t encapsulation; /* AmEncapsulation of its first packet: the innermost one that is not a VLAN */
	uint32_t encapsulation_id;
	uint16_t tls_version; /* as on the wire: 0x0303 is TLS 1.2; 0 = none seen */
	uint8_t tcp_flags[2]; /* all flags seen, by direction */
	uint32_t evidence;
	uint32_t icmp_errors;
	AmRelated related; /* to which service of the same two endpoints: known when it begins */
	int64_t first_ns, last_ns;
	AmCounts total; /* since its beginning */
	/* Since the previous revision, all inside the UTC day and hour of `last_ns` .. `delta_first_ns`. */
	AmCounts delta;
	int64_t delta_first_ns;
	uint32_t delta_hours;                  /* bit h: a packet of `delta` was seen in hour h of that UTC day */
	uint64_t risks;                        /* nDPI's risk bits, as the run's dpi_version numbers them */
	uint8_t mac_lo[6], mac_hi[6];          /* of the first packet each way; zero = none */
	char conn_state[AM_CONN_STATE_SIZE];   /* as Zeek calls it: SF, S0, REJ, ... */
	char l7[AM_L7_SIZE];                   /* our own name, "tls" or "tls.google"; empty = unknown */
	char server_name[AM_SERVER_NAME_SIZE]; /* UTF-8 made safe (no control characters), cut to fit */
	char alpn[AM_ALPN_SIZE];
} AmConnection;
