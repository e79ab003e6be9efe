noinst_LIBRARIES += libam-report.a
data_files += data/report.css
libam_report_a_CPPFLAGS = $(AM_CPPFLAGS) $(GVC_CFLAGS)
libam_report_a_SOURCES = \
	include/allowmap/report.h \
	src/report/arcs.c \
	src/report/arcs.h \
	src/report/assets.c \
	src/report/check.c \
	src/report/connections.c \
	src/report/coverage-words.c \
	src/report/coverage.c \
	src/report/coverage.h \
	src/report/declared.c \
	src/report/digest.c \
	src/report/digest.h \
	src/report/filter.c \
	src/report/filter.h \
	src/report/flows.c \
	src/report/graph.c \
	src/report/graph.h \
	src/report/html-edges.c \
	src/report/html-ledger.c \
	src/report/html-listeners.c \
	src/report/html-policy.c \
	src/report/html-writer.c \
	src/report/html-writer.h \
	src/report/html.c \
	src/report/html.h \
	src/report/ledger.c \
	src/report/ledger.h \
	src/report/listeners.c \
	src/report/listing.c \
	src/report/listing.h \
	src/report/metrics.c \
	src/report/notify.c \
	src/report/imports.c \
	src/report/middleboxes.c \
	src/report/networks.c \
	src/report/status.c \
	src/report/summary.c \
	src/report/text.c \
	src/report/text.h \
	src/report/verdicts.c \
	src/report/view.c \
	src/report/view.h \
	src/report/visibility.c \
	src/report/writer.c \
	src/report/writer.h \
	$(NULL)

# Under --enable-sanitizers: what Graphviz leaks is its own.
EXTRA_DIST += tests/lsan.supp tests/valgrind.supp
AM_TESTS_ENVIRONMENT = LSAN_OPTIONS="suppressions=$(abs_top_srcdir)/tests/lsan.supp:print_suppressions=0"; export LSAN_OPTIONS;

if HAVE_CUNIT
check_PROGRAMS += tests/unit/test-report tests/unit/test-report-lists tests/unit/test-html tests/unit/test-coverage-report tests/unit/test-taps
TESTS += tests/unit/test-report tests/unit/test-report-lists tests/unit/test-html tests/unit/test-coverage-report tests/unit/test-taps
tests_unit_test_coverage_report_CPPFLAGS = $(unit_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_coverage_report_SOURCES = tests/unit/test-coverage-report.c tests/unit/report-fixture.h tests/unit/unit.h
tests_unit_test_coverage_report_LDADD = libam-report.a libam-base.a $(GVC_LIBS) $(JANSSON_LIBS) $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_taps_CPPFLAGS = $(unit_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_taps_SOURCES = tests/unit/test-taps.c tests/unit/report-fixture.h tests/unit/unit.h
tests_unit_test_taps_LDADD = libam-report.a libam-base.a $(GVC_LIBS) $(JANSSON_LIBS) $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_report_CPPFLAGS = $(unit_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_report_SOURCES = tests/unit/test-report.c tests/unit/json-keys.h tests/unit/report-fixture.h tests/unit/unit.h
tests_unit_test_report_LDADD = libam-report.a libam-base.a $(GVC_LIBS) $(JANSSON_LIBS) $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_report_lists_CPPFLAGS = $(unit_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_report_lists_SOURCES = tests/unit/test-report-lists.c tests/unit/json-keys.h tests/unit/report-fixture.h tests/unit/unit.h
tests_unit_test_report_lists_LDADD = libam-report.a libam-base.a $(GVC_LIBS) $(JANSSON_LIBS) $(CUNIT_LIBS) $(GLIB_LIBS) -lm
tests_unit_test_html_CPPFLAGS = $(unit_CPPFLAGS)
tests_unit_test_html_SOURCES = tests/unit/test-html.c tests/unit/report-fixture.h tests/unit/unit.h
tests_unit_test_html_LDADD = libam-report.a libam-base.a $(GVC_LIBS) $(CUNIT_LIBS) $(GLIB_LIBS) -lm
endif
