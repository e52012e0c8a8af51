"""Templates become pages of mails: the user's where they exist, else the bundled ones, styles written into the elements.

The only importer of css_inline. What templates may do, and in which process, is in sandbox/.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from css_inline import CSSInliner, InlineError

from alerts.errors import TemplateFault
from alerts.sandbox import Environment, Isolated

BUNDLED = Path(str(files("alerts").joinpath("templates")))
ENDING = ".j2"  # of every template's file name
HTML_BYTES = 100_000  # mail programs cut a message at 102 kB
KEPT = '<style data-css-inline="keep">'  # a sheet of a template that stays where it is
DEEPEST = 2000  # elements within each other in a user's page; css_inline ends the process at some 10,000
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
# Elements that hold nothing, or that end where the next of their kind begins: they make a page no deeper by themselves.
_FLAT = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "dd",
        "dt",
        "embed",
        "hr",
        "img",
        "input",
        "li",
        "link",
        "meta",
        "option",
        "p",
        "source",
        "td",
        "th",
        "tr",
        "track",
        "wbr",
    ]
)
CHARSET = '<meta charset="utf-8">'


class Templates(Protocol):
    """What writes out a template by its file name.

    Raises:
        TemplateFault: the template is missing or cannot be used; names file and line.
    """

    def text_of(self, name: str, data: Mapping[str, object], /) -> str: ...


class Pages:
    """Writes out templates by their file names.

    Args:
        user_templates: folder whose files come before the bundled ones; read anew when a file changes.
    """

    def __init__(self, user_templates: Path | None = None) -> None:
        self._own = user_templates
        self._bundled = Environment([BUNDLED])
        self._inliner = CSSInliner(
            keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False, minify_css=True
        )

    @contextmanager
    def opened(self, *, bundled: bool = False) -> Iterator[Writer]:
        """To write all parts of a message. Where the user has templates, they run in a child process for as long.

        Args:
            bundled: leave the user's templates aside.
        """
        if bundled or self._own is None or not any(self._own.rglob(f"*{ENDING}")):
            yield Writer(self._bundled, self._inliner, bounded=False)
        else:
            with Isolated([self._own, BUNDLED]) as templates:
                yield Writer(templates, self._inliner, bounded=True)


class Writer:
    """Writes out templates as the parts of a mail.

    Args:
        bounded: the templates are a user's, and pages that would end the process are refused.
    """

    def __init__(self, templates: Templates, inliner: CSSInliner, *, bounded: bool) -> None:
        self._templates = templates
        self._inliner = inliner
        self._bounded = bounded

    def text(self, name: str, data: Mapping[str, object]) -> str:
        """A text part: no trailing spaces, no more than one empty line in a row.

        Raises:
            TemplateFault: the template is missing or cannot be used; names file and line.
        """
        written = self._templates.text_of(name, data)
        return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", written)).strip("\n") + "\n"

    def html(self, name: str, data: Mapping[str, object]) -> str:
        """An HTML part: the rules of its `<style>` in the elements, since mail programs drop it; @media stays there.

        Raises:
            TemplateFault: the template is missing or cannot be used, or its CSS cannot be read.
        """
        return self._inlined(self._templates.text_of(name, data), name)

    def _inlined(self, html: str, name: str) -> str:
        if self._bounded and _depth(html) > DEEPEST:
            raise TemplateFault(
                f"{name}: more than {DEEPEST:,} elements stand within each other",
                "close them in the template",
            )
        try:
            inlined = self._inliner.inline(html)
        except InlineError as error:
            raise TemplateFault(
                f"{name}: its style sheet cannot be read ({error}); correct the CSS"
            ) from error
        # A sheet that stays comes first in the head; a browser that reads a file looks for its charset near the start.
        return (
            inlined.replace(KEPT, "<style>").replace(CHARSET, "", 1).replace("<head>", f"<head>{CHARSET}", 1)
        )


def _depth(html: str) -> int:
    """How many elements stand within each other at most, by their tags alone."""
    opened: Counter[str] = Counter()
    now = most = 0
    for end, tag in _TAG.findall(html):
        name = tag.lower()
        if name in _FLAT:
            continue
        if not end:
            opened[name] += 1
            now += 1
            most = max(most, now)
        elif opened[name]:
            opened[name] -= 1
            now -= 1
    return most
