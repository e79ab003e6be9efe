-- Removes the connections of a run.
DELETE FROM connections WHERE id BETWEEN ?1 << 40 AND (?1 + 1 << 40) - 1;
