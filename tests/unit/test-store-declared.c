/* What people declared, kept as entries of the decision log: as it was said, taken back by number, and never believed when it is
 * damaged. */
#include "config.h"

#include "decisions.h"
#include "store.h"

#include <sqlite3.h>

static void add_prefix(GArray *prefixes, const char *text)
{
	AmPrefix prefix;
	CU_ASSERT_TRUE_FATAL(am_prefix_parse(text, &prefix, NULL));
	g_array_append_val(prefixes, prefix);
}

static AmSaid said(void)
{
	return (AmSaid){.at_ns = T0, .who = g_strdup("ann \xc3\xa4"), .why = g_strdup("line one\nkind override")};
}

static int64_t add_declaration(AmDecisions *decisions)
{
	g_autoptr(AmDeclaration) declaration = am_declaration_new(AM_DECLARED_SCANNER);
	int64_t number = 0;
	declaration->said = said();
	declaration->network = g_strdup("branch");
	declaration->ticket = g_strdup("SEC-12 ");
	declaration->ip_protocol = 6;
	declaration->port = 443;
	declaration->from_ns = T0;
	declaration->to_ns = T0 + DAY;
	add_prefix(declaration->hosts, "10.0.0.1");
	add_prefix(declaration->hosts, "2001:db8::/32");
	add_prefix(declaration->peers, "10.1.0.0/16");
	CU_ASSERT_TRUE(am_decisions_add_declaration(decisions, declaration, &number, NULL));
	return number;
}

static int64_t add_edit(AmDecisions *decisions)
{
	g_autoptr(AmGroupEdit) edit = am_group_edit_new(AM_GROUP_EDIT_MOVE);
	AmGroupMember member;
	int64_t number = 0;
	memset(&member, 0, sizeof member);
	g_strlcpy(member.network, "default", sizeof member.network);
	member.address = store_address("10.0.0.7");
	g_array_append_val(edit->anchors, member);
	member.has_mac = TRUE;
	memcpy(member.mac, "\x00\x50\x56\xab\xcd\xef", 6);
	g_array_append_val(edit->members, member);
	edit->said = said();
	edit->name = g_strdup("web-2");
	CU_ASSERT_TRUE(am_decisions_add_group_edit(decisions, edit, &number, NULL));
	return number;
}

static int64_t add_taps(AmDecisions *decisions, const char *visible)
{
	g_autoptr(AmTaps) taps = am_taps_new();
	int64_t number = 0;
	taps->said = said();
	taps->visible = g_strdup(visible);
	g_ptr_array_add(taps->subnets, g_strdup("10.0.0.0/25"));
	CU_ASSERT_TRUE(am_decisions_add_taps(decisions, taps, &number, NULL));
	return number;
}

static void check_said(const AmSaid *read, int64_t number)
{
	CU_ASSERT_EQUAL(read->number, number);
	CU_ASSERT_EQUAL(read->at_ns, T0);
	CU_ASSERT_STRING_EQUAL(read->who, "ann \xc3\xa4");
	CU_ASSERT_STRING_EQUAL(read->why, "line one\nkind override");
	CU_ASSERT_FALSE(read->withdrawn);
}

static void test_kept(void)
{
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "d.db", NULL);
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, TRUE, NULL);
	CU_ASSERT_EQUAL(add_declaration(decisions), 1);
	CU_ASSERT_EQUAL(add_edit(decisions), 2);
	CU_ASSERT_EQUAL(add_taps(decisions, "10.0.0.0/8,outside"), 3);
	CU_ASSERT_TRUE(am_decisions_verify(decisions, NULL));
	g_autoptr(AmDecisionSet) set = am_decisions_load(decisions, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL_FATAL(set->declarations->len, 1);
	const AmDeclaration *declaration = set->declarations->pdata[0];
	check_said(&declaration->said, 1);
	CU_ASSERT_EQUAL(declaration->kind, AM_DECLARED_SCANNER);
	CU_ASSERT_STRING_EQUAL(declaration->network, "branch");
	CU_ASSERT_STRING_EQUAL(declaration->ticket, "SEC-12 ");
	CU_ASSERT(declaration->ip_protocol == 6 && declaration->port == 443);
	CU_ASSERT(declaration->from_ns == T0 && declaration->to_ns == T0 + DAY);
	CU_ASSERT(declaration->hosts->len == 2 && declaration->peers->len == 1);
	CU_ASSERT_EQUAL(g_array_index(declaration->hosts, AmPrefix, 1).length, 32);
	CU_ASSERT_EQUAL_FATAL(set->group_edits->len, 1);
	const AmGroupEdit *edit = set->group_edits->pdata[0];
	check_said(&edit->said, 2);
	CU_ASSERT_EQUAL(edit->kind, AM_GROUP_EDIT_MOVE);
	CU_ASSERT_STRING_EQUAL(edit->name, "web-2");
	CU_ASSERT(edit->members->len == 1 && edit->anchors->len == 1);
	const AmGroupMember *member = &g_array_index(edit->members, AmGroupMember, 0);
	CU_ASSERT(member->has_mac && memcmp(member->mac, "\x00\x50\x56\xab\xcd\xef", 6) == 0);
	CU_ASSERT_STRING_EQUAL(member->network, "default");
	CU_ASSERT_FALSE(g_array_index(edit->anchors, AmGroupMember, 0).has_mac);
	const AmTaps *taps = am_taps_in_force(set->taps);
	CU_ASSERT_PTR_NOT_NULL_FATAL(taps);
	check_said(&taps->said, 3);
	CU_ASSERT_STRING_EQUAL(taps->visible, "10.0.0.0/8,outside");
	CU_ASSERT_STRING_EQUAL(taps->subnets->pdata[0], "10.0.0.0/25");
	g_clear_pointer(&decisions, am_decisions_free);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void test_taken_back(void)
{
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "d.db", NULL);
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, TRUE, NULL);
	add_declaration(decisions);
	add_taps(decisions, "all");
	add_taps(decisions, NULL);
	CU_ASSERT_TRUE(am_decisions_withdraw(decisions, 1, "bob", "over", T0 + DAY, NULL));
	CU_ASSERT_TRUE(am_decisions_withdraw(decisions, 3, "bob", "", T0 + DAY, NULL));
	CU_ASSERT_TRUE(am_decisions_withdraw(decisions, 1, "eve", "again", T0 + 2 * DAY, NULL));
	CU_ASSERT_TRUE(am_decisions_verify(decisions, NULL));
	g_autoptr(AmDecisionSet) set = am_decisions_load(decisions, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	const AmSaid *read = set->declarations->pdata[0];
	CU_ASSERT_TRUE(read->withdrawn);
	CU_ASSERT_STRING_EQUAL(read->withdrawn_by, "bob"); /* who was first */
	CU_ASSERT_STRING_EQUAL(read->withdrawn_why, "over");
	CU_ASSERT_EQUAL(read->withdrawn_ns, T0 + DAY);
	CU_ASSERT_PTR_NULL(am_taps_in_force(set->taps)); /* the older one was replaced for good */
	CU_ASSERT_FALSE(((const AmSaid *)set->taps->pdata[0])->withdrawn);
	g_clear_pointer(&decisions, am_decisions_free);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* Puts an entry of this content into a copy without triggers, and tries to load it. */
static void assert_damaged(const char *db, const char *kind, const char *content)
{
	sqlite3 *raw;
	sqlite3_stmt *statement;
	CU_ASSERT_EQUAL_FATAL(sqlite3_open(db, &raw), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_exec(raw, "DROP TRIGGER IF EXISTS log_is_never_shortened; DELETE FROM log WHERE n > 1;",
				     NULL, NULL, NULL),
			SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_prepare_v2(raw, "INSERT INTO log VALUES (2, 5, 'ann', ?1, ?2, zeroblob(32))", -1,
					   &statement, NULL),
			SQLITE_OK);
	sqlite3_bind_text(statement, 1, kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, content, -1, SQLITE_STATIC);
	CU_ASSERT_EQUAL(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
	sqlite3_close(raw);
	g_autoptr(GError) error = NULL;
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, FALSE, NULL);
	g_autoptr(AmDecisionSet) set = am_decisions_load(decisions, &error);
	CU_ASSERT_PTR_NULL(set);
	CU_ASSERT(g_error_matches(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED));
	if (set != NULL)
		fprintf(stderr, "taken: %s\n", content);
}

#define SAID(kind) "kind " kind "\nat 5\nwho ann\nwhy x\n"

static void test_damaged(void)
{
	static const char *const cases[][2] = {
		{"declaration", ""},
		{"declaration", "kind declaration"},
		{"declaration", SAID("group-edit") "as change\nhost 10.0.0.1/32\nticket t\n"},
		{"declaration", SAID("declaration") "as change\nticket t\n"},
		{"declaration", SAID("declaration") "as nothing\nhost 10.0.0.1/32\nticket t\n"},
		{"declaration", SAID("declaration") "as change\nhost 10.0.0.1/33\nticket t\n"},
		{"declaration", SAID("declaration") "as change\nhost 10.0.0.1/32\n"},
		{"declaration", SAID("declaration") "as change\nhost 10.0.0.1/32\nticket t\nport 65536\n"},
		{"declaration", SAID("declaration") "as change\nhost 10.0.0.1/32\nticket t\nfrom soon\n"},
		{"declaration", SAID("declaration") "as change\nhost 10.0.0.1/32\nticket t\nmore x\n"},
		{"declaration", SAID("declaration") "as change\nhost 10.0.0.1/32\nticket t\nticket u\n"},
		{"declaration", SAID("declaration") "as change\nhost 10.0.0.1/32\nticket t\naveryveryverylongname x\n"},
		{"declaration", "kind declaration\nwho ann\nwhy x\nas change\nhost 10.0.0.1/32\nticket t\n"},
		{"group-edit", SAID("group-edit") "does nothing\n"},
		{"group-edit", SAID("group-edit") "does move\nmember 10.0.0.1 00:11:22:33:44 default\n"},
		{"group-edit", SAID("group-edit") "does move\nmember 10.0.0.1 00:11:22:33:44:55:66 default\n"},
		{"group-edit", SAID("group-edit") "does move\nmember 10.0.0.1 -\n"},
		{"group-edit", SAID("group-edit") "does move\nmember ten - default\n"},
		{"group-edit", SAID("group-edit") "does name\nname Web\n"},
		{"taps", SAID("taps") "visibly all\n"},
		{"withdrawal", SAID("withdrawal") "entry 7\n"},
		{"withdrawal", SAID("withdrawal") "entry -1\n"},
		{"withdrawal", SAID("withdrawal")},
	};
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "d.db", NULL);
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, TRUE, NULL);
	add_declaration(decisions);
	g_clear_pointer(&decisions, am_decisions_free);
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++)
		assert_damaged(db, cases[n][0], cases[n][1]);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* The chain of hashes is all that stands for these entries: it has to see each change. */
static void test_tampered(void)
{
	char *folder = store_folder();
	g_autofree char *db = g_build_filename(folder, "d.db", NULL);
	g_autoptr(AmDecisions) decisions = am_decisions_open(db, TRUE, NULL);
	add_declaration(decisions);
	add_edit(decisions);
	CU_ASSERT_TRUE(am_decisions_verify(decisions, NULL));
	sqlite3 *raw;
	CU_ASSERT_EQUAL_FATAL(sqlite3_open(db, &raw), SQLITE_OK);
	CU_ASSERT_EQUAL(
		sqlite3_exec(raw,
			     "DROP TRIGGER log_is_never_changed;"
			     "UPDATE log SET content = replace(content, '10.0.0.1/32', '10.0.0.0/8') WHERE n = 1",
			     NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(raw);
	CU_ASSERT_FALSE(am_decisions_verify(decisions, NULL));
	g_clear_pointer(&decisions, am_decisions_free);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_kept), UNIT_TEST(test_taken_back), UNIT_TEST(test_damaged), UNIT_TEST(test_tampered),
		{NULL, NULL},
	};
	return unit_run("store-declared", tests);
}
