/* pairs POLICY N: draws N tuples that the policy permits and N that it does not, as lines for `probe` with "pass" or "stop"
 * at the end. Drawn from the policy's own addresses and ports, so that most of the second kind are near misses. What is
 * permitted is judged by policy/, not by any exporter. The same policy, the same lines. */
#include "config.h"

#include "allowmap/import.h"
#include "allowmap/policy.h"

#include "allowmap/model/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TRIES 1000000

typedef struct {
	GRand *random;
	const AmPolicy *policy;
} Draw;

static guint below(Draw *draw, guint n)
{
	return (guint)g_rand_int_range(draw->random, 0, (gint32)n);
}

/* Any address of the prefix: its first 16 bits of freedom vary. */
static AmAddress draw_host(Draw *draw, const AmPrefix *prefix)
{
	AmAddress address = prefix->address;
	guint bits = am_address_bits(&address);
	for (guint bit = prefix->length; bit < bits && bit < prefix->length + 16u; bit++) {
		if (below(draw, 2) == 1)
			address.bytes[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
	}
	return address;
}

static gboolean draw_address(Draw *draw, const AmPeer *peer, AmAddress *ret_address)
{
	const GArray *prefixes = peer->prefixes;
	if (peer->any) {
		AmPrefix outside;
		am_prefix_parse(below(draw, 2) == 0 ? "203.0.113.0/24" : "2001:db8:ffff::/48", &outside, NULL);
		*ret_address = draw_host(draw, &outside);
		return TRUE;
	}
	guint part = below(draw, peer->groups->len + 1);
	for (guint n = 0; part < peer->groups->len && n < draw->policy->groups->len; n++) {
		const AmPolicyGroup *group = draw->policy->groups->pdata[n];
		if (strcmp(group->name, peer->groups->pdata[part]) == 0)
			prefixes = group->members;
	}
	if (prefixes->len == 0)
		return FALSE;
	*ret_address = draw_host(draw, &g_array_index(prefixes, AmPrefix, below(draw, prefixes->len)));
	return TRUE;
}

/* A port that can be probed; -1 = none. Of ICMP only echo is answered by every host. */
static int draw_port(Draw *draw, const AmService *service)
{
	switch (service->ip_protocol) {
	case AM_PROTO_ICMP:
		return 8 << 8;
	case AM_PROTO_ICMPV6:
		return 128 << 8;
	case AM_PROTO_TCP:
	case AM_PROTO_UDP:
		break;
	default:
		return -1;
	}
	if (service->ports->len == 0)
		return 1 + (int)below(draw, 65535);
	const AmPortRange *range = &g_array_index(service->ports, AmPortRange, below(draw, service->ports->len));
	guint port = range->low + below(draw, (guint)(range->high - range->low) + 1);
	return port == 0 ? -1 : (int)port;
}

static gboolean is_host(const AmAddress *address)
{
	return !am_address_is_multicast(address) && !am_address_is_link_local(address) &&
	       !am_address_is_loopback(address) && !am_address_is_unspecified(address) &&
	       !(address->family == 4 && (address->bytes[0] == 0 || address->bytes[0] >= 240));
}

/* One line of either kind; FALSE when what was drawn cannot be probed. */
static gboolean draw_line(Draw *draw, gboolean wanted, GHashTable *seen)
{
	const AmPolicy *policy = draw->policy;
	/* For a near miss each part comes from another rule. */
	const AmRule *rules[3];
	for (guint n = 0; n < 3; n++)
		rules[n] = policy->rules->pdata[below(draw, policy->rules->len)];
	AmAddress from, to;
	guint mixed = wanted ? 0 : 1;
	const AmService *service = &rules[2 * mixed]->service;
	int port = draw_port(draw, service);
	if (port < 0 || !draw_address(draw, below(draw, 4) > 0 ? &rules[0]->from : &rules[mixed]->from, &from) ||
	    !draw_address(draw, &rules[mixed]->to, &to))
		return FALSE;
	uint8_t icmp_of_other = from.family == 4 ? AM_PROTO_ICMPV6 : AM_PROTO_ICMP;
	if (from.family != to.family || !is_host(&from) || !is_host(&to) || am_address_compare(&from, &to) == 0 ||
	    service->ip_protocol == icmp_of_other)
		return FALSE;
	if (am_policy_permits(policy, &from, &to, service->ip_protocol, (uint16_t)port, NULL) != wanted)
		return FALSE;
	char protocol[8], from_text[AM_ADDRESS_TEXT_SIZE], to_text[AM_ADDRESS_TEXT_SIZE];
	char *line = g_strdup_printf("%s %s %s %d %s", am_protocol_text(service->ip_protocol, protocol),
				     am_address_text(&from, from_text), am_address_text(&to, to_text), port,
				     wanted ? "pass" : "stop");
	if (!g_hash_table_add(seen, line))
		return FALSE;
	puts(line);
	return TRUE;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	gsize size = 0;
	if (argc != 3 || !g_file_get_contents(argv[1], &text, &size, &error)) {
		fprintf(stderr, "%s\n", error != NULL ? error->message : "usage: pairs POLICY N");
		return 2;
	}
	g_autoptr(AmPolicy) policy = am_import_policy(text, size, &error);
	if (policy == NULL || policy->rules->len == 0) {
		fprintf(stderr, "%s\n", error != NULL ? error->message : "the policy has no rules");
		return 2;
	}
	am_policy_canonicalise(policy);
	Draw draw = {.random = g_rand_new_with_seed(1), .policy = policy};
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (int kind = 0; kind < 2; kind++) {
		int n = atoi(argv[2]);
		for (guint tries = 0; n > 0 && tries < MAX_TRIES; tries++)
			n -= draw_line(&draw, kind == 0, seen) ? 1 : 0;
	}
	g_rand_free(draw.random);
	return 0;
}
