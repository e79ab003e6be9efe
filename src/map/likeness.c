/* Are two clients of a service alike, by what else they use? The overlap coefficient (Szymkiewicz-Simpson) of their services.
 * Pairs of clients come up once for each service that they share, so the counts of a pair are kept: two clients of 20 000
 * servers would else be compared 20 000 times, over all their edges.
 */
#include "config.h"

#include "constants.h"
#include "ports.h"
#include "work.h"

#define MEMORY_BITS 14 /* pairs that are remembered: the last one of each hash */

/* Usable services of two clients: of the one, of the other, of both. */
typedef struct {
	uint32_t own[2], shared;
} Counts;

typedef struct {
	uint32_t clients[2];
	gboolean known, without_logins;
	Counts counts;
} Pair;

struct AmLikeness {
	Pair pairs[1 << MEMORY_BITS];
};

AmLikeness *am_likeness_new(void)
{
	return g_new0(AmLikeness, 1);
}

static gboolean counts(const AmMapWork *work, uint32_t edge_index, gboolean without_logins)
{
	return am_work_notes(work, edge_index)->usable && !(without_logins && am_edge_is_login(work, edge_index));
}

/* Edges of a client are sorted by service. */
static Counts compare(const AmMapWork *work, const uint32_t clients[2], gboolean without_logins)
{
	Counts result = {0};
	uint32_t at[2], end[2];
	for (int side = 0; side < 2; side++) {
		at[side] = work->hosts[clients[side]].first_edge;
		end[side] = at[side] + work->hosts[clients[side]].n_edges;
	}
	for (;;) {
		for (int side = 0; side < 2; side++) {
			while (at[side] < end[side] && !counts(work, at[side], without_logins))
				at[side]++;
		}
		if (at[0] == end[0] && at[1] == end[1])
			return result;
		int order = at[0] == end[0] ? 1
			    : at[1] == end[1]
				    ? -1
				    : am_edge_compare_service(am_work_edge(work, at[0]), am_work_edge(work, at[1]));
		result.own[0] += order <= 0;
		result.own[1] += order >= 0;
		result.shared += order == 0;
		at[0] += order <= 0;
		at[1] += order >= 0;
	}
}

static Counts remembered(const AmMapWork *work, const uint32_t clients[2], gboolean without_logins)
{
	uint64_t hash = am_mix((uint64_t)clients[0] << 32 | clients[1], without_logins != FALSE);
	Pair *pair = &work->likeness->pairs[hash >> (64 - MEMORY_BITS)];
	if (!pair->known || pair->clients[0] != clients[0] || pair->clients[1] != clients[1] ||
	    pair->without_logins != without_logins)
		*pair = (Pair){.clients = {clients[0], clients[1]},
			       .known = TRUE,
			       .without_logins = without_logins,
			       .counts = compare(work, clients, without_logins)};
	return pair->counts;
}

/* Where the service in question is a login, all logins are left out: an intruder has them in common with his victims'
 * administrators. */
gboolean am_clients_alike(const AmMapWork *work, uint32_t edge_index, uint32_t other_index)
{
	const AmEdge *edge = am_work_edge(work, edge_index);
	const uint32_t clients[2] = {edge->client, am_work_edge(work, other_index)->client};
	if (work->hosts[clients[1]].relied_on && !work->hosts[clients[0]].serves)
		return FALSE;
	gboolean without_logins = am_port_is_admin(edge->ip_protocol, edge->port) != FALSE;
	Counts all = remembered(work, clients, without_logins);
	gboolean mine = counts(work, edge_index, without_logins) != FALSE,
		 theirs = counts(work, other_index, without_logins) != FALSE;
	uint32_t shared = all.shared - (mine && theirs);
	return shared >= AM_PEER_SHARED && shared >= AM_PEER_SHARE * MIN(all.own[0] - mine, all.own[1] - theirs);
}
