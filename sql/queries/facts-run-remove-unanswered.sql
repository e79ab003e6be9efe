-- The counts of unanswered connections of a run that was not finished.
DELETE FROM unanswered WHERE run = ?1;
