"""Where in a file a template is wrong, and what Jinja's words on its syntax mean to the person who wrote it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError

from alerts.sandbox.kinds import near_of

TAGS = (
    *(
        "for",
        "endfor",
        "if",
        "elif",
        "else",
        "endif",
        "set",
        "endset",
        "with",
        "endwith",
        "macro",
        "endmacro",
    ),
    *("call", "endcall", "filter", "endfilter", "block", "endblock", "extends", "include", "import", "from"),
    *("raw", "endraw"),
)
REACH = 12  # lines in which the rest of an expression is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong in one template."""

    file: str
    line: int  # from 1
    column: int  # from 1, in characters
    problem: str
    remedy: str


def place(lines: Sequence[str], line: int, word: str, *, field: bool = False) -> tuple[int, int]:
    """Line and column of `word`, looked for from `line` (from 1) on; where it is not found, of the first tag.

    Args:
        field: it stands behind a dot or in brackets; else it does not stand behind a dot.
    """
    before = r"(?<=[.\[\"'])\s*" if field else r"(?<![\w.])"
    whole = re.compile(rf"{before}({re.escape(word)})(?!\w)")
    for number in range(line, min(line + REACH, len(lines) + 1)) if word else ():
        text = lines[number - 1]
        begins = max(text.find("{"), 0) if number == line else 0
        found = whole.search(text, begins) or whole.search(text)
        if found is not None:
            return number, found.start(1) + 1
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    tag = re.search(r"\{[{%]", text)
    return max(line, 1), tag.start() + 1 if tag else 1


def misread(error: TemplateSyntaxError, source: str, file: str) -> Finding:
    """A syntax error in words of ours."""
    problem, remedy, word = _words(error.message or "it cannot be read")
    line, column = place(source.splitlines(), error.lineno, word)
    return Finding(file=file, line=line, column=column, problem=problem, remedy=remedy)


def _words(message: str) -> tuple[str, str, str]:
    """Problem, remedy, and the word at which it goes wrong."""
    unclosed = re.search(r"innermost block that needs to be closed is '(\w+)'", message)
    unknown = re.match(r"Encountered unknown tag '(\w+)'", message)
    if unknown and unclosed and unknown[1].startswith("end") and unknown[1] in TAGS:
        remedy = f"write `{{% end{unclosed[1]} %}}` before it, where the `{unclosed[1]}` ends"
        return (
            f"`{{% {unknown[1]} %}}` stands where a `{{% {unclosed[1]} %}}` is still open",
            remedy,
            unknown[1],
        )
    if unknown and unknown[1] in TAGS:
        return f"there is nothing that `{{% {unknown[1]} %}}` belongs to", "leave it out", unknown[1]
    if unknown:
        return f"there is no tag `{unknown[1]}`", near_of(unknown[1], TAGS, "the tags"), unknown[1]
    if unclosed:
        remedy = f"write `{{% end{unclosed[1]} %}}` where it ends"
        return f"the file ends, and a `{{% {unclosed[1]} %}}` is still open", remedy, ""
    got = re.search(r"(?:got|unexpected|unexpected char) (['\"])(.+)\1(?: at \d+)?$", message)
    word = got[2] if got else ""
    if "switched off" in message:
        return message, "leave it out: titles come from strangers", "autoescape"
    if message.startswith("unexpected end of template"):
        end = "}}" if "print" in message else "%}"
        return f"the file ends within `{{{{` or `{{%`: `{end}` is missing", f"write `{end}` where it ends", ""
    if message.startswith("unexpected char"):
        problem = "a quote is never closed" if word in {'"', "'"} else f"`{word}` is no sign of this language"
        return problem, "close it" if word in {'"', "'"} else "leave it out, or put it into quotes", word
    if word == "=":
        return "`=` is not expected here", "two values are compared with `==`", word
    if word in {"end of print statement", "end of statement block", "end of template"}:
        return (
            "an expression is missing or not finished",
            "write what stands after it, or leave the sign out",
            "",
        )
    if word:
        return (
            f"`{word}` is not expected here",
            "look for a sign that is missing before it, or one too many",
            word,
        )
    problem = message[:1].lower() + message[1:].rstrip(".")
    return problem, "correct the template", ""
