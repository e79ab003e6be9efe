/* A run: one ingest or one capture session, with its inputs and its packet ledger. */
#pragma once

#include "packet.h"

#include <glib.h>

/* Stored as numbers: a new one comes last. id, name; those after the captures are connection logs. */
#define AM_INPUT_KINDS(X)                                                                                              \
	X(PCAP, "pcap")                                                                                                \
	X(PCAPNG, "pcapng")                                                                                            \
	X(ZEEK_TSV, "zeek-tsv")                                                                                        \
	X(ZEEK_JSON, "zeek-json")                                                                                      \
	X(ZEEK_NAMES, "zeek-names") /* dns, dhcp, ssl, ntlm, kerberos: what addresses are called */                    \
	X(SURICATA, "suricata-eve")                                                                                    \
	X(CONNTRACK, "conntrack")                                                                                      \
	X(VPC_FLOW, "vpc-flow-log")                                                                                    \
	X(HUBBLE, "hubble")                                                                                            \
	X(NFDUMP, "nfdump")

typedef enum {
#define X(id, name) AM_INPUT_##id,
	AM_INPUT_KINDS(X)
#undef X
		AM_N_INPUT_KINDS,
} AmInputKind;

static inline gboolean am_input_is_log(AmInputKind kind)
{
	return kind > AM_INPUT_PCAPNG;
}

/* One input of a run. Strings are owned by whoever owns the array it is in (am_input_clear()). */
typedef struct {
	char *path; /* as given; "-" for standard input */
	AmInputKind kind;
	uint64_t size;             /* octets; 0 for standard input */
	char sha256[65];           /* of the first and the last MiB (or of the whole); empty for standard input */
	uint64_t records;          /* packets, or lines of a log */
	int64_t first_ns, last_ns; /* 0 when there is no record */
	gboolean cut;              /* ended inside a record: all before it was kept */
	int64_t changed_ns;        /* of the file, last; 0 for standard input. Not kept in the facts */
} AmInput;

/* Why a line of a connection log was not recorded. Each line is recorded, or counted under one of these. */
#define AM_LOG_SKIPS(X)                                                                                                \
	X(OTHER, "log-other-event",                                                                                    \
	  "tells of something else than a connection that ended: an alert, a statistic, no data")                      \
	X(TOO_LONG, "log-line-too-long", "longer than 64 KiB")                                                         \
	X(SYNTAX, "log-line-malformed", "not a whole line of such a log: broken JSON, wrong number of columns")        \
	X(TIME, "log-time", "its time is missing or is none")                                                          \
	X(ADDRESS, "log-address", "an address is missing, is none, or the two are of different families")              \
	X(SERVICE, "log-service", "protocol or port are missing or not known")                                         \
	X(COUNT, "log-count", "a number of packets or octets, or a duration, is none")                                 \
	X(STATE, "log-state", "what became of the connection is missing or is no such word")                           \
	X(REPEATED, "log-repeated", "the same packets once more, as seen at the other end")                            \
	X(LOST, "log-lost", "says that the log itself has a gap: records that were never written")

typedef enum {
	AM_LOG_USED = 0,
#define X(id, name, text) AM_LOG_SKIP_##id,
	AM_LOG_SKIPS(X)
#undef X
		AM_N_LOG_SKIPS,
} AmLogSkip;

/* Every packet is accounted for: read = recorded + sum(skipped). */
typedef struct {
	uint64_t read, recorded;
	uint64_t skipped[AM_N_SKIP_REASONS];
	uint64_t fragments; /* of those recorded, later IP fragments, which joined the connection of their first one */
	/* Connection logs: lines that are records = recorded + skipped; skipped = sum(log_reasons), but for facts of a version that
	 * did not tell reasons. */
	uint64_t log_lines, log_recorded, log_skipped;
	uint64_t log_reasons[AM_N_LOG_SKIPS];
	uint64_t connections;
	uint64_t connections_counted;   /* unanswered ones beyond the budget: counts are all that is kept */
	uint64_t connections_given_up;  /* closed early because the table was full */
	uint64_t connections_not_kept;  /* live: only in the tallies, for want of room on the disk */
	uint64_t observations_not_kept; /* names and MACs of addresses, for want of room */
	uint64_t times_mended;          /* packets whose time was far from that of all around them */
	uint64_t clock_steps_back;      /* times at which the packets went on with an earlier time */
	/* Loss before the capture port, as TCP shows it: payload that passed in connections seen both ways, what was
	 * acknowledged there and never passed; and connections with one side missing altogether, which is no loss. */
	uint64_t tcp_bytes_seen, tcp_bytes_unseen;
	uint64_t tcp_one_way, tcp_bytes_one_way;
} AmLedger;

/* An interface of a live run. */
typedef struct {
	char *name;
	uint64_t packets;           /* that the kernel handed over */
	uint64_t dropped_kernel;    /* the program was too slow, or the ring too small */
	uint64_t dropped_interface; /* by the card or its driver */
	uint64_t outages;           /* times that the link went down */
	uint64_t minutes, minutes_dropped;
	uint64_t worst_minute; /* most that was dropped in one */
} AmRunInterface;

typedef struct {
	int64_t id;
	char *sensor;  /* its UUID as text */
	char *network; /* name of the address space */
	gboolean live;
	int64_t started_ns, finished_ns; /* finished_ns 0: unfinished, or a live one that goes on */
	int64_t committed_ns;            /* live: what was seen until then is in the facts; else 0 */
	gboolean interrupted;            /* live: it did not end by itself, and finished_ns is its last commit */
	char *parameters;                /* JSON object: every option in force */
	char *tool_version, *dpi_version;
	AmLedger ledger;
	GArray *inputs;     /* AmInput */
	GArray *interfaces; /* AmRunInterface, by name; NULL when it is not live */
} AmRun;
