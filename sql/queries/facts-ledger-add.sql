-- One line of a run's ledger.
INSERT INTO ledgers (run, reason, packets) VALUES (?1, ?2, ?3);
