-- Why: the number is another migration's, which goes here in its place. Nothing changes.
PRAGMA user_version = 3;
