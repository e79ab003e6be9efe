/* What people declared of traffic: expected changes, exclusions, sanctioned scanners and monitoring. Fed by edges that have a
 * verdict of their own already, because a declaration only answers the doubts that it is about:
 *
 * - An expected change answers "new" and "once", of what was first seen in its window. What is doubted for another reason
 *   (scans, beacons, tours of logins, remote administration by one host alone, a guessed client) stays a question, so that an
 *   intruder gains nothing by coming at the right time. Nor does what is admitted by it vouch for others.
 * - An exclusion makes everything background but what is suspicious, which needs no rule either and must not be hidden.
 * - What a sanctioned host asks, and is answered, is permitted by rules of its own; its probes are no attack. That is done when
 *   all else of the map is done: which ports of a host a scanner finds says nothing of what the host is for.
 */
#include "config.h"

#include "allowmap/base.h"
#include "work.h"

#define BIT(reason) (1u << AM_REASON_##reason)

/* What stands against an edge besides being new or rare. */
#define OTHER_DOUBTS                                                                                                   \
	(BIT(SCANNER) | BIT(SCAN_PROBE) | BIT(SCAN_SUCCESS) | BIT(BACKSCATTER) | BIT(BEACON) | BIT(ADMIN_PORT) |       \
	 BIT(UNSURE_DIRECTION) | BIT(INBOUND_UNKNOWN) | BIT(LATERAL) | BIT(FAILED) | BIT(SERVER_ONLY))

enum { IN_HOSTS = 1, IN_PEERS = 2 };

static gboolean holds(const GArray *minimised, const AmAddress *address)
{
	guint low = 0, high = minimised->len; /* the last that does not begin after the address */
	while (low < high) {
		guint middle = low + (high - low) / 2;
		if (am_address_compare(&g_array_index(minimised, AmPrefix, middle).address, address) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && am_prefix_contains(&g_array_index(minimised, AmPrefix, low - 1), address);
}

static GArray *minimised_copy(const GArray *prefixes)
{
	GArray *copy = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	g_array_append_vals(copy, prefixes->data, prefixes->len);
	am_prefixes_minimise(copy);
	return copy;
}

/* By endpoint: whether it is one of the hosts, and one of the peers. g_free() */
static uint8_t *find_ends(const AmMap *map, const AmDeclaration *declaration)
{
	uint8_t *ends = g_new0(uint8_t, MAX(map->endpoints->len, 1));
	g_autoptr(GArray) hosts = minimised_copy(declaration->hosts);
	g_autoptr(GArray) peers = minimised_copy(declaration->peers);
	for (guint n = 0; n < map->endpoints->len; n++) {
		const AmEndpoint *endpoint = &g_array_index(map->endpoints, AmEndpoint, n);
		const char *network =
			endpoint->network < map->networks->len ? map->networks->pdata[endpoint->network] : NULL;
		gboolean inside = g_array_index(map->assets, AmAsset, endpoint->asset).inside;
		gboolean anybody =
			declaration->peers->len == 0 && (inside || declaration->kind == AM_DECLARED_EXCLUSION);
		if (declaration->network != NULL && g_strcmp0(declaration->network, network) != 0)
			continue;
		if (holds(hosts, &endpoint->address))
			ends[n] |= IN_HOSTS;
		if (anybody || holds(peers, &endpoint->address))
			ends[n] |= IN_PEERS;
	}
	return ends;
}

static gboolean is_sanction(const AmDeclaration *declaration)
{
	return declaration->kind == AM_DECLARED_SCANNER || declaration->kind == AM_DECLARED_MONITORING;
}

static gboolean is_in_time(const AmDeclaration *declaration, const AmEdge *edge)
{
	int64_t end_ns = declaration->kind == AM_DECLARED_CHANGE ? edge->first_ns : edge->last_ns;
	return (declaration->from_ns == 0 || edge->first_ns >= declaration->from_ns) &&
	       (declaration->to_ns == 0 || end_ns <= declaration->to_ns);
}

static gboolean is_about(const AmDeclaration *declaration, const uint8_t *ends, const AmEdge *edge)
{
	gboolean from = (ends[edge->client] & IN_HOSTS) != 0 && (ends[edge->server] & IN_PEERS) != 0;
	gboolean to = (ends[edge->server] & IN_HOSTS) != 0 && (ends[edge->client] & IN_PEERS) != 0;
	return (from || (to && !is_sanction(declaration))) &&
	       (declaration->ip_protocol < 0 || declaration->ip_protocol == edge->ip_protocol) &&
	       (declaration->port < 0 || declaration->port == edge->port) && is_in_time(declaration, edge);
}

/* Calls `each` for every edge that a declaration in force of one of the kinds (bits) is about; newest declaration first. */
typedef void (*EdgeFunc)(AmMapWork *work, uint32_t edge, const AmDeclaration *declaration);
static void for_each(AmMapWork *work, unsigned kinds, EdgeFunc each)
{
	const GPtrArray *all = work->decisions != NULL ? work->decisions->declarations : NULL;
	for (guint d = all != NULL ? all->len : 0; d-- > 0;) {
		const AmDeclaration *declaration = all->pdata[d];
		if (declaration->said.withdrawn || (kinds >> declaration->kind & 1) == 0)
			continue;
		g_autofree uint8_t *ends = find_ends(work->map, declaration);
		for (uint32_t n = 0; n < work->map->edges->len; n++)
			if (is_about(declaration, ends, am_work_edge(work, n)))
				each(work, n, declaration);
	}
}

/* ---- Expected changes */

static gboolean says_enough(const AmEdge *edge, const AmEdgeNotes *notes, const AmDeclaration *declaration)
{
	switch (notes->kind) {
	case AM_KIND_TWO_WAY: /* said once, it has to be what the declaration names */
		return notes->recurs || declaration->port >= 0;
	case AM_KIND_OPENED: /* a health check */
		return notes->recurs && (edge->reasons & BIT(LATE)) != 0;
	case AM_KIND_ONE_WAY:
	case AM_KIND_ECHO:
		return notes->recurs;
	default:
		return FALSE;
	}
}

static gboolean is_sound(const AmMapWork *work, uint32_t n, const AmDeclaration *declaration)
{
	const AmEdge *edge = am_work_edge(work, n);
	const AmEdgeNotes *notes = am_work_notes(work, n);
	const AmEndpointNotes *client = &work->hosts[edge->client], *server = &work->hosts[edge->server];
	gboolean admin = am_port_is_admin(edge->ip_protocol, edge->port) && !am_peers_administers(work, n) &&
			 !am_peers_join(work, n);
	return (edge->reasons & OTHER_DOUBTS) == 0 && !client->scanner && !server->scanner && !client->lateral &&
	       !admin && !am_client_is_guessed(edge, notes) && says_enough(edge, notes, declaration);
}

static void expect(AmMapWork *work, uint32_t n, const AmDeclaration *declaration)
{
	AmEdge *edge = am_work_edge(work, n);
	AmEdgeKind kind = (AmEdgeKind)am_work_notes(work, n)->kind;
	if (edge->verdict == AM_VERDICT_UNDECIDED) {
		edge->reasons |= BIT(EXPECTED);
		if (!is_sound(work, n, declaration))
			return;
		edge->verdict = AM_VERDICT_ESSENTIAL;
		edge->reasons &= ~(BIT(LATE) | BIT(SINGLE));
	} else if (edge->verdict == AM_VERDICT_BACKGROUND && (kind == AM_KIND_OPENED || kind == AM_KIND_ECHO)) {
		/* The first checks of what was just set up. */
		edge->verdict = AM_VERDICT_UNDECIDED;
		edge->reasons |= BIT(EXPECTED);
	}
}

void am_expected_apply(AmMapWork *work)
{
	for_each(work, 1u << AM_DECLARED_CHANGE, expect);
}

/* ---- Exclusions */

/* What was said of the flow itself goes before what was said of all. */
static void exclude(AmMapWork *work, uint32_t n, const AmDeclaration *declaration)
{
	AmEdge *edge = am_work_edge(work, n);
	(void)declaration;
	if (edge->override_index >= 0)
		return;
	edge->reasons |= BIT(EXCLUDED);
	if (edge->verdict != AM_VERDICT_SUSPICIOUS)
		edge->verdict = AM_VERDICT_BACKGROUND;
}

void am_excluded_apply(AmMapWork *work)
{
	for_each(work, 1u << AM_DECLARED_EXCLUSION, exclude);
}

/* ---- Sanctioned scanners and monitoring */

/* A beacon stays one, whoever sends it. */
static void sanction(AmMapWork *work, uint32_t n, const AmDeclaration *declaration)
{
	AmEdge *edge = am_work_edge(work, n);
	const AmEdgeNotes *notes = am_work_notes(work, n);
	gboolean answered = notes->kind == AM_KIND_TWO_WAY || notes->kind == AM_KIND_OPENED ||
			    notes->kind == AM_KIND_ECHO || edge->verdict == AM_VERDICT_ESSENTIAL;
	(void)declaration;
	if (edge->override_index >= 0 || notes->kind == AM_KIND_DISMISSED ||
	    (edge->reasons & (BIT(EXCLUDED) | BIT(BEACON) | BIT(BACKSCATTER) | BIT(SANCTIONED))) != 0)
		return;
	AmVerdict verdict = edge->verdict;
	if (answered && !am_client_is_guessed(edge, notes))
		verdict = AM_VERDICT_ESSENTIAL;
	else if (verdict == AM_VERDICT_SUSPICIOUS)
		verdict = notes->kind == AM_KIND_FAILED ? AM_VERDICT_BACKGROUND : AM_VERDICT_UNDECIDED;
	else
		return;
	work->map->n_verdicts[edge->verdict]--;
	work->map->n_verdicts[verdict]++;
	edge->verdict = verdict;
	edge->reasons |= BIT(SANCTIONED);
}

void am_sanctioned_apply(AmMapWork *work)
{
	for_each(work, 1u << AM_DECLARED_SCANNER | 1u << AM_DECLARED_MONITORING, sanction);
}

gboolean am_declared_is_sanction(const AmDeclaration *declaration)
{
	return is_sanction(declaration) && !declaration->said.withdrawn;
}

gboolean am_declared_has_host(const AmMap *map, const AmDeclaration *declaration, uint32_t endpoint)
{
	const AmEndpoint *end = &g_array_index(map->endpoints, AmEndpoint, endpoint);
	const char *network = end->network < map->networks->len ? map->networks->pdata[end->network] : NULL;
	if (declaration->network != NULL && g_strcmp0(declaration->network, network) != 0)
		return FALSE;
	for (guint n = 0; n < declaration->hosts->len; n++)
		if (am_prefix_contains(&g_array_index(declaration->hosts, AmPrefix, n), &end->address))
			return TRUE;
	return FALSE;
}

/* ---- Questions to a finished map */

static uint32_t mark_of(AmDeclaredKind kind)
{
	return kind == AM_DECLARED_CHANGE      ? BIT(EXPECTED)
	       : kind == AM_DECLARED_EXCLUSION ? BIT(EXCLUDED)
					       : BIT(SANCTIONED);
}

AmDeclaredCount am_map_count_declared(const AmMap *map, const AmDeclaration *declaration)
{
	AmDeclaredCount count = {0};
	g_autofree uint8_t *ends = find_ends(map, declaration);
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = &g_array_index(map->edges, AmEdge, n);
		if (!is_about(declaration, ends, edge))
			continue;
		count.flows++;
		if ((edge->reasons & mark_of(declaration->kind)) == 0)
			continue;
		count.changed++;
		count.essential += edge->verdict == AM_VERDICT_ESSENTIAL;
	}
	for (guint n = 0; n < map->endpoints->len; n++)
		count.hosts += (ends[n] & IN_HOSTS) != 0;
	return count;
}

void am_declared_explain(GString *text, const AmMap *map, const GPtrArray *declarations, const AmEdge *edge)
{
	for (guint d = 0; declarations != NULL && d < declarations->len; d++) {
		const AmDeclaration *declaration = declarations->pdata[d];
		const AmSaid *said = &declaration->said;
		char at[AM_TIME_TEXT_SIZE];
		if (said->withdrawn || (edge->reasons & mark_of(declaration->kind)) == 0)
			continue;
		g_autofree uint8_t *ends = find_ends(map, declaration);
		if (!is_about(declaration, ends, edge))
			continue;
		g_autofree char *who = am_text_safe_dup(said->who);
		g_autofree char *why = am_text_safe_dup(said->why[0] != '\0' ? said->why : "-");
		g_autofree char *ticket = am_text_safe_dup(declaration->ticket);
		g_string_append_printf(text, "%s (decision %" G_GINT64_FORMAT "): by %s at %s%s%s: %s\n",
				       am_declared_kind_text(declaration->kind), (gint64)said->number, who,
				       am_time_text(said->at_ns - said->at_ns % AM_NS_PER_S, at),
				       ticket[0] != '\0' ? ", " : "", ticket, why);
	}
}
