"""Whether an article comes near an initiative by what is known of it before its page is read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from alerts.index import Index
from alerts.lexicon import Leaf, Lexicon
from alerts.patterns import Pattern
from alerts.reading import Reading
from alerts.records import Field
from alerts.rules import Rule, branch_leaves
from crawler.records import Article

_SAID = (Field.TITLE, Field.SUMMARY, Field.TEXT)  # of the text: what the feed carries of it
_APART = (Field.AUTHOR, Field.URL, Field.SOURCE)  # places that only rules which name them look at


class Nearness:
    """Compiled rules asked leniently: one word or phrase of them is enough, wherever it stands.

    Case, weak and strong, distances, days, languages, `except` and `none` are left aside; words of the context and
    beside `near` count like the terms themselves, and the words of a phrase may stand apart. Only the sources of an
    initiative bind, for these are known. So an article that is not near may match nothing in what is known of it.

    Args:
        tags: the tags of each source, by its id.
    """

    def __init__(
        self, rules: Iterable[Rule], lexicon: Lexicon, *, tags: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self._rules = tuple(rules)
        self._lexicon = lexicon
        self._tags = dict(tags or {})

    def __call__(self, article: Article) -> bool:
        """Whether `article` comes near any initiative; one of which no word is known yet does."""
        reading = Reading(article, self._tags.get(article.source_id, ()))
        origins = frozenset((article.source_id, *reading.tags)) if article.source_id else None
        if not any(char.isalnum() for text in reading.texts(_SAID) for char in text.equal):
            return True
        if not article.authors and any(_binds(who, origins) for who in self._wanted[Field.AUTHOR].values()):
            return True  # its page may name them
        return any(self._found(reading, fields, origins) for fields in (_SAID, *((one,) for one in _APART)))

    def _found(self, reading: Reading, fields: tuple[Field, ...], origins: frozenset[str] | None) -> bool:
        """Whether one of these fields holds a leaf that is looked for there."""
        wanted = self._wanted[fields[0]]
        if not wanted:
            return False
        for number in self._index.active(reading.texts(fields)) & wanted.keys():
            if _binds(wanted[number], origins):
                finder = self._lexicon.leaves[number].finder
                if not isinstance(finder, Pattern) or any(finder.find(reading.text(one)) for one in fields):
                    return True
        return False

    @cached_property
    def _index(self) -> Index:
        return Index(self._lexicon.leaves, apart=True)

    @cached_property
    def _wanted(self) -> dict[Field, dict[int, frozenset[str]]]:
        """By the first of the fields that are asked together: number of a leaf → sources for which it counts.

        An empty set: for all of them.
        """
        wanted: dict[Field, dict[int, frozenset[str]]] = {one: {} for one in (_SAID[0], *_APART)}
        for rule in self._rules:
            sources = frozenset(rule.initiative.sources)
            for leaf in _leaves(rule):
                for place in _places(leaf, rule):
                    known = wanted[place].get(leaf.number)
                    everywhere = not sources or known == frozenset()
                    wanted[place][leaf.number] = frozenset() if everywhere else sources | (known or set())
        return wanted


def _leaves(rule: Rule) -> Iterator[Leaf]:
    for item in rule.items():
        yield from branch_leaves(item.tree)
    yield from rule.context


def _places(leaf: Leaf, rule: Rule) -> Iterator[Field]:
    """Where a leaf is looked for, by the first field of each group; the text's words count in a title, too."""
    fields = (leaf.field,) if leaf.field else rule.initiative.fields
    if not leaf.evidence or any(field in _SAID for field in fields):
        yield _SAID[0]
    yield from (field for field in _APART if field in fields)


def _binds(sources: frozenset[str], origins: frozenset[str] | None) -> bool:
    """Whether a rule for these sources reads an article of these origins; unknown passes."""
    return not sources or origins is None or not sources.isdisjoint(origins)
