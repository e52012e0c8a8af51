"""From the bytes of an HTML page to its article, or to the reason why it holds none; pure."""

from __future__ import annotations

from dataclasses import replace

from crawler.errors import ExtractionRefused
from crawler.extract import body as bodies
from crawler.extract import refuse, selectors
from crawler.extract.charset import decode, is_binary
from crawler.extract.day import visible_day
from crawler.extract.document import Element, parse, prune, text_of
from crawler.extract.metadata import MAX_AUTHORS, MAX_TITLE, Metadata, read_metadata
from crawler.extract.times import parse_time
from crawler.records import ArticleRules, Page, Selector


def read_page(
    body: bytes,
    url: str | None = None,
    content_type: str | None = None,
    rules: ArticleRules | None = None,
    zone: str | None = None,
) -> Page:
    """The article in a page. Never raises for what the page holds: `Page.refused` says what is wrong with it.

    A refused page has no text, with one exception: a paywalled stub keeps what is free of it.

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
    prune(tree)
    offered = bodies.drop_offers(tree, said.locked)
    paywalled = said.free is False
    text = bodies.read_body(tree, rule=rules.text, stated="" if paywalled else said.body, title=said.title)
    paywalled = (
        paywalled
        or refuse.says_locked(text)
        or (offered and len(text) < refuse.PAYWALL_STUB and said.free is None)
    )
    links, linked = (0, 0.0) if said.is_article else _links(tree)
    reason = refuse.why_not(
        title=said.title,
        heading=said.heading,
        text=text,
        url=url,
        marked=rules.text is not None or bool(tree.xpath("//article | //*[@itemprop='articleBody']")),
        declared=said.is_article,
        paywalled=paywalled,
        links=links,
        linked=linked,
    )
    return Page(
        title=said.title,
        text=text if reason is None or reason.startswith("paywall") else "",
        authors=said.authors,
        published_at=said.published_at or visible_day(tree, url),
        updated_at=said.updated_at,
        canonical_url=said.canonical_url,
        language=said.language,
        site_name=said.site_name,
        paywalled=paywalled,
        refused=reason,
    )


def _ruled(said: Metadata, tree: Element, rules: ArticleRules, zone: str | None) -> Metadata:
    """The page's own statements, overruled by what the source's rules find."""
    title = _first(tree, rules.title)[:MAX_TITLE]
    authors = selectors.values(tree, rules.author)[:MAX_AUTHORS]
    published = parse_time(_first(tree, rules.published), zone)
    return replace(
        said,
        title=title or said.title,
        authors=authors or said.authors,
        published_at=published or said.published_at,
    )


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
