/* Adds up what the runs counted. Every packet that was read is in `recorded` or under one reason in `skipped`. */
#include "config.h"

#include "ledger.h"

AmLedgerSum am_ledger_sum(const GPtrArray *runs)
{
	AmLedgerSum all = {0};
	for (guint i = 0; i < runs->len; i++) {
		const AmRun *run = g_ptr_array_index(runs, i);
		const AmLedger *ledger = &run->ledger;
		all.sum.read += ledger->read;
		all.sum.recorded += ledger->recorded;
		all.sum.fragments += ledger->fragments;
		for (int r = 0; r < AM_N_SKIP_REASONS; r++)
			all.sum.skipped[r] += ledger->skipped[r];
		all.sum.log_lines += ledger->log_lines;
		all.sum.log_recorded += ledger->log_recorded;
		all.sum.log_skipped += ledger->log_skipped;
		for (int r = 0; r < AM_N_LOG_SKIPS; r++)
			all.sum.log_reasons[r] += ledger->log_reasons[r];
		all.sum.connections += ledger->connections;
		all.sum.connections_given_up += ledger->connections_given_up;
		all.sum.connections_not_kept += ledger->connections_not_kept;
		all.sum.connections_counted += ledger->connections_counted;
		all.sum.times_mended += ledger->times_mended;
		all.sum.clock_steps_back += ledger->clock_steps_back;
		all.sum.tcp_bytes_seen += ledger->tcp_bytes_seen;
		all.sum.tcp_bytes_unseen += ledger->tcp_bytes_unseen;
		all.sum.tcp_one_way += ledger->tcp_one_way;
		all.sum.tcp_bytes_one_way += ledger->tcp_bytes_one_way;
		all.unfinished_runs += run->finished_ns == 0 && !run->live;
		all.interrupted_runs += run->interrupted != FALSE;
		for (guint n = 0; run->interfaces != NULL && n < run->interfaces->len; n++) {
			const AmRunInterface *interface = &g_array_index(run->interfaces, AmRunInterface, n);
			all.dropped_kernel += interface->dropped_kernel;
			all.dropped_interface += interface->dropped_interface;
			all.minutes_dropped += interface->minutes_dropped;
			all.outages += interface->outages;
		}
		for (guint n = 0; run->inputs != NULL && n < run->inputs->len; n++) {
			all.inputs++;
			all.cut_inputs += g_array_index(run->inputs, AmInput, n).cut != FALSE;
		}
	}
	return all;
}

uint64_t am_ledger_skipped(const AmLedger *ledger)
{
	uint64_t skipped = 0;
	for (int r = 1; r < AM_N_SKIP_REASONS; r++)
		skipped += ledger->skipped[r];
	return skipped;
}

uint64_t am_ledger_unusable(const AmLedger *ledger)
{
	return ledger->log_skipped - MIN(ledger->log_skipped, ledger->log_reasons[AM_LOG_SKIP_OTHER]);
}

const char *am_skip_reason_name(int reason)
{
#define X(id, name, text) name,
	static const char *const names[] = {"none", AM_SKIP_REASONS(X)};
#undef X
	return names[reason];
}

const char *am_skip_reason_text(int reason)
{
#define X(id, name, text) text,
	static const char *const texts[] = {"", AM_SKIP_REASONS(X)};
#undef X
	return texts[reason];
}
