/* Pools: where a group's machines change their addresses, by DHCP, as temporary ones (RFC 8981), or because machines come and go,
 * a rule that pins what was seen fails tomorrow. There the group is told by the subnet in which it lives nearly alone: by the
 * smallest prefix of it that holds its addresses and as much beyond either end as lies between two of them on average. Fed by the
 * edges and groups; must never hold the address of an asset of another group. */
#include "config.h"

#include "constants.h"
#include "work.h"

#include "allowmap/base.h"

#include <string.h>

/* When an endpoint itself sent. */
typedef struct {
	int64_t first_ns, last_ns; /* first_ns = 0: never */
} Presence;

/* An inside endpoint that sent, by where it is and whose it is. */
typedef struct {
	uint32_t network;
	AmPrefix subnet;
	uint32_t group, endpoint;
} Place;

static int compare_subnets(const Place *x, const Place *y)
{
	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	return am_prefix_compare(&x->subnet, &y->subnet);
}

static int compare_places(gconstpointer a, gconstpointer b)
{
	const Place *x = a, *y = b;
	int order = compare_subnets(x, y);
	if (order != 0)
		return order;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return x->endpoint < y->endpoint ? -1 : x->endpoint > y->endpoint;
}

/* By tallies, not edges: others may go on calling for days where nobody is any more. */
static Presence *find_presence(const AmMapWork *work)
{
	Presence *presence = g_new0(Presence, MAX(work->map->endpoints->len, 1));
	for (guint n = 0; n < work->tallies->len; n++) {
		const AmTally *tally = am_work_tally(work, n);
		for (int side = 0; side < 2; side++) {
			Presence *own = &presence[work->ends[2 * n + side]];
			if (tally->counts.packets[side] == 0)
				continue;
			own->first_ns = own->first_ns == 0 ? tally->first_ns : MIN(own->first_ns, tally->first_ns);
			own->last_ns = MAX(own->last_ns, tally->last_ns);
		}
	}
	return presence;
}

static GArray *find_places(const AmMapWork *work, const Presence *presence)
{
	const AmMap *map = work->map;
	GArray *places = g_array_new(FALSE, FALSE, sizeof(Place));
	for (uint32_t n = 0; n < map->endpoints->len; n++) {
		const AmEndpoint *endpoint = &g_array_index(map->endpoints, AmEndpoint, n);
		if (!work->hosts[n].inside || presence[n].first_ns == 0 ||
		    am_address_is_link_local(&endpoint->address) || am_address_is_loopback(&endpoint->address))
			continue;
		Place place = {endpoint->network, am_prefix_subnet(&endpoint->address),
			       g_array_index(map->assets, AmAsset, endpoint->asset).group, n};
		g_array_append_val(places, place);
	}
	g_array_sort(places, compare_places);
	return places;
}

/* What the members of a group in one subnet do. */
typedef struct {
	guint members, leased, moved;
	guint comers, goers;
	int64_t first_day, last_day; /* on which some came */
} Motion;

static gboolean has_another_there(const AmMapWork *work, const Place *place)
{
	const GArray *endpoints = work->map->endpoints;
	uint32_t asset = g_array_index(endpoints, AmEndpoint, place->endpoint).asset;
	uint32_t n = g_array_index(work->map->assets, AmAsset, asset).first_endpoint;
	for (; n != AM_NO_INDEX; n = g_array_index(endpoints, AmEndpoint, n).next)
		if (n != place->endpoint && am_prefix_contains(&place->subnet, am_work_address(work, n)))
			return TRUE;
	return FALSE;
}

static Motion watch(const AmMapWork *work, const Presence *presence, const Place *places, guint n_places)
{
	const AmMap *map = work->map;
	Motion motion = {.members = n_places, .first_day = INT64_MAX};
	for (guint n = 0; n < n_places; n++) {
		uint32_t endpoint = places[n].endpoint;
		const Presence *own = &presence[endpoint];
		motion.leased += work->hosts[endpoint].leased || work->macs[endpoint].leased;
		gboolean goes = own->last_ns <= map->last_ns - AM_NS_PER_DAY;
		gboolean comes = own->first_ns >= map->first_ns + AM_NS_PER_DAY;
		/* Servers have several addresses of IPv6 for good: temporary ones come and go. */
		motion.moved +=
			has_another_there(work, &places[n]) && (places[n].subnet.address.family == 4 || comes || goes);
		motion.goers += goes;
		int64_t day = (own->first_ns - map->first_ns) / AM_NS_PER_DAY;
		if (day == 0)
			continue;
		motion.comers++;
		motion.first_day = MIN(motion.first_day, day);
		motion.last_day = MAX(motion.last_day, day);
	}
	return motion;
}

/* AM_N_POOL_KINDS: none. */
static AmPoolKind kind_of(const Motion *motion, uint8_t family)
{
	if (motion->members < AM_POOL_MEMBERS)
		return AM_N_POOL_KINDS;
	if (motion->leased >= AM_POOL_MOVED)
		return AM_POOL_LEASED;
	if (motion->moved >= AM_POOL_MOVED)
		return family == 6 ? AM_POOL_TEMPORARY : AM_POOL_LEASED;
	guint enough = MAX(AM_POOL_COMERS, (guint)(AM_POOL_SHARE * motion->members));
	gboolean again = motion->comers > 0 && motion->last_day > motion->first_day;
	return again && motion->comers >= enough && motion->goers >= enough ? AM_POOL_ELASTIC : AM_N_POOL_KINDS;
}

/* For values drawn evenly the expected end lies as far beyond the greatest as two neighbours lie apart (the German tank problem:
 * Goodman, J. Am. Stat. Assoc. 49 (1954) 97). Temporary addresses are drawn from the whole /64. */
static AmPrefix extent(const AmMapWork *work, const Place *places, guint n_places)
{
	const AmPrefix *subnet = &places[0].subnet;
	if (subnet->address.family != 4)
		return *subnet;
	/* Places ascend by endpoint, and so by address. */
	unsigned low = am_work_address(work, places[0].endpoint)->bytes[3];
	unsigned high = am_work_address(work, places[n_places - 1].endpoint)->bytes[3];
	unsigned beyond = (high - low + n_places - 2) / (n_places - 1);
	low -= MIN(low, beyond);
	high = MIN(high + beyond, 255);
	uint8_t length = 32;
	while (length > subnet->length && low >> (32 - length) != high >> (32 - length))
		length--;
	AmAddress first = subnet->address;
	first.bytes[3] = (uint8_t)low;
	return am_prefix_cut(&first, length);
}

/* The subnet's places: at most one group has a pool there, as it must be nearly alone. */
static void add_pool(AmMapWork *work, const Presence *presence, const Place *places, guint n_places)
{
	for (guint first = 0, next = 0; first < n_places; first = next) {
		while (next < n_places && places[next].group == places[first].group)
			next++;
		guint own = next - first;
		if (places[first].group == AM_NO_INDEX || own < AM_POOL_OWN * (n_places - own))
			continue;
		/* What a person declared of these hosts he did not declare of whoever has an address beside them. */
		if (g_array_index(work->map->groups, AmGroup, places[first].group).sanctioned != NULL)
			continue;
		Motion motion = watch(work, presence, &places[first], own);
		AmPool pool = {places[0].network, .group = places[first].group};
		pool.kind = kind_of(&motion, places[0].subnet.address.family);
		if (pool.kind == AM_N_POOL_KINDS)
			continue;
		pool.prefix = extent(work, &places[first], own);
		g_array_append_val(work->map->pools, pool);
	}
}

/* In the line that explains the group, after how many there are: it may be cut at its end. */
static void tell(const AmMap *map)
{
	static const char *const words[] = {
#define X(id, text) text,
		AM_POOL_KINDS(X)
#undef X
	};
	for (guint n = 0; n < map->pools->len; n++) {
		const AmPool *pool = &g_array_index(map->pools, AmPool, n);
		AmGroup *group = &g_array_index(map->groups, AmGroup, pool->group);
		g_autofree char *prefix = am_prefix_text(&pool->prefix), *why = group->why;
		size_t members = strcspn(why, ";");
		group->why = g_strdup_printf("%.*s; who is new in %s joins (%s)%s", (int)members, why, prefix,
					     words[pool->kind], why + members);
	}
}

/* ---- What is said of a part of a pool, be anybody there or not, holds for who is new there */

/* The pool that has all of the prefix, and more; NULL: none. */
static const AmPool *pool_around(const AmMap *map, uint32_t network, const AmPrefix *prefix)
{
	const AmPool *pool = am_pool_find(map, network, &prefix->address);
	return pool != NULL && pool->prefix.length < prefix->length ? pool : NULL;
}

/* `name` NULL: any network. */
static void reserve(const AmMap *map, const char *name, const AmPrefix *prefix)
{
	for (uint32_t network = 0; network < map->networks->len; network++) {
		AmReserved reserved = {network, *prefix};
		if ((name == NULL || strcmp(name, map->networks->pdata[network]) == 0) &&
		    pool_around(map, network, prefix) != NULL)
			g_array_append_val(map->reserved, reserved);
	}
}

static void reserve_decided(const AmMap *map, const AmDecisionSet *decisions)
{
	for (guint n = 0; decisions->overrides != NULL && n < decisions->overrides->len; n++) {
		const AmOverride *override = &g_array_index(decisions->overrides, AmOverride, n);
		if (override->verdict == AM_OVERRIDE_WITHDRAWN || override->verdict == AM_VERDICT_ESSENTIAL)
			continue;
		reserve(map, override->network, &override->client);
		reserve(map, override->network, &override->server);
	}
	for (guint n = 0; decisions->declarations != NULL && n < decisions->declarations->len; n++) {
		const AmDeclaration *declared = decisions->declarations->pdata[n];
		for (guint h = 0;
		     !declared->said.withdrawn && declared->kind != AM_DECLARED_CHANGE && h < declared->hosts->len; h++)
			reserve(map, declared->network, &g_array_index(declared->hosts, AmPrefix, h));
	}
}

/* Another application, owner or role than the group's. */
static void reserve_labelled(const AmMapWork *work)
{
	static const char *const borders[] = {AM_LABEL_APPLICATION, AM_LABEL_OWNER, AM_LABEL_ROLE, AM_LABEL_GROUP};
	const AmMap *map = work->map;
	for (guint n = 0; work->decisions->labels != NULL && n < work->decisions->labels->len; n++) {
		const AmLabel *label = &g_array_index(work->decisions->labels, AmLabel, n);
		gboolean is_border = FALSE;
		for (guint b = 0; b < G_N_ELEMENTS(borders); b++)
			is_border = is_border || strcmp(label->name, borders[b]) == 0;
		for (uint32_t network = 0; is_border && label->of == AM_LABELLED_PREFIX && network < map->networks->len;
		     network++) {
			const AmPool *pool = pool_around(map, network, &label->prefix);
			if (pool == NULL || !am_imported_holds_in(map, work->decisions, label->import, network))
				continue;
			const AmGroup *group = &g_array_index(map->groups, AmGroup, pool->group);
			const AmAsset *speaker =
				&g_array_index(map->assets, AmAsset, am_labels_speaker(work, group->members));
			AmReserved reserved = {network, label->prefix};
			if (g_strcmp0(am_asset_label(map, speaker, label->name), label->value) != 0)
				g_array_append_val(map->reserved, reserved);
		}
	}
}

void am_pools_build(AmMapWork *work)
{
	g_autofree Presence *presence = find_presence(work);
	g_autoptr(GArray) places = find_places(work, presence);
	const Place *all = (const Place *)(const void *)places->data;
	for (guint first = 0, next = 0; first < places->len; first = next) {
		while (next < places->len && compare_subnets(&all[first], &all[next]) == 0)
			next++;
		add_pool(work, presence, &all[first], next - first);
	}
	if (work->decisions != NULL && work->map->pools->len > 0) {
		reserve_decided(work->map, work->decisions);
		reserve_labelled(work);
	}
	tell(work->map);
}
