#!/bin/bash
# service.sh: the systemd unit, as systemd itself reads and judges it, with the program that was built. Skipped (77) without it.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
allowmap=$(readlink -f "${ALLOWMAP:-./allowmap}")
command -v systemd-analyze >/dev/null || { echo "no systemd-analyze: skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
sed "s|/usr/local/bin/allowmap|$allowmap|" "$srcdir/contrib/allowmap.service" >"$work/allowmap.service"
grep -q "ExecStart=$allowmap" "$work/allowmap.service" || { echo "FAILED: no ExecStart"; exit 1; }
systemd-analyze verify --man=no "$work/allowmap.service" >"$work/seen" 2>&1 || { echo "FAILED: verify: $(cat "$work/seen")"; exit 1; }
[ -s "$work/seen" ] && grep allowmap "$work/seen" && { echo "FAILED: verify has something to say"; exit 1; }
# Exposure 0 (none) to 100; 20 is what systemd calls OK. Older versions cannot judge a file.
if systemd-analyze security --help | grep -q -e --offline; then
	systemd-analyze security --offline=true --threshold=20 --no-pager "$work/allowmap.service" >"$work/seen" 2>&1 || {
		echo "FAILED: too much is exposed: $(tail -n 1 "$work/seen")"
		exit 1
	}
	tail -n 1 "$work/seen"
fi
# Every option in it is one of the program.
for option in $(grep '^ExecStart' "$work/allowmap.service" | grep -o -e '--[a-z-]*'); do
	"$allowmap" capture --help | grep -q -e "$option" || { echo "FAILED: the program has no $option"; exit 1; }
done
echo "all as expected"
