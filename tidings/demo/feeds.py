"""The lists that outlets offer to machines: RSS 2.0, Atom, RDF, JSON Feed, news sitemap."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from tidings.demo.edition import RECENT, Edition, Published
from tidings.demo.outlets import Form

_MOST = 20  # entries in a feed


def document(edition: Edition, now: datetime) -> tuple[bytes, str]:
    """The outlet's list in its own form and encoding, and the Content-Type that goes with it.

    Raises:
        KeyError: the outlet has a page of links and no feed.
    """
    build, content_type = _FORMS[edition.outlet.form]
    return build(edition, now).encode(edition.outlet.encoding), content_type


def _rss(edition: Edition, now: datetime) -> str:
    outlet = edition.outlet
    items = "".join(
        f"""
  <item>
    <title>{escape(one.version.title)}</title>
    <link>{escape(_tracked(edition, one))}</link>
    <guid isPermaLink="false">{outlet.id}:{one.piece.slug}</guid>
    <pubDate>{format_datetime(one.published)}</pubDate>
    <dc:creator>{escape(one.piece.byline)}</dc:creator>
    <category>{escape(one.piece.section)}</category>
    <description><![CDATA[<p>{escape(one.version.summary)}</p>]]></description>
  </item>"""
        for one in edition.articles[:_MOST]
    )
    return f"""<?xml version="1.0" encoding="{outlet.encoding}"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
  <title>{escape(outlet.name)}</title>
  <link>{edition.base}/</link>
  <description>{escape(outlet.name)}: invented news for a demonstration</description>
  <language>{outlet.language}</language>
  <lastBuildDate>{format_datetime(edition.changed or now)}</lastBuildDate>
  <atom:link href="{edition.base}{outlet.listing}" rel="self" type="application/rss+xml"/>{items}
</channel>
</rss>
"""


def _atom(edition: Edition, now: datetime) -> str:
    outlet = edition.outlet
    entries = "".join(
        f"""
  <entry>
    <id>tag:{outlet.domain},2026:{one.piece.slug}</id>
    <title type="text">{escape(one.version.title)}</title>
    <link rel="alternate" type="text/html" href="{escape(one.url)}"/>
    <published>{one.published.isoformat()}</published>
    <updated>{one.updated.isoformat()}</updated>
    <author><name>{escape(one.piece.byline)}</name></author>
    <category term="{escape(one.piece.section)}"/>
    <summary type="text">{escape(one.version.summary)}</summary>
  </entry>"""
        for one in edition.articles[:_MOST]
    )
    return f"""<?xml version="1.0" encoding="{outlet.encoding}"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">
  <id>tag:{outlet.domain},2026:front</id>
  <title>{escape(outlet.name)}</title>
  <updated>{(edition.changed or now).isoformat()}</updated>
  <link rel="self" href="{edition.base}{outlet.listing}"/>
  <link rel="alternate" href="{edition.base}/"/>{entries}
</feed>
"""


def _rdf(edition: Edition, now: datetime) -> str:
    outlet, shown = edition.outlet, edition.articles[:_MOST]
    members = "".join(f'\n        <rdf:li rdf:resource="{escape(one.url)}"/>' for one in shown)
    items = "".join(
        f"""
  <item rdf:about="{escape(one.url)}">
    <title>{escape(one.version.title)}</title>
    <link>{escape(one.url)}</link>
    <description>{escape(one.version.summary)}</description>
    <dc:date>{one.published.isoformat()}</dc:date>
    <dc:creator>{escape(one.piece.byline)}</dc:creator>
    <dc:subject>{escape(one.piece.section)}</dc:subject>
  </item>"""
        for one in shown
    )
    return f"""<?xml version="1.0" encoding="{outlet.encoding}"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
         xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel rdf:about="{edition.base}{outlet.listing}">
    <title>{escape(outlet.name)}</title>
    <link>{edition.base}/</link>
    <description>Invented news for a demonstration</description>
    <dc:language>{outlet.language}</dc:language>
    <dc:date>{(edition.changed or now).isoformat()}</dc:date>
    <items>
      <rdf:Seq>{members}
      </rdf:Seq>
    </items>
  </channel>{items}
</rdf:RDF>
"""


def _json(edition: Edition, now: datetime) -> str:
    outlet = edition.outlet
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": outlet.name,
            "home_page_url": f"{edition.base}/",
            "feed_url": edition.base + outlet.listing,
            "language": outlet.language,
            "items": [
                {
                    "id": f"{outlet.id}/{one.piece.slug}",
                    "url": one.url,
                    "title": one.version.title,
                    "summary": one.version.summary,
                    "content_html": paragraphs(one.version.paragraphs),
                    "date_published": one.published.isoformat(),
                    "date_modified": one.updated.isoformat(),
                    "authors": [{"name": one.piece.byline}],
                    "tags": [one.piece.section],
                }
                for one in edition.articles[:_MOST]
            ],
        },
        ensure_ascii=False,
        indent=1,
    )


def _sitemap(edition: Edition, now: datetime) -> str:
    outlet = edition.outlet
    urls = "".join(
        f"""
  <url>
    <loc>{escape(one.url)}</loc>
    <lastmod>{one.updated.isoformat()}</lastmod>
    <news:news>
      <news:publication>
        <news:name>{escape(outlet.name)}</news:name>
        <news:language>{outlet.language[:2]}</news:language>
      </news:publication>
      <news:publication_date>{one.published.isoformat()}</news:publication_date>
      <news:title>{escape(one.version.title)}</news:title>
    </news:news>
  </url>"""
        for one in edition.articles
        if one.published.astimezone(UTC) > now - RECENT
    )
    return f"""<?xml version="1.0" encoding="{outlet.encoding}"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}
</urlset>
"""


def paragraphs(texts: Iterable[str]) -> str:
    """Plain paragraphs as HTML."""
    return "\n".join(f"<p>{escape(text, quote=False)}</p>" for text in texts)


def _tracked(edition: Edition, article: Published) -> str:
    return f"{article.url}?{edition.outlet.tracking}" if edition.outlet.tracking else article.url


_FORMS: dict[Form, tuple[Callable[[Edition, datetime], str], str]] = {
    Form.RSS: (_rss, "application/rss+xml"),
    Form.ATOM: (_atom, "application/atom+xml; charset=utf-8"),
    Form.RDF: (_rdf, "application/rdf+xml"),
    Form.JSON: (_json, "application/feed+json"),
    Form.SITEMAP: (_sitemap, "application/xml"),
}
