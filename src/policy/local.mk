noinst_LIBRARIES += libam-policy.a
libam_policy_a_CPPFLAGS = $(AM_CPPFLAGS)
libam_policy_a_SOURCES = \
	include/allowmap/policy.h \
	src/policy/atoms.c \
	src/policy/canonical.c \
	src/policy/compiled.c \
	src/policy/contract.c \
	src/policy/equal.c \
	src/policy/expand.c \
	src/policy/private.h \
	src/policy/prove.c \
	src/policy/recommend.c \
	$(NULL)

if HAVE_CUNIT
check_PROGRAMS += tests/unit/test-policy
TESTS += tests/unit/test-policy
tests_unit_test_policy_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_policy_SOURCES = tests/unit/test-policy.c tests/unit/policy-random.h tests/unit/unit.h
tests_unit_test_policy_LDADD = libam-policy.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS)
endif
