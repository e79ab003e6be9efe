/* job/: one file per job. A job opens several rooms and owns the threads; cmd/ fills its options and prints its errors. */
#pragma once

#include "base.h"
#include "capture.h"
#include "export.h"
#include "flow.h"
#include "map.h"
#include "model/check.h"
#include "model/listener.h"
#include "model/live.h"
#include "model/map.h"
#include "model/policy.h"
#include "model/run.h"
#include "policy.h"
#include "store.h"

#define AM_JOB_ERROR (am_job_error_quark())
GQuark am_job_error_quark(void);
typedef enum { AM_JOB_ERROR_INPUT, AM_JOB_ERROR_OUTPUT, AM_JOB_ERROR_PROOF, AM_JOB_ERROR_SANDBOX } AmJobError;

/* ---- ingest: files → facts. A reader thread (decoding and sharding), workers (one or more shards each), a writer. */
/* How far it is, for whoever has to say what an end at this moment leaves. */
typedef enum {
	AM_INGEST_READING, /* nothing is kept */
	AM_INGEST_KEEPING, /* all or nothing */
	AM_INGEST_KEPT,    /* all, also where all was known before */
	AM_N_INGEST_STAGES,
} AmIngestStage;

typedef struct {
	const char *db;
	const char *decisions;    /* for the network table; NULL = those beside `db` */
	const char *const *paths; /* NULL-terminated; "-" = standard input; folders allowed */
	const char *sensor;       /* name or UUID; NULL = "offline" */
	const char *network;      /* NULL = "default" */
	guint threads;            /* workers; 0 = one per core */
	gboolean whole_hash;      /* --hash: identify inputs by all their bytes */
	int64_t now_ns;
	AmFlowOptions flow;
	/* Fences the whole process in, for good (seccomp, Landlock). What the caller needs afterwards, too: folders in
	 * which to write, files and folders to read; NULL-terminated, or NULL. */
	gboolean sandbox;
	const char *const *also_writes, *const *also_reads;
	void (*reached)(AmIngestStage stage); /* by the caller's thread; may be NULL */
} AmIngestOptions;

typedef struct {
	AmRun *run;          /* as finished; owned. NULL when every input was known already */
	GPtrArray *warnings; /* char *: inputs cut short, left out as known, alike, or not usable; owned */
	guint n_failed;      /* inputs that could not be used, or only in part: exit 3, the rest is done */
	guint n_cut;         /* captures that end inside a record: all before it was kept */
	guint n_known;       /* inputs left out because a finished run holds them */
} AmIngestResult;

/* `ret_result` is filled, also on failure, and is to be cleared. Packets of all captures are taken in the order of their
 * times, whatever the order of the paths; logs after them. On failure nothing of this run is visible in the facts. */
gboolean am_job_ingest(const AmIngestOptions *options, AmIngestResult *ret_result, GError **error);
void am_ingest_result_clear(AmIngestResult *result);

/* ---- capture: live interfaces → facts, for weeks. Commits at most every 5 s; a kill loses no more than that of connections
 * that ended, and the last minute of those that go on. SIGINT and SIGTERM end it, SIGHUP closes the database and opens it
 * anew (after it was moved away, say). */
typedef enum { AM_ROTATE_NEVER, AM_ROTATE_HOURLY, AM_ROTATE_DAILY, AM_ROTATE_SIZE } AmRotate;
typedef struct {
	const char *db;
	const char *decisions; /* for the network table, read once; NULL = those beside `db` */
	const char *sensor;    /* name or UUID; NULL = the host's name */
	const char *network;   /* NULL = "default" */
	AmLiveOptions live;
	guint threads; /* workers; 0 = one per core */
	AmFlowOptions flow;
	int64_t duration_ns; /* 0 = until a signal */
	/* The facts go on in a new file; the old one gets the time into its name. Decisions stay. */
	AmRotate rotate;
	uint64_t rotate_size;
	guint keep_days; /* connections; 0 = for good. Tallies stay */
	/* Octets. When room becomes short, connections are only counted; when there is none left, the capture ends. */
	uint64_t max_db;     /* 0 = no limit */
	uint64_t min_free;   /* to be left on the disk */
	const char *metrics; /* file that is replaced at each commit; NULL = none */
	const char *user;    /* to become once the interfaces are open; NULL = the same, without capabilities */
	void (*say)(const char *message, gpointer user_data);       /* what people should know; from any thread */
	void (*show)(const AmLiveState *state, gpointer user_data); /* once a second, by the caller's thread */
	gpointer user_data;
} AmCaptureOptions;

/* TRUE: ended by a signal or after its time. *ret_state is how it stood at the end, also on failure; what was committed
 * stays in any case. */
gboolean am_job_capture(const AmCaptureOptions *options, AmLiveState *ret_state, GError **error);

/* ---- check: what does this port, or do these files, show, and what is to be asked for? Nothing is stored. */
typedef struct {
	AmLiveOptions live;       /* no interfaces: files */
	const char *const *paths; /* NULL-terminated */
	int64_t duration_ns;      /* live; a signal ends it, too */
	const char *user;
	void (*say)(const char *message, gpointer user_data);
	gpointer user_data;
} AmCheckOptions;
AmPortCheck *am_job_check(const AmCheckOptions *options, GError **error);
void am_port_check_free(AmPortCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmPortCheck, am_port_check_free)

/* ---- map: facts + decisions → map. A snapshot: everything a listing needs, read in one transaction each. */
typedef struct {
	AmMap *map;
	GPtrArray *runs; /* AmRun * */
	AmDecisionSet *decisions;
	uint64_t connections;
} AmSnapshot;

AmSnapshot *am_job_snapshot(const char *db, const char *decisions_path, const AmMapOptions *options, GError **error);
/* Before there are facts: what was decided so far, and a map of nothing. */
AmSnapshot *am_job_snapshot_without_facts(const char *db, const char *decisions_path, GError **error);
void am_snapshot_free(AmSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmSnapshot, am_snapshot_free)

/* ---- import: inventories and leases → decisions. */
typedef struct {
	const char *db; /* beside which the decisions are, where `decisions` is NULL */
	const char *decisions;
	const char *const *paths; /* NULL-terminated; "-" = standard input */
	const char *source;       /* of the only path; NULL = the name of each file, without its folder */
	const char *network;      /* NULL = any */
	const char *who, *why;
	int64_t now_ns;
	int kind;                  /* AmInventoryKind; -1 = as the content tells */
	const char *const *fields; /* AmInventoryOptions.fields */
	gboolean sandbox;          /* as of AmIngestOptions */
} AmImportOptions;

typedef struct {
	char *source;
	const char *path; /* borrowed from the options */
	AmInventory *inventory;
	gboolean before; /* the source had been imported before */
} AmImportedFile;

typedef struct {
	GPtrArray *files;    /* AmImportedFile *: those that could be read; owned */
	GPtrArray *warnings; /* char *: what of the sandbox is missing, and files that could not be; owned */
	guint n_failed;      /* files of which nothing was imported: exit 3, the rest is done */
} AmImportResult;

/* Each file in a transaction of its own. `ret_result` is filled, also on failure, and is to be cleared. */
gboolean am_job_import(const AmImportOptions *options, AmImportResult *ret_result, GError **error);
void am_import_result_clear(AmImportResult *result);

/* ---- networks: which encapsulations were seen, and what the network table says of them. */
typedef struct {
	GArray *seen;  /* AmEncapsulated, run by run; empty when there are no facts yet */
	GArray *rules; /* AmNetworkRule, oldest first */
} AmNetworkList;

AmNetworkList *am_job_networks(const char *db, const char *decisions_path, GError **error);
void am_network_list_free(AmNetworkList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmNetworkList, am_network_list_free)

/* ---- listeners: a list that a host or a scan gave → facts. */
typedef struct {
	const char *db;
	const char *path;         /* "-" = standard input; at most 64 MiB */
	const char *kind;         /* "ss", "osquery", "nmap"; NULL = as it looks */
	const char *const *hosts; /* whose list it is; NULL = as the file is named, where that is an address */
	const char *network;      /* NULL = "default" */
	int64_t taken_ns;         /* when; 0 = the file's time */
	int64_t now_ns;
} AmListJobOptions;
/* What was read, and how much of it was used. AM_STORE_ERROR_KNOWN: it is there already. */
AmListenerList *am_job_import_listeners(const AmListJobOptions *options, GError **error);

/* ---- recommend: map → policy, proved both ways before it is given out. */
AmPolicy *am_job_recommend(const AmSnapshot *snapshot, const AmRecommendOptions *options, GError **error);

/* ---- export: policy → text of a target, parsed back and proved equal to what the policy says in `network` (NULL = its only
 * one; if there are more: AM_EXPORT_ERROR_OPTION). Of the fidelity, rules that hold in other networks too are narrowed, those
 * that do not hold in this one are dropped, and stand at the end. g_free() */
char *am_job_export(const AmExportTarget *target, const AmPolicy *policy, const char *network,
		    const AmExportOptions *options, GArray **ret_fidelity, GError **error);

/* Reads a policy document from a file ("-" = standard input). */
AmPolicy *am_job_read_policy(const char *path, GError **error);
/* Removes a result of an earlier run, if it is there. */
gboolean am_job_remove_file(const char *path, GError **error);
/* Writes a result: to standard output when `path` is NULL or "-", else to a new file beside it that replaces it at once. */
gboolean am_job_write_file(const char *path, const char *text, gssize size, GError **error);
