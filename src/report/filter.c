/* --asset, --group, --port, --l7, --verdict: from the words of the command line to a test on a row. What is wrong is
 * said with what would be right. */
#include "config.h"

#include "filter.h"

#include "text.h"
#include "view.h"

#include <string.h>

#define MAX_GROUPS_NAMED 30
#define MAX_L7_NAMED 20

static gboolean parse_asset(const char *text, AmFilter *filter, GError **error)
{
	g_autoptr(GError) reason = NULL;
	AmAddress address;
	filter->has_asset = TRUE;
	if (am_address_parse(text, &address)) {
		filter->asset = am_prefix_host(&address);
		return TRUE;
	}
	if (am_prefix_parse(text, &filter->asset, &reason))
		return TRUE;
	g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION,
		    "--asset '%s': %s; give an address or a CIDR block, such as 10.0.0.5, 10.0.0.0/8 or 2001:db8::/32",
		    text, reason != NULL ? reason->message : "not an address");
	return FALSE;
}

static gboolean parse_group(const char *text, AmFilter *filter, GError **error)
{
	const AmMap *map = filter->map;
	for (guint i = 0; i < map->groups->len; i++) {
		const AmGroup *group = &g_array_index(map->groups, AmGroup, i);
		if (strcmp(group->id, text) == 0 || strcmp(group->name, text) == 0) {
			filter->group = i;
			return TRUE;
		}
	}
	g_autoptr(GString) names = g_string_new(NULL);
	for (guint i = 0; i < map->groups->len && i < MAX_GROUPS_NAMED; i++)
		g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", g_array_index(map->groups, AmGroup, i).name);
	if (map->groups->len > MAX_GROUPS_NAMED)
		g_string_append_printf(names, " and %u more ('allowmap groups' lists them)",
				       map->groups->len - MAX_GROUPS_NAMED);
	g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION,
		    "--group '%s': no group has this name or id; the groups are: %s", text,
		    map->groups->len > 0 ? names->str : "(none)");
	return FALSE;
}

static gboolean parse_port_number(const char *text, uint16_t *ret_port)
{
	guint64 port;
	if (!g_ascii_isdigit(*text) || !g_ascii_string_to_unsigned(text, 10, 0, 65535, &port, NULL))
		return FALSE;
	*ret_port = (uint16_t)port;
	return TRUE;
}

static gboolean parse_port(const char *text, AmFilter *filter, GError **error)
{
	const char *slash = strchr(text, '/');
	const char *ports = slash != NULL ? slash + 1 : text;
	gboolean good = TRUE;
	if (slash != NULL) {
		g_autofree char *protocol = g_strndup(text, (gsize)(slash - text));
		good = am_protocol_parse(protocol, &filter->ip_protocol) && filter->ip_protocol >= 0 &&
		       am_service_has_ports((uint8_t)filter->ip_protocol);
	}
	const char *dash = strchr(ports, '-');
	if (dash != NULL) {
		g_autofree char *low = g_strndup(ports, (gsize)(dash - ports));
		good = good && parse_port_number(low, &filter->port_low) &&
		       parse_port_number(dash + 1, &filter->port_high);
	} else {
		good = good && parse_port_number(ports, &filter->port_low);
		filter->port_high = filter->port_low;
	}
	if (!good || filter->port_low > filter->port_high) {
		g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION,
			    "--port '%s': not a port; give 443, tcp/443, 8000-8100 or udp/8000-8100 (tcp, udp or sctp; "
			    "0 to 65535)",
			    text);
		return FALSE;
	}
	filter->has_port = TRUE;
	return TRUE;
}

static gboolean parse_verdict(const char *text, AmFilter *filter, GError **error)
{
	if (am_verdict_parse(text, &filter->verdict)) {
		filter->has_verdict = TRUE;
		return TRUE;
	}
	g_autoptr(GString) names = g_string_new(NULL);
	for (int i = 0; i < AM_N_VERDICTS; i++)
		g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", am_verdict_name((AmVerdict)i));
	g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION, "--verdict '%s': not a verdict; one of: %s", text,
		    names->str);
	return FALSE;
}

/* A filter that has no meaning for this listing is refused: ignoring it would show what was not asked for. */
static gboolean check_fit(const AmListOptions *options, const char *what, guint allowed, GError **error)
{
	const struct {
		guint bit;
		const char *value, *name;
	} filters[] = {
		{AM_FILTER_ASSET, options->asset, "asset"},       {AM_FILTER_GROUP, options->group, "group"},
		{AM_FILTER_PORT, options->port, "port"},          {AM_FILTER_L7, options->l7, "l7"},
		{AM_FILTER_VERDICT, options->verdict, "verdict"},
	};
	g_autoptr(GString) fits = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(filters); i++)
		if (allowed & filters[i].bit)
			g_string_append_printf(fits, "%s--%s", fits->len > 0 ? ", " : "", filters[i].name);
	for (guint i = 0; i < G_N_ELEMENTS(filters); i++) {
		if (filters[i].value == NULL || (allowed & filters[i].bit))
			continue;
		g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION,
			    "--%s does not fit '%s', which has no %s of its own ('flows' has); its filters are: %s",
			    filters[i].name, what, filters[i].name, fits->str);
		return FALSE;
	}
	return TRUE;
}

gboolean am_filter_parse(const AmMap *map, const AmListOptions *options, const char *what, guint allowed,
			 AmFilter *ret_filter, GError **error)
{
	AmFilter filter = {.map = map, .group = AM_NO_INDEX, .ip_protocol = -1, .l7 = options->l7};
	if (!check_fit(options, what, allowed, error))
		return FALSE;
	if (options->asset != NULL && !parse_asset(options->asset, &filter, error))
		return FALSE;
	if (options->group != NULL && !parse_group(options->group, &filter, error))
		return FALSE;
	if (options->port != NULL && !parse_port(options->port, &filter, error))
		return FALSE;
	if (options->verdict != NULL && !parse_verdict(options->verdict, &filter, error))
		return FALSE;
	if (options->l7 != NULL && options->l7[0] == '\0') {
		g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION,
			    "--l7 '': give an application protocol as the listings show it, such as tls or tls.google");
		return FALSE;
	}
	*ret_filter = filter;
	return TRUE;
}

static gboolean address_matches(const AmFilter *filter, uint32_t endpoint)
{
	return !filter->has_asset ||
	       am_prefix_contains(&filter->asset, &am_view_endpoint(filter->map, endpoint)->address);
}

static gboolean group_matches(const AmFilter *filter, uint32_t endpoint)
{
	return filter->group == AM_NO_INDEX || am_view_asset(filter->map, endpoint)->group == filter->group;
}

gboolean am_filter_endpoint(const AmFilter *filter, uint32_t endpoint)
{
	return address_matches(filter, endpoint) && group_matches(filter, endpoint);
}

gboolean am_filter_address(const AmFilter *filter, const AmAddress *address)
{
	return (!filter->has_asset || am_prefix_contains(&filter->asset, address)) && filter->group == AM_NO_INDEX;
}

gboolean am_filter_ends(const AmFilter *filter, uint32_t a, uint32_t b)
{
	return (address_matches(filter, a) || address_matches(filter, b)) &&
	       (group_matches(filter, a) || group_matches(filter, b));
}

gboolean am_filter_port(const AmFilter *filter, uint8_t ip_protocol, uint16_t port)
{
	if (!filter->has_port)
		return TRUE;
	if (!am_service_has_ports(ip_protocol) || (filter->ip_protocol >= 0 && filter->ip_protocol != ip_protocol))
		return FALSE;
	return port >= filter->port_low && port <= filter->port_high;
}

gboolean am_filter_l7(const AmFilter *filter, const char *l7)
{
	if (filter->l7 == NULL)
		return TRUE;
	if (l7 == NULL)
		return FALSE;
	size_t size = strlen(filter->l7);
	return g_ascii_strncasecmp(l7, filter->l7, size) == 0 && (l7[size] == '\0' || l7[size] == '.');
}

gboolean am_filter_edge(const AmFilter *filter, const AmEdge *edge)
{
	if (filter->has_verdict && edge->verdict != filter->verdict)
		return FALSE;
	if (!am_filter_ends(filter, edge->client, edge->server) ||
	    !am_filter_port(filter, edge->ip_protocol, edge->port))
		return FALSE;
	if (filter->l7 == NULL)
		return TRUE;
	for (guint i = 0; i < edge->n_l7; i++)
		if (am_filter_l7(filter, edge->l7[i].name))
			return TRUE;
	return FALSE;
}

/* ---- What would have matched */

typedef struct {
	const char *name; /* borrowed from the map */
	uint64_t connections;
} L7Seen;

static int compare_seen(gconstpointer a, gconstpointer b)
{
	const L7Seen *x = a, *y = b;
	if (x->connections != y->connections)
		return x->connections > y->connections ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* L7Seen, the most frequent first. */
static GArray *collect_seen(const AmMap *map)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(L7Seen));
	g_autoptr(GHashTable) numbers = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = am_view_edge(map, n);
		for (guint i = 0; i < edge->n_l7; i++) {
			const AmTallyL7 *l7 = &edge->l7[i];
			guint number = GPOINTER_TO_UINT(g_hash_table_lookup(numbers, l7->name));
			if (number == 0 && l7->name[0] != '\0') {
				L7Seen seen = {.name = l7->name};
				g_array_append_val(all, seen);
				number = all->len;
				g_hash_table_insert(numbers, (gpointer)l7->name, GUINT_TO_POINTER(number));
			}
			if (number != 0)
				g_array_index(all, L7Seen, number - 1).connections += l7->connections;
		}
	}
	g_array_sort(all, compare_seen);
	return all;
}

char *am_report_l7_seen(const AmMap *map, const char *l7)
{
	const AmFilter filter = {.l7 = l7};
	g_autoptr(GArray) all = collect_seen(map);
	g_autoptr(GString) names = g_string_new(NULL);
	for (guint n = 0; n < all->len; n++) {
		const char *name = g_array_index(all, L7Seen, n).name;
		if (am_filter_l7(&filter, name))
			return NULL;
		if (n >= MAX_L7_NAMED)
			continue;
		g_string_append(names, n > 0 ? ", " : "");
		(void)am_text_append_terminal(names, name);
	}
	if (all->len > MAX_L7_NAMED)
		g_string_append_printf(names, " and %u more", all->len - MAX_L7_NAMED);
	return g_string_free(g_steal_pointer(&names), FALSE);
}
