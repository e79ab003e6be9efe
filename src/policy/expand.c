/* What a peer, a service and an edge stand for, as plain numbers: everything that proves, compares or counts starts here,
 * so that names, the order of rules and the way in which sets are written cannot matter. Must not trust that a policy is
 * canonical: readers hand over what they found. */
#include "config.h"

#include "private.h"

#include <string.h>

static uint64_t load64(const uint8_t *bytes)
{
	uint64_t value = 0;
	for (int n = 0; n < 8; n++)
		value = value << 8 | bytes[n];
	return value;
}

AmWide am_wide_of_address(const AmAddress *address)
{
	if (address->family == 6)
		return (AmWide){load64(address->bytes), load64(address->bytes + 8)};
	return (AmWide){0, load64(address->bytes) >> 32};
}

int am_wide_compare(AmWide a, AmWide b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	return (a.low > b.low) - (a.low < b.low);
}

static AmWide successor(AmWide value)
{
	return (AmWide){value.high + (value.low == UINT64_MAX), value.low + 1};
}

static int compare_intervals(gconstpointer a, gconstpointer b)
{
	const AmInterval *x = a, *y = b;
	if (x->zone != y->zone)
		return x->zone < y->zone ? -1 : 1;
	int by_low = am_wide_compare(x->low, y->low);
	return by_low != 0 ? by_low : am_wide_compare(x->high, y->high);
}

void am_intervals_normalise(GArray *intervals)
{
	g_array_sort(intervals, compare_intervals);
	AmInterval *at = (AmInterval *)(void *)intervals->data;
	guint n = 0;
	for (guint next = 0; next < intervals->len; next++) {
		AmInterval *last = n > 0 ? &at[n - 1] : NULL;
		/* Past the last value there is nothing that could touch; the wrapped successor is never compared then. */
		gboolean joins = last != NULL && last->zone == at[next].zone &&
				 (am_wide_compare(at[next].low, last->high) <= 0 ||
				  am_wide_compare(at[next].low, successor(last->high)) == 0);
		if (!joins)
			at[n++] = at[next];
		else if (am_wide_compare(at[next].high, last->high) > 0)
			last->high = at[next].high;
	}
	g_array_set_size(intervals, n);
}

static uint64_t add_capped(uint64_t a, uint64_t b)
{
	return a > (uint64_t)INT64_MAX - b ? (uint64_t)INT64_MAX : a + b;
}

/* high - low + 1, capped. */
static uint64_t width(AmWide low, AmWide high)
{
	uint64_t difference = high.low - low.low;
	uint64_t upper = high.high - low.high - (high.low < low.low);
	return upper != 0 || difference >= INT64_MAX ? (uint64_t)INT64_MAX : difference + 1;
}

/* Steps over what lies in earlier zones; NULL when nothing of `zone` is left. */
static const AmInterval *in_zone(const AmInterval *at, const AmInterval *end, uint32_t zone)
{
	while (at < end && at->zone < zone)
		at++;
	return at < end && at->zone == zone ? at : NULL;
}

uint64_t am_intervals_count(const GArray *a, const GArray *b, uint32_t zone)
{
	/* An empty array has no data, and nothing may be added to NULL. */
	if (a->len == 0 || (b != NULL && b->len == 0))
		return 0;
	const AmInterval *x = (const AmInterval *)(const void *)a->data, *x_end = x + a->len;
	const AmInterval *y = b != NULL ? (const AmInterval *)(const void *)b->data : NULL;
	const AmInterval *y_end = b != NULL ? y + b->len : NULL;
	uint64_t count = 0;
	while ((x = in_zone(x, x_end, zone)) != NULL && (b == NULL || (y = in_zone(y, y_end, zone)) != NULL)) {
		if (b == NULL) {
			count = add_capped(count, width(x->low, x->high));
			x++;
			continue;
		}
		AmWide low = am_wide_compare(x->low, y->low) > 0 ? x->low : y->low;
		gboolean x_ends = am_wide_compare(x->high, y->high) <= 0;
		AmWide high = x_ends ? x->high : y->high;
		if (am_wide_compare(low, high) <= 0)
			count = add_capped(count, width(low, high));
		x += x_ends;
		y += !x_ends;
	}
	return count;
}

/* The first of the intervals that does not end before this one begins. */
static guint first_reaching(const GArray *intervals, const AmInterval *from)
{
	guint low = 0, high = intervals->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		const AmInterval *at = &g_array_index(intervals, AmInterval, middle);
		if (at->zone < from->zone || (at->zone == from->zone && am_wide_compare(at->high, from->low) < 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

GArray *am_intervals_intersect(const GArray *a, const GArray *b)
{
	GArray *both = g_array_new(FALSE, FALSE, sizeof(AmInterval));
	for (guint n = 0; n < a->len; n++) {
		const AmInterval *x = &g_array_index(a, AmInterval, n);
		for (guint k = first_reaching(b, x); k < b->len; k++) {
			const AmInterval *y = &g_array_index(b, AmInterval, k);
			if (y->zone != x->zone || am_wide_compare(y->low, x->high) > 0)
				break;
			AmInterval part = {x->zone, am_wide_compare(x->low, y->low) > 0 ? x->low : y->low,
					   am_wide_compare(x->high, y->high) < 0 ? x->high : y->high};
			g_array_append_val(both, part);
		}
	}
	return both;
}

AmSpaces *am_spaces_new(void)
{
	AmSpaces *spaces = g_new0(AmSpaces, 1);
	spaces->names = g_ptr_array_new();
	spaces->ids = g_hash_table_new(g_str_hash, g_str_equal);
	am_spaces_add(spaces, "default");
	g_ptr_array_add(spaces->names, (gpointer) "(any other)"); /* AM_SPACE_OTHER has no name to be found by */
	return spaces;
}

void am_spaces_free(AmSpaces *spaces)
{
	if (spaces == NULL)
		return;
	g_ptr_array_unref(spaces->names);
	g_hash_table_unref(spaces->ids);
	g_free(spaces);
}

uint32_t am_spaces_find(const AmSpaces *spaces, const char *name)
{
	gpointer found;
	gboolean has = g_hash_table_lookup_extended(spaces->ids, name != NULL ? name : "default", NULL, &found);
	return has ? GPOINTER_TO_UINT(found) : AM_SPACE_OTHER;
}

uint32_t am_spaces_add(AmSpaces *spaces, const char *name)
{
	uint32_t found = am_spaces_find(spaces, name);
	if (found != AM_SPACE_OTHER)
		return found;
	found = spaces->names->len;
	g_ptr_array_add(spaces->names, (gpointer)name);
	g_hash_table_insert(spaces->ids, (gpointer)name, GUINT_TO_POINTER(found));
	return found;
}

AmGroupIndex *am_group_index_new(const AmPolicy *policy)
{
	GHashTable *index = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint n = 0; n < policy->groups->len; n++) {
		AmPolicyGroup *group = policy->groups->pdata[n];
		g_hash_table_insert(index, group->name, group);
	}
	return index;
}

static void add_prefixes(GArray *intervals, const GArray *prefixes, uint32_t space)
{
	for (guint n = 0; n < prefixes->len; n++) {
		const AmPrefix *prefix = &g_array_index(prefixes, AmPrefix, n);
		gboolean ipv6 = prefix->address.family == 6;
		AmInterval interval = {.zone = space << 1 | (ipv6 ? 1u : 0u),
				       .low = am_wide_of_address(&prefix->address)};
		unsigned free_bits = am_address_bits(&prefix->address) - prefix->length;
		interval.high = interval.low;
		if (free_bits > 64)
			interval.high.high |= UINT64_MAX >> (128 - free_bits);
		if (free_bits > 0)
			interval.high.low |= free_bits >= 64 ? UINT64_MAX : UINT64_MAX >> (64 - free_bits);
		g_array_append_val(intervals, interval);
	}
}

static void add_everything(GArray *intervals, uint32_t n_spaces)
{
	for (uint32_t space = 0; space < n_spaces; space++) {
		AmInterval all[2] = {{.zone = space << 1, .high = {0, UINT32_MAX}},
				     {.zone = space << 1 | 1, .high = {UINT64_MAX, UINT64_MAX}}};
		g_array_append_vals(intervals, all, 2);
	}
}

GArray *am_peer_intervals(const AmPeer *peer, AmGroupIndex *groups, AmSpaces *spaces, gboolean one_space)
{
	GArray *intervals = g_array_new(FALSE, FALSE, sizeof(AmInterval));
	if (peer->any)
		add_everything(intervals, one_space ? 1 : spaces->names->len);
	for (guint n = 0; !peer->any && peer->groups != NULL && n < peer->groups->len; n++) {
		const AmPolicyGroup *group = g_hash_table_lookup(groups, peer->groups->pdata[n]);
		if (group != NULL)
			add_prefixes(intervals, group->members, one_space ? 0 : am_spaces_add(spaces, group->network));
	}
	if (!peer->any && peer->prefixes != NULL)
		add_prefixes(intervals, peer->prefixes, 0);
	am_intervals_normalise(intervals);
	return intervals;
}

gboolean am_protocol_fits(uint8_t ip_protocol, gboolean ipv6)
{
	return ip_protocol == 1 ? !ipv6 : ip_protocol == 58 ? ipv6 : TRUE;
}

uint16_t am_service_port(uint8_t ip_protocol, uint16_t port)
{
	return am_service_has_ports(ip_protocol) || am_service_is_icmp(ip_protocol) ? port : 0;
}

GArray *am_service_intervals(const AmService *service)
{
	GArray *intervals = g_array_new(FALSE, FALSE, sizeof(AmInterval));
	AmInterval interval = {.zone = service->ip_protocol};
	gboolean has_ports = am_service_has_ports(service->ip_protocol);
	const GArray *list = has_ports                                  ? service->ports
			     : am_service_is_icmp(service->ip_protocol) ? service->types
									: NULL;
	if (list == NULL || list->len == 0) {
		interval.high.low = has_ports || list != NULL ? UINT16_MAX : 0;
		g_array_append_val(intervals, interval);
	}
	for (guint n = 0; list != NULL && n < list->len; n++) {
		if (has_ports) {
			const AmPortRange *range = &g_array_index(list, AmPortRange, n);
			g_assert(range->low <= range->high); /* readers refuse it; empty would come to mean all ports */
			interval.low.low = range->low;
			interval.high.low = range->high;
		} else {
			const AmIcmpType *type = &g_array_index(list, AmIcmpType, n);
			interval.low.low = (unsigned)type->type << 8 | (type->code < 0 ? 0 : (uint8_t)type->code);
			interval.high.low = type->code < 0 ? interval.low.low | 0xff : interval.low.low;
		}
		g_array_append_val(intervals, interval);
	}
	am_intervals_normalise(intervals);
	return intervals;
}

gboolean am_rule_is_active(const AmRule *rule)
{
	return rule->status != AM_STATUS_REJECTED && rule->status != AM_STATUS_EXPIRED;
}

void am_policy_expire(AmPolicy *policy, int64_t now_ns)
{
	for (guint n = 0; n < policy->rules->len; n++) {
		AmRule *rule = policy->rules->pdata[n];
		if (rule->expires_ns != 0 && rule->expires_ns <= now_ns && am_rule_is_active(rule))
			rule->status = AM_STATUS_EXPIRED;
	}
}

guint am_policy_withhold(AmPolicy *policy)
{
	guint n_withheld = 0;
	for (guint n = 0; n < policy->rules->len; n++) {
		AmRule *rule = policy->rules->pdata[n];
		if (rule->status != AM_STATUS_PROPOSED || !rule->explicit_approval)
			continue;
		rule->status = AM_STATUS_REJECTED;
		n_withheld++;
	}
	return n_withheld;
}

const AmEndpoint *am_map_endpoint(const AmMap *map, uint32_t index)
{
	return &g_array_index(map->endpoints, AmEndpoint, index);
}

uint32_t am_map_group_of(const AmMap *map, uint32_t endpoint)
{
	return g_array_index(map->assets, AmAsset, am_map_endpoint(map, endpoint)->asset).group;
}

const char *am_map_network(const AmMap *map, uint32_t network)
{
	const char *name = map->networks != NULL && network < map->networks->len ? map->networks->pdata[network] : NULL;
	return name == NULL || strcmp(name, "default") == 0 ? NULL : name;
}

char *am_tuple_text(const AmAddress *client, const AmAddress *server, uint8_t ip_protocol, uint16_t port,
		    const char *network)
{
	char from[AM_ADDRESS_TEXT_SIZE], to[AM_ADDRESS_TEXT_SIZE], digits[8], where[80] = "";
	am_address_text(client, from);
	am_address_text(server, to);
	const char *protocol = am_protocol_text(ip_protocol, digits);
	if (network != NULL) {
		char safe[65];
		am_text_safe(safe, sizeof safe, network, strlen(network));
		g_snprintf(where, sizeof where, " in network %s", safe);
	}
	if (am_service_is_icmp(ip_protocol))
		return g_strdup_printf("%s -> %s %s type %u code %u%s", from, to, protocol, port >> 8, port & 0xffu,
				       where);
	if (am_service_has_ports(ip_protocol))
		return g_strdup_printf("%s -> %s %s/%u%s", from, to, protocol, port, where);
	return g_strdup_printf("%s -> %s protocol %s%s", from, to, protocol, where);
}
