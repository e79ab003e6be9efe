-- The head of the log.
SELECT n, hash FROM log ORDER BY n DESC LIMIT 1;
