noinst_LIBRARIES += libam-map.a
libam_map_a_CPPFLAGS = $(AM_CPPFLAGS)
libam_map_a_SOURCES = \
	include/allowmap/map.h \
	src/map/assets.c \
	src/map/beacon.c \
	src/map/constants.h \
	src/map/direction.c \
	src/map/edges.c \
	src/map/explain.c \
	src/map/groups.c \
	src/map/groups.h \
	src/map/kinds.c \
	src/map/listeners.c \
	src/map/map.c \
	src/map/merge.c \
	src/map/naming.c \
	src/map/peers.c \
	src/map/ports.c \
	src/map/ports.h \
	src/map/revision.c \
	src/map/scan.c \
	src/map/table.c \
	src/map/table.h \
	src/map/verdict.c \
	src/map/work.h \
	$(NULL)
