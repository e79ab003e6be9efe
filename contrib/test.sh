#!/bin/bash
# test.sh: every test, from a fresh clone: gcc with warnings as errors, clang with sanitizers, then make distcheck, each out
# of tree. The last line is "N passed, N failed, N skipped", summed over all; the exit status is 0 only if nothing failed.
#
#   BUILD=DIR      where to build (default: build-test beside the sources)
#   DISTCHECK=no   leave distcheck out
#   LAB=yes        install the servers that tests/lab runs (nginx, PostgreSQL, slapd, sshd, ...), as Debian does, not started;
#                  without it, tests/lab runs those that are there
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=contrib/packages.sh
. "$top/contrib/packages.sh"
build=${BUILD:-$top/build-test}
passed=0 failed=0 skipped=0

# A step is one test more: it fails when its command does. The end of the log says why.
step()
{
	local name=$1 log="$build/$1.log" began=$SECONDS
	shift
	if "$@" >"$log" 2>&1 </dev/null; then
		passed=$((passed + 1))
		echo "ok: $name ($((SECONDS - began)) s)"
		return 0
	fi
	failed=$((failed + 1))
	echo "FAILED: $name ($((SECONDS - began)) s), the end of $log:"
	tail -n 40 "$log"
	return 1
}

# The results that automake left in a build folder; the logs of what failed.
count_results()
{
	local trs result
	while read -r trs; do
		while read -r result; do
			case $result in
			PASS | XFAIL) passed=$((passed + 1)) ;;
			SKIP) skipped=$((skipped + 1)) ;;
			*)
				failed=$((failed + 1))
				echo "FAILED: ${trs%.trs} ($2)"
				tail -n 60 "${trs%.trs}.log"
				;;
			esac
			[ "$result" != SKIP ] || echo "skipped: ${trs%.trs} ($2): $(head -n 1 "${trs%.trs}.log")"
		done < <(sed -n 's/^:test-result: \([A-Z]*\).*/\1/p' "$trs")
	done < <(find "$1" -name '*.trs' | sort)
}

# build_and_check NAME CONFIGURE-ARGUMENT...
build_and_check()
{
	local name=$1
	shift
	rm -rf "${build:?}/$name"
	mkdir -p "$build/$name"
	cd "$build/$name" || return 1
	step "$name-configure" "$top/configure" "$@" &&
		step "$name-build" make -j"$(nproc)" all &&
		step "$name-build-tests" make -j"$(nproc)" check TESTS= || return 1
	make -k -j"$(nproc)" check >"$build/$name-check.log" 2>&1 </dev/null
	local status=$?
	count_results "$build/$name" "$name"
	[ "$(find . -name '*.trs' | wc -l)" -gt 0 ] && { [ $status = 0 ] || [ $failed -gt 0 ]; } && return 0
	failed=$((failed + 1))
	echo "FAILED: make check ($name) ended with $status, the end of its log:"
	tail -n 40 "$build/$name-check.log"
}

finish()
{
	[ $((passed + skipped)) -gt 0 ] || failed=$((failed + 1))
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
	exit
}

mkdir -p "$build" || exit 3
# shellcheck disable=SC2086
need_packages $packages_build $packages_clone $packages_test || { failed=1; finish; }
# shellcheck disable=SC2086
[ "${LAB:-no}" != yes ] || need_packages $packages_lab ||
	echo "tests/lab: not all of its servers could be installed; it runs with those that are there" >&2
[ -x "$top/configure" ] || step autogen "$top/autogen.sh" || finish
build_and_check gcc CC=gcc --enable-werror
build_and_check clang CC=clang --enable-werror --enable-sanitizers
if [ "${DISTCHECK:-yes}" != no ] && [ -f "$build/gcc/Makefile" ]; then
	cd "$build/gcc" && step distcheck make -j"$(nproc)" distcheck
fi
finish
