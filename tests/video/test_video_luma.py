"""The luma plane against the picture that was written, for every way in which files keep it."""

from __future__ import annotations

import struct

import av
import numpy as np
import pytest

from csds.video import open_recording, probe
from csds.video.planes import luma

SIZE = (150, 90)


def ramp(width, height):
    """Every value from 16 to 235, different in both directions."""
    y, x = np.mgrid[:height, :width]
    return (16 + (3 * x + 7 * y) % 220).astype(np.uint8)


def in_format(name, *, width=SIZE[0], height=SIZE[1], shift=0, offset=0, step=1):
    """A frame whose luma is the ramp, written into the planes by hand."""
    frame = av.VideoFrame(width, height, name)
    for plane in frame.planes:
        plane.update(b"\x80" * plane.buffer_size)
    plane = frame.planes[0]
    values = ramp(width, height).astype(np.uint16) << shift
    kind = ">u2" if name.endswith("be") else "<u2" if name.endswith("le") else "u1"
    rows = np.full((height, plane.line_size), 0x80, np.uint8)
    rows.view(kind)[:, offset : offset + step * width : step] = values
    plane.update(rows.tobytes())
    return frame


@pytest.mark.parametrize("name", ["yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuva420p", "nv12", "gray"])
@pytest.mark.parametrize("width", [150, 160, 37])
def test_eight_bit_luma_is_taken_as_it_stands(name, width):
    np.testing.assert_array_equal(luma(in_format(name, width=width)), ramp(width, SIZE[1]))


@pytest.mark.parametrize(
    ("name", "shift"),
    [("yuv420p10le", 2), ("yuv422p10le", 2), ("yuv420p12le", 4), ("gray10le", 2), ("gray16le", 8), ("gray16be", 8)],
)
def test_of_more_bits_the_upper_eight_are_kept(name, shift):
    picture = luma(in_format(name, shift=shift))
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, ramp(*SIZE))


@pytest.mark.parametrize(("name", "offset"), [("yuyv422", 0), ("uyvy422", 1)])
def test_luma_between_colours_is_picked_out(name, offset):
    np.testing.assert_array_equal(luma(in_format(name, offset=offset, step=2)), ramp(*SIZE))


@pytest.mark.parametrize("name", ["rgb24", "bgr24", "bgr0", "rgba"])
def test_grey_in_rgb_stays_grey(name):
    grey = np.repeat(ramp(*SIZE)[:, :, None], 3, axis=2)
    frame = av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format=name)
    assert np.abs(luma(frame).astype(int) - ramp(*SIZE)).max() <= 2


def test_colours_weigh_as_in_bt601():
    colours = np.zeros((48, 96, 3), np.uint8)
    colours[:, :32, 0] = colours[:, 32:64, 1] = colours[:, 64:, 2] = 255
    picture = luma(av.VideoFrame.from_ndarray(colours, format="rgb24"))
    np.testing.assert_allclose(picture[24, [16, 48, 80]], [0.299 * 255, 0.587 * 255, 0.114 * 255], atol=3)


@pytest.mark.parametrize("width", [150, 161])
def test_a_file_without_loss_gives_back_every_bit(width, shoot, picture):
    path = shoot(name="f.mkv", codec="ffv1", size=(width, 90), count=5)
    for frame in open_recording(path).frames():
        np.testing.assert_array_equal(frame.luma, picture(frame.index, (width, 90)))


def test_the_decoder_s_plane_is_not_copied():
    frame = in_format("yuv420p", width=160)
    assert not luma(frame).flags.owndata


# The matrix of the track header (ISO 14496-12, 8.3.2) that turns the stored picture clockwise for display, in 16.16.
CLOCKWISE = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_camera_s_picture_is_upright(degrees, shoot, tmp_path):
    path = shoot(name="plain.mp4", count=3)
    content = bytearray(path.read_bytes())
    # Version 0 of the box: 36 bytes of other fields stand before the matrix, 4 of them flags.
    at = content.index(b"tkhd") + 4 + 40
    a, b, c, d = CLOCKWISE[degrees]
    struct.pack_into(">9i", content, at, a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(content)
    before = next(open_recording(path).frames()).luma
    after = next(open_recording(turned).frames()).luma
    # np.rot90 turns anticlockwise.
    np.testing.assert_array_equal(after, np.rot90(before, -degrees // 90))
    info = probe(turned)
    assert (info.height, info.width) == after.shape == ((160, 120) if degrees != 180 else (120, 160))
    assert info.rotation % 360 == -degrees % 360
