"""Where configuration and state are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidings import folders
from tidings.folders import config_folder, state_folder


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_option_comes_before_the_environment(tmp_path: Path) -> None:
    """What is typed counts most, and keeps the spelling of the user."""
    environ = {"TIDINGS_CONFIG": "there", "TIDINGS_STATE": "there"}

    assert config_folder(Path("here"), environ) == Path("here")
    assert config_folder(None, environ) == Path("there")
    assert state_folder(Path("here"), environ) == tmp_path / "here"
    assert state_folder(None, environ) == tmp_path / "there"


def test_an_empty_variable_is_as_if_not_set(tmp_path: Path) -> None:
    """`TIDINGS_STATE=` in a service file does not mean the current folder."""
    assert (
        state_folder(None, {"TIDINGS_STATE": "", "XDG_STATE_HOME": str(tmp_path / "none")})
        == tmp_path / "var"
    )


def test_the_current_folder_comes_before_the_users_own(tmp_path: Path) -> None:
    """./config and ./var where they are, else the XDG folders."""
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "xc"), "XDG_STATE_HOME": str(tmp_path / "xs")}
    (tmp_path / "xc/tidings").mkdir(parents=True)
    (tmp_path / "xs/tidings").mkdir(parents=True)

    assert config_folder(None, environ) == tmp_path / "xc/tidings"
    assert state_folder(None, environ) == tmp_path / "xs/tidings"

    Path("config").mkdir()
    Path("var").mkdir()

    assert config_folder(None, environ) == Path("config")
    assert state_folder(None, environ) == tmp_path / "var"


def test_with_no_folder_at_all_it_is_the_current_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first start in an empty folder begins ./config and ./var."""
    monkeypatch.setattr(folders, "SYSTEM_CONFIG", tmp_path / "etc")
    monkeypatch.setattr(folders, "SYSTEM_STATE", tmp_path / "lib")
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "xc"), "XDG_STATE_HOME": str(tmp_path / "xs")}

    assert config_folder(None, environ) == Path("config")
    assert state_folder(None, environ) == tmp_path / "var"


def test_the_systems_var_is_never_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that starts in the root folder does not write into /var."""
    monkeypatch.chdir("/")
    monkeypatch.setattr(folders, "SYSTEM_STATE", tmp_path / "lib")

    assert state_folder(None, {"XDG_STATE_HOME": str(tmp_path / "xs")}) == tmp_path / "xs/tidings"


@pytest.mark.parametrize(
    ("config", "state"), [("xc/tidings", "xs/tidings"), ("etc", "lib"), ("config", "var")]
)
def test_a_first_state_folder_is_made_where_its_configuration_belongs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str, state: str
) -> None:
    """Wherever the command is typed: one installation has one database, not one a folder."""
    monkeypatch.setattr(folders, "SYSTEM_CONFIG", tmp_path / "etc")
    monkeypatch.setattr(folders, "SYSTEM_STATE", tmp_path / "lib")
    (tmp_path / config).mkdir(parents=True)
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "xc"), "XDG_STATE_HOME": str(tmp_path / "xs")}

    assert state_folder(None, environ) == tmp_path / state
