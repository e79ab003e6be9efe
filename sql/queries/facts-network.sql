-- An address space by its name.
SELECT id FROM networks WHERE name = ?1;
