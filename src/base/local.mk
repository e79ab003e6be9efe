noinst_LIBRARIES += libam-base.a
libam_base_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/src/base
libam_base_a_SOURCES = \
	include/allowmap/base.h \
	include/allowmap/model/address.h \
	include/allowmap/model/check.h \
	include/allowmap/model/connection.h \
	include/allowmap/model/decision.h \
	include/allowmap/model/declared.h \
	include/allowmap/model/encapsulation.h \
	include/allowmap/model/listener.h \
	include/allowmap/model/inventory.h \
	include/allowmap/model/live.h \
	include/allowmap/model/coverage.h \
	include/allowmap/model/map.h \
	include/allowmap/model/middlebox.h \
	include/allowmap/model/observation.h \
	include/allowmap/model/packet.h \
	include/allowmap/model/related.h \
	include/allowmap/model/relayed.h \
	include/allowmap/model/policy.h \
	include/allowmap/model/run.h \
	include/allowmap/model/schedule.h \
	include/allowmap/model/tally.h \
	include/allowmap/model/unanswered.h \
	include/allowmap/model/verdict.h \
	include/allowmap/model/visibility.h \
	src/base/address.c \
	src/base/clock.c \
	src/base/declared-model.c \
	src/base/embedded.h \
	src/base/embedded.c \
	src/base/listener-model.c \
	src/base/inventory-model.c \
	src/base/middlebox-model.c \
	src/base/names.c \
	src/base/network-model.c \
	src/base/observation-model.c \
	src/base/policy-model.c \
	src/base/pool-model.c \
	src/base/prefix.c \
	src/base/progress.c \
	src/base/run-model.c \
	src/base/schedule-model.c \
	src/base/text.c \
	src/base/vendors.c \
	src/base/visibility-model.c \
	$(NULL)
nodist_libam_base_a_SOURCES = embedded-files.c

data_files += data/oui.txt data/vendor-kinds.tsv
EXTRA_DIST += contrib/update-oui

# What the binary carries with it: sql_files (store/) and data_files, each listed by the room that reads it.
EXTRA_DIST += $(sql_files) $(data_files) contrib/embed.sh
CLEANFILES += embedded-files.c
embedded-files.c: contrib/embed.sh $(sql_files) $(data_files) Makefile
	$(AM_V_GEN)$(srcdir)/contrib/embed.sh $(srcdir) $(sql_files) $(data_files) > $@.tmp && mv $@.tmp $@

if HAVE_CUNIT
check_PROGRAMS += tests/unit/test-base tests/unit/test-address
TESTS += tests/unit/test-base tests/unit/test-address
tests_unit_test_base_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_base_SOURCES = tests/unit/test-base.c tests/unit/unit.h
tests_unit_test_base_LDADD = libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS)
tests_unit_test_address_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_address_SOURCES = tests/unit/test-address.c tests/unit/unit.h
tests_unit_test_address_LDADD = libam-base.a $(CUNIT_LIBS) $(GLIB_LIBS)
endif
