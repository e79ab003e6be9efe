/* The packet ledgers of all runs, added up. Private to report/. */
#pragma once

#include "allowmap/base.h"
#include "allowmap/model/map.h"
#include "allowmap/model/run.h"

typedef struct {
	AmLedger sum;
	guint inputs, cut_inputs;
	guint unfinished_runs, interrupted_runs;
	uint64_t dropped_kernel, dropped_interface, minutes_dropped, outages; /* of live interfaces */
} AmLedgerSum;

AmLedgerSum am_ledger_sum(const GPtrArray *runs);
uint64_t am_ledger_skipped(const AmLedger *ledger); /* all reasons */
/* Log lines that were skipped, but for those that tell of something else than connections: those are no loss. */
uint64_t am_ledger_unusable(const AmLedger *ledger);
const char *am_skip_reason_name(int reason); /* an AmSkipReason from 1 */
const char *am_skip_reason_text(int reason);
