#!/usr/bin/env python3
"""zeek.py ALLOWMAP FOLDER MIN-FOUND [--list] : compares who talks to whom with what Zeek says, capture by capture.

Judged are the two-way services (packets from both sides) in the files CAPTURE.zeek-services.tsv and, where there is none, the
two-way connections of CAPTURE.zeek-conn.*: is there a flow with the same client, server, protocol and server port? ICMP has no
ports, and what Zeek calls "unknown_transport" is matched by its hosts. Prints the share that is found, and each row that is not
with what there is instead; --list: all rows. Fails when less than the limit is found."""
import collections
import os
import sys

from scoring import for_each, listings

EXPECTED = (".zeek-services.tsv", ".zeek-conn.log", ".zeek-conn.log.cut", ".zeek-conn.cut")
PORTED = ("tcp", "udp")


def read_rows(path):
    """Each line as field → text. Zeek's own logs name their fields after "#fields", cut ones in the first line."""
    fields = None
    for line in open(path, encoding="utf-8", errors="replace"):
        line = line.rstrip("\n")
        if line.startswith("#fields\t"):
            fields = line.split("\t")[1:]
        elif line.startswith("#") or not line:
            continue
        elif fields is None:
            fields = line.split("\t")
        else:
            yield dict(zip(fields, line.split("\t")))


def service_rows(path):
    for row in read_rows(path):
        if int(row["client_pkts"]) > 0 and int(row["server_pkts"]) > 0:
            yield row["client"], row["server"], row["proto"], int(row["server_port"])


def connection_rows(path):
    for row in read_rows(path):
        history = row.get("history", "").replace("C", "").replace("c", "")
        both = any(x.isupper() for x in history) and any(x.islower() for x in history)
        if both and all(x in row for x in ("id.orig_h", "id.resp_h", "id.resp_p", "proto")):
            yield row["id.orig_h"], row["id.resp_h"], row["proto"], int(row["id.resp_p"])


def find_captures(folder):
    """(capture, expected file), the first of EXPECTED that there is."""
    found = []
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            expected = [path + suffix for suffix in EXPECTED if name + suffix in names]
            if expected:
                found.append((path, expected[0]))
    return sorted(found)


def key_of(client, server, proto, port):
    if proto == "icmp" or proto == "icmpv6":
        return client, server, "icmp", 0
    if proto not in PORTED:
        return client, server, "other", 0
    return client, server, proto, port


def compare(allowmap, capture, expected):
    """(row, what there is instead of it: "" when it is found) of every row."""
    read = service_rows if expected.endswith(".tsv") else connection_rows
    rows = sorted({key_of(*row) for row in read(expected)})
    if not rows:
        return []
    lists = listings(allowmap, capture, "flows")
    if lists is None:
        return [(row, "the capture is refused") for row in rows]
    ours = collections.defaultdict(dict)
    for flow in lists[0]:
        key = key_of(flow["client"], flow["server"], flow["proto"], flow.get("port") or 0)
        ours[key[:2]][key[2:]] = flow
    results = []
    for row in rows:
        same, turned = ours.get(row[:2], {}), ours.get((row[1], row[0]), {})
        if row[2:] in same:
            results.append((row, ""))
            continue
        there = [f"{proto}/{port}" for proto, port in sorted(same) if proto == row[2]]
        back = [f"{x[0]}/{x[1]} by {turned[x]['direction']}" for x in sorted(turned) if x[0] == row[2]]
        if there:
            results.append((row, "other ports: " + ", ".join(there)))
        elif back:
            results.append((row, "turned round: " + ", ".join(back)))
        else:
            results.append((row, "no such flow"))
    return results


def main():
    arguments = [x for x in sys.argv[1:] if not x.startswith("--")]
    allowmap, folder, limit = arguments[0], arguments[1], float(arguments[2])
    work = find_captures(folder)
    total = found = 0
    for (capture, _), results in zip(work, for_each(lambda x: compare(allowmap, *x), work)):
        for row, instead in results:
            total += 1
            found += not instead
            if instead or "--list" in sys.argv:
                print(os.path.relpath(capture, folder), *row, instead or "found", sep="\t")
    share = found / max(total, 1)
    print(f"zeek: {found} of {total} two-way rows found: {share:.4f}")
    return share < limit or total == 0


if __name__ == "__main__":
    sys.exit(main())
