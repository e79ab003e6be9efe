/* Why: connections end by packet time, so one time stamp from the year 2100 would end them all, and a clock that was put
 * back would keep them open for ever. A packet that is far from the time so far is judged by those that follow it:
 *
 * - later, and all of them are far before it: it is wrong, and gets the time so far;
 * - later, and one of them is not: time went on (a gap in the capture, another file);
 * - earlier, and all of them are far after it: it is wrong, and gets the time so far;
 * - earlier, and all of them are far before the time so far: the clock was put back, or captures were put one behind the
 *   other in the wrong order: a new beginning;
 * - earlier otherwise: it comes late, as in captures that were merged; its time stays.
 *
 * Packets of one frame have one time, and are one witness.
 *
 * Fed by the reader of ingest.c with the decoded packets of a chunk. What it says depends on the packets alone.
 */
#include "config.h"

#include "clock.h"

#include <allowmap/base.h>

#define FAR_NS (300 * AM_NS_PER_S) /* further than mirror ports and merges reorder */
#define WINDOW 32                  /* packets that are asked */
#define MAX_NS (INT64_MAX / 4)     /* sums cannot overflow */

typedef struct {
	guint n;
	int64_t least_ns, most_ns;
} Following;

static Following look_ahead(const AmPacket *packets, guint n, guint at)
{
	Following following = {.least_ns = INT64_MAX, .most_ns = INT64_MIN};
	for (guint i = at + 1; i < n && following.n < WINDOW; i++) {
		if (packets[i].follows)
			continue;
		following.n++;
		int64_t time_ns = CLAMP(packets[i].time_ns, -MAX_NS, MAX_NS);
		following.least_ns = MIN(following.least_ns, time_ns);
		following.most_ns = MAX(following.most_ns, time_ns);
	}
	return following;
}

static void mend(AmPacketClock *clock, AmPacket *packet, int64_t time_ns)
{
	packet->time_ns = time_ns;
	clock->mended++;
}

/* FALSE: the clock was put back before this packet. */
static gboolean judge(AmPacketClock *clock, AmPacket *packet, const Following *following)
{
	int64_t time_ns = packet->time_ns;
	if (following->n == 0) {
		clock->now_ns = MAX(clock->now_ns, time_ns);
		return TRUE;
	}
	if (clock->now_ns == INT64_MIN) {
		if (following->most_ns < time_ns - FAR_NS)
			mend(clock, packet, following->least_ns);
		clock->now_ns = packet->time_ns;
		return TRUE;
	}
	if (time_ns > clock->now_ns) {
		if (following->most_ns < time_ns - FAR_NS)
			mend(clock, packet, clock->now_ns);
		clock->now_ns = packet->time_ns;
		return TRUE;
	}
	if (following->least_ns > time_ns + FAR_NS) {
		mend(clock, packet, clock->now_ns);
		return TRUE;
	}
	if (following->most_ns >= clock->now_ns - FAR_NS)
		return TRUE;
	clock->steps_back++;
	clock->now_ns = time_ns;
	return FALSE;
}

guint am_packet_clock_settle(AmPacketClock *clock, AmPacket *packets, guint n, gboolean is_last,
			     gboolean *ret_step_back)
{
	*ret_step_back = FALSE;
	for (guint at = 0; at < n; at++) {
		AmPacket *packet = &packets[at];
		if (at > 0 && packet->follows) {
			packet->time_ns = packets[at - 1].time_ns;
			continue;
		}
		packet->time_ns = CLAMP(packet->time_ns, -MAX_NS, MAX_NS);
		if (clock->now_ns != INT64_MIN && packet->time_ns <= clock->now_ns + FAR_NS &&
		    packet->time_ns >= clock->now_ns - FAR_NS) {
			clock->now_ns = MAX(clock->now_ns, packet->time_ns);
			continue;
		}
		Following following = look_ahead(packets, n, at);
		if (following.n < WINDOW && !is_last && at > 0)
			return at;
		if (!judge(clock, packet, &following)) {
			*ret_step_back = TRUE;
			return at;
		}
	}
	return n;
}
