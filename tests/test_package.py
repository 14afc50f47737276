"""The package as a user meets it: its public names, its version, what comes with it."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import csds
from csds.shipped import shipped_folder

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("numpy", "pandas", "cv2", "av", "matplotlib", "scipy", "pyarrow", "pingouin", "rich", "typer")


def test_public_names_are_sorted_and_each_has_a_home() -> None:
    assert csds.__all__ == sorted(csds.__all__)
    assert sorted(csds._HOMES) == csds.__all__
    assert set(csds.__all__) <= set(dir(csds))


def test_type_checkers_see_the_same_names_from_the_same_homes() -> None:
    tree = ast.parse(Path(csds.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {name.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert seen == csds._HOMES


@pytest.mark.parametrize("name", csds.__all__)
def test_public_names_resolve_and_are_documented(name: str) -> None:
    value = getattr(csds, name)
    assert value.__doc__
    assert value.__doc__.strip().splitlines()[0].endswith((".", ":"))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'track_studdy'"):
        csds.track_studdy  # noqa: B018


def test_importing_csds_imports_nothing_heavy() -> None:
    program = f"import sys, csds; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_versions_agree() -> None:
    assert metadata.version("csds") == csds.__version__
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {csds.__version__}\n" in citation
    assert f"## [{csds.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["protocols", "sample_videos"])
def test_shipped_folders_are_found(name: str) -> None:
    assert any(shipped_folder(name).iterdir())


def test_every_room_says_what_it_is_for() -> None:
    rooms = sorted((ROOT / "csds").glob("*/__init__.py"))
    silent = [room.parent.name for room in rooms if not ast.get_docstring(ast.parse(room.read_text(encoding="utf-8")))]
    assert rooms
    assert silent == []


def test_every_room_stands_in_the_import_contract() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    placed = {room.strip() for layer in layers for room in layer.split("|")}
    rooms = {path.parent.name for path in (ROOT / "csds").glob("*/__init__.py")}
    assert rooms <= placed


@pytest.mark.slow
def test_wheel_holds_protocols_and_sample_videos_and_finds_them(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    program = (
        "from csds.shipped import shipped_folder\n"
        "for name in ('protocols', 'sample_videos'): print(*sorted(p.name for p in shipped_folder(name).iterdir()))"
    )
    # From another folder, isolated from the checkout: -I ignores the working folder and PYTHONPATH.
    program = f"import sys; sys.path.insert(0, {str(installed)!r})\n{program}"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    found = [line.split() for line in done.stdout.splitlines()]
    expected = [
        sorted(path.name for path in (ROOT / name).iterdir() if path.name != "__pycache__")
        for name in ("protocols", "sample_videos")
    ]
    assert found == expected
    assert (installed / "csds" / "_shipped" / "protocols").is_dir()
