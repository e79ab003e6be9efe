#!/usr/bin/env bash
# captures.sh ALLOWMAP FOLDER : runs `analyze` on every capture under FOLDER, one by one.
#
# Fails when one of them crashes, is stopped by a sanitizer, hangs, exits with a status that is not promised, says nothing
# on failure, or leaves a ledger that does not balance. Expected-result files beside the captures are not captures and are
# passed over by their suffix. Ends with a count of each outcome, by folder.
set -u
allowmap=$1
folder=${2%/}
supp=$(cd "$(dirname "$0")/.." && pwd)/lsan.supp
export LSAN_OPTIONS="${LSAN_OPTIONS:-suppressions=$supp:print_suppressions=0}"
declare -A files good left
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 refused=0
while IFS= read -r file; do
	part=${file#"$folder"/}
	part=${part%%/*}
	files[$part]=$((${files[$part]:-0} + 1))
	rm -rf "$work/out"
	timeout 300 "$allowmap" analyze --now 0 -o "$work/out" "$file" >"$work/stdout" 2>"$work/stderr"
	status=$?
	problem=
	case $status in
	0 | 3) ;;
	*) problem="exit status $status" ;;
	esac
	if grep -qE 'Sanitizer|runtime error:|CRITICAL' "$work/stderr"; then problem="sanitizer or critical message"; fi
	if [ "$status" = 3 ] && ! [ -s "$work/stderr" ]; then problem="failed without a word"; fi
	if [ -z "$problem" ] && [ -s "$work/out/report.html" ]; then
		"$allowmap" status --db "$work/out/allowmap.db" --format json >"$work/status.json" 2>>"$work/stderr" ||
			problem="status fails"
		balanced=$(jq '.packets | .read == .recorded + ([.skipped[]] | add // 0)' "$work/status.json")
		[ "$balanced" = true ] || problem=${problem:-"ledger does not balance"}
		"$allowmap" flows --db "$work/out/allowmap.db" --format json 2>>"$work/stderr" | jq -e 'type == "array"' >/dev/null ||
			problem=${problem:-"flows is no JSON array"}
		[ -n "$problem" ] || good[$part]=$((${good[$part]:-0} + 1))
	elif [ -z "$problem" ]; then
		refused=$((refused + 1))
		if [ "$status" = 3 ]; then
			left[$part]=$((${left[$part]:-0} + 1))
			echo "refused: $(tail -n 1 "$work/stderr")"
		else
			problem="no report, yet exit status $status"
		fi
	fi
	if [ -n "$problem" ]; then
		failed=$((failed + 1))
		echo "FAILED $file: $problem"
		tail -5 "$work/stderr"
	else
		passed=$((passed + 1))
	fi
done < <(find "$folder" -type f ! -name '*.tsv' ! -name '*.out' ! -name '*.txt' ! -name '*.csv' ! -name '*.cut' ! -name '*.log' ! -name '*.md' ! -name '*.json' ! -name '*.yaml' | LC_ALL=C sort)
printf '%-16s %6s %6s %8s %7s\n' folder files read refused failed
for part in $(printf '%s\n' "${!files[@]}" | LC_ALL=C sort); do
	n=${files[$part]} ok=${good[$part]:-0} no=${left[$part]:-0}
	printf '%-16s %6d %6d %8d %7d\n' "$part" "$n" "$ok" "$no" $((n - ok - no))
done
echo "captures: $passed as they should be ($refused of them refused with a reason), $failed not"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
