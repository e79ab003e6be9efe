-- All that one import says.
SELECT address, length, mac, host, name, value, from_ns, until_ns FROM labels WHERE import = ?1 ORDER BY ordinal;
