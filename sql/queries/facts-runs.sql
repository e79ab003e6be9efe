-- All runs that may be seen.
SELECT
	runs.id, sensors.uuid, networks.name, live, started_ns, finished_ns, parameters, tool_version, dpi_version,
	committed_ns, interrupted
FROM visible_runs AS runs
JOIN sensors ON sensors.id = runs.sensor
JOIN networks ON networks.id = runs.network
ORDER BY runs.id;
