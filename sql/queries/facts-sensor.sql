-- A sensor by its UUID.
SELECT id FROM sensors WHERE uuid = ?1;
