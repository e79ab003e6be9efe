-- An l7 name that a run brings with it.
INSERT INTO l7_names (id, name, run) VALUES (?1, ?2, ?3);
