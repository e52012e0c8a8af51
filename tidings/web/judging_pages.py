"""What a reader sees who says that an article is not about an initiative: HTML without scripts. Pure."""

from __future__ import annotations

from html import escape

from alerts.judgements import Question, Verdict
from alerts.safe import one_line
from tidings.web.pages import page

_TITLE, _NAME, _TERMS = 300, 160, 4  # characters, characters, terms
_FORM = (
    '<form method="post"><input type="hidden" name="confirm" value="yes">'
    '<input type="hidden" name="verdict" value="{verdict}"><button>{words}</button></form>'
)


def asked(match: Question, initiative: str) -> str:
    """A match, what was said of it so far, and one button that says the contrary; it leads back to its own address.

    Args:
        initiative: its name.
    """
    name = one_line(initiative, _NAME)
    said = None if match.judgement is None else match.judgement.verdict
    if said is Verdict.NOT_ABOUT:
        title = f"Not about {name}: thank you"
        words = [
            f"This article is told no more under {_bdi(name)}, nor are reprints of it. It stays in the archive, and "
            "helps to make the rule better."
        ]
        form = _FORM.format(verdict=Verdict.ABOUT, words="It is about it after all")
    else:
        title = f"Not about {name}?"
        words = ["It was judged to be about it."] if said is Verdict.ABOUT else []
        words.append(
            "If it is about something else, say so: then it is told no more under this heading, to anybody. You can "
            "take it back here."
        )
        form = _FORM.format(verdict=Verdict.NOT_ABOUT, words="It is about something else")
    article = f"<b>{_bdi(one_line(match.title, _TITLE) or '(no title)')}</b><br>{_bdi(one_line(match.source, _NAME))}"
    terms = [f"“{_bdi(one_line(one, _NAME))}”" for one in match.matched[:_TERMS]]
    matched = f"It was matched by {', '.join(terms)}." if terms else ""
    lines = [article, *([matched] if matched else []), *words]
    return page(title, "\n".join([*(f"<p>{one}</p>" for one in lines), form]))


def gone() -> str:
    """Said where there is nothing to judge any more."""
    return page(
        "It is not kept any more",
        "<p>This article is not in the archive any more, or the initiative is not watched any more.</p>",
    )


def _bdi(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"
