#!/bin/bash
# import.sh: what people know of their machines, from files to the lists, the groups and the policy.
set -u
allowmap=${ALLOWMAP:-./allowmap}
fixtures=$(cd "$(dirname "$0")/../fixtures" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1772600000
. "$(dirname "$0")/steps.sh"
# same WHAT WANTED GOT
same() {
	[ "$2" = "$3" ] || fail "$1: $3 instead of $2"
}
# of ADDRESS JQ : of the machine with this address
of() {
	"$allowmap" assets --db "$db" --format json --asset "$1" | jq -c ".[0] | $2"
}

db=$work/facts.db
cat >"$work/hosts.csv" <<'X'
IP address,Name,Team,Application,Env,Role,Serial
192.168.10.50,reception,it-desk,office,prod,kiosk,1
192.168.10.51,lobby,it-desk,office,prod,kiosk,2
192.168.20.30,erp,it-dc,erp,prod,ERP web,3
192.168.20.40,erp-db,it-dc,erp,prod,,4
192.168.20.300,typo,it-dc,erp,prod,,5
X

# ---- Before there are facts, and what is refused
expect 3 'no database' "$allowmap" import --list --db "$db"
expect 0 'hosts.csv: csv; 4 of 5 entries used: 19 labels; 1 with an address that is none' \
	"$allowmap" import --db "$db" "$work/hosts.csv"
expect 0 'columns that are not used: Serial' "$allowmap" import --db "$db" "$work/hosts.csv"
expect 0 '^hosts.csv  *csv  *-  *19  *0  *0 ' "$allowmap" import --list --db "$db"
expect 2 'FILE..., import --list, or import --remove' "$allowmap" import --db "$db"
expect 2 'usage\|see --help' "$allowmap" import --db "$db" --list "$work/hosts.csv"
expect 2 'takes one of: csv, ansible' "$allowmap" import --db "$db" --type xls "$work/hosts.csv"
expect 2 'would both be the source' "$allowmap" import --db "$db" "$work/hosts.csv" "$work/../$(basename "$work")/hosts.csv"
expect 2 'has no name' "$allowmap" import --db "$db" -
expect 2 'COLUMN=FIELD' "$allowmap" import --db "$db" --map Serial "$work/hosts.csv"
expect 2 'nothing was imported as' "$allowmap" import --db "$db" --remove nothing.csv
expect 3 'cannot read' "$allowmap" import --db "$db" "$work/none.csv"
expect 3 'is not what --type says' "$allowmap" import --db "$db" --type netbox "$work/hosts.csv"
# A file of which nothing can be used takes nothing away.
mkdir "$work/cut"
echo 'IP address,Name' >"$work/cut/hosts.csv"
expect 3 'nothing is imported' "$allowmap" import --db "$db" "$work/cut/hosts.csv"
expect 0 '^hosts.csv  *csv  *-  *19 ' "$allowmap" import --list --db "$db"

# ---- What the map makes of it
"$allowmap" ingest --db "$db" "$fixtures/sample.pcapng.zst" 2>"$work/said" || fail "ingest: $(cat "$work/said")"
"$allowmap" import --db "$db" --remove hosts.csv 2>"$work/said" || fail "remove: $(cat "$work/said")"
same 'group before' '"clients-web"' "$(of 192.168.10.50 .group)"
expect 0 'hosts.csv: labels 4 of the [0-9]* machines' "$allowmap" import --db "$db" --map serial=serial "$work/hosts.csv"
same 'labels' '["reception","it-desk","office","prod",["role=kiosk","serial=1"]]' \
	"$(of 192.168.10.50 '[.name, .owner, .application, .environment, .labels]')"
same 'conflict' '["name=pc000001 (dhcp)"]' "$(of 192.168.10.50 .conflicts)"
same 'group' '"kiosk"' "$(of 192.168.10.50 .group)"
same 'group' '"kiosk"' "$(of 192.168.10.51 .group)"
same 'group' '"erp-web"' "$(of 192.168.20.30 .group)"
same 'group of the others' '"clients-web"' "$(of 192.168.10.52 .group)"
expect 0 ' OWNER  *APPLICATION  *ENVIRONMENT  *LABELS  *CONFLICTS ' "$allowmap" assets --db "$db"
expect 0 'g-[0-9a-f]*  *kiosk  *2  *2 members that an inventory calls kiosk' "$allowmap" groups --db "$db"
"$allowmap" recommend --db "$db" --output "$work/policy.json" --assume-visible all 2>"$work/said" ||
	fail "recommend: $(cat "$work/said")"
same 'policy' '["it-desk","office",["192.168.10.50/31"]]' \
	"$(jq -c '.groups.kiosk | [.owner, .application, [.members[].cidr | select(test(":") | not)]]' "$work/policy.json")"
# Machines of two applications that use the same have rules of their own.
same 'rules across applications' '0' "$(jq '.groups as $g | [.rules[] | (.from, .to) | [.groups[]? | $g[.].application] | unique |
	select(length > 1)] | length' "$work/policy.json")"
"$allowmap" export --to nftables --db "$db" --policy "$work/policy.json" --output "$work/out.nft" 2>"$work/said" ||
	fail "export: $(cat "$work/said")"

# Another source says otherwise, of a machine and of a subnet.
printf 'cidr;owner\n192.168.20.40;ann\n192.168.20.0/24;net\n' >"$work/nets.csv"
expect 0 'nets.csv: labels' "$allowmap" import --db "$db" "$work/nets.csv" --why 'asked ann' --by carol
same 'the later counts' '["ann",["owner=it-dc (hosts.csv)"]]' "$(of 192.168.20.40 '[.owner, (.conflicts | map(select(test("owner"))))]')"
same 'the closer counts' '["it-dc",[]]' "$(of 192.168.20.30 '[.owner, (.conflicts | map(select(test("owner"))))]')"
same 'list' '[["hosts.csv","csv",4,null],["nets.csv","csv",null,"asked ann"]]' \
	"$("$allowmap" import --list --db "$db" --format json | jq -c '[.[] | [.source, .type, (select(.source == "hosts.csv") | .machines) // null, .why]]')"
expect 0 'what nets.csv said is taken back' "$allowmap" import --db "$db" --remove nets.csv
same 'taken back' '["it-dc",[]]' "$(of 192.168.20.40 '[.owner, (.conflicts | map(select(test("owner"))))]')"

# ---- Other formats, from standard input
for kind in ansible.json kubernetes.json netbox-devices.json dnsmasq.leases kea-leases4.csv dhcpd.leases; do
	"$allowmap" import --db "$db" --source "$kind" - <"$fixtures/inventory/$kind" 2>"$work/said" ||
		fail "$kind: $(cat "$work/said")"
done
same 'types' '["csv","ansible","kubernetes","netbox","dnsmasq","kea","isc-dhcp"]' \
	"$("$allowmap" import --list --db "$db" --format json | jq -c '[.[].type]')"
# Two addresses that a server leased to one machine are one asset.
same 'before' '["192.168.20.11"]' "$(of 192.168.20.11 .addresses)"
cat >"$work/kea.csv" <<'X'
address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context
192.168.20.11,52:54:00:00:00:60,,3600,1767229200,1,0,0,mon,0,
192.168.20.12,52:54:00:00:00:60,,3600,1777229200,1,0,0,mon,0,
X
expect 0 'kea.csv: kea; 2 of 2 entries used: 2 leases' "$allowmap" import --db "$db" "$work/kea.csv"
same 'after' '["192.168.20.11","192.168.20.12"]' "$(of 192.168.20.11 .addresses)"

# ---- The same files give the same bytes
for turn in 1 2; do
	rm -f "$work/again.decisions.db"
	"$allowmap" import --db "$work/again.db" "$work/hosts.csv" "$fixtures/inventory/kubernetes.json" --by carol 2>/dev/null ||
		fail 'import again'
	"$allowmap" assets --db "$db" --decisions "$work/again.decisions.db" --format json >"$work/assets.$turn"
done
cmp -s "$work/assets.1" "$work/assets.2" || fail 'two imports of the same differ'

[ "$failures" = 0 ] && echo "import.sh: all as it should be"
exit $((failures > 0))
