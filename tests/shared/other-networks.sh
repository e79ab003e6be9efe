#!/usr/bin/env bash
# other-networks.sh ALLOWMAP LABGEN-FOLDER TOPOLOGY-FILE SEED... : networks with other habits than the generator's own. For each seed
# generates a labelled capture, learns from it, and judges the verdicts by the generator's scorer: hardly anything that is needed may be
# lost, nothing that is hostile may be admitted, and not much may be left to people.
set -eu
allowmap=$1 labgen=$2 topology=$(realpath "$3")
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$labgen" "$work/labgen"
chmod -R u+w "$work/labgen"
make -s -C "$work/labgen"
name=$(basename "$topology" .json)
status=0
for seed in "$@"; do
	rm -f "$work"/db*
	(cd "$work/labgen" && ./labgen --topology "$topology" --seed "$seed" --out "$work/c.pcap" --truth "$work/truth.json" 2>"$work/stderr") ||
		{ cat "$work/stderr"; exit 1; }
	"$allowmap" ingest --now 0 --db "$work/db" "$work/c.pcap" 2>"$work/stderr" || { cat "$work/stderr"; exit 1; }
	"$allowmap" flows --db "$work/db" --format json >"$work/flows.json"
	python3 "$labgen/score_flows.py" "$work/truth.json" "$work/flows.json" --json >"$work/score.json"
	echo "== $name, seed $seed"
	jq -c '{recall_connections, recall_tuples, recall_tuples_with_undecided, rare_admitted_or_undecided, undecided_share, noise_admitted,
		noise_admitted_by_kind, hostile_called_suspicious}' "$work/score.json"
	jq -r '[if .recall_connections < 0.995 then "recall by connections" else empty end,
		if .recall_tuples < 0.95 then "recall by tuples" else empty end,
		if .recall_tuples_with_undecided < 0.995 then "recall by tuples, undecided ones included" else empty end,
		if .rare_admitted_or_undecided < 1 then "rare jobs" else empty end,
		if .undecided_share > 0.05 then "undecided" else empty end,
		if .noise_admitted > 0.005 then "noise" else empty end,
		if .hostile_called_suspicious < 0.95 then "hostile" else empty end,
		(.noise_admitted_by_kind | keys[] | select(test("scan|sweep|lateral|beacon|ibr|backscatter")) | "admitted: " + .)] | .[]' \
		"$work/score.json" >"$work/missed"
	[ -s "$work/missed" ] || continue
	sed "s/^/$name, seed $seed, misses its limit: /" "$work/missed"
	status=1
done
exit $status
