"""The one place that turns an error into a message and an exit code.

==============================  =========
what happened                   exit code
==============================  =========
all well                        0
some data could not be used     1
the call is wrong               2
interrupted (Ctrl-C)            130
==============================  =========

A fault of csds itself also ends with 1, after a message that says so.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from csds.cli import console
from csds.errors import CsdsError

FAILED = 1
INTERRUPTED = 130
DEBUG_VARIABLE = "CSDS_DEBUG"

_KEPT = "what was finished is kept; the same command completes the rest"


# Wrong calls, `typer.Exit` and `typer.Abort` are typer's own to show. The base of its usage errors is
# click's or, in newer versions, typer's own copy of it, so it is taken from a class that both export.
_TYPERS_OWN: tuple[type[Exception], ...] = (
    typer.Exit,
    typer.Abort,
    next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"),
)


class BoundedGroup(TyperGroup):
    """The group of all commands; what a command raises ends here.

    The boundary stands inside the group, so that it holds however the app is called: from the
    console script, ``python -m csds`` or a test.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command; raise ``typer.Exit`` with the exit code where it fails."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except _TYPERS_OWN:
            raise
        except KeyboardInterrupt as interrupt:
            console.note(f"interrupted: {str(interrupt) or _KEPT}")
            raise typer.Exit(INTERRUPTED) from interrupt
        except Exception as error:
            raise typer.Exit(report(error, debug=is_debugging(ctx))) from error
        return result


def report(error: Exception, *, debug: bool = False) -> int:
    """Say on stderr what went wrong and how to mend it; return the exit code.

    Parameters
    ----------
    error : Exception
        What a command raised.
    debug : bool
        Show the traceback as well.
    """
    code = FAILED
    match error:
        case CsdsError():
            console.complain(error.message, error.hint)
            code = error.exit_code
        case BrokenPipeError():
            pass  # the reader of stdout has gone (`csds … | head`): there is nobody left to tell
        case OSError():
            console.complain(*_explain(error))
        case MemoryError():
            console.complain("the computer's memory is used up", "close other programs or work on fewer at once")
        case _:
            console.complain(
                f"a fault in csds, not in your data: {type(error).__name__}: {error}",
                f"please report it with what `csds --debug …` (or {DEBUG_VARIABLE}=1) adds to this message",
            )
    if debug:
        console.note("".join(traceback.format_exception(error)).rstrip())
    _give_up_broken_stdout()
    return code


def is_debugging(ctx: Any) -> bool:
    """Return True if tracebacks were asked for, by option or by the environment."""
    return bool(ctx.params.get("debug")) or os.environ.get(DEBUG_VARIABLE, "") not in {"", "0"}


def ready_streams(*, windows: bool = os.name == "nt") -> None:
    """Let stdout and stderr take any character: UTF-8 on Windows, a substitute elsewhere if need be."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue  # replaced by a program that embeds csds
        if windows:
            reconfigure(encoding="utf-8", errors="replace")
        else:
            reconfigure(errors="replace")


def _explain(error: OSError) -> tuple[str, str]:
    where = f": {error.filename}" if error.filename else ""
    what = error.strerror or str(error)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"the disk is full{where}", "free some space or write to another disk; what was finished is kept"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"no permission{where} ({what})", "check the file's rights, or close it where it is open elsewhere"
    return f"{what}{where}", "check the drive or network that it is on; what was finished is kept"


def _give_up_broken_stdout() -> None:
    """Send what stdout still holds nowhere if it can't be written, or Python would complain of it at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
