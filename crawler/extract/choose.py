"""Which of several texts of a page is its article: a pure function over what can be counted of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PURITY = 0.8  # what a text made of nothing but prose is worth, against 0.5 for having all of the prose
COVERAGE = 0.5
YIELD = 0.4  # what it is worth that little had to be left out of the place
NEAR_TITLE = 0.08
AFTER_TITLE = -0.3  # the text ends before the page's title begins
STATED = 0.3  # for agreeing with the text that the page states apart from its markup
DOUBTFUL = 1.2  # what a text is worth that is hardly made of sentences
TRUST = {
    "microdata articleBody": 0.35,
    "a part named as the story": 0.1,
    "article element": 0.04,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is known of one text; all shares are 0 to 1."""

    origin: str  # how it was found
    prose: float  # characters of sentences, those that stand in doubtful places counted less
    purity: float  # share of its characters that are prose
    kept: float  # share of the characters in its place that were kept as prose
    title: int  # 1: its place holds the title or comes right after it; -1: it ends before the title; 0: not known
    stated: float | None = None  # how far it agrees with the text in the page's JSON-LD; None: there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The number of the text that was chosen, and for each text why, in words."""

    chosen: int
    scores: tuple[float, ...]
    reasons: tuple[str, ...]


def choose(texts: Sequence[Features]) -> Choice:
    """The text with the most of the page's prose and the least of anything else.

    Of two that are worth the same the earlier one is chosen.

    Raises:
        ValueError: there is none.
    """
    if not texts:
        raise ValueError("there is no text to choose from")
    most = max(text.prose for text in texts) or 1.0
    scores = tuple(_worth(text, most) for text in texts)
    chosen = max(range(len(texts)), key=lambda at: (round(scores[at], 6), -at))
    return Choice(
        chosen=chosen,
        scores=scores,
        reasons=tuple(
            _reason(text, most, score, best=scores[chosen] if at != chosen else None)
            for at, (text, score) in enumerate(zip(texts, scores, strict=True))
        ),
    )


def _worth(text: Features, most: float) -> float:
    worth = (
        COVERAGE * text.prose / most + PURITY * text.purity + YIELD * text.kept + TRUST.get(text.origin, 0.0)
    )
    worth += NEAR_TITLE if text.title > 0 else AFTER_TITLE if text.title < 0 else 0.0
    return worth + (STATED * text.stated if text.stated is not None else 0.0)


def _reason(text: Features, most: float, score: float, *, best: float | None) -> str:
    said = [
        f"{text.prose / most:.0%} of the prose found",
        f"{text.purity:.0%} of it sentences",
        f"{text.kept:.0%} of its place kept",
    ]
    if text.title:
        said.append("at the title" if text.title > 0 else "before the title")
    if text.stated is not None:
        said.append(f"{text.stated:.0%} as in the JSON-LD")
    verdict = f"best of all ({score:.2f})" if best is None else f"{score:.2f}, the best has {best:.2f}"
    return f"{verdict}: {', '.join(said)}"
