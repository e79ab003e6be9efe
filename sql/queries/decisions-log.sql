-- The whole log.
SELECT n, at_ns, who, kind, content, hash FROM log ORDER BY n;
