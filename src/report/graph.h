/* The graph of the groups, laid out by Graphviz. Private to report/. */
#pragma once

#include "digest.h"

typedef struct {
	guint arcs, arcs_shown; /* pairs of groups with essential edges */
	guint parties, parties_shown;
	uint64_t connections, connections_shown;
} AmGraphExtent;

/* Inline SVG for an HTML page: sized by its viewBox, coloured by the page's style, no links, no outside reference. The
 * busiest pairs, as many as can be read; *ret_extent says what was left out. "" when there is no essential edge.
 * Errors: AM_REPORT_ERROR_DRAW. g_free() */
char *am_graph_svg(const AmDigest *digest, AmGraphExtent *ret_extent, GError **error);
