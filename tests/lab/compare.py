#!/usr/bin/env python3
"""compare.py EXPECTED FLOWS: the edges of `allowmap flows --format json` against what was done, both ways.

EXPECTED has a line for each edge: client, server, protocol, port, name ("" = any), verdict, separated by tabs. What the
kernels of the lab do by themselves (neighbour discovery, multicast listener reports) is no line there: such an edge must be
`local`. Prints each difference; exit status 1 if there is any.
"""
import json
import sys

KERNEL_TYPES = {133, 134, 135, 136, 143}


def main(expected_path, flows_path):
    with open(expected_path, encoding="ascii") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    wanted = {tuple(row[:4]): tuple(row[4:]) for row in rows}
    with open(flows_path, encoding="utf-8") as text:
        edges = json.load(text)
    faults, kernel, seen = [], 0, {}
    for edge in edges:
        port = edge["port"] if "port" in edge else f"{edge['type']}.{edge['code']}"
        key = (edge["client"], edge["server"], edge["proto"], str(port))
        if edge["proto"] == "icmpv6" and edge["type"] in KERNEL_TYPES:
            kernel += 1
            if edge["verdict"] != "local":
                faults.append(f"{' '.join(key)}: the kernel's own is {edge['verdict']}, not local")
        else:
            seen[key] = (edge["l7"] or "", edge["verdict"], ",".join(edge["reasons"]), json.dumps(edge["outcomes"]))
    faults += [f"{' '.join(key)}: missing" for key in sorted(wanted.keys() - seen.keys())]
    faults += [f"{' '.join(key)}: was not done, is {seen[key]}" for key in sorted(seen.keys() - wanted.keys())]
    for key in sorted(wanted.keys() & seen.keys()):
        name, verdict = wanted[key]
        if verdict != seen[key][1] or name not in ("", seen[key][0]):
            faults.append(f"{' '.join(key)}: should be {wanted[key]}, is {seen[key]}")
    for fault in faults[:60]:
        print(fault)
    print(f"{len(wanted)} edges done, {len(seen)} seen, {kernel} of the kernels' own, {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main(*sys.argv[1:]))
