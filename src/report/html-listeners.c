/* The services that are offered, in the report: whether anybody needs them, and what is to be said against them. Fed by the
 * map. */
#include "config.h"

#include "html-writer.h"
#include "html.h"
#include "text.h"
#include "view.h"

#define MAX_LISTENERS 300
#define MAX_UNUSED 100

/* What something is said against comes first, then what nobody needs, then the most used; ties stay in the map's order. */
static int compare_listeners(gconstpointer a, gconstpointer b)
{
	const AmListener *x = *(AmListener *const *)a, *y = *(AmListener *const *)b;
	if (!x->flags != !y->flags)
		return x->flags ? -1 : 1;
	if (!x->idle != !y->idle)
		return x->idle ? -1 : 1;
	if (x->clients != y->clients)
		return x->clients < y->clients ? 1 : -1;
	return (x > y) - (x < y);
}

static void flags_cell(GString *page, uint32_t flags)
{
	const char *names[AM_N_FLAGS];
	guint n = am_view_listener_flags(flags, names);
	if (n == 0) {
		am_html_cell(page, NULL);
		return;
	}
	g_string_append(page, "<td>");
	for (guint i = 0; i < n; i++)
		am_html_add(page, "%s%s", i > 0 ? ", " : "", names[i]);
	g_string_append(page, "</td>");
}

static void listener_row(GString *page, const AmMap *map, const AmListener *listener)
{
	char address[AM_ADDRESS_TEXT_SIZE], service[AM_SERVICE_TEXT_SIZE];
	uint64_t others = 0;
	for (int i = 0; i < AM_N_OUTCOMES; i++)
		others += i != AM_OUTCOME_ACCEPTED ? listener->outcomes[i] : 0;
	g_string_append(page, "<tr>");
	am_html_cell_code(page, am_address_text(&am_view_endpoint(map, listener->endpoint)->address, address));
	am_html_cell(page, am_view_party(map, listener->endpoint));
	am_html_cell_code(page, am_service_text(listener->ip_protocol, listener->port, service));
	if (listener->l7.connections > 0)
		am_html_add(page, "<td>%s <small>%s</small></td>", listener->l7.name,
			    am_l7_confidence_name((AmL7Confidence)listener->l7.confidence));
	else
		am_html_cell(page, NULL);
	am_html_cell_number(page, listener->clients);
	am_html_cell_number(page, listener->outcomes[AM_OUTCOME_ACCEPTED]);
	am_html_cell_number(page, others);
	am_html_add(page, "<td>%s</td>", am_view_listener_state(listener));
	flags_cell(page, listener->flags);
	am_html_cell_span(page, listener->first_ns, listener->last_ns);
	g_string_append(page, "</tr>\n");
}

/* What the flags mean, of those that occur. */
static void flag_words(GString *page, const AmMap *map)
{
	guint numbers[AM_N_FLAGS] = {0};
	uint32_t all = 0;
	for (guint i = 0; i < map->listeners->len; i++) {
		uint32_t flags = g_array_index(map->listeners, AmListener, i).flags;
		all |= flags;
		for (unsigned n = 0; n < AM_N_FLAGS; n++)
			numbers[n] += flags >> n & 1;
	}
	if (all == 0)
		return;
	g_string_append(page, "<p>Against some of them something is to be said:</p>\n<ul>\n");
	for (unsigned n = 0; n < AM_N_FLAGS; n++) {
		char number[AM_NUMBER_TEXT_SIZE];
		if (numbers[n] > 0)
			am_html_add(page, "<li><code>%s</code> (%s): %s</li>\n",
				    am_listener_flag_name((AmListenerFlag)n), am_number_text(numbers[n], number),
				    am_listener_flag_text((AmListenerFlag)n));
	}
	g_string_append(page, "</ul>\n");
}

static void listener_table(GString *page, const AmMap *map)
{
	static const char *const headings[] = {"Address",   "Group",           "Service", "Protocol seen", ">Clients",
					       ">Accepted", ">Other outcomes", "State",   "Against it",    "Seen (UTC)",
					       NULL};
	guint all = map->listeners->len, n = MIN(all, MAX_LISTENERS);
	if (n == 0)
		return;
	g_autoptr(GPtrArray) sorted = g_ptr_array_sized_new(all);
	for (guint i = 0; i < all; i++)
		g_ptr_array_add(sorted, &g_array_index(map->listeners, AmListener, i));
	g_ptr_array_sort(sorted, compare_listeners);
	am_html_table(page, headings);
	for (guint i = 0; i < n; i++)
		listener_row(page, map, g_ptr_array_index(sorted, i));
	am_html_table_end(page);
	am_html_more(page, all - n, "listener", "allowmap listeners");
}

static void unused_row(GString *page, const AmUnusedListener *unused)
{
	const AmListedListener *listed = &unused->listed;
	char address[AM_ADDRESS_TEXT_SIZE], service[AM_SERVICE_TEXT_SIZE];
	g_string_append(page, "<tr>");
	am_html_cell_code(page, am_address_text(&listed->address, address));
	am_html_cell_code(page, am_service_text(listed->ip_protocol, listed->port, service));
	am_html_cell(page, listed->program[0] != '\0' ? listed->program : NULL);
	am_html_cell(page, am_listener_source_name((AmListenerSource)listed->source));
	am_html_cell(page, listed->closed_ns != 0 ? "closed" : "never-used");
	flags_cell(page, unused->flags);
	am_html_cell_span(page, listed->first_ns, listed->last_ns);
	g_string_append(page, "</tr>\n");
}

static void unused_table(GString *page, const AmMap *map)
{
	static const char *const headings[] = {"Address", "Service",    "Program",    "Told by",
					       "State",   "Against it", "Told (UTC)", NULL};
	guint all = map->unused->len, n = MIN(all, MAX_UNUSED);
	char number[AM_NUMBER_TEXT_SIZE];
	if (n == 0)
		return;
	am_html_add(page,
		    "<h3>Never used</h3>\n<p>%s more that only hosts or scans tell of: nobody was seen to use them. "
		    "Candidates to be switched off.</p>\n",
		    am_number_text(all, number));
	am_html_table(page, headings);
	for (guint i = 0; i < n; i++)
		unused_row(page, &g_array_index(map->unused, AmUnusedListener, i));
	am_html_table_end(page);
	am_html_more(page, all - n, "listener", "allowmap listeners");
}

void am_html_listeners(GString *page, const AmHtmlReport *report)
{
	const AmMap *map = report->map;
	guint all = map->listeners->len, idle = report->digest->idle_listeners;
	char a[AM_NUMBER_TEXT_SIZE], b[AM_NUMBER_TEXT_SIZE];
	am_html_add(page, "<section id=\"listeners\">\n<h2>Listeners <span class=\"count\">%s</span></h2>\n",
		    am_number_text(all, a));
	am_html_add(
		page,
		"<p>Every service that was seen to be offered: %s are used by somebody who needs them, %s are idle. "
		"An idle one answers, yet no essential client asks: candidates to be switched off.</p>\n",
		am_number_text(all - idle, a), am_number_text(idle, b));
	flag_words(page, map);
	listener_table(page, map);
	unused_table(page, map);
	g_string_append(page, "</section>\n");
}
