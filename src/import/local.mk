noinst_LIBRARIES += libam-import.a
libam_import_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) -I$(srcdir)/src/import
libam_import_a_SOURCES = \
	include/allowmap/import.h \
	src/import/conn-log-record.c \
	src/import/conn-log.c \
	src/import/conn-log.h \
	src/import/csv.c \
	src/import/error.c \
	src/import/json-line.c \
	src/import/nftables-json.c \
	src/import/nftables-text.c \
	src/import/nftables.c \
	src/import/nftables.h \
	src/import/policy-json.c \
	src/import/policy-json.h \
	src/import/policy.c \
	$(NULL)

# The authority for the policy document's names.
data_files += data/policy.schema.json

if HAVE_CUNIT
check_PROGRAMS += tests/unit/test-conn-log
TESTS += tests/unit/test-conn-log
tests_unit_test_conn_log_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_conn_log_SOURCES = tests/unit/test-conn-log.c tests/unit/unit.h
tests_unit_test_conn_log_LDADD = libam-import.a libam-base.a $(CUNIT_LIBS) $(JANSSON_LIBS) $(GLIB_LIBS)
endif
