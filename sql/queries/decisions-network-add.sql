-- What an encapsulation and number means, with the entry of the log that made it.
INSERT INTO networks_by_encapsulation (log, sensor, encapsulation, id, network, why) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
