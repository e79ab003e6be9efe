-- An import, with the entry of the log that made it.
INSERT INTO imports (log, source, kind, network, labels, leases, sha256, why) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
