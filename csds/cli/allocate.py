"""``csds allocate``: animals to arms, at random and so that it can be shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csds import __version__
from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import UsageError


def allocate(
    animals: Annotated[Path, typer.Argument(help="CSV or xlsx: a row per animal, with animal_id.")],
    arm: Annotated[
        list[str] | None, typer.Option("--arm", help="A treatment as it is to stand in the table; once per arm.")
    ] = None,
    stratify: Annotated[
        list[str] | None,
        typer.Option(
            "--stratify", metavar="COLUMN", help="Balance within this column; numbers are cut into bands; repeatable."
        ),
    ] = None,
    within: Annotated[
        list[str] | None,
        typer.Option("--within", metavar="COLUMN", help="The same, with numbers taken as names; repeatable."),
    ] = None,
    block: Annotated[
        int | None,
        typer.Option("--block", help="Animals in a block, a multiple of the arms. [default: twice the arms]"),
    ] = None,
    bands: Annotated[int, typer.Option("--bands", help="Bands of a column of numbers, equal in count.")] = 3,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="The same seed gives the same arms. [default: drawn]")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Table to write. [default: ANIMALS_allocated.csv beside the one read]"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an allocation that is there.")] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Assign animals to arms at random: permuted blocks within strata.

    Arms are equal in number, within each stratum and over all of them, to one animal. The table is written
    with a column treatment, and beside it NAME.allocation.json: seed, strata, counts and both tables' SHA-256.

    \b
    Examples:
      csds allocate animals.csv --arm isotype --arm anti-IL-4Rα --within stress
      csds allocate animals.csv --arm isotype --arm anti-IL-4Rα --stratify cage --stratify si_ratio --seed 7
    """
    import secrets
    from datetime import UTC, datetime

    import numpy as np

    from csds.formats.digest import file_digest
    from csds.formats.json_files import write_json
    from csds.formats.tables import read_table, write_table
    from csds.study.allocation import AllocationDesign, with_treatment
    from csds.study.allocation import allocate as allocate_arms

    design = AllocationDesign(
        arms=tuple(arm or ()),
        stratify=tuple(stratify or ()),
        within=tuple(within or ()),
        block=block,
        bands=bands,
    )
    target, log = _targets(out, animals, force=force)
    seed = secrets.randbits(32) if seed is None else seed
    table = read_table(animals)
    read_sha256 = file_digest(animals)
    allocation = allocate_arms(table, design, np.random.Generator(np.random.PCG64(seed)))
    write_table(with_treatment(table, allocation.arms), target)
    record = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "csds": __version__,
        "seed": seed,
        "arms": design.arms,
        "excluded": allocation.arms.count(""),
        "counts": {name: allocation.arms.count(name) for name in design.arms},
        "stratify": design.stratify,
        "within": design.within,
        "bands": design.bands,
        "block": design.block_size,
        "strata": [{"levels": stratum.levels, "counts": stratum.counts} for stratum in allocation.strata],
        "read": {"file": animals.name, "sha256": read_sha256},
        "written": {"file": target.name, "sha256": file_digest(target)},
    }
    write_json(log, record)

    excluded = allocation.arms.count("")
    if excluded:
        console.note(f"animals with a reason in 'exclude' get no arm: {excluded}", quiet=quiet)
    small = sum(sum(stratum.counts.values()) < len(design.arms) for stratum in allocation.strata)
    if small:
        console.warn(
            f"{small} of {len(allocation.strata)} strata have fewer animals than there are arms and balance nothing: "
            "stratify by fewer columns or bands",
            quiet=quiet,
        )
    if as_json:
        console.print_json(record)
        return
    columns = (*design.stratify, *design.within)
    rows = [[*stratum.levels.values(), *stratum.counts.values()] for stratum in allocation.strata]
    if columns:
        rows.append(["all", *[""] * (len(columns) - 1), *map(allocation.arms.count, design.arms)])
    console.print_table([*columns, *design.arms], rows, title=f"{len(table) - excluded} animals, seed {seed}")
    console.note(f"written: {target}, {log}", quiet=quiet)


def _targets(out: Path | None, animals: Path, *, force: bool) -> tuple[Path, Path]:
    name = f"{animals.stem}_allocated.csv"
    target = animals.with_name(name) if out is None else out / name if out.is_dir() else out
    log = target.with_name(f"{target.stem}.allocation.json")
    if target.resolve() == animals.resolve():
        raise UsageError(
            f"{target} is the table that is read, it would be overwritten", hint="Name another file with --out."
        )
    there = [path for path in (target, log) if path.exists()]
    if there and not force:
        raise UsageError(
            f"{there[0]}: there is an allocation already; a second draw would no longer be the one that was recorded",
            hint="Name another file with --out, or write --force if no animal has been treated by it.",
        )
    return target, log
