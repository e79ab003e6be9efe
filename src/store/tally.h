/* Adding connections up into tallies, in bounded memory. Private to store/; pure: knows nothing of SQL. */
#pragma once

#include "allowmap/store.h"

/* Pairs of ports that are kept for a pair of endpoints and a day while nobody knows which port names the service. */
#define AM_MAX_UNDIRECTED 32

/* What is counted in a tally, in the order of its columns. */
enum {
	AM_SUM_CONNECTIONS,
	AM_SUM_OUTCOME,
	AM_SUM_SYN = AM_SUM_OUTCOME + AM_N_OUTCOMES,
	AM_SUM_SYNACK = AM_SUM_SYN + 2,
	AM_SUM_HANDSHAKE = AM_SUM_SYNACK + 2,
	AM_SUM_CLIENT,
	AM_SUM_FIRST = AM_SUM_CLIENT + 2,
	AM_SUM_RST = AM_SUM_FIRST + 2,
	AM_SUM_ICMP_ERRORS = AM_SUM_RST + 2,
	AM_SUM_PAYLOAD_BOTH,
	AM_N_SUMS,
};

/* The key without the sensor, which is the same for a whole run. Compared and hashed as bytes. */
typedef struct {
	uint32_t network;
	int32_t day;
	AmAddress lo, hi;
	uint8_t ip_protocol;
	uint8_t side;
	uint16_t port_lo, port_hi;
} AmSumKey;
_Static_assert(sizeof(AmSumKey) == 48, "no padding: keys are compared as bytes");

/* A tally as it is added up: changes, which may be negative. */
typedef struct {
	AmSumKey key;
	uint32_t hours;
	uint8_t first_outcome;
	AmRelated related; /* the largest */
	int64_t n[AM_N_SUMS];
	AmCounts counts;
	int64_t first_ns, last_ns;
	uint64_t risks;
	const char *server_name; /* borrowed; NULL = none */
	int64_t server_name_ns;
} AmSum;

typedef struct {
	AmSumKey key;
	uint32_t l7;
	uint8_t confidence;
	int64_t connections;
} AmSumL7;

int am_sum_key_compare(const AmSumKey *a, const AmSumKey *b); /* the order of the database */
/* Adds `from` to `to`, whose key stays. */
void am_sum_merge(AmSum *to, const AmSum *from);
void am_sum_l7_merge(AmSumL7 *to, const AmSumL7 *from);

/* ---- Whose port names the service. */

/* From handshake, then protocol role; else AM_SIDE_NONE. */
AmSide am_side_of(const AmConnection *connection);

typedef struct {
	uint16_t lo, hi;
	uint8_t probed; /* AmSide that got hardly more than one packet without a word in it, from the other; NONE = no probe */
} AmPortPair;
AmPortPair am_port_pair_of(const AmSum *sum); /* of an undirected one */
/* What was learned from pairs of ports that are too many to keep: how often each side's port repeats among them, and whether
 * most of them are probes. */
typedef struct AmPortChoice AmPortChoice;
AmPortChoice *am_port_choice_new(const AmPortPair *pairs, guint n); /* distinct ones */
void am_port_choice_free(AmPortChoice *choice);
/* Among probes, the side that is probed: it is its ports that tell the scan. Else the side whose port repeats more; when neither does, or both alike, the side of the lower port; lo when they are equal. */
AmSide am_port_choice_side(const AmPortChoice *choice, AmPortPair pair);
/* Gives an undirected key its side. */
void am_port_choice_apply(const AmPortChoice *choice, AmSumKey *key);

/* ---- The table. */

typedef struct AmSumTable AmSumTable;
AmSumTable *am_sum_table_new(guint max_sums);
void am_sum_table_free(AmSumTable *table);

/* Adds one record. `l7` is the id of its name, 0 = unknown. `before` is the record of the same connection that was added
 * last, with the id of its name, or NULL when this is the first. */
void am_sum_table_add(AmSumTable *table, const AmConnection *record, uint32_t l7, const AmConnection *before,
		      uint32_t before_l7);
/* Whether it should be emptied before more is added. Depends on what was added alone. */
gboolean am_sum_table_is_full(const AmSumTable *table);

/* A sum, and what its connections spoke, by id. */
typedef gboolean (*AmSumFunc)(const AmSum *sum, const AmSumL7 *l7, guint n_l7, gpointer user_data, GError **error);
/* Gives out all sums, by key, and forgets them; what was chosen for crowded pairs is remembered. On FALSE the table is not
 * to be used again. */
gboolean am_sum_table_drain(AmSumTable *table, AmSumFunc each, gpointer user_data, GError **error);
