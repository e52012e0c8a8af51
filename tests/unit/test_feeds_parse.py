"""A feed of any format becomes the same record, and what is no feed is told apart with its reason."""

from __future__ import annotations

import pickle
import time
from datetime import UTC, datetime, timedelta

import pytest

from crawler.errors import NotAFeedError
from crawler.feeds.parse import MOST_ENTRIES, parse
from crawler.records import Feed

URL = "https://news.example/feeds/all.xml"


def rss(items: str, *, head: str = "", before: str = "", attributes: str = "") -> bytes:
    channel = f"<channel><title>News</title><link>https://news.example/</link>{head}{items}</channel>"
    return f'{before}<rss version="2.0"{attributes}>{channel}</rss>'.encode()


def read(body: bytes, content_type: str | None = "application/xml", **more: str) -> Feed:
    return parse(body, url=URL, content_type=content_type, **more)


def test_an_rss_feed_gives_all_its_facts() -> None:
    """Head and entry, with relative links made absolute against the feed's address."""
    feed = read(
        rss(
            "<item><title>Port &amp;amp; quay</title><link>../2026/port</link><guid isPermaLink='false'>42</guid>"
            "<pubDate>Tue, 24 Nov 2026 10:00 CET</pubDate><dc:creator>Ann Lee</dc:creator>"
            "<description>Short.</description>"
            "<content:encoded><![CDATA[<p>Long.</p><p>Text.</p><script>x()</script>]]></content:encoded></item>",
            head="<language>en-GB</language><ttl>90</ttl><skipHours><hour>3</hour><hour>24</hour></skipHours>",
            attributes=' xmlns:dc="http://purl.org/dc/elements/1.1/"'
            ' xmlns:content="http://purl.org/rss/1.0/modules/content/"',
        )
    )

    (entry,) = feed.entries
    assert (feed.title, feed.format, feed.language, feed.site_url) == (
        "News",
        "rss20",
        "en-gb",
        "https://news.example/",
    )
    assert (feed.ttl, feed.skip_hours, feed.problems) == (timedelta(minutes=90), {0, 3}, ())
    assert (entry.id, entry.link, entry.title) == ("42", "https://news.example/2026/port", "Port & quay")
    assert entry.published_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert (entry.summary, entry.content, entry.authors) == ("Short.", "Long.\n\nText.", ("Ann Lee",))


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    ("given", "days"),
    [
        ("<skipDays><day>Saturday</day><day>Sunday</day></skipDays>", {5, 6}),
        ("<skipdays>\n<DAY> monday\n</DAY> <day>THURSDAY</day>\n</skipdays>", {0, 3}),
        ("<skipDays><day>Sat</day><day>Someday</day><day></day><day>7</day></skipDays>", {5}),
        ("<skipDays/><skipDays><day>Friday</day></skipDays>", {4}),
        ("<!-- <skipDays><day>Friday</day></skipDays> -->", set()),
        ("<skipDays></skipDays>", set()),
        (f"<skipDays>{''.join(f'<day>{day}day</day>' for day in ['Mon', 'Tues', 'Wednes', 'Thurs', 'Fri', 'Satur', 'Sun'])}</skipDays>", set()),
    ],
)  # fmt: skip
def test_days_without_polls_are_read_whatever_their_case(given: str, days: set[int], fast: bool) -> None:
    """Monday is 0; unknown names count for nothing, and all seven days too: nobody wants never to be read."""
    body = rss("<item><title>x</title></item>", head=given)

    assert parse(body, url=URL, content_type=None, fast=fast).skip_days == days


def test_hours_and_days_without_polls_are_apart() -> None:
    """Either may be stated alone or with the other."""
    hours, days = "<skipHours><hour>4</hour></skipHours>", "<skipDays><day>Sunday</day></skipDays>"

    found = [read(rss("<item><title>x</title></item>", head=head)) for head in (hours, days, hours + days)]

    assert [(set(one.skip_hours), set(one.skip_days)) for one in found] == [
        ({4}, set()),
        (set(), {6}),
        ({4}, {6}),
    ]


def test_an_atom_entry_without_publication_takes_its_update() -> None:
    """`updated` is the only date that Atom demands."""
    feed = read(
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><id>urn:1</id><title type="html">'
        b"&lt;i&gt;Tide&lt;/i&gt;</title><updated>2026-11-20T10:00:00Z</updated><link href='/t'/>"
        b"<content type='html'>&lt;p&gt;High.&lt;/p&gt;</content></entry></feed>"
    )

    (entry,) = feed.entries
    assert (entry.id, entry.title, entry.link) == ("urn:1", "Tide", "https://news.example/t")
    assert entry.published_at == entry.updated_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (entry.summary, entry.content) == ("", "High.")


@pytest.mark.parametrize(
    ("guid", "identity", "link"),
    [
        ("Bulletin 12 of 2026", "Bulletin 12 of 2026", None),
        ("https://news.example/a?x=1", "https://news.example/a?x=1", "https://news.example/a?x=1"),
        ("/2026/port/", "/2026/port/", None),
        ("at://did:plc:zz/post/3", "at://did:plc:zz/post/3", None),
    ],
)
def test_a_guid_stays_as_given_and_is_a_link_only_when_it_is_one(
    guid: str, identity: str, link: str | None
) -> None:
    """Words are not made into an address."""
    (entry,) = read(rss(f"<item><title>x</title><guid>{guid}</guid></item>")).entries

    assert (entry.id, entry.link) == (identity, link)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "mailto:a@b.example", "file:///etc/passwd", "http://"]
)
def test_a_link_is_a_web_address_or_none(link: str) -> None:
    """Other schemes never leave the parser."""
    assert read(rss(f"<item><title>x</title><link>{link}</link></item>")).entries[0].link is None


def test_credentials_in_a_link_are_dropped() -> None:
    """`https://bank.example@evil.example/` is an address of evil.example."""
    (entry,) = read(
        rss("<item><title>x</title><link>https://bank.example@evil.example/x</link></item>")
    ).entries

    assert entry.link == "https://evil.example/x"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"\n\n" + rss("<item><title>x</title></item>", before="<?xml version='1.0'?>"), "blank lines"),
        (b"<br />Warning: x" + rss("<item><title>x</title></item>"), "rubbish before"),
        (rss("<item><title>x</title></item>", before="<?xml version='1.0'>"), "rubbish before"),
        (rss("<item><title>x</title></item>", before="<?xml version='1.0' en<br>coding='utf-8'?>"), "rubbish before"),
        (rss("<item><title>x</title></item>") + b"<script/>", "rubbish after"),
        (rss("<item><title>x & y</title></item>"), "bare &"),
        (rss("<item><title>x</title><media:thumbnail url='y'/></item>"), "undeclared prefixes: media"),
        (rss("<item><title>x\x01</title></item>"), "control characters"),
        (rss("<item><title>x&hellip;</title></item>"), "entities that XML does not know: hellip"),
        (rss("<item><title>x</title></item>")[:-20], "cut short"),
        (rss("<item><title>x</title></b></item>"), "not well-formed"),
    ],
)  # fmt: skip
def test_a_broken_document_keeps_its_entries_and_tells_the_repair(body: bytes, problem: str) -> None:
    """Each kind of damage costs nothing but a line in `problems`."""
    feed = read(body)

    assert [entry.title[:1] for entry in feed.entries] == ["x"]
    assert any(problem in told for told in feed.problems), feed.problems


@pytest.mark.parametrize(
    ("space", "odd"),
    [
        ('gml="http://www.opengis.net/gml"', "<gml:pos>1 2</gml:pos>"),
        ('psc="http://podlove.org/simple-chapters"', "<psc:chapters><psc:chapter title='a'/></psc:chapters>"),
    ],
)
def test_elements_that_feedparser_stumbles_over_cost_no_entry(space: str, odd: str) -> None:
    """Places and chapters are not kept, so a feed whose own are wrong is read without them."""
    body = rss(f"<item><title>x</title>{odd}</item>", attributes=f" xmlns:{space}")

    feeds = [parse(body, url=URL, content_type=None, fast=fast) for fast in (True, False)]

    assert [[entry.title for entry in feed.entries] for feed in feeds] == [["x"], ["x"]]


@pytest.mark.parametrize("fast", [True, False])
def test_a_document_cut_anywhere_gives_whole_values_only(fast: bool) -> None:
    """Half an address would be another address: what a cut leaves unfinished in an entry is missing."""
    names = ("harbour", "quay", "lock")
    items = "".join(
        f"<item><title>{one} &amp; sea</title><link>https://news.example/{one}?a=1&amp;b=2</link>"
        f"<guid>https://news.example/{one}</guid><description><![CDATA[<p>{one}</p>]]></description></item>"
        for one in names
    )
    body = rss(items)
    told = []
    for end in range(body.index(b"<item>"), len(body)):
        feed = parse(body[:end], url=URL, content_type=None, fast=fast)
        for entry, one in zip(feed.entries, names, strict=False):
            assert entry.title in ("", f"{one} & sea")
            assert entry.link in (None, f"https://news.example/{one}?a=1&b=2")
            assert entry.id in (None, f"https://news.example/{one}")
            assert entry.summary in ("", one)
        assert "the document is cut short" in feed.problems or end >= len(body) - len("</channel></rss>")
        told.append(len(feed.entries))

    assert told == sorted(told)
    assert told[-1] == len(names)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"Hello", "plain text"),
        (b"<!DOCTYPE html><title>Just a moment...</title>", "challenge page"),
        (b"<html><head><title>404 Not Found</title></head></html>", "not found"),
        (b"<html><title>Before you continue</title><body>cookie-consent</body></html>", "consent page"),
        (b"<html><title>Sign in</title><input type='password'></html>", "login page"),
        (b"<html><title>News</title><link rel='alternate' type='application/rss+xml' href='/rss'></html>", "links to the feed https://news.example/rss"),
        (b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'></urlset>", "sitemap"),
        (b"<opml version='2.0'><body/></opml>", "OPML"),
        (b"<soap/>", "XML of another kind"),
        (b'{"a": 1}', "no JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": [', "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    """A page with status 200 is a failed fetch, not an empty feed."""
    with pytest.raises(NotAFeedError, match=reason):
        read(body)


def test_json_feed_keeps_items_with_wrong_types() -> None:
    """A numeric id is its digits; a wrong date or author costs only itself."""
    feed = read(
        b'{"version":"https://jsonfeed.org/version/1.1","title":"J","language":"de","items":['
        b'{"id":7,"url":"/a","title":["x"],"date_published":"20. November 2026","authors":"no"},'
        b'{"id":"8","external_url":"https://b.example/","content_text":"A\\n\\nB","author":{"name":"Bo"}}, 9]}'
    )

    assert feed.format == "json11"
    assert [(one.id, one.link, one.title) for one in feed.entries] == [
        ("7", "https://news.example/a", ""),
        ("8", "https://b.example/", ""),
    ]
    assert feed.entries[0].published_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert (feed.entries[1].content, feed.entries[1].authors) == ("A\n\nB", ("Bo",))
    assert len(feed.problems) == 1


def test_times_without_a_zone_are_read_in_the_source_zone() -> None:
    """The source's configured zone reaches every entry."""
    (entry,) = read(
        rss("<item><title>x</title><pubDate>2026-03-04 10:00</pubDate></item>"), zone="Asia/Kolkata"
    ).entries

    assert entry.published_at == datetime(2026, 3, 4, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE r [<!ENTITY x "BOOM">]>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE r [<!ENTITY y "]>"><!ENTITY x "BOOM">]>',
        '<!DOCTYPE a><!DOCTYPE r [<!ENTITY x "BOOM">]>',
        '<!DOC<!DOCTYPE a>TYPE r [<!ENTITY x "BOOM">]>',
        '<!DOCTYPE a [<!DOCTYPE r [<!ENTITY x "BOOM">]>',
    ],
)
def test_no_entity_of_a_feed_is_expanded(doctype: str) -> None:
    """Neither its own words nor files; the reference stays as it was written."""
    feed = read(rss("<item><title>&x;</title></item>", before=doctype))

    assert [entry.title for entry in feed.entries] == ["&x;"]


NESTED = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "body",
    [
        rss("<item><title>&l9;</title></item>", before=f'<!DOCTYPE r [<!ENTITY l0 "lol">{NESTED}]>'),
        rss("<item>" + "<a>" * 30_000 + "</a>" * 30_000 + "</item>"),
        rss("<item " + " ".join(f"a{n}='x'" for n in range(20_000)) + "/>"),
        rss("<item><title>&lt;a" + " " * 200_000 + "x</title></item>"),
        rss("<item><title>" + "&lt;b " * 40_000 + "</title></item>"),
        rss("<item><author>" + "a." * 100_000 + "@</author></item>"),
        rss("<item><title>a</title></item>" * 8_000),
        rss("<item><title>a</title></item>", before="<!DOCTYPE a>" * 100_000),
        rss("<item><title>a</title></item>", before="<!DOCTYPE a [" * 100_000),
        rss("<item><title>a</title></item>", head="<skipHours/>" * 100_000),
        rss("<item><description>" + "&lt; " * 1_000_000 + "</description></item>"),
        b"<rss>" + b"<!--" * 60_000,
        b"<html>" + b'<a href="' * 25_000,
        b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 100_000,
    ],
    ids=[
        "laughs",
        "depth",
        "attributes",
        "spaces",
        "tags",
        "author",
        "items",
        "doctypes",
        "open doctypes",
        "hours",
        "angles",
        "comments",
        "links",
        "json",
    ],
)
def test_hostile_documents_end_in_time(body: bytes) -> None:
    """Documents built to exhaust a reader are read or refused within seconds."""
    start = time.perf_counter()
    try:
        feed = read(body)
    except NotAFeedError:
        pass
    else:
        assert len(feed.entries) <= MOST_ENTRIES
    assert time.perf_counter() - start < 10


def test_more_entries_than_the_limit_are_told() -> None:
    """The first 2,000 are kept."""
    feed = read(rss("".join(f"<item><title>{n}</title></item>" for n in range(MOST_ENTRIES + 5))))

    assert len(feed.entries) == MOST_ENTRIES
    assert any("2000" in told for told in feed.problems)


def test_a_feed_and_its_refusal_travel_between_processes() -> None:
    """Both can be pickled, so large documents can be parsed in a child."""
    feed = read(rss("<item><title>x</title></item>"))

    assert pickle.loads(pickle.dumps(feed)) == feed
    assert str(pickle.loads(pickle.dumps(NotAFeedError("why")))) == "why"


def test_a_permalink_beside_an_empty_link_is_the_address() -> None:
    """A link element with nothing in it says nothing."""
    items = (
        "<item><title>a</title><link></link><guid>https://h.example/1</guid></item>"
        "<item><title>b</title><link/><guid>https://h.example/2</guid></item>"
        "<item><title>c</title><link></link><guid>tag:h.example,2026:3</guid></item>"
        '<item><title>d</title><guid isPermaLink="false">https://h.example/4</guid></item>'
    )
    feed = parse(f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), url=URL, content_type=None)

    assert [one.link for one in feed.entries] == ["https://h.example/1", "https://h.example/2", None, None]


@pytest.mark.parametrize(
    "author",
    [
        "a@news.media (Ann B)",
        "Ann B &lt;a@b.example&gt;",
        "a@b.com (Ann B)",
        "Ann B",
        "(Ann B) a@b.technology",
    ],
)
def test_an_author_is_a_name_without_the_mail_address(author: str) -> None:
    """Whatever the last part of the address is."""
    item = f"<item><title>a</title><author>{author}</author></item>"
    for fast in (True, False):
        body = f"<rss version='2.0'><channel>{item}</channel></rss>".encode()
        feed = parse(body, url=URL, content_type=None, fast=fast)
        assert feed.entries[0].authors == ("Ann B",)


@pytest.mark.parametrize(
    "before", ["<br />\n<b>Warning</b>: oops in x.php\n", ")]}',\n", "callback(", "\ufeff \n"]
)
def test_what_a_server_writes_before_a_json_feed_is_left_out(before: str) -> None:
    """A warning, a guard against scripts, or a call."""
    item = '{"id": "1", "url": "https://h.example/1", "title": "T"}'
    body = f'{before}{{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{item}]}}'
    feed = parse(body.encode(), url=URL, content_type=None)

    assert (feed.format, [one.title for one in feed.entries]) == ("json11", ["T"])


def test_a_page_that_shows_a_json_feed_is_still_a_page() -> None:
    """As documentation does."""
    page = '<html><body><pre>{"version": "https://jsonfeed.org/version/1", "items": []}</pre></body></html>'
    with pytest.raises(NotAFeedError):
        parse(page.encode(), url=URL, content_type="text/html")
