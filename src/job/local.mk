noinst_LIBRARIES += libam-job.a
libam_job_a_CPPFLAGS = $(AM_CPPFLAGS)
libam_job_a_SOURCES = \
	include/allowmap/job.h \
	src/job/export.c \
	src/job/ingest.c \
	src/job/inputs.c \
	src/job/inputs.h \
	src/job/recommend.c \
	src/job/snapshot.c \
	$(NULL)
