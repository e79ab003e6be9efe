noinst_LIBRARIES += libam-map.a
libam_map_a_CPPFLAGS = $(AM_CPPFLAGS)
libam_map_a_SOURCES =
