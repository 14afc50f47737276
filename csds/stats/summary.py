"""An analysis as one mapping for ``stats.json``: the plan, what was compared, every result, and who was left out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from csds.stats.analyse import Analysis


def summary(analysis: Analysis) -> dict[str, Any]:
    """Return an analysis as plain data, unrounded."""
    comparison = analysis.comparison
    return {
        "plan": {**asdict(analysis.plan), "sha256": analysis.plan.sha256},
        "comparison": {**asdict(comparison), "groups": list(comparison.groups)},
        "results": [asdict(one) for one in analysis.results],
        "left_out": {outcome: [asdict(one) for one in animals] for outcome, animals in analysis.left_out.items()},
        "not_analysed": dict(analysis.not_analysed),
    }
