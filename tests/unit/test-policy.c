/* Policies against brute force: what is recommended, permitted, counted and found equal. */
#include "config.h"

#include "allowmap/policy.h"
#include "policy-random.h"
#include "policy-rules.h"
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED 20260302

/* Equality agrees with brute force on a policy and a mutation of it, in both orders, canonical or not. */
static void check_equal(gboolean networks)
{
	guint n_different = 0;
	for (guint32 round = 0; round < WORLD_ROUNDS; round++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(SEED + round);
		g_autoptr(AmPolicy) a = copy_by_seed(round, networks);
		g_autoptr(AmPolicy) b = copy_by_seed(round, networks);
		g_autoptr(GError) error = NULL;
		world_mutate(rand, b, networks);
		World in_a, in_b;
		world_fill(&in_a, a);
		world_fill(&in_b, b);
		gboolean same = memcmp(&in_a, &in_b, sizeof in_a) == 0;
		if (round % 2 == 0)
			am_policy_canonicalise(b);
		gboolean found_same = round % 3 == 0 ? am_policy_equal(b, a, &error) : am_policy_equal(a, b, &error);
		CU_ASSERT_EQUAL(found_same, same);
		CU_ASSERT_EQUAL(error == NULL, same);
		CU_ASSERT(same || g_error_matches(error, AM_POLICY_ERROR, AM_POLICY_ERROR_PROOF));
		n_different += !same;
	}
	/* The test is worth something only when many mutations change something, and some do not. */
	CU_ASSERT(n_different > WORLD_ROUNDS / 4);
	CU_ASSERT(n_different < WORLD_ROUNDS);
}

static void equal_is_brute_force(void)
{
	check_equal(FALSE);
}

static void equal_is_brute_force_with_networks(void)
{
	check_equal(TRUE);
}

static void permits_is_brute_force(void)
{
	for (guint32 round = 0; round < WORLD_ROUNDS / 50; round++) {
		g_autoptr(AmPolicy) policy = copy_by_seed(round, round % 2 == 0);
		World world;
		world_fill(&world, policy);
		am_policy_canonicalise(policy);
		gboolean ok = TRUE;
		for (unsigned c = 0; c < 2 * WORLD_ADDRESSES; c++) {
			for (unsigned s = 0; s < 2 * WORLD_ADDRESSES; s++) {
				AmAddress client = world_address(c >= WORLD_ADDRESSES, c % WORLD_ADDRESSES);
				AmAddress server = world_address(s >= WORLD_ADDRESSES, s % WORLD_ADDRESSES);
				uint32_t in_any = 0;
				for (unsigned at = 0; at < WORLD_ENDS; at += 2 * WORLD_ADDRESSES)
					in_any |= world.services[at + c][at + s];
				for (unsigned n = 0; n < WORLD_SERVICES; n++) {
					const AmRule *rule = NULL;
					gboolean permitted = am_policy_permits(policy, &client, &server,
									       world_services[n].ip_protocol,
									       world_services[n].port, &rule);
					ok &= permitted == ((in_any >> n & 1) != 0) && permitted == (rule != NULL);
				}
			}
		}
		CU_ASSERT(ok);
	}
}

/* What is permitted does not change, and doing it again changes nothing. */
static void canonical_keeps_the_meaning(void)
{
	for (guint32 round = 0; round < WORLD_ROUNDS / 5; round++) {
		g_autoptr(AmPolicy) policy = copy_by_seed(round, TRUE);
		World before, after;
		world_fill(&before, policy);
		am_policy_canonicalise(policy);
		world_fill(&after, policy);
		CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof before), 0);
		for (guint n = 1; n < policy->rules->len; n++)
			CU_ASSERT(strcmp(((AmRule *)policy->rules->pdata[n - 1])->id,
					 ((AmRule *)policy->rules->pdata[n])->id) < 0);
	}
}

static void shuffle(GRand *rand, gpointer data, guint n, guint size)
{
	char *at = data, swap[64];
	for (guint k = n; k > 1; k--) {
		guint other = (guint)g_rand_int_range(rand, 0, (int)k);
		memcpy(swap, at + (k - 1) * size, size);
		memmove(at + (k - 1) * size, at + other * size, size);
		memcpy(at + other * size, swap, size);
	}
}

static void ids_hang_on_meaning_only(void)
{
	for (guint32 round = 0; round < WORLD_ROUNDS / 5; round++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(SEED + round);
		g_autoptr(AmPolicy) a = copy_by_seed(round, TRUE);
		g_autoptr(AmPolicy) b = copy_by_seed(round, TRUE);
		for (guint n = 0; n < b->groups->len; n++) {
			GArray *members = ((AmPolicyGroup *)b->groups->pdata[n])->members;
			shuffle(rand, members->data, members->len, sizeof(AmPrefix));
		}
		shuffle(rand, b->groups->pdata, b->groups->len, sizeof(gpointer));
		for (guint n = 0; n < b->rules->len; n++) {
			AmRule *rule = b->rules->pdata[n];
			shuffle(rand, rule->from.groups->pdata, rule->from.groups->len, sizeof(gpointer));
			shuffle(rand, rule->to.prefixes->data, rule->to.prefixes->len, sizeof(AmPrefix));
			shuffle(rand, rule->service.ports->data, rule->service.ports->len, sizeof(AmPortRange));
			rule->evidence.connections = n;
			rule->comment = g_strdup("another comment");
		}
		shuffle(rand, b->rules->pdata, b->rules->len, sizeof(gpointer));
		am_policy_canonicalise(a);
		am_policy_canonicalise(b);
		CU_ASSERT_EQUAL_FATAL(a->rules->len, b->rules->len);
		for (guint n = 0; n < a->rules->len; n++)
			CU_ASSERT_STRING_EQUAL(((AmRule *)a->rules->pdata[n])->id, ((AmRule *)b->rules->pdata[n])->id);
		CU_ASSERT(am_policy_equal(a, b, NULL));
	}
}

static void counterexamples_go_both_ways(void)
{
	g_autoptr(AmPolicy) a = am_policy_new();
	g_autoptr(AmPolicy) b = am_policy_new();
	g_autoptr(GError) error = NULL;
	add_rule(a, "10.0.0.0/24", "10.1.0.1", 6, 443, 443);
	add_rule(b, "10.0.0.0/25", "10.1.0.1", 6, 443, 444);
	CU_ASSERT_FALSE(am_policy_equal(a, b, &error));
	CU_ASSERT_PTR_NOT_NULL_FATAL(error);
	CU_ASSERT_STRING_EQUAL(error->message, "only the first permits 10.0.0.128 -> 10.1.0.1 tcp/443; "
					       "only the second permits 10.0.0.0 -> 10.1.0.1 tcp/444");
}

static void the_same_in_other_words(void)
{
	g_autoptr(AmPolicy) a = am_policy_new();
	g_autoptr(AmPolicy) b = am_policy_new();
	add_rule(a, "0.0.0.0/0", "any", 6, 0, 65535);
	add_rule(a, "::/0", "any", 6, 0, 65535);
	g_array_set_size(add_rule(b, "any", "any", 6, 0, 0)->service.ports, 0);
	add_rule(b, "10.0.0.0/8", "any", 6, 1, 2);
	CU_ASSERT(am_policy_equal(a, b, NULL));
	((AmRule *)b->rules->pdata[0])->status = AM_STATUS_EXPIRED;
	CU_ASSERT_FALSE(am_policy_equal(a, b, NULL));
}

/* A policy of one named network says to an enforcement point what one without networks says; of two, it does not. */
static void networks_count_where_there_are_several(void)
{
	g_autoptr(AmPolicy) a = am_policy_new();
	g_autoptr(AmPolicy) b = am_policy_new();
	AmPolicyGroup *group = am_policy_group_new("web");
	AmPrefix prefix;
	CU_ASSERT_FATAL(am_prefix_parse("10.0.0.1", &prefix, NULL));
	g_array_append_val(group->members, prefix);
	group->network = g_strdup("site2");
	g_ptr_array_add(a->groups, group);
	add_rule(a, "web", "web", 6, 80, 80);
	add_rule(b, "10.0.0.1", "10.0.0.1", 6, 80, 80);
	CU_ASSERT(am_policy_equal(a, b, NULL));
	add_rule(a, "10.9.9.9", "10.0.0.1", 6, 80, 80);
	add_rule(b, "10.9.9.9", "10.0.0.1", 6, 80, 80);
	CU_ASSERT_FALSE(am_policy_equal(a, b, NULL));
}

/* What is said of all networks is more than what is said of each that is named. */
static void any_is_more_than_all_that_are_named(void)
{
	static const char *const everything[] = {"0.0.0.0/0", "::/0"};
	g_autoptr(AmPolicy) a = am_policy_new();
	g_autoptr(AmPolicy) b = am_policy_new();
	g_autoptr(GError) error = NULL;
	for (guint n = 0; n < 2; n++) {
		AmPolicyGroup *group = am_policy_group_new("all");
		group->network = g_strdup("site2");
		for (guint p = 0; p < 2; p++) {
			AmPrefix prefix;
			CU_ASSERT_FATAL(am_prefix_parse(everything[p], &prefix, NULL));
			g_array_append_val(group->members, prefix);
		}
		g_ptr_array_add((n == 0 ? a : b)->groups, group);
		add_rule(b, everything[n], everything[n], 6, 80, 80);
	}
	add_rule(a, "any", "any", 6, 80, 80);
	add_rule(b, "all", "all", 6, 80, 80);
	CU_ASSERT_FALSE(am_policy_equal(a, b, &error));
	CU_ASSERT_PTR_NOT_NULL_FATAL(error);
	CU_ASSERT_STRING_EQUAL(error->message, "only the first permits 0.0.0.0 -> 0.0.0.0 tcp/80 in network (any "
					       "other); :: -> :: tcp/80 in network (any other)");
	add_rule(b, "any", "any", 6, 80, 80);
	CU_ASSERT(am_policy_equal(a, b, NULL));
}

/* In its network, the part permits what the whole permits; elsewhere only what rules from any to any permit. */
static void parts_are_brute_force(void)
{
	for (guint32 round = 0; round < WORLD_ROUNDS / 5; round++) {
		g_autoptr(AmPolicy) policy = copy_by_seed(round, TRUE);
		World whole, world;
		world_fill(&whole, policy);
		if (round % 2 == 0)
			am_policy_canonicalise(policy);
		g_autoptr(GPtrArray) networks = am_policy_networks(policy);
		CU_ASSERT_EQUAL_FATAL(networks->len, 2);
		for (unsigned network = 0; network < 2; network++) {
			CU_ASSERT_STRING_EQUAL(networks->pdata[network], world_networks[network]);
			g_autoptr(AmPolicy) part = am_policy_of_network(policy, world_networks[network]);
			world_fill(&world, part);
			gboolean same = TRUE;
			for (unsigned c = 0; c < WORLD_ENDS; c++) {
				unsigned end = c % (2 * WORLD_ADDRESSES), end_network = c / (2 * WORLD_ADDRESSES);
				unsigned as = (end_network == network ? network : 2) * 2 * WORLD_ADDRESSES;
				for (unsigned s = 0; s < 2 * WORLD_ADDRESSES; s++)
					same = same && world.services[c][end_network * 2 * WORLD_ADDRESSES + s] ==
							       whole.services[as + end][as + s];
			}
			CU_ASSERT(same);
			g_autoptr(GPtrArray) left = am_policy_networks(part);
			CU_ASSERT_EQUAL(left->len, 1);
			CU_ASSERT_STRING_EQUAL(left->pdata[0], world_networks[network]);
			for (guint r = 0, at = 0; r < part->rules->len; r++, at++) {
				const char *id = ((AmRule *)part->rules->pdata[r])->id;
				while (at < policy->rules->len && strcmp(((AmRule *)policy->rules->pdata[at])->id, id))
					at++;
				CU_ASSERT_FATAL(at < policy->rules->len);
			}
		}
	}
}

static void networks_of_a_policy(void)
{
	g_autoptr(AmPolicy) policy = am_policy_new();
	g_autoptr(GPtrArray) of_nothing = am_policy_networks(policy);
	CU_ASSERT_EQUAL_FATAL(of_nothing->len, 1);
	CU_ASSERT_STRING_EQUAL(of_nothing->pdata[0], "default");
	AmPolicyGroup *group = am_policy_group_new("web");
	group->network = g_strdup("branch");
	g_ptr_array_add(policy->groups, group);
	add_rule(policy, "web", "any", 6, 80, 80);
	g_autoptr(GPtrArray) of_groups = am_policy_networks(policy);
	CU_ASSERT_EQUAL_FATAL(of_groups->len, 1);
	CU_ASSERT_STRING_EQUAL(of_groups->pdata[0], "branch");
	add_rule(policy, "any", "10.0.0.1", 6, 80, 80);
	g_autoptr(GPtrArray) of_both = am_policy_networks(policy);
	CU_ASSERT_EQUAL_FATAL(of_both->len, 2);
	CU_ASSERT_STRING_EQUAL(of_both->pdata[1], "default");
}

/* A range that ends before it begins is a programmer's: no reader lets one in. It stops the program before anything is read
 * that is not there. */
static void backwards_ranges_are_asserted(void)
{
	g_autoptr(AmPolicy) a = am_policy_new();
	g_autoptr(AmPolicy) b = am_policy_new();
	AmRule *rule = add_rule(a, "10.0.0.1", "10.0.0.2", 6, 443, 80);
	add_rule(b, "10.0.0.1", "10.0.0.2", 6, 80, 443);
	for (int what = 0; what < 2; what++) {
		fflush(NULL);
		pid_t child = fork();
		CU_ASSERT_FATAL(child >= 0);
		if (child == 0) {
			struct rlimit no_core = {0, 0};
			setrlimit(RLIMIT_CORE, &no_core);
			if (freopen("/dev/null", "w", stderr) == NULL)
				_exit(2);
			if (what == 0)
				(void)am_policy_equal(a, b, NULL);
			else
				am_policy_canonicalise(a);
			_exit(0);
		}
		int status = 0;
		CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
		CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
	g_array_index(rule->service.ports, AmPortRange, 0) = (AmPortRange){80, 443};
	CU_ASSERT(am_policy_equal(a, b, NULL));
}

static void settle_binds_decisions(void)
{
	g_autoptr(AmPolicy) policy = am_policy_new();
	g_autoptr(GError) error = NULL;
	AmRule *rule = add_rule(policy, "10.0.0.1", "10.0.0.2", 6, 80, 80);
	CU_ASSERT(am_policy_settle(policy, NULL));
	rule->status = AM_STATUS_APPROVED;
	CU_ASSERT(am_policy_settle(policy, NULL));
	g_array_index(rule->service.ports, AmPortRange, 0).high = 81;
	CU_ASSERT_FALSE(am_policy_settle(policy, &error));
	CU_ASSERT(g_error_matches(error, AM_POLICY_ERROR, AM_POLICY_ERROR_INVALID));
	add_rule(policy, "10.0.0.1", "10.0.0.2", 6, 80, 81);
	g_clear_error(&error);
	CU_ASSERT_FALSE(am_policy_settle(policy, &error));
	CU_ASSERT(g_error_matches(error, AM_POLICY_ERROR, AM_POLICY_ERROR_INVALID));
	CU_ASSERT_EQUAL(policy->rules->len, 1);
}

int main(void)
{
	const CU_TestInfo tests[] = {UNIT_TEST(equal_is_brute_force),
				     UNIT_TEST(equal_is_brute_force_with_networks),
				     UNIT_TEST(permits_is_brute_force),
				     UNIT_TEST(canonical_keeps_the_meaning),
				     UNIT_TEST(ids_hang_on_meaning_only),
				     UNIT_TEST(any_is_more_than_all_that_are_named),
				     UNIT_TEST(counterexamples_go_both_ways),
				     UNIT_TEST(the_same_in_other_words),
				     UNIT_TEST(networks_count_where_there_are_several),
				     UNIT_TEST(parts_are_brute_force),
				     UNIT_TEST(networks_of_a_policy),
				     UNIT_TEST(backwards_ranges_are_asserted),
				     UNIT_TEST(settle_binds_decisions),
				     {NULL, NULL}};
	return unit_run("policy", tests);
}
