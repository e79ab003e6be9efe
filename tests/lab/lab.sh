#!/bin/bash
# lab.sh: real servers and real clients on a network of their own, a capture on its mirror port, and what allowmap makes of it
# compared with what was really done: no edge may be missing, none invented, each has the verdict and the name that it should
# have. Skipped (77) where namespaces are not allowed, or where servers of fewer than 5 protocols are there.
#
# The network is a bridge that learns no addresses: like a hub, it sends every frame to every port, each once, and so to the
# mirror port, too. Each server and each client is a namespace behind a port. Everything ends with the process namespace.
# The protocols are in protocols.sh. With LAB_KEEP=FOLDER: the database and what the servers said are left there.
set -u
LIVE_SECONDS=${LIVE_SECONDS:-150}
# shellcheck source=tests/e2e/live.sh
. "$(dirname "$0")/../e2e/live.sh"
LEAST=5
USES=4 # of each service by each client: more than once is no accident
SCANNED=300
CLIENTS_4="10.77.2.1 10.77.2.2"
CLIENTS_6="fd77::2:2 fd77::2:3"

# ---- What protocols.sh declares
declare -A l7 service host
names=
protocol() { # NAME L7 PROTO/PORT PROGRAM...
	local name=$1 program
	l7[$name]=$2 service[$name]=$3 host[$name]=$name
	shift 3
	for program in "$@"; do
		command -v "$program" >/dev/null || compgen -G "$program" >/dev/null || { echo "left out: $name (no $program)" && return; }
	done
	names="$names $name"
}
at() { host[${names##* }]=$1; }
# shellcheck source=tests/lab/protocols.sh
. "$srcdir/tests/lab/protocols.sh"
set -- $names
[ $# -ge $LEAST ] || skip "programs of $# protocols only"

# ---- The network
place() { # place NAME LOW : a namespace with the addresses 10.77.LOW and fd77::LOW on the bridge
	ip netns add "$1" || skip "no right to make namespaces"
	ip netns exec "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.router_solicitations=0 net.ipv4.ip_unprivileged_port_start=0 || fail "$1: sysctl"
	ip link add "to-$1" type veth peer name eth0 netns "$1" || skip "no virtual network here"
	ip link set "to-$1" master lab up
	ip -n "$1" link set lo up
	ip -n "$1" link set eth0 up addrgenmode none
	ip -n "$1" addr add "10.77.${2/:/.}/16" dev eth0
	ip -n "$1" addr add "fd77::$2/64" dev eth0 nodad
}
mkdir -p /run/netns
ip link add lab type bridge ageing_time 0 stp_state 0 mcast_snooping 0 2>/dev/null || skip "no bridge here"
ip link set lab up
ip link add mirror type veth peer name to-mirror || skip "no virtual network here"
ip link set to-mirror master lab up && ip link set mirror up

declare -A low
n=0
for name in $names; do
	n=$((n + 1))
	low[$name]=1:$n
	if [ "${host[$name]}" = "$name" ]; then
		place "$name" "${low[$name]}"
	else
		low[$name]=${low[${host[$name]}]}
	fi
done
for n in 1 2 3 9; do place "client$n" "2:$n"; done

# ---- The servers
export -f as_user
for name in $names; do
	export -f "${name}_client"
	[ "${host[$name]}" != "$name" ] || export -f "${name}_server"
done
in_place() { # in_place PLACE PROTOCOL server|client ADDRESS : what protocols.sh has for it
	local in_url=${4:-}
	[ "${in_url/:/}" = "$in_url" ] || in_url="[$in_url]"
	dir="$work/$2" in_url=$in_url ip netns exec "$1" timeout "${5:-120}" bash -c "set -u; ${2}_$3 ${4:-}" </dev/null >>"$work/$2.$3.log" 2>&1
}
listens() { # listens PLACE PROTO/PORT : asked in the place, so no frame is sent
	[ "${2%/*}" = icmp ] && return
	[ "$(ip netns exec "$1" ss -Hln "--${2%/*}" "sport = :${2#*/}" | wc -l)" -gt 0 ]
}
for name in $names; do
	mkdir "$work/$name"
	[ "${host[$name]}" != "$name" ] || in_place "$name" "$name" server &
done
for name in $names; do
	until_true 30 listens "${host[$name]}" "${service[$name]}" ||
		fail "$name does not serve: $(tail -n 3 "$work/${host[$name]}.server.log")"
done
echo "served after $SECONDS s"

# ---- What is done, and beside it what must be seen of it
expected="$work/expected"
: >"$expected"
did() { printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$@" >>"$expected"; } # CLIENT SERVER PROTO PORT L7 VERDICT
place_of() { echo "client${1##*[.:]}"; } # CLIENT'S ADDRESS
use() { # use PROTOCOL CLIENT SERVER
	local turn
	for turn in $(seq $USES); do
		in_place "$(place_of "$2")" "$1" client "$3" 10 || echo "$1 $2 -> $3, use $turn: $(tail -n 3 "$work/$1.client.log")" >>"$work/failed"
	done
}
capture "$work/capture.log" -i mirror --db "$work/lab.db" --min-free 0 || fail "capture: $(cat "$work/capture.log")"
users=()
for name in $names; do
	proto=${service[$name]%/*} port=${service[$name]#*/}
	for client in $CLIENTS_4 $CLIENTS_6; do
		server=10.77.${low[$name]/:/.}
		if [ "${client/:/}" != "$client" ]; then
			server=fd77::${low[$name]}
			[ "$proto" = icmp ] && proto=icmpv6 port=128.0 l7[$name]=icmpv6
		fi
		# Echoes that go on are one conversation; on a single one nothing depends.
		verdict=essential
		[ "$name" = ping ] && verdict=background
		did "$client" "$server" "$proto" "$port" "${l7[$name]}" $verdict
		# Passive FTP: the port that the control connection announced, on which only the server speaks.
		[ "$name" = ftp ] && did "$client" "$server" tcp 40000 "" essential
		[ ${#users[@]} -lt 12 ] || { wait "${users[0]}"; users=("${users[@]:1}"); }
		use "$name" "$client" "$server" &
		users+=($!)
	done
done
wait "${users[@]}"
[ ! -s "$work/failed" ] || fail "what should work does not: $(head -n 5 "$work/failed")"
echo "used after $SECONDS s"

# What goes wrong: a port where nothing listens, a host that is not there, a scan that also finds what is open.
set -- $names
closed_4=10.77.${low[$1]/:/.} closed_6=fd77::${low[$1]} dead_4=10.77.3.1 dead_6=fd77::3:1
for turn in 1 2; do
	ip netns exec client1 bash -c ": </dev/tcp/$closed_4/9999; : </dev/udp/$closed_4/9998; echo lab >/dev/udp/$closed_4/9998" 2>/dev/null
	ip netns exec client2 bash -c ": </dev/tcp/$closed_6/9999" 2>/dev/null
done
did 10.77.2.1 "$closed_4" tcp 9999 "" background
did 10.77.2.1 "$closed_4" udp 9998 "" background
did fd77::2:2 "$closed_6" tcp 9999 "" background
# Something answered for it once: without that there were no frames but requests for its address.
ip -n client3 neigh add $dead_4 lladdr 02:00:00:00:03:01 dev eth0 nud permanent
ip -n client3 neigh add $dead_6 lladdr 02:00:00:00:03:01 dev eth0 nud permanent
for dead in $dead_4 $dead_6; do
	ip netns exec client3 timeout 1.5 bash -c ": </dev/tcp/$dead/5432" 2>/dev/null
done
did 10.77.2.3 $dead_4 tcp 5432 "" background
did fd77::2:3 $dead_6 tcp 5432 "" background
scanned=10.77.${low[$1]/:/.}
# shellcheck disable=SC2016
ip netns exec client9 timeout 30 bash -c 'for port in $(seq "$2"); do (: <"/dev/tcp/$1/$port"); done' - "$scanned" $SCANNED 2>/dev/null
for port in $(seq $SCANNED); do did 10.77.2.9 "$scanned" tcp "$port" "" suspicious; done

stopped TERM || fail "capture ends with $?: $(cat "$work/capture.log")"
"$allowmap" flows --db "$work/lab.db" --format json >"$work/flows.json" || fail "flows"
[ "$(status_of "$work/lab.db" 's["packets"]["read"] - s["packets"]["recorded"] - sum(s["packets"]["skipped"].values())')" = 0 ] ||
	fail "the packets do not add up"
[ -z "${LAB_KEEP:-}" ] || cp -r "$work" "$LAB_KEEP"
python3 "$srcdir/tests/lab/compare.py" "$expected" "$work/flows.json" || fail "the edges are not what was done"
echo "$(wc -w <<<"$names") protocols, $SECONDS s:$names"
finish
