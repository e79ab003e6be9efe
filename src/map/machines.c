/* A machine that changed its address, or has several, does one thing in the name of each: what is too thin for one address may be
 * regular for the machine. Fed by the kinds and the scans; marks such edges as recurring, and as begun when the machine began.
 */
#include "config.h"

#include "constants.h"
#include "peers.h"
#include "ports.h"
#include "work.h"

static uint32_t asset_of(const AmMapWork *work, uint32_t edge_index)
{
	return g_array_index(work->map->endpoints, AmEndpoint, am_work_edge(work, edge_index)->client).asset;
}

/* Not administration: an intruder who changes his address is no more welcome for it. */
static gboolean is_part(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmEdgeNotes *notes = am_work_notes(work, edge_index);
	const AmAsset *asset = &g_array_index(work->map->assets, AmAsset, asset_of(work, edge_index));
	return asset->n_endpoints > 1 && work->hosts[edge->client].inside &&
	       (notes->kind == AM_KIND_TWO_WAY || notes->kind == AM_KIND_ONE_WAY) && !notes->tainted &&
	       !am_port_is_admin(edge->ip_protocol, edge->port);
}

static int compare_parts(gconstpointer a, gconstpointer b, gpointer user_data)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint32_t x_asset = asset_of(user_data, x), y_asset = asset_of(user_data, y);
	if (x_asset != y_asset)
		return x_asset < y_asset ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* The days and the hours, counted from the epoch, in which any of the parts was active. */
static void count_times(const AmMapWork *work, const uint32_t *parts, guint n_parts, guint *ret_days, guint *ret_hours)
{
	g_autoptr(GHashTable) days = g_hash_table_new(NULL, NULL), hours = g_hash_table_new(NULL, NULL);
	for (guint p = 0; p < n_parts; p++) {
		const AmEdgeNotes *notes = am_work_notes(work, parts[p]);
		for (uint32_t a = notes->first_arc; a < notes->first_arc + notes->n_arcs; a++) {
			const AmTally *tally = am_work_tally(work, g_array_index(work->arcs, AmArc, a).tally);
			g_hash_table_add(days, GINT_TO_POINTER(tally->key.day));
		}
		am_edge_add_hours(work, notes, hours);
	}
	*ret_days = g_hash_table_size(days);
	*ret_hours = g_hash_table_size(hours);
}

/* The parts of one machine at one service. */
static void join(AmMapWork *work, const uint32_t *parts, guint n_parts)
{
	guint days, hours;
	int64_t first_ns = INT64_MAX;
	if (n_parts < 2)
		return;
	count_times(work, parts, n_parts, &days, &hours);
	for (guint p = 0; p < n_parts; p++)
		first_ns = MIN(first_ns, am_work_edge(work, parts[p])->first_ns);
	/* Twice the hours: that they are one machine is found out, not given. */
	if (days < AM_RECUR_DAYS && hours < 2 * AM_RECUR_HOURS)
		return;
	for (guint p = 0; p < n_parts; p++) {
		AmEdgeNotes *notes = am_work_notes(work, parts[p]);
		if (!notes->recurs || am_work_edge(work, parts[p])->first_ns > first_ns)
			am_work_edge(work, parts[p])->reasons |= 1u << AM_REASON_SAME_MACHINE;
		notes->same_machine = !notes->recurs;
		notes->recurs = TRUE;
		notes->machine_first_ns = first_ns;
		notes->machine_days = days;
	}
}

void am_machines_join(AmMapWork *work)
{
	g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	guint n_edges = work->map->edges->len;
	for (guint first = 0, end = 0; first < n_edges; first = end) {
		const AmEdge *head = am_work_edge(work, work->by_service[first]);
		g_array_set_size(parts, 0);
		for (end = first; end < n_edges; end++) {
			uint32_t n = work->by_service[end];
			if (am_edge_compare_service(am_work_edge(work, n), head) != 0)
				break;
			if (is_part(work, n))
				g_array_append_val(parts, n);
		}
		g_array_sort_with_data(parts, compare_parts, work);
		const uint32_t *at = (const uint32_t *)parts->data;
		for (guint p = 0, next = 0; p < parts->len; p = next) {
			for (next = p + 1; next < parts->len && asset_of(work, at[next]) == asset_of(work, at[p]);)
				next++;
			join(work, &at[p], next - p);
		}
	}
}
