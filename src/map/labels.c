/* What inventories say of assets: their labels, and what hangs on these: the name that people gave, the group that an owner
 * meant, and the borders that no group may cross. Fed by map.c, before names and groups.
 *
 * A label of an address goes before one of a MAC (which a router may have lent), that before one of a name, and that before those
 * of prefixes, the longest first. Among equals the newer import counts, and of one the first; what says otherwise is kept beside
 * it, overruled, to be shown. One of a shorter prefix is no contradiction.
 *
 * A label of a name holds where a resolver told that name, and of one machine: not where a machine only says so itself, for
 * whoever can call himself "db1" would be given db1's rights. */
#include "config.h"

#include "work.h"

#include "allowmap/base.h"

#include <string.h>

/* Which label is said of which asset, and how closely. */
typedef struct {
	uint32_t asset, label;
	uint16_t rank; /* lower is closer */
} Match;

#define RANK_HOST 0
#define RANK_MAC 1
#define RANK_NAME 2
#define RANK_PREFIX 3 /* and on, by what the prefix leaves open */
#define MAX_NAMESAKES 2

static const AmLabel *label_at(const AmMapWork *work, uint32_t n)
{
	return &g_array_index(work->decisions->labels, AmLabel, n);
}

static const AmAsset *asset_at(const AmMapWork *work, uint32_t n)
{
	return &g_array_index(work->map->assets, AmAsset, n);
}

/* Does it hold in the time in which the asset was seen? */
static gboolean is_of_its_time(const AmLabel *label, const AmAsset *asset)
{
	return (label->from_ns == 0 || label->from_ns <= asset->last_ns + AM_IDENTITY_SLACK_NS) &&
	       (label->until_ns == 0 || label->until_ns >= asset->first_ns - AM_IDENTITY_SLACK_NS);
}

/* An address may have passed to another machine since it was written down. */
static gboolean is_other_machine(const AmLabel *label, const AmAsset *asset)
{
	static const uint8_t none[6];
	return label->of == AM_LABELLED_PREFIX && asset->has_mac && memcmp(label->mac, none, sizeof none) != 0 &&
	       memcmp(label->mac, asset->mac, sizeof label->mac) != 0;
}

static void add_match(const AmMapWork *work, GArray *matches, uint32_t asset, uint32_t label, int rank)
{
	const AmLabel *said = label_at(work, label);
	Match match = {asset, label, (uint16_t)rank};
	uint32_t network =
		g_array_index(work->map->endpoints, AmEndpoint, asset_at(work, asset)->first_endpoint).network;
	if (am_imported_holds_in(work->map, work->decisions, said->import, network) &&
	    is_of_its_time(said, asset_at(work, asset)) && !is_other_machine(said, asset_at(work, asset)))
		g_array_append_val(matches, match);
}

/* ---- By address, prefix and MAC: tables of what is labelled → runs of labels */

/* 24 octets without padding: a prefix, or a MAC. */
typedef struct {
	AmPrefix prefix;
	uint8_t mac[6];
} Key;
_Static_assert(sizeof(Key) == 24, "keys are compared whole");

typedef struct {
	uint32_t key, label;
} Keyed;

static int compare_keyed(gconstpointer a, gconstpointer b)
{
	const Keyed *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->label < y->label ? -1 : x->label > y->label;
}

typedef struct {
	AmTable *keys;
	GArray *labels; /* Keyed, by key */
	GArray *first;  /* guint, as keys, and one more: its run of labels */
	gboolean has_length[129];
} Index;

static Key prefix_key(const AmPrefix *prefix)
{
	return (Key){.prefix = *prefix};
}

static Index index_labels(const AmMapWork *work)
{
	Index index = {.keys = am_table_new(sizeof(Key)),
		       .labels = g_array_new(FALSE, FALSE, sizeof(Keyed)),
		       .first = g_array_new(FALSE, FALSE, sizeof(guint))};
	for (uint32_t n = 0; n < work->decisions->labels->len; n++) {
		const AmLabel *label = label_at(work, n);
		Key key = {0};
		if (label->of == AM_LABELLED_HOST)
			continue;
		if (label->of == AM_LABELLED_PREFIX) {
			key = prefix_key(&label->prefix);
			index.has_length[label->prefix.length] = TRUE;
		} else {
			memcpy(key.mac, label->mac, sizeof key.mac);
		}
		Keyed keyed = {am_table_add(index.keys, &key), n};
		g_array_append_val(index.labels, keyed);
	}
	g_array_sort(index.labels, compare_keyed);
	guint at = 0;
	for (uint32_t key = 0; key <= am_table_size(index.keys); key++) {
		while (at < index.labels->len && g_array_index(index.labels, Keyed, at).key < key)
			at++;
		g_array_append_val(index.first, at);
	}
	return index;
}

static void index_clear(Index *index)
{
	am_table_free(index->keys);
	g_array_unref(index->labels);
	g_array_unref(index->first);
}

static void match_key(const AmMapWork *work, const Index *index, const Key *key, uint32_t asset, int rank,
		      GArray *matches)
{
	uint32_t n = am_table_find(index->keys, key);
	if (n == AM_TABLE_NONE)
		return;
	for (guint k = g_array_index(index->first, guint, n); k < g_array_index(index->first, guint, n + 1); k++)
		add_match(work, matches, asset, g_array_index(index->labels, Keyed, k).label, rank);
}

static void match_endpoints(const AmMapWork *work, const Index *index, GArray *matches)
{
	for (uint32_t n = 0; n < work->map->endpoints->len; n++) {
		const AmEndpoint *endpoint = &g_array_index(work->map->endpoints, AmEndpoint, n);
		uint8_t bits = am_address_bits(&endpoint->address);
		for (int length = bits; length >= 0; length--) {
			if (!index->has_length[length])
				continue;
			AmPrefix prefix = am_prefix_cut(&endpoint->address, (uint8_t)length);
			Key key = prefix_key(&prefix);
			int rank = length == bits ? RANK_HOST : RANK_PREFIX + bits - length;
			match_key(work, index, &key, endpoint->asset, rank, matches);
		}
	}
	for (uint32_t n = 0; n < work->map->assets->len; n++) {
		const AmAsset *asset = asset_at(work, n);
		Key key = {0};
		memcpy(key.mac, asset->mac, sizeof key.mac);
		if (asset->has_mac)
			match_key(work, index, &key, n, RANK_MAC, matches);
	}
}

/* ---- By name */

/* Assets that a resolver calls so. */
typedef struct {
	uint32_t assets[MAX_NAMESAKES];
	guint n; /* more than MAX_NAMESAKES: too many to tell them apart */
} Namesakes;

static void add_namesake(Namesakes *namesakes, uint32_t asset)
{
	for (guint n = 0; n < MIN(namesakes->n, MAX_NAMESAKES); n++) {
		if (namesakes->assets[n] == asset)
			return;
	}
	if (namesakes->n < MAX_NAMESAKES)
		namesakes->assets[namesakes->n] = asset;
	namesakes->n++;
}

/* Names that are asked for, each with who goes by it. A name without a dot is looked up by first labels. */
static GHashTable *find_namesakes(const AmMapWork *work)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	for (uint32_t n = 0; n < work->decisions->labels->len; n++) {
		const AmLabel *label = label_at(work, n);
		if (label->of == AM_LABELLED_HOST && !g_hash_table_contains(table, label->host))
			g_hash_table_insert(table, label->host, g_new0(Namesakes, 1));
	}
	for (guint n = 0; work->observations != NULL && n < work->observations->len; n++) {
		const AmObservation *told = &g_array_index(work->observations, AmObservation, n);
		if (g_hash_table_size(table) == 0 || (told->kind != AM_OBSERVED_PTR && told->kind != AM_OBSERVED_DNS))
			continue;
		uint32_t endpoint = am_map_find_endpoint(work->map, told->network, &told->address);
		if (endpoint == AM_NO_INDEX)
			continue;
		uint32_t asset = g_array_index(work->map->endpoints, AmEndpoint, endpoint).asset;
		g_autofree char *first = g_strndup(told->value, strcspn(told->value, "."));
		const char *const names[] = {told->value, first};
		for (guint k = 0; k < G_N_ELEMENTS(names); k++) {
			Namesakes *namesakes = g_hash_table_lookup(table, names[k]);
			if (namesakes != NULL)
				add_namesake(namesakes, asset);
		}
	}
	return table;
}

static uint8_t family_of(const AmMapWork *work, uint32_t asset)
{
	return am_work_address(work, asset_at(work, asset)->first_endpoint)->family;
}

/* One machine, or its IPv4 and its IPv6 address that are not known to be one. */
static gboolean are_one(const AmMapWork *work, const Namesakes *namesakes)
{
	return namesakes->n == 1 ||
	       (namesakes->n == 2 && family_of(work, namesakes->assets[0]) != family_of(work, namesakes->assets[1]));
}

static void match_names(const AmMapWork *work, GArray *matches)
{
	g_autoptr(GHashTable) table = find_namesakes(work);
	for (uint32_t n = 0; n < work->decisions->labels->len; n++) {
		const AmLabel *label = label_at(work, n);
		const Namesakes *namesakes =
			label->of == AM_LABELLED_HOST ? g_hash_table_lookup(table, label->host) : NULL;
		for (guint k = 0; namesakes != NULL && are_one(work, namesakes) && k < namesakes->n; k++)
			add_match(work, matches, namesakes->assets[k], n, RANK_NAME);
	}
}

/* ---- What counts */

/* By asset, name, then what counts first. */
static int compare_matches(gconstpointer a, gconstpointer b, gpointer user_data)
{
	const AmMapWork *work = user_data;
	const Match *x = a, *y = b;
	if (x->asset != y->asset)
		return x->asset < y->asset ? -1 : 1;
	const AmLabel *one = label_at(work, x->label), *other = label_at(work, y->label);
	int order = strcmp(one->name, other->name);
	if (order != 0)
		return order;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (one->import != other->import)
		return one->import > other->import ? -1 : 1;
	return x->label < y->label ? -1 : x->label > y->label;
}

static gboolean is_listed(const AmMap *map, guint first, const char *value)
{
	for (guint n = first; n < map->labels->len; n++) {
		if (strcmp(g_array_index(map->labels, AmAssetLabel, n).value, value) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Matches of one asset and name: the first one counts; others that say otherwise, as closely as machines are told, or of a
 * prefix as long, stand beside it. */
static void add_labels(const AmMapWork *work, const Match *matches, guint n_matches)
{
	AmMap *map = work->map;
	guint first = map->labels->len;
	for (guint n = 0; n < n_matches; n++) {
		const AmLabel *said = label_at(work, matches[n].label);
		const AmImport *import = &g_array_index(work->decisions->imports, AmImport, said->import);
		if (n > 0 && ((matches[n].rank >= RANK_PREFIX && matches[n].rank != matches[0].rank) ||
			      is_listed(map, first, said->value)))
			continue;
		AmAssetLabel label = {g_strdup(said->name), g_strdup(said->value), g_strdup(import->source), n > 0};
		g_array_append_val(map->labels, label);
	}
}

static void settle(const AmMapWork *work, GArray *matches)
{
	g_array_sort_with_data(matches, compare_matches, (gpointer)work);
	for (guint first = 0, end = 0; first < matches->len; first = end) {
		const Match *match = &g_array_index(matches, Match, first);
		AmAsset *asset = &g_array_index(work->map->assets, AmAsset, match->asset);
		const char *name = label_at(work, match->label)->name;
		for (end = first; end < matches->len; end++) {
			const Match *next = &g_array_index(matches, Match, end);
			if (next->asset != match->asset || strcmp(label_at(work, next->label)->name, name) != 0)
				break;
		}
		if (asset->n_labels == 0)
			asset->first_label = work->map->labels->len;
		add_labels(work, match, end - first);
		asset->n_labels = work->map->labels->len - asset->first_label;
	}
}

void am_labels_build(AmMapWork *work)
{
	work->roles = g_new0(const char *, MAX(work->map->assets->len, 1));
	work->realms = g_new0(uint64_t, MAX(work->map->assets->len, 1));
	if (work->decisions == NULL || work->decisions->labels == NULL || work->decisions->labels->len == 0)
		return;
	g_autoptr(GArray) matches = g_array_new(FALSE, FALSE, sizeof(Match));
	Index index = index_labels(work);
	match_endpoints(work, &index, matches);
	index_clear(&index);
	match_names(work, matches);
	settle(work, matches);
	for (guint n = 0; n < work->map->assets->len; n++) {
		const AmAsset *asset = asset_at(work, n);
		const char *role = am_asset_label(work->map, asset, AM_LABEL_ROLE);
		const char *application = am_asset_label(work->map, asset, AM_LABEL_APPLICATION);
		const char *owner = am_asset_label(work->map, asset, AM_LABEL_OWNER);
		work->roles[n] = role != NULL ? role : am_asset_label(work->map, asset, AM_LABEL_GROUP);
		if (application != NULL)
			work->realms[n] = am_mix_bytes(5, application, strlen(application));
		if (owner != NULL)
			work->realms[n] = am_mix(work->realms[n], am_mix_bytes(6, owner, strlen(owner)));
	}
}

uint64_t am_labels_group_mark(const AmMapWork *work, uint32_t asset)
{
	const char *role = work->roles[asset];
	if (role == NULL)
		return 0;
	return am_mix(am_mix_bytes(7, role, strlen(role)), work->realms[asset]) | 1;
}

uint32_t am_labels_speaker(const AmMapWork *work, const GArray *members)
{
	g_autoptr(AmTable) marks = am_table_new(sizeof(uint64_t));
	g_autoptr(GArray) counts = g_array_new(FALSE, TRUE, sizeof(guint));
	g_autoptr(GArray) firsts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	guint best = 0;
	for (guint n = 0; n < members->len; n++) {
		uint32_t member = g_array_index(members, uint32_t, n);
		uint64_t mark = am_labels_group_mark(work, member);
		uint32_t at = am_table_add(marks, &mark);
		if (at == firsts->len) {
			g_array_append_val(firsts, member);
			g_array_set_size(counts, at + 1);
		}
		g_array_index(counts, guint, at)++;
	}
	for (guint n = 1; n < counts->len; n++)
		if (g_array_index(counts, guint, n) > g_array_index(counts, guint, best))
			best = n;
	return g_array_index(firsts, uint32_t, best);
}
