"""Following the animal from frame to frame, and finding its trial in the recording."""

from csds.tracking.observe import Observations, Task, observe_recording
from csds.tracking.steady import CameraShift, shift_of
from csds.tracking.track import Track, assemble_track
from csds.tracking.trial import Wanted, Window

__all__ = [
    "CameraShift",
    "Observations",
    "Task",
    "Track",
    "Wanted",
    "Window",
    "assemble_track",
    "observe_recording",
    "shift_of",
]
