noinst_LIBRARIES += libam-import.a
libam_import_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) -I$(srcdir)/src/import
libam_import_a_SOURCES = \
	include/allowmap/import.h \
	src/import/conn-log-record.c \
	src/import/conn-log.c \
	src/import/conn-log.h \
	src/import/conntrack.c \
	src/import/csv-field.c \
	src/import/csv-field.h \
	src/import/csv.c \
	src/import/error.c \
	src/import/hubble.c \
	src/import/inventory-ansible.c \
	src/import/inventory-csv.c \
	src/import/inventory-isc-dhcp.c \
	src/import/inventory-kubernetes.c \
	src/import/inventory-leases.c \
	src/import/inventory-netbox.c \
	src/import/inventory-words.c \
	src/import/inventory.c \
	src/import/inventory.h \
	src/import/json-line.c \
	src/import/listener-list.c \
	src/import/listener-list.h \
	src/import/listeners-nmap.c \
	src/import/listeners-osquery.c \
	src/import/listeners-ss.c \
	src/import/log-flow.c \
	src/import/log-value.c \
	src/import/log.c \
	src/import/log.h \
	src/import/nfdump.c \
	src/import/nftables-json.c \
	src/import/nftables-text.c \
	src/import/nftables.c \
	src/import/nftables.h \
	src/import/policy-json.c \
	src/import/policy-json.h \
	src/import/policy-visible.c \
	src/import/policy.c \
	src/import/stitch.c \
	src/import/stitch.h \
	src/import/suricata.c \
	src/import/vpc-flow.c \
	src/import/zeek-names.c \
	src/import/zeek-tsv.c \
	src/import/zeek-tsv.h \
	$(NULL)

# Fuzz targets of the readers; the policy document's is policy/'s.
import_fuzz = \
	tests/fuzz/fuzz-conn-log \
	tests/fuzz/fuzz-csv \
	tests/fuzz/fuzz-listeners \
	tests/fuzz/fuzz-inventory \
	tests/fuzz/fuzz-logs \
	tests/fuzz/fuzz-nftables-json \
	tests/fuzz/fuzz-nftables-text \
	$(NULL)
check_PROGRAMS += $(import_fuzz)
TESTS += $(import_fuzz)
EXTRA_DIST += \
	tests/fuzz/corpus/conn-log \
	tests/fuzz/corpus/csv \
	tests/fuzz/corpus/listeners \
	tests/fuzz/corpus/inventory \
	tests/fixtures/inventory \
	tests/fuzz/corpus/logs \
	tests/fuzz/corpus/nftables-json \
	tests/fuzz/corpus/nftables-text \
	$(NULL)
import_fuzz_LDADD = libam-export.a libam-import.a libam-policy.a libam-base.a $(JANSSON_LIBS) $(GLIB_LIBS)
tests_fuzz_fuzz_conn_log_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/conn-log"'
tests_fuzz_fuzz_conn_log_SOURCES = tests/fuzz/fuzz-conn-log.c tests/fuzz/logs.h tests/fuzz/replay.c
tests_fuzz_fuzz_conn_log_LDADD = $(import_fuzz_LDADD)
tests_fuzz_fuzz_csv_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/csv"'
tests_fuzz_fuzz_csv_SOURCES = tests/fuzz/fuzz-csv.c tests/fuzz/replay.c tests/fuzz/rules.h
tests_fuzz_fuzz_csv_LDADD = $(import_fuzz_LDADD)
tests_fuzz_fuzz_listeners_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/listeners"'
tests_fuzz_fuzz_listeners_SOURCES = tests/fuzz/fuzz-listeners.c tests/fuzz/replay.c
tests_fuzz_fuzz_listeners_LDADD = $(import_fuzz_LDADD)
tests_fuzz_fuzz_inventory_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/inventory"'
tests_fuzz_fuzz_inventory_SOURCES = tests/fuzz/fuzz-inventory.c tests/fuzz/replay.c
tests_fuzz_fuzz_inventory_LDADD = $(import_fuzz_LDADD)
tests_fuzz_fuzz_logs_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/logs"'
tests_fuzz_fuzz_logs_SOURCES = tests/fuzz/fuzz-logs.c tests/fuzz/logs.h tests/fuzz/replay.c
tests_fuzz_fuzz_logs_LDADD = $(import_fuzz_LDADD)
tests_fuzz_fuzz_nftables_json_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/nftables-json"'
tests_fuzz_fuzz_nftables_json_SOURCES = tests/fuzz/fuzz-nftables-json.c tests/fuzz/replay.c tests/fuzz/rules.h
tests_fuzz_fuzz_nftables_json_LDADD = $(import_fuzz_LDADD)
tests_fuzz_fuzz_nftables_text_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/nftables-text"'
tests_fuzz_fuzz_nftables_text_SOURCES = tests/fuzz/fuzz-nftables-text.c tests/fuzz/replay.c tests/fuzz/rules.h
tests_fuzz_fuzz_nftables_text_LDADD = $(import_fuzz_LDADD)

# The authority for the policy document's names.
data_files += data/policy.schema.json

if HAVE_CUNIT
import_tests = \
	tests/unit/test-conn-log \
	tests/unit/test-zeek-names \
	tests/unit/test-conntrack \
	tests/unit/test-hubble \
	tests/unit/test-listener-lists \
	tests/unit/test-inventory \
	tests/unit/test-nfdump \
	tests/unit/test-suricata \
	tests/unit/test-vpc-flow \
	$(NULL)
check_PROGRAMS += $(import_tests)
TESTS += $(import_tests)
import_unit_LDADD = libam-import.a libam-base.a $(CUNIT_LIBS) $(JANSSON_LIBS) $(GLIB_LIBS)
tests_unit_test_zeek_names_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_zeek_names_SOURCES = tests/unit/test-zeek-names.c tests/unit/logs.h tests/unit/unit.h
tests_unit_test_zeek_names_LDADD = $(import_unit_LDADD)
tests_unit_test_conn_log_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_conn_log_SOURCES = tests/unit/test-conn-log.c tests/unit/logs.h tests/unit/unit.h
tests_unit_test_conn_log_LDADD = $(import_unit_LDADD)
tests_unit_test_conntrack_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_conntrack_SOURCES = tests/unit/test-conntrack.c tests/unit/logs.h tests/unit/unit.h
tests_unit_test_conntrack_LDADD = $(import_unit_LDADD)
tests_unit_test_hubble_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_hubble_SOURCES = tests/unit/test-hubble.c tests/unit/logs.h tests/unit/unit.h
tests_unit_test_hubble_LDADD = $(import_unit_LDADD)
tests_unit_test_listener_lists_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_listener_lists_SOURCES = tests/unit/test-listener-lists.c tests/unit/unit.h
tests_unit_test_listener_lists_LDADD = $(import_unit_LDADD)
tests_unit_test_inventory_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_inventory_SOURCES = tests/unit/test-inventory.c tests/unit/inventory.h tests/unit/unit.h
tests_unit_test_inventory_LDADD = $(import_unit_LDADD)
tests_unit_test_nfdump_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_nfdump_SOURCES = tests/unit/test-nfdump.c tests/unit/logs.h tests/unit/unit.h
tests_unit_test_nfdump_LDADD = $(import_unit_LDADD)
tests_unit_test_suricata_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_suricata_SOURCES = tests/unit/test-suricata.c tests/unit/logs.h tests/unit/unit.h
tests_unit_test_suricata_LDADD = $(import_unit_LDADD)
tests_unit_test_vpc_flow_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_vpc_flow_SOURCES = tests/unit/test-vpc-flow.c tests/unit/logs.h tests/unit/unit.h
tests_unit_test_vpc_flow_LDADD = $(import_unit_LDADD)
endif
