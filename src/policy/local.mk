noinst_LIBRARIES += libam-policy.a
libam_policy_a_CPPFLAGS = $(AM_CPPFLAGS)
libam_policy_a_SOURCES = \
	include/allowmap/policy.h \
	src/policy/atoms.c \
	src/policy/canonical.c \
	src/policy/compiled.c \
	src/policy/contract.c \
	src/policy/equal.c \
	src/policy/expand.c \
	src/policy/private.h \
	src/policy/prove.c \
	src/policy/recommend.c \
	$(NULL)
