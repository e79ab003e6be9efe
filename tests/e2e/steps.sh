# Steps of the tests that go through the program as a user does; sourced, not run. Wants $work, a folder; $failures are counted.
# shellcheck shell=bash disable=SC2154
failures=0
fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}
# expect STATUS PATTERN COMMAND... : the exit status, and a word of its output (both streams)
expect() {
	local status=$1 pattern=$2 got
	shift 2
	"$@" >"$work/seen" 2>&1 </dev/null
	got=$?
	[ "$got" = "$status" ] || fail "$*: exit status $got instead of $status: $(tail -n 3 "$work/seen")"
	grep -q -e "$pattern" "$work/seen" || fail "$*: says nothing of '$pattern': $(tail -n 3 "$work/seen")"
}
