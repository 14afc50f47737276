"""Bars of runs over whole archives: ``python -m benchmarks.batch [--only PART]``. Ends with 1 if one is missed."""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

PARTS = ("scheduling", "speedup", "kills", "damage")


def main() -> int:
    """Print every measure with its bar; return 1 if one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="run this part alone; may be given repeatedly")
    is_met = True
    # Each part is imported when it is its turn: worker processes import this module again, and their start counts.
    for name in parser.parse_args().only or PARTS:
        began = time.perf_counter()
        with TemporaryDirectory() as folder:
            measures = getattr(import_module(f"benchmarks.batch_{name}"), f"measure_{name}")(Path(folder))
        for one in measures:
            print(one, flush=True)
        print(f"{name}: {time.perf_counter() - began:.0f} s\n", flush=True)
        is_met &= all(one.is_met for one in measures)
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
