-- The id of the next run.
SELECT ifnull(max(id), 0) + 1 FROM runs;
