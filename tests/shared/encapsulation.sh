#!/usr/bin/env bash
# encapsulation.sh ALLOWMAP LABGEN-FOLDER [TOPOLOGY] : generates one capture plainly and in every wrapping that the generator
# knows, and compares the flows that are learned: the inner edges must be those of the plain capture, in the same network.
#
# Compared of each flow: client, server, service, network, verdict, connections, outcomes; and packets and octets, unless the
# option itself changes them ("same" is then said of the rest). Prints a table, and fails when a row differs.
set -eu
allowmap=$1 labgen=$2 topology=${3:-small-office}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$labgen" "$work/labgen"
chmod -R u+w "$work/labgen"
make -s -C "$work/labgen"
cd "$work/labgen"
status=0

# learn NAME MIRROR: leaves NAME.flows, and NAME.seen, the encapsulations.
learn()
{
	jq --argjson mirror "$2" '.mirror = $mirror' "topologies/$topology.json" >"$work/topology.json"
	./labgen --topology "$work/topology.json" --out "$work/c.pcap"
	"$allowmap" ingest --now 0 --dpi off --db "$work/db" "$work/c.pcap" 2>"$work/stderr"
	"$allowmap" status --db "$work/db" --format json >"$work/status.json"
	# All that the generator calls inside is told to be: else MACs tell it of the IPv6 addresses, and not everywhere is one.
	"$allowmap" flows --db "$work/db" --inside 10.0.0.0/8 --inside 192.168.0.0/16 --inside 2001:db8::/32 --format json | jq -S 'map(del(.l7, .first, .last))' >"$work/$1.flows"
	"$allowmap" networks --db "$work/db" --format json |
		jq -r 'group_by(.encapsulation) | map("\(.[0].encapsulation) \(map(.packets) | add)") | join(", ")' >"$work/$1.seen"
	rm -f "$work"/db* "$work/c.pcap"
}

# row REFERENCE NAME MIRROR [KEY...]: the keys that the option changes.
row()
{
	local reference=$1 name=$2 mirror=$3 same edges
	shift 3
	learn "$name" "$mirror"
	for side in "$reference" "$name"; do
		jq --args 'map(delpaths([$ARGS.positional[] | [.]]))' "$@" <"$work/$side.flows" >"$work/$side.compared"
	done
	edges=$(jq length "$work/$name.flows")
	same=yes
	cmp -s "$work/$reference.compared" "$work/$name.compared" || same=NO
	[ "$(jq '.packets | .read == .recorded + ([.skipped[]] | add)' "$work/status.json")" = true ] || same="NO (ledger)"
	[ "$edges" -gt 0 ] && [ "$same" = yes ] || status=1
	printf '%-22s %7s %-10s %9s %9s %9s  %s\n' "$name" "$edges" "$same" "$(jq .packets.read "$work/status.json")" \
		"$(jq '[.packets.skipped[]] | add' "$work/status.json")" "$(jq .packets.fragments "$work/status.json")" \
		"$(cat "$work/$name.seen")"
}

learn plain '{}'
# The generator draws other conversations when it has to choose what to fragment: the same, with nothing to fragment.
learn whole '{"fragment":{"p":1,"mtu":65535}}'
learn whole-0.1 '{"fragment":{"p":0.1,"mtu":65535}}'
printf '%-22s %7s %-10s %9s %9s %9s  %s\n' option edges "equal" packets skipped fragments encapsulations
# Where there is no Ethernet inside, no MAC tells which addresses are one machine's, and that goes into the groups, and into whether
# the client is who it seems.
groups_of() { [ "$1" != gre_ip ] || echo client_group server_group client_is; }
row plain plain '{}'
for kind in vlan qinq vxlan geneve gre gre_ip erspan1 erspan2 erspan3; do
	row plain "$kind" "{\"encap\":\"$kind\"}" $(groups_of "$kind")
done
row plain pad '{"pad":true}'
row plain vlan+pad '{"encap":"vlan","pad":true}'
row plain erspan2+pad '{"encap":"erspan2","pad":true}'
# Less payload shows fewer roles. Messages that differ only further on look like copies.
row plain snaplen-96 '{"snaplen":96}' direction packets bytes
row plain vxlan+snaplen-160 '{"encap":"vxlan","snaplen":160}' direction packets bytes
row plain erspan3+snaplen-160 '{"encap":"erspan3","snaplen":160}' direction packets bytes
# Each fragment has an IP header of its own.
row whole fragment '{"fragment":{"p":1,"mtu":576}}' packets bytes
row whole-0.1 fragment-0.1 '{"fragment":{"p":0.1,"mtu":1000}}' packets bytes
for kind in vlan qinq vxlan geneve gre gre_ip erspan1 erspan2 erspan3; do
	row whole "$kind+fragment" "{\"encap\":\"$kind\",\"fragment\":{\"p\":1,\"mtu\":576}}" packets bytes $(groups_of "$kind")
done
# Copies, of the same hop and of the one behind a router, count once.
for p in 0.01 0.5; do
	row plain "duplicate-$p" "{\"duplicate\":$p}"
done
# As above: other conversations are drawn when there may be routed copies.
learn routed '{"routed_duplicate":1e-12}'
for p in 0.01 0.5; do
	row routed "routed-duplicate-$p" "{\"routed_duplicate\":$p}"
done
row plain both '{"view":"both"}'
row plain both+vlan '{"view":"both","encap":"vlan"}'
row plain both+duplicate '{"view":"both","duplicate":0.2}'
exit $status
