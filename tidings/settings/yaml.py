"""Bytes of a YAML 1.2 file → a `Document`; the only importer of ruamel.

Only the event stream of the parser is used: nothing is constructed, no type is guessed, no tag is
obeyed, and an alias is a reference, so a hostile file costs no more than its own size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from tidings.settings.document import (
    Document,
    Items,
    Mapping,
    Node,
    Scalar,
    line_starts,
    position,
)
from tidings.settings.problems import ConfigError, Problem
from tidings.settings.syntax import SyntaxFault, in_plain_words, quote_the_item, without_secrets

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_ALIASES = 100
MAX_DUPLICATES = 100  # keys that are reported one by one
MAX_REPEATED = 10_000  # nodes that aliases add to what stands in the file

_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAB_IN_INDENT = re.compile(r"^ *\t[ \t]*(?=[^ \t\n#])", re.MULTILINE)
_TRAILING_BLANKS = re.compile(r"(?<![ \t])[ \t]+$", re.MULTILINE)
_NUMBER = re.compile(r"[ \t]+#\d\S*")  # a comment that was meant as part of an item, such as `TRUST #1`
_DIRECTIVE = re.compile(r"^%", re.MULTILINE)


def parse(data: bytes, file: str) -> Document:
    """Read one YAML file. `file` is its name in messages.

    Duplicate keys are among `Document.problems`, the first of them in force.

    Raises:
        ConfigError: the file is no readable YAML; the problems say where and what to do.
    """
    text = _decode(data, file)
    starts = line_starts(text)
    reader = _Reader(text=text, file=file, starts=starts)
    try:
        root = reader.read()
    except SyntaxFault as fault:
        line, column = position(starts, min(fault.offset, len(text)))
        broken = Problem(file=file, line=line, column=column, problem=fault.problem, remedy=fault.remedy)
        raise ConfigError((*reader.problems, broken)) from None
    return Document(file=file, text=text, root=root, problems=tuple(reader.problems), _line_starts=starts)


def _decode(data: bytes, file: str) -> str:
    """UTF-8, a byte order mark taken off, line ends made one kind, no tabs at the ends of lines."""
    if len(data) > MAX_BYTES:
        raise ConfigError(
            [
                Problem(
                    file=file,
                    problem=f"the file has {len(data) / MAX_BYTES:.1f} MiB, more than 1 MiB",
                    remedy="split it into several files of its folder",
                )
            ]
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        before = data[: fault.start].decode("utf-8-sig", "replace")
        raise ConfigError(
            [
                Problem(
                    file=file,
                    line=before.count("\n") + 1,
                    column=len(before) - before.rfind("\n"),
                    problem="the file is not written in UTF-8",
                    remedy='save it with the encoding "UTF-8"',
                )
            ]
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _TRAILING_BLANKS.sub(lambda found: " " * len(found[0]), text)  # legal, but the scanner stumbles


@dataclass(slots=True)
class _Open:
    """A list or mapping that is not closed yet."""

    start: int
    anchor: str | None
    keys: dict[str, int] | None  # line of each key; None: a list
    items: list[Node] = field(default_factory=list)
    key: Scalar | None = None
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    text: str
    file: str
    starts: list[int]
    problems: list[Problem] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)  # node and its size
    sizes: dict[int, int] = field(default_factory=dict)  # id of a finished node → nodes in it
    tabs: list[int] = field(default_factory=list)  # offsets of tabs in an indent, still ahead
    marked: dict[str, int] = field(
        default_factory=dict
    )  # anchors of unquoted items of lists → where they stand
    aliases: int = 0
    repeated: int = 0
    root: Node | None = None

    def read(self) -> Node:
        self._refuse_signs()
        self.tabs = [found.start() for found in _TAB_IN_INDENT.finditer(self.text)][::-1]
        try:
            for event in self._events():
                self._take(event)
        except SyntaxFault as fault:
            self._tab_before(fault.offset + 1)
            raise without_secrets(self.text, fault) from fault
        self._tab_before(len(self.text))
        for anchor, start in self.marked.items():
            self._report(
                start,
                f"'&{anchor}' marks a text for repetition and is no part of the item",
                "put the item into single quotes",
            )
        if self.root is None:
            return Scalar(value="", source="", style="", start=0)
        return self.root

    def _events(self) -> Iterator[Any]:
        try:
            yield from YAML(typ="safe", pure=True).parse(self.text)
        except MarkedYAMLError as fault:
            raise in_plain_words(self.text, fault.context, fault.problem, *self._marks(fault)) from fault
        except Exception as fault:  # the scanner has asserts and index errors of its own
            raise SyntaxFault(
                0, "the file is not YAML", "compare it with the sample configuration"
            ) from fault

    @staticmethod
    def _marks(fault: MarkedYAMLError) -> tuple[int | None, int]:
        context, problem = fault.context_mark, fault.problem_mark or fault.context_mark
        return (None if context is None else context.index), (0 if problem is None else problem.index)

    def _take(self, event: Any) -> None:
        kind = type(event).__name__
        start = event.start_mark.index
        if kind == "DocumentStartEvent":
            if self.root is not None:
                raise SyntaxFault(start, "a second document begins here", "remove the line with ---")
        elif kind == "ScalarEvent":
            self._scalar(event, start)
        elif kind == "AliasEvent":
            self._alias(event.anchor, start)
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            self._open(event, start, mapping=kind == "MappingStartEvent")
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            self._close()

    def _scalar(self, event: Any, start: int) -> None:
        self._refuse_tag(event, start)
        end = event.end_mark.index
        source = self.text[start:end]
        style = event.style or ""
        in_list = bool(self.stack) and self.stack[-1].keys is None
        if event.anchor is not None and not style and in_list:
            self.marked[event.anchor] = start
        if not style and in_list and (found := _NUMBER.match(self.text, end)):
            self._report(
                start,
                f"'{found[0].strip()}' begins a comment and is no part of the item",
                "put the item into single quotes, or a blank behind the #",
            )
        if event.anchor is not None and not style:  # the event starts at its anchor
            skipped = len(source) - len(source[source.find(event.anchor) + len(event.anchor) :].lstrip())
            start, source = start + skipped, source[skipped:]
        elif event.anchor is not None:
            skipped = source.find(style)
            start, source = start + skipped, source[skipped:]
        self._tab_before(start)
        if style:
            self._pass_tabs(end)
        else:
            self._refuse_glued_dash(source, start)
        node = Scalar(value=event.value, source=source, style=style, start=start)
        self._add(node, 1, event.anchor)

    def _alias(self, anchor: str, start: int) -> None:
        known = self.anchors.get(anchor)
        if known is None:
            remedy = quote_the_item(self.text, start)
            raise SyntaxFault(
                start, f"'*{anchor}' stands for a text marked '&{anchor}', and there is none", remedy
            )
        node, size = known
        self.marked.pop(anchor, None)
        self.aliases += 1
        self.repeated += size
        if self.aliases > MAX_ALIASES or self.repeated > MAX_REPEATED:
            raise SyntaxFault(
                start, f"the file repeats too much by '*{anchor}' and the like", "write the values out"
            )
        self._add(node, size, None)

    def _report(self, start: int, problem: str, remedy: str) -> None:
        """An item that can be read, but not as it was meant."""
        line, column = position(self.starts, start)
        self.problems.append(
            Problem(file=self.file, line=line, column=column, problem=problem, remedy=remedy)
        )

    def _open(self, event: Any, start: int, *, mapping: bool) -> None:
        self._refuse_tag(event, start)
        self._tab_before(start)
        if len(self.stack) >= MAX_DEPTH:
            raise SyntaxFault(
                start, f"more than {MAX_DEPTH} levels stand one in another", "close the brackets before"
            )
        if self._wants_key():
            raise self._no_key(start)
        self.stack.append(_Open(start=start, anchor=event.anchor, keys={} if mapping else None))

    def _close(self) -> None:
        done = self.stack.pop()
        parts: list[Node]
        node: Node
        if done.keys is None:
            parts = done.items
            node = Items(items=tuple(parts), start=done.start)
        else:
            parts = [value for _, value in done.entries]
            node = Mapping(entries=tuple(done.entries), start=done.start)
        size = 1 + sum(self.sizes.get(id(part), 1) for part in parts)
        self._add(node, size, done.anchor)

    def _add(self, node: Node, size: int, anchor: str | None) -> None:
        self.sizes[id(node)] = size
        if anchor is not None:
            self.anchors[anchor] = (node, size)
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if parent.keys is None:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = self._key(node)
        else:
            self._enter(parent, parent.key, node)
            parent.key = None

    def _key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            raise self._no_key(node.start)
        if node.is_null:
            raise SyntaxFault(
                node.start, "the key before ':' is missing", "write it, or quote the whole text"
            )
        return node

    def _enter(self, parent: _Open, key: Scalar, node: Node) -> None:
        assert parent.keys is not None
        line, column = position(self.starts, key.start)
        first = parent.keys.setdefault(key.value, line)
        if len(parent.entries) == len(parent.keys):
            if len(self.problems) >= MAX_DUPLICATES:
                raise SyntaxFault(key.start, "too many keys stand twice", "remove the lines that repeat")
            self.problems.append(
                Problem(
                    file=self.file,
                    line=line,
                    column=column,
                    problem=f"duplicate key '{key.value}', which stands already in line {first}",
                    remedy="join the two, or remove one",
                )
            )
        else:
            parent.entries.append((key, node))

    # -- refusals

    def _wants_key(self) -> bool:
        return bool(self.stack) and self.stack[-1].keys is not None and self.stack[-1].key is None

    @staticmethod
    def _no_key(start: int) -> SyntaxFault:
        return SyntaxFault(
            start, "a list or mapping stands where a key is expected", "write a plain word before ':'"
        )

    def _refuse_signs(self) -> None:
        sign = _UNPRINTABLE.search(self.text)
        if sign:
            raise SyntaxFault(
                sign.start(),
                f"an invisible control character (U+{ord(sign[0]):04X}) stands here",
                "delete it",
            )
        directive = _DIRECTIVE.search(self.text)
        if directive:
            raise SyntaxFault(directive.start(), "a line begins with '%'", "remove it, or quote the text")

    def _refuse_tag(self, event: Any, start: int) -> None:
        tag = event.ctag if hasattr(event, "ctag") else None
        if tag is not None and str(tag):
            written = self.text[start:].split(maxsplit=1)[0] if self.text.startswith("!", start) else str(tag)
            raise SyntaxFault(
                start,
                f"'{written}' begins with '!', which YAML takes for a tag",
                quote_the_item(self.text, start),
            )

    def _refuse_glued_dash(self, source: str, start: int) -> None:
        """`-word` is a text, not an item; as the first thing of a line it was meant as an item."""
        if not source.startswith("-") and "\n" not in source:
            return
        at = 0
        for line in source.split("\n"):
            lead = len(line) - len(line.lstrip(" "))
            offset = start + at + lead
            first = self.text[self.starts[position(self.starts, offset)[0] - 1] : offset].strip() == ""
            if first and re.match(r"-[^\s-]", line[lead:]):
                raise SyntaxFault(
                    offset, "a dash stands without a space after it", f"write '- {line[lead + 1 :]}'"
                )
            at += len(line) + 1

    def _tab_before(self, offset: int) -> None:
        while self.tabs and self.tabs[-1] < offset:
            self._tab(self.tabs.pop())

    def _tab(self, line_start: int) -> NoReturn:
        offset = self.text.index("\t", line_start)
        raise SyntaxFault(offset, "a tab stands in the indentation", "indent with spaces only, two a level")

    def _pass_tabs(self, end: int) -> None:
        while self.tabs and self.tabs[-1] < end:
            self.tabs.pop()
