/* From rows that can be filled one at a time to a filtered, sorted, limited listing. Private to report/. */
#pragma once

#include "writer.h"

typedef struct {
	const char *what; /* the command's name, for errors */
	const AmColumn *columns;
	guint n_columns;
	guint n_rows;
	gboolean (*keep)(const void *context, guint row);
	/* Fills one cell per column. What the cells borrow must live until the next call. */
	void (*fill)(void *context, guint row, AmCell *cells);
	void *context;
} AmListing;

/* Sorts by `options->sort` (else the rows' own order; ties stay in it) and writes up to `options->limit` rows. */
gboolean am_listing_run(const AmListing *listing, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			GError **error);

/* The column that `sort` ("bytes", "-bytes") names, or an error that lists those that can be sorted by. */
gboolean am_listing_sort(const AmColumn *columns, guint n_columns, const char *sort, guint *ret_column,
			 gboolean *ret_descending, GError **error);

static inline AmCell am_cell_text(const char *text)
{
	return (AmCell){.kind = text != NULL && *text != '\0' ? AM_CELL_TEXT : AM_CELL_NULL, .text = text};
}

static inline AmCell am_cell_number(uint64_t number)
{
	return (AmCell){.kind = AM_CELL_NUMBER, .number = number};
}

static inline AmCell am_cell_size(uint64_t size)
{
	return (AmCell){.kind = AM_CELL_SIZE, .number = size};
}

static inline AmCell am_cell_time(int64_t time_ns)
{
	return (AmCell){.kind = AM_CELL_TIME, .time_ns = time_ns};
}

static inline AmCell am_cell_bool(gboolean yes)
{
	return (AmCell){.kind = AM_CELL_BOOL, .yes = yes};
}

static inline AmCell am_cell_address(const AmAddress *address)
{
	return (AmCell){.kind = AM_CELL_ADDRESS, .address = *address};
}

static inline AmCell am_cell_list(const char *const *names, guint n)
{
	return (AmCell){.kind = AM_CELL_LIST, .list = {.names = names, .n = n}};
}

/* The outcomes as an object: every name, also those with 0. */
AmCell am_cell_outcomes(const uint64_t outcomes[AM_N_OUTCOMES]);

/* What a service is in machine-readable rows: four cells, in the order of AM_SERVICE_COLUMNS, and one for tables. */
#define AM_SERVICE_COLUMNS                                                                                             \
	{"service", AM_COLUMN_TABLE}, {"proto", AM_COLUMN_DATA}, {"port", AM_COLUMN_DATA}, {"type", AM_COLUMN_DATA},   \
	{                                                                                                              \
		"code", AM_COLUMN_DATA                                                                                 \
	}
#define AM_N_SERVICE_COLUMNS 5
typedef struct {
	char service[40], protocol[8];
} AmServiceCells;
void am_cells_service(AmCell *cells, AmServiceCells *storage, uint8_t ip_protocol, uint16_t port);
