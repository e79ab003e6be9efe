bin_PROGRAMS = allowmap
allowmap_CPPFLAGS = $(AM_CPPFLAGS)
allowmap_SOURCES = \
	src/cmd/analyze.c \
	src/cmd/capture.c \
	src/cmd/cmd.h \
	src/cmd/common.c \
	src/cmd/connections.c \
	src/cmd/declare.c \
	src/cmd/declare.h \
	src/cmd/expect.c \
	src/cmd/explain.c \
	src/cmd/export.c \
	src/cmd/group.c \
	src/cmd/import.c \
	src/cmd/ingest.c \
	src/cmd/list.c \
	src/cmd/listeners.c \
	src/cmd/main.c \
	src/cmd/middlebox.c \
	src/cmd/networks.c \
	src/cmd/recommend.c \
	src/cmd/status.c \
	src/cmd/verdict.c \
	src/cmd/visibility.c \
	$(NULL)
allowmap_LDADD = $(rooms) $(room_libs)
