"""The names, phrases and acronyms that stand in a text; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from alerts.common_words import is_common
from alerts.fold import equalise, fold
from crawler.records import Article

READ = 6_000  # letters of an article that are looked at; what it is about stands there

_NAME = re.compile(
    r"\b[A-Z][\w&]*(?:[-’'][\w&]+)*(?:\s(?:(?:of|and|for|on|the|in|to|with|de|del|la|le|du|des|da|do|di|von|van|der|den|el|al)\s){0,2}[A-Z][\w&]*(?:-[\w&]+)*){0,6}"
)
WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")
_LONG_FORM = re.compile(
    r"((?:[\w&’'-]+\s+){1,9}[\w&’'-]+)\s*[(\[]\s*[\"'“‘]?([A-Z][\w&-]{1,11})[\"'”’]?\s*[)\]]"
)
_SHORT_FORM = re.compile(
    r"\b([A-Z][\w&-]{1,11})\s*[(\[]\s*[\"'“‘]?((?:[\w&’'-]+\s+){1,9}[\w&’'-]+?)[\"'”’]?\s*[)\]]"
)
_NOT_LETTERS = re.compile(r"[\W_]+")
SMALL = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with")
)


def read(article: Article) -> str:
    return equalise(f"{article.title}\n\n{article.summary}\n\n{article.text[:READ]}").text


def phrases(article: Article) -> dict[str, str]:
    """Names and phrases of the running text, by how they read; a headline alone where there is nothing else."""
    running = f"{article.summary}\n\n{article.text[:READ]}".strip()
    text = equalise(running or article.title).text
    found: dict[str, str] = {}
    for match in _NAME.finditer(text):
        name = " ".join(match.group().removesuffix("'s").split())
        for part in _parts(name):
            found.setdefault(plain(part), part)
    for run in re.split(r"[.,;:!?()\[\]\"\n]+", text):
        words = [word.group() for word in WORD.finditer(run)]
        for size in (2, 3):
            for at in range(len(words) - size + 1):
                some = words[at : at + size]
                if all(map(str.islower, some)) and _tells(some):
                    found.setdefault(" ".join(some), " ".join(some))
    return found


def _parts(name: str) -> Iterator[str]:
    """A name as it stands, without a common word that only begins a sentence."""
    words = name.split()
    while words and fold(words[0]) in SMALL:
        words.pop(0)
    if not words:
        return
    if len(words) == 1 and is_common(fold(words[0])) and not words[0].isupper():
        return
    yield " ".join(words)
    if len(words) > 2 and is_common(fold(words[0])) and not words[0].isupper():
        yield from _parts(" ".join(words[1:]))


def _tells(words: Sequence[str]) -> bool:
    """Whether a row of small words may name a thing: none at its ends is a small word, and not all are common."""
    ends = {words[0], words[-1]}
    return ends.isdisjoint(SMALL) and min(map(len, ends)) > 2 and not all(map(is_common, words))


def plain(text: str) -> str:
    return _NOT_LETTERS.sub(" ", fold(equalise(text).text)).strip()


def squeezed(text: str) -> str:
    return _NOT_LETTERS.sub("", fold(equalise(text).text))


def expansions(text: str) -> Iterator[tuple[str, str]]:
    """Acronyms, each with the words that it stands for, where one of the two is in brackets behind the other."""
    pairs = [(found[2], found[1]) for found in _LONG_FORM.finditer(text)]
    pairs += [(found[1], found[2]) for found in _SHORT_FORM.finditer(text)]
    for short, written in pairs:
        long = _stands_for(short, written)
        if long is not None:
            yield short, long


def _stands_for(short: str, written: str) -> str | None:
    """The last words of `written` whose first letters an acronym consists of, small words left out or not."""
    letters = [char for char in fold(short) if char.isalnum()]
    words = written.split()
    for size in range(2, len(words) + 1):
        some = words[-size:]
        heads = [part[0] for word in some for part in re.split(r"[-&]", fold(word)) if part]
        large = [
            part[0]
            for word in some
            if fold(word) not in SMALL
            for part in re.split(r"[-&]", fold(word))
            if part
        ]
        if letters in (heads, large) and fold(some[0]) not in SMALL:
            return " ".join(some)
    return None
