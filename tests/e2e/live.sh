# What capture.sh and kill.sh share: a network of their own, and ways to wait. Sourced by a script that was given its
# arguments; runs it once more inside new namespaces, or skips it (77) where that is not allowed.
# shellcheck shell=bash
skip() {
	echo "$*: skipped"
	exit 77
}
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
allowmap=$(readlink -f "${ALLOWMAP:-./allowmap}")
frames=$(readlink -f "${FRAMES:-tests/e2e/frames}")
if [ "${LIVE_INSIDE:-}" = "" ]; then
	for tool in ip unshare python3 zstd; do
		command -v $tool >/dev/null || skip "no $tool"
	done
	unshare -rnmpf --mount-proc --kill-child mount -t sysfs sysfs /sys 2>/dev/null || skip "no right to make namespaces"
	LIVE_INSIDE=1 exec timeout -k 5 "${LIVE_SECONDS:-300}" unshare -rnmpf --mount-proc --kill-child "$0" "$@"
fi
mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run || skip "no right to mount"
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C
failures=0
fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}
finish() {
	[ $failures = 0 ] && echo "all as expected"
	exit $((failures > 0))
}

# Two pairs; frames that are put into amtest0 come out of amtest1, those of amtest2 out of amtest3. The kernel says nothing.
sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 2>/dev/null
for n in 0 2; do
	ip link add amtest$n mtu 9000 type veth peer name amtest$((n + 1)) mtu 9000 || skip "no virtual network here"
	ip link set amtest$n up arp off && ip link set amtest$((n + 1)) up arp off || skip "no virtual network here"
done

# until_true SECONDS COMMAND...
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}
# capture LOG ARGUMENT...: in the background, as $pid; returns when it is ready to read frames.
capture() {
	local log=$1
	shift
	NOTIFY_SOCKET=$work/ready python3 -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(os.environ["NOTIFY_SOCKET"] + ".tmp"); os.rename(os.environ["NOTIFY_SOCKET"] + ".tmp", os.environ["NOTIFY_SOCKET"])
with open(sys.argv[1], "a") as out:
	while True:
		said = s.recv(4096).decode(); out.write(said + "\n"); out.flush()
		if said.startswith("STOPPING=1"): break
' "$log.said" &
	listener=$!
	until_true 10 test -S "$work/ready" || fail "no listener"
	NOTIFY_SOCKET=$work/ready "$allowmap" capture "$@" 2>"$log" </dev/null &
	pid=$!
	until_true 10 grep -q '^READY=1' "$log.said" || kill -0 $pid 2>/dev/null || return 1
	grep -q '^READY=1' "$log.said"
}
# stopped SIGNAL: ends the capture; its exit status.
stopped() {
	kill -"$1" "$pid" 2>/dev/null
	{ wait "$pid"; } 2>/dev/null # without the shell's own word on a kill
	local status=$?
	kill "$listener" 2>/dev/null
	wait "$listener" 2>/dev/null
	rm -f "$work/ready"
	return $status
}
# A value of the status, by a Python expression over `s`.
status_of() { "$allowmap" status --db "$1" --format json 2>/dev/null | python3 -c 'import json, sys; s = json.load(sys.stdin); print('"$2"')'; }
edges_of() {
	"$allowmap" flows --db "$1" --format json |
		python3 -c 'import json, sys; print("\n".join(sorted({" ".join(str(e.get(k, "")) for k in ("client", "server", "proto", "port")) for e in json.load(sys.stdin)})))'
}
is_sound() {
	[ "$(python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check").fetchone()[0])' "$1" 2>&1)" = ok ]
}
