noinst_LIBRARIES += libam-store.a
libam_store_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
libam_store_a_SOURCES =
