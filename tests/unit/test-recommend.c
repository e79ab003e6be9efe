/* What is recommended for random maps, and proved against them, by brute force. */
#include "config.h"

#include "allowmap/policy.h"
#include "policy-random.h"
#include "policy-rules.h"
#include "unit.h"

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

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_TEST(recommend_exact_is_exact),
		UNIT_TEST(recommend_group_holds_the_essential),
		UNIT_TEST(prove_finds_what_is_missing),
		UNIT_TEST(prove_is_brute_force),
		UNIT_TEST(any_is_everybody_everywhere),
		UNIT_TEST(over_grant_is_capped),
		{NULL, NULL},
	};
	return unit_run("recommend", tests);
}
