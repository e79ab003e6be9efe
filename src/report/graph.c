/* Groups as nodes, what they need of each other as arrows. Fed by the arcs. Graphviz decides where everything
 * goes, through its API: no text of ours is ever parsed as DOT, and none reaches it at all. It is told the room that
 * each label takes, reckoned here, because its own text measuring depends on the fonts of the machine and (pango plugin
 * of Graphviz 2.42) compares with a freed font name when a process draws twice. The SVG is written here, escaped like
 * the rest of the page. */
#include "config.h"

#include "graph.h"

#include "arcs.h"
#include "html-writer.h"
#include "text.h"
#include "view.h"

#include "allowmap/report.h"

#include <cgraph.h>
#include <gvc.h>
#include <string.h>

#define MAX_ARCS 70
#define MAX_PARTIES 45
#define MAX_LABEL_SERVICES 3

/* In points. A column is a little more than the widest letters of a sans-serif take on average. */
#define MARGIN 8.0
#define NODE_COLUMN 7.4 /* text of 12 points, as in report.css */
#define NODE_LINE 15.0
#define ARC_COLUMN 5.6 /* text of 9.5 points */
#define ARC_LINE 11.0

/* Lines of text and the room they take, in points. */
typedef struct {
	GPtrArray *lines; /* char * */
	guint longest;    /* in columns */
	gboolean folded;  /* stands for arcs that are not drawn */
} Label;

static void label_free(gpointer data)
{
	Label *label = data;
	g_ptr_array_free(label->lines, TRUE);
	g_free(label);
}

static Label *label_new(void)
{
	Label *label = g_new0(Label, 1);
	label->lines = g_ptr_array_new_with_free_func(g_free);
	return label;
}

/* Takes the line. */
static void label_add(Label *label, char *line)
{
	g_ptr_array_add(label->lines, line);
	label->longest = MAX(label->longest, am_text_width(line));
}

/* "udp/53 dns" */
static void append_service(GString *to, const AmArcService *service)
{
	char text[AM_SERVICE_TEXT_SIZE], l7[AM_L7_SIZE + 1];
	g_string_append(to, am_service_text(service->ip_protocol, service->port, text));
	if (*am_view_l7_word(service->busiest, l7) != '\0')
		g_string_append_printf(to, " %s", l7);
}

static void label_services(Label *label, const GArray *services)
{
	for (guint i = 0; i < services->len && i < MAX_LABEL_SERVICES; i++) {
		GString *line = g_string_new(NULL);
		append_service(line, &g_array_index(services, AmArcService, i));
		label_add(label, g_string_free(line, FALSE));
	}
	if (services->len > MAX_LABEL_SERVICES)
		label_add(label, g_strdup_printf("+%u more", services->len - MAX_LABEL_SERVICES));
}

/* "serves udp/53 dns to 24" */
static void label_folded(Label *label, const char *verb, const char *preposition, const GArray *services)
{
	for (guint i = 0; i < services->len && i < MAX_LABEL_SERVICES; i++) {
		const AmArcService *service = &g_array_index(services, AmArcService, i);
		GString *line = g_string_new(verb);
		append_service(line, service);
		g_string_append_printf(line, " %s %u", preposition, service->others);
		label_add(label, g_string_free(line, FALSE));
		label->folded = TRUE;
	}
	if (services->len > MAX_LABEL_SERVICES)
		label_add(label, g_strdup_printf("%s%u more", verb, services->len - MAX_LABEL_SERVICES));
}

static Label *party_label(const AmParty *party)
{
	Label *label = label_new();
	label_add(label, g_strdup(party->name));
	if (party->assets > 0) {
		GString *assets = g_string_new(NULL);
		am_text_append_counted(assets, party->assets, "asset", NULL);
		label_add(label, g_string_free(assets, FALSE));
	}
	label_folded(label, "serves ", "to", party->served);
	label_folded(label, "uses ", "of", party->used);
	return label;
}

static void set(void *object, const char *name, const char *value)
{
	agsafeset(object, (char *)name, (char *)value, (char *)"");
}

/* ---- layout */

/* What is drawn: Graphviz's graph, and what belongs to its nodes and edges. */
typedef struct {
	const AmArcs *arcs;
	Agraph_t *graph;
	GHashTable *nodes;  /* party (borrowed) → Agnode_t * */
	GHashTable *labels; /* Agnode_t * or Agedge_t * → Label *, owned */
	GHashTable *widths; /* Agedge_t * → its step in `arc_widths` */
} Drawing;

static const char *const arc_widths[] = {"2.4", "1.9", "1.4", "1"};

static void drawing_clear(Drawing *drawing)
{
	agclose(drawing->graph);
	g_hash_table_unref(drawing->nodes);
	g_hash_table_unref(drawing->labels);
	g_hash_table_unref(drawing->widths);
}

static Agnode_t *party_node(Drawing *drawing, const char *name)
{
	Agnode_t *node = g_hash_table_lookup(drawing->nodes, name);
	if (node != NULL)
		return node;
	Label *label = party_label(g_hash_table_lookup(drawing->arcs->parties, name));
	char id[16], inches[G_ASCII_DTOSTR_BUF_SIZE];
	g_snprintf(id, sizeof id, "n%u", g_hash_table_size(drawing->nodes));
	node = agnode(drawing->graph, id, 1);
	set(node, "width", g_ascii_formatd(inches, sizeof inches, "%.3f", (label->longest * NODE_COLUMN + 24) / 72));
	set(node, "height", g_ascii_formatd(inches, sizeof inches, "%.3f", (label->lines->len * NODE_LINE + 10) / 72));
	g_hash_table_insert(drawing->nodes, (gpointer)name, node);
	g_hash_table_insert(drawing->labels, node, label);
	return node;
}

/* An empty table of the label's size keeps its place. */
static void reserve_label(Drawing *drawing, Agedge_t *edge, const Label *label)
{
	g_autofree char *table = g_strdup_printf(
		"<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"0\" FIXEDSIZE=\"TRUE\" "
		"WIDTH=\"%d\" HEIGHT=\"%d\"><TR><TD></TD></TR></TABLE>",
		(int)(label->longest * ARC_COLUMN + 8), (int)(label->lines->len * ARC_LINE + 4));
	char *shared = agstrdup_html(drawing->graph, table);
	set(edge, "label", shared);
	agstrfree(drawing->graph, shared);
}

static void add_arc(Drawing *drawing, const AmArc *arc, uint64_t busiest)
{
	Agnode_t *client = party_node(drawing, arc->client), *server = party_node(drawing, arc->server);
	Agedge_t *edge = agedge(drawing->graph, client, server, NULL, 1);
	Label *label = label_new();
	label_services(label, arc->services);
	reserve_label(drawing, edge, label);
	g_hash_table_insert(drawing->labels, edge, label);
	/* Width by magnitude: one step for each power of ten below the busiest. */
	guint step = 0;
	for (uint64_t n = busiest / 3; arc->connections < n && step + 1 < G_N_ELEMENTS(arc_widths); n /= 10)
		step++;
	g_hash_table_insert(drawing->widths, edge, GUINT_TO_POINTER(step));
}

static void start_drawing(Drawing *drawing, const AmArcs *arcs)
{
	drawing->arcs = arcs;
	drawing->nodes = g_hash_table_new(g_str_hash, g_str_equal);
	drawing->labels = g_hash_table_new_full(NULL, NULL, NULL, label_free);
	drawing->widths = g_hash_table_new(NULL, NULL);
	drawing->graph = agopen((char *)"groups", Agdirected, NULL);
	set(drawing->graph, "rankdir", "LR");
	set(drawing->graph, "nodesep", "0.3");
	set(drawing->graph, "ranksep", "0.7");
	agattr(drawing->graph, AGNODE, (char *)"shape", (char *)"box");
	agattr(drawing->graph, AGNODE, (char *)"label", (char *)"");
	agattr(drawing->graph, AGNODE, (char *)"fixedsize", (char *)"true");
	agattr(drawing->graph, AGEDGE, (char *)"arrowsize", (char *)"0.7");
}

/* Is there room for one more arc? */
static gboolean fits(const Drawing *drawing, const AmArc *arc, const AmGraphExtent *extent)
{
	guint more = !g_hash_table_contains(drawing->nodes, arc->client);
	if (strcmp(arc->client, arc->server) != 0)
		more += !g_hash_table_contains(drawing->nodes, arc->server);
	return extent->arcs_shown < MAX_ARCS && g_hash_table_size(drawing->nodes) + more <= MAX_PARTIES;
}

/* In the order of their names: a hash table has none of its own. */
static int compare_parties(gconstpointer a, gconstpointer b)
{
	return strcmp(((const AmParty *)a)->name, ((const AmParty *)b)->name);
}

/* The graph with as many of the busiest arcs as can be read. A party with something folded is there in any case. */
static void add_arcs(Drawing *drawing, AmGraphExtent *extent)
{
	const AmArcs *all = drawing->arcs;
	g_autoptr(GList) parties = g_list_sort(g_hash_table_get_values(all->parties), compare_parties);
	for (const GList *item = parties; item != NULL; item = item->next) {
		const AmParty *party = item->data;
		if (party->served->len > 0 || party->used->len > 0)
			party_node(drawing, party->name);
	}
	extent->all = all->all;
	extent->arcs = all->arcs->len;
	extent->many = all->many;
	extent->connections = extent->connections_shown = all->folded;
	for (guint i = 0; i < all->arcs->len; i++) {
		const AmArc *arc = g_ptr_array_index(all->arcs, i);
		extent->connections += arc->connections;
		if (!fits(drawing, arc, extent))
			continue;
		add_arc(drawing, arc, ((const AmArc *)g_ptr_array_index(all->arcs, 0))->connections);
		extent->arcs_shown++;
		extent->connections_shown += arc->connections;
	}
}

/* ---- SVG. Graphviz counts upwards, SVG downwards. */

typedef struct {
	GString *svg;
	double height;
} Canvas;

static void put_point(const Canvas *canvas, const char *before, pointf at)
{
	char x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append_printf(canvas->svg, "%s%s,%s", before, g_ascii_formatd(x, sizeof x, "%.1f", at.x + MARGIN),
			       g_ascii_formatd(y, sizeof y, "%.1f", canvas->height - at.y + MARGIN));
}

/* Lines of text around a middle. */
static void put_label(const Canvas *canvas, const Label *label, pointf middle, double line_height)
{
	for (guint i = 0; i < label->lines->len; i++) {
		double y = canvas->height - middle.y + MARGIN + (i + 0.5 - label->lines->len / 2.0) * line_height;
		char x_text[G_ASCII_DTOSTR_BUF_SIZE], y_text[G_ASCII_DTOSTR_BUF_SIZE];
		am_html_add(canvas->svg, "<text x=\"%s\" y=\"%s\" dy=\".35em\">%s</text>",
			    g_ascii_formatd(x_text, sizeof x_text, "%.1f", middle.x + MARGIN),
			    g_ascii_formatd(y_text, sizeof y_text, "%.1f", y),
			    (char *)g_ptr_array_index(label->lines, i));
	}
}

/* A triangle from the end of the line to the tip. */
static void put_arrowhead(const Canvas *canvas, pointf from, pointf tip)
{
	pointf along = {tip.x - from.x, tip.y - from.y};
	pointf left = {from.x - along.y * 0.38, from.y + along.x * 0.38};
	pointf right = {from.x + along.y * 0.38, from.y - along.x * 0.38};
	put_point(canvas, "<polygon points=\"", tip);
	put_point(canvas, " ", left);
	put_point(canvas, " ", right);
	g_string_append(canvas->svg, "\"/>");
}

static void put_edge(const Canvas *canvas, const Drawing *drawing, Agedge_t *edge)
{
	const splines *route = ED_spl(edge);
	if (route == NULL)
		return;
	guint step = GPOINTER_TO_UINT(g_hash_table_lookup(drawing->widths, edge));
	am_html_add(canvas->svg, "<g class=\"edge\" stroke-width=\"%s\"><title>%s to %s</title>", arc_widths[step],
		    (char *)g_ptr_array_index(((Label *)g_hash_table_lookup(drawing->labels, agtail(edge)))->lines, 0),
		    (char *)g_ptr_array_index(((Label *)g_hash_table_lookup(drawing->labels, aghead(edge)))->lines, 0));
	for (int i = 0; i < route->size; i++) {
		const bezier *curve = &route->list[i];
		for (int p = 0; p < curve->size; p++)
			put_point(canvas, p == 0 ? "<path d=\"M" : p == 1 ? "C" : " ", curve->list[p]);
		g_string_append(canvas->svg, "\"/>");
		if (curve->eflag)
			put_arrowhead(canvas, curve->list[curve->size - 1], curve->ep);
	}
	const Label *label = g_hash_table_lookup(drawing->labels, edge);
	if (label != NULL && ED_label(edge) != NULL)
		put_label(canvas, label, ED_label(edge)->pos, ARC_LINE);
	g_string_append(canvas->svg, "</g>\n");
}

static void put_node(const Canvas *canvas, const Drawing *drawing, Agnode_t *node)
{
	const Label *label = g_hash_table_lookup(drawing->labels, node);
	double width = ND_lw(node) + ND_rw(node), height = ND_ht(node);
	char w[G_ASCII_DTOSTR_BUF_SIZE], h[G_ASCII_DTOSTR_BUF_SIZE], x[G_ASCII_DTOSTR_BUF_SIZE],
		y[G_ASCII_DTOSTR_BUF_SIZE];
	am_html_add(canvas->svg, "<g class=\"node%s\"><rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"8\"/>",
		    label->folded           ? " hub"
		    : label->lines->len > 1 ? ""
					    : " other",
		    g_ascii_formatd(x, sizeof x, "%.1f", ND_coord(node).x - ND_lw(node) + MARGIN),
		    g_ascii_formatd(y, sizeof y, "%.1f", canvas->height - ND_coord(node).y - height / 2 + MARGIN),
		    g_ascii_formatd(w, sizeof w, "%.1f", width), g_ascii_formatd(h, sizeof h, "%.1f", height));
	put_label(canvas, label, ND_coord(node), NODE_LINE);
	g_string_append(canvas->svg, "</g>\n");
}

static char *write_svg(const Drawing *drawing)
{
	Agraph_t *graph = drawing->graph;
	const Canvas canvas = {.svg = g_string_new(NULL), .height = GD_bb(graph).UR.y};
	int width = (int)(GD_bb(graph).UR.x + 2 * MARGIN) + 1, height = (int)(GD_bb(graph).UR.y + 2 * MARGIN) + 1;
	/* Shrinks to the page, but not so far that it cannot be read: then its box scrolls. */
	g_string_append_printf(canvas.svg,
			       "<svg class=\"graph\" role=\"img\" aria-label=\"Which group needs what of which\" "
			       "style=\"width:%dpx;min-width:%dpx\" viewBox=\"0 0 %d %d\">\n",
			       width * 5 / 4, width * 4 / 5, width, height);
	for (Agnode_t *node = agfstnode(graph); node != NULL; node = agnxtnode(graph, node))
		for (Agedge_t *edge = agfstout(graph, node); edge != NULL; edge = agnxtout(graph, edge))
			put_edge(&canvas, drawing, edge);
	for (Agnode_t *node = agfstnode(graph); node != NULL; node = agnxtnode(graph, node))
		put_node(&canvas, drawing, node);
	g_string_append(canvas.svg, "</svg>");
	return g_string_free(canvas.svg, FALSE);
}

/* Graphviz's own warnings are about its plugins and labels, nothing that a user could act on; a failure is told by the
 * result. */
static int drop_message(char *message)
{
	(void)message;
	return 0;
}

static char *draw(const Drawing *drawing, GError **error)
{
	agusererrf previous = agseterrf(drop_message);
	GVC_t *context = gvContext();
	char *svg = NULL;
	if (context != NULL && gvLayout(context, drawing->graph, "dot") == 0) {
		svg = write_svg(drawing);
		gvFreeLayout(context, drawing->graph);
	}
	if (context != NULL)
		gvFreeContext(context);
	agseterrf(previous);
	if (svg == NULL)
		g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_DRAW,
			    "Graphviz could not lay out the group graph: its 'dot' plugin is missing or not registered "
			    "(run 'dot -c' as root)");
	return svg;
}

char *am_graph_svg(const AmDigest *digest, AmGraphExtent *ret_extent, GError **error)
{
	*ret_extent = (AmGraphExtent){0};
	g_autoptr(AmArcs) arcs = am_arcs_new(digest);
	if (arcs->all == 0)
		return g_strdup("");
	Drawing drawing;
	start_drawing(&drawing, arcs);
	add_arcs(&drawing, ret_extent);
	char *svg = draw(&drawing, error);
	drawing_clear(&drawing);
	return svg;
}
