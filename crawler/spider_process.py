"""The spider process put together: `python -m crawler.spider_process`, started by `crawler.spiders.worker`."""

from __future__ import annotations

from crawler.feeds.dates import parse_date
from crawler.feeds.repair import root_name
from crawler.feeds.verdict import instead
from crawler.spiders.child import main
from crawler.spiders.readers import Readers

READERS = Readers(date=parse_date, instead=instead, root_name=root_name)

if __name__ == "__main__":
    main(READERS)
