/* See networks.h. A table of (kind, id), fed by the pipeline's reader, a frame at a time.
 *
 * An attacker chooses VNIs and TEIDs, so the number that are told one by one is bounded for each kind; all others are one
 * entry, an attribute.
 */
#include "config.h"

#include "networks.h"

#include <string.h>

#define MAX_IDS 4096      /* of a kind */
#define MAX_NETWORKS 4096 /* of all kinds: their index is 16 bits wide */
#define N_PAIRS 8         /* outer (from, to) that are remembered; overlays have many ends, but answers come soon */
#define WAIT_FRAMES 512

typedef struct {
	AmEncapsulated seen; /* since it was taken; `id` is -1 for all others. `network` is set when it is taken */
	gboolean is_undecided;
	uint16_t network;
	uint64_t first_ordinal;
	guint next_pair;
	uint64_t pairs[N_PAIRS];
} Tunnel;

struct AmNetworks {
	char *sensor;
	GPtrArray *names;   /* char *, by index */
	GPtrArray *tunnels; /* Tunnel *, in the order in which they came up */
	GHashTable *ids;    /* kind and id → number in `tunnels` + 1 */
	guint n_ids[AM_N_ENCAPSULATIONS];
	uint32_t others[AM_N_ENCAPSULATIONS]; /* as in `ids` */
	uint32_t vlans[2][4096];              /* those of VLANs, as in `ids` */
	GHashTable *transits;                 /* kind and id of those that are known to be in transit */
	GArray *rules;                        /* AmNetworkRule, those that count here */
};

static uint64_t key_of(uint8_t kind, int64_t id)
{
	return (uint64_t)kind << 32 | (uint32_t)id;
}

static gpointer key_new(uint64_t key)
{
	uint64_t *copy = g_new(uint64_t, 1);
	*copy = key;
	return copy;
}

AmNetworks *am_networks_new(const char *network, const char *sensor, const GArray *rules, const GArray *earlier)
{
	AmNetworks *networks = g_new0(AmNetworks, 1);
	networks->sensor = g_strdup(sensor);
	networks->names = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(networks->names, g_strdup(network));
	networks->tunnels = g_ptr_array_new_with_free_func(g_free);
	networks->ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	networks->transits = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	networks->rules = am_network_rules_new();
	for (guint n = 0; rules != NULL && n < rules->len; n++) {
		const AmNetworkRule *rule = &g_array_index(rules, AmNetworkRule, n);
		if (rule->sensor != NULL && g_strcmp0(rule->sensor, sensor) != 0)
			continue;
		AmNetworkRule kept = {.sensor = g_strdup(rule->sensor),
				      .kind = rule->kind,
				      .id = rule->id,
				      .network = g_strdup(rule->network)};
		g_array_append_val(networks->rules, kept);
	}
	for (guint n = 0; earlier != NULL && n < earlier->len; n++) {
		const AmEncapsulated *seen = &g_array_index(earlier, AmEncapsulated, n);
		if (seen->reason == AM_NETWORK_TRANSIT && g_strcmp0(seen->sensor, sensor) == 0)
			g_hash_table_add(networks->transits, key_new(key_of(seen->kind, seen->id)));
	}
	return networks;
}

void am_networks_free(AmNetworks *networks)
{
	if (networks == NULL)
		return;
	g_free(networks->sensor);
	g_ptr_array_unref(networks->names);
	g_ptr_array_unref(networks->tunnels);
	g_hash_table_unref(networks->ids);
	g_hash_table_unref(networks->transits);
	g_array_unref(networks->rules);
	g_free(networks);
}

/* ---- Networks */

static uint16_t find_network(AmNetworks *networks, const char *name)
{
	for (guint n = 0; n < networks->names->len; n++)
		if (strcmp(networks->names->pdata[n], name) == 0)
			return (uint16_t)n;
	if (networks->names->len == MAX_NETWORKS)
		return 0;
	g_ptr_array_add(networks->names, g_strdup(name));
	return (uint16_t)(networks->names->len - 1);
}

/* "vxlan-5001"; beside the network "branch", "branch-vxlan-5001". A name has at most 64 characters. */
static uint16_t transit_network(AmNetworks *networks, const Tunnel *tunnel)
{
	const char *own = networks->names->pdata[0], *kind = am_encapsulation_name((AmEncapsulation)tunnel->seen.kind);
	g_autofree char *name = NULL;
	if (strcmp(own, "default") == 0)
		name = g_strdup_printf("%s-%" G_GINT64_FORMAT, kind, (gint64)tunnel->seen.id);
	else if (strlen(own) <= 40)
		name = g_strdup_printf("%s-%s-%" G_GINT64_FORMAT, own, kind, (gint64)tunnel->seen.id);
	else
		name = g_strdup_printf("%.31s-%08x-%s-%" G_GINT64_FORMAT, own, g_str_hash(own), kind,
				       (gint64)tunnel->seen.id);
	return find_network(networks, name);
}

guint am_networks_count(const AmNetworks *networks)
{
	return networks->names->len;
}

const char *am_networks_name(const AmNetworks *networks, guint index)
{
	return networks->names->pdata[index];
}

/* ---- Tunnels, tags and labels */

static void decide(AmNetworks *networks, Tunnel *tunnel)
{
	AmEncapsulation kind = (AmEncapsulation)tunnel->seen.kind;
	const AmNetworkRule *rule = am_network_rules_find(networks->rules, networks->sensor, kind, tunnel->seen.id);
	uint64_t key = key_of(tunnel->seen.kind, tunnel->seen.id);
	if (rule != NULL) {
		tunnel->seen.reason = AM_NETWORK_SET;
		tunnel->network = find_network(networks, rule->network);
	} else if (!am_encapsulation_is_transit(kind) || tunnel->seen.id == AM_ENCAPSULATION_OTHERS) {
		tunnel->seen.reason = AM_NETWORK_ATTRIBUTE;
	} else if (g_hash_table_contains(networks->transits, &key)) {
		tunnel->seen.reason = AM_NETWORK_TRANSIT;
		tunnel->network = transit_network(networks, tunnel);
	} else {
		tunnel->seen.reason = AM_NETWORK_MIRROR;
		tunnel->is_undecided = TRUE;
	}
}

static uint32_t new_tunnel(AmNetworks *networks, uint8_t kind, int64_t id, uint64_t ordinal)
{
	Tunnel *tunnel = g_new0(Tunnel, 1);
	tunnel->seen.kind = kind;
	tunnel->seen.id = id;
	tunnel->first_ordinal = ordinal;
	decide(networks, tunnel);
	g_ptr_array_add(networks->tunnels, tunnel);
	return networks->tunnels->len;
}

static uint32_t find_tunnel(AmNetworks *networks, const AmLayer *layer, uint64_t ordinal)
{
	uint32_t *vlan = layer->kind <= AM_ENCAPSULATION_INNER_VLAN
				 ? &networks->vlans[layer->kind - AM_ENCAPSULATION_VLAN][layer->id & 0xfff]
				 : NULL;
	if (vlan != NULL && *vlan != 0)
		return *vlan;
	uint64_t key = key_of(layer->kind, layer->id);
	uint32_t number = GPOINTER_TO_UINT(g_hash_table_lookup(networks->ids, &key));
	if (number != 0)
		return number;
	if (networks->n_ids[layer->kind] == MAX_IDS) {
		uint32_t *others = &networks->others[layer->kind];
		if (*others == 0)
			*others = new_tunnel(networks, layer->kind, AM_ENCAPSULATION_OTHERS, ordinal);
		return *others;
	}
	networks->n_ids[layer->kind]++;
	number = new_tunnel(networks, layer->kind, layer->id, ordinal);
	g_hash_table_insert(networks->ids, key_new(key), GUINT_TO_POINTER(number));
	if (vlan != NULL)
		*vlan = number;
	return number;
}

static void outer_addresses(const uint8_t *ip, AmAddress *ret_source, AmAddress *ret_destination)
{
	if (ip[0] >> 4 == 6) {
		*ret_source = am_address_ipv6(ip + 8);
		*ret_destination = am_address_ipv6(ip + 24);
	} else {
		*ret_source = am_address_ipv4(ip + 12);
		*ret_destination = am_address_ipv4(ip + 16);
	}
}

/* Distinct enough for telling pairs of outer addresses apart; who forges them can forge both directions anyway. */
static uint64_t hash_pair(const AmAddress *from, const AmAddress *to)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	const uint8_t *bytes[2] = {from->bytes, to->bytes};
	for (guint n = 0; n < 2; n++) {
		uint64_t words[2];
		memcpy(words, bytes[n], 16);
		for (guint w = 0; w < 2; w++) {
			hash = (hash ^ words[w]) * UINT64_C(0x9e3779b97f4a7c15);
			hash ^= hash >> 29;
		}
	}
	return hash;
}

/* Looks whether this goes against an outer packet before it. */
static void look_for_answer(AmNetworks *networks, Tunnel *tunnel, const AmAddress *source, const AmAddress *destination)
{
	uint64_t there = hash_pair(source, destination), back = hash_pair(destination, source);
	gboolean is_known = FALSE;
	if (there == back)
		return;
	for (guint n = 0; n < N_PAIRS; n++) {
		if (tunnel->pairs[n] == back) {
			tunnel->is_undecided = FALSE;
			tunnel->seen.reason = AM_NETWORK_TRANSIT;
			tunnel->network = transit_network(networks, tunnel);
			return;
		}
		is_known = is_known || tunnel->pairs[n] == there;
	}
	if (!is_known)
		tunnel->pairs[tunnel->next_pair++ % N_PAIRS] = there;
}

static inline void count(AmEncapsulated *seen, const AmFrame *frame)
{
	if (seen->packets++ == 0)
		seen->first_ns = seen->last_ns = frame->time_ns;
	seen->first_ns = MIN(seen->first_ns, frame->time_ns);
	seen->last_ns = MAX(seen->last_ns, frame->time_ns);
	seen->bytes += frame->wire_size;
}

static uint32_t note(AmNetworks *networks, const AmFrame *frame, const AmLayer *layer, uint64_t ordinal)
{
	uint32_t number = find_tunnel(networks, layer, ordinal);
	Tunnel *tunnel = networks->tunnels->pdata[number - 1];
	AmEncapsulated *seen = &tunnel->seen;
	count(seen, frame);
	if (layer->outer == NULL || (!tunnel->is_undecided && seen->source.family != 0))
		return number;
	AmAddress source, destination;
	outer_addresses(layer->outer, &source, &destination);
	if (seen->source.family == 0) {
		seen->source = source;
		seen->destination = destination;
	}
	if (tunnel->is_undecided)
		look_for_answer(networks, tunnel, &source, &destination);
	return number;
}

/* What says something and is furthest in counts. */
static AmPlace place_in(const AmNetworks *networks, const uint32_t *numbers, guint n_layers)
{
	AmPlace place = {0};
	for (guint n = n_layers; n-- > 0;) {
		const Tunnel *tunnel = networks->tunnels->pdata[numbers[n] - 1];
		if (tunnel->seen.reason == AM_NETWORK_SET || tunnel->seen.reason == AM_NETWORK_TRANSIT) {
			place.network = tunnel->network;
			break;
		}
		if (tunnel->is_undecided && place.tunnel == 0)
			place.tunnel = numbers[n];
	}
	return place;
}

static G_GNUC_NO_INLINE AmPlace place_in_layers(AmNetworks *networks, const AmFrame *frame, const AmLayers *layers,
						uint64_t ordinal)
{
	uint32_t numbers[AM_MAX_LAYERS] = {0};
	for (guint n = 0; n < layers->n; n++)
		numbers[n] = note(networks, frame, &layers->at[n], ordinal);
	return place_in(networks, numbers, layers->n);
}

AmPlace am_networks_place_outer(AmNetworks *networks, const AmLayers *layers, guint n, uint64_t ordinal)
{
	uint32_t numbers[AM_MAX_LAYERS] = {0};
	for (guint i = 0; i < n; i++)
		numbers[i] = find_tunnel(networks, &layers->at[i], ordinal);
	return place_in(networks, numbers, n);
}
AmPlace am_networks_place(AmNetworks *networks, const AmFrame *frame, const AmLayers *layers, uint64_t ordinal)
{
	/* Most wrapped frames have one tag that was there before. */
	const AmLayer *only = &layers->at[0];
	uint32_t number =
		layers->n == 1 && only->kind == AM_ENCAPSULATION_VLAN ? networks->vlans[0][only->id & 0xfff] : 0;
	if (number == 0)
		return place_in_layers(networks, frame, layers, ordinal);
	Tunnel *tunnel = networks->tunnels->pdata[number - 1];
	count(&tunnel->seen, frame);
	return (AmPlace){.network = tunnel->network};
}

gboolean am_networks_waits(const AmNetworks *networks, uint32_t number, uint64_t read)
{
	if (number == 0)
		return FALSE;
	const Tunnel *tunnel = networks->tunnels->pdata[number - 1];
	return tunnel->is_undecided && tunnel->first_ordinal + WAIT_FRAMES > read;
}

uint16_t am_networks_settle(AmNetworks *networks, const AmPlace *place)
{
	if (place->tunnel == 0)
		return place->network;
	Tunnel *tunnel = networks->tunnels->pdata[place->tunnel - 1];
	if (tunnel->seen.reason == AM_NETWORK_TRANSIT)
		return tunnel->network;
	tunnel->seen.undecided++;
	return place->network;
}

/* ---- What was seen */

static gint compare_seen(gconstpointer a, gconstpointer b)
{
	const AmEncapsulated *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

GArray *am_networks_take_seen(AmNetworks *networks)
{
	GArray *all = am_encapsulated_array_new();
	for (guint n = 0; n < networks->tunnels->len; n++) {
		Tunnel *tunnel = networks->tunnels->pdata[n];
		if (tunnel->seen.packets == 0)
			continue;
		g_array_append_val(all, tunnel->seen);
		g_array_index(all, AmEncapsulated, all->len - 1).network =
			g_strdup(networks->names->pdata[tunnel->network]);
		tunnel->seen.packets = tunnel->seen.bytes = tunnel->seen.undecided = 0;
	}
	g_array_sort(all, compare_seen);
	return all;
}
