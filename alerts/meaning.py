"""What the rules of an initiative mean, as a short print: equal prints find the same articles. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from alerts.records import Initiative, Term, Watchlist


def prints(watchlists: Sequence[Watchlist], tags: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The print of each initiative, by its id.

    Names, examples, dates and states of commitments, `paused`, comments and the order of keys and items mean
    nothing to it. Terms with all their options, fields, languages, sources (and which those are, where a tag
    names them), the context in force and the rules of commitments do.

    Args:
        tags: the tags of each source, by its id.
    """
    return {
        initiative.id: _print(initiative, watchlist, tags)
        for watchlist in watchlists
        for initiative in watchlist.initiatives
    }


def _print(initiative: Initiative, watchlist: Watchlist, tags: Mapping[str, Sequence[str]]) -> str:
    context = watchlist.context_of(initiative)
    terms = [
        *initiative.terms,
        *initiative.all,
        *initiative.none,
    ]
    meaning = {
        "any": _terms(initiative.any),
        "all": _terms(initiative.all),
        "none": _terms(initiative.none),
        "except": _set(initiative.exceptions),
        "in": _set(map(str, initiative.fields)),
        "languages": _set(initiative.languages),
        "sources": _set(initiative.sources),
        "tagged": _tagged(initiative, terms, tags),
        "context": _set(context),
        "commitments": {one.id: _terms(one.any) for one in initiative.commitments if one.any},
    }
    text = json.dumps(meaning, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def _set(items: Iterable[str]) -> list[str]:
    return sorted(set(items))


def _terms(terms: Sequence[Term]) -> list[str]:
    """Each with all its options, in an order of its own."""
    return _set(
        json.dumps(
            [
                term.text,
                str(term.case),
                _set(term.near),
                term.within if term.near else None,
                _set(term.exceptions),
                term.valid_from and term.valid_from.isoformat(),
                term.valid_until and term.valid_until.isoformat(),
                term.ordinary,
                term.plural,
                term.literal,
            ]
        )
        for term in terms
    )


def _tagged(
    initiative: Initiative, terms: Iterable[Term], tags: Mapping[str, Sequence[str]]
) -> list[tuple[str, list[str]]]:
    """Which sources bear a tag that the initiative asks for; of all sources where a term reads `source:`."""
    reads_sources = any("source:" in text.casefold() for term in terms for text in (term.text, *term.near))
    wanted = set(initiative.sources)
    found = (
        (name, _set(given if reads_sources else wanted.intersection(given))) for name, given in tags.items()
    )
    return sorted((name, given) for name, given in found if given)
