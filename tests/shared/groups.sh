#!/usr/bin/env bash
# groups.sh ALLOWMAP ROLES-FOLDER MIN-RAND MIN-PRECISION N : groups a real network whose roles are known. Fails when the adjusted
# Rand index or the pair precision misses its limit, when N other orders of the log lines give other groups, or when more than one
# id in fifty is another after one host in twenty got another address.
set -eu
allowmap=$1 roles=$2 min_rand=$3 min_precision=$4 n=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
zcat "$roles/g21.conn.log.gz" >"$work/log"
grep '^#' "$work/log" | grep -v '^#close' >"$work/head"
grep -v '^#' "$work/log" >"$work/lines"

# group NAME: reads a log, leaves NAME.json.
group()
{
	rm -f "$work"/db*
	cat >"$work/input.log"
	"$allowmap" ingest --now 0 --db "$work/db" "$work/input.log" 2>"$work/stderr"
	"$allowmap" groups --db "$work/db" --format json >"$work/$1.json"
}

group plain <"$work/log"
"$roles/score_roles.py" "$roles/g21.roles.tsv" "$work/plain.json" | tee "$work/score"
awk -v least="$min_rand" -v precision="$min_precision" '/^pair precision/ { p = $3 } /^adjusted Rand/ { r = $4 }
	END { exit !(r >= least && p >= precision) }' "$work/score" || { echo "groups: misses its limits"; exit 1; }
for seed in $(seq "$n"); do
	{ cat "$work/head"; shuf --random-source=<(yes "$seed") "$work/lines"; } | group shuffled
	cmp "$work/plain.json" "$work/shuffled.json" || { echo "groups: another order gives other groups"; exit 1; }
done
# Every twentieth of the hosts, in the order of their addresses.
awk -F'\t' -v OFS='\t' 'NR == FNR { if (++n % 20 == 0) moved[$1] = "10.21.200." n / 20; next }
	/^#/ { print; next } $3 in moved { $3 = moved[$3] } $5 in moved { $5 = moved[$5] } { print }' \
	<(cut -f3,5 "$work/lines" | tr '\t' '\n' | sort -u) "$work/log" | group moved
jq -rn --slurpfile was "$work/plain.json" --slurpfile is "$work/moved.json" \
	'([$was[0][].id] - [$is[0][].id] | length) as $gone | ($was[0] | length) as $all |
	"\($gone) of \($all) ids are others when one host in twenty is" | ., if $gone * 50 > $all then halt_error else empty end'
