/* A Zeek conn.log on its way to connections: the columns that are used, and what the two forms of the log have in common.
 * Private to import/. */
#pragma once

#include "allowmap/import.h"

/* id, name of the column, and whether a log without it is refused. */
#define AM_LOG_COLUMNS(X)                                                                                              \
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
#define X(id, name, needed) AM_LOG_##id,
	AM_LOG_COLUMNS(X)
#undef X
		AM_N_LOG_COLUMNS,
} AmLogColumn;

/* A value as it stands in the line; text NULL = not set. */
typedef struct {
	const char *text;
	size_t size;
} AmLogValue;

typedef struct {
	AmLogValue values[AM_N_LOG_COLUMNS];
} AmLogRecord;

/* The column of this name; AM_N_LOG_COLUMNS when it is none that is used. */
AmLogColumn am_log_column(const char *name, size_t size);

/* One line of JSON, an object with values of any kind; FALSE when it is not one. Strings are unescaped in place, hence
 * `line` is changed; the values point into it. Numbers keep their text, so that no digit is lost. */
gboolean am_log_read_json(char *line, size_t size, AmLogRecord *ret_record);

/* FALSE when the record cannot be used: a value that is needed is missing, or one that is there is not what it should be.
 * `ret_connection` is filled all but its sequence and network. */
gboolean am_log_connection(const AmLogRecord *record, AmConnection *ret_connection);
