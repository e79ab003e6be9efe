/* Imports among the decisions: one entry of the log for each, and the rows that hang on it. An import replaces the rows of the
 * one before it of the same source in one transaction. Fed by job/import.c; the rows are bounded by who reads the file.
 */
#include "config.h"

#include "decisions.h"

#include <string.h>

#define SHA256_TEXT_SIZE 65

/* ---- What is hashed: each row as a line of text. */

static void add_word(GString *line, const char *word)
{
	g_autofree char *escaped = g_strescape(word != NULL ? word : "", NULL);
	g_string_append_printf(line, " \"%s\"", escaped);
}

static const char *mac_or_none(const uint8_t mac[6], char text[AM_MAC_TEXT_SIZE])
{
	static const uint8_t none[6];
	return memcmp(mac, none, sizeof none) != 0 ? am_mac_text(mac, text) : NULL;
}

static void hash_label(GChecksum *sha256, const AmLabel *label)
{
	char mac[AM_MAC_TEXT_SIZE];
	g_autofree char *prefix = label->of == AM_LABELLED_PREFIX ? am_prefix_text(&label->prefix) : NULL;
	g_autoptr(GString) line = g_string_new("label");
	add_word(line, prefix);
	add_word(line, mac_or_none(label->mac, mac));
	add_word(line, label->host);
	add_word(line, label->name);
	add_word(line, label->value);
	g_string_append_printf(line, " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", (gint64)label->from_ns,
			       (gint64)label->until_ns);
	g_checksum_update(sha256, (const guchar *)line->str, (gssize)line->len);
}

static void hash_lease(GChecksum *sha256, const AmLease *lease)
{
	char address[AM_ADDRESS_TEXT_SIZE], mac[AM_MAC_TEXT_SIZE];
	g_autoptr(GString) line = g_string_new("lease");
	add_word(line, am_address_text(&lease->address, address));
	add_word(line, am_mac_text(lease->mac, mac));
	add_word(line, lease->host);
	g_string_append_printf(line, " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", (gint64)lease->first_ns,
			       (gint64)lease->last_ns);
	g_checksum_update(sha256, (const guchar *)line->str, (gssize)line->len);
}

static void hash_rows(const GArray *labels, const GArray *leases, char ret_text[SHA256_TEXT_SIZE])
{
	g_autoptr(GChecksum) sha256 = g_checksum_new(G_CHECKSUM_SHA256);
	for (guint n = 0; n < labels->len; n++)
		hash_label(sha256, &g_array_index(labels, AmLabel, n));
	for (guint n = 0; n < leases->len; n++)
		hash_lease(sha256, &g_array_index(leases, AmLease, n));
	g_strlcpy(ret_text, g_checksum_get_string(sha256), SHA256_TEXT_SIZE);
}

static GString *import_content(const AmImport *import)
{
	GString *content = am_decisions_content("import", import->at_ns, import->who != NULL ? import->who : "");
	const struct {
		const char *name, *value;
	} lines[] = {
		{"source", import->source},
		{"type", import->kind >= 0 ? am_inventory_kind_name((AmInventoryKind)import->kind) : "removed"},
		{"network", import->network},
		{"sha256", import->sha256},
		{"why", import->why != NULL ? import->why : ""},
	};
	for (guint n = 0; n < G_N_ELEMENTS(lines); n++) {
		g_autofree char *escaped = lines[n].value != NULL ? g_strescape(lines[n].value, NULL) : NULL;
		if (escaped != NULL)
			g_string_append_printf(content, "%s %s\n", lines[n].name, escaped);
	}
	g_string_append_printf(content, "labels %" G_GUINT64_FORMAT "\nleases %" G_GUINT64_FORMAT "\n",
			       import->n_labels, import->n_leases);
	return content;
}

/* ---- Writing */

static gboolean write_import(AmDatabase *database, AmImport *import, GError **error)
{
	GString *content = import_content(import);
	gboolean logged = am_decision_log(database, "import", import->at_ns, import->who != NULL ? import->who : "",
					  content->str, &import->log, error);
	g_string_free(content, TRUE);
	sqlite3_stmt *statement = logged ? am_database_statement(database, "decisions-import-add", error) : NULL;
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, import->log);
	am_bind_text(&b, import->source);
	am_bind_text(&b, import->kind >= 0 ? am_inventory_kind_name((AmInventoryKind)import->kind) : NULL);
	am_bind_text(&b, import->network);
	am_bind_count(&b, import->n_labels);
	am_bind_count(&b, import->n_leases);
	am_bind_text(&b, import->sha256);
	am_bind_text(&b, import->why != NULL ? import->why : "");
	return am_database_execute(database, statement, error);
}

static gboolean write_label(AmDatabase *database, int64_t import, guint n, const AmLabel *label, GError **error)
{
	char mac[AM_MAC_TEXT_SIZE];
	sqlite3_stmt *statement = am_database_statement(database, "decisions-label-add", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, import);
	am_bind_int(&b, n);
	if (label->of == AM_LABELLED_PREFIX) {
		am_bind_blob(&b, &label->prefix.address, sizeof label->prefix.address);
		am_bind_int(&b, label->prefix.length);
	} else {
		am_bind_null(&b);
		am_bind_null(&b);
	}
	am_bind_text(&b, mac_or_none(label->mac, mac));
	am_bind_text(&b, label->host);
	am_bind_text(&b, label->name);
	am_bind_text(&b, label->value);
	am_bind_int(&b, label->from_ns);
	am_bind_int(&b, label->until_ns);
	return am_database_execute(database, statement, error);
}

static gboolean write_lease(AmDatabase *database, int64_t import, guint n, const AmLease *lease, GError **error)
{
	char mac[AM_MAC_TEXT_SIZE];
	sqlite3_stmt *statement = am_database_statement(database, "decisions-lease-add", error);
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, import);
	am_bind_int(&b, n);
	am_bind_blob(&b, &lease->address, sizeof lease->address);
	am_bind_text(&b, am_mac_text(lease->mac, mac));
	am_bind_text(&b, lease->host);
	am_bind_int(&b, lease->first_ns);
	am_bind_int(&b, lease->last_ns);
	return am_database_execute(database, statement, error);
}

static gboolean write_rows(AmDatabase *database, int64_t import, const AmInventory *inventory, GError **error)
{
	for (guint n = 0; n < inventory->labels->len; n++) {
		if (!write_label(database, import, n, &g_array_index(inventory->labels, AmLabel, n), error))
			return FALSE;
	}
	for (guint n = 0; n < inventory->leases->len; n++) {
		if (!write_lease(database, import, n, &g_array_index(inventory->leases, AmLease, n), error))
			return FALSE;
	}
	return TRUE;
}

static gboolean remove_rows(AmDatabase *database, int64_t import, GError **error)
{
	static const char *const queries[] = {"decisions-labels-remove", "decisions-leases-remove"};
	for (guint n = 0; n < G_N_ELEMENTS(queries); n++) {
		sqlite3_stmt *statement = am_database_statement(database, queries[n], error);
		if (statement == NULL)
			return FALSE;
		AmBinder b = {.statement = statement};
		am_bind_int(&b, import);
		if (!am_database_execute(database, statement, error))
			return FALSE;
	}
	return TRUE;
}

/* ---- Reading */

/* Row of decisions-imports.sql, up to the log's own columns. */
static AmImport read_import(AmColumns *columns)
{
	AmImport import = {.kind = -1};
	import.log = am_column_int(columns);
	import.source = am_column_text(columns);
	g_autofree char *kind = am_column_text(columns);
	AmInventoryKind known;
	if (kind != NULL && am_inventory_kind_parse(kind, &known))
		import.kind = (int)known;
	else if (kind != NULL)
		columns->damaged = TRUE;
	import.network = am_column_text(columns);
	import.n_labels = am_column_count(columns);
	import.n_leases = am_column_count(columns);
	am_column_array(columns, import.sha256, sizeof import.sha256);
	import.who = am_column_text(columns);
	import.why = am_column_text(columns);
	import.at_ns = am_column_int(columns);
	if (import.source == NULL || import.who == NULL || import.why == NULL)
		columns->damaged = TRUE; /* no entry of the log made it */
	return import;
}

/* All of them, oldest first. `contents`: char *, what the log says of each; may be NULL. */
static GArray *list_imports(AmDatabase *database, GPtrArray *contents, GError **error)
{
	g_autoptr(GArray) imports = am_imports_new();
	sqlite3_stmt *statement = am_database_statement(database, "decisions-imports", error);
	if (statement == NULL)
		return NULL;
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmImport import = read_import(&columns);
		g_array_append_val(imports, import);
		if (contents != NULL)
			g_ptr_array_add(contents, am_column_text(&columns));
		if (!am_columns_check(&columns, database, error))
			return NULL;
	}
	return code == SQLITE_DONE ? g_steal_pointer(&imports) : NULL;
}

static gboolean is_in_force(const GArray *imports, guint n)
{
	const AmImport *import = &g_array_index(imports, AmImport, n);
	for (guint later = n + 1; later < imports->len; later++) {
		if (strcmp(g_array_index(imports, AmImport, later).source, import->source) == 0)
			return FALSE;
	}
	return import->kind >= 0;
}

static void read_mac(AmColumns *columns, uint8_t mac[6])
{
	g_autofree char *text = am_column_text(columns);
	if (text != NULL && !am_mac_parse(text, mac))
		columns->damaged = TRUE;
}

static AmLabel read_label(AmColumns *columns, uint32_t import)
{
	AmLabel label = {.import = import};
	gboolean is_prefix = sqlite3_column_type(columns->statement, columns->n) != SQLITE_NULL;
	if (is_prefix) {
		label.prefix.address = am_column_address(columns);
		label.prefix.length = (uint8_t)am_column_range(columns, 0, am_address_bits(&label.prefix.address));
	} else {
		columns->n += 2;
	}
	read_mac(columns, label.mac);
	label.host = am_column_text(columns);
	label.of = is_prefix ? AM_LABELLED_PREFIX : label.host != NULL ? AM_LABELLED_HOST : AM_LABELLED_MAC;
	label.name = am_column_text(columns);
	label.value = am_column_text(columns);
	label.from_ns = am_column_int(columns);
	label.until_ns = am_column_int(columns);
	if (label.name == NULL || label.value == NULL)
		columns->damaged = TRUE;
	return label;
}

static AmLease read_lease(AmColumns *columns, uint32_t import)
{
	AmLease lease = {.address = am_column_address(columns), .import = import};
	read_mac(columns, lease.mac);
	lease.host = am_column_text(columns);
	lease.first_ns = am_column_int(columns);
	lease.last_ns = am_column_int(columns);
	return lease;
}

/* The rows of one import, each with its index in the set. */
static gboolean read_rows(AmDatabase *database, const AmImport *import, uint32_t index, AmDecisionSet *set,
			  GError **error)
{
	static const char *const queries[] = {"decisions-labels", "decisions-leases"};
	for (guint q = 0; q < G_N_ELEMENTS(queries); q++) {
		sqlite3_stmt *statement = am_database_statement(database, queries[q], error);
		if (statement == NULL)
			return FALSE;
		AmBinder b = {.statement = statement};
		am_bind_int(&b, import->log);
		int code;
		while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
			AmColumns columns = {.statement = statement};
			if (q == 0) {
				AmLabel label = read_label(&columns, index);
				g_array_append_val(set->labels, label);
			} else {
				AmLease lease = read_lease(&columns, index);
				g_array_append_val(set->leases, lease);
			}
			if (!am_columns_check(&columns, database, error))
				return FALSE;
		}
		if (code != SQLITE_DONE)
			return FALSE;
	}
	return TRUE;
}

static AmImport copy_import(const AmImport *import)
{
	AmImport copy = *import;
	copy.source = g_strdup(import->source);
	copy.network = g_strdup(import->network);
	copy.who = g_strdup(import->who);
	copy.why = g_strdup(import->why);
	return copy;
}

gboolean am_decisions_read_imports(AmDatabase *database, AmDecisionSet *set, GError **error)
{
	g_autoptr(GArray) all = list_imports(database, NULL, error);
	if (all == NULL)
		return FALSE;
	for (guint n = 0; n < all->len; n++) {
		const AmImport *import = &g_array_index(all, AmImport, n);
		if (!is_in_force(all, n))
			continue;
		if (!read_rows(database, import, set->imports->len, set, error))
			return FALSE;
		AmImport kept = copy_import(import);
		g_array_append_val(set->imports, kept);
	}
	return TRUE;
}

/* ---- The door */

static gboolean add_import(AmDatabase *database, AmImport *import, const AmInventory *inventory, gboolean *ret_before,
			   GError **error)
{
	g_autoptr(GArray) all = list_imports(database, NULL, error);
	if (all == NULL)
		return FALSE;
	for (guint n = 0; n < all->len; n++) {
		const AmImport *before = &g_array_index(all, AmImport, n);
		if (!is_in_force(all, n) || strcmp(before->source, import->source) != 0)
			continue;
		*ret_before = TRUE;
		if (!remove_rows(database, before->log, error))
			return FALSE;
	}
	if (inventory == NULL && !*ret_before)
		return TRUE; /* there is nothing to take back */
	return write_import(database, import, error) &&
	       (inventory == NULL || write_rows(database, import->log, inventory, error));
}

gboolean am_decisions_add_import(AmDecisions *decisions, const AmImport *import, const AmInventory *inventory,
				 gboolean *ret_before, GError **error)
{
	AmImport kept = *import;
	gboolean before = FALSE;
	kept.kind = inventory != NULL ? (int)inventory->kind : -1;
	kept.n_labels = inventory != NULL ? inventory->labels->len : 0;
	kept.n_leases = inventory != NULL ? inventory->leases->len : 0;
	kept.sha256[0] = '\0';
	if (inventory != NULL)
		hash_rows(inventory->labels, inventory->leases, kept.sha256);
	if (!am_decisions_begin(decisions, error) ||
	    !am_decisions_end(decisions, add_import(decisions->database, &kept, inventory, &before, error), error))
		return FALSE;
	if (ret_before != NULL)
		*ret_before = before;
	return TRUE;
}

/* ---- Verification */

static gboolean verify_rows(AmDatabase *database, const AmImport *import, GError **error)
{
	g_autoptr(GArray) labels = am_labels_new(), leases = am_leases_new();
	AmDecisionSet rows = {.labels = labels, .leases = leases};
	char sha256[SHA256_TEXT_SIZE];
	if (!read_rows(database, import, 0, &rows, error))
		return FALSE;
	hash_rows(rows.labels, rows.leases, sha256);
	return strcmp(sha256, import->sha256) == 0 ||
	       am_decisions_set_tampered(database, import->log, "what it imported was changed", error);
}

gboolean am_decisions_verify_imports(AmDatabase *database, guint n_logged, GError **error)
{
	g_autoptr(GPtrArray) contents = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) all = list_imports(database, contents, error);
	if (all == NULL)
		return FALSE;
	for (guint n = 0; n < all->len; n++) {
		const AmImport *import = &g_array_index(all, AmImport, n);
		GString *content = import_content(import);
		gboolean same = g_strcmp0(content->str, contents->pdata[n]) == 0;
		g_string_free(content, TRUE);
		if (!same)
			return am_decisions_set_tampered(database, import->log, "the import that it made was changed",
							 error);
		if (is_in_force(all, n) && !verify_rows(database, import, error))
			return FALSE;
	}
	return all->len == n_logged ||
	       am_decisions_set_tampered(database, 0, "an import that it made was removed", error);
}
