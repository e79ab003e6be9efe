/* Loss before the capture port, estimated from TCP: an ACK for octets that never passed proves that they arrived, and that
 * the mirror lost them. Kernel and interface count only what reached the port. Fed by shard.c with each TCP packet; sums
 * go to the ledger when a connection ends.
 *
 * Per side, the octets missing between those that were seen are held as holes. A segment that comes later and lies in them
 * was only late, or lost before the mirror and sent again, and fills them. What an ACK covers and is not filled was lost
 * here. Holes are counted together while they are not acknowledged; when a new one opens after that, the old ones are
 * closed for good. A side none of whose packets was seen is a one-way mirror, not loss: the caller knows.
 *
 * It is an estimate: of the payload, not of packets; and a segment that is sent again for another reason, inside of the
 * present holes, takes from them. A hostile sender can make it say anything. RFC 9293, 3.4 (sequence numbers wrap). */
#include "config.h"

#include "loss.h"

/* The largest window (RFC 7323): who jumps further is not believed, the count goes on from there. */
#define MAX_WINDOW (INT32_C(1) << 30)

static inline int32_t distance(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from);
}

static void open_hole(AmLossSide *s, uint32_t to)
{
	if (s->is_acked) {
		s->unseen += s->hole;
		s->hole = 0;
		s->is_acked = FALSE;
	}
	if (s->hole == 0)
		s->low = s->next;
	s->hole += to - s->next;
	s->high = to;
}

static void fill(AmLossSide *s, uint32_t from, uint32_t octets)
{
	if (s->hole == 0 || distance(s->low, from) < 0 || distance(from, s->high) <= 0)
		return;
	s->hole -= MIN(MIN(octets, s->high - from), s->hole);
}

static void add_segment(AmLossSide *s, uint32_t from, uint32_t octets)
{
	int32_t ahead = distance(s->next, from);
	if (G_LIKELY(s->is_seen && ahead == 0)) {
		s->next += octets;
		return;
	}
	if (!s->is_seen) {
		/* What was on its way when the capture began is not missed. */
		if (!s->is_known || distance(s->next, from + octets) > 0)
			s->next = from + octets;
		s->is_known = s->is_seen = TRUE;
		return;
	}
	if (ahead >= MAX_WINDOW || ahead <= -MAX_WINDOW) {
		s->next = from + octets;
		return;
	}
	if (ahead > 0) {
		open_hole(s, from);
		s->next = from + octets;
		return;
	}
	fill(s, from, octets);
	if (distance(s->next, from + octets) > 0)
		s->next = from + octets;
}

static void add_acknowledgment(AmLossSide *s, uint32_t ack)
{
	int32_t ahead = distance(s->next, ack);
	if (!s->is_known || ahead >= MAX_WINDOW) {
		s->next = ack;
		s->is_known = TRUE;
		return;
	}
	if (ahead > 0) {
		open_hole(s, ack);
		s->next = ack;
	}
	if (s->hole != 0 && distance(s->high, ack) >= 0)
		s->is_acked = TRUE;
}

void am_loss_add(AmLoss *loss, const AmPacket *packet, int side)
{
	uint8_t flags = packet->tcp_flags;
	if ((flags & AM_TCP_RST) != 0)
		return; /* its numbers are often made up */
	loss->sides[side].is_in_pieces |= packet->is_fragment;
	uint32_t octets = packet->payload_wire_size + ((flags & AM_TCP_SYN) != 0) + ((flags & AM_TCP_FIN) != 0);
	add_segment(&loss->sides[side], packet->tcp_sequence, octets);
	if ((flags & AM_TCP_ACK) != 0)
		add_acknowledgment(&loss->sides[!side], packet->tcp_ack);
}

uint64_t am_loss_unseen(const AmLoss *loss, int side)
{
	const AmLossSide *s = &loss->sides[side];
	return s->is_in_pieces ? 0 : s->unseen + (s->is_acked ? s->hole : 0);
}
