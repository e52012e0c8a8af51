"""Secrets from the environment or from files; the only place that holds one in clear text."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from crawler.secret import Secret

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
MAX_BYTES = 64 * 1024
_MOUNTED = (Path("/run"), Path("/var/run"))  # the platform mounts secrets there with modes of its own


class SecretFault(Exception):
    """A secret that cannot be had; the texts are safe to show."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


def fill(text: str, environ: Mapping[str, str]) -> str:
    """`text` with each `${NAME}` replaced from the environment.

    Raises:
        SecretFault: a variable is not set, or empty.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if not environ.get(name):
            state = "is empty" if name in environ else "is not set"
            raise SecretFault(
                f"the environment variable {name} {state}", f"set {name} before you start tidings"
            )
        return environ[name]

    return PLACEHOLDER.sub(value, text)


def read_secret(path: Path, shown: str) -> Secret:
    """The secret in a file, without the line end behind it. `shown`: the file's name in messages.

    Raises:
        SecretFault: the file is missing, unreadable, empty, too large, or open to other users.
    """
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise SecretFault(f"{shown} is not a file", "name a file that holds the secret and nothing else")
        if facts.st_mode & 0o022 or (facts.st_mode & 0o004 and not _is_mounted(path)):
            raise SecretFault(
                f"other users of this machine may read or change {shown} (its mode is {facts.st_mode & 0o777:03o})",
                f"run: chmod 600 {shown}",
            )
        if facts.st_size > MAX_BYTES:
            raise SecretFault(f"{shown} has more than 64 KiB", "put only the secret into it")
        text = path.read_bytes().decode("utf-8").rstrip("\r\n")
    except FileNotFoundError:
        raise SecretFault(
            f"the file {shown} is missing", "create it with the secret in it, and chmod 600"
        ) from None
    except PermissionError:
        raise SecretFault(
            f"the file {shown} may not be read", "make it readable for the user who runs tidings"
        ) from None
    except UnicodeDecodeError:
        raise SecretFault(f"{shown} is not UTF-8 text", "put only the secret into it, as text") from None
    except OSError as error:
        raise SecretFault(f"{shown} cannot be read ({error.strerror})", "name another file") from None
    if not text.strip():
        raise SecretFault(f"{shown} is empty", "put the secret into it")
    return Secret(text)


def _is_mounted(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in _MOUNTED)
