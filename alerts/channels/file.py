"""Digests as files in a folder: KEY.eml, KEY.html, KEY.txt and KEY.json, each whole or not there at all."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from alerts.channels import mime
from alerts.errors import AlertError, Refused, TryLater
from alerts.messages import Delivery, Message
from alerts.pictures import standalone
from alerts.plans import FileChannel
from alerts.safe import one_line
from alerts.targets import target_of

_SENDER = mime.address("Tidings <tidings@localhost>")
_LONGEST = 120
_KEPT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class Folder:
    """A `Channel` that writes into one folder, which is made when it is missing."""

    def __init__(self, plan: FileChannel) -> None:
        self._plan = plan
        self._dir = Path(plan.dir)

    def recipients(self) -> tuple[str, ...]:
        return ("",)

    def target(self) -> str:
        """The folder, as a print."""
        return target_of(self._plan)

    def as_sent(self, message: Message, delivery: Delivery) -> bytes:
        """See `Channel.as_sent`: the mail among the files."""
        try:
            return mime.mail(message, delivery, sender=_SENDER, recipient=None)
        except AlertError as error:
            raise Refused(str(error)) from error

    async def send(self, message: Message, delivery: Delivery) -> str:
        """See `Channel.send`; a repeat replaces the files by equal ones."""
        name = file_name(message.key)
        parts = {
            "eml": self.as_sent(message, delivery),
            "html": standalone(message.html, message.pictures).encode(),
            "txt": message.text.encode(),
            "json": message.data.encode(),
        }
        try:
            await asyncio.to_thread(self._write, name, parts)
        except OSError as error:
            raise TryLater(f"{self._dir}: {one_line(error.strerror or type(error).__name__, 200)}") from error
        return f"written to {name}.{{{','.join(parts)}}}"

    def _write(self, name: str, parts: dict[str, bytes]) -> None:
        self._dir.mkdir(parents=True, exist_ok=True)
        folder = os.open(self._dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for ending, content in parts.items():
                _replace(folder, f"{name}.{ending}", content)
            os.fsync(folder)
        finally:
            os.close(folder)


def file_name(key: str) -> str:
    """A file name made of a message key: letters, digits, `.`, `_` and `-`, never hidden, never a path.

    `morning/2026-11-25T07:30` becomes `morning_2026-11-25T07-30`; other characters become their code
    between `=`, and a long name ends with a hash of the key.
    """
    spelled = key.replace("/", "_").replace(":", "-")
    name = "".join(c if c in _KEPT else f"={ord(c):X}=" for c in spelled)
    if name.startswith(".") or not name:
        name = f"={name}"
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 17]}-{sha256(key.encode('utf-8', 'replace')).hexdigest()[:16]}"
    return name


def _replace(folder: int, name: str, content: bytes) -> None:
    """Write beside and rename over: a link that stands in the way is replaced, never followed."""
    beside = f".{name}.part"
    with suppress(FileNotFoundError):
        os.unlink(beside, dir_fd=folder)  # left by a crash
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(beside, flags, 0o640, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
