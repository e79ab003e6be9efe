#!/bin/bash
# decided.sh: what people declare, through the program: a release, a scanner, an exclusion, groups that are cut otherwise, taps. It
# is listed, holds for captures that come later, can be taken back, and is in the policy.
set -u
command -v jq >/dev/null || { echo "no jq: skipped"; exit 77; }
allowmap=${ALLOWMAP:-./allowmap}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1773000000
. "$(dirname "$0")/steps.sh"

# Five days from 2 March 2026. log FIRST-DAY LAST-DAY: desks use web and mail, kiosks use web too; on the fifth day an application
# server is new, and a host looks for port 443 everywhere.
log() {
	printf '#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n'
	printf '#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\n'
	awk -v first="$1" -v last="$2" '
	function flow(day, hour, minute, from, to, port, state) {
		n++
		ok = state == "SF"
		printf "%d.%06d\tC%d\t%s\t%d\t%s\t%d\ttcp\t%s\t1.5\t%d\t%d\t%s\t%s\t%d\t%d\t%d\t%d\n",
			1772409600 + day * 86400 + hour * 3600 + minute * 60, n, n, from, 40000 + n % 20000, to, port,
			ok ? "ssl" : "-", ok ? 900 : 0, ok ? 4000 : 0, state, ok ? "ShADadFf" : "S",
			ok ? 9 : 1, ok ? 1300 : 60, ok ? 8 : 0, ok ? 4400 : 0
	}
	BEGIN {
		for (day = first; day <= last; day++) {
			for (hour = 8; hour < 18; hour++) {
				for (host = 1; host <= 6; host++) {
					flow(day, hour, 5 + host, "10.1.0." host, "10.2.0.1", 443, "SF")
					flow(day, hour, 15 + host, "10.1.0." host, "10.2.0.2", 993, "SF")
				}
				for (host = 1; host <= 3; host++)
					flow(day, hour, 25 + host, "10.3.0." host, "10.2.0.3", 8080, "SF")
				if (day == 4)
					flow(day, hour, 35, "10.1.0.1", "10.2.0.9", 8443, "SF")
			}
			if (day == 4) {
				for (host = 1; host <= 20; host++)
					flow(day, 12, 40, "10.9.0.4", "10.2.1." host, 443, "S0")
				flow(day, 12, 41, "10.9.0.4", "10.2.0.1", 443, "SF")
			}
		}
	}'
}
db=$work/facts.db
log 0 3 >"$work/first.log"
log 4 4 >"$work/second.log"
verdict_of() { # CLIENT SERVER PORT
	"$allowmap" flows --db "$db" --format json |
		jq -r --arg c "$1" --arg s "$2" --argjson p "$3" '.[] | select(.client == $c and .server == $s and .port == $p) | .verdict'
}
assert_verdict() { # CLIENT SERVER PORT VERDICT
	local got
	got=$(verdict_of "$1" "$2" "$3")
	[ "$got" = "$4" ] || fail "$1 > $2 $3 is '$got', not $4"
}
group_of() { "$allowmap" groups --db "$db" --format json | jq -r --arg a "$1" '.[] | select(.members | index($a)) | .name'; }
id_of() { "$allowmap" groups --db "$db" --format json | jq -r --arg a "$1" '.[] | select(.members | index($a)) | .id'; }

# ---- Groups, kept over another capture
expect 3 'no database' "$allowmap" group list --db "$db"
expect 0 'connections' "$allowmap" ingest --db "$db" "$work/first.log"
desks=$(group_of 10.1.0.1)
kiosks=$(group_of 10.3.0.1)
[ -n "$desks" ] && [ "$desks" != "$kiosks" ] || fail "groups at first: '$desks', '$kiosks'"
expect 0 'nobody has changed a group' "$allowmap" group list --db "$db"
expect 2 'is in the group' "$allowmap" group move 10.1.0.1 "$desks" --db "$db"
expect 2 "no name for a group" "$allowmap" group name "$desks" 'Web Servers' --db "$db"
expect 2 'nothing is left' "$allowmap" group split "$kiosks" 10.3.0.1 10.3.0.2 10.3.0.3 --db "$db"
expect 0 "decision 1, said ann: the group is $kiosks" "$allowmap" group move 10.1.0.6 "$kiosks" --by ann --why 'is one' --db "$db"
expect 0 'the group is office' "$allowmap" group name "$desks" office --by ann --db "$db"
expect 0 'the group is vip' "$allowmap" group split office 10.1.0.4 10.1.0.5 --name vip --by ann --db "$db"
vip=$(id_of 10.1.0.4)
expect 0 'connections' "$allowmap" ingest --db "$db" "$work/second.log"
[ "$(group_of 10.1.0.6)" = "$kiosks" ] || fail "10.1.0.6 is in '$(group_of 10.1.0.6)'"
[ "$(group_of 10.1.0.1)" = office ] || fail "10.1.0.1 is in '$(group_of 10.1.0.1)'"
[ "$(id_of 10.1.0.5)" = "$vip" ] || fail "the id of vip was $vip and is $(id_of 10.1.0.5)"
expect 0 '10.1.0.6 moved here by ann at 2026-03-08T20:00:00Z (decision 1): is one' "$allowmap" explain group "$kiosks" --db "$db"
expect 0 'moved here by ann' "$allowmap" groups --db "$db"
expect 0 '^3,split,10.1.0.4 10.1.0.5,,vip,in force,ann,2026-03-08T20:00:00Z,' "$allowmap" group list --db "$db" --format csv
expect 0 'taken back by bob' "$allowmap" group remove 1 --by bob --db "$db"
expect 2 'taken back before' "$allowmap" group remove 1 --db "$db"
[ "$(group_of 10.1.0.6)" = office ] || fail "10.1.0.6 is back in '$(group_of 10.1.0.6)'"
expect 0 'taken back,ann,2026-03-08T20:00:00Z,is one,bob,' "$allowmap" group list --db "$db" --format csv

# ---- A release in its window
assert_verdict 10.1.0.1 10.2.0.9 8443 undecided
expect 2 'takes --from TIME and --until' "$allowmap" expect add 10.2.0.9 --ticket CHG-1 --db "$db"
expect 2 'ticket is needed' "$allowmap" expect add 10.2.0.9 --from 2026-03-06 --until 2026-03-07 --db "$db"
expect 2 'more than 92 days' "$allowmap" expect add 10.2.0.9 --from 2026-01-01 --until 2026-12-31 --ticket CHG-1 --db "$db"
expect 0 '1 permitted, 0 left' "$allowmap" expect add 10.2.0.9 tcp/8443 --from 2026-03-06 --until 2026-03-06 --ticket CHG-1 --db "$db"
assert_verdict 10.1.0.1 10.2.0.9 8443 essential
expect 0 'expected change (decision 5)' "$allowmap" explain flow 10.1.0.1 10.2.0.9 tcp/8443 --db "$db"
expect 0 '' "$allowmap" expect remove 5 --db "$db"
assert_verdict 10.1.0.1 10.2.0.9 8443 undecided

# ---- A scanner
assert_verdict 10.9.0.4 10.2.1.7 443 suspicious
"$allowmap" recommend --db "$db" 2>/dev/null >"$work/before.json" || fail "recommend"
expect 0 'rules of their own' "$allowmap" expect add 10.9.0.4 --as scanner --ticket SEC-1 --why weekly --db "$db"
assert_verdict 10.9.0.4 10.2.1.7 443 background
assert_verdict 10.9.0.4 10.2.0.1 443 essential
expect 2 "for 'allowmap expect' to say" "$allowmap" group move 10.1.0.1 scanner --db "$db"
expect 2 "for 'allowmap expect' to say" "$allowmap" group move 10.9.0.4 office --db "$db"
"$allowmap" recommend --db "$db" 2>/dev/null >"$work/after.json" || fail "recommend"
[ "$(jq -c '[.rules[] | select(.explicit_approval) | [.from.groups, .ticket, .origin]]' "$work/after.json")" = \
	'[[["scanner"],"SEC-1","declared"]]' ] || fail "the scanner's rules: $(jq -c '[.rules[] | select(.explicit_approval)]' "$work/after.json")"
[ "$(jq -c '[.rules[] | select(.explicit_approval | not) | .id]' "$work/after.json")" = "$(jq -c '[.rules[].id]' "$work/before.json")" ] ||
	fail "the rules of others changed"
expect 0 '1 rule of declared scanners and monitoring is left out' \
	"$allowmap" export --to csv --policy "$work/after.json" --enforce --unapproved -o "$work/after.csv"
grep -q 10.9.0.4 "$work/after.csv" && fail "the scanner's rule is enforced"
jq '(.rules[] | select(.explicit_approval)).status = "approved"' "$work/after.json" >"$work/approved.json"
expect 0 'rules exact' "$allowmap" export --to csv --policy "$work/approved.json" --enforce --unapproved -o "$work/after.csv"
grep -q 10.9.0.4 "$work/after.csv" || fail "the scanner's approved rule is not there"

# ---- An exclusion
expect 2 'needs a reason' "$allowmap" exclude add 10.3.0.0/24 --db "$db"
expect 0 '3 flows are left out' "$allowmap" exclude add 10.3.0.0/24 --why 'not ours' --db "$db"
assert_verdict 10.3.0.2 10.2.0.3 8080 background
[ "$("$allowmap" status --db "$db" --format json | jq .declared.excluded)" = 3 ] || fail "status does not count what is excluded"
[ "$("$allowmap" recommend --db "$db" 2>/dev/null | jq '[.rules[] | select(.service.ports == [[8080, 8080]])] | length')" = 0 ] ||
	fail "what is excluded has a rule"
expect 2 'no decision of this number' "$allowmap" expect remove 8 --db "$db"
expect 0 'as if it had not been said' "$allowmap" exclude remove 8 --db "$db"
assert_verdict 10.3.0.2 10.2.0.3 8080 essential

# ---- Taps
expect 0 'decision 10' "$allowmap" visibility set --subnet 10.2.0.0/25 --assume-visible 10.0.0.0/8 --db "$db"
"$allowmap" recommend --db "$db" 2>/dev/null >"$work/kept.json"
"$allowmap" recommend --db "$db" --subnet 10.2.0.0/25 --assume-visible 10.0.0.0/8 2>/dev/null >"$work/told.json"
cmp -s "$work/kept.json" "$work/told.json" || fail "taps as they were decided are not those that are told"
expect 0 'as .* decided (decision 10): --subnet 10.2.0.0/25$' \
	"$allowmap" status --visibility --assume-visible none --db "$db"
expect 0 '"state":"in force"' "$allowmap" visibility list --db "$db" --format json
expect 2 'set what' "$allowmap" visibility set --db "$db"

[ $failures = 0 ] && echo "all as declared"
exit $((failures > 0))
