-- The next connections of a run, in the order in which they began.
SELECT id, first_ns, last_ns FROM connections
WHERE id > ?1 AND id < (?2 + 1) << 40
ORDER BY id LIMIT ?3;
