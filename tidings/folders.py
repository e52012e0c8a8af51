"""Which folder holds the configuration, and which the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import platformdirs

SYSTEM_CONFIG = Path("/etc/tidings")
SYSTEM_STATE = Path("/var/lib/tidings")


def config_folder(option: Path | None, environ: Mapping[str, str]) -> Path:
    """The folder of the configuration, as the user typed it; it need not exist.

    The first of: `--config`, TIDINGS_CONFIG, and of those that exist `./config`, the user's
    (XDG_CONFIG_HOME/tidings) and `/etc/tidings`; else `./config`.
    """
    named = _named(option, environ, "TIDINGS_CONFIG")
    if named is not None:
        return named
    here = Path("config")
    places = (
        here,
        _user_folder(environ, "XDG_CONFIG_HOME", platformdirs.user_config_path("tidings")),
        SYSTEM_CONFIG,
    )
    return next((one for one in places if one.is_dir()), here)


def state_folder(option: Path | None, environ: Mapping[str, str]) -> Path:
    """The folder of database, outbox and locks, absolute; it need not exist.

    The first of: `--state`, TIDINGS_STATE, and of those that exist `./var`, the user's
    (XDG_STATE_HOME/tidings) and `/var/lib/tidings`; else the one that belongs to the configuration: the user's
    with the user's, the system's with the system's, `./var` with any other. In the root folder `./var` is the
    system's, not ours: there the user's is taken.
    """
    named = _named(option, environ, "TIDINGS_STATE")
    if named is not None:
        return named.absolute()
    here = Path("var").absolute()
    user = _user_folder(environ, "XDG_STATE_HOME", platformdirs.user_state_path("tidings"))
    places = [here, user, SYSTEM_STATE]
    if here.parent == Path(here.anchor):
        places.remove(here)
    return next((one for one in places if one.is_dir()), _beside(places, user, environ)).absolute()


def new_config_folder(environ: Mapping[str, str]) -> Path:
    """Where a first configuration is written when nobody says where: TIDINGS_CONFIG, else `./config`."""
    return _named(None, environ, "TIDINGS_CONFIG") or Path("config")


def _beside(places: Sequence[Path], user: Path, environ: Mapping[str, str]) -> Path:
    """Of folders that do not exist yet, the one for the configuration in use."""
    config = config_folder(None, environ)
    if config == SYSTEM_CONFIG:
        return SYSTEM_STATE
    if config == _user_folder(environ, "XDG_CONFIG_HOME", platformdirs.user_config_path("tidings")):
        return user
    return places[0]


def _named(option: Path | None, environ: Mapping[str, str], variable: str) -> Path | None:
    if option is not None:
        return option.expanduser()
    given = environ.get(variable)
    return Path(given).expanduser() if given else None


def _user_folder(environ: Mapping[str, str], variable: str, default: Path) -> Path:
    """The XDG folder where the variable names an absolute one, as its standard asks; else the platform's."""
    given = Path(environ.get(variable, ""))
    return given / "tidings" if given.is_absolute() else default
