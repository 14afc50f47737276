"""Protocols are read to the last key; what is wrong is named with its key and a remedy."""

from __future__ import annotations

import hashlib
import math
import tomllib
from pathlib import Path

import pytest

from csds.errors import ProtocolError, UnknownProtocolError, UsageError
from csds.protocol import describe_protocol, find_protocol, load_protocol, new_protocol, protocol_names, protocol_text

SHIPPED = {
    "golden2011",
    "accelerated_defeat",
    "witness_round_cage",
    "long_10min",
    "schuler2024",
    "open_field",
    "il4ra_neutralization",
}
OPEN = {"long_10min", "schuler2024"}

GOLDEN = find_protocol("golden2011").read_text(encoding="utf-8")


def save(folder: Path, text: str) -> Path:
    path = folder / "my.toml"
    path.write_text(text, encoding="utf-8")
    return path


def change(folder: Path, old: str, new: str) -> Path:
    assert old in GOLDEN
    return save(folder, GOLDEN.replace(old, new, 1))


def fault(path: Path) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        load_protocol(path)
    assert caught.value.hint
    assert caught.value.exit_code == 1
    assert str(path) in caught.value.message
    return caught.value


def test_all_are_shipped_and_the_default_comes_first() -> None:
    assert set(protocol_names()) == SHIPPED
    assert protocol_names()[0] == "golden2011"


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_shipped_protocols_load_and_are_named_as_their_file(name: str) -> None:
    protocol = load_protocol(name, allow_open=True)
    assert protocol.name == name
    assert bool(protocol.open_fields) == (name in OPEN)
    assert protocol.title in describe_protocol(protocol)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_number_in_a_shipped_file_has_a_comment_on_its_source(name: str) -> None:
    table = ""
    sourced_tables = {"[tracking]", "[behaviour]"}  # said once, beside the table's name
    for line in protocol_text(name).splitlines():
        if line.startswith("["):
            table = line.split("#")[0].strip()
        key, _, value = line.partition("=")
        if line.startswith("#") or not value or table in sourced_tables or key.strip() in {"has_target", "of"}:
            continue
        if value.split("#")[0].strip()[0].isdigit():
            assert any(mark in line for mark in ("[source]", "[usual]", "[csds]")), line


def test_golden_geometry_and_rule() -> None:
    golden = load_protocol("golden2011")
    assert (golden.arena_width_cm, golden.arena_height_cm) == (42.0, 42.0)
    assert golden.enclosure is not None
    assert (golden.enclosure.width_cm, golden.enclosure.depth_cm) == (10.0, 6.5)
    assert [(phase.name, phase.duration_s, phase.has_target) for phase in golden.phases] == [
        ("target_absent", 150.0, False),
        ("target_present", 150.0, True),
    ]
    assert golden.rule is not None
    assert [(c.kind, c.cutoff, c.tie) for c in golden.rule.criteria] == [("cutoff", 1.0, "resilient")]


def test_accelerated_rule_excludes() -> None:
    rule = load_protocol("accelerated_defeat").rule
    assert rule is not None
    assert [(e.kind, e.minimum_s, e.only_if) for e in rule.exclusions] == [
        ("minimum_time", 60.0, "resilient"),
        ("no_zone_time", 0.0, "any"),
    ]


def test_schuler_rule_has_two_criteria() -> None:
    rule = load_protocol("schuler2024", allow_open=True).rule
    assert rule is not None
    assert rule.susceptible_if == "any"
    assert [(c.score, c.cutoff) for c in rule.criteria] == [("si_ratio", 1.0), ("delta_velocity_cm_s", 1.5)]
    assert [(e.kind, e.limit) for e in rule.exclusions] == [("score_at_least", 4.0)]


def test_open_field_has_no_target() -> None:
    protocol = load_protocol("open_field")
    assert (protocol.enclosure, protocol.score, protocol.rule) == (None, None, None)
    assert [zone.name for zone in protocol.zones][-1] == "corners"


def test_treatment_fields_stay_open_without_blocking() -> None:
    protocol = load_protocol("il4ra_neutralization")
    assert {
        key: protocol.treatment[key] for key in ("antibody_clone", "isotype_clone", "dose_mg_kg", "route", "days")
    } == dict.fromkeys(("antibody_clone", "isotype_clone", "dose_mg_kg", "route", "days"), "open")
    assert protocol.zones == load_protocol("golden2011").zones


@pytest.mark.parametrize("name", sorted(OPEN))
def test_open_geometry_blocks_use_and_names_the_fields(name: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        load_protocol(name)
    assert "arena.width_cm, arena.height_cm" in caught.value.message
    assert f"csds protocol new my.toml --from {name}" in caught.value.hint
    assert math.isnan(load_protocol(name, allow_open=True).arena_width_cm)


def test_filled_in_copy_is_usable(tmp_path: Path) -> None:
    new_protocol(tmp_path / "my lab.toml", "schuler2024")
    text = (tmp_path / "my lab.toml").read_text(encoding="utf-8")
    assert "# [source] SI < 1 or Δvelocity < 1.5 cm/s" in text
    filled = text.replace('shape = "open"', 'shape = "rectangle"').replace('"open"', "9.0", 40)
    filled = filled.replace("width_cm = 9.0", "width_cm = 45.0", 1).replace("height_cm = 9.0", "height_cm = 45.0", 1)
    protocol = load_protocol(save(tmp_path, filled))
    assert protocol.name == "my_lab"
    assert protocol.arena_width_cm == 45.0


def test_new_never_overwrites(tmp_path: Path) -> None:
    path = save(tmp_path, "mine")
    with pytest.raises(UsageError, match="there already"):
        new_protocol(path)
    assert path.read_text(encoding="utf-8") == "mine"


def test_new_into_nowhere_is_said(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="could not be written"):
        new_protocol(tmp_path / "nowhere" / "my.toml")


def test_hash_is_of_the_text_whatever_the_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "crlf.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOLDEN.replace("\n", "\r\n").encode("utf-8"))
    assert load_protocol(path).sha256 == hashlib.sha256(GOLDEN.encode("utf-8")).hexdigest()


def test_unknown_name_says_the_nearest_and_all() -> None:
    with pytest.raises(UnknownProtocolError) as caught:
        load_protocol("golden2012")
    assert "did you mean 'golden2011'" in caught.value.message
    assert all(name in caught.value.hint for name in SHIPPED)
    assert caught.value.exit_code == 2


def test_unknown_path(tmp_path: Path) -> None:
    with pytest.raises(UnknownProtocolError, match="no protocol file"):
        load_protocol(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("width_cm = 42.0", "width_mm = 420.0", "unknown key 'arena.width_mm'; the nearest known key is 'width_cm'"),
        ("smoothing_s = 0.2", "smothing_s = 0.2", "nearest known key is 'smoothing_s'"),
        ("[tracking]", "[trackinng]", "unknown key 'trackinng'; the nearest known key is 'tracking'"),
        ("cutoff = 1.0", "cut_off = 1.0", "unknown key 'rule.criterion.1.cut_off'; the nearest known key is 'cutoff'"),
        ("susceptible_if", "zzz", "unknown key 'rule.zzz'"),
        ("width_cm = 42.0", "width_cm = 420.0", "arena.width_cm: expected a number of cm from 5 to 300, found 420.0"),
        (
            "width_cm = 42.0",
            'width_cm = "42 cm"',
            "arena.width_cm: expected a number of cm from 5 to 300, found '42",
        ),
        ("width_cm = 42.0", "width_cm = true", "found True"),
        ("width_cm = 42.0", "width_cm = nan", "found nan"),
        ("width_cm = 42.0", "", "arena.width_cm is missing"),
        ("duration_s = 150.0", "duration_s = 150000", "found 150000"),
        ("duration_s = 150.0", "duration_s = -1", "found -1"),
        ('shape = "rectangle"', 'shape = "square"', "expected one of 'rectangle', 'circle', found 'square'"),
        ("animal_area_cm2 = [4.0, 60.0]", "animal_area_cm2 = [60.0, 4.0]", "rising, found [60.0, 4.0]"),
        ("animal_area_cm2 = [4.0, 60.0]", "animal_area_cm2 = [4.0]", "a list of 2 numbers"),
        ('name = "corner_left"', 'name = "Corner left"', "small letters"),
        ('name = "corner_left"', 'name = "interaction"', "a name that isn't used yet"),
        ('name = "corner_left"', 'name = "nose_zone"', "columns of csds have already"),
        ('name = "corner_left"', "name = 5", "text in quotation marks, found 5"),
        ('of = ["corner_left", "corner_right"]', 'of = "corner_left"', "a list of words"),
        ('of = ["corner_left", "corner_right"]', 'of = ["corner_up"]', "found 'corner_up'"),
        ('at = "opposite_left"\nwidth_cm = 9.0 ', 'at = "opposite_left" ', "expected the keys"),
        ("width_cm = 24.0", "width_cm = 50.0", "beyond the arena"),
        ("width_cm = 10.0", "width_cm = 50.0", "does not fit the arena"),
        ("depth_cm = 6.5", "diameter_cm = 6.5", "expected enclosure.depth_cm to be given"),
        ("gap_cm = 0.0", "diameter_cm = 10.0", "expected enclosure.diameter_cm to be left out"),
        (
            'shape = "rectangle"       # or "circle"\nwidth_cm = 42.0',
            'shape = "circle"\nwidth_cm = 41.0',
            "to be equal",
        ),
        ('[score]\nname = "si_ratio"', '[score]\nname = "si_ration"', "found 'si_ration'"),
        ('name = "target_present"', 'name = "target_there"', "needs the phase 'target_present'"),
        ('name = "interaction"', 'name = "social"', "needs the zone 'interaction'"),
        ("has_target = true", 'has_target = "yes"', "expected true or false, found 'yes'"),
        ('kind = "cutoff"\n', 'kind = "cutoff"\nk = "x"\n', "rule.criterion.1.k"),
        ("\ncutoff = 1.0", "\n#", "rule.criterion.1.cutoff is missing"),
        ("[[rule.criterion]]", "[[rule.exclusion]]", "unknown key 'rule.exclusion.1.cutoff'"),
        ("[[phase]]", "[phase]", "expected TOML"),
        ("width_cm = 42.0", "width_cm = 42,0", "expected TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in fault(change(tmp_path, old, new)).message


def test_wrong_unit_is_guessed_in_the_hint(tmp_path: Path) -> None:
    assert "looks like mm; in cm it would be 42" in fault(change(tmp_path, "width_cm = 42.0", "width_cm = 420")).hint
    assert "looks like m; in cm it would be 42" in fault(change(tmp_path, "width_cm = 42.0", "width_cm = 0.42")).hint
    assert (
        "looks like ms; in s it would be 150"
        in fault(change(tmp_path, "duration_s = 150.0", "duration_s = 150000")).hint
    )
    assert "give it in cm" in fault(change(tmp_path, "width_cm = 42.0", "width_mm = 420")).hint
    assert "number alone" in fault(change(tmp_path, "width_cm = 42.0", 'width_cm = "42 cm"')).hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name is missing"),
        ('name = "a"\ntitle = "b"\nsource = "c"\n', "the table [arena] is missing"),
        ('name = "a"\ntitle = "b"\nsource = "c"\narena = 42\n', "expected a table, found 42"),
        (GOLDEN[: GOLDEN.index("[[zone]]")], "the table [zone] is missing"),
        (GOLDEN[: GOLDEN.index("[[zone]]")].replace("[arena]", "zone = []\n[arena]"), "at least one [[zone]]"),
        (GOLDEN[: GOLDEN.index("[[zone]]")] + "[zone]\na = 1\n", "expected a list of tables [[zone]]"),
        (GOLDEN[: GOLDEN.index("[[rule.criterion]]")], "at least one [[rule.criterion]]"),
        (GOLDEN[: GOLDEN.index("[score]")] + GOLDEN[GOLDEN.index("[rule]") :], "[rule] is given without [score]"),
        (GOLDEN + '[[rule.exclusion]]\nkind = "no_zone_time"\nphase = "absent"\n', "found 'absent'"),
        (GOLDEN + '[[rule.exclusion]]\nkind = "minimum_time"\n', "rule.exclusion.1.column is missing"),
        (GOLDEN + "width_cm = " + "1" * 5000, "expected TOML"),
        (GOLDEN.replace("width_cm = 42.0", "width_cm = " + "1" * 400), "arena.width_cm"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, text: str, said: str) -> None:
    assert said in fault(save(tmp_path, text)).message


def test_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(b'name = "\xff"\n')
    assert "UTF-8" in fault(path).message


def test_unreadable_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, GOLDEN)

    def refuse(_self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert "can't be read" in fault(path).message


def test_shown_text_is_the_file_itself() -> None:
    assert tomllib.loads(protocol_text("golden2011"))["arena"]["width_cm"] == 42.0
