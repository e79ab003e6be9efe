#!/usr/bin/env python3
"""ndpi.py ALLOWMAP FOLDER MIN-AGREEMENT [--list] : compares application protocols with those of ndpiReader, capture by capture.

Judged are the TCP and UDP flows that ndpiReader names. A flow agrees when one of our connections with the same addresses and
ports has a protocol of the same family: when their stacks (master.application) share a member, or a member of the same row of
FAMILIES. Prints the share that agrees and the differences by class; --list: each of them. Fails below the limit."""
import collections
import ipaddress
import os
import re
import subprocess
import sys

from scoring import captures, for_each, listings

# Names of one protocol on different transports, or of a protocol and what carries it.
FAMILIES = [
    {"tls", "quic", "dtls", "doh", "imaps", "pop3s", "smtps"},
    {"netbios", "smb", "smb1"},
    {"http", "http2", "http-proxy", "http-connect", "http-download"},
    {"rtp", "rtcp", "stun"},
]
FLOW = re.compile(rb"^\t\d+\t(TCP|UDP) (\S+):(\d+) <?-> (\S+):(\d+) (?:\[VLAN: (\d+)\])?\[proto: [\d.]+/([^\]]+)\]"
                  rb"(?:\[ClearText\]|\[Encrypted\])?\[Confidence: ([^\]]+)\]")


def read_names(folder):
    names = {}
    for line in open(os.path.join(folder, "../../data/l7.tsv"), encoding="utf-8"):
        if not line.startswith("#") and "\t" in line:
            theirs, ours = line.rstrip("\n").split("\t")
            names[theirs] = ours
    return names


NAMES = read_names(os.path.dirname(os.path.abspath(__file__)))


def our_name(name):
    return NAMES.get(name) or re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")


def members(stack):
    found = set()
    for name in stack:
        found.add(name)
        for family in FAMILIES:
            if name in family:
                found |= family
    return found


def address(text):
    """One spelling: ndpiReader writes a single zero group as "::"."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def key_of(proto, a, a_port, b, b_port):
    return (proto,) + tuple(sorted([(address(a), int(a_port)), (address(b), int(b_port))]))


def flows_of_ndpi(capture):
    try:
        output = subprocess.run(["ndpiReader", "-i", capture, "-v", "2"], capture_output=True, timeout=120).stdout
    except subprocess.TimeoutExpired:
        return None
    flows = []
    for line in output.splitlines():
        match = FLOW.match(line)
        if match is None:
            continue
        proto, a, a_port, b, b_port, _, name, confidence = (x.decode() if x else "" for x in match.groups())
        if name == "Unknown":
            continue
        flows.append((key_of(proto.lower(), a.strip("[]"), a_port, b.strip("[]"), b_port),
                      [our_name(part) for part in name.split(".")], confidence))
    return flows


def compare(allowmap, capture):
    """(flow, theirs, ours or None, confidence, why packets were skipped) of every flow that ndpiReader names."""
    flows = flows_of_ndpi(capture)
    if not flows:
        return []
    connections, status = listings(allowmap, capture, "connections", "status") or ([], None)
    ours = collections.defaultdict(set)
    for c in connections:
        if c["proto"] in ("tcp", "udp"):
            key = key_of(c["proto"], c["client"], c["client_port"], c["server"], c["server_port"])
            ours[key].add(c["l7"] or "")
    skipped = [reason for reason, n in status["packets"]["skipped"].items() if n > 0] if status else ["refused"]
    return [(key, theirs, ours.get(key), confidence, skipped) for key, theirs, confidence in flows]


def agrees(theirs, ours):
    return any(members(theirs) & members(name.split(".")) for name in ours)


def class_of(ours, confidence, skipped):
    """Why they differ, as far as the two answers and the ledger tell."""
    if ours is None and skipped:
        return "no such connection; packets were skipped: " + ", ".join(skipped)
    if ours is None:
        return "no such connection: in a tunnel, which is not looked into"
    if ours == {""}:
        return f"unknown to us, {confidence} to ndpiReader"
    return f"another protocol, {confidence} to ndpiReader"


def main():
    arguments = [x for x in sys.argv[1:] if not x.startswith("--")]
    allowmap, folder, limit = arguments[0], arguments[1], float(arguments[2])
    total = agreed = 0
    classes = collections.defaultdict(collections.Counter)
    work = captures(folder)
    for capture, flows in zip(work, for_each(lambda path: compare(allowmap, path), work)):
        for key, theirs, ours, confidence, skipped in flows:
            total += 1
            if ours is not None and agrees(theirs, ours):
                agreed += 1
                continue
            said = "/".join(sorted(ours)) or "-" if ours else "-"
            what = class_of(ours, confidence, skipped)
            classes[what][".".join(theirs), said, os.path.basename(capture)] += 1
            if "--list" in sys.argv:
                print(os.path.relpath(capture, folder), *key, ".".join(theirs), said, confidence, sep="\t")
    for name, counts in sorted(classes.items()):
        print(f"{sum(counts.values()):6} {name}")
        for (theirs, said, capture), n in counts.most_common(8):
            print(f"       {n:5} {theirs} / {said} in {capture}")
    share = agreed / max(total, 1)
    print(f"ndpi: {agreed} of {total} named flows agree: {share:.4f}")
    return share < limit or total == 0


if __name__ == "__main__":
    sys.exit(main())
