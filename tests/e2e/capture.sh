#!/bin/bash
# capture.sh: live captures in a network namespace of their own: the bundled sample, sent over a veth pair, gives the edges
# that its file gives; signals, links, rotation, room, metrics and what the service manager is told. Skipped (77) where
# namespaces are not allowed.
set -u
# shellcheck source=tests/e2e/live.sh
. "$(dirname "$0")/live.sh"
zstd -dcqf "$srcdir/tests/fixtures/sample.pcapng.zst" >"$work/sample.pcapng" || fail "the sample cannot be unpacked"

# ---- The same edges as from the file; readers while it runs; metrics; SIGTERM
"$allowmap" ingest --db "$work/file.db" "$work/sample.pcapng" 2>/dev/null || fail "ingest"
capture "$work/a.log" -i amtest1 --db "$work/a.db" --min-free 0 --metrics "$work/metrics.prom" || fail "it does not start: $(cat "$work/a.log")"
"$frames" amtest0 replay "$work/sample.pcapng" 20000 || fail "frames"
until_true 8 test -s "$work/metrics.prom" || fail "no metrics"
reads=0
for _ in 1 2 3 4 5; do
	for verb in status flows connections groups; do
		"$allowmap" $verb --db "$work/a.db" >/dev/null 2>"$work/seen" || fail "$verb while it runs: $(cat "$work/seen")"
		reads=$((reads + 1))
	done
done
# Every thread is fenced in, and nothing is left of the privileges.
if [ "$(status_of "$work/a.db" 's["captures"][0]["sandbox"]')" = complete ]; then
	for task in /proc/$pid/task/*; do
		for line in Seccomp:2 NoNewPrivs:1 CapEff:0000000000000000 CapPrm:0000000000000000; do
			tr -d ' \t' <"$task/status" | grep -qx "$line" || fail "$task: $line is not so"
		done
	done
else
	echo "sandbox: $(status_of "$work/a.db" 's["captures"][0]["sandbox"]')"
fi
# What a reader of a live run sees balances at every commit.
seen=$(status_of "$work/a.db" 's["packets"]["read"] - s["packets"]["recorded"] - sum(s["packets"]["skipped"].values())')
[ "$seen" = 0 ] || fail "the ledger of a running capture is $seen packets off"
stopped TERM || fail "SIGTERM: exit status $?: $(cat "$work/a.log")"
edges_of "$work/file.db" >"$work/file.edges"
edges_of "$work/a.db" >"$work/live.edges"
[ "$(wc -l <"$work/file.edges")" -gt 1000 ] || fail "only $(wc -l <"$work/file.edges") edges"
cmp -s "$work/file.edges" "$work/live.edges" || fail "live and file differ: $(diff "$work/file.edges" "$work/live.edges" | head -n 5)"
echo "$(wc -l <"$work/live.edges") edges, live as from the file; $reads readers meanwhile"
[ "$(status_of "$work/a.db" 's["packets"]["read"]')" = "$(status_of "$work/file.db" 's["packets"]["read"]')" ] || fail "packets were lost"
[ "$(status_of "$work/a.db" 's["captures"][0]["interfaces"][0]["packets"]')" = "$(status_of "$work/file.db" 's["packets"]["read"]')" ] ||
	fail "the minutes do not add up"
for word in READY=1 WATCHDOG=1 STOPPING=1; do
	grep -q "^$word" "$work/a.log.said" || fail "the service manager was not told $word"
done
grep -q '^allowmap_packets_read_total [1-9]' "$work/metrics.prom" || fail "metrics: $(head -n 3 "$work/metrics.prom")"
if command -v promtool >/dev/null; then
	promtool check metrics <"$work/metrics.prom" >"$work/seen" 2>&1 || fail "promtool: $(cat "$work/seen")"
else
	echo "no promtool here: the metrics were not checked by it"
fi
[ -e "$work/a.db-wal" ] && fail "a log was left behind"
is_sound "$work/a.db" || fail "the database is not sound"

# ---- A link that goes down and comes back; SIGINT; two interfaces; a filter
capture "$work/b.log" -i amtest1 -i amtest3 --db "$work/b.db" --min-free 0 not tcp port 5432 || fail "two interfaces: $(cat "$work/b.log")"
"$frames" amtest0 connect 800 0.5 >"$work/sent"
ip link set amtest1 down
until_true 5 grep -q 'amtest1: the link is down' "$work/b.log" || fail "the outage is not told: $(cat "$work/b.log")"
"$frames" amtest2 connect 800 0.5 >"$work/sent2"
ip link set amtest1 up
until_true 5 grep -q 'amtest1: the link is up' "$work/b.log" || fail "the return is not told"
"$frames" amtest0 replay "$work/sample.pcapng" 20000
sleep 0.5
stopped INT || fail "SIGINT: exit status $?: $(cat "$work/b.log")"
[ "$(status_of "$work/b.db" 's["loss"]["link_outages"]')" -ge 1 ] || fail "the outage is not recorded"
[ "$(status_of "$work/b.db" 's["captures"][0]["interfaces"][1]["packets"]')" -ge $(($(wc -l <"$work/sent2") * 8)) ] || fail "the second interface saw too little"
[ "$(status_of "$work/b.db" 's["packets"]["read"]')" -ge 7000 ] || fail "nothing came after the link was back"
[ -z "$("$allowmap" flows --db "$work/b.db" --port tcp/5432 --format csv | tail -n +2)" ] || fail "the filter lets through what it should not"

# ---- SIGHUP after the database was moved away; rotation by size; connections removed by age; a time to end
capture "$work/c.log" -i amtest1 --db "$work/c.db" --min-free 0 --duration 14s --keep-connections 1 --rotate-db 300K || fail "start: $(cat "$work/c.log")"
"$frames" amtest0 connect 4000 1 >"$work/sent"
until_true 8 "$allowmap" connections --db "$work/c.db"
mv "$work/c.db" "$work/moved.db"
kill -HUP $pid
until_true 8 "$allowmap" status --db "$work/c.db" || fail "SIGHUP: no new database: $(cat "$work/c.log")"
until_true 8 grep -q 'SIGHUP: .* opened anew' "$work/c.log" || fail "SIGHUP: nothing is said of it: $(cat "$work/c.log")"
"$frames" amtest0 replay "$work/sample.pcapng" 20000
wait $pid || fail "--duration: exit status $?: $(cat "$work/c.log")"
pid=
kill $listener 2>/dev/null
rm -f "$work/ready"
rotated=$(find "$work" -name 'c-*Z*.db' | wc -l)
[ "$rotated" -ge 1 ] || fail "no rotation: $(cat "$work/c.log")"
total=0
for db in "$work/moved.db" "$work/c.db" "$work"/c-*Z*.db; do
	is_sound "$db" || fail "$db is not sound"
	total=$((total + $(status_of "$db" 's["packets"]["read"]')))
done
sent=$(($(wc -l <"$work/sent") * 8 + 3 + $(wc -l <"$work/sent") / 10 + 7350))
[ $total = $sent ] || fail "the databases have $total packets of $sent"

# ---- What does this port show?
# checked EXPRESSION ARGUMENT...: the value of a Python expression over the JSON of --check.
checked() {
	local expression=$1
	shift
	"$allowmap" capture --check --format json "$@" 2>"$work/seen" | python3 -c 'import json, sys; c = json.load(sys.stdin); print('"$expression"')'
}
[ "$(checked 'c["frames"], len(c["subnets"]) > 3, c["duplicates"], c["tcp_octets_unseen"], c["advice"][0][:7]' "$work/sample.pcapng")" = "7350 True 0 0 Nothing" ] ||
	fail "--check of the sample: $("$allowmap" capture --check "$work/sample.pcapng" | tail -n 5)"
# Every frame twice; one direction only; the half of the frames.
cat >"$work/spoil.py" <<'PYTHON'
import struct, sys
source, kind, target = sys.argv[1:]
data = open(source, "rb").read()
at, out, n = 24, [data[:24]], 0
while at < len(data):
    size, = struct.unpack("<I", data[at + 8:at + 12])
    record, frame = data[at:at + 16 + size], data[at + 16:at + 16 + size]
    at += 16 + size
    n += 1
    copies = 2 if kind == "twice" else n % 2 if kind == "half" else frame[26:30] < frame[30:34] if frame[12:14] == b"\x08\x00" else 1
    out += [record] * copies
open(target, "wb").write(b"".join(out))
PYTHON
if command -v editcap >/dev/null && editcap -F pcap "$work/sample.pcapng" "$work/sample.pcap"; then
	for kind in twice:'come twice' one-way:'only one direction' half:'never seen'; do
		python3 "$work/spoil.py" "$work/sample.pcap" "${kind%%:*}" "$work/spoilt.pcap"
		checked '"\n".join(c["advice"])' "$work/spoilt.pcap" | grep -q "${kind#*:}" ||
			fail "--check of ${kind%%:*}: $("$allowmap" capture --check "$work/spoilt.pcap" | tail -n 5)"
	done
fi
"$frames" amtest0 replay "$work/sample.pcapng" 4000 &
[ "$(checked 'c["frames"] > 2000, c["dropped_kernel"]' -i amtest1 --duration 2s)" = 'True 0' ] || fail "--check of an interface: $(cat "$work/seen")"
wait $!
checked 'c["advice"][0]' -i amtest1 --duration 1s | grep -q 'Nothing came' || fail "--check of a silent port"
expect_check() { "$allowmap" capture --check "$@" >"$work/seen" 2>&1; }
expect_check && fail "--check of nothing"
expect_check "$work/none.pcap" && fail "--check of a file that is not there"

# ---- An interface that is renamed is the same; one that comes in its place within a moment is not
capture "$work/e.log" -i amtest3 --db "$work/e.db" --min-free 0 || fail "start: $(cat "$work/e.log")"
ip link set amtest3 down && ip link set amtest3 name amtest5 && ip link set amtest5 up arp off
# It looks once a second, on a busy machine later: what is sent before that is lost.
until_true 20 eval '"$frames" amtest2 connect 800 0.3 >"$work/sent"; [ "$(status_of "$work/e.db" "s[\"packets\"][\"read\"]")" -gt 0 ]' || fail "renamed: $(cat "$work/e.log")"
ip link set amtest5 down && ip link set amtest5 name amtest3 && ip link set amtest3 up arp off
printf 'link del amtest2\nlink add amtest2 mtu 9000 type veth peer name amtest3 mtu 9000\n' | ip -batch - || fail "ip -batch"
ip link set amtest2 up arp off && ip link set amtest3 up arp off
wait $pid
status=$?
[ $status = 3 ] || fail "with another interface of that name it ends with $status: $(cat "$work/e.log")"
grep -q 'amtest3 is gone' "$work/e.log" || fail "a new interface of that name: $(cat "$work/e.log")"
kill $listener 2>/dev/null
rm -f "$work/ready"
"$allowmap" capture -i any --db "$work/f.db" --min-free 0 --duration 2s 2>"$work/f.log" || fail "-i any: $(cat "$work/f.log")"

# ---- An interface that is taken away; what is asked wrongly
capture "$work/d.log" -i amtest3 --db "$work/d.db" --min-free 0 || fail "start: $(cat "$work/d.log")"
"$frames" amtest2 connect 800 0.3 >"$work/sent"
sleep 2 # read, however busy the machine is
ip link del amtest2
wait $pid
status=$?
[ $status = 3 ] || fail "without its interface it ends with $status: $(cat "$work/d.log")"
kill $listener 2>/dev/null
rm -f "$work/ready"
is_sound "$work/d.db" || fail "the database is not sound"
[ "$(status_of "$work/d.db" 's["packets"]["read"]')" -ge $(($(wc -l <"$work/sent") * 8)) ] || fail "what was seen before is lost"
# expect STATUS PATTERN ARGUMENT...
expect() {
	local status=$1 pattern=$2 got
	shift 2
	timeout 10 "$allowmap" capture --db "$work/x.db" "$@" >"$work/seen" 2>&1 </dev/null
	got=$?
	[ "$got" = "$status" ] || fail "capture $*: exit status $got instead of $status: $(cat "$work/seen")"
	grep -q -e "$pattern" "$work/seen" || fail "capture $*: says nothing of '$pattern': $(cat "$work/seen")"
}
expect 2 'which interface'
expect 3 'amtest9' -i amtest9
expect 3 "no user 'nosuch'" -i amtest1 --user nosuch
expect 2 'filter' -i amtest1 tcp prot 80
expect 2 'duration' -i amtest1 --duration soon
expect 2 'rotate-db' -i amtest1 --rotate-db weekly
expect 2 'snaplen' -i amtest1 --snaplen 10
expect 0 'packets read' -i amtest1 --duration 1s --min-free 0
finish
