/* Filter, sort, limit, write: the same for every listing that is computed from the map. Fed by the listings of lists.c
 * and flows.c; it holds one sort key per kept row, never the rows. */
#include "config.h"

#include "listing.h"

#include "text.h"

#include <string.h>

G_DEFINE_QUARK(am - report - error - quark, am_report_error)

gboolean am_format_parse(const char *text, AmFormat *ret_format, GError **error)
{
	static const char *const names[] = {"table", "json", "csv"};
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		if (text != NULL && strcmp(text, names[i]) == 0) {
			*ret_format = (AmFormat)i;
			return TRUE;
		}
	}
	g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION,
		    "--format '%s': not a format; one of: table, json, csv", text != NULL ? text : "");
	return FALSE;
}

gboolean am_listing_sort(const AmColumn *columns, guint n_columns, const char *sort, guint *ret_column,
			 gboolean *ret_descending, GError **error)
{
	gboolean descending = sort[0] == '-';
	g_autoptr(GString) names = g_string_new(NULL);
	for (guint i = 0; i < n_columns; i++) {
		if (columns[i].flags & AM_COLUMN_NO_SORT)
			continue;
		if (strcmp(columns[i].name, sort + descending) == 0) {
			*ret_column = i;
			*ret_descending = descending;
			return TRUE;
		}
		g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", columns[i].name);
	}
	g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION,
		    "--sort '%s': not a column; one of (with a - before it: descending): %s", sort, names->str);
	return FALSE;
}

typedef struct {
	guint row;
	AmCell cell; /* its text is owned */
} SortKey;

static void clear_key(gpointer key)
{
	AmCell *cell = &((SortKey *)key)->cell;
	if (cell->kind == AM_CELL_TEXT)
		g_free((char *)cell->text);
}

/* A cell that outlives its row. Lists are compared by their text. */
static AmCell keep_cell(const AmCell *cell)
{
	AmCell kept = *cell;
	if (cell->kind == AM_CELL_TEXT) {
		kept.text = g_strdup(cell->text);
	} else if (cell->kind == AM_CELL_LIST) {
		GString *text = g_string_new(NULL);
		for (guint i = 0; i < cell->list.n; i++)
			g_string_append_printf(text, "%s ", cell->list.names[i]);
		kept = (AmCell){.kind = AM_CELL_TEXT, .text = g_string_free(text, FALSE)};
	}
	return kept;
}

static int compare_cells(const AmCell *a, const AmCell *b)
{
	if (a->kind != b->kind)
		return (a->kind > b->kind) - (a->kind < b->kind);
	switch (a->kind) {
	case AM_CELL_TEXT:
		return strcmp(a->text, b->text);
	case AM_CELL_NUMBER:
	case AM_CELL_SIZE:
		return (a->number > b->number) - (a->number < b->number);
	case AM_CELL_TIME:
		return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
	case AM_CELL_BOOL:
		return a->yes - b->yes;
	case AM_CELL_ADDRESS:
		return am_address_compare(&a->address, &b->address);
	case AM_CELL_ABSENT:
	case AM_CELL_NULL:
	case AM_CELL_LIST:
	case AM_CELL_COUNTS:
		break;
	}
	return 0;
}

static int compare_keys(const void *a, const void *b, void *descending)
{
	const SortKey *x = a, *y = b;
	int order = compare_cells(&x->cell, &y->cell);
	if (order != 0)
		return *(const gboolean *)descending ? -order : order;
	return (x->row > y->row) - (x->row < y->row);
}

gboolean am_listing_run(const AmListing *listing, const AmListOptions *options, FILE *out, AmListed *ret_listed,
			GError **error)
{
	guint column = 0;
	gboolean descending = FALSE;
	if (options->sort != NULL &&
	    !am_listing_sort(listing->columns, listing->n_columns, options->sort, &column, &descending, error))
		return FALSE;
	g_autofree AmCell *cells = g_new0(AmCell, listing->n_columns);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(SortKey));
	g_array_set_clear_func(keys, clear_key);
	for (guint row = 0; row < listing->n_rows; row++) {
		if (!listing->keep(listing->context, row))
			continue;
		SortKey key = {.row = row};
		if (options->sort != NULL) {
			listing->fill(listing->context, row, cells);
			key.cell = keep_cell(&cells[column]);
		} else if (options->limit > 0 && keys->len >= options->limit) {
			break;
		}
		g_array_append_val(keys, key);
	}
	if (options->sort != NULL)
		g_array_sort_with_data(keys, compare_keys, &descending);
	AmWriter *writer = am_writer_new(options->format, FALSE, listing->columns, listing->n_columns, out);
	AmListed listed = {.there = listing->n_rows};
	for (; listed.listed < keys->len && (options->limit == 0 || listed.listed < options->limit); listed.listed++) {
		listing->fill(listing->context, g_array_index(keys, SortKey, listed.listed).row, cells);
		if (!am_writer_row(writer, cells))
			break;
	}
	if (!am_writer_finish(writer, error))
		return FALSE;
	if (ret_listed != NULL)
		*ret_listed = listed;
	return TRUE;
}

AmCell am_cell_outcomes(const uint64_t outcomes[AM_N_OUTCOMES])
{
#define X(id, name, text) name,
	static const char *const names[AM_N_OUTCOMES] = {AM_OUTCOMES(X)};
#undef X
	return (AmCell){.kind = AM_CELL_COUNTS, .list = {.names = names, .numbers = outcomes, .n = AM_N_OUTCOMES}};
}

void am_cells_service(AmCell *cells, AmServiceCells *storage, uint8_t ip_protocol, uint16_t port)
{
	gboolean icmp = am_service_is_icmp(ip_protocol);
	cells[0] = am_cell_text(am_service_text(ip_protocol, port, storage->service));
	cells[1] = am_cell_text(am_protocol_text(ip_protocol, storage->protocol));
	cells[2] = am_service_has_ports(ip_protocol) ? am_cell_number(port)
						     : (AmCell){.kind = icmp ? AM_CELL_ABSENT : AM_CELL_NULL};
	cells[3] = icmp ? am_cell_number(port >> 8) : (AmCell){.kind = AM_CELL_ABSENT};
	cells[4] = icmp ? am_cell_number(port & 0xff) : (AmCell){.kind = AM_CELL_ABSENT};
}
