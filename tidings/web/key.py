"""The secret that signs links in mails: made once, kept in the state folder for its owner only.

Where several processes work on one server, the database has it too, so that all sign and know the same links.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Protocol

FILE = "unsubscribe.key"
SHARED = "signing key"
BYTES = 32


class KeyProblem(OSError):
    """The file is there and holds no key; the message says what to do."""


def signing_key(state_dir: Path) -> bytes:
    """The 32 bytes of this installation. The first call makes them; of two at once, one makes them for both.

    Raises:
        KeyProblem: the file holds something else; it is left as it is.
        OSError: it cannot be read or written.
    """
    path = state_dir / FILE
    if not path.exists():
        _make(path)
    written = path.read_bytes().strip()
    with suppress(ValueError):
        key = bytes.fromhex(written.decode("ascii"))
        if len(key) == BYTES:
            return key
    raise KeyProblem(
        f"{path} holds no key of {BYTES} bytes in hex; put it back from a backup, or remove it: then a new one is made, "
        "and links in mails that are out lead nowhere"
    )


class Shared(Protocol):
    """What all processes of an installation know."""

    async def share(self, name: str, value: str) -> str:
        """What is known under a name: `value`, where nothing was before."""


async def share_key(state_dir: Path, shared: Shared) -> None:
    """Take the key of the installation into the state folder, or give the one of the folder to the others.

    Raises:
        KeyProblem: the folder has another key than the installation.
        OSError: see `signing_key`.
    """
    path = state_dir / FILE
    offered = signing_key(state_dir).hex() if path.exists() else secrets.token_bytes(BYTES).hex()
    known = await shared.share(SHARED, offered)
    if not path.exists():
        _make(path, known)
    if signing_key(state_dir).hex() != known:
        raise KeyProblem(
            f"{path} holds another key than the other processes of this installation have; remove it, and the key of the "
            "installation is put in its place"
        )


def _make(path: Path, key: str | None = None) -> None:
    """Written whole beside its place and then linked there, which fails where another was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write((key or secrets.token_bytes(BYTES).hex()).encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        os.unlink(beside)
