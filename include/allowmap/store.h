/* store/: facts and decisions, in two SQLite files. The only room with SQL.
 *
 * Facts (`allowmap.db`): runs, inputs, ledgers, connections, tallies, observations; one writer at a time. Decisions
 * (`FILE.decisions`, beside it): overrides, hints, labels, ... ; short transactions from any process.
 * A handle belongs to one thread. Files are created 0600. Migrations: sql/migrations, each one transaction; a database
 * that is newer than this program is refused and left alone. */
#pragma once

#include "base.h"
#include "model/connection.h"
#include "model/decision.h"
#include "model/listener.h"
#include "model/observation.h"
#include "model/run.h"
#include "model/tally.h"
#include "model/unanswered.h"

#define AM_STORE_ERROR (am_store_error_quark())
GQuark am_store_error_quark(void);
typedef enum {
	AM_STORE_ERROR_FAILED,
	AM_STORE_ERROR_MISSING, /* no such database: the message says how to make one */
	AM_STORE_ERROR_NEWER,   /* written by a newer version */
	AM_STORE_ERROR_FOREIGN, /* not a database of ours */
	AM_STORE_ERROR_BUSY,    /* another process is writing the facts */
	AM_STORE_ERROR_FULL,    /* disk full: what was committed is sound */
	AM_STORE_ERROR_KNOWN,   /* this input was ingested before */
} AmStoreError;

typedef struct AmFacts AmFacts;
typedef enum {
	AM_FACTS_READ,
	AM_FACTS_WRITE /* creates it when missing; holds the writer's lock until closed */
} AmFactsMode;

AmFacts *am_facts_open(const char *path, AmFactsMode mode, GError **error);
/* NULL is fine. An unfinished run stays in the file, is never read, and goes when the next run begins. */
void am_facts_free(AmFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmFacts, am_facts_free)
/* As am_facts_free(), for when no run was begun: a database that opening it made is removed. */
void am_facts_abandon(AmFacts *facts);

/* ---- Writing: begin, add..., finish. An offline run is the unit of rollback; of a live one, what was committed stays.
 * `run` in: sensor (UUID or name), network, live, started_ns, parameters, versions. Sets run->id, run->sensor (its
 * UUID; of a name: version 5 of RFC 4122) and *ret_network (id for the records). */
gboolean am_facts_begin_run(AmFacts *facts, AmRun *run, uint32_t *ret_network, GError **error);
/* AM_STORE_ERROR_KNOWN when a finished run holds an input of this size and hash, under this sensor and network. */
gboolean am_facts_check_input(AmFacts *facts, const AmRun *run, const AmInput *input, GError **error);
/* Adds records in the order given; every connection also goes into its day's tally, kept in memory up to a bound and
 * spilled. A record of revision 1 or more comes after the one before it and takes its place. Commits in large
 * transactions. After a failure the run is lost: begin it again. */
gboolean am_facts_add_connections(AmFacts *facts, const AmConnection *connections, size_t n, GError **error);
/* Adds to the counts of unanswered connections that are not kept one by one. As am_facts_add_connections(). */
gboolean am_facts_add_unanswered(AmFacts *facts, uint32_t network, const AmUnanswered *counts, size_t n,
				 GError **error);
/* What was seen of addresses; `network` as ids. Becomes visible with the run, or a live one's next commit. A run has room for
 * 200,000 that are not in the file yet; what an offline one has beyond that is counted in its ledger. */
gboolean am_facts_add_observations(AmFacts *facts, const AmObservation *observations, size_t n, GError **error);
/* The id of a network by its name, for records of this run; made when there is none. */
gboolean am_facts_network(AmFacts *facts, const char *name, uint32_t *ret_network, GError **error);
/* Adds to what the run saw of encapsulations (AmEncapsulated; each kind and id once a call). As am_facts_add_connections(). */
gboolean am_facts_add_encapsulated(AmFacts *facts, const GArray *seen, GError **error);
/* Writes inputs and ledger of `run`, merges its tallies, marks it finished, in one transaction; returns only when that is
 * durable. */
gboolean am_facts_finish_run(AmFacts *facts, const AmRun *run, GError **error);

/* ---- A live run: begin, add..., commit, add..., commit, ..., finish. A live run that did not end by itself is marked as
 * ended when the next run begins.
 * Commits what was added, merged into the tallies, with the ledger of `run` as it is by now, at run->committed_ns. */
gboolean am_facts_commit_live(AmFacts *facts, const AmRun *run, GError **error);
/* What an interface counted in one minute (since 1970 UTC), added to what that minute has. Part of the next commit. */
typedef struct {
	const char *interface;
	int64_t minute;
	uint64_t packets, dropped_kernel, dropped_interface, outages;
} AmInterfaceMinute;
gboolean am_facts_add_minute(AmFacts *facts, const AmInterfaceMinute *minute, GError **error);
/* From here on connections only count in the tallies; those that are still open are kept until they end. */
void am_facts_set_tallies_only(AmFacts *facts, gboolean tallies_only);
/* Removes connections of live runs that ended before `before_ns`, at most some `max`; tallies stay. It goes on
 * where the call before stopped, and is to be called again and again. Part of the next commit. */
gboolean am_facts_expire(AmFacts *facts, int64_t before_ns, guint max, guint *ret_removed, GError **error);
/* After a commit: cuts the log where it has grown past its usual size (64 MiB). *ret_held: it stays, because somebody reads
 * the file all the while. *ret_size: what it has. */
gboolean am_facts_shorten_log(AmFacts *facts, uint64_t *ret_size, gboolean *ret_held, GError **error);
/* Octets of the file that are in use, and of its log. */
gboolean am_facts_size(AmFacts *facts, uint64_t *ret_size, GError **error);

/* ---- Lists of listeners, beside the runs: each in one transaction, durable on return. What an unfinished run left is removed first. */
typedef struct {
	const char *path, *sha256; /* as given; hex digits, of all of it */
	const char *network;       /* NULL = "default"; made when there is none */
	AmAddress host;            /* whose list it was said to be; none = it tells itself */
	int64_t imported_ns;
} AmListInput;
/* AM_STORE_ERROR_KNOWN: it is there already, under this network and host. */
gboolean am_facts_add_listeners(AmFacts *facts, const AmListInput *input, const AmListenerList *list, GError **error);
/* What all lists say by now, by network, address, protocol, port and source. GArray of AmListedListener. */
GArray *am_facts_listed(AmFacts *facts, GError **error);

/* ---- Reading: finished runs only (and what a live run has committed). */
GPtrArray *am_facts_runs(AmFacts *facts, GError **error); /* AmRun *, by id; free with am_run_free() */
/* All tallies, summed over runs, sorted by key. GArray of AmTally. */
GArray *am_facts_tallies(AmFacts *facts, GError **error);
/* What was seen of addresses, summed over runs and sensors, by am_observation_compare(). GArray of AmObservation. */
GArray *am_facts_observations(AmFacts *facts, GError **error);
/* What middleboxes handed on, summed over runs. GArray of AmRelayed. */
GArray *am_facts_relayed(AmFacts *facts, GError **error);
GPtrArray *am_facts_networks(AmFacts *facts, GError **error);        /* char *, index = id */
GArray *am_facts_encapsulated(AmFacts *facts, GError **error);       /* AmEncapsulated, run by run, by kind and id */
uint64_t am_facts_count_connections(AmFacts *facts, GError **error); /* UINT64_MAX on error */
/* Calls `each` for every connection (highest revision), by (run, sequence), until it gives FALSE; `delta` is not
 * kept and is zero. The transaction ends before am_facts_foreach_connection() returns; `each` must not print from inside it
 * if it can block: collect or page. */
typedef gboolean (*AmConnectionFunc)(const AmConnection *connection, int64_t run, gpointer user_data);
gboolean am_facts_foreach_connection(AmFacts *facts, AmConnectionFunc each, gpointer user_data, GError **error);

/* ---- Decisions. */
typedef struct AmDecisions AmDecisions;
/* The decisions that belong to a facts file: FILE with ".decisions" put before its last suffix ("allowmap.db" →
 * "allowmap.decisions.db"). g_free() */
char *am_decisions_path_for(const char *facts_path);
/* Whether there is a file of decisions: at `decisions_path`, NULL being where they are for these facts. */
gboolean am_decisions_exist(const char *facts_path, const char *decisions_path);
/* `create` FALSE and no file: an empty set of decisions, not an error. */
AmDecisions *am_decisions_open(const char *path, gboolean create, GError **error);
void am_decisions_free(AmDecisions *decisions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmDecisions, am_decisions_free)
gboolean am_decisions_add_override(AmDecisions *decisions, const AmOverride *override, GError **error);
/* `sensor` may be a name: its UUID is kept. */
gboolean am_decisions_add_network(AmDecisions *decisions, const AmNetworkRule *rule, GError **error);
/* These give the number by which what was said is listed and taken back. `said.number` and what tells of a withdrawal are not
 * looked at. */
gboolean am_decisions_add_declaration(AmDecisions *decisions, const AmDeclaration *declaration, int64_t *ret_number,
				      GError **error);
gboolean am_decisions_add_group_edit(AmDecisions *decisions, const AmGroupEdit *edit, int64_t *ret_number,
				     GError **error);
gboolean am_decisions_add_taps(AmDecisions *decisions, const AmTaps *taps, int64_t *ret_number, GError **error);
/* Takes back what has this number; whether it is there, and not taken back yet, is for the caller to see. */
gboolean am_decisions_withdraw(AmDecisions *decisions, int64_t number, const char *who, const char *why, int64_t at_ns,
			       GError **error);
/* An import: all that `inventory` says, in place of what the same source said before. Of `import`, source, network, who, why
 * and at_ns are taken. `inventory` NULL: what it said is taken back. *ret_before: there was something; may be NULL. */
gboolean am_decisions_add_import(AmDecisions *decisions, const AmImport *import, const AmInventory *inventory,
				 gboolean *ret_before, GError **error);
gboolean am_decisions_add_middlebox(AmDecisions *decisions, const AmMiddleboxHint *hint, GError **error);
AmDecisionSet *am_decisions_load(AmDecisions *decisions, GError **error);
void am_decision_set_free(AmDecisionSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmDecisionSet, am_decision_set_free)
