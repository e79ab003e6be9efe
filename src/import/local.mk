noinst_LIBRARIES += libam-import.a
libam_import_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libam_import_a_SOURCES =
