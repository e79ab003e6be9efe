/* Unanswered connections that were too many to be kept one by one: counts by source, port and minute. */
#pragma once

#include "address.h"

typedef struct {
	int64_t minute;   /* since 1970 UTC, by packet time */
	AmAddress source; /* family 0: of many sources */
	uint16_t network; /* index, as in AmPacket */
	uint8_t ip_protocol;
	uint16_t port; /* that was asked; ICMP: type << 8 | code */
	uint64_t connections, packets, bytes;
	uint64_t targets; /* distinct ones, estimated within some 15%; of many sources: at most */
} AmUnanswered;
