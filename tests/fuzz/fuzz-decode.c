/* Fuzz target: any bytes as a frame of any link type. See replay.c for how to run it.
 *
 * First octet: which link type. Second: how much more there was on the wire, in octets. Then the frame. */
#include "config.h"

#include "allowmap/capture.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const AmPacket *packet, const AmFrame *frame)
{
	const uint8_t *frame_end = frame->bytes + frame->size;
	g_assert(packet->ip >= frame->bytes && packet->ip < frame_end);
	g_assert(packet->ip_size <= (size_t)(frame_end - packet->ip));
	g_assert(packet->ip_size <= packet->ip_wire_size);
	g_assert(packet->payload_wire_size <= packet->ip_wire_size);
	g_assert(packet->payload_size <= packet->payload_wire_size);
	g_assert(packet->payload != NULL || packet->payload_size == 0);
	if (packet->payload != NULL)
		g_assert(packet->payload >= packet->ip &&
			 packet->payload_size <= (size_t)(packet->ip + packet->ip_size - packet->payload));
	g_assert(packet->tuple.source.family == 4 || packet->tuple.source.family == 6);
	g_assert(packet->tuple.source.family == packet->tuple.destination.family);
	g_assert(packet->vlan <= 0xfff && packet->inner_vlan <= 0xfff);
	g_assert(packet->encapsulation < AM_N_ENCAPSULATIONS && packet->network == 0);
	g_assert(packet->carries < AM_N_ENCAPSULATIONS && !packet->follows);
	g_assert((packet->is_fragment & packet->is_later_fragment) == 0);
	g_assert(packet->is_later_fragment || !packet->is_last_fragment);
	g_assert(!packet->is_later_fragment || packet->tuple.source_port + packet->tuple.destination_port == 0);
	g_assert(packet->has_quoted == (packet->quoted.source.family != 0));
}

static void check_layers(const AmLayers *layers, const AmFrame *frame)
{
	g_assert(layers->n <= AM_MAX_LAYERS && layers->n_tunnels <= AM_MAX_TUNNELS);
	for (guint n = 0; n < layers->n; n++) {
		const AmLayer *layer = &layers->at[n];
		g_assert(layer->kind > AM_ENCAPSULATION_NONE && layer->kind < AM_N_ENCAPSULATIONS);
		if (layer->outer != NULL)
			g_assert(layer->outer >= frame->bytes &&
				 layer->outer + (layer->outer[0] >> 4 == 6 ? 40 : 20) <= frame->bytes + frame->size);
	}
	for (guint n = 0; n < layers->n_tunnels; n++) {
		const AmOuter *outer = &layers->outers[n];
		check(&outer->packet, frame);
		g_assert(outer->packet.carries != AM_ENCAPSULATION_NONE && outer->n_layers <= layers->n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t link_types[] = {1,   0,   9,   12,  14,  50,  51,  101, 104, 108,
					      113, 147, 228, 229, 239, 276, 105, 127, 163, 192};
	if (size < 2)
		return 0;
	AmFrame frame = {.time_ns = 1,
			 .bytes = data + 2,
			 .size = (uint32_t)(size - 2),
			 .wire_size = (uint32_t)(size - 2) + data[1],
			 .link_type = link_types[data[0] % G_N_ELEMENTS(link_types)]};
	AmPacket packet, again;
	AmLayers layers, layers_again;
	AmSkipReason skip = am_decode(&frame, &packet, &layers);
	g_assert(skip < AM_N_SKIP_REASONS && skip != AM_SKIP_FLOW_TABLE);
	if (skip == AM_SKIP_NONE) {
		check(&packet, &frame);
		g_assert(packet.carries == AM_ENCAPSULATION_NONE);
	}
	check_layers(&layers, &frame);
	/* The same frame, the same answer; and with less of it captured, never a different tuple. */
	g_assert(am_decode(&frame, &again, &layers_again) == skip);
	if (skip == AM_SKIP_NONE && frame.size > 0) {
		g_assert(memcmp(&packet.tuple, &again.tuple, sizeof packet.tuple) == 0);
		frame.size--;
		frame.wire_size = (uint32_t)(size - 2) + data[1];
		if (am_decode(&frame, &again, &layers_again) == AM_SKIP_NONE && again.ip == packet.ip)
			g_assert(memcmp(&packet.tuple, &again.tuple, sizeof packet.tuple) == 0);
	}
	return 0;
}
