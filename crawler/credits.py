"""A text without what wire services and their customers put around it. Pure."""

from __future__ import annotations

from crawler.credit_lines import ENDS, is_notice, without_last_bracket
from crawler.datelines import without_dateline

SHORT_LINE = 300  # characters; a longer line is a paragraph, whatever it begins with
HEAD = 5  # lines with words in them among which bylines and datelines stand
WRAPPED = 40  # characters of a line, at least, that goes on in the next one

_CLOSING = frozenset(")]）】")


def without_credits(text: str) -> str:
    """A text less what wire services and their customers put around it: "LONDON (Reuters) - ", "Reporting by …".

    Datelines, bylines, notes of updates ("(Adds quotes)"), credits, notices of copyright and syndication, and
    lines that point elsewhere ("Read more: …"). Lines of more than 300 characters lose no more than a dateline
    at the start of the text and a credit in brackets at their end.
    """
    kept: list[str] = []
    head, begun, goes_on = HEAD, False, False
    for line in text.split("\n"):
        if not line or line.isspace():
            kept.append(line)
            goes_on = False
            continue
        bare, is_part = line, goes_on and not line[0].isspace()  # of a paragraph that is cut into lines
        if not begun:
            bare = without_dateline(bare)
        if not is_part and len(bare) <= SHORT_LINE and (not bare or is_notice(bare, at_head=head > 0)):
            head -= head > 0
            goes_on = False
            continue
        head -= head > 0
        if bare.rstrip(" .\t\r")[-1:] in _CLOSING:
            bare = without_last_bracket(bare)
        kept.append(bare)
        begun = True
        goes_on = len(line) >= WRAPPED and line.rstrip()[-1:] not in ENDS
    return "\n".join(kept)
