/* What assets are called: all that was told of their addresses, the most credible first. Fed by map.c; read by listings.
 *
 * A name that several assets go by is a service's and comes last, as does one with a wildcard, and what a relay of syslog passes
 * on. A name is believed the more, the more kinds of evidence agree
 * on its first label (a host's own word in DHCP, a resolver's answer, the reverse zone), then by kind, in the order of
 * AmObservedKind, then by how often it was told. None of it is proof: whoever can send an answer can tell a name, and so names
 * never make a rule. */
#include "config.h"

#include "allowmap/base.h"
#include "constants.h"
#include "work.h"

#include <string.h>

typedef struct {
	uint32_t asset;
	uint32_t agreeing; /* kinds of evidence with this first label */
	int overruled;     /* another inventory calls it otherwise, and counts */
	AmAssetName name;
} Candidate;

static int compare_labels(const char *a, const char *b)
{
	size_t size = strcspn(a, "."), other = strcspn(b, ".");
	int order = memcmp(a, b, MIN(size, other));
	return order != 0 ? order : (size > other) - (size < other);
}

/* By asset, kind and value. */
static int compare_told(gconstpointer a, gconstpointer b)
{
	const Candidate *x = a, *y = b;
	if (x->asset != y->asset)
		return x->asset < y->asset ? -1 : 1;
	if (x->name.kind != y->name.kind)
		return x->name.kind < y->name.kind ? -1 : 1;
	return strcmp(x->name.value, y->name.value);
}

static int compare_by_label(gconstpointer a, gconstpointer b)
{
	const Candidate *x = a, *y = b;
	if (x->asset != y->asset)
		return x->asset < y->asset ? -1 : 1;
	int order = compare_labels(x->name.value, y->name.value);
	return order != 0 ? order : compare_told(a, b);
}

/* What people call it goes first. */
static int compare_credible(gconstpointer a, gconstpointer b)
{
	const Candidate *x = a, *y = b;
	if (x->asset != y->asset)
		return x->asset < y->asset ? -1 : 1;
	if ((x->name.kind == AM_OBSERVED_INVENTORY) != (y->name.kind == AM_OBSERVED_INVENTORY))
		return x->name.kind == AM_OBSERVED_INVENTORY ? -1 : 1;
	if (x->overruled != y->overruled)
		return x->overruled - y->overruled;
	if (x->name.shared != y->name.shared)
		return x->name.shared - y->name.shared;
	if (x->agreeing != y->agreeing)
		return x->agreeing > y->agreeing ? -1 : 1;
	if (x->name.kind != y->name.kind)
		return (int)x->name.kind - (int)y->name.kind;
	if (x->name.count != y->name.count)
		return x->name.count > y->name.count ? -1 : 1;
	return strcmp(x->name.value, y->name.value);
}

/* Where an address passed from one machine to another, what was told before or after is another one's name. */
static gboolean is_of_its_time(const AmOwnMac *mac, const AmObservation *observation)
{
	return !mac->known || (observation->last_ns >= mac->first_ns - AM_IDENTITY_SLACK_NS &&
			       observation->first_ns <= mac->last_ns + AM_IDENTITY_SLACK_NS);
}

/* Any machine calls itself that. */
static gboolean is_nobodys(const char *name)
{
	return g_str_has_prefix(name, "localhost") && (name[9] == '\0' || name[9] == '.');
}

uint32_t am_names_find_asset(const AmMapWork *work, const AmObservation *observation)
{
	if (am_observed_is_of_mac(&observation->address))
		return am_makers_find(work, observation->network, observation->address.bytes);
	uint32_t endpoint = am_map_find_endpoint(work->map, observation->network, &observation->address);
	if (endpoint == AM_NO_INDEX || !is_of_its_time(&work->macs[endpoint], observation))
		return AM_NO_INDEX;
	return g_array_index(work->map->endpoints, AmEndpoint, endpoint).asset;
}

static void add_observed(const AmMapWork *work, GArray *all)
{
	for (guint n = 0; work->observations != NULL && n < work->observations->len; n++) {
		const AmObservation *observation = &g_array_index(work->observations, AmObservation, n);
		if (!am_observed_is_name(observation->kind))
			continue;
		Candidate candidate = {.asset = am_names_find_asset(work, observation)};
		if (candidate.asset == AM_NO_INDEX || is_nobodys(observation->value))
			continue;
		candidate.name = (AmAssetName){.kind = observation->kind,
					       .first_ns = observation->first_ns,
					       .last_ns = observation->last_ns,
					       .count = observation->count};
		memcpy(candidate.name.value, observation->value, sizeof candidate.name.value);
		g_array_append_val(all, candidate);
	}
}

/* TLS and HTTP: DNS has the name that is asked for in the same place. */
static gboolean tells_host(const AmEdge *edge)
{
	if (edge->server_name[0] == '\0' || edge->n_l7 == 0)
		return FALSE;
	const char *l7 = edge->l7[0].name;
	return g_str_has_prefix(l7, "tls") || g_str_has_prefix(l7, "http") || g_str_has_prefix(l7, "quic");
}

static void add_asked_for(const AmMapWork *work, GArray *all)
{
	for (guint n = 0; n < work->map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		AmAddress address;
		if (!tells_host(edge) || am_address_parse(edge->server_name, &address))
			continue;
		Candidate candidate = {.asset = g_array_index(work->map->endpoints, AmEndpoint, edge->server).asset};
		candidate.name = (AmAssetName){.kind = AM_OBSERVED_HOST,
					       .first_ns = edge->first_ns,
					       .last_ns = edge->last_ns,
					       .count = edge->connections};
		for (size_t i = 0; i + 1 < sizeof candidate.name.value && edge->server_name[i] != '\0'; i++)
			candidate.name.value[i] = g_ascii_tolower(edge->server_name[i]);
		g_array_append_val(all, candidate);
	}
}

static void add_inventory(const AmMapWork *work, GArray *all)
{
	for (guint a = 0; a < work->map->assets->len; a++) {
		const AmAsset *asset = &g_array_index(work->map->assets, AmAsset, a);
		for (uint32_t n = 0; n < asset->n_labels; n++) {
			const AmAssetLabel *label =
				&g_array_index(work->map->labels, AmAssetLabel, asset->first_label + n);
			if (strcmp(label->name, AM_LABEL_NAME) != 0)
				continue;
			Candidate candidate = {.asset = a, .overruled = label->overruled};
			candidate.name = (AmAssetName){.kind = AM_OBSERVED_INVENTORY,
						       .first_ns = asset->first_ns,
						       .last_ns = asset->last_ns,
						       .count = 1};
			am_text_safe(candidate.name.value, sizeof candidate.name.value, label->value,
				     strlen(label->value));
			g_array_append_val(all, candidate);
		}
	}
}

/* What several sensors, edges or addresses of one asset told is one name. */
static void merge_told(GArray *all)
{
	guint kept = 0;
	g_array_sort(all, compare_told);
	for (guint n = 0; n < all->len; n++) {
		const Candidate *told = &g_array_index(all, Candidate, n);
		Candidate *last = kept > 0 ? &g_array_index(all, Candidate, kept - 1) : NULL;
		if (last == NULL || compare_told(last, told) != 0) {
			g_array_index(all, Candidate, kept++) = *told;
			continue;
		}
		last->name.first_ns = MIN(last->name.first_ns, told->name.first_ns);
		last->name.last_ns = MAX(last->name.last_ns, told->name.last_ns);
		last->name.count += told->name.count;
	}
	g_array_set_size(all, kept);
}

static uint64_t mac_key(const AmMapWork *work, uint32_t asset)
{
	const AmAsset *a = &g_array_index(work->map->assets, AmAsset, asset);
	uint64_t key = g_array_index(work->map->endpoints, AmEndpoint, a->first_endpoint).network;
	for (int b = 0; a->has_mac && b < 6; b++)
		key = key << 8 | a->mac[b];
	return a->has_mac ? key | (uint64_t)1 << 63 : 0;
}

typedef struct {
	uint64_t key;
	uint32_t asset;
	uint8_t has_name;
} Sibling;

static int compare_siblings(gconstpointer a, gconstpointer b)
{
	const Sibling *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->asset > y->asset) - (x->asset < y->asset);
}

/* Candidates of one asset, from the sorted ones. */
static guint first_of(const GArray *all, uint32_t asset)
{
	guint low = 0, high = all->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		if (g_array_index(all, Candidate, middle).asset < asset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void copy_names(GArray *all, guint n_told, uint32_t from, uint32_t to)
{
	for (guint n = first_of(all, from); n < n_told; n++) {
		Candidate candidate = g_array_index(all, Candidate, n);
		if (candidate.asset != from)
			return;
		if (candidate.name.kind >= AM_OBSERVED_WORKSTATION)
			continue;
		candidate.asset = to;
		candidate.name.kind = AM_OBSERVED_SIBLING;
		g_array_append_val(all, candidate);
	}
}

/* One interface that has had several addresses, and not all have names (often IPv6 is missing in the DNS): those that have none go
 * by the others', each as long as it was told. identity.c has seen that the MAC could be one machine's at any time; it joined none
 * of them where names differ. `all` is sorted as merge_told() leaves it. */
static void add_siblings(const AmMapWork *work, GArray *all)
{
	g_autoptr(GArray) siblings = g_array_new(FALSE, FALSE, sizeof(Sibling));
	guint n_told = all->len;
	for (uint32_t n = 0; n < work->map->assets->len; n++) {
		Sibling sibling = {.key = mac_key(work, n), .asset = n};
		guint first = first_of(all, n);
		sibling.has_name = first < n_told && g_array_index(all, Candidate, first).asset == n &&
				   g_array_index(all, Candidate, first).name.kind <= AM_OBSERVED_LLMNR;
		if (sibling.key != 0)
			g_array_append_val(siblings, sibling);
	}
	g_array_sort(siblings, compare_siblings);
	for (guint first = 0, end = 0; first < siblings->len; first = end) {
		uint64_t key = g_array_index(siblings, Sibling, first).key;
		for (end = first; end < siblings->len && g_array_index(siblings, Sibling, end).key == key;)
			end++;
		for (guint to = first; to < end; to++) {
			const Sibling *nameless = &g_array_index(siblings, Sibling, to);
			for (guint from = first; !nameless->has_name && from < end; from++) {
				if (g_array_index(siblings, Sibling, from).has_name)
					copy_names(all, n_told, g_array_index(siblings, Sibling, from).asset,
						   nameless->asset);
			}
		}
	}
	if (all->len > n_told)
		merge_told(all);
}

static void count_agreeing(GArray *all)
{
	g_array_sort(all, compare_by_label);
	for (guint first = 0, end = 0; first < all->len; first = end) {
		const Candidate *label = &g_array_index(all, Candidate, first);
		uint32_t kinds = 0;
		for (end = first; end < all->len; end++) {
			const Candidate *next = &g_array_index(all, Candidate, end);
			if (next->asset != label->asset || compare_labels(next->name.value, label->name.value) != 0)
				break;
			kinds |= 1u << next->name.kind;
		}
		for (guint n = first; n < end; n++)
			g_array_index(all, Candidate, n).agreeing = (uint32_t)__builtin_popcount(kinds);
	}
}

static int compare_values(gconstpointer a, gconstpointer b)
{
	const Candidate *x = a, *y = b;
	int order = strcmp(x->name.value, y->name.value);
	return order != 0 ? order : compare_told(a, b);
}

/* Bit 1: IPv4, bit 2: IPv6. */
static unsigned families_of(const AmMap *map, uint32_t asset)
{
	unsigned families = 0;
	for (uint32_t e = g_array_index(map->assets, AmAsset, asset).first_endpoint; e != AM_NO_INDEX;
	     e = g_array_index(map->endpoints, AmEndpoint, e).next)
		families |= g_array_index(map->endpoints, AmEndpoint, e).address.family == 4 ? 1 : 2;
	return families;
}

/* An IPv4 and an IPv6 address that are not known to be one machine may still be one. */
static void find_shared(const AmMap *map, GArray *all)
{
	g_array_sort(all, compare_values);
	for (guint first = 0, end = 0; first < all->len; first = end) {
		const Candidate *one = &g_array_index(all, Candidate, first);
		gboolean shared = FALSE;
		unsigned families = families_of(map, one->asset);
		uint32_t last = one->asset;
		for (end = first; end < all->len; end++) {
			const Candidate *next = &g_array_index(all, Candidate, end);
			if (strcmp(next->name.value, one->name.value) != 0)
				break;
			if (next->asset == last)
				continue;
			last = next->asset;
			shared = shared ||
				 (next->name.kind != AM_OBSERVED_SIBLING && (families & families_of(map, last)) != 0);
			families |= families_of(map, last);
		}
		for (guint n = first; n < end; n++)
			g_array_index(all, Candidate, n).name.shared |= shared;
	}
}

/* Who tells of several hosts in syslog passes on what they told. `all` is sorted by asset and kind. */
static void mark_relays(GArray *all)
{
	for (guint first = 0, end = 0; first < all->len; first = end) {
		const Candidate *one = &g_array_index(all, Candidate, first);
		for (end = first; end < all->len && g_array_index(all, Candidate, end).asset == one->asset &&
				  g_array_index(all, Candidate, end).name.kind == one->name.kind;)
			end++;
		gboolean relays = one->name.kind == AM_OBSERVED_SYSLOG && end - first >= AM_RELAY_NAMES;
		for (guint n = first; n < end; n++) {
			AmAssetName *name = &g_array_index(all, Candidate, n).name;
			name->shared = relays || g_str_has_prefix(name->value, "*.");
		}
	}
}

void am_names_build(AmMapWork *work)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Candidate));
	add_inventory(work, all);
	add_observed(work, all);
	add_asked_for(work, all);
	merge_told(all);
	add_siblings(work, all);
	mark_relays(all);
	count_agreeing(all);
	find_shared(work->map, all);
	g_array_sort(all, compare_credible);
	for (guint n = 0; n < all->len; n++) {
		const Candidate *candidate = &g_array_index(all, Candidate, n);
		AmAsset *asset = &g_array_index(work->map->assets, AmAsset, candidate->asset);
		if (asset->n_names++ == 0)
			asset->first_name = n;
		g_array_append_val(work->map->names, candidate->name);
	}
}
