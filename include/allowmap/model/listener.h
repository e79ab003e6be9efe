/* Listeners: what tells of them, what is to be said against them, and the lists that hosts and scans give. What a list tells is
 * a fact of another source: it makes no edge. */
#pragma once

#include "address.h"

#include <glib.h>

/* Who says that something listens there. Bits 1u << AM_LISTENER_x. */
#define AM_LISTENER_SOURCES(X)                                                                                         \
	X(SEEN, "seen") /* it answered in the traffic, or datagrams keep being sent to it */                           \
	X(HOST, "host") /* its own host, in a list */                                                                  \
	X(SCAN, "scan") /* a scan that somebody else made */

typedef enum {
#define X(id, name) AM_LISTENER_##id,
	AM_LISTENER_SOURCES(X)
#undef X
		AM_N_LISTENER_SOURCES,
} AmListenerSource;

/* What is to be said against a listener. A set of bits, 1u << AM_FLAG_x; new ones at the end. */
#define AM_LISTENER_FLAGS(X)                                                                                           \
	X(UNEXPECTED_L7, "unexpected-l7", "speaks another protocol than its port is for")                              \
	X(UNUSUAL_PORT, "unusual-port", "remote administration, on another port than usual")                           \
	X(PLAINTEXT_ADMIN, "plaintext-admin",                                                                          \
	  "administration in the clear: telnet, rlogin, rsh, VNC, WinRM or Docker over HTTP, a device's web pages")    \
	X(CLEARTEXT_LOGIN, "cleartext-login",                                                                          \
	  "passwords can be read on the way: FTP, POP3 and IMAP without TLS, or a login that was seen in the clear")   \
	X(COMMUNITY, "snmp-community", "SNMP of version 1 or 2c: its password is in every packet")                     \
	X(WEAK_TLS, "weak-tls", "TLS of an obsolete version, or with a weak cipher")                                   \
	X(SELF_SIGNED, "self-signed", "a certificate that nobody else vouches for")                                    \
	X(EXPIRED, "expired-certificate", "a certificate that was no longer valid when it was shown")                  \
	X(MISMATCH, "certificate-mismatch", "a certificate for another name than was asked for")                       \
	X(WEAK_SSH, "weak-ssh", "the SSH server offers an obsolete version or cipher")                                 \
	X(OLD_SMB, "smb1", "SMB of version 1")

typedef enum {
#define X(id, name, text) AM_FLAG_##id,
	AM_LISTENER_FLAGS(X)
#undef X
		AM_N_FLAGS,
} AmListenerFlag;

/* Bits of AmConnection.risks and AmTally.risks that the map understands. The numbers are nDPI's, which only adds at the end (flow/
 * compares them when it is built); those from 60 on are our own recognisers'. */
enum {
	AM_RISK_SELF_SIGNED = 6,
	AM_RISK_TLS_VERSION = 7,
	AM_RISK_TLS_CIPHER = 8,
	AM_RISK_EXPIRED = 9,
	AM_RISK_MISMATCH = 10,
	AM_RISK_SSH_SERVER = 19,
	AM_RISK_SMB1 = 20,
	AM_RISK_CREDENTIALS = 36,
	AM_RISK_OWN = 60,
	AM_RISK_LOGIN = 61,     /* HTTP with the password in the clear: Basic (RFC 7617) */
	AM_RISK_COMMUNITY = 62, /* SNMP of version 1 or 2c (RFC 1157, RFC 1901) */
};

/* The formats of lists; stored by name. */
#define AM_LIST_KINDS(X)                                                                                               \
	X(SS, "ss")           /* iproute2: ss -tulpn */                                                                \
	X(OSQUERY, "osquery") /* listening_ports: osqueryi --json, or a results log */                                 \
	X(NMAP, "nmap")       /* nmap -oX */

typedef enum {
#define X(id, name) AM_LIST_##id,
	AM_LIST_KINDS(X)
#undef X
		AM_N_LIST_KINDS,
} AmListKind;

/* Why an entry of a list (a line of ss, a row of osquery, a port of nmap) was not used; each is used, or counted here. */
#define AM_LIST_SKIPS(X)                                                                                               \
	X(SYNTAX, "malformed", "no whole entry of such a list")                                                        \
	X(SERVICE, "no-port", "no TCP, UDP or SCTP port: a Unix socket, a raw socket, netlink")                        \
	X(NAMED, "by-name", "address or port is told by a name, which is no number: run ss with -n")                   \
	X(STATE, "not-listening", "a connection, or a port of which the scan could not tell whether it is open")       \
	X(LOOPBACK, "loopback", "listens on the loopback address only: out of the network's reach")                    \
	X(GROUP, "multicast", "listens to a group, which is no host's address")                                        \
	X(FAMILY, "no-such-address", "listens on all addresses of an IP version of which the host's is not known")     \
	X(QUERY, "other-query", "the result of another query")                                                         \
	X(HOST, "other-host", "of a host whose address is not told")                                                   \
	X(TIME, "no-time", "its time is none")                                                                         \
	X(MANY, "too-many", "past 200,000 entries of one list")

typedef enum {
	AM_LIST_USED = 0,
#define X(id, name, text) AM_LIST_SKIP_##id,
	AM_LIST_SKIPS(X)
#undef X
		AM_N_LIST_SKIPS,
} AmListSkip;

#define AM_PROGRAM_SIZE 32
#define AM_LIST_MAX_ENTRIES 200000

/* One entry: on this host, at this time, something listened there, or did no longer. Its first members are its key. */
typedef struct {
	AmAddress host;    /* whose list it is in */
	AmAddress address; /* that it listens on */
	uint8_t ip_protocol;
	uint8_t is_open; /* FALSE: the list says that it is closed */
	uint16_t port;
	int64_t at_ns;
	char program[AM_PROGRAM_SIZE]; /* or the service that a scan found; made safe; "" = not told */
} AmListEntry;

/* At this time the list had everything that listens on the host: what it does not name is closed. */
typedef struct {
	AmAddress host;
	int64_t at_ns;
} AmListWhole;

/* A list as it was read. */
typedef struct {
	AmListKind kind;
	GArray *entries;                   /* AmListEntry, sorted by (host, address, protocol, port, time), each once */
	GArray *whole;                     /* AmListWhole, sorted, each once; none when any entry could not be read */
	uint64_t lines;                    /* = sum(skipped) */
	uint64_t skipped[AM_N_LIST_SKIPS]; /* under AM_LIST_USED those that were used */
} AmListenerList;

/* What all lists together say of one listener. */
typedef struct {
	uint32_t network; /* id */
	AmAddress address;
	uint8_t ip_protocol;
	uint8_t source; /* AmListenerSource: HOST or SCAN */
	uint16_t port;
	char program[AM_PROGRAM_SIZE];        /* as told last */
	int64_t first_ns, last_ns, closed_ns; /* first and last told open; since when it no longer is, 0 = it is */
} AmListedListener;
