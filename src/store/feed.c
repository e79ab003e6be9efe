/* A virtual table over an array of structs: https://www.sqlite.org/vtab.html, "eponymous-only". */
#include "config.h"

#include "feed.h"

#define MAX_ROWS 256

struct AmFeed {
	AmDatabase *database;
	const AmFeedKind *kind;
	guint8 *rows;
	guint n;
	GStringChunk *texts;
};

typedef struct {
	sqlite3_vtab base;
	const AmFeed *feed;
} Table;

typedef struct {
	sqlite3_vtab_cursor base;
	guint at;
} Cursor;

/* ---- What SQLite asks of a table */

static int table_connect(sqlite3 *sqlite, void *data, int argc, const char *const *argv, sqlite3_vtab **ret_table,
			 char **ret_error)
{
	(void)argc, (void)argv, (void)ret_error;
	const AmFeed *feed = data;
	g_autoptr(GString) columns = g_string_new(NULL);
	for (guint n = 0; n < feed->kind->n_columns; n++)
		g_string_append_printf(columns, "%s%s", n == 0 ? "" : ", ", feed->kind->columns[n].name);
	const char *sql = am_embedded("sql/feed.sql", NULL), *place = strrchr(sql, '$');
	g_autofree char *declaration = g_strdup_printf("%.*s%s%s", (int)(place - sql), sql, columns->str, place + 1);
	int code = sqlite3_declare_vtab(sqlite, declaration);
	if (code != SQLITE_OK)
		return code;
	Table *table = sqlite3_malloc(sizeof *table);
	if (table == NULL)
		return SQLITE_NOMEM;
	*table = (Table){.feed = feed};
	*ret_table = &table->base;
	return sqlite3_vtab_config(sqlite, SQLITE_VTAB_DIRECTONLY);
}

static int table_disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

/* There is one way to read it: from the first row to the last. */
static int table_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = MAX_ROWS;
	info->estimatedRows = MAX_ROWS;
	return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret_cursor)
{
	(void)table;
	Cursor *cursor = sqlite3_malloc(sizeof *cursor);
	if (cursor == NULL)
		return SQLITE_NOMEM;
	*cursor = (Cursor){.at = 0};
	*ret_cursor = &cursor->base;
	return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *cursor)
{
	sqlite3_free(cursor);
	return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *cursor, int index, const char *name, int argc, sqlite3_value **argv)
{
	(void)index, (void)name, (void)argc, (void)argv;
	((Cursor *)cursor)->at = 0;
	return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *cursor)
{
	((Cursor *)cursor)->at++;
	return SQLITE_OK;
}

static int cursor_eof(sqlite3_vtab_cursor *cursor)
{
	return ((Cursor *)cursor)->at >= ((const Table *)cursor->pVtab)->feed->n;
}

static int cursor_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret_rowid)
{
	*ret_rowid = ((Cursor *)cursor)->at;
	return SQLITE_OK;
}

static gboolean is_zero(const guint8 *bytes, size_t size)
{
	for (size_t n = 0; n < size; n++) {
		if (bytes[n] != 0)
			return FALSE;
	}
	return TRUE;
}

/* The value lies in the row, which stays until the statement is done. Read by memcpy: no field needs to be aligned. */
#define GIVE(Type)                                                                                                     \
	do {                                                                                                           \
		Type value;                                                                                            \
		memcpy(&value, at, sizeof value);                                                                      \
		sqlite3_result_int64(context, (sqlite3_int64)value);                                                   \
	} while (0)

static void give_text(sqlite3_context *context, const char *text, size_t size, gboolean null)
{
	size_t length = strnlen(text, size);
	if (length == 0 && null)
		sqlite3_result_null(context);
	else
		sqlite3_result_text(context, text, (int)length, SQLITE_STATIC);
}

static int cursor_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int n)
{
	const AmFeed *feed = ((const Table *)cursor->pVtab)->feed;
	const AmFeedColumn *column = &feed->kind->columns[n];
	const guint8 *at = feed->rows + ((Cursor *)cursor)->at * feed->kind->row_size + column->offset;
	int64_t number;
	uint64_t count;
	const char *text;
	switch (column->type) {
	case AM_FEED_U8:
		GIVE(uint8_t);
		break;
	case AM_FEED_U16:
		GIVE(uint16_t);
		break;
	case AM_FEED_U32:
		GIVE(uint32_t);
		break;
	case AM_FEED_I32:
		GIVE(int32_t);
		break;
	case AM_FEED_I64:
		GIVE(int64_t);
		break;
	case AM_FEED_BITS:
		GIVE(uint64_t);
		break;
	case AM_FEED_COUNT:
		memcpy(&count, at, sizeof count);
		sqlite3_result_int64(context, count > INT64_MAX ? INT64_MAX : (int64_t)count);
		break;
	case AM_FEED_OPTIONAL:
		memcpy(&number, at, sizeof number);
		if (number < 0)
			sqlite3_result_null(context);
		else
			sqlite3_result_int64(context, number);
		break;
	case AM_FEED_BLOB:
		sqlite3_result_blob(context, at, (int)column->size, SQLITE_STATIC);
		break;
	case AM_FEED_OPTIONAL_BLOB:
		if (is_zero(at, column->size))
			sqlite3_result_null(context);
		else
			sqlite3_result_blob(context, at, (int)column->size, SQLITE_STATIC);
		break;
	case AM_FEED_ARRAY:
	case AM_FEED_OPTIONAL_ARRAY:
		give_text(context, (const char *)at, column->size, column->type == AM_FEED_OPTIONAL_ARRAY);
		break;
	case AM_FEED_TEXT:
		memcpy(&text, at, sizeof text);
		sqlite3_result_text(context, text, -1, SQLITE_STATIC); /* NULL is NULL */
		break;
	}
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.xConnect = table_connect,
	.xBestIndex = table_best_index,
	.xDisconnect = table_disconnect,
	.xOpen = cursor_open,
	.xClose = cursor_close,
	.xFilter = cursor_filter,
	.xNext = cursor_next,
	.xEof = cursor_eof,
	.xColumn = cursor_column,
	.xRowid = cursor_rowid,
};

/* ---- The feed */

AmFeed *am_feed_new(AmDatabase *database, const AmFeedKind *kind, GError **error)
{
	AmFeed *feed = g_new(AmFeed, 1);
	*feed = (AmFeed){.database = database,
			 .kind = kind,
			 .rows = g_malloc_n(MAX_ROWS, kind->row_size),
			 .texts = g_string_chunk_new(4096)};
	int code = sqlite3_create_module(database->sqlite, kind->table, &module, feed);
	if (code == SQLITE_OK)
		return feed;
	am_database_set_error(database, code, error);
	am_feed_free(feed);
	return NULL;
}

void am_feed_free(AmFeed *feed)
{
	if (feed == NULL)
		return;
	g_string_chunk_free(feed->texts);
	g_free(feed->rows);
	g_free(feed);
}

void *am_feed_add(AmFeed *feed, GError **error)
{
	if (feed->n == MAX_ROWS && !am_feed_flush(feed, error))
		return NULL;
	void *row = feed->rows + feed->n++ * feed->kind->row_size;
	memset(row, 0, feed->kind->row_size);
	return row;
}

const char *am_feed_text(AmFeed *feed, const char *text)
{
	return text != NULL ? g_string_chunk_insert(feed->texts, text) : NULL;
}

gboolean am_feed_flush(AmFeed *feed, GError **error)
{
	if (feed->n == 0)
		return TRUE;
	sqlite3_stmt *statement = am_database_statement(feed->database, feed->kind->query, error);
	gboolean ok = statement != NULL && am_database_execute(feed->database, statement, error);
	am_feed_clear(feed);
	return ok;
}

void am_feed_clear(AmFeed *feed)
{
	if (feed == NULL)
		return;
	feed->n = 0;
	g_string_chunk_clear(feed->texts);
}

guint am_feed_n(const AmFeed *feed)
{
	return feed->n;
}

const void *am_feed_row(const AmFeed *feed, guint n)
{
	return feed->rows + n * feed->kind->row_size;
}
