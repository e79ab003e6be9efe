/* What people changed of groups: merged, split, moved, named; and groups of their own for what is sanctioned. Fed by groups
 * that are found and have their ids; what people said names machines, so it is looked up anew in every map: by MAC where that
 * is known, else by address. Edits are applied in the order in which they were said.
 *
 * A merge is about groups: one that it names most members of joins as a whole, with whoever came since; of others only those
 * that it names. What an edit makes has an id that is drawn from the edit, and stays as long as that does.
 */
#include "config.h"

#include "allowmap/base.h"
#include "groups.h"

#include <stdio.h>
#include <string.h>

typedef struct {
	uint32_t network;
	uint8_t mac[6], padding[6];
} MacKey;

typedef struct {
	AmMap *map;
	AmTable *macs;        /* MacKey */
	GArray *mac_assets;   /* uint32_t, as macs */
	uint32_t *group_of;   /* by asset; AM_NO_INDEX = none */
	GPtrArray *decisions; /* GString * by group: what was changed of it; NULL = nothing */
} Edits;

static MacKey mac_key(uint32_t network, const uint8_t mac[6])
{
	MacKey key;
	memset(&key, 0, sizeof key);
	key.network = network;
	memcpy(key.mac, mac, sizeof key.mac);
	return key;
}

static const AmEndpoint *first_endpoint(const AmMap *map, uint32_t asset)
{
	return &g_array_index(map->endpoints, AmEndpoint, g_array_index(map->assets, AmAsset, asset).first_endpoint);
}

static Edits edits_new(AmMap *map)
{
	Edits edits = {.map = map,
		       .macs = am_table_new(sizeof(MacKey)),
		       .mac_assets = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
		       .group_of = g_new(uint32_t, MAX(map->assets->len, 1)),
		       .decisions = g_ptr_array_new()};
	for (uint32_t n = 0; n < map->assets->len; n++) {
		const AmAsset *asset = &g_array_index(map->assets, AmAsset, n);
		edits.group_of[n] = asset->group;
		if (!asset->has_mac)
			continue;
		MacKey key = mac_key(first_endpoint(map, n)->network, asset->mac);
		if (am_table_add(edits.macs, &key) == edits.mac_assets->len)
			g_array_append_val(edits.mac_assets, n);
	}
	g_ptr_array_set_size(edits.decisions, (gint)map->groups->len);
	return edits;
}

/* The machine of today, or AM_NO_INDEX. An address that has another MAC now is another machine's. */
static uint32_t find_asset(const Edits *edits, const AmGroupMember *member)
{
	const AmMap *map = edits->map;
	uint32_t network = 0;
	while (network < map->networks->len && strcmp(map->networks->pdata[network], member->network) != 0)
		network++;
	MacKey key = mac_key(network, member->mac);
	uint32_t known = member->has_mac ? am_table_find(edits->macs, &key) : AM_TABLE_NONE;
	uint32_t endpoint = am_map_find_endpoint(map, network, &member->address);
	uint32_t asset =
		endpoint != AM_NO_INDEX ? g_array_index(map->endpoints, AmEndpoint, endpoint).asset : AM_NO_INDEX;
	const AmAsset *there = asset != AM_NO_INDEX ? &g_array_index(map->assets, AmAsset, asset) : NULL;
	gboolean has_mac = member->has_mac && there != NULL && there->has_mac;
	/* Of several assets with this MAC (identity.c keeps apart what goes by other names) the one with the address. */
	if (has_mac && memcmp(there->mac, member->mac, sizeof there->mac) == 0)
		return asset;
	if (known != AM_TABLE_NONE)
		return g_array_index(edits->mac_assets, uint32_t, known);
	return has_mac ? AM_NO_INDEX : asset;
}

/* uint32_t: those that there are, each once. */
static GArray *find_assets(const Edits *edits, const GArray *members)
{
	GArray *assets = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_autofree uint8_t *seen = g_new0(uint8_t, MAX(edits->map->assets->len, 1));
	for (guint n = 0; n < members->len; n++) {
		uint32_t asset = find_asset(edits, &g_array_index(members, AmGroupMember, n));
		if (asset == AM_NO_INDEX || seen[asset])
			continue;
		seen[asset] = TRUE;
		g_array_append_val(assets, asset);
	}
	return assets;
}

/* How many of these assets each group has. g_free() */
static guint *count_by_group(const Edits *edits, const GArray *assets)
{
	guint *counts = g_new0(guint, MAX(edits->map->groups->len, 1));
	for (guint n = 0; n < assets->len; n++) {
		uint32_t group = edits->group_of[g_array_index(assets, uint32_t, n)];
		if (group != AM_NO_INDEX)
			counts[group]++;
	}
	return counts;
}

/* The group that has most of them, or AM_NO_INDEX; of two, the one with the lower id. */
static uint32_t find_group(const Edits *edits, const GArray *anchors)
{
	g_autoptr(GArray) assets = find_assets(edits, anchors);
	g_autofree guint *counts = count_by_group(edits, assets);
	uint32_t best = AM_NO_INDEX;
	for (uint32_t g = 0; g < edits->map->groups->len; g++) {
		const char *id = g_array_index(edits->map->groups, AmGroup, g).id;
		if (counts[g] == 0)
			continue;
		if (best == AM_NO_INDEX || counts[g] > counts[best] ||
		    (counts[g] == counts[best] && strcmp(id, g_array_index(edits->map->groups, AmGroup, best).id) < 0))
			best = g;
	}
	return best;
}

static gboolean has_id(const AmMap *map, const char *id)
{
	for (guint g = 0; g < map->groups->len; g++)
		if (strcmp(g_array_index(map->groups, AmGroup, g).id, id) == 0)
			return TRUE;
	return FALSE;
}

/* Without members, but those that are put there. */
static uint32_t add_group(Edits *edits, uint64_t mark)
{
	AmGroup group = {.members = g_array_new(FALSE, FALSE, sizeof(uint32_t)), .made = TRUE};
	do {
		mark = am_mix(5, mark);
		snprintf(group.id, sizeof group.id, "g-%08x", (unsigned)(mark >> 32));
	} while (has_id(edits->map, group.id));
	g_array_append_val(edits->map->groups, group);
	g_ptr_array_add(edits->decisions, NULL);
	return edits->map->groups->len - 1;
}

static uint64_t mix_text(uint64_t mark, const char *text)
{
	return am_mix_bytes(mark, text, strlen(text));
}

static uint64_t mark_of_edit(const AmGroupEdit *edit)
{
	uint64_t mark = am_mix(edit->kind, (uint64_t)edit->said.at_ns);
	for (guint n = 0; n < edit->members->len; n++) {
		const AmGroupMember *member = &g_array_index(edit->members, AmGroupMember, n);
		mark = am_mix_bytes(mix_text(mark, member->network), &member->address, sizeof member->address);
	}
	return mark;
}

static gboolean is_inside(const Edits *edits, uint32_t asset)
{
	return g_array_index(edits->map->assets, AmAsset, asset).inside;
}

static gboolean any_inside(const Edits *edits, const GArray *assets)
{
	for (guint n = 0; n < assets->len; n++)
		if (is_inside(edits, g_array_index(assets, uint32_t, n)))
			return TRUE;
	return FALSE;
}

/* Inside and outside share no group, but where an inventory calls them the same (groups.c); that goes as a whole. */
static void put(Edits *edits, const GArray *assets, uint32_t group, gboolean inside)
{
	g_autofree uint8_t *has_inside = g_new0(uint8_t, MAX(edits->map->groups->len, 1));
	for (uint32_t n = 0; n < edits->map->assets->len; n++)
		if (edits->group_of[n] != AM_NO_INDEX && is_inside(edits, n))
			has_inside[edits->group_of[n]] = TRUE;
	for (guint n = 0; n < assets->len; n++) {
		uint32_t asset = g_array_index(assets, uint32_t, n), own = edits->group_of[asset];
		if (is_inside(edits, asset) == inside || (inside && own != AM_NO_INDEX && has_inside[own]))
			edits->group_of[asset] = group;
	}
}

static void note(Edits *edits, uint32_t group, const char *what, const AmSaid *said)
{
	char at[AM_TIME_TEXT_SIZE];
	GString *text = edits->decisions->pdata[group];
	if (text == NULL)
		text = edits->decisions->pdata[group] = g_string_new(NULL);
	g_autofree char *who = am_text_safe_dup(said->who);
	g_autofree char *why = am_text_safe_dup(said->why);
	g_string_append_printf(text, "%s%s by %s at %s (decision %" G_GINT64_FORMAT ")%s%s", text->len > 0 ? "; " : "",
			       what, who, am_time_text(said->at_ns - said->at_ns % AM_NS_PER_S, at),
			       (gint64)said->number, why[0] != '\0' ? ": " : "", why);
}

/* Adds the rest of each group that most members of are named. */
static void add_company(const Edits *edits, GArray *assets)
{
	const AmMap *map = edits->map;
	g_autofree guint *named = count_by_group(edits, assets), *all = g_new0(guint, MAX(map->groups->len, 1));
	g_autofree uint8_t *has = g_new0(uint8_t, MAX(map->assets->len, 1));
	for (guint n = 0; n < assets->len; n++)
		has[g_array_index(assets, uint32_t, n)] = TRUE;
	for (uint32_t n = 0; n < map->assets->len; n++)
		if (edits->group_of[n] != AM_NO_INDEX)
			all[edits->group_of[n]]++;
	for (uint32_t n = 0; n < map->assets->len; n++) {
		uint32_t group = edits->group_of[n];
		if (!has[n] && group != AM_NO_INDEX && named[group] * 2 > all[group])
			g_array_append_val(assets, n);
	}
}

static void set_name(Edits *edits, uint32_t group, const char *name)
{
	for (guint g = 0; g < edits->map->groups->len; g++) {
		AmGroup *other = &g_array_index(edits->map->groups, AmGroup, g);
		if (strcmp(other->name, name) == 0)
			other->name[0] = '\0'; /* the newest has it */
	}
	AmGroup *own = &g_array_index(edits->map->groups, AmGroup, group);
	g_strlcpy(own->name, name, sizeof own->name);
}

static void apply(Edits *edits, const AmGroupEdit *edit)
{
	static const char *const words[] = {"merged", "split off", "moved here", "named"};
	g_autoptr(GArray) assets = find_assets(edits, edit->members);
	uint32_t group = AM_NO_INDEX;
	if (edit->kind == AM_GROUP_EDIT_MOVE || edit->kind == AM_GROUP_EDIT_NAME)
		group = find_group(edits, edit->anchors);
	else if (assets->len > 0)
		group = add_group(edits, mark_of_edit(edit));
	if (group == AM_NO_INDEX || (edit->kind == AM_GROUP_EDIT_MOVE && assets->len == 0))
		return; /* none of them is there */
	if (edit->kind == AM_GROUP_EDIT_MERGE)
		add_company(edits, assets);
	gboolean inside = any_inside(edits, assets);
	if (edit->kind == AM_GROUP_EDIT_MOVE) {
		g_autoptr(GArray) anchors = find_assets(edits, edit->anchors);
		inside = any_inside(edits, anchors);
	}
	put(edits, assets, group, inside);
	if (edit->name != NULL)
		set_name(edits, group, edit->name);
	char address[AM_ADDRESS_TEXT_SIZE] = "";
	if (edit->kind == AM_GROUP_EDIT_MOVE)
		am_address_text(&first_endpoint(edits->map, g_array_index(assets, uint32_t, 0))->address, address);
	g_autofree char *what = g_strconcat(address, address[0] != '\0' ? " " : "", words[edit->kind], NULL);
	note(edits, group, what, &edit->said);
}

/* ---- Sanctioned hosts: a group for each declaration, whatever else was said of them. The newest has a host. */

static void apply_sanction(Edits *edits, const AmDeclaration *declaration)
{
	const AmMap *map = edits->map;
	g_autoptr(GArray) assets = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	uint64_t mark = am_mix(declaration->kind, (uint64_t)declaration->said.at_ns);
	for (uint32_t n = 0; n < map->assets->len; n++) {
		uint32_t endpoint = g_array_index(map->assets, AmAsset, n).first_endpoint;
		gboolean found = FALSE;
		for (; endpoint != AM_NO_INDEX && !found;
		     endpoint = g_array_index(map->endpoints, AmEndpoint, endpoint).next)
			found = am_declared_has_host(map, declaration, endpoint);
		if (found)
			g_array_append_val(assets, n);
	}
	for (guint n = 0; n < declaration->hosts->len; n++) {
		const AmPrefix *host = &g_array_index(declaration->hosts, AmPrefix, n);
		mark = am_mix(am_mix_bytes(mark, &host->address, sizeof host->address), host->length);
	}
	for (int inside = 0; inside < 2; inside++) {
		gboolean any = FALSE;
		for (guint n = 0; n < assets->len; n++)
			any = any || is_inside(edits, g_array_index(assets, uint32_t, n)) == inside;
		if (!any)
			continue;
		uint32_t group = add_group(edits, am_mix(mark, (uint64_t)inside));
		AmGroup *own = &g_array_index(map->groups, AmGroup, group);
		own->sanctioned = am_declared_name(declaration->kind);
		own->ticket = g_strdup(declaration->ticket);
		own->until_ns = declaration->to_ns;
		put(edits, assets, group, inside);
		note(edits, group, am_declared_kind_text(declaration->kind), &declaration->said);
	}
}

/* ---- Back into the map */

/* From `group_of`: members, without groups that have none. */
static void rebuild(Edits *edits)
{
	AmMap *map = edits->map;
	for (guint g = 0; g < map->groups->len; g++)
		g_array_set_size(g_array_index(map->groups, AmGroup, g).members, 0);
	for (uint32_t n = 0; n < map->assets->len; n++)
		if (edits->group_of[n] != AM_NO_INDEX)
			g_array_append_val(g_array_index(map->groups, AmGroup, edits->group_of[n]).members, n);
	for (guint g = map->groups->len; g-- > 0;) {
		AmGroup *group = &g_array_index(map->groups, AmGroup, g);
		GString *text = edits->decisions->pdata[g];
		group->decided = text != NULL ? g_string_free(text, FALSE) : NULL;
		if (group->members->len == 0)
			g_array_remove_index(map->groups, g);
	}
	for (uint32_t n = 0; n < map->assets->len; n++)
		g_array_index(map->assets, AmAsset, n).group = AM_NO_INDEX;
}

void am_group_edits_apply(AmMapWork *work)
{
	const AmDecisionSet *decisions = work->decisions;
	const GPtrArray *changes = decisions != NULL ? decisions->group_edits : NULL;
	const GPtrArray *declared = decisions != NULL ? decisions->declarations : NULL;
	Edits edits = edits_new(work->map);
	for (guint n = 0; changes != NULL && n < changes->len; n++) {
		const AmGroupEdit *edit = changes->pdata[n];
		if (!edit->said.withdrawn)
			apply(&edits, edit);
	}
	for (guint n = 0; declared != NULL && n < declared->len; n++)
		if (am_declared_is_sanction(declared->pdata[n]))
			apply_sanction(&edits, declared->pdata[n]);
	rebuild(&edits);
	am_table_free(edits.macs);
	g_array_unref(edits.mac_assets);
	g_ptr_array_unref(edits.decisions);
	g_free(edits.group_of);
}
