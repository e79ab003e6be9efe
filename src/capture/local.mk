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
	src/capture/decode-tunnel.c \
	src/capture/decode-wifi.c \
	src/capture/formats.h \
	src/capture/identify.c \
	src/capture/input.c \
	src/capture/live.c \
	src/capture/pcap.c \
	src/capture/pcapng.c \
	src/capture/sniff.c \
	$(NULL)

capture_test_LDADD = libam-capture.a libam-base.a $(PCAP_LIBS) $(ARCHIVE_LIBS) $(GLIB_LIBS)

if HAVE_CUNIT
capture_tests = tests/unit/test-decode tests/unit/test-decode-link tests/unit/test-teredo tests/unit/test-tunnels tests/unit/test-wifi \
	tests/unit/test-input tests/unit/test-pcapng
check_PROGRAMS += $(capture_tests)
TESTS += $(capture_tests)
tests_unit_test_decode_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_decode_SOURCES = tests/unit/test-decode.c tests/unit/decode-tcp.h tests/unit/decoding.h tests/unit/frames.h tests/unit/unit.h
tests_unit_test_decode_LDADD = $(capture_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_decode_link_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_decode_link_SOURCES = tests/unit/test-decode-link.c tests/unit/decode-tcp.h tests/unit/decoding.h tests/unit/frames.h tests/unit/unit.h
tests_unit_test_decode_link_LDADD = $(capture_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_tunnels_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_tunnels_SOURCES = tests/unit/test-tunnels.c tests/unit/tunnels.h tests/unit/decoding.h tests/unit/frames.h \
	tests/unit/unit.h
tests_unit_test_tunnels_LDADD = $(capture_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_teredo_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_teredo_SOURCES = tests/unit/test-teredo.c tests/unit/tunnels.h tests/unit/decoding.h tests/unit/frames.h \
	tests/unit/unit.h
tests_unit_test_teredo_LDADD = $(capture_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_wifi_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_wifi_SOURCES = tests/unit/test-wifi.c tests/unit/decoding.h tests/unit/frames.h tests/unit/unit.h
tests_unit_test_wifi_LDADD = $(capture_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_input_CPPFLAGS = $(unit_CPPFLAGS) $(ARCHIVE_CFLAGS)
tests_unit_test_input_SOURCES = tests/unit/test-input.c tests/unit/unit.h
tests_unit_test_input_LDADD = $(capture_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_pcapng_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_pcapng_SOURCES = tests/unit/test-pcapng.c tests/unit/unit.h
tests_unit_test_pcapng_LDADD = $(capture_test_LDADD) $(CUNIT_LIBS)
endif

# Fuzz targets: here with a main() that replays their corpus; tests/fuzz/replay.c says how to fuzz.
check_PROGRAMS += tests/fuzz/fuzz-decode tests/fuzz/fuzz-pcapng
TESTS += tests/fuzz/fuzz-decode tests/fuzz/fuzz-pcapng
EXTRA_DIST += tests/fuzz/corpus/README.md tests/fuzz/corpus/decode tests/fuzz/corpus/pcapng
tests_fuzz_fuzz_decode_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/decode"'
tests_fuzz_fuzz_decode_SOURCES = tests/fuzz/fuzz-decode.c tests/fuzz/replay.c
tests_fuzz_fuzz_decode_LDADD = $(capture_test_LDADD)
tests_fuzz_fuzz_pcapng_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/pcapng"'
tests_fuzz_fuzz_pcapng_SOURCES = tests/fuzz/fuzz-pcapng.c tests/fuzz/replay.c
tests_fuzz_fuzz_pcapng_LDADD = $(capture_test_LDADD)
