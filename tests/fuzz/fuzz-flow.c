/* Fuzz target: any octets as a short capture, through decoding, the connection table, roles and nDPI. See replay.c for how
 * to run it; this one needs src/capture, src/flow and src/base, libndpi, and the embedded data.
 *
 * First octet: bit 0 = a fresh table of one connection per shard and no DPI, else one big table with DPI that all inputs
 * share. Then frames of raw IP: one octet of time (the low half as a power of two in 100 ms; bit 7 = backwards), two of
 * size, the octets. Bit 6 = the table is aged after it, bit 5 = it is of another network, bit 4 = source ports of tunnels do not
 * matter. */
#include "config.h"

#include <allowmap/capture.h>
#include <allowmap/flow.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINKTYPE_RAW 101
/* Mid-day, so that steps of time reach over midnight in either direction. */
#define BEGIN_NS (INT64_C(1700000000) * AM_NS_PER_S)

static AmFlowShard *new_shard(gboolean is_small)
{
	const AmFlowOptions options = {.dpi = !is_small, .seed = 1, .max_flows = is_small ? 1 : 100000};
	AmFlowShard *shard = am_flow_shard_new(&options, NULL);
	g_assert(shard != NULL);
	return shard;
}

static void check_text(const char *text, size_t size)
{
	g_assert(memchr(text, 0, size) != NULL);
	g_assert(g_utf8_validate(text, -1, NULL));
	for (; *text != '\0'; text++)
		g_assert((uint8_t)*text >= 0x20 && *text != 0x7f);
}

static uint64_t check_record(const AmConnection *connection)
{
	check_text(connection->l7, sizeof(connection->l7));
	check_text(connection->server_name, sizeof(connection->server_name));
	check_text(connection->alpn, sizeof(connection->alpn));
	check_text(connection->conn_state, sizeof(connection->conn_state));
	g_assert(connection->sequence > 0);
	g_assert(connection->outcome < AM_N_OUTCOMES && connection->l7_confidence < AM_N_L7_CONFIDENCES);
	g_assert((connection->l7[0] == '\0') == (connection->l7_confidence == AM_L7_NONE));
	g_assert((connection->server_name[0] == '\0') == (connection->name_kind == AM_NAME_NONE));
	g_assert(connection->first_ns <= connection->delta_first_ns &&
		 connection->delta_first_ns <= connection->last_ns);
	g_assert(am_time_day(connection->delta_first_ns) == am_time_day(connection->last_ns));
	int order = am_address_compare(&connection->lo, &connection->hi);
	g_assert(order < 0 || (order == 0 && connection->port_lo <= connection->port_hi));
	uint64_t packets = connection->delta.packets[0] + connection->delta.packets[1];
	g_assert(packets > 0);
	g_assert(connection->delta.packets[0] <= connection->total.packets[0]);
	g_assert(connection->delta_hours != 0 && connection->delta_hours < 1u << 24);
	return packets;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static AmFlowShard *shared;
	static uint64_t ordinal;
	AmCursor cursor = am_cursor(data, size);
	gboolean is_small = (am_cursor_u8(&cursor) & 1) != 0;
	if (!is_small && shared == NULL)
		shared = new_shard(FALSE);
	AmFlowShard *shard = is_small ? new_shard(TRUE) : shared;
	AmFlowCounters before = am_flow_shard_counters(shard);
	AmConnectionBatch out = {0};
	uint64_t fed = 0, outers = 0, errors = 0;
	int64_t time_ns = BEGIN_NS;
	while (cursor.left > 3) {
		uint8_t step = am_cursor_u8(&cursor);
		uint16_t length = am_cursor_u16(&cursor);
		AmFrame frame = {.size = (uint32_t)MIN(length, cursor.left), .link_type = LINKTYPE_RAW};
		int64_t step_ns = (INT64_C(1) << (step & 0x0f)) * (AM_NS_PER_S / 10);
		time_ns += (step & 0x80) != 0 ? -step_ns : step_ns;
		frame.time_ns = time_ns;
		frame.wire_size = MAX(frame.size, length);
		frame.bytes = am_cursor_take(&cursor, frame.size);
		AmPacket packet;
		AmLayers layers;
		AmSkipReason skip = am_decode(&frame, &packet, &layers);
		for (guint n = 0; n < layers.n_tunnels; n++, outers++) {
			AmPacket *outer = &layers.outers[n].packet;
			outer->network = (step & 0x20) != 0;
			if ((step & 0x10) != 0)
				outer->tuple.source_port = 0;
			am_flow_shard_packet(shard, outer, ++ordinal, &out);
		}
		if (skip != AM_SKIP_NONE)
			continue;
		packet.network = (step & 0x20) != 0;
		g_assert(am_flow_shard_of(&packet, 1) < AM_FLOW_SHARDS);
		fed++;
		errors += packet.has_quoted != 0;
		am_flow_shard_packet(shard, &packet, ++ordinal, &out);
		if ((step & 0x40) != 0)
			am_flow_shard_advance(shard, time_ns, &out);
	}
	am_flow_shard_flush(shard, &out);
	/* Nothing is lost: each packet is in a record, or is an ICMP error that another record counted, or was skipped;
	 * but the outer ones of tunnels are there or not. */
	uint64_t packets = 0;
	for (size_t i = 0; i < out.n; i++)
		packets += check_record(&out.records[i]);
	AmFlowCounters after = am_flow_shard_counters(shard);
	uint64_t recorded = after.recorded - before.recorded, skipped = 0;
	for (int reason = 0; reason < AM_N_SKIP_REASONS; reason++)
		skipped += after.skipped[reason] - before.skipped[reason];
	g_assert(recorded + skipped == fed);
	g_assert(packets <= recorded + outers && packets + errors >= recorded);
	am_connection_batch_clear(&out);
	if (is_small)
		am_flow_shard_free(shard);
	return 0;
}
