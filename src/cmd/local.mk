bin_PROGRAMS = allowmap
allowmap_CPPFLAGS = $(AM_CPPFLAGS)
allowmap_SOURCES = src/cmd/main.c
allowmap_LDADD = $(rooms) $(room_libs)
