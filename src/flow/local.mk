noinst_LIBRARIES += libam-flow.a
libam_flow_a_CPPFLAGS = $(AM_CPPFLAGS) $(NDPI_CFLAGS)
libam_flow_a_SOURCES =
