"""The first minutes: help, a first configuration, a demo in the wrong folder, completion."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from tests.acceptance.conftest import tidings
from tidings.cli import Everything, app

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A folder in which somebody begins."""
    return tmp_path


def begin(empty: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command of somebody who has no configuration anywhere."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(empty / "home"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "tidings", *words],
        cwd=empty,
        env=bare | environ,
        capture_output=True,
        text=True,
    )


# -- help ------------------------------------------------------------------------------------------


def test_the_help_imports_no_command_and_no_library_of_theirs() -> None:
    """It answers in a tenth of a second because it knows the commands by name only."""
    probe = (
        "import sys; sys.argv = ['tidings', '--help']\nfrom tidings.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())

    assert {one for one in loaded if one.startswith("tidings.")} == {
        "tidings.cli",
        "tidings.cli.lazily",
        "tidings.cli.options",
    }
    assert loaded.isdisjoint(
        {"asyncio", "ssl", "sqlalchemy", "aiohttp", "pydantic", "rich", "alerts", "structlog"}
    )


def test_every_command_of_the_list_is_one() -> None:
    """The list names files; each of them makes the command of that name, and help fits a line."""
    made = get_command(app).commands  # type: ignore[attr-defined]  # it is a group

    assert list(made) == [one.name for one in Everything.verbs]
    assert [name for name, command in made.items() if command.name != name] == []
    assert [one.name for one in Everything.verbs if len(one.about) > 66 or one.about[-1] != "."] == []


def test_a_mistyped_command_is_told_the_nearest(empty: Path) -> None:
    """The names are known although nothing is loaded."""
    done = begin(empty, "stroies")

    assert done.returncode == 2
    assert "'stories'" in done.stderr


# -- a first configuration -------------------------------------------------------------------------


def test_init_writes_where_the_variable_says_and_what_it_says_next_works(empty: Path) -> None:
    """With TIDINGS_CONFIG set nobody has to name the folder again."""
    done = begin(empty, "init", TIDINGS_CONFIG=str(empty / "news"))

    assert done.returncode == 0, done.stderr
    assert "then `tidings check` and `tidings once`" in done.stdout
    assert (empty / "news" / "tidings.yaml").is_file()
    assert begin(empty, "check", TIDINGS_CONFIG=str(empty / "news")).returncode == 0


@pytest.mark.parametrize(
    ("folder", "command"),
    [
        ((), "tidings check"),
        (("home/.config/tidings",), "tidings check"),
        (("my news",), "tidings --config 'my news' check"),
    ],
)
def test_init_names_the_folder_where_it_would_not_be_found(
    empty: Path, folder: tuple[str, ...], command: str
) -> None:
    """./config and the user's own folder are found without being named."""
    done = begin(empty, "init", *folder)

    assert done.returncode == 0, done.stderr
    assert f"`{command}`" in done.stdout


# -- the demo --------------------------------------------------------------------------------------


def test_a_demo_never_empties_a_folder_that_is_not_a_demos(empty: Path) -> None:
    """`--out .` beside one's own configuration is refused, and nothing is touched."""
    assert begin(empty, "init").returncode == 0
    done = begin(empty, "demo", "--out", ".")

    assert done.returncode == 1
    assert "config is there already and is not of a demo; name another folder" in done.stderr
    assert begin(empty, "check").returncode == 0


def test_a_demo_in_a_place_that_cannot_be_written_says_so(empty: Path) -> None:
    """One line with a remedy, for a file that stands in the way."""
    (empty / "taken").write_text("")
    done = begin(empty, "demo", "--out", "taken/here")

    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert "cannot be written" in done.stderr


# -- completion ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_commands_of_all_levels(shell: str) -> None:
    """What `--show-completion` prints asks the program like this."""
    asked = {
        "bash": {"COMP_WORDS": "tidings sources li", "COMP_CWORD": "2"},
        "zsh": {"_TYPER_COMPLETE_ARGS": "tidings sources li"},
        "fish": {"_TYPER_COMPLETE_ARGS": "tidings sources li", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    probe = "import sys; sys.argv = ['tidings']\nfrom tidings.cli import app\napp(prog_name='tidings')"
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=ROOT,
        env=os.environ | asked | {"_TIDINGS_COMPLETE": f"complete_{shell}"},
        capture_output=True,
        text=True,
    )

    assert "list" in done.stdout, done.stderr
    assert "pause" not in done.stdout


def test_version_needs_no_configuration() -> None:
    """And says one line."""
    done = tidings("--version")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("tidings ")
