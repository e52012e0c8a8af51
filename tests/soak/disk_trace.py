"""What the kernel saw of a program's database and of its talk with the network, and what a power cut leaves of it.

`strace` tells each write, sync, new name and removed name. A disk has for sure what was synced: the bytes of a file by a
sync of the file, its name, or that it has none any more, by a sync of the folder. Of all else it may have any part.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CALLS = "pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename,sendto,sendmsg,writev,recvfrom"
SECTOR = 512  # bytes that a disk writes as one


def traced(trace: Path) -> list[str]:
    """The words before a command that have it traced; all data is told, in hex."""
    return [
        "strace", "-f", "-yy", "-xx", "-s", str(2**20), "--seccomp-bpf", "-e", f"trace={CALLS}", "-e", "signal=none",
        "-o", str(trace),
    ]  # fmt: skip


# -- what happened ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at an offset of a file, which is made where it is not there; `data` None: it ends there."""

    name: str
    offset: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Sync:
    """Of a file, or, with no name, of the folder."""

    name: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A name is taken away."""

    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """Bytes to, or from, the other end of a connection."""

    connection: str
    port: int  # of the other end
    data: bytes
    ours: bool  # sent, not received


OnDisk = Write | Sync | Removed
Event = OnDisk | Said

_HEX = re.compile(r"\\x([0-9a-f]{2})")
_LINE = re.compile(r"(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)", re.DOTALL)
_UNFINISHED = " <unfinished ...>"
_FILE = re.compile(r'\d+<([^>]*)>(?:\(deleted\))?(?:, "([^"]*)")?(?:, (\d+))?(?:, (\d+))?\)? += (\d+)')
_NAMED = re.compile(r'"([^"]*)"\) += 0')
_WIRE = re.compile(r"\d+<TCP:\[([\d.]+:\d+->[\d.]+:(\d+))\]>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})+)"')
_OUT, _IN = frozenset(("sendto", "sendmsg", "writev", "write")), frozenset(("recvfrom",))


def read_trace(lines: Sequence[str], folder: Path, prefix: str) -> list[Event]:
    """In order, what was done to the files of `folder` whose names begin with `prefix`, and what went over TCP.

    What is sent counts from the beginning of its call on, a sync and a name from its end: the worst of both.
    """
    return [
        event
        for at_end, call, words in _calls(lines)
        for event in _events(call, words, folder)
        if at_end == _counts_at_end(event)
        and (isinstance(event, Said) or not event.name or event.name.startswith(prefix))
    ]


def _counts_at_end(event: Event) -> bool:
    return not event.ours if isinstance(event, Said) else not isinstance(event, Write)


def _calls(lines: Sequence[str]) -> Iterator[tuple[bool, str, str]]:
    """Each call twice, at its beginning (False) and at its end (True), with all its words."""
    begun: dict[str, int] = {}  # thread → line on which its call begins
    ends: dict[int, str] = {}  # that line → the rest of the call
    parts = [_LINE.match(line) for line in lines]
    for number, part in enumerate(parts):
        if part is None:
            continue
        if part[3] is not None and part[4].rstrip("\n").endswith(_UNFINISHED):
            begun[part[1]] = number
        elif part[2] is not None and part[1] in begun:
            ends[begun.pop(part[1])] = part[4]
    left: dict[str, tuple[str, str]] = {}
    for number, part in enumerate(parts):
        if part is None:
            continue
        if part[3] is None:
            if part[1] in left:
                yield (True, *left.pop(part[1]))
        elif number in ends:
            words = part[4].rstrip("\n").removesuffix(_UNFINISHED) + ends[number]
            yield False, part[3], words
            left[part[1]] = (part[3], words)
        elif not part[4].rstrip("\n").endswith(_UNFINISHED):
            yield False, part[3], part[4]
            yield True, part[3], part[4]


def _events(call: str, words: str, folder: Path) -> Iterator[Event]:
    wire = _WIRE.match(words)
    if wire is not None:
        data = b"".join(_bytes(part) for part in _TEXT.findall(words))
        if data and call in _OUT | _IN and not re.search(r"= -1 ", words[-80:]):
            yield Said(wire[1], int(wire[2]), data, call in _OUT)
    elif call == "unlink":
        named = _NAMED.match(words)
        if named is not None and (name := _inside(_text(named[1]), folder)) is not None:
            yield Removed(name)
    elif call == "rename":
        assert str(folder) not in _text(words), "a file is renamed, which is not modelled"
    elif (told := _FILE.match(words)) is not None and (name := _inside(_text(told[1]), folder)) is not None:
        if call in ("fsync", "fdatasync"):
            yield Sync(name)
        elif call == "pwrite64":
            yield Write(name, int(told[4]), _bytes(told[2])[: int(told[5])])
        elif call == "ftruncate":
            yield Write(name, int(told[3]), None)
        elif call == "write" and name.endswith((".sqlite", "-journal", "-wal")):
            raise AssertionError("SQLite is built without pwrite, which is not modelled")


def _bytes(told: str) -> bytes:
    return bytes.fromhex(told.replace("\\x", ""))


def _text(told: str) -> str:
    return _HEX.sub(lambda one: chr(int(one[1], 16)), told)


def _inside(path: str, folder: Path) -> str | None:
    """The name of a file in the folder; "" for the folder itself."""
    if path == str(folder):
        return ""
    inside = path.removeprefix(f"{folder}/")
    return None if inside == path or "/" in inside else inside


# -- what is left ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _File:
    safe: bytearray
    open: list[Write] = field(default_factory=list)  # since the last sync


@dataclass(slots=True)
class Disk:
    """Files of one folder, with what of them would outlive a power cut."""

    now: dict[str, _File] = field(default_factory=dict)
    safe: dict[str, _File] = field(default_factory=dict)
    moves: list[tuple[str, _File | None]] = field(
        default_factory=list
    )  # of names, since the folder's last sync

    @classmethod
    def of(cls, folder: Path, prefix: str) -> Disk:
        """All of it safe."""
        files = {
            path.name: _File(bytearray(path.read_bytes()))
            for path in folder.iterdir()
            if path.name.startswith(prefix)
        }
        return cls(dict(files), dict(files))

    def take(self, event: OnDisk) -> None:
        """It happens."""
        match event:
            case Write(name):
                if name not in self.now:
                    self.now[name] = _File(bytearray())
                    self.moves.append((name, self.now[name]))
                self.now[name].open.append(event)
            case Sync(""):
                self.safe, self.moves = dict(self.now), []
            case Sync(name):
                one = self.now[name]
                for write in one.open:
                    _apply(one.safe, write)
                one.open.clear()
            case Removed(name):
                del self.now[name]
                self.moves.append((name, None))

    def killed(self) -> dict[str, bytes]:
        """What is there when the program dies and the machine lives: all."""
        return {name: _content(one, one.open) for name, one in self.now.items()}

    def cut(self, dice: random.Random | None = None) -> dict[str, bytes]:
        """What is there after a power cut: what is safe, and with `dice` any part of the rest.

        Names change in their order, up to some point; of the writes to a file any are kept, some of them in part.
        """
        if dice is None:
            return {name: bytes(one.safe) for name, one in self.safe.items()}
        names = dict(self.safe)
        for name, one in self.moves[: dice.randint(0, len(self.moves))]:
            if one is None:
                names.pop(name, None)
            else:
                names[name] = one
        return {
            name: _content(
                one, [part for write in one.open if dice.random() < 0.5 for part in _torn(write, dice)]
            )
            for name, one in names.items()
        }


def _content(one: _File, writes: Sequence[Write]) -> bytes:
    content = bytearray(one.safe)
    for write in writes:
        _apply(content, write)
    return bytes(content)


def _torn(write: Write, dice: random.Random) -> Iterator[Write]:
    """The write, or, as often, some of its sectors."""
    if write.data is None or dice.random() < 0.5:
        yield write
        return
    at, end = write.offset, write.offset + len(write.data)
    while at < end:
        until = min(end, (at // SECTOR + 1) * SECTOR)
        if dice.random() < 0.5:
            yield Write(write.name, at, write.data[at - write.offset : until - write.offset])
        at = until


def _apply(content: bytearray, write: Write) -> None:
    if write.data is None:
        del content[write.offset :]
        content.extend(bytes(write.offset - len(content)))
        return
    content.extend(bytes(max(0, write.offset - len(content))))
    content[write.offset : write.offset + len(write.data)] = write.data


def put(files: dict[str, bytes], folder: Path) -> None:
    """Write what is left into a folder of its own, in place of what was there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
