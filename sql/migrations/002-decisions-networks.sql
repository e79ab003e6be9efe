-- Why: the network table can be edited. A row can be for every number of a kind (id NULL), and can be taken back (network
-- NULL): a withdrawn decision is a newer one. Of the rows of one (sensor, encapsulation, id), the newest counts; between
-- keys, a sensor's own goes before any sensor's, then a number's own before any number's.
CREATE TABLE networks_by_encapsulation (
	log INTEGER PRIMARY KEY REFERENCES log (n),
	sensor TEXT, -- UUID; NULL: any
	encapsulation TEXT NOT NULL, -- 'vlan', 'vxlan', 'gre', 'erspan', 'gtp', ...
	id INTEGER, -- VLAN id, VNI, key, session, TEID; NULL: any
	network TEXT, -- NULL: as if nothing had been said
	why TEXT NOT NULL
);
INSERT INTO networks_by_encapsulation SELECT log, sensor, encapsulation, id, network, '' FROM network_table;
DROP TABLE network_table;

PRAGMA user_version = 2;
