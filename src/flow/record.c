/* A connection becomes records: at its end, when its day changes, and at a checkpoint. Here it is decided whether it is kept, and
 * what its record says is gathered from evidence.c, nDPI and the outer packets. Fed by shard.c. */
#include "config.h"

#include "outers.h"
#include "shard.h"

#include <string.h>

/* An unanswered connection of more packets is worth its row. */
#define FEW_PACKETS 10

static AmAddress key_address(const AmFlowKey *key, const uint8_t bytes[16])
{
	AmAddress address = {.family = key->family};
	memcpy(address.bytes, bytes, 16);
	return address;
}

static void subtract_counts(AmCounts *counts, const AmCounts *base)
{
	for (int d = 0; d < 2; d++) {
		counts->packets[d] -= base->packets[d];
		counts->bytes[d] -= base->bytes[d];
		counts->payload[d] -= base->payload[d];
	}
}

static void add_l7(const AmFlowShard *shard, const AmDpiSlot *dpi, AmConnection *connection)
{
	if (shard->classifier == NULL || !dpi->done)
		return;
	am_classifier_name(shard->classifier, dpi, connection->l7);
	connection->l7_confidence = dpi->confidence;
	connection->risks = dpi->risks;
	connection->tls_version = dpi->tls_version;
	if (dpi->names == NULL)
		return;
	connection->name_kind = dpi->name_kind;
	g_strlcpy(connection->server_name, dpi->names->server_name, AM_SERVER_NAME_SIZE);
	g_strlcpy(connection->alpn, dpi->names->alpn, AM_ALPN_SIZE);
}

/* A SYN that was answered by SYN-ACK or RST says no more than one that was not: both ends of a flood look so. */
static gboolean is_answered(const AmFlow *flow)
{
	const AmCounts *total = &flow->total;
	if (flow->key.ip_protocol == AM_PROTO_TCP || flow->key.ip_protocol == AM_PROTO_SCTP)
		return (am_evidence_final(flow) & AM_EVIDENCE_HANDSHAKE) != 0 ||
		       total->payload[0] + total->payload[1] > 0;
	return total->packets[0] > 0 && total->packets[1] > 0;
}

static void observe_macs(AmFlowShard *shard, const AmFlowRecord *record, const AmConnection *connection,
			 AmConnectionBatch *out)
{
	for (int side = 0; side < 2; side++) {
		if (record->is_near[side] == 0)
			continue;
		am_observer_add_mac(shard->observer, (uint16_t)connection->network,
				    side == 0 ? &connection->lo : &connection->hi,
				    side == 0 ? connection->mac_lo : connection->mac_hi, connection->delta_first_ns,
				    connection->last_ns, out);
	}
}

/* Once a connection; of two that opened it at once nothing is told. */
static void observe_system(AmFlowShard *shard, const AmFlowRecord *record, const AmConnection *connection,
			   AmConnectionBatch *out)
{
	uint32_t syn = connection->evidence & (AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYN_HI);
	if (record->system[0] == '\0' || (connection->evidence & AM_EVIDENCE_OPEN) != 0 ||
	    (syn != AM_EVIDENCE_SYN_LO && syn != AM_EVIDENCE_SYN_HI))
		return;
	am_observer_add_system(shard->observer, (uint16_t)connection->network,
			       syn == AM_EVIDENCE_SYN_LO ? &connection->lo : &connection->hi, record->system,
			       connection->first_ns, connection->first_ns, out);
}

static void emit(AmFlowShard *shard, const AmFlow *flow, const AmFlowRecord *record, uint32_t more_evidence,
		 AmConnectionBatch *out)
{
	AmConnection *connection = am_connection_batch_add(out);
	connection->sequence = record->sequence;
	connection->revision = record->revision;
	connection->network = flow->key.network;
	connection->lo = key_address(&flow->key, flow->key.lo);
	connection->hi = key_address(&flow->key, flow->key.hi);
	connection->ip_protocol = flow->key.ip_protocol;
	connection->outcome = (uint8_t)am_evidence_outcome(flow);
	connection->port_lo = flow->key.port_lo;
	connection->port_hi = flow->key.port_hi;
	connection->vlan = record->vlan;
	connection->inner_vlan = record->inner_vlan;
	connection->encapsulation = record->encapsulation;
	connection->encapsulation_id = record->encapsulation_id;
	memcpy(connection->tcp_flags, flow->tcp_flags, 2);
	connection->evidence = am_evidence_final(flow) | more_evidence;
	connection->icmp_errors = record->icmp_errors;
	connection->related = record->related;
	connection->first_ns = record->first_ns;
	connection->last_ns = flow->last_ns;
	connection->total = connection->delta = flow->total;
	subtract_counts(&connection->delta, &record->base);
	connection->delta_first_ns = record->delta_first_ns;
	connection->delta_hours = flow->hours;
	memcpy(connection->mac_lo, record->mac[0], 6);
	memcpy(connection->mac_hi, record->mac[1], 6);
	g_strlcpy(connection->conn_state, am_evidence_conn_state(flow), AM_CONN_STATE_SIZE);
	add_l7(shard, &record->dpi, connection);
	connection->risks |= (record->shows & AM_SHOWS_COMMUNITY) != 0 ? UINT64_C(1) << AM_RISK_COMMUNITY : 0;
	connection->risks |= (record->shows & AM_SHOWS_LOGIN) != 0 ? UINT64_C(1) << AM_RISK_LOGIN : 0;
	if (record->is_answered) /* by a connection of its own */
		connection->outcome = AM_OUTCOME_ACCEPTED;
	if (record->carries != 0) {
		g_strlcpy(connection->l7, am_encapsulation_name((AmEncapsulation)record->carries), AM_L7_SIZE);
		connection->l7_confidence = AM_L7_DPI;
	}
	if (is_answered(flow)) {
		observe_macs(shard, record, connection, out);
		observe_system(shard, record, connection, out);
	}
}

/* In the direction of the opener, for nDPI's guesses. */
static AmTuple opener_tuple(const AmFlow *flow)
{
	const AmFlowKey *key = &flow->key;
	AmAddress lo = key_address(key, key->lo), hi = key_address(key, key->hi);
	if (am_evidence_opener(flow) == 0)
		return (AmTuple){lo, hi, key->port_lo, key->port_hi, key->ip_protocol};
	return (AmTuple){hi, lo, key->port_hi, key->port_lo, key->ip_protocol};
}

AmListenerKey am_record_listener(const AmFlow *flow)
{
	AmTuple tuple = opener_tuple(flow);
	return (AmListenerKey){tuple.destination, tuple.ip_protocol, tuple.destination_port, flow->key.network};
}

/* Whether it is kept; else it was counted. Who is answered is remembered. */
static gboolean is_kept(AmFlowShard *shard, const AmFlow *flow, const AmFlowRecord *record, AmConnectionBatch *out)
{
	if (am_outers_is_mirror(flow, record)) {
		shard->counters.connections--;
		return FALSE;
	}
	const uint64_t *packets = flow->total.packets;
	if (is_answered(flow) || record->is_answered) {
		AmAddress lo = key_address(&flow->key, flow->key.lo), hi = key_address(&flow->key, flow->key.hi);
		am_unanswered_trust(shard->unanswered, &lo);
		am_unanswered_trust(shard->unanswered, &hi);
		return TRUE;
	}
	if (record->revision > 0 || packets[0] + packets[1] >= FEW_PACKETS)
		return TRUE;
	AmTuple opener = opener_tuple(flow);
	if (am_unanswered_keep(shard->unanswered, flow->key.network, &opener, packets[0] + packets[1],
			       flow->total.bytes[0] + flow->total.bytes[1], shard->now_ns, out))
		return TRUE;
	shard->counters.counted++;
	return FALSE;
}

static void classify(AmFlowShard *shard, const AmFlow *flow, AmFlowRecord *record)
{
	AmTuple tuple = opener_tuple(flow);
	am_classifier_finish(shard->classifier, &record->dpi, &tuple);
	if ((flow->flags & AM_FLOW_SAMPLE) != 0) {
		AmListenerKey key = am_record_listener(flow);
		am_sampler_tell(shard->sampler, &key, &record->dpi);
	}
}

/* What an ended TCP connection says of loss at the mirror. */
static void count_loss(AmFlowCounters *counters, const AmFlow *flow, const AmLoss *loss)
{
	const AmCounts *total = &flow->total;
	if (flow->key.ip_protocol != AM_PROTO_TCP)
		return;
	if (total->packets[0] != 0 && total->packets[1] != 0) {
		counters->tcp_bytes_seen += total->payload[0] + total->payload[1];
		counters->tcp_bytes_unseen += am_loss_unseen(loss, 0) + am_loss_unseen(loss, 1);
		return;
	}
	uint64_t unseen = am_loss_unseen(loss, total->packets[0] != 0);
	counters->tcp_one_way += unseen != 0;
	counters->tcp_bytes_one_way += unseen;
}

void am_record_finish(AmFlowShard *shard, uint32_t index, uint32_t more_evidence, AmConnectionBatch *out)
{
	AmFlow *flow = am_flow_at(&shard->table, index);
	AmFlowRecord *record = am_flow_record_at(&shard->table, index);
	if (is_kept(shard, flow, record, out)) {
		if (shard->classifier != NULL)
			classify(shard, flow, record);
		emit(shard, flow, record, more_evidence, out);
		count_loss(&shard->counters, flow, &record->loss);
	}
	if (shard->classifier != NULL)
		am_classifier_clear(shard->classifier, &record->dpi);
	am_flow_table_remove(&shard->table, index);
}

void am_record_put(AmFlowShard *shard, AmFlow *flow, AmFlowRecord *record, AmConnectionBatch *out)
{
	if (!am_outers_is_mirror(flow, record)) { /* else what it was until now goes with what comes later */
		emit(shard, flow, record, AM_EVIDENCE_OPEN, out);
		record->revision++;
		record->base = flow->total;
	}
	record->delta_first_ns = flow->last_ns;
	flow->day = AM_NO_DAY;
	flow->hours = 0;
}

void am_record_begin_delta(AmFlowShard *shard, AmFlow *flow, AmFlowRecord *record, int64_t time_ns,
			   AmConnectionBatch *out)
{
	if (flow->day != AM_NO_DAY)
		am_record_put(shard, flow, record, out);
	record->delta_first_ns = time_ns;
	flow->day = shard->day;
}
