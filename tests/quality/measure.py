"""One labelled set read by one reader, and what it scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from crawler.extract.read import read_page
from crawler.records import Page
from tests.quality import scores
from tests.quality.corpora import Sample, digest, samples

Reader = Callable[[Sample], Page]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures between 0 and 1 by name, and the pages that cost most, each in a line."""

    set: str
    reader: str
    digest: str
    pages: int
    figures: dict[str, float]
    misses: list[str] = field(repr=False)


def measure(name: str, reader: str = "tidings") -> Report:
    """Read all pages of a set.

    Args:
        reader: "tidings" or "trafilatura", the latter with its defaults but for comments.
    Raises:
        NoCorpus: the set is not here.
    """
    read = _READERS[reader]
    read_pages = [(sample, read(sample)) for sample in samples(name)]
    figures = {
        "precision": 0.0,
        "recall": 0.0,
        "F1": 0.0,
        **_share("title", read_pages, lambda s: s.title, lambda p, w: scores.same_title(p.title, w)),
        **_share("author", read_pages, lambda s: s.author, lambda p, w: _names(p, w)),
        **_share("day", read_pages, lambda s: s.published, lambda p, w: scores.same_day(p.published_at, w)),
    }
    if name == "readability":
        figures |= _share(
            "time", read_pages, lambda s: s.published, lambda p, w: scores.same_time(p.published_at, w)
        )
    body = _agreement(read_pages)
    figures |= {"precision": body.precision, "recall": body.recall, "F1": body.f1}
    return Report(
        set=name,
        reader=reader,
        digest=digest(name),
        pages=len(read_pages),
        figures=figures,
        misses=list(_misses(read_pages)),
    )


def _tidings(sample: Sample) -> Page:
    return read_page(sample.body, sample.url, "text/html")


def _trafilatura(sample: Sample) -> Page:
    import trafilatura

    found = trafilatura.bare_extraction(
        sample.body, url=sample.url, include_comments=False, with_metadata=True
    )
    if found is None:
        return Page(refused="nothing was found")
    day = scores.datetime.fromisoformat(found.date).replace(tzinfo=scores.UTC) if found.date else None
    return Page(
        title=found.title or "",
        text=found.text or "",
        authors=tuple((found.author or "").split("; ")) if found.author else (),
        published_at=day,
    )


_READERS: dict[str, Reader] = {"tidings": _tidings, "trafilatura": _trafilatura}


def _agreement(pages: list[tuple[Sample, Page]]) -> scores.Agreement:
    if any(sample.present for sample, _ in pages):
        return scores.phrase_agreement((p.text, s.present, s.absent) for s, p in pages)
    return scores.mean([scores.shingle_agreement(p.text, s.text or "") for s, p in pages])


def _share(
    figure: str,
    pages: list[tuple[Sample, Page]],
    stated: Callable[[Sample], str | None],
    agrees: Callable[[Page, str], bool],
) -> dict[str, float]:
    judged = [agrees(page, wanted) for sample, page in pages if (wanted := stated(sample))]
    return {figure: sum(judged) / len(judged)} if judged else {}


def _names(page: Page, wanted: str) -> bool:
    """Every author found is named in what was stated, and one is found."""
    folded = wanted.casefold()
    return bool(page.authors) and all(name.casefold() in folded for name in page.authors)


def _misses(pages: list[tuple[Sample, Page]]) -> Iterator[str]:
    for sample, page in pages:
        if page.refused is not None:
            yield f"{sample.name}: refused, {page.refused}"
        if sample.text is not None:
            one = scores.shingle_agreement(page.text, sample.text)
            if one.f1 < 0.9:
                yield f"{sample.name}: precision {one.precision:.3f}, recall {one.recall:.3f}"
        lost = [phrase for phrase in sample.present if phrase not in page.text]
        extra = [phrase for phrase in sample.absent if phrase in page.text]
        if lost or extra:
            yield f"{sample.name}: lost {lost}, should not be there {extra}"
        if sample.title and not scores.same_title(page.title, sample.title):
            yield f"{sample.name}: title {page.title!r}, wanted {sample.title!r}"
        if sample.published and not scores.same_day(page.published_at, sample.published):
            yield f"{sample.name}: published {page.published_at}, wanted {sample.published}"
        if sample.author and not _names(page, sample.author):
            yield f"{sample.name}: authors {page.authors}, wanted {sample.author!r}"
