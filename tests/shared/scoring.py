"""What the scorers share: running allowmap on a capture, and going through a folder of captures."""
import json
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

NOT_CAPTURES = (".tsv", ".out", ".txt", ".csv", ".log", ".cut", ".md", ".json", ".yaml")


def captures(folder):
    """All captures under the folder, in a fixed order."""
    found = []
    for at, _, names in os.walk(folder):
        found += [os.path.join(at, name) for name in names if not name.endswith(NOT_CAPTURES)]
    return sorted(found)


def listings(allowmap, capture, *commands):
    """What these commands list after an ingest of the capture: an object for status, else a list of them; None if nothing was
    read."""
    with tempfile.TemporaryDirectory() as work:
        database = os.path.join(work, "db")
        ingest = subprocess.run([allowmap, "ingest", "--now", "0", "--db", database, capture],
                                capture_output=True, timeout=120)
        if ingest.returncode not in (0, 3) or not os.path.exists(database):
            return None
        results = []
        for command in commands:
            listing = subprocess.run([allowmap, command, "--db", database, "--format", "json"],
                                     capture_output=True, timeout=120)
            if listing.returncode != 0:
                return None
            text = listing.stdout.decode()
            lines = command == "connections"
            results.append([json.loads(x) for x in text.splitlines()] if lines else json.loads(text))
        return results


def for_each(function, items):
    """In parallel, since the work is in the programs that are run; results in the order of the items."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))
