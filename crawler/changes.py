"""What a later version of an article says otherwise than an earlier one, and whether that is worth telling. Pure.

Worth telling are a notice of correction, a headline that makes another claim, and figures that were replaced by
others. What an outlet does all the time is not: spelling, typography, links and boxes at the end, clocks and counters,
entries that are added to a live blog. Every step takes time that is linear in the length of the texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from crawler.credits import without_credits
from crawler.duplicates import shingles, tokens
from crawler.figures import SCORE, YEAR, Figure, figures, times
from crawler.flat import composed, flat
from crawler.folds import ChangeKind
from crawler.headlines import claims_differ, is_running
from crawler.notices import is_marked, notices

SHOWN_HEADLINE, SHOWN_NOTICE = 90, 160  # characters
PAIRS = 3  # replaced figures that are told
READ = 60_000  # characters of a text whose figures and words are compared
LOOKED_AT = 400  # sentences of a version that are not in the other one
REWRITTEN = 0.5  # share of the shingles of the earlier text that are gone from it
SUBSTANCE = 120  # words of a text that can be rewritten
CLOSE = 0.5  # Dice's coefficient of the words of two sentences of which one replaced the other
SHARED = 3  # words that they have in common, at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What one version of an article says."""

    title: str
    summary: str = ""
    text: str | None = ""  # None: it is not known any more
    from_page: bool = False  # the text; title and summary are the feed's
    live: bool = False  # a live blog


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one version says otherwise than another. See `folds.Change`."""

    kinds: tuple[ChangeKind, ...]
    said: str
    old: str = ""
    new: str = ""

    @property
    def told(self) -> bool:
        """Whether readers are told of it."""
        return any(kind is not ChangeKind.TEXT for kind in self.kinds)


def compare(before: Words, after: Words) -> Difference | None:
    """What `after` says otherwise in substance; None for nothing.

    The text of a page that takes the place of the feed's words is no edit, since the outlet said both; and of a live
    blog, whose text grows and whose headline follows the last entry, only corrections are told.
    """
    parts = _parts(before, after)
    added = _added_notices(*("\n\n".join(texts) for texts in zip(*parts, strict=True)))
    if is_marked(after.title) and not is_marked(before.title) and not added:
        added = (after.title,)
    is_live = before.live or after.live or (is_running(before.title) and is_running(after.title))
    other_claim = not is_live and claims_differ(before.title, after.title, after.summary or after.text or "")
    replaced = () if is_live else _replaced((before.title, after.title), parts)
    rewritten = 0.0 if is_live or before.text is None else _rewritten(before, after)
    kinds = {
        ChangeKind.CORRECTION: bool(added),
        ChangeKind.HEADLINE: other_claim,
        ChangeKind.NUMBERS: bool(replaced),
        ChangeKind.TEXT: rewritten > REWRITTEN,
    }
    found = tuple(kind for kind, is_there in kinds.items() if is_there)
    if not found:
        return None
    headlines = (_line(before.title), _line(after.title)) if other_claim else ("", "")
    said = "; ".join(_said(added, headlines, replaced, rewritten if rewritten > REWRITTEN else 0.0))
    return Difference(kinds=found, said=said, old=headlines[0], new=headlines[1])


def _parts(before: Words, after: Words) -> tuple[tuple[str, str], ...]:
    """What of two versions can be compared beside their headlines: summary with summary, text with text."""
    summaries = (before.summary, after.summary)
    if before.text is None or after.text is None or before.from_page != after.from_page:
        return (summaries,)
    return summaries, (before.text, after.text)


# -- notices ---------------------------------------------------------------------------------------


def _added_notices(old: str, new: str) -> tuple[str, ...]:
    """Notices that are new, and not merely worded otherwise."""
    there = notices(new)
    before = [set(tokens(one)) for one in notices(old)] if there else []
    return tuple(
        one
        for one in dict.fromkeys(there)
        if not any(_dice(set(tokens(one)), words) >= 0.6 for words in before)
    )


# -- figures ---------------------------------------------------------------------------------------

_NOISE = re.compile(
    r"^\W{0,4}(?:(?:last |zuletzt )?(?:updated?|published|posted|modified|aktualisiert|veroffentlicht|stand|mis a jour"
    r"|publie|actualizado|publicado|aggiornato|pubblicato|atualizado|bijgewerkt|gepubliceerd|обновлено|опубликовано"
    r"|更新|发布|發布|公開|입력|수정)\b.{0,80}$|.{0,40}(?:©|\(c\) \d|copyright|all rights reserved|alle rechte))"
    r"|\b(?:subscribe|subscription|sign up|newsletter|log in|register now|abonnieren|abonnez|suscribete|read more|also read"
    r"|related:|share this|follow us|download the|advertisement)\b"
    r"|^\W{0,4}[\d.,]{1,9} ?[km]? (?:min|mins|minutes?|comments?|shares?|likes?|views?|replies|reactions?|photos?|kommentare"
    r"|commentaires|comentarios|commenti)\b.{0,30}$"
)
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)]{0,2}\s+(?=\S)|(?<=[。！？।])|\n+")
_DATELINE = re.compile(
    r"^[^\n]{0,80}?(?:\([^()\n]{2,40}\)\s*[-–—:]+|[A-ZÀ-Ý][^\n.]{2,50},\s[^\n.]{2,20}\d{1,2}\s*[-–—]+)\s*"
)
_BESIDE = re.compile(r"\W{0,3}([^\W\d_]+)")


@dataclass(frozen=True, slots=True)
class _Sentence:
    """One sentence of which something may have been replaced."""

    text: str
    words: frozenset[str]  # without figures
    figures: tuple[Figure, ...]


def _replaced(titles: tuple[str, str], parts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Pairs of figures, as they are written, of which the second stands where the first was."""
    pairs: list[tuple[Figure, Figure]] = []
    old, new = map(_sentence, titles)
    if _dice(old.words, new.words) >= CLOSE:
        pairs += _exchanged(old, new)
    for part in parts:
        gone, come = _only_in_one(*part)
        places = _places(come)
        used: set[int] = set()
        for sentence in gone:
            at = _successor(sentence, come, places, used)
            if at is not None:
                used.add(at)
                pairs += _exchanged(sentence, come[at])
    shown: dict[tuple[float, str, float], tuple[str, str]] = {}
    for one, other in pairs:
        shown.setdefault((one.value, one.unit, other.value), (one.text, other.text))
    return tuple(shown.values())


def _only_in_one(old: str, new: str) -> tuple[list[_Sentence], list[_Sentence]]:
    """Sentences with figures of which the other text has no like, in their order."""
    mine, theirs = dict.fromkeys(_sentences(old)), dict.fromkeys(_sentences(new))
    gone, come = _not_in(mine, theirs), _not_in(theirs, mine)
    keys_gone, keys_come = set(map(_key, gone)), set(map(_key, come))
    return (
        _with_figures(one for one in gone if _key(one) not in keys_come),
        _with_figures(one for one in come if _key(one) not in keys_gone),
    )


def _not_in(some: Iterable[str], others: Container[str]) -> list[str]:
    return list(islice((one for one in some if one not in others), 4 * LOOKED_AT))


def _with_figures(texts: Iterable[str]) -> list[_Sentence]:
    return list(islice((one for one in map(_sentence, texts) if one.figures), LOOKED_AT))


def _sentences(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(_DATELINE.sub("", without_credits(composed(text[:READ])), count=1)):
        if sentence and len(sentence) <= 2_000 and not _NOISE.search(flat(sentence[:200]).strip()):
            yield sentence.strip()


def _key(sentence: str) -> str:
    return "".join(tokens(sentence))


def _sentence(text: str) -> _Sentence:
    text = composed(text)
    counted = figures(text)
    left = list(text)
    for one in counted:
        left[one.start : one.end] = " " * (one.end - one.start)
    return _Sentence(text, frozenset(tokens("".join(left))), counted)


def _places(sentences: Sequence[_Sentence]) -> dict[str, list[int]]:
    """Word → the sentences that hold it."""
    found: dict[str, list[int]] = {}
    for at, sentence in enumerate(sentences):
        for word in sentence.words:
            found.setdefault(word, []).append(at)
    return found


def _successor(
    sentence: _Sentence, others: Sequence[_Sentence], places: dict[str, list[int]], used: set[int]
) -> int | None:
    """The place of the sentence that says the most like the same, if one says enough of it."""
    shared = Counter(at for word in sentence.words for at in places.get(word, ()) if at not in used)
    best = max(shared, key=lambda at: (_dice(sentence.words, others[at].words), -at), default=None)
    if best is None or shared[best] < min(SHARED, len(sentence.words)):
        return None
    return best if _dice(sentence.words, others[best].words) >= CLOSE else None


def _exchanged(old: _Sentence, new: _Sentence) -> Iterator[tuple[Figure, Figure]]:
    """Figures of `old` that are not in `new`, each with the one of its kind that is there for it."""
    gone = [one for one in old.figures if not any(one.same(other) for other in new.figures)]
    come = [one for one in new.figures if not any(one.same(other) for other in old.figures)]
    is_reading = bool(times(old.text)) and times(old.text) != times(new.text)
    for one in gone:
        fits = [other for other in come if other.unit == one.unit]
        beside = _beside(old.text, one)
        best = next(
            (other for other in fits if _beside(new.text, other) == beside), fits[0] if fits else None
        )
        if best is not None:
            come.remove(best)
            if not (is_reading and one.unit not in {"", YEAR, SCORE}):  # a price at another time of day
                yield one, best


def _beside(text: str, figure: Figure) -> str:
    """The word behind a figure, which says what is counted."""
    found = _BESIDE.match(composed(text), figure.end)
    return flat(found.group(1))[:4] if found is not None else ""


def _dice(one: Iterable[str], other: Iterable[str]) -> float:
    first, second = frozenset(one), frozenset(other)
    total = len(first) + len(second)
    return 2 * len(first & second) / total if total else 1.0


# -- text ------------------------------------------------------------------------------------------


def _rewritten(before: Words, after: Words) -> float:
    """Share of the earlier text that is not in the later one; 0 where a text is too short, or not comparable."""
    if before.from_page != after.from_page or not before.text or not after.text:
        return 0.0
    texts = before.text[:READ], after.text[:READ]
    if min(len(tokens(text)) for text in texts) < SUBSTANCE:
        return 0.0
    old, new = map(shingles, texts)
    return 1 - len(old & new) / len(old) if old else 0.0


# -- words for readers -----------------------------------------------------------------------------


def _said(
    added: Sequence[str], headlines: tuple[str, str], replaced: Sequence[tuple[str, str]], rewritten: float
) -> Iterator[str]:
    for notice in added[:1]:
        yield f"correction: “{_shortened(notice, SHOWN_NOTICE)}”"
    old, new = (_shortened(headline, SHOWN_HEADLINE) for headline in headlines)
    if old or new:
        yield f"headline: “{old}” became “{new}”"
    untold = [pair for pair in replaced if not (pair[0] in old and pair[1] in new)]
    for one, other in untold[:PAIRS]:
        yield f"{one} became {other}"
    if len(untold) > PAIRS:
        yield f"{len(untold) - PAIRS} more figures"
    if rewritten:
        yield f"{rewritten:.0%} of the text is written anew"


def _line(text: str) -> str:
    return " ".join(text.split())


def _shortened(text: str, most: int) -> str:
    """A line of at most so many characters, cut between words where there are any."""
    line = _line(text)
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    end = cut.rfind(" ")
    return (cut[:end] if end > most // 2 else cut).rstrip(" ,;:–—-") + "…"
