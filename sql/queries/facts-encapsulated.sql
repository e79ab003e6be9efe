-- What all runs that may be seen saw of encapsulations, each with its sensor, run by run.
SELECT
	sensors.uuid, encapsulations.kind, encapsulations.id, encapsulations.packets, encapsulations.bytes,
	encapsulations.undecided, encapsulations.first_ns, encapsulations.last_ns, encapsulations.source,
	encapsulations.destination, encapsulations.network, encapsulations.reason
FROM visible_runs AS runs
JOIN sensors ON sensors.id = runs.sensor
JOIN encapsulations ON encapsulations.run = runs.id
ORDER BY runs.id, encapsulations.kind, encapsulations.id;
