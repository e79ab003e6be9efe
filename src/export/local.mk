noinst_LIBRARIES += libam-export.a
libam_export_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libam_export_a_SOURCES = \
	include/allowmap/export.h \
	src/export/csv.c \
	src/export/nftables-json.c \
	src/export/nftables-text.c \
	src/export/nftables.c \
	src/export/policy.c \
	src/export/private.h \
	src/export/targets.c \
	$(NULL)

# The frames around sets and rules: written by export/, checked by import/.
data_files += \
	data/nftables-host.json \
	data/nftables-host.nft \
	data/nftables-router.json \
	data/nftables-router.nft \
	$(NULL)

if HAVE_CUNIT
check_PROGRAMS += tests/unit/test-csv tests/unit/test-nftables
TESTS += tests/unit/test-csv tests/unit/test-nftables
export_test_libs = libam-export.a libam-import.a libam-policy.a libam-base.a $(CUNIT_LIBS) $(JANSSON_LIBS) $(GLIB_LIBS)
tests_unit_test_csv_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_csv_SOURCES = tests/unit/test-csv.c tests/unit/policy-text.h tests/unit/unit.h
tests_unit_test_csv_LDADD = $(export_test_libs)
tests_unit_test_nftables_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_nftables_SOURCES = tests/unit/test-nftables.c tests/unit/policy-text.h tests/unit/unit.h
tests_unit_test_nftables_LDADD = $(export_test_libs)
endif

# The exports in a real kernel: nftables-enforce.sh makes namespaces and opens connections.
check_PROGRAMS += tests/e2e/pairs tests/e2e/probe
tests_e2e_pairs_SOURCES = tests/e2e/pairs.c
tests_e2e_pairs_LDADD = libam-import.a libam-policy.a libam-base.a $(JANSSON_LIBS) $(GLIB_LIBS)
tests_e2e_probe_SOURCES = tests/e2e/probe.c
dist_check_SCRIPTS += tests/e2e/nftables-enforce.sh
TESTS += tests/e2e/nftables-enforce.sh
EXTRA_DIST += tests/fixtures/enforce-policy.json tests/fixtures/enforce-probes
