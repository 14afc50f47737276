"""Programs that speed is held against, each run as a process of its own: ``python -m benchmarks.rivals NAME VIDEO``."""

from __future__ import annotations

import sys
from collections.abc import Callable

import cv2


def read(video: str) -> None:
    """Read every frame with OpenCV and do nothing with it."""
    capture = cv2.VideoCapture(video)
    while capture.read()[0]:
        pass


def mog2(video: str) -> None:
    """Follow the largest moving thing as tutorials do: mixture background, opening, contours."""
    capture = cv2.VideoCapture(video)
    background = cv2.createBackgroundSubtractorMOG2(history=500, varThreshold=16, detectShadows=False)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    while True:
        good, frame = capture.read()
        if not good:
            return
        moving = cv2.morphologyEx(background.apply(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)), cv2.MORPH_OPEN, disc)
        contours, _ = cv2.findContours(moving, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        if contours:
            cv2.moments(max(contours, key=cv2.contourArea))


RIVALS: dict[str, Callable[[str], None]] = {"read": read, "mog2": mog2}

if __name__ == "__main__":
    RIVALS[sys.argv[1]](sys.argv[2])
