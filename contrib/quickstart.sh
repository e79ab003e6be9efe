#!/bin/sh
# quickstart.sh [CAPTURE...]: from a fresh clone or tarball to a map, allow-lists and a report in ./allowmap-out.
# Installs what is missing to build (Debian packages), builds in build/, analyses the captures, or else the bundled sample, whose
# results go to ./allowmap-out-sample: hosts that are not yours must not get into your allow-lists.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=contrib/packages.sh
. "$top/contrib/packages.sh"
if [ "${1-}" = --help ]; then
	echo "Usage: quickstart.sh [CAPTURE...]"
	echo "Builds allowmap and analyses your captures into ./allowmap-out, which is added to when it is there,"
	echo "or else the bundled sample into ./allowmap-out-sample."
	exit 0
fi
for capture in "$@"; do
	[ -r "$capture" ] || { echo "quickstart.sh: cannot read $capture" >&2; exit 3; }
done
out=$PWD/allowmap-out
[ $# -gt 0 ] || { out=$out-sample; set -- "$top/tests/fixtures/sample.pcapng.zst"; }

build=$top/build
log=$build/quickstart.log
mkdir -p "$build"
if ! command -v dpkg-query >/dev/null; then
	echo "Not a Debian system: taking for granted that what README.md lists is installed" >&2
elif [ -x "$top/configure" ]; then
	# shellcheck disable=SC2086
	need_packages $packages_build
else
	# shellcheck disable=SC2086
	need_packages $packages_build $packages_clone
fi
echo "Building in $build (log: $log) ..." >&2
if ! (
	{ [ -x "$top/configure" ] || "$top/autogen.sh"; } && cd "$build" &&
		{ [ -f Makefile ] || "$top/configure"; } && make -j"$(nproc)" allowmap
) >"$log" 2>&1 </dev/null; then
	tail -n 30 "$log" >&2
	echo "quickstart.sh: the build failed; the whole log is $log" >&2
	exit 3
fi

if [ -e "$out/allowmap.db" ]; then
	inputs=$("$build/allowmap" status --db "$out/allowmap.db" --format json | grep -o '"path":' | wc -l)
	echo "Adds to what $out holds ($inputs inputs); for a fresh start, move it away" >&2
fi
"$build/allowmap" analyze "$@" -o "$out"
echo
echo "Program:     $build/allowmap   (make -C $build install puts it in place)"
echo "Report:      $out/report.html"
for list in "$out"/*.nft "$out"/*.csv; do
	echo "Allow-list:  $list"
done
echo "Next:        $build/allowmap flows --db $out/allowmap.db --verdict undecided"
