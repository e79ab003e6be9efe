/* The graph of the groups, laid out by Graphviz. Private to report/. */
#pragma once

#include "digest.h"

typedef struct {
	guint all, arcs, arcs_shown; /* pairs of parties with essential edges; with something not folded; drawn */
	guint many; /* what a party shares with so many others is folded into its box; 0 = nothing is */
	uint64_t connections, connections_shown; /* essential; drawn or folded */
} AmGraphExtent;

/* Inline SVG for an HTML page: sized by its viewBox, coloured by the page's style, no links, no outside reference. The
 * busiest pairs, as many as can be read; *ret_extent says what was left out. "" when there is no essential edge.
 * Errors: AM_REPORT_ERROR_DRAW. g_free() */
char *am_graph_svg(const AmDigest *digest, AmGraphExtent *ret_extent, GError **error);
