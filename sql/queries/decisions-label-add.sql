-- What an import says of an address, MAC or name.
INSERT INTO labels (
	import, ordinal, address, length, mac, host, name, value, from_ns, until_ns
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);
