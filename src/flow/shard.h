/* One shard, and how its connections become records. Private to shard.c and record.c. */
#pragma once

#include "duplicates.h"
#include "flow.h"
#include "fragments.h"
#include "observe.h"
#include "related.h"
#include "sampler.h"
#include "unanswered.h"

struct AmFlowShard {
	AmFlowOptions options;
	AmFlowTable table;
	AmClassifier *classifier; /* NULL without DPI */
	AmSampler *sampler;       /* NULL unless adaptive */
	AmUnansweredTable *unanswered;
	/* While it is flushed in pieces: what is open, by sequence, and how far that is. */
	GArray *flushing; /* OpenFlow; NULL = it is not */
	guint flushed;
	AmFragments *fragments;
	AmDuplicates *duplicates;
	AmRelatedTable *related;
	AmObserver *observer;
	AmFlowCounters counters;
	int64_t now_ns;
	/* The UTC hour that the last packet was in: dividing once an hour, not once a packet. */
	int64_t hour_begin_ns, hour_end_ns;
	int32_t day;
	uint32_t hour_bit;
};

/* ---- record.c */
/* Who is asked in it: what the opener opened to. */
AmListenerKey am_record_listener(const AmFlow *flow);
/* Gives out what is known by now; the next packet begins a new delta. */
void am_record_put(AmFlowShard *shard, AmFlow *flow, AmFlowRecord *record, AmConnectionBatch *out);
/* At a packet of another day than the one before, or the first: what was before is given out. */
void am_record_begin_delta(AmFlowShard *shard, AmFlow *flow, AmFlowRecord *record, int64_t time_ns,
			   AmConnectionBatch *out);
/* The connection ends: its last record, unless it is not kept, with `more_evidence`; then its place in the table is free. */
void am_record_finish(AmFlowShard *shard, uint32_t index, uint32_t more_evidence, AmConnectionBatch *out);
