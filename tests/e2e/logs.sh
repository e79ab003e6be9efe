#!/bin/bash
# logs.sh: connection logs of each kind through the program: recognised by what they hold, plain, compressed and from standard
# input alike; who is the client; each line that is not used is told by its reason; one cut short keeps what came before; the time
# of a list that tells none.
set -u
command -v gzip >/dev/null || { echo "no gzip: skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
allowmap=$(realpath "${ALLOWMAP:-./allowmap}")
export TZ=UTC LC_ALL=C
unset SOURCE_DATE_EPOCH
cd "$work" || exit 99
failures=0
fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}
ingest() { "$allowmap" ingest --now 2026-11-01T00:00:00Z "$@" 2>stderr; }

event='{"timestamp":"2026-03-02T00:20:00.000001+0000","flow_id":1,"event_type":'
cat >eve <<LOG
$event"flow","src_ip":"10.0.0.1","src_port":40000,"dest_ip":"10.0.0.2","dest_port":443,"proto":"TCP","app_proto":"tls","flow":{"pkts_toserver":7,"pkts_toclient":6,"bytes_toserver":1060,"bytes_toclient":2500,"start":"2026-03-02T00:10:00.1+0000","end":"2026-03-02T00:10:02.5+0000"},"tcp":{"tcp_flags_ts":"1b","tcp_flags_tc":"1b"}}
$event"alert","src_ip":"10.0.0.1"}
$event"flow","src_ip":"10.0.0.1"}
LOG
cat >conntrack <<LOG
tcp      6 119 TIME_WAIT src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=443 packets=7 bytes=900 src=10.0.0.2 dst=10.0.0.1 sport=443 dport=40000 packets=6 bytes=2400 [ASSURED] mark=0 use=1
nonsense
LOG
cat >vpc <<LOG
version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action tcp-flags log-status
5 eni-1 10.0.0.2 10.0.0.1 443 40000 6 6 2400 1772409600 1772409660 ACCEPT 19 OK
5 eni-1 10.0.0.1 10.0.0.2 40000 443 6 7 900 1772409600 1772409660 ACCEPT 3 OK
5 eni-1 - - - - - - - 1772409600 1772409660 - - SKIPDATA
LOG
packet() { # FLAGS SRC SPORT DST DPORT
	echo '{"flow":{"time":"2026-03-02T00:00:01Z","verdict":"FORWARDED","IP":{"source":"'"$2"'","destination":"'"$4"'"},"l4":{"TCP":{"source_port":'"$3"',"destination_port":'"$5"',"flags":{'"$1"'}}},"Type":"L3_L4","node_name":"n"}}'
}
{
	packet '"SYN":true' 10.0.0.1 40000 10.0.0.2 443
	packet '"SYN":true,"ACK":true' 10.0.0.2 443 10.0.0.1 40000
	packet '"PSH":true,"ACK":true' 10.0.0.1 40000 10.0.0.2 443
	packet '"PSH":true,"ACK":true' 10.0.0.2 443 10.0.0.1 40000
	echo '{"lost_events":{"num_events_lost":"3"}}'
} >hubble
cat >nfdump <<LOG
ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt
2026-03-02 00:00:01,2026-03-02 00:00:09,8.0,10.0.0.2,10.0.0.1,443,40000,TCP,...AP.SF,0,0,6,2400,0,0
2026-03-02 00:00:00,2026-03-02 00:00:09,9.0,10.0.0.1,10.0.0.2,40000,443,TCP,...AP.SF,0,0,7,900,0,0
2026-03-02 00:00:00,2026-03-02 00:00:09,9.0,10.0.0.1,10.0.0.2,40000,443,TCP,?,0,0,7,900,0,0
LOG

# kind FILE NAME REASON DIRECTION: one flow from .1 to .2, one line (or more) that is not used, for this reason.
kind() {
	local file=$1 name=$2 reason=$3 direction=$4 got
	touch -d 2026-03-02T00:00:00Z "$file"
	gzip -nk "$file"
	touch -d 2026-03-02T00:00:00Z "$file.gz"
	for form in "$file" "$file.gz"; do
		ingest --db "$form.db" "$form" || fail "$form: exit status $?: $(cat stderr)"
		"$allowmap" connections --db "$form.db" --format csv >"$form.csv"
	done
	[ "$(wc -l <"$file.csv")" = 2 ] || fail "$file: not one connection: $(cat "$file.csv")"
	cmp -s "$file.csv" "$file.gz.csv" || fail "$file: compressed, it tells something else"
	"$allowmap" status --db "$file.db" >status
	grep -q "^  $file  $name, " status || fail "$file: not told as $name: $(tail -n 1 status)"
	grep -Eq "^  $reason +1 " status || fail "$file: no $reason in: $(grep log- status)"
	"$allowmap" flows --db "$file.db" --format csv >flows
	got=$(tail -n +2 flows)
	[ "$(wc -l <flows)" = 2 ] && grep -q "10.0.0.1,10.0.0.2,.*443.*$direction" <<<"$got" || fail "$file: $got"
}
kind eve suricata-eve log-other-event handshake
kind conntrack conntrack log-line-malformed protocol
kind vpc vpc-flow-log log-lost handshake
kind hubble hubble log-lost handshake
kind nfdump nfdump log-state handshake

# Cut short, what came before stays, and it is said.
for n in $(seq 3000); do
	echo "udp 17 9 src=10.$((n % 250)).$((n / 250)).1 dst=10.0.0.2 sport=$((RANDOM + 1024)) dport=53 src=10.0.0.2 dst=10.0.0.1 sport=53 dport=1 use=1"
done | gzip -n >long.gz
head -c $(($(wc -c <long.gz) / 2)) long.gz >cut.gz
ingest --db cut.db cut.gz || fail "cut short: exit status $?"
grep -q 'cut.gz: ends in the middle of a record (cut short); the [0-9]* lines before it were kept' stderr ||
	fail "cut short: $(cat stderr)"
[ "$("$allowmap" connections --db cut.db --format csv | wc -l)" -gt 500 ] || fail "cut short: too few connections"

# Nothing to use is a fault, and the reason is told.
echo "$event\"alert\"}" >alerts
ingest --db alerts.db alerts
[ $? = 3 ] || fail "nothing but alerts: not exit status 3"
grep -q 'alerts: none of its 1 lines could be used; of most of them: log-other-event' stderr || fail "alerts: $(cat stderr)"

# The time of a list: the file's, or --now where that is earlier, or now.
first() { "$allowmap" connections --db "$1" --format csv | tail -n 1 | grep -o '2026-[0-9T:-]*' | head -n 1; }
[ "$(first conntrack.db)" = 2026-03-02T00:00:00 ] || fail "the file's time: $(first conntrack.db)"
"$allowmap" ingest --now 2026-02-01T00:00:00Z --db early.db conntrack 2>stderr
[ "$(first early.db)" = 2026-02-01T00:00:00 ] || fail "an earlier --now: $(first early.db)"
ingest --db stdin.db - <conntrack || fail "standard input: $(cat stderr)"
"$allowmap" connections --db stdin.db --format csv | grep -q 2026- || fail "standard input: no connection"

[ "$failures" = 0 ] && echo "logs: all as it should be"
exit $((failures > 0))
