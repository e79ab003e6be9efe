-- How many connections may be seen.
SELECT ifnull(sum(connections), 0) FROM visible_runs;
