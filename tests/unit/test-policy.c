/* Policies against brute force: what is recommended, permitted, counted and found equal. */
#include "config.h"

#include "allowmap/policy.h"
#include "policy-random.h"
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED 20260302

static AmPolicy *copy_by_seed(guint32 seed, gboolean networks)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	return world_random_policy(rand, networks);
}

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

/* ---- maps */

typedef struct {
	AmMap map;
	World essential;                  /* by ends of the world */
	uint8_t in_essential[WORLD_ENDS]; /* takes part in one */
} RandomMap;

static int compare_edges(gconstpointer a, gconstpointer b, gpointer data)
{
	const AmEdge *x = a, *y = b;
	const RandomMap *random = data;
	const AmEndpoint *xc = &g_array_index(random->map.endpoints, AmEndpoint, x->client);
	const AmEndpoint *yc = &g_array_index(random->map.endpoints, AmEndpoint, y->client);
	const AmEndpoint *xs = &g_array_index(random->map.endpoints, AmEndpoint, x->server);
	const AmEndpoint *ys = &g_array_index(random->map.endpoints, AmEndpoint, y->server);
	if (xc->network != yc->network)
		return xc->network < yc->network ? -1 : 1;
	int order = am_address_compare(&xc->address, &yc->address);
	order = order != 0 ? order : am_address_compare(&xs->address, &ys->address);
	order = order != 0 ? order : x->ip_protocol - y->ip_protocol;
	return order != 0 ? order : x->port - y->port;
}

static void random_groups(RandomMap *random, GRand *rand)
{
	static const char *const names[] = {"web", "db-tcp5432", "clients"};
	for (guint g = 0; g < 3; g++) {
		AmGroup group = {.members = g_array_new(FALSE, FALSE, sizeof(uint32_t)), .why = g_strdup("because")};
		g_strlcpy(group.name, names[g], sizeof group.name);
		g_array_append_val(random->map.groups, group);
	}
	for (guint n = 0; n < random->map.assets->len; n++) {
		AmAsset *asset = &g_array_index(random->map.assets, AmAsset, n);
		int group = g_rand_int_range(rand, 0, 5);
		asset->group = group < 3 ? (uint32_t)group : AM_NO_INDEX;
		asset->inside = group != 4;
		if (group < 3)
			g_array_append_val(g_array_index(random->map.groups, AmGroup, group).members, n);
	}
}

/* In some networks and families, eight or four addresses that a group's machines take in turn. */
static void random_pools(RandomMap *random, GRand *rand)
{
	random->map.pools = g_array_new(FALSE, TRUE, sizeof(AmPool));
	for (uint32_t n = 0; n < 2 * WORLD_NETWORKS; n++) {
		uint8_t bits = g_rand_boolean(rand) ? 3 : 2;
		AmPool pool = {.network = n / 2, .prefix = {.address = world_address(n % 2, 0)}};
		pool.prefix.length = (uint8_t)(am_address_bits(&pool.prefix.address) - bits);
		pool.group = (uint32_t)g_rand_int_range(rand, 0, 3);
		if (g_rand_int_range(rand, 0, 3) == 0)
			g_array_append_val(random->map.pools, pool);
	}
}

static gboolean in_pool(const RandomMap *random, unsigned end, uint32_t group)
{
	const AmEndpoint *endpoint = &g_array_index(random->map.endpoints, AmEndpoint, end);
	for (guint n = 0; n < random->map.pools->len; n++) {
		const AmPool *pool = &g_array_index(random->map.pools, AmPool, n);
		if (pool->network == endpoint->network && pool->group == group &&
		    am_prefix_contains(&pool->prefix, &endpoint->address))
			return TRUE;
	}
	return FALSE;
}

/* An endpoint for each end of the world, two to three of them an asset; random edges between ends that can talk. */
static void random_map(RandomMap *random, guint32 seed)
{
	static const uint32_t n_services = WORLD_SERVICES;
	static const AmVerdict others[] = {AM_VERDICT_UNDECIDED, AM_VERDICT_BACKGROUND, AM_VERDICT_UNDECIDED,
					   AM_VERDICT_UNDECIDED, AM_VERDICT_BACKGROUND, AM_VERDICT_SUSPICIOUS};
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	memset(random, 0, sizeof *random);
	AmMap *map = &random->map;
	map->networks = g_ptr_array_new();
	for (guint n = 0; n < WORLD_NETWORKS; n++)
		g_ptr_array_add(map->networks, (gpointer)world_networks[n]);
	map->endpoints = g_array_new(FALSE, TRUE, sizeof(AmEndpoint));
	map->assets = g_array_new(FALSE, TRUE, sizeof(AmAsset));
	map->edges = g_array_new(FALSE, TRUE, sizeof(AmEdge));
	map->groups = g_array_new(FALSE, TRUE, sizeof(AmGroup));
	g_strlcpy(map->revision, "0123456789abcdef", sizeof map->revision);
	for (uint32_t n = 0; n < WORLD_ENDS; n++) {
		unsigned family = n / WORLD_ADDRESSES % 2;
		AmEndpoint endpoint = {n / (2 * WORLD_ADDRESSES), world_address(family, n % WORLD_ADDRESSES), n % 13,
				       AM_NO_INDEX};
		g_array_append_val(map->endpoints, endpoint);
	}
	g_array_set_size(map->assets, 13);
	for (uint32_t n = WORLD_ENDS; n-- > 0;) {
		AmAsset *asset = &g_array_index(map->assets, AmAsset, n % 13);
		g_array_index(map->endpoints, AmEndpoint, n).next =
			asset->n_endpoints++ > 0 ? asset->first_endpoint : AM_NO_INDEX;
		asset->first_endpoint = n;
	}
	random_groups(random, rand);
	random_pools(random, rand);
	guint n_edges = (guint)g_rand_int_range(rand, 0, 150);
	for (guint n = 0; n < n_edges; n++) {
		uint32_t client = (uint32_t)g_rand_int_range(rand, 0, WORLD_ENDS);
		uint32_t server = client / WORLD_ADDRESSES * WORLD_ADDRESSES +
				  (uint32_t)g_rand_int_range(rand, 0, WORLD_ADDRESSES);
		uint32_t service = (uint32_t)g_rand_int_range(rand, 0, g_rand_boolean(rand) ? 6 : (int)n_services);
		gboolean essential = g_rand_int_range(rand, 0, 4) > 0;
		uint8_t ip_protocol = world_services[service].ip_protocol;
		if (client == server || ip_protocol == (client / WORLD_ADDRESSES % 2 ? 1 : 58) ||
		    (random->essential.services[client][server] >> service & 1) != 0)
			continue;
		AmEdge edge = {.client = client,
			       .server = server,
			       .ip_protocol = ip_protocol,
			       .port = world_services[service].port,
			       .connections = n + 1,
			       .n_l7 = 1,
			       .first_ns = 1000 - n,
			       .last_ns = 2000 + n,
			       .days = 1 + n % 3,
			       .verdict = others[n % G_N_ELEMENTS(others)],
			       .reasons = n % 5 == 0 ? 1u << AM_REASON_SCANNER : 1u << AM_REASON_SINGLE,
			       .override_index = n % 7 == 0 ? 0 : -1};
		if (ip_protocol == AM_PROTO_TCP && n % 4 == 0)
			edge.related = am_related(AM_RELATED_MSRPC, 1, AM_PROTO_TCP, 135);
		g_strlcpy(edge.l7[0].name, n % 3 == 0 ? "http" : "tls", sizeof edge.l7[0].name);
		edge.l7[0].connections = n + 1;
		edge.direction = n % 2 == 0 ? AM_DIRECTION_HANDSHAKE : AM_DIRECTION_LISTENER;
		if (essential) {
			edge.verdict = AM_VERDICT_ESSENTIAL;
			random->essential.services[client][server] |= UINT32_C(1) << service;
			random->in_essential[client] = random->in_essential[server] = 1;
		}
		g_array_append_val(map->edges, edge);
	}
	g_array_sort_with_data(map->edges, compare_edges, random);
}

static void random_map_clear(RandomMap *random)
{
	for (guint n = 0; n < random->map.groups->len; n++) {
		g_array_unref(g_array_index(random->map.groups, AmGroup, n).members);
		g_free(g_array_index(random->map.groups, AmGroup, n).why);
	}
	g_ptr_array_unref(random->map.networks);
	g_array_unref(random->map.endpoints);
	g_array_unref(random->map.assets);
	g_array_unref(random->map.edges);
	g_array_unref(random->map.groups);
	g_array_unref(random->map.pools);
}

/* Leaves the edges that `world` permits, and at most `n` that it does not. */
static void keep_permitted(RandomMap *random, const World *world, guint n)
{
	GArray *edges = random->map.edges;
	memset(&random->essential, 0, sizeof random->essential);
	guint kept = 0;
	for (guint e = 0; e < edges->len; e++) {
		const AmEdge edge = g_array_index(edges, AmEdge, e);
		guint service = 0;
		while (world_services[service].ip_protocol != edge.ip_protocol ||
		       world_services[service].port != edge.port)
			service++;
		gboolean permitted = (world->services[edge.client][edge.server] >> service & 1) != 0;
		if (edge.verdict == AM_VERDICT_ESSENTIAL && !permitted) {
			if (n == 0)
				continue;
			n--;
		}
		if (edge.verdict == AM_VERDICT_ESSENTIAL)
			random->essential.services[edge.client][edge.server] |= UINT32_C(1) << service;
		g_array_index(edges, AmEdge, kept++) = edge;
	}
	g_array_set_size(edges, kept);
}

static guint bits(uint32_t mask)
{
	return (guint)__builtin_popcount(mask);
}

/* One rule alone, by brute force: what it permits beyond what is essential, without an address to itself, between ends that
 * are `seen` to need something, or with one that is not. The services of the world are all that recommended rules can name. */
static uint64_t brute_over_grant(const AmPolicy *policy, AmRule *rule, const RandomMap *random, gboolean seen)
{
	World world;
	AmPolicy one = *policy;
	uint64_t over = 0;
	one.rules = g_ptr_array_new();
	g_ptr_array_add(one.rules, rule);
	world_fill(&world, &one);
	g_ptr_array_unref(one.rules);
	for (unsigned c = 0; c < WORLD_ENDS; c++)
		for (unsigned s = 0; s < WORLD_ENDS; s++)
			if (c != s && seen == (random->in_essential[c] && random->in_essential[s]))
				over += bits(world.services[c][s] & ~random->essential.services[c][s]);
	return over;
}

static void check_evidence(const AmPolicy *policy, const RandomMap *random)
{
	uint64_t connections = 0, expected = 0, edges = 0, undecided = 0;
	int64_t related = 0;
	for (guint n = 0; n < policy->rules->len; n++) {
		const AmRule *rule = policy->rules->pdata[n];
		connections += rule->evidence.connections;
		edges += rule->evidence.edges;
		CU_ASSERT(rule->evidence.edges > 0 && rule->evidence.first_ns <= 1000 &&
			  rule->evidence.last_ns >= 2000);
		CU_ASSERT(rule->evidence.l7[0] != '\0');
		related += rule->evidence.related == AM_RELATED_MSRPC ? (int64_t)rule->evidence.edges : 0;
		CU_ASSERT(rule->evidence.related == AM_RELATED_NONE || rule->service.ip_protocol == AM_PROTO_TCP);
	}
	for (guint n = 0; n < random->map.edges->len; n++) {
		const AmEdge *edge = &g_array_index(random->map.edges, AmEdge, n);
		expected += edge->verdict == AM_VERDICT_ESSENTIAL ? edge->connections : 0;
		edges -= edge->verdict == AM_VERDICT_ESSENTIAL;
		undecided += edge->verdict == AM_VERDICT_UNDECIDED;
		related -= edge->verdict == AM_VERDICT_ESSENTIAL && edge->related != 0;
	}
	/* What was announced is in rules of its own; between groups, others that use the same ports are too. */
	CU_ASSERT(policy->granularity == AM_GRANULARITY_EXACT ? related == 0 : related >= 0);
	CU_ASSERT_EQUAL(connections, expected);
	CU_ASSERT_EQUAL(edges, 0);
	CU_ASSERT_EQUAL(policy->undecided, undecided);
}

static void recommend_exact_is_exact(void)
{
	for (guint32 round = 0; round < WORLD_ROUNDS / 10; round++) {
		RandomMap random;
		random_map(&random, round);
		AmRecommendOptions options = {.granularity = AM_GRANULARITY_EXACT, .tool_version = "0"};
		g_autoptr(AmPolicy) policy = am_policy_recommend(&random.map, &options);
		g_autoptr(GError) error = NULL;
		World world;
		CU_ASSERT(am_policy_prove(policy, &random.map, &error));
		CU_ASSERT_PTR_NULL(error);
		world_fill(&world, policy);
		CU_ASSERT_EQUAL(memcmp(&world, &random.essential, sizeof world), 0);
		for (guint n = 0; n < policy->rules->len; n++)
			CU_ASSERT_EQUAL(((AmRule *)policy->rules->pdata[n])->over_grant, 0);
		check_evidence(policy, &random);
		random_map_clear(&random);
	}
}

/* No rule between groups permits what is suspicious, what is a question because of a suspicion, or what a person decided is none of the needed; what is undecided and
 * permitted all the same is counted. */
static void check_judged(const AmPolicy *policy, const World *world, const RandomMap *random)
{
	guint n_undecided = 0;
	for (guint n = 0; n < random->map.edges->len; n++) {
		const AmEdge *edge = &g_array_index(random->map.edges, AmEdge, n);
		uint32_t service = 0;
		while (world_services[service].ip_protocol != edge->ip_protocol ||
		       world_services[service].port != edge->port)
			service++;
		gboolean permitted = world->services[edge->client][edge->server] >> service & 1;
		gboolean needed = random->essential.services[edge->client][edge->server] >> service & 1;
		n_undecided += edge->verdict == AM_VERDICT_UNDECIDED && permitted;
		if (edge->verdict == AM_VERDICT_SUSPICIOUS ||
		    (edge->verdict == AM_VERDICT_UNDECIDED && (edge->reasons & 1u << AM_REASON_SCANNER) != 0) ||
		    (edge->override_index >= 0 && edge->verdict != AM_VERDICT_ESSENTIAL))
			CU_ASSERT_EQUAL(permitted, needed);
	}
	CU_ASSERT_EQUAL(policy->undecided_permitted, n_undecided);
}

static gboolean is_anybodys_next(const RandomMap *random, unsigned end)
{
	return in_pool(random, end, 0) || in_pool(random, end, 1) || in_pool(random, end, 2);
}

static void recommend_group_holds_the_essential(void)
{
	for (guint32 round = 0; round < WORLD_ROUNDS / 10; round++) {
		RandomMap random;
		random_map(&random, round);
		AmRecommendOptions options = {.granularity = AM_GRANULARITY_GROUP, .tool_version = "0"};
		g_autoptr(AmPolicy) policy = am_policy_recommend(&random.map, &options);
		g_autoptr(AmPolicy) again = am_policy_recommend(&random.map, &options);
		World world;
		CU_ASSERT(am_policy_prove(policy, &random.map, NULL));
		world_fill(&world, policy);
		for (unsigned c = 0; c < WORLD_ENDS; c++)
			for (unsigned s = 0; s < WORLD_ENDS; s++)
				CU_ASSERT_EQUAL(random.essential.services[c][s] & ~world.services[c][s], 0);
		for (guint n = 0; n < policy->rules->len; n++) {
			AmRule *rule = policy->rules->pdata[n];
			CU_ASSERT_EQUAL(rule->over_grant, brute_over_grant(policy, rule, &random, TRUE));
			CU_ASSERT_EQUAL(rule->over_grant_unseen, brute_over_grant(policy, rule, &random, FALSE));
			CU_ASSERT_STRING_EQUAL(rule->id, ((AmRule *)again->rules->pdata[n])->id);
		}
		/* Nobody is in a group of the policy that needs nothing, unless the next one of the group may be there; but not
		 * where another's asset is. */
		for (guint g = 0; g < policy->groups->len; g++) {
			const AmPolicyGroup *group = policy->groups->pdata[g];
			for (guint n = 0; n < group->members->len; n++) {
				uint64_t ends = world_prefix_ends(&g_array_index(group->members, AmPrefix, n),
								  world_network(group->network));
				for (unsigned e = 0; e < WORLD_ENDS; e++)
					CU_ASSERT((ends >> e & 1) == 0 || random.in_essential[e] ||
						  is_anybodys_next(&random, e));
			}
		}
		check_judged(policy, &world, &random);
		check_evidence(policy, &random);
		random_map_clear(&random);
	}
}

static void prove_finds_what_is_missing(void)
{
	guint n_tried = 0;
	for (guint32 round = 0; round < 200; round++) {
		RandomMap random;
		random_map(&random, round);
		AmRecommendOptions options = {.granularity = AM_GRANULARITY_EXACT, .tool_version = "0"};
		g_autoptr(AmPolicy) policy = am_policy_recommend(&random.map, &options);
		g_autoptr(GError) error = NULL;
		if (policy->rules->len > 0) {
			((AmRule *)policy->rules->pdata[round % policy->rules->len])->status = AM_STATUS_REJECTED;
			CU_ASSERT_FALSE(am_policy_prove(policy, &random.map, &error));
			CU_ASSERT(g_error_matches(error, AM_POLICY_ERROR, AM_POLICY_ERROR_PROOF));
			CU_ASSERT_PTR_NOT_NULL(error != NULL ? strstr(error->message, " -> ") : NULL);
			n_tried++;
		}
		random_map_clear(&random);
	}
	CU_ASSERT(n_tried > 100);
}

/* Proof agrees with brute force on maps and policies that know nothing of each other, down to the number of counterexamples
 * (as the message tells it). Rules from any to any hold in networks too that the policy does not name. */
static void prove_is_brute_force(void)
{
	guint n_proved = 0, n_refused = 0;
	for (guint32 round = 0; round < WORLD_ROUNDS / 5; round++) {
		RandomMap random;
		random_map(&random, round);
		g_autoptr(AmPolicy) policy = copy_by_seed(round, round % 2 == 0);
		g_autoptr(GError) error = NULL;
		World world;
		world_fill(&world, policy);
		keep_permitted(&random, &world, round % 3);
		guint n_missing = 0, n_essential = 0;
		for (unsigned c = 0; c < WORLD_ENDS; c++)
			for (unsigned s = 0; s < WORLD_ENDS; s++) {
				n_essential += bits(random.essential.services[c][s]);
				n_missing += bits(random.essential.services[c][s] & ~world.services[c][s]);
			}
		CU_ASSERT_EQUAL(am_policy_prove(policy, &random.map, &error), n_missing == 0);
		CU_ASSERT_EQUAL(error != NULL, n_missing > 0);
		CU_ASSERT(error == NULL || strtoul(error->message, NULL, 10) == n_missing);
		n_proved += n_missing == 0 && n_essential > 0;
		n_refused += n_missing > 0;
		random_map_clear(&random);
	}
	CU_ASSERT(n_proved > WORLD_ROUNDS / 100);
	CU_ASSERT(n_refused > WORLD_ROUNDS / 20);
}

static AmRule *add_rule(AmPolicy *policy, const char *from, const char *to, uint8_t ip_protocol, uint16_t low,
			uint16_t high)
{
	AmRule *rule = am_rule_new();
	AmPeer *peers[] = {&rule->from, &rule->to};
	const char *texts[] = {from, to};
	for (int n = 0; n < 2; n++) {
		AmPrefix prefix;
		if (strcmp(texts[n], "any") == 0)
			peers[n]->any = TRUE;
		else if (am_prefix_parse(texts[n], &prefix, NULL))
			g_array_append_val(peers[n]->prefixes, prefix);
		else
			g_ptr_array_add(peers[n]->groups, g_strdup(texts[n]));
	}
	AmPortRange range = {low, high};
	rule->service.ip_protocol = ip_protocol;
	g_array_append_val(rule->service.ports, range);
	g_ptr_array_add(policy->rules, rule);
	return rule;
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

/* "any" is everybody in every network, whether or not the policy names it; an end with addresses is of its own network. */
static void any_is_everybody_everywhere(void)
{
	RandomMap random;
	random_map(&random, 1);
	AmEdge edge = {.client = 2 * 2 * WORLD_ADDRESSES,
		       .server = 2 * 2 * WORLD_ADDRESSES + 1,
		       .ip_protocol = 6,
		       .port = 80,
		       .verdict = AM_VERDICT_ESSENTIAL};
	g_array_set_size(random.map.edges, 0);
	g_array_append_val(random.map.edges, edge);
	g_autoptr(AmPolicy) policy = am_policy_new();
	g_autoptr(GError) error = NULL;
	add_rule(policy, "any", "10.0.0.1", 6, 80, 80);
	add_rule(policy, "10.0.0.0", "any", 6, 80, 80);
	add_rule(policy, "0.0.0.0/0", "0.0.0.0/0", 6, 80, 80);
	CU_ASSERT_FALSE(am_policy_prove(policy, &random.map, &error));
	CU_ASSERT_PTR_NOT_NULL_FATAL(error);
	CU_ASSERT_STRING_EQUAL(error->message, "1 essential connection is not permitted: 10.0.0.0 -> 10.0.0.1 tcp/80 "
					       "in network unnamed");
	AmRule *any = add_rule(policy, "any", "any", 6, 80, 80);
	CU_ASSERT(am_policy_prove(policy, &random.map, NULL));
	CU_ASSERT_EQUAL(any->over_grant, 1);
	CU_ASSERT_EQUAL(any->over_grant_unseen, INT64_MAX);
	any->status = AM_STATUS_REJECTED;
	CU_ASSERT_FALSE(am_policy_prove(policy, &random.map, NULL));
	random_map_clear(&random);
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

static void over_grant_is_capped(void)
{
	RandomMap random;
	random_map(&random, 1);
	g_array_set_size(random.map.edges, 0);
	g_autoptr(AmPolicy) policy = am_policy_new();
	AmRule *any = add_rule(policy, "any", "any", 6, 0, 65535);
	AmRule *block = add_rule(policy, "10.0.0.0/30", "10.0.0.2/31", 6, 1, 10);
	AmRule *mixed = add_rule(policy, "10.0.0.0/30", "2001:db8::/64", 6, 1, 10);
	CU_ASSERT(am_policy_prove(policy, &random.map, NULL));
	CU_ASSERT_EQUAL(any->over_grant, 0);
	CU_ASSERT_EQUAL(any->over_grant_unseen, INT64_MAX);
	CU_ASSERT_EQUAL(block->over_grant, 0);
	CU_ASSERT_EQUAL(block->over_grant_unseen, (4 * 2 - 2) * 10);
	CU_ASSERT_EQUAL(mixed->over_grant + mixed->over_grant_unseen, 0);
	random_map_clear(&random);
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
				     UNIT_TEST(recommend_exact_is_exact),
				     UNIT_TEST(recommend_group_holds_the_essential),
				     UNIT_TEST(prove_finds_what_is_missing),
				     UNIT_TEST(prove_is_brute_force),
				     UNIT_TEST(any_is_everybody_everywhere),
				     UNIT_TEST(any_is_more_than_all_that_are_named),
				     UNIT_TEST(counterexamples_go_both_ways),
				     UNIT_TEST(the_same_in_other_words),
				     UNIT_TEST(networks_count_where_there_are_several),
				     UNIT_TEST(parts_are_brute_force),
				     UNIT_TEST(networks_of_a_policy),
				     UNIT_TEST(over_grant_is_capped),
				     UNIT_TEST(backwards_ranges_are_asserted),
				     UNIT_TEST(settle_binds_decisions),
				     {NULL, NULL}};
	return unit_run("policy", tests);
}
