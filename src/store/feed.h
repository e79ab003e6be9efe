/* Rows that wait in memory and reach the database many at a time. Private to store/.
 *
 * A statement a row costs more than the row: binding each value, opening the table, finding the place anew. A feed is a table
 * of SQL that can only be read, whose rows are structs in memory: INSERT ... SELECT takes them all in one statement.
 */
#pragma once

#include "database.h"

typedef enum {
	AM_FEED_U8,
	AM_FEED_U16,
	AM_FEED_U32,
	AM_FEED_I32,
	AM_FEED_I64,
	AM_FEED_COUNT,          /* uint64_t; what is larger than SQLite's integers is the largest of them */
	AM_FEED_BITS,           /* uint64_t, as its bits */
	AM_FEED_OPTIONAL,       /* int64_t; below zero is NULL */
	AM_FEED_BLOB,           /* `size` octets */
	AM_FEED_OPTIONAL_BLOB,  /* all zero is NULL */
	AM_FEED_ARRAY,          /* a text in `size` octets, NUL or not at its end */
	AM_FEED_OPTIONAL_ARRAY, /* empty is NULL */
	AM_FEED_TEXT            /* const char *; NULL is NULL */
} AmFeedType;

typedef struct {
	const char *name;
	AmFeedType type;
	size_t offset, size;
} AmFeedColumn;
#define AM_FEED_FIELD(column, type, row, field)                                                                        \
	{                                                                                                              \
		column, type, offsetof(row, field), sizeof(((row *)NULL)->field)                                       \
	}

typedef struct {
	const char *table; /* its name in SQL */
	const char *query; /* sql/queries/QUERY.sql, which takes the rows */
	const AmFeedColumn *columns;
	guint n_columns;
	size_t row_size;
} AmFeedKind;

typedef struct AmFeed AmFeed;

/* Outlives the database: its statements know it. Set an error and give NULL when SQLite does not take it. */
AmFeed *am_feed_new(AmDatabase *database, const AmFeedKind *kind, GError **error);
void am_feed_free(AmFeed *feed);

/* Room for one more row, without values; when there is none left, those that wait are written first. NULL: they could not
 * be, and the transaction is lost. Lent until the next call. */
void *am_feed_add(AmFeed *feed, GError **error);
/* A copy of the text, for the row that was added last. */
const char *am_feed_text(AmFeed *feed, const char *text);
/* Writes what waits. */
gboolean am_feed_flush(AmFeed *feed, GError **error);
/* Forgets what waits. NULL is nothing. */
void am_feed_clear(AmFeed *feed);
/* The rows that wait, the oldest first. */
guint am_feed_n(const AmFeed *feed);
const void *am_feed_row(const AmFeed *feed, guint n);
