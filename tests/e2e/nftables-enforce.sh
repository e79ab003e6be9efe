#!/bin/bash
# nftables-enforce.sh [POLICY] : loads the nftables exports into a real kernel and opens real connections through them, in
# network namespaces of its own: client - router - server. With POLICY: 50 permitted and 50 denied tuples of that policy;
# without: a policy made for the purpose, and the one of the bundled sample. Skipped (77) where that cannot be done.
#
# The ends have no addresses of their own: what comes in from the router is local to them, whatever its address is, so that
# any policy can be probed, and the router sends on to the other side what comes in from one.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
allowmap=$(readlink -f "${ALLOWMAP:-./allowmap}")
probe=$(readlink -f "${PROBE:-tests/e2e/probe}")
pairs=$(readlink -f "${PAIRS:-tests/e2e/pairs}")
skip() {
	echo "$*: skipped"
	exit 77
}
if [ "${ENFORCE_INSIDE:-}" = "" ]; then
	for tool in nft ip unshare jq; do
		command -v $tool >/dev/null || skip "no $tool"
	done
	unshare -rnmpf --mount-proc --kill-child true 2>/dev/null || skip "no right to make namespaces"
	unshare -rn nft add table inet x 2>/dev/null || skip "nftables does not work in a namespace"
	ENFORCE_INSIDE=1 exec timeout -k 5 300 unshare -rnmpf --mount-proc --kill-child "$0" "$@"
fi
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1772600000
failures=0
fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# ---- Three namespaces. The router is this one.
mount -t tmpfs tmpfs /run && mkdir -p /run/netns || skip "no right to mount"
# No duplicate address detection: until it ends, and it may take seconds, an interface solicits no IPv6 neighbour.
no_dad="net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0"
sysctl -qw $no_dad
for end in client server; do
	ip netns add $end || skip "no right to make namespaces"
	ip netns exec $end sysctl -qw $no_dad
	ip link add to-$end type veth peer name eth0 netns $end
	ip link set to-$end up
	ip -n $end link set lo up
	ip -n $end link set eth0 up
done
ip link set lo up
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 \
	net.ipv4.conf.to-client.rp_filter=0 net.ipv4.conf.to-server.rp_filter=0 || skip "no right to forward"
join() { # join END FAMILY ROUTER'S-ADDRESS END'S-ADDRESS LENGTH
	ip -$2 addr add "$3/$5" dev to-$1 $([ "$2" = 6 ] && echo nodad)
	ip -$2 -n $1 addr add "$4/$5" dev eth0 $([ "$2" = 6 ] && echo nodad)
	ip -$2 -n $1 route add default via "$3"
	ip -$2 -n $1 rule add iif eth0 lookup 100
	ip -$2 -n $1 route add local default dev lo table 100
}
join client 4 192.0.2.1 192.0.2.2 30
join server 4 192.0.2.5 192.0.2.6 30
join client 6 2001:db8:f::1 2001:db8:f::2 126
join server 6 2001:db8:f::5 2001:db8:f::6 126
pass_on() { # pass_on FAMILY FROM-INTERFACE TO-ADDRESS TO-INTERFACE TABLE
	ip -$1 rule add iif $2 lookup $5
	ip -$1 route add default via "$3" dev $4 table $5
}
pass_on 4 to-client 192.0.2.6 to-server 101
pass_on 4 to-server 192.0.2.2 to-client 102
pass_on 6 to-client 2001:db8:f::6 to-server 101
pass_on 6 to-server 2001:db8:f::2 to-client 102
for end in client server; do
	ip netns exec $end sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
done

in_router() { "$@"; }
in_client() { ip netns exec client "$@"; }
in_server() { ip netns exec server "$@"; }
export_to() { # export_to FILE OPTION... : for $policy
	local file=$1
	shift
	"$allowmap" export --to nftables --policy "$policy" -o "$file" "$@" >"$work/said" 2>&1 ||
		fail "export $*: $(cat "$work/said")"
}
serve() { # serve LINES
	[ -z "${server:-}" ] || { kill "$server"; wait "$server"; } 2>/dev/null
	: >"$work/serving"
	ip netns exec server "$probe" serve <"$1" >"$work/serving" &
	server=$!
	for _ in $(seq 100); do
		grep -q ready "$work/serving" && return
		sleep 0.1
	done
	fail "the server does not start"
}
ask() { # ask LINES WHAT : every line ends as it says
	sed 's/ \(pass\|stop\).*/ \1/' "$1" >"$work/expected"
	in_client "$probe" ask <"$1" >"$work/seen" || fail "$2: a probe could not be made"
	cmp -s "$work/expected" "$work/seen" ||
		fail "$2: expected < > seen: $(diff "$work/expected" "$work/seen" | grep '^[<>]' | head -n 6)"
	echo "$2: $(grep -c 'pass$' "$work/seen") pass, $(grep -c 'stop$' "$work/seen") stop"
}
all_pass() { sed 's/ stop/ pass/' "$1"; }
counted() { # counted WHERE COMMENT : packets of all rules with this comment
	in_$1 nft list table inet allowmap | sed -n "s/.*counter packets \([0-9]*\) bytes.*comment \"$2\".*/\1/p" |
		awk '{ n += $1 } END { print n + 0 }'
}
unload() {
	local place
	for place in router client server; do in_$place nft delete table inet allowmap 2>/dev/null; done
}

# ---- Every form loads, again and again; what nft lists of it (without counters, which real packets move) loads and is listed
# the same; both forms are one.
check_forms() {
	local variant stem
	for variant in "" "--host" "--enforce --unapproved" "--host --enforce --unapproved"; do
		stem=$work/form
		# shellcheck disable=SC2086
		export_to "$stem.nft" $variant
		# shellcheck disable=SC2086
		export_to "$stem.json" --form json $variant
		nft -c -f "$stem.nft" || fail "nft -c -f, variant '$variant'"
		nft -c -j -f "$stem.json" || fail "nft -c -j -f, variant '$variant'"
		for _ in 1 2; do nft -f "$stem.nft" || fail "nft -f, variant '$variant'"; done
		nft -s list ruleset >"$stem.listed"
		for _ in 1 2; do nft -j -f "$stem.json" || fail "nft -j -f, variant '$variant'"; done
		nft -s list ruleset >"$stem.json.listed"
		cmp -s "$stem.listed" "$stem.json.listed" ||
			fail "variant '$variant': text and JSON differ: $(diff "$stem.listed" "$stem.json.listed" | head -n 5)"
		nft flush ruleset
		nft -f "$stem.listed" || fail "what nft listed does not load, variant '$variant'"
		nft -s list ruleset >"$stem.again"
		cmp -s "$stem.listed" "$stem.again" || fail "listed, loaded and listed again differs, variant '$variant'"
		[ "$(grep -c 'comment "r-' "$stem.nft")" = "$(grep -c 'comment "r-' "$stem.listed")" ] ||
			fail "variant '$variant': the kernel has another number of rules than the file"
		nft flush ruleset
	done
}

# ---- The router drops what is not permitted; log-only lets everything through and counts it.
check_router() { # check_router LINES NAME
	unload
	serve "$1"
	all_pass "$1" >"$work/open"
	for _ in $(seq 10); do # a link that just came up may still be silent
		in_client "$probe" ask <"$work/open" | grep -q 'stop$' || break
	done
	ask "$work/open" "$2, no rules"
	cmp -s "$work/expected" "$work/seen" || { echo "the way itself is not open"; exit 1; }
	export_to "$work/log.nft"
	nft -f "$work/log.nft" || fail "nft -f log.nft"
	ask "$work/open" "$2, log only"
	[ "$(counted router would-be-denied)" -ge "$(grep -c stop "$1")" ] || fail "$2: would-be-denied was not counted"
	export_to "$work/enforce.nft" --enforce --unapproved
	nft -f "$work/enforce.nft" || fail "nft -f enforce.nft"
	conntrack_flush
	ask "$1" "$2, enforced"
	[ "$(counted router denied)" -ge "$(grep -c stop "$1")" ] || fail "$2: denied was not counted"
	for _ in 1 2 3; do nft -f "$work/enforce.nft" || fail "replacing the table"; done
	ask "$1" "$2, enforced, replaced"
	export_to "$work/enforce.json" --enforce --unapproved --form json
	nft -j -f "$work/enforce.json" || fail "nft -j -f enforce.json"
	ask "$1" "$2, enforced, from JSON"
}
# Connections of the step before must not lend their state: every probe has a new source port, echo a new id, but UDP may meet
# an old one; a second is more than probes wait for, and entries of unanswered datagrams are set to go within it.
conntrack_flush() {
	sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1 net.netfilter.nf_conntrack_udp_timeout_stream=1 \
		net.netfilter.nf_conntrack_icmp_timeout=1 net.netfilter.nf_conntrack_icmpv6_timeout=1 2>/dev/null
	sleep 2
}

# ---- A host guards itself: in front of the server, and in front of the client.
check_host() { # check_host LINES NAME
	local where
	for where in server client; do
		unload
		serve "$1"
		export_to "$work/host.nft" --host
		in_$where nft -f "$work/host.nft" || fail "nft -f host.nft"
		ask "$work/open" "$2, $where, log only"
		export_to "$work/host.nft" --host --enforce --unapproved
		in_$where nft -f "$work/host.nft" || fail "nft -f host.nft"
		in_$where ip -6 neigh flush dev eth0
		ip -6 neigh flush dev to-$where
		ask "$1" "$2, $where, enforced"
		printf 'icmp 127.0.0.1 127.0.0.1 0 pass\nicmpv6 ::1 ::1 0 pass\n' >"$work/loop"
		in_$where "$probe" ask <"$work/loop" | cmp -s - "$work/loop" || fail "$2, $where: the loopback is not open"
	done
	unload
}

check_policy() { # check_policy NAME : $policy, 50 tuples of each kind
	"$pairs" "$policy" 50 >"$work/lines" || fail "pairs $policy"
	[ "$(grep -c pass "$work/lines")" -ge "${2:-50}" ] && [ "$(grep -c stop "$work/lines")" -ge 50 ] ||
		fail "$1: too few tuples: $(grep -c pass "$work/lines"), $(grep -c stop "$work/lines")"
	check_router "$work/lines" "$1"
}

if [ $# -gt 0 ]; then
	policy=$1
	check_forms
	check_policy "$(basename "$1")"
	[ $failures = 0 ] && echo "all as the policy says"
	exit $((failures > 0))
fi

policy=$srcdir/tests/fixtures/enforce-policy.json
check_forms
export_to "$work/plain.nft"
grep -q 'evil\|\${\|`' "$work/plain.nft" && fail "a label reached the rules"
check_router "$srcdir/tests/fixtures/enforce-probes" "made policy"
id_of() { "$allowmap" export --to csv --policy "$policy" 2>/dev/null | awk -F, -v ports="$1" '$8 == ports { print $1 }'; }
for ports in "443" "5432 6000-6010" "514" "type 8" "type 128.0"; do
	id=$(id_of "$ports")
	[ -n "$id" ] && [ "$(counted router "$id")" -gt 0 ] || fail "the rule for $ports ('$id') counted nothing"
done
check_host "$srcdir/tests/fixtures/enforce-probes" "made policy"

# Seen both ways, and so denied by default, only from 10.1 to 10.2 and between two IPv6 networks: all else passes.
visible='[{"from": ["10.1.0.0/16", "2001:db8:1::/48"], "to": ["10.2.0.0/16", "2001:db8:2::/48"]}]'
sed "s|\"default\": \"deny\",|& \"visible\": $visible,|" "$policy" >"$work/part.json"
awk '!($2 ~ /^10\.1\./ && $3 ~ /^10\.2\./) && !($2 ~ /^2001:db8:1:/ && $3 ~ /^2001:db8:2:/) { sub(/ stop/, " pass") } { print }' \
	"$srcdir/tests/fixtures/enforce-probes" >"$work/part"
policy=$work/part.json
check_forms
check_router "$work/part" "seen in part"
check_host "$work/part" "seen in part"

"$allowmap" ingest "$srcdir/tests/fixtures/sample.pcapng.zst" --db "$work/sample.db" >"$work/said" 2>&1 &&
	"$allowmap" recommend --db "$work/sample.db" --assume-visible all -o "$work/sample.json" >>"$work/said" 2>&1 ||
	fail "recommend: $(tail -n 3 "$work/said")"
policy=$work/sample.json
check_forms
check_policy "sample"
[ $failures = 0 ] && echo "all as the policies say"
exit $((failures > 0))
