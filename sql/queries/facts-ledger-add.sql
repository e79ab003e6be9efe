-- One line of a run's ledger; a live run writes it again at each commit.
INSERT OR REPLACE INTO ledgers (run, reason, packets) VALUES (?1, ?2, ?3);
