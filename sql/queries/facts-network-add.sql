-- An address space that a run brings with it. Its id is the next one.
INSERT INTO networks (id, name, run) VALUES ((SELECT max(id) + 1 FROM networks), ?1, ?2);
