"""What is published: the wheel has the program and nothing else, the sdist all that its tests need."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tests.package import build, unpack

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
PACKAGES = ("crawler", "alerts", "tidings")
MAN = "share/man/man1/tidings.1"


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def tree(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(sdist, tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """Made of what is in the sdist, as an installer without the repository makes it."""
    return ZipFile(build("wheel", tree, tmp_path_factory.mktemp("wheel")))


def program() -> set[str]:
    """Every file of the three packages, as it lies in the repository."""
    return {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_every_file_of_the_program_and_no_other(wheel: ZipFile) -> None:
    """Packages, starter configuration, manual page, metadata; no tests, no caches, nothing from a desk."""
    shipped = {
        f"tidings/shipped/{path.relative_to(ROOT / 'config')}"
        for path in (ROOT / "config").rglob("*")
        if path.is_file()
    }
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    manual = {name for name in inside if name.endswith(MAN)}

    assert len(manual) == 1
    assert inside - manual == program() | shipped


def test_the_metadata_names_licence_command_and_types(wheel: ZipFile) -> None:
    """What an index and an installer read."""
    (folder,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    said = Parser().parsestr(wheel.read(f"{folder}/METADATA").decode())

    assert said["License-Expression"] == "MIT"
    assert f"{folder}/licenses/LICENSE" in wheel.namelist()
    assert "tidings = tidings.cli:main" in wheel.read(f"{folder}/entry_points.txt").decode()
    assert all(f"{package}/py.typed" in wheel.namelist() for package in PACKAGES)
    assert "Tag: py3-none-any" in wheel.read(f"{folder}/WHEEL").decode()


def test_the_sdist_has_what_its_tests_read(tree: Path) -> None:
    """The tests with their data, the pages they hold against the program, the locks; and no caches."""
    for part in ("tests", "docs", "config", *PACKAGES):
        here = {
            path.relative_to(ROOT)
            for path in (ROOT / part).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert here - {path.relative_to(tree) for path in (tree / part).rglob("*")} == set()
    assert all(
        (tree / name).is_file()
        for name in ("Makefile", "requirements.lock", "LICENSE", "README.md", "CHANGELOG.md")
    )
    assert not list(tree.rglob("*.pyc"))


def test_tests_of_the_sdist_run_where_it_was_unpacked(tree: Path) -> None:
    """Some that read the program's files, pages and configuration."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            "tests/unit/test_shipped_configuration.py",
            "tests/unit/test_settings_folders.py",
        ],
        cwd=tree,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout[-2000:]


def test_an_sdist_is_the_same_bytes_each_time(sdist: Path, tmp_path: Path) -> None:
    """Whoever builds it again can hold it against what was published."""
    assert build("sdist", ROOT, tmp_path).read_bytes() == sdist.read_bytes()


def test_the_manual_page_is_that_of_the_commands() -> None:
    """`python docs/draw_man.py` writes it anew."""
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import draw_man
    finally:
        sys.path.pop(0)
    assert isinstance(draw_man, ModuleType)
    assert draw_man.page() == draw_man.PAGE.read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_mandoc_finds_nothing_wrong_with_the_manual_page() -> None:
    """But that it bears no date: a date would be a lie by the next release."""
    said = subprocess.run(
        ["mandoc", "-T", "lint", DEPLOY / "man" / "tidings.1"], capture_output=True, text=True
    ).stdout

    assert [line for line in said.splitlines() if "missing date" not in line] == []


# -- locks -----------------------------------------------------------------------------------------


def locked(path: Path) -> dict[str, str]:
    """The pinned line and the hashes of each distribution of a lock."""
    text = re.sub(r"^ *#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    entries = re.findall(r"^([a-z0-9][^\s=]*==.*(?:\n +--hash.*)+)", text, re.MULTILINE)
    return {one.partition("==")[0].partition("[")[0]: one for one in entries}


@pytest.mark.parametrize("name", ["runtime.lock", "build.lock"])
def test_the_locks_for_images_are_parts_of_the_one_that_tests_ran_with(name: str) -> None:
    """`make lock` writes all three: the same versions with the same hashes."""
    whole, part = locked(ROOT / "requirements.lock"), locked(DEPLOY / name)

    def facts(entry: str) -> tuple[str, set[str]]:
        return entry.split()[0], set(re.findall(r"sha256:\w+", entry))

    assert part
    assert {one: facts(entry) for one, entry in part.items()} == {one: facts(whole[one]) for one in part}


def test_the_lock_for_images_has_all_that_the_program_imports() -> None:
    """Every dependency of pyproject.toml and of the extras `postgres` and `apprise`, and theirs in turn."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    waiting = [
        Requirement(one) for one in (*project["dependencies"], *extras["postgres"], *extras["apprise"])
    ]
    there = locked(DEPLOY / "runtime.lock")
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        one = waiting.pop()
        name = re.sub(r"[-_.]+", "-", one.name).lower()
        if (name, frozenset(one.extras)) in seen:
            continue
        seen.add((name, frozenset(one.extras)))
        assert name in there, f"{name} is not in docs/deploy/runtime.lock; run make lock"
        try:
            needs = requires(one.name) or []
        except PackageNotFoundError:
            continue  # an extra that is not installed here
        for need in map(Requirement, needs):
            wanted = one.extras or {""}
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in wanted):
                waiting.append(need)


def test_the_lock_for_images_has_no_tool_of_developers() -> None:
    """What an image does not need is no weight and no risk in it."""
    assert {"pytest", "mypy", "hypothesis", "playwright", "hatchling"}.isdisjoint(
        locked(DEPLOY / "runtime.lock")
    )


def test_an_archive_of_the_sdist_is_plain(sdist: Path) -> None:
    """Regular files in one folder; nothing points out of it."""
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    (folder,) = {one.name.split("/")[0] for one in members}

    assert all(one.isfile() for one in members)
    assert sdist.name == f"{folder}.tar.gz"
