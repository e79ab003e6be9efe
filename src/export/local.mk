noinst_LIBRARIES += libam-export.a
libam_export_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libam_export_a_SOURCES = \
	include/allowmap/export.h \
	src/export/csv.c \
	src/export/nftables-json.c \
	src/export/nftables-text.c \
	src/export/nftables.c \
	src/export/policy.c \
	src/export/private.h \
	src/export/targets.c \
	$(NULL)

# The frames around sets and rules: written by export/, checked by import/.
data_files += \
	data/nftables-host.json \
	data/nftables-host.nft \
	data/nftables-router.json \
	data/nftables-router.nft \
	$(NULL)
