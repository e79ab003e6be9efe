-- One input of a run.
INSERT INTO inputs (
	run, ordinal, path, kind, size, sha256, records, first_ns, last_ns, cut
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);
