/* Packet time that can be trusted to age a table. Private to job/; pure. */
#pragma once

#include <allowmap/model/packet.h>

#include <glib.h>

typedef struct {
	int64_t now_ns; /* the latest time that is believed; INT64_MIN before the first packet */
	uint64_t mended;
	uint64_t steps_back;
} AmPacketClock;

#define AM_PACKET_CLOCK_INIT ((AmPacketClock){.now_ns = INT64_MIN})

/* Settles the times of the first packets of `packets`, and says of how many; of the rest it wants to see what comes after
 * them (`is_last`: nothing does). Call again with them at the front. At least one is settled, or `ret_step_back` is set:
 * from the first packet that is not settled on, it is earlier, and what is open belongs to a time that is over. */
guint am_packet_clock_settle(AmPacketClock *clock, AmPacket *packets, guint n, gboolean is_last,
			     gboolean *ret_step_back);
