/* Which unanswered connections are kept, and the counts of the others. Private to flow/. */
#pragma once

#include <allowmap/flow.h>

typedef struct AmUnansweredTable AmUnansweredTable;
/* `per_minute`: how many may be kept in a minute. */
AmUnansweredTable *am_unanswered_new(uint64_t key0, uint64_t key1, uint32_t per_minute);
void am_unanswered_free(AmUnansweredTable *table);

/* Somebody was answered: both are real. */
void am_unanswered_trust(AmUnansweredTable *table, const AmAddress *address);
/* TRUE: this one may be kept. FALSE: it was counted instead. `now_ns` never goes backwards but after a flush; when its
 * minute is over, the counts of that minute go to `out`. */
gboolean am_unanswered_keep(AmUnansweredTable *table, uint16_t network, const AmTuple *opener, uint64_t packets,
			    uint64_t bytes, int64_t now_ns, AmConnectionBatch *out);
void am_unanswered_flush(AmUnansweredTable *table, AmConnectionBatch *out);
