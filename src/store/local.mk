noinst_LIBRARIES += libam-store.a
libam_store_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
libam_store_a_SOURCES =

# Migrations in the order in which they are run.
sql_files += \
	sql/migrations/001-facts.sql \
	sql/migrations/001-decisions.sql \
	$(NULL)
