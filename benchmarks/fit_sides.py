"""Train what reads floors' sides: ``python -m benchmarks.fit_sides`` writes ``csds/arena/sides.onnx``.

Random rooms of the simulator are filmed, and some that are drawn in another way, so that what is learnt isn't the look
of one program. Strips are cut along the sides of what could be floors there, and of right floors that were moved about.
Rooms made by others are not used, and neither are the seeds that ``python -m benchmarks.arenas`` counts on. Needs
PyTorch (``pip install csds[fit]``). Run ``python -m benchmarks.fit_arenas`` after it.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.side_examples import Examples, examples_of
from benchmarks.side_network import train, write
from csds.arena.sides import NETWORK


def main() -> int:
    """Film, train and write the network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=1000, help="random rooms to film")
    parser.add_argument("--plain", type=int, default=300, help="rooms with plain walls to film beside them")
    parser.add_argument("--first", type=int, default=20_000, help="seed of the first one")
    parser.add_argument("--rounds", type=int, default=8, help="how often the network is shown all of them")
    parser.add_argument("--checkpoint", type=Path, help="weights to begin with, if there are any, and to leave there")
    parser.add_argument("--keep", type=Path, help="a folder for the rooms' strips, which are then kept")
    arguments = parser.parse_args()
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2) as pool:
        seeds = range(arguments.first, arguments.first + arguments.scenes)
        rooms = [
            room
            for is_plain, count in ((False, arguments.scenes), (True, arguments.plain))
            for room in pool.map(
                partial(examples_of, is_plain=is_plain, keep=arguments.keep), seeds[:count], chunksize=4
            )
            if room is not None
        ]
    examples = Examples.joined(rooms)
    print(f"{len(examples.seen)} strips of {len(rooms)} rooms")
    write(train(examples, arguments.rounds, arguments.checkpoint), NETWORK)
    print(f"{NETWORK}: now run python -m benchmarks.fit_arenas")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
