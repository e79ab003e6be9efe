#!/usr/bin/env bash
# labelled.sh ALLOWMAP LABGEN-FOLDER TOPOLOGY MIN-RECALL MAX-NOISE MAX-UNDECIDED : generates a labelled capture, learns from
# it, and judges verdicts and policy with the generator's scorers. Fails when essential recall by connections, the share of
# noise admitted, or the share of undecided tuples misses its limit.
set -eu
allowmap=$1 labgen=$2 topology=$3 min_recall=$4 max_noise=$5 max_undecided=$6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$labgen" "$work/labgen"
chmod -R u+w "$work/labgen"
make -s -C "$work/labgen"
(cd "$work/labgen" && ./labgen --topology "topologies/$topology.json" --out "$work/c.pcap" --truth "$work/truth.json")
"$allowmap" ingest --now 0 --db "$work/db" "$work/c.pcap"
"$allowmap" flows --db "$work/db" --format json >"$work/flows.json"
"$allowmap" recommend --now 0 --db "$work/db" -o "$work/policy.json"
echo "== $topology: verdicts"
python3 "$labgen/score_flows.py" "$work/truth.json" "$work/flows.json" --json >"$work/score.json"
jq '{essential_tuples, recall_tuples, recall_tuples_with_undecided, recall_connections, recall_connections_with_undecided,
	rare_admitted_or_undecided, noise_tuples, noise_admitted, noise_admitted_by_kind, hostile_called_suspicious,
	undecided_share, turned_round}' "$work/score.json"
echo "== $topology: policy"
python3 "$labgen/score.py" "$work/truth.json" "$work/policy.json"
jq -e --argjson recall "$min_recall" --argjson noise "$max_noise" --argjson undecided "$max_undecided" \
	'.recall_connections >= $recall and .noise_admitted <= $noise and .undecided_share <= $undecided' \
	"$work/score.json" >/dev/null || { echo "$topology: misses its limits"; exit 1; }
