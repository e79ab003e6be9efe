/* Machines in the middle, and whose a flow's client is. What tells: connections that went on as others (middlebox-relays.c), what
 * routers and balancers say of the addresses that they share, several operating systems behind one address, a protocol that only
 * proxies are spoken to in; and what a person said, which goes before all of it. Fed by the finished edges and by observations.
 *
 * Headers that claim another client (X-Forwarded-For and the like) are not taken for evidence: whoever asks can write one. */
#include "config.h"

#include "middlebox.h"

#include "allowmap/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

AmMiddlebox *am_middlebox_add(AmMiddleboxWork *found, uint32_t endpoint)
{
	GArray *boxes = found->work->map->middleboxes;
	uint64_t key = endpoint;
	uint32_t at = am_table_add(found->places, &key);
	if (at == boxes->len) {
		AmMiddlebox fresh = {.endpoint = endpoint, .holder = AM_NO_INDEX};
		g_array_append_val(boxes, fresh);
	}
	return &g_array_index(boxes, AmMiddlebox, at);
}

void am_middlebox_tell(AmMiddlebox *box, const char *format, ...)
{
	char words[sizeof box->why];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(words, sizeof words, format, arguments);
	va_end(arguments);
	size_t size = strlen(box->why);
	/* What would be cut is left out. */
	if (size + strlen(words) + 3 > sizeof box->why)
		return;
	snprintf(box->why + size, sizeof box->why - size, "%s%s", size > 0 ? "; " : "", words);
}

/* ---- Addresses that machines pass on to each other */

typedef struct {
	char protocol[8];
	unsigned group;
	AmAddress speaker;
} Virtual;

/* "vrrp/100@10.0.0.4" */
static gboolean parse_virtual(const char *value, Virtual *ret)
{
	const char *slash = strchr(value, '/'), *at = strchr(value, '@');
	guint64 group;
	if (slash == NULL || at == NULL || slash > at || slash - value >= (ptrdiff_t)sizeof ret->protocol)
		return FALSE;
	g_autofree char *number = g_strndup(slash + 1, (size_t)(at - slash - 1));
	memset(ret->protocol, 0, sizeof ret->protocol);
	memcpy(ret->protocol, value, (size_t)(slash - value));
	if (!g_ascii_string_to_unsigned(number, 10, 0, UINT16_MAX, &group, NULL))
		return FALSE;
	ret->group = (unsigned)group;
	return am_address_parse(at + 1, &ret->speaker);
}

static void find_virtual(AmMiddleboxWork *found)
{
	const GArray *observations = found->work->observations;
	AmMap *map = found->work->map;
	int64_t until_ns = 0; /* of what was told of the same address before */
	for (guint n = 0; observations != NULL && n < observations->len; n++) {
		const AmObservation *o = &g_array_index(observations, AmObservation, n);
		Virtual about;
		uint32_t endpoint = o->kind == AM_OBSERVED_VIRTUAL && parse_virtual(o->value, &about)
					    ? am_map_find_endpoint(map, o->network, &o->address)
					    : AM_NO_INDEX;
		if (endpoint == AM_NO_INDEX)
			continue;
		AmMiddlebox *box = am_middlebox_add(found, endpoint);
		if (box->is_virtual && o->last_ns <= until_ns)
			continue;
		char speaker[AM_ADDRESS_TEXT_SIZE];
		until_ns = o->last_ns;
		box->is_virtual = TRUE;
		box->holder = am_map_find_endpoint(map, o->network, &about.speaker);
		box->why[0] = '\0';
		am_middlebox_tell(box, "%s says that it has this address (%s group %u)",
				  am_address_text(&about.speaker, speaker), about.protocol, about.group);
	}
}

/* ---- Several systems behind one address */

typedef struct {
	uint32_t n_macs, n_systems;
	const AmObservation *systems[8]; /* the first ones, by their text */
	uint64_t count;
} Behind;

static gboolean overlap(const AmObservation *a, const AmObservation *b)
{
	return a->first_ns < b->last_ns && b->first_ns < a->last_ns;
}

/* Two that are seen often enough, and in the same time: not one machine after the other. */
static gboolean are_several(const Behind *behind)
{
	for (uint32_t a = 0; a < behind->n_systems; a++) {
		for (uint32_t b = a + 1; b < behind->n_systems; b++) {
			uint64_t least = MIN(behind->systems[a]->count, behind->systems[b]->count);
			if (least >= AM_SYSTEM_CONNECTIONS && least >= behind->count / AM_SYSTEM_SHARE &&
			    overlap(behind->systems[a], behind->systems[b]))
				return TRUE;
		}
	}
	return FALSE;
}

static void judge_systems(AmMiddleboxWork *found, uint32_t endpoint, const Behind *behind)
{
	const AmMapWork *work = found->work;
	/* Who had the address one after the other, or who scans with packets of his own making, shows several as well. */
	if (endpoint == AM_NO_INDEX || behind->n_macs > 1 || work->hosts[endpoint].leased ||
	    work->hosts[endpoint].scanner || work->macs[endpoint].leased || !are_several(behind))
		return;
	AmMiddlebox *box = am_middlebox_add(found, endpoint);
	box->role = box->role == AM_MIDDLEBOX_NONE ? AM_MIDDLEBOX_NAT : box->role;
	box->hides = TRUE;
	am_middlebox_tell(box, "%u operating systems open connections from it at the same time", behind->n_systems);
}

static void find_systems(AmMiddleboxWork *found)
{
	const GArray *observations = found->work->observations;
	guint n = 0;
	while (observations != NULL && n < observations->len) {
		const AmObservation *first = &g_array_index(observations, AmObservation, n);
		Behind behind = {0};
		for (; n < observations->len; n++) {
			const AmObservation *o = &g_array_index(observations, AmObservation, n);
			if (o->network != first->network || am_address_compare(&o->address, &first->address) != 0)
				break;
			behind.n_macs += o->kind == AM_OBSERVED_MAC;
			if (o->kind != AM_OBSERVED_SYSTEM)
				continue;
			behind.count += o->count;
			if (behind.n_systems < G_N_ELEMENTS(behind.systems))
				behind.systems[behind.n_systems++] = o;
		}
		if (behind.n_systems > 1)
			judge_systems(found, am_map_find_endpoint(found->work->map, first->network, &first->address),
				      &behind);
	}
}

/* ---- What only proxies are spoken to in */

static gboolean is_proxied(const AmEdge *edge)
{
	static const char *const names[] = {"http-connect", "http_connect", "http-proxy", "http_proxy", "socks"};
	if (edge->n_l7 == 0 || edge->l7[0].confidence != AM_L7_DPI || edge->verdict == AM_VERDICT_SUSPICIOUS ||
	    edge->outcomes[AM_OUTCOME_ACCEPTED] < AM_RELAYED_CONNECTIONS)
		return FALSE;
	for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
		if (g_str_has_prefix(edge->l7[0].name, names[n]))
			return TRUE;
	}
	return FALSE;
}

static void find_proxies(AmMiddleboxWork *found)
{
	char service[AM_SERVICE_TEXT_SIZE];
	for (guint n = 0; n < found->work->map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(found->work, n);
		if (!is_proxied(edge))
			continue;
		AmMiddlebox *box = am_middlebox_add(found, edge->server);
		if (box->role == AM_MIDDLEBOX_PROXY && box->hides)
			continue;
		box->role = AM_MIDDLEBOX_PROXY;
		box->hides = TRUE;
		am_middlebox_tell(box, "clients ask it as a proxy (%s on %s)", edge->l7[0].name,
				  am_service_text(edge->ip_protocol, edge->port, service));
	}
}

/* ---- What people said */

/* The newest row of each address; one that is for a network goes before one that is for any. */
static const AmMiddleboxHint *find_hint(const AmMapWork *work, uint32_t endpoint)
{
	const GArray *hints = work->decisions != NULL ? work->decisions->middleboxes : NULL;
	const AmEndpoint *end = &g_array_index(work->map->endpoints, AmEndpoint, endpoint);
	const char *network = end->network < work->map->networks->len ? work->map->networks->pdata[end->network] : NULL;
	const AmMiddleboxHint *any = NULL;
	gboolean taken_back = FALSE; /* what was said of it in its network */
	for (guint n = hints != NULL ? hints->len : 0; n-- > 0;) {
		const AmMiddleboxHint *hint = &g_array_index(hints, AmMiddleboxHint, n);
		if (am_address_compare(&hint->address, &end->address) != 0)
			continue;
		if (hint->network != NULL && g_strcmp0(hint->network, network) == 0 && !taken_back) {
			if (hint->role != AM_MIDDLEBOX_WITHDRAWN)
				return hint;
			taken_back = TRUE;
		}
		if (hint->network == NULL && any == NULL)
			any = hint;
	}
	return any != NULL && any->role != AM_MIDDLEBOX_WITHDRAWN ? any : NULL;
}

static void apply_hint(AmMiddleboxWork *found, uint32_t endpoint, const AmMiddleboxHint *hint)
{
	AmMiddlebox *box = am_middlebox_add(found, endpoint);
	g_autofree char *who = am_text_safe_dup(hint->who != NULL ? hint->who : "-");
	g_autofree char *why = am_text_safe_dup(hint->why != NULL ? hint->why : "");
	char before[sizeof box->why];
	/* A balancer that was seen to leave the clients' addresses as they are does not hide them. */
	gboolean keeps = box->role == AM_MIDDLEBOX_BALANCER && hint->role == AM_MIDDLEBOX_BALANCER && !box->hides;
	box->hides = hint->role != AM_MIDDLEBOX_NONE && !keeps;
	box->role = (uint8_t)hint->role;
	box->hinted = TRUE;
	g_strlcpy(before, box->why, sizeof before);
	box->why[0] = '\0';
	am_middlebox_tell(box, "%.60s said so%s%.80s", who, why[0] != '\0' ? ": " : "", why);
	if (before[0] != '\0' && hint->role != AM_MIDDLEBOX_NONE)
		am_middlebox_tell(box, "%s", before);
}

static void apply_hints(AmMiddleboxWork *found)
{
	const AmMapWork *work = found->work;
	const GArray *hints = work->decisions != NULL ? work->decisions->middleboxes : NULL;
	g_autoptr(AmTable) done = am_table_new(sizeof(uint64_t));
	for (guint n = 0; hints != NULL && n < hints->len; n++) {
		for (uint32_t network = 0; network < work->map->networks->len; network++) {
			const AmMiddleboxHint *hint = &g_array_index(hints, AmMiddleboxHint, n);
			uint64_t key = am_map_find_endpoint(work->map, network, &hint->address);
			uint32_t n_done = am_table_size(done);
			if (key == AM_NO_INDEX || am_table_add(done, &key) != n_done)
				continue;
			hint = find_hint(work, (uint32_t)key);
			if (hint != NULL)
				apply_hint(found, (uint32_t)key, hint);
		}
	}
}

/* ---- Whose the clients are */

static AmClientView view_of(const AmMiddleboxWork *found, const AmEdge *edge)
{
	const AmMapWork *work = found->work;
	const AmMiddlebox *box = am_middlebox_find(work->map, edge->client);
	uint64_t key = am_socket_key(edge->client, edge->ip_protocol, edge->port);
	if (box != NULL && box->hides) {
		gboolean is_tcp = edge->ip_protocol == AM_PROTO_TCP;
		/* A check of its own says nothing, or hardly. */
		if (box->role == AM_MIDDLEBOX_NAT ||
		    (edge->payload_both > 0 && am_table_find(found->asks, &key) != AM_TABLE_NONE) ||
		    (is_tcp && (box->hinted || box->role == AM_MIDDLEBOX_PROXY)))
			return AM_CLIENT_HIDDEN;
	}
	return work->macs[edge->client].known || work->hosts[edge->client].leased ? AM_CLIENT_REAL : AM_CLIENT_UNKNOWN;
}

static int compare_boxes(gconstpointer a, gconstpointer b)
{
	const AmMiddlebox *x = a, *y = b;
	return x->endpoint < y->endpoint ? -1 : x->endpoint > y->endpoint;
}

static int compare_relays(gconstpointer a, gconstpointer b)
{
	const AmRelay *x = a, *y = b;
	const uint32_t left[] = {x->front, x->front_port, x->client, x->server, x->port};
	const uint32_t right[] = {y->front, y->front_port, y->client, y->server, y->port};
	for (size_t n = 0; n < G_N_ELEMENTS(left); n++) {
		if (left[n] != right[n])
			return left[n] < right[n] ? -1 : 1;
	}
	return 0;
}

void am_middleboxes_build(AmMapWork *work)
{
	g_autoptr(AmTable) places = am_table_new(sizeof(uint64_t)), asks = am_table_new(sizeof(uint64_t));
	AmMiddleboxWork found = {work, places, asks};
	find_virtual(&found);
	am_middlebox_find_relays(&found);
	find_proxies(&found);
	find_systems(&found);
	apply_hints(&found);
	g_array_sort(work->map->middleboxes, compare_boxes);
	g_array_sort(work->map->relays, compare_relays);
	am_middlebox_find_legs(work->map);
	for (guint n = 0; n < work->map->edges->len; n++) {
		AmEdge *edge = am_work_edge(work, n);
		edge->client_view = (uint8_t)view_of(&found, edge);
	}
}
