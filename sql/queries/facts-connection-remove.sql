-- Makes room for a higher revision.
DELETE FROM connections WHERE id = ?1;
