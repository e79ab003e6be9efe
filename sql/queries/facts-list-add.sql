-- A list of listeners. Its id is the next one.
INSERT INTO listener_lists (network, kind, path, sha256, host, imported_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
