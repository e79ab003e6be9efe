#!/usr/bin/env python3
"""labels.py ALLOWMAP FOLDER MIN-KEPT : compares verdicts with FOLDER/LABELS.tsv, which says of some captures what is needed.

Of what is labelled essential, how much is essential, local or at least a question, the right way round? And where a capture is nothing
but noise: is anything called essential that is not named there, and is anybody a client that never sent a packet (of TCP: the
victim of a reflected flood)? Prints what is missed. Fails below the limit, and on any noise that is called essential."""
import collections
import csv
import os
import re
import sys

from scoring import for_each, listings

HOSTS = re.compile(r"^\s*([0-9.]*)>([0-9.]*):\s*(.*)")
SERVICE = re.compile(r"(tcp\+udp|tcp|udp)/(\d+)")


def services_of(text):
    """"A>B:tcp/1 x2; >C:udp/2 and tcp/3" → (A, B, tcp, 1), ...: a host that is left out is that of the entry before."""
    found = set()
    client = server = None
    for entry in text.split(";"):
        match = HOSTS.match(entry)
        if match is None:
            continue
        client, server = match.group(1) or client, match.group(2) or server
        for protos, port in SERVICE.findall(match.group(3)):
            found |= {(client, server, proto, int(port)) for proto in protos.split("+")}
    return found


def compare(allowmap, capture, is_noise, wanted):
    """Of one capture: what is labelled essential and lost; and what is wrong in noise, as text."""
    lists = listings(allowmap, capture, "flows", "connections")
    if lists is None:
        return wanted, ["the capture is refused"]
    verdicts = {(f["client"], f["server"], f["proto"], f.get("port")): f["verdict"] for f in lists[0]}
    lost = {x for x in wanted if verdicts.get(x) not in ("essential", "undecided", "local")}
    if not is_noise:
        return lost, []
    wrong = [f"essential: {x}" for x, verdict in verdicts.items() if verdict == "essential" and x not in wanted]
    clients = collections.Counter()
    for c in lists[1]:
        if c["proto"] == "tcp" and c["client_packets"] == 0 and c["verdict"] not in ("background", "suspicious"):
            clients[c["client"]] += 1
    return lost, wrong + [f"invented client of {n} connections: {client}" for client, n in clients.items()]


def main():
    allowmap, folder, limit = sys.argv[1], sys.argv[2], float(sys.argv[3])
    work = []
    with open(os.path.join(folder, "LABELS.tsv"), encoding="utf-8") as table:
        for row in csv.reader(list(table)[1:], delimiter="\t", quoting=csv.QUOTE_NONE):
            work.append((os.path.join(folder, row[0]), row[1].startswith("noise"), services_of(row[4])))
    n_wanted = n_lost = n_wrong = 0
    for (capture, _, wanted), (lost, wrong) in zip(work, for_each(lambda x: compare(allowmap, *x), work)):
        n_wanted += len(wanted)
        n_lost += len(lost)
        n_wrong += len(wrong)
        for line in sorted(f"lost: {x}" for x in lost) + wrong:
            print(os.path.relpath(capture, folder), line, sep="\t")
    kept = (n_wanted - n_lost) / max(n_wanted, 1)
    print(f"labels: {n_wanted - n_lost} of {n_wanted} essential services kept: {kept:.4f}; {n_wrong} faults in noise")
    return kept < limit or n_wrong > 0 or n_wanted == 0


if __name__ == "__main__":
    sys.exit(main())
