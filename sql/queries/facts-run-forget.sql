-- Some connections of a run are gone.
UPDATE runs SET connections = max(connections - ?2, 0) WHERE id = ?1;
