#!/usr/bin/env bash
# coverage.sh ALLOWMAP CONN-LOG|LABGEN-FOLDER : what `status --coverage` predicts of a last day, against what came: on a real
# network's connection log, where it has to hold; and on generated captures of five days and more, where it has to hold or to be
# called non-stationary, which the first Saturday of an office that is closed on weekends has to be.
set -eu
allowmap=$1 from=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
# judge NAME JQ-CONDITION: of $work/NAME.db; prints a line for each scope.
judge() {
	"$allowmap" status --coverage --format json --db "$work/$1.db" >"$work/$1.json"
	jq -r --arg name "$1" '.days as $days | (.hosts, .groups) | [$name, $days, .edges, .predicted, .actual, .state] | @tsv' "$work/$1.json"
	jq -e "def holds: (.predicted - .actual | fabs) <= 0.02; $2" "$work/$1.json" >/dev/null || { echo "FAILED: $1: $2"; status=1; }
}
if [ -f "$from" ]; then
	"$allowmap" ingest --now 0 --db "$work/log.db" "$from"
	judge log '[.hosts, .groups] | all(holds and .state == "steady")'
	exit $status
fi

cp -r "$from" "$work/labgen"
chmod -R u+w "$work/labgen"
make -s -C "$work/labgen"
cd "$work/labgen"
# generated NAME TOPOLOGY JQ-EDIT CONDITION
generated() {
	jq "$3" "topologies/$2.json" >"$work/$1.topology"
	./labgen --topology "$work/$1.topology" --out - --truth "$work/truth.json" | "$allowmap" ingest --now 0 --db "$work/$1.db" -
	judge "$1" "$4"
}
closed='.flows |= map(if .label | test("file shares|logon|directory|erp$|mail|print|saas|admin") then .weekdays = ["mon", "tue", "wed", "thu", "fri"] else . end)
	| .flows += [{label: "weekly", from: ["mail", "ad", "erp-web"], to: "fileserver", template: "rsync", at: "03:20", weekdays: ["sat"]}]
	| del(.groups[].churn)'
either='[.hosts, .groups] | all(holds or .state == "non-stationary")'
generated three-tier-dc three-tier-dc . "$either"
generated small-office small-office '.duration_d = 7' "$either"
generated campus campus '.duration_d = 5' "$either"
generated first-saturday small-office "$closed | .duration_d = 5" '[.hosts, .groups] | all(.state == "non-stationary")'
generated two-weeks small-office "$closed | .duration_d = 14" '[.hosts, .groups] | all(holds and .state == "steady")'
exit $status
