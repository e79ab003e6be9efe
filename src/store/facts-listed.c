/* Lists of listeners, and what they say together. Fed by a job with one list at a time; read with the tallies, for the map.
 *
 * An entry is open or closed at its time. A listener is open until an entry says otherwise, or a later list that has all of
 * its host's does not name it. Hosts tell of themselves and scans tell of hosts, each for itself: a scan from afar does not see
 * what a host's own list does. */
#include "config.h"

#include "facts.h"

/* ---- Writing */

static gboolean check_known(AmFacts *facts, const AmListInput *input, uint32_t network, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-list-known", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, network);
	am_bind_text(&b, input->sha256);
	am_bind_blob(&b, &input->host, sizeof input->host);
	int code = am_database_step(facts->database, statement, error);
	if (code == SQLITE_ROW) {
		char at[AM_TIME_TEXT_SIZE];
		g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_KNOWN, "%s is in %s already, read as %s at %s",
			    input->path, facts->database->path, (const char *)sqlite3_column_text(statement, 1),
			    am_time_text(sqlite3_column_int64(statement, 0), at));
		sqlite3_reset(statement);
	}
	return code == SQLITE_DONE;
}

static gboolean add_list(AmFacts *facts, const AmListInput *input, AmListKind kind, uint32_t network, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, "facts-list-add", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, network);
	am_bind_text(&b, am_list_kind_name(kind));
	am_bind_text(&b, input->path);
	am_bind_text(&b, input->sha256);
	am_bind_blob(&b, &input->host, sizeof input->host);
	am_bind_int(&b, input->imported_ns);
	return am_database_execute(facts->database, statement, error);
}

static gboolean add_lines(AmFacts *facts, const AmListenerList *list, GError **error)
{
	for (unsigned n = 0; n < AM_N_LIST_SKIPS; n++) {
		if (list->skipped[n] == 0)
			continue;
		sqlite3_stmt *statement = am_database_statement(facts->database, "facts-list-lines-add", error);
		if (statement == NULL)
			return FALSE;
		AmBinder b = {.statement = statement};
		am_bind_text(&b, am_list_skip_name((AmListSkip)n));
		am_bind_count(&b, list->skipped[n]);
		if (!am_database_execute(facts->database, statement, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean add_whole(AmFacts *facts, const AmListenerList *list, GError **error)
{
	for (guint n = 0; n < list->whole->len; n++) {
		const AmListWhole *whole = &g_array_index(list->whole, AmListWhole, n);
		sqlite3_stmt *statement = am_database_statement(facts->database, "facts-list-host-add", error);
		if (statement == NULL)
			return FALSE;
		AmBinder b = {.statement = statement};
		am_bind_blob(&b, &whole->host, sizeof whole->host);
		am_bind_int(&b, whole->at_ns);
		if (!am_database_execute(facts->database, statement, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean add_entries(AmFacts *facts, const AmListenerList *list, GError **error)
{
	for (guint n = 0; n < list->entries->len; n++) {
		const AmListEntry *entry = &g_array_index(list->entries, AmListEntry, n);
		sqlite3_stmt *statement = am_database_statement(facts->database, "facts-list-entry-add", error);
		if (statement == NULL)
			return FALSE;
		AmBinder b = {.statement = statement};
		am_bind_blob(&b, &entry->host, sizeof entry->host);
		am_bind_blob(&b, &entry->address, sizeof entry->address);
		am_bind_int(&b, entry->ip_protocol);
		am_bind_int(&b, entry->port);
		am_bind_int(&b, entry->at_ns);
		am_bind_int(&b, entry->is_open ? 1 : 0);
		am_bind_array(&b, entry->program, sizeof entry->program);
		if (!am_database_execute(facts->database, statement, error))
			return FALSE;
	}
	return TRUE;
}

gboolean am_facts_add_listeners(AmFacts *facts, const AmListInput *input, const AmListenerList *list, GError **error)
{
	const AmRun run = {.network = (char *)input->network};
	uint32_t network = 0;
	if (!am_facts_need_writer(facts, FALSE, error) || !am_database_run(facts->database, "BEGIN IMMEDIATE", error))
		return FALSE;
	/* A network that it brings is of no run; one that an unfinished run brought must not lie before it. */
	if (am_facts_remove_unfinished(facts, error) && am_facts_find_network(facts, &run, &network, error) &&
	    check_known(facts, input, network, error) && add_list(facts, input, list->kind, network, error) &&
	    add_lines(facts, list, error) && add_whole(facts, list, error) && add_entries(facts, list, error) &&
	    am_database_run(facts->database, "COMMIT", error))
		return TRUE;
	return am_facts_fail(facts);
}

/* ---- Reading */

typedef struct {
	uint32_t network;
	uint8_t source; /* AmListenerSource */
	AmListEntry entry;
} Row;

typedef struct {
	uint32_t network;
	uint8_t source;
	AmListWhole whole;
} WholeRow;

static uint8_t read_source(AmColumns *columns)
{
	AmListKind kind = AM_LIST_SS;
	g_autofree char *name = am_column_text(columns);
	if (name == NULL || !am_list_kind_parse(name, &kind))
		columns->damaged = TRUE;
	return kind == AM_LIST_NMAP ? AM_LISTENER_SCAN : AM_LISTENER_HOST;
}

static void read_entry(AmColumns *columns, gpointer ret_row)
{
	Row *row = ret_row;
	row->network = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	row->source = read_source(columns);
	row->entry.host = am_column_address(columns);
	row->entry.address = am_column_address(columns);
	row->entry.ip_protocol = (uint8_t)am_column_range(columns, 0, UINT8_MAX);
	row->entry.port = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	row->entry.at_ns = am_column_int(columns);
	row->entry.is_open = am_column_range(columns, 0, 1) != 0;
	am_column_array(columns, row->entry.program, sizeof row->entry.program);
}

static void read_whole(AmColumns *columns, gpointer ret_row)
{
	WholeRow *row = ret_row;
	row->network = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	row->source = read_source(columns);
	row->whole.host = am_column_address(columns);
	row->whole.at_ns = am_column_int(columns);
}

static GArray *read_rows(AmFacts *facts, const char *query, guint size, void (*read)(AmColumns *, gpointer),
			 GError **error)
{
	sqlite3_stmt *statement = am_database_statement(facts->database, query, error);
	if (statement == NULL)
		return NULL;
	g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, size);
	int code;
	while ((code = am_database_step(facts->database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		g_array_set_size(rows, rows->len + 1);
		read(&columns, rows->data + (size_t)(rows->len - 1) * size);
		if (!am_columns_check(&columns, facts->database, error)) {
			sqlite3_reset(statement);
			return NULL;
		}
	}
	return code == SQLITE_DONE ? g_steal_pointer(&rows) : NULL;
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* A listener of one source, whoever's list it is in. */
static int compare_places(const Row *x, const Row *y)
{
	int order = compare_numbers(x->network, y->network);
	if (order == 0)
		order = am_address_compare(&x->entry.address, &y->entry.address);
	if (order == 0)
		order = (int)x->entry.ip_protocol - (int)y->entry.ip_protocol;
	if (order == 0)
		order = (int)x->entry.port - (int)y->entry.port;
	return order != 0 ? order : (int)x->source - (int)y->source;
}

static int compare_rows(gconstpointer a, gconstpointer b)
{
	const Row *x = a, *y = b;
	int order = compare_places(x, y);
	if (order == 0)
		order = am_address_compare(&x->entry.host, &y->entry.host);
	if (order == 0)
		order = compare_numbers(x->entry.at_ns, y->entry.at_ns);
	if (order == 0)
		order = (int)x->entry.is_open - (int)y->entry.is_open;
	return order != 0 ? order : strcmp(x->entry.program, y->entry.program);
}

static int compare_whole(gconstpointer a, gconstpointer b)
{
	const WholeRow *x = a, *y = b;
	int order = compare_numbers(x->network, y->network);
	if (order == 0)
		order = (int)x->source - (int)y->source;
	if (order == 0)
		order = am_address_compare(&x->whole.host, &y->whole.host);
	return order != 0 ? order : compare_numbers(x->whole.at_ns, y->whole.at_ns);
}

/* The first time after `row` at which a list had all of its host's; 0 = none. */
static int64_t next_whole(const GArray *whole, const Row *row)
{
	const WholeRow wanted = {row->network, row->source, {row->entry.host, row->entry.at_ns}};
	guint low = 0, high = whole->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		if (compare_whole(&g_array_index(whole, WholeRow, middle), &wanted) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	const WholeRow *next = low < whole->len ? &g_array_index(whole, WholeRow, low) : NULL;
	gboolean mine = next != NULL && next->network == row->network && next->source == row->source &&
			am_address_compare(&next->whole.host, &row->entry.host) == 0;
	return mine ? next->whole.at_ns : 0;
}

/* The rows of one host's word on a listener, by time. FALSE: it was never open. */
static gboolean sum_host(const Row *rows, guint n, const GArray *whole, AmListedListener *ret_listed)
{
	const Row *last = NULL;
	AmListedListener listed = {.network = rows->network,
				   .address = rows->entry.address,
				   .ip_protocol = rows->entry.ip_protocol,
				   .source = rows->source,
				   .port = rows->entry.port};
	for (guint r = 0; r < n; r++) {
		const AmListEntry *entry = &rows[r].entry;
		if (!entry->is_open) {
			if (last != NULL && listed.closed_ns == 0)
				listed.closed_ns = entry->at_ns;
			continue;
		}
		listed.first_ns = last == NULL ? entry->at_ns : listed.first_ns;
		listed.last_ns = entry->at_ns;
		listed.closed_ns = 0;
		if (entry->program[0] != '\0')
			g_strlcpy(listed.program, entry->program, sizeof listed.program);
		last = &rows[r];
	}
	if (last == NULL)
		return FALSE;
	int64_t unnamed = next_whole(whole, last);
	if (unnamed != 0 && (listed.closed_ns == 0 || unnamed < listed.closed_ns))
		listed.closed_ns = unnamed;
	*ret_listed = listed;
	return TRUE;
}

/* Two hosts' lists may tell of one address: it is open if either says so. */
static void join(AmListedListener *listed, const AmListedListener *more)
{
	listed->first_ns = MIN(listed->first_ns, more->first_ns);
	if (more->last_ns >= listed->last_ns && more->program[0] != '\0')
		g_strlcpy(listed->program, more->program, sizeof listed->program);
	listed->last_ns = MAX(listed->last_ns, more->last_ns);
	gboolean open = listed->closed_ns == 0 || more->closed_ns == 0;
	listed->closed_ns = open ? 0 : MAX(listed->closed_ns, more->closed_ns);
}

static GArray *sum_rows(const GArray *rows, const GArray *whole)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(AmListedListener));
	const Row *row = (const Row *)rows->data, *before = NULL;
	for (guint first = 0, n = 0; first < rows->len; first = n) {
		AmListedListener listed;
		for (n = first + 1; n < rows->len && compare_places(&row[first], &row[n]) == 0 &&
				    am_address_compare(&row[first].entry.host, &row[n].entry.host) == 0;)
			n++;
		if (!sum_host(&row[first], n - first, whole, &listed))
			continue;
		if (before != NULL && compare_places(before, &row[first]) == 0)
			join(&g_array_index(all, AmListedListener, all->len - 1), &listed);
		else
			g_array_append_val(all, listed);
		before = &row[first];
	}
	return all;
}

GArray *am_facts_listed(AmFacts *facts, GError **error)
{
	g_autoptr(GArray) rows = read_rows(facts, "facts-list-entries", sizeof(Row), read_entry, error);
	g_autoptr(GArray) whole =
		rows != NULL ? read_rows(facts, "facts-list-hosts", sizeof(WholeRow), read_whole, error) : NULL;
	if (whole == NULL)
		return NULL;
	g_array_sort(rows, compare_rows);
	g_array_sort(whole, compare_whole);
	return sum_rows(rows, whole);
}
