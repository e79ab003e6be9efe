/* Which endpoints are one machine. What stays with a machine is its MAC, as DHCP servers tell it, and the frames on its own
 * link; addresses come and go. Fed by assets.c; tells it which endpoints to join.
 *
 * Frames are only taken for their sender's own when no router passed them on. Still a MAC may be in front of several
 * machines (a bridge that translates, a router that does not count). It is one machine's where all that was seen with it
 * could be: IPv4 addresses one after the other, IPv6 addresses of at most two /64 (RFC 8981: temporary ones overlap). MACs that
 * pass from machine to machine (VRRP, HSRP, GLBP) are nobody's. Addresses of one MAC that go by other names are machines of their
 * own (a new one in the place of an old one), unless a DHCP server says that they were leased to the same. Where that leaves a doubt, endpoints stay apart: two machines
 * taken for one would share their rights. For the same reason names join nothing: whoever can send an answer can tell one. */
#include "config.h"

#include "constants.h"
#include "work.h"

#include <string.h>

/* A MAC with one of its addresses. */
typedef struct {
	uint64_t mac; /* network << 48 | MAC */
	uint32_t endpoint;
	int64_t first_ns, last_ns;
	gboolean seen, leased; /* in frames; by a DHCP server */
} Hold;

static int compare_holds(gconstpointer a, gconstpointer b)
{
	const Hold *x = a, *y = b;
	if (x->mac != y->mac)
		return x->mac < y->mac ? -1 : 1;
	return x->endpoint < y->endpoint ? -1 : x->endpoint > y->endpoint;
}

static int compare_begins(gconstpointer a, gconstpointer b)
{
	const Hold *x = a, *y = b;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return compare_holds(a, b);
}

/* RFC 9568, 7.3 (VRRP); HSRP version 1, 2 and for IPv6; GLBP. */
static gboolean is_virtual(const uint8_t mac[6])
{
	static const struct {
		uint8_t size, octets[5];
	} beginnings[] = {
		{5, {0x00, 0x00, 0x5e, 0x00, 0x01}}, {5, {0x00, 0x00, 0x5e, 0x00, 0x02}},
		{5, {0x00, 0x00, 0x0c, 0x07, 0xac}}, {4, {0x00, 0x00, 0x0c, 0x9f}},
		{4, {0x00, 0x05, 0x73, 0xa0}},       {4, {0x00, 0x07, 0xb4, 0x00}},
	};
	for (size_t n = 0; n < G_N_ELEMENTS(beginnings); n++) {
		if (memcmp(mac, beginnings[n].octets, beginnings[n].size) == 0)
			return TRUE;
	}
	return FALSE;
}

/* All that was seen of MACs with endpoints of the map, each pair once, sorted by MAC and endpoint. */
static GArray *list_holds(const AmMapWork *work)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Hold));
	for (guint n = 0; work->observations != NULL && n < work->observations->len; n++) {
		const AmObservation *observation = &g_array_index(work->observations, AmObservation, n);
		uint8_t mac[6];
		uint32_t endpoint;
		if ((observation->kind != AM_OBSERVED_LEASE && observation->kind != AM_OBSERVED_MAC) ||
		    !am_mac_parse(observation->value, mac) || is_virtual(mac))
			continue;
		endpoint = am_map_find_endpoint(work->map, observation->network, &observation->address);
		if (endpoint == AM_NO_INDEX)
			continue;
		Hold hold = {.mac = (uint64_t)observation->network << 48, .endpoint = endpoint};
		for (int b = 0; b < 6; b++)
			hold.mac |= (uint64_t)mac[b] << (40 - 8 * b);
		hold.first_ns = observation->first_ns;
		hold.last_ns = observation->last_ns;
		hold.seen = observation->kind == AM_OBSERVED_MAC;
		hold.leased = !hold.seen;
		g_array_append_val(all, hold);
	}
	g_array_sort(all, compare_holds);
	guint kept = 0;
	for (guint n = 0; n < all->len; n++) {
		const Hold *hold = &g_array_index(all, Hold, n);
		Hold *last = kept > 0 ? &g_array_index(all, Hold, kept - 1) : NULL;
		if (last == NULL || compare_holds(last, hold) != 0) {
			g_array_index(all, Hold, kept++) = *hold;
			continue;
		}
		last->first_ns = MIN(last->first_ns, hold->first_ns);
		last->last_ns = MAX(last->last_ns, hold->last_ns);
		last->seen |= hold->seen;
		last->leased |= hold->leased;
	}
	g_array_set_size(all, kept);
	return g_steal_pointer(&all);
}

/* Could one machine have had all of these addresses? `holds`: of one MAC, by the time at which they begin. */
static gboolean is_one_machine(const AmMapWork *work, const GArray *holds)
{
	int64_t until_ns = INT64_MIN;
	const uint8_t *links[2] = {NULL, NULL};
	guint n_ipv4 = 0;
	for (guint n = 0; n < holds->len; n++) {
		const Hold *hold = &g_array_index(holds, Hold, n);
		const AmAddress *address = am_work_address(work, hold->endpoint);
		if (am_address_is_link_local(address))
			continue;
		if (address->family == 4) {
			if (n_ipv4++ > 0 && hold->first_ns < until_ns - AM_IDENTITY_SLACK_NS)
				return FALSE;
			until_ns = MAX(until_ns, hold->last_ns);
			continue;
		}
		int link = links[0] == NULL || memcmp(links[0], address->bytes, 8) == 0 ? 0 : 1;
		if (links[link] == NULL)
			links[link] = address->bytes;
		if (memcmp(links[link], address->bytes, 8) != 0)
			return FALSE;
	}
	/* Several IPv6 addresses alone may as well be a router's one link. */
	return n_ipv4 > 0 || holds->len <= 2;
}

/* Does `hold` tell better whose the endpoint is than `other`? Frames do, then the longer time. */
static gboolean holds_better(const Hold *hold, const Hold *other)
{
	if (hold->seen != other->seen)
		return hold->seen;
	int64_t time = hold->last_ns - hold->first_ns, other_time = other->last_ns - other->first_ns;
	if (time != other_time)
		return time > other_time;
	return hold->mac < other->mac;
}

static uint32_t root_of(uint32_t *parents, uint32_t endpoint)
{
	while (parents[endpoint] != endpoint)
		endpoint = parents[endpoint] = parents[parents[endpoint]];
	return endpoint;
}

static void join(uint32_t *parents, uint32_t one, uint32_t other)
{
	uint32_t a = root_of(parents, one), b = root_of(parents, other);
	parents[MAX(a, b)] = MIN(a, b);
}

/* What each endpoint was called most, as a hash of the first label; 0 = nobody said. Only by what names one machine: what a system
 * calls itself in its messages is often the name of the image that it was made from. g_free() */
static uint64_t *find_labels(const AmMapWork *work)
{
	uint64_t *labels = g_new0(uint64_t, MAX(work->map->endpoints->len, 1));
	g_autofree uint64_t *counts = g_new0(uint64_t, MAX(work->map->endpoints->len, 1));
	for (guint n = 0; work->observations != NULL && n < work->observations->len; n++) {
		const AmObservation *observation = &g_array_index(work->observations, AmObservation, n);
		if (observation->kind > AM_OBSERVED_LLMNR && observation->kind != AM_OBSERVED_SMTP)
			continue;
		uint32_t endpoint = am_map_find_endpoint(work->map, observation->network, &observation->address);
		if (endpoint == AM_NO_INDEX || observation->count <= counts[endpoint])
			continue;
		counts[endpoint] = observation->count;
		labels[endpoint] = am_mix_bytes(1, observation->value, strcspn(observation->value, ".")) | 1;
	}
	return labels;
}

/* Joins what belongs together of one MAC's holds, sorted by endpoint. */
static void join_holds(const Hold *const *holds, guint n_holds, const uint64_t *labels, uint32_t *parents)
{
	guint n_names = 0, n_unleased = 0;
	const Hold *named = NULL;
	for (guint n = 0; n < n_holds; n++) {
		uint64_t label = labels[holds[n]->endpoint];
		if (label != 0 && (named == NULL || label != labels[named->endpoint])) {
			named = holds[n];
			n_names++;
		}
		n_unleased += !holds[n]->leased;
	}
	gboolean all = n_names <= 1 || n_unleased == 0;
	g_autoptr(AmTable) firsts = am_table_new(sizeof *labels); /* what goes by one name, or all of it, as one */
	g_autoptr(GArray) endpoints = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	for (guint n = 0; n < n_holds; n++) {
		uint64_t label = all ? 1 : labels[holds[n]->endpoint];
		if (label == 0)
			continue;
		uint32_t place = am_table_add(firsts, &label);
		if (place == endpoints->len)
			g_array_append_val(endpoints, holds[n]->endpoint);
		else
			join(parents, g_array_index(endpoints, uint32_t, place), holds[n]->endpoint);
	}
}

/* By MAC. `owners`, by endpoint: whose it is, in the end; NULL = not known. */
static void join_by_mac(const AmMapWork *work, uint32_t *parents, GArray *holds, const Hold **owners)
{
	g_autoptr(GArray) own = g_array_new(FALSE, FALSE, sizeof(Hold));
	g_autofree uint8_t *is_own = g_new0(uint8_t, MAX(holds->len, 1));
	for (guint first = 0, end = 0; first < holds->len; first = end) {
		g_array_set_size(own, 0);
		for (; end < holds->len && g_array_index(holds, Hold, end).mac == g_array_index(holds, Hold, first).mac;
		     end++)
			g_array_append_val(own, g_array_index(holds, Hold, end));
		g_array_sort(own, compare_begins);
		if (is_one_machine(work, own))
			memset(is_own + first, 1, end - first);
	}
	for (guint n = 0; n < holds->len; n++) {
		const Hold *hold = &g_array_index(holds, Hold, n);
		const Hold **owner = &owners[hold->endpoint];
		if (is_own[n] && (*owner == NULL || holds_better(hold, *owner)))
			*owner = hold;
	}
	g_autofree uint64_t *labels = find_labels(work);
	g_autoptr(GPtrArray) owned = g_ptr_array_new();
	for (guint n = 0; n < holds->len; n++) {
		const Hold *hold = &g_array_index(holds, Hold, n);
		if (n > 0 && hold->mac != hold[-1].mac) {
			join_holds((const Hold *const *)owned->pdata, owned->len, labels, parents);
			g_ptr_array_set_size(owned, 0);
		}
		if (owners[hold->endpoint] == hold)
			g_ptr_array_add(owned, (gpointer)hold);
	}
	join_holds((const Hold *const *)owned->pdata, owned->len, labels, parents);
}

uint32_t *am_identity_find(AmMapWork *work)
{
	uint32_t n_endpoints = work->map->endpoints->len;
	uint32_t *parents = g_new(uint32_t, MAX(n_endpoints, 1));
	for (uint32_t n = 0; n < n_endpoints; n++)
		parents[n] = n;
	g_autofree const Hold **owners = g_new0(const Hold *, MAX(n_endpoints, 1));
	g_autoptr(GArray) holds = list_holds(work);
	join_by_mac(work, parents, holds, owners);
	work->macs = g_new0(AmOwnMac, MAX(n_endpoints, 1));
	for (uint32_t n = 0; n < n_endpoints; n++) {
		parents[n] = root_of(parents, n);
		if (owners[n] == NULL)
			continue;
		for (int b = 0; b < 6; b++)
			work->macs[n].octets[b] = (uint8_t)(owners[n]->mac >> (40 - 8 * b));
		work->macs[n].first_ns = owners[n]->first_ns;
		work->macs[n].last_ns = owners[n]->last_ns;
		work->macs[n].known = TRUE;
		work->macs[n].leased = owners[n]->leased != 0;
	}
	return parents;
}
