/* Fuzz target: any octets as a short capture, through decoding, the connection table, roles and nDPI. See replay.c for how
 * to run it; this one needs src/capture, src/flow and src/base, libndpi, and the embedded data.
 *
 * First octet: bit 0 = a fresh table of one connection per shard and no DPI, else one big table with DPI that all inputs
 * share. Then frames of raw IP: one octet of time (the low half as a power of two in 100 ms; bit 7 = backwards), two of
 * size, the octets. Bit 6 = the table is aged after it, bit 5 = it is of another network, bit 4 = source ports of tunnels do not
 * matter.
 *
 * First octet 0x20 or 0x21: of each frame the headers are made, so that the octets are what two hosts say on a control connection
 * or to each other: before the size one octet, the low half the port in `spoken`, bit 4 = the server says it, bit 5 = TCP. */
#include "config.h"

#include <allowmap/capture.h>
#include <allowmap/flow.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINKTYPE_RAW 101
/* Mid-day, so that steps of time reach over midnight in either direction. */
#define BEGIN_NS (INT64_C(1700000000) * AM_NS_PER_S)

static void set_be16(uint8_t *p, size_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* IPv4 from 10.0.0.1 to 10.0.0.2 or back, port 40000 to one of these; 0 = the port is the first two octets. */
static uint32_t speak(uint8_t how, const uint8_t *payload, size_t size, uint8_t frame[2048])
{
	static const uint16_t spoken[] = {21, 69, 111, 135, 5060, 0};
	static const uint8_t hosts[2][4] = {{10, 0, 0, 1}, {10, 0, 0, 2}};
	gboolean from_server = (how & 0x10) != 0, is_tcp = (how & 0x20) != 0;
	uint32_t header = is_tcp ? 40 : 28;
	uint16_t port = spoken[(how & 0x0f) % G_N_ELEMENTS(spoken)];
	gboolean opens = port == 0;
	if (opens && size >= 2) {
		port = (uint16_t)(payload[0] << 8 | payload[1]);
		payload += 2;
		size -= 2;
	}
	size = MIN(size, 2048 - header);
	memset(frame, 0, header);
	frame[0] = 0x45;
	set_be16(frame + 2, header + size);
	frame[9] = is_tcp ? AM_PROTO_TCP : AM_PROTO_UDP;
	memcpy(frame + 12, hosts[from_server], 4);
	memcpy(frame + 16, hosts[!from_server], 4);
	set_be16(frame + 20, from_server ? port : 40000);
	set_be16(frame + 22, from_server ? 40000 : port);
	if (is_tcp) {
		frame[32] = 0x50;
		frame[33] = opens ? AM_TCP_SYN : AM_TCP_ACK;
	} else {
		set_be16(frame + 24, 8 + size);
	}
	if (size > 0)
		memcpy(frame + header, payload, size);
	return header + (uint32_t)size;
}

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

/* Only control connections announce, and they are related to nothing themselves. */
static void check_related(const AmConnection *connection)
{
	static const uint16_t ports[] = {
		[AM_RELATED_FTP] = 21,     [AM_RELATED_TFTP] = 69,  [AM_RELATED_MSRPC] = 135,
		[AM_RELATED_SUNRPC] = 111, [AM_RELATED_SIP] = 5060,
	};
	AmRelated related = connection->related;
	if (related == 0)
		return;
	AmRelatedKind kind = am_related_kind(related);
	uint8_t ip_protocol = am_related_protocol(related);
	g_assert(kind > AM_RELATED_NONE && kind < AM_N_RELATED_KINDS && am_related_port(related) == ports[kind]);
	g_assert(ip_protocol == AM_PROTO_TCP || ip_protocol == AM_PROTO_UDP);
	g_assert(connection->ip_protocol == AM_PROTO_TCP || connection->ip_protocol == AM_PROTO_UDP);
	g_assert(connection->port_lo != ports[kind] || connection->ip_protocol != ip_protocol);
	g_assert(connection->port_hi != ports[kind] || connection->ip_protocol != ip_protocol);
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
	check_related(connection);
	return packets;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static AmFlowShard *shared;
	static uint64_t ordinal;
	AmCursor cursor = am_cursor(data, size);
	uint8_t mode = am_cursor_u8(&cursor);
	gboolean is_small = (mode & 1) != 0, is_spoken = (mode & 0xfe) == 0x20;
	if (!is_small && shared == NULL)
		shared = new_shard(FALSE);
	AmFlowShard *shard = is_small ? new_shard(TRUE) : shared;
	AmFlowCounters before = am_flow_shard_counters(shard);
	AmConnectionBatch out = {0};
	uint64_t fed = 0, outers = 0, errors = 0;
	int64_t time_ns = BEGIN_NS;
	while (cursor.left > 3) {
		uint8_t step = am_cursor_u8(&cursor), how = is_spoken ? am_cursor_u8(&cursor) : 0;
		uint16_t length = am_cursor_u16(&cursor);
		AmFrame frame = {.size = (uint32_t)MIN(length, cursor.left), .link_type = LINKTYPE_RAW};
		int64_t step_ns = (INT64_C(1) << (step & 0x0f)) * (AM_NS_PER_S / 10);
		time_ns += (step & 0x80) != 0 ? -step_ns : step_ns;
		frame.time_ns = time_ns;
		frame.wire_size = MAX(frame.size, length);
		frame.bytes = am_cursor_take(&cursor, frame.size);
		uint8_t made[2048];
		if (is_spoken) {
			frame.size = frame.wire_size = speak(how, frame.bytes, frame.size, made);
			frame.bytes = made;
		}
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
