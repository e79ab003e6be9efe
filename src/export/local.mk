noinst_LIBRARIES += libam-export.a
libam_export_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libam_export_a_SOURCES =
