-- Pairs of endpoints that keep more pairs of ports than are kept while nobody knows which one names the service.
SELECT lo, hi, ip_protocol FROM tallies
WHERE sensor = ?1 AND network = ?2 AND day = ?3 AND side = 0
GROUP BY lo, hi, ip_protocol HAVING count(*) > ?4
ORDER BY lo, hi, ip_protocol;
