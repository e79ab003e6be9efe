#!/bin/bash
# listeners.sh: what hosts and scans tell of listeners, beside those of the bundled sample: taken, summed, listed; and what cannot
# be taken. Each check says what it saw when it fails.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
allowmap=${ALLOWMAP:-./allowmap}
lists=$srcdir/tests/fuzz/corpus/listeners
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1772600000
db=$work/facts.db
. "$(dirname "$0")/steps.sh"
list() { "$allowmap" listeners --db "$db" "$@"; }

# ---- What cannot be taken leaves nothing behind
expect 3 'looks like no list' "$allowmap" listeners --db "$db" --import "$srcdir/LICENSE"
expect 3 'not what ss writes' "$allowmap" listeners --db "$db" --import "$srcdir/LICENSE" --as ss --host 10.0.0.5
expect 3 'say --host' "$allowmap" listeners --db "$db" --import "$lists/ss-netid"
expect 3 'No such file' "$allowmap" listeners --db "$db" --import "$work/missing"
expect 2 'ss, osquery or nmap' "$allowmap" listeners --db "$db" --import "$lists/ss-netid" --as lsof
expect 2 'an address' "$allowmap" listeners --db "$db" --import "$lists/ss-netid" --host web1
expect 2 'a time' "$allowmap" listeners --db "$db" --import "$lists/ss-netid" --host 10.0.0.5 --at noon
expect 2 'go with --import' "$allowmap" listeners --db "$db" --host 10.0.0.5
[ ! -e "$db" ] || fail "a list that was refused made a database"

# ---- Beside the sample
"$allowmap" ingest --db "$db" "$srcdir/tests/fixtures/sample.pcapng.zst" >/dev/null 2>&1 || fail "ingest"
list --format csv >"$work/before.csv" || fail "listeners"
"$allowmap" flows --db "$db" --format csv >"$work/flows-before.csv" || fail "flows"
rules() { "$allowmap" recommend --db "$db" 2>/dev/null | grep -o '"r-[0-9a-f]*"'; }
rules >"$work/rules-before"
[ -s "$work/rules-before" ] || fail "the sample gives no rules"
read -r address port < <(awk -F, 'NR > 1 && $4 == "tcp" && $8 == "used" { print $2, $5; exit }' "$work/before.csv")
[ -n "$port" ] || fail "the sample has no listener that is used"
{
	echo "tcp LISTEN 0 128 0.0.0.0:$port 0.0.0.0:* users:((\"webd\",pid=1,fd=3))"
	echo "tcp LISTEN 0 128 0.0.0.0:23 0.0.0.0:* users:((\"telnetd\",pid=2,fd=3))"
	echo "tcp LISTEN 0 128 127.0.0.1:6010 0.0.0.0:*"
	echo "no such line"
} >"$work/$address.ss"
expect 0 '4 entries of ss, 2 used' "$allowmap" listeners --db "$db" --import "$work/$address.ss" --at 2026-03-03T06:00:00Z
grep -q '1 not used, loopback' "$work/seen" || fail "loopback is not told: $(cat "$work/seen")"
grep -q '1 not used, malformed' "$work/seen" || fail "what is malformed is not told: $(cat "$work/seen")"
expect 0 'nothing is added' "$allowmap" listeners --db "$db" --import "$work/$address.ss"
expect 0 "$address .*tcp/23 .*never-used .*plaintext-admin .*host" list --asset "$address"
list --asset "$address" --port "tcp/$port" --format csv | grep -q ',used,.*,seen host,webd,' || fail "$address tcp/$port: $(list --asset "$address")"
"$allowmap" flows --db "$db" --format csv >"$work/flows-after.csv"
cmp -s "$work/flows-before.csv" "$work/flows-after.csv" || fail "a list changed the flows"
rules >"$work/rules-after"
cmp -s "$work/rules-before" "$work/rules-after" || fail "a list changed the rules"

# A later list of the same host closes what it does not name.
echo "tcp LISTEN 0 128 0.0.0.0:$port 0.0.0.0:*" >"$work/later.txt"
expect 0 '1 entry of ss, 1 used' "$allowmap" listeners --db "$db" --import "$work/later.txt" --host "$address" --at 2026-03-04T06:00:00Z
expect 0 "tcp/23 .*closed .*2026-03-04 06:00:00" list --asset "$address" --port 23

# ---- The other formats
expect 0 '3 used' "$allowmap" listeners --db "$db" --import "$lists/nmap.xml"
expect 0 '3 used' "$allowmap" listeners --db "$db" --import "$lists/osquery-results.log" --host 10.9.0.8
"$allowmap" listeners --db "$db" --import - --host 10.9.0.6 <"$lists/osqueryi.json" 2>&1 | grep -q "2 used" || fail "standard input"
expect 0 'tcp/8080 .*closed' list --asset 10.0.0.7
list --format json >"$work/one.json" && list --format json >"$work/two.json"
cmp -s "$work/one.json" "$work/two.json" || fail "the same facts give two listings"

# ---- A flow tells when it is active
"$allowmap" flows --db "$db" --format json | grep -q '"schedule":.*"week":"[0-9a-f]\{42\}","confidence_percent":' ||
	fail "flows tell no schedule"

[ "$failures" = 0 ] || { echo "$failures failed"; exit 1; }
