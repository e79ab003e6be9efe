/* The decisions: they outlive every re-run of the facts, and their log shows tampering. */
#include "config.h"

#include "decisions.h"
#include "store.h"

#include <sqlite3.h>

static AmPrefix prefix(const char *text)
{
	AmPrefix p = {0};
	CU_ASSERT_TRUE(am_prefix_parse(text, &p, NULL));
	return p;
}

static AmOverride override_of(const char *client, const char *server, int port)
{
	return (AmOverride){.client = prefix(client),
			    .server = prefix(server),
			    .ip_protocol = 6,
			    .port = port,
			    .verdict = AM_VERDICT_ESSENTIAL,
			    .who = (char *)"ann",
			    .why = (char *)"payroll\nneeds it",
			    .at_ns = T0};
}

static void run_sql(const char *db, const char *sql, int expected)
{
	sqlite3 *raw;
	CU_ASSERT_EQUAL(sqlite3_open(db, &raw), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_exec(raw, sql, NULL, NULL, NULL), expected);
	sqlite3_close(raw);
}

static void test_path(void)
{
	static const char *const cases[][2] = {
		{"allowmap.db", "allowmap.decisions.db"},
		{"/var/x.y/facts", "/var/x.y/facts.decisions"},
		{"/var/x.y/a.b.sqlite", "/var/x.y/a.b.decisions.sqlite"},
		{".hidden", ".hidden.decisions"},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autofree char *path = am_decisions_path_for(cases[n][0]);
		CU_ASSERT_STRING_EQUAL(path, cases[n][1]);
	}
}

static void test_none(void)
{
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "none.db", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, FALSE, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(decisions);
	g_autoptr(AmDecisionSet) set = am_decisions_load(decisions, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL(set->overrides->len, 0);
	CU_ASSERT_EQUAL(set->hints->len, 0);
	AmOverride override = override_of("10.0.0.1/32", "10.0.0.0/8", 443);
	CU_ASSERT_FALSE(am_decisions_add_override(decisions, &override, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_STORE_ERROR, AM_STORE_ERROR_MISSING));
	CU_ASSERT_EQUAL(store_clean(folder), 0); /* reading makes no file */
}

static void add_two(const char *db)
{
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, TRUE, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(decisions);
	AmOverride override = override_of("10.0.0.1/32", "10.0.0.0/8", 443);
	CU_ASSERT_TRUE(am_decisions_add_override(decisions, &override, NULL));
	override = override_of("2001:db8::/32", "2001:db8::1/128", -1);
	override.ip_protocol = -1;
	override.network = (char *)"branch";
	override.verdict = AM_VERDICT_BACKGROUND;
	CU_ASSERT_TRUE(am_decisions_add_override(decisions, &override, NULL));
	CU_ASSERT_TRUE(am_decisions_verify(decisions, NULL));
}

static void test_round_trip(void)
{
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "d.db", NULL);
	add_two(db);
	struct stat about;
	CU_ASSERT_TRUE(stat(db, &about) == 0 && (about.st_mode & 0777) == 0600);
	run_sql(db, "INSERT INTO hints SELECT 2, 'branch', server, server_length, 6, 8080 FROM overrides WHERE log = 2",
		SQLITE_OK);
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, FALSE, NULL);
	g_autoptr(AmDecisionSet) set = am_decisions_load(decisions, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL_FATAL(set->overrides->len, 2);
	const AmOverride *first = &g_array_index(set->overrides, AmOverride, 0);
	const AmOverride *second = &g_array_index(set->overrides, AmOverride, 1);
	CU_ASSERT_PTR_NULL(first->network);
	AmPrefix client = prefix("10.0.0.1/32"), server = prefix("10.0.0.0/8");
	CU_ASSERT_EQUAL(am_prefix_compare(&first->client, &client), 0);
	CU_ASSERT_EQUAL(am_prefix_compare(&first->server, &server), 0);
	CU_ASSERT_EQUAL(first->ip_protocol, 6);
	CU_ASSERT_EQUAL(first->port, 443);
	CU_ASSERT_EQUAL(first->verdict, AM_VERDICT_ESSENTIAL);
	CU_ASSERT_STRING_EQUAL(first->who, "ann");
	CU_ASSERT_STRING_EQUAL(first->why, "payroll\nneeds it");
	CU_ASSERT_EQUAL(first->at_ns, T0);
	CU_ASSERT_STRING_EQUAL(second->network, "branch");
	CU_ASSERT_EQUAL(second->ip_protocol, -1);
	CU_ASSERT_EQUAL(second->port, -1);
	CU_ASSERT_EQUAL(second->verdict, AM_VERDICT_BACKGROUND);
	CU_ASSERT_EQUAL_FATAL(set->hints->len, 1);
	CU_ASSERT_EQUAL(g_array_index(set->hints, AmHint, 0).port, 8080);
	/* Opened for reading, nothing is written. */
	g_autoptr(GError) error = NULL;
	CU_ASSERT_FALSE(am_decisions_add_override(decisions, first, &error));
	CU_ASSERT_PTR_NOT_NULL(error);
	g_clear_pointer(&decisions, am_decisions_free);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* The facts are thrown away and made anew: the override is still there, and names what is in them. */
static void test_survives_rerun(void)
{
	char *folder = store_folder();
	g_autofree char *facts_path = g_build_filename(folder, "allowmap.db", NULL);
	g_autofree char *db = am_decisions_path_for(facts_path);
	for (guint round = 0; round < 2; round++) {
		g_autoptr(AmFacts) facts = am_facts_open(facts_path, AM_FACTS_WRITE, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
		g_autoptr(AmRun) run = store_run("offline", NULL);
		AmConnection c = store_connection(round + 1, "10.0.0.1", 40000, "10.0.0.2", 443, T0);
		CU_ASSERT_TRUE(am_facts_begin_run(facts, run, &c.network, NULL));
		CU_ASSERT_TRUE(am_facts_add_connections(facts, &c, 1, NULL));
		CU_ASSERT_TRUE(am_facts_finish_run(facts, run, NULL));
		if (round == 0) {
			add_two(db); /* while the facts' writer is open */
			g_unlink(facts_path);
		}
	}
	g_autoptr(AmFacts) facts = am_facts_open(facts_path, AM_FACTS_READ, NULL);
	g_autoptr(GArray) tallies = am_facts_tallies(facts, NULL);
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, FALSE, NULL);
	g_autoptr(AmDecisionSet) set = am_decisions_load(decisions, NULL);
	CU_ASSERT_EQUAL_FATAL(tallies->len, 1);
	CU_ASSERT_EQUAL_FATAL(set->overrides->len, 2);
	const AmTallyKey *key = &g_array_index(tallies, AmTally, 0).key;
	const AmOverride *override = &g_array_index(set->overrides, AmOverride, 0);
	CU_ASSERT_TRUE(am_prefix_contains(&override->client, &key->lo));
	CU_ASSERT_TRUE(am_prefix_contains(&override->server, &key->hi));
	CU_ASSERT_EQUAL(override->port, key->port_hi);
	g_clear_pointer(&facts, am_facts_free);
	g_clear_pointer(&decisions, am_decisions_free);
	CU_ASSERT_EQUAL(store_clean(folder), 2);
}

static void add_network(AmDecisions *decisions, const char *sensor, int64_t id, const char *network)
{
	const AmNetworkRule rule = {.sensor = (char *)sensor,
				    .kind = AM_ENCAPSULATION_VXLAN,
				    .id = id,
				    .network = (char *)network,
				    .who = (char *)"ann",
				    .why = (char *)"tenant\nblue",
				    .at_ns = T0};
	CU_ASSERT_TRUE(am_decisions_add_network(decisions, &rule, NULL));
}

static const char *network_of(const GArray *rules, const char *sensor, AmEncapsulation kind, int64_t id)
{
	const AmNetworkRule *rule = am_network_rules_find(rules, sensor, kind, id);
	return rule != NULL ? rule->network : "(none)";
}

static void test_networks(void)
{
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "d.db", NULL);
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, TRUE, NULL);
	add_network(decisions, NULL, 5001, "green");
	add_network(decisions, NULL, 5001, "blue");
	add_network(decisions, "tap-7", AM_NETWORK_RULE_ANY_ID, "tap");
	add_network(decisions, NULL, AM_NETWORK_RULE_ANY_ID, "all");
	add_network(decisions, NULL, 7, "gone");
	add_network(decisions, NULL, 7, NULL);
	CU_ASSERT_TRUE(am_decisions_verify(decisions, NULL));
	g_autoptr(AmDecisionSet) set = am_decisions_load(decisions, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL_FATAL(set->networks->len, 6);
	const AmNetworkRule *first = &g_array_index(set->networks, AmNetworkRule, 0), *third = first + 2;
	CU_ASSERT_EQUAL(first->kind, AM_ENCAPSULATION_VXLAN);
	CU_ASSERT_EQUAL(first->id, 5001);
	CU_ASSERT_STRING_EQUAL(first->who, "ann");
	CU_ASSERT_STRING_EQUAL(first->why, "tenant\nblue");
	CU_ASSERT_EQUAL(first->at_ns, T0);
	CU_ASSERT_EQUAL(strlen(third->sensor), 36); /* its UUID */
	CU_ASSERT_STRING_EQUAL(network_of(set->networks, "x", AM_ENCAPSULATION_VXLAN, 5001), "blue");
	CU_ASSERT_STRING_EQUAL(network_of(set->networks, NULL, AM_ENCAPSULATION_VXLAN, 5001), "blue");
	CU_ASSERT_STRING_EQUAL(network_of(set->networks, third->sensor, AM_ENCAPSULATION_VXLAN, 5001), "tap");
	CU_ASSERT_STRING_EQUAL(network_of(set->networks, "x", AM_ENCAPSULATION_VXLAN, 7), "all");
	CU_ASSERT_STRING_EQUAL(network_of(set->networks, "x", AM_ENCAPSULATION_GENEVE, 7), "(none)");
	g_clear_pointer(&decisions, am_decisions_free);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void add_withdrawal(AmDecisions *decisions)
{
	AmOverride override = override_of("10.0.0.1/32", "10.0.0.0/8", 443);
	override.verdict = AM_OVERRIDE_WITHDRAWN;
	override.why = (char *)"host is gone";
	CU_ASSERT_TRUE(am_decisions_add_override(decisions, &override, NULL));
}

static void test_withdrawn(void)
{
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "d.db", NULL);
	add_two(db);
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, TRUE, NULL);
	add_withdrawal(decisions);
	CU_ASSERT_TRUE(am_decisions_verify(decisions, NULL));
	g_autoptr(AmDecisionSet) set = am_decisions_load(decisions, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL_FATAL(set->overrides->len, 3); /* nothing is deleted */
	const AmOverride *last = &g_array_index(set->overrides, AmOverride, 2);
	CU_ASSERT_EQUAL(g_array_index(set->overrides, AmOverride, 0).verdict, AM_VERDICT_ESSENTIAL);
	CU_ASSERT_EQUAL(last->verdict, AM_OVERRIDE_WITHDRAWN);
	CU_ASSERT_STRING_EQUAL(last->why, "host is gone");
	g_clear_pointer(&decisions, am_decisions_free);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void add_all_kinds(const char *db)
{
	add_two(db);
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, TRUE, NULL);
	add_network(decisions, NULL, 5001, "blue");
	add_network(decisions, "tap-7", 5002, NULL);
	add_withdrawal(decisions);
	CU_ASSERT_TRUE(am_decisions_verify(decisions, NULL));
}

static void test_log(void)
{
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "d.db", NULL);
	add_all_kinds(db);
	run_sql(db, "UPDATE log SET who = 'bob' WHERE n = 1", SQLITE_CONSTRAINT);
	run_sql(db, "DELETE FROM log WHERE n = 2", SQLITE_CONSTRAINT);
	static const char *const tamperings[] = {
		"DROP TRIGGER log_is_never_changed; UPDATE log SET who = 'bob' WHERE n = 1",
		"DROP TRIGGER log_is_never_changed; UPDATE log SET content = replace(content, '443', '22')",
		"DROP TRIGGER log_is_never_changed; UPDATE log SET hash = zeroblob(32) WHERE n = 1",
		"DROP TRIGGER log_is_never_changed; UPDATE log SET n = 9 WHERE n = 2",
		"DROP TRIGGER log_is_never_shortened; DELETE FROM log WHERE n = 1",
		"DROP TRIGGER log_is_never_shortened; DELETE FROM log WHERE n = 2",
		"UPDATE overrides SET port = 22 WHERE log = 1",
		"UPDATE networks_by_encapsulation SET network = 'red' WHERE log = 3",
		"UPDATE networks_by_encapsulation SET sensor = NULL WHERE log = 4",
		"UPDATE networks_by_encapsulation SET id = 1 WHERE log = 3",
		"DELETE FROM networks_by_encapsulation WHERE log = 4",
		"UPDATE overrides SET why = 'because' WHERE log = 2",
		"DELETE FROM overrides WHERE log = 1",
		"UPDATE overrides SET verdict = 'essential' WHERE log = 5",
		"UPDATE overrides SET verdict = 'withdrawn' WHERE log = 2",
		"UPDATE overrides SET port = NULL WHERE log = 5",
		"DELETE FROM overrides WHERE log = 5",
		"DROP TRIGGER log_is_never_changed; UPDATE log SET content = replace(content, 'withdrawn', 'local')",
		"INSERT INTO overrides SELECT 9, network, client, client_length, server, server_length, ip_protocol, "
		"port, "
		"verdict, why FROM overrides WHERE log = 1",
	};
	gchar *bytes;
	gsize size;
	CU_ASSERT_TRUE(g_file_get_contents(db, &bytes, &size, NULL));
	for (guint n = 0; n < G_N_ELEMENTS(tamperings); n++) {
		g_unlink(db);
		CU_ASSERT_TRUE(g_file_set_contents(db, bytes, (gssize)size, NULL));
		run_sql(db, tamperings[n], SQLITE_OK);
		g_autoptr(GError) error = NULL;
		g_autoptr(AmDecisions) decisions = am_decisions_open(db, FALSE, NULL);
		CU_ASSERT_FALSE(am_decisions_verify(decisions, &error));
		CU_ASSERT_TRUE(g_error_matches(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED));
	}
	g_free(bytes);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void add_label(AmInventory *inventory, const char *who, const char *name, const char *value)
{
	AmLabel label = {.name = g_strdup(name), .value = g_strdup(value), .from_ns = T0, .until_ns = T0 + DAY};
	if (am_mac_parse(who, label.mac)) {
		label.of = AM_LABELLED_MAC;
	} else if (!am_prefix_parse(who, &label.prefix, NULL)) {
		label.of = AM_LABELLED_HOST;
		label.host = g_strdup(who);
	}
	g_array_append_val(inventory->labels, label);
}

static AmInventory *inventory_of(const char *owner)
{
	AmInventory *inventory = am_inventory_new();
	inventory->kind = AM_INVENTORY_ANSIBLE;
	add_label(inventory, "10.1.0.0/16", "owner", owner);
	add_label(inventory, "52:54:00:00:00:01", "owner", owner);
	add_label(inventory, "db1", "note", "two\nlines \"x\"");
	AmLease lease = {.host = g_strdup("pc7"), .mac = {2, 0, 0, 0, 0, 7}, .first_ns = T0, .last_ns = T0 + 1};
	CU_ASSERT_TRUE(am_address_parse("2001:db8::7", &lease.address));
	g_array_append_val(inventory->leases, lease);
	return inventory;
}

static gboolean import_as(AmDecisions *decisions, const char *source, const AmInventory *inventory)
{
	const AmImport import = {.source = (char *)source,
				 .network = (char *)"branch",
				 .who = (char *)"ann",
				 .why = (char *)"why\nnot",
				 .at_ns = T0};
	gboolean before = FALSE;
	CU_ASSERT_TRUE(am_decisions_add_import(decisions, &import, inventory, &before, NULL));
	return before;
}

static const AmLabel *label_at(const AmDecisionSet *set, guint n)
{
	return &g_array_index(set->labels, AmLabel, n);
}

static void test_imports(void)
{
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "d.db", NULL);
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, TRUE, NULL);
	g_autoptr(AmInventory) one = inventory_of("one"), two = inventory_of("two");
	CU_ASSERT_FALSE(import_as(decisions, "hosts.csv", one));
	CU_ASSERT_FALSE(import_as(decisions, "other.csv", one));
	CU_ASSERT_TRUE(import_as(decisions, "hosts.csv", two)); /* in its place */
	CU_ASSERT_TRUE(am_decisions_verify(decisions, NULL));
	g_autoptr(AmDecisionSet) set = am_decisions_load(decisions, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL_FATAL(set->imports->len, 2);
	CU_ASSERT_EQUAL_FATAL(set->labels->len, 6);
	CU_ASSERT_EQUAL_FATAL(set->leases->len, 2);
	const AmImport *import = &g_array_index(set->imports, AmImport, 1);
	CU_ASSERT_STRING_EQUAL(import->source, "hosts.csv");
	CU_ASSERT_EQUAL(import->kind, AM_INVENTORY_ANSIBLE);
	CU_ASSERT_STRING_EQUAL(import->network, "branch");
	CU_ASSERT_STRING_EQUAL(import->why, "why\nnot");
	CU_ASSERT_EQUAL(import->n_labels, 3);
	CU_ASSERT_EQUAL(import->n_leases, 1);
	CU_ASSERT_EQUAL(label_at(set, 3)->of, AM_LABELLED_PREFIX);
	CU_ASSERT_EQUAL(label_at(set, 3)->prefix.length, 16);
	CU_ASSERT_STRING_EQUAL(label_at(set, 3)->value, "two");
	CU_ASSERT_EQUAL(label_at(set, 3)->import, 1);
	CU_ASSERT_EQUAL(label_at(set, 3)->until_ns, T0 + DAY);
	CU_ASSERT_EQUAL(label_at(set, 4)->of, AM_LABELLED_MAC);
	CU_ASSERT_EQUAL(label_at(set, 4)->mac[5], 1);
	CU_ASSERT_EQUAL(label_at(set, 5)->of, AM_LABELLED_HOST);
	CU_ASSERT_STRING_EQUAL(label_at(set, 5)->host, "db1");
	const AmLease *lease = &g_array_index(set->leases, AmLease, 1);
	CU_ASSERT_STRING_EQUAL(lease->host, "pc7");
	CU_ASSERT_EQUAL(lease->mac[5], 7);
	CU_ASSERT_EQUAL(lease->last_ns, T0 + 1);
	/* Taken back: the entries stay, the rows do not. */
	CU_ASSERT_TRUE(import_as(decisions, "hosts.csv", NULL));
	CU_ASSERT_FALSE(import_as(decisions, "hosts.csv", NULL));
	CU_ASSERT_FALSE(import_as(decisions, "never.csv", NULL));
	g_clear_pointer(&set, am_decision_set_free);
	set = am_decisions_load(decisions, NULL);
	CU_ASSERT_EQUAL_FATAL(set->imports->len, 1);
	CU_ASSERT_STRING_EQUAL(g_array_index(set->imports, AmImport, 0).source, "other.csv");
	CU_ASSERT_EQUAL(set->labels->len, 3);
	CU_ASSERT_TRUE(am_decisions_verify(decisions, NULL));
	/* Whatever is changed behind the log's back shows. */
	static const char *const tampers[][2] = {
		{"UPDATE labels SET value = 'me' WHERE name = 'owner'",
		 "UPDATE labels SET value = 'one' WHERE name = 'owner'"},
		{"UPDATE leases SET last_ns = last_ns + 1", "UPDATE leases SET last_ns = last_ns - 1"},
		{"UPDATE imports SET source = 'x' || source", "UPDATE imports SET source = substr(source, 2)"},
		{"DELETE FROM imports WHERE log = 1", NULL},
	};
	for (guint n = 0; n < G_N_ELEMENTS(tampers); n++) {
		run_sql(db, tampers[n][0], SQLITE_OK);
		g_autoptr(GError) error = NULL;
		CU_ASSERT_FALSE(am_decisions_verify(decisions, &error));
		CU_ASSERT_TRUE(g_error_matches(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED));
		if (tampers[n][1] != NULL) {
			run_sql(db, tampers[n][1], SQLITE_OK);
			CU_ASSERT_TRUE(am_decisions_verify(decisions, NULL));
		}
	}
	g_clear_pointer(&decisions, am_decisions_free);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void test_not_ours(void)
{
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "d.db", NULL);
	g_autoptr(GError) error = NULL;
	AmFacts *facts = am_facts_open(db, AM_FACTS_WRITE, NULL);
	am_facts_free(facts);
	CU_ASSERT_PTR_NULL(am_decisions_open(db, TRUE, &error)); /* the facts */
	CU_ASSERT_TRUE(g_error_matches(error, AM_STORE_ERROR, AM_STORE_ERROR_FOREIGN));
	g_clear_error(&error);
	g_unlink(db);
	add_two(db);
	run_sql(db, "PRAGMA user_version = 99", SQLITE_OK);
	CU_ASSERT_PTR_NULL(am_decisions_open(db, FALSE, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_STORE_ERROR, AM_STORE_ERROR_NEWER));
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void say(const char *db, const char *address, int role, const char *network)
{
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, TRUE, NULL);
	AmMiddleboxHint hint = {.role = role,
				.network = (char *)network,
				.who = (char *)"ann",
				.why = (char *)"rack 4\nunit 2",
				.at_ns = T0};
	CU_ASSERT_PTR_NOT_NULL_FATAL(decisions);
	CU_ASSERT_TRUE(am_address_parse(address, &hint.address));
	CU_ASSERT_TRUE(am_decisions_add_middlebox(decisions, &hint, NULL));
	CU_ASSERT_TRUE(am_decisions_verify(decisions, NULL));
}

static void test_middleboxes(void)
{
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "d.db", NULL);
	g_autoptr(GError) error = NULL;
	say(db, "10.0.0.1", AM_MIDDLEBOX_NAT, NULL);
	say(db, "2001:db8::1", AM_MIDDLEBOX_WITHDRAWN, "blue");
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, FALSE, NULL);
	g_autoptr(AmDecisionSet) set = am_decisions_load(decisions, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL_FATAL(set->middleboxes->len, 2);
	const AmMiddleboxHint *hints = (const AmMiddleboxHint *)set->middleboxes->data;
	CU_ASSERT_EQUAL(hints[0].role, AM_MIDDLEBOX_NAT);
	CU_ASSERT_PTR_NULL(hints[0].network);
	CU_ASSERT_STRING_EQUAL(hints[0].who, "ann");
	CU_ASSERT_STRING_EQUAL(hints[0].why, "rack 4\nunit 2");
	CU_ASSERT_EQUAL(hints[0].at_ns, T0);
	CU_ASSERT_EQUAL(hints[1].role, AM_MIDDLEBOX_WITHDRAWN);
	CU_ASSERT_STRING_EQUAL(hints[1].network, "blue");
	AmAddress address = store_address("2001:db8::1");
	CU_ASSERT_EQUAL(am_address_compare(&hints[1].address, &address), 0);
	/* What the log cannot have said is damage. */
	static const char *const damages[] = {"role king", "shoe 43", "address 10.0.0", "role nat\nrole nat", "why"};
	for (size_t n = 0; n < G_N_ELEMENTS(damages); n++) {
		g_autofree char *sql =
			g_strdup_printf("INSERT INTO log VALUES ((SELECT max(n) + 1 FROM log), 0, 'ann', 'middlebox', "
					"'address 10.0.0.1' || char(10) || 'role nat' || char(10) || 'why x' || "
					"char(10) || '%s' || char(10), "
					"zeroblob(32))",
					damages[n]);
		run_sql(db, sql, SQLITE_OK);
		g_clear_error(&error);
		CU_ASSERT_PTR_NULL(am_decisions_load(decisions, &error));
		CU_ASSERT_TRUE(g_error_matches(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED));
		run_sql(db, "DROP TRIGGER IF EXISTS log_is_never_shortened; DELETE FROM log WHERE n > 2", SQLITE_OK);
	}
	g_autoptr(AmDecisionSet) again = am_decisions_load(decisions, NULL);
	CU_ASSERT_PTR_NOT_NULL(again);
	g_clear_pointer(&decisions, am_decisions_free);
	(void)store_clean(folder);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_path),
		UNIT_TEST(test_none),
		UNIT_TEST(test_round_trip),
		UNIT_TEST(test_survives_rerun),
		UNIT_TEST(test_networks),
		UNIT_TEST(test_log),
		UNIT_TEST(test_not_ours),
		UNIT_TEST(test_withdrawn),
		UNIT_TEST(test_imports),
		UNIT_TEST(test_middleboxes),
		{NULL, NULL},
	};
	return unit_run("store-decisions", tests);
}
