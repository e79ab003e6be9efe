/* Names of groups, from evidence: what most members serve, else what most use ("web-443", "postgres-5432", "clients-web").
 * They are built from our own words and numbers only, never from text that came from the network. And the line that says
 * why a group is one.
 */
#include "config.h"

#include "groups.h"
#include "ports.h"

#include "allowmap/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many members serve or use something, and how many connections speak for it. */
typedef struct {
	uint32_t group;
	AmFeature feature;
	uint32_t members, last_asset;
	uint64_t connections;
	const char *l7; /* our word for what was recognised there, or NULL */
} Habit;

typedef struct {
	GArray *habits; /* Habit, sorted by (group, serves before uses, members descending, connections descending) */
	guint *first;   /* per group, one more at the end */
} Habits;

static gboolean uses(AmFeature feature)
{
	return (feature & AM_FEATURE_USES) != 0;
}

static uint16_t port_of(AmFeature feature)
{
	return feature & 0xffff;
}

static uint8_t protocol_of(AmFeature feature)
{
	return (feature >> 16) & 0xff;
}

typedef struct {
	uint32_t group;
	AmFeature feature;
	uint32_t asset;
	uint64_t connections;
	const char *l7;
} Sighting;

static int compare_sightings(gconstpointer a, gconstpointer b)
{
	const Sighting *x = a, *y = b;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->feature != y->feature)
		return x->feature < y->feature ? -1 : 1;
	if (x->asset != y->asset)
		return x->asset < y->asset ? -1 : 1;
	return g_strcmp0(x->l7, y->l7);
}

static int compare_habits(gconstpointer a, gconstpointer b)
{
	const Habit *x = a, *y = b;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (uses(x->feature) != uses(y->feature))
		return uses(x->feature) ? 1 : -1;
	if (x->members != y->members)
		return x->members > y->members ? -1 : 1;
	if (x->connections != y->connections)
		return x->connections > y->connections ? -1 : 1;
	return x->feature < y->feature ? -1 : x->feature > y->feature;
}

static GArray *list_sightings(const AmMapWork *work)
{
	GArray *sightings = g_array_new(FALSE, FALSE, sizeof(Sighting));
	for (guint n = 0; n < work->map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		if (am_edge_is_lease(edge))
			continue;
		for (int side = 0; side < 2 && edge->verdict == AM_VERDICT_ESSENTIAL; side++) {
			uint32_t endpoint = side ? edge->client : edge->server;
			uint32_t asset = g_array_index(work->map->endpoints, AmEndpoint, endpoint).asset;
			uint32_t group = g_array_index(work->map->assets, AmAsset, asset).group;
			Sighting sighting = {group, am_feature(side != 0, edge->ip_protocol, edge->port), asset,
					     edge->connections, NULL};
			if (edge->n_l7 > 0 && edge->l7[0].confidence >= AM_L7_PARTIAL)
				sighting.l7 = am_l7_group_name(edge->l7[0].name);
			if (group != AM_NO_INDEX)
				g_array_append_val(sightings, sighting);
		}
	}
	g_array_sort(sightings, compare_sightings);
	return sightings;
}

static Habits find_habits(const AmMapWork *work)
{
	g_autoptr(GArray) sightings = list_sightings(work);
	GArray *habits = g_array_new(FALSE, FALSE, sizeof(Habit));
	for (guint n = 0; n < sightings->len; n++) {
		const Sighting *at = &g_array_index(sightings, Sighting, n);
		Habit *last = habits->len > 0 ? &g_array_index(habits, Habit, habits->len - 1) : NULL;
		if (last == NULL || last->group != at->group || last->feature != at->feature) {
			Habit habit = {.group = at->group, .feature = at->feature, .last_asset = AM_NO_INDEX};
			g_array_append_val(habits, habit);
			last = &g_array_index(habits, Habit, habits->len - 1);
		}
		last->members += last->last_asset != at->asset;
		last->last_asset = at->asset;
		last->connections += at->connections;
		if (last->l7 == NULL)
			last->l7 = at->l7;
	}
	g_array_sort(habits, compare_habits);
	guint n_groups = work->map->groups->len, at = 0;
	guint *first = g_new(guint, n_groups + 1);
	for (guint g = 0; g <= n_groups; g++) {
		while (at < habits->len && g_array_index(habits, Habit, at).group < g)
			at++;
		first[g] = at;
	}
	return (Habits){habits, first};
}

static const char *word_for(const Habit *habit, char word[12])
{
	const char *known = am_port_group_name(protocol_of(habit->feature), port_of(habit->feature));
	if (known == NULL)
		known = habit->l7;
	if (known == NULL)
		am_protocol_text(protocol_of(habit->feature), word);
	if (known == NULL && !g_ascii_isalpha(word[0])) /* a bare protocol number */
		known = "ip";
	if (known != NULL)
		g_strlcpy(word, known, 12);
	return word;
}

/* What it serves; if nothing, what it uses: the rarest thing says most, but the most common one is better known. Ports
 * that nearly everybody serves for administration and monitoring say least. */
static const Habit *telling_habit(const Habit *habits, guint n_habits, guint n_members)
{
	for (guint n = 0; n < n_habits; n++) {
		const Habit *habit = &habits[n];
		gboolean common = !uses(habit->feature) &&
				  (am_port_is_admin(protocol_of(habit->feature), port_of(habit->feature)) ||
				   protocol_of(habit->feature) == AM_PROTO_ICMP ||
				   protocol_of(habit->feature) == AM_PROTO_ICMPV6);
		if (!common && habit->members * 2 >= n_members)
			return habit;
	}
	return n_habits > 0 ? &habits[0] : NULL;
}

static void name_group(AmGroup *group, const Habit *habits, guint n_habits, gboolean inside, char base[24])
{
	char word[12];
	const Habit *habit = telling_habit(habits, n_habits, group->members->len);
	if (habit == NULL)
		g_strlcpy(base, inside ? "hosts" : "outside", 24);
	else if (uses(habit->feature))
		snprintf(base, 24, "%s-%.8s", inside ? "clients" : "visitors", word_for(habit, word));
	else if (port_of(habit->feature) != 0)
		snprintf(base, 24, "%s%s-%u", inside ? "" : "out", word_for(habit, word), port_of(habit->feature));
	else
		snprintf(base, 24, "%s", word_for(habit, word));
}

static char *explain_group(const AmGroup *group, const Habit *habits, guint n_habits, const char *role)
{
	GString *why = g_string_new(NULL);
	g_string_append_printf(why, "%u member%s", group->members->len, group->members->len == 1 ? "" : "s");
	if (role != NULL)
		g_string_append_printf(why, " that an inventory calls %s", role);
	for (int side = 0; side < 2; side++) {
		guint listed = 0, more = 0;
		for (guint n = 0; n < n_habits; n++) {
			char service[AM_SERVICE_TEXT_SIZE];
			if (uses(habits[n].feature) != (side != 0))
				continue;
			if (listed == 6) {
				more++;
				continue;
			}
			g_string_append_printf(
				why, "%s %s (%u)", listed == 0 ? side ? "; use" : "; serve" : ",",
				am_service_text(protocol_of(habits[n].feature), port_of(habits[n].feature), service),
				habits[n].members);
			listed++;
		}
		if (more > 0)
			g_string_append_printf(why, " and %u more", more);
	}
	return g_string_free(why, FALSE);
}

/* "web-443", then "web-443-b", ... "web-443-z2": letters first, so that a number is always a port. */
static void make_unique(GHashTable *taken, char name[32], const char base[24])
{
	g_snprintf(name, 32, "%s", base);
	for (guint n = 1; g_hash_table_contains(taken, name); n++) {
		if (n < 26)
			g_snprintf(name, 32, "%s-%c", base, 'a' + n);
		else
			g_snprintf(name, 32, "%s-%c%u", base, 'a' + n % 26, n / 26 % 100000);
	}
	g_hash_table_add(taken, g_strdup(name));
}

/* A group that a person named keeps the others from the name that it would have: they are called as before. */
static void call(GHashTable *taken, AmGroup *group, const char base[24])
{
	char unused[sizeof group->name];
	if (group->name[0] == '\0')
		make_unique(taken, group->name, base);
	else if (!group->made)
		make_unique(taken, unused, base);
}

/* Names are given in the order in which groups were first seen: who joins later takes no name from another. Nor do groups that
 * people made: they come last. */
void am_naming_build(AmMapWork *work)
{
	AmMap *map = work->map;
	guint n_groups = map->groups->len;
	Habits habits = find_habits(work);
	g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree uint32_t *order = am_groups_by_age(map);
	for (guint g = 0; g < n_groups; g++) /* those that a person gave go first */
		if (g_array_index(map->groups, AmGroup, g).name[0] != '\0')
			g_hash_table_add(taken, g_strdup(g_array_index(map->groups, AmGroup, g).name));
	am_naming_labelled(work, order, taken);
	for (guint n = 0; n < 2 * n_groups; n++) {
		uint32_t g = order[n % n_groups];
		AmGroup *group = &g_array_index(map->groups, AmGroup, g);
		if (group->made != (n >= n_groups))
			continue;
		guint first = habits.first[g], n_habits = habits.first[g + 1] - first;
		const Habit *own = &((const Habit *)habits.habits->data)[first];
		uint32_t member = am_labels_speaker(work, group->members);
		char base[24];
		const char *role = work->roles[member];
		name_group(group, own, n_habits, g_array_index(map->assets, AmAsset, member).inside, base);
		if (group->sanctioned != NULL)
			g_strlcpy(base, group->sanctioned, sizeof base);
		if (role == NULL || group->made)
			call(taken, group, base);
		group->why = explain_group(group, own, n_habits, group->made ? NULL : role);
	}
	g_array_unref(habits.habits);
	g_free(habits.first);
}
