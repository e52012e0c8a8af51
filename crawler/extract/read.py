"""From the bytes of an HTML page to its article, or to the reason why it holds none; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from crawler.errors import ExtractionRefused
from crawler.extract import body as bodies
from crawler.extract import refuse, selectors
from crawler.extract.authors import MAX_AUTHORS
from crawler.extract.charset import decode, is_binary
from crawler.extract.day import visible_days
from crawler.extract.document import Element, finder, parse, prune, text_of
from crawler.extract.language import wrong_language
from crawler.extract.liveblog import read_live_blog
from crawler.extract.metadata import Metadata, read_metadata
from crawler.extract.moments import Moment, choose_moment
from crawler.extract.times import parse_time
from crawler.extract.titles import MAX_TITLE
from crawler.records import ArticleRules, Candidate, Page, Selector

_LOGIN_FIELD = "//input[@type='password']"
_MARKED = "boolean(//article) or boolean(//*[@itemprop = 'articleBody'])"  # the page says where its story is


def read_page(
    body: bytes,
    url: str | None = None,
    content_type: str | None = None,
    rules: ArticleRules | None = None,
    zone: str | None = None,
) -> Page:
    """The article in a page. Never raises for what the page holds: `Page.refused` says what is wrong with it.

    A refused page has no text, with two exceptions: a paywalled stub keeps what is free of it, and a page that is
    too short the little that it holds.

    Args:
        body: as received, decompressed.
        url: its address; None when it is not known.
        content_type: the raw header.
        rules: the source's own selectors; they come before everything else.
        zone: IANA zone in which times without one are meant; None: UTC.
    """
    reason = refuse.not_html(body[:4096], content_type, binary=is_binary(body))
    if reason is not None:
        return Page(refused=reason)
    try:
        return _read(parse(decode(body, content_type)), url, rules or ArticleRules(), zone)
    except ExtractionRefused as error:
        return Page(refused=f"unreadable: {error}")
    except RecursionError:
        return Page(refused="unreadable: its elements are nested too deeply")


def _read(tree: Element, url: str | None, rules: ArticleRules, zone: str | None) -> Page:
    said = _ruled(read_metadata(tree, url=url, zone=zone), tree, rules, zone)
    names = prune(tree)
    offered = bodies.drop_offers(tree, said.locked, names)
    paywalled = said.free is False
    found = bodies.read_body(
        tree,
        rule=rules.text,
        stated="" if paywalled else said.body,
        title=said.title,
        heading=said.heading,
        authors=said.authors,
    )
    text = found.text
    live = None
    if rules.text is None:
        live = read_live_blog(
            tree,
            names=names,
            title=said.title,
            text=text,
            updates=() if paywalled else said.updates,
            zone=zone,
            limit=bodies.MAX_TEXT,
        )
        text = text if live is None else live.text
    paywalled = (
        paywalled
        or refuse.says_locked(text)
        or (offered and len(text) < refuse.PAYWALL_STUB and said.free is None)
    )
    links, linked = (0, 0.0) if said.is_article else _links(tree)
    reason = refuse.why_not(
        refuse.Look(
            title=said.title,
            heading=said.heading,
            text=text,
            url=url,
            marked=rules.text is not None or bool(finder(_MARKED)(tree)),
            declared=said.is_article,
            paywalled=paywalled,
            links=links,
            linked=linked,
            password=bool(finder(_LOGIN_FIELD)(tree)),
            video=said.is_video,
            misspoken=wrong_language(text, url=url, declared=said.language, translations=said.translations),
        )
    )
    if rules.text is not None and not text and (reason is None or reason.startswith("no text")):
        reason = f"no text: the source's rule for it, {_shown(rules.text)}, finds nothing on this page"
    published = Moment(value=said.published_at)
    if published.value is None:
        seen = visible_days(tree, url=url, title=said.title, language=said.language)
        published = choose_moment("published", seen, zone=zone)
    shown = reason is None or reason.startswith(("paywall", "too short"))
    return Page(
        title=said.title,
        text=text if shown else "",
        authors=said.authors,
        published_at=published.value,
        updated_at=said.updated_at,
        canonical_url=said.canonical_url,
        language=said.language,
        site_name=said.site_name,
        paywalled=paywalled,
        refused=reason,
        posts=live.posts if live is not None and shown else (),
        candidates=(*found.candidates, *said.candidates, *published.candidates),
    )


def _ruled(said: Metadata, tree: Element, rules: ArticleRules, zone: str | None) -> Metadata:
    """The page's own statements, overruled by what the source's rules find."""
    title = _first(tree, rules.title)[:MAX_TITLE]
    authors = selectors.values(tree, rules.author)[:MAX_AUTHORS]
    day = _first(tree, rules.published)
    published = parse_time(day, zone)
    ruled = {
        "title": title,
        "authors": "; ".join(authors),
        "published": day if published is not None else "",
    }
    return replace(
        said,
        title=title or said.title,
        authors=authors or said.authors,
        published_at=published or said.published_at,
        candidates=tuple(
            _overruled(said.candidates, {name: value for name, value in ruled.items() if value})
        ),
    )


def _overruled(candidates: Iterable[Candidate], ruled: Mapping[str, str]) -> Iterator[Candidate]:
    """The candidates with those that the source's rules found, by field."""
    for field, value in ruled.items():
        why = "it comes before everything else"
        yield Candidate(field=field, origin="the source's own rule", value=value, chosen=True, why=why)
    for one in candidates:
        if one.field in ruled:
            yield replace(one, chosen=False, why="the source's own rule is preferred")
        else:
            yield one


def _shown(rule: Selector) -> str:
    return f"css {rule.css!r}" if rule.css is not None else f"xpath {rule.xpath!r}"


def _first(tree: Element, selector: Selector | None) -> str:
    return selectors.first_value(tree, selector)


def _links(tree: Element) -> tuple[int, float]:
    """How many links with three words or more stand outside navigation, and the share of letters in links."""
    texts = [
        text_of(a)
        for a in tree.xpath("//body//a[@href][not(ancestor::nav or ancestor::footer or ancestor::aside)]")
    ]
    everything = sum(len(t) for t in tree.xpath("//body//text()[normalize-space()]")) or 1
    return sum(len(t.split()) >= 3 for t in texts), min(1.0, sum(map(len, texts)) / everything)
