-- What a run that was not finished found to be handed on.
DELETE FROM relayed WHERE run = ?1;
