-- What was seen of addresses, by whichever sensor.
SELECT network, address, kind, value, min(first_ns), max(last_ns), sum(count)
FROM observations
WHERE value <> ''
GROUP BY network, address, kind, value;
