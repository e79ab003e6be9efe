-- Why: it stands for the migration of this number, which comes from elsewhere; that one takes its place.
PRAGMA user_version = 7;
