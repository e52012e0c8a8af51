"""Rules 4 to 6 and the language: whether an article meets an initiative, and by which hits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from alerts.expression import And, Leaf, Near, Node, Not, Or, Regex, Words, parse_item
from alerts.languages import detected, may_be
from alerts.records import DEFAULT_FIELDS, Case, Evidence, Field, Initiative, Strength, Term, Watchlist
from crawler.records import Article
from tests.plain.near import Group, alone, is_near, pairs
from tests.plain.terms import IGNORING_CASE, Manner, Occurrence, occurrences
from tests.plain.words import Reading, in_capitals, is_head_with_one_capital, read

MOST = 5  # places kept of a term in a field
BODY = (Field.SUMMARY, Field.TEXT)
Fact = tuple[str, Field, int, int, Strength]
Counts = Callable[[Group], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is said of one article and one initiative; `evidence` before it is cut to five places."""

    matches: bool
    commitments: tuple[str, ...] = ()
    evidence: frozenset[Fact] = frozenset()


NO = Outcome(False)


@dataclass(frozen=True, slots=True)
class Hearing:
    """One article before one initiative."""

    article: Article
    readings: Mapping[Field, Reading]
    initiative: Initiative
    context: tuple[str, ...]


def judge(
    article: Article,
    watchlist: Watchlist,
    initiative: Initiative,
    tags: Mapping[str, Sequence[str]],
    readings: Mapping[Field, Reading] | None = None,
) -> Outcome:
    """Rule 6: "`any`: one is enough. `all`: every one. `none`: one of them in the fields of `in`, and the article
    does not match." A commitment's rule is one of `any`. `readings`: those of the article, where they are at hand.
    """
    context = watchlist.context if initiative.context is None else initiative.context
    hearing = Hearing(article, readings or readings_of(article, tags), initiative, context)
    if not speaks(article, initiative) or not comes_from(article, initiative, tags):
        return NO
    ones = met(hearing, initiative.any, meets)
    every = met(hearing, initiative.all, meets)
    kept = {promise.id: met(hearing, promise.any, keeps) for promise in initiative.commitments}
    commitments = tuple(name for name, found in kept.items() if found)
    if not ones and not commitments and (initiative.any or not initiative.all):
        return NO
    if any(term not in every for term in initiative.all):
        return NO
    if any(forbids(hearing, term) for term in initiative.none):
        return NO
    facts = {fact for found in (ones, every, *kept.values()) for fact in facts_of(found)}
    return Outcome(True, commitments, frozenset(facts))


Meets = Callable[[Hearing, Term, Counts], list[Group] | None]


def met(hearing: Hearing, terms: Iterable[Term], how: Meets) -> dict[Term, list[Group]]:
    """The terms that are met, with the hits that count."""
    proven = is_proven(hearing)
    found = {}
    for term in terms:
        groups = how(hearing, term, counting(hearing, term, proven))
        if groups is not None:
            found[term] = groups
    return found


def counting(hearing: Hearing, term: Term, proven: bool) -> Counts:
    """Rule 4: which hits of a term count: all where the article is `proven`."""
    return lambda group: proven or counts(hearing, term, group)


def is_proven(hearing: Hearing) -> bool:
    """Rule 4: whether "the article has a strong hit of the same initiative".

    The contract does not say that a hit of `all` proves nothing by itself; it does not here, as in the product.
    """
    promised = [term for promise in hearing.initiative.commitments for term in promise.any]
    return any(meets(hearing, term, is_strong) is not None for term in hearing.initiative.any) or any(
        keeps(hearing, term, is_strong) is not None for term in promised
    )


def facts_of(found: Mapping[Term, list[Group]]) -> Iterable[Fact]:
    """Every hit as it would be kept: term, field, start, end, strength."""
    for term, groups in found.items():
        for hit in (hit for group in groups for hit in group.hits):
            yield (term.text, hit.field, hit.start, hit.end, Strength.WEAK if hit.weak else Strength.STRONG)


def fact_of(evidence: Evidence) -> Fact:
    """The same of the product's evidence."""
    return (evidence.term, evidence.field, evidence.start, evidence.end, evidence.strength)


# -- the article -----------------------------------------------------------------------------------


def readings_of(article: Article, tags: Mapping[str, Sequence[str]]) -> dict[Field, Reading]:
    """Each field of an article, read; no phrase goes from one author, or tag, to the next."""
    return {
        Field.TITLE: read(article.title),
        Field.SUMMARY: read(article.summary),
        Field.TEXT: read(article.text),
        Field.AUTHOR: read("\n\n".join(article.authors)),
        Field.URL: read(article.url, address=True),
        Field.SOURCE: read("\n\n".join((article.source_id, *tags.get(article.source_id, ())))),
    }


def speaks(article: Article, initiative: Initiative) -> bool:
    """`languages` "exclude only on knowledge: a declared language, or one detected with confidence ≥ 0.95 in 200
    letters or more"; `en` is also `en-IN`. What the detector says of a text is taken for granted.
    """
    if not initiative.languages:
        return True
    if article.language:
        return article.language.lower().replace("_", "-").split("-")[0] in initiative.languages
    found = detected(f"{article.title}\n{article.summary}\n{article.text}")
    return found is None or any(may_be(found, wanted) for wanted in initiative.languages)


def comes_from(article: Article, initiative: Initiative, tags: Mapping[str, Sequence[str]]) -> bool:
    """`sources`: "ids or tags from sources.yaml"; unknown passes."""
    known = {article.source_id, *tags.get(article.source_id, ())}
    return not initiative.sources or not article.source_id or bool(known & set(initiative.sources))


def is_valid(term: Term, article: Article) -> bool:
    """`from`, `until`: "a date the source gave, else the time first seen; both ends inclusive, in UTC days"."""
    day = (article.published_at or article.first_seen_at).astimezone(UTC).date()
    return (term.valid_from is None or term.valid_from <= day) and (
        term.valid_until is None or day <= term.valid_until
    )


# -- one term --------------------------------------------------------------------------------------


def meets(hearing: Hearing, term: Term, counted: Counts) -> list[Group] | None:
    """The hits by which an article meets a term, of those that count; None where it does not."""
    if not is_valid(term, hearing.article):
        return None
    covers = (*hearing.initiative.exceptions, *term.exceptions)
    return evaluate(hearing, term, tree_of(term), covers, counted, ignoring_case=False)


def keeps(hearing: Hearing, term: Term, counted: Counts) -> list[Group] | None:
    """A commitment's rule: "an article that meets it, with a word of `context` near, matches the initiative"."""
    groups = meets(hearing, term, counted)
    if groups is None or not hearing.context:
        return groups
    hits = [hit for group in groups for hit in group.hits]
    return groups if any(has_context(hearing, hit, term.within) for hit in hits) else None


def forbids(hearing: Hearing, term: Term) -> bool:
    """Rule 6 of `none`; rule 4: it ignores case unless written with `=`. Its own `except` holds for it."""
    if not is_valid(term, hearing.article):
        return False
    tree = tree_of(term)
    found = evaluate(hearing, term, tree, term.exceptions, lambda group: True, ignoring_case=True)
    return found is not None


def tree_of(term: Term) -> Node:
    """The tree of a term as typed."""
    return parse_item(term.text, literal=term.literal)


def evaluate(
    hearing: Hearing, term: Term, node: Node, covers: Sequence[str], counted: Counts, *, ignoring_case: bool
) -> list[Group] | None:
    """The hits by which an expression is true, of those that count; None where it is false.

    NOT reads like `none` ("one Boolean language with two spellings"): it ignores case, every hit counts, and its
    own `except` holds for it.
    """

    def of(part: Node) -> list[Group] | None:
        return evaluate(hearing, term, part, covers, counted, ignoring_case=ignoring_case)

    match node:
        case And():
            found = [of(part) for part in node.parts]
            return None if None in found else [group for one in found for group in one or ()]
        case Or() if term.near == ():
            some = [one for part in node.parts if (one := of(part)) is not None]
            return [group for one in some for group in one] if some else None
        case Not():
            inner = evaluate(
                hearing, term, node.part, term.exceptions, lambda group: True, ignoring_case=True
            )
            return [] if inner is None else None
        case _:
            groups = places(hearing, term, node, covers, ignoring_case=ignoring_case)
            if term.near:  # "`{term: X, near: [A, B], within: n}` is `X NEAR/n (A OR B)`"
                partners = [one for text in term.near for one in aside(hearing, text, near_fields(hearing))]
                groups = [
                    one for one in groups if any(is_near(one, other, term.within) for other in partners)
                ]
            return [group for group in groups if counted(group)] or None


def places(
    hearing: Hearing, term: Term, node: Node, covers: Sequence[str], *, ignoring_case: bool
) -> list[Group]:
    """All places of a word, an OR-group or a pair of NEAR that no phrase of `except` covers."""

    def of(part: Node) -> list[Group]:
        return places(hearing, term, part, covers, ignoring_case=ignoring_case)

    match node:
        case Words() | Regex():
            case = Case.FOLD if ignoring_case and term.case is Case.SMART else term.case
            manner = Manner(case, term.plural, term.ordinary)
            hits = stands(hearing, node, manner, hearing.initiative.fields)
            unmeant = covering(hearing, covers) if hits else []
            return [alone(hit) for hit in hits if not is_covered(hit, unmeant)]
        case Or():
            return [group for part in node.parts for group in of(part)]
        case Near():
            return pairs(of(node.left), of(node.right), node.distance, ordered=node.ordered)
        case _:
            raise TypeError(f"{node!r} cannot stand beside NEAR")


def stands(
    hearing: Hearing, leaf: Leaf, manner: Manner, fields: Sequence[Field], *, beside: bool = False
) -> list[Occurrence]:
    """A leaf's occurrences in its own field, else in `fields`.

    `in` with one field reads as that field before each word (the contract is silent; as the product).
    """
    only = hearing.initiative.fields[0] if len(hearing.initiative.fields) == 1 and not beside else None
    own = leaf.field or only
    found = []
    for field in (own,) if own else fields:
        found += occurrences(leaf, manner, hearing.readings[field], field, named=own is not None)
    return found


def aside(hearing: Hearing, text: str, fields: Sequence[Field]) -> list[Group]:
    """Places of an entry of `near`, `context` or `except`: words and OR; rule 4: they ignore case."""

    def of(node: Node) -> list[Occurrence]:
        if isinstance(node, Or):
            return [place for part in node.parts for place in of(part)]
        assert isinstance(node, Words | Regex)
        return stands(hearing, node, IGNORING_CASE, fields, beside=True)

    return [alone(place) for place in of(parse_item(text))]


def near_fields(hearing: Hearing) -> tuple[Field, ...]:
    """Where `near` and `context` are looked for: title and body whatever `in` leaves out (silent; as the product)."""
    return tuple(dict.fromkeys((*DEFAULT_FIELDS, *hearing.initiative.fields)))


def covering(hearing: Hearing, covers: Sequence[str]) -> list[Group]:
    """All places of the phrases of `except`, in whatever field."""
    return [one for text in covers for one in aside(hearing, text, tuple(Field))]


def is_covered(hit: Occurrence, covers: Sequence[Group]) -> bool:
    """Rule 6: "an occurrence that overlaps one of these phrases is not a hit"."""
    return any(
        other.field is hit.field and other.first <= hit.last and hit.first <= other.last for other in covers
    )


# -- weak hits -------------------------------------------------------------------------------------


def is_strong(group: Group) -> bool:
    """Rule 4: a pair of NEAR is strong where both are."""
    return not any(hit.weak for hit in group.hits)


def counts(hearing: Hearing, term: Term, group: Group) -> bool:
    """Rule 4, of an article without a strong hit: "a context word stands near it (the term's `near`, else the
    initiative's `context`, else the watchlist's). Context does not save it when the running text has that word
    in lower case only … Without any context defined, a weak phrase counts and a weak single word does not".

    The partner of a weak hit in NEAR is its context, as `near` is the same in another spelling.
    """
    weak = [hit for hit in group.hits if hit.weak]
    if not weak:
        return True
    if any(is_contradicted(hearing, hit) for hit in weak):
        return False
    if term.near or len(weak) < len(group.hits):
        return True
    return all(has_context(hearing, hit, term.within) if hearing.context else hit.words > 1 for hit in weak)


def has_context(hearing: Hearing, hit: Occurrence, within: int) -> bool:
    """Whether a word of `context` stands near a hit."""
    words = [one for text in hearing.context for one in aside(hearing, text, near_fields(hearing))]
    return any(is_near(alone(hit), one, within) for one in words)


def is_contradicted(hearing: Hearing, hit: Occurrence) -> bool:
    """Rule 4: "the body knows better than the headline": of a hit in a title, or in a run in capitals.

    `us` in the body says nothing of the U.S. (silent; as the product).
    """
    if hit.field in BODY and not in_capitals(hearing.readings[hit.field], hit.first):
        return False
    return any(stands_in_lower_case_only(hearing, name) for name in hit.weak if name != "us")


def stands_in_lower_case_only(hearing: Hearing, name: str) -> bool:
    """Whether summary and text have a word in small letters and nowhere with a capital that says something.

    A capital at the head of a sentence or a run in capitals says nothing; nor does what an `except` covers.
    """
    terms = (*hearing.initiative.any, *hearing.initiative.all, *hearing.initiative.none)
    terms += tuple(term for promise in hearing.initiative.commitments for term in promise.any)
    texts = (*hearing.initiative.exceptions, *(text for term in terms for text in term.exceptions))
    covers = covering(hearing, texts)
    lower = False
    for field in BODY:
        reading = hearing.readings[field]
        for number, word in enumerate(reading.words):
            place = Occurrence(field, number, number, 0, 0)
            if word.key != name or is_covered(place, covers):
                continue
            if word.letters.islower():
                lower = True
            elif not in_capitals(reading, number) and not is_head_with_one_capital(reading, number):
                return False
    return lower
