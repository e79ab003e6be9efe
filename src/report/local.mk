noinst_LIBRARIES += libam-report.a
libam_report_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(GVC_CFLAGS)
libam_report_a_SOURCES =
