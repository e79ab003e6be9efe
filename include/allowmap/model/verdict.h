/* Verdicts on edges, and the reasons for them. */
#pragma once

#define AM_VERDICTS(X)                                                                                                 \
	X(ESSENTIAL, "essential", "needed: a rule must permit it")                                                     \
	X(UNDECIDED, "undecided", "a question for a person; no rule until it is answered")                             \
	X(BACKGROUND, "background", "chatter, leftovers and failures; no rule")                                        \
	X(SUSPICIOUS, "suspicious", "scans, attacks, beacons; no rule")                                                \
	X(LOCAL, "local",                                                                                              \
	  "needed on its link, where hosts let it through themselves: DHCP, neighbour discovery, multicast")

typedef enum {
#define X(id, name, text) AM_VERDICT_##id,
	AM_VERDICTS(X)
#undef X
		AM_N_VERDICTS,
} AmVerdict;

/* Reason codes. An edge carries a set of them as bits, 1u << AM_REASON_x. New ones go at the end. */
#define AM_REASONS(X)                                                                                                  \
	X(TWO_WAY, "two-way", "payload was exchanged both ways")                                                       \
	X(HANDSHAKE, "handshake", "a TCP or SCTP handshake shows who opened it")                                       \
	X(RECURRING, "recurring", "seen on several days or in several hours")                                          \
	X(PEERS, "peers", "other clients use it in the same way, or its client uses others like it")                   \
	X(ONE_WAY_SERVICE, "one-way-service", "what expects no answer, told again and again to a host that takes it")  \
	X(SINGLE, "single", "seen once or hardly ever: too little to decide")                                          \
	X(FAILED, "failed", "never answered, or always refused")                                                       \
	X(SCANNER, "scanner", "the client scanned: most first contacts of it failed")                                  \
	X(SCAN_PROBE, "scan-probe", "a probe of a scan")                                                               \
	X(SCAN_SUCCESS, "scan-success", "a scanner's success: it answered, but only the scan asked")                   \
	X(BACKSCATTER, "backscatter", "answers to questions that this network never asked")                            \
	X(CHATTER, "chatter", "discovery chatter: mDNS, LLMNR, SSDP, NetBIOS, WS-Discovery")                           \
	X(MULTICAST, "multicast", "to a multicast or broadcast address")                                               \
	X(LINK_LOCAL, "link-local", "a link-local address, DHCP or neighbour discovery: never crosses a router")       \
	X(NO_PAYLOAD, "no-payload", "a connection was opened, and nothing was said on it")                             \
	X(LATE, "late", "first seen near the end of the observation")                                                  \
	X(BEACON, "beacon",                                                                                            \
	  "regular small contacts to an uncommon host outside, or to one that another has such contacts to")           \
	X(ADMIN_PORT, "admin-port",                                                                                    \
	  "remote administration, by a client that neither did it all along nor is like those who do")                 \
	X(UNSURE_DIRECTION, "unsure-direction", "who is the client is only guessed")                                   \
	X(OVERRIDE, "override", "set by a person")                                                                     \
	X(ICMP_ERROR, "icmp-error", "an ICMP error outside of any connection")                                         \
	X(TYPO, "stray", "a few attempts at a port where nothing listens")                                             \
	X(INBOUND_UNKNOWN, "inbound-unknown", "from outside, unasked")                                                 \
	X(LATERAL, "lateral",                                                                                          \
	  "one inside host that logs in to several others within a day, by several protocols, and not regularly")      \
	X(RELATED, "related", "to a port that another connection of the same two hosts announced")                     \
	X(SERVER_ONLY, "server-only", "only the server spoke: a greeting, or data that another connection asked for")  \
	X(SAME_MACHINE, "same-machine",                                                                                \
	  "its client is the same machine as at other addresses, which does it regularly")                             \
	X(EXPECTED, "expected", "of a change that somebody declared, and first seen in its window")                    \
	X(EXCLUDED, "excluded", "left out, as somebody said")                                                          \
	X(SANCTIONED, "sanctioned",                                                                                    \
	  "of a scanner or a monitoring that somebody declared: a rule of its own, to be approved by itself")

typedef enum {
#define X(id, name, text) AM_REASON_##id,
	AM_REASONS(X)
#undef X
		AM_N_REASONS,
} AmReason;

/* How the client was told from the server, best first. Degree and weaker never make a rule alone. */
#define AM_DIRECTIONS(X)                                                                                               \
	X(HANDSHAKE, "handshake")                                                                                      \
	X(PROTOCOL, "protocol")                                                                                        \
	X(LISTENER, "listener")                                                                                        \
	X(HINT, "hint")                                                                                                \
	X(DEGREE, "degree")                                                                                            \
	X(PORT, "port")                                                                                                \
	X(FIRST_PACKET, "first-packet")

typedef enum {
#define X(id, name) AM_DIRECTION_##id,
	AM_DIRECTIONS(X)
#undef X
		AM_N_DIRECTIONS,
} AmDirection;
