"""What goes wrong in real recordings, by name; see `csds.simulate.effect` for how it acts."""

from __future__ import annotations

import numpy as np

from csds.errors import SimulationError, UsageError
from csds.simulate.effect import Effect, Site
from csds.simulate.nuisances import NUISANCES
from csds.simulate.scene import Nuisance, Scene

__all__ = ["NUISANCES", "build_effects", "parse_nuisance"]


def build_effects(scene: Scene) -> tuple[Scene, tuple[Effect, ...]]:
    """Return the scene as its nuisances change it, and their effects in the order given.

    Raises
    ------
    SimulationError
        A name that isn't registered, or a negative strength.
    """
    effects = []
    for number, wanted in enumerate(scene.nuisances):
        kind = NUISANCES.get(wanted.name)
        if kind is None:
            raise SimulationError(
                f"unknown nuisance '{wanted.name}'", hint=f"choose among: {', '.join(sorted(NUISANCES))}"
            )
        if not wanted.strength >= 0:
            raise SimulationError(
                f"expected a strength of 0 or more for nuisance '{wanted.name}', found {wanted.strength}",
                hint="0 is none, 1 is usual, 2 is twice as bad",
            )
        # Arenas of one frame share its seed.
        own = [] if scene.arena.name == "A" else [*scene.arena.name.encode()]
        site = Site(
            scene=scene,
            strength=wanted.strength,
            rng=np.random.default_rng([scene.seed, 100 + number, int(scene.target_present), *own]),
            room_rng=np.random.default_rng([scene.seed, 100 + number, *own]),
        )
        effects.append(kind.build(site))
    for effect in effects:
        if effect.scene is not None:
            scene = effect.scene(scene)
    return scene, tuple(effects)


def parse_nuisance(text: str) -> Nuisance:
    """Return a nuisance from ``name`` or ``name=strength``.

    Raises
    ------
    UsageError
        The strength is not a number, or the name is not registered.

    Examples
    --------
    >>> parse_nuisance("bedding=0.5")
    Nuisance(name='bedding', strength=0.5)
    """
    name, _, strength = text.partition("=")
    if name not in NUISANCES:
        raise UsageError(f"unknown nuisance '{name}'", hint=f"choose among: {', '.join(sorted(NUISANCES))}")
    try:
        return Nuisance(name=name, strength=float(strength) if strength else 1.0)
    except ValueError as error:
        raise UsageError(
            f"expected a number as the strength of '{name}', found '{strength}'", hint=f"write {name}=1.0"
        ) from error
