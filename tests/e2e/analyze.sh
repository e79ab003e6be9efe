#!/bin/bash
# analyze.sh: what a user does, on the bundled sample: all steps at once, the listings, a decision, the exports, and what goes
# wrong. Each check says what it saw when it fails.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
allowmap=${ALLOWMAP:-./allowmap}
sample=$srcdir/tests/fixtures/sample.pcapng.zst
truth=$srcdir/tests/fixtures/sample-truth.tsv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1772600000
. "$(dirname "$0")/steps.sh"
same() { cmp -s "$1" "$2" || fail "$1 and $2 differ: $(diff "$1" "$2" | head -n 5)"; }

# ---- All steps at once
expect 0 report.html "$allowmap" analyze "$sample" -o "$work/out"
db=$work/out/allowmap.db
for file in policy.json allowlist-router.nft allowlist-router.nft.json allowlist-host.nft allowlist.csv report.html; do
	[ -s "$work/out/$file" ] || fail "analyze wrote no $file"
done
expect 0 'nothing\|already\|known' "$allowmap" analyze "$sample" -o "$work/out"
"$allowmap" analyze "$sample" -o "$work/again" --threads 1 >/dev/null 2>&1
"$allowmap" analyze "$sample" -o "$work/third" --threads 3 >/dev/null 2>&1
for file in allowmap.db policy.json allowlist-router.nft allowlist-router.nft.json allowlist-host.nft allowlist.csv report.html; do
	same "$work/again/$file" "$work/third/$file"
done

# ---- What was found, against what the sample's maker knows
"$allowmap" flows --db "$db" --format json >"$work/flows.json" || fail "flows"
"$allowmap" flows --db "$db" --format csv >"$work/flows.csv" || fail "flows as CSV"
tr -d '\r' <"$work/flows.csv" | awk -F, '
	NR == 1 { for (n = 1; n <= NF; n++) column[$n] = n; next }
	{ port = $column["port"]; if ($column["proto"] ~ /^icmp/) port = 0
	  print $column["client"] "\t" $column["server"] "\t" $column["proto"] "\t" port "\t" $column["verdict"] }' >"$work/found"
awk -F'\t' '
	NR == FNR { verdict[$1, $2, $3, $4] = $5; next }
	/^#/ { next }
	$4 == 67 || $4 == 68 { next } # DHCP is local: needed, no rule
	$5 == "essential" && $2 !~ /^(22[4-9]|23[0-9]|255|ff)/ && $1 != "0.0.0.0" {
		needed++; v = verdict[$1, $2, $3, $4]
		if (v == "essential") found++
		if (v == "essential" || v == "undecided") kept++
		if ($6 == "rare" && v != "essential" && v != "undecided") lost_rare++ }
	$5 != "essential" { noise++; if (verdict[$1, $2, $3, $4] == "essential") admitted++ }
	END { printf "needed %d, essential %d, essential or undecided %d, rare ones lost %d; noise %d, admitted %d\n",
		needed, found, kept, lost_rare, noise, admitted
	      exit !(needed > 50 && kept >= 0.98 * needed && found >= 0.85 * needed && lost_rare == 0 && noise > 500 && admitted <= 0.02 * noise) }' \
	"$work/found" "$truth" >"$work/score" || fail "verdicts on the sample: $(cat "$work/score")"
cat "$work/score"

# ---- Listings, filters, evidence
for verb in assets listeners flows groups connections status; do
	for format in table json csv; do
		"$allowmap" $verb --db "$db" --format $format >"$work/$verb.$format" 2>"$work/seen" ||
			fail "$verb --format $format: $(cat "$work/seen")"
		[ -s "$work/$verb.$format" ] || fail "$verb --format $format lists nothing"
	done
done
expect 0 '"read"' "$allowmap" status --db "$db" --format json
expect 0 'coverage' "$allowmap" status --db "$db" --coverage --format csv
expect 0 'cannot be said: ' "$allowmap" status --db "$db" --coverage
expect 2 "one at a time" "$allowmap" status --db "$db" --coverage --visibility
"$allowmap" status --db "$db" --coverage --format json | jq -e '.days < 3 and .hosts.state == "none" and .hosts.coverage == null and .groups.edges > 0' \
	>"$work/seen" || fail "the coverage of less than three days is not refused"

# ---- Visibility: all pairs of the sample are seen, but for a subnet that somebody tells of; there nothing is denied.
expect 0 '5 pairs are seen both ways, 0 one way, 0 not at all' "$allowmap" status --visibility --db "$db"
expect 0 'mirror the router.* 192.168.30.0/24: 3 pairs' "$allowmap" status --visibility --db "$db" --subnet 192.168.30.0/24
for pair in 192.168.10.0/24 192.168.20.0/24; do
	"$allowmap" status --visibility --db "$db" --subnet 192.168.30.0/24 --format csv | grep -q "^$pair,192.168.30.0/24,none," ||
		fail "the pair of $pair and 192.168.30.0/24 is not named"
done
expect 2 'host bits' "$allowmap" status --visibility --db "$db" --assume-visible 10.0.0.1/8
holds() { "$allowmap" recommend --db "$db" "$@" 2>/dev/null | jq -c '[.visible[]? | select(.from[0] | startswith("192")) | .to] | flatten'; }
holds --subnet 192.168.30.0/24 | grep -q '192.168.30' && fail "default deny where nothing was seen"
holds --subnet 192.168.30.0/24 --assume-visible 192.168.30.0/24 | grep -q '192.168.30' || fail "no default deny where it was vouched for"
[ "$(holds --assume-visible all)" = "[]" ] || fail "--assume-visible all leaves default deny to some addresses"
expect 0 tcp "$allowmap" flows --db "$db" --port tcp/5432 --verdict essential
expect 2 'verdict' "$allowmap" flows --db "$db" --verdict maybe
expect 2 'format' "$allowmap" flows --db "$db" --format xml
lines=$("$allowmap" flows --db "$db" --format csv --limit 3 | wc -l)
[ "$lines" = 4 ] || fail "--limit 3 gives $lines lines with the header"
flow=$(awk -F'\t' '$5 == "undecided" || $5 == "background" { if ($3 == "tcp") { print $1, $2, $3 "/" $4; exit } }' "$work/found")
read -r client server service <<<"$flow"
expect 0 . "$allowmap" explain flow "$client" "$server" "$service" --db "$db"
expect 3 'no flow' "$allowmap" explain flow 203.0.113.250 203.0.113.251 tcp/9 --db "$db"
expect 2 'service' "$allowmap" explain flow "$client" "$server" tcp/99999 --db "$db"

# Filters that leave nothing: standard output as ever, and a word on standard error.
n_flows=$("$allowmap" flows --db "$db" --format json | jq length)
# nothing_left MESSAGE VERB OPTION...
nothing_left() {
	local message=$1
	shift
	"$allowmap" "$@" --db "$db" --format json >"$work/listed" 2>"$work/seen" || fail "$*: exit status $?"
	[ ! -s "$work/listed" ] || [ "$(cat "$work/listed")" = '[]' ] || fail "$*: lists $(cat "$work/listed")"
	[ "$(cat "$work/seen")" = "$message" ] || fail "$*: says $(cat "$work/seen")"
}
nothing_left "none of the $n_flows flows matches --port 9 --verdict essential" flows --verdict essential --port 9
nothing_left "none of the $("$allowmap" connections --db "$db" --format json | wc -l) connections matches --port 9 --l7 tls" connections --l7 tls --port 9
for verb in assets listeners groups; do
	n_rows=$("$allowmap" $verb --db "$db" --format json | jq length)
	nothing_left "none of the $n_rows $verb matches --asset 192.0.2.99" $verb --asset 192.0.2.99
done
expect 0 "^none of the $n_flows flows matches --l7 gopher; the application protocols seen are: .*dns.* and [0-9]* more$" "$allowmap" flows --db "$db" --l7 gopher
expect 0 'listeners matches --l7 go?\[2Jpher; the application' "$allowmap" listeners --db "$db" --l7 "$(printf 'go\033[2Jpher')"
"$allowmap" flows --db "$db" --port 443 2>&1 >/dev/null | grep . && fail "a listing that lists something says something"

# What is listed as a service is understood as one: one flow of each protocol, ICMP and protocols without ports among them.
"$allowmap" flows --db "$db" | awk 'NR > 1 { for (n = 3; n <= NF; n++) if ($n ~ /^[a-z0-9]+\/[0-9.]+$/) {
	kind = $n; sub(/\/.*/, "", kind); if (!seen[kind]++) print $1, $2, $n; break } }' >"$work/services"
for kind in icmp icmpv6 ip tcp udp; do
	grep -q " $kind/" "$work/services" || fail "the sample lists no flow of $kind: $(cat "$work/services")"
done
while read -r client server service; do
	expect 0 "^$client > $server $service: " "$allowmap" explain flow "$client" "$server" "$service" --db "$db"
	expect 0 "; 1 flow in $db" "$allowmap" verdict set "$client" "$server" "$service" local --db "$db" --decisions "$work/apart.db"
done <"$work/services"
rm "$work/apart.db"
read -r client server service <<<"$flow"

# ---- A decision survives, also a new run
expect 0 'is essential' "$allowmap" verdict set "$client" "$server" "$service" essential --why 'asked the owner' --by tester --db "$db"
"$allowmap" flows --db "$db" --format csv --asset "$client" | grep "$server" | grep -q override || fail "the override of $flow is not shown"
expect 2 'verdict' "$allowmap" verdict set "$client" "$server" "$service" perhaps --db "$db"
# How many flows it is about is said; none is no fault, for they may come.
expect 0 "; 1 flow in $db matches now, and .allowmap recommend. goes by it" "$allowmap" verdict set "$client" "$server" "$service" essential --db "$db"
expect 0 "is undecided.*; no flow in $db matches it yet" "$allowmap" verdict set 203.0.113.250 203.0.113.251 tcp/9 undecided --db "$db"
grep -q recommend "$work/seen" && fail "a verdict about nothing that was seen: $(cat "$work/seen")"
expect 0 "no flow in $work/none.db matches it yet" "$allowmap" verdict set 203.0.113.250 203.0.113.251 tcp/9 undecided --db "$work/none.db"
[ -e "$work/none.db" ] && fail "a verdict made facts"
n_all=$("$allowmap" flows --db "$db" --format json | jq '[.[] | select(.client | contains(":") | not)] | length')
expect 0 "; $n_all flows in" "$allowmap" verdict set 0.0.0.0/0 0.0.0.0/0 any essential --db "$db" --decisions "$work/apart.db"
expect 2 'one is IPv4, the other IPv6' "$allowmap" verdict set ::/0 10.0.0.0/8 any essential --db "$db"

# ---- Taken back, it is as if nothing had been said, and the list tells all of it
columns='.[] | [.client, .service, .verdict, .flows, .by, .why] | @csv'
"$allowmap" verdict list --db "$db" --format json | jq -r "$columns" >"$work/verdicts"
printf '"203.0.113.250","tcp/9","undecided",0,"%s",\n"%s","%s","essential",1,"%s",\n"%s","%s","essential",0,"tester","asked the owner"\n' \
	"$(id -un)" "$client" "$service" "$(id -un)" "$client" "$service" >"$work/expected"
same "$work/expected" "$work/verdicts"
expect 0 'nobody has decided' "$allowmap" verdict --db "$db" --decisions "$work/no-decisions.db"
expect 3 'no database' "$allowmap" verdict --db "$work/none.db" --decisions "$work/no-decisions.db"
expect 2 'nothing was said' "$allowmap" verdict remove "$server" "$client" "$service" --db "$db"
expect 0 "is as if nothing had been said (2 decisions taken back), said ann; 1 flow in $db is judged by what was seen again" \
	"$allowmap" verdict remove "$client" "$server" "$service" --by ann --why 'host is gone' --db "$db"
"$allowmap" flows --db "$db" --format json >"$work/taken-back.json"
same "$work/flows.json" "$work/taken-back.json"
"$allowmap" verdict --db "$db" --format json | jq -r "$columns" | head -n 1 >"$work/verdicts"
echo "\"$client\",\"$service\",\"withdrawn\",0,\"ann\",\"host is gone\"" >"$work/expected"
same "$work/expected" "$work/verdicts"
expect 2 'nothing was said' "$allowmap" verdict remove "$client" "$server" "$service" --db "$db"
expect 0 "(1 decision taken back), said ann; no flow in $db was decided by that" "$allowmap" verdict remove 203.0.113.250 203.0.113.251 any --by ann --db "$db"
[ "$("$allowmap" verdict list --db "$db" --format csv | wc -l)" = 6 ] || fail "verdict list: $("$allowmap" verdict list --db "$db")"
expect 0 '; 1 flow in' "$allowmap" verdict set "$client" "$server" "$service" essential --db "$db"
for words in "remove $client $server" "set $client $server $service" "take $client $server $service" "list all" "remove $client $server $service local"; do
	# shellcheck disable=SC2086
	expect 2 'verdict list, verdict set CLIENT SERVER SERVICE VERDICT, or verdict remove CLIENT SERVER SERVICE' "$allowmap" verdict $words --db "$db"
done
expect 2 'format is for the list' "$allowmap" verdict remove "$client" "$server" "$service" --format csv --db "$db"
expect 2 'takes --format only' "$allowmap" verdict list --why reason --db "$db"
[ -e "$work/no-decisions.db" ] && fail "a list made decisions"

# ---- Policy and exports
expect 0 rules "$allowmap" recommend --db "$db" -o "$work/policy.json"
expect 0 rules "$allowmap" recommend --db "$db" --granularity exact -o "$work/exact.json"
# A rule is there until its time is over.
jq '.rules[0].expires = "2026-06-01T00:00:00Z"' "$work/policy.json" >"$work/expiring.json"
for now in 2026-05-31T00:00:00Z 2026-06-01T00:00:00Z; do
	"$allowmap" export --to csv --policy "$work/expiring.json" --now $now >"$work/at-$now.csv" 2>"$work/said-$now"
done
[ $(($(wc -l <"$work/at-2026-05-31T00:00:00Z.csv") - $(wc -l <"$work/at-2026-06-01T00:00:00Z.csv"))) = 1 ] ||
	fail "an expired rule is exported: $(cat "$work/said-2026-06-01T00:00:00Z")"
id=$(jq -r '.rules[0].id' "$work/policy.json")
grep -q "^$id dropped: expired on 2026-06-01T00:00:00Z$" "$work/said-2026-06-01T00:00:00Z" || fail "which rule expired, and when, is not said"
grep -q expired "$work/said-2026-05-31T00:00:00Z" && fail "a rule is said to have expired before its time"
# Enforced or not: where the time of all is over, no rule is written.
jq '.rules[].expires = "2020-01-01T00:00:00Z"' "$work/policy.json" >"$work/over.json"
n_rules=$(jq '.rules | length' "$work/over.json")
for options in "" "--enforce --unapproved"; do
	# shellcheck disable=SC2086
	expect 0 "^$n_rules rules, from $id on, dropped: expired on 2020-01-01T00:00:00Z$" "$allowmap" export --to nftables --policy "$work/over.json" --now 2026-01-01T00:00:00Z $options
	grep -q '^0 of 0 rules exact' "$work/seen" || fail "expired rules are exported with '$options'"
done

# What is named is written to, never replaced by something else.
mkfifo "$work/pipe"
cat "$work/pipe" >"$work/from-pipe" &
expect 0 rules "$allowmap" recommend --db "$db" -o "$work/pipe"
wait
[ -p "$work/pipe" ] || fail "recommend -o put a file in the place of a pipe"
grep -q allowmap-policy "$work/from-pipe" || fail "recommend -o wrote nothing to the pipe"
: >"$work/linked.json"
ln -s linked.json "$work/link.json"
expect 0 rules "$allowmap" recommend --db "$db" -o "$work/link.json"
[ -L "$work/link.json" ] && grep -q allowmap-policy "$work/linked.json" || fail "recommend -o did not follow the link"
ln -s nowhere/x.json "$work/broken.json"
expect 3 'not there' "$allowmap" recommend --db "$db" -o "$work/broken.json"
for form in text json; do
	for variant in '' --host; do
		expect 0 proved "$allowmap" export --to nftables --form $form $variant --policy "$work/policy.json" -o "$work/rules.$form"
		expect 2 unapproved "$allowmap" export --to nftables --form $form $variant --enforce --policy "$work/policy.json"
		expect 0 proved "$allowmap" export --to nftables --form $form $variant --enforce --unapproved --policy "$work/exact.json" -o "$work/enforced.$form"
	done
done
grep -q 'counter drop' "$work/rules.text" && fail "a log-only export drops"
grep -q 'counter drop' "$work/enforced.text" || fail "an enforced export drops nothing"
expect 0 proved "$allowmap" export --to csv --policy "$work/policy.json" -o "$work/rules.csv"
"$allowmap" export --to csv --policy - <"$work/policy.json" 2>/dev/null | cmp -s - "$work/rules.csv" || fail "the policy from standard input gives another export"
if command -v nft >/dev/null && unshare -rn true 2>/dev/null; then
	unshare -rn nft -c -f "$work/rules.text" || fail "nft does not take the text form"
	unshare -rn nft -c -j -f "$work/enforced.json" || fail "nft does not take the JSON form"
else
	echo "nft or namespaces are not to be had here: the rules were not loaded"
fi

# ---- Two networks with the same addresses: allow-lists for each, none for both
"$allowmap" analyze "$sample" -o "$work/two" >/dev/null 2>&1
"$allowmap" analyze - --network branch -o "$work/two" <"$sample" >"$work/seen" 2>&1 || fail "analyze of a second network: $(cat "$work/seen")"
for ending in -router.nft -router.nft.json -host.nft .csv; do
	for network in default branch; do
		[ -s "$work/two/allowlist-$network$ending" ] || fail "analyze wrote no allowlist-$network$ending"
		grep -q "<code>allowlist-$network$ending</code>" "$work/two/report.html" || fail "the report does not name allowlist-$network$ending"
	done
	[ ! -e "$work/two/allowlist$ending" ] || fail "allowlist$ending of the run before is still there"
done
grep -q "allowlist-branch-router.nft" "$work/seen" || fail "analyze does not say what it wrote: $(tail -n 3 "$work/seen")"
policy=$work/two/policy.json
expect 2 'several networks, branch and default,.*--network' "$allowmap" export --to nftables --policy "$policy"
expect 2 'several networks' "$allowmap" export --to csv --allow-widening --policy "$policy"
expect 2 '"office", only of branch and default' "$allowmap" export --to csv --network office --policy "$policy"
expect 0 'dropped: only in other networks' "$allowmap" export --to csv --network branch --policy "$policy" -o "$work/branch.csv"
expect 0 'proved equal to the policy in network branch' "$allowmap" export --to csv --network branch --db "$work/two/allowmap.db" -o "$work/branch.csv"
for network in default branch; do
	"$allowmap" export --to nftables --host --network $network --policy "$policy" -o "$work/host.nft" 2>"$work/seen" || fail "export of $network: $(cat "$work/seen")"
	same "$work/host.nft" "$work/two/allowlist-$network-host.nft"
	grep -o 'comment "r-.*"' "$work/host.nft" | sort -u >"$work/$network.ids"
	[ "$(wc -l <"$work/$network.ids")" -gt 10 ] || fail "hardly a rule for network $network"
done
[ "$(wc -l <"$work/default.ids")" = "$(wc -l <"$work/branch.ids")" ] || fail "the same traffic in two networks gives another number of rules"
[ -z "$(comm -12 "$work/default.ids" "$work/branch.ids")" ] || fail "a rule is in both networks"
expect 0 proved "$allowmap" export --to csv --network default --policy "$work/policy.json" -o "$work/named.csv"
same "$work/named.csv" "$work/rules.csv"

# ---- Standard input, and what goes wrong
zstd -dcq "$sample" 2>/dev/null | head -c 100000 >"$work/cut.pcapng"
if [ -s "$work/cut.pcapng" ]; then
	expect 0 'cut short' "$allowmap" ingest --db "$work/cut.db" "$work/cut.pcapng"
	expect 3 'cut short' "$allowmap" ingest --strict --db "$work/strict.db" "$work/cut.pcapng"
fi
"$allowmap" ingest --db "$work/stdin.db" - <"$sample" 2>/dev/null || fail "standard input"
"$allowmap" flows --db "$work/stdin.db" --format json >"$work/stdin.json"
same "$work/flows.json" "$work/stdin.json"
# Standard input is never refused, but what looks like the same once more is told.
expect 0 "standard input looks like the same capture as standard input of run 1, which is in $work/stdin.db already (same number of packets" \
	sh -c '"$0" ingest --db "$1" - <"$2"' "$allowmap" "$work/stdin.db" "$sample"
cp "$sample" "$work/sample.zst"
zstd -dcq "$sample" 2>/dev/null | gzip >"$work/again.pcapng.gz"
if [ "$(wc -c <"$work/again.pcapng.gz")" -gt 10000 ]; then
	expect 0 "looks like the same capture as $work/[a-z./]*, read with it (same number of packets" "$allowmap" ingest --db "$work/twice.db" "$work/again.pcapng.gz" "$work/sample.zst"
fi
"$allowmap" ingest --db "$work/pipe.db" <(cat "$sample") 2>/dev/null || fail "a named pipe"
"$allowmap" flows --db "$work/pipe.db" --format json >"$work/pipe.json"
same "$work/flows.json" "$work/pipe.json"
echo 'not a capture' >"$work/text"
: >"$work/empty"
mkdir "$work/folder"
expect 3 "$work/text" "$allowmap" ingest --db "$work/x.db" "$work/text"
expect 3 "$work/empty" "$allowmap" ingest --db "$work/x.db" "$work/empty"
expect 3 "$work/folder" "$allowmap" ingest --db "$work/x.db" "$work/folder"
expect 3 'no database' "$allowmap" flows --db "$work/none.db"
expect 3 "$work/text" "$allowmap" flows --db "$work/text"
expect 3 "$work/text" "$allowmap" ingest --db "$work/mixed.db" "$work/text" "$sample"
expect 0 essential "$allowmap" flows --db "$work/mixed.db"
expect 2 'no command' "$allowmap" flow
expect 2 'missing' "$allowmap" ingest
expect 0 Example "$allowmap" --help
for verb in analyze ingest capture assets listeners flows connections groups status explain verdict recommend export; do
	expect 0 'Example' "$allowmap" $verb --help
done

# ---- quickstart.sh, in a tree that is built already and where no package manager is found
mkdir -p "$work/top/contrib" "$work/top/build" "$work/top/tests/fixtures" "$work/bin" "$work/home"
cp "$srcdir/contrib/quickstart.sh" "$srcdir/contrib/packages.sh" "$work/top/contrib"
cp "$sample" "$work/top/tests/fixtures"
cp "$allowmap" "$work/top/build/allowmap"
printf 'allowmap:\n' >"$work/top/build/Makefile"
printf '#!/bin/sh\n' >"$work/top/configure"
chmod +x "$work/top/configure"
for tool in sh dirname make nproc mkdir tail grep wc; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
quickstart() { (cd "$work/home" && unset MAKEFLAGS MAKELEVEL && PATH=$work/bin "$work/top/contrib/quickstart.sh" "$@"); }
cp "$sample" "$work/own.pcapng.zst"
expect 0 'allowmap-out-sample' quickstart --help
expect 0 'allowmap-out-sample/report.html' quickstart
expect 0 'allowmap-out/report.html' quickstart "$work/own.pcapng.zst"
grep -q 'Adds to' "$work/seen" && fail "a capture is added to the sample: $(grep 'Adds to' "$work/seen")"
expect 0 '^Adds to what .*/allowmap-out holds (1 inputs)' quickstart "$work/own.pcapng.zst"

[ -c /dev/full ] && { "$allowmap" flows --db "$db" >/dev/full 2>"$work/seen"; [ $? = 3 ] || fail "a full disk goes unnoticed"; }
[ "$(stat -c %a "$db")" = 600 ] || fail "the facts can be read by others"

[ $failures = 0 ] && echo "all as expected"
exit $((failures > 0))
