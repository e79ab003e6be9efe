-- Whether this list is there already, of this network and host.
SELECT imported_ns, path FROM listener_lists WHERE network = ?1 AND sha256 = ?2 AND host = ?3;
