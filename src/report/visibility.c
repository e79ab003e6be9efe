/* `status --visibility`: what the mirrors show, pair by pair of subnets, and where one is missing, in words that can be handed
 * to those who run the switches. Fed by the map's visibility. Of a pair without packets it says no more than that. */
#include "config.h"

#include "text.h"
#include "writer.h"

/* Of pairs without packets, and of taps and hosts; the data formats have all that are listed. */
#define TABLE_ROWS 200
#define TABLE_PLACES 50

typedef struct {
	const AmMap *map;
	const AmVisibility *seen;
	GString *to;
} Page;

static const AmSubnet *subnet_at(const Page *page, uint32_t n)
{
	return &g_array_index(page->seen->subnets, AmSubnet, n);
}

/* "10.0.3.0/24", with the network where there are several. g_free() */
static char *place_text(const Page *page, uint32_t subnet)
{
	if (subnet == AM_SUBNET_OUTSIDE)
		return g_strdup("outside");
	g_autofree char *prefix = am_prefix_text(&subnet_at(page, subnet)->prefix);
	uint32_t network = subnet_at(page, subnet)->network;
	if (page->map->networks->len < 2 || network >= page->map->networks->len)
		return g_steal_pointer(&prefix);
	g_autofree char *name = am_text_safe_dup(page->map->networks->pdata[network]);
	return g_strdup_printf("%s in %s", prefix, name);
}

/* "udp/53 of 10.0.6.2"; "" when nothing is expected. g_free() */
static char *expected_text(const Page *page, const AmSubnetPair *pair)
{
	if (pair->expected_by == 0)
		return g_strdup("");
	char service[AM_SERVICE_TEXT_SIZE], address[AM_ADDRESS_TEXT_SIZE];
	const AmEdge *edge = &g_array_index(page->map->edges, AmEdge, pair->expected_edge);
	return g_strdup_printf(
		"%s of %s", am_service_text(edge->ip_protocol, edge->port, service),
		am_address_text(&g_array_index(page->map->endpoints, AmEndpoint, edge->server).address, address));
}

/* What speaks for a need, or which direction is missing. g_free() */
static char *note_text(const Page *page, const AmSubnetPair *pair)
{
	g_autofree char *expected = expected_text(page, pair);
	if (pair->class == AM_VISIBILITY_NONE)
		return pair->expected_by == 0
			       ? g_strdup("")
			       : g_strdup_printf("%s is used from %u other subnets", expected, pair->expected_by);
	if (pair->class != AM_VISIBILITY_ONE_WAY)
		return g_strdup("");
	if (pair->expected_by > 0)
		return g_strdup_printf(
			"only one service was seen, as behind a balancer, and not %s, which %u other subnets "
			"use",
			expected, pair->expected_by);
	if (pair->balanced)
		return g_strdup("only what a balancer hands on was seen");
	if (pair->fronted)
		return g_strdup("what is needed may be handed on by a balancer, over a pair that is not seen");
	if (pair->a == pair->b)
		return g_strdup("no answer was seen");
	gboolean both_sent = pair->packets[0] > 0 && pair->packets[1] > 0;
	g_autofree char *from = place_text(page, pair->packets[0] > 0 ? pair->a : pair->b);
	return both_sent ? g_strdup("only attempts were seen; what is needed may be handed on by a balancer")
			 : g_strdup_printf("only what is sent from %s was seen", from);
}

static void append_all(const Page *page, void (*append)(const Page *page, const AmSubnetPair *pair, gboolean first),
		       guint max_unseen)
{
	const AmVisibility *seen = page->seen;
	gboolean first = TRUE;
	for (guint n = 0; n < seen->unseen->len && n < max_unseen; n++, first = FALSE)
		append(page, &g_array_index(seen->unseen, AmSubnetPair, n), first);
	for (int class = AM_VISIBILITY_ONE_WAY; class <= AM_VISIBILITY_BOTH; class ++)
		for (guint n = 0; n < seen->pairs->len; n++) {
			const AmSubnetPair *pair = &g_array_index(seen->pairs, AmSubnetPair, n);
			if (pair->class != class)
				continue;
			append(page, pair, first);
			first = FALSE;
		}
}

/* ---- Table */

static uint64_t all_pairs(const AmVisibility *seen)
{
	uint64_t sum = 0;
	for (int class = 0; class < AM_N_VISIBILITIES; class ++)
		sum += seen->n_pairs[class];
	return sum;
}

static void in_words(const Page *page)
{
	const AmVisibility *seen = page->seen;
	GString *to = page->to;
	char number[AM_NUMBER_TEXT_SIZE];
	am_text_append_counted(to, seen->subnets->len, "inside subnet", NULL);
	g_string_append_printf(to, ", %s: ", seen->has_outside ? "and the outside" : "and nothing counts as outside");
	am_text_append_counted(to, all_pairs(seen), "pair", NULL);
	g_string_append(to, ". ");
	am_text_append_counted(to, seen->n_pairs[AM_VISIBILITY_BOTH], "pair is", "pairs are");
	g_string_append(to, " seen both ways, ");
	g_string_append(to, am_number_text(seen->n_pairs[AM_VISIBILITY_ONE_WAY], number));
	g_string_append(to, " one way, ");
	if (seen->n_pairs[AM_VISIBILITY_DECLARED] > 0) {
		g_string_append(to, am_number_text(seen->n_pairs[AM_VISIBILITY_DECLARED], number));
		g_string_append(to, " declared visible though silent, ");
	}
	g_string_append(to, am_number_text(seen->n_pairs[AM_VISIBILITY_NONE], number));
	g_string_append(to, " not at all.\n");
	if (seen->n_pairs[AM_VISIBILITY_NONE] + seen->n_pairs[AM_VISIBILITY_ONE_WAY] > 0)
		g_string_append(
			to,
			"A pair that is not seen may be silent, or no tap shows it: that cannot be told, so nothing "
			"is denied there by default. Nor is it for inside addresses of subnets that are not listed: "
			"nobody in them was seen.\n");
}

/* What the table leaves out of a list of places. */
static void and_more(GString *to, guint n, const char *noun)
{
	if (n <= TABLE_PLACES)
		return;
	g_string_append(to, "  and ");
	am_text_append_counted(to, n - TABLE_PLACES, noun, NULL);
	g_string_append(to, " more; --format json lists them\n");
}

static void missing_taps(const Page *page)
{
	const AmVisibility *seen = page->seen;
	GString *to = page->to;
	if (seen->taps->len == 0)
		return;
	g_string_append(to, "Taps that may be missing (each shows what those above it do not):\n");
	for (guint n = 0; n < MIN(seen->taps->len, TABLE_PLACES); n++) {
		const AmTap *tap = &g_array_index(seen->taps, AmTap, n);
		g_autofree char *place = place_text(page, tap->subnet);
		if (tap->subnet == AM_SUBNET_OUTSIDE)
			g_string_append(to, "  mirror the link to the outside, before any address translation: ");
		else
			g_string_append_printf(to, "  mirror the router's port (or VLAN) of %s: ", place);
		am_text_append_counted(to, tap->pairs, "pair", NULL);
		if (tap->expected > 0)
			g_string_append_printf(to, ", %u of them without a service that others use", tap->expected);
		g_string_append_c(to, '\n');
	}
	and_more(to, seen->taps->len, "place");
	if (seen->n_within > 0) {
		g_string_append(to, "  mirror the access switches: ");
		am_text_append_counted(to, seen->n_within, "subnet", NULL);
		g_string_append(to,
				" whose hosts were not seen to talk among themselves, which no router's port shows\n");
	}
}

static void half_seen(const Page *page)
{
	GString *to = page->to;
	if (page->seen->half_seen->len == 0)
		return;
	g_string_append(to,
			"Hosts of which one direction is missing (nothing is denied to or from them by default):\n");
	for (guint n = 0; n < MIN(page->seen->half_seen->len, TABLE_PLACES); n++) {
		const AmHalfSeen *half = &g_array_index(page->seen->half_seen, AmHalfSeen, n);
		char address[AM_ADDRESS_TEXT_SIZE];
		const AmEndpoint *endpoint = &g_array_index(page->map->endpoints, AmEndpoint, half->endpoint);
		g_string_append_printf(to, "  %s: what it %s is not mirrored, as ",
				       am_address_text(&endpoint->address, address),
				       half->lacks_sent ? "sends" : "receives");
		am_text_append_counted(to, half->edges, "edge shows", "edges show");
		g_string_append_c(to, '\n');
	}
	and_more(to, page->seen->half_seen->len, "host");
}

/* They are on a link that is mirrored, and what they do passes somewhere else; or they are silent. */
static void only_arp(const Page *page)
{
	GString *to = page->to;
	const AmMap *map = page->map;
	if (map->neighbours->len > 0)
		g_string_append(
			to, "Hosts of which only ARP was seen (what they do is not mirrored, or they are silent):\n");
	for (guint n = 0; n < MIN(map->neighbours->len, TABLE_PLACES); n++) {
		const AmNeighbour *neighbour = &g_array_index(map->neighbours, AmNeighbour, n);
		char address[AM_ADDRESS_TEXT_SIZE], mac[AM_MAC_TEXT_SIZE], last[AM_TIME_TEXT_SIZE];
		g_string_append_printf(to, "  %s at %s, last %s\n", am_address_text(&neighbour->address, address),
				       am_mac_text(neighbour->mac, mac), am_time_text(neighbour->last_ns, last));
	}
	and_more(to, map->neighbours->len, "host");
}

static void table_row(const Page *page, const AmSubnetPair *pair, gboolean first)
{
	g_autofree char *a = place_text(page, pair->a), *b = place_text(page, pair->b), *note = note_text(page, pair);
	char number[AM_NUMBER_TEXT_SIZE];
	if (first)
		g_string_append_printf(page->to, "%-24s %-24s %-10s %14s  %s\n", "subnet", "with", "visibility",
				       "connections", "note");
	g_string_append_printf(page->to, "%-24s %-24s %-10s %14s%s%s\n", a, pair->a == pair->b ? "itself" : b,
			       am_visibility_name((AmVisibilityClass)pair->class),
			       am_number_text(pair->connections, number), note[0] != '\0' ? "  " : "", note);
}

static void as_table(const Page *page)
{
	const AmVisibility *seen = page->seen;
	in_words(page);
	missing_taps(page);
	half_seen(page);
	only_arp(page);
	append_all(page, table_row, TABLE_ROWS);
	uint64_t listed = MIN(seen->unseen->len, TABLE_ROWS);
	if (seen->n_pairs[AM_VISIBILITY_NONE] <= listed)
		return;
	g_string_append(page->to, "and ");
	am_text_append_counted(page->to, seen->n_pairs[AM_VISIBILITY_NONE] - listed, "pair more", "pairs more");
	g_string_append_printf(page->to, " without packets%s\n",
			       seen->unseen->len > listed ? "; --format json lists them" : "");
}

/* ---- Data */

static void json_text(const Page *page, const char *key, char *text)
{
	g_autofree char *owned = text;
	g_string_append_printf(page->to, "\"%s\":", key);
	am_text_append_json(page->to, owned);
}

static void json_time(GString *to, const char *key, int64_t ns)
{
	char text[AM_TIME_TEXT_SIZE];
	if (ns == 0)
		g_string_append_printf(to, ",\"%s\":null", key);
	else
		g_string_append_printf(to, ",\"%s\":\"%s\"", key, am_time_text(ns, text));
}

static void json_pair(const Page *page, const AmSubnetPair *pair, gboolean first)
{
	GString *to = page->to;
	g_string_append(to, first ? "\n{" : ",\n{");
	json_text(page, "subnet", place_text(page, pair->a));
	g_string_append_c(to, ',');
	json_text(page, "with", place_text(page, pair->b));
	g_string_append_printf(to,
			       ",\"visibility\":\"%s\",\"edges\":%u,\"connections\":%" G_GUINT64_FORMAT
			       ",\"packets_from\":%" G_GUINT64_FORMAT ",\"packets_to\":%" G_GUINT64_FORMAT,
			       am_visibility_name((AmVisibilityClass)pair->class), pair->edges, pair->connections,
			       pair->packets[0], pair->packets[1]);
	json_time(to, "first", pair->first_ns);
	json_time(to, "last", pair->last_ns);
	if (pair->expected_by > 0) {
		g_string_append_c(to, ',');
		json_text(page, "expected", expected_text(page, pair));
		g_string_append_printf(to, ",\"expected_by\":%u", pair->expected_by);
	}
	g_string_append_c(to, '}');
}

static void json_subnets(const Page *page)
{
	for (guint n = 0; n < page->seen->subnets->len; n++) {
		const AmSubnet *subnet = subnet_at(page, n);
		g_string_append(page->to, n > 0 ? ",\n{" : "\n{");
		json_text(page, "subnet", place_text(page, n));
		g_string_append_printf(page->to, ",\"hosts\":%u,\"half_seen\":%u", subnet->hosts, subnet->half_seen);
		for (int class = AM_N_VISIBILITIES - 1; class >= 0; class --)
			g_string_append_printf(page->to, ",\"%s\":%u", am_visibility_name((AmVisibilityClass) class),
					       subnet->pairs[class]);
		g_string_append_c(page->to, '}');
	}
}

static void json_taps(const Page *page)
{
	for (guint n = 0; n < page->seen->taps->len; n++) {
		const AmTap *tap = &g_array_index(page->seen->taps, AmTap, n);
		g_string_append(page->to, n > 0 ? ",\n{" : "\n{");
		json_text(page, "mirror", place_text(page, tap->subnet));
		g_string_append_printf(page->to, ",\"pairs\":%u,\"expected\":%u}", tap->pairs, tap->expected);
	}
}

static void json_half_seen(const Page *page)
{
	for (guint n = 0; n < page->seen->half_seen->len; n++) {
		const AmHalfSeen *half = &g_array_index(page->seen->half_seen, AmHalfSeen, n);
		char address[AM_ADDRESS_TEXT_SIZE];
		const AmEndpoint *endpoint = &g_array_index(page->map->endpoints, AmEndpoint, half->endpoint);
		g_string_append_printf(page->to, "%s\n{\"address\":\"%s\",", n > 0 ? "," : "",
				       am_address_text(&endpoint->address, address));
		json_text(page, "subnet", place_text(page, half->subnet));
		g_string_append_printf(page->to, ",\"missing\":\"%s\",\"edges\":%u}",
				       half->lacks_sent ? "sent" : "received", half->edges);
	}
}

static void json_only_arp(const Page *page)
{
	for (guint n = 0; n < page->map->neighbours->len; n++) {
		const AmNeighbour *neighbour = &g_array_index(page->map->neighbours, AmNeighbour, n);
		char address[AM_ADDRESS_TEXT_SIZE], mac[AM_MAC_TEXT_SIZE];
		g_string_append_printf(page->to, "%s\n{\"address\":\"%s\",\"mac\":\"%s\"", n > 0 ? "," : "",
				       am_address_text(&neighbour->address, address), am_mac_text(neighbour->mac, mac));
		json_time(page->to, "first", neighbour->first_ns);
		json_time(page->to, "last", neighbour->last_ns);
		g_string_append_c(page->to, '}');
	}
}

static void as_json(const Page *page)
{
	const AmVisibility *seen = page->seen;
	g_string_append_printf(page->to, "{\"pairs\":{\"all\":%" G_GUINT64_FORMAT, all_pairs(seen));
	for (int class = AM_N_VISIBILITIES - 1; class >= 0; class --)
		g_string_append_printf(page->to, ",\"%s\":%" G_GUINT64_FORMAT,
				       am_visibility_name((AmVisibilityClass) class), seen->n_pairs[class]);
	g_string_append_printf(page->to,
			       ",\"none_within\":%" G_GUINT64_FORMAT ",\"none_expected\":%" G_GUINT64_FORMAT
			       ",\"none_listed\":%u},\n\"subnets\":[",
			       seen->n_within, seen->n_expected, seen->unseen->len);
	json_subnets(page);
	g_string_append(page->to, "],\n\"missing_taps\":[");
	json_taps(page);
	g_string_append(page->to, "],\n\"half_seen\":[");
	json_half_seen(page);
	g_string_append(page->to, "],\n\"arp_only\":[");
	json_only_arp(page);
	g_string_append_printf(page->to, "],\n\"arp_asked_for\":%" G_GUINT64_FORMAT ",\n\"list\":[",
			       page->map->n_asked);
	append_all(page, json_pair, G_MAXUINT);
	g_string_append(page->to, "]}\n");
}

static void csv_row(const Page *page, const AmSubnetPair *pair, gboolean first)
{
	g_autofree char *a = place_text(page, pair->a), *b = place_text(page, pair->b), *note = note_text(page, pair);
	if (first)
		g_string_append(page->to, "subnet,with,visibility,edges,connections,packets_from,packets_to,note\n");
	am_text_append_csv(page->to, a);
	g_string_append_c(page->to, ',');
	am_text_append_csv(page->to, b);
	g_string_append_printf(page->to, ",%s,%u,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",",
			       am_visibility_name((AmVisibilityClass)pair->class), pair->edges, pair->connections,
			       pair->packets[0], pair->packets[1]);
	am_text_append_csv(page->to, note);
	g_string_append_c(page->to, '\n');
}

gboolean am_report_visibility(const AmMap *map, const AmVisibility *visibility, AmFormat format, FILE *out,
			      GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	const Page page = {map, visibility, text};
	switch (format) {
	case AM_FORMAT_TABLE:
		as_table(&page);
		break;
	case AM_FORMAT_JSON:
		as_json(&page);
		break;
	case AM_FORMAT_CSV:
		append_all(&page, csv_row, G_MAXUINT);
		break;
	}
	fwrite(text->str, 1, text->len, out);
	return am_write_flush(out, error);
}
