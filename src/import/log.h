/* Connection logs on their way to connections: what the formats have in common. Private to import/.
 *
 * To add a format: a kind in model/run.h and data/policy.schema.json, one file here that defines an AmLogFormat, a line in
 * log.c's table, a test beside tests/unit/test-conn-log.c, and seeds in tests/fuzz/corpus/logs. */
#pragma once

#include "allowmap/import.h"

#define AM_LOG_MAX_LINE 65536

/* A value as it stands in the line; text NULL = not set. */
typedef struct {
	const char *text;
	size_t size;
} AmLogValue;

/* ---- Values (log-value.c). FALSE: not set, or not one; the output is untouched. */
gboolean am_log_copy(const AmLogValue *value, char *text, size_t size); /* with a NUL; it fits, and holds none */
gboolean am_log_is(const AmLogValue *value, const char *text);
gboolean am_log_count(const AmLogValue *value, uint64_t most, uint64_t *ret_count);
/* As am_log_count(), but what is not set is 0. */
gboolean am_log_count_or_0(const AmLogValue *value, uint64_t most, uint64_t *ret_count);
gboolean am_log_port(const AmLogValue *value, uint16_t *ret_port);
/* "1644451201.000001" to nanoseconds, digit by digit; what is finer is cut off. */
gboolean am_log_seconds(const AmLogValue *value, int64_t *ret_ns);
/* Seconds since 1970, or ISO 8601; not before 1970. */
gboolean am_log_time(const AmLogValue *value, int64_t *ret_ns);
gboolean am_log_address(const AmLogValue *value, AmAddress *ret_address);
/* The next part of `*rest` up to the separator; text NULL when there is none left. */
AmLogValue am_log_part(AmLogValue *rest, const char *separator, size_t separator_size);
/* The next word of `*rest`, between blanks. */
AmLogValue am_log_word(AmLogValue *rest);
/* Our name of an application protocol, from those that a log lists, separated by commas: what is spoken inside another
 * names it. FALSE: it has none. */
gboolean am_log_l7(const AmLogValue *value, char ret_l7[AM_L7_SIZE]);

/* One line of JSON, an object (json-line.c); FALSE when it is not one. Values are looked up by their path, names joined by
 * ".": "flow.start", of an array "vlan.0"; at most 32 paths. Strings are unescaped in place, hence `line` is changed; the
 * values point into it; of an object without anything it is an empty text. Numbers keep their text, so that no digit is lost. A name twice makes it no object. */
gboolean am_log_json(char *line, size_t size, const char *const *paths, guint n_paths, AmLogValue *ret_values);

/* ---- A connection as a log tells it (log-flow.c). Index 0 is who began, as far as the log knows; LO and HI of the evidence
 * bits mean 0 and 1. */
typedef struct {
	AmAddress address[2];
	uint16_t port[2];
	int ip_protocol;
	uint64_t packets[2], ip_bytes[2], payload[2];
	int64_t first_ns, last_ns;
	uint32_t hours;    /* of the day of first_ns; 0: those of first_ns and last_ns */
	uint32_t evidence; /* without AM_EVIDENCE_LOG */
	uint8_t tcp_flags[2];
	AmOutcome outcome;
	uint16_t vlan, inner_vlan;
	uint8_t mac[2][6];
	char state[AM_CONN_STATE_SIZE]; /* letters and digits */
	char l7[AM_L7_SIZE];
} AmLogFlow;

static inline uint32_t am_log_bit(uint32_t lo_bit, int end)
{
	return lo_bit << end;
}

/* Octets above the transport header, from those of the IP packets: exact for UDP and ICMP; of TCP at least so many, for its
 * options are not told. Packets, octets and flags of both ends are needed. */
uint64_t am_log_payload(const AmLogFlow *flow, int end);
/* TCP, from the flags of each direction: evidence, and the outcome in flow/'s words. `opener`: whose SYN it is, where both
 * have one or it cannot be told from a SYN-ACK; -1: nobody's. */
void am_log_tcp(AmLogFlow *flow, int opener);
AmOutcome am_log_tcp_outcome(const AmLogFlow *flow, int opener);
/* ICMP: type and code that 0 sent. Sets the ports to what is asked, who asks, and the outcome. */
void am_log_icmp(AmLogFlow *flow, uint8_t type, uint8_t code, gboolean answered);
/* Everything but sequence and network. */
void am_log_connection(const AmLogFlow *flow, AmConnection *ret_connection);

/* ---- Formats */
typedef struct AmLogSink AmLogSink;
/* Hands a connection over; FALSE with the error set to stop. */
gboolean am_log_emit(AmLogSink *sink, const AmLogFlow *flow, GError **error);

/* The same with what it tells of an address; the network is set here. */
gboolean am_log_observe(AmLogSink *sink, AmObservation *observation, GError **error);

/* What a line was: AM_LOG_USED, an AmLogSkip, or one of these. */
enum {
	AM_LOG_COMMENT = -1, /* no record */
	AM_LOG_FAILED = -2,  /* the error is set: the log is none, or nobody wants more */
};

typedef struct {
	AmInputKind kind;
	/* By the first octets of the log; may end anywhere. */
	gboolean (*recognise)(const char *text, size_t size);
	gpointer (*begin)(const AmLogOptions *options);
	/* A line without its end, never empty. It may be changed, but no octet outside read. */
	int (*line)(gpointer state, char *line, size_t size, AmLogSink *sink, GError **error);
	gboolean (*finish)(gpointer state, AmLogSink *sink, GError **error); /* NULL: nothing is held back */
	void (*free)(gpointer state);
} AmLogFormat;

extern const AmLogFormat am_log_conntrack, am_log_hubble, am_log_nfdump, am_log_suricata, am_log_vpc_flow,
	am_log_zeek_json, am_log_zeek_names, am_log_zeek_tsv;
/* A log of Zeek's, whatever of. */
gboolean am_log_is_zeek(const char *text, size_t size);
