"""What happens around a trial: how the mouse comes into the arena and out of it, and what else is filmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Begins = Literal["empty", "hand", "placed"]
Ends = Literal["taken", "cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One stay of the subject in the arena.

    Parameters
    ----------
    trial_s : float
        From the moment when the hand is gone until the trial's end; the hand that takes the mouse
        out comes after that.
    behaviour : str
    target_present : bool
    """

    trial_s: float
    behaviour: str = "explore"
    target_present: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """The course of a recording that shows more than the trial.

    Parameters
    ----------
    stays : tuple of Stay
        One, or both phases one after the other; the target is put in where it comes with the second.
    begins : str
        How the recording begins: ``empty`` arena, with the ``hand`` already on its way in, or with
        the mouse already ``placed`` (no hand comes for it).
    empty_s : float
        Seconds of empty arena before the hand.
    ends : str
        ``taken``: a hand takes the mouse out, and the empty floor is filmed for ``after_s`` seconds;
        ``cut``: the recording ends with the trial, or ``short_s`` seconds earlier.
    after_s, short_s : float
    break_s : float
        Seconds from the taking out to the next placing.
    returns_after_s : float or None
        The hand comes back once, so many seconds after placing, to the enclosure. The trial begins
        when it has gone again.
    target_by_hand : bool
        Before the first stay a hand reaches into the enclosure, with the target where there is one.
    lights_out : bool
        The room's light is switched off two seconds after the first trial's start.
    cloth_grey : float or None
        Until the first hand pulls it away, a cloth of that grey lies on the floor.
    glove_grey, sleeve_grey : float
        Under even light.
    """

    stays: tuple[Stay, ...]
    begins: Begins = "empty"
    empty_s: float = 6.0
    ends: Ends = "taken"
    after_s: float = 4.0
    short_s: float = 0.0
    break_s: float = 30.0
    returns_after_s: float | None = None
    target_by_hand: bool = False
    lights_out: bool = False
    cloth_grey: float | None = None
    glove_grey: float = 120.0
    sleeve_grey: float = 190.0
