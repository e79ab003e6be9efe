-- How often a run saw connections of one service go on as those of another, so far.
INSERT OR REPLACE INTO relayed (
	run, network, kind, front, front_port, client, server, port, connections, turned
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);
