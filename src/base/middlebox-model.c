/* Names of what middleboxes are, and lists of what was said of them. */
#include "config.h"

#include "allowmap/base.h"

#include <string.h>

const char *am_middlebox_role_name(int role)
{
	static const char *const names[AM_N_MIDDLEBOX_ROLES + 1] = {
#define X(id, name) [AM_MIDDLEBOX_##id] = name,
		AM_MIDDLEBOX_ROLES(X)
#undef X
			[AM_MIDDLEBOX_WITHDRAWN] = "withdrawn",
	};
	return role >= 0 && role <= AM_MIDDLEBOX_WITHDRAWN ? names[role] : NULL;
}

gboolean am_middlebox_role_parse(const char *name, int *ret_role)
{
	for (int role = 0; role <= AM_MIDDLEBOX_WITHDRAWN; role++) {
		if (strcmp(name, am_middlebox_role_name(role)) == 0) {
			*ret_role = role;
			return TRUE;
		}
	}
	return FALSE;
}

const char *am_client_view_name(AmClientView view)
{
	static const char *const names[AM_N_CLIENT_VIEWS] = {
#define X(id, name) [AM_CLIENT_##id] = name,
		AM_CLIENT_VIEWS(X)
#undef X
	};
	return view < AM_N_CLIENT_VIEWS ? names[view] : NULL;
}

static void clear_hint(gpointer hint)
{
	g_free(((AmMiddleboxHint *)hint)->network);
	g_free(((AmMiddleboxHint *)hint)->who);
	g_free(((AmMiddleboxHint *)hint)->why);
}

GArray *am_middlebox_hints_new(void)
{
	GArray *hints = g_array_new(FALSE, TRUE, sizeof(AmMiddleboxHint));
	g_array_set_clear_func(hints, clear_hint);
	return hints;
}

/* ---- In a map */

static int compare_boxes(gconstpointer a, gconstpointer b)
{
	const AmMiddlebox *x = a, *y = b;
	return x->endpoint < y->endpoint ? -1 : x->endpoint > y->endpoint;
}

const AmMiddlebox *am_middlebox_find(const AmMap *map, uint32_t endpoint)
{
	const AmMiddlebox wanted = {.endpoint = endpoint};
	guint at;
	return map->middleboxes != NULL && g_array_binary_search(map->middleboxes, &wanted, compare_boxes, &at)
		       ? &g_array_index(map->middleboxes, AmMiddlebox, at)
		       : NULL;
}

static guint first_leg(const AmMap *map, uint32_t edge)
{
	guint low = 0, high = map->legs->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		if (g_array_index(map->legs, AmLeg, middle).edge < edge)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

guint am_legs_find(const AmMap *map, uint32_t edge, guint *ret_first)
{
	guint n = 0;
	*ret_first = 0;
	if (map->legs == NULL)
		return 0;
	*ret_first = first_leg(map, edge);
	while (*ret_first + n < map->legs->len && g_array_index(map->legs, AmLeg, *ret_first + n).edge == edge)
		n++;
	return n;
}

static const char *end_text(const AmMap *map, uint32_t endpoint, char text[AM_ADDRESS_TEXT_SIZE])
{
	return endpoint != AM_NO_INDEX
		       ? am_address_text(&g_array_index(map->endpoints, AmEndpoint, endpoint).address, text)
		       : "any";
}

char *am_leg_text(const AmMap *map, const AmLeg *leg)
{
	const AmEdge *edge = &g_array_index(map->edges, AmEdge, leg->edge);
	const AmRelay *relay = &g_array_index(map->relays, AmRelay, leg->relay);
	gboolean is_translation = relay->front_port == 0;
	uint32_t client, server = is_translation ? edge->server : leg->front ? relay->server : relay->front;
	uint16_t port = is_translation ? edge->port : leg->front ? relay->port : relay->front_port;
	if (is_translation)
		client = leg->front ? relay->client : relay->front;
	else if (relay->client == AM_NO_INDEX)
		client = edge->client;
	else
		client = leg->front ? relay->client : AM_NO_INDEX;
	char from[AM_ADDRESS_TEXT_SIZE], to[AM_ADDRESS_TEXT_SIZE], service[AM_SERVICE_TEXT_SIZE];
	return g_strdup_printf("%s > %s %s", end_text(map, client, from), end_text(map, server, to),
			       am_service_text(edge->ip_protocol, port, service));
}
