/* Ids of groups: the same in another map, although members came, went, or have other addresses. Nothing is stored between two
 * runs, so an id says what the group is: it is drawn from the habits that most members share. Fed by groups.c; it must not
 * hang on how many groups there are, nor on their order.
 *
 * A hash of all habits would change with each of them. So one is drawn, as in min-wise hashing (Broder, 1997; with weights,
 * Ioffe, ICDM 2010): each habit has a number of its own, the same everywhere, and the lowest one wins. Two sets of habits
 * give the same with the probability of their likeness: near 1 for one group on two days, and below the cut of merge.c for two
 * groups. Where two did draw the same, the one that was seen first has it. The other goes by the next habit that it draws, too,
 * and where that does not tell it from an elder one either, by which of its members was seen first.
 */
#include "config.h"

#include "groups.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int compare_traits(gconstpointer a, gconstpointer b)
{
	uint64_t x = ((const AmTrait *)a)->mark, y = ((const AmTrait *)b)->mark;
	return x < y ? -1 : x > y;
}

/* Once each, with the hosts of all together. */
static void sum_traits(GArray *traits)
{
	g_array_sort(traits, compare_traits);
	guint n = 0;
	for (guint next = 0; next < traits->len; next++) {
		const AmTrait *trait = &g_array_index(traits, AmTrait, next);
		if (n > 0 && g_array_index(traits, AmTrait, n - 1).mark == trait->mark)
			g_array_index(traits, AmTrait, n - 1).hosts += trait->hosts;
		else
			g_array_index(traits, AmTrait, n++) = *trait;
	}
	g_array_set_size(traits, n);
}

/* The lowest number that one of exponential distribution gets, so that weight is the chance to win. */
static double draw(const AmTrait *trait)
{
	double even = ((double)(am_mix(3, trait->mark) >> 11) + 1) / (double)(UINT64_C(1) << 53); /* ]0, 1] */
	return -log(even) / (trait->is_served ? AM_GROUP_SERVES_WEIGHT : 1);
}

/* Of the traits of so many hosts, the one that is drawn next after this draw, or NULL. */
static const AmTrait *next_trait(const GArray *traits, double least, double after)
{
	const AmTrait *best = NULL;
	for (guint n = 0; n < traits->len; n++) {
		const AmTrait *trait = &g_array_index(traits, AmTrait, n);
		if (trait->hosts >= least && draw(trait) > after && (best == NULL || draw(trait) < draw(best)))
			best = trait;
	}
	return best;
}

AmMark am_group_mark(GArray *traits, guint n_members)
{
	sum_traits(traits);
	guint most = 0;
	for (guint n = 0; n < traits->len; n++)
		most = MAX(most, g_array_index(traits, AmTrait, n).hosts);
	double least = MIN(most, AM_GROUP_MOST * (double)n_members);
	const AmTrait *first = next_trait(traits, least, -1);
	const AmTrait *second = first != NULL ? next_trait(traits, least, draw(first)) : NULL;
	AmMark mark = {.first = first != NULL ? first->mark : 0};
	mark.both = am_mix(mark.first, second != NULL ? second->mark : 0);
	return mark;
}

typedef struct {
	int64_t first_ns;
	uint32_t asset, group;
} Age;

static int compare_ages(gconstpointer a, gconstpointer b)
{
	const Age *x = a, *y = b;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return x->asset < y->asset ? -1 : x->asset > y->asset;
}

/* One per group, the eldest first; of each, who was first seen of it. */
static GArray *find_ages(const AmMap *map)
{
	GArray *ages = g_array_sized_new(FALSE, FALSE, sizeof(Age), map->groups->len);
	for (uint32_t g = 0; g < map->groups->len; g++) {
		const GArray *members = g_array_index(map->groups, AmGroup, g).members;
		Age eldest = {.group = g, .asset = AM_NO_INDEX, .first_ns = G_MAXINT64};
		for (guint n = 0; n < members->len; n++) {
			uint32_t asset = g_array_index(members, uint32_t, n);
			Age age = {g_array_index(map->assets, AmAsset, asset).first_ns, asset, g};
			if (compare_ages(&age, &eldest) < 0)
				eldest = age;
		}
		g_array_append_val(ages, eldest);
	}
	g_array_sort(ages, compare_ages);
	return ages;
}

uint32_t *am_groups_by_age(const AmMap *map)
{
	g_autoptr(GArray) ages = find_ages(map);
	uint32_t *order = g_new(uint32_t, MAX(ages->len, 1));
	for (guint n = 0; n < ages->len; n++)
		order[n] = g_array_index(ages, Age, n).group;
	return order;
}

static uint64_t mix_asset(const AmMap *map, uint64_t mark, uint32_t asset)
{
	const AmAsset *who = &g_array_index(map->assets, AmAsset, asset);
	const AmEndpoint *endpoint = &g_array_index(map->endpoints, AmEndpoint, who->first_endpoint);
	const char *network = endpoint->network < map->networks->len ? map->networks->pdata[endpoint->network] : "";
	mark = am_mix_bytes(mark, network, strlen(network));
	return am_mix_bytes(mark, &endpoint->address, sizeof endpoint->address);
}

static void write_id(AmGroup *group, uint64_t mark)
{
	snprintf(group->id, sizeof group->id, "g-%08x", (unsigned)(am_mix(4, mark) >> 32));
}

void am_group_ids_set(AmMap *map, const GArray *marks)
{
	g_autoptr(GArray) ages = find_ages(map);
	g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint n = 0; n < ages->len; n++) {
		const Age *age = &g_array_index(ages, Age, n);
		AmGroup *group = &g_array_index(map->groups, AmGroup, age->group);
		AmMark mark = g_array_index(marks, AmMark, age->group);
		write_id(group, mark.first);
		if (g_hash_table_contains(taken, group->id))
			write_id(group, mark.both);
		while (g_hash_table_contains(taken, group->id)) {
			mark.both = mix_asset(map, mark.both, age->asset);
			write_id(group, mark.both);
		}
		g_hash_table_add(taken, group->id);
	}
}
