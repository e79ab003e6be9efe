/* The columns of Zeek's conn.log that are used, and a record of them. Private to conn-log.c and conn-log-record.c. */
#pragma once

#include "log.h"

/* id, name of the column, and whether a log without it is refused. */
#define AM_ZEEK_COLUMNS(X)                                                                                             \
	X(TS, "ts", TRUE)                                                                                              \
	X(ORIG_H, "id.orig_h", TRUE)                                                                                   \
	X(ORIG_P, "id.orig_p", TRUE)                                                                                   \
	X(RESP_H, "id.resp_h", TRUE)                                                                                   \
	X(RESP_P, "id.resp_p", TRUE)                                                                                   \
	X(PROTO, "proto", TRUE)                                                                                        \
	X(CONN_STATE, "conn_state", TRUE)                                                                              \
	X(SERVICE, "service", FALSE)                                                                                   \
	X(DURATION, "duration", FALSE)                                                                                 \
	X(ORIG_BYTES, "orig_bytes", FALSE)                                                                             \
	X(RESP_BYTES, "resp_bytes", FALSE)                                                                             \
	X(HISTORY, "history", FALSE)                                                                                   \
	X(ORIG_PKTS, "orig_pkts", FALSE)                                                                               \
	X(ORIG_IP_BYTES, "orig_ip_bytes", FALSE)                                                                       \
	X(RESP_PKTS, "resp_pkts", FALSE)                                                                               \
	X(RESP_IP_BYTES, "resp_ip_bytes", FALSE)                                                                       \
	X(IP_PROTO, "ip_proto", FALSE)                                                                                 \
	X(VLAN, "vlan", FALSE)                                                                                         \
	X(INNER_VLAN, "inner_vlan", FALSE)                                                                             \
	X(ORIG_MAC, "orig_l2_addr", FALSE)                                                                             \
	X(RESP_MAC, "resp_l2_addr", FALSE)                                                                             \
	X(PATH, "_path", FALSE)

typedef enum {
#define X(id, name, needed) AM_ZEEK_##id,
	AM_ZEEK_COLUMNS(X)
#undef X
		AM_N_ZEEK_COLUMNS,
} AmZeekColumn;

typedef struct {
	AmLogValue values[AM_N_ZEEK_COLUMNS];
} AmZeekRecord;

/* AM_LOG_USED, or why the record cannot be used: a value that is needed is missing, or one that is there is not what it
 * should be. */
AmLogSkip am_zeek_flow(const AmZeekRecord *record, AmLogFlow *ret_flow);
