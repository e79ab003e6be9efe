noinst_LIBRARIES += libam-store.a
libam_store_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
libam_store_a_SOURCES = \
	include/allowmap/store.h \
	src/store/database.c \
	src/store/database.h \
	src/store/decisions.c \
	src/store/declarations.c \
	src/store/decisions.h \
	src/store/decisions-imports.c \
	src/store/decisions-middleboxes.c \
	src/store/facts.c \
	src/store/facts.h \
	src/store/facts-encapsulated.c \
	src/store/facts-listed.c \
	src/store/facts-live.c \
	src/store/facts-observed.c \
	src/store/facts-read.c \
	src/store/facts-rows.c \
	src/store/facts-run.c \
	src/store/facts-tally.c \
	src/store/feed.c \
	src/store/feed.h \
	src/store/facts-relayed.c \
	src/store/lock.c \
	src/store/lock.h \
	src/store/ports.c \
	src/store/relayed.c \
	src/store/relayed.h \
	src/store/spill.c \
	src/store/spill.h \
	src/store/tally.c \
	src/store/tally.h \
	src/store/uuid.c \
	$(NULL)

# Migrations in the order in which they are run.
sql_files += \
	sql/feed.sql \
	sql/migrations/001-facts.sql \
	sql/migrations/002-facts-spill.sql \
	sql/migrations/003-facts-encapsulations.sql \
	sql/migrations/004-facts-live.sql \
	sql/migrations/005-facts-unanswered.sql \
	sql/migrations/006-facts-related.sql \
	sql/migrations/007-facts-listeners.sql \
	sql/migrations/008-facts-relayed.sql \
	sql/migrations/001-decisions.sql \
	sql/migrations/002-decisions-networks.sql \
	sql/queries/decisions-declared.sql \
	sql/migrations/003-decisions-imports.sql \
	sql/queries/decisions-hints.sql \
	sql/queries/decisions-import-add.sql \
	sql/queries/decisions-imports.sql \
	sql/queries/decisions-label-add.sql \
	sql/queries/decisions-labels.sql \
	sql/queries/decisions-labels-remove.sql \
	sql/queries/decisions-lease-add.sql \
	sql/queries/decisions-leases.sql \
	sql/queries/decisions-leases-remove.sql \
	sql/queries/decisions-log-add.sql \
	sql/queries/decisions-middleboxes.sql \
	sql/queries/decisions-log-last.sql \
	sql/queries/decisions-log.sql \
	sql/queries/decisions-override-add.sql \
	sql/queries/decisions-network-add.sql \
	sql/queries/decisions-networks.sql \
	sql/queries/decisions-overrides.sql \
	sql/queries/facts-connections-add.sql \
	sql/queries/facts-connection-remove.sql \
	sql/queries/facts-connection.sql \
	sql/queries/facts-connections-ages.sql \
	sql/queries/facts-connections-count.sql \
	sql/queries/facts-connections.sql \
	sql/queries/facts-day-known.sql \
	sql/queries/facts-encapsulated-add.sql \
	sql/queries/facts-encapsulated.sql \
	sql/queries/facts-input-add.sql \
	sql/queries/facts-input-known.sql \
	sql/queries/facts-inputs.sql \
	sql/queries/facts-interfaces.sql \
	sql/queries/facts-l7-name-add.sql \
	sql/queries/facts-l7-names.sql \
	sql/queries/facts-ledger-add.sql \
	sql/queries/facts-ledger.sql \
	sql/queries/facts-list-add.sql \
	sql/queries/facts-list-entries.sql \
	sql/queries/facts-list-entry-add.sql \
	sql/queries/facts-list-host-add.sql \
	sql/queries/facts-list-hosts.sql \
	sql/queries/facts-list-known.sql \
	sql/queries/facts-list-lines-add.sql \
	sql/queries/facts-minute-add.sql \
	sql/queries/facts-network-add.sql \
	sql/queries/facts-network.sql \
	sql/queries/facts-networks.sql \
	sql/queries/facts-pair-l7-remove.sql \
	sql/queries/facts-pair-l7.sql \
	sql/queries/facts-pair-tallies-remove.sql \
	sql/queries/facts-pair-tallies.sql \
	sql/queries/facts-pairs-crowded.sql \
	sql/queries/facts-run-add.sql \
	sql/queries/facts-run-commit.sql \
	sql/queries/facts-run-finish.sql \
	sql/queries/facts-run-forget.sql \
	sql/queries/facts-run-interrupted.sql \
	sql/queries/facts-run-next.sql \
	sql/queries/facts-run-remove-connections.sql \
	sql/queries/facts-run-remove-encapsulations.sql \
	sql/queries/facts-run-remove-inputs.sql \
	sql/queries/facts-run-remove-l7-names.sql \
	sql/queries/facts-run-remove-ledger.sql \
	sql/queries/facts-run-remove-networks.sql \
	sql/queries/facts-run-remove-sensors.sql \
	sql/queries/facts-run-remove-unanswered.sql \
	sql/queries/facts-run-remove.sql \
	sql/queries/facts-run-remove-relayed.sql \
	sql/queries/facts-relayed.sql \
	sql/queries/facts-relayed-add.sql \
	sql/queries/facts-relayable.sql \
	sql/queries/facts-run-unfinished.sql \
	sql/queries/facts-runs-live.sql \
	sql/queries/facts-runs.sql \
	sql/queries/facts-sensor-add.sql \
	sql/queries/facts-sensor.sql \
	sql/queries/facts-tallies.sql \
	sql/queries/facts-observation-add.sql \
	sql/queries/facts-observations.sql \
	sql/queries/facts-unanswered-add.sql \
	sql/queries/facts-tallies-add.sql \
	sql/queries/facts-tally-l7-add.sql \
	sql/queries/facts-tally-l7.sql \
	sql/schema-facts.sql \
	sql/schema-decisions.sql \
	$(NULL)

if HAVE_CUNIT
store_tests = tests/unit/test-store tests/unit/test-relayed tests/unit/test-store-file tests/unit/test-store-listed tests/unit/test-store-live tests/unit/test-store-observed tests/unit/test-store-tally tests/unit/test-store-decisions tests/unit/test-store-declared
check_PROGRAMS += $(store_tests)
TESTS += $(store_tests)
store_test_CPPFLAGS = $(unit_CPPFLAGS) $(SQLITE_CFLAGS) -I$(top_srcdir)/src/store
store_test_libs = libam-store.a libam-base.a $(SQLITE_LIBS) $(CUNIT_LIBS) $(GLIB_LIBS)
tests_unit_test_store_CPPFLAGS = $(store_test_CPPFLAGS)
tests_unit_test_store_SOURCES = tests/unit/test-store.c tests/unit/store-facts.h tests/unit/store.h tests/unit/unit.h
tests_unit_test_store_LDADD = $(store_test_libs)
tests_unit_test_store_observed_CPPFLAGS = $(store_test_CPPFLAGS)
tests_unit_test_store_observed_SOURCES = tests/unit/test-store-observed.c tests/unit/store-facts.h tests/unit/store.h tests/unit/unit.h
tests_unit_test_store_observed_LDADD = $(store_test_libs)
tests_unit_test_store_file_CPPFLAGS = $(store_test_CPPFLAGS)
tests_unit_test_store_file_SOURCES = tests/unit/test-store-file.c tests/unit/store-facts.h tests/unit/store.h tests/unit/unit.h
tests_unit_test_store_file_LDADD = $(store_test_libs)
tests_unit_test_store_listed_CPPFLAGS = $(store_test_CPPFLAGS)
tests_unit_test_store_listed_SOURCES = tests/unit/test-store-listed.c tests/unit/store-facts.h tests/unit/store.h tests/unit/unit.h
tests_unit_test_store_listed_LDADD = $(store_test_libs)
tests_unit_test_store_live_CPPFLAGS = $(store_test_CPPFLAGS)
tests_unit_test_store_live_SOURCES = tests/unit/test-store-live.c tests/unit/store.h tests/unit/unit.h
tests_unit_test_store_live_LDADD = $(store_test_libs)
tests_unit_test_relayed_CPPFLAGS = $(store_test_CPPFLAGS)
tests_unit_test_relayed_SOURCES = tests/unit/test-relayed.c tests/unit/store-facts.h tests/unit/store.h tests/unit/unit.h
tests_unit_test_relayed_LDADD = $(store_test_libs)
tests_unit_test_store_tally_CPPFLAGS = $(store_test_CPPFLAGS)
tests_unit_test_store_tally_SOURCES = tests/unit/test-store-tally.c tests/unit/store.h tests/unit/unit.h
tests_unit_test_store_tally_LDADD = $(store_test_libs)
tests_unit_test_store_decisions_CPPFLAGS = $(store_test_CPPFLAGS)
tests_unit_test_store_decisions_SOURCES = tests/unit/test-store-decisions.c tests/unit/store.h tests/unit/unit.h
tests_unit_test_store_decisions_LDADD = $(store_test_libs)
tests_unit_test_store_declared_CPPFLAGS = $(store_test_CPPFLAGS)
tests_unit_test_store_declared_SOURCES = tests/unit/test-store-declared.c tests/unit/store.h tests/unit/unit.h
tests_unit_test_store_declared_LDADD = $(store_test_libs)
endif
