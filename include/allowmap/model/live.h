/* A live capture as it is while it runs: what it tells people, service managers and monitoring. Flat, no pointers. */
#pragma once

#include "run.h"

#define AM_MAX_INTERFACES 16
#define AM_INTERFACE_NAME_SIZE 16 /* as the kernel has it */

/* Counts are since the capture began. */
typedef struct {
	char name[AM_INTERFACE_NAME_SIZE];
	gboolean up;
	gboolean gone;              /* taken out of the system: it does not come back in this process */
	uint64_t packets;           /* that were read */
	uint64_t dropped_kernel;    /* the program was too slow, or the ring too small */
	uint64_t dropped_interface; /* by the card or its driver */
	uint64_t outages;           /* times that the link went down */
} AmInterfaceState;

typedef struct {
	int64_t started_ns, now_ns;
	int64_t committed_ns; /* what was seen until then is in the facts */
	guint n_interfaces;
	AmInterfaceState interfaces[AM_MAX_INTERFACES];
	AmLedger ledger; /* up to the last commit */
	uint64_t commits, rotations;
	uint64_t expired;            /* connections removed by age */
	uint64_t db_size, free_size; /* octets */
	uint64_t log_size;           /* of db_size, what waits in the log */
	gboolean log_held;           /* the log grows, because somebody reads the facts all the while */
	gboolean tallies_only;       /* room is short: connections are counted, not kept */
} AmLiveState;
