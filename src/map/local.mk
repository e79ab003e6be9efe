noinst_LIBRARIES += libam-map.a
libam_map_a_CPPFLAGS = $(AM_CPPFLAGS)
libam_map_a_SOURCES = \
	include/allowmap/map.h \
	src/map/assets.c \
	src/map/beacon.c \
	src/map/checks.c \
	src/map/constants.h \
	src/map/coverage.c \
	src/map/crowds.c \
	src/map/declared.c \
	src/map/devices.c \
	src/map/direction.c \
	src/map/edges.c \
	src/map/estimate.c \
	src/map/estimate.h \
	src/map/explain.c \
	src/map/flags.c \
	src/map/group-edits.c \
	src/map/group-ids.c \
	src/map/groups.c \
	src/map/groups.h \
	src/map/identity.c \
	src/map/imported.c \
	src/map/kinds.c \
	src/map/labels.c \
	src/map/leases.c \
	src/map/likeness.c \
	src/map/listed.c \
	src/map/listeners.c \
	src/map/machines.c \
	src/map/map.c \
	src/map/merge.c \
	src/map/makers.c \
	src/map/middlebox.c \
	src/map/middlebox-legs.c \
	src/map/middlebox-relays.c \
	src/map/middlebox.h \
	src/map/names.c \
	src/map/naming-labelled.c \
	src/map/neighbours.c \
	src/map/naming.c \
	src/map/on-link.c \
	src/map/overrides.c \
	src/map/peers.c \
	src/map/pools.c \
	src/map/peers.h \
	src/map/ports.c \
	src/map/ports.h \
	src/map/related.c \
	src/map/revision.c \
	src/map/scan.c \
	src/map/schedule.c \
	src/map/table.c \
	src/map/table.h \
	src/map/verdict.c \
	src/map/visibility.c \
	src/map/visibility-balanced.c \
	src/map/visibility-fronts.c \
	src/map/visibility-taps.c \
	src/map/visibility.h \
	src/map/work.h \
	$(NULL)

if HAVE_CUNIT
map_tests = tests/unit/test-map tests/unit/test-direction tests/unit/test-scan tests/unit/test-groups \
	tests/unit/test-related-edges tests/unit/test-devices tests/unit/test-habits tests/unit/test-identity tests/unit/test-labels tests/unit/test-leases \
	tests/unit/test-middlebox tests/unit/test-names tests/unit/test-overrides tests/unit/test-declared tests/unit/test-peers tests/unit/test-pools tests/unit/test-kinds \
	tests/unit/test-listeners tests/unit/test-schedule tests/unit/test-coverage tests/unit/test-visibility
check_PROGRAMS += $(map_tests)
TESTS += $(map_tests)
tests_unit_test_map_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_map_SOURCES = tests/unit/test-map.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_map_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_related_edges_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_related_edges_SOURCES = tests/unit/test-related-edges.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_related_edges_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_middlebox_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_middlebox_SOURCES = tests/unit/test-middlebox.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_middlebox_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_names_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_names_SOURCES = tests/unit/test-names.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_names_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_identity_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_identity_SOURCES = tests/unit/test-identity.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_identity_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_devices_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_devices_SOURCES = tests/unit/test-devices.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_devices_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_labels_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_labels_SOURCES = tests/unit/test-labels.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_labels_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_leases_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_leases_SOURCES = tests/unit/test-leases.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_leases_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_coverage_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_coverage_SOURCES = tests/unit/test-coverage.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_coverage_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_listeners_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_listeners_SOURCES = tests/unit/test-listeners.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_listeners_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_schedule_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_schedule_SOURCES = tests/unit/test-schedule.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_schedule_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_habits_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_habits_SOURCES = tests/unit/test-habits.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_habits_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_kinds_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_kinds_SOURCES = tests/unit/test-kinds.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_kinds_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_visibility_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_visibility_SOURCES = tests/unit/test-visibility.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_visibility_LDADD = libam-policy.a libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_pools_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_pools_SOURCES = tests/unit/test-pools.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_pools_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_peers_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_peers_SOURCES = tests/unit/test-peers.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_peers_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_overrides_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_overrides_SOURCES = tests/unit/test-overrides.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_overrides_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_declared_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_declared_SOURCES = tests/unit/test-declared.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_declared_LDADD = libam-policy.a libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_scan_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_scan_SOURCES = tests/unit/test-scan.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_scan_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_direction_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_direction_SOURCES = tests/unit/test-direction.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_direction_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_groups_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_groups_SOURCES = tests/unit/test-groups.c tests/unit/map-fixture.h tests/unit/unit.h
tests_unit_test_groups_LDADD = libam-map.a libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS) -lm
endif
