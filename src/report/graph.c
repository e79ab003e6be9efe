/* Groups as nodes, what they need of each other as arrows. Fed by the digest's pairs; Graphviz lays out and draws in
 * this process, through its API: no text of ours is ever parsed as DOT. Labels are reduced to a small character set,
 * because Graphviz gives backslashes and ampersands a meaning. */
#include "config.h"

#include "graph.h"

#include "text.h"
#include "view.h"

#include "allowmap/report.h"

#include <cgraph.h>
#include <gvc.h>
#include <string.h>

#define MAX_ARCS 80
#define MAX_PARTIES 45
#define MAX_LABEL_SERVICES 3

/* All that one party needs of another. */
typedef struct {
	const char *client, *server;
	uint64_t connections;
	GPtrArray *pairs; /* AmPairSum *, most connections first */
} Arc;

static void arc_free(gpointer data)
{
	Arc *arc = data;
	g_ptr_array_free(arc->pairs, TRUE);
	g_free(arc);
}

static int compare_pairs(gconstpointer a, gconstpointer b)
{
	const AmPairSum *x = *(AmPairSum *const *)a, *y = *(AmPairSum *const *)b;
	if (x->sum.connections != y->sum.connections)
		return x->sum.connections < y->sum.connections ? 1 : -1;
	return x->ip_protocol != y->ip_protocol ? x->ip_protocol - y->ip_protocol : x->port - y->port;
}

static int compare_arcs(gconstpointer a, gconstpointer b)
{
	const Arc *x = *(Arc *const *)a, *y = *(Arc *const *)b;
	if (x->connections != y->connections)
		return x->connections < y->connections ? 1 : -1;
	int order = strcmp(x->client, y->client);
	return order != 0 ? order : strcmp(x->server, y->server);
}

/* The digest's pairs lie by client, server, service: those of one arc are neighbours. */
static GPtrArray *collect_arcs(const AmDigest *digest)
{
	GPtrArray *arcs = g_ptr_array_new_with_free_func(arc_free);
	Arc *arc = NULL;
	for (guint i = 0; i < digest->pairs->len; i++) {
		AmPairSum *pair = g_ptr_array_index(digest->pairs, i);
		if (arc == NULL || strcmp(arc->client, pair->client) != 0 || strcmp(arc->server, pair->server) != 0) {
			arc = g_new0(Arc, 1);
			arc->client = pair->client;
			arc->server = pair->server;
			arc->pairs = g_ptr_array_new();
			g_ptr_array_add(arcs, arc);
		}
		arc->connections += pair->sum.connections;
		g_ptr_array_add(arc->pairs, pair);
	}
	for (guint i = 0; i < arcs->len; i++)
		g_ptr_array_sort(((Arc *)g_ptr_array_index(arcs, i))->pairs, compare_pairs);
	g_ptr_array_sort(arcs, compare_arcs);
	return arcs;
}

/* Keeps what Graphviz and SVG give no meaning to. */
static void append_label(GString *to, const char *text)
{
	for (; *text != '\0'; text++)
		g_string_append_c(to, g_ascii_isalnum(*text) || strchr("._/-+() ", *text) != NULL ? *text : '?');
}

static char *arc_label(const Arc *arc)
{
	GString *label = g_string_new(NULL);
	for (guint i = 0; i < arc->pairs->len && i < MAX_LABEL_SERVICES; i++) {
		const AmPairSum *pair = g_ptr_array_index(arc->pairs, i);
		char service[AM_SERVICE_TEXT_SIZE];
		g_string_append(label, i > 0 ? "\\n" : "");
		append_label(label, am_service_text(pair->ip_protocol, pair->port, service));
		const char *l7 = am_view_l7(pair->sum.busiest);
		if (l7 != NULL) {
			g_string_append_c(label, ' ');
			append_label(label, l7);
		}
	}
	if (arc->pairs->len > MAX_LABEL_SERVICES)
		g_string_append_printf(label, "\\n+%u more", arc->pairs->len - MAX_LABEL_SERVICES);
	return g_string_free(label, FALSE);
}

static void set(void *object, const char *name, const char *value)
{
	agsafeset(object, (char *)name, (char *)value, (char *)"");
}

/* How many assets a party has; 0 when it is no group. */
static guint group_size(const AmMap *map, const char *party)
{
	for (guint i = 0; i < map->groups->len; i++) {
		const AmGroup *group = &g_array_index(map->groups, AmGroup, i);
		if (strcmp(group->name, party) == 0)
			return group->members->len;
	}
	return 0;
}

static Agnode_t *party_node(Agraph_t *graph, const AmMap *map, const char *party)
{
	g_autoptr(GString) name = g_string_new(NULL);
	append_label(name, party);
	Agnode_t *node = agnode(graph, name->str, 0);
	if (node != NULL)
		return node;
	guint size = group_size(map, party);
	g_autoptr(GString) label = g_string_new(name->str);
	if (size > 0) {
		g_string_append(label, "\\n");
		am_text_append_counted(label, size, "asset", NULL);
	}
	node = agnode(graph, name->str, 1);
	set(node, "label", label->str);
	set(node, "class", size > 0 ? "group" : "other");
	return node;
}

static void draw_arc(Agraph_t *graph, const AmMap *map, const Arc *arc, uint64_t busiest)
{
	Agnode_t *client = party_node(graph, map, arc->client), *server = party_node(graph, map, arc->server);
	Agedge_t *edge = agedge(graph, client, server, NULL, 1);
	g_autofree char *label = arc_label(arc);
	set(edge, "label", label);
	/* Width by magnitude: one step for each power of ten below the busiest. */
	static const char *const widths[] = {"2.6", "2.0", "1.5", "1.1"};
	guint step = 0;
	for (uint64_t n = arc->connections; n < busiest / 3 && step + 1 < G_N_ELEMENTS(widths); n *= 10)
		step++;
	set(edge, "penwidth", widths[step]);
}

/* The graph with as many of the busiest arcs as can be read. */
static Agraph_t *build_graph(const AmMap *map, const GPtrArray *arcs, AmGraphExtent *extent)
{
	Agraph_t *graph = agopen((char *)"groups", Agdirected, NULL);
	set(graph, "rankdir", "LR");
	set(graph, "nodesep", "0.3");
	set(graph, "ranksep", "0.9");
	set(graph, "bgcolor", "transparent");
	agattr(graph, AGNODE, (char *)"shape", (char *)"box");
	agattr(graph, AGNODE, (char *)"style", (char *)"rounded,filled");
	agattr(graph, AGNODE, (char *)"fontname", (char *)"Helvetica,Arial,sans-serif");
	agattr(graph, AGNODE, (char *)"fontsize", (char *)"12");
	agattr(graph, AGNODE, (char *)"margin", (char *)"0.16,0.09");
	agattr(graph, AGEDGE, (char *)"fontname", (char *)"Helvetica,Arial,sans-serif");
	agattr(graph, AGEDGE, (char *)"fontsize", (char *)"9.5");
	agattr(graph, AGEDGE, (char *)"arrowsize", (char *)"0.7");
	g_autoptr(GHashTable) all = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) shown = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < arcs->len; i++) {
		const Arc *arc = g_ptr_array_index(arcs, i);
		g_hash_table_add(all, (gpointer)arc->client);
		g_hash_table_add(all, (gpointer)arc->server);
		extent->connections += arc->connections;
		guint new_parties = !g_hash_table_contains(shown, arc->client);
		if (strcmp(arc->client, arc->server) != 0)
			new_parties += !g_hash_table_contains(shown, arc->server);
		if (extent->arcs_shown >= MAX_ARCS || g_hash_table_size(shown) + new_parties > MAX_PARTIES)
			continue;
		g_hash_table_add(shown, (gpointer)arc->client);
		g_hash_table_add(shown, (gpointer)arc->server);
		extent->arcs_shown++;
		extent->connections_shown += arc->connections;
		draw_arc(graph, map, arc, ((const Arc *)g_ptr_array_index(arcs, 0))->connections);
	}
	extent->arcs = arcs->len;
	extent->parties = g_hash_table_size(all);
	extent->parties_shown = g_hash_table_size(shown);
	return graph;
}

/* The value of `name="..."` in the <svg> tag, as points. */
static double tag_points(const char *tag, const char *name)
{
	const char *at = strstr(tag, name);
	return at != NULL ? g_ascii_strtod(at + strlen(name), NULL) : 0;
}

/* Graphviz's document as an element of a page: without prolog, comments, fixed size and namespaces. */
static char *embeddable(const char *svg)
{
	const char *tag = strstr(svg, "<svg");
	const char *view_box = tag != NULL ? strstr(tag, "viewBox=\"") : NULL;
	const char *box_end = view_box != NULL ? strchr(view_box + strlen("viewBox=\""), '"') : NULL;
	const char *at = box_end != NULL ? strchr(box_end, '>') : NULL;
	if (at == NULL)
		return NULL;
	double width = tag_points(tag, "width=\"") * 4 / 3;
	/* Shrinks to the page, but not so far that it cannot be read: then its box scrolls. */
	GString *out =
		g_string_new("<svg class=\"graph\" role=\"img\" aria-label=\"Which group needs what of which\" ");
	g_string_append_printf(out, "style=\"width:%dpx;min-width:%dpx\" %.*s", (int)width, (int)(width * 0.62),
			       (int)(box_end + 1 - view_box), view_box);
	while (*at != '\0') {
		if (g_str_has_prefix(at, "<!--")) {
			const char *end = strstr(at, "-->");
			at = end != NULL ? end + strlen("-->") : at + strlen(at);
			if (*at == '\n')
				at++;
			continue;
		}
		g_string_append_c(out, *at++);
	}
	return g_string_free(out, FALSE);
}

/* Graphviz's own warnings are about fonts and labels, nothing that a user could act on; failures are told by its
 * results. */
static int drop_message(char *message)
{
	(void)message;
	return 0;
}

static char *draw(Agraph_t *graph, GError **error)
{
	agusererrf previous = agseterrf(drop_message);
	GVC_t *context = gvContext();
	char *rendered = NULL, *svg = NULL;
	unsigned size = 0;
	if (context != NULL && gvLayout(context, graph, "dot") == 0) {
		if (gvRenderData(context, graph, "svg", &rendered, &size) == 0 && rendered != NULL)
			svg = embeddable(rendered);
		if (rendered != NULL)
			gvFreeRenderData(rendered);
		gvFreeLayout(context, graph);
	}
	if (context != NULL)
		gvFreeContext(context);
	agseterrf(previous);
	if (svg == NULL)
		g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_DRAW,
			    "Graphviz could not draw the group graph; are its plugins installed ('dot -c' as root "
			    "registers them)?");
	return svg;
}

char *am_graph_svg(const AmDigest *digest, AmGraphExtent *ret_extent, GError **error)
{
	*ret_extent = (AmGraphExtent){0};
	g_autoptr(GPtrArray) arcs = collect_arcs(digest);
	if (arcs->len == 0)
		return g_strdup("");
	Agraph_t *graph = build_graph(digest->map, arcs, ret_extent);
	char *svg = draw(graph, error);
	agclose(graph);
	return svg;
}
