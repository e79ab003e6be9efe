noinst_LIBRARIES += libam-job.a
libam_job_a_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS) $(CAPNG_CFLAGS)
libam_job_a_SOURCES = \
	include/allowmap/job.h \
	src/job/alike.c \
	src/job/alike.h \
	src/job/capture.c \
	src/job/capture.h \
	src/job/capture-commit.c \
	src/job/capture-process.c \
	src/job/check.c \
	src/job/check.h \
	src/job/checker.c \
	src/job/chunk.h \
	src/job/clock.c \
	src/job/clock.h \
	src/job/export.c \
	src/job/import.c \
	src/job/ingest.c \
	src/job/inputs.c \
	src/job/inputs.h \
	src/job/listeners.c \
	src/job/network-list.c \
	src/job/networks.c \
	src/job/networks.h \
	src/job/outers.c \
	src/job/outers.h \
	src/job/pipeline.c \
	src/job/pipeline.h \
	src/job/pipeline-writer.c \
	src/job/pipeline-writer.h \
	src/job/recommend.c \
	src/job/sandbox.c \
	src/job/sandbox.h \
	src/job/snapshot.c \
	$(NULL)

if HAVE_CUNIT
job_tests = tests/unit/test-clock tests/unit/test-export tests/unit/test-ingest tests/unit/test-networks \
	tests/unit/test-sandbox
check_PROGRAMS += $(job_tests)
TESTS += $(job_tests)
tests_unit_test_clock_CPPFLAGS = $(unit_CPPFLAGS) -I$(top_srcdir)/src/job
tests_unit_test_clock_SOURCES = tests/unit/test-clock.c tests/unit/unit.h
tests_unit_test_clock_LDADD = libam-job.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS)
tests_unit_test_export_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_export_SOURCES = tests/unit/test-export.c tests/unit/policy-random.h tests/unit/unit.h
tests_unit_test_export_LDADD = $(rooms) $(CUNIT_LIBS) $(room_libs)
tests_unit_test_networks_CPPFLAGS = $(unit_CPPFLAGS) -I$(top_srcdir)/src/job
tests_unit_test_networks_SOURCES = tests/unit/test-networks.c tests/unit/unit.h
tests_unit_test_networks_LDADD = libam-job.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS)
tests_unit_test_ingest_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_ingest_SOURCES = tests/unit/test-ingest.c tests/unit/flow-packets.h tests/unit/unit.h
tests_unit_test_ingest_LDADD = $(rooms) $(CUNIT_LIBS) $(room_libs)
tests_unit_test_sandbox_CPPFLAGS = $(unit_CPPFLAGS) -I$(top_srcdir)/src/job
tests_unit_test_sandbox_SOURCES = tests/unit/test-sandbox.c tests/unit/unit.h
tests_unit_test_sandbox_LDADD = $(rooms) $(CUNIT_LIBS) $(room_libs)
endif

# Live captures, in network namespaces that the tests make.
check_PROGRAMS += tests/e2e/frames
tests_e2e_frames_CPPFLAGS = $(PCAP_CFLAGS)
tests_e2e_frames_SOURCES = tests/e2e/frames.c
tests_e2e_frames_LDADD = $(PCAP_LIBS)
dist_check_SCRIPTS += tests/e2e/capture.sh tests/e2e/kill.sh tests/e2e/service.sh
TESTS += tests/e2e/capture.sh tests/e2e/kill.sh tests/e2e/service.sh
EXTRA_DIST += tests/e2e/live.sh
