-- All leases of one import.
SELECT address, mac, host, first_ns, last_ns FROM leases WHERE import = ?1 ORDER BY ordinal;
