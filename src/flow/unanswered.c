/* A flood or a large scan makes more connections than a disk should hold, and none of them says more than "somebody tried".
 * So unanswered connections of few packets have a budget by the minute. Beyond it they are counted by (source, protocol,
 * port), with an estimate of the distinct targets; of spoofed floods, whose sources are as many as their packets, by
 * (protocol, port). Who was seen to be answered is no spoofed source, and has an allowance of its own, so that a flood
 * does not hide what real hosts tell a collector that never answers.
 *
 * Fed by shard.c, a table per shard, by packet time: what is kept does not depend on threads. All addresses of a pair are
 * in one shard, so the targets of a source that shards count are disjoint, and their estimates add up. Distinct targets by
 * HyperLogLog (Flajolet et al. 2007) with 64 registers: standard error 1.04/8 = 13%.
 */
#include "config.h"

#include "unanswered.h"

#include "flow.h"

#include <math.h>
#include <string.h>

#define COUNTS 1024          /* (source, protocol, port) a minute; beyond them, of many sources */
#define TRUSTED 8192         /* a power of two */
#define TRUSTED_A_MINUTE 256 /* kept of one trusted source and port */
#define REGISTERS 64

typedef struct {
	AmUnanswered sum;
	uint32_t kept;
	uint8_t registers[REGISTERS];
} Count;

struct AmUnansweredTable {
	uint64_t key0, key1;
	uint32_t per_minute, kept;
	int64_t minute; /* INT64_MIN: none */
	Count counts[COUNTS];
	uint32_t n_counts;
	uint16_t index[2 * COUNTS]; /* number + 1 by hash, open addressing */
	AmAddress trusted[TRUSTED]; /* by hash; the newest stays */
};

AmUnansweredTable *am_unanswered_new(uint64_t key0, uint64_t key1, uint32_t per_minute)
{
	AmUnansweredTable *table = g_new0(AmUnansweredTable, 1);
	table->key0 = key0;
	table->key1 = key1;
	table->per_minute = per_minute;
	table->minute = INT64_MIN;
	return table;
}

void am_unanswered_free(AmUnansweredTable *table)
{
	g_free(table);
}

static uint64_t hash_address(const AmUnansweredTable *table, const AmAddress *address, uint64_t more)
{
	uint64_t words[3];
	memcpy(words, address->bytes, 16);
	words[2] = (uint64_t)address->family << 32 | more;
	return am_flow_hash(table->key0, table->key1, words, 3);
}

static AmAddress *trusted_slot(AmUnansweredTable *table, const AmAddress *address)
{
	return &table->trusted[hash_address(table, address, 0) & (TRUSTED - 1)];
}

void am_unanswered_trust(AmUnansweredTable *table, const AmAddress *address)
{
	*trusted_slot(table, address) = *address;
}

/* ---- Counts */

/* Its count; a new one only while there are fewer than `most`. */
static Count *find_count(AmUnansweredTable *table, uint16_t network, const AmAddress *source, uint8_t ip_protocol,
			 uint16_t port, guint most)
{
	uint64_t hash = hash_address(table, source, (uint64_t)network << 40 | (uint64_t)ip_protocol << 16 | port);
	guint at = (guint)hash % G_N_ELEMENTS(table->index);
	for (; table->index[at] != 0; at = (at + 1) % G_N_ELEMENTS(table->index)) {
		Count *count = &table->counts[table->index[at] - 1];
		if (count->sum.port == port && count->sum.ip_protocol == ip_protocol && count->sum.network == network &&
		    memcmp(&count->sum.source, source, sizeof *source) == 0)
			return count;
	}
	if (table->n_counts >= most)
		return NULL;
	Count *count = &table->counts[table->n_counts++];
	table->index[at] = (uint16_t)table->n_counts;
	*count = (Count){.sum = {.source = *source, .network = network, .ip_protocol = ip_protocol, .port = port}};
	return count;
}

/* Spoofed sources leave room for real ones, all of these for what is added up over sources: by port, and in the last places
 * by protocol, of all networks, of which there are no more than places. */
static Count *count_for(AmUnansweredTable *table, uint16_t network, const AmTuple *opener, gboolean is_trusted)
{
	const AmAddress many = {0};
	Count *count = find_count(table, network, &opener->source, opener->ip_protocol, opener->destination_port,
				  is_trusted ? COUNTS - 512 : COUNTS / 4);
	if (count == NULL)
		count = find_count(table, network, &many, opener->ip_protocol, opener->destination_port, COUNTS - 256);
	return count != NULL ? count : find_count(table, 0, &many, opener->ip_protocol, 0, COUNTS);
}

static uint64_t estimate(const uint8_t registers[REGISTERS])
{
	double sum = 0;
	guint zeros = 0;
	for (guint r = 0; r < REGISTERS; r++) {
		sum += ldexp(1, -registers[r]);
		zeros += registers[r] == 0;
	}
	double raw = 0.709 * REGISTERS * REGISTERS / sum;
	if (raw <= 2.5 * REGISTERS && zeros > 0)
		raw = REGISTERS * log((double)REGISTERS / zeros);
	return (uint64_t)(raw + 0.5);
}

static void add_target(AmUnansweredTable *table, Count *count, const AmAddress *target)
{
	uint64_t hash = hash_address(table, target, UINT64_C(1) << 24);
	uint8_t rank = hash >> 6 != 0 ? (uint8_t)(__builtin_ctzll(hash >> 6) + 1) : 58;
	uint8_t *reg = &count->registers[hash % REGISTERS];
	*reg = MAX(*reg, rank);
}

static void give_out(AmUnansweredTable *table, AmConnectionBatch *out)
{
	for (uint32_t n = 0; n < table->n_counts; n++) {
		Count *count = &table->counts[n];
		if (count->sum.connections == 0)
			continue;
		count->sum.minute = table->minute;
		count->sum.targets = estimate(count->registers);
		am_connection_batch_add_unanswered(out, &count->sum);
	}
	table->n_counts = table->kept = 0;
	memset(table->index, 0, sizeof table->index);
}

void am_unanswered_flush(AmUnansweredTable *table, AmConnectionBatch *out)
{
	give_out(table, out);
	table->minute = INT64_MIN;
}

gboolean am_unanswered_keep(AmUnansweredTable *table, uint16_t network, const AmTuple *opener, uint64_t packets,
			    uint64_t bytes, int64_t now_ns, AmConnectionBatch *out)
{
	int64_t minute = now_ns / (60 * AM_NS_PER_S);
	if (minute != table->minute) {
		give_out(table, out);
		table->minute = minute;
	}
	if (table->kept < table->per_minute) {
		table->kept++;
		return TRUE;
	}
	gboolean is_trusted = memcmp(trusted_slot(table, &opener->source), &opener->source, sizeof(AmAddress)) == 0;
	Count *count = count_for(table, network, opener, is_trusted);
	if (is_trusted && count->sum.source.family != 0 && count->kept < TRUSTED_A_MINUTE) {
		count->kept++;
		return TRUE;
	}
	count->sum.connections++;
	count->sum.packets += packets;
	count->sum.bytes += bytes;
	add_target(table, count, &opener->destination);
	return FALSE;
}
