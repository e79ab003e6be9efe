#!/bin/bash
# bad-input.sh: whatever is wrong with what the program is given (inputs, database, disk, options), it ends with the exit
# status that is promised (2 usage, 3 input or environment), says so in one line that tells what, where and what to do, and
# leaves a database that is sound and holds what was committed before. What cannot be tried here is said.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
sample=$srcdir/tests/fixtures/sample.pcapng.zst
for tool in python3 zstd; do
	command -v $tool >/dev/null || { echo "no $tool: skipped"; exit 77; }
done
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
# A copy that everybody may run, whoever may look into the build folder.
cp "${ALLOWMAP:-./allowmap}" "$work/allowmap" || exit 99
allowmap=$work/allowmap
export TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1772600000
failures=0 tried=0
fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}
# errors: what was said on standard error, but for the word on a sandbox that is not to be had here, and LeakSanitizer's on a
# symbolizer that is not.
errors() { grep -v -e 'no sandbox' -e 'less is fenced off' -e 'external symbolizer' stderr; }
# says STATUS PATTERN COMMAND...: this exit status, nothing on standard output, and one line of words with the pattern.
says() {
	local status=$1 pattern=$2 got
	shift 2
	"$@" >stdout 2>stderr
	got=$?
	tried=$((tried + 1))
	[ $got = "$status" ] || fail "$*: exit status $got instead of $status: $(errors)"
	[ -s stdout ] && fail "$*: writes to standard output: $(head -n 1 stdout)"
	[ "$(errors | wc -l)" = 1 ] || fail "$*: says not one line: $(errors)"
	errors | grep -q -e "^allowmap[a-z ]*: .*$pattern" || fail "$*: says nothing of '$pattern': $(errors)"
}
# mentions STATUS PATTERN COMMAND...: this exit status, and one line of several has the pattern.
mentions() {
	local status=$1 pattern=$2 got
	shift 2
	"$@" >stdout 2>stderr
	got=$?
	tried=$((tried + 1))
	[ $got = "$status" ] || fail "$*: exit status $got instead of $status: $(errors)"
	[ "$(grep -c -e "$pattern" stderr)" = 1 ] || fail "$*: not one line of '$pattern': $(errors)"
}
cat >"$work/look.py" <<'PYTHON'
"""look.py DB: whether SQLite finds it sound, and the connections of the runs that ended."""
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(db.execute("PRAGMA integrity_check").fetchone()[0],
      db.execute("SELECT count(*) FROM connections WHERE id >> 40 IN (SELECT id FROM visible_runs)").fetchone()[0])
PYTHON
# holds DB CONNECTIONS: sound, as SQLite sees it, with so many connections, as the program sees it too.
holds() {
	local seen
	seen=$(python3 "$work/look.py" "$1" 2>&1)
	[ "$seen" = "ok $2" ] || fail "$1: '$seen' instead of 'ok $2'"
	seen=$("$allowmap" connections --db "$1" --format csv 2>&1 | grep -v '^there are no connections in ' | tail -n +2 | wc -l)
	[ "$seen" = "$2" ] || fail "$1: the program lists $seen connections instead of $2"
}
is_gone() { [ -z "$(ls -d "$1"* 2>/dev/null)" ] || fail "left behind: $(ls -d "$1"*)"; }
without_right() { # as somebody who may not do everything
	if [ "$(id -u)" != 0 ]; then "$@"; else setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"; fi
}

cd "$work" || exit 99
zstd -dcq "$sample" >whole.pcapng || exit 99
head -c 100000 whole.pcapng >cut.pcapng
"$allowmap" ingest --db base.db cut.pcapng 2>/dev/null || fail "the first ingest"
base=$("$allowmap" connections --db base.db --format csv | tail -n +2 | wc -l)
"$allowmap" ingest --db all.db whole.pcapng 2>/dev/null || fail "the whole sample"
all=$("$allowmap" connections --db all.db --format csv | tail -n +2 | wc -l)
[ "$base" -gt 10 ] && [ "$all" -gt 1000 ] || fail "$base, $all connections"

# ---- Inputs
echo 'not a capture' >text
: >empty
mkdir nothing texts mixed
echo a >texts/a
echo b >texts/b
cp cut.pcapng text mixed
python3 - <<'PYTHON'
import struct
def pcap(name, link_type, n):
    with open(name, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, link_type))
        for i in range(n): f.write(struct.pack("<IIII", 1772500000 + i, 0, 60, 60) + bytes(60))
pcap("unknown.pcap", 147, 3)
pcap("header.pcap", 1, 0)
open("short.pcap", "wb").write(open("unknown.pcap", "rb").read()[:10])
PYTHON
says 3 'cannot read text: not a pcap or pcapng capture.*text$' "$allowmap" ingest --db new.db text
says 3 'cannot read empty: the file is empty' "$allowmap" ingest --db new.db empty
says 3 'cannot read missing: No such file' "$allowmap" ingest --db new.db missing
says 3 'folder nothing holds no files; name captures' "$allowmap" ingest --db new.db nothing
mentions 3 'none of the inputs could be used' "$allowmap" ingest --db new.db texts
mentions 3 'cannot read texts/b' "$allowmap" ingest --db new.db texts
says 3 'cannot read standard input: the file is empty' "$allowmap" ingest --db new.db - </dev/null
says 3 'cannot read standard input: not a pcap' "$allowmap" ingest --db new.db - <text
says 3 'cannot read standard input' "$allowmap" ingest --db new.db - <&-
says 3 'cannot read text' "$allowmap" analyze -o new text
is_gone new.db
is_gone new/
mentions 0 'cut.pcapng: .*(cut short); the [0-9]* packets before it were kept' "$allowmap" ingest --db cut.db cut.pcapng
holds cut.db "$base"
mentions 3 'cut short' "$allowmap" ingest --strict --db strict.db cut.pcapng
holds strict.db "$base"
mentions 3 'unknown.pcap: nothing of it could be used: .* link type 147' "$allowmap" ingest --db cut.db unknown.pcap
holds cut.db "$base"
mentions 0 '0 packets read' "$allowmap" ingest --db cut.db header.pcap
mentions 0 'cut short' "$allowmap" ingest --db cut.db short.pcap
mentions 3 'cannot read mixed/text' "$allowmap" ingest --db mixed.db mixed
holds mixed.db "$base"
"$allowmap" ingest --db pipe.db - <cut.pcapng 2>/dev/null || fail "standard input"
holds pipe.db "$base"
# The database in the folder that is read is no input, unless somebody says so.
mkdir own
cp cut.pcapng own
mentions 0 'cut short' "$allowmap" ingest --db own/own.db own
mentions 0 'nothing new' "$allowmap" ingest --db own/own.db own/
says 3 'own.db: .*SQLite database' "$allowmap" ingest --db own/own.db own/own.db
holds own/own.db "$base"
cp cut.pcapng locked.pcapng
chmod 000 locked.pcapng
chmod 700 nothing
mkdir -m 777 open
if without_right "$allowmap" --version >/dev/null 2>&1; then
	says 3 'cannot read locked.pcapng: Permission denied' without_right "$allowmap" ingest --db open/new.db locked.pcapng
	says 3 'locked.pcapng: Permission denied' without_right "$allowmap" analyze -o open/new locked.pcapng
	is_gone open/new.db
	chmod 555 own
	if [ "$(id -u)" = 0 ]; then
		says 3 'cannot read base.db: Permission denied' without_right "$allowmap" flows --db base.db
		says 3 'cannot read nothing' without_right "$allowmap" ingest --db open/new.db nothing
	fi
	says 3 'cannot make the folder own/out: Permission denied' without_right "$allowmap" analyze -o own/out cut.pcapng
	says 3 'cannot write beside the database own/.*Permission denied; its folder must be' without_right "$allowmap" analyze -o own cut.pcapng
	chmod 700 own
else
	echo "not tried: files that may not be read, for this is root and there is no setpriv"
fi

# ---- Outputs
says 3 'cannot make the folder text' "$allowmap" analyze -o text cut.pcapng
says 3 'cannot make the folder text/out' "$allowmap" analyze -o text/out cut.pcapng
says 3 'cannot write nothing: it is a folder' "$allowmap" recommend --db all.db -o nothing
says 3 'cannot write none/policy.json: .*No such file' "$allowmap" recommend --db all.db -o none/policy.json
mkdir -p taken/report.html
says 3 'cannot write taken/report.html: it is a folder' "$allowmap" analyze -o taken whole.pcapng
holds taken/allowmap.db "$all"
[ -c /dev/full ] && for verb in flows status assets recommend; do
	"$allowmap" $verb --db all.db >/dev/full 2>stderr
	[ $? = 3 ] && [ "$(errors | wc -l)" = 1 ] || fail "$verb does not say once that the disk is full: $(errors)"
done

# ---- Readers that are gone: who only prints ends as cat does, without a word; who records goes on
cat >unread.py <<'PYTHON'
"""unread.py STREAM COMMAND...: runs it with this stream to a pipe that nobody reads; prints status and the other stream."""
import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, sys.argv[1]: writer}
ended = subprocess.run(sys.argv[2:], **streams)
print(ended.returncode, ((ended.stdout or b"") + (ended.stderr or b"")).decode())
PYTHON
sigpipe=-13
for command in flows connections assets listeners groups status recommend "export --to csv" "networks list" "verdict list"; do
	# shellcheck disable=SC2086
	seen=$(python3 unread.py stdout "$allowmap" $command --db all.db | head -n 1)
	[[ $seen = "$sigpipe "* && $seen != *pipe* && $seen != *"standard output"* ]] || fail "$command, unread: $seen"
done
[ "$(python3 unread.py stdout "$allowmap" flows --db all.db)" = "$sigpipe " ] || fail "flows, unread, has something to say"
seen=$(python3 unread.py stderr "$allowmap" ingest --db unread.db cut.pcapng)
[ "$seen" = "0 " ] || fail "ingest, unread: $seen"
holds unread.db "$base"
seen=$(python3 unread.py stdout "$allowmap" analyze -o unread cut.pcapng | head -n 1)
[[ $seen = "$sigpipe "* && $seen != *pipe* && -s unread/report.html ]] || fail "analyze, unread: $seen"

# ---- Names that would act on a terminal, or begin a line of their own, are shown, not sent
evil=$'ev\e[31m\nil\xc2\x9b1m'
plain() { ! grep -q '[[:cntrl:]]' stdout stderr && ! grep -q $'\xc2\x9b' stdout stderr || fail "$1: sent to the terminal: $(cat -v stdout stderr)"; }
cp cut.pcapng "$evil"
says 3 'cannot read ev?.31m?il?1m.x: No such file' "$allowmap" ingest --db new.db "$evil.x"
plain 'a file that is not there'
cp text "$evil.text"
says 3 'cannot read ev?.31m?il?1m.text: not a pcap' "$allowmap" ingest --db new.db "$evil.text"
plain 'a file that is no capture'
mentions 0 'ev?.31m?il?1m: .*(cut short)' "$allowmap" ingest --db evil.db "$evil"
plain 'a capture that is cut short'
cp cut.pcapng "$evil.again"
mentions 0 'ev?.31m?il?1m' "$allowmap" ingest --db evil.db "$evil.again"
plain 'a capture that is known'
mentions 0 ' -> ev?.31m?il?1m.db$' "$allowmap" ingest --db "$evil.db" cut.pcapng
plain 'a database that is made'
mentions 0 'every input is in ev?.31m?il?1m.db already' "$allowmap" ingest --db "$evil.db" cut.pcapng
plain 'a database that holds it'
says 2 'no command .ev?.31m?il?1m' "$allowmap" "$evil"
plain 'a command'
says 3 'cannot make the folder text/ev?.31m?il?1m' "$allowmap" analyze -o "text/$evil" cut.pcapng
plain 'a folder that cannot be made'
"$allowmap" analyze -o "out-$evil" cut.pcapng >stdout 2>stderr || fail "a folder's name: $(errors)"
grep -q '^out-ev?.31m?il?1m holds policy.json' stdout || fail "the folder is not named: $(grep holds stdout)"
plain 'a folder'
read -r client server service <<<"$("$allowmap" flows --db evil.db --port tcp/0-65535 --format csv --limit 1 |
	python3 -c 'import csv, sys; r = next(csv.DictReader(sys.stdin)); print(r["client"], r["server"], r["proto"] + "/" + r["port"])')"
person=${evil%$'\xc2'*} # in this locale options are ASCII
mentions 0 'said ev?.31m?il' "$allowmap" verdict set "$client" "$server" "$service" essential --by "$person" --why "$person" --db evil.db
plain 'who decided'
"$allowmap" explain flow "$client" "$server" "$service" --db evil.db >stdout 2>stderr || fail "explain: $(errors)"
grep -q '^set by: ev?.31m?il at .*: ev?.31m?il$' stdout || fail "explain does not say who and why: $(tail -n 1 stdout)"
plain 'who decided, and why'

# ---- Databases
for command in flows "networks list" "verdict list"; do
	# shellcheck disable=SC2086
	says 3 'no database at none.db; make one with: allowmap ingest' "$allowmap" $command --db none.db
done
says 3 'text is not a database of allowmap' "$allowmap" flows --db text
says 3 'text is not a database of allowmap' "$allowmap" ingest --db text whole.pcapng
[ "$(cat text)" = 'not a capture' ] || fail "a file that is no database was written to"
says 3 'nothing is not a file' "$allowmap" ingest --db nothing whole.pcapng
says 3 'cannot write beside the database none/x.db: No such file' "$allowmap" ingest --db none/x.db whole.pcapng
cp base.db newer.db
python3 -c 'import sqlite3; sqlite3.connect("newer.db").execute("PRAGMA user_version = 999")'
cp newer.db newer.copy
for command in "flows" "ingest whole.pcapng" "recommend" "status"; do
	# shellcheck disable=SC2086
	says 3 'newer.db was written by a newer allowmap .*use that one' "$allowmap" $command --db newer.db
done
cmp -s newer.db newer.copy || fail "a newer database was written to"
python3 -c 'import sqlite3; sqlite3.connect("other.db").execute("CREATE TABLE mine (x)")'
says 3 'other.db is not allowmap.s facts database' "$allowmap" ingest --db other.db whole.pcapng
head -c 40000 base.db >half.db
for command in "flows" "status" "ingest whole.pcapng"; do
	# shellcheck disable=SC2086
	says 3 'half.db' "$allowmap" $command --db half.db
done

# ---- A second writer, while the first waits for more from a pipe; readers go on. Then the first is killed.
cp base.db two.db
mkfifo pipe
"$allowmap" ingest --db two.db pipe 2>first &
first=$!
exec 9>pipe
head -c 500000 whole.pcapng >&9
for _ in $(seq 100); do
	[ -s two.db.lock ] && break
	sleep 0.1
done
says 3 "two.db is being written by another process, [0-9]*; wait" "$allowmap" ingest --db two.db whole.pcapng
"$allowmap" flows --db two.db >/dev/null 2>stderr || fail "a reader beside a writer: $(errors)"
exec 9>&-
wait $first || fail "the first writer: $(cat first)"
more=$("$allowmap" connections --db two.db --format csv | tail -n +2 | wc -l)
[ "$more" -gt "$base" ] || fail "the first writer left $more connections"
holds two.db "$more"
cp base.db killed.db
"$allowmap" ingest --db killed.db pipe 2>first &
first=$!
exec 9>pipe
head -c 500000 whole.pcapng >&9
kill -9 $first
wait $first 2>/dev/null
exec 9>&-
holds killed.db "$base"
"$allowmap" ingest --db killed.db whole.pcapng 2>stderr || fail "after a writer that was killed: $(errors)"
holds killed.db $((base + all))

# ---- No room: files that may not grow, a small disk. At whatever size it ends, what was there before is there.
full=0
for kilobytes in 1 8 40 80 120 160 240 320 480; do
	cp base.db full.db
	(ulimit -f $kilobytes && exec "$allowmap" ingest --db full.db whole.pcapng) >stdout 2>stderr
	status=$?
	if [ $status = 0 ]; then
		holds full.db $((base + all))
	else
		full=$((full + 1))
		[ $status = 3 ] && [ "$(errors | wc -l)" = 1 ] && grep -q 'full.db.*make room' stderr ||
			fail "files of at most $kilobytes KB: exit status $status: $(errors)"
		holds full.db "$base"
	fi
	rm -f full.db*
	(ulimit -f $kilobytes && exec "$allowmap" ingest --db full.db whole.pcapng) >stdout 2>stderr
	status=$?
	[ $status = 0 ] || { [ $status = 3 ] && [ "$(errors | wc -l)" = 1 ] && grep -q 'full.db.*make room' stderr; } ||
		fail "a new database of at most $kilobytes KB: exit status $status: $(errors)"
	[ $status = 0 ] || ! [ -e full.db ] || holds full.db 0
	rm -f full.db*
done
[ $full -ge 3 ] || fail "only $full of the limits on the size of a file were reached"
mkdir disk
if unshare -rm mount -t tmpfs tmpfs disk 2>/dev/null; then
	for kilobytes in 64 400 700; do
		rm -rf left
		mkdir left
		# shellcheck disable=SC2016
		says 3 'allowmap.db.*the disk is full.*make room' unshare -rm bash -c '
			mount -t tmpfs -o "size=$1k" tmpfs disk || exit
			"$2" analyze -o disk/out whole.pcapng
			status=$?
			cp -r disk/. left
			exit $status' bash $kilobytes "$allowmap"
		[ -e left/out/report.html ] && fail "a report of nothing"
		! [ -e left/out/allowmap.db ] || holds left/out/allowmap.db 0
	done
else
	echo "not tried: a disk that becomes full, for nothing may be mounted here"
fi

# ---- Options
says 2 'Unknown option --no-such; .*--help' "$allowmap" ingest --no-such whole.pcapng
says 2 'Missing argument for --db; .*--help' "$allowmap" flows --db
says 2 'something is missing; usage: allowmap ingest .*FILE' "$allowmap" ingest
says 2 'something is missing; usage: allowmap analyze .*FILE' "$allowmap" analyze
says 2 '-o DIR is needed' "$allowmap" analyze whole.pcapng
says 2 'too many arguments; usage: allowmap flows' "$allowmap" flows all.db
says 2 "no command 'flow'" "$allowmap" flow
says 2 'threads' "$allowmap" ingest --threads -1 --db new.db whole.pcapng
says 2 'max-flows\|many' "$allowmap" ingest --db new.db --max-flows many whole.pcapng
for limit in 0 -1; do
	says 2 '--limit takes a positive number' "$allowmap" flows --db all.db --limit $limit
	says 2 '--limit takes a positive number' "$allowmap" connections --db all.db --limit $limit
done
says 2 'dpi' "$allowmap" ingest --db new.db --dpi some whole.pcapng
says 2 'sensor' "$allowmap" ingest --db new.db --sensor 'a b' whole.pcapng
says 2 'now\|time' "$allowmap" ingest --db new.db --now yesterday whole.pcapng
says 2 'inside' "$allowmap" flows --db all.db --inside 10.0.0.0/33
says 2 'csv.*such\|such.*csv' "$allowmap" export --to cisco --db all.db
says 2 'TARGET is needed' "$allowmap" export --db all.db
says 3 'cannot read the policy.*missing.json' "$allowmap" export --to csv --policy missing.json
says 3 'text: .*not JSON' "$allowmap" export --to csv --policy text
is_gone new.db
holds base.db "$base"
holds all.db "$all"

echo "$tried refusals, $full limits"
[ $failures = 0 ] && echo "all as expected"
exit $((failures > 0))
