"""The plan of the house holds: floors, doors, file sizes, and pages that name what exists."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("crawler", "alerts", "tidings")

# A library is imported behind one door; the demo's newsroom plays the outside world and brings its own servers.
DOORS = {
    "aiohttp": ("crawler/net/", "tidings/demo/", "tidings/web/"),
    "protego": ("crawler/net/",),
    "feedparser": ("crawler/feeds/",),
    "scrapy": ("crawler/spiders/",),
    "trafilatura": ("crawler/extract/",),
    "pebble": ("crawler/isolation.py",),
    "rensa": ("crawler/duplicates.py",),
    "hyperscan": ("alerts/automaton.py",),
    "lark": ("alerts/grammar.py",),
    "py3langid": ("alerts/languages.py",),
    "re2": ("alerts/patterns.py", "crawler/spiders/link_patterns.py"),
    "playwright": ("crawler/spiders/browser.py", "crawler/spiders/showing.py"),
    "parsel": ("crawler/extract/", "crawler/spiders/"),
    "htmldate": ("crawler/extract/",),
    "jinja2": ("alerts/sandbox/",),
    "css_inline": ("alerts/pages.py",),
    "PIL": ("alerts/plots.py",),
    "svg": ("alerts/dossier_plot.py",),
    "aiosmtplib": ("alerts/channels/",),
    "standardwebhooks": ("alerts/channels/", "tidings/demo/"),
    "apprise": ("alerts/channels/",),
    "sqlalchemy": ("tidings/storage/",),
    "alembic": ("tidings/storage/",),
    "ruamel": ("tidings/settings/",),
    "pydantic": ("tidings/settings/",),
    "apscheduler": ("tidings/daemon.py",),
    "watchfiles": ("tidings/config_watch.py",),
    "prometheus_client": ("tidings/metrics.py",),
    "typer": ("tidings/cli/",),
    "rich": ("tidings/cli/",),
    "aiosmtpd": ("tidings/demo/",),
}


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Top-level names that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


def test_imports_run_downwards() -> None:
    """The contracts of pyproject.toml hold."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_each_library_has_one_door() -> None:
    """A library is imported only where its wrapper lives."""
    trespassers = [
        f"{path.relative_to(ROOT)} imports {library}"
        for path in modules()
        for library in imported(path) & DOORS.keys()
        if not str(path.relative_to(ROOT)).startswith(DOORS[library])
    ]
    assert trespassers == []


def test_the_picture_of_imports_is_that_of_the_code() -> None:
    """docs/architecture.md shows the imports as they are; `python docs/draw_imports.py` draws them anew."""
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import draw_imports
    finally:
        sys.path.pop(0)
    text = draw_imports.PAGE.read_text(encoding="utf-8")
    assert draw_imports.page(text) == text


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_what_it_is_for_and_stays_one_idea(path: Path) -> None:
    """Every file with code opens with a docstring and ends before line 500."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 500
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "no first line that says what it is for"


def test_no_path_of_a_machine_is_committed() -> None:
    """Nothing in the repository names a home or a temporary folder of one machine."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    found = []
    for name in filter(None, listed.decode().split("\0")):
        path = ROOT / name
        if path.suffix not in {".py", ".md", ".yaml", ".toml", ".json"} or not path.is_file():
            continue
        if path != Path(__file__):
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{name}: {part}" for part in ("/home/", "/root/", "/work/") if part in text]
    assert found == []
