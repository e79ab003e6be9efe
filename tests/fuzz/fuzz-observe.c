/* Fuzz target: any octets as a message that tells names. First octet: the port, of `spoken`, and bit 7 = TCP. Needs src/flow and
 * src/base, libndpi, and the embedded data, with -Isrc/flow. */
#include "config.h"

#include "observe.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t spoken[] = {53, 67, 68, 137, 445, 25, 5353, 5355};
	static const uint8_t host[4] = {10, 0, 0, 1};
	if (size == 0)
		return 0;
	AmObserver *observer = am_observer_new(1, 2);
	AmConnectionBatch out = {0};
	uint8_t ip[20] = {0x45};
	AmPacket packet = {.ip = ip, .ip_size = sizeof ip, .payload = data + 1, .payload_size = (uint32_t)(size - 1)};
	packet.tuple.source = packet.tuple.destination = am_address_ipv4(host);
	packet.tuple.source_port = spoken[data[0] % G_N_ELEMENTS(spoken)];
	packet.tuple.ip_protocol = (data[0] & 0x80) != 0 ? AM_PROTO_TCP : AM_PROTO_UDP;
	if (am_observe_is_telling(&packet, 1))
		am_observe_names(observer, &packet, 1, &out);
	am_observer_give_out(observer, &out);
	for (size_t n = 0; n < out.n_observations; n++) {
		const AmObservation *o = &out.observations[n];
		size_t length = strnlen(o->value, sizeof o->value);
		g_assert(length > 0 && length < sizeof o->value && o->kind < AM_N_OBSERVED && o->count > 0);
		g_assert(o->address.family == 4 || o->address.family == 6);
		for (size_t i = 0; i < length; i++)
			g_assert(g_ascii_isgraph(o->value[i]) && !g_ascii_isupper(o->value[i]));
	}
	am_connection_batch_clear(&out);
	am_observer_free(observer);
	return 0;
}
