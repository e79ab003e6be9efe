/* One interface for every listing, whatever the format: columns once, then rows of typed cells. Private to report/.
 *
 * in: a table of columns, then one array of cells per row, in the columns' order. out: text on `out`.
 *   table  aligned, numbers to the right, sizes and times for people; fits the width when `out` is a terminal, never
 * cut in a pipe. The widths come from the first AM_WRITER_MEASURED rows; the later ones are written as they come. JSON
 * an array of objects, or one object per line; raw numbers, RFC 3339 times; always valid UTF-8 and ASCII-safe for what
 * a terminal would obey. CSV    RFC 4180 with LF line ends; a ' before a cell that a spreadsheet would run (= + - @ and
 * tab). Memory: the measured rows of a table, else one row. Not for several threads at once. */
#pragma once

#include "allowmap/report.h"

#define AM_WRITER_MEASURED 2000

typedef enum {
	AM_CELL_ABSENT, /* JSON: the key is left out */
	AM_CELL_NULL,
	AM_CELL_TEXT,
	AM_CELL_NUMBER,
	AM_CELL_SIZE, /* octets */
	AM_CELL_TIME, /* 0 = none */
	AM_CELL_BOOL,
	AM_CELL_ADDRESS,
	AM_CELL_LIST,   /* of text */
	AM_CELL_COUNTS, /* names with numbers */
} AmCellKind;

/* `text`, `items` and `names` are borrowed until the row is written. */
typedef struct {
	AmCellKind kind;
	union {
		const char *text;
		uint64_t number;
		int64_t time_ns;
		gboolean yes;
		AmAddress address;
		struct {
			const char *const *names;
			const uint64_t *numbers; /* of AM_CELL_COUNTS */
			guint n;
		} list;
	};
} AmCell;

enum {
	AM_COLUMN_TABLE = 1 << 0,
	AM_COLUMN_JSON = 1 << 1,
	AM_COLUMN_CSV = 1 << 2,
	AM_COLUMN_DATA = AM_COLUMN_JSON | AM_COLUMN_CSV,
	AM_COLUMN_ALL = AM_COLUMN_TABLE | AM_COLUMN_DATA,
	AM_COLUMN_RIGHT = 1 << 3,  /* numbers */
	AM_COLUMN_SHRINK = 1 << 4, /* may be cut to fit a terminal */
	AM_COLUMN_NO_SORT = 1 << 5,
	AM_COLUMN_NAME = 1 << 6, /* a number that counts nothing, such as a port: no thousands separators */
};

typedef struct {
	const char *name; /* JSON key, CSV heading, the word for --sort; the table's heading too */
	guint flags;
} AmColumn;

typedef struct AmWriter AmWriter;

/* `columns` is borrowed for the writer's life. `lines`: JSON as one object per line instead of an array. */
AmWriter *am_writer_new(AmFormat format, gboolean lines, const AmColumn *columns, guint n_columns, FILE *out);
/* FALSE = the output takes no more (a closed pipe, a full disk): stop; am_writer_finish() says why. */
gboolean am_writer_row(AmWriter *writer, const AmCell *cells);
/* Writes what is left, and frees. Errors: AM_REPORT_ERROR_WRITE. */
gboolean am_writer_finish(AmWriter *writer, GError **error);
/* Frees without writing. */
void am_writer_free(AmWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmWriter, am_writer_free)

/* Fails with AM_REPORT_ERROR_WRITE when `out` does not take what was written to it. */
gboolean am_write_flush(FILE *out, GError **error);
