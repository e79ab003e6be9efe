/* What TCP acknowledges and nobody saw. Private to flow/. */
#pragma once

#include <allowmap/base.h>
#include <allowmap/model/packet.h>

/* Of one side's octets. Zeroed at first. */
typedef struct {
	uint32_t next;        /* sequence number after the highest octet that is known of */
	uint32_t low, high;   /* the part of the sequence space with the present holes in it */
	uint32_t hole;        /* octets in them that did not pass */
	uint64_t unseen;      /* in former holes */
	uint8_t is_known;     /* `next` is: by a packet of its own, or by an acknowledgment */
	uint8_t is_seen;      /* a packet of its own was seen */
	uint8_t is_acked;     /* the present holes were acknowledged */
	uint8_t is_in_pieces; /* it came in IP fragments, whose octets are not told apart here: nothing can be said */
} AmLossSide;

typedef struct {
	AmLossSide sides[2];
} AmLoss;

/* Takes in one TCP packet of `side`. */
void am_loss_add(AmLoss *loss, const AmPacket *packet, int side);
/* Octets of `side` that were acknowledged and did not pass. */
uint64_t am_loss_unseen(const AmLoss *loss, int side);
