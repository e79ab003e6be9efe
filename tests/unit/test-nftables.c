/* nftables exports: what is written is what is read back, a change in the text never goes unseen, and nothing that was learned
 * or typed by people gets into it. Whether nft itself understands the text is tests/e2e/nftables-enforce.sh's part. */
#include "config.h"

#include "allowmap/export.h"
#include "allowmap/import.h"

#include "policy-text.h"
#include "unit.h"

#include <string.h>

static const AmExportOptions all_options[] = {
	{.json = FALSE},
	{.json = TRUE},
	{.json = FALSE, .host = TRUE},
	{.json = TRUE, .host = TRUE},
	{.json = FALSE, .enforce = TRUE, .unapproved = TRUE},
	{.json = TRUE, .enforce = TRUE, .unapproved = TRUE},
	{.json = FALSE, .host = TRUE, .enforce = TRUE, .unapproved = TRUE},
	{.json = TRUE, .host = TRUE, .enforce = TRUE, .unapproved = TRUE},
};

static AmPolicy *read_back(const char *text, gboolean json, GError **error)
{
	return json ? am_import_nftables_json(text, strlen(text), error)
		    : am_import_nftables_text(text, strlen(text), error);
}

static char *write_it(const AmPolicy *policy, const AmExportOptions *options)
{
	g_autoptr(GError) error = NULL;
	char *text = am_export_write(am_export_find("nftables"), policy, options, NULL, &error);
	if (text == NULL)
		g_printerr("%s\n", error->message);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	return text;
}

static void test_round_trip(void)
{
	for (guint32 seed = 0; seed < 2000; seed++) {
		g_autoptr(AmPolicy) policy = random_policy(seed, seed % 2 == 0);
		const AmExportOptions *options = &all_options[seed % G_N_ELEMENTS(all_options)];
		g_autofree char *text = write_it(policy, options);
		g_autofree char *again = write_it(policy, options);
		g_autoptr(GError) error = NULL;
		g_autoptr(AmPolicy) said = read_back(text, options->json, &error);
		gboolean same = said != NULL && am_policy_equal(policy, said, &error);
		if (!same)
			g_printerr("seed %u: %s\n%s", seed, error->message, text);
		CU_ASSERT_TRUE_FATAL(same);
		CU_ASSERT_STRING_EQUAL(text, again);
		CU_ASSERT_EQUAL(said->default_action, options->enforce ? AM_DEFAULT_DENY_LOG : AM_DEFAULT_MONITOR);
	}
}

/* Rule ids and the head say nothing about packets. */
static gboolean is_neutral(const char *line)
{
	return line[0] == '#' || strstr(line, "\"comment\": \"r-") != NULL;
}

static void test_mutations(void)
{
	guint n_tried = 0;
	for (guint32 seed = 0; seed < 3000; seed++) {
		g_autoptr(AmPolicy) policy = random_policy(seed, TRUE);
		const AmExportOptions *options = &all_options[seed % G_N_ELEMENTS(all_options)];
		g_autofree char *text = write_it(policy, options);
		GRand *random = g_rand_new_with_seed(seed);
		g_autofree char *other = mutate_text(random, text, is_neutral);
		g_rand_free(random);
		if (other == NULL)
			continue;
		g_autoptr(AmPolicy) said = read_back(other, options->json, NULL);
		gboolean detected = said == NULL || !am_policy_equal(policy, said, NULL);
		n_tried++;
		if (!detected)
			g_printerr("seed %u:\n%s\n---\n%s", seed, text, other);
		CU_ASSERT_TRUE_FATAL(detected);
	}
	CU_ASSERT_TRUE(n_tried > 1000);
}

/* What opens the firewall without touching a rule of ours. */
static void test_deviations(void)
{
	static const struct {
		gboolean json;
		const char *old, *new;
	} changes[] = {
		{FALSE, "\t\tjump permitted\n", "\t\tjump permitted\n\t\taccept\n"},
		{FALSE, "\t\tjump permitted\n", "\t\taccept\n\t\tjump permitted\n"},
		{FALSE, "\t\tjump permitted\n", ""},
		{FALSE, "\t\tcounter drop comment \"denied\"\n", ""},
		{FALSE, "\t\tcounter drop comment \"denied\"\n", "\t\tcounter accept comment \"denied\"\n"},
		{FALSE, "\t\tct state invalid counter drop comment \"invalid\"\n", ""},
		{FALSE, "established,related", "established,related,new"},
		{FALSE, "\tchain forward {\n", "\tchain other {\n\t}\n\tchain forward {\n"},
		{FALSE, "delete table inet allowmap\n", ""},
		{FALSE, "delete table inet allowmap\n", "delete table inet allowmap\nflush ruleset\n"},
		{FALSE, "table inet allowmap {\n", "table inet other { }\ntable inet allowmap {\n"},
		{FALSE, "hook forward", "hook input"},
		{FALSE, "parameter-problem }", "parameter-problem, echo-request }"},
		{TRUE, "\"accept\": null", "\"accept\": null, \"x\": 1"},
		{TRUE, "\"drop\": null", "\"accept\": null"},
		{TRUE, "\"established\"", "\"new\""},
		{TRUE, "\"related\"", "\"related\", \"new\""},
		{TRUE, "\"policy\": \"accept\"", "\"policy\": \"accept\", \"dev\": \"x\""},
		{TRUE, "\"target\": \"permitted\"", "\"target\": \"other\""},
		{TRUE, "{\n \"nftables\"", "{\n \"x\": 1,\n \"nftables\""},
		{TRUE, "\"hook\": \"forward\"", "\"hook\": \"input\""},
	};
	g_autoptr(AmPolicy) policy = random_policy(3, TRUE);
	for (guint n = 0; n < G_N_ELEMENTS(changes); n++) {
		AmExportOptions options = {.enforce = TRUE, .unapproved = TRUE, .json = changes[n].json};
		g_autofree char *text = write_it(policy, &options);
		const char *at = strstr(text, changes[n].old);
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		g_autofree char *other = g_strdup_printf("%.*s%s%s", (int)(at - text), text, changes[n].new,
							 at + strlen(changes[n].old));
		g_autoptr(GError) error = NULL;
		g_autoptr(AmPolicy) said = read_back(other, options.json, &error);
		if (said != NULL)
			g_printerr("not seen: %s -> %s\n", changes[n].old, changes[n].new);
		CU_ASSERT_PTR_NULL(said);
		CU_ASSERT_TRUE(g_error_matches(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID));
	}
}

/* A policy whose chains are not of one mind. */
static void test_half_enforced(void)
{
	g_autoptr(AmPolicy) policy = random_policy(3, TRUE);
	g_autofree char *deny = write_it(policy, &(AmExportOptions){.host = TRUE, .enforce = TRUE, .unapproved = TRUE});
	g_autofree char *log = write_it(policy, &(AmExportOptions){.host = TRUE});
	const char *deny_output = strstr(deny, "\tchain output {"), *log_output = strstr(log, "\tchain output {");
	g_autofree char *half = g_strdup_printf("%.*s%s", (int)(deny_output - deny), deny, log_output);
	g_autofree char *other = g_strdup_printf("%.*s%s", (int)(log_output - log), log, deny_output);
	CU_ASSERT_PTR_NULL(am_import_nftables_text(half, strlen(half), NULL));
	CU_ASSERT_PTR_NULL(am_import_nftables_text(other, strlen(other), NULL));
}

static AmPolicy *one_rule(const char *group, AmRuleStatus status)
{
	AmPolicy *policy = am_policy_new();
	AmPolicyGroup *members = am_policy_group_new(group);
	AmPrefix prefix;
	am_prefix_parse("10.0.0.0/24", &prefix, NULL);
	g_array_append_val(members->members, prefix);
	members->label = g_strdup("x\"\n\t\taccept comment \"${HOME}`id`");
	g_ptr_array_add(policy->groups, members);
	AmRule *rule = am_rule_new();
	g_ptr_array_add(rule->from.groups, g_strdup(group));
	rule->to.any = TRUE;
	rule->service.ip_protocol = AM_PROTO_TCP;
	AmPortRange port = {443, 443};
	g_array_append_val(rule->service.ports, port);
	rule->status = status;
	g_ptr_array_add(policy->rules, rule);
	am_policy_canonicalise(policy);
	policy->tool_version = g_strdup("1\ntable inet evil { }\n# \"${x}");
	return policy;
}

static void test_injection(void)
{
	static const char *const groups[] = {"web-1",
					     "a b; drop",
					     "x\"\n\t\taccept",
					     "${x}",
					     "web_1",
					     "@x",
					     "abcdefghijkl-abcdefgh-abcdefgh-abcdefghijklmnopqrstuvwxyz"};
	for (guint n = 0; n < G_N_ELEMENTS(groups); n++) {
		g_autoptr(AmPolicy) policy = one_rule(groups[n], AM_STATUS_APPROVED);
		for (guint o = 0; o < G_N_ELEMENTS(all_options); o++) {
			g_autofree char *text = write_it(policy, &all_options[o]);
			CU_ASSERT_PTR_NULL(strstr(text, "evil"));
			CU_ASSERT_PTR_NULL(strstr(text, "${"));
			CU_ASSERT_PTR_NULL(strstr(text, "`"));
			CU_ASSERT_PTR_NULL(strstr(text, "a b;"));
			CU_ASSERT_EQUAL(strstr(text, "@g_web_1_v4") != NULL, n == 0);
			CU_ASSERT_EQUAL(strstr(text, "@p_") != NULL, n != 0);
			g_autoptr(AmPolicy) said = read_back(text, all_options[o].json, NULL);
			CU_ASSERT_PTR_NOT_NULL_FATAL(said);
			CU_ASSERT_TRUE(am_policy_equal(policy, said, NULL));
		}
	}
	g_autoptr(AmPolicy) policy = one_rule("web", AM_STATUS_APPROVED);
	memcpy(((AmRule *)policy->rules->pdata[0])->id, "r-\" accept #\"x", 15);
	g_autoptr(GError) error = NULL;
	CU_ASSERT_PTR_NULL(am_export_write(am_export_find("nftables"), policy, &all_options[0], NULL, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION));
}

static AmScope *add_scope(AmPolicy *policy, const char *from, const char *to)
{
	AmScope *scope = am_scope_new(NULL);
	const char *const texts[] = {from, to};
	GArray *const ends[] = {scope->from, scope->to};
	for (int n = 0; n < 2; n++) {
		AmPrefix prefix;
		CU_ASSERT_TRUE_FATAL(am_prefix_parse(texts[n], &prefix, NULL));
		g_array_append_val(ends[n], prefix);
	}
	g_ptr_array_add(policy->visible, scope);
	return scope;
}

/* Denied by default between some addresses only. */
static AmPolicy *seen_in_part(void)
{
	AmPolicy *policy = one_rule("web", AM_STATUS_APPROVED);
	policy->visible = am_scopes_new();
	AmScope *scope = add_scope(policy, "10.0.0.0/24", "10.0.1.0/24");
	AmPrefix more;
	am_prefix_parse("2001:db8::/64", &more, NULL);
	g_array_append_val(scope->from, more);
	g_array_append_val(scope->to, more);
	add_scope(policy, "10.0.1.0/24", "10.0.0.0/24");
	am_policy_canonicalise(policy);
	return policy;
}

static void test_visible(void)
{
	g_autoptr(AmPolicy) policy = seen_in_part(), all = one_rule("web", AM_STATUS_APPROVED);
	for (guint o = 0; o < G_N_ELEMENTS(all_options); o++) {
		g_autofree char *text = write_it(policy, &all_options[o]);
		g_autoptr(GError) error = NULL;
		g_autoptr(AmPolicy) said = read_back(text, all_options[o].json, &error);
		CU_ASSERT_PTR_NOT_NULL_FATAL(said);
		CU_ASSERT_TRUE(am_policy_equal(policy, said, NULL));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "would-be-denied"));
		CU_ASSERT_EQUAL(strstr(text, "drop") != NULL, all_options[o].enforce);
		if (all_options[o].enforce) {
			CU_ASSERT_TRUE(am_policy_equal_default(policy, said, NULL));
			CU_ASSERT_FALSE(am_policy_equal_default(all, said, NULL));
		}
	}
	/* Where nothing was seen there is nothing to deny. */
	g_ptr_array_set_size(policy->visible, 0);
	AmExportOptions enforce = {.enforce = TRUE};
	g_autoptr(GError) error = NULL;
	CU_ASSERT_PTR_NULL(am_export_write(am_export_find("nftables"), policy, &enforce, NULL, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION));
}

/* A scope more, less or other than the policy's does not pass for the same. */
static void test_visible_mutations(void)
{
	g_autoptr(AmPolicy) policy = seen_in_part();
	guint n_tried = 0;
	for (guint32 seed = 0; seed < 4000; seed++) {
		const AmExportOptions *options = &all_options[4 + seed % 4];
		g_autofree char *text = write_it(policy, options);
		GRand *random = g_rand_new_with_seed(seed);
		g_autofree char *other = mutate_text(random, text, is_neutral);
		g_rand_free(random);
		if (other == NULL)
			continue;
		g_autoptr(AmPolicy) said = read_back(other, options->json, NULL);
		gboolean detected = said == NULL || !am_policy_equal(policy, said, NULL) ||
				    !am_policy_equal_default(policy, said, NULL);
		n_tried++;
		if (!detected)
			g_printerr("seed %u:\n%s\n---\n%s", seed, text, other);
		CU_ASSERT_TRUE_FATAL(detected);
	}
	CU_ASSERT_TRUE(n_tried > 1500);
}

static void test_approval(void)
{
	const AmExportTarget *target = am_export_find("nftables");
	g_autoptr(AmPolicy) proposed = one_rule("web", AM_STATUS_PROPOSED);
	g_autoptr(AmPolicy) approved = one_rule("web", AM_STATUS_APPROVED);
	AmExportOptions enforce = {.enforce = TRUE};
	g_autoptr(GError) error = NULL;
	CU_ASSERT_PTR_NULL(am_export_write(target, proposed, &enforce, NULL, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_UNAPPROVED));
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "1 of 1"));
	g_autofree char *drops = am_export_write(target, approved, &enforce, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(drops);
	CU_ASSERT_PTR_NOT_NULL(strstr(drops, "counter drop comment \"denied\""));
	CU_ASSERT_PTR_NULL(strstr(drops, "PROPOSED"));
	g_autofree char *logs = write_it(proposed, &all_options[0]);
	CU_ASSERT_PTR_NULL(strstr(logs, "drop"));
	CU_ASSERT_PTR_NOT_NULL(strstr(logs, "# PROPOSED: 1 of these rules"));
	proposed->default_action = AM_DEFAULT_MONITOR;
	enforce.unapproved = TRUE;
	g_clear_error(&error);
	CU_ASSERT_PTR_NULL(am_export_write(target, proposed, &enforce, NULL, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION));
}

static GArray *members_of(const AmPolicy *policy, const char *name)
{
	for (guint n = 0; n < policy->groups->len; n++) {
		AmPolicyGroup *group = policy->groups->pdata[n];
		if (strcmp(group->name, name) == 0)
			return group->members;
	}
	return NULL;
}

/* A target that cannot say something exactly. */
static char *write_wide(const AmPolicy *policy, const AmExportOptions *options, GArray *fidelity, GError **error)
{
	(void)options;
	(void)error;
	AmFidelity wide = {.kind = AM_FIDELITY_WIDENED, .reason = g_strdup("it has no ports")};
	memcpy(wide.rule_id, ((AmRule *)policy->rules->pdata[0])->id, sizeof wide.rule_id);
	g_array_append_val(fidelity, wide);
	return g_strdup("wide");
}

static void test_widening(void)
{
	static const AmExportTarget target = {.name = "wide", .write = write_wide};
	g_autoptr(AmPolicy) policy = one_rule("web", AM_STATUS_APPROVED);
	g_autoptr(GArray) fidelity = NULL;
	g_autoptr(GError) error = NULL;
	AmExportOptions options = {0};
	CU_ASSERT_PTR_NULL(am_export_write(&target, policy, &options, NULL, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_WIDENS));
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "it has no ports"));
	options.allow_widening = TRUE;
	g_autofree char *text = am_export_write(&target, policy, &options, &fidelity, NULL);
	CU_ASSERT_STRING_EQUAL(text, "wide");
	CU_ASSERT_EQUAL(g_array_index(fidelity, AmFidelity, 0).kind, AM_FIDELITY_WIDENED);
}

static void test_fidelity(void)
{
	g_autoptr(AmPolicy) policy = one_rule("web", AM_STATUS_APPROVED);
	g_autoptr(GArray) fidelity = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = am_export_write(am_export_find("nftables"), policy, &all_options[0], &fidelity, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL_FATAL(fidelity->len, 1);
	CU_ASSERT_EQUAL(g_array_index(fidelity, AmFidelity, 0).kind, AM_FIDELITY_EXACT);
	/* Two address spaces in one table: the same addresses mean two things. */
	AmPolicyGroup *other = am_policy_group_new("db");
	other->network = g_strdup("branch");
	g_ptr_array_add(policy->groups, other);
	AmRule *rule = policy->rules->pdata[0];
	rule->to.any = FALSE;
	g_ptr_array_add(rule->to.groups, g_strdup("db"));
	CU_ASSERT_PTR_NULL(am_export_write(am_export_find("nftables"), policy, &all_options[0], NULL, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION));
	/* Addresses in the rule itself are of the default network. */
	g_ptr_array_set_size(rule->to.groups, 0);
	g_array_append_vals(rule->to.prefixes, members_of(policy, "web")->data, 1);
	g_autofree char *bare = write_it(policy, &all_options[0]);
	CU_ASSERT_PTR_NOT_NULL(bare);
	((AmPolicyGroup *)policy->groups->pdata[0])->network = g_strdup("branch");
	g_clear_error(&error);
	CU_ASSERT_PTR_NULL(am_export_write(am_export_find("nftables"), policy, &all_options[0], NULL, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION));
	/* A group that is not there. */
	g_ptr_array_add(rule->to.groups, g_strdup("nowhere"));
	g_clear_error(&error);
	CU_ASSERT_PTR_NULL(am_export_write(am_export_find("nftables"), policy, &all_options[0], NULL, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION));
}

/* Said in so many words, at its place: it is the one mistake of those who write rules by hand that looks right. */
static void test_backwards(void)
{
	static const char *const changes[][3] = {
		{"{ 443 }", "{ 443-80 }", "line 14: the ports 443-80 end before they begin"},
		{"443", "{\"range\": [443, 80]}", "nftables[6]: the ports 443-80 end before they begin"},
		{"{ 443 }", "{ 443, 80 }", "line 14: the ports 80-80 are not after 443"},
		{"443", "443, 443", "nftables[6]: the ports 443-443 are not after 443"}};
	for (guint n = 0; n < G_N_ELEMENTS(changes); n++) {
		AmExportOptions options = {.json = n % 2 != 0};
		g_autoptr(AmPolicy) policy = one_rule("web", AM_STATUS_APPROVED);
		g_autofree char *text = write_it(policy, &options);
		const char *at = strstr(text, changes[n][0]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		g_autofree char *other =
			g_strdup_printf("%.*s%s%s", (int)(at - text), text, changes[n][1], at + strlen(changes[n][0]));
		g_autoptr(GError) error = NULL;
		CU_ASSERT_PTR_NULL(read_back(other, options.json, &error));
		CU_ASSERT_PTR_NOT_NULL_FATAL(error);
		if (strstr(error->message, changes[n][2]) == NULL)
			g_printerr("%s\n", error->message);
		CU_ASSERT_PTR_NOT_NULL(strstr(error->message, changes[n][2]));
	}
}

/* A line that is not understood is shown; whatever is in it, the message can be printed. */
static void test_unprintable(void)
{
	g_autoptr(AmPolicy) policy = one_rule("web", AM_STATUS_APPROVED);
	g_autofree char *text = write_it(policy, &all_options[0]);
	for (size_t length = 1; length < 70; length++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *filler = g_strnfill(length, 'x');
		g_autofree char *other = g_strdup_printf("%s%s\xc3\xa4\x1b\xff\n", text, filler);
		CU_ASSERT_PTR_NULL(am_import_nftables_text(other, strlen(other), &error));
		CU_ASSERT_PTR_NOT_NULL_FATAL(error);
		CU_ASSERT_TRUE(g_utf8_validate(error->message, -1, NULL));
		CU_ASSERT_PTR_NULL(strchr(error->message, '\x1b'));
	}
	static const char json[] = "{\"nftables\": [\x7f]}";
	g_autoptr(GError) error = NULL;
	CU_ASSERT_PTR_NULL(am_import_nftables_json(json, strlen(json), &error));
	CU_ASSERT_PTR_NOT_NULL_FATAL(error);
	CU_ASSERT_PTR_NULL(strchr(error->message, '\x7f'));
}

static void test_targets(void)
{
	CU_ASSERT_PTR_NULL(am_export_find("none"));
	guint n = 0;
	while (am_export_target(n) != NULL) {
		CU_ASSERT_PTR_EQUAL(am_export_find(am_export_target(n)->name), am_export_target(n));
		n++;
	}
	CU_ASSERT_EQUAL(n, 2);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_round_trip),        UNIT_TEST(test_mutations), UNIT_TEST(test_deviations),
		UNIT_TEST(test_half_enforced),     UNIT_TEST(test_injection), UNIT_TEST(test_approval),
		UNIT_TEST(test_widening),          UNIT_TEST(test_fidelity),  UNIT_TEST(test_backwards),
		UNIT_TEST(test_unprintable),       UNIT_TEST(test_targets),   UNIT_TEST(test_visible),
		UNIT_TEST(test_visible_mutations), CU_TEST_INFO_NULL,
	};
	return unit_run("nftables", tests);
}
