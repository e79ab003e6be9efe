-- The ledger of a run.
SELECT reason, packets FROM ledgers WHERE run = ?1 ORDER BY reason;
