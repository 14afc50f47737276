"""What was measured, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What was measured, in words, and the bar that it has to stay below, or reach where ``is_least``."""

    what: str
    value: float
    bar: float
    unit: str
    is_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the bar is kept."""
        return self.value >= self.bar if self.is_least else self.value <= self.bar

    def __str__(self) -> str:
        """Return a line of the table."""
        sign, verdict = "≥" if self.is_least else "≤", "" if self.is_met else "   MISSED"
        return f"{self.what:<66}{self.value:>8.2f} {self.unit:<3}(bar {sign} {self.bar:g} {self.unit}){verdict}"
