"""The empty floor, learnt without ever taking in the animal."""

from csds.background.grid import WorkGrid, shape_mask, work_grid
from csds.background.model import Background, learn_background
from csds.background.still import BackgroundSpec

__all__ = ["Background", "BackgroundSpec", "WorkGrid", "learn_background", "shape_mask", "work_grid"]
