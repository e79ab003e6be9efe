#!/bin/bash
# networks.sh: an overlay of two tenants with the same addresses, from the capture to the lists, and what people say of it.
set -u
allowmap=${ALLOWMAP:-./allowmap}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1772600000
. "$(dirname "$0")/steps.sh"

octets() {
	local all="$*"
	printf '%b' "$(sed 's/../\\x&/g' <<<"${all// /}")"
}
# frame SECOND VNI VTEP-FROM VTEP-TO HOST-FROM HOST-TO PORT-FROM PORT-TO : four octets of UDP payload between 10.0.0.x, in
# VXLAN between 192.0.2.x. All but the time is two hexadecimal digits, four for ports.
frame() {
	octets "$(printf '69a5%04x' "$1" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/') 00000000 60000000 60000000"
	octets 0200000000"$4" 0200000000"$3" 0800 \
		45000052 00004000 40110000 c00002"$3" c00002"$4" c00012b5 003e0000 08000000 0000"$2"00 \
		0600000000"$6" 0600000000"$5" 0800 \
		45000020 00004000 40110000 0a0000"$5" 0a0000"$6" "$7" "$8" 000c0000 "$(printf '%08x' "$1")"
}
{
	octets d4c3b2a1 02000400 00000000 00000000 00000400 01000000
	for vni in 07 08; do
		for n in 1 2 3; do
			frame $((16#$vni * 16 + 2 * n)) $vni 01 02 01 02 9c40 0035
			frame $((16#$vni * 16 + 2 * n + 1)) $vni 02 01 02 01 0035 9c40
		done
	done
} >"$work/overlay.pcap"

# ---- As it is seen
db=$work/facts.db
expect 0 '12 recorded' "$allowmap" ingest --db "$db" "$work/overlay.pcap"
expect 0 '"encapsulation":"vxlan","id":7,"network":"vxlan-7","reason":"transit","next":"vxlan-7","packets":6' \
	"$allowmap" networks --db "$db" --format json
expect 0 '^vxlan,8,vxlan-8,transit,vxlan-8,6,576,0,192.0.2.1,192.0.2.2,' "$allowmap" networks list --db "$db" --format csv
expect 0 '^vxlan  *8  *vxlan-8  *transit' "$allowmap" networks --db "$db"
"$allowmap" flows --db "$db" --format json >"$work/flows.json" || fail "flows"
[ "$(jq -c '[.[] | [.client, .server, .port, .network]] | sort' "$work/flows.json")" = \
	'[["10.0.0.1","10.0.0.2",53,"vxlan-7"],["10.0.0.1","10.0.0.2",53,"vxlan-8"],["192.0.2.1","192.0.2.2",4789,"default"],["192.0.2.2","192.0.2.1",4789,"default"]]' ] || fail "flows: $(cat "$work/flows.json")"
# The ends of the overlay have to reach each other, both ways.
[ "$(jq -c '[.[] | select(.port == 4789) | [.l7, .verdict, .packets]] | unique' "$work/flows.json")" = \
	'[["vxlan","essential",6]]' ] || fail "outer flows: $(cat "$work/flows.json")"
# As a mirror sends it, one way, nobody needs it.
{
	head -c 24 "$work/overlay.pcap"
	for n in 1 2 3; do
		frame $((2 * n)) 07 01 09 01 02 9c40 0035
		frame $((2 * n + 1)) 07 01 09 02 01 0035 9c40
	done
} >"$work/mirror.pcap"
expect 0 '6 recorded' "$allowmap" ingest --db "$work/mirror.db" "$work/mirror.pcap"
[ "$("$allowmap" flows --db "$work/mirror.db" --format json | jq -c '[.[] | [.client, .server, .port, .network]]')" = \
	'[["10.0.0.1","10.0.0.2",53,"default"]]' ] || fail "a mirror's flows: $("$allowmap" flows --db "$work/mirror.db")"
expect 0 '"encapsulation":"vxlan","encapsulation_id":7' "$allowmap" connections --db "$db" --format json

# ---- As somebody says; it holds for what is read from then on
expect 0 'network blue, said ann' "$allowmap" networks set --encap vxlan --id 7 --network blue --by ann --why tenant --db "$db"
expect 0 'network mirror' "$allowmap" networks set --encap vxlan --network mirror --sensor tap --db "$db"
expect 0 '^vxlan,7,vxlan-7,transit,blue,6,.*,ann,tenant$' "$allowmap" networks --db "$db" --format csv
expect 0 '^vxlan,any,,,mirror,0,' "$allowmap" networks --db "$db" --format csv
expect 0 '12 recorded' "$allowmap" ingest --db "$work/new.db" --decisions "$work/facts.decisions.db" "$work/overlay.pcap"
expect 0 '^vxlan,7,blue,set,' "$allowmap" networks --db "$work/new.db" --decisions "$work/facts.decisions.db" --format csv
expect 0 '^vxlan,8,vxlan-8,transit,' "$allowmap" networks --db "$work/new.db" --format csv
expect 0 'nothing had been said' "$allowmap" networks remove --encap vxlan --id 7 --db "$db"
expect 0 '^vxlan,7,vxlan-7,transit,vxlan-7,6,' "$allowmap" networks --db "$db" --format csv

# ---- What goes wrong
expect 2 'one of: vlan, inner-vlan' "$allowmap" networks set --encap pigeon --network blue --db "$db"
expect 2 'which network' "$allowmap" networks set --encap vxlan --id 7 --db "$db"
expect 2 'takes no --network' "$allowmap" networks remove --encap vxlan --network blue --db "$db"
expect 2 'a number from 0' "$allowmap" networks set --encap vxlan --id -1 --network blue --db "$db"
expect 2 'letters, digits' "$allowmap" networks set --encap vxlan --id 7 --network 'a b' --db "$db"
expect 2 'list, set or remove' "$allowmap" networks add --db "$db"
expect 2 'takes --format only' "$allowmap" networks --encap vxlan --db "$db"
expect 2 'not a format' "$allowmap" networks --format xml --db "$db"
expect 3 'no database' "$allowmap" networks --db "$work/none.db"
[ -e "$work/none.db" ] && fail "listing made a database"

[ "$failures" = 0 ] && echo "networks: as they should be"
[ "$failures" = 0 ]
