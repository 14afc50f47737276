"""Terms of evidence by name, and what they are worth together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from csds.model.shapes import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What terms are worth, by name; ``constant`` is added."""

    constant: float
    of_terms: Mapping[str, float]

    def of(self, terms: FloatArray) -> FloatArray:
        """Return what terms are worth together, (…) for (…, terms) in the order of ``of_terms``."""
        return np.asarray(terms @ np.array(list(self.of_terms.values())) + self.constant, float)
