#!/usr/bin/env bash
# run.sh ALLOWMAP DIR : the checks against a folder of captures with expected results (DIR/captures), a generator of labelled
# captures (DIR/labgen) and a network with known roles (DIR/roles). Each part that DIR lacks is skipped with a word, and so is the
# comparison with ndpiReader where that is not installed.
set -u
allowmap=$1
dir=$2
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0 skipped=0
part() {
	local name=$1 needs=$2
	shift 2
	if ! [ -e "$needs" ]; then
		echo "skipped: $name ($needs is missing)"
		skipped=$((skipped + 1))
	elif "$@"; then
		passed=$((passed + 1))
	else
		echo "FAILED: $name"
		failed=$((failed + 1))
	fi
}
part captures "$dir/captures" "$here/captures.sh" "$allowmap" "$dir/captures"
export PYTHONDONTWRITEBYTECODE=1
reads=$dir/captures
command -v ndpiReader >/dev/null || reads=ndpiReader
part ndpi "$reads" "$here/ndpi.py" "$allowmap" "$dir/captures" 0.98
part zeek "$dir/captures" "$here/zeek.py" "$allowmap" "$dir/captures" 0.98
part labels "$dir/captures/LABELS.tsv" "$here/labels.py" "$allowmap" "$dir/captures" 0.98
part encapsulation "$dir/labgen" "$here/encapsulation.sh" "$allowmap" "$dir/labgen"
part coverage "$dir/roles" "$here/coverage.sh" "$allowmap" "$dir/roles/g21.conn.log.gz"
part coverage-generated "$dir/labgen" "$here/coverage.sh" "$allowmap" "$dir/labgen"
for topology in small-office three-tier-dc; do
	part "$topology" "$dir/labgen" "$here/labelled.sh" "$allowmap" "$dir/labgen" $topology 0.98 0.02 0.10
done
for topology in shipping software; do
	part "$topology" "$dir/labgen" "$here/other-networks.sh" "$allowmap" "$dir/labgen" "$here/topologies/$topology.json" 1 2
done
part groups "$dir/roles" "$here/groups.sh" "$allowmap" "$dir/roles" 0.80 0.95 3
echo "check-shared: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
