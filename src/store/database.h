/* One SQLite file of ours: opened, checked, migrated, with its prepared statements. Private to store/. */
#pragma once

#include "allowmap/store.h"

#include <sqlite3.h>
#include <string.h>

/* What tells the two kinds of file apart. */
typedef struct {
	const char *name;     /* "facts": of its migrations (sql/migrations/NNN-facts*.sql) and queries (facts-*.sql) */
	int application_id;   /* in the file's header */
	const char *how_made; /* said when there is no such file; "@" is the path */
	const char *journal;  /* journal mode while it is written */
	const char *synchronous;
} AmDatabaseKind;

extern const AmDatabaseKind am_database_facts, am_database_decisions;

typedef struct {
	sqlite3 *sqlite;
	char *path;      /* as given: for messages */
	gboolean is_new; /* opening it made it */
	const AmDatabaseKind *kind;
	GHashTable *statements; /* name → sqlite3_stmt * */
} AmDatabase;

typedef enum {
	AM_DATABASE_READ,
	AM_DATABASE_WRITE,
	AM_DATABASE_CREATE /* write, and make it when missing */
} AmDatabaseMode;

/* Opens and checks it; migrates it unless it is only read. Created 0600. */
AmDatabase *am_database_open(const char *path, const AmDatabaseKind *kind, AmDatabaseMode mode, GError **error);
void am_database_free(AmDatabase *database); /* what was not committed is rolled back */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmDatabase, am_database_free)
/* Frees it and removes its files: for one that is new, and that nothing was written to. */
void am_database_remove(AmDatabase *database);

/* Runs PRAGMA or transaction statements. */
gboolean am_database_run(AmDatabase *database, const char *sql, GError **error);
/* Writes all of the write-ahead log into the file, and cuts it. *ret_held: it could not be, since somebody reads; nobody is
 * waited for. */
gboolean am_database_cut_log(AmDatabase *database, gboolean *ret_held, GError **error);
/* A PRAGMA's integer value. */
gboolean am_database_pragma(AmDatabase *database, const char *name, int64_t *ret_value, GError **error);
/* Ends a transaction, if there is one, without keeping it. */
void am_database_roll_back(AmDatabase *database);

/* The statement of sql/queries/NAME.sql, prepared once, reset and without values. Lent; one user at a time. */
sqlite3_stmt *am_database_statement(AmDatabase *database, const char *name, GError **error);
/* SQLITE_ROW or SQLITE_DONE; or SQLITE_ERROR with the error set. After SQLITE_DONE or an error it is reset. */
int am_database_step(AmDatabase *database, sqlite3_stmt *statement, GError **error);
/* Steps a statement that gives no rows. */
gboolean am_database_execute(AmDatabase *database, sqlite3_stmt *statement, GError **error);
/* The error that SQLite reports, in our words and codes. */
void am_database_set_error(AmDatabase *database, int code, GError **error);

/* Values are bound one after the other. */
typedef struct {
	sqlite3_stmt *statement;
	int n;
} AmBinder;

static inline void am_bind_int(AmBinder *binder, int64_t value)
{
	sqlite3_bind_int64(binder->statement, ++binder->n, value);
}

/* SQLite's integers are signed: what is larger is kept as the largest. */
static inline void am_bind_count(AmBinder *binder, uint64_t value)
{
	am_bind_int(binder, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

static inline void am_bind_null(AmBinder *binder)
{
	sqlite3_bind_null(binder->statement, ++binder->n);
}

/* The bytes are borrowed until the statement is stepped. */
static inline void am_bind_blob(AmBinder *binder, const void *bytes, size_t size)
{
	sqlite3_bind_blob(binder->statement, ++binder->n, bytes, (int)size, SQLITE_STATIC);
}

/* NULL is NULL. Borrowed until stepped. */
static inline void am_bind_text(AmBinder *binder, const char *text)
{
	sqlite3_bind_text(binder->statement, ++binder->n, text, -1, SQLITE_STATIC);
}

/* A text in a fixed array, NUL or not at its end. */
static inline void am_bind_array(AmBinder *binder, const char *text, size_t size)
{
	sqlite3_bind_text(binder->statement, ++binder->n, text, (int)strnlen(text, size), SQLITE_STATIC);
}

/* Columns are read one after the other. `damaged` is set by a value that cannot be ours. */
typedef struct {
	sqlite3_stmt *statement;
	int n;
	gboolean damaged;
} AmColumns;

static inline int64_t am_column_int(AmColumns *columns)
{
	return sqlite3_column_int64(columns->statement, columns->n++);
}

/* An integer within limits. */
int64_t am_column_range(AmColumns *columns, int64_t least, int64_t most);
/* Signed sums that came out below zero count as zero. */
static inline uint64_t am_column_count(AmColumns *columns)
{
	int64_t value = am_column_int(columns);
	return value < 0 ? 0 : (uint64_t)value;
}

void am_column_blob(AmColumns *columns, void *ret_bytes, size_t size);
AmAddress am_column_address(AmColumns *columns);
/* Fills a fixed array, cut to fit; NULL gives "". */
void am_column_array(AmColumns *columns, char *ret_text, size_t size);
char *am_column_text(AmColumns *columns); /* g_free(); NULL gives NULL */
/* FALSE and AM_STORE_ERROR_FAILED when a value was damaged. */
gboolean am_columns_check(const AmColumns *columns, const AmDatabase *database, GError **error);
