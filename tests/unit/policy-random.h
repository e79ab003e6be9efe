/* Random policies over a small world, and what they permit by brute force: the oracle of the policy tests. */
#pragma once

#include "allowmap/base.h"

#include <glib.h>
#include <string.h>

/* Addresses 0..7 of each family occur in policies; number 8 stands for all that only "any" reaches. Policies name two of the
 * networks, the third is of maps only: "any" reaches there too. */
#define WORLD_NETWORKS 3
#define WORLD_ADDRESSES 9
#define WORLD_ENDS (WORLD_NETWORKS * 2 * WORLD_ADDRESSES) /* network, family, address */
static const char *const world_networks[WORLD_NETWORKS] = {"default", "site2", "unnamed"};
#define WORLD_SERVICES 32

#if defined(__SANITIZE_ADDRESS__)
#define WORLD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WORLD_SANITIZED 1
#endif
#endif
#ifdef WORLD_SANITIZED
#define WORLD_ROUNDS 1000
#else
#define WORLD_ROUNDS 10000
#endif

typedef struct {
	uint8_t ip_protocol;
	uint16_t port;
} WorldService;

/* One of each kind that random services tell apart: ports 0 to 3, the last, and one for all between; ICMP types 8 and 13 with
 * the codes 0, 1 (of 8 only) and one for all others, and another type. */
static const WorldService world_services[WORLD_SERVICES] = {
	{6, 0},       {6, 1},       {6, 2},       {6, 3},       {6, 80},      {6, 65535},   {17, 0},     {17, 1},
	{17, 2},      {17, 3},      {17, 53},     {17, 65535},  {132, 0},     {132, 1},     {132, 2},    {132, 3},
	{132, 80},    {132, 65535}, {1, 0x0800},  {1, 0x0801},  {1, 0x0802},  {1, 0x0d00},  {1, 0x0d01}, {1, 0x0900},
	{58, 0x0800}, {58, 0x0801}, {58, 0x0802}, {58, 0x0d00}, {58, 0x0d01}, {58, 0x0900}, {47, 0},     {50, 0}};

static inline AmAddress world_address(gboolean ipv6, unsigned n)
{
	uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8};
	if (!ipv6)
		return am_address_ipv4((uint8_t[4]){n == 8 ? 192 : 10, 0, 0, (uint8_t)n});
	bytes[15] = (uint8_t)n;
	bytes[7] = n == 8;
	return am_address_ipv6(bytes);
}

static inline unsigned world_network(const char *name)
{
	unsigned n = 0;
	while (name != NULL && n < WORLD_NETWORKS && strcmp(world_networks[n], name) != 0)
		n++;
	g_assert(n < WORLD_NETWORKS);
	return n;
}

/* The end's bit is (network * 2 + family) * WORLD_ADDRESSES + address. */
static inline uint64_t world_prefix_ends(const AmPrefix *prefix, unsigned network)
{
	uint64_t ends = 0;
	for (unsigned n = 0; n < 2 * WORLD_ADDRESSES; n++) {
		AmAddress address = world_address(n >= WORLD_ADDRESSES, n % WORLD_ADDRESSES);
		if (am_prefix_contains(prefix, &address))
			ends |= UINT64_C(1) << (network * 2 * WORLD_ADDRESSES + n);
	}
	return ends;
}

static inline uint64_t world_peer_ends(const AmPolicy *policy, const AmPeer *peer)
{
	if (peer->any)
		return (UINT64_C(1) << WORLD_ENDS) - 1;
	uint64_t ends = 0;
	for (guint n = 0; n < peer->prefixes->len; n++)
		ends |= world_prefix_ends(&g_array_index(peer->prefixes, AmPrefix, n), 0);
	for (guint g = 0; g < peer->groups->len; g++) {
		for (guint n = 0; n < policy->groups->len; n++) {
			const AmPolicyGroup *group = policy->groups->pdata[n];
			for (guint m = 0; strcmp(group->name, peer->groups->pdata[g]) == 0 && m < group->members->len;
			     m++)
				ends |= world_prefix_ends(&g_array_index(group->members, AmPrefix, m),
							  world_network(group->network));
		}
	}
	return ends;
}

static inline uint32_t world_service_mask(const AmService *service)
{
	uint32_t mask = 0;
	for (unsigned n = 0; n < WORLD_SERVICES; n++) {
		const WorldService *one = &world_services[n];
		gboolean has =
			one->ip_protocol == service->ip_protocol && service->ports->len + service->types->len == 0;
		for (guint p = 0; p < service->ports->len; p++) {
			const AmPortRange *range = &g_array_index(service->ports, AmPortRange, p);
			has |= one->ip_protocol == service->ip_protocol && range->low <= one->port &&
			       one->port <= range->high;
		}
		for (guint t = 0; t < service->types->len; t++) {
			const AmIcmpType *type = &g_array_index(service->types, AmIcmpType, t);
			has |= one->ip_protocol == service->ip_protocol && type->type == one->port >> 8 &&
			       (type->code < 0 || type->code == (one->port & 0xff));
		}
		mask |= (uint32_t)has << n;
	}
	return mask;
}

/* What is permitted, by (client end, server end): a mask of services. */
typedef struct {
	uint32_t services[WORLD_ENDS][WORLD_ENDS];
} World;

static inline void world_fill(World *world, const AmPolicy *policy)
{
	uint32_t families[2] = {0, 0};
	memset(world, 0, sizeof *world);
	for (unsigned n = 0; n < WORLD_SERVICES; n++)
		for (unsigned ipv6 = 0; ipv6 < 2; ipv6++)
			if (world_services[n].ip_protocol != (ipv6 ? 1 : 58))
				families[ipv6] |= UINT32_C(1) << n;
	for (guint r = 0; r < policy->rules->len; r++) {
		const AmRule *rule = policy->rules->pdata[r];
		if (rule->status == AM_STATUS_REJECTED || rule->status == AM_STATUS_EXPIRED)
			continue;
		uint64_t from = world_peer_ends(policy, &rule->from), to = world_peer_ends(policy, &rule->to);
		uint32_t mask = world_service_mask(&rule->service);
		for (unsigned c = 0; c < WORLD_ENDS; c++)
			for (unsigned s = 0; (from >> c & 1) != 0 && s < WORLD_ENDS; s++)
				if ((to >> s & 1) != 0 && c / WORLD_ADDRESSES == s / WORLD_ADDRESSES)
					world->services[c][s] |= mask & families[c / WORLD_ADDRESSES % 2];
	}
}

static inline AmPrefix world_random_prefix(GRand *rand)
{
	AmPrefix prefix = {.address = world_address(g_rand_boolean(rand), 0)};
	unsigned bits = (unsigned)g_rand_int_range(rand, 0, 4);
	unsigned last = (unsigned)g_rand_int_range(rand, 0, 8) >> bits << bits;
	prefix.length = (uint8_t)(am_address_bits(&prefix.address) - bits);
	prefix.address.bytes[am_address_bits(&prefix.address) / 8 - 1] = (uint8_t)last;
	return prefix;
}

/* Everybody when it says so before, or by chance. */
static inline void world_random_peer(GRand *rand, AmPeer *peer, guint n_groups)
{
	guint n_named = (guint)g_rand_int_range(rand, 0, 3), n_bare = (guint)g_rand_int_range(rand, n_named == 0, 3);
	peer->any = peer->any || g_rand_int_range(rand, 0, 25) == 0;
	for (guint n = 0; !peer->any && n < n_named; n++)
		g_ptr_array_add(peer->groups, g_strdup_printf("group-%d", g_rand_int_range(rand, 0, (int)n_groups)));
	for (guint n = 0; !peer->any && n < n_bare; n++) {
		AmPrefix prefix = world_random_prefix(rand);
		g_array_append_val(peer->prefixes, prefix);
	}
}

static inline void world_random_service(GRand *rand, AmService *service)
{
	const WorldService *one = &world_services[g_rand_int_range(rand, 0, WORLD_SERVICES)];
	guint n_parts = (guint)g_rand_int_range(rand, 0, 4);
	service->ip_protocol = one->ip_protocol;
	for (guint n = 0; n < n_parts; n++) {
		static const uint16_t edges[] = {0, 1, 2, 3, 65535};
		static const AmIcmpType types[] = {{8, -1}, {8, 0}, {8, 1}, {13, -1}, {13, 0}};
		uint16_t a = edges[g_rand_int_range(rand, 0, G_N_ELEMENTS(edges))];
		uint16_t b = edges[g_rand_int_range(rand, 0, G_N_ELEMENTS(edges))];
		AmPortRange range = {MIN(a, b), MAX(a, b)};
		AmIcmpType type = types[g_rand_int_range(rand, 0, G_N_ELEMENTS(types))];
		if (one->ip_protocol == 6 || one->ip_protocol == 17 || one->ip_protocol == 132)
			g_array_append_val(service->ports, range);
		else if (one->ip_protocol == 1 || one->ip_protocol == 58)
			g_array_append_val(service->types, type);
	}
}

/* With `networks`, both networks always occur, so that they count. Not canonical. */
static inline AmPolicy *world_random_policy(GRand *rand, gboolean networks)
{
	AmPolicy *policy = am_policy_new();
	guint n_groups = (guint)g_rand_int_range(rand, 2, 6), n_rules = (guint)g_rand_int_range(rand, 0, 7);
	for (guint n = 0; n < n_groups + 2; n++) {
		g_autofree char *name = g_strdup_printf("%s-%u", n < n_groups ? "group" : "fixed", n);
		AmPolicyGroup *group = am_policy_group_new(name);
		guint n_members = (guint)g_rand_int_range(rand, n >= n_groups, 5);
		for (guint m = 0; m < n_members; m++) {
			AmPrefix prefix = world_random_prefix(rand);
			g_array_append_val(group->members, prefix);
		}
		if (networks && (n < n_groups ? g_rand_boolean(rand) : n == n_groups))
			group->network = g_strdup("site2");
		g_ptr_array_add(policy->groups, group);
	}
	for (guint n = 0; n < n_rules + (networks ? 2 : 0); n++) {
		AmRule *rule = am_rule_new();
		if (n < n_rules) {
			rule->from.any = rule->to.any = g_rand_int_range(rand, 0, 15) == 0;
			world_random_peer(rand, &rule->from, n_groups);
			world_random_peer(rand, &rule->to, n_groups);
		} else {
			g_ptr_array_add(rule->from.groups, g_strdup_printf("fixed-%u", n_groups + n - n_rules));
			g_ptr_array_add(rule->to.groups, g_strdup_printf("fixed-%u", n_groups + n - n_rules));
		}
		world_random_service(rand, &rule->service);
		rule->status =
			n < n_rules && g_rand_int_range(rand, 0, 8) == 0 ? AM_STATUS_REJECTED : AM_STATUS_PROPOSED;
		g_ptr_array_add(policy->rules, rule);
	}
	return policy;
}

/* Changes one thing that usually changes what is permitted. The last two groups and rules stay when networks count. */
static inline void world_mutate(GRand *rand, AmPolicy *policy, gboolean networks)
{
	guint n_rules = policy->rules->len - (networks ? 2 : 0), n_groups = policy->groups->len - 2;
	AmPolicyGroup *group = policy->groups->pdata[g_rand_int_range(rand, 0, (int)n_groups)];
	AmRule *rule = n_rules > 0 ? policy->rules->pdata[g_rand_int_range(rand, 0, (int)n_rules)] : NULL;
	AmPrefix prefix = world_random_prefix(rand);
	int what = rule == NULL ? 0 : g_rand_int_range(rand, 0, 8);
	if (what == 0 || what == 1) {
		if (group->members->len > 0 && g_rand_boolean(rand))
			g_array_remove_index(group->members,
					     (guint)g_rand_int_range(rand, 0, (int)group->members->len));
		else
			g_array_append_val(group->members, prefix);
	} else if (what == 2) {
		AmPeer from = rule->from;
		rule->from = rule->to;
		rule->to = from;
	} else if (what == 3) {
		rule->status = rule->status == AM_STATUS_PROPOSED ? AM_STATUS_EXPIRED : AM_STATUS_PROPOSED;
	} else if (what == 4) {
		g_array_set_size(rule->service.ports, 0);
		g_array_set_size(rule->service.types, 0);
		world_random_service(rand, &rule->service);
	} else if (what == 5) {
		g_ptr_array_remove_index(policy->rules, (guint)g_rand_int_range(rand, 0, (int)n_rules));
	} else {
		AmPeer *peer = what == 6 ? &rule->from : &rule->to;
		peer->any = FALSE;
		g_ptr_array_set_size(peer->groups, 0);
		g_array_set_size(peer->prefixes, 0);
		world_random_peer(rand, peer, n_groups);
	}
}
