/* One SQLite file of ours: why it is opened in one place is that every check is then made for both of them: it exists, it
 * is ours, it is not newer than this program, nobody else can read it, and an older one is brought up to date, a
 * migration at a time, each in one transaction with its number.
 *
 * Fed by facts*.c and decisions.c. Knows nothing of what the tables hold: all SQL but PRAGMA and transactions is in
 * files under sql/.
 */
#include "config.h"

#include "database.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(am - store - error - quark, am_store_error)

/* How long a short transaction of someone else is waited for. */
#define BUSY_MS 10000

/* Facts: write-ahead log, because readers go on reading while a run is written, for hours. NORMAL: power loss takes the
 * last commits, never the database; the end of a run is made durable by facts.c. Decisions: rare, short, and must not be
 * lost: the plain journal, which leaves no file beside it. */
const AmDatabaseKind am_database_facts = {
	.name = "facts",
	.application_id = 0x414d6661,
	.how_made = "no database at @; make one with: allowmap ingest --db @ CAPTURE...",
	.journal = "PRAGMA journal_mode = WAL",
	.synchronous = "PRAGMA synchronous = NORMAL",
};
const AmDatabaseKind am_database_decisions = {
	.name = "decisions",
	.application_id = 0x414d6465,
	.how_made = "no decisions at @; they are made with the first decision: allowmap verdict set",
	.journal = "PRAGMA journal_mode = DELETE",
	.synchronous = "PRAGMA synchronous = EXTRA",
};

/* ---- Errors */

/* A limit on the size of files (ulimit -f) is room that is short, too. */
static gboolean is_full(int reason)
{
	return reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
}

/* Whether the last failed operation on one of the files failed for want of room. sqlite3_system_errno() is no help: it
 * has what errno was after the rollback. */
static gboolean lacks_room(AmDatabase *database)
{
	int of_main = 0, of_journal = 0;
	sqlite3_file *journal = NULL; /* or the write-ahead log */
	(void)sqlite3_file_control(database->sqlite, "main", SQLITE_FCNTL_LAST_ERRNO, &of_main);
	(void)sqlite3_file_control(database->sqlite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal);
	if (journal != NULL && journal->pMethods != NULL)
		(void)journal->pMethods->xFileControl(journal, SQLITE_FCNTL_LAST_ERRNO, &of_journal);
	return is_full(of_main) || is_full(of_journal) || is_full(sqlite3_system_errno(database->sqlite));
}

static AmStoreError code_of(AmDatabase *database, int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return AM_STORE_ERROR_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return AM_STORE_ERROR_BUSY;
	case SQLITE_NOTADB:
		return AM_STORE_ERROR_FOREIGN;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return lacks_room(database) ? AM_STORE_ERROR_FULL : AM_STORE_ERROR_FAILED;
	default:
		return AM_STORE_ERROR_FAILED;
	}
}

void am_database_set_error(AmDatabase *database, int code, GError **error)
{
	const char *path = database->path;
	AmStoreError ours = code_of(database, code);
	switch (ours) {
	case AM_STORE_ERROR_FULL:
		g_set_error(error, AM_STORE_ERROR, ours,
			    "%s: the disk is full; what was committed before is sound; make room and run it again",
			    path);
		break;
	case AM_STORE_ERROR_BUSY:
		g_set_error(error, AM_STORE_ERROR, ours, "%s is in use by another process; try again when it is done",
			    path);
		break;
	case AM_STORE_ERROR_FOREIGN:
		g_set_error(error, AM_STORE_ERROR, ours, "%s is not a database of allowmap", path);
		break;
	default:
		g_set_error(error, AM_STORE_ERROR, ours, "%s: %s", path, sqlite3_errmsg(database->sqlite));
	}
}

/* ---- Statements */

gboolean am_database_run(AmDatabase *database, const char *sql, GError **error)
{
	int code = sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL);
	if (code != SQLITE_OK)
		am_database_set_error(database, code, error);
	return code == SQLITE_OK;
}

void am_database_roll_back(AmDatabase *database)
{
	GHashTableIter at;
	gpointer statement;
	g_hash_table_iter_init(&at, database->statements);
	while (g_hash_table_iter_next(&at, NULL, &statement))
		sqlite3_reset(statement);
	/* A failure has nothing to tell: SQLite rolls back by itself when the connection closes. */
	if (!sqlite3_get_autocommit(database->sqlite))
		(void)sqlite3_exec(database->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

gboolean am_database_pragma(AmDatabase *database, const char *name, int64_t *ret_value, GError **error)
{
	g_autofree char *sql = g_strdup_printf("PRAGMA %s", name);
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(database->sqlite, sql, -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*ret_value = sqlite3_column_int64(statement, 0);
	else
		am_database_set_error(database, code, error);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW;
}

gboolean am_database_cut_log(AmDatabase *database, gboolean *ret_held, GError **error)
{
	int64_t busy = 0;
	sqlite3_busy_timeout(database->sqlite, 0);
	gboolean ok = am_database_pragma(database, "wal_checkpoint(TRUNCATE)", &busy, error);
	sqlite3_busy_timeout(database->sqlite, BUSY_MS);
	if (ok)
		*ret_held = busy != 0;
	return ok;
}

sqlite3_stmt *am_database_statement(AmDatabase *database, const char *name, GError **error)
{
	sqlite3_stmt *statement = g_hash_table_lookup(database->statements, name);
	if (statement != NULL) {
		sqlite3_reset(statement);
		sqlite3_clear_bindings(statement);
		return statement;
	}
	g_autofree char *path = g_strdup_printf("sql/queries/%s.sql", name);
	size_t size;
	const char *sql = am_embedded(path, &size);
	g_return_val_if_fail(sql != NULL, NULL);
	int code = sqlite3_prepare_v3(database->sqlite, sql, (int)size, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
	if (code != SQLITE_OK) {
		am_database_set_error(database, code, error);
		return NULL;
	}
	g_hash_table_insert(database->statements, g_strdup(name), statement);
	return statement;
}

int am_database_step(AmDatabase *database, sqlite3_stmt *statement, GError **error)
{
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		return code;
	if (code != SQLITE_DONE)
		am_database_set_error(database, code, error);
	sqlite3_reset(statement);
	return code == SQLITE_DONE ? code : SQLITE_ERROR;
}

gboolean am_database_execute(AmDatabase *database, sqlite3_stmt *statement, GError **error)
{
	return am_database_step(database, statement, error) == SQLITE_DONE;
}

/* ---- Columns */

int64_t am_column_range(AmColumns *columns, int64_t least, int64_t most)
{
	int64_t value = am_column_int(columns);
	if (value >= least && value <= most)
		return value;
	columns->damaged = TRUE;
	return least;
}

void am_column_blob(AmColumns *columns, void *ret_bytes, size_t size)
{
	const void *bytes = sqlite3_column_blob(columns->statement, columns->n);
	if (bytes != NULL && (size_t)sqlite3_column_bytes(columns->statement, columns->n) == size)
		memcpy(ret_bytes, bytes, size);
	else
		columns->damaged = TRUE;
	columns->n++;
}

AmAddress am_column_address(AmColumns *columns)
{
	AmAddress address = {0};
	am_column_blob(columns, &address, sizeof address);
	if (address.family != 0 && address.family != 4 && address.family != 6)
		columns->damaged = TRUE;
	return address;
}

void am_column_array(AmColumns *columns, char *ret_text, size_t size)
{
	const unsigned char *text = sqlite3_column_text(columns->statement, columns->n++);
	g_strlcpy(ret_text, text != NULL ? (const char *)text : "", size);
}

char *am_column_text(AmColumns *columns)
{
	return g_strdup((const char *)sqlite3_column_text(columns->statement, columns->n++));
}

gboolean am_columns_check(const AmColumns *columns, const AmDatabase *database, GError **error)
{
	if (columns->damaged)
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED,
			    "%s is damaged: it holds a value that allowmap never writes; restore it or make a new one",
			    database->path);
	return !columns->damaged;
}

/* ---- Migrations */

/* "sql/migrations/012-facts-what.sql" is number 12 of kind "facts"; 0 when it is another kind's. */
static int64_t migration_number(const AmDatabaseKind *kind, const char *path)
{
	char *rest;
	guint64 number = g_ascii_strtoull(path + strlen("sql/migrations/"), &rest, 10);
	if (*rest != '-' || !g_str_has_prefix(rest + 1, kind->name))
		return 0;
	char after = rest[1 + strlen(kind->name)];
	return after == '-' || after == '.' ? (int64_t)number : 0;
}

static int64_t newest_number(const AmDatabaseKind *kind)
{
	int64_t newest = 0;
	const char *path;
	for (guint n = 0; (path = am_embedded_path("sql/migrations/", n)) != NULL; n++)
		newest = MAX(newest, migration_number(kind, path));
	return newest;
}

static gboolean run_migration(AmDatabase *database, const char *path, int64_t number, GError **error)
{
	int64_t now = 0;
	if (am_database_run(database, "BEGIN IMMEDIATE", error) &&
	    am_database_run(database, am_embedded(path, NULL), error) &&
	    am_database_pragma(database, "user_version", &now, error) && now == number &&
	    am_database_run(database, "COMMIT", error))
		return TRUE;
	if (error != NULL && *error == NULL)
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED, "%s leads to version %" G_GINT64_FORMAT, path,
			    now);
	am_database_roll_back(database);
	if (database->is_new)
		g_prefix_error(error, "cannot make the database: ");
	else
		g_prefix_error(error, "cannot bring the database up to date (%s), it is left as it was: ", path);
	return FALSE;
}

/* From `version` to the newest, without a gap. */
static gboolean migrate(AmDatabase *database, int64_t version, GError **error)
{
	const char *path;
	for (guint n = 0; (path = am_embedded_path("sql/migrations/", n)) != NULL; n++) {
		int64_t number = migration_number(database->kind, path);
		if (number <= version)
			continue;
		if (number != version + 1) {
			g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED,
				    "%s: this program has no migration from version %" G_GINT64_FORMAT, database->path,
				    version);
			return FALSE;
		}
		if (!run_migration(database, path, number, error))
			return FALSE;
		version = number;
	}
	return TRUE;
}

/* ---- Opening */

/* Only its owner may read it, whatever the umask. `ret_made`: it was not there before. */
static gboolean make_file(const char *path, gboolean *ret_made, GError **error)
{
	*ret_made = FALSE;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return TRUE;
	gboolean ok = fd >= 0 && fchmod(fd, 0600) == 0;
	int reason = errno;
	if (fd >= 0)
		close(fd);
	if (ok)
		*ret_made = TRUE;
	else
		g_set_error(error, AM_STORE_ERROR, is_full(reason) ? AM_STORE_ERROR_FULL : AM_STORE_ERROR_FAILED,
			    "cannot create the database %s: %s", path, g_strerror(reason));
	return ok;
}

static gboolean check_file(const char *path, const AmDatabaseKind *kind, GError **error)
{
	struct stat about;
	if (stat(path, &about) != 0 && errno != ENOENT) {
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED, "cannot open %s: %s", path,
			    g_strerror(errno));
		return FALSE;
	}
	if (access(path, F_OK) != 0) {
		g_auto(GStrv) around = g_strsplit(kind->how_made, "@", -1);
		g_autofree char *message = g_strjoinv(path, around);
		g_set_error_literal(error, AM_STORE_ERROR, AM_STORE_ERROR_MISSING, message);
		return FALSE;
	}
	if (!S_ISREG(about.st_mode)) {
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FOREIGN, "%s is not a file", path);
		return FALSE;
	}
	if (access(path, R_OK) != 0) {
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED, "cannot read %s: %s", path,
			    g_strerror(errno));
		return FALSE;
	}
	return TRUE;
}

/* Never by a relative path or an odd name, which SQLite takes for something else. A reader asks for write access too, so
 * that the last one to close a write-ahead log can clear it away; SQLite falls back when it has none. Where not even the
 * log's index can be made, the folder is read-only, nobody writes, and the file is taken as immutable. */
static int open_sqlite(AmDatabase *database)
{
	g_autofree char *absolute = g_canonicalize_filename(database->path, NULL);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int code = sqlite3_open_v2(absolute, &database->sqlite, flags, NULL);
	if (code != SQLITE_OK)
		return code;
	sqlite3_extended_result_codes(database->sqlite, 1);
	sqlite3_busy_timeout(database->sqlite, BUSY_MS);
	g_autofree char *folder = g_path_get_dirname(absolute);
	g_autofree char *log = g_strconcat(absolute, "-wal", NULL);
	if (access(folder, W_OK) == 0 || access(log, F_OK) == 0)
		return SQLITE_OK;
	g_autofree char *escaped = g_uri_escape_string(absolute, "/", TRUE);
	g_autofree char *uri = g_strconcat("file:", escaped, "?immutable=1", NULL);
	sqlite3_close(database->sqlite);
	return sqlite3_open_v2(uri, &database->sqlite, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
			       NULL);
}

static gboolean check_version(AmDatabase *database, AmDatabaseMode mode, int64_t *ret_version, GError **error)
{
	int64_t application, version, schema, newest = newest_number(database->kind);
	if (!am_database_pragma(database, "application_id", &application, error) ||
	    !am_database_pragma(database, "user_version", &version, error) ||
	    !am_database_pragma(database, "schema_version", &schema, error))
		return FALSE;
	*ret_version = version;
	if (application == 0 && version == 0 && schema == 0 && mode != AM_DATABASE_READ)
		return TRUE;
	if (application != database->kind->application_id) {
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FOREIGN, "%s is not allowmap's %s database%s",
			    database->path, database->kind->name, schema == 0 ? ": it is empty" : "");
		return FALSE;
	}
	if (version > newest) {
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_NEWER,
			    "%s was written by a newer allowmap (version %" G_GINT64_FORMAT
			    " of the database, this program knows %" G_GINT64_FORMAT "); use that one",
			    database->path, version, newest);
		return FALSE;
	}
	if (version < newest && mode == AM_DATABASE_READ) {
		g_set_error(
			error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED,
			"%s was written by an older allowmap; the next command that writes to it brings it up to date",
			database->path);
		return FALSE;
	}
	return TRUE;
}

/* A page holds some twenty connections; the cache is bounded; a file from elsewhere may hold no trap in its schema. */
static gboolean set_up(AmDatabase *database, AmDatabaseMode mode, GError **error)
{
	int64_t version;
	if (!am_database_run(database,
			     "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = OFF;"
			     "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768",
			     error) ||
	    !check_version(database, mode, &version, error))
		return FALSE;
	if (mode == AM_DATABASE_READ)
		return am_database_run(database, "PRAGMA query_only = ON", error);
	return am_database_run(database, "PRAGMA page_size = 8192", error) &&
	       am_database_run(database, database->kind->journal, error) &&
	       am_database_run(database, database->kind->synchronous, error) && migrate(database, version, error);
}

AmDatabase *am_database_open(const char *path, const AmDatabaseKind *kind, AmDatabaseMode mode, GError **error)
{
	gboolean made = FALSE;
	if ((mode == AM_DATABASE_CREATE && !make_file(path, &made, error)) || !check_file(path, kind, error))
		return NULL;
	g_autoptr(AmDatabase) database = g_new0(AmDatabase, 1);
	database->path = g_strdup(path);
	database->kind = kind;
	database->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						     (GDestroyNotify)(void (*)(void))sqlite3_finalize);
	int code = open_sqlite(database);
	if (code != SQLITE_OK)
		am_database_set_error(database, code, error);
	database->is_new = made;
	if (code == SQLITE_OK && set_up(database, mode, error))
		return g_steal_pointer(&database);
	if (made)
		am_database_remove(g_steal_pointer(&database)); /* nothing is in it: the error that matters is set */
	return NULL;
}

void am_database_remove(AmDatabase *database)
{
	static const char *const suffixes[] = {"-wal", "-shm", "-journal", ""};
	g_autofree char *path = g_strdup(database->path);
	am_database_free(database);
	for (guint n = 0; n < G_N_ELEMENTS(suffixes); n++) {
		g_autofree char *file = g_strconcat(path, suffixes[n], NULL);
		(void)unlink(file);
	}
}

void am_database_free(AmDatabase *database)
{
	if (database == NULL)
		return;
	if (database->sqlite != NULL)
		am_database_roll_back(database);
	g_hash_table_unref(database->statements);
	sqlite3_close(database->sqlite);
	g_free(database->path);
	g_free(database);
}
