#!/usr/bin/env bash
# live.sh CAPTURE [PPS...] : which rate `allowmap capture` and the peers take from an interface without loss.
#
# In a network namespace of its own, tcpreplay sends CAPTURE over a veth pair, again and again, for some SECONDS_EACH (5)
# seconds at each rate; the programs listen at the other end in turn, each with the buffers that it has by default, and write
# what they always write. Lost is what a program counts less than that many rounds at a rate that nobody has trouble with
# (SLOW, 20000 packets a second). Sender and receiver share the processors, so the figures are for this machine and its load,
# which is shown. A program that is not installed is left out with a word. Run as root: nfpcapd locks memory.
set -eu
capture=$(readlink -f "${1:?usage: live.sh CAPTURE [PPS...]}")
allowmap=$(readlink -f "${ALLOWMAP:-./allowmap}")
[ -r "$capture" ] || { echo "live.sh: cannot read $1" >&2; exit 3; }
[ -x "$allowmap" ] || { echo "live.sh: no program $allowmap; build it, or set ALLOWMAP" >&2; exit 3; }
command -v tcpreplay >/dev/null || { echo "live.sh: tcpreplay is not installed" >&2; exit 3; }
if [ "${LIVE_BENCH_INSIDE:-}" = "" ]; then
	LIVE_BENCH_INSIDE=1 exec unshare $([ "$(id -u)" = 0 ] || echo -r) -nmpf --mount-proc --kill-child "$0" "$@"
fi
shift
rates=${*:-50000 100000 150000 200000 300000}
seconds=${SECONDS_EACH:-5}
slow=${SLOW:-20000}
export ALLOWMAP_BIN=$allowmap LC_ALL=C TZ=UTC
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mount -t sysfs sysfs /sys
sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
ip link set lo up
ip link add amtest0 mtu 9000 type veth peer name amtest1 mtu 9000
ip link set amtest0 up arp off
ip link set amtest1 up arp off

# What is started, and the number of packets that it took, once it has ended.
declare -A command taken
command[allowmap]="$allowmap capture -i amtest1 --db db --min-free 0"
command[allowmap-no-dpi]="$allowmap capture -i amtest1 --db db --min-free 0 --dpi off"
command[softflowd]="softflowd -d -i amtest1 -n 127.0.0.1:9 -v 9 -m 4000000 -p $work/pid -c $work/control"
command[nfpcapd]="nfpcapd -i amtest1 -w nf"
command[argus]="argus -i amtest1 -w argus.out"
taken[allowmap]="sed -n 's/^\\([0-9]*\\) packets read.*/\\1/p' out"
taken[allowmap-no-dpi]=${taken[allowmap]}
taken[softflowd]="sed -n 's/^Packets received by libpcap: \\([0-9]*\\)/\\1/p; s/^Packets dropped by libpcap: \\([0-9]*\\)/-\\1/p' out | awk '{ n += \$1 } END { print n }'"
taken[nfpcapd]="sed -n 's/^Total: Processed: \\([0-9]*\\), skipped: \\([0-9]*\\).*/\\1 \\2/p' out | awk '{ print \$1 + \$2 }'"
taken[argus]="racount -r argus.out | awk '\$1 == \"sum\" { print \$3 }'"
names=
for name in allowmap allowmap-no-dpi softflowd nfpcapd argus; do
	set -- ${command[$name]}
	if ! command -v "$1" >/dev/null; then
		echo "left out: $name ($1 is not installed)" >&2
	elif [ "$name" = argus ] && ! command -v racount >/dev/null; then
		echo "left out: argus (racount, of argus-client, is not installed)" >&2
	else
		names="$names $name"
	fi
done

# run NAME PPS LOOPS: prints the packets taken, sent, and the rate that was reached.
run() {
	rm -rf db* nf argus.out out
	mkdir nf
	${command[$1]} >out 2>&1 &
	local program=$! packets
	sleep 2
	tcpreplay -q -K --loop="$3" --pps="$2" -i amtest0 "$capture" >sent 2>&1 || { cat sent >&2; exit 3; }
	sleep 3 # for what is still in its buffer
	[ "$1" != softflowd ] || softflowctl -c "$work/control" statistics >>out
	kill -TERM $program
	wait $program || true
	packets=$(eval "${taken[$1]}")
	[ -n "$packets" ] || { echo "live.sh: $1 says nothing of packets: $(tail -n 3 out)" >&2; packets=0; }
	echo "$packets $(sed -n 's/.*Successful packets: *\([0-9]*\).*/\1/p' sent) $(sed -n 's/.*, \([0-9]*\)[.0-9]* pps.*/\1/p' sent)"
}

declare -A each best
for name in $names; do
	read -r each[$name] size _ < <(run "$name" "$slow" 1)
	best[$name]=-
done
printf '%s packets; load before: %s\n' "$size" "$(cut -d' ' -f1-3 /proc/loadavg)"
printf '%-16s %10s %10s %10s %10s %8s\n' program 'asked pps' 'sent pps' sent lost %
for rate in $rates; do
	loops=$(((rate * seconds + size - 1) / size))
	for name in $names; do
		read -r packets sent reached < <(run "$name" "$rate" "$loops")
		lost=$((each[$name] * loops - packets))
		[ $lost -gt 0 ] || best[$name]=$reached
		printf '%-16s %10d %10d %10d %10d %8s\n' "$name" "$rate" "$reached" "$sent" "$lost" \
			"$(awk -v l=$lost -v s="$sent" 'BEGIN { printf "%.2f", 100 * l / s }')"
	done
done
echo "the highest rate without loss:"
for name in $names; do printf '%-16s %10s\n' "$name" "${best[$name]}"; done
