"""The luma plane of a decoded frame, upright, as 8 bits."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Luma = NDArray[np.uint8]

# Pixel formats whose first plane is luma alone: 8 bits, or (with an ending that says the byte order) more.
_PLANAR = ("yuv4", "yuvj4", "yuva4", "nv12", "nv21", "nv16", "nv24", "gray")
# Formats that keep luma and colour side by side, with the byte at which luma begins.
_PACKED = {"yuyv422": 0, "yvyu422": 0, "uyvy422": 1}
_BYTE_ORDERS = {"le": "<u2", "be": ">u2"}


def luma(frame: VideoFrame) -> Luma:
    """Return the frame's luma (height, width) upright, without copying where the format allows it.

    Luma is what the file holds, its range neither stretched nor clipped; of more than 8 bits the
    upper 8 are kept. Formats without luma (RGB, palettes) are converted to grey.
    """
    picture = _stored(frame)
    turns = round(frame.rotation / 90) % 4
    return np.rot90(picture, turns) if turns else picture


def _stored(frame: VideoFrame) -> Luma:
    name = frame.format.name
    plane = frame.planes[0]
    stride, height, width = plane.line_size, frame.height, frame.width
    if stride > 0 and (name in _PACKED or name.startswith(_PLANAR)):
        flat: Luma = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
        rows = flat[: stride * height].reshape(height, stride)
        if name in _PACKED:
            return rows[:, _PACKED[name] : 2 * width : 2]
        order = _BYTE_ORDERS.get(name[-2:])
        if order is None:
            return rows[:, :width]
        bits = frame.format.components[0].bits
        if 8 < bits <= 16:
            return (rows.view(order)[:, :width] >> (bits - 8)).astype(np.uint8)
    return np.asarray(frame.to_ndarray(format="gray"), np.uint8)
