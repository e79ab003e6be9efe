-- A sensor that a run brings with it. Its id is the next one.
INSERT INTO sensors (id, uuid, name, run) VALUES ((SELECT ifnull(max(id), 0) + 1 FROM sensors), ?1, ?2, ?3);
