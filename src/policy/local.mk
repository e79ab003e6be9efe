noinst_LIBRARIES += libam-policy.a
libam_policy_a_CPPFLAGS = $(AM_CPPFLAGS)
libam_policy_a_SOURCES = \
	include/allowmap/policy.h \
	src/policy/apart.c \
	src/policy/atoms.c \
	src/policy/canonical.c \
	src/policy/compiled.c \
	src/policy/contract.c \
	src/policy/equal.c \
	src/policy/evidence.c \
	src/policy/expand.c \
	src/policy/judged.c \
	src/policy/needed.c \
	src/policy/network.c \
	src/policy/pools.c \
	src/policy/private.h \
	src/policy/prove.c \
	src/policy/recommend.c \
	src/policy/visible.c \
	$(NULL)

# The document is written by export/, read by import/ and judged here, so what tests all three is here too.
policy_document_LDADD = libam-export.a libam-import.a libam-policy.a libam-base.a $(JANSSON_LIBS) $(GLIB_LIBS)
check_PROGRAMS += tests/fuzz/fuzz-policy
TESTS += tests/fuzz/fuzz-policy tests/e2e/schema.sh
dist_check_SCRIPTS += tests/e2e/schema.sh
EXTRA_DIST += tests/fixtures/policy tests/fuzz/corpus/policy
tests_fuzz_fuzz_policy_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/policy"'
tests_fuzz_fuzz_policy_SOURCES = tests/fuzz/fuzz-policy.c tests/fuzz/replay.c
tests_fuzz_fuzz_policy_LDADD = $(policy_document_LDADD)

if HAVE_CUNIT
policy_tests = tests/unit/test-policy tests/unit/test-recommend tests/unit/test-needed tests/unit/test-policy-document
check_PROGRAMS += $(policy_tests)
TESTS += $(policy_tests)
tests_unit_test_needed_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_needed_SOURCES = tests/unit/test-needed.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_needed_LDADD = libam-policy.a libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_policy_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_policy_SOURCES = tests/unit/test-policy.c tests/unit/policy-rules.h tests/unit/policy-random.h tests/unit/unit.h
tests_unit_test_policy_LDADD = libam-policy.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS)
tests_unit_test_recommend_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_recommend_SOURCES = tests/unit/test-recommend.c tests/unit/policy-rules.h tests/unit/policy-random.h tests/unit/unit.h
tests_unit_test_recommend_LDADD = libam-policy.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS)
tests_unit_test_policy_document_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_policy_document_SOURCES = tests/unit/test-policy-document.c tests/unit/policy-random.h tests/unit/unit.h
tests_unit_test_policy_document_LDADD = $(policy_document_LDADD) $(CUNIT_LIBS)
endif
