/* A run: one ingest or one capture session, with its inputs and its packet ledger. */
#pragma once

#include "packet.h"

#include <glib.h>

typedef enum { AM_INPUT_PCAP, AM_INPUT_PCAPNG, AM_INPUT_ZEEK_TSV, AM_INPUT_ZEEK_JSON } AmInputKind;

/* One input of a run. Strings are owned by whoever owns the array it is in (am_input_clear()). */
typedef struct {
	char *path; /* as given; "-" for standard input */
	AmInputKind kind;
	uint64_t size;             /* octets; 0 for standard input */
	char sha256[65];           /* of the first and the last MiB (or of the whole); empty for standard input */
	uint64_t records;          /* packets, or lines of a log */
	int64_t first_ns, last_ns; /* 0 when there is no record */
	gboolean cut;              /* ended inside a record: all before it was kept */
} AmInput;

/* Every packet is accounted for: read = recorded + sum(skipped). */
typedef struct {
	uint64_t read, recorded;
	uint64_t skipped[AM_N_SKIP_REASONS];
	uint64_t fragments; /* of those recorded, later IP fragments, which joined the connection of their first one */
	uint64_t log_lines, log_recorded, log_skipped; /* connection logs: lines that are records */
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
