/* `networks`: which tags, labels and tunnels were seen, which network what is in them went to and why, and where it goes
 * from now on. Fed by what runs noted, and by the network table. */
#include "config.h"

#include "listing.h"

#include <string.h>

enum {
	ENCAPSULATION,
	ID,
	NETWORK,
	REASON,
	NEXT,
	PACKETS,
	BYTES,
	UNDECIDED,
	SOURCE,
	DESTINATION,
	FIRST,
	LAST,
	SENSOR,
	BY,
	WHY,
	N_COLUMNS,
};

/* The JSON keys are a contract. */
static const AmColumn columns[N_COLUMNS] = {
	{"encapsulation", AM_COLUMN_ALL},
	{"id", AM_COLUMN_ALL | AM_COLUMN_RIGHT | AM_COLUMN_NAME},
	{"network", AM_COLUMN_ALL},
	{"reason", AM_COLUMN_ALL},
	{"next", AM_COLUMN_ALL},
	{"packets", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"bytes", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"undecided", AM_COLUMN_DATA},
	{"source", AM_COLUMN_ALL},
	{"destination", AM_COLUMN_ALL},
	{"first", AM_COLUMN_DATA},
	{"last", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"sensor", AM_COLUMN_DATA},
	{"by", AM_COLUMN_DATA},
	{"why", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
};

/* One encapsulation and number of one sensor: the sum of its runs, and what the newest of them decided. */
typedef struct {
	AmEncapsulated sum;        /* strings borrowed; no packets: only a row of the table */
	const AmNetworkRule *rule; /* in force; NULL = none */
} Row;

static gint compare_rows(gconstpointer a, gconstpointer b)
{
	const AmEncapsulated *x = &((const Row *)a)->sum, *y = &((const Row *)b)->sum;
	int order = g_strcmp0(x->sensor, y->sensor);
	if (order != 0)
		return order;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Runs come in their order, so the one that is added is the newest. */
static void add_run(Row *row, const AmEncapsulated *seen)
{
	AmEncapsulated before = row->sum;
	row->sum = *seen;
	row->sum.packets += before.packets;
	row->sum.bytes += before.bytes;
	row->sum.undecided += before.undecided;
	row->sum.first_ns = MIN(before.first_ns, seen->first_ns);
	row->sum.last_ns = MAX(before.last_ns, seen->last_ns);
	row->sum.source = before.source;
	row->sum.destination = before.destination;
}

static gchar *key_of(const char *sensor, int kind, int64_t id)
{
	return g_strdup_printf("%s %d %" G_GINT64_FORMAT, sensor != NULL ? sensor : "", kind, (gint64)id);
}

static GArray *sum_up(const GArray *seen, const GArray *rules)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(Row));
	g_autoptr(GHashTable) numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint n = 0; n < seen->len; n++) {
		const AmEncapsulated *one = &g_array_index(seen, AmEncapsulated, n);
		char *key = key_of(one->sensor, one->kind, one->id);
		guint number = GPOINTER_TO_UINT(g_hash_table_lookup(numbers, key));
		if (number != 0) {
			add_run(&g_array_index(rows, Row, number - 1), one);
			g_free(key);
			continue;
		}
		Row row = {.sum = *one};
		row.rule = am_network_rules_find(rules, one->sensor, (AmEncapsulation)one->kind, one->id);
		g_array_append_val(rows, row);
		g_hash_table_insert(numbers, key, GUINT_TO_POINTER(rows->len));
	}
	/* Rows of the table that nothing has met yet. */
	for (guint n = 0; n < rules->len; n++) {
		const AmNetworkRule *rule = &g_array_index(rules, AmNetworkRule, n);
		Row row = {.sum = {.sensor = rule->sensor, .kind = (uint8_t)rule->kind, .id = rule->id}, .rule = rule};
		gboolean is_met = am_network_rules_find(rules, rule->sensor, rule->kind, rule->id) != rule;
		for (guint r = 0; !is_met && r < rows->len; r++)
			is_met = g_array_index(rows, Row, r).rule == rule;
		if (!is_met)
			g_array_append_val(rows, row);
	}
	g_array_sort(rows, compare_rows);
	return rows;
}

/* Where packets go from now on: as the table says; else in transit what is known to be, which is not forgotten. */
static const char *next_network(const Row *row)
{
	if (row->rule != NULL)
		return row->rule->network;
	if (row->sum.reason == AM_NETWORK_SET)
		return NULL; /* it was taken back: what is seen decides */
	return row->sum.network;
}

static void fill_row(void *context, guint n, AmCell *cells)
{
	const Row *row = &g_array_index((const GArray *)context, Row, n);
	const AmEncapsulated *sum = &row->sum;
	const AmCell none = {.kind = AM_CELL_NULL};
	gboolean is_seen = sum->packets > 0, has_outer = sum->source.family != 0;
	cells[ENCAPSULATION] = am_cell_text(am_encapsulation_name((AmEncapsulation)sum->kind));
	cells[ID] = sum->id >= 0 ? am_cell_number((uint64_t)sum->id) : am_cell_text(is_seen ? "others" : "any");
	cells[NETWORK] = am_cell_text(is_seen ? sum->network : NULL);
	cells[REASON] = am_cell_text(is_seen ? am_network_reason_name((AmNetworkReason)sum->reason) : NULL);
	cells[NEXT] = am_cell_text(next_network(row));
	cells[PACKETS] = am_cell_number(sum->packets);
	cells[BYTES] = am_cell_size(sum->bytes);
	cells[UNDECIDED] = am_cell_number(sum->reason == AM_NETWORK_TRANSIT ? sum->undecided : 0);
	cells[SOURCE] = has_outer ? am_cell_address(&sum->source) : none;
	cells[DESTINATION] = has_outer ? am_cell_address(&sum->destination) : none;
	cells[FIRST] = is_seen ? am_cell_time(sum->first_ns) : none;
	cells[LAST] = is_seen ? am_cell_time(sum->last_ns) : none;
	cells[SENSOR] = am_cell_text(sum->sensor);
	cells[BY] = am_cell_text(row->rule != NULL ? row->rule->who : NULL);
	cells[WHY] = am_cell_text(row->rule != NULL ? row->rule->why
				  : is_seen         ? am_network_reason_text((AmNetworkReason)sum->reason)
						    : NULL);
}

static gboolean keep_row(const void *context, guint n)
{
	return n < ((const GArray *)context)->len;
}

gboolean am_report_networks(const GArray *seen, const GArray *rules, AmFormat format, FILE *out, GError **error)
{
	g_autoptr(GArray) rows = sum_up(seen, rules);
	const AmListOptions options = {.format = format};
	AmListing listing = {
		.what = "networks",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.n_rows = rows->len,
		.keep = keep_row,
		.fill = fill_row,
		.context = rows,
	};
	return am_listing_run(&listing, &options, out, NULL, error);
}
