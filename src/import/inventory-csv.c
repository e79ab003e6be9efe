/* Inventories as CSV, as spreadsheets and asset databases write it: RFC 4180, or with ";" or a tab between the fields, the
 * first line names the columns. A column that may hold several addresses or groups has them apart by blanks, "," or ";".
 *
 * A line is an entry of its own; one with the wrong number of fields is left out, and what comes after it is read on. */
#include "config.h"

#include "csv-field.h"
#include "inventory.h"

#include <string.h>

#define MAX_COLUMNS 256

typedef struct {
	const char *at, *end;
	char separator;
	GPtrArray *fields; /* char * */
} Table;

/* FALSE: quotes are wrong; the rest of that line is passed over. */
static gboolean read_row(Table *table)
{
	g_autoptr(GString) field = g_string_new(NULL);
	g_ptr_array_set_size(table->fields, 0);
	for (;;) {
		if (!am_csv_field(&table->at, table->end, table->separator, field))
			break;
		if (strlen(field->str) != field->len || table->fields->len == MAX_COLUMNS)
			break;
		g_ptr_array_add(table->fields, g_strdup(field->str));
		if (table->at < table->end && *table->at == table->separator) {
			table->at++;
			continue;
		}
		if (am_csv_line_end(&table->at, table->end))
			return TRUE;
		break;
	}
	const char *next = memchr(table->at, '\n', (size_t)(table->end - table->at));
	table->at = next != NULL ? next + 1 : table->end;
	return FALSE;
}

/* What is most often between the names of the first line. */
static char find_separator(const char *text, size_t size)
{
	static const char candidates[] = {',', ';', '\t'};
	char best = ',';
	guint most = 0;
	const char *end = memchr(text, '\n', size);
	size = end != NULL ? (size_t)(end - text) : size;
	for (guint c = 0; c < G_N_ELEMENTS(candidates); c++) {
		guint n = 0;
		for (size_t i = 0; i < size; i++)
			n += text[i] == candidates[c];
		if (n > most) {
			most = n;
			best = candidates[c];
		}
	}
	return best;
}

static Table table_new(const char *text, size_t size)
{
	return (Table){text, text + size, find_separator(text, size), g_ptr_array_new_with_free_func(g_free)};
}

static gboolean is_key(const char *field)
{
	return strcmp(field, "address") == 0 || strcmp(field, "mac") == 0 || strcmp(field, AM_LABEL_NAME) == 0;
}

/* The fields of the columns, char * or NULL; NULL when none says whose a line is. */
static GPtrArray *read_header(Table *table, const AmInventoryOptions *options, AmInventorySink *sink)
{
	g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func(g_free);
	gboolean any = FALSE;
	if (!read_row(table))
		return NULL;
	for (guint n = 0; n < table->fields->len; n++) {
		char field[AM_LABEL_NAME_SIZE];
		const char *column = table->fields->pdata[n];
		gboolean known = am_inventory_field(options, column, field);
		any = any || (known && is_key(field));
		if (!known && sink != NULL && *column != '\0')
			am_inventory_unused(sink, column);
		g_ptr_array_add(columns, known ? g_strdup(field) : NULL);
	}
	return any ? g_steal_pointer(&columns) : NULL;
}

static gboolean recognise(const char *text, size_t size, const json_t *root)
{
	static const AmInventoryOptions none = {0};
	if (root != NULL || size == 0)
		return FALSE;
	Table table = table_new(text, size);
	g_autoptr(GPtrArray) columns = read_header(&table, &none, NULL);
	g_ptr_array_unref(table.fields);
	return columns != NULL;
}

static void fill(AmInventorySink *sink, const char *field, char *value)
{
	gboolean is_address = strcmp(field, "address") == 0, is_mac = strcmp(field, "mac") == 0;
	gboolean is_group = strcmp(field, AM_LABEL_GROUP) == 0;
	if (!is_address && !is_mac && !is_group) {
		am_entry_label(sink, field, value);
		return;
	}
	g_auto(GStrv) parts = g_strsplit_set(value, is_group ? ",;|" : ",;| \t\r\n", -1);
	for (guint n = 0; parts[n] != NULL; n++) {
		if (*g_strstrip(parts[n]) == '\0')
			continue;
		if (is_group)
			am_entry_group(sink, parts[n]);
		else if (is_mac)
			(void)am_entry_mac(sink, parts[n]); /* the entry remembers what was wrong */
		else
			(void)am_entry_address(sink, parts[n], FALSE);
	}
}

static gboolean is_blank(const GPtrArray *fields)
{
	for (guint n = 0; n < fields->len; n++) {
		if (*(const char *)fields->pdata[n] != '\0')
			return FALSE;
	}
	return TRUE;
}

static gboolean read_csv(AmInventorySink *sink, const char *text, size_t size, const json_t *root, GError **error)
{
	(void)root;
	Table table = table_new(text, size);
	g_autoptr(GPtrArray) fields = table.fields;
	g_autoptr(GPtrArray) columns = read_header(&table, am_inventory_options(sink), sink);
	if (columns == NULL) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "no column of the first line tells an address, a MAC or a name; --map COLUMN=address says "
			    "which "
			    "does");
		return FALSE;
	}
	while (table.at < table.end) {
		gboolean whole = read_row(&table);
		if (whole && is_blank(fields))
			continue;
		if (!whole || fields->len != columns->len) {
			am_entry_skip(sink, AM_INVENTORY_SKIP_SYNTAX);
			continue;
		}
		am_entry_begin(sink);
		for (guint n = 0; n < columns->len; n++) {
			if (columns->pdata[n] != NULL)
				fill(sink, columns->pdata[n], fields->pdata[n]);
		}
		am_entry_end(sink);
	}
	return TRUE;
}

const AmInventoryFormat am_inventory_csv = {AM_INVENTORY_CSV, recognise, FALSE, read_csv};
