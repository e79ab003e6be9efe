#!/bin/bash
# interrupted.sh: `ingest` and `analyze` end by SIGINT and SIGTERM as a shell expects it, say what is kept, and that is true.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
allowmap=${ALLOWMAP:-./allowmap}
allowmap=$(cd "$(dirname "$allowmap")" && pwd)/$(basename "$allowmap")
[ -x "$allowmap" ] || { echo "no program $allowmap" >&2; exit 99; }
sample=$srcdir/tests/fixtures/sample.pcapng.zst
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1772600000
failures=0
fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}
# until_true COMMAND... : tries for 20 s
until_true() {
	local n
	for ((n = 0; n < 200; n++)); do
		"$@" 2>/dev/null && return 0
		sleep 0.1
	done
	return 1
}
# interrupt SIGNAL STATUS MESSAGE : the program $pid, whose words go to $work/said
interrupt() {
	local got
	kill -"$1" "$pid"
	wait "$pid"
	got=$?
	[ $got = "$2" ] || fail "SIG$1: exit status $got instead of $2"
	[ "$(grep -v sanitizers "$work/said")" = "$3" ] || fail "SIG$1: says $(cat "$work/said")"
}
# Whoever runs this in the background of a script has SIGINT ignored, and so would what is begun here.
begin() { exec env --default-signal=INT "$allowmap" "$@"; }
# begin_reading VERB ARGUMENT... : from a pipe that gives the sample's first half and then nothing more
begin_reading() {
	rm -f "$work/pipe"
	mkfifo "$work/pipe"
	exec 7<>"$work/pipe"
	begin "$@" "$work/pipe" >/dev/null 2>"$work/said" &
	pid=$!
	head -c 150000 "$sample" >"$work/pipe"
	until_true is_waiting SigCgt || fail "$1 does not wait for its input"
}
# shellcheck disable=SC2317 # called by until_true
# is_waiting SigCgt|SigIgn : it sleeps, and catches or ignores SIGINT already
is_waiting() {
	local signals
	signals=$(sed -n "s/^$1:[[:space:]]*//p" /proc/"$pid"/status) &&
		(((16#$signals & 2) != 0)) && grep -q '^State:[[:space:]]*S' /proc/"$pid"/status
}
count() { "$allowmap" connections --db "$work/facts.db" --format json 2>/dev/null | wc -l; }

# ---- While it reads: nothing is kept, and the same command does all
for signal in "INT 130" "TERM 143"; do
	read -r name status <<<"$signal"
	begin_reading ingest --db "$work/facts.db"
	interrupt "$name" "$status" "allowmap ingest: interrupted; nothing of this run is kept, run the same command again"
	[ "$(count)" = 0 ] || fail "SIG$name: $(count) connections are kept"
done
mkdir "$work/out"
begin_reading analyze -o "$work/out" --db "$work/facts.db"
interrupt INT 130 "allowmap analyze: interrupted; nothing of this run is kept, run the same command again"
exec 7>&-
[ "$(count)" = 0 ] || fail "analyze: $(count) connections are kept"
[ -e "$work/out/policy.json" ] && fail "analyze: there is a policy of nothing"
"$allowmap" ingest --db "$work/facts.db" "$sample" 2>"$work/said" || fail "ingest after interruptions: $(cat "$work/said")"
"$allowmap" ingest --db "$work/other.db" "$sample" 2>/dev/null
"$allowmap" connections --db "$work/facts.db" --format json >"$work/found"
"$allowmap" connections --db "$work/other.db" --format json >"$work/expected"
cmp -s "$work/expected" "$work/found" || fail "an interrupted run left something"

# ---- While analyze writes its results: the facts are kept. A pipe that nobody reads holds it up.
mkfifo "$work/out/policy.json"
begin analyze "$sample" -o "$work/out" >/dev/null 2>"$work/said" &
pid=$!
# shellcheck disable=SC2317 # called by until_true
is_kept() { "$allowmap" flows --db "$work/out/allowmap.db" --format csv 2>/dev/null | grep -q essential; }
until_true is_kept || fail "analyze keeps nothing"
sleep 1
interrupt TERM 143 "allowmap analyze: interrupted; all that was read is kept, run the same command again"
rm "$work/out/policy.json"
"$allowmap" analyze "$sample" -o "$work/out" >/dev/null 2>"$work/said" || fail "analyze again: $(cat "$work/said")"
[ -s "$work/out/policy.json" ] || fail "analyze again writes no policy"

# ---- Who is told to ignore the signal goes on (nohup, a background job of a script)
mkfifo "$work/slow"
(
	trap '' INT
	exec "$allowmap" ingest --db "$work/ignoring.db" "$work/slow" 2>"$work/said"
) &
pid=$!
exec 7<>"$work/slow"
until_true is_waiting SigIgn || fail "it does not ignore SIGINT"
kill -INT "$pid"
timeout 20 cat "$sample" >&7
exec 7>&-
wait "$pid" || fail "one that ignores SIGINT ends with $?: $(cat "$work/said")"

[ $failures = 0 ] && echo "all as expected"
exit $((failures > 0))
