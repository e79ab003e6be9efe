#!/usr/bin/env bash
# scale.sh DIR [HOSTS...] : time and memory of the map (assets, edges, verdicts, groups, coverage) for networks of so many hosts
# (default: 1000 10000 100000), of which each uses ten servers on each of five days: 47.5 tallies a host. They are read from a
# connection log that is made on the way; only `allowmap groups` is measured. Writes DIR/scale.tsv (hosts, tallies, seconds of CPU,
# wall seconds, MB resident) and, with gnuplot, DIR/scale.svg beside n log n; prints the table.
set -eu
dir=${1:?usage: scale.sh DIR [HOSTS...]}
shift
[ $# -gt 0 ] || set -- 1000 10000 100000
allowmap=$(readlink -f "${ALLOWMAP:-./allowmap}")
[ -x "$allowmap" ] || { echo "scale.sh: no program $allowmap; build it, or set ALLOWMAP" >&2; exit 3; }
[ -x /usr/bin/time ] || { echo "scale.sh: needs the package time" >&2; exit 3; }
mkdir -p "$dir"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Roles of some hundred hosts, which use the same ten servers; one in twenty hosts is a server.
cat >"$work/log.py" <<'PYTHON'
import random, sys
hosts, days = int(sys.argv[1]), 5
ports = [443, 5432, 389, 53, 8080, 3306, 6379, 5672, 9200, 8443, 25, 143, 88, 445, 1433, 27017, 9092, 2181, 11211, 50051]
servers = [(n, ports[n % len(ports)]) for n in range(hosts // 20)]
roles = max(20, hosts // 500)
uses = [random.Random(role).sample(servers, 10) for role in range(roles)]
address = lambda n: f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
out = sys.stdout
out.write("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
          "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\t"
          "conn_state\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\n"
          "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\t"
          "string\tcount\tstring\tcount\tcount\tcount\tcount\n")
for day in range(days):
    for host in range(len(servers), hosts):
        for n, (server, port) in enumerate(uses[host % roles]):
            at = 1772409600 + day * 86400 + 8 * 3600 + (host * 10 + n) % 36000
            out.write(f"{at}.000000\tC{day:x}{host:x}{n:x}\t{address(host)}\t{40000 + n}\t{address(server)}\t{port}\ttcp\t-\t"
                      "1.0\t500\t5000\tSF\t0\tShADadFf\t9\t900\t9\t5400\n")
PYTHON

printf 'hosts\ttallies\tcpu_s\twall_s\tmb\n' >"$dir/scale.tsv"
for hosts in "$@"; do
	rm -f "$work"/map.db*
	python3 "$work/log.py" "$hosts" | "$allowmap" ingest --now 0 --db "$work/map.db" - 2>"$work/said" ||
		{ cat "$work/said" >&2; exit 3; }
	/usr/bin/time -f '%U %S %e %M' -o "$work/time" "$allowmap" groups --db "$work/map.db" --format csv >"$work/groups.csv"
	awk -v hosts="$hosts" -v OFS='\t' '{print hosts, (hosts - int(hosts / 20)) * 50, $1 + $2, $3, int($4 / 1024)}' \
		"$work/time" >>"$dir/scale.tsv"
done
cat "$dir/scale.tsv"
if command -v gnuplot >/dev/null; then
	gnuplot <<-GNUPLOT
		set terminal svg size 800,400 background "#ffffff"
		set output "$dir/scale.svg"
		set logscale xy
		set xlabel "hosts"
		set key top left
		set grid
		stats "$dir/scale.tsv" using 1:3 every ::1 nooutput
		n = STATS_max_x
		f(x) = STATS_max_y * x * log(x) / (n * log(n))
		plot "$dir/scale.tsv" using 1:3 every ::1 with linespoints title "CPU seconds", \
			"$dir/scale.tsv" using 1:5 every ::1 with linespoints title "MB resident", \
			f(x) with lines dashtype 2 title "n log n, through the last"
	GNUPLOT
fi
