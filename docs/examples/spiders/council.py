"""Papers of a council: an address for each month, and on each a table of papers."""

from datetime import datetime
from zoneinfo import ZoneInfo

from crawler.spiders.base import TidingsSpider

ZONE = ZoneInfo("Europe/London")
MONTHS = 2  # read in one visit, the newest first


class CouncilSpider(TidingsSpider):
    start_urls = ("https://council.example.org/papers",)

    def parse(self, response):
        for month in response.css("nav.months a")[:MONTHS]:
            yield response.follow(month, self.parse_month)

    def parse_month(self, response):
        for row in response.css("table.papers tr:has(a)"):
            paper = row.css("a")
            day = datetime.strptime(row.css("td.day::text").get(), "%d/%m/%Y").replace(tzinfo=ZONE)
            yield self.entry(
                response.urljoin(paper.attrib["href"]),
                paper.css("::text").get(),
                summary=row.css("td.about::text").get(),
                authors=row.css("td.committee::text").getall(),
                published_at=day,
            )
