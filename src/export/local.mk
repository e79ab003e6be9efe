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
tests_unit_test_csv_SOURCES = tests/unit/test-csv.c tests/unit/random-policy.h tests/unit/unit.h
tests_unit_test_csv_LDADD = $(export_test_libs)
tests_unit_test_nftables_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_nftables_SOURCES = tests/unit/test-nftables.c tests/unit/random-policy.h tests/unit/unit.h
tests_unit_test_nftables_LDADD = $(export_test_libs)
endif
