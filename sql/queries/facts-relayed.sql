-- The same of all runs that may be seen.
SELECT
	relayed.network, relayed.kind, relayed.front, relayed.front_port, relayed.client, relayed.server,
	relayed.port, sum(relayed.connections), sum(relayed.turned)
FROM visible_runs AS runs
JOIN relayed ON relayed.run = runs.id
GROUP BY
	relayed.network, relayed.kind, relayed.front, relayed.front_port, relayed.client, relayed.server, relayed.port;
