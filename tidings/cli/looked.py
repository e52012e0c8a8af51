"""How commands show what the rules of a source found, and what its article pages hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tidings.cli.output import plain

if TYPE_CHECKING:
    from crawler.records import Looked
    from tidings.sampling import Sample

_BEGINNING = 300  # characters of a text
_MOST = 12  # answers to one question


def rules(looked: Iterable[Looked], indent: str = "  ") -> Iterator[str]:
    """A heading a page, and below it a line a rule."""
    place = None
    for one in looked:
        if one.place != place:
            place = one.place
            yield f"{indent}{place}"
        count = f"{one.found} of {one.of}" if one.of is not None else str(one.found)
        words = [f"{one.rule:14}", f"{count:>10}", one.selector, f"“{one.sample}”" if one.sample else ""]
        yield f"{indent}  {'  '.join(filter(None, words))}" + (f"  ({one.note})" if one.note else "")


def samples(read: Iterable[Sample]) -> Iterator[str]:
    """Each page with what is taken for its parts, why, and how the source's own rules did."""
    for one in read:
        yield f"  page {one.url}"
        if one.page is None:
            yield f"    could not be read: {one.problem}"
            continue
        page = one.page
        for name, value in (
            ("refused", page.refused),
            ("title", page.title),
            ("published", plain(page.published_at)),
            ("updated", plain(page.updated_at)),
            ("authors", ", ".join(page.authors)),
            ("paywalled", "yes" if page.paywalled else ""),
        ):
            if value:
                yield f"    {name:10} {value}"
        text = " ".join(page.text[:_BEGINNING].split())
        more = "…" if len(page.text) > _BEGINNING else ""
        yield f"    {'text':10} {len(page.text):,} characters" + (f": {text}{more}" if text else "")
        yield from rules(one.looked, "    ")
        for candidate in page.candidates[: 4 * _MOST]:
            mark = "✓" if candidate.chosen else "–"
            value = candidate.value if len(candidate.value) <= 80 else f"{candidate.value[:79]}…"
            yield f"    {mark} {candidate.field:10} {candidate.origin}: “{value}” ({candidate.why})"


def sample_rows(read: Iterable[Sample]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "url": one.url,
            "problem": one.problem,
            "rules": one.looked,
            "title": one.page.title if one.page else None,
            "text": one.page.text if one.page else None,
            "published": one.page.published_at if one.page else None,
            "updated": one.page.updated_at if one.page else None,
            "authors": one.page.authors if one.page else (),
            "paywalled": one.page.paywalled if one.page else None,
            "refused": one.page.refused if one.page else None,
            "candidates": one.page.candidates if one.page else (),
        }
        for one in read
    ]
