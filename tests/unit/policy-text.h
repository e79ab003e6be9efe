/* Random policies for what is done to their text: addresses and ports of any kind, and every rule has a service that no other
 * rule has, so that changing any rule, address or port in the text changes what the policy permits. There is no telling what
 * they permit but by the code under test; the policies of policy-random.h are small enough for that. */
#pragma once

#include "allowmap/policy.h"

#include "allowmap/model/packet.h"

static inline AmPrefix random_prefix(GRand *random)
{
	AmPrefix prefix = {.address.family = g_rand_boolean(random) ? 4 : 6};
	char text[80];
	if (prefix.address.family == 4) {
		prefix.length = (uint8_t)(g_rand_int_range(random, 0, 3) == 0 ? g_rand_int_range(random, 0, 33) : 32);
		uint32_t host = prefix.length == 0 ? 0 : g_rand_int(random) & (UINT32_MAX << (32 - prefix.length));
		g_snprintf(text, sizeof text, "%u.%u.%u.%u/%u", host >> 24, host >> 16 & 255, host >> 8 & 255,
			   host & 255, prefix.length);
	} else {
		prefix.length = (uint8_t)(g_rand_int_range(random, 0, 3) == 0 ? 64 : 128);
		g_snprintf(text, sizeof text, "2001:db8:%x:%x::%x/%u", (unsigned)g_rand_int_range(random, 0, 65536),
			   (unsigned)g_rand_int_range(random, 0, 4),
			   prefix.length == 64 ? 0 : (unsigned)g_rand_int_range(random, 1, 65536), prefix.length);
	}
	gboolean ok = am_prefix_parse(text, &prefix, NULL);
	g_assert(ok);
	return prefix;
}

static inline void add_random_peer(GRand *random, const AmPolicy *policy, AmPeer *peer)
{
	peer->any = g_rand_int_range(random, 0, 8) == 0;
	for (int n = g_rand_int_range(random, 0, 3); n > 0 && !peer->any && policy->groups->len > 0; n--) {
		gint32 which = g_rand_int_range(random, 0, (gint32)policy->groups->len);
		g_ptr_array_add(peer->groups, g_strdup(((AmPolicyGroup *)policy->groups->pdata[which])->name));
	}
	for (int n = g_rand_int_range(random, 0, 3); n > 0 && !peer->any; n--) {
		AmPrefix prefix = random_prefix(random);
		g_array_append_val(peer->prefixes, prefix);
	}
}

/* One address of each family: the rule says something, and each of its addresses matters. */
static inline void add_both_families(AmPeer *peer, guint n)
{
	char text[40];
	for (guint family = 0; family < 2; family++) {
		AmPrefix prefix;
		g_snprintf(text, sizeof text, family == 0 ? "198.18.0.%u" : "2001:db8::%x", n);
		gboolean ok = am_prefix_parse(text, &prefix, NULL);
		g_assert(ok);
		g_array_append_val(peer->prefixes, prefix);
	}
}

/* The n-th service of a policy: no two overlap. */
static inline void add_random_service(GRand *random, AmService *service, guint n)
{
	static const uint8_t protocols[] = {AM_PROTO_TCP,  AM_PROTO_UDP,    AM_PROTO_SCTP,
					    AM_PROTO_ICMP, AM_PROTO_ICMPV6, 0};
	service->ip_protocol = protocols[g_rand_int_range(random, 0, G_N_ELEMENTS(protocols))];
	if (service->ip_protocol == 0) {
		service->ip_protocol = (uint8_t)(200 + n);
	} else if (service->ip_protocol == AM_PROTO_ICMP || service->ip_protocol == AM_PROTO_ICMPV6) {
		for (int m = 0; m < 2; m++) {
			AmIcmpType type = {(uint8_t)(2 * n + (guint)m), (int16_t)g_rand_int_range(random, -1, 5)};
			g_array_append_val(service->types, type);
		}
	} else {
		for (int m = g_rand_int_range(random, 1, 4); m > 0; m--) {
			uint16_t low = (uint16_t)(1000 * n + 100 * (guint)m);
			AmPortRange range = {low, (uint16_t)(low + (uint16_t)g_rand_int_range(random, 0, 2) * 49)};
			g_array_append_val(service->ports, range);
		}
	}
}

/* `whole`: no rule without an effect. */
static inline AmPolicy *random_policy(guint32 seed, gboolean whole)
{
	GRand *random = g_rand_new_with_seed(seed);
	AmPolicy *policy = am_policy_new();
	policy->default_action = AM_DEFAULT_DENY;
	for (int n = g_rand_int_range(random, 0, 5); n > 0; n--) {
		char name[24];
		g_snprintf(name, sizeof name, n % 2 == 0 ? "g%d" : "g%d-x-y", n);
		AmPolicyGroup *group = am_policy_group_new(name);
		group->label = g_strdup("\"; accept ${x}\n\tcounter accept comment \"x");
		for (int m = g_rand_int_range(random, 0, 6); m > 0; m--) {
			AmPrefix prefix = random_prefix(random);
			g_array_append_val(group->members, prefix);
		}
		g_ptr_array_add(policy->groups, group);
	}
	guint n_rules = (guint)g_rand_int_range(random, 0, 8);
	for (guint n = 0; n < n_rules; n++) {
		AmRule *rule = am_rule_new();
		add_random_peer(random, policy, &rule->from);
		add_random_peer(random, policy, &rule->to);
		for (guint end = 0; whole && end < 2; end++) {
			AmPeer *peer = end == 0 ? &rule->from : &rule->to;
			if (!peer->any)
				add_both_families(peer, 10 * n + end);
		}
		add_random_service(random, &rule->service, n);
		rule->status = (AmRuleStatus)g_rand_int_range(random, 0, 4);
		rule->evidence.connections = g_rand_int(random);
		rule->evidence.first_ns = g_rand_int(random) * INT64_C(1000000007);
		rule->evidence.last_ns = rule->evidence.first_ns + g_rand_int(random);
		rule->evidence.direction = (AmDirection)g_rand_int_range(random, 0, AM_N_DIRECTIONS);
		rule->over_grant = g_rand_int(random);
		g_ptr_array_add(policy->rules, rule);
	}
	am_policy_canonicalise(policy);
	g_rand_free(random);
	return policy;
}

/* The same text with one letter or digit, or one line, changed or taken out; lines for which `skip` is TRUE stay. NULL when
 * there is nothing to change at the place that was drawn. */
static inline char *mutate_text(GRand *random, const char *text, gboolean (*skip)(const char *line))
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint which = (guint)g_rand_int_range(random, 0, (gint32)g_strv_length(lines));
	char *line = lines[which];
	if (skip(line) || line[0] == '\0')
		return NULL;
	if (g_rand_int_range(random, 0, 4) == 0) {
		g_autoptr(GPtrArray) kept = g_ptr_array_new();
		for (guint n = 0; n <= g_strv_length(lines); n++) {
			if (n != which)
				g_ptr_array_add(kept, lines[n]);
		}
		return g_strjoinv("\n", (char **)kept->pdata);
	}
	const char *comment = strstr(line, "comment \"");
	size_t size = comment != NULL ? (size_t)(comment - line) : strlen(line);
	char *at = line + g_rand_int_range(random, 0, (gint32)size);
	if (g_ascii_isdigit(*at))
		*at = (char)('0' + (*at - '0' + g_rand_int_range(random, 1, 10)) % 10);
	else if (g_ascii_islower(*at))
		*at = (char)('a' + (*at - 'a' + g_rand_int_range(random, 1, 26)) % 26);
	else
		return NULL;
	return g_strjoinv("\n", lines);
}
