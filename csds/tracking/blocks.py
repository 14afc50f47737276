"""Pictures that a recorder gave so few bits that they show its blocks and not the room."""

from __future__ import annotations

import numpy as np

from csds.background.masks import Picture

#: Side of the smallest blocks that codecs cut a picture into, px; larger ones end at the same places.
_BLOCK_PX = 8
#: Steps of more than so many grey levels count as so many: a few real edges shall not outweigh all blocks.
_MOST_STEP = 8
#: A picture shows blocks where their borders, one place in eight, have this share of all its steps.
_BLOCKY = 0.4
#: Every so many-th row or column is enough.
_STRIDE = 3


def shows_blocks(picture: Picture) -> bool:
    """Return True where the steps of grey in a picture are mostly those between a codec's blocks.

    What such a picture shows of walls and floor lies where blocks end, up to half a block elsewhere.
    """
    shares = [_border_share(one) for one in (picture[::_STRIDE], picture.T[::_STRIDE])]
    return float(np.mean(shares)) >= _BLOCKY


def _border_share(picture: Picture) -> float:
    """Return the share of the steps along rows that lies between blocks."""
    width = (picture.shape[1] - 1) // _BLOCK_PX * _BLOCK_PX
    before, after = picture[:, :width], picture[:, 1 : width + 1]
    steps = np.minimum(np.maximum(before, after) - np.minimum(before, after), _MOST_STEP)
    columns = steps.reshape(len(steps), -1, _BLOCK_PX).sum(axis=(0, 1), dtype=np.int64)
    return float(columns[-1]) / max(1, int(columns.sum()))
