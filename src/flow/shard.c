/* The door of flow/: one shard's packets go in, connection records come out. Here a packet finds its connection, is
 * counted, and is shown to evidence.c, the role recognisers and nDPI; here connections begin. How they become records is in
 * record.c.
 *
 * Where one connection stops and the next begins depends on its own packets alone (idle time, reuse), never on when
 * am_flow_shard_advance() happened to look. Nothing depends on addresses in memory, the time of day or threads. */
#include "config.h"

#include "outers.h"
#include "roles.h"
#include "shard.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAX_FLOWS 500000u
#define DEFAULT_MAX_UNANSWERED 30000u
/* Hostile time stamps must not overflow sums with a timeout: half of the range is the year 2116. */
#define MAX_TIME_NS (INT64_MAX / 2)
#define MAX_TIMEOUT_S (366u * 86400u)
#define HOUR_NS (3600 * AM_NS_PER_S)

static uint32_t timeout_or(uint32_t given_s, uint32_t default_s)
{
	return given_s == 0 ? default_s : MIN(given_s, MAX_TIMEOUT_S);
}

AmFlowShard *am_flow_shard_new(const AmFlowOptions *options, GError **error)
{
	AmClassifier *classifier = NULL;
	if (options->dpi != AM_DPI_OFF && (classifier = am_classifier_new(error)) == NULL)
		return NULL;
	AmFlowShard *shard = g_new0(AmFlowShard, 1);
	shard->options = *options;
	shard->classifier = classifier;
	shard->duplicates = am_duplicates_new(options->seed);
	shard->now_ns = INT64_MIN;
	uint32_t opening_s = timeout_or(options->tcp_unestablished_s, 60), udp_s = timeout_or(options->udp_s, 60);
	uint32_t other_s = timeout_or(options->other_s, 60);
	const uint32_t timeouts_s[AM_N_CLASSES] = {
		[AM_CLASS_TCP_OPENING] = opening_s,
		[AM_CLASS_UDP_UNANSWERED] = udp_s,
		[AM_CLASS_OTHER_UNANSWERED] = other_s,
		[AM_CLASS_TCP_CLOSED] = timeout_or(options->tcp_closed_s, 5),
		[AM_CLASS_UDP] = udp_s,
		[AM_CLASS_OTHER] = other_s,
		[AM_CLASS_TCP] = timeout_or(options->tcp_established_s, 3600),
	};
	uint32_t max_flows = options->max_flows == 0 ? DEFAULT_MAX_FLOWS : options->max_flows;
	max_flows = MIN(max_flows / AM_FLOW_SHARDS + (max_flows % AM_FLOW_SHARDS != 0), UINT32_C(1) << 26);
	am_flow_table_init(&shard->table, options->seed, max_flows, timeouts_s);
	uint32_t max_unanswered = options->max_unanswered == 0 ? DEFAULT_MAX_UNANSWERED : options->max_unanswered;
	shard->unanswered =
		am_unanswered_new(shard->table.key0, shard->table.key1, MAX(max_unanswered / AM_FLOW_SHARDS, 1));
	shard->fragments = am_fragments_new(shard->table.key0, shard->table.key1);
	shard->related = am_related_table_new(shard->table.key0, shard->table.key1);
	shard->observer = am_observer_new(shard->table.key0, shard->table.key1);
	if (options->dpi == AM_DPI_ADAPTIVE)
		shard->sampler = am_sampler_new(shard->table.key0, shard->table.key1);
	return shard;
}

void am_flow_shard_free(AmFlowShard *shard)
{
	if (shard == NULL)
		return;
	am_classifier_free(shard->classifier);
	am_sampler_free(shard->sampler);
	am_unanswered_free(shard->unanswered);
	if (shard->flushing != NULL)
		g_array_unref(shard->flushing);
	am_fragments_free(shard->fragments);
	am_duplicates_free(shard->duplicates);
	am_related_table_free(shard->related);
	am_observer_free(shard->observer);
	am_flow_table_clear(&shard->table);
	g_free(shard);
}

/* ---- packets */
static void set_hour(AmFlowShard *shard, int64_t time_ns)
{
	int hour = am_time_hour(time_ns);
	shard->day = am_time_day(time_ns);
	shard->hour_bit = 1u << hour;
	shard->hour_begin_ns = (int64_t)shard->day * 24 * HOUR_NS + hour * HOUR_NS;
	shard->hour_end_ns = shard->hour_begin_ns + HOUR_NS;
}

static inline gboolean is_idle(const AmFlowShard *shard, const AmFlow *flow, int64_t now_ns)
{
	return flow->last_ns + shard->table.wheels[flow->kind].timeout_ns <= now_ns;
}

/* The connection of a packet with this key, after ending one that was idle for too long or whose tuple is used anew. */
static uint32_t find_live(AmFlowShard *shard, const AmFlowKey *key, uint32_t hash, const AmPacket *packet,
			  int direction, int64_t now_ns, AmConnectionBatch *out)
{
	uint32_t index = am_flow_table_find(&shard->table, key, hash);
	if (index == AM_NO_FLOW)
		return index;
	AmFlow *flow = am_flow_at(&shard->table, index);
	gboolean is_over = is_idle(shard, flow, now_ns);
	if (!is_over && packet != NULL)
		is_over = am_evidence_is_reuse(flow, am_flow_record_at(&shard->table, index), packet, direction);
	if (!is_over)
		return index;
	am_record_finish(shard, index, 0, out);
	return AM_NO_FLOW;
}

static uint32_t begin(AmFlowShard *shard, const AmFlowKey *key, uint32_t hash, const AmPacket *packet, int direction,
		      uint64_t ordinal, int64_t now_ns, AmConnectionBatch *out)
{
	AmFlowTable *table = &shard->table;
	if (table->n_flows >= table->max_flows) {
		uint32_t victim = am_flow_table_victim(table);
		if (victim == AM_NO_FLOW)
			return AM_NO_FLOW;
		am_record_finish(shard, victim, AM_EVIDENCE_CUT, out);
		shard->counters.given_up++;
	}
	uint32_t index = am_flow_table_add(table, key, hash);
	AmFlow *flow = am_flow_at(table, index);
	AmFlowRecord *record = am_flow_record_at(table, index);
	flow->last_ns = record->first_ns = record->delta_first_ns = now_ns;
	flow->evidence = (uint32_t)AM_EVIDENCE_FIRST_LO << direction;
	flow->day = shard->day;
	record->sequence = ordinal;
	record->vlan = packet->vlan;
	record->inner_vlan = packet->inner_vlan;
	record->encapsulation = packet->encapsulation;
	record->encapsulation_id = packet->encapsulation_id;
	record->related = am_related_table_find(shard->related, key, packet, direction, now_ns);
	if (shard->classifier != NULL && (key->ip_protocol == AM_PROTO_TCP || key->ip_protocol == AM_PROTO_UDP))
		flow->flags = AM_FLOW_WANTS_DPI;
	shard->counters.connections++;
	return index;
}

static unsigned add_role(AmFlow *flow, const AmPacket *packet, int direction)
{
	unsigned role;
	if (flow->key.ip_protocol == AM_PROTO_TCP)
		role = am_role_tcp(packet, (flow->flags & AM_FLOW_SSH) != 0);
	else if (flow->key.ip_protocol == AM_PROTO_UDP)
		role = am_role_udp(packet);
	else
		return AM_ROLE_NONE;
	flow->role_tries = (uint8_t)(flow->role_tries + (1u << 4 * direction));
	if ((role & AM_ROLE_SSH) != 0)
		flow->flags |= AM_FLOW_SSH;
	if ((role & AM_ROLE_SERVER) != 0 && am_address_is_multicast(&packet->tuple.destination))
		return role; /* nobody asked: a group cannot be a client */
	if ((role & (AM_ROLE_CLIENT | AM_ROLE_SERVER)) == 0)
		return role;
	flow->evidence |= (uint32_t)AM_EVIDENCE_CLIENT_LO << ((role & AM_ROLE_CLIENT) != 0 ? direction : !direction);
	if ((role & AM_ROLE_EXPECTS) != 0)
		flow->flags |= AM_FLOW_EXPECTS_ANSWER;
	return role;
}

/* At the first payload, what adaptive mode makes of this connection. */
static void plan_inspection(AmFlowShard *shard, AmFlow *flow, AmFlowRecord *record)
{
	AmListenerKey key = am_record_listener(flow);
	switch (am_sampler_ask(shard->sampler, &key, &record->dpi)) {
	case AM_INSPECT_FULL:
		flow->flags |= AM_FLOW_SAMPLE;
		break;
	case AM_INSPECT_BRIEF:
		flow->flags |= AM_FLOW_BRIEF_DPI;
		break;
	case AM_INSPECT_NONE:
		break;
	}
}

static void look_inside(AmFlowShard *shard, AmFlow *flow, AmFlowRecord *record, const AmPacket *packet, int direction)
{
	unsigned role = AM_ROLE_NONE;
	int server;
	AmRelatedKind announces = am_related_control(&flow->key, &server);
	if (G_UNLIKELY(announces != AM_RELATED_NONE))
		am_related_table_read(shard->related, announces, server, &flow->key, packet, direction, flow->last_ns);
	if ((flow->evidence & (AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI)) == 0 &&
	    (flow->role_tries >> 4 * direction & 0x0f) < AM_ROLE_PACKETS)
		role = add_role(flow, packet, direction);
	if (G_UNLIKELY((role & AM_ROLE_COMMUNITY) != 0))
		record->shows |= AM_SHOWS_COMMUNITY;
	if (G_UNLIKELY(am_role_is_login(packet)))
		record->shows |= AM_SHOWS_LOGIN;
	if ((flow->flags & AM_FLOW_WANTS_DPI) == 0)
		return;
	if (flow->dpi_packets++ == 0 && shard->sampler != NULL)
		plan_inspection(shard, flow, record);
	if ((role & AM_ROLE_NAMES) != 0)
		am_classifier_set_name(shard->classifier, &record->dpi, (uint8_t)(role & AM_ROLE_NAMES));
	int most = record->dpi.first_app == 0 ? AM_DPI_MAX_UNNAMED : AM_DPI_MAX_PACKETS;
	if (!record->dpi.done)
		am_classifier_packet(shard->classifier, &record->dpi, packet, flow->dpi_packets >= most,
				     (flow->flags & AM_FLOW_BRIEF_DPI) != 0);
	if (record->dpi.done)
		flow->flags &= (uint8_t)~AM_FLOW_WANTS_DPI;
}

static void count(AmFlow *flow, AmFlowRecord *record, const AmPacket *packet, int direction)
{
	if (flow->total.packets[direction]++ == 0) {
		memcpy(record->mac[direction], packet->source_mac, 6);
		record->is_near[direction] = am_observe_is_near(packet);
		if ((packet->tcp_flags & (AM_TCP_SYN | AM_TCP_ACK)) == AM_TCP_SYN)
			am_observe_system(packet, record->system);
	}
	flow->total.bytes[direction] += packet->ip_wire_size;
	flow->total.payload[direction] += am_evidence_payload(packet);
}

/* Later fragments. Of SCTP, the payload is told by the chunks of the first one. */
static void count_fragments(AmFlowShard *shard, AmFlow *flow, const AmHeldFragments *fragments, int direction)
{
	flow->total.packets[direction] += fragments->packets;
	flow->total.bytes[direction] += fragments->bytes;
	if (flow->key.ip_protocol != AM_PROTO_SCTP)
		flow->total.payload[direction] += fragments->payload;
	shard->counters.recorded += fragments->packets;
	shard->counters.fragments += fragments->packets;
}

/* An ICMP error joins the connection that it quotes, and leaves its counts and its idle time alone. */
static gboolean add_icmp_error(AmFlowShard *shard, const AmPacket *packet, int64_t now_ns, AmConnectionBatch *out)
{
	AmFlowKey key;
	if (!am_flow_quoted_key(packet, &key))
		return FALSE;
	uint32_t index = find_live(shard, &key, am_flow_table_hash(&shard->table, &key), NULL, 0, now_ns, out);
	if (index == AM_NO_FLOW)
		return FALSE;
	am_evidence_add_icmp_error(am_flow_at(&shard->table, index), am_flow_record_at(&shard->table, index), packet);
	return TRUE;
}

/* Brings a connection to the time of one of its packets. */
static void touch(AmFlowShard *shard, AmFlow *flow, AmFlowRecord *record, int64_t time_ns, AmConnectionBatch *out)
{
	if (flow->day != shard->day)
		am_record_begin_delta(shard, flow, record, time_ns, out);
	flow->hours |= shard->hour_bit;
	flow->last_ns = time_ns;
}

/* ---- fragments */
static void add_later_fragment(AmFlowShard *shard, const AmPacket *packet, int64_t time_ns, AmConnectionBatch *out)
{
	AmFlowKey key;
	int direction;
	switch (am_fragments_later(shard->fragments, packet, time_ns, &key, &direction)) {
	case AM_FRAGMENT_JOINS:
		break;
	case AM_FRAGMENT_HELD:
		return;
	case AM_FRAGMENT_LOST:
		shard->counters.skipped[AM_SKIP_FRAGMENT]++;
		return;
	case AM_FRAGMENT_CONTRADICTS:
		shard->counters.skipped[AM_SKIP_FRAGMENT_CONFLICT]++;
		return;
	}
	uint32_t index = am_flow_table_find(&shard->table, &key, am_flow_table_hash(&shard->table, &key));
	if (index == AM_NO_FLOW || is_idle(shard, am_flow_at(&shard->table, index), time_ns)) {
		shard->counters.skipped[AM_SKIP_FRAGMENT]++;
		return;
	}
	AmFlow *flow = am_flow_at(&shard->table, index);
	time_ns = MAX(time_ns, flow->last_ns);
	if (time_ns < shard->hour_begin_ns || time_ns >= shard->hour_end_ns)
		set_hour(shard, time_ns);
	touch(shard, flow, am_flow_record_at(&shard->table, index), time_ns, out);
	const AmHeldFragments one = {1, packet->ip_wire_size, packet->payload_wire_size};
	count_fragments(shard, flow, &one, direction);
}

/* What was held or noted, and can no longer come to anything. */
static void count_lost_fragments(AmFlowShard *shard)
{
	uint64_t lost, contradicting;
	am_fragments_take_counts(shard->fragments, &lost, &contradicting);
	shard->counters.skipped[AM_SKIP_FRAGMENT] += lost;
	shard->counters.skipped[AM_SKIP_FRAGMENT_CONFLICT] += contradicting;
}

/* What can be said of a packet before its turn. */
typedef struct {
	AmFingerprint print;
	AmFlowKey key;
	int direction;
	uint32_t hash;
} Prepared;

static void prepare(const AmFlowShard *shard, const AmPacket *packet, Prepared *ret)
{
	if (G_UNLIKELY(packet->is_later_fragment))
		return; /* nothing of this is asked */
	ret->print = am_duplicates_fingerprint(shard->duplicates, packet);
	ret->direction = am_flow_packet_key(packet, &ret->key);
	ret->hash = am_flow_table_hash(&shard->table, &ret->key);
	am_flow_table_fetch_slot(&shard->table, ret->hash);
}

static void take_packet(AmFlowShard *shard, const AmPacket *packet, const Prepared *prepared, uint64_t ordinal,
			AmConnectionBatch *out)
{
	int64_t time_ns = CLAMP(packet->time_ns, -MAX_TIME_NS, MAX_TIME_NS);
	shard->now_ns = MAX(shard->now_ns, time_ns);
	if (G_UNLIKELY(packet->is_later_fragment)) {
		add_later_fragment(shard, packet, time_ns, out);
		return;
	}
	/* A frame counts once in the ledger: as the innermost packet. */
	gboolean is_outer = packet->carries != 0;
	if (am_duplicates_seen(shard->duplicates, prepared->print, time_ns)) {
		shard->counters.skipped[AM_SKIP_DUPLICATE] += !is_outer;
		return;
	}
	shard->counters.recorded += !is_outer;
	if (packet->has_quoted && add_icmp_error(shard, packet, time_ns, out))
		return;

	const AmFlowKey *key = &prepared->key;
	const int direction = prepared->direction;
	AmHeldFragments held = {0};
	if (G_UNLIKELY(packet->is_fragment) && !is_outer &&
	    am_fragments_first(shard->fragments, packet, time_ns, key, direction, &held) == AM_FRAGMENT_CONTRADICTS) {
		shard->counters.recorded--;
		shard->counters.skipped[AM_SKIP_FRAGMENT_CONFLICT]++;
		return;
	}
	uint32_t index = find_live(shard, key, prepared->hash, packet, direction, time_ns, out);
	gboolean is_new = index == AM_NO_FLOW;
	if (!is_new)
		time_ns = MAX(time_ns, am_flow_at(&shard->table, index)->last_ns);
	if (time_ns < shard->hour_begin_ns || time_ns >= shard->hour_end_ns)
		set_hour(shard, time_ns);
	if (is_new)
		index = begin(shard, key, prepared->hash, packet, direction, ordinal, time_ns, out);
	if (index == AM_NO_FLOW) {
		if (is_outer)
			return;
		shard->counters.recorded--;
		shard->counters.skipped[AM_SKIP_FLOW_TABLE] += 1 + held.packets;
		return;
	}

	AmFlow *flow = am_flow_at(&shard->table, index);
	AmFlowRecord *record = am_flow_record_at(&shard->table, index);
	touch(shard, flow, record, time_ns, out);
	count(flow, record, packet, direction);
	if (G_UNLIKELY(held.packets != 0))
		count_fragments(shard, flow, &held, direction);
	if (key->ip_protocol == AM_PROTO_TCP)
		am_loss_add(&record->loss, packet, direction);
	AmFlowClass kind = am_evidence_add(flow, record, packet, direction);
	if (is_new || kind != flow->kind)
		am_flow_table_arm(&shard->table, index, kind, !is_new);
	if (G_UNLIKELY(is_outer))
		am_outers_add(&shard->table, flow, record, packet, direction);
	else if (packet->payload_size > 0)
		look_inside(shard, flow, record, packet, direction);
	if (G_UNLIKELY(am_observe_is_telling(packet, flow->total.packets[direction])) && !is_outer)
		am_observe_names(shard->observer, packet, time_ns, out);
}

void am_flow_shard_packet(AmFlowShard *shard, const AmPacket *packet, uint64_t ordinal, AmConnectionBatch *out)
{
	Prepared prepared;
	prepare(shard, packet, &prepared);
	take_packet(shard, packet, &prepared, ordinal, out);
}

/* The tables are far larger than the processor's caches, and each packet needs another place in them. So a packet is prepared
 * AHEAD packets before its turn, and its connection fetched half way. */
#define AHEAD 8 /* a power of two */

void am_flow_shards_packets(AmFlowShard *const *shards, const AmFlowPackets *packets, const uint16_t *which, size_t n,
			    AmConnectionBatch *out)
{
	Prepared ring[AHEAD];
	for (size_t step = 0; step < n + AHEAD; step++) {
		if (step >= AHEAD) {
			size_t p = which[step - AHEAD];
			take_packet(shards[packets->shards[p]], &packets->packets[p], &ring[step % AHEAD],
				    packets->ordinals[p], out);
		}
		if (step >= AHEAD / 2 && step - AHEAD / 2 < n) {
			size_t p = which[step - AHEAD / 2];
			if (!packets->packets[p].is_later_fragment)
				am_flow_table_fetch_flow(&shards[packets->shards[p]]->table,
							 ring[(step - AHEAD / 2) % AHEAD].hash);
		}
		if (step + AHEAD < n)
			__builtin_prefetch(packets->packets[which[step + AHEAD]].ip);
		if (step < n) {
			size_t p = which[step];
			prepare(shards[packets->shards[p]], &packets->packets[p], &ring[step % AHEAD]);
		}
	}
}

void am_flow_shard_advance(AmFlowShard *shard, int64_t now_ns, AmConnectionBatch *out)
{
	shard->now_ns = MAX(shard->now_ns, CLAMP(now_ns, -MAX_TIME_NS, MAX_TIME_NS));
	for (;;) {
		uint32_t index = am_flow_table_expired(&shard->table, shard->now_ns);
		if (index == AM_NO_FLOW)
			break;
		am_record_finish(shard, index, 0, out);
	}
	am_fragments_advance(shard->fragments, shard->now_ns);
	count_lost_fragments(shard);
}

void am_flow_shard_checkpoint(AmFlowShard *shard, int64_t before_ns, AmConnectionBatch *out)
{
	const AmFlowTable *table = &shard->table;
	for (uint32_t i = 0; i < table->n_slots; i++) {
		if (table->slots[i] == 0)
			continue;
		uint32_t index = (uint32_t)table->slots[i] - 1;
		AmFlow *flow = am_flow_at(table, index);
		AmFlowRecord *record = am_flow_record_at(table, index);
		if (flow->day != AM_NO_DAY && record->delta_first_ns <= before_ns)
			am_record_put(shard, flow, record, out);
	}
	am_observer_give_out(shard->observer, out);
}

typedef struct {
	uint64_t sequence;
	uint32_t index;
} OpenFlow;

static int compare_open(const void *a, const void *b)
{
	uint64_t x = ((const OpenFlow *)a)->sequence, y = ((const OpenFlow *)b)->sequence;
	return (x > y) - (x < y);
}

static void begin_flush(AmFlowShard *shard)
{
	const AmFlowTable *table = &shard->table;
	shard->flushing = g_array_sized_new(FALSE, FALSE, sizeof(OpenFlow), table->n_flows);
	shard->flushed = 0;
	for (uint32_t i = 0; i < table->n_slots; i++) {
		if (table->slots[i] == 0)
			continue;
		uint32_t index = (uint32_t)table->slots[i] - 1;
		OpenFlow open = {am_flow_record_at(table, index)->sequence, index};
		g_array_append_val(shard->flushing, open);
	}
	g_array_sort(shard->flushing, compare_open);
}

void am_flow_shard_flush_to(AmFlowShard *shard, uint64_t ordinal, AmConnectionBatch *out)
{
	if (shard->flushing == NULL)
		begin_flush(shard);
	for (; shard->flushed < shard->flushing->len; shard->flushed++) {
		const OpenFlow *open = &g_array_index(shard->flushing, OpenFlow, shard->flushed);
		if (open->sequence > ordinal)
			return;
		const AmFlow *flow = am_flow_at(&shard->table, open->index);
		gboolean is_over = flow->kind == AM_CLASS_TCP_CLOSED || is_idle(shard, flow, shard->now_ns);
		am_record_finish(shard, open->index, is_over ? 0 : AM_EVIDENCE_CUT, out);
	}
	if (ordinal != UINT64_MAX)
		return;
	g_clear_pointer(&shard->flushing, g_array_unref);
	am_unanswered_flush(shard->unanswered, out);
	am_observer_give_out(shard->observer, out);
	am_observer_forget(shard->observer);
	am_flow_table_rewind(&shard->table);
	am_fragments_clear(shard->fragments);
	count_lost_fragments(shard);
	am_duplicates_forget(shard->duplicates);
	am_related_table_forget(shard->related);
	shard->now_ns = INT64_MIN;
}

void am_flow_shard_flush(AmFlowShard *shard, AmConnectionBatch *out)
{
	am_flow_shard_flush_to(shard, UINT64_MAX, out);
}

AmFlowCounters am_flow_shard_counters(const AmFlowShard *shard)
{
	AmFlowCounters counters = shard->counters;
	counters.held = am_fragments_held(shard->fragments);
	return counters;
}
