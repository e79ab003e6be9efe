/* Scans: threshold random walks over first contacts (Jung et al. 2004; ALGORITHMS §2), three for each source: over hosts,
 * over hosts on one port, over the ports of one host. In time order, with a memory that fades (constants.h), so that a
 * slow scan is found and a month of typing errors is not.
 *
 * What counts: the first contact of the day of each (source, destination, port), so that a sweep repeated every night is
 * seen every night. What does not: a port that answers others (an outage is no probe), and a client that keeps asking for
 * something that is gone. Out: the windows of time in which a source scanned, and which of its edges lie within.
 */
#include "config.h"

#include "constants.h"
#include "work.h"

#include <math.h>

typedef struct {
	int64_t time_ns;
	uint32_t source, target;
	uint16_t port;
	uint8_t ip_protocol;
	int8_t step; /* +1 failure, -1 success */
} Contact;

/* The walks differ in what they group by, and in what counts once a day. */
typedef enum { WALK_HOSTS, WALK_HOSTS_ON_PORT, WALK_PORTS, N_WALKS } Walk;

static gboolean is_retry(const AmTally *tally)
{
	return tally->connections >= AM_SCAN_RETRY_CONNECTIONS &&
	       __builtin_popcount(tally->hours) >= AM_SCAN_RETRY_HOURS;
}

/* TCP packets without a SYN and without a word: FIN, ACK, NULL and XMAS probes look so. Two a connection at most, with the
 * answer: the leftovers of real connections exchange more. */
static gboolean is_stealth_probe(const AmTally *tally)
{
	uint64_t packets = tally->counts.packets[0] + tally->counts.packets[1];
	return tally->key.ip_protocol == AM_PROTO_TCP && tally->syn[0] + tally->syn[1] == 0 &&
	       tally->synack[0] + tally->synack[1] == 0 && tally->counts.payload[0] + tally->counts.payload[1] == 0 &&
	       packets <= 2 * tally->connections;
}

/* +1, -1, or 0 for what says nothing. */
static int step_of(const AmMapWork *work, const AmArc *arc, const AmTally *tally)
{
	int client = arc->client_is_hi;
	if (arc->backscatter)
		return 0;
	if (tally->first_outcome == AM_OUTCOME_ACCEPTED || tally->payload_both > 0 || tally->synack[!client] > 0)
		return -1;
	uint64_t socket = am_socket_key(arc->server, arc->ip_protocol, arc->port);
	if (is_retry(tally) || am_table_find(work->learned, &socket) != AM_TABLE_NONE)
		return 0;
	switch (tally->first_outcome) {
	case AM_OUTCOME_REFUSED:
	case AM_OUTCOME_PROHIBITED:
		return 1;
	case AM_OUTCOME_SILENT: /* data after the SYN: the answers were not seen, but there were some */
		return tally->counts.payload[client] > 0 && tally->syn[client] > 0 ? 0 : 1;
	case AM_OUTCOME_ONE_WAY:
		return arc->ip_protocol == AM_PROTO_UDP && !work->hosts[arc->server].live ? 1 : 0;
	case AM_OUTCOME_MIDSTREAM:
		return is_stealth_probe(tally) ? 1 : 0;
	default:
		return 0;
	}
}

/* One contact per edge and day: the earliest that says anything. */
static GArray *list_contacts(const AmMapWork *work)
{
	GArray *contacts = g_array_new(FALSE, FALSE, sizeof(Contact));
	for (guint e = 0; e < work->map->edges->len; e++) {
		const AmEdgeNotes *notes = am_work_notes(work, e);
		if (notes->kind == AM_KIND_DISMISSED || am_edge_is_lease(am_work_edge(work, e)))
			continue; /* who offers an address knows no better whether somebody is there */
		int32_t day = 0;
		for (uint32_t n = notes->first_arc; n < notes->first_arc + notes->n_arcs; n++) {
			const AmArc *arc = &g_array_index(work->arcs, AmArc, n);
			const AmTally *tally = am_work_tally(work, arc->tally);
			int step = step_of(work, arc, tally);
			if (step == 0)
				continue;
			Contact contact = {tally->first_ns, arc->client,      arc->server,
					   arc->port,       arc->ip_protocol, (int8_t)step};
			Contact *last = contacts->len > 0 ? &g_array_index(contacts, Contact, contacts->len - 1) : NULL;
			if (last != NULL && n > notes->first_arc && day == tally->key.day &&
			    last->source == arc->client && last->target == arc->server && last->port == arc->port &&
			    last->ip_protocol == arc->ip_protocol) {
				if (contact.time_ns < last->time_ns ||
				    (contact.time_ns == last->time_ns && contact.step < last->step))
					*last = contact;
				continue;
			}
			day = tally->key.day;
			g_array_append_val(contacts, contact);
		}
	}
	return contacts;
}

#define ORDER(a, b)                                                                                                    \
	if ((a) != (b))                                                                                                \
	return (a) < (b) ? -1 : 1

/* By what the walk groups by, then in time order; ties by the rest, so that the order is total. */
static int compare_contacts(gconstpointer a, gconstpointer b, gpointer user_data)
{
	const Contact *x = a, *y = b;
	Walk walk = (Walk)GPOINTER_TO_UINT(user_data);
	ORDER(x->source, y->source);
	if (walk == WALK_PORTS)
		ORDER(x->target, y->target);
	if (walk == WALK_HOSTS_ON_PORT) {
		ORDER(x->ip_protocol, y->ip_protocol);
		ORDER(x->port, y->port);
	}
	ORDER(x->time_ns, y->time_ns);
	ORDER(x->target, y->target);
	ORDER(x->ip_protocol, y->ip_protocol);
	ORDER(x->port, y->port);
	ORDER(x->step, y->step);
	return 0;
}

static gboolean same_walk(const Contact *a, const Contact *b, Walk walk)
{
	if (a->source != b->source)
		return FALSE;
	if (walk == WALK_PORTS)
		return a->target == b->target;
	return walk == WALK_HOSTS || (a->ip_protocol == b->ip_protocol && a->port == b->port);
}

/* The day's first contact with this target (WALK_HOSTS*) counts, later ones of that day do not: they are no new targets. */
static gboolean is_first_of_day(AmTable *seen, const Contact *contact, Walk walk)
{
	if (walk != WALK_HOSTS)
		return TRUE;
	uint64_t key[2] = {(uint64_t)contact->source << 32 | contact->target,
			   (uint64_t)(contact->time_ns / AM_NS_PER_DAY)};
	uint32_t before = am_table_size(seen);
	return am_table_add(seen, key) == before;
}

/* One walk, over contacts of one group. Appends the windows in which it stood above the alarm: from the first failure of
 * the run to its last; a pause of a half-life ends a window, so that a nightly sweep gives one each night. */
static void walk_group(const GArray *contacts, guint first, guint end, Walk walk, AmTable *seen, GArray *windows)
{
	double height = 0;
	int64_t at_ns = 0, run_ns = 0, failed_ns = 0;
	gboolean alarmed = FALSE;
	for (guint n = first; n < end; n++) {
		const Contact *contact = &g_array_index(contacts, Contact, n);
		if (!is_first_of_day(seen, contact, walk))
			continue;
		if (height > 0)
			height *= exp2(-(double)(contact->time_ns - at_ns) / (double)AM_SCAN_HALF_LIFE_NS);
		at_ns = contact->time_ns;
		if (contact->step < 0) {
			height = MAX(height - 1, 0);
			continue;
		}
		if (height == 0 || contact->time_ns - failed_ns > AM_SCAN_HALF_LIFE_NS) {
			run_ns = contact->time_ns;
			alarmed = FALSE;
		}
		failed_ns = contact->time_ns;
		height = MIN(height + 1, 2 * AM_SCAN_ALARM); /* what a thousand failures prove is forgotten as fast */
		if (height < AM_SCAN_ALARM && !alarmed)
			continue;
		if (!alarmed) {
			AmScanWindow window = {contact->source, run_ns, contact->time_ns};
			g_array_append_val(windows, window);
		}
		alarmed = TRUE;
		g_array_index(windows, AmScanWindow, windows->len - 1).end_ns = contact->time_ns;
	}
}

static int compare_windows(gconstpointer a, gconstpointer b)
{
	const AmScanWindow *x = a, *y = b;
	ORDER(x->source, y->source);
	ORDER(x->start_ns, y->start_ns);
	ORDER(x->end_ns, y->end_ns);
	return 0;
}

/* Pads, sorts, joins what overlaps. */
static GArray *join_windows(GArray *windows)
{
	for (guint n = 0; n < windows->len; n++) {
		AmScanWindow *window = &g_array_index(windows, AmScanWindow, n);
		window->start_ns -= AM_SCAN_PAD_NS;
		window->end_ns += AM_SCAN_PAD_NS;
	}
	g_array_sort(windows, compare_windows);
	GArray *joined = g_array_new(FALSE, FALSE, sizeof(AmScanWindow));
	for (guint n = 0; n < windows->len; n++) {
		const AmScanWindow *window = &g_array_index(windows, AmScanWindow, n);
		AmScanWindow *last = joined->len > 0 ? &g_array_index(joined, AmScanWindow, joined->len - 1) : NULL;
		if (last != NULL && last->source == window->source && window->start_ns <= last->end_ns)
			last->end_ns = MAX(last->end_ns, window->end_ns);
		else
			g_array_append_val(joined, *window);
	}
	return joined;
}

/* Is [start, end] inside one window of those from `first`, made longer by `pad_ns` at both ends? */
static gboolean in_window(const GArray *windows, guint first, uint32_t source, int64_t start_ns, int64_t end_ns,
			  int64_t pad_ns)
{
	for (guint n = first; n < windows->len; n++) {
		const AmScanWindow *window = &g_array_index(windows, AmScanWindow, n);
		if (window->source != source || window->start_ns - pad_ns > start_ns)
			return FALSE;
		if (end_ns <= window->end_ns + pad_ns)
			return TRUE;
	}
	return FALSE;
}

/* Marks one edge of a scanner: all of its activity lies in scan windows, which fill `share` of the observation. Or beside them, on
 * several days, so that it is the same night's work: `near_share`. */
static void judge_edge(const AmMapWork *work, uint32_t edge_index, guint first_window, double share, double near_share)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	AmEdgeNotes *notes = am_work_notes(work, edge_index);
	gboolean any = FALSE, all = TRUE, near = TRUE;
	for (uint32_t n = notes->first_arc; n < notes->first_arc + notes->n_arcs; n++) {
		const AmTally *tally = am_work_tally(work, g_array_index(work->arcs, AmArc, n).tally);
		/* A probe's own connection may outlive the window by its timeouts: its beginning is what counts. */
		int64_t end_ns = tally->connections <= 1 ? tally->first_ns : tally->last_ns;
		gboolean inside = in_window(work->windows, first_window, edge->client, tally->first_ns, end_ns, 0);
		near = near &&
		       in_window(work->windows, first_window, edge->client, tally->first_ns, end_ns, AM_SCAN_NIGHT_NS);
		any = any || inside;
		all = all && inside;
	}
	if (notes->kind == AM_KIND_FAILED) {
		notes->probe = any;
	} else if (all) {
		gboolean significant = pow(share, edge->hours) < AM_SCAN_CHANCE;
		if (significant || edge->hours < AM_SCAN_OWN_HOURS)
			notes->tainted = significant ? 2 : 1;
	} else if (near && edge->days >= 2 && pow(near_share, edge->hours) < AM_SCAN_CHANCE) {
		notes->tainted = 1;
	}
}

static void mark_scanners(AmMapWork *work)
{
	double observed = (double)MAX(work->map->last_ns - work->map->first_ns, 1);
	for (guint n = 0; n < work->windows->len;) {
		uint32_t source = g_array_index(work->windows, AmScanWindow, n).source;
		guint first = n;
		double scanned = 0, beside = 0;
		for (; n < work->windows->len && g_array_index(work->windows, AmScanWindow, n).source == source; n++) {
			const AmScanWindow *window = &g_array_index(work->windows, AmScanWindow, n);
			scanned += (double)(MIN(window->end_ns, work->map->last_ns) -
					    MAX(window->start_ns, work->map->first_ns));
			beside += 2.0 * AM_SCAN_NIGHT_NS;
		}
		AmEndpointNotes *host = &work->hosts[source];
		host->scanner = TRUE;
		g_array_index(work->map->assets, AmAsset, g_array_index(work->map->endpoints, AmEndpoint, source).asset)
			.scanner = TRUE;
		for (uint32_t edge = host->first_edge; edge < host->first_edge + host->n_edges; edge++) {
			if (am_work_notes(work, edge)->kind != AM_KIND_DISMISSED)
				judge_edge(work, edge, first, MIN(scanned / observed, 1),
					   MIN((scanned + beside) / observed, 1));
		}
	}
}

void am_scan_find(AmMapWork *work)
{
	g_autoptr(GArray) contacts = list_contacts(work);
	g_autoptr(GArray) windows = g_array_new(FALSE, FALSE, sizeof(AmScanWindow));
	for (Walk walk = WALK_HOSTS; walk < N_WALKS; walk++) {
		g_autoptr(AmTable) seen = am_table_new(2 * sizeof(uint64_t));
		g_array_sort_with_data(contacts, compare_contacts, GUINT_TO_POINTER(walk));
		for (guint first = 0, n = 0; first < contacts->len; first = n) {
			const Contact *at = &g_array_index(contacts, Contact, first);
			for (n = first + 1;
			     n < contacts->len && same_walk(at, &g_array_index(contacts, Contact, n), walk);)
				n++;
			walk_group(contacts, first, n, walk, seen, windows);
		}
	}
	work->windows = join_windows(windows);
	mark_scanners(work);
}
