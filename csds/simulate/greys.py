"""How bright things are: fur of both coats, and what the camera makes of light."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fur:
    """Grey levels of a mouse under even light: body, sheen on its back, ears and tail."""

    body: float
    sheen: float
    ears: float
    tail: float


#: By coat and light. In infrared black fur is grey.
FURS = {
    ("black", "white"): Fur(body=27.0, sheen=36.0, ears=46.0, tail=52.0),
    ("white", "white"): Fur(body=205.0, sheen=214.0, ears=190.0, tail=168.0),
    ("black", "infrared"): Fur(body=62.0, sheen=74.0, ears=84.0, tail=92.0),
    ("white", "infrared"): Fur(body=196.0, sheen=206.0, ears=184.0, tail=166.0),
}
#: Grey level that the camera gives to no light, by light.
BLACK_LEVEL = {"white": 0.0, "infrared": 17.0}
#: Grey levels of the picture for each one under even light, by light.
LIGHT_GAIN = {"white": 1.0, "infrared": 0.36}
