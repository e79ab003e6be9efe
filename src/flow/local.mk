noinst_LIBRARIES += libam-flow.a
libam_flow_a_CPPFLAGS = $(AM_CPPFLAGS) $(NDPI_CFLAGS)
libam_flow_a_SOURCES = \
	include/allowmap/flow.h \
	src/flow/announced-binary.c \
	src/flow/announced-text.c \
	src/flow/classify.c \
	src/flow/classify.h \
	src/flow/door.c \
	src/flow/duplicates.c \
	src/flow/duplicates.h \
	src/flow/evidence.c \
	src/flow/flow.h \
	src/flow/fragments.c \
	src/flow/fragments.h \
	src/flow/key.c \
	src/flow/loss.c \
	src/flow/loss.h \
	src/flow/observe.c \
	src/flow/observe.h \
	src/flow/observe-der.c \
	src/flow/observe-hosts.c \
	src/flow/observe-link.c \
	src/flow/observe-names.c \
	src/flow/observe-private.h \
	src/flow/observe-system.c \
	src/flow/observe-virtual.c \
	src/flow/outers.c \
	src/flow/outers.h \
	src/flow/record.c \
	src/flow/related.c \
	src/flow/related.h \
	src/flow/roles.h \
	src/flow/roles-common.c \
	src/flow/roles-industrial.c \
	src/flow/roles-tcp.c \
	src/flow/roles-udp.c \
	src/flow/sampler.c \
	src/flow/sampler.h \
	src/flow/shard.c \
	src/flow/shard.h \
	src/flow/table.c \
	src/flow/unanswered.c \
	src/flow/unanswered.h \
	$(NULL)

data_files += data/l7.tsv

flow_test_LDADD = libam-flow.a libam-base.a $(NDPI_LIBS) $(GLIB_LIBS)

if HAVE_CUNIT
flow_tests = tests/unit/test-duplicates tests/unit/test-flow tests/unit/test-flow-datagrams tests/unit/test-flow-dpi tests/unit/test-fragments tests/unit/test-loss tests/unit/test-mirror \
	tests/unit/test-shards \
	tests/unit/test-observe tests/unit/test-observe-hosts tests/unit/test-outers tests/unit/test-related tests/unit/test-roles tests/unit/test-sampler tests/unit/test-unanswered
check_PROGRAMS += $(flow_tests)
TESTS += $(flow_tests)
tests_unit_test_observe_CPPFLAGS = $(unit_CPPFLAGS) -I$(top_srcdir)/src/flow
tests_unit_test_observe_SOURCES = tests/unit/test-observe.c tests/unit/flow-packets.h tests/unit/unit.h
tests_unit_test_observe_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_observe_hosts_CPPFLAGS = $(unit_CPPFLAGS) -I$(top_srcdir)/src/flow
tests_unit_test_observe_hosts_SOURCES = tests/unit/test-observe-hosts.c tests/unit/flow-packets.h tests/unit/unit.h
tests_unit_test_observe_hosts_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_duplicates_CPPFLAGS = $(unit_CPPFLAGS) -I$(top_srcdir)/src/flow
tests_unit_test_duplicates_SOURCES = tests/unit/test-duplicates.c tests/unit/flow-packets.h tests/unit/unit.h
tests_unit_test_duplicates_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_flow_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_flow_SOURCES = tests/unit/test-flow.c tests/unit/flow-feed.h tests/unit/flow-packets.h tests/unit/unit.h
tests_unit_test_flow_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_flow_datagrams_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_flow_datagrams_SOURCES = tests/unit/test-flow-datagrams.c tests/unit/flow-feed.h tests/unit/flow-packets.h tests/unit/unit.h
tests_unit_test_flow_datagrams_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_flow_dpi_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_flow_dpi_SOURCES = tests/unit/test-flow-dpi.c tests/unit/flow-feed.h tests/unit/flow-packets.h tests/unit/unit.h
tests_unit_test_flow_dpi_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_fragments_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_fragments_SOURCES = tests/unit/test-fragments.c tests/unit/flow-packets.h tests/unit/flow-shard.h tests/unit/unit.h
tests_unit_test_fragments_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_shards_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_shards_SOURCES = tests/unit/test-shards.c tests/unit/flow-packets.h tests/unit/unit.h
tests_unit_test_shards_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_loss_CPPFLAGS = $(unit_CPPFLAGS) -I$(top_srcdir)/src/flow
tests_unit_test_loss_SOURCES = tests/unit/test-loss.c tests/unit/flow-packets.h tests/unit/unit.h
tests_unit_test_loss_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_mirror_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_mirror_SOURCES = tests/unit/test-mirror.c tests/unit/frames.h tests/unit/unit.h
tests_unit_test_mirror_LDADD = libam-capture.a $(flow_test_LDADD) $(PCAP_LIBS) $(ARCHIVE_LIBS) $(CUNIT_LIBS)
tests_unit_test_outers_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_outers_SOURCES = tests/unit/test-outers.c tests/unit/flow-packets.h tests/unit/flow-shard.h tests/unit/unit.h
tests_unit_test_outers_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_related_CPPFLAGS = $(unit_CPPFLAGS) -I$(top_srcdir)/src/flow
tests_unit_test_related_SOURCES = tests/unit/test-related.c tests/unit/flow-packets.h tests/unit/flow-shard.h tests/unit/unit.h
tests_unit_test_related_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_roles_CPPFLAGS = $(unit_CPPFLAGS) -I$(top_srcdir)/src/flow
tests_unit_test_roles_SOURCES = tests/unit/test-roles.c tests/unit/flow-packets.h tests/unit/unit.h
tests_unit_test_roles_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_unanswered_CPPFLAGS = $(unit_CPPFLAGS) -I$(top_srcdir)/src/flow
tests_unit_test_unanswered_SOURCES = tests/unit/test-unanswered.c tests/unit/flow-packets.h tests/unit/unit.h
tests_unit_test_unanswered_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
tests_unit_test_sampler_CPPFLAGS = $(unit_CPPFLAGS) -I$(top_srcdir)/src/flow
tests_unit_test_sampler_SOURCES = tests/unit/test-sampler.c tests/unit/unit.h
tests_unit_test_sampler_LDADD = $(flow_test_LDADD) $(CUNIT_LIBS)
endif

check_PROGRAMS += tests/fuzz/fuzz-flow tests/fuzz/fuzz-observe
TESTS += tests/fuzz/fuzz-flow tests/fuzz/fuzz-observe
EXTRA_DIST += tests/fuzz/corpus/flow tests/fuzz/corpus/observe
tests_fuzz_fuzz_observe_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/flow -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/observe"'
tests_fuzz_fuzz_observe_SOURCES = tests/fuzz/fuzz-observe.c tests/fuzz/replay.c
tests_fuzz_fuzz_observe_LDADD = $(flow_test_LDADD)
tests_fuzz_fuzz_flow_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/flow"'
tests_fuzz_fuzz_flow_SOURCES = tests/fuzz/fuzz-flow.c tests/fuzz/replay.c
tests_fuzz_fuzz_flow_LDADD = libam-flow.a libam-capture.a libam-base.a $(NDPI_LIBS) $(PCAP_LIBS) $(ARCHIVE_LIBS) $(GLIB_LIBS)
