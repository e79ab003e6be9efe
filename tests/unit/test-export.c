/* Exports read back and held against brute force, in every form; and the export job: what is written for one network of
 * several is that network's part of the policy. */
#include "config.h"

#include "allowmap/import.h"
#include "allowmap/job.h"
#include "policy-random.h"
#include "unit.h"

static AmPolicy *read_back(const AmExportTarget *target, gboolean json, const char *text)
{
	if (strcmp(target->name, "csv") == 0)
		return am_import_csv(text, strlen(text), NULL);
	return json ? am_import_nftables_json(text, strlen(text), NULL)
		    : am_import_nftables_text(text, strlen(text), NULL);
}

/* Is what `said` permits in the default network what the policy permits in `network`? */
static gboolean is_same(const AmPolicy *policy, unsigned network, const AmPolicy *said)
{
	World whole, world;
	gboolean same = TRUE;
	world_fill(&whole, policy);
	world_fill(&world, said);
	for (unsigned c = 0; c < 2 * WORLD_ADDRESSES; c++) {
		for (unsigned s = 0; s < 2 * WORLD_ADDRESSES; s++) {
			unsigned from = network * 2 * WORLD_ADDRESSES + c, to = network * 2 * WORLD_ADDRESSES + s;
			same = same && world.services[c][s] == whole.services[from][to];
		}
	}
	return same;
}

/* Written and read again. Forms: nftables as text and as JSON, each for a router and a host, CSV, the document. */
#define N_FORMS 6
static AmPolicy *through_text(const AmPolicy *policy, guint form)
{
	const AmExportTarget *target = am_export_find(form < 4 ? "nftables" : "csv");
	const AmExportOptions options = {.json = form % 2 != 0, .host = form / 2 % 2 != 0};
	g_autoptr(GError) error = NULL;
	g_autofree char *text =
		form < 5 ? am_export_write(target, policy, &options, NULL, &error) : am_export_policy(policy);
	g_autoptr(AmPolicy) said = NULL;
	if (text != NULL && form < 5)
		said = read_back(target, options.json, text);
	else if (text != NULL)
		said = am_import_policy(text, strlen(text), &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(said);
	CU_ASSERT(form < 5 || am_policy_settle(said, &error));
	return g_steal_pointer(&said);
}

/* What comes back is what went in, judged by brute force and by the proof; a change of meaning on the way is seen by both. */
static void round_trips_are_brute_force(void)
{
	for (guint form = 0; form < N_FORMS; form++) {
		guint n_changed = 0;
		for (guint32 round = 0; round < 300; round++) {
			g_autoptr(GRand) rand = g_rand_new_with_seed(round);
			g_autoptr(AmPolicy) policy = world_random_policy(rand, FALSE);
			am_policy_canonicalise(policy);
			g_autoptr(AmPolicy) said = through_text(policy, form);
			CU_ASSERT(is_same(policy, 0, said));
			CU_ASSERT(am_policy_equal(policy, said, NULL));
			g_autoptr(GRand) again = g_rand_new_with_seed(round);
			g_autoptr(AmPolicy) changed = world_random_policy(again, FALSE);
			for (guint n = 0; n < 50 && is_same(policy, 0, changed); n++)
				world_mutate(again, changed, FALSE);
			gboolean same = is_same(policy, 0, changed);
			am_policy_canonicalise(changed);
			g_autoptr(AmPolicy) other = through_text(changed, form);
			CU_ASSERT_EQUAL(is_same(policy, 0, other), same);
			CU_ASSERT_EQUAL(am_policy_equal(policy, other, NULL), same);
			n_changed += !same;
		}
		CU_ASSERT(n_changed > 200);
	}
}

static guint count(const GArray *fidelity, AmFidelityKind kind)
{
	guint n_kind = 0;
	for (guint n = 0; n < fidelity->len; n++)
		n_kind += g_array_index(fidelity, AmFidelity, n).kind == kind;
	return n_kind;
}

static void each_network_by_itself(void)
{
	guint n_narrowed = 0, n_dropped = 0;
	for (guint32 round = 0; round < 300; round++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(round);
		g_autoptr(AmPolicy) policy = world_random_policy(rand, TRUE);
		am_policy_canonicalise(policy);
		const AmExportTarget *target = am_export_target(round % 2);
		AmExportOptions options = {.json = round % 4 < 2, .host = round % 3 == 0};
		guint n_active = 0;
		for (guint n = 0; n < policy->rules->len; n++)
			n_active += ((AmRule *)policy->rules->pdata[n])->status == AM_STATUS_PROPOSED;
		for (unsigned network = 0; network < 2; network++) {
			g_autoptr(GError) error = NULL;
			g_autoptr(GArray) fidelity = NULL;
			g_autofree char *text =
				am_job_export(target, policy, world_networks[network], &options, &fidelity, &error);
			CU_ASSERT_PTR_NOT_NULL_FATAL(text);
			g_autoptr(AmPolicy) said = read_back(target, options.json, text);
			CU_ASSERT_PTR_NOT_NULL_FATAL(said);
			CU_ASSERT(is_same(policy, network, said));
			CU_ASSERT_EQUAL(fidelity->len, n_active);
			CU_ASSERT_EQUAL(count(fidelity, AM_FIDELITY_WIDENED), 0);
			n_narrowed += count(fidelity, AM_FIDELITY_NARROWED);
			n_dropped += count(fidelity, AM_FIDELITY_DROPPED);
		}
	}
	CU_ASSERT(n_narrowed > 100);
	CU_ASSERT(n_dropped > 100);
}

static void add_group(AmPolicy *policy, const char *name, const char *network, const char *address)
{
	AmPolicyGroup *group = am_policy_group_new(name);
	AmPrefix prefix;
	CU_ASSERT_FATAL(am_prefix_parse(address, &prefix, NULL));
	g_array_append_val(group->members, prefix);
	group->network = g_strdup(network);
	g_ptr_array_add(policy->groups, group);
}

static AmRule *add_rule(AmPolicy *policy, const char *from, const char *to, uint8_t ip_protocol)
{
	AmRule *rule = am_rule_new();
	g_ptr_array_add(rule->from.groups, g_strdup(from));
	g_ptr_array_add(rule->to.groups, g_strdup(to));
	rule->service.ip_protocol = ip_protocol;
	g_ptr_array_add(policy->rules, rule);
	return rule;
}

/* Two networks with the same addresses; one rule in each, one in both. */
static AmPolicy *two_networks(void)
{
	AmPolicy *policy = am_policy_new();
	add_group(policy, "web", NULL, "10.0.0.1");
	add_group(policy, "db", NULL, "10.0.0.2");
	add_group(policy, "web-b", "branch", "10.0.0.2");
	add_group(policy, "db-b", "branch", "10.0.0.1");
	add_rule(policy, "web", "db", 47);
	add_rule(policy, "web-b", "db-b", 50);
	AmRule *both = add_rule(policy, "web", "db", 51);
	g_ptr_array_add(both->from.groups, g_strdup("web-b"));
	g_ptr_array_add(both->to.groups, g_strdup("db-b"));
	am_policy_canonicalise(policy);
	return policy;
}

static void a_choice_is_needed(void)
{
	g_autoptr(AmPolicy) policy = two_networks();
	for (guint n = 0; am_export_target(n) != NULL; n++) {
		for (int widening = 0; widening < 2; widening++) {
			AmExportOptions options = {.allow_widening = widening};
			g_autoptr(GError) error = NULL;
			CU_ASSERT_PTR_NULL(am_job_export(am_export_target(n), policy, NULL, &options, NULL, &error));
			CU_ASSERT(g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION));
			CU_ASSERT_STRING_EQUAL(error->message,
					       "the policy is about several networks, branch and default, and an "
					       "allow-list is for one; choose it with --network NAME");
			g_clear_error(&error);
			CU_ASSERT_PTR_NULL(
				am_job_export(am_export_target(n), policy, "office", &options, NULL, &error));
			CU_ASSERT(g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION));
			CU_ASSERT_STRING_EQUAL(
				error->message,
				"the policy says nothing of a network \"office\", only of branch and default");
		}
	}
}

/* The only network needs no name, and may be named. */
static void the_only_network(void)
{
	g_autoptr(AmPolicy) both = two_networks();
	g_autoptr(AmPolicy) policy = am_policy_of_network(both, "branch");
	AmExportOptions options = {0};
	const AmExportTarget *target = am_export_find("nftables");
	g_autofree char *unnamed = am_job_export(target, policy, NULL, &options, NULL, NULL);
	g_autofree char *named = am_job_export(target, policy, "branch", &options, NULL, NULL);
	g_autofree char *chosen = am_job_export(target, both, "branch", &options, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(unnamed);
	CU_ASSERT_PTR_NOT_NULL_FATAL(named);
	CU_ASSERT_PTR_NOT_NULL_FATAL(chosen);
	CU_ASSERT_STRING_EQUAL(unnamed, named);
	CU_ASSERT_STRING_EQUAL(unnamed, chosen);
	CU_ASSERT_PTR_NULL(am_job_export(target, policy, "default", &options, NULL, NULL));
}

static void what_became_of_each_rule(void)
{
	g_autoptr(AmPolicy) policy = two_networks();
	g_autoptr(GArray) fidelity = NULL;
	AmExportOptions options = {0};
	g_autofree char *text = am_job_export(am_export_find("csv"), policy, "default", &options, &fidelity, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL_FATAL(fidelity->len, 3);
	for (guint n = 0; n < 3; n++) {
		const AmFidelity *one = &g_array_index(fidelity, AmFidelity, n);
		const AmRule *rule = NULL;
		for (guint r = 0; r < policy->rules->len; r++)
			if (strcmp(((AmRule *)policy->rules->pdata[r])->id, one->rule_id) == 0)
				rule = policy->rules->pdata[r];
		CU_ASSERT_PTR_NOT_NULL_FATAL(rule);
		AmFidelityKind kind = rule->service.ip_protocol == 47   ? AM_FIDELITY_EXACT
				      : rule->service.ip_protocol == 50 ? AM_FIDELITY_DROPPED
									: AM_FIDELITY_NARROWED;
		CU_ASSERT_EQUAL(one->kind, kind);
		CU_ASSERT_EQUAL(one->reason == NULL, kind == AM_FIDELITY_EXACT);
		CU_ASSERT_EQUAL(strstr(text, one->rule_id) != NULL, kind != AM_FIDELITY_DROPPED);
	}
	/* Approval is asked for where something is enforced, not elsewhere. */
	for (guint r = 0; r < policy->rules->len; r++) {
		AmRule *rule = policy->rules->pdata[r];
		rule->status = rule->service.ip_protocol == 50 ? AM_STATUS_PROPOSED : AM_STATUS_APPROVED;
	}
	options.enforce = TRUE;
	g_autoptr(GError) error = NULL;
	g_autofree char *enforced = am_job_export(am_export_find("nftables"), policy, "default", &options, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(enforced);
	CU_ASSERT_PTR_NULL(am_job_export(am_export_find("nftables"), policy, "branch", &options, NULL, &error));
	CU_ASSERT(g_error_matches(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_UNAPPROVED));
}

int main(void)
{
	const CU_TestInfo tests[] = {UNIT_TEST(round_trips_are_brute_force), UNIT_TEST(each_network_by_itself),
				     UNIT_TEST(a_choice_is_needed),          UNIT_TEST(the_only_network),
				     UNIT_TEST(what_became_of_each_rule),    {NULL, NULL}};
	return unit_run("export", tests);
}
