"""Train what reads floors' edges: ``python -m benchmarks.fit_sides`` writes ``csds/arena/sides.onnx``.

With ``--rings`` it is ``rings.onnx``, which reads around round floors; begin it with the checkpoint of the other.
Random rooms of the simulator are filmed, and others that are drawn in other ways, so that what is learnt isn't one
kind's look. Strips are cut along the edges of what could be floors there, and of right floors that were moved about.
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
from benchmarks.side_rooms import Kind
from csds.arena.reading import RINGS, SIDES

#: How many rooms of each kind are filmed for one random room: for sides, and for rings.
_KINDS: tuple[dict[Kind, float], dict[Kind, float]] = (
    {"random": 1.0, "plain": 0.5},
    {"random": 1.0, "plain": 0.3, "tall": 0.7, "round": 0.9},
)


def main() -> int:
    """Film, train and write the network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rings", action="store_true", help="train what reads around round floors")
    parser.add_argument("--scenes", type=int, default=500, help="random rooms to film; others are in proportion")
    parser.add_argument("--first", type=int, default=20_000, help="seed of the first one")
    parser.add_argument("--rounds", type=int, default=8, help="how often the network is shown all of them")
    parser.add_argument("--checkpoint", type=Path, help="weights to begin with, if there are any, and to leave there")
    parser.add_argument("--keep", type=Path, help="a folder for the rooms' strips, which are then kept")
    arguments = parser.parse_args()
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2) as pool:
        rooms = [
            room
            for kind, share in _KINDS[arguments.rings].items()
            for room in pool.map(
                partial(examples_of, kind=kind, keep=arguments.keep),
                range(arguments.first, arguments.first + round(share * arguments.scenes)),
                chunksize=4,
            )
        ]
    examples = Examples.joined(rooms)
    print(f"{len(examples.seen)} strips of {len(rooms)} rooms")
    path = RINGS if arguments.rings else SIDES
    write(train(examples, arguments.rounds, arguments.checkpoint), path)
    print(f"{path}: now run python -m benchmarks.fit_arenas")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
