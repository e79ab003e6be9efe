/* From the essential edges to rules: the ends of edges become units (a group, or an address by itself), the edges become
 * tuples (unit, unit, service), and contract.c makes as few rules of them as it can without permitting one more tuple.
 * What a group permits beyond its edges is counted by prove.c. No learned text gets into a name: groups have the map's
 * names, sets of addresses are named by a hash of what they hold. */
#include "config.h"

#include "private.h"

#include <string.h>

#define MAX_BARE_PREFIXES 8
#define MAX_LABEL 200
#define MAX_TICKET 100

/* The class of a tuple: IP protocol, then what announced the port, then the sanctioned group that asks, counted from 1: that is
 * mixed with nobody's, so that each rule has one ticket. */
#define CLASS_RELATED 8
#define CLASS_SANCTIONED 12 /* 20 bits: a map has no million groups */
#define CLASS_BORDER 32     /* between which applications and owners */

/* One side of rules: a group of the map in one network, a part of one, or one address. An address may be in all three. */
typedef struct {
	uint32_t network;
	uint32_t group; /* AM_NO_INDEX = an address by itself */
	uint32_t part;  /* 0 = the whole group */
	AmAddress address;
	gboolean inside;
} Unit;

typedef struct {
	const AmMap *map;
	AmPolicy *policy;
	GArray *edges;              /* uint32_t: indexes of the edges that need a rule */
	GArray *units;              /* Unit, sorted, distinct */
	AmApart *apart;             /* by position in `edges` */
	GPtrArray *parts;           /* which members each part lacks */
	uint8_t *wanted;            /* by endpoint: it is in a group's rules */
	uint8_t *known;             /* by endpoint: somebody is there */
	GArray *services;           /* uint32_t: protocol << 16 | port, sorted, distinct */
	GArray *tuples;             /* AmGrant, sorted, distinct */
	uint32_t *tuple_of;         /* by position in `edges` */
	GHashTable *groups;         /* AmPolicyGroup of the policy by name, borrowed */
	GHashTable *address_groups; /* those that are sets of addresses, by their content */
	const char **unit_names;    /* by unit; borrowed; NULL until it is used */
	GHashTable *borders;        /* applications and owners of both ends, as text → a number, from 1 */
} Builder;

static int compare_units(gconstpointer a, gconstpointer b)
{
	const Unit *x = a, *y = b;
	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return x->group == AM_NO_INDEX ? am_address_compare(&x->address, &y->address) : 0;
}

static uint32_t service_key(const AmEdge *edge)
{
	return (uint32_t)edge->ip_protocol << 16 | am_service_port(edge->ip_protocol, edge->port);
}

static const AmEdge *needed_edge(const Builder *builder, guint n)
{
	return &g_array_index(builder->map->edges, AmEdge, g_array_index(builder->edges, uint32_t, n));
}

static void find_edges(Builder *builder)
{
	const AmMap *map = builder->map;
	for (uint32_t n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		if (edge->verdict == AM_VERDICT_UNDECIDED)
			builder->policy->undecided++;
		if (!am_edge_needs_rule(map, edge))
			continue;
		uint32_t key = service_key(edge);
		g_array_append_val(builder->edges, n);
		g_array_append_val(builder->services, key);
	}
	am_numbers_unique(builder->services);
}

/* Of the n-th needed edge, the unit of its client (0) or server (1). */
static Unit unit_at(const Builder *builder, guint n, int side)
{
	const AmEdge *edge = needed_edge(builder, n);
	const AmEndpoint *endpoint = am_map_endpoint(builder->map, side == 0 ? edge->client : edge->server);
	const AmAsset *asset = &g_array_index(builder->map->assets, AmAsset, endpoint->asset);
	const AmApart *apart = &builder->apart[n];
	Unit unit = {endpoint->network, asset->group, apart->part[side], {0}, asset->inside};
	if (builder->policy->granularity == AM_GRANULARITY_GROUP && (apart->ends & AM_APART_CLIENT << side) == 0 &&
	    asset->group != AM_NO_INDEX)
		return unit;
	unit.group = AM_NO_INDEX;
	unit.part = 0;
	unit.address = endpoint->address;
	return unit;
}

static void find_units(Builder *builder)
{
	GArray *units = builder->units;
	builder->wanted = g_new0(uint8_t, builder->map->endpoints->len + 1);
	for (guint n = 0; n < builder->edges->len; n++) {
		const AmEdge *edge = needed_edge(builder, n);
		for (int side = 0; side < 2; side++) {
			Unit unit = unit_at(builder, n, side);
			g_array_append_val(units, unit);
			builder->wanted[side == 0 ? edge->client : edge->server] |= unit.group != AM_NO_INDEX;
		}
	}
	g_array_sort(units, compare_units);
	guint kept = 0;
	for (guint n = 0; n < units->len; n++) {
		const Unit *unit = &g_array_index(units, Unit, n);
		if (kept == 0 || compare_units(&g_array_index(units, Unit, kept - 1), unit) != 0)
			g_array_index(units, Unit, kept++) = *unit;
	}
	g_array_set_size(units, kept);
}

static uint32_t find_number(const GArray *numbers, uint32_t value)
{
	guint index = 0;
	gboolean found = g_array_binary_search((GArray *)numbers, &value, am_numbers_compare, &index);
	g_assert(found); /* each was put there from the same edges */
	return index;
}

typedef struct {
	AmGrant tuple;
	uint32_t edge; /* position in `edges` */
} EdgeTuple;

static int compare_edge_tuples(gconstpointer a, gconstpointer b)
{
	const AmGrant *x = &((const EdgeTuple *)a)->tuple, *y = &((const EdgeTuple *)b)->tuple;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return x->service < y->service ? -1 : x->service > y->service;
}

static uint32_t unit_of(const Builder *builder, guint n, int side)
{
	Unit unit = unit_at(builder, n, side);
	guint index = 0;
	gboolean found = g_array_binary_search(builder->units, &unit, compare_units, &index);
	g_assert(found); /* find_units() put it there */
	return index;
}

/* Of which the edge is, or NULL. */
static const AmGroup *sanctioned_group(const AmMap *map, const AmEdge *edge)
{
	uint32_t n = am_map_group_of(map, edge->client);
	const AmGroup *group = n != AM_NO_INDEX ? &g_array_index(map->groups, AmGroup, n) : NULL;
	gboolean is_one = (edge->reasons & 1u << AM_REASON_SANCTIONED) != 0 && group != NULL;
	return is_one && group->sanctioned != NULL ? group : NULL;
}

/* Between which applications and owners an edge is, as a number; 0 where no inventory tells any. */
static uint64_t border_of(Builder *builder, const AmEdge *edge)
{
	static const char *const labels[] = {AM_LABEL_APPLICATION, AM_LABEL_OWNER};
	const AmMap *map = builder->map;
	const uint32_t ends[] = {edge->client, edge->server};
	if (map->labels == NULL || map->labels->len == 0)
		return 0;
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint n = 0; n < 2 * G_N_ELEMENTS(labels); n++) {
		const AmEndpoint *end = am_map_endpoint(map, ends[n / 2]);
		const char *said = am_asset_label(map, &g_array_index(map->assets, AmAsset, end->asset), labels[n % 2]);
		g_string_append_printf(text, "%s\n", said != NULL ? said : "");
	}
	gpointer known = g_hash_table_lookup(builder->borders, text->str);
	if (known == NULL) {
		known = GUINT_TO_POINTER(g_hash_table_size(builder->borders) + 1);
		g_hash_table_insert(builder->borders, g_strdup(text->str), known);
	}
	return GPOINTER_TO_UINT(known);
}

static void find_tuples(Builder *builder)
{
	g_autoptr(GArray) all = g_array_sized_new(FALSE, TRUE, sizeof(EdgeTuple), builder->edges->len);
	for (guint n = 0; n < builder->edges->len; n++) {
		const AmEdge *edge = needed_edge(builder, n);
		uint64_t class = border_of(builder, edge) << CLASS_BORDER |
				 (uint64_t)am_related_kind(edge->related) << CLASS_RELATED | edge->ip_protocol;
		if (sanctioned_group(builder->map, edge) != NULL)
			class |= (uint64_t)(am_map_group_of(builder->map, edge->client) + 1) << CLASS_SANCTIONED;
		EdgeTuple entry = {{unit_of(builder, n, 0), unit_of(builder, n, 1),
				    find_number(builder->services, service_key(edge)), class},
				   n};
		g_array_append_val(all, entry);
	}
	g_array_sort(all, compare_edge_tuples);
	builder->tuple_of = g_new(uint32_t, builder->edges->len + 1);
	for (guint n = 0; n < all->len; n++) {
		const EdgeTuple *entry = &g_array_index(all, EdgeTuple, n);
		if (n == 0 || compare_edge_tuples(entry - 1, entry) != 0)
			g_array_append_val(builder->tuples, entry->tuple);
		AmGrant *tuple = &g_array_index(builder->tuples, AmGrant, builder->tuples->len - 1);
		tuple->class = MAX(tuple->class, entry->tuple.class); /* of one protocol: announced goes before not */
		builder->tuple_of[entry->edge] = builder->tuples->len - 1;
	}
}

static AmPolicyGroup *add_group(Builder *builder, const char *name, const char *network)
{
	AmPolicyGroup *group = am_policy_group_new(name);
	group->network = g_strdup(network);
	g_ptr_array_add(builder->policy->groups, group);
	g_hash_table_insert(builder->groups, group->name, group);
	return group;
}

/* `stem`-<8 hex digits>: of the content's hash, so that the same content has the same name in every run. Where another
 * content has that name, more digits. */
static char *hashed_name(const Builder *builder, const char *stem, size_t stem_length, const char *content)
{
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, content, -1);
	char *name = g_strdup_printf("%.*s-%.8s", (int)stem_length, stem, digest);
	for (int at = 8; g_hash_table_contains(builder->groups, name) && at <= 56; at += 8) {
		g_free(name);
		name = g_strdup_printf("%.*s-%.8s-%.8s", (int)stem_length, stem, digest, digest + at);
	}
	return name;
}

static const GArray *lacking(const Builder *builder, const Unit *unit)
{
	return unit->part > 0 ? builder->parts->pdata[unit->part - 1] : NULL;
}

/* In how many networks each group is. */
static uint32_t *count_networks(const Builder *builder)
{
	uint32_t *n_networks = g_new0(uint32_t, builder->map->groups->len + 1);
	for (guint n = 0; n < builder->units->len; n++) {
		const Unit *unit = &g_array_index(builder->units, Unit, n);
		gboolean again = n > 0 && unit[-1].network == unit->network && unit[-1].group == unit->group;
		if (unit->group != AM_NO_INDEX && !again)
			n_networks[unit->group]++;
	}
	return n_networks;
}

/* The group's own; what is only a part of it, or is in one of several networks, has the first word of it and a hash. */
static char *unit_name(const Builder *builder, const Unit *unit, const char *network, gboolean several)
{
	const AmGroup *group = &g_array_index(builder->map->groups, AmGroup, unit->group);
	const GArray *lacks = lacking(builder, unit);
	if (lacks == NULL && (network == NULL || !several))
		return g_strdup(group->name);
	g_autoptr(GString) content = g_string_new(group->name);
	if (network != NULL)
		g_string_append_printf(content, " %s", network);
	for (guint n = 0; lacks != NULL && n < lacks->len; n++) {
		char address[AM_ADDRESS_TEXT_SIZE];
		am_address_text(&am_map_endpoint(builder->map, g_array_index(lacks, uint32_t, n))->address, address);
		g_string_append_printf(content, " -%s", address);
	}
	return hashed_name(builder, group->name, strcspn(group->name, "-"), content->str);
}

static void set_label(AmPolicyGroup *to, const AmGroup *group, const GArray *lacks)
{
	if (group->why == NULL)
		return;
	g_autofree char *part =
		lacks == NULL ? NULL
			      : g_strdup_printf("%s without %u for which this was seen and judged otherwise; %s",
						group->name, lacks->len, group->why);
	const char *label = part != NULL ? part : group->why;
	to->label = g_malloc(MAX_LABEL + 1);
	am_text_safe(to->label, MAX_LABEL + 1, label, strlen(label));
}

static void add_members(Builder *builder, const Unit *unit, AmPolicyGroup *group)
{
	const AmGroup *own = &g_array_index(builder->map->groups, AmGroup, unit->group);
	for (guint n = 0; n < own->members->len; n++) {
		const AmAsset *asset =
			&g_array_index(builder->map->assets, AmAsset, g_array_index(own->members, uint32_t, n));
		for (uint32_t e = asset->first_endpoint; e != AM_NO_INDEX; e = am_map_endpoint(builder->map, e)->next) {
			const AmEndpoint *endpoint = am_map_endpoint(builder->map, e);
			AmPrefix prefix = am_prefix_host(&endpoint->address);
			if (builder->wanted[e] && endpoint->network == unit->network &&
			    !am_part_lacks(builder->parts, unit->part, e))
				g_array_append_val(group->members, prefix);
		}
	}
	am_pools_add(builder->map, builder->known, unit->network, unit->group, lacking(builder, unit), group->members);
}

/* g_free(); NULL: none, or not all say so, as people may join what inventories keep apart. */
static char *said_by_all(const AmMap *map, const AmGroup *group, const char *label)
{
	const char *said = NULL;
	for (guint n = 0; n < group->members->len; n++) {
		uint32_t member = g_array_index(group->members, uint32_t, n);
		const char *own = am_asset_label(map, &g_array_index(map->assets, AmAsset, member), label);
		if (n > 0 && g_strcmp0(own, said) != 0)
			return NULL;
		said = own;
	}
	return g_strdup(said);
}

static void set_owner(const AmMap *map, const AmGroup *group, AmPolicyGroup *named)
{
	named->owner = said_by_all(map, group, AM_LABEL_OWNER);
	named->application = said_by_all(map, group, AM_LABEL_APPLICATION);
}

/* The map's groups, with those members that take part in an essential edge: more than that nobody has shown a need for. */
static void add_map_groups(Builder *builder)
{
	builder->unit_names = g_new0(const char *, builder->units->len + 1);
	g_autofree uint32_t *n_networks = count_networks(builder);
	for (guint n = 0; n < builder->units->len; n++) {
		const Unit *unit = &g_array_index(builder->units, Unit, n);
		if (unit->group == AM_NO_INDEX)
			continue;
		const char *network = am_map_network(builder->map, unit->network);
		g_autofree char *name = unit_name(builder, unit, network, n_networks[unit->group] > 1);
		AmPolicyGroup *group = add_group(builder, name, network);
		builder->unit_names[n] = group->name;
		set_label(group, &g_array_index(builder->map->groups, AmGroup, unit->group), lacking(builder, unit));
		set_owner(builder->map, &g_array_index(builder->map->groups, AmGroup, unit->group), group);
		add_members(builder, unit, group);
	}
}

/* Addresses that are in no group: a few stand in the rule itself; many, or those of another network, get a name. */
static void add_addresses(Builder *builder, AmPeer *peer, GArray *prefixes, const char *network, gboolean inside)
{
	if (prefixes->len == 0)
		return;
	am_prefixes_minimise(prefixes);
	if (network == NULL && prefixes->len <= MAX_BARE_PREFIXES) {
		g_array_append_vals(peer->prefixes, prefixes->data, prefixes->len);
		return;
	}
	g_autoptr(GString) content = g_string_new(network);
	for (guint n = 0; n < prefixes->len; n++) {
		g_autofree char *text = am_prefix_text(&g_array_index(prefixes, AmPrefix, n));
		g_string_append_printf(content, " %s", text);
	}
	const char *stem = inside ? "host" : "outside";
	AmPolicyGroup *group = g_hash_table_lookup(builder->address_groups, content->str);
	if (group == NULL) {
		g_autofree char *name = hashed_name(builder, stem, strlen(stem), content->str);
		group = add_group(builder, name, network);
		g_array_append_vals(group->members, prefixes->data, prefixes->len);
		g_hash_table_insert(builder->address_groups, g_strdup(content->str), group);
	}
	g_ptr_array_add(peer->groups, g_strdup(group->name));
}

/* The units of a set as a peer. They are sorted by network; addresses of one network come after its groups. */
static void fill_peer(Builder *builder, AmPeer *peer, AmSlice units)
{
	g_autoptr(GArray) inside = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	g_autoptr(GArray) outside = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	for (uint32_t n = 0; n < units.n; n++) {
		const Unit *unit = &g_array_index(builder->units, Unit, units.at[n]);
		if (builder->unit_names[units.at[n]] != NULL) {
			g_ptr_array_add(peer->groups, g_strdup(builder->unit_names[units.at[n]]));
		} else {
			AmPrefix prefix = am_prefix_host(&unit->address);
			g_array_append_val(unit->inside ? inside : outside, prefix);
		}
		if (n + 1 < units.n && g_array_index(builder->units, Unit, units.at[n + 1]).network == unit->network)
			continue;
		const char *network = am_map_network(builder->map, unit->network);
		add_addresses(builder, peer, inside, network, TRUE);
		add_addresses(builder, peer, outside, network, FALSE);
		g_array_set_size(inside, 0);
		g_array_set_size(outside, 0);
	}
}

static void fill_service(const Builder *builder, AmService *service, AmSlice services)
{
	for (uint32_t n = 0; n < services.n; n++) {
		uint32_t key = g_array_index(builder->services, uint32_t, services.at[n]);
		uint16_t port = (uint16_t)key;
		service->ip_protocol = (uint8_t)(key >> 16);
		AmPortRange range = {port, port};
		AmIcmpType type = {(uint8_t)(port >> 8), (int16_t)(port & 0xff)};
		if (am_service_has_ports(service->ip_protocol))
			g_array_append_val(service->ports, range);
		else if (am_service_is_icmp(service->ip_protocol))
			g_array_append_val(service->types, type);
	}
}

/* Somebody's words for the document; NULL for none. */
static char *safe_words(const char *words, size_t most)
{
	if (words == NULL || words[0] == '\0')
		return NULL;
	char *safe = g_malloc(most + 1);
	am_text_safe(safe, most + 1, words, strlen(words));
	return safe;
}

/* Of a sanctioned host: whoever approves the rule has to see whose it is. */
static void add_sanction(AmRule *rule, const AmGroup *group)
{
	if (rule->explicit_approval)
		return;
	rule->explicit_approval = TRUE;
	rule->origin = AM_ORIGIN_DECLARED;
	rule->expires_ns = group->until_ns;
	rule->ticket = safe_words(group->ticket, MAX_TICKET);
	rule->reason = safe_words(group->decided, MAX_LABEL);
}

static void add_rules(Builder *builder, const AmContraction *contraction)
{
	guint n_rules = contraction->products->len;
	g_autoptr(GPtrArray) counts = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	for (guint n = 0; n < n_rules; n++) {
		const AmGrant *product = &g_array_index(contraction->products, AmGrant, n);
		AmRule *rule = am_rule_new();
		uint32_t storage;
		fill_peer(builder, &rule->from, am_number_set(&contraction->sets[0], product->from, &storage));
		fill_peer(builder, &rule->to, am_number_set(&contraction->sets[1], product->to, &storage));
		fill_service(builder, &rule->service, am_number_set(&contraction->sets[2], product->service, &storage));
		rule->evidence.related = (uint8_t)(product->class >> CLASS_RELATED & 7);
		g_ptr_array_add(builder->policy->rules, rule);
		g_ptr_array_add(counts, am_l7_counts_new());
	}
	for (guint n = 0; n < builder->edges->len; n++) {
		uint32_t at = g_array_index(contraction->tuple_product, uint32_t, builder->tuple_of[n]);
		am_rule_evidence_add(&((AmRule *)builder->policy->rules->pdata[at])->evidence, counts->pdata[at],
				     needed_edge(builder, n));
		const AmGroup *sanctioned = sanctioned_group(builder->map, needed_edge(builder, n));
		if (sanctioned != NULL)
			add_sanction(builder->policy->rules->pdata[at], sanctioned);
	}
	for (guint n = 0; n < n_rules; n++)
		am_rule_evidence_set_l7(&((AmRule *)builder->policy->rules->pdata[n])->evidence, counts->pdata[n]);
}

AmPolicy *am_policy_recommend(const AmMap *map, const AmRecommendOptions *options)
{
	AmPolicy *policy = am_policy_new();
	policy->tool_version = g_strdup(options->tool_version);
	policy->generated_ns = options->now_ns;
	policy->granularity = options->granularity;
	policy->default_action = options->default_action;
	g_strlcpy(policy->map_revision, map->revision, sizeof policy->map_revision);
	g_autoptr(GArray) edges = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	g_autoptr(GArray) units = g_array_new(FALSE, TRUE, sizeof(Unit));
	g_autoptr(GArray) services = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	g_autoptr(GArray) tuples = g_array_new(FALSE, TRUE, sizeof(AmGrant));
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	g_autoptr(GHashTable) groups = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) address_groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) borders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Builder builder = {.map = map,
			   .policy = policy,
			   .edges = edges,
			   .parts = parts,
			   .units = units,
			   .services = services,
			   .tuples = tuples,
			   .groups = groups,
			   .address_groups = address_groups,
			   .borders = borders};
	find_edges(&builder);
	builder.apart = am_edges_apart(map, edges, options->granularity, parts);
	find_units(&builder);
	find_tuples(&builder);
	builder.known = am_known_endpoints(map);
	add_map_groups(&builder);
	g_autoptr(AmContraction) contraction = am_contract(tuples, units->len, units->len, services->len);
	add_rules(&builder, contraction);
	g_free(builder.apart);
	g_free(builder.wanted);
	g_free(builder.known);
	g_free(builder.tuple_of);
	g_free(builder.unit_names);
	if (options->visibility != NULL)
		am_policy_add_visible(policy, map, options->visibility);
	am_policy_canonicalise(policy);
	return policy;
}
