#!/usr/bin/env bash
# peers.sh CAPTURE [ROUNDS] : whole-process time and peak memory of `allowmap ingest` beside the peers, on the same file.
#
# Each program runs in turn, ROUNDS times (default 5); the table gives the median time, the ratio to allowmap with DPI, CPU
# seconds and the largest resident set. A peer that is not installed is left out with a word. Peers: ndpiReader
# (libndpi-bin), softflowd (softflowd, sending to a port of loopback where nobody listens), nfpcapd (nfdump), argus
# (argus-server), a bare libpcap loop. ALLOWMAP and PCAP_LOOP name the programs under test (default: of this build).
set -eu
capture=${1:?usage: peers.sh CAPTURE [ROUNDS]}
rounds=${2:-5}
allowmap=${ALLOWMAP:-./allowmap}
pcap_loop=${PCAP_LOOP:-./tests/bench/pcap-loop}
[ -r "$capture" ] || { echo "peers.sh: cannot read $capture" >&2; exit 3; }
[ -x "$allowmap" ] || { echo "peers.sh: no program $allowmap; build it, or set ALLOWMAP" >&2; exit 3; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

declare -A command
command[allowmap]="$allowmap ingest --db $work/db $capture"
command[allowmap-adaptive]="$allowmap ingest --dpi adaptive --db $work/db $capture"
command[allowmap-no-dpi]="$allowmap ingest --dpi off --db $work/db $capture"
command[ndpiReader]="ndpiReader -q -i $capture"
command[softflowd]="softflowd -d -r $capture -n 127.0.0.1:9 -v 9 -m 4000000"
command[nfpcapd]="nfpcapd -r $capture -l $work/nf"
command[argus]="argus -r $capture -w $work/argus.out"
command[pcap-loop]="$pcap_loop $capture"
order="allowmap allowmap-adaptive allowmap-no-dpi ndpiReader softflowd nfpcapd argus pcap-loop"

names=
for name in $order; do
	set -- ${command[$name]}
	if command -v "$1" >/dev/null; then names="$names $name"; else echo "left out: $name ($1 is not installed)" >&2; fi
done

# One timed run: "seconds cpu-seconds kilobytes" appended to $work/NAME.times.
run_once() {
	rm -rf "$work"/db* "$work/nf" "$work/argus.out"
	mkdir "$work/nf"
	/usr/bin/time -f '%e %U %S %M' -o "$work/time" ${command[$1]} >"$work/out" 2>&1 ||
		{ echo "peers.sh: $1 failed:" >&2; tail -3 "$work/out" >&2; return 0; }
	tail -1 "$work/time" | awk '{print $1, $2 + $3, $4}' >>"$work/$1.times"
}

cat "$capture" >/dev/null # into the page cache: what is compared is the programs, not the disk
for round in $(seq "$rounds"); do
	for name in $names; do
		echo "round $round: $name" >&2
		run_once "$name"
	done
done

median() { sort -n -k1,1 "$1" | awk '{t[NR] = $1; c[NR] = $2; if ($3 > m) m = $3} END {i = int((NR + 1) / 2); print t[i], c[i], m}'; }
base=$(median "$work/allowmap.times" | cut -d' ' -f1)
printf '%-16s %9s %9s %10s %10s\n' program seconds 'x ours' 'CPU s' 'peak MB'
for name in $names; do
	[ -s "$work/$name.times" ] || continue
	median "$work/$name.times" | awk -v n="$name" -v b="$base" '{printf "%-16s %9.2f %9.2f %10.2f %10.0f\n", n, $1, $1 / b, $2, $3 / 1024}'
done
