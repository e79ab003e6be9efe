-- A run begins.
INSERT INTO runs (
	id, sensor, network, live, state, started_ns, finished_ns, parameters, tool_version, dpi_version, connections,
	committed_ns
) VALUES (?1, ?2, ?3, ?4, 'unfinished', ?5, 0, ?6, ?7, ?8, 0, iif(?4, ?5, 0));
