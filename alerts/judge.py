"""Whether one article meets one rule, and by which words (rules 4, 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from alerts.evidence import evidence
from alerts.languages import may_be
from alerts.lexicon import Leaf, is_single
from alerts.near import Cluster, Neighbours
from alerts.reading import Hit, Reading
from alerts.records import DEFAULT_FIELDS, Field, Match
from alerts.rules import Branch, Close, Either, Every, Item, Rule, Without

_MOST_PAIRS = 20_000  # of one NEAR in one article; a text with more is made to be slow
WITHIN = 30  # words at most between a hit and its context, where the term does not say
_RUNNING = (Field.SUMMARY, Field.TEXT)
_PRONOUN = "us"  # says nothing about US


class Judgement:
    """One rule over one reading; each step can be asked for alone, so that `explain` can say where it stops."""

    __slots__ = (
        "_context", "_contradictions", "_excepted", "_proven", "fields", "reading", "rule",
    )  # fmt: skip

    def __init__(self, rule: Rule, reading: Reading) -> None:
        self.rule = rule
        self.reading = reading
        self.fields = rule.initiative.fields
        self._excepted: dict[tuple[int, Field], set[int]] = {}  # by the identity of the phrases
        self._context: Neighbours | None = None
        self._contradictions: dict[str, bool] = {}
        self._proven: bool | None = None

    # -- gates ---------------------------------------------------------------------------------------

    def language_fits(self) -> bool:
        """Whether the language, declared or else certain from the text, is wanted; unknown passes."""
        wanted = self.rule.initiative.languages
        if not wanted:
            return True
        if declared := self.reading.article.language:
            return any(_same_language(declared, tag) for tag in wanted)
        found = self.reading.detected_language()
        return found is None or any(may_be(found, tag) for tag in wanted)

    def source_fits(self) -> bool:
        """Whether the source or one of its tags is wanted; unknown passes."""
        wanted, source = self.rule.initiative.sources, self.reading.article.source_id
        return not wanted or not source or source in wanted or not set(self.reading.tags).isdisjoint(wanted)

    def day_fits(self, item: Item) -> bool:
        """Whether the article's day lies in the term's; unknown passes, both ends are inclusive."""
        since, until = item.term.valid_from, item.term.valid_until
        if since is None and until is None:
            return True
        day = self.reading.day()
        return day is None or ((since is None or since <= day) and (until is None or day <= until))

    # -- steps ---------------------------------------------------------------------------------------

    def any_hits(self) -> list[tuple[Item, list[Hit]]]:
        """The items of `any` that are met."""
        return [(item, hits) for item in self.rule.any if (hits := self.meets(item)) is not None]

    def kept_promises(self) -> list[tuple[str, Item, list[Hit]]]:
        """Commitments whose rule is met with a word of the context near, by id."""
        return [
            (promise.commitment.id, item, hits)
            for promise in self.rule.promises
            for item in promise.items
            if (hits := self.meets(item)) is not None and self._speaks_of_it(hits, item)
        ]

    def missing(self) -> Item | None:
        """The first item of `all` that is not met."""
        return next((item for item in self.rule.all if self.meets(item) is None), None)

    def forbidden(self) -> tuple[Item, Hit] | None:
        """An item of `none` that stands in the article, and where."""
        for item in self.rule.none:
            if not self._may_meet(item) or not self.day_fits(item):
                continue
            if clusters := self._evaluate(item.tree, _Forbidding(self, item)):
                return item, clusters[0].hits[0]
        return None

    def meets(self, item: Item) -> list[Hit] | None:
        """The hits by which an item is met, weak ones included where they count; None: it is not."""
        return self._hits(item, _Full(self, item)) if self._may_meet(item) else None

    def is_proven(self) -> bool:
        """Whether the article has a strong hit of the initiative: an item of `any` met by strong hits alone."""
        if self._proven is None:
            self._proven = any(self._strong_hits(item) is not None for item in self.rule.any) or any(
                (hits := self._strong_hits(item)) is not None and self._speaks_of_it(hits, item)
                for promise in self.rule.promises
                for item in promise.items
            )
        return self._proven

    def _strong_hits(self, item: Item) -> list[Hit] | None:
        return self._hits(item, _Strong(self, item)) if self._may_meet(item) else None

    def _may_meet(self, item: Item) -> bool:
        """Whether any of the item's words may stand in the article; else there is no need to look."""
        active = self.reading.active
        return active is None or not any(map(active.isdisjoint, item.needs))

    # -- questions about hits ------------------------------------------------------------------------

    def is_excepted(self, hit: Hit, item: Item) -> bool:
        """Whether a hit overlaps a phrase that is not meant."""
        return self.overlaps(hit, self.rule.exceptions) or self.overlaps(hit, item.exceptions)

    def overlaps(self, hit: Hit, leaves: tuple[Leaf, ...]) -> bool:
        """Whether a hit shares a word with one of these phrases."""
        if not leaves:
            return False
        covered = self._covered(leaves, hit.field)
        return bool(covered) and not covered.isdisjoint(self._words(hit))

    def has_context(self, hit: Hit, within: int = WITHIN) -> bool:
        """Whether a word of the context stands near."""
        if self._context is None:
            fields = self.context_fields()
            self._context = Neighbours(
                self._single(other) for leaf in self.rule.context for other in self.reading.hits(leaf, fields)
            )
        return self._context.beside(self._single(hit), within, ordered=False) is not None

    def is_contradicted(self, hit: Hit) -> bool:
        """Whether the running text has the word of a weak hit in lower case only.

        Runs in capitals and the capital that begins a sentence say nothing; occurrences that are not
        meant do not count.
        """
        if hit.field in _RUNNING and not self.reading.text(hit.field).order.in_capitals(hit.at.first):
            return False
        return any(self._only_lower(key) for key in hit.at.weak if key != _PRONOUN)

    def context_fields(self) -> tuple[Field, ...]:
        """Where context is looked for: what is read anyway, whatever `in` leaves out."""
        return tuple(dict.fromkeys((*DEFAULT_FIELDS, *self.fields)))

    # -- inside --------------------------------------------------------------------------------------

    def _hits(self, item: Item, scale: _Scale) -> list[Hit] | None:
        if not self.day_fits(item):
            return None
        if isinstance(item.tree, Leaf):  # most items
            return self._leaf_hits(item.tree, scale) or None
        clusters = self._evaluate(item.tree, scale)
        if clusters is None:
            return None
        return list(dict.fromkeys(hit for cluster in clusters for hit in cluster.hits if hit.leaf.evidence))

    def _leaf_hits(self, leaf: Leaf, scale: _Scale) -> list[Hit]:
        """What `_evaluate` finds of a single word or phrase."""
        fields = self.fields if leaf.evidence else self.context_fields()
        return [
            hit
            for hit in self.reading.hits(leaf, fields)
            if scale.means(hit) and (not hit.at.weak or scale.counts(self._single(hit)))
        ]

    def _evaluate(self, branch: Branch, scale: _Scale) -> list[Cluster] | None:
        """The clusters by which a branch is true, or None; a true NOT has none."""
        match branch:
            case Leaf() | Close():
                counted = [cluster for cluster in self._clusters(branch, scale) if scale.counts(cluster)]
                return counted or None
            case Every():
                together: list[Cluster] = []
                for part in branch.parts:
                    found = self._evaluate(part, scale)
                    if found is None:
                        return None
                    together += found
                return together
            case Either():
                parts = [self._evaluate(part, scale) for part in branch.parts]
                if all(part is None for part in parts):
                    return None
                return [cluster for part in parts if part is not None for cluster in part]
            case Without():
                return [] if self._evaluate(branch.part, _Forbidding(self, scale.item)) is None else None

    def _clusters(self, branch: Branch, scale: _Scale, *, every: bool = False) -> list[Cluster]:
        """All places of a word, an OR-group or a pair, whether they count or not; `every`: see `all_beside`."""
        match branch:
            case Leaf():
                fields = self.fields if branch.evidence else self.context_fields()
                hits = self.reading.hits(branch, fields)
                if branch.evidence:
                    hits = [hit for hit in hits if scale.means(hit)]
                return [self._single(hit) for hit in hits]
            case Either():
                return [cluster for part in branch.parts for cluster in self._clusters(part, scale)]
            case Close():
                lefts = self._clusters(branch.left, scale, every=True)
                if not lefts:
                    return []
                rights = Neighbours(self._clusters(branch.right, scale))
                pairs = (
                    _pair(left, right)
                    for left in lefts
                    for right in rights.all_beside(left, branch.distance, ordered=branch.ordered, every=every)
                )
                return list(islice(pairs, _MOST_PAIRS))
            case _:
                raise TypeError(f"{branch!r} cannot stand beside NEAR")  # the parser refuses it

    def _covered(self, leaves: tuple[Leaf, ...], field: Field) -> set[int]:
        """Places of the words of a field that belong to one of these phrases."""
        key = (id(leaves), field)  # the rule keeps them as long as this lives
        if key not in self._excepted:
            self._excepted[key] = {
                place
                for leaf in leaves
                for hit in self.reading.hits(leaf, (field,))
                if hit.field is field  # not so where the phrase names another
                for place in self._words(hit)
            }
        return self._excepted[key]

    def _words(self, hit: Hit) -> Iterable[int]:
        """Places of the words of a hit."""
        return self.reading.text(hit.field).row(hit.at.first, hit.at.last)

    def _single(self, hit: Hit) -> Cluster:
        order = self.reading.text(hit.field).order
        return Cluster(hit.field, order.number(hit.at.first), order.number(hit.at.last), (hit,))

    def _speaks_of_it(self, hits: Sequence[Hit], item: Item) -> bool:
        """Whether a word of the context stands near one of the hits; where none is defined, yes."""
        return not self.rule.context or any(self.has_context(hit, item.term.within) for hit in hits)

    def _only_lower(self, key: str) -> bool:
        if key not in self._contradictions:
            self._contradictions[key] = self._find_only_lower(key)
        return self._contradictions[key]

    def _find_only_lower(self, key: str) -> bool:
        lower = False
        exceptions = dict.fromkeys(
            leaves
            for leaves in (self.rule.exceptions, *(item.exceptions for item in self.rule.items()))
            if leaves
        )
        for field in _RUNNING:
            text = self.reading.text(field)
            for place in text.places(key):
                if any(place in self._covered(leaves, field) for leaves in exceptions):
                    continue
                if text.letters(place).islower():
                    lower = True
                elif not text.order.in_capitals(place) and not text.order.begins_sentence_only(place):
                    return False
        return lower


class _Scale:
    """Which clusters count for an item."""

    def __init__(self, judgement: Judgement, item: Item) -> None:
        self.judgement = judgement
        self.item = item

    def means(self, hit: Hit) -> bool:
        """Whether a place is meant: no phrase of `except` covers it."""
        return not self.judgement.is_excepted(hit, self.item)

    def counts(self, cluster: Cluster) -> bool:
        raise NotImplementedError


class _Forbidding(_Scale):
    """For `none` and NOT: every place, but for the `except` of the term itself."""

    def means(self, hit: Hit) -> bool:
        return not self.judgement.overlaps(hit, self.item.exceptions)

    def counts(self, cluster: Cluster) -> bool:
        return True


class _Strong(_Scale):
    """Strong hits alone."""

    def counts(self, cluster: Cluster) -> bool:
        return not any(hit.is_weak for hit in cluster.hits)


class _Full(_Scale):
    """Strong hits, and weak ones that something speaks for."""

    def counts(self, cluster: Cluster) -> bool:
        weak = [hit for hit in cluster.hits if hit.is_weak]
        if not weak or self.judgement.is_proven():
            return True
        if any(self.judgement.is_contradicted(hit) for hit in weak):
            return False
        if len(weak) < len(cluster.hits):
            return True  # the partner of NEAR is its context
        return all(self._is_supported(hit) for hit in weak)

    def _is_supported(self, hit: Hit) -> bool:
        if not self.judgement.rule.context:
            return not is_single(hit.leaf)
        return self.judgement.has_context(hit, self.item.term.within)


def judge(rule: Rule, reading: Reading) -> Match | None:
    """The match of an article with an initiative, with its evidence; None: it does not match."""
    judgement = Judgement(rule, reading)
    if not judgement.language_fits() or not judgement.source_fits():
        return None
    found = judgement.any_hits()
    promises = judgement.kept_promises()
    if not found and not promises and (rule.any or not rule.all):
        return None
    required: list[tuple[Item, list[Hit]]] = []
    for item in rule.all:
        hits = judgement.meets(item)
        if hits is None:
            return None
        required.append((item, hits))
    if judgement.forbidden() is not None:
        return None
    met = [*found, *required, *((item, hits) for _, item, hits in promises)]
    return Match(
        article_id=reading.article.id,
        initiative_id=rule.initiative.id,
        commitments=tuple(dict.fromkeys(name for name, _, _ in promises)),
        evidence=tuple(evidence(met, reading)),
        watchlist_version=rule.version,
        text_version=reading.article.version,
    )


def _pair(left: Cluster, right: Cluster) -> Cluster:
    hits = (*left.hits, *right.hits)
    if left.field is not right.field:
        return Cluster(left.field, left.first, left.last, hits)
    return Cluster(left.field, min(left.first, right.first), max(left.last, right.last), hits)


def _same_language(declared: str, wanted: str) -> bool:
    """Whether one tag is the other or a region of it: `en` and `en-IN`."""
    one, other = declared.lower().replace("_", "-"), wanted.lower().replace("_", "-")
    return one == other or one.startswith(f"{other}-") or other.startswith(f"{one}-")
