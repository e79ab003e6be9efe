/* A tally: what two endpoints did on one service port on one UTC day. The map is computed from tallies alone.
 *
 * Packets, octets, hours, risks and names are of the day on which they were seen. A connection counts once, with its
 * outcome, evidence and l7 as its last record tells them, on the day on which it began: a day that it only goes on
 * through has its packets and `connections` 0. Side: from handshake, else protocol role, else none. A pair of endpoints
 * keeps up to 32 undirected pairs of ports a day and protocol; when there are more, each pair gets the side whose port
 * repeats more among them, at a tie that of the lower port; when most of them are wordless probes, the side that was probed.
 * Such a tally looks like any other with that side, but has no evidence for it in its counts. */
#pragma once

#include "connection.h"

typedef enum {
	AM_SIDE_NONE = 0, /* undirected: both ports are kept */
	AM_SIDE_LO = 1,   /* lo's port names the service, port_hi is 0 */
	AM_SIDE_HI = 2,   /* hi's port names the service, port_lo is 0 */
} AmSide;

#define AM_TALLY_MAX_L7 4

typedef struct {
	uint32_t connections;
	uint8_t confidence; /* AmL7Confidence, the best seen */
	char name[AM_L7_SIZE];
} AmTallyL7;

typedef struct {
	uint32_t sensor;  /* id in the facts */
	uint32_t network; /* id in the facts */
	int32_t day;      /* UTC days since 1970-01-01 */
	AmAddress lo, hi;
	uint8_t ip_protocol;
	uint8_t side; /* AmSide: whose port is kept, from handshake or protocol role, or by the cap on undirected ports */
	uint16_t port_lo, port_hi;
} AmTallyKey;

typedef struct {
	AmTallyKey key;
	uint32_t hours;       /* bit h: seen in hour h UTC */
	uint64_t connections; /* that began on this day */
	AmCounts counts;
	uint64_t outcomes[AM_N_OUTCOMES];
	/* Connections that showed each kind of evidence. Index 0 = lo, 1 = hi. A SYN-ACK whose sender went on with it, the other
	 * side being out of sight, is a handshake. */
	uint64_t syn[2], synack[2], handshake, role_client[2], first[2];
	uint64_t icmp_errors;
	uint64_t rst[2];       /* connections with a RST from lo / hi */
	uint64_t payload_both; /* connections with payload both ways */
	int64_t first_ns, last_ns;
	uint8_t first_outcome; /* of the earliest connection of the day: what a scan detector walks on */
	uint8_t n_l7;
	AmTallyL7 l7[AM_TALLY_MAX_L7];         /* most frequent first; ties by name */
	char server_name[AM_SERVER_NAME_SIZE]; /* of the first connection of the day that had one */
	uint64_t risks;
	AmRelated related; /* to which service any of its connections is; of several the largest number */
} AmTally;
