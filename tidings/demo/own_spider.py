"""The spider file that the demo writes beside its configuration, as a user would for a site that needs a program."""

from __future__ import annotations

import json

FILE = "spiders/papers.py"
_TEXT = '''\
"""Papers of a secretariat: an address for each day, and on each a table of papers."""

from datetime import datetime
from zoneinfo import ZoneInfo

from crawler.spiders.base import TidingsSpider

ZONE = ZoneInfo("Asia/Kolkata")
DAYS = 3  # read in one visit, the newest first


class PapersSpider(TidingsSpider):
    start_urls = ({start},)

    def parse(self, response):
        for link in response.css("nav.days a")[:DAYS]:
            yield response.follow(link, self.parse_day)

    def parse_day(self, response):
        day = response.url.rpartition("/")[2]
        for row in response.css("table.papers tr:has(a)"):
            hour = row.css("td.hour::text").get()
            yield self.entry(
                response.urljoin(row.css("a::attr(href)").get()),
                row.css("a::text").get(),
                summary=row.css("td.about::text").get(),
                authors=row.css("td.office::text").getall(),
                published_at=datetime.fromisoformat(f"{day} {hour}").replace(tzinfo=ZONE),
            )
'''


def spider_text(start: str) -> str:
    """The Python text of the spider that begins at the address `start`."""
    return _TEXT.replace("{start}", json.dumps(start))
