-- The inputs of a run.
SELECT path, kind, size, sha256, records, first_ns, last_ns, cut
FROM inputs WHERE run = ?1
ORDER BY ordinal;
