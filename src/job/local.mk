noinst_LIBRARIES += libam-job.a
libam_job_a_CPPFLAGS = $(AM_CPPFLAGS)
libam_job_a_SOURCES =
