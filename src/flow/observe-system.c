/* Which operating system opens connections from an address, as far as a SYN shows it: the hop limit that it began with, and the
 * order of its TCP options (as p0f reads them). One system is nothing to note; several from one address are machines behind it.
 * So an address's last system is remembered, and nothing is told until another one comes.
 *
 * Bounded: so many addresses, each new one in the place of what was there. Fed by record.c with connections that were answered. */
#include "config.h"

#include "observe.h"

#include <stdio.h>
#include <string.h>

#define N_PLACES 512u /* a power of two */

typedef struct {
	AmAddress address; /* family 0: free */
	uint8_t is_mixed;  /* all of its systems are told */
	uint16_t network;
	char system[AM_SYSTEM_SIZE];
	int64_t first_ns, last_ns;
	uint32_t count;
} Place;

struct AmSystems {
	Place places[N_PLACES];
};

/* ---- Reading a SYN */

/* What systems begin with that send packets as they arrive here. */
static unsigned first_hops(uint8_t hops)
{
	return hops <= 32 ? 32 : hops <= 64 ? 64 : hops <= 128 ? 128 : 255;
}

/* Options that come and go with what a program asks for are left out: TCP Fast Open (34, 254), Multipath TCP (30). */
static char option_letter(uint8_t kind)
{
	switch (kind) {
	case 1:
		return 'n';
	case 2:
		return 'm';
	case 3:
		return 'w';
	case 4:
		return 's';
	case 8:
		return 't';
	case 30:
	case 34:
	case 254:
		return '\0';
	default:
		return 'x';
	}
}

void am_observe_system(const AmPacket *packet, char ret_system[AM_SYSTEM_SIZE])
{
	gboolean is_ipv4 = packet->tuple.source.family == 4;
	ret_system[0] = '\0';
	if (packet->ip_size < 40 || (!is_ipv4 && packet->ip[6] != AM_PROTO_TCP))
		return;
	size_t at = is_ipv4 ? 4 * (size_t)(packet->ip[0] & 0x0f) : 40;
	if (at + 20 > packet->ip_size)
		return;
	size_t end = at + 4 * (size_t)(packet->ip[at + 12] >> 4);
	if (end > packet->ip_size)
		return;
	int n = snprintf(ret_system, AM_SYSTEM_SIZE, "%u:", first_hops(packet->ip[is_ipv4 ? 8 : 7]));
	for (at += 20; at < end && packet->ip[at] != 0;) {
		char letter = option_letter(packet->ip[at]);
		if (letter != '\0' && n < AM_SYSTEM_SIZE - 1)
			ret_system[n++] = letter;
		size_t size = packet->ip[at] == 1 ? 1 : at + 1 < end ? packet->ip[at + 1] : 0;
		if (size == 0 || (size == 1 && packet->ip[at] != 1))
			break;
		at += size;
	}
	ret_system[n] = '\0';
}

/* ---- What was seen of an address */

AmSystems *am_systems_new(void)
{
	return g_new0(AmSystems, 1);
}

static void begin(Place *place, uint16_t network, const AmAddress *address)
{
	*place = (Place){.address = *address, .network = network};
}

/* Whether it is to be told; with what was seen before of another system, if nothing of that was told yet. */
gboolean am_systems_add(AmSystems *systems, uint32_t hash, uint16_t network, const AmAddress *address,
			const char *system, int64_t first_ns, int64_t last_ns, AmSystemBefore *ret_before)
{
	Place *place = &systems->places[hash % N_PLACES];
	ret_before->count = 0;
	if (place->network != network || memcmp(&place->address, address, sizeof *address) != 0)
		begin(place, network, address);
	if (place->is_mixed)
		return TRUE;
	if (place->count > 0 && strcmp(place->system, system) != 0) {
		memcpy(ret_before->system, place->system, sizeof place->system);
		ret_before->first_ns = place->first_ns;
		ret_before->last_ns = place->last_ns;
		ret_before->count = place->count;
		place->is_mixed = TRUE;
		return TRUE;
	}
	g_strlcpy(place->system, system, sizeof place->system);
	place->first_ns = place->count == 0 ? first_ns : MIN(place->first_ns, first_ns);
	place->last_ns = MAX(place->last_ns, last_ns);
	place->count += place->count < UINT32_MAX;
	return FALSE;
}
