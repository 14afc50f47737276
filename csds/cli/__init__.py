"""The command line: a thin layer that reads arguments, calls the library and prints.

A command is a light module of this folder; the libraries that it needs are imported when it
runs, so that ``csds --help`` is instant.
"""

from __future__ import annotations

import gc
import sys
from typing import Annotated, NoReturn

import typer

from csds import __version__
from csds.cli import console
from csds.cli.agree import agree as agree_command
from csds.cli.allocate import allocate as allocate_command
from csds.cli.arena import arena as arena_command
from csds.cli.batch import batch as batch_command
from csds.cli.blind import blind as blind_command
from csds.cli.boundary import INTERRUPTED, BoundedGroup, ready_streams
from csds.cli.check import check as check_command
from csds.cli.demo import demo as demo_command
from csds.cli.plot import plot as plot_command
from csds.cli.power import power as power_command
from csds.cli.protocol import protocol_app
from csds.cli.report import report as report_command
from csds.cli.score import score as score_command
from csds.cli.simulate import simulate_app
from csds.cli.stats import stats as stats_command
from csds.cli.status import status as status_command
from csds.cli.track import track as track_command
from csds.cli.unblind import unblind as unblind_command
from csds.cli.verify import verify as verify_command

#: How often Python looks for cycles of objects: libraries make some 150,000 when they are imported, none of them to go.
_RARELY = (50_000, 20, 50)
#: How long a thread of Python may keep another one waiting, s: what draws or makes ready keeps the one that decodes.
_SWITCH_S = 0.0005

app = typer.Typer(
    name="csds",
    cls=BoundedGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: starts in half the time, and brackets mean brackets
    pretty_exceptions_enable=False,  # the boundary shows errors
)


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    ready_streams()
    gc.set_threshold(*_RARELY)
    sys.setswitchinterval(_SWITCH_S)
    try:
        app(prog_name="csds")
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    finally:
        gc.freeze()  # the process ends: nothing has to be searched once more
    raise SystemExit(0)


def _show_version(wanted: bool) -> None:
    if wanted:
        console.say(f"csds {__version__}")
        raise typer.Exit


@app.callback()
def _csds(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", is_eager=True, callback=_show_version)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="With an error, show where in csds it arose.")] = False,
) -> None:
    """Social interaction tests after chronic social defeat stress: from video to phenotype and statistics."""


# Short lines for `csds --help`: typer would cut the commands' own first lines at 45 characters.
app.command("demo", short_help="Copy the sample study into a folder and run csds on it.")(demo_command)
app.command("check", short_help="Find every fault of a study in seconds.")(check_command)
app.command("arena", short_help="Find the arena in recordings; write arena files.")(arena_command)
app.command("track", short_help="Track a study and call each animal susceptible or resilient.")(track_command)
app.command("score", short_help="Make scores and phenotypes from a table of zone times.")(score_command)
app.command("stats", short_help="Compare treatment with isotype, as planned.")(stats_command)
app.command("report", short_help="Write results as a document or a workbook.")(report_command)
app.command("plot", short_help="Draw a study's figures, ready for a journal.")(plot_command)
app.command("allocate", short_help="Assign animals to arms at random, in balance.")(allocate_command)
app.command("blind", short_help="Hide groups behind codes; keep the key apart.")(blind_command)
app.command("unblind", short_help="Lock the scores, then put the groups back.")(unblind_command)
app.command("power", short_help="Find how many mice a study needs, by simulation.")(power_command)
app.command("batch", short_help="Track all studies of an archive; survive anything.")(batch_command)
app.command("status", short_help="Show how far runs of csds batch are.")(status_command)
app.command("agree", short_help="Compare results with numbers of an old table.")(agree_command)
app.command("verify", short_help="Compute results again and report any difference.")(verify_command)
app.add_typer(protocol_app, name="protocol", short_help="List, show, check and copy protocols.")
app.add_typer(simulate_app, name="simulate", short_help="Make recordings and cohorts whose truth is known.")
