"""Write the manual page from the commands and their options: `python docs/draw_man.py`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from tidings.cli import app
from tidings.folders import SYSTEM_CONFIG, SYSTEM_STATE

PAGE = Path(__file__).parent / "deploy" / "man" / "tidings.1"

EXITS = (
    ("0", "All went well."),
    ("1", "It failed."),
    ("2", "Wrong usage, or a configuration with errors."),
    ("3", "It ran, but some sources or deliveries failed."),
)
VARIABLES = (
    ("TIDINGS_CONFIG", "The folder of the configuration, as --config."),
    ("TIDINGS_STATE", "The folder of database, outbox and locks, as --state."),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME", "Where the folders of the user who runs it are looked for."),
)
FILES = (
    (
        f"./config, ~/.config/tidings, {SYSTEM_CONFIG}",
        "The configuration: the first of these that there is.",
    ),
    (f"./var, ~/.local/state/tidings, {SYSTEM_STATE}", "The state: the first of these that there is."),
)
SIGNALS = (
    ("SIGTERM, SIGINT", "The daemon stops; what is under way has ten seconds to end."),
    ("SIGHUP", "The daemon reads its configuration anew, as it does when a file of it changes."),
)


def page() -> str:
    """The whole page, in the man macros."""
    root = get_command(app)
    known = frozenset(name for one in root.params for name in one.opts)
    lines = [
        '.\\" Written by docs/draw_man.py from the commands themselves.',
        '.TH TIDINGS 1 "" "Tidings" "User Commands"',
        *_heading("NAME"),
        "tidings \\- watch initiatives in the news and tell of them",
        *_heading("SYNOPSIS"),
        ".B tidings",
        "[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]",
        *_heading("DESCRIPTION"),
        *_paragraphs(root.help),
        ".PP",
        "Options that stand before the command hold for it as if they stood behind it.",
        *_heading("OPTIONS"),
        *_options(root),
        *_heading("COMMANDS"),
    ]
    for words, command in _commands(root, ("tidings",)):
        lines += [f'.SS "{_text(" ".join((*words, *_arguments(command))))}"', *_paragraphs(command.help)]
        lines += _options(command, known)
    for title, rows in (
        ("EXIT STATUS", EXITS),
        ("ENVIRONMENT", VARIABLES),
        ("FILES", FILES),
        ("SIGNALS", SIGNALS),
    ):
        lines += _heading(title)
        for name, meaning in rows:
            lines += [".TP", f"\\fB{_text(name)}\\fR", _line(meaning)]
    return "\n".join(lines) + "\n"


def _commands(group: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*words, name))
        elif not command.hidden:
            yield (*words, name), command


def _arguments(command: Any) -> Iterator[str]:
    for one in command.params:
        if one.param_type_name == "argument":
            name = (one.metavar or one.name.upper()) + ("…" if one.nargs != 1 else "")
            yield name if one.required else f"[{name}]"


def _options(command: Any, known: frozenset[str] = frozenset()) -> Iterator[str]:
    """Its options and arguments; those of `known` names stand elsewhere."""
    for one in command.params:
        if one.param_type_name == "option" and not one.hidden and known.isdisjoint(one.opts):
            names = ", ".join(f"\\fB{_text(name)}\\fR" for name in (*one.opts, *one.secondary_opts))
            value = "" if one.is_flag else f" \\fI{_text(one.metavar or one.name.upper())}\\fR"
            yield from (".TP", names + value, _line(one.help or ""))
        elif one.param_type_name == "argument" and one.help:
            yield from (".TP", f"\\fI{_text(one.metavar or one.name.upper())}\\fR", _line(one.help))


def _heading(title: str) -> tuple[str, ...]:
    return (f'.SH "{title}"',)


def _paragraphs(text: str | None) -> Iterator[str]:
    for number, part in enumerate(re.split(r"\n\s*\n", (text or "").strip())):
        if number:
            yield ".PP"
        yield _line(" ".join(part.split()))


def _line(text: str) -> str:
    """Running text in short lines; roff takes a dot or a quote at the beginning of one for its own."""
    lines = textwrap.wrap(_text(text), 78, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"\\&{one}" if one[0] in {".", "'"} else one for one in lines)


def _text(text: str) -> str:
    """Text in which no character means something to roff, and hyphens can be copied into a shell."""
    for sign, escaped in (
        ("\\", "\\e"),
        ("-", "\\-"),
        ("…", "..."),
        ("“", "\\(lq"),
        ("”", "\\(rq"),
        ("–", "\\(en"),
        ("’", "\\(cq"),
        ('"', "\\(dq"),
    ):
        text = text.replace(sign, escaped)
    return text


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
