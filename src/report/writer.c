/* Rows of cells as a table, as JSON or as CSV. Fed by the listings; it knows nothing of what it writes, escapes all of
 * it, and keeps no more rows than it needs to align a table. */
#include "config.h"

#include "writer.h"

#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TABLE_GAP 2
#define MIN_SHRUNK 10 /* a date */

struct AmWriter {
	AmFormat format;
	gboolean lines;
	const AmColumn *columns;
	guint n_columns;
	FILE *out;
	GString *line;
	guint64 rows;
	gboolean failed;
	int error; /* errno of the failure */
	/* table */
	GPtrArray *kept; /* char **: the measured rows, as text */
	guint *widths;
	gboolean measured;
};

AmWriter *am_writer_new(AmFormat format, gboolean lines, const AmColumn *columns, guint n_columns, FILE *out)
{
	AmWriter *writer = g_new0(AmWriter, 1);
	writer->format = format;
	writer->lines = lines;
	writer->columns = columns;
	writer->n_columns = n_columns;
	writer->out = out;
	writer->line = g_string_sized_new(512);
	writer->kept = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	writer->widths = g_new0(guint, n_columns);
	return writer;
}

void am_writer_free(AmWriter *writer)
{
	if (writer == NULL)
		return;
	g_string_free(writer->line, TRUE);
	g_ptr_array_free(writer->kept, TRUE);
	g_free(writer->widths);
	g_free(writer);
}

/* Writes the line that was put together, and empties it. */
static gboolean put_line(AmWriter *writer)
{
	if (!writer->failed && fwrite(writer->line->str, 1, writer->line->len, writer->out) != writer->line->len) {
		writer->failed = TRUE;
		writer->error = errno;
	}
	g_string_truncate(writer->line, 0);
	return !writer->failed;
}

/* ---- table */

static void append_list(GString *to, const AmCell *cell)
{
	char number[AM_NUMBER_TEXT_SIZE];
	gboolean first = TRUE;
	for (guint i = 0; i < cell->list.n; i++) {
		if (cell->kind == AM_CELL_COUNTS && cell->list.numbers[i] == 0)
			continue;
		if (!first)
			g_string_append_c(to, ' ');
		first = FALSE;
		am_text_append_terminal(to, cell->list.names[i]);
		if (cell->kind == AM_CELL_COUNTS)
			g_string_append_printf(to, "=%s", am_number_text(cell->list.numbers[i], number));
	}
}

static char *cell_for_people(const AmCell *cell, guint flags)
{
	char number[AM_NUMBER_TEXT_SIZE], moment[AM_TIME_TEXT_SIZE], address[AM_ADDRESS_TEXT_SIZE];
	GString *to = g_string_new(NULL);
	switch (cell->kind) {
	case AM_CELL_ABSENT:
	case AM_CELL_NULL:
		break;
	case AM_CELL_TEXT:
		am_text_append_terminal(to, cell->text);
		break;
	case AM_CELL_NUMBER:
		if (flags & AM_COLUMN_NAME)
			am_text_append_number(to, cell->number);
		else
			g_string_append(to, am_number_text(cell->number, number));
		break;
	case AM_CELL_SIZE:
		g_string_append(to, am_size_text(cell->number, number));
		break;
	case AM_CELL_TIME:
		g_string_append(to, am_moment_text(cell->time_ns, moment));
		break;
	case AM_CELL_BOOL:
		g_string_append(to, cell->yes ? "yes" : "no");
		break;
	case AM_CELL_ADDRESS:
		g_string_append(to, am_address_text(&cell->address, address));
		break;
	case AM_CELL_LIST:
	case AM_CELL_COUNTS:
		append_list(to, cell);
		break;
	}
	if (to->len == 0)
		g_string_append_c(to, '-');
	return g_string_free(to, FALSE);
}

static guint terminal_width(FILE *out)
{
	struct winsize size;
	int fd = fileno(out);
	if (fd < 0 || !isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

/* Takes columns from the widest one that may shrink, until the table fits or none can give more. */
static void fit_terminal(AmWriter *writer)
{
	guint limit = terminal_width(writer->out);
	if (limit == 0)
		return;
	guint total = 0;
	for (guint i = 0; i < writer->n_columns; i++)
		total += writer->widths[i] > 0 ? writer->widths[i] + TABLE_GAP : 0;
	while (total > limit + TABLE_GAP) {
		guint *widest = NULL;
		for (guint i = 0; i < writer->n_columns; i++)
			if ((writer->columns[i].flags & AM_COLUMN_SHRINK) && writer->widths[i] > MIN_SHRUNK &&
			    (widest == NULL || writer->widths[i] > *widest))
				widest = &writer->widths[i];
		if (widest == NULL)
			return;
		(*widest)--;
		total--;
	}
}

static void put_table_row(AmWriter *writer, char *const *texts, gboolean fit)
{
	guint pending = 0; /* spaces owed, so that no line ends in them */
	for (guint i = 0; i < writer->n_columns; i++) {
		if (!(writer->columns[i].flags & AM_COLUMN_TABLE))
			continue;
		g_autoptr(GString) text = g_string_new(texts[i]);
		if (fit && (writer->columns[i].flags & AM_COLUMN_SHRINK))
			am_text_cut(text, writer->widths[i]);
		guint width = am_text_width(text->str);
		guint padding = writer->widths[i] > width ? writer->widths[i] - width : 0;
		gboolean right = (writer->columns[i].flags & AM_COLUMN_RIGHT) != 0;
		for (guint n = pending + (right ? padding : 0); n > 0; n--)
			g_string_append_c(writer->line, ' ');
		g_string_append(writer->line, text->str);
		pending = TABLE_GAP + (right ? 0 : padding);
	}
	g_string_append_c(writer->line, '\n');
	put_line(writer);
}

/* Ends the measuring: widths, heading, and the rows kept so far. */
static void start_table(AmWriter *writer)
{
	g_auto(GStrv) heading = g_new0(char *, writer->n_columns + 1);
	for (guint i = 0; i < writer->n_columns; i++) {
		heading[i] = g_ascii_strup(writer->columns[i].name, -1);
		if (writer->columns[i].flags & AM_COLUMN_TABLE)
			writer->widths[i] = MAX(writer->widths[i], am_text_width(heading[i]));
	}
	fit_terminal(writer);
	gboolean fit = terminal_width(writer->out) > 0;
	writer->measured = TRUE;
	put_table_row(writer, heading, fit);
	for (guint i = 0; i < writer->kept->len; i++)
		put_table_row(writer, g_ptr_array_index(writer->kept, i), fit);
	g_ptr_array_set_size(writer->kept, 0);
}

static void table_row(AmWriter *writer, const AmCell *cells)
{
	char **texts = g_new0(char *, writer->n_columns + 1);
	for (guint i = 0; i < writer->n_columns; i++) {
		if (!(writer->columns[i].flags & AM_COLUMN_TABLE)) {
			texts[i] = g_strdup("");
			continue;
		}
		texts[i] = cell_for_people(&cells[i], writer->columns[i].flags);
		if (!writer->measured)
			writer->widths[i] = MAX(writer->widths[i], am_text_width(texts[i]));
	}
	if (!writer->measured) {
		g_ptr_array_add(writer->kept, texts);
		if (writer->kept->len >= AM_WRITER_MEASURED)
			start_table(writer);
		return;
	}
	put_table_row(writer, texts, terminal_width(writer->out) > 0);
	g_strfreev(texts);
}

/* ---- JSON */

static void append_json_list(GString *to, const AmCell *cell)
{
	gboolean counts = cell->kind == AM_CELL_COUNTS;
	g_string_append_c(to, counts ? '{' : '[');
	for (guint i = 0; i < cell->list.n; i++) {
		if (i > 0)
			g_string_append_c(to, ',');
		am_text_append_json(to, cell->list.names[i]);
		if (counts) {
			g_string_append_c(to, ':');
			am_text_append_number(to, cell->list.numbers[i]);
		}
	}
	g_string_append_c(to, counts ? '}' : ']');
}

static void append_json(GString *to, const AmCell *cell)
{
	char moment[AM_TIME_TEXT_SIZE], address[AM_ADDRESS_TEXT_SIZE];
	switch (cell->kind) {
	case AM_CELL_ABSENT:
	case AM_CELL_NULL:
		g_string_append(to, "null");
		break;
	case AM_CELL_TEXT:
		am_text_append_json(to, cell->text);
		break;
	case AM_CELL_NUMBER:
	case AM_CELL_SIZE:
		am_text_append_number(to, cell->number);
		break;
	case AM_CELL_TIME:
		if (cell->time_ns == 0)
			g_string_append(to, "null");
		else
			am_text_append_json(to, am_time_text(cell->time_ns, moment));
		break;
	case AM_CELL_BOOL:
		g_string_append(to, cell->yes ? "true" : "false");
		break;
	case AM_CELL_ADDRESS:
		am_text_append_json(to, am_address_text(&cell->address, address));
		break;
	case AM_CELL_LIST:
	case AM_CELL_COUNTS:
		append_json_list(to, cell);
		break;
	}
}

static void json_row(AmWriter *writer, const AmCell *cells)
{
	if (!writer->lines)
		g_string_append(writer->line, writer->rows == 0 ? "[\n" : ",\n");
	g_string_append_c(writer->line, '{');
	gboolean first = TRUE;
	for (guint i = 0; i < writer->n_columns; i++) {
		if (!(writer->columns[i].flags & AM_COLUMN_JSON) || cells[i].kind == AM_CELL_ABSENT)
			continue;
		if (!first)
			g_string_append_c(writer->line, ',');
		first = FALSE;
		am_text_append_json(writer->line, writer->columns[i].name);
		g_string_append_c(writer->line, ':');
		append_json(writer->line, &cells[i]);
	}
	g_string_append(writer->line, writer->lines ? "}\n" : "}");
	put_line(writer);
}

/* ---- CSV */

static void append_csv(GString *to, const AmCell *cell)
{
	char moment[AM_TIME_TEXT_SIZE], address[AM_ADDRESS_TEXT_SIZE];
	switch (cell->kind) {
	case AM_CELL_ABSENT:
	case AM_CELL_NULL:
		break;
	case AM_CELL_TEXT:
		am_text_append_csv(to, cell->text);
		break;
	case AM_CELL_NUMBER:
	case AM_CELL_SIZE:
		am_text_append_number(to, cell->number);
		break;
	case AM_CELL_TIME:
		if (cell->time_ns != 0)
			g_string_append(to, am_time_text(cell->time_ns, moment));
		break;
	case AM_CELL_BOOL:
		g_string_append(to, cell->yes ? "true" : "false");
		break;
	case AM_CELL_ADDRESS:
		am_text_append_csv(to, am_address_text(&cell->address, address));
		break;
	case AM_CELL_LIST:
	case AM_CELL_COUNTS: {
		g_autoptr(GString) list = g_string_new(NULL);
		for (guint i = 0; i < cell->list.n; i++) {
			if (cell->kind == AM_CELL_COUNTS && cell->list.numbers[i] == 0)
				continue;
			g_string_append_printf(list, "%s%s", list->len > 0 ? " " : "", cell->list.names[i]);
			if (cell->kind == AM_CELL_COUNTS)
				g_string_append_printf(list, "=%" G_GUINT64_FORMAT, cell->list.numbers[i]);
		}
		am_text_append_csv(to, list->str);
		break;
	}
	}
}

static void csv_heading(AmWriter *writer)
{
	gboolean first = TRUE;
	for (guint i = 0; i < writer->n_columns; i++) {
		if (!(writer->columns[i].flags & AM_COLUMN_CSV))
			continue;
		g_string_append_printf(writer->line, "%s%s", first ? "" : ",", writer->columns[i].name);
		first = FALSE;
	}
	g_string_append_c(writer->line, '\n');
	put_line(writer);
}

static void csv_row(AmWriter *writer, const AmCell *cells)
{
	if (writer->rows == 0)
		csv_heading(writer);
	gboolean first = TRUE;
	for (guint i = 0; i < writer->n_columns; i++) {
		if (!(writer->columns[i].flags & AM_COLUMN_CSV))
			continue;
		if (!first)
			g_string_append_c(writer->line, ',');
		first = FALSE;
		append_csv(writer->line, &cells[i]);
	}
	g_string_append_c(writer->line, '\n');
	put_line(writer);
}

/* ---- all formats */

gboolean am_writer_row(AmWriter *writer, const AmCell *cells)
{
	switch (writer->format) {
	case AM_FORMAT_TABLE:
		table_row(writer, cells);
		break;
	case AM_FORMAT_JSON:
		json_row(writer, cells);
		break;
	case AM_FORMAT_CSV:
		csv_row(writer, cells);
		break;
	}
	writer->rows++;
	return !writer->failed;
}

static gboolean write_error(int error, GError **ret_error)
{
	g_set_error(ret_error, AM_REPORT_ERROR, AM_REPORT_ERROR_WRITE, "could not write the listing: %s",
		    g_strerror(error));
	return FALSE;
}

gboolean am_write_flush(FILE *out, GError **error)
{
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return write_error(errno != 0 ? errno : EIO, error);
	return TRUE;
}

gboolean am_writer_finish(AmWriter *writer, GError **error)
{
	g_autoptr(AmWriter) owned = writer;
	if (owned->format == AM_FORMAT_TABLE && !owned->measured)
		start_table(owned);
	if (owned->format == AM_FORMAT_CSV && owned->rows == 0)
		csv_heading(owned);
	if (owned->format == AM_FORMAT_JSON && !owned->lines) {
		g_string_append(owned->line, owned->rows == 0 ? "[]\n" : "\n]\n");
		put_line(owned);
	}
	if (owned->failed)
		return write_error(owned->error, error);
	return am_write_flush(owned->out, error);
}
