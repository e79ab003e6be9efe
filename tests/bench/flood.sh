#!/usr/bin/env bash
# flood.sh DIR [PACKETS] : memory and room on disk while `allowmap ingest` reads floods: SYNs from everywhere to one host
# (syn), datagrams from everywhere to every port of one host (udp), one host that tries all of a /8 (scan); PACKETS (3000000)
# of each, 100000 a second of their own time, made on the way into standard input. Writes DIR/KIND.tsv, a line a second with
# seconds, MB resident, MB on disk (the log with it); DIR/floods.svg of these with gnuplot; and prints the most of each.
set -eu
dir=${1:?usage: flood.sh DIR [PACKETS]}
packets=${2:-3000000}
allowmap=$(readlink -f "${ALLOWMAP:-./allowmap}")
[ -x "$allowmap" ] || { echo "flood.sh: no program $allowmap; build it, or set ALLOWMAP" >&2; exit 3; }
mkdir -p "$dir"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/flood.py" <<'PYTHON'
import random, struct, sys
kind, n = sys.argv[1], int(sys.argv[2])
out, rng = sys.stdout.buffer, random.Random(7)
ethernet = bytes.fromhex("020000000002020000000001") + b"\x08\x00"
victim, scanner = 0x0A000001, 0xC0A80001
out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
for i in range(n):
    source, target, port, to_port = rng.getrandbits(32) | 0x0B000000, victim, 1024 + rng.getrandbits(15), 80
    if kind == "scan":
        source, target, to_port = scanner, 0x0A000000 | (i * 5099 & 0xFFFFFF), 445
    elif kind == "udp":
        to_port = rng.getrandbits(16)
    if kind == "udp":
        above = struct.pack(">HHHH", port, to_port, 20, 0) + bytes(12)
    else:
        above = struct.pack(">HHIIBBHHH", port, to_port, rng.getrandbits(32), 0, 0x50, 2, 1024, 0, 0)
    size = 20 + len(above)
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, size, i & 0xFFFF, 0, 64, 17 if kind == "udp" else 6, 0, source, target)
    out.write(struct.pack("<IIII", 1772600000 + i // 100000, i % 100000 * 10, 14 + size, 14 + size) + ethernet + ip + above)
PYTHON

printf '%-6s %10s %10s %12s %12s\n' flood seconds 'MB most' 'MB on disk' connections
for kind in syn udp scan; do
	db=$work/$kind.db
	mkfifo "$work/$kind.pcap"
	python3 "$work/flood.py" "$kind" "$packets" >"$work/$kind.pcap" &
	"$allowmap" ingest --db "$db" - <"$work/$kind.pcap" 2>"$work/$kind.log" &
	program=$! began=$SECONDS
	: >"$dir/$kind.tsv"
	sample() { # RESIDENT, in KB
		local disk
		disk=$(find "$work" -maxdepth 1 -name "$kind.db*" -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }')
		echo "$((SECONDS - began)) $1 $disk" | awk -v OFS='\t' '{ print $1, $2 / 1024, $3 / 1048576 }' >>"$dir/$kind.tsv"
	}
	while resident=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$program/status" 2>/dev/null) && [ -n "$resident" ]; do
		sample "$resident"
		sleep 1
	done
	wait $program || { echo "flood.sh: $kind: $(cat "$work/$kind.log")" >&2; exit 3; }
	sample 0
	awk -v kind=$kind -v c="$(sed -n 's/.*; \([0-9]*\) connections.*/\1/p' "$work/$kind.log")" \
		'{ if ($2 > m) m = $2; if ($3 > d) d = $3; t = $1 } END { printf "%-6s %10d %10.0f %12.0f %12s\n", kind, t, m, d, c }' "$dir/$kind.tsv"
	rm -f "$db"*
done
command -v gnuplot >/dev/null || { echo "left out: floods.svg (gnuplot is not installed)" >&2; exit 0; }
gnuplot <<PLOT
set terminal svg size 900,420 background "white"
set output "$dir/floods.svg"
set xlabel "seconds"
set ylabel "MB"
set yrange [0:]
set key outside
plot for [k in "syn udp scan"] "$dir/".k.".tsv" using 1:2 with lines lw 2 title k.": memory", \
	for [k in "syn udp scan"] "$dir/".k.".tsv" using 1:3 with lines dt 2 title k.": on disk"
PLOT
