noinst_LIBRARIES += libam-policy.a
libam_policy_a_CPPFLAGS = $(AM_CPPFLAGS)
libam_policy_a_SOURCES =
