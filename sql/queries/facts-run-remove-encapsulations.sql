-- What a run that was not finished saw of encapsulations.
DELETE FROM encapsulations WHERE run = ?1;
