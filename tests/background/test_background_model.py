"""The floor is learnt without the animal, whatever it does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from csds.background import BackgroundSpec, learn_background, shape_mask, work_grid
from csds.background.cutout import Cutout, has_moved
from csds.background.floor import far_side, measure_noise
from csds.background.light import even_out
from csds.background.polarity import find_polarity
from csds.errors import TrackingError
from csds.model.arena import Arena

FLOOR, ANIMAL, SIZE = 150, 60, 100
PLACES = [(20, 20), (70, 30), (40, 75), (80, 80), (25, 60), (60, 55)]


def picture(
    place: tuple[int, int] | None,
    rng: np.random.Generator,
    *,
    animal: int = ANIMAL,
    floor: int = FLOOR,
    noise: float = 1.5,
) -> np.ndarray:
    """Draw an ellipse of 30 × 14 pixels, as a mouse on the working grid, on a noisy floor."""
    v, u = np.mgrid[:SIZE, :SIZE]
    image = np.full((SIZE, SIZE), float(floor))
    if place is not None:
        image[((u - place[0]) / 15) ** 2 + ((v - place[1]) / 7) ** 2 <= 1] = animal
    return np.clip(image + rng.normal(0, noise, image.shape), 0, 255).round().astype(np.uint8)


def stack(places: list[tuple[int, int] | None], seed: int = 0, **look: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array([picture(place, rng, **look) for place in places])  # type: ignore[arg-type]


SPEC = BackgroundSpec(mask=np.full((SIZE, SIZE), 255, np.uint8), area_px=(100.0, 1500.0))


@pytest.mark.parametrize(("animal", "floor", "polarity"), [(60, 150, "dark"), (210, 60, "light")])
@pytest.mark.parametrize("still_share", [0.3, 0.6, 0.9])
def test_floor_does_not_hold_an_animal_that_sits_still_for_most_of_the_test(
    animal: int, floor: int, polarity: str, still_share: float
) -> None:
    still = round(still_share * 24)
    places = [PLACES[0]] * still + [PLACES[1 + i % 5] for i in range(24 - still)]
    learnt = learn_background([stack(places, animal=animal, floor=floor)], SPEC)
    assert learnt.polarity == polarity
    assert learnt.presence == "moving"
    assert np.abs(learnt.floor.astype(float) - floor).max() <= 6
    assert learnt.contrast == pytest.approx(abs(animal - floor), abs=3)


def test_floor_of_one_phase_serves_the_other_in_which_the_animal_never_moves() -> None:
    moving = stack([PLACES[i % 6] for i in range(20)])
    frozen = stack([PLACES[3]] * 20, seed=1)
    learnt = learn_background([moving, frozen], SPEC)
    assert np.abs(learnt.floor.astype(float) - FLOOR).max() <= 6
    assert learnt.found_share == 1.0
    assert learnt.animal_area_px == pytest.approx(np.pi * 15 * 7, rel=0.08)


def test_animal_that_never_leaves_its_place_in_any_phase_is_taken_out_and_said_to_be_uncertain() -> None:
    learnt = learn_background([stack([PLACES[3]] * 20)], SPEC)
    assert learnt.presence == "doubtful"
    assert learnt.polarity == "dark"
    assert np.abs(learnt.floor.astype(float) - FLOOR).max() <= 8


def test_shade_that_is_stouter_than_a_still_animal_is_not_taken_for_it() -> None:
    v, u = np.mgrid[:SIZE, :SIZE]
    shade = np.where((abs(u - 50) <= 30) & (abs(v - 75) <= 11), 40, 0)
    samples = stack([(28 + i % 2, 25) for i in range(16)]) - shade.astype(np.uint8)
    learnt = learn_background([samples], SPEC)
    assert learnt.presence in ("still", "doubtful")
    assert learnt.contrast == pytest.approx(FLOOR - ANIMAL, abs=3)
    assert learnt.animal_area_px == pytest.approx(np.pi * 15 * 7, rel=0.1)
    assert np.abs(learnt.floor.astype(float) - (FLOOR - shade)).max() <= 8


@pytest.mark.parametrize(("animal", "floor"), [(60, 150), (210, 60)])
def test_spot_that_an_animal_never_leaves_while_it_shifts_about_is_floor(animal: int, floor: int) -> None:
    shifted = [(40 + dx, 60 + dy) for dx, dy in ((-8, 0), (8, 1), (0, -3), (2, 3), (-6, 3), (6, -3))]
    learnt = learn_background([stack([shifted[i % 6] for i in range(18)], animal=animal, floor=floor)], SPEC)
    assert learnt.presence == "moving"
    assert np.abs(learnt.floor.astype(float) - floor).max() <= 8
    assert learnt.animal_area_px == pytest.approx(np.pi * 15 * 7, rel=0.08)


@pytest.mark.parametrize("wall", [20, 230])
def test_walls_say_nothing_of_the_floor_beneath_an_animal_that_stays_in_a_corner(wall: int) -> None:
    samples = stack([(24, 18)] * 12, animal=60, floor=110)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[6:-6, 6:-6] = 255
    samples[:, :9], samples[:, -9:], samples[:, :, :9], samples[:, :, -9:] = wall, wall, wall, wall
    learnt = learn_background([samples], replace(SPEC, mask=mask))
    assert learnt.polarity == "dark"
    assert np.abs(learnt.floor[11:-11, 11:-11].astype(float) - 110).max() <= 8
    assert learnt.animal_area_px == pytest.approx(np.pi * 15 * 7, rel=0.15)


@pytest.mark.parametrize(("animal", "floor"), [(60, 150), (210, 60)])
def test_animal_that_breathes_and_turns_its_head_in_its_place_is_beyond_doubt(animal: int, floor: int) -> None:
    rng = np.random.default_rng(4)
    u, v = PLACES[3]
    shifted = [(u + rng.integers(-2, 3), v + rng.integers(-1, 2)) for _ in range(20)]
    learnt = learn_background([stack(shifted, animal=animal, floor=floor)], SPEC)
    assert learnt.presence == "still"
    assert np.abs(learnt.floor.astype(float) - floor).max() <= 8


def test_animal_that_wags_its_tail_in_its_place_is_beyond_doubt_though_furniture_differs_between_recordings() -> None:
    rng = np.random.default_rng(4)
    (u, v), stacks = PLACES[2], []
    for seed, grey in ((0, 170), (1, 190)):
        samples = stack([(u + int(rng.integers(-2, 3)), v) for _ in range(20)], seed)
        samples[:, 5:30, 60:95] = grey
        for i, sample in enumerate(samples):
            # Some way from the body's end on, now more to this side and now to that.
            for step in range(3, 20):
                x, y = u - 14 - step, v + round(step * (i % 5 - 2) / 3)
                sample[y - 1 : y + 2, max(0, x - 1) : x + 2] = 70
        stacks.append(samples)
    assert learn_background(stacks, SPEC).presence == "still"


@pytest.mark.parametrize(("known", "presence"), [(True, "still"), (False, "doubtful")])
def test_target_that_reaches_out_of_its_enclosure_is_no_sign_of_life_elsewhere(known: bool, presence: str) -> None:
    rng = np.random.default_rng(4)
    samples = stack([(PLACES[2][0] + int(rng.integers(-2, 3)), PLACES[2][1]) for _ in range(20)])
    samples[:4, 20:25, 50:58] = 240
    enclosure = np.zeros((SIZE, SIZE), np.uint8)
    enclosure[0:20, 40:70] = 255
    spec = replace(SPEC, enclosure=enclosure if known else None)
    assert learn_background([samples], spec).presence == presence


def cutouts(places: list[tuple[int, int]], second_area: float = 0.0) -> list[Cutout]:
    made = []
    for i, place in enumerate(places):
        solid = np.where(picture(place, np.random.default_rng(0), noise=0.0) < FLOOR, 255, 0).astype(np.uint8)
        area = float(np.count_nonzero(solid))
        made.append(Cutout(sample=i, solid=solid, area=area, second_area=second_area, difference=solid))
    return made


@pytest.mark.parametrize(
    ("still", "second_area", "moved"), [(0, 0.0, True), (10, 0.0, True), (18, 0.0, False), (0, 250.0, False)]
)
def test_animal_that_was_alone_in_one_place_after_the_other_has_moved(
    still: int, second_area: float, moved: bool
) -> None:
    places = [PLACES[0]] * still + [PLACES[1 + i % 5] for i in range(20 - still)]
    assert has_moved(cutouts(places, second_area), 20) == moved
    # Found in too few of the samples.
    assert not has_moved(cutouts(places), 40)


def test_thing_left_on_the_floor_of_an_arena_in_which_something_small_moves_elsewhere_is_not_the_animal() -> None:
    samples = stack([PLACES[3]] * 20)
    samples[::2, 10:16, 10:16] = 90
    with pytest.raises(TrackingError, match="as large as the animal"):
        learn_background([samples], SPEC)


@pytest.mark.parametrize("white", [190, 230])
def test_floor_and_body_of_a_hooded_animal_are_not_taken_for_each_other(white: int) -> None:
    samples = stack([PLACES[i % 6] for i in range(24)])
    for i, sample in enumerate(samples):
        u, v = PLACES[i % 6]
        sample[v - 5 : v + 6, u : u + 13] = white
    learnt = learn_background([samples], SPEC)
    assert learnt.polarity == "dark"
    assert np.abs(learnt.floor.astype(float) - FLOOR).max() <= 6
    assert learnt.patch_threshold is not None
    plain = learn_background([stack([PLACES[i % 6] for i in range(24)])], SPEC)
    assert plain.patch_threshold is None


@pytest.mark.parametrize(("animal", "floor", "polarity"), [(60, 150, "dark"), (210, 60, "light")])
def test_polarity_is_not_fooled_by_the_place_where_the_animal_sat_most(animal: int, floor: int, polarity: str) -> None:
    places = [PLACES[0]] * 16 + [PLACES[1]] * 8
    found, share = find_polarity(
        [stack(places, animal=animal, floor=floor)], SPEC.mask, noise=1.5, area_px=SPEC.area_px
    )
    assert found == polarity
    assert share > 0.9


def test_polarity_is_not_fooled_by_furniture_that_shines_more_in_the_other_recording() -> None:
    first, second = stack([PLACES[i % 6] for i in range(24)]), stack([PLACES[3]] * 24, seed=1)
    for shown, grey in ((first, 170), (second, 250)):
        shown[:, 2:22, 60:95] = grey
    found, share = find_polarity([first, second], SPEC.mask, noise=1.5, area_px=SPEC.area_px)
    assert found == "dark"
    assert share > 0.9


def test_polarity_of_an_animal_that_only_moved_between_two_recordings_is_found() -> None:
    stacks = [stack([PLACES[0]] * 12), stack([PLACES[4]] * 12, seed=1)]
    assert find_polarity(stacks, SPEC.mask, noise=1.5, area_px=SPEC.area_px)[0] == "dark"


@pytest.mark.parametrize("noise", [1.0, 2.5, 5.0])
def test_noise_is_that_of_the_sensor(noise: float) -> None:
    stacks = [stack([PLACES[i % 6] for i in range(12)], noise=noise)]
    # Rounding adds a variance of 1/12; the animal, 7 % of these pixels, some more.
    assert measure_noise(stacks, SPEC.mask) == pytest.approx(np.sqrt(noise**2 + 1 / 12), rel=0.15)


@pytest.mark.parametrize("polarity", ["dark", "light"])
def test_far_side_of_an_empty_floor_is_hardly_biased(polarity: str) -> None:
    floor = far_side(stack([None] * 24, noise=2.0), polarity, 2.0)  # type: ignore[arg-type]
    assert float(floor.mean()) == pytest.approx(FLOOR, abs=0.5)


def test_light_is_evened_out_between_samples() -> None:
    samples = stack([None] * 4)
    brighter = samples.copy()
    brighter[2:] += 12
    evened = even_out(brighter, SPEC.mask, animal_px=330.0, noise=1.5)
    assert np.ptp([float(np.median(sample)) for sample in evened]) <= 1


def test_empty_arena_is_an_error_not_a_track() -> None:
    with pytest.raises(TrackingError, match="no animal"):
        learn_background([stack([None] * 20)], SPEC)


def test_window_without_frames_is_an_error() -> None:
    with pytest.raises(TrackingError, match="no frame") as caught:
        learn_background([np.empty((0, SIZE, SIZE), np.uint8)], SPEC)
    assert "start_s" in caught.value.hint


def test_only_things_of_another_size_are_an_error() -> None:
    small = BackgroundSpec(mask=SPEC.mask, area_px=(1000.0, 3000.0), polarity="dark")
    with pytest.raises(TrackingError, match="as large as the animal"):
        learn_background([stack([PLACES[i % 6] for i in range(12)])], small)


@pytest.mark.parametrize("scale", [4.0, 10.0, 21.0])
def test_grid_takes_working_pixels_back_to_the_frame(scale: float) -> None:
    side = round(42 * scale)
    frame = (side + 80, side + 60)
    corners = ((30.0, 20.0), (30.0 + side, 20.0), (30.0 + side, 20.0 + side), (30.0, 20.0 + side))
    arena = Arena(name="A", shape="rectangle", corners_px=corners, width_cm=42, height_cm=42, frame_size_px=frame)
    grid = work_grid(arena, margin_cm=1.0)
    assert 3.0 < grid.px_per_cm < 8.0
    ramp = np.tile(np.arange(frame[0], dtype=float), (frame[1], 1))
    column = ((ramp / frame[0]) * 255).astype(np.uint8)
    u = np.arange(grid.width)
    expected = (grid.to_frame(u, 0)[0] / frame[0]) * 255
    assert np.abs(grid.crop(column)[5].astype(float) - expected).max() < 1.5
    mask = shape_mask(grid, arena, arena.floor)
    assert mask.sum() / 255 / grid.px_per_cm**2 == pytest.approx(42 * 42, rel=0.02)


def faint(rim: int, back: int, noise: float = 1.0) -> np.ndarray:
    """Return samples of an animal of which a rim of 5 pixels and the back within it have greys of their own."""
    rng = np.random.default_rng(4)
    v, u = np.mgrid[:SIZE, :SIZE]
    samples = []
    for i, place in enumerate(PLACES * 2):
        image = np.full((SIZE, SIZE), float(FLOOR))
        turn = 0.5 * i
        along = (u - place[0]) * np.cos(turn) + (v - place[1]) * np.sin(turn)
        across = (v - place[1]) * np.cos(turn) - (u - place[0]) * np.sin(turn)
        image[(along / 15) ** 2 + (across / 8) ** 2 <= 1] = rim
        image[(along / 10) ** 2 + (across / 3) ** 2 <= 1] = back
        samples.append(np.clip(image + rng.normal(0, noise, image.shape), 0, 255).round().astype(np.uint8))
    return np.array(samples)


def test_back_as_bright_as_the_floor_is_the_animals_where_its_outline_encloses_it() -> None:
    learnt = learn_background([faint(rim=FLOOR - 12, back=FLOOR - 2)], SPEC)
    assert learnt.is_faint
    assert not learnt.is_two_sided
    assert learnt.animal_area_px == pytest.approx(np.pi * 15 * 8, rel=0.15)


def test_animal_that_stands_out_clearly_is_not_faint() -> None:
    learnt = learn_background([faint(rim=FLOOR - 90, back=FLOOR - 70)], SPEC)
    assert (learnt.is_faint, learnt.is_two_sided) == (False, False)


def test_animal_of_which_one_side_shows_little_is_looked_for_on_both() -> None:
    samples = faint(rim=FLOOR + 9, back=FLOOR + 9)
    v, u = np.mgrid[:SIZE, :SIZE]
    for sample, place in zip(samples, PLACES * 2, strict=True):
        # A rump of 12 pixels, darker than the floor.
        sample[np.hypot(u - place[0], v - place[1]) <= 6] = FLOOR - 25
    learnt = learn_background([samples], replace(SPEC, polarity="dark"))
    assert learnt.is_two_sided
    assert learnt.animal_area_px == pytest.approx(np.pi * 15 * 8, rel=0.15)
    # The floor beneath the brighter back is known, too.
    assert np.abs(learnt.floor.astype(float) - FLOOR).max() <= 3


def test_rim_darker_than_the_floor_and_back_brighter_are_one_animal_without_its_far_darker_tail() -> None:
    samples = faint(rim=FLOOR - 7, back=FLOOR + 9)
    for i, (sample, place) in enumerate(zip(samples, PLACES * 2, strict=True)):
        along = np.array([np.cos(0.5 * i), np.sin(0.5 * i)])
        for r in np.arange(15.0, 40.0, 0.25):
            u, v = np.rint(place + r * along).astype(int)
            sample[max(v, 0) : max(v + 2, 0), max(u, 0) : max(u + 2, 0)] = FLOOR - 30
    learnt = learn_background([samples], SPEC)
    assert learnt.is_two_sided
    assert learnt.animal_area_px == pytest.approx(np.pi * 15 * 8, rel=0.15)


def test_animal_is_not_what_hangs_on_it_that_is_now_and_then_as_thick_as_the_least_animal() -> None:
    samples = faint(rim=FLOOR - 7, back=FLOOR + 9)
    for i, (sample, place) in enumerate(zip(samples, PLACES * 2, strict=True)):
        along = np.array([np.cos(0.5 * i), np.sin(0.5 * i)])
        width = 2 if i % 4 else 6
        for r in np.arange(15.0, 40.0, 0.25):
            u, v = np.rint(place + r * along).astype(int)
            sample[max(v, 0) : max(v + width, 0), max(u, 0) : max(u + width, 0)] = FLOOR - 100
    learnt = learn_background([samples], SPEC)
    assert learnt.is_faint
    assert learnt.animal_area_px == pytest.approx(np.pi * 15 * 8, rel=0.2)


@pytest.mark.parametrize(("rim", "width"), [(-25, 2), (-60, 1), (-90, 1)])
def test_outline_thinner_than_any_animal_is_one_where_its_back_has_vanished(rim: int, width: int) -> None:
    samples = faint(rim=FLOOR + rim, back=FLOOR)
    rng = np.random.default_rng(5)
    v, u = np.mgrid[:SIZE, :SIZE]
    for i, (sample, place) in enumerate(zip(samples, PLACES * 2, strict=True)):
        along = (u - place[0]) * np.cos(0.5 * i) + (v - place[1]) * np.sin(0.5 * i)
        across = (v - place[1]) * np.cos(0.5 * i) - (u - place[0]) * np.sin(0.5 * i)
        within = (along / (15 - width)) ** 2 + (across / (8 - width)) ** 2 <= 1
        sample[within] = (FLOOR + rng.normal(0, 1.0, sample.shape)).round().astype(np.uint8)[within]
    learnt = learn_background([samples], SPEC)
    assert learnt.is_faint
    assert learnt.animal_area_px == pytest.approx(np.pi * 15 * 8, rel=0.15)
