/* Connections between the ends of tunnels. Private to flow/. */
#pragma once

#include "flow.h"

/* Takes note of an outer packet that was counted in this connection. */
void am_outers_add(AmFlowTable *table, AmFlow *flow, AmFlowRecord *record, const AmPacket *packet, int direction);

/* Is the whole connection a mirror's transport, as far as is known? Outer packets, that nothing answered. */
gboolean am_outers_is_mirror(const AmFlow *flow, const AmFlowRecord *record);
