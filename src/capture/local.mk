noinst_LIBRARIES += libam-capture.a
libam_capture_a_CPPFLAGS = $(AM_CPPFLAGS) $(PCAP_CFLAGS) $(ARCHIVE_CFLAGS)
libam_capture_a_SOURCES = \
	include/allowmap/capture.h \
	src/capture/bytes.c \
	src/capture/bytes.h \
	src/capture/decode.c \
	src/capture/decode.h \
	src/capture/decode-link.c \
	src/capture/decode-transport.c \
	src/capture/formats.h \
	src/capture/identify.c \
	src/capture/input.c \
	src/capture/pcap.c \
	src/capture/pcapng.c \
	src/capture/sniff.c \
	$(NULL)
