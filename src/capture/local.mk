noinst_LIBRARIES += libam-capture.a
libam_capture_a_CPPFLAGS = $(AM_CPPFLAGS) $(PCAP_CFLAGS) $(ARCHIVE_CFLAGS)
libam_capture_a_SOURCES =
