-- What was declared, and what takes it back, oldest first: the entry is all of it.
SELECT n, kind, content FROM log
WHERE kind IN ('declaration', 'group-edit', 'taps', 'withdrawal')
ORDER BY n;
