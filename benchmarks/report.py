"""How long the report and the specification curve take, and how large the page is: ``python -m benchmarks.report``.

Times are multiples of what one figure of groups compared takes, drawn and saved as the report does it, in the same
run. Ends with 1 if a bar is missed.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.simulated_results import write_results
from csds.analysis.analyse import analyse
from csds.analysis.animals import read_animals
from csds.analysis.plan import read_plan
from csds.analysis.specifications import specification_curve
from csds.plots.comparison import draw_comparison
from csds.plots.specification_curve import draw_specification_curve
from csds.plots.study import StudyResults
from csds.plots.style import Style
from csds.report.formats import write_html_report
from csds.report.html import figure_address
from csds.results.reread import reread_animals

FEW, MANY, SPECIFICATIONS = 40, 200, 200
_FIGURES, _REPORTS = 7, 3
_MB = 1e6
