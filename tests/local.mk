# Benchmarks, and checks against captures that are not part of the project.
check_PROGRAMS += tests/bench/pcap-loop
tests_bench_pcap_loop_CPPFLAGS = $(AM_CPPFLAGS) $(PCAP_CFLAGS)
tests_bench_pcap_loop_SOURCES = tests/bench/pcap-loop.c
tests_bench_pcap_loop_LDADD = $(PCAP_LIBS)
EXTRA_DIST += \
	tests/bench/flood.sh \
	tests/bench/live.sh \
	tests/bench/peers.sh \
	tests/bench/scale.sh \
	tests/e2e/steps.sh \
	tests/fixtures/README.md \
	tests/fixtures/sample-topology.json \
	tests/fixtures/sample-truth.tsv \
	tests/fixtures/sample.pcapng.zst \
	tests/shared/captures.sh \
	tests/shared/coverage.sh \
	tests/shared/direction.py \
	tests/shared/encapsulation.sh \
	tests/shared/groups.sh \
	tests/shared/labelled.sh \
	tests/shared/other-networks.sh \
	tests/shared/topologies/shipping.json \
	tests/shared/topologies/software.json \
	tests/shared/labels.py \
	tests/shared/ndpi.py \
	tests/shared/run.sh \
	tests/shared/scoring.py \
	tests/shared/zeek.py \
	$(NULL)

# make bench CAPTURE=FILE : times and memory beside the peers.
bench: allowmap$(EXEEXT) tests/bench/pcap-loop$(EXEEXT)
	$(srcdir)/tests/bench/peers.sh "$(CAPTURE)"
# make bench-live CAPTURE=FILE : what is taken from an interface without loss, beside the peers; as root.
bench-live: allowmap$(EXEEXT)
	$(srcdir)/tests/bench/live.sh "$(CAPTURE)"
# make bench-flood : memory and room on disk during floods, into bench-flood/.
bench-flood: allowmap$(EXEEXT)
	$(srcdir)/tests/bench/flood.sh bench-flood
# make check-shared DIR=FOLDER : everything in FOLDER/captures, FOLDER/labgen, FOLDER/roles.
check-shared: allowmap$(EXEEXT)
	$(srcdir)/tests/shared/run.sh $(abs_builddir)/allowmap "$(DIR)"
.PHONY: bench bench-flood bench-live check-shared

# Real servers and clients on a network of their own.
dist_check_SCRIPTS += tests/lab/lab.sh
TESTS += tests/lab/lab.sh
EXTRA_DIST += tests/lab/compare.py tests/lab/protocols.sh

user_tests = tests/e2e/analyze.sh tests/e2e/bad-input.sh tests/e2e/import.sh tests/e2e/interrupted.sh tests/e2e/listeners.sh tests/e2e/logs.sh \
	tests/e2e/memory.sh tests/e2e/networks.sh tests/e2e/decided.sh
dist_check_SCRIPTS += $(user_tests)
TESTS += $(user_tests)
