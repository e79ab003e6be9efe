-- Live runs that did not end by themselves ended with their last commit.
UPDATE runs SET state = 'finished', finished_ns = committed_ns, interrupted = 1 WHERE live = 1 AND state = 'unfinished';
