/* Addresses that machines pass on to each other: which one has it, says so again and again. VRRP (RFC 3768, RFC 9568) and HSRP
 * (RFC 2281; version 2 as Cisco documents it). CARP, whose messages begin as those of VRRP, tells no address.
 *
 * Input is hostile: the lengths have to fit, and VRRP has to come from the same link (RFC 9568, 5.1.1.3). */
#include "config.h"

#include "observe.h"

#include "allowmap/base.h"

#include <stdio.h>
#include <string.h>

#define MOST_ADDRESSES 20 /* of one virtual router; keepalived's own limit */

static uint8_t hops(const AmPacket *packet)
{
	return packet->ip_size < 20 ? 0 : packet->ip[packet->tuple.source.family == 4 ? 8 : 7];
}

/* "vrrp/100@10.0.0.4": of which virtual router, and who has it. */
static void tell(AmObserver *observer, const AmPacket *packet, const char *protocol, unsigned group, uint8_t family,
		 const uint8_t *octets, int64_t time_ns, AmConnectionBatch *out)
{
	char speaker[AM_ADDRESS_TEXT_SIZE], value[AM_OBSERVED_SIZE];
	AmAddress address = {.family = family};
	memcpy(address.bytes, octets, family == 4 ? 4 : 16);
	if (am_address_compare(&address, &packet->tuple.source) == 0)
		return; /* it is the machine's own */
	snprintf(value, sizeof value, "%s/%u@%s", protocol, group, am_address_text(&packet->tuple.source, speaker));
	am_observer_add(observer, packet->network, &address, AM_OBSERVED_VIRTUAL, value, time_ns, out);
}

static void read_vrrp(AmObserver *observer, const AmPacket *packet, int64_t time_ns, AmConnectionBatch *out)
{
	const uint8_t *message = packet->payload;
	if (packet->payload_size < 8 || hops(packet) != 255)
		return;
	unsigned version = message[0] >> 4, group = message[1], priority = message[2], n = message[3];
	uint8_t family = packet->tuple.source.family;
	size_t size = family == 4 ? 4 : 16;
	/* Version 2 ends with eight octets of authentication. */
	size_t whole = 8 + n * size + (version == 2 ? 8 : 0);
	if ((message[0] & 0x0f) != 1 || (version != 3 && (version != 2 || family != 4)) || priority == 0 ||
	    n > MOST_ADDRESSES || packet->payload_size < whole)
		return;
	for (unsigned a = 0; a < n; a++)
		tell(observer, packet, "vrrp", group, family, message + 8 + a * size, time_ns, out);
}

/* Of the active one only. */
static void read_hsrp(AmObserver *observer, const AmPacket *packet, int64_t time_ns, AmConnectionBatch *out)
{
	const uint8_t *message = packet->payload;
	if (packet->payload_size >= 20 && message[0] == 0 && message[1] == 0 && message[2] == 16 &&
	    packet->tuple.source.family == 4)
		tell(observer, packet, "hsrp", message[6], 4, message + 16, time_ns, out);
	if (packet->payload_size < 42 || message[0] != 1 || message[1] < 40 || message[2] != 2 || message[3] != 0 ||
	    message[4] != 6)
		return;
	unsigned group = (unsigned)message[6] << 8 | message[7];
	if (message[5] == packet->tuple.source.family && (message[5] == 4 || message[5] == 6))
		tell(observer, packet, "hsrp", group, message[5], message + 26, time_ns, out);
}

void am_observe_virtual(AmObserver *observer, const AmPacket *packet, int64_t time_ns, AmConnectionBatch *out)
{
	if (!am_address_is_multicast(&packet->tuple.destination))
		return;
	if (packet->tuple.ip_protocol == AM_OBSERVE_VRRP)
		read_vrrp(observer, packet, time_ns, out);
	else
		read_hsrp(observer, packet, time_ns, out);
}
