noinst_LIBRARIES += libam-flow.a
libam_flow_a_CPPFLAGS = $(AM_CPPFLAGS) $(NDPI_CFLAGS)
libam_flow_a_SOURCES = \
	include/allowmap/flow.h \
	src/flow/classify.c \
	src/flow/classify.h \
	src/flow/evidence.c \
	src/flow/flow.h \
	src/flow/roles.h \
	src/flow/roles-common.c \
	src/flow/roles-tcp.c \
	src/flow/roles-udp.c \
	src/flow/shard.c \
	src/flow/table.c \
	$(NULL)

data_files += data/l7.tsv
