"""The outlets' HTML: front pages, lists of links, and article pages with all that surrounds a text.

A page bears what real ones bear (navigation, a consent banner, related stories, a sign-up box, a footer),
so that an extractor has work to do: the related stories name initiatives that the article does not.
"""

from __future__ import annotations

import json
from html import escape

from tidings.demo.edition import Edition, Published
from tidings.demo.feeds import paragraphs
from tidings.demo.outlets import Form, Layout, Outlet

CONSENT = (
    "We and our partners store and read cookies on your device to measure our audience, to show you "
    "advertisements and to remember your choices. You may accept all of this, refuse it, or choose one "
    "purpose at a time; you can change your mind at the foot of every page."
)
FOOTER = "Everything on this site is invented for a demonstration. No person, firm or event in it is real."
_SECTIONS = ("World", "Business", "Technology", "Policy", "Culture")
_FEED_TYPES = {
    Form.RSS: "application/rss+xml",
    Form.ATOM: "application/atom+xml",
    Form.RDF: "application/rdf+xml",
    Form.JSON: "application/feed+json",
}


def article_page(edition: Edition, article: Published) -> str:
    """The page of one article; a reader who does not pay sees its first paragraph only."""
    outlet = edition.outlet
    build = {Layout.SEMANTIC: _semantic, Layout.BOXES: _boxes, Layout.SPARSE: _sparse}[outlet.layout]
    head = (
        f'<link rel="canonical" href="{escape(article.url)}">\n'
        f'<meta property="og:type" content="article">\n'
        f'<meta property="og:site_name" content="{escape(outlet.name)}">\n'
        f'<meta property="og:title" content="{escape(article.version.title)}">\n'
        f'<meta name="description" content="{escape(article.version.summary)}">\n'
        f'<meta property="article:published_time" content="{article.published.isoformat()}">\n'
        f'<meta property="article:modified_time" content="{article.updated.isoformat()}">\n'
        f'<meta name="author" content="{escape(article.piece.byline)}">\n'
        f'<script type="application/ld+json">{_linked_data(outlet, article)}</script>'
    )
    return page_around(edition, f"{article.version.title} | {outlet.name}", head, build(edition, article))


def front_page(edition: Edition) -> str:
    """Headlines, newest first, and the link by which the feed can be discovered."""
    outlet = edition.outlet
    kind = _FEED_TYPES.get(outlet.form)
    head = (
        f'<link rel="alternate" type="{kind}" title="{escape(outlet.name)}" href="{outlet.listing}">'
        if kind
        else ""
    )
    items = "\n".join(
        f'<li><a href="{escape(one.url)}">{escape(one.version.title)}</a></li>'
        for one in edition.articles[:15]
    )
    return page_around(edition, outlet.name, head, f'<main><ul class="headlines">\n{items}\n</ul></main>')


def listing_page(edition: Edition) -> str:
    """The list of an outlet that has no feed: relative links in `article h2 a`."""
    items = "\n".join(
        f'<article class="teaser"><h2><a href="{escape(one.url.removeprefix(edition.base))}">'
        f"{escape(one.version.title)}</a></h2>"
        f'<time datetime="{one.published.isoformat()}">{one.published:%d %B %Y}</time>'
        f"<p>{escape(one.version.summary)}</p></article>"
        for one in edition.articles
    )
    title = f"Analysis | {edition.outlet.name}"
    return page_around(edition, title, "", f'<main class="list"><h1>Analysis</h1>\n{items}\n</main>')


def page_around(edition: Edition, title: str, head: str, body: str) -> str:
    """A whole page of the outlet: `body` amid menu, consent banner and footer."""
    outlet = edition.outlet
    menu = "\n".join(f'<li><a href="/{name.lower()}/">{name}</a></li>' for name in _SECTIONS)
    return f"""<!DOCTYPE html>
<html lang="{outlet.language}">
<head>
<meta charset="{outlet.encoding}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
{head}
</head>
<body>
<div id="cookie-consent" class="cookie-banner" role="dialog"><p>{CONSENT}</p>
<button>Accept all</button> <button>Refuse</button></div>
<header class="site-header"><a class="logo" href="/">{escape(outlet.name)}</a>
<nav class="main-nav"><ul>
{menu}
</ul></nav></header>
{body}
<footer class="site-footer"><p>{FOOTER}</p>
<ul><li><a href="/about">About</a></li><li><a href="/privacy">Privacy</a></li><li><a href="/contact">Contact</a></li></ul>
<p>&copy; {escape(outlet.name)}</p></footer>
</body>
</html>
"""


def _semantic(edition: Edition, article: Published) -> str:
    return f"""<main>
<nav class="breadcrumb"><a href="/">Home</a> &rsaquo; <a href="#">{escape(article.piece.section)}</a></nav>
<article itemscope itemtype="https://schema.org/NewsArticle">
<h1 itemprop="headline">{escape(article.version.title)}</h1>
<p class="byline">By <span itemprop="author">{escape(article.piece.byline)}</span> {_times(article)}</p>
<div class="share"><a href="#">Share</a> <a href="#">Print</a> <a href="#">Save</a></div>
<div class="article-body" itemprop="articleBody">
{_body(article)}
</div>
</article>
{_related(edition, article, "aside")}
<section class="newsletter"><h3>Mornings, sorted</h3><p>Our newsletter, five days a week. Enter your address to subscribe.</p></section>
</main>"""


def _boxes(edition: Edition, article: Published) -> str:
    return f"""<div id="wrap"><div class="col-left"><div class="content">
<h1 class="headline">{escape(article.version.title)}</h1>
<div class="meta"><span class="author">{escape(article.piece.byline)}</span> | {_times(article)}</div>
<div class="story-text">
{_body(article)}
</div></div>
<div class="tags"><a href="#">{escape(article.piece.section)}</a></div></div>
<div class="col-right sidebar">{_related(edition, article, "div")}</div></div>"""


def _sparse(edition: Edition, article: Published) -> str:
    return f"""<div class="main">
<h1>{escape(article.version.title)}</h1>
<p class="dateline">{_times(article)}</p>
{_body(article)}
{_related(edition, article, "div")}
</div>"""


def _times(article: Published) -> str:
    shown = f'<time datetime="{article.published.isoformat()}">{article.published:%d %B %Y, %H:%M}</time>'
    if article.corrected:
        shown += f' Updated <time datetime="{article.updated.isoformat()}">{article.updated:%d %B %Y, %H:%M}</time>'
    return shown


def _body(article: Published) -> str:
    if not article.piece.subscribers_only:
        return paragraphs(article.version.paragraphs)
    return (
        f"{paragraphs(article.version.paragraphs[:1])}\n"
        '<div class="paywall"><h3>This article is for subscribers</h3>'
        "<p>Subscribe to go on reading, or log in.</p></div>"
    )


def _related(edition: Edition, article: Published, tag: str) -> str:
    others = [one for one in edition.articles if one.piece is not article.piece][:4]
    items = "\n".join(
        f'<li><a href="{escape(one.url)}">{escape(one.version.title)}</a></li>' for one in others
    )
    return f'<{tag} class="related-stories"><h3>More from {escape(edition.outlet.name)}</h3><ul>\n{items}\n</ul></{tag}>'


def _linked_data(outlet: Outlet, article: Published) -> str:
    facts: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.version.title,
        "datePublished": article.published.isoformat(),
        "dateModified": article.updated.isoformat(),
        "author": {"@type": "Organization", "name": article.piece.byline},
        "publisher": {"@type": "Organization", "name": outlet.name},
        "mainEntityOfPage": article.url,
        "isAccessibleForFree": not article.piece.subscribers_only,
    }
    if article.piece.subscribers_only:
        facts["hasPart"] = {
            "@type": "WebPageElement",
            "isAccessibleForFree": False,
            "cssSelector": ".paywall",
        }
    return json.dumps(facts, ensure_ascii=False).replace("</", "<\\/")
