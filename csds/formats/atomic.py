"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from csds.errors import ResultsError

_steady: set[Path] = set()
_PREFIX = ".csds-"
_TEMPORARY = re.compile(r"\.csds-(?P<host>[0-9a-f]{8})-(?P<pid>[0-9]+)-[0-9a-f]{8}(\.\w+)?")
_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
_ABANDONED_S = 3600.0
"""A temporary file of another machine that wasn't written to for so long is nobody's any more."""


def require_steady(folder: Path) -> None:
    """See that a folder is there, and hold to it: once it has gone nothing is written below it by this process.

    Where a drive or network is lost its files would go to another place, and be hidden when it comes back.

    Raises
    ------
    ResultsError
        It isn't there.
    """
    try:
        is_there = folder.is_dir()
    except OSError as error:
        raise write_error(folder, error) from error
    if not is_there:
        raise ResultsError(
            f"{folder}: the folder of the results has gone",
            hint="Check the drive or network that it is on, then run the same command again; what was finished stays.",
        )
    _steady.add(folder)


@contextmanager
def atomic_path(final: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``final``, with its suffix, and put it in place on success.

    The folder is made if need be, but not one of `require_steady`. Whatever ends the block early (also Ctrl-C)
    leaves ``final`` as it was and no temporary file behind. Devices and pipes are written to directly.

    Raises
    ------
    ResultsError
        For every OSError from making the folder, writing inside the block or putting the file in
        place. Where another program holds ``final`` open (a table in Excel on Windows), the new
        file is kept under a neighbouring name, ``sessions.new.csv``, and the error says so.
    """
    try:
        is_device = final.exists() and not final.is_file() and not final.is_dir()
        if is_device:
            yield final
    except OSError as error:
        raise write_error(final, error) from error
    if is_device:
        return
    for folder in _steady.intersection(final.parents):
        require_steady(folder)
    temporary = final.parent / temporary_name(final.suffix)
    try:
        try:
            if not final.parent.is_dir():
                final.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
        except OSError as error:
            raise write_error(final, error) from error
        _put_in_place(temporary, final)
    except BaseException:
        # A folder that can't be written to holds no temporary file; the first error is the one to tell.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def temporary_name(suffix: str = "") -> str:
    """Return a name for an unfinished file: that of this machine and process is in it."""
    return f"{_PREFIX}{_HOST}-{os.getpid()}-{secrets.token_hex(4)}{suffix}"


def clear_abandoned(folder: Path) -> None:
    """Remove from a folder the unfinished files of processes that were ended from outside; not those of others.

    Raises
    ------
    OSError
        One can't be removed.
    """
    for path in folder.glob(f"{_PREFIX}*"):
        named = _TEMPORARY.fullmatch(path.name)
        if named is not None and _is_abandoned(path, named["host"], int(named["pid"])):
            path.unlink(missing_ok=True)


def _is_abandoned(path: Path, host: str, pid: int) -> bool:
    if host == _HOST:
        return not _is_alive(pid)
    try:
        return abs(time.time() - path.stat().st_mtime) > _ABANDONED_S
    except FileNotFoundError:
        return False


def _is_alive(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:  # another user's
        return True


def write_error(path: Path, error: OSError) -> ResultsError:
    """Return the error for a file or folder that could not be written, with what to do about it."""
    reason = error.strerror or str(error)
    # Arrow raises OSError without errno, with the system's own text in the message.
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
        return ResultsError(
            f"{path}: could not be written, the disk is full ({reason})",
            hint="Free some space or choose another folder with --out, then run the same command again; "
            "what was finished stays.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ResultsError(
            f"{path}: could not be written, the folder {path.parent} is not writable ({reason})",
            hint="Choose a folder that you may write to, e.g. --out results.",
        )
    if error.errno == errno.ENAMETOOLONG:
        return ResultsError(
            f"{path}: could not be written, the name is too long for this system",
            hint="Choose a results folder with a shorter path.",
        )
    if error.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR):
        return ResultsError(
            f"{path}: could not be written, a file stands where a folder is needed or the other way round ({reason})",
            hint="Choose another folder with --out.",
        )
    return ResultsError(
        f"{path}: could not be written ({reason})",
        hint="Check the drive or network that it is on, then run the same command again, or choose another folder with "
        "--out; what was finished stays.",
    )


def _put_in_place(temporary: Path, final: Path) -> None:
    try:
        os.replace(temporary, final)  # noqa: PTH105  (tests stand in for Windows by replacing this one name)
    except PermissionError as error:
        beside = final.with_name(f"{final.stem}.new{final.suffix}")
        try:
            os.replace(temporary, beside)  # noqa: PTH105
        except OSError:
            raise write_error(final, error) from error
        message = f"{final}: could not be replaced, it is open in another program; the new one is {beside.name}"
        raise ResultsError(
            message, hint=f"Close {final.name} where it is open, then rename {beside.name} or run the command again."
        ) from error
    except OSError as error:
        raise write_error(final, error) from error
