-- A finished run of this sensor and network that holds an input of this hash and size.
SELECT runs.id, inputs.path
FROM inputs
JOIN visible_runs AS runs ON runs.id = inputs.run
JOIN sensors ON sensors.id = runs.sensor
JOIN networks ON networks.id = runs.network
WHERE inputs.sha256 = ?1 AND inputs.size = ?2 AND sensors.uuid = ?3 AND networks.name = ?4
ORDER BY runs.id LIMIT 1;
