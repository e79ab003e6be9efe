/* A handle on the facts, and what its files share. Private to store/. */
#pragma once

#include "database.h"
#include "feed.h"
#include "lock.h"
#include "relayed.h"
#include "spill.h"

/* What is done by number, never by time, so that the same input gives the same bytes. Tests make them small. */
typedef struct {
	guint rows;         /* connections a transaction */
	guint sums;         /* tallies in memory, some 350 octets each */
	guint names;        /* distinct l7 names; a connection log may hold anything */
	guint observations; /* in memory, some 200 octets each */
	guint thin_out;     /* commits of a live run between looking for crowded pairs, which reads whole days */
	uint64_t log;       /* octets that the log of a live run may have before it is cut */
} AmFactsLimits;

struct AmFacts {
	AmDatabase *database;
	AmWriterLock *lock; /* NULL: reads */
	AmFactsLimits limits;

	/* The run that is being written; 0 = none. */
	int64_t run, sensor;
	gboolean live;
	gboolean tallies_only;
	uint64_t not_observed; /* observations for which there was no room */
	uint64_t not_kept;     /* connections that are in the tallies alone */
	guint commits;         /* of a live run */
	int64_t expire_after;  /* the connection that am_facts_expire() saw last; 0: it begins anew */
	gboolean in_transaction;
	guint rows;                                           /* in this transaction */
	uint64_t connections;                                 /* of the run */
	AmFeed *new_connections, *new_tallies, *new_tally_l7; /* NULL: reads */
	AmSumTable *sums;
	GTree *observed;       /* AmObservation, not written yet; NULL = none */
	AmRelayFinder *relays; /* NULL: nothing was looked at yet */
	int64_t relayed_after; /* the last connection that was */
	AmSpill *spill;        /* NULL: memory was enough so far */
	GHashTable *l7_ids;    /* char * → id */
	GPtrArray *l7_names;   /* char *, owned by l7_ids; index = id - 1 */
	GArray *days;          /* AmFactsDay: what was merged into */
};

typedef struct {
	uint32_t network;
	int32_t day;
	gboolean may_crowd; /* undirected tallies were added, to others or to too many */
} AmFactsDay;

/* ---- uuid.c */
#define AM_UUID_TEXT_SIZE 37
/* The sensor's UUID: the text itself when it is one (in lower case), else version 5 of RFC 4122 over it. TRUE: it was a
 * name. */
gboolean am_sensor_uuid(const char *name, char ret_uuid[AM_UUID_TEXT_SIZE]);

/* ---- facts-rows.c: records to rows and back. */
/* A connection's key in the file. */
#define AM_SEQUENCE_BITS 40
#define AM_MAX_SEQUENCE (UINT64_C(1) << AM_SEQUENCE_BITS)
#define AM_MAX_RUN ((INT64_C(1) << (63 - AM_SEQUENCE_BITS)) - 1) /* its successor still fits */
static inline int64_t am_facts_connection_id(int64_t run, uint64_t sequence)
{
	return run << AM_SEQUENCE_BITS | (int64_t)sequence;
}

extern const AmFeedKind am_feed_connections, am_feed_tallies, am_feed_tally_l7;
/* Each record waits until the feed is flushed. `l7` is the id of its name, 0 = unknown. */
gboolean am_facts_feed_connection(AmFeed *feed, int64_t run, const AmConnection *connection, uint32_t l7,
				  GError **error);
gboolean am_facts_connection_waits(const AmFeed *feed, int64_t id); /* whether a record of it does */
gboolean am_facts_feed_sum(AmFeed *feed, int64_t sensor, const AmSum *sum, GError **error);
gboolean am_facts_feed_sum_l7(AmFeed *feed, int64_t sensor, const AmSumL7 *l7, GError **error);
/* Reads the columns of facts-connection(s).sql; l7 as they give it: its id, or its name into the record. */
void am_facts_read_connection(AmColumns *columns, AmConnection *ret_connection, int64_t *ret_run, uint32_t *ret_l7);
/* `server_name` lasts until the statement is stepped. */
void am_facts_read_sum(AmColumns *columns, AmSum *ret_sum);
void am_facts_read_sum_l7(AmColumns *columns, AmSumL7 *ret_l7);

/* ---- facts-tally.c: what a run counted, on its way into the tallies. */
/* Makes room in memory. */
gboolean am_facts_spill(AmFacts *facts, GError **error);
/* All of it, spilled or not; inside the caller's transaction. */
gboolean am_facts_merge(AmFacts *facts, GError **error);
/* Makes the cap on undirected pairs of ports good on the days that were merged into. */
gboolean am_facts_thin_out(AmFacts *facts, GError **error);

/* ---- facts-observed.c */
/* What waits; inside the caller's transaction. */
gboolean am_facts_write_observations(AmFacts *facts, GError **error);

/* ---- facts-relayed.c */
/* Looks at what began until then, give or take (INT64_MAX: at all); inside the caller's transaction. */
gboolean am_facts_write_relayed(AmFacts *facts, int64_t now_ns, GError **error);

/* ---- facts-run.c: runs, their inputs and ledgers. */
gboolean am_facts_remove_unfinished(AmFacts *facts, GError **error);
/* Ids of names; what is new comes with the run. */
gboolean am_facts_find_sensor(AmFacts *facts, AmRun *run, GError **error);
gboolean am_facts_find_network(AmFacts *facts, const AmRun *run, uint32_t *ret_network, GError **error);
gboolean am_facts_add_run(AmFacts *facts, const AmRun *run, uint32_t network, GError **error);
gboolean am_facts_write_run(AmFacts *facts, const AmRun *run, GError **error);
gboolean am_facts_write_progress(AmFacts *facts, const AmRun *run, GError **error); /* of a live run */

/* ---- facts.c, for facts-live.c */
gboolean am_facts_need_writer(const AmFacts *facts, gboolean in_run, GError **error);
gboolean am_facts_begin_transaction(AmFacts *facts, GError **error); /* when there is none */
gboolean am_facts_fail(AmFacts *facts);                              /* rolls back, ends the run, and is FALSE */
gboolean am_facts_commit(AmFacts *facts, GError **error);
