-- A live run has come this far.
UPDATE runs SET committed_ns = ?2, connections = ?3 WHERE id = ?1;
