/* What hosts and scans tell of listeners, put beside those that were seen. It makes no edges and no assets: a service that
 * nobody uses needs no rule, but whoever looks at the open doors wants to know of it.
 *
 * Fed by the store's sum of all lists, a row per (network, address, protocol, port, source). */
#include "config.h"

#include "work.h"

#include <string.h>

static gboolean same_place(const AmListedListener *a, const AmListedListener *b)
{
	return a->network == b->network && memcmp(&a->address, &b->address, sizeof a->address) == 0 &&
	       a->ip_protocol == b->ip_protocol && a->port == b->port;
}

static int compare_listed(gconstpointer a, gconstpointer b)
{
	const AmListedListener *x = *(const AmListedListener *const *)a, *y = *(const AmListedListener *const *)b;
	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	int order = memcmp(&x->address, &y->address, sizeof x->address);
	if (order == 0)
		order = (int)x->ip_protocol - (int)y->ip_protocol;
	if (order == 0)
		order = (int)x->port - (int)y->port;
	if (order == 0)
		order = (int)x->source - (int)y->source;
	if (order == 0)
		order = x->last_ns < y->last_ns ? -1 : x->last_ns > y->last_ns;
	return order != 0 ? order : strcmp(x->program, y->program);
}

static AmListener *find_listener(const AmMapWork *work, uint32_t endpoint, uint8_t ip_protocol, uint16_t port)
{
	guint low = 0, high = work->map->listeners->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		AmListener *listener = &g_array_index(work->map->listeners, AmListener, middle);
		int order = listener->endpoint != endpoint         ? (listener->endpoint < endpoint ? -1 : 1)
			    : listener->ip_protocol != ip_protocol ? (int)listener->ip_protocol - (int)ip_protocol
								   : (int)listener->port - (int)port;
		if (order == 0)
			return listener;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Whoever says that it is open said so last, or says that it has closed. */
static int64_t closed_by(const AmListedListener *const *rows, guint n)
{
	int64_t closed = 0;
	for (guint r = 0; r < n; r++) {
		if (rows[r]->closed_ns == 0)
			return 0;
		closed = MAX(closed, rows[r]->closed_ns);
	}
	return closed;
}

/* The program is the host's word, which is in front, before the scan's. */
static void join_seen(AmListener *listener, const AmListedListener *const *rows, guint n)
{
	int64_t closed = closed_by(rows, n), open = INT64_MIN;
	for (guint r = 0; r < n; r++) {
		listener->sources |= 1u << rows[r]->source;
		open = MAX(open, rows[r]->last_ns);
		if (listener->program[0] == '\0')
			g_strlcpy(listener->program, rows[r]->program, sizeof listener->program);
	}
	if (listener->closed_ns != 0 && open > listener->closed_ns)
		listener->closed_ns = closed;
	else if (listener->closed_ns == 0 && closed > listener->last_ns)
		listener->closed_ns = closed;
}

static AmUnusedListener join_unused(const AmListedListener *const *rows, guint n, uint32_t endpoint)
{
	AmUnusedListener unused = {.listed = *rows[0], .endpoint = endpoint};
	for (guint r = 0; r < n; r++) {
		AmListedListener *listed = &unused.listed;
		unused.sources |= 1u << rows[r]->source;
		listed->first_ns = MIN(listed->first_ns, rows[r]->first_ns);
		listed->last_ns = MAX(listed->last_ns, rows[r]->last_ns);
		if (listed->program[0] == '\0')
			g_strlcpy(listed->program, rows[r]->program, sizeof listed->program);
	}
	unused.listed.closed_ns = closed_by(rows, n);
	return unused;
}

void am_listed_add(AmMapWork *work)
{
	const GArray *listed = work->options != NULL ? work->options->listed : NULL;
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();
	for (guint n = 0; listed != NULL && n < listed->len; n++)
		g_ptr_array_add(sorted, &g_array_index(listed, AmListedListener, n));
	g_ptr_array_sort(sorted, compare_listed);
	for (guint first = 0, n = 0; first < sorted->len; first = n) {
		const AmListedListener *const *rows = (const AmListedListener *const *)sorted->pdata + first;
		for (n = first + 1; n < sorted->len && same_place(rows[0], sorted->pdata[n]);)
			n++;
		uint32_t endpoint = am_map_find_endpoint(work->map, rows[0]->network, &rows[0]->address);
		AmListener *listener = endpoint != AM_NO_INDEX
					       ? find_listener(work, endpoint, rows[0]->ip_protocol, rows[0]->port)
					       : NULL;
		if (listener != NULL) {
			join_seen(listener, rows, n - first);
		} else {
			AmUnusedListener unused = join_unused(rows, n - first, endpoint);
			g_array_append_val(work->map->unused, unused);
		}
	}
}
