"""Whether a new headline makes another claim than the one before it, or only says the same otherwise. Pure.

Two headlines are read as words. Those that stand in both, in any form or order, agree. Of the rest, a figure, a
negation, a "may" or "alleged", or a word in place of another one is a change of the claim; words that are merely
left out are none, nor is a word or two more. No meaning is guessed: an unknown synonym counts as another word.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from crawler.figures import YEAR, Figure, figures
from crawler.flat import UNSPACED, composed, flat
from crawler.number_words import MONTHS
from crawler.small_words import AGAINST, EMPTY, PERHAPS, PHRASES, SAME
from crawler.word_forms import same_word

LONGEST = 300  # characters of a headline that are looked at
MORE = 3  # words more that claim something more
MORE_INSTEAD = 2  # where other words are gone
MORE_CHARACTERS = 6  # the same in scripts without spaces

_LABEL = re.compile(
    r"^[\[(【]?(?:(?:live|breaking|just in|exclusive|watch|video|photos?|pics|in pictures|explained|explainer|analysis"
    r"|opinion|podcast|read|must read|alert|flash|factbox|corrected|correction|refile|update[sd]?|upd|wrapup|newsletter"
    r"|eil(?:meldung)?|liveticker|ticker|newsticker|aktualisiert|korrektur|en direct|direct|urgent|alerte|exclusif|mise a jour"
    r"|ultima hora|en vivo|en directo|directo|urgente|actualizacion|actualizado|exclusiva|ao vivo|atualizado|urgente"
    r"|(?:dn )?direkt|just nu|senaste nytt|lista|tv|diretta|in diretta|aggiornamento|aggiornato|ultim'ora|срочно|обновлено|обновление|速報|更新|快讯|快訊|独家|突发|直播|속보|단독"
    r"|लाइव|ब्रेकिंग|عاجل|مباشر)(?: (?:news|updates?|blog|video|\d{1,2}))?(?:[\])】]|\s?[:|.!-])\s*)+"
)
_LABEL_BEHIND = re.compile(
    r"\s*(?:[-|:,]\s*(?:live(?: (?:updates?|blog|news|coverage))?|as it happened|video|watch|photos?|en direct|en vivo|ao vivo"
    r"|liveticker|update[sd]?)|[\[(](?:updated?|live|video|photos?|watch|corrected|exclusive|actualizado|mis a jour)[\])])\s*$"
)
_TAIL = re.compile(
    r"^(.{12,}?)\s+(?:[|·•]|[-–—:]{1,2})\s+([^|·•–—]{2,40})$|^(.{12,}?)\s*[|｜_]\s*([^|｜_]{2,40})$",
    re.DOTALL,
)
_WORD = re.compile(r"[^\W_]+(?:[\u0900-\u0dff]+[^\W_]*)*")
_NAMED = re.compile(r"^[A-Z\d]|^[^\W\d_a-z]")
_RUNNING = re.compile(
    r"^\W{0,2}live(?: updates?| blog)?\s?[:|-]|\blive ?(?:updates?|blog|ticker|news|coverage)\b|\blive:|[:|-] live$"
    r"|\b(?:newsticker|minuto a minuto|minute par minute|as it happened|tempo reale|tempo real|senaste nytt|seneste nyt)\b"
    r"|^\W{0,2}(?:dn )?(?:direkt|direkte|en direct|en directo|en vivo|ao vivo|in diretta|directo|direct|diretta)\b ?[:|.-]"
    r"|[:|-] (?:en direct|en directo|en vivo|ao vivo|in diretta)$|\bcanli\b|онлайн|прямой эфир|直播|ライブ|実況|실시간|लाइव"
)
_TICKER = re.compile(
    r"\s?<[A-Za-z.]{1,6}>|\s?\((?:NYSE|NASDAQ|Nasdaq|LON|NSE|BSE|ASX|TSX)\s?:\s?[A-Z.]{1,6}\)"
)
_MARKS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class _Small:
    """The small words of the languages that a headline may be in."""

    empty: frozenset[str]
    against: frozenset[str]
    perhaps: frozenset[str]
    same: Mapping[str, int]  # words written for each other → number of their set


@dataclass(frozen=True, slots=True)
class _Token:
    """A word of a headline, or a figure."""

    word: str
    figure: Figure | None = None


def claims_differ(before: str, after: str, lead: str = "") -> bool:
    """Whether `after` claims something that `before` did not; False where one of them is empty.

    Args:
        lead: some of the text, which helps to tell the language.
    """
    old, new = _bare(before), _bare(after)
    if not old or not new or _squashed(old) == _squashed(new):
        return False
    pairs = _without_sites(old, new)
    if _is_unspaced(old) and _is_unspaced(new):
        return all(_characters_differ(one, other) for one, other in pairs)
    small = _SMALL[language_of(f"{old} {new} {lead[:1000]}")]
    return all(_words_differ(one, other, small) for one, other in pairs)


def is_running(headline: str) -> bool:
    """Whether it is that of a live blog, which follows the last entry."""
    return _RUNNING.search(flat(headline)) is not None


def language_of(text: str) -> str:
    """The language whose small words a text holds most of; "en" when it holds none."""
    words = _WORD.findall(flat(text))
    counts = {language: sum(word in known for word in words) for language, known in _KNOWN.items()}
    return max(counts, key=lambda language: counts[language])


# -- what surrounds the claim ----------------------------------------------------------------------


def _bare(headline: str) -> str:
    """A headline less the labels before and behind it."""
    text = _TICKER.sub("", composed(html.unescape(headline))[:LONGEST]).strip()
    label = _LABEL.match(flat(text))
    if label is not None and label.end() < len(text):
        text = text[label.end() :].strip()
    behind = _LABEL_BEHIND.search(flat(text))
    return text[: behind.start()].strip() if behind is not None and behind.start() else text


def _without_sites(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """Two headlines, and what stands in them before the name of their site where one or both may end with it."""
    (old, tail_old), (new, tail_new) = _tail(before), _tail(after)
    pairs = [(before, after)]
    if tail_old and tail_new:
        if set(_WORD.findall(flat(tail_old))) & set(_WORD.findall(flat(tail_new))):
            pairs.append((old, new))
    elif tail_old:
        pairs.append((old, after))
    elif tail_new:
        pairs.append((before, new))
    return tuple(pairs)


def _tail(headline: str) -> tuple[str, str]:
    """A headline less what may be the name of its site, and that; "" for no such thing."""
    found = _TAIL.match(headline)
    if found is None:
        return headline, ""
    claim, tail = found.group(1) or found.group(3), found.group(2) or found.group(4)
    words = [word for word in re.split(r"[\s.-]", tail) if word]
    is_name = len(words) <= 4 and ("." in tail or all(_NAMED.match(word) for word in words))
    is_name = is_name and not figures(tail) and (len(claim.split()) >= 3 or _is_unspaced(claim))
    return (claim, tail) if is_name else (headline, "")


def _squashed(headline: str) -> str:
    """Only letters and figures, in their order."""
    return _MARKS.sub("", flat(headline))


def _is_unspaced(headline: str) -> bool:
    """Whether it is in a script that writes no spaces between words, for the better part."""
    return len(re.findall(rf"[{UNSPACED}]", headline)) * 3 > len(_squashed(headline))


# -- words -----------------------------------------------------------------------------------------


def _words_differ(before: str, after: str, small: _Small) -> bool:
    """The rule of this file, on the words of two headlines."""
    old, new = _tokens(before), _tokens(after)
    rest_old, rest_new = _unmatched(old, new, small)
    added = [figure for at in rest_new if (figure := new[at].figure) is not None]
    removed = [figure for at in rest_old if (figure := old[at].figure) is not None]
    if any(figure.unit != YEAR or removed for figure in added):
        return True
    if _turned(old, rest_old, small) or _turned(new, rest_new, small):
        return True
    claims_old, claims_new = (
        [tokens[at].word for at in rest if _claims(tokens[at], small)]
        for tokens, rest in ((old, rest_old), (new, rest_new))
    )
    if claims_old and (
        len(claims_new) >= MORE_INSTEAD or (claims_new and _replaced(old, rest_old, new, rest_new, small))
    ):
        return True
    return len(claims_new) >= MORE or (not rest_old and not rest_new and _changed_places(old, new, small))


def _replaced(
    old: Sequence[_Token],
    rest_old: Sequence[int],
    new: Sequence[_Token],
    rest_new: Sequence[int],
    small: _Small,
) -> bool:
    """Whether a word that says something stands where another one did."""
    gone, come = set(rest_old), set(rest_new)
    words_old = ["" if at in gone else _key(token, small) for at, token in enumerate(old)]
    words_new = ["\0" if at in come else _key(token, small) for at, token in enumerate(new)]
    for how, start, end, first, last in SequenceMatcher(None, words_old, words_new, False).get_opcodes():
        if how == "replace":
            was = any(at in gone and _claims(old[at], small) for at in range(start, end))
            if was and any(at in come and _claims(new[at], small) for at in range(first, last)):
                return True
    return False


def _key(token: _Token, small: _Small) -> str:
    """Alike for most words that are one."""
    if token.figure is not None:
        return f"{token.figure.value} {token.figure.unit}"
    return str(small.same.get(token.word, token.word[:4]))


def _tokens(headline: str) -> tuple[_Token, ...]:
    """Words and figures in their order; what is written in several ways in one of them."""
    text = headline
    for phrase, short in PHRASES:
        text = phrase.sub(short, text)
    plain = flat(text)
    counted = figures(text)
    found = [(one.start, _Token(one.text, one)) for one in counted]
    taken = [range(one.start, one.end) for one in counted]
    for word in _WORD.finditer(plain):
        if not any(word.start() in span for span in taken):
            found.append((word.start(), _Token(word.group())))
    return tuple(token for _, token in sorted(found, key=lambda one: one[0]))


def _claims(token: _Token, small: _Small) -> bool:
    """Whether a word says something by itself."""
    return (
        token.figure is None
        and token.word not in small.empty
        and not _turns(token, small)
        and len(token.word) > 1
    )


def _turns(token: _Token, small: _Small) -> bool:
    return token.figure is None and (token.word in small.against or token.word in small.perhaps)


def _turned(tokens: Sequence[_Token], rest: Sequence[int], small: _Small) -> bool:
    """Whether one of the words in `rest` turns a claim around that the other headline makes, too."""
    alone = set(rest)
    for at in rest:
        if _turns(tokens[at], small):
            behind = [one for one in range(at + 1, len(tokens)) if _says(tokens[one], small)]
            before = [one for one in range(at) if _says(tokens[one], small)]
            beside = behind[:1] or before[-1:]
            if beside and beside[0] not in alone:
                return True
    return False


def _says(token: _Token, small: _Small) -> bool:
    return token.figure is not None or _claims(token, small)


def _unmatched(
    old: Sequence[_Token], new: Sequence[_Token], small: _Small
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Places of the words of each headline that the other one does not have, in any form."""
    rest_old, rest_new = list(range(len(old))), list(range(len(new)))
    for is_same in (_equal, _alike):
        for at in tuple(rest_old):
            other = next((one for one in rest_new if is_same(old[at], new[one], small)), None)
            if other is not None:
                rest_old.remove(at)
                rest_new.remove(other)
    _join(old, rest_old, new, rest_new, small)
    _join(new, rest_new, old, rest_old, small)
    return tuple(rest_old), tuple(rest_new)


def _equal(one: _Token, other: _Token, _small: _Small) -> bool:
    if one.figure is not None and other.figure is not None:
        return one.figure.same(other.figure)
    return one.figure is other.figure and one.word == other.word


def _alike(one: _Token, other: _Token, small: _Small) -> bool:
    if one.figure is not None or other.figure is not None:
        return False
    if one.word in small.same and small.same[one.word] == small.same.get(other.word):
        return True
    return same_word(one.word, other.word)


def _join(
    parts: Sequence[_Token], rest: list[int], whole: Sequence[_Token], rest_whole: list[int], small: _Small
) -> None:
    """Take out words of one headline that are written as one in the other, or by their first letters."""
    for at in tuple(rest_whole):
        word = whole[at].word
        for start in range(len(parts)):
            run = [one for one in range(start, min(start + 7, len(parts))) if parts[one].figure is None]
            letters = [one for one in run if parts[one].word not in small.empty]
            for number in range(2, len(run) + 1):
                if "".join(parts[one].word for one in run[:number]) == word:
                    _take(run[:number], rest, at, rest_whole)
            for number in range(2, len(letters) + 1):
                if "".join(parts[one].word[0] for one in letters[:number]) == word:
                    _take(letters[:number], rest, at, rest_whole)


def _take(run: Sequence[int], rest: list[int], at: int, rest_whole: list[int]) -> None:
    if at in rest_whole and all(one in rest for one in run):
        rest_whole.remove(at)
        for one in run:
            rest.remove(one)


def _changed_places(old: Sequence[_Token], new: Sequence[_Token], small: _Small) -> bool:
    """Whether all that changed is who does it to whom: "A beats B", "B beats A"."""
    if len(old) != len(new):
        return False
    moved = [at for at, (one, other) in enumerate(zip(old, new, strict=True)) if one.word != other.word]
    if len(moved) != 2:
        return False
    first, second = moved
    is_swap = old[first].word == new[second].word and old[second].word == new[first].word
    between = [token for token in old[first + 1 : second] if _claims(token, small)]
    return is_swap and bool(between) and all(_claims(old[at], small) for at in moved)


# -- scripts without spaces ------------------------------------------------------------------------

_TURNING = re.compile("[不没沒無无非未否]|ない|ません|ず|ไม่")
_FILLING = re.compile(r"[的了着着们們はがをにでとのもへや、。！？\s\W_]|です|ます|した|する|について|により")


def _characters_differ(before: str, after: str) -> bool:
    """The rule of this file, on characters."""
    counted_old, counted_new = figures(before), figures(after)
    if any(
        not any(one.same(other) for other in counted_old)
        for one in counted_new
        if one.unit != YEAR or counted_old
    ):
        return True
    old, new = (_MARKS.sub("", flat(text)) for text in (before, after))
    if _TURNING.findall(old) != _TURNING.findall(new) and not (old in new or new in old):
        return True
    gone, come = [], []
    for how, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if how != "equal":
            gone.append(_FILLING.sub("", old[start:end]))
            come.append(_FILLING.sub("", new[first:last]))
    for text in tuple(gone):
        if text and text in come:  # it only moved
            gone.remove(text)
            come.remove(text)
    removed, added = "".join(gone), "".join(come)
    if removed.isdecimal() and added.isdecimal():
        return False
    return bool(removed and added) or len(added) >= MORE_CHARACTERS


_KNOWN = {language: empty | AGAINST.get(language, empty) for language, empty in EMPTY.items()}
_SMALL = {
    language: _Small(
        empty=empty,
        against=frozenset(flat(word) for word in AGAINST.get(language, frozenset()) | AGAINST[""]),
        perhaps=frozenset(flat(word) for word in PERHAPS.get(language, frozenset()) | PERHAPS[""]),
        same={word: -month for word, month in MONTHS.items()}
        | {word: number for number, words in enumerate(SAME.get(language, ())) for word in words},
    )
    for language, empty in EMPTY.items()
}
