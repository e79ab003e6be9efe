/* One shard of flow/ and what came out of it, for the tests that feed it packet by packet. */
#pragma once

#include "flow-packets.h"
#include "unit.h"

#include <allowmap/flow.h>

typedef struct {
	AmFlowShard *shard;
	AmConnectionBatch out;
	uint64_t ordinal;
	uint16_t network; /* of the packets that follow, for tests with more than one */
} Flow;

static inline Flow flow_new(void)
{
	const AmFlowOptions options = {.seed = 7};
	Flow flow = {.shard = am_flow_shard_new(&options, NULL)};
	CU_ASSERT_PTR_NOT_NULL_FATAL(flow.shard);
	return flow;
}

static inline void flow_end(Flow *flow)
{
	am_flow_shard_free(flow->shard);
	am_connection_batch_clear(&flow->out);
}
