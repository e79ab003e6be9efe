/* What people decided: which edges a decision is about, which one of several decides, and what one that is withdrawn takes
 * back. Fed by the decisions and by edges that have their own verdicts already, because these hold where nobody said anything.
 */
#include "config.h"

#include "allowmap/base.h"
#include "work.h"

#include <string.h>

static gboolean matches(const AmMap *map, const AmOverride *override, const AmEdge *edge)
{
	const AmEndpoint *client = &g_array_index(map->endpoints, AmEndpoint, edge->client);
	const AmEndpoint *server = &g_array_index(map->endpoints, AmEndpoint, edge->server);
	const char *network = client->network < map->networks->len ? map->networks->pdata[client->network] : NULL;
	return (override->network == NULL || g_strcmp0(override->network, network) == 0) &&
	       (override->ip_protocol < 0 || override->ip_protocol == edge->ip_protocol) &&
	       (override->port < 0 || override->port == edge->port) &&
	       am_prefix_contains(&override->client, &client->address) &&
	       am_prefix_contains(&override->server, &server->address);
}

/* Newest first. A withdrawn one settles an edge as any other does, and leaves its verdict as it is. */
void am_overrides_apply(AmMapWork *work)
{
	const GArray *overrides = work->decisions != NULL ? work->decisions->overrides : NULL;
	g_autofree gboolean *settled = g_new0(gboolean, MAX(work->map->edges->len, 1));
	for (guint o = overrides != NULL ? overrides->len : 0; o-- > 0;) {
		const AmOverride *override = &g_array_index(overrides, AmOverride, o);
		for (guint n = 0; n < work->map->edges->len; n++) {
			AmEdge *edge = am_work_edge(work, n);
			if (settled[n] || !matches(work->map, override, edge))
				continue;
			settled[n] = TRUE;
			if (override->verdict == AM_OVERRIDE_WITHDRAWN)
				continue;
			edge->override_index = (int32_t)o;
			edge->verdict = override->verdict;
			edge->reasons |= 1u << AM_REASON_OVERRIDE;
		}
	}
}

/* ---- Questions to a finished map */

guint am_map_count_matching(const AmMap *map, const AmOverride *override)
{
	guint n_matching = 0;
	for (guint n = 0; n < map->edges->len; n++)
		n_matching += matches(map, override, &g_array_index(map->edges, AmEdge, n)) ? 1 : 0;
	return n_matching;
}

guint am_map_count_decided(const AmMap *map, const AmOverride *override)
{
	guint n_decided = 0;
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		n_decided += edge->override_index >= 0 && matches(map, override, edge) ? 1 : 0;
	}
	return n_decided;
}

/* ---- Between decisions, whatever was seen */

static gboolean prefix_covers(const AmPrefix *wide, const AmPrefix *narrow)
{
	return wide->length <= narrow->length && am_prefix_contains(wide, &narrow->address);
}

static gboolean prefixes_overlap(const AmPrefix *a, const AmPrefix *b)
{
	return prefix_covers(a, b) || prefix_covers(b, a);
}

static gboolean covers(const AmOverride *wide, const AmOverride *narrow)
{
	return (wide->network == NULL || g_strcmp0(wide->network, narrow->network) == 0) &&
	       (wide->ip_protocol < 0 || wide->ip_protocol == narrow->ip_protocol) &&
	       (wide->port < 0 || wide->port == narrow->port) && prefix_covers(&wide->client, &narrow->client) &&
	       prefix_covers(&wide->server, &narrow->server);
}

static gboolean overlap(const AmOverride *a, const AmOverride *b)
{
	return (a->network == NULL || b->network == NULL || strcmp(a->network, b->network) == 0) &&
	       (a->ip_protocol < 0 || b->ip_protocol < 0 || a->ip_protocol == b->ip_protocol) &&
	       (a->port < 0 || b->port < 0 || a->port == b->port) && prefixes_overlap(&a->client, &b->client) &&
	       prefixes_overlap(&a->server, &b->server);
}

/* A newer one takes back all that this one says. */
static gboolean is_taken_back(const GArray *overrides, guint n)
{
	const AmOverride *override = &g_array_index(overrides, AmOverride, n);
	for (guint newer = n + 1; newer < overrides->len; newer++) {
		const AmOverride *other = &g_array_index(overrides, AmOverride, newer);
		if (other->verdict == AM_OVERRIDE_WITHDRAWN && covers(other, override))
			return TRUE;
	}
	return FALSE;
}

guint am_map_count_withdrawn(const GArray *overrides, const AmOverride *withdrawal)
{
	guint first = 0, n_withdrawn = 0;
	/* Before one that took back as much, nothing is left. */
	for (guint n = 0; n < overrides->len; n++) {
		const AmOverride *override = &g_array_index(overrides, AmOverride, n);
		if (override->verdict == AM_OVERRIDE_WITHDRAWN && covers(override, withdrawal))
			first = n + 1;
	}
	for (guint n = first; n < overrides->len; n++) {
		const AmOverride *override = &g_array_index(overrides, AmOverride, n);
		n_withdrawn += override->verdict != AM_OVERRIDE_WITHDRAWN && overlap(override, withdrawal) &&
			       !is_taken_back(overrides, n);
	}
	return n_withdrawn;
}
