/* The decisions: what people said, with who, when and why.
 *
 * Several processes use the file, each for a moment. Every addition is one transaction that takes the write lock at once
 * (so that two of them cannot both continue the log from the same entry) and adds an entry to the log, chained by hash to
 * the one before. How the hash is made is told in sql/migrations/001-decisions.sql.
 */
#include "config.h"

#include "database.h"
#include "decisions.h"
#include "facts.h"

#include <string.h>

#define HASH_SIZE 32

char *am_decisions_path_for(const char *facts_path)
{
	const char *name = strrchr(facts_path, '/');
	name = name != NULL ? name + 1 : facts_path;
	const char *suffix = strrchr(name, '.');
	if (suffix == NULL || suffix == name)
		return g_strconcat(facts_path, ".decisions", NULL);
	return g_strdup_printf("%.*s.decisions%s", (int)(suffix - facts_path), facts_path, suffix);
}

gboolean am_decisions_exist(const char *facts_path, const char *decisions_path)
{
	g_autofree char *beside = am_decisions_path_for(facts_path);
	return g_file_test(decisions_path != NULL ? decisions_path : beside, G_FILE_TEST_EXISTS);
}

AmDecisions *am_decisions_open(const char *path, gboolean create, GError **error)
{
	g_autoptr(GError) reason = NULL;
	AmDatabase *database =
		am_database_open(path, &am_database_decisions, create ? AM_DATABASE_CREATE : AM_DATABASE_READ, &reason);
	if (database == NULL && (create || !g_error_matches(reason, AM_STORE_ERROR, AM_STORE_ERROR_MISSING))) {
		g_propagate_error(error, g_steal_pointer(&reason));
		return NULL;
	}
	AmDecisions *decisions = g_new0(AmDecisions, 1);
	*decisions = (AmDecisions){.database = database, .path = g_strdup(path)};
	return decisions;
}

void am_decisions_free(AmDecisions *decisions)
{
	if (decisions == NULL)
		return;
	am_database_free(decisions->database);
	g_free(decisions->path);
	g_free(decisions);
}

/* ---- The log */

void am_decisions_add_line(GString *content, const char *name, const char *value)
{
	g_autofree char *escaped = g_strescape(value, NULL);
	g_string_append_printf(content, "%s %s\n", name, escaped);
}

void am_decisions_add_number(GString *content, const char *name, int64_t value)
{
	g_string_append_printf(content, "%s %" G_GINT64_FORMAT "\n", name, (gint64)value);
}

static void add_prefix(GString *content, const char *name, const AmPrefix *prefix)
{
	g_autofree char *text = am_prefix_text(prefix);
	am_decisions_add_line(content, name, text);
}

GString *am_decisions_content(const char *kind, int64_t at_ns, const char *who)
{
	GString *content = g_string_new(NULL);
	am_decisions_add_line(content, "kind", kind);
	am_decisions_add_number(content, "at", at_ns);
	am_decisions_add_line(content, "who", who);
	return content;
}

static GString *override_content(const AmOverride *override)
{
	GString *content =
		am_decisions_content("override", override->at_ns, override->who != NULL ? override->who : "");
	if (override->network != NULL)
		am_decisions_add_line(content, "network", override->network);
	add_prefix(content, "client", &override->client);
	add_prefix(content, "server", &override->server);
	if (override->ip_protocol >= 0)
		am_decisions_add_number(content, "protocol", override->ip_protocol);
	if (override->port >= 0)
		am_decisions_add_number(content, "port", override->port);
	am_decisions_add_line(content, "verdict", am_override_name(override->verdict));
	am_decisions_add_line(content, "why", override->why != NULL ? override->why : "");
	return content;
}

static GString *network_content(const AmNetworkRule *rule)
{
	GString *content = am_decisions_content("network", rule->at_ns, rule->who != NULL ? rule->who : "");
	if (rule->sensor != NULL)
		am_decisions_add_line(content, "sensor", rule->sensor);
	am_decisions_add_line(content, "encapsulation", am_encapsulation_name(rule->kind));
	if (rule->id != AM_NETWORK_RULE_ANY_ID)
		am_decisions_add_number(content, "id", rule->id);
	if (rule->network != NULL)
		am_decisions_add_line(content, "network", rule->network);
	am_decisions_add_line(content, "why", rule->why != NULL ? rule->why : "");
	return content;
}

static void make_hash(const guint8 before[HASH_SIZE], int64_t n, const char *content, guint8 ret_hash[HASH_SIZE])
{
	g_autoptr(GChecksum) sha256 = g_checksum_new(G_CHECKSUM_SHA256);
	guint64 n_be = GUINT64_TO_BE((guint64)n);
	gsize size = HASH_SIZE;
	g_checksum_update(sha256, before, HASH_SIZE);
	g_checksum_update(sha256, (const guchar *)&n_be, sizeof n_be);
	g_checksum_update(sha256, (const guchar *)content, (gssize)strlen(content));
	g_checksum_get_digest(sha256, ret_hash, &size);
}

static gboolean read_head(AmDatabase *database, int64_t *ret_n, guint8 ret_hash[HASH_SIZE], GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "decisions-log-last", error);
	if (statement == NULL)
		return FALSE;
	*ret_n = 0;
	memset(ret_hash, 0, HASH_SIZE);
	int code = am_database_step(database, statement, error);
	if (code != SQLITE_ROW)
		return code == SQLITE_DONE;
	AmColumns columns = {.statement = statement};
	*ret_n = am_column_int(&columns);
	am_column_blob(&columns, ret_hash, HASH_SIZE);
	sqlite3_reset(statement);
	return am_columns_check(&columns, database, error);
}

gboolean am_decision_log(AmDatabase *database, const char *kind, int64_t at_ns, const char *who, const char *content,
			 int64_t *ret_n, GError **error)
{
	int64_t n;
	guint8 before[HASH_SIZE], hash[HASH_SIZE];
	if (!read_head(database, &n, before, error))
		return FALSE;
	sqlite3_stmt *statement = am_database_statement(database, "decisions-log-add", error);
	if (statement == NULL)
		return FALSE;
	n++;
	make_hash(before, n, content, hash);
	AmBinder b = {.statement = statement};
	am_bind_int(&b, n);
	am_bind_int(&b, at_ns);
	am_bind_text(&b, who);
	am_bind_text(&b, kind);
	am_bind_text(&b, content);
	am_bind_blob(&b, hash, sizeof hash);
	*ret_n = n;
	return am_database_execute(database, statement, error);
}

/* ---- Overrides */

static void bind_prefix(AmBinder *binder, const AmPrefix *prefix)
{
	am_bind_blob(binder, &prefix->address, sizeof prefix->address);
	am_bind_int(binder, prefix->length);
}

static void bind_or_any(AmBinder *binder, int value)
{
	if (value < 0)
		am_bind_null(binder);
	else
		am_bind_int(binder, value);
}

static gboolean write_override(AmDatabase *database, const AmOverride *override, GError **error)
{
	int64_t n;
	GString *content = override_content(override);
	gboolean logged = am_decision_log(database, "override", override->at_ns,
					  override->who != NULL ? override->who : "", content->str, &n, error);
	g_string_free(content, TRUE);
	sqlite3_stmt *statement = logged ? am_database_statement(database, "decisions-override-add", error) : NULL;
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, n);
	am_bind_text(&b, override->network);
	bind_prefix(&b, &override->client);
	bind_prefix(&b, &override->server);
	bind_or_any(&b, override->ip_protocol);
	bind_or_any(&b, override->port);
	am_bind_text(&b, am_override_name(override->verdict));
	am_bind_text(&b, override->why != NULL ? override->why : "");
	return am_database_execute(database, statement, error);
}

gboolean am_decisions_begin(AmDecisions *decisions, GError **error)
{
	if (decisions->database != NULL)
		return am_database_run(decisions->database, "BEGIN IMMEDIATE", error);
	g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_MISSING, "no decisions at %s to add to", decisions->path);
	return FALSE;
}

gboolean am_decisions_end(AmDecisions *decisions, gboolean written, GError **error)
{
	if (written && am_database_run(decisions->database, "COMMIT", error))
		return TRUE;
	am_database_roll_back(decisions->database);
	return FALSE;
}

gboolean am_decisions_add_override(AmDecisions *decisions, const AmOverride *override, GError **error)
{
	return am_decisions_begin(decisions, error) &&
	       am_decisions_end(decisions, write_override(decisions->database, override, error), error);
}

gboolean am_decisions_append(AmDecisions *decisions, const char *kind, int64_t at_ns, const char *who, GString *content,
			     int64_t *ret_n, GError **error)
{
	gboolean ok =
		am_decisions_begin(decisions, error) &&
		am_decisions_end(decisions,
				 am_decision_log(decisions->database, kind, at_ns, who, content->str, ret_n, error),
				 error);
	g_string_free(content, TRUE);
	return ok;
}

/* ---- Networks */

static gboolean write_network(AmDatabase *database, const AmNetworkRule *rule, GError **error)
{
	int64_t n;
	GString *content = network_content(rule);
	gboolean logged = am_decision_log(database, "network", rule->at_ns, rule->who != NULL ? rule->who : "",
					  content->str, &n, error);
	g_string_free(content, TRUE);
	sqlite3_stmt *statement = logged ? am_database_statement(database, "decisions-network-add", error) : NULL;
	if (statement == NULL)
		return FALSE;
	AmBinder b = {.statement = statement};
	am_bind_int(&b, n);
	am_bind_text(&b, rule->sensor);
	am_bind_text(&b, am_encapsulation_name(rule->kind));
	if (rule->id == AM_NETWORK_RULE_ANY_ID)
		am_bind_null(&b);
	else
		am_bind_int(&b, rule->id);
	am_bind_text(&b, rule->network);
	am_bind_text(&b, rule->why != NULL ? rule->why : "");
	return am_database_execute(database, statement, error);
}

gboolean am_decisions_add_network(AmDecisions *decisions, const AmNetworkRule *rule, GError **error)
{
	char uuid[AM_UUID_TEXT_SIZE];
	AmNetworkRule kept = *rule;
	if (rule->sensor != NULL) {
		(void)am_sensor_uuid(rule->sensor, uuid);
		kept.sensor = uuid;
	}
	return am_decisions_begin(decisions, error) &&
	       am_decisions_end(decisions, write_network(decisions->database, &kept, error), error);
}

/* ---- Reading */

static AmPrefix read_prefix(AmColumns *columns)
{
	AmPrefix prefix = {.address = am_column_address(columns)};
	prefix.length = (uint8_t)am_column_range(columns, 0, am_address_bits(&prefix.address));
	return prefix;
}

static int read_or_any(AmColumns *columns, int most)
{
	if (sqlite3_column_type(columns->statement, columns->n) != SQLITE_NULL)
		return (int)am_column_range(columns, 0, most);
	columns->n++;
	return -1;
}

/* Row of decisions-overrides.sql, up to the log's own columns. */
static AmOverride read_override(AmColumns *columns)
{
	AmOverride override = {.network = am_column_text(columns)};
	override.client = read_prefix(columns);
	override.server = read_prefix(columns);
	override.ip_protocol = read_or_any(columns, UINT8_MAX);
	override.port = read_or_any(columns, UINT16_MAX);
	g_autofree char *verdict = am_column_text(columns);
	if (verdict == NULL || !am_override_parse(verdict, &override.verdict))
		columns->damaged = TRUE;
	override.who = am_column_text(columns);
	override.why = am_column_text(columns);
	override.at_ns = am_column_int(columns);
	if (override.who == NULL || override.why == NULL)
		columns->damaged = TRUE; /* no entry of the log made it */
	return override;
}

static void clear_override(AmOverride *override)
{
	g_free(override->network);
	g_free(override->who);
	g_free(override->why);
}

static void clear_hint(AmHint *hint)
{
	g_free(hint->network);
}

static gboolean read_overrides(AmDatabase *database, GArray *overrides, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "decisions-overrides", error);
	if (statement == NULL)
		return FALSE;
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmOverride override = read_override(&columns);
		g_array_append_val(overrides, override);
		if (!am_columns_check(&columns, database, error))
			return FALSE;
	}
	return code == SQLITE_DONE;
}

static gboolean read_hints(AmDatabase *database, GArray *hints, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "decisions-hints", error);
	if (statement == NULL)
		return FALSE;
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmHint hint = {.network = am_column_text(&columns)};
		hint.server = read_prefix(&columns);
		hint.ip_protocol = (int)am_column_range(&columns, 0, UINT8_MAX);
		hint.port = (int)am_column_range(&columns, 0, UINT16_MAX);
		g_array_append_val(hints, hint);
		if (!am_columns_check(&columns, database, error))
			return FALSE;
	}
	return code == SQLITE_DONE;
}

/* Row of decisions-networks.sql, up to the log's own columns. */
static AmNetworkRule read_network(AmColumns *columns)
{
	AmNetworkRule rule = {.sensor = am_column_text(columns)};
	g_autofree char *kind = am_column_text(columns);
	if (kind == NULL || !am_encapsulation_parse(kind, &rule.kind))
		columns->damaged = TRUE;
	if (sqlite3_column_type(columns->statement, columns->n) == SQLITE_NULL) {
		columns->n++;
		rule.id = AM_NETWORK_RULE_ANY_ID;
	} else {
		rule.id = am_column_range(columns, 0, UINT32_MAX);
	}
	rule.network = am_column_text(columns);
	rule.who = am_column_text(columns);
	rule.why = am_column_text(columns);
	rule.at_ns = am_column_int(columns);
	if (rule.who == NULL || rule.why == NULL)
		columns->damaged = TRUE; /* no entry of the log made it */
	return rule;
}

static gboolean read_networks(AmDatabase *database, GArray *rules, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "decisions-networks", error);
	if (statement == NULL)
		return FALSE;
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmNetworkRule rule = read_network(&columns);
		g_array_append_val(rules, rule);
		if (!am_columns_check(&columns, database, error))
			return FALSE;
	}
	return code == SQLITE_DONE;
}

AmDecisionSet *am_decisions_load(AmDecisions *decisions, GError **error)
{
	g_autoptr(AmDecisionSet) set = g_new0(AmDecisionSet, 1);
	set->overrides = g_array_new(FALSE, FALSE, sizeof(AmOverride));
	set->hints = g_array_new(FALSE, FALSE, sizeof(AmHint));
	set->networks = am_network_rules_new();
	set->declarations = g_ptr_array_new_with_free_func((GDestroyNotify)am_declaration_free);
	set->group_edits = g_ptr_array_new_with_free_func((GDestroyNotify)am_group_edit_free);
	set->taps = g_ptr_array_new_with_free_func((GDestroyNotify)am_taps_free);
	set->imports = am_imports_new();
	set->labels = am_labels_new();
	set->leases = am_leases_new();
	set->middleboxes = am_middlebox_hints_new();
	g_array_set_clear_func(set->overrides, (GDestroyNotify)(void (*)(void))clear_override);
	g_array_set_clear_func(set->hints, (GDestroyNotify)(void (*)(void))clear_hint);
	AmDatabase *database = decisions->database;
	if (database == NULL)
		return g_steal_pointer(&set);
	if (!am_database_run(database, "BEGIN", error))
		return NULL;
	gboolean ok = read_overrides(database, set->overrides, error) && read_hints(database, set->hints, error) &&
		      read_networks(database, set->networks, error) && am_declarations_read(database, set, error) &&
		      am_middlebox_hints_read(database, set->middleboxes, error) &&
		      am_decisions_read_imports(database, set, error);
	am_database_roll_back(database); /* nothing was written */
	return ok ? g_steal_pointer(&set) : NULL;
}

void am_decision_set_free(AmDecisionSet *set)
{
	if (set == NULL)
		return;
	g_clear_pointer(&set->overrides, g_array_unref);
	g_clear_pointer(&set->hints, g_array_unref);
	g_clear_pointer(&set->networks, g_array_unref);
	g_clear_pointer(&set->declarations, g_ptr_array_unref);
	g_clear_pointer(&set->group_edits, g_ptr_array_unref);
	g_clear_pointer(&set->taps, g_ptr_array_unref);
	g_clear_pointer(&set->imports, g_array_unref);
	g_clear_pointer(&set->labels, g_array_unref);
	g_clear_pointer(&set->leases, g_array_unref);
	g_clear_pointer(&set->middleboxes, g_array_unref);
	g_free(set);
}

/* ---- Verification */

gboolean am_decisions_set_tampered(AmDatabase *database, int64_t n, const char *what, GError **error)
{
	g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED,
		    "%s: entry %" G_GINT64_FORMAT " of the decision log: %s", database->path, (gint64)n, what);
	return FALSE;
}

/* How many entries of the log made a row elsewhere. */
typedef struct {
	guint overrides, networks, imports;
} Logged;

/* One row of decisions-log.sql; `hash` is the entry's before, then its own. */
static gboolean verify_entry(AmDatabase *database, AmColumns *columns, int64_t n, guint8 hash[HASH_SIZE],
			     Logged *logged, GError **error)
{
	int64_t number = am_column_int(columns), at_ns = am_column_int(columns);
	g_autofree char *who = am_column_text(columns);
	g_autofree char *kind = am_column_text(columns);
	g_autofree char *content = am_column_text(columns);
	guint8 expected[HASH_SIZE], stored[HASH_SIZE];
	am_column_blob(columns, stored, sizeof stored);
	if (!am_columns_check(columns, database, error))
		return FALSE;
	if (number != n)
		return am_decisions_set_tampered(database, n, "is missing", error);
	GString *head = am_decisions_content(kind, at_ns, who);
	gboolean begins = g_str_has_prefix(content, head->str);
	g_string_free(head, TRUE);
	if (!begins)
		return am_decisions_set_tampered(database, n, "its columns and its content differ", error);
	make_hash(hash, n, content, expected);
	if (memcmp(expected, stored, sizeof stored) != 0)
		return am_decisions_set_tampered(database, n, "its hash is not that of its content", error);
	memcpy(hash, stored, sizeof stored);
	logged->overrides += strcmp(kind, "override") == 0;
	logged->networks += strcmp(kind, "network") == 0;
	logged->imports += strcmp(kind, "import") == 0;
	return TRUE;
}

static gboolean verify_log(AmDatabase *database, Logged *ret_logged, GError **error)
{
	guint8 hash[HASH_SIZE] = {0};
	sqlite3_stmt *statement = am_database_statement(database, "decisions-log", error);
	if (statement == NULL)
		return FALSE;
	*ret_logged = (Logged){0};
	int code;
	for (int64_t n = 1; (code = am_database_step(database, statement, error)) == SQLITE_ROW; n++) {
		AmColumns columns = {.statement = statement};
		if (!verify_entry(database, &columns, n, hash, ret_logged, error))
			return FALSE;
	}
	return code == SQLITE_DONE;
}

static gboolean verify_overrides(AmDatabase *database, guint n_logged, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "decisions-overrides", error);
	if (statement == NULL)
		return FALSE;
	guint n_rows = 0;
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmOverride override = read_override(&columns);
		g_autofree char *logged = am_column_text(&columns);
		int64_t n = am_column_int(&columns);
		GString *content = columns.damaged ? g_string_new(NULL) : override_content(&override);
		gboolean same = g_strcmp0(content->str, logged) == 0;
		g_string_free(content, TRUE);
		clear_override(&override);
		if (!same)
			return am_decisions_set_tampered(database, n, "the verdict that it made was changed", error);
		n_rows++;
	}
	if (code == SQLITE_DONE && n_rows != n_logged)
		return am_decisions_set_tampered(database, 0, "a verdict that it made was removed", error);
	return code == SQLITE_DONE;
}

static gboolean verify_networks(AmDatabase *database, guint n_logged, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "decisions-networks", error);
	if (statement == NULL)
		return FALSE;
	guint n_rows = 0;
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		g_autoptr(GArray) one = am_network_rules_new();
		AmNetworkRule rule = read_network(&columns);
		g_array_append_val(one, rule);
		g_autofree char *logged = am_column_text(&columns);
		int64_t n = am_column_int(&columns);
		GString *content = columns.damaged ? g_string_new(NULL) : network_content(&rule);
		gboolean same = g_strcmp0(content->str, logged) == 0;
		g_string_free(content, TRUE);
		if (!same)
			return am_decisions_set_tampered(database, n, "the network that it named was changed", error);
		n_rows++;
	}
	if (code == SQLITE_DONE && n_rows != n_logged)
		return am_decisions_set_tampered(database, 0, "a network that it named was removed", error);
	return code == SQLITE_DONE;
}

gboolean am_decisions_verify(AmDecisions *decisions, GError **error)
{
	AmDatabase *database = decisions->database;
	Logged logged;
	if (database == NULL)
		return TRUE;
	if (!am_database_run(database, "BEGIN", error))
		return FALSE;
	gboolean ok = verify_log(database, &logged, error) && verify_overrides(database, logged.overrides, error) &&
		      verify_networks(database, logged.networks, error) &&
		      am_decisions_verify_imports(database, logged.imports, error);
	am_database_roll_back(database);
	return ok;
}
