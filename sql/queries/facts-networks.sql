-- All address spaces that may be seen. Ids have no gap: only the last ones can belong to an unfinished run.
SELECT id, name FROM networks
WHERE run = 0 OR run IN (SELECT id FROM visible_runs)
ORDER BY id;
