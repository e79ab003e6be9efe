-- A lease of an import.
INSERT INTO leases (import, ordinal, address, mac, host, first_ns, last_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
