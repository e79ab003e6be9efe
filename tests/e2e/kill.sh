#!/bin/bash
# kill.sh [N]: a capture that is killed (kill -9) at N random moments (10), while connections go on: each time the database
# must be sound, what the tables say must agree, and no more may be lost than is promised: 5 s of connections that ended
# (they end 5 s after their last frame), 60 s of the counters of one that goes on (tried when N > 20). Then a disk that
# becomes full, and a limit on the size. Skipped (77) where namespaces are not allowed.
set -u
kills=${1:-10}
LIVE_SECONDS=$((kills * 8 + 400))
# shellcheck source=tests/e2e/live.sh
. "$(dirname "$0")/live.sh"
now_ns() { date +%s%N; }

cat >"$work/check.py" <<'PYTHON'
"""check.py DB SENT SESSIONS: SENT has the number and the time of each connection, SESSIONS a line "ready killed" each (ns)."""
import sqlite3, sys
database, sent, sessions = sys.argv[1:4]
S = 10**9
db = sqlite3.connect(database)
def one(sql): return db.execute(sql).fetchone()[0]
faults = []
if one("PRAGMA integrity_check") != "ok": faults.append("integrity_check")
rows = one("SELECT count(*) FROM connections")
if rows != one("SELECT ifnull(sum(connections), 0) FROM runs"): faults.append("runs count other connections than there are")
if rows != one("SELECT ifnull(sum(connections), 0) FROM tallies"): faults.append("tallies count other connections than there are")
for column in "packets_lo", "packets_hi", "bytes_lo", "payload_hi":
    if one(f"SELECT sum({column}) FROM connections") != one(f"SELECT sum({column}) FROM tallies"):
        faults.append(f"{column} of tallies and connections differ")
for run, read, rest in db.execute("""SELECT run, sum(iif(reason = 'read', packets, 0)), sum(iif(reason IN ('read', 'connections',
        'connections-given-up', 'connections-not-kept', 'connections-counted', 'fragments', 'tcp-bytes-seen', 'tcp-bytes-unseen',
        'tcp-one-way', 'tcp-bytes-one-way', 'times-mended', 'clock-steps-back', 'log-lines', 'log-recorded',
        'log-skipped'), 0, packets)) FROM ledgers GROUP BY run"""):
    if read != rest: faults.append(f"run {run}: {read} packets read, {rest} accounted for")
# Times as they were on the wire: a run's own first and last packet do not matter.
times = [tuple(map(int, line.split())) for line in open(sent) if len(line.split()) == 2 and line.endswith("\n")]
have = {}
for lo, packets in db.execute("SELECT lo, packets_lo + packets_hi FROM connections WHERE port_hi = 8080 OR port_lo = 8080"):
    number = int.from_bytes(lo[2:5], "big")
    have[number] = have.get(number, 0) + packets
due = lost = 0
for line in open(sessions):
    ready, killed = map(int, line.split())
    for number, time in times:
        # Seen in full from 0.3 s after the start on; ended 5 s after its last frame, found out within 2 s, committed within 5.
        if ready + 3 * S // 10 <= time <= killed - 12 * S:
            due += 1
            lost += have.get(number, 0) < 8
if lost: faults.append(f"{lost} of {due} connections that ended long before are not there")
# The one that goes on: a frame every 10 connections. What it lacks is what it did in the last minute of each session.
on = one("SELECT ifnull(sum(packets_lo + packets_hi), 0) FROM connections WHERE port_lo = 50000 OR port_hi = 50000")
least = sum(1 for line in open(sessions) for ready, killed in [map(int, line.split())]
            for number, time in times if number % 10 == 9 and ready + 3 * S // 10 <= time <= killed - 60 * S)
if on < least: faults.append(f"the connection that goes on has {on} packets, {least} are more than a minute old")
print(f"{rows} connections, {due} due, {lost} lost; of the one that goes on {on} packets, {least} due")
for fault in faults: print("FAULT:", fault)
sys.exit(1 if faults else 0)
PYTHON

# ---- Killed
db=$work/k.db
: >"$work/sessions"
"$frames" amtest0 connect 2000 100000 >"$work/sent" &
sender=$!
for ((n = 1; n <= kills; n++)); do
	capture "$work/k.log" -i amtest1 --db "$db" --min-free 0 || fail "start $n: $(cat "$work/k.log")"
	ready=$(now_ns)
	ms=$((RANDOM % 3000))
	# Now and then long enough for connections to end and be due; once for a checkpoint.
	[ $((n % 10)) = 5 ] && ms=$((18000 + RANDOM % 3000))
	[ "$n" = 20 ] && [ "$kills" -gt 20 ] && ms=80000
	sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
	killed=$(now_ns)
	stopped KILL
	echo "$ready $killed" >>"$work/sessions"
	is_sound "$db" || fail "kill $n after $ms ms: the database is not sound"
	# A reader that comes before the next start sees what was committed.
	[ $((n % 5)) != 0 ] || "$allowmap" status --db "$db" >/dev/null 2>"$work/seen" || fail "kill $n: status: $(cat "$work/seen")"
	: >"$work/k.log.said"
done
kill $sender
wait $sender 2>/dev/null
capture "$work/k.log" -i amtest1 --db "$db" --min-free 0 || fail "the last start"
stopped TERM || fail "the last end"
python3 "$work/check.py" "$db" "$work/sent" "$work/sessions" >"$work/seen" || fail "after $kills kills: $(cat "$work/seen")"
echo "$kills kills: $(head -n 1 "$work/seen")"
interrupted=$(status_of "$db" 's["loss"]["runs_interrupted"]')
[ "$interrupted" -ge $((kills - 1)) ] && [ "$interrupted" -le "$kills" ] || fail "$interrupted of $kills runs are marked as interrupted"

# ---- The disk is full
mkdir "$work/small" && mount -t tmpfs -o size=12M tmpfs "$work/small" || fail "no small disk"
"$frames" amtest0 connect 16000 100 >/dev/null &
sender=$!
capture "$work/f.log" -i amtest1 --db "$work/small/f.db" --min-free 0 || fail "start: $(cat "$work/f.log")"
wait $pid
status=$?
[ $status = 3 ] || fail "a full disk ends it with $status: $(cat "$work/f.log")"
grep -q 'disk is full' "$work/f.log" || fail "a full disk is not told as such: $(cat "$work/f.log")"
kill $listener 2>/dev/null
rm -f "$work/ready"
is_sound "$work/small/f.db" || fail "after a full disk the database is not sound"
: >"$work/none"
rm -f "$work/small/f.db.lock"
python3 "$work/check.py" "$work/small/f.db" "$work/none" "$work/none" >"$work/seen" || fail "after a full disk: $(cat "$work/seen")"
echo "disk full: $(head -n 1 "$work/seen")"
[ "$(status_of "$work/small/f.db" 's["connections"]')" -gt 0 ] || fail "before the disk was full nothing was committed"
umount "$work/small"

# ---- Short room: connections are only counted, then it ends with a word, before anything is full
capture "$work/m.log" -i amtest1 --db "$work/m.db" --min-free 0 --max-db 24M || fail "start: $(cat "$work/m.log")"
until_true 40 grep -q 'room is short' "$work/m.log" || fail "nothing is told of the size: $(cat "$work/m.log")"
if kill -0 $pid 2>/dev/null; then
	kept=$(status_of "$work/m.db" 's["connections"]')
	sleep 6
	[ "$(status_of "$work/m.db" 's["loss"]["connections_not_kept"]')" -gt 0 ] || fail "connections go on to be kept"
	echo "short room: $kept connections kept, $(status_of "$work/m.db" 's["loss"]["connections_not_kept"]') only counted"
	stopped TERM || grep -q 'no room is left' "$work/m.log" || fail "it ended otherwise: $(cat "$work/m.log")"
fi
is_sound "$work/m.db" || fail "the database is not sound"
[ "$(stat -c %s "$work/m.db")" -le $((36 << 20)) ] || fail "it grew to $(stat -c %s "$work/m.db") octets"
kill $sender 2>/dev/null
finish
