/* Connections put together from logs that tell each direction, each interval, or each point on the way in a record of its
 * own. Private to import/.
 *
 * Records of the same two sockets belong together while no more than a quarter of an hour lies between them, by the times in
 * the log; a UTC day's end parts them, so that each day has its own octets. What the log's order does to it: nothing, as long as
 * it strays less than that. Bounded: past 65536 open ones the one that was heard of longest ago ends.
 *
 * The same direction from a second point (another interface, another node) is the same packets again: it counts once, and
 * only a refusal there is noted. */
#pragma once

#include "log.h"

typedef enum { AM_LOG_CLIENT_UNKNOWN, AM_LOG_CLIENT_SENDS, AM_LOG_CLIENT_RECEIVES } AmLogClient;

typedef struct {
	AmAddress address[2]; /* of sender, of receiver */
	uint16_t port[2];
	int ip_protocol;
	uint64_t packets, ip_bytes;
	uint64_t payload; /* at least; more where the octets tell it */
	int64_t first_ns, last_ns;
	uint8_t tcp_flags; /* all that were seen */
	uint8_t has_icmp, icmp_type, icmp_code;
	uint8_t refused;  /* a rule did not let them pass */
	uint8_t client;   /* AmLogClient */
	uint8_t is_aside; /* no point that packets pass: packets that end there, or a message */
	uint32_t point;   /* where: any number; 0 = not told */
	char l7[AM_L7_SIZE];
} AmLogPart;

typedef enum {
	AM_LOG_STITCH_FLAGS = 0,            /* who began is told by TCP flags alone */
	AM_LOG_STITCH_FIRST_BEGAN = 1 << 0, /* the record that comes first is of who began */
	AM_LOG_STITCH_TIMES = 1 << 1,       /* the times are fine enough to tell who began */
} AmLogStitchRules;

typedef struct AmLogStitch AmLogStitch;
AmLogStitch *am_log_stitch_new(AmLogStitchRules rules);
void am_log_stitch_free(AmLogStitch *stitch);
/* AM_LOG_USED, AM_LOG_SKIP_REPEATED, AM_LOG_SKIP_TIME (they are not in order), or AM_LOG_FAILED. */
int am_log_stitch_add(AmLogStitch *stitch, const AmLogPart *part, AmLogSink *sink, GError **error);
/* Hands over what is still open. */
gboolean am_log_stitch_finish(AmLogStitch *stitch, AmLogSink *sink, GError **error);
