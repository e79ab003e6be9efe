/* Fuzz target: any octets as a message that tells names. First octet: the port, of `spoken`, bit 7 = TCP, bit 6 = it is the
 * destination's; or, from LINKS on, a frame without an IP packet, of `types`. Needs src/flow and
 * src/base, libndpi, and the embedded data, with -Isrc/flow. */
#include "config.h"

#include "observe.h"

#include <string.h>

#define LINKS 48 /* of the first octet's six bits */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t spoken[] = {53, 67, 68, 137, 445, 25, 5353, 5355, 88, 161, 514, 1900, 443, 21, 601, 587};
	static const uint16_t types[] = {0x0806, 0x88cc, AM_ETHER_TYPE_CDP};
	static const uint8_t host[4] = {10, 0, 0, 1};
	if (size == 0)
		return 0;
	AmObserver *observer = am_observer_new(1, 2);
	AmConnectionBatch out = {0};
	uint8_t ip[20] = {0x45};
	AmPacket packet = {.ip = ip, .ip_size = sizeof ip, .payload = data + 1, .payload_size = (uint32_t)(size - 1)};
	packet.tuple.source = packet.tuple.destination = am_address_ipv4(host);
	uint8_t which = data[0] & 0x3f;
	if ((data[0] & 0x40) != 0)
		packet.tuple.destination_port = spoken[which % G_N_ELEMENTS(spoken)];
	else
		packet.tuple.source_port = spoken[which % G_N_ELEMENTS(spoken)];
	packet.tuple.ip_protocol = (data[0] & 0x80) != 0 ? AM_PROTO_TCP : AM_PROTO_UDP;
	if (which >= LINKS) {
		AmLinkObserver *link = am_link_observer_new(1);
		packet.ether_type = types[which % G_N_ELEMENTS(types)];
		memcpy(packet.source_mac, "\2\0\0\0\0\1", 6);
		am_link_observer_frame(link, &packet, &out);
		am_link_observer_give_out(link, &out);
		am_link_observer_free(link);
	} else if (am_observe_is_telling(&packet, 1))
		am_observe_names(observer, &packet, 1, &out);
	am_observer_give_out(observer, &out);
	for (size_t n = 0; n < out.n_observations; n++) {
		const AmObservation *o = &out.observations[n];
		size_t length = strnlen(o->value, sizeof o->value);
		g_assert(length > 0 && length < sizeof o->value && o->kind < AM_N_OBSERVED && o->count > 0);
		g_assert(o->address.family == 4 || o->address.family == 6 || which >= LINKS);
		for (size_t i = 0; i < length; i++)
			g_assert(g_ascii_isgraph(o->value[i]) && !g_ascii_isupper(o->value[i]));
	}
	am_connection_batch_clear(&out);
	am_observer_free(observer);
	return 0;
}
