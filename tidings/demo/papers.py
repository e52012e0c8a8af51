"""An outlet whose list takes a program to read: an address for each day, and on each a table of papers."""

from __future__ import annotations

from html import escape

from tidings.demo.edition import Edition
from tidings.demo.pages import page_around


def days_page(edition: Edition) -> str:
    """The days on which papers came out, newest first, as relative links in `nav.days`."""
    days = dict.fromkeys(one.published.date() for one in edition.articles)
    links = "\n".join(f'<a href="{day.isoformat()}">{day:%d %B %Y}</a>' for day in days)
    return page_around(
        edition,
        f"Papers | {edition.outlet.name}",
        "",
        f'<h1>Papers</h1>\n<nav class="days">\n{links}\n</nav>',
    )


def papers_page(edition: Edition, path: str) -> str | None:
    """The table of one day's papers, newest first; None when `path` is of no day with papers."""
    rows = "\n".join(
        f'<tr><td class="hour">{one.published:%H:%M}</td>'
        f'<td><a href="{escape(one.url.removeprefix(edition.base))}">{escape(one.version.title)}</a></td>'
        f'<td class="about">{escape(one.version.summary)}</td>'
        f'<td class="office">{escape(one.piece.byline)}</td></tr>'
        for one in edition.articles
        if edition.outlet.listing + one.published.date().isoformat() == path
    )
    if not rows:
        return None
    table = f'<table class="papers">\n<tr><th>Hour</th><th>Paper</th><th>About</th><th>Office</th></tr>\n{rows}\n</table>'
    return page_around(
        edition, f"Papers of a day | {edition.outlet.name}", "", f"<h1>Papers of a day</h1>\n{table}"
    )
