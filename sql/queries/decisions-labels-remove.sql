-- What an import said, when a newer one is in its place.
DELETE FROM labels WHERE import = ?1;
