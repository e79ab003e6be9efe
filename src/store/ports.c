/* Whose port names the service, as far as the facts may say so: from a handshake or a protocol role. Where neither was
 * seen, both ports are kept and the map decides, with what it has learned by then; unless there are so many of them that
 * keeping them all would let one pair of hosts fill the disk (a syslog sender that takes a new port for each datagram).
 */
#include "config.h"

#include "tally.h"

#include "allowmap/model/packet.h"

#include <string.h>

static gboolean has(const AmConnection *connection, uint32_t lo_bit, int side)
{
	return (connection->evidence & lo_bit << side) != 0;
}

/* A SYN-ACK proves a service when somebody asked for it, or went on with it. Without either it is backscatter as likely as a
 * connection whose beginning was missed. */
static gboolean answers(const AmConnection *connection, int side)
{
	return has(connection, AM_EVIDENCE_SYNACK_LO, side) &&
	       (has(connection, AM_EVIDENCE_SYN_LO, !side) ||
		(connection->evidence & (AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_WENT_ON)) != 0);
}

AmSide am_side_of(const AmConnection *connection)
{
	uint32_t evidence = connection->evidence;
	gboolean lo_asks = has(connection, AM_EVIDENCE_SYN_LO, 0) || answers(connection, 1);
	gboolean hi_asks = has(connection, AM_EVIDENCE_SYN_LO, 1) || answers(connection, 0);
	if (lo_asks != hi_asks)
		return lo_asks ? AM_SIDE_HI : AM_SIDE_LO;
	gboolean lo_answers = (evidence & AM_EVIDENCE_SYNACK_LO) != 0;
	gboolean hi_answers = (evidence & AM_EVIDENCE_SYNACK_HI) != 0;
	/* Both sent a SYN: the one whose SYN-ACK was confirmed serves. */
	if (lo_asks && (evidence & AM_EVIDENCE_HANDSHAKE) != 0 && lo_answers != hi_answers)
		return lo_answers ? AM_SIDE_LO : AM_SIDE_HI;
	lo_asks = (evidence & AM_EVIDENCE_CLIENT_LO) != 0;
	hi_asks = (evidence & AM_EVIDENCE_CLIENT_HI) != 0;
	if (lo_asks != hi_asks)
		return lo_asks ? AM_SIDE_HI : AM_SIDE_LO;
	return AM_SIDE_NONE;
}

/* How many pairs have a port on a side, ascending by (side, port); only those that more than one pair has. */
typedef struct {
	uint8_t side;
	uint16_t port;
	uint32_t n;
} PortCount;

struct AmPortChoice {
	uint8_t probed; /* AmSide, or NONE */
	guint n;
	PortCount counts[];
};

static int compare_ports(gconstpointer a, gconstpointer b)
{
	const PortCount *x = a, *y = b;
	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	return x->port < y->port ? -1 : x->port > y->port;
}

/* A scanner's UDP, FIN, NULL, Xmas and ACK probes, and the SYN-ACKs of a reflector: no direction that a handshake or a
 * protocol tells, and one source port for all, which would look like a service. The leftovers of a server's connections look
 * like ACK probes, but for its port. */
static gboolean is_probed(const AmSum *sum, int side)
{
	int64_t connections = sum->n[AM_SUM_CONNECTIONS];
	const AmCounts *counts = &sum->counts;
	if (connections <= 0 || sum->n[AM_SUM_FIRST + !side] < connections ||
	    counts->packets[0] + counts->packets[1] > 2 * (uint64_t)connections ||
	    counts->payload[0] + counts->payload[1] > 0)
		return FALSE;
	if (sum->key.ip_protocol != AM_PROTO_TCP)
		return TRUE;
	/* Nothing but refusals tell of attempts that were not seen, not of probes: the port that repeats is what was tried. */
	if (counts->packets[side] == 0 && sum->n[AM_SUM_RST + !side] >= connections &&
	    sum->n[AM_SUM_SYNACK + !side] == 0)
		return FALSE;
	gboolean only_refused = counts->packets[side] == 0 || sum->n[AM_SUM_RST + side] >= connections;
	gboolean answers = sum->n[AM_SUM_SYNACK + !side] > 0 || sum->n[AM_SUM_RST + !side] > 0;
	uint16_t sender_port = side == 0 ? sum->key.port_hi : sum->key.port_lo;
	return only_refused && (answers || sender_port >= 1024);
}

AmPortPair am_port_pair_of(const AmSum *sum)
{
	uint8_t probed = is_probed(sum, 0) ? AM_SIDE_LO : is_probed(sum, 1) ? AM_SIDE_HI : AM_SIDE_NONE;
	return (AmPortPair){sum->key.port_lo, sum->key.port_hi, probed};
}

static uint8_t most_probed(const AmPortPair *pairs, guint n)
{
	guint probes[AM_SIDE_HI + 1] = {0};
	for (guint p = 0; p < n; p++)
		probes[pairs[p].probed]++;
	return 2 * probes[AM_SIDE_LO] > n ? AM_SIDE_LO : 2 * probes[AM_SIDE_HI] > n ? AM_SIDE_HI : AM_SIDE_NONE;
}

AmPortChoice *am_port_choice_new(const AmPortPair *pairs, guint n)
{
	g_autofree PortCount *all = g_new(PortCount, 2 * (gsize)n + 1);
	for (guint p = 0; p < n; p++) {
		all[2 * p] = (PortCount){.side = AM_SIDE_LO, .port = pairs[p].lo, .n = 1};
		all[2 * p + 1] = (PortCount){.side = AM_SIDE_HI, .port = pairs[p].hi, .n = 1};
	}
	qsort(all, 2 * (gsize)n, sizeof *all, compare_ports);
	guint kept = 0;
	for (guint from = 0, to; from < 2 * n; from = to) {
		for (to = from + 1; to < 2 * n && compare_ports(&all[from], &all[to]) == 0; to++)
			;
		if (to - from > 1)
			all[kept++] = (PortCount){.side = all[from].side, .port = all[from].port, .n = to - from};
	}
	AmPortChoice *choice = g_malloc(sizeof *choice + kept * sizeof *all);
	choice->probed = most_probed(pairs, n);
	choice->n = kept;
	memcpy(choice->counts, all, kept * sizeof *all);
	return choice;
}

void am_port_choice_free(AmPortChoice *choice)
{
	g_free(choice);
}

static uint32_t times_seen(const AmPortChoice *choice, AmSide side, uint16_t port)
{
	PortCount wanted = {.side = (uint8_t)side, .port = port};
	const PortCount *found = bsearch(&wanted, choice->counts, choice->n, sizeof wanted, compare_ports);
	return found != NULL ? found->n : 0;
}

AmSide am_port_choice_side(const AmPortChoice *choice, AmPortPair pair)
{
	if (choice->probed != AM_SIDE_NONE)
		return (AmSide)choice->probed;
	uint32_t lo = times_seen(choice, AM_SIDE_LO, pair.lo), hi = times_seen(choice, AM_SIDE_HI, pair.hi);
	if (lo != hi)
		return lo > hi ? AM_SIDE_LO : AM_SIDE_HI;
	return pair.lo <= pair.hi ? AM_SIDE_LO : AM_SIDE_HI;
}

void am_port_choice_apply(const AmPortChoice *choice, AmSumKey *key)
{
	key->side = am_port_choice_side(choice, (AmPortPair){key->port_lo, key->port_hi, AM_SIDE_NONE});
	if (key->side == AM_SIDE_LO)
		key->port_hi = 0;
	else
		key->port_lo = 0;
}
