-- One entry more.
INSERT INTO log (n, at_ns, who, kind, content, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
