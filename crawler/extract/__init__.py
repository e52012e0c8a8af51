"""HTML pages → articles, or the reason why not; the only importer of trafilatura."""

from crawler.extract.extractor import PageExtractor
from crawler.extract.read import read_page

__all__ = ["PageExtractor", "read_page"]
