/* The verdicts: what of all that was seen is needed. Every rule here has its reason beside it; numbers are in
 * constants.h. In passes, because an edge is judged by its neighbours too: kinds, scans, what stands on its own, what
 * others speak for, lateral movement, and last what people decided.
 */
#include "config.h"

#include "allowmap/base.h"
#include "constants.h"
#include "ports.h"
#include "work.h"

#define BIT(reason) (1u << AM_REASON_##reason)

static void conclude(AmEdge *edge, AmVerdict verdict, uint32_t reasons)
{
	edge->verdict = verdict;
	edge->reasons |= reasons;
}

static uint32_t common_reasons(const AmEdge *edge, const AmEdgeNotes *notes)
{
	uint32_t reasons = 0;
	if (notes->kind == AM_KIND_TWO_WAY || notes->kind == AM_KIND_ECHO)
		reasons |= BIT(TWO_WAY);
	if (notes->kind == AM_KIND_ONE_WAY)
		reasons |= BIT(ONE_WAY_SERVICE);
	if (notes->kind == AM_KIND_OPENED)
		reasons |= edge->counts.payload[1] > 0 ? BIT(SERVER_ONLY) : BIT(NO_PAYLOAD);
	if (edge->direction == AM_DIRECTION_HANDSHAKE)
		reasons |= BIT(HANDSHAKE);
	if (notes->recurs && !notes->same_machine)
		reasons |= BIT(RECURRING);
	return reasons;
}

gboolean am_client_is_guessed(const AmEdge *edge, const AmEdgeNotes *notes)
{
	return edge->direction >= AM_DIRECTION_DEGREE && notes->kind != AM_KIND_ONE_WAY &&
	       !am_related_tells_client(edge, notes);
}

/* Is the client sure enough for a rule? Degree and weaker make none, with the design's two exceptions (one-way datagrams;
 * what recurs over days with the same listener), and with one of ours: datagrams both ways whose first packet came from
 * the same side nearly each time, to the port that the ladder's other weak rungs name. Two signs that agree so often
 * are more than a guess, and protocols over UDP that nobody recognises are known by nothing else. An announced port is as
 * good as the second sign. */
static gboolean direction_holds(const AmEdge *edge, const AmEdgeNotes *notes)
{
	if (!am_client_is_guessed(edge, notes) || (edge->days >= 2 && notes->recurs))
		return TRUE;
	return edge->ip_protocol == AM_PROTO_UDP && edge->direction <= AM_DIRECTION_PORT && notes->recurs &&
	       am_nearly_all(notes->first_client, edge->connections);
}

static gboolean is_late(const AmMapWork *work, const AmEdge *edge, const AmEdgeNotes *notes)
{
	int64_t observed = work->map->last_ns - work->map->first_ns;
	int64_t first_ns = notes->machine_first_ns != 0 ? notes->machine_first_ns : edge->first_ns;
	return work->map->days >= AM_LATE_MIN_DAYS && first_ns > work->map->last_ns - observed / AM_LATE_SHARE;
}

/* Answers whose questions the mirror did not show; or a TCP connection from before the capture that says no more than that it
 * is still there, both ways. Neither was refused. */
static gboolean is_half_of_something(const AmEdge *edge)
{
	uint64_t refused =
		edge->outcomes[AM_OUTCOME_REFUSED] + edge->outcomes[AM_OUTCOME_PROHIBITED] + edge->icmp_errors;
	if (refused > 0 || edge->counts.packets[1] == 0)
		return FALSE;
	if (edge->ip_protocol == AM_PROTO_UDP)
		return edge->counts.packets[0] == 0 && edge->counts.payload[1] > 0;
	return edge->ip_protocol == AM_PROTO_TCP && edge->counts.packets[0] > 0 &&
	       edge->outcomes[AM_OUTCOME_MIDSTREAM] == edge->connections;
}

/* Failed, and nothing else: a probe, a stray from outside, a typing error, a client of something that is gone. */
static void judge_failed(const AmMapWork *work, AmEdge *edge, const AmEdgeNotes *notes)
{
	if (notes->probe)
		conclude(edge, AM_VERDICT_SUSPICIOUS, BIT(SCANNER) | BIT(SCAN_PROBE) | BIT(FAILED));
	else if (!work->hosts[edge->client].inside && !work->hosts[edge->client].strong_client)
		conclude(edge, AM_VERDICT_SUSPICIOUS, BIT(INBOUND_UNKNOWN) | BIT(FAILED));
	else if (notes->recurs && work->hosts[edge->server].inside && is_half_of_something(edge))
		conclude(edge, AM_VERDICT_UNDECIDED,
			 BIT(RECURRING) | (edge->counts.payload[1] > 0 ? BIT(SERVER_ONLY) : BIT(NO_PAYLOAD)));
	else if (edge->ip_protocol == AM_PROTO_UDP && notes->recurs && edge->icmp_errors == 0 &&
		 (work->hosts[edge->server].live || edge->outcomes[AM_OUTCOME_ONE_WAY] * 2 > edge->connections) &&
		 edge->counts.payload[0] > 0)
		/* Asked again and again, never refused, by a host that is up: its answers may have gone another way. Or told
		 * what needs no answer: it may be up and silent. */
		conclude(edge, AM_VERDICT_UNDECIDED, BIT(FAILED) | BIT(RECURRING));
	else
		conclude(edge, AM_VERDICT_BACKGROUND,
			 BIT(FAILED) | (edge->connections < AM_SCAN_RETRY_CONNECTIONS ? BIT(TYPO) : 0));
}

/* Where only the server spoke, it greeted somebody who looked in, or sent what another connection had asked for (passive
 * FTP): that of what comes again is a question. */
static void judge_opened(const AmMapWork *work, AmEdge *edge, const AmEdgeNotes *notes)
{
	if (!work->hosts[edge->client].inside)
		conclude(edge, AM_VERDICT_SUSPICIOUS, BIT(INBOUND_UNKNOWN));
	else if (edge->counts.payload[1] > 0 && notes->recurs)
		conclude(edge, AM_VERDICT_UNDECIDED, 0);
	else
		conclude(edge, AM_VERDICT_BACKGROUND, BIT(SINGLE));
}

static void judge_tainted(const AmMapWork *work, AmEdge *edge, const AmEdgeNotes *notes)
{
	/* Words were exchanged, and chance alone could have put them into a scan that long: a question, not a verdict. But from
	 * outside, datagrams that got no answer are a probe. */
	gboolean probes = edge->ip_protocol == AM_PROTO_UDP && !work->hosts[edge->client].inside;
	gboolean said = notes->kind == AM_KIND_TWO_WAY || (notes->kind == AM_KIND_ONE_WAY && !probes);
	gboolean doubtful = notes->tainted == 1 && said;
	conclude(edge, doubtful ? AM_VERDICT_UNDECIDED : AM_VERDICT_SUSPICIOUS, BIT(SCANNER) | BIT(SCAN_SUCCESS));
}

/* First judgement: settles what needs no neighbours; the rest stays AM_N_VERDICTS. */
static void judge_alone(AmMapWork *work, uint32_t n)
{
	AmEdge *edge = am_work_edge(work, n);
	AmEdgeNotes *notes = am_work_notes(work, n);
	edge->verdict = AM_N_VERDICTS;
	edge->reasons |= common_reasons(edge, notes);
	notes->late = is_late(work, edge, notes);
	int beacon = am_beacon_score(work, n);
	if (notes->tainted)
		judge_tainted(work, edge, notes);
	else if (notes->kind == AM_KIND_OPENED && !am_check_is_one(work, n))
		judge_opened(work, edge, notes);
	else if (beacon > 0)
		conclude(edge, beacon > 1 ? AM_VERDICT_SUSPICIOUS : AM_VERDICT_UNDECIDED, BIT(BEACON));
	else if (notes->kind == AM_KIND_ECHO && !notes->recurs)
		conclude(edge, AM_VERDICT_BACKGROUND, BIT(SINGLE));
	if (edge->verdict != AM_N_VERDICTS)
		return;
	if (notes->kind == AM_KIND_DATA) { /* whether it recurs is chance: its control edge tells */
		conclude(edge, AM_VERDICT_UNDECIDED, 0);
		return;
	}
	/* What only a machine's addresses together show speaks for itself, and for nobody else. */
	notes->usable = notes->recurs && !notes->same_machine;
	notes->strong = notes->usable && !notes->late && direction_holds(edge, notes);
	if (notes->strong)
		work->hosts[edge->client].strong_client = TRUE;
}

gboolean am_edge_is_login(const AmMapWork *work, uint32_t edge_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const AmEdgeNotes *notes = am_work_notes(work, edge_index);
	return am_port_is_admin(edge->ip_protocol, edge->port) && notes->kind != AM_KIND_FAILED &&
	       notes->kind != AM_KIND_DISMISSED;
}

/* Not a night's work: it spans half of the observation, or comes on many days. */
gboolean am_edge_lasts(const AmMapWork *work, const AmEdge *edge)
{
	int64_t observed = work->map->last_ns - work->map->first_ns;
	/* Hardly anything is longer than a few hours, if not from their beginning to their end. */
	if (work->span_hours < AM_RECUR_SHORT_HOURS)
		return edge->first_ns <= work->map->first_ns + observed / AM_LATE_SHARE &&
		       edge->last_ns >= work->map->last_ns - observed / AM_LATE_SHARE;
	return edge->days >= AM_ADMIN_DAYS || edge->last_ns - edge->first_ns >= observed / 2;
}

/* Remote administration by the only one who does it there: a question, unless it was there all along. From outside nobody
 * vouches for it: who guesses passwords is regular, too, and on several hosts. A supplier comes on most days; who is regular on
 * several hosts, every day. */
static gboolean admin_holds(const AmMapWork *work, uint32_t n)
{
	const AmEdge *edge = am_work_edge(work, n);
	if (!am_port_is_admin(edge->ip_protocol, edge->port))
		return TRUE;
	if (am_work_comes_in(work, edge))
		return edge->days >= AM_RECUR_DAYS &&
		       (am_peers_habit(work, n) >= AM_ADMIN_ESTABLISHED ? edge->days >= work->map->days
									: edge->days * 2 > work->map->days);
	/* Within an hour nothing lasts: who does it twice, beside another, is believed. */
	if (work->map->last_ns - work->map->first_ns < AM_NS_PER_HOUR && am_peers_count(work, n) > 0)
		return TRUE;
	return am_peers_administers(work, n) || am_peers_join(work, n) || am_peers_like(work, n) ||
	       am_edge_lasts(work, edge);
}

/* Who scanned this network from outside is no visitor of it, and no supplier; nor is he visited by chance. What was there all
 * along holds: the scan may have been somebody else's, in his name. */
static gboolean met_outside_scanner(const AmMapWork *work, const AmEdge *edge)
{
	const AmEndpointNotes *client = &work->hosts[edge->client], *server = &work->hosts[edge->server];
	return ((client->scanner && !client->inside) || (server->scanner && !server->inside)) &&
	       !am_edge_lasts(work, edge);
}

/* The only client of an inside service, which came for a while: on half of the days at most, and not from the beginning to the
 * end. An intruder who takes his time looks like that; what is new, too: a question. Of administration admin_holds() judges. */
gboolean am_edge_is_passing(const AmMapWork *work, uint32_t n)
{
	const AmEdge *edge = am_work_edge(work, n);
	uint32_t days = MAX(edge->days, am_work_notes(work, n)->machine_days);
	return !am_port_is_admin(edge->ip_protocol, edge->port) && work->map->days >= AM_PASSING_DAYS &&
	       days * 2 <= work->map->days && work->hosts[edge->client].inside && work->hosts[edge->server].inside &&
	       am_peers_count(work, n) == 0 && !am_edge_lasts(work, edge);
}

static void judge_recurring(const AmMapWork *work, uint32_t n)
{
	AmEdge *edge = am_work_edge(work, n);
	const AmEdgeNotes *notes = am_work_notes(work, n);
	if (!direction_holds(edge, notes))
		conclude(edge, AM_VERDICT_UNDECIDED, BIT(UNSURE_DIRECTION));
	else if (met_outside_scanner(work, edge))
		conclude(edge, AM_VERDICT_UNDECIDED, BIT(SCANNER));
	else if (am_peers_unlike(work, n))
		conclude(edge, AM_VERDICT_UNDECIDED, BIT(INBOUND_UNKNOWN));
	else if (am_peers_support(work, n))
		conclude(edge, AM_VERDICT_ESSENTIAL, BIT(PEERS));
	else if (notes->late)
		conclude(edge, AM_VERDICT_UNDECIDED, BIT(LATE));
	else if (am_edge_is_passing(work, n))
		conclude(edge, AM_VERDICT_UNDECIDED, BIT(SINGLE));
	else if (!admin_holds(work, n))
		conclude(edge, AM_VERDICT_UNDECIDED, BIT(ADMIN_PORT));
	else
		conclude(edge, AM_VERDICT_ESSENTIAL, 0);
}

/* Short captures cannot show recurrence: an exchange whose application was recognised by its content counts. */
static gboolean speaks_for_itself(const AmMapWork *work, const AmEdge *edge, const AmEdgeNotes *notes)
{
	/* Where one end scanned, even what is understood may be part of the attack (an FTP bounce). */
	if (work->hosts[edge->client].scanner || work->hosts[edge->server].scanner)
		return FALSE;
	return work->span_hours < AM_RECUR_SHORT_HOURS && notes->kind == AM_KIND_TWO_WAY && edge->n_l7 > 0 &&
	       edge->l7[0].confidence == AM_L7_DPI && edge->direction <= AM_DIRECTION_LISTENER &&
	       !am_port_is_admin(edge->ip_protocol, edge->port);
}

static void judge_thin(const AmMapWork *work, uint32_t n)
{
	AmEdge *edge = am_work_edge(work, n);
	const AmEdgeNotes *notes = am_work_notes(work, n);
	gboolean admin = am_port_is_admin(edge->ip_protocol, edge->port);
	gboolean guessed = am_client_is_guessed(edge, notes), scanned = met_outside_scanner(work, edge);
	if (!guessed && !scanned &&
	    (am_peers_support(work, n) || am_peers_pooled(work, n) || am_peers_round(work, n) ||
	     am_crowds_support(work, n)))
		conclude(edge, AM_VERDICT_ESSENTIAL, BIT(PEERS));
	else if (am_lease_is_usual(work, n))
		conclude(edge, AM_VERDICT_ESSENTIAL, BIT(PEERS));
	else if (speaks_for_itself(work, edge, notes) && !am_peers_unlike(work, n))
		conclude(edge, AM_VERDICT_ESSENTIAL, 0);
	else if (!work->hosts[edge->client].inside && !work->hosts[edge->client].strong_client &&
		 (notes->kind == AM_KIND_ONE_WAY || am_peers_contradict(work, n)))
		conclude(edge, AM_VERDICT_SUSPICIOUS, BIT(INBOUND_UNKNOWN) | BIT(SINGLE));
	else if (!work->hosts[edge->client].inside && work->hosts[edge->server].inside && edge->connections <= 1)
		conclude(edge, AM_VERDICT_UNDECIDED, BIT(INBOUND_UNKNOWN) | BIT(SINGLE));
	else
		conclude(edge, AM_VERDICT_UNDECIDED,
			 BIT(SINGLE) | (scanned ? BIT(SCANNER) : 0) | (notes->late ? BIT(LATE) : 0) |
				 (admin ? BIT(ADMIN_PORT) : 0) | (guessed ? BIT(UNSURE_DIRECTION) : 0));
}

/* ---- Lateral movement: one inside host that logs in, thinly, here and there, by several protocols. Not by one that it
 * administers other hosts with every day. */

static gboolean is_thin_login(const AmMapWork *work, uint32_t n)
{
	const AmEdge *edge = am_work_edge(work, n);
	return edge->verdict == AM_VERDICT_UNDECIDED && work->hosts[edge->server].inside &&
	       am_work_notes(work, n)->kind == AM_KIND_TWO_WAY && am_port_is_admin(edge->ip_protocol, edge->port) &&
	       am_peers_habit(work, n) < AM_ADMIN_ESTABLISHED;
}

static int compare_logins(gconstpointer a, gconstpointer b)
{
	const AmEdge *x = *(AmEdge *const *)a, *y = *(AmEdge *const *)b;
	return (x->first_ns > y->first_ns) - (x->first_ns < y->first_ns);
}

static void count(GHashTable *counts, uint32_t key, int change)
{
	gpointer at = GUINT_TO_POINTER(key);
	int n = GPOINTER_TO_INT(g_hash_table_lookup(counts, at)) + change;
	if (n == 0)
		g_hash_table_remove(counts, at);
	else
		g_hash_table_insert(counts, at, GINT_TO_POINTER(n));
}

/* Do enough of the logins (AmEdge *, by their begin) to several hosts, by several protocols, begin within a day? An administrator
 * comes to as many in the course of weeks. */
static gboolean is_tour(const GPtrArray *logins)
{
	g_autoptr(GHashTable) hosts = g_hash_table_new(NULL, NULL), ports = g_hash_table_new(NULL, NULL);
	for (guint n = 0, first = 0; n < logins->len; n++) {
		const AmEdge *login = logins->pdata[n], *old;
		count(hosts, login->server, 1);
		count(ports, login->port, 1);
		for (; (old = logins->pdata[first])->first_ns < login->first_ns - AM_NS_PER_DAY; first++) {
			count(hosts, old->server, -1);
			count(ports, old->port, -1);
		}
		if (g_hash_table_size(hosts) >= AM_LATERAL_HOSTS && g_hash_table_size(ports) >= AM_LATERAL_PROTOCOLS)
			return TRUE;
	}
	return FALSE;
}

static void judge_lateral(AmMapWork *work, uint32_t client)
{
	AmEndpointNotes *host = &work->hosts[client];
	int64_t start_ns = INT64_MAX, end_ns = INT64_MIN;
	/* In a few hours administrators do not come again either. */
	if (!host->inside || (work->span_hours < AM_RECUR_SHORT_HOURS && !host->scanner))
		return;
	g_autoptr(GPtrArray) logins = g_ptr_array_new();
	for (uint32_t n = host->first_edge; n < host->first_edge + host->n_edges; n++) {
		AmEdge *edge = am_work_edge(work, n);
		if (!is_thin_login(work, n))
			continue;
		g_ptr_array_add(logins, edge);
		start_ns = MIN(start_ns, edge->first_ns);
		end_ns = MAX(end_ns, edge->last_ns);
	}
	if (logins->len < AM_LATERAL_HOSTS)
		return;
	g_ptr_array_sort(logins, compare_logins);
	if (!is_tour(logins))
		return;
	host->lateral = TRUE;
	for (uint32_t n = host->first_edge; n < host->first_edge + host->n_edges; n++) {
		AmEdge *edge = am_work_edge(work, n);
		gboolean in_between = edge->first_ns >= start_ns && edge->last_ns <= end_ns;
		gboolean login = am_port_is_admin(edge->ip_protocol, edge->port);
		/* Others may vouch for one of his logins; not for a visitor. */
		if (login && in_between && edge->verdict == AM_VERDICT_ESSENTIAL && (edge->reasons & BIT(PEERS)) != 0 &&
		    !am_work_notes(work, n)->recurs)
			conclude(edge, AM_VERDICT_UNDECIDED, BIT(LATERAL));
		else if (edge->verdict == AM_VERDICT_UNDECIDED && (edge->reasons & BIT(SINGLE)) != 0 &&
			 work->hosts[edge->server].inside && (in_between || login))
			conclude(edge, AM_VERDICT_SUSPICIOUS, BIT(LATERAL));
	}
}

/* Whom somebody beacons to, nobody else needs either, unless it is a place that many go to, and most of them otherwise. */
static void doubt_beacons_company(AmMapWork *work)
{
	guint n_edges = work->map->edges->len;
	g_autofree uint32_t *n_beacons = g_new0(uint32_t, MAX(work->services->len, 1));
	for (guint n = 0; n < n_edges; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		if ((edge->reasons & BIT(BEACON)) == 0)
			continue;
		n_beacons[am_work_notes(work, n)->service]++;
		if (edge->verdict == AM_VERDICT_SUSPICIOUS)
			work->hosts[edge->server].called_home = TRUE;
	}
	for (guint n = 0; n < n_edges; n++) {
		AmEdge *edge = am_work_edge(work, n);
		const AmEdgeNotes *notes = am_work_notes(work, n);
		if (edge->verdict == AM_VERDICT_ESSENTIAL && work->hosts[edge->server].called_home &&
		    (notes->outward_clients < AM_PUBLIC_CLIENTS ||
		     2 * n_beacons[notes->service] > notes->outward_clients)) {
			edge->verdict = AM_VERDICT_UNDECIDED;
			edge->reasons |= BIT(BEACON);
		}
	}
}

void am_verdicts_build(AmMapWork *work)
{
	guint n_edges = work->map->edges->len;
	am_related_find(work);
	am_kinds_find(work);
	am_scan_find(work);
	am_machines_join(work);
	am_checks_count(work);
	am_beacon_prepare(work);
	for (guint n = 0; n < n_edges; n++) {
		AmEdgeKind kind = (AmEdgeKind)am_work_notes(work, n)->kind;
		if (kind != AM_KIND_DISMISSED && kind != AM_KIND_FAILED)
			judge_alone(work, n);
	}
	am_peers_prepare(work);
	am_crowds_prepare(work);
	am_leases_count(work);
	for (guint n = 0; n < n_edges; n++) {
		AmEdge *edge = am_work_edge(work, n);
		const AmEdgeNotes *notes = am_work_notes(work, n);
		if (notes->kind == AM_KIND_FAILED)
			judge_failed(work, edge, notes);
		else if (edge->verdict == AM_N_VERDICTS && notes->recurs)
			judge_recurring(work, n);
		else if (edge->verdict == AM_N_VERDICTS)
			judge_thin(work, n);
	}
	for (guint client = 0; client < work->map->endpoints->len; client++)
		judge_lateral(work, client);
	am_expected_apply(work);
	doubt_beacons_company(work);
	am_overrides_apply(work);
	am_excluded_apply(work);
	am_related_inherit(work);
	for (guint n = 0; n < n_edges; n++)
		work->map->n_verdicts[am_work_edge(work, n)->verdict]++;
}
