/* What goes between the ends of tunnels, as packets of their own: a firewall between the ends has to permit them. Private to
 * job/; pure.
 *
 * Whether a tunnel is the network's own or a mirror's, which nobody else needs, is not known from one packet. ERSPAN is always a
 * mirror's. Of the others flow/ records what is answered: a mirror sends one way, to a collector that never answers in kind. */
#pragma once

#include "allowmap/model/encapsulation.h"

/* The packets of a frame, at most: the innermost one and its outer ones. */
#define AM_MAX_FRAME_PACKETS (1 + AM_MAX_TUNNELS)

/* FALSE: `outer` is a mirror's. Else *ret_packet is what to record: as it was sent, but that a source port which is only there to
 * spread the load (RFC 7348 5, RFC 8926 3.3, 3GPP TS 29.281 4.4.2.3) is 0, because answers do not go to it. */
gboolean am_outer_packet(const AmOuter *outer, AmPacket *ret_packet);
