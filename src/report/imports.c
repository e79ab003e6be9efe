/* `import --list`: which inventories are in force, oldest first, and how many machines of the map each of them labels. Fed by
 * the decisions and the map that was made with them.
 */
#include "config.h"

#include "listing.h"

#include <string.h>

enum { SOURCE, TYPE, NETWORK, LABELS, LEASES, MACHINES, BY, AT, WHY, N_COLUMNS };

/* The JSON keys are a contract. */
static const AmColumn columns[N_COLUMNS] = {
	{"source", AM_COLUMN_ALL},
	{"type", AM_COLUMN_ALL},
	{"network", AM_COLUMN_ALL},
	{"labels", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"leases", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"machines", AM_COLUMN_ALL | AM_COLUMN_RIGHT}, /* that it labels, be it overruled */
	{"by", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"at", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"why", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
};

uint64_t am_report_count_labelled(const AmMap *map, const char *source)
{
	uint64_t machines = 0;
	for (guint a = 0; a < map->assets->len; a++) {
		const AmAsset *asset = &g_array_index(map->assets, AmAsset, a);
		for (uint32_t n = 0; n < asset->n_labels; n++) {
			const AmAssetLabel *label = &g_array_index(map->labels, AmAssetLabel, asset->first_label + n);
			if (strcmp(label->source, source) != 0)
				continue;
			machines++;
			break;
		}
	}
	return machines;
}

typedef struct {
	const AmMap *map;
	const GArray *imports;
} Imports;

static void fill_import(void *context, guint row, AmCell *cells)
{
	const Imports *imports = context;
	const AmImport *import = &g_array_index(imports->imports, AmImport, row);
	cells[SOURCE] = am_cell_text(import->source);
	cells[TYPE] = am_cell_text(am_inventory_kind_name((AmInventoryKind)import->kind));
	cells[NETWORK] = am_cell_text(import->network);
	cells[LABELS] = am_cell_number(import->n_labels);
	cells[LEASES] = am_cell_number(import->n_leases);
	cells[MACHINES] = am_cell_number(am_report_count_labelled(imports->map, import->source));
	cells[BY] = am_cell_text(import->who);
	cells[AT] = am_cell_time(import->at_ns);
	cells[WHY] = am_cell_text(import->why);
}

static gboolean keep_import(const void *context, guint row)
{
	return row < ((const Imports *)context)->imports->len;
}

gboolean am_report_imports(const AmMap *map, const GArray *imports, AmFormat format, FILE *out, GError **error)
{
	Imports listed = {map, imports};
	const AmListOptions options = {.format = format};
	AmListing listing = {
		.what = "import",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.n_rows = imports->len,
		.keep = keep_import,
		.fill = fill_import,
		.context = &listed,
	};
	return am_listing_run(&listing, &options, out, NULL, error);
}
