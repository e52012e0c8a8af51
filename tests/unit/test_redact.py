"""Secrets in words of others, and the type that holds one."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass, replace

import pytest
from pydantic import BaseModel, ConfigDict

from crawler.errors import CrawlError
from crawler.records import Source, SourceKind
from crawler.redact import masked, without
from crawler.secret import Secret
from crawler.wording import addresses_shown, place_of, shown
from tidings.cli.output import plain

SOURCE = Source(
    id="times",
    kind=SourceKind.FEED,
    url="https://news.example/feed?format=atom&key=0123456789",
    auth=Secret("Bearer abcdefghijk"),
    headers=(("X-Key", "qrstuvwxyz"), ("Accept-Language", "hi")),
)


@dataclass
class Holder:
    secret: Secret


class Model(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    secret: Secret


def test_a_secret_is_shown_nowhere() -> None:
    secret = Secret("canary")

    for text in (
        str(secret), repr(secret), f"{secret}", f"{secret!r:>20}", f"{secret:>5}", "".join(map(str, [secret])), repr(Holder(secret)),
        repr(Model(secret=secret)), json.dumps(plain(Holder(secret))), json.dumps(plain({"a": [secret]})), repr(SOURCE.auth),
    ):  # fmt: skip
        assert "canary" not in text
        assert "***" in text


def test_a_secret_is_copied_and_compared_and_not_pickled() -> None:
    secret = Secret("canary ü")

    assert copy.deepcopy(Holder(secret)).secret is secret
    assert secret == Secret("canary ü")
    assert secret != Secret("canary")
    assert secret != "canary ü"
    assert len({secret, Secret("canary ü")}) == 1
    with pytest.raises(TypeError, match="goes into no other process") as caught:
        pickle.dumps(Holder(secret))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["the key is 0123456789", "MDEyMzQ1Njc4OQ==", "bad token abcdefghijk", "Qrstuvwxyz?"]
)
def test_what_a_source_sends_stands_in_no_error_about_it(text: str) -> None:
    error = CrawlError(text)
    error.hints = (text,)
    masked(error, SOURCE)

    assert "***" in str(error)
    assert "***" in error.hints[0]


def test_ordinary_words_of_a_query_or_header_stay() -> None:
    assert str(masked(CrawlError("no atom feed in hi"), SOURCE)) == "no atom feed in hi"
    assert str(masked(CrawlError("nothing"), replace(SOURCE, url="https://[broken", auth=None))) == "nothing"


def test_a_secret_is_found_in_other_spellings() -> None:
    assert without("a%2Fb%20cd and YS9iIGNk and A/B CD", ["a/b cd"]) == "*** and *** and ***"


def test_addresses_in_words_lose_what_may_be_a_key() -> None:
    assert (
        addresses_shown("at https://me:pw@h.example/a?k=1#x, (http://h/?q) or ftp://u@h/b")
        == "at https://h.example/a?… (http://h/?… or ftp://h/b"
    )
    assert addresses_shown("http://[broken?k=1 it is") == "http://… it is"
    assert str(CrawlError("a page titled “https://h/?key=1”")) == "a page titled “https://h/?…”"


def test_the_place_of_a_spider_is_its_path() -> None:
    assert (place_of("spiders/council.py:A"), shown("spiders/council.py")) == (
        "spiders/council.py:A",
        "spiders/council.py",
    )
    assert place_of("https://u:p@h:1/a?b#c") == "https://h:1/a"
