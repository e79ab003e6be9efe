#!/usr/bin/env python3
"""direction.py ALLOWMAP PATH... : is the client still the client when the beginning is missing?

Each capture (PATH: files and folders) is read as it is, without its SYN packets, and without its first half; then the
clients are compared, connection by connection. Needs tshark and editcap. Prints a line per capture with misses (-v: each
miss), then the sums; exit status 1 when less than 99 % agree without SYN, or 97 % without the first half. Only connections
whose client is known from handshake or protocol in the untouched capture are the measure; the others are listed apart."""
import argparse, collections, csv, io, os, subprocess, sys, tempfile

LIMITS = {"no-syn": 0.99, "half": 0.97}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


def connections(program, folder, capture):
    db = os.path.join(folder, "facts.db")
    for name in os.listdir(folder):
        if name.startswith("facts."):
            os.unlink(os.path.join(folder, name))
    if run(program, "ingest", "--db", db, capture).returncode != 0:
        return []
    out = run(program, "connections", "--db", db, "--format", "csv").stdout
    return list(csv.DictReader(io.StringIO(out)))


def key(row):
    ends = ((row["client"], row["client_port"]), (row["server"], row["server_port"]))
    return (row["network"], row["proto"], row["type"]) + tuple(sorted(ends))


def clients(rows):
    """Key to client; None where one tuple had both directions."""
    found = {}
    for row in rows:
        client = (row["client"], row["client_port"])
        before = found.setdefault(key(row), (client, row["direction"]))
        if before is not None and before[0] != client:
            found[key(row)] = None
    return found


def without_syn(capture, folder):
    out = os.path.join(folder, "no-syn.pcapng")
    done = run("tshark", "-n", "-r", capture, "-Y", "not (tcp.flags.syn==1)", "-w", out)
    return out if os.path.exists(out) and done.returncode in (0, 2) else None


def half(capture, folder):
    out = os.path.join(folder, "half.pcapng")
    count = 0
    for line in run("capinfos", "-c", "-M", "-T", "-r", capture).stdout.splitlines():
        count = int(line.split("\t")[1])
    if count < 2:
        return None
    last = count // 2
    run("editcap", capture, out, f"1-{last}")
    return out if os.path.exists(out) else None


def captures(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
        for folder, _, names in sorted(os.walk(path)):
            for name in sorted(names):
                if ".pcap" in name and name.rsplit(".", 1)[1] in ("pcap", "pcapng") or name.endswith(".cap"):
                    yield os.path.join(folder, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("program")
    parser.add_argument("paths", nargs="+")
    options = parser.parse_args()
    sums = collections.Counter()
    for capture in captures(options.paths):
        with tempfile.TemporaryDirectory() as folder:
            wanted = clients(connections(options.program, folder, capture))
            for name, make in (("no-syn", without_syn), ("half", half)):
                changed = make(capture, folder)
                if changed is None:
                    continue
                misses = 0
                for row in connections(options.program, folder, changed):
                    want = wanted.get(key(row))
                    if want is None:
                        continue
                    proven = want[1] in ("handshake", "protocol")
                    right = want[0] == (row["client"], row["client_port"])
                    sums[name, proven, row["proto"] == "tcp", right] += 1
                    if proven and not right:
                        misses += 1
                        sums[name, row["direction"]] += 1
                        if options.verbose:
                            print("   ", name, row["proto"], row["client"], row["client_port"], "->", row["server"],
                                  row["server_port"], row["direction"], "was", want[1], row["l7"], row["conn_state"])
                if misses:
                    print(f"{capture}: {name}: {misses} turned", flush=True)
    status = 0
    for name, limit in LIMITS.items():
        right = sum(sums[name, True, tcp, True] for tcp in (False, True))
        wrong = sum(sums[name, True, tcp, False] for tcp in (False, True))
        if right + wrong == 0:
            continue
        share = right / (right + wrong)
        tcp = sums[name, True, True, True] / max(1, sums[name, True, True, True] + sums[name, True, True, False])
        print(f"{name}: {right} of {right + wrong} agree, {share:.4%} (TCP alone {tcp:.4%}); misses by level:",
              {k[1]: n for k, n in sums.items() if k[0] == name and len(k) == 2},
              "unproven before:", sum(sums[name, False, t, True] for t in (False, True)), "agree,",
              sum(sums[name, False, t, False] for t in (False, True)), "turned")
        status |= share < limit
    return status


if __name__ == "__main__":
    sys.exit(main())
