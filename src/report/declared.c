/* `expect list`, `exclude list`, `group list`, `visibility list`: what people declared, newest first, also what was taken back;
 * and what each declaration decides now. Fed by the decisions and the map that was made with them.
 */
#include "config.h"

#include "listing.h"

/* How each list ends: who said it, and who took it back. The JSON keys are a contract. */
#define SAID_COLUMNS                                                                                                   \
	{"state", AM_COLUMN_ALL}, {"by", AM_COLUMN_ALL | AM_COLUMN_SHRINK}, {"at", AM_COLUMN_ALL | AM_COLUMN_SHRINK},  \
		{"why", AM_COLUMN_ALL | AM_COLUMN_SHRINK}, {"taken_back_by", AM_COLUMN_DATA},                          \
		{"taken_back_at", AM_COLUMN_DATA},                                                                     \
	{                                                                                                              \
		"taken_back_why", AM_COLUMN_DATA                                                                       \
	}
#define N_SAID_COLUMNS 7

static void fill_said(const AmSaid *said, AmCell *cells)
{
	cells[0] = am_cell_text(said->withdrawn ? "taken back" : "in force");
	cells[1] = am_cell_text(said->who);
	cells[2] = am_cell_time(said->at_ns);
	cells[3] = am_cell_text(said->why);
	cells[4] = am_cell_text(said->withdrawn_by);
	cells[5] = am_cell_time(said->withdrawn_ns);
	cells[6] = am_cell_text(said->withdrawn_why);
}

static gboolean run(const char *what, const AmColumn *columns, guint n_columns, guint n_rows,
		    void (*fill)(void *context, guint row, AmCell *cells),
		    gboolean (*keep)(const void *context, guint row), void *context, AmFormat format, FILE *out,
		    GError **error)
{
	const AmListOptions options = {.format = format};
	const AmListing listing = {
		.what = what,
		.columns = columns,
		.n_columns = n_columns,
		.n_rows = n_rows,
		.keep = keep,
		.fill = fill,
		.context = context,
	};
	return am_listing_run(&listing, &options, out, NULL, error);
}

/* ---- Declarations */

enum {
	NUMBER,
	AS,
	HOSTS,
	WITH,
	SERVICE,
	NETWORK,
	FROM,
	UNTIL,
	TICKET,
	FLOWS,
	ESSENTIAL,
	SAID,
	N_EXPECTED = SAID + N_SAID_COLUMNS
};

static const AmColumn expected_columns[N_EXPECTED] = {
	{"number", AM_COLUMN_ALL | AM_COLUMN_NAME | AM_COLUMN_RIGHT},
	{"as", AM_COLUMN_ALL},
	{"hosts", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},
	{"with", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},
	{"service", AM_COLUMN_ALL},
	{"network", AM_COLUMN_DATA},
	{"from", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"until", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"ticket", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"flows", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"essential", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	SAID_COLUMNS,
};

/* What of these an exclusion has. */
static const int excluded_cells[] = {NUMBER, HOSTS, WITH, SERVICE, NETWORK, FLOWS};
enum { N_EXCLUDED_OWN = G_N_ELEMENTS(excluded_cells), N_EXCLUDED = N_EXCLUDED_OWN + N_SAID_COLUMNS };

static const AmColumn excluded_columns[N_EXCLUDED] = {
	{"number", AM_COLUMN_ALL | AM_COLUMN_NAME | AM_COLUMN_RIGHT},
	{"hosts", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},
	{"with", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},
	{"service", AM_COLUMN_ALL},
	{"network", AM_COLUMN_DATA},
	{"flows", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	SAID_COLUMNS,
};

typedef struct {
	const GPtrArray *declarations;
	gboolean exclusions;
	const AmDeclaredCount *counts; /* as declarations */
	GPtrArray *hosts, *peers;
	char service[AM_SERVICE_TEXT_SIZE];
} Declared;

/* One host is told without a length. */
static void list_prefixes(const GArray *prefixes, GPtrArray *texts)
{
	g_ptr_array_set_size(texts, 0);
	for (guint n = 0; n < prefixes->len; n++) {
		const AmPrefix *prefix = &g_array_index(prefixes, AmPrefix, n);
		char address[AM_ADDRESS_TEXT_SIZE];
		if (prefix->length == am_address_bits(&prefix->address))
			g_ptr_array_add(texts, g_strdup(am_address_text(&prefix->address, address)));
		else
			g_ptr_array_add(texts, am_prefix_text(prefix));
	}
}

static AmCell list_cell(const GPtrArray *texts)
{
	return am_cell_list((const char *const *)texts->pdata, texts->len);
}

static void fill_expected(void *context, guint row, AmCell *cells)
{
	Declared *declared = context;
	guint n = declared->declarations->len - 1 - row;
	const AmDeclaration *declaration = declared->declarations->pdata[n];
	gboolean any = declaration->ip_protocol < 0 || declaration->port < 0;
	list_prefixes(declaration->hosts, declared->hosts);
	list_prefixes(declaration->peers, declared->peers);
	if (!any)
		am_service_text((uint8_t)declaration->ip_protocol, (uint16_t)declaration->port, declared->service);
	cells[NUMBER] = am_cell_number((uint64_t)declaration->said.number);
	cells[AS] = am_cell_text(am_declared_name(declaration->kind));
	cells[HOSTS] = list_cell(declared->hosts);
	cells[WITH] = list_cell(declared->peers);
	cells[SERVICE] = am_cell_text(any ? "any" : declared->service);
	cells[NETWORK] = am_cell_text(declaration->network);
	cells[FROM] = am_cell_time(declaration->from_ns);
	cells[UNTIL] = am_cell_time(declaration->to_ns);
	cells[TICKET] = am_cell_text(declaration->ticket);
	cells[FLOWS] = am_cell_number(declaration->said.withdrawn ? 0 : declared->counts[n].changed);
	cells[ESSENTIAL] = am_cell_number(declaration->said.withdrawn ? 0 : declared->counts[n].essential);
	fill_said(&declaration->said, cells + SAID);
}

static void fill_excluded(void *context, guint row, AmCell *cells)
{
	AmCell all[N_EXPECTED];
	fill_expected(context, row, all);
	for (guint n = 0; n < N_EXCLUDED_OWN; n++)
		cells[n] = all[excluded_cells[n]];
	for (guint n = 0; n < N_SAID_COLUMNS; n++)
		cells[N_EXCLUDED_OWN + n] = all[SAID + n];
}

static gboolean keep_declared(const void *context, guint row)
{
	const Declared *declared = context;
	const AmDeclaration *declaration = declared->declarations->pdata[declared->declarations->len - 1 - row];
	return (declaration->kind == AM_DECLARED_EXCLUSION) == declared->exclusions;
}

gboolean am_report_declarations(const GPtrArray *declarations, const AmDeclaredCount *counts, gboolean exclusions,
				AmFormat format, FILE *out, GError **error)
{
	g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func(g_free);
	Declared declared = {declarations, exclusions, counts, hosts, peers, ""};
	return exclusions ? run("exclude", excluded_columns, N_EXCLUDED, declarations->len, fill_excluded,
				keep_declared, &declared, format, out, error)
			  : run("expect", expected_columns, N_EXPECTED, declarations->len, fill_expected, keep_declared,
				&declared, format, out, error);
}

/* ---- Changes to groups */

enum { EDIT_NUMBER, CHANGE, MEMBERS, TO, NAME, EDIT_SAID, N_EDITS = EDIT_SAID + N_SAID_COLUMNS };

static const AmColumn edit_columns[N_EDITS] = {
	{"number", AM_COLUMN_ALL | AM_COLUMN_NAME | AM_COLUMN_RIGHT},
	{"change", AM_COLUMN_ALL},
	{"members", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},
	{"to", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},
	{"name", AM_COLUMN_ALL},
	SAID_COLUMNS,
};

typedef struct {
	const GPtrArray *edits;
	GPtrArray *members, *anchors;
} Edits;

static void list_members(const GArray *members, GPtrArray *texts)
{
	g_ptr_array_set_size(texts, 0);
	for (guint n = 0; n < members->len; n++) {
		char address[AM_ADDRESS_TEXT_SIZE];
		am_address_text(&g_array_index(members, AmGroupMember, n).address, address);
		g_ptr_array_add(texts, g_strdup(address));
	}
}

static void fill_edit(void *context, guint row, AmCell *cells)
{
	Edits *edits = context;
	const AmGroupEdit *edit = edits->edits->pdata[edits->edits->len - 1 - row];
	list_members(edit->members, edits->members);
	list_members(edit->anchors, edits->anchors);
	cells[EDIT_NUMBER] = am_cell_number((uint64_t)edit->said.number);
	cells[CHANGE] = am_cell_text(am_group_edit_name(edit->kind));
	cells[MEMBERS] = list_cell(edits->members);
	cells[TO] = list_cell(edits->anchors);
	cells[NAME] = am_cell_text(edit->name);
	fill_said(&edit->said, cells + EDIT_SAID);
}

static gboolean keep_all(const void *context, guint row)
{
	(void)context;
	(void)row;
	return TRUE;
}

gboolean am_report_group_edits(const GPtrArray *edits, AmFormat format, FILE *out, GError **error)
{
	g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) anchors = g_ptr_array_new_with_free_func(g_free);
	Edits context = {edits, members, anchors};
	return run("group", edit_columns, N_EDITS, edits->len, fill_edit, keep_all, &context, format, out, error);
}

/* ---- Taps */

enum { TAPS_NUMBER, SUBNETS, VISIBLE, TAPS_SAID, N_TAPS = TAPS_SAID + N_SAID_COLUMNS };

static const AmColumn taps_columns[N_TAPS] = {
	{"number", AM_COLUMN_ALL | AM_COLUMN_NAME | AM_COLUMN_RIGHT},
	{"subnets", AM_COLUMN_ALL | AM_COLUMN_SHRINK | AM_COLUMN_NO_SORT},
	{"assume_visible", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	SAID_COLUMNS,
};

static void fill_taps(void *context, guint row, AmCell *cells)
{
	const GPtrArray *all = context;
	const AmTaps *taps = all->pdata[all->len - 1 - row];
	cells[TAPS_NUMBER] = am_cell_number((uint64_t)taps->said.number);
	cells[SUBNETS] = list_cell(taps->subnets);
	cells[VISIBLE] = am_cell_text(taps->visible);
	fill_said(&taps->said, cells + TAPS_SAID);
	if (row > 0 && !taps->said.withdrawn)
		cells[TAPS_SAID] = am_cell_text("replaced");
}

gboolean am_report_taps(const GPtrArray *taps, AmFormat format, FILE *out, GError **error)
{
	return run("visibility", taps_columns, N_TAPS, taps->len, fill_taps, keep_all, (void *)taps, format, out,
		   error);
}
