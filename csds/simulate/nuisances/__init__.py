"""The nuisances themselves, by where they come from; importing them fills the registry."""

from csds.simulate.effect import NUISANCES
from csds.simulate.nuisances import animals, camera, floor, hand, light, recorder, subject

__all__ = ["NUISANCES", "animals", "camera", "floor", "hand", "light", "recorder", "subject"]
