"""The empty floor, learnt without ever taking in the animal."""

from csds.background.grid import WorkGrid, shape_mask, work_grid
from csds.background.model import Background, BackgroundSpec, learn_background

__all__ = ["Background", "BackgroundSpec", "WorkGrid", "learn_background", "shape_mask", "work_grid"]
