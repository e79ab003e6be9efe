/* Groups: assets that serve and use the same things (ALGORITHMS §3). From the essential edges: features (serves or uses,
 * protocol, port), exact classes of equal features, classes merged by merge.c. Outside assets are kept apart from inside
 * ones, and are told by which inside groups they deal with on which ports: what else they do is not seen.
 */
#include "config.h"

#include "constants.h"
#include "groups.h"

#include <stdio.h>
#include <string.h>

typedef struct {
	uint32_t asset;
	AmFeature feature;
} Fact;

static int compare_facts(gconstpointer a, gconstpointer b)
{
	const Fact *x = a, *y = b;
	if (x->asset != y->asset)
		return x->asset < y->asset ? -1 : 1;
	return x->feature < y->feature ? -1 : x->feature > y->feature;
}

static uint32_t asset_of(const AmMapWork *work, uint32_t endpoint)
{
	return g_array_index(work->map->endpoints, AmEndpoint, endpoint).asset;
}

static gboolean is_inside(const AmMapWork *work, uint32_t endpoint)
{
	return g_array_index(work->map->assets, AmAsset, asset_of(work, endpoint)).inside;
}

static uint32_t essential_clients(const AmMapWork *work, const AmServiceNotes *service)
{
	uint32_t clients = 0;
	for (uint32_t n = service->first; n < service->end; n++)
		clients += am_work_edge(work, work->by_service[n])->verdict == AM_VERDICT_ESSENTIAL;
	return clients;
}

static void add_fact(GArray *facts, uint32_t asset, AmFeature feature)
{
	Fact fact = {asset, feature};
	g_array_append_val(facts, fact);
}

/* Ports that only hosts with very many of them serve: told apart by chance, not by purpose. */
typedef struct {
	AmTable *ports;
	GArray *is_dynamic; /* gboolean, as ports */
} Dynamic;

static uint64_t port_key(const AmEdge *edge)
{
	return (uint64_t)edge->ip_protocol << 16 | edge->port;
}

static Dynamic find_dynamic(const AmMapWork *work, const uint32_t *clients)
{
	Dynamic dynamic = {am_table_new(sizeof(uint64_t)), g_array_new(FALSE, FALSE, sizeof(gboolean))};
	g_autofree uint32_t *served = g_new0(uint32_t, MAX(work->map->endpoints->len, 1));
	for (int pass = 0; pass < 2; pass++) {
		for (guint s = 0; s < work->services->len; s++) {
			const AmServiceNotes *service = &g_array_index(work->services, AmServiceNotes, s);
			const AmEdge *edge = am_work_edge(work, work->by_service[service->first]);
			if (clients[s] < AM_GROUP_MIN_CLIENTS)
				continue;
			if (pass == 0) {
				served[edge->server]++;
				continue;
			}
			uint64_t key = port_key(edge);
			gboolean crowded = served[edge->server] > AM_GROUP_DYNAMIC_PORTS;
			uint32_t n = am_table_add(dynamic.ports, &key);
			if (n == dynamic.is_dynamic->len)
				g_array_append_val(dynamic.is_dynamic, crowded);
			else if (!crowded)
				g_array_index(dynamic.is_dynamic, gboolean, n) = FALSE;
		}
	}
	return dynamic;
}

static AmFeature feature_of(const Dynamic *dynamic, const AmEdge *edge, gboolean uses)
{
	uint64_t key = port_key(edge);
	uint32_t n = am_table_find(dynamic->ports, &key);
	if (n != AM_TABLE_NONE && g_array_index(dynamic->is_dynamic, gboolean, n))
		return am_feature(uses, AM_FEATURE_DYNAMIC_PROTOCOL, 0);
	return am_feature(uses, edge->ip_protocol, edge->port);
}

/* Facts of inside assets: from services with enough clients to tell a habit from a chance port, and (`rest`) from all. */
static void list_facts(const AmMapWork *work, GArray *facts, GArray *rest)
{
	g_autofree uint32_t *clients = g_new(uint32_t, MAX(work->services->len, 1));
	for (guint s = 0; s < work->services->len; s++)
		clients[s] = essential_clients(work, &g_array_index(work->services, AmServiceNotes, s));
	Dynamic dynamic = find_dynamic(work, clients);
	for (guint s = 0; s < work->services->len; s++) {
		const AmServiceNotes *service = &g_array_index(work->services, AmServiceNotes, s);
		for (uint32_t n = service->first; clients[s] > 0 && n < service->end; n++) {
			const AmEdge *edge = am_work_edge(work, work->by_service[n]);
			if (am_edge_is_lease(edge))
				continue;
			for (int uses = 0; uses < 2 && edge->verdict == AM_VERDICT_ESSENTIAL; uses++) {
				uint32_t endpoint = uses ? edge->client : edge->server;
				AmFeature feature = feature_of(&dynamic, edge, uses != 0);
				if (!is_inside(work, endpoint))
					continue;
				if (clients[s] >= AM_GROUP_MIN_CLIENTS &&
				    !am_related_is_passing(am_related_kind(edge->related)))
					add_fact(facts, asset_of(work, endpoint), feature);
				add_fact(rest, asset_of(work, endpoint), feature);
			}
		}
	}
	am_table_free(dynamic.ports);
	g_array_unref(dynamic.is_dynamic);
	g_array_sort(facts, compare_facts);
	g_array_sort(rest, compare_facts);
}

/* Adds for each asset that has none among `facts` what `rest` knows of it; sorted again. */
static void fill_gaps(GArray *facts, const GArray *rest)
{
	guint n_facts = facts->len;
	for (guint n = 0, at = 0; n < rest->len; n++) {
		const Fact *fact = &g_array_index(rest, Fact, n);
		while (at < n_facts && g_array_index(facts, Fact, at).asset < fact->asset)
			at++;
		if (at == n_facts || g_array_index(facts, Fact, at).asset != fact->asset)
			g_array_append_vals(facts, fact, 1);
	}
	g_array_sort(facts, compare_facts);
}

static void class_clear(gpointer class)
{
	g_array_unref(((AmClass *)class)->members);
	g_array_unref(((AmClass *)class)->features);
}

/* Assets with equal features, by a 128-bit hash of these. Facts are sorted by asset, so that classes are in the order of
 * their first members, and members ascend. */
static GArray *find_classes(const GArray *facts)
{
	GArray *classes = g_array_new(FALSE, TRUE, sizeof(AmClass));
	g_array_set_clear_func(classes, class_clear);
	g_autoptr(AmTable) table = am_table_new(2 * sizeof(uint64_t));
	for (guint first = 0, n = 0; first < facts->len; first = n) {
		uint32_t asset = g_array_index(facts, Fact, first).asset;
		g_autoptr(GArray) features = g_array_new(FALSE, FALSE, sizeof(AmFeature));
		for (; n < facts->len && g_array_index(facts, Fact, n).asset == asset; n++) {
			const Fact *fact = &g_array_index(facts, Fact, n);
			if (n == first || fact->feature != fact[-1].feature)
				g_array_append_val(features, fact->feature);
		}
		uint64_t hash[2] = {am_mix_bytes(1, features->data, features->len * sizeof(AmFeature)),
				    am_mix_bytes(2, features->data, features->len * sizeof(AmFeature))};
		uint32_t class = am_table_add(table, hash);
		if (class == classes->len) {
			AmClass fresh = {g_array_new(FALSE, FALSE, sizeof(uint32_t)), g_array_ref(features)};
			g_array_append_val(classes, fresh);
		}
		g_array_append_val(g_array_index(classes, AmClass, class).members, asset);
	}
	return classes;
}

static int compare_u32(gconstpointer a, gconstpointer b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* One group per head; its members are those of all classes under it. */
static void add_groups(AmMapWork *work, const GArray *classes, const uint32_t *heads)
{
	GArray *groups = work->map->groups;
	g_autofree uint32_t *place = g_new(uint32_t, MAX(classes->len, 1));
	for (guint c = 0; c < classes->len; c++) {
		const GArray *members = g_array_index(classes, AmClass, c).members;
		if (heads[c] == c) {
			AmGroup group = {.members = g_array_new(FALSE, FALSE, sizeof(uint32_t))};
			place[c] = groups->len;
			g_array_append_val(groups, group);
		}
		AmGroup *group = &g_array_index(groups, AmGroup, place[heads[c]]);
		g_array_append_vals(group->members, members->data, members->len);
	}
	for (guint g = 0; g < groups->len; g++) {
		const GArray *members = g_array_index(groups, AmGroup, g).members;
		g_array_sort((GArray *)members, compare_u32);
		for (guint n = 0; n < members->len; n++)
			g_array_index(work->map->assets, AmAsset, g_array_index(members, uint32_t, n)).group = g;
	}
}

/* Outside assets by (port, direction, inside group); 64-bit so that the peer's group fits. */
static void group_outside(AmMapWork *work)
{
	guint n_inside = work->map->groups->len;
	g_autoptr(GArray) facts = g_array_new(FALSE, FALSE, sizeof(Fact));
	g_autoptr(AmTable) relations = am_table_new(sizeof(uint64_t));
	for (guint n = 0; n < work->map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		for (int uses = 0; uses < 2 && edge->verdict == AM_VERDICT_ESSENTIAL; uses++) {
			uint32_t own = uses ? edge->client : edge->server, peer = uses ? edge->server : edge->client;
			if (is_inside(work, own))
				continue;
			uint32_t group = g_array_index(work->map->assets, AmAsset, asset_of(work, peer)).group;
			uint64_t relation =
				(uint64_t)(group + 1) << 32 | am_feature(uses != 0, edge->ip_protocol, edge->port);
			add_fact(facts, asset_of(work, own), am_table_add(relations, &relation));
		}
	}
	g_array_sort(facts, compare_facts);
	g_autoptr(GArray) classes = find_classes(facts);
	g_autofree uint32_t *heads = g_new(uint32_t, MAX(classes->len, 1));
	for (guint c = 0; c < classes->len; c++)
		heads[c] = c;
	add_groups(work, classes, heads);
	g_assert(work->map->groups->len == n_inside + classes->len);
}

static void set_id(const AmMapWork *work, AmGroup *group)
{
	uint64_t hash = 0;
	for (guint n = 0; n < group->members->len; n++) {
		const AmAsset *asset =
			&g_array_index(work->map->assets, AmAsset, g_array_index(group->members, uint32_t, n));
		const AmEndpoint *endpoint = &g_array_index(work->map->endpoints, AmEndpoint, asset->first_endpoint);
		const char *network = endpoint->network < work->map->networks->len
					      ? work->map->networks->pdata[endpoint->network]
					      : "";
		hash = am_mix_bytes(hash, network, strlen(network));
		hash = am_mix_bytes(hash, &endpoint->address, sizeof endpoint->address);
	}
	snprintf(group->id, sizeof group->id, "g-%08x", (unsigned)(hash >> 32));
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
	const AmGroup *x = a, *y = b;
	int order = strcmp(x->id, y->id);
	if (order != 0)
		return order;
	return compare_u32(x->members->data, y->members->data);
}

/* Sorts by id; two groups whose ids collide are told apart by a last digit. */
static void sort_groups(AmMapWork *work)
{
	GArray *groups = work->map->groups;
	g_array_sort(groups, compare_ids);
	for (guint g = 0; g < groups->len; g++) {
		AmGroup *group = &g_array_index(groups, AmGroup, g);
		for (unsigned n = 1; g > 0 && strcmp(group->id, group[-1].id) <= 0; n++)
			snprintf(group->id, sizeof group->id, "%.10s%x", group[-1].id, n & 0xfff);
		for (guint n = 0; n < group->members->len; n++)
			g_array_index(work->map->assets, AmAsset, g_array_index(group->members, uint32_t, n)).group = g;
	}
}

void am_groups_build(AmMapWork *work)
{
	g_autoptr(GArray) facts = g_array_new(FALSE, FALSE, sizeof(Fact));
	g_autoptr(GArray) rest = g_array_new(FALSE, FALSE, sizeof(Fact));
	list_facts(work, facts, rest);
	fill_gaps(facts, rest);
	g_autoptr(GArray) classes = find_classes(facts);
	uint32_t n_hosts = 0;
	for (guint c = 0; c < classes->len; c++)
		n_hosts += g_array_index(classes, AmClass, c).members->len;
	double cut = work->options != NULL && work->options->group_cut > 0 ? work->options->group_cut : AM_GROUP_CUT;
	g_autofree uint32_t *heads = am_merge_classes(classes, n_hosts, cut);
	add_groups(work, classes, heads);
	group_outside(work);
	for (guint g = 0; g < work->map->groups->len; g++)
		set_id(work, &g_array_index(work->map->groups, AmGroup, g));
	sort_groups(work);
	am_naming_build(work);
}
