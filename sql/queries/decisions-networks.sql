-- The network table, oldest first, each row with what the log says of it.
SELECT sensor, encapsulation, id, network, log.who, why, log.at_ns, log.content, log.n
FROM networks_by_encapsulation LEFT JOIN log ON log.n = networks_by_encapsulation.log
ORDER BY networks_by_encapsulation.log;
