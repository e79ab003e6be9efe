/* Groups: assets that serve and use the same things (ALGORITHMS §3). From the essential edges: features (serves or uses,
 * protocol, port), exact classes of equal features, classes merged by merge.c. Outside assets are kept apart from inside
 * ones, and are told by which inside groups they deal with on which ports: what else they do is not seen.
 */
#include "config.h"

#include "constants.h"
#include "groups.h"

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

/* Assets with equal features, by a 128-bit hash of these, of one realm and one role. Facts are sorted by asset, so that classes are in the order of
 * their first members, and members ascend. */
static GArray *find_classes(const AmMapWork *work, const GArray *facts)
{
	GArray *classes = g_array_new(FALSE, TRUE, sizeof(AmClass));
	g_array_set_clear_func(classes, class_clear);
	g_autoptr(AmTable) table = am_table_new(4 * sizeof(uint64_t));
	for (guint first = 0, n = 0; first < facts->len; first = n) {
		uint32_t asset = g_array_index(facts, Fact, first).asset;
		g_autoptr(GArray) features = g_array_new(FALSE, FALSE, sizeof(AmFeature));
		for (; n < facts->len && g_array_index(facts, Fact, n).asset == asset; n++) {
			const Fact *fact = &g_array_index(facts, Fact, n);
			if (n == first || fact->feature != fact[-1].feature)
				g_array_append_val(features, fact->feature);
		}
		uint64_t hash[4] = {am_mix_bytes(1, features->data, features->len * sizeof(AmFeature)),
				    am_mix_bytes(2, features->data, features->len * sizeof(AmFeature)),
				    work->realms[asset], am_labels_group_mark(work, asset)};
		uint32_t class = am_table_add(table, hash);
		if (class == classes->len) {
			AmClass fresh = {g_array_new(FALSE, FALSE, sizeof(uint32_t)), g_array_ref(features), hash[2],
					 hash[3]};
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

/* Which group each class goes to, counted on from `next`: one per head. */
static uint32_t *find_places(const GArray *classes, const uint32_t *heads, uint32_t next)
{
	uint32_t *place = g_new(uint32_t, MAX(classes->len, 1));
	for (guint c = 0; c < classes->len; c++) /* a head comes before those under it */
		place[c] = heads[c] == c ? next++ : place[heads[c]];
	return place;
}

/* What an inventory says a host is for goes before what it does: all of one role are one group. */
static void join_roles(const GArray *classes, uint32_t *heads)
{
	g_autoptr(AmTable) roles = am_table_new(sizeof(uint64_t));
	g_autoptr(GArray) firsts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	for (uint32_t c = 0; c < classes->len; c++) {
		uint64_t role = g_array_index(classes, AmClass, c).role;
		uint32_t n = role != 0 ? am_table_add(roles, &role) : AM_TABLE_NONE;
		if (role == 0)
			continue;
		if (n == firsts->len)
			g_array_append_val(firsts, c);
		heads[c] = g_array_index(firsts, uint32_t, n);
	}
}

/* Appends the mark of each new group. What a feature is known by is among the relations, where there are any, or itself. */
static void add_marks(const AmMapWork *work, const GArray *classes, const uint32_t *place, const GArray *relations,
		      GArray *marks)
{
	const AmMap *map = work->map;
	guint first = marks->len;
	g_autoptr(GPtrArray) traits = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	for (guint g = first; g < map->groups->len; g++)
		g_ptr_array_add(traits, g_array_new(FALSE, FALSE, sizeof(AmTrait)));
	for (guint c = 0; c < classes->len; c++) {
		const AmClass *class = &g_array_index(classes, AmClass, c);
		for (guint n = 0; n < class->features->len; n++) {
			AmFeature feature = g_array_index(class->features, AmFeature, n);
			AmTrait trait = {.mark = am_mix(1, feature), .is_served = (feature & AM_FEATURE_USES) == 0};
			if (relations != NULL)
				trait = g_array_index(relations, AmTrait, feature);
			trait.hosts = class->members->len;
			g_array_append_val(traits->pdata[place[c] - first], trait);
		}
	}
	for (guint g = first; g < map->groups->len; g++) {
		const GArray *members = g_array_index(map->groups, AmGroup, g).members;
		uint64_t role = am_labels_group_mark(work, g_array_index(members, uint32_t, 0));
		AmMark mark = am_group_mark(traits->pdata[g - first], members->len);
		if (role != 0)
			mark = (AmMark){.first = role, .both = role};
		g_array_append_val(marks, mark);
	}
}

/* One group per head; its members are those of all classes under it. */
static void add_groups(AmMapWork *work, const GArray *classes, const uint32_t *heads, const GArray *relations,
		       GArray *marks)
{
	GArray *groups = work->map->groups;
	g_autofree uint32_t *place = find_places(classes, heads, groups->len);
	for (guint c = 0; c < classes->len; c++) {
		const GArray *members = g_array_index(classes, AmClass, c).members;
		if (heads[c] == c) {
			AmGroup group = {.members = g_array_new(FALSE, FALSE, sizeof(uint32_t))};
			g_array_append_val(groups, group);
		}
		AmGroup *group = &g_array_index(groups, AmGroup, place[c]);
		g_array_append_vals(group->members, members->data, members->len);
	}
	for (guint g = 0; g < groups->len; g++) {
		const GArray *members = g_array_index(groups, AmGroup, g).members;
		g_array_sort((GArray *)members, compare_u32);
		for (guint n = 0; n < members->len; n++)
			g_array_index(work->map->assets, AmAsset, g_array_index(members, uint32_t, n)).group = g;
	}
	add_marks(work, classes, place, relations, marks);
}

/* Outside assets by (port, direction, inside group); 64-bit so that the peer's group fits. What a relation is known by hangs
 * on the mark of that group, not on its number. */
static GArray *find_classes_outside(const AmMapWork *work, const GArray *marks, GArray *relations)
{
	g_autoptr(GArray) facts = g_array_new(FALSE, FALSE, sizeof(Fact));
	g_autoptr(AmTable) table = am_table_new(sizeof(uint64_t));
	for (guint n = 0; n < work->map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		for (int uses = 0; uses < 2 && edge->verdict == AM_VERDICT_ESSENTIAL; uses++) {
			uint32_t own = uses ? edge->client : edge->server, peer = uses ? edge->server : edge->client;
			if (is_inside(work, own))
				continue;
			uint32_t group = g_array_index(work->map->assets, AmAsset, asset_of(work, peer)).group;
			AmFeature feature = am_feature(uses != 0, edge->ip_protocol, edge->port);
			uint64_t relation = (uint64_t)(group + 1) << 32 | feature;
			uint32_t number = am_table_add(table, &relation);
			uint64_t mark = group != AM_NO_INDEX ? g_array_index(marks, AmMark, group).first : 0;
			AmTrait trait = {.mark = am_mix(mark, feature), .is_served = uses == 0};
			if (number == relations->len)
				g_array_append_val(relations, trait);
			add_fact(facts, asset_of(work, own), number);
		}
	}
	g_array_sort(facts, compare_facts);
	return find_classes(work, facts);
}

static void group_outside(AmMapWork *work, GArray *marks)
{
	g_autoptr(GArray) relations = g_array_new(FALSE, FALSE, sizeof(AmTrait));
	g_autoptr(GArray) classes = find_classes_outside(work, marks, relations);
	g_autofree uint32_t *heads = g_new(uint32_t, MAX(classes->len, 1));
	for (guint c = 0; c < classes->len; c++)
		heads[c] = c;
	join_roles(classes, heads);
	add_groups(work, classes, heads, relations, marks);
}

/* Sets the assets' groups from the groups' members. */
static void place_members(AmMapWork *work)
{
	for (guint g = 0; g < work->map->groups->len; g++) {
		const GArray *members = g_array_index(work->map->groups, AmGroup, g).members;
		for (guint n = 0; n < members->len; n++)
			g_array_index(work->map->assets, AmAsset, g_array_index(members, uint32_t, n)).group = g;
	}
}

/* Addresses that count as outside and have the role of an inside group go to it: who says what they are for knows them. */
static void join_outside_roles(AmMapWork *work, GArray *marks)
{
	GArray *groups = work->map->groups;
	g_autoptr(AmTable) roles = am_table_new(sizeof(uint64_t));
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint g = 0; g < groups->len; g++) {
		GArray *members = g_array_index(groups, AmGroup, g).members;
		uint64_t role = am_labels_group_mark(work, g_array_index(members, uint32_t, 0));
		if (role == 0)
			continue;
		uint32_t n = am_table_add(roles, &role);
		if (n == places->len) {
			g_array_append_val(places, g);
			continue;
		}
		GArray *all = g_array_index(groups, AmGroup, g_array_index(places, guint, n)).members;
		g_array_append_vals(all, members->data, members->len);
		g_array_sort(all, compare_u32);
		g_array_remove_index(groups, g);
		g_array_remove_index(marks, g--);
	}
	place_members(work);
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
	return strcmp(((const AmGroup *)a)->id, ((const AmGroup *)b)->id);
}

static void sort_groups(AmMapWork *work)
{
	g_array_sort(work->map->groups, compare_ids);
	place_members(work);
}

void am_groups_build(AmMapWork *work)
{
	g_autoptr(GArray) facts = g_array_new(FALSE, FALSE, sizeof(Fact));
	g_autoptr(GArray) rest = g_array_new(FALSE, FALSE, sizeof(Fact));
	list_facts(work, facts, rest);
	fill_gaps(facts, rest);
	g_autoptr(GArray) classes = find_classes(work, facts);
	uint32_t n_hosts = 0;
	for (guint c = 0; c < classes->len; c++)
		n_hosts += g_array_index(classes, AmClass, c).members->len;
	double cut = work->options != NULL && work->options->group_cut > 0 ? work->options->group_cut : AM_GROUP_CUT;
	g_autofree uint32_t *heads = am_merge_classes(classes, n_hosts, cut);
	join_roles(classes, heads);
	g_autoptr(GArray) marks = g_array_new(FALSE, FALSE, sizeof(AmMark));
	add_groups(work, classes, heads, NULL, marks);
	group_outside(work, marks);
	join_outside_roles(work, marks);
	am_group_ids_set(work->map, marks);
	am_group_edits_apply(work);
	sort_groups(work);
	am_naming_build(work);
}
