-- The leases of an import, when a newer one is in its place.
DELETE FROM leases WHERE import = ?1;
