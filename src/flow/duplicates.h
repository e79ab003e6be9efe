/* Packets that a mirror port delivers twice. Private to flow/. */
#pragma once

#include <allowmap/base.h>
#include <allowmap/model/packet.h>

typedef struct AmDuplicates AmDuplicates;

/* `seed` keeps an attacker from choosing packets that look alike. At most 256 KB. */
AmDuplicates *am_duplicates_new(uint64_t seed);
void am_duplicates_free(AmDuplicates *duplicates);

typedef struct {
	uint64_t tag;
	gboolean has_id;
} AmFingerprint;
/* What tells a packet from others, and where it was seen. It holds whenever it is asked for; what the question below needs of
 * memory is on its way from then. */
AmFingerprint am_duplicates_fingerprint(const AmDuplicates *duplicates, const AmPacket *packet);
/* Was this very packet there a moment before, or, as packet time goes, after? If not, it is remembered. No allocation. */
gboolean am_duplicates_seen(AmDuplicates *duplicates, AmFingerprint print, int64_t time_ns);
/* Time begins anew. */
void am_duplicates_forget(AmDuplicates *duplicates);
