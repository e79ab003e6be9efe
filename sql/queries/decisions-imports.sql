-- All imports and what takes them back, oldest first, each with what the log says of it.
SELECT imports.log, source, imports.kind, network, labels, leases, sha256, log.who, why, log.at_ns, log.content
FROM imports LEFT JOIN log ON log.n = imports.log
ORDER BY imports.log;
