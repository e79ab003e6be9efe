#!/bin/bash
# memory.sh: the whole way under valgrind: no read of what nobody wrote, no access out of bounds, nothing lost that is not
# listed in tests/valgrind.supp. Skipped (77) without valgrind, and in a build with sanitizers, which sees to that itself.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
allowmap=${ALLOWMAP:-./allowmap}
sample=$srcdir/tests/fixtures/sample.pcapng.zst
skip() {
	echo "$*: skipped"
	exit 77
}
command -v valgrind >/dev/null || skip "no valgrind"
grep -qa __asan_init "$allowmap" && skip "a build with AddressSanitizer does not run under valgrind"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1772600000
# GLib's slices would hide what is lost.
export G_SLICE=always-malloc G_DEBUG=gc-friendly
failures=0
runs=0
# checked STATUS ARGUMENT... : ends with this status, and valgrind has no error to tell. Its log also warns of system calls that
# it does not know.
checked() {
	local status=$1 got
	shift
	runs=$((runs + 1))
	valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite \
		--suppressions="$srcdir/tests/valgrind.supp" --log-file="$work/valgrind.%p" \
		"$allowmap" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	[ "$got" = "$status" ] && ! grep -q "^==" "$work"/valgrind.* && return
	echo "FAILED: $*: exit status $got instead of $status"
	head -n 40 "$work"/valgrind.* "$work/err"
	rm -f "$work"/valgrind.*
	failures=$((failures + 1))
}
# The test must be able to fail: a program that reads what nobody wrote is found out.
printf 'int main(int c, char **v) { int x[2]; return x[c & 1] ? 1 : 0; }\n' >"$work/bad.c"
if ${CC:-cc} -O0 -o "$work/bad" "$work/bad.c" 2>/dev/null; then
	valgrind --quiet --error-exitcode=99 "$work/bad" >/dev/null 2>&1
	[ $? = 99 ] || { echo "FAILED: valgrind finds nothing in a program that is wrong"; failures=1; }
fi

db=$work/result/allowmap.db
checked 0 analyze "$sample" -o "$work/result" --threads 2
checked 0 ingest "$sample" --db "$work/adaptive.db" --dpi adaptive --max-flows 1000
zstd -qdc "$sample" | head -c 200000 >"$work/cut.pcapng"
checked 0 ingest "$work/cut.pcapng" --db "$work/cut.db"
head -c 3000 /dev/zero | tr '\0' 'x' >"$work/no-capture"
checked 3 ingest "$work/no-capture" --db "$work/none.db"
checked 0 status --db "$db" --format json
checked 0 flows --db "$db" --format json
edge=$(jq -r '[.[] | select(.verdict == "essential" and .proto == "tcp")][0] | "\(.client) \(.server) \(.proto)/\(.port)"' "$work/out")
# shellcheck disable=SC2086
checked 0 explain flow $edge --db "$db"
checked 0 connections --db "$db" --format json
checked 0 networks --db "$db"
checked 0 export --to csv --policy "$work/result/policy.json"
checked 0 export --to nftables --policy "$work/result/policy.json" --form json
echo "$runs runs under valgrind, $failures wrong"
exit $((failures > 0))
