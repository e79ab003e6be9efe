noinst_LIBRARIES += libam-report.a
libam_report_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(GVC_CFLAGS)
libam_report_a_SOURCES = \
	include/allowmap/report.h \
	src/report/assets.c \
	src/report/connections.c \
	src/report/filter.c \
	src/report/filter.h \
	src/report/flows.c \
	src/report/ledger.c \
	src/report/ledger.h \
	src/report/listeners.c \
	src/report/listing.c \
	src/report/listing.h \
	src/report/status.c \
	src/report/text.c \
	src/report/text.h \
	src/report/view.c \
	src/report/view.h \
	src/report/writer.c \
	src/report/writer.h \
	$(NULL)
