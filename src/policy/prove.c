/* The proof against the map: what is essential is permitted, and what else is permitted is counted. Fed by the job with
 * what recommend.c made (or a person edited); it knows nothing of how rules came about. */
#include "config.h"

#include "private.h"

#include <string.h>

#define MAX_COUNTEREXAMPLES 10

static uint64_t multiply_capped(uint64_t a, uint64_t b)
{
	return a != 0 && b > (uint64_t)INT64_MAX / a ? (uint64_t)INT64_MAX : a * b;
}

/* Pairs of different addresses of one network and family, times so many ports. */
static uint64_t count_tuples(const GArray *from, const GArray *to, uint8_t ip_protocol, uint64_t ports)
{
	uint64_t size = 0;
	uint64_t zone = UINT64_MAX;
	for (guint n = 0; n < from->len; n++) {
		if (g_array_index(from, AmInterval, n).zone == zone)
			continue;
		zone = g_array_index(from, AmInterval, n).zone;
		if (!am_protocol_fits(ip_protocol, am_zone_is_ipv6(zone)))
			continue;
		uint32_t z = (uint32_t)zone;
		uint64_t pairs = multiply_capped(am_intervals_count(from, NULL, z), am_intervals_count(to, NULL, z));
		uint64_t self = am_intervals_count(from, to, z);
		uint64_t tuples = multiply_capped(pairs == INT64_MAX ? pairs : pairs - self, ports);
		size = size > (uint64_t)INT64_MAX - tuples ? (uint64_t)INT64_MAX : size + tuples;
	}
	return size;
}

/* What each rule permits beyond the essential: between addresses that are known, and to or from all others. */
static void count_over_grant(const AmPolicy *policy, const AmMap *map, const AmCompiled *compiled, const uint64_t *used)
{
	g_autoptr(GArray) known = am_known_intervals(map, compiled->spaces);
	for (guint n = 0; n < policy->rules->len; n++) {
		AmRule *rule = policy->rules->pdata[n];
		rule->over_grant = rule->over_grant_unseen = 0;
	}
	for (guint n = 0; n < compiled->rules->len; n++) {
		const AmCompiledRule *compiled_rule = &g_array_index(compiled->rules, AmCompiledRule, n);
		const GArray *from = g_array_index(compiled->from.sets, GArray *, compiled_rule->from);
		const GArray *to = g_array_index(compiled->to.sets, GArray *, compiled_rule->to);
		const GArray *services = g_array_index(compiled->service.sets, GArray *, compiled_rule->service);
		g_autoptr(GArray) known_from = am_intervals_intersect(from, known);
		g_autoptr(GArray) known_to = am_intervals_intersect(to, known);
		uint8_t ip_protocol = compiled_rule->rule->service.ip_protocol;
		uint64_t ports = am_intervals_count(services, NULL, ip_protocol);
		uint64_t all = count_tuples(from, to, ip_protocol, ports);
		uint64_t between = count_tuples(known_from, known_to, ip_protocol, ports);
		AmRule *rule = policy->rules->pdata[compiled_rule->index];
		rule->over_grant = between == INT64_MAX ? between : between - used[n];
		rule->over_grant_unseen = all == INT64_MAX && between < all ? all : all - between;
	}
}

typedef struct {
	const AmCompiled *compiled;
	uint64_t *used; /* by compiled rule: the essential tuples that it permits; NULL: they are not counted */
	uint32_t n_missing;
	GString *missing;
} Proof;

/* Counts the tuple in every rule that permits it; FALSE when none does. */
static gboolean count_tuple(Proof *proof, uint32_t zone, const AmAddress *client, const AmAddress *server,
			    uint8_t ip_protocol, uint16_t port)
{
	const AmCompiled *compiled = proof->compiled;
	uint32_t from = am_atoms_find(&compiled->from, zone, am_wide_of_address(client));
	uint32_t to = am_atoms_find(&compiled->to, zone, am_wide_of_address(server));
	uint32_t service = am_atoms_find(&compiled->service, ip_protocol, (AmWide){0, port});
	if (from == AM_NO_INDEX || to == AM_NO_INDEX || service == AM_NO_INDEX)
		return FALSE;
	AmSlice froms = am_slice(compiled->from.class_first, compiled->from.class_sets, from);
	AmSlice tos = am_slice(compiled->to.class_first, compiled->to.class_sets, to);
	AmSlice services = am_slice(compiled->service.class_first, compiled->service.class_sets, service);
	gboolean self = am_address_compare(client, server) == 0, permitted = FALSE;
	for (uint32_t f = 0; f < froms.n; f++) {
		AmSlice rules = am_slice(compiled->from_first, compiled->from_rules, froms.at[f]);
		for (uint32_t n = 0; n < rules.n; n++) {
			const AmCompiledRule *rule = &g_array_index(compiled->rules, AmCompiledRule, rules.at[n]);
			if (rule->rule->service.ip_protocol != ip_protocol || !am_slice_has(services, rule->service) ||
			    !am_slice_has(tos, rule->to))
				continue;
			permitted = TRUE;
			if (proof->used != NULL)
				proof->used[rules.at[n]] += !self;
		}
	}
	return permitted;
}

static gboolean same_tuple(const AmMap *map, const AmEdge *a, const AmEdge *b)
{
	const AmEndpoint *ac = am_map_endpoint(map, a->client), *bc = am_map_endpoint(map, b->client);
	const AmEndpoint *as = am_map_endpoint(map, a->server), *bs = am_map_endpoint(map, b->server);
	return ac->network == bc->network && am_address_compare(&ac->address, &bc->address) == 0 &&
	       am_address_compare(&as->address, &bs->address) == 0 && a->ip_protocol == b->ip_protocol &&
	       am_service_port(a->ip_protocol, a->port) == am_service_port(b->ip_protocol, b->port);
}

static gboolean is_permitted(Proof *proof, const AmMap *map, const AmEdge *edge)
{
	const AmEndpoint *client = am_map_endpoint(map, edge->client), *server = am_map_endpoint(map, edge->server);
	const char *network = am_map_network(map, client->network);
	uint32_t space = am_spaces_find(proof->compiled->spaces, network);
	uint16_t port = am_service_port(edge->ip_protocol, edge->port);
	uint32_t zone = space << 1 | (client->address.family == 6 ? 1 : 0);
	return count_tuple(proof, zone, &client->address, &server->address, edge->ip_protocol, port);
}

static void prove_edge(Proof *proof, const AmMap *map, const AmEdge *edge)
{
	if (is_permitted(proof, map, edge) || proof->n_missing++ >= MAX_COUNTEREXAMPLES)
		return;
	const AmEndpoint *client = am_map_endpoint(map, edge->client), *server = am_map_endpoint(map, edge->server);
	const char *network = am_map_network(map, client->network);
	uint16_t port = am_service_port(edge->ip_protocol, edge->port);
	g_autofree char *tuple = am_tuple_text(&client->address, &server->address, edge->ip_protocol, port, network);
	g_string_append_printf(proof->missing, "%s%s", proof->missing->len > 0 ? "; " : "", tuple);
}

static guint64 count_undecided(const AmCompiled *compiled, const AmMap *map)
{
	Proof proof = {.compiled = compiled};
	guint64 n_permitted = 0;
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		n_permitted += edge->verdict == AM_VERDICT_UNDECIDED && is_permitted(&proof, map, edge);
	}
	return n_permitted;
}

gboolean am_policy_prove(AmPolicy *policy, const AmMap *map, GError **error)
{
	const AmPolicy *const one[] = {policy};
	g_autoptr(AmCompiled) compiled = am_compiled_new(one, 1, FALSE);
	g_autofree uint64_t *used = g_new0(uint64_t, compiled->rules->len + 1);
	g_autoptr(GString) missing = g_string_new(NULL);
	Proof proof = {.compiled = compiled, .used = used, .missing = missing};
	const AmEdge *last = NULL;
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		/* Two assets may have had one address in turn: that is still one tuple. Edges are sorted by addresses. */
		if (!am_edge_needs_rule(map, edge) || (last != NULL && same_tuple(map, last, edge)))
			continue;
		last = edge;
		prove_edge(&proof, map, edge);
	}
	count_over_grant(policy, map, compiled, used);
	policy->undecided_permitted = count_undecided(compiled, map);
	if (proof.n_missing == 0)
		return TRUE;
	g_set_error(error, AM_POLICY_ERROR, AM_POLICY_ERROR_PROOF, "%u essential %s not permitted: %s%s",
		    proof.n_missing, proof.n_missing == 1 ? "connection is" : "connections are", missing->str,
		    proof.n_missing > MAX_COUNTEREXAMPLES ? "; ..." : "");
	return FALSE;
}

static gboolean prefixes_have(const GArray *prefixes, const AmAddress *address)
{
	guint low = 0, high = prefixes->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		if (am_address_compare(&g_array_index(prefixes, AmPrefix, middle).address, address) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && am_prefix_contains(&g_array_index(prefixes, AmPrefix, low - 1), address);
}

static const AmPolicyGroup *find_group(const AmPolicy *policy, const char *name)
{
	guint low = 0, high = policy->groups->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		const AmPolicyGroup *group = policy->groups->pdata[middle];
		int order = strcmp(group->name, name);
		if (order == 0)
			return group;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The n-th way in which the peer holds the address: its prefixes are the default network, then its groups. */
static gboolean part_has(const AmPolicy *policy, const AmPeer *peer, guint part, const AmAddress *address,
			 const char **ret_network)
{
	*ret_network = NULL;
	if (part == 0)
		return prefixes_have(peer->prefixes, address);
	const AmPolicyGroup *group = find_group(policy, peer->groups->pdata[part - 1]);
	if (group == NULL || !prefixes_have(group->members, address))
		return FALSE;
	*ret_network = group->network;
	return TRUE;
}

static gboolean peers_have(const AmPolicy *policy, const AmRule *rule, const AmAddress *client, const AmAddress *server)
{
	const char *from = NULL, *to = NULL;
	for (guint f = 0; f <= rule->from.groups->len; f++) {
		if (!rule->from.any && !part_has(policy, &rule->from, f, client, &from))
			continue;
		if (rule->to.any)
			return TRUE;
		for (guint t = 0; t <= rule->to.groups->len; t++)
			if (part_has(policy, &rule->to, t, server, &to) && (rule->from.any || g_strcmp0(from, to) == 0))
				return TRUE;
	}
	return FALSE;
}

static gboolean service_has(const AmService *service, uint8_t ip_protocol, uint16_t port)
{
	if (service->ip_protocol != ip_protocol)
		return FALSE;
	gboolean has_ports = am_service_has_ports(ip_protocol);
	const GArray *list = has_ports ? service->ports : am_service_is_icmp(ip_protocol) ? service->types : NULL;
	if (list == NULL || list->len == 0)
		return TRUE;
	for (guint n = 0; n < list->len; n++) {
		const AmPortRange *range = &g_array_index(list, AmPortRange, n);
		const AmIcmpType *type = &g_array_index(list, AmIcmpType, n);
		if (has_ports ? range->low <= port && port <= range->high
			      : type->type == port >> 8 && (type->code < 0 || type->code == (port & 0xff)))
			return TRUE;
	}
	return FALSE;
}

gboolean am_policy_permits(const AmPolicy *policy, const AmAddress *client, const AmAddress *server,
			   uint8_t ip_protocol, uint16_t port, const AmRule **ret_rule)
{
	uint8_t family = client->family;
	if (family == 0 || family != server->family || !am_protocol_fits(ip_protocol, family == 6))
		return FALSE;
	port = am_service_port(ip_protocol, port);
	for (guint n = 0; n < policy->rules->len; n++) {
		const AmRule *rule = policy->rules->pdata[n];
		if (!am_rule_is_active(rule) || !service_has(&rule->service, ip_protocol, port) ||
		    !peers_have(policy, rule, client, server))
			continue;
		if (ret_rule != NULL)
			*ret_rule = rule;
		return TRUE;
	}
	return FALSE;
}
