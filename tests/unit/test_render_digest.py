"""The message of a digest: complete in every form, harmless whatever feeds put into it, small enough."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from alerts import coverage_words
from alerts.digest import compose
from alerts.errors import TemplateFault
from alerts.messages import Message
from alerts.records import (
    Coverage,
    Digest,
    FailingSource,
    Field,
    Flood,
    Found,
    FoundBy,
    Gap,
    MatchedArticle,
    Unread,
)
from alerts.render import HTML_BYTES, Renderer
from alerts.safe import one_line
from alerts.wrap import columns, wrapped
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, TRUST, found, plan, slot

RENDERER = Renderer()

XSS = [
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=//evil.example/pixel.gif>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert`1`>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "<iframe src=javascript:alert(1)></iframe>",
    "<a href=javascript:alert(1)>x</a>",
    "<body onload=alert(1)>",
    '<math><mi//xlink:href="data:x,<script>alert(4)</script>">',
    "<style>@import'http://evil.example/x.css';</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example><button>go</button></form>",
    "<video poster=//evil.example/p.png>",
    "<table background=//evil.example/p.png>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "--><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<\u202escript>alert(1)</script>",
    "{{ 7*7 }}{% include '/etc/passwd' %}",
    "{{ ''.__class__.__mro__ }}",
    "${7*7}<%= 7*7 %>",
    '<x style="behavior:url(#default#time2)" onbegin=alert(1)>',
    '<div style="position:fixed;background:url(//evil.example/a)">',
    "]]><script>alert(1)</script>",
    "<mark>fake</mark>",
    "\u2028<script>alert(1)</script>\u2029",
    "javascript:alert(1)",
]
LINKS = [
    "javascript:alert(1)",
    "JaVa\tScript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "//evil.example/x",
    "https://user:pw@good.example/",
    "https://good.example\\@evil.example/",
    "https://good.example/\u202egpj.exe",
    "https://good.example/\r\nX: y",
    "http://[::1",
    "http://good.example:99999/",
    "https://exa mple.org/",
    "https://" + "a" * 3000 + ".example/",
    "mailto:a@b.example",
    "",
]


def digest_of(*matched: MatchedArticle, coverage: Coverage = COVERAGE, most: int = 40) -> Digest:
    return compose(plan(max_stories=most), (slot(),), SINCE, matched, INITIATIVES, {}, coverage, NOW)


def poisoned(text: str) -> Digest:
    """A digest with `text` in every field that a feed, a page, a server or a user can fill."""
    one = found(
        text,
        source=text,
        story="s",
        snippet=f"before TRUST initiative {text} after",
        term=text,
        url=f"https://a.example/{text}",
    )
    also = found(text, source=text + "2", story="s", language=text, url=text)
    again = found(text, source=text, told_at=SINCE, url=text)
    capped = [found(text + str(n), source=text, url=text) for n in range(2)]
    commitments = tuple(replace(c, text=text) for c in TRUST.commitments)
    names = INITIATIVES | {"trust": replace(TRUST, name=text, commitments=commitments)}
    coverage = Coverage(
        checked=1,
        failing=(FailingSource(source=text, since=SINCE, reason=text),),
        quiet=(text,),
        gaps=(Gap(source=text, start=SINCE, end=NOW),),
    )
    evidence = {("trust", "ai-roadmap"): (found(text, source=text, url=text).telling,)}
    a_plan = plan(title=text, max_stories=1)
    held = Flood(
        source=text, source_id=text, since=SINCE, until=NOW, articles=2, matching=(also.telling, one.telling)
    )
    told = [one, also, again, *capped]
    digest = compose(a_plan, (slot(),), SINCE, told, names, evidence, coverage, NOW, [held])
    return replace(digest, notes=(text,))


def assert_harmless(message: Message) -> None:
    tree = lxml_html.document_fromstring(message.html)
    allowed = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "code",
        "div",
        "table",
        "tbody",
        "tr",
        "td",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "span",
        "a",
        "bdi",
        "br",
        "mark",
        "img",
        "ul",
        "li",
        "i",
    }
    for element in tree.iter():
        if not isinstance(element.tag, str):  # the two conditional comments for Outlook
            assert re.fullmatch(r"\[if mso\].*<!\[endif\]", element.text or "", re.DOTALL)
            continue
        assert element.tag in allowed
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name in {
                "class",
                "style",
                "href",
                "dir",
                "lang",
                "role",
                "align",
                "charset",
                "http-equiv",
                "name",
                "content",
                "src",
                "alt",
                "width",
                "height",
            }
            if name == "src":
                assert re.fullmatch(r"cid:days-\d+", value)
            if name == "href":
                assert urlsplit(value).scheme in {"http", "https"}
                assert "@" not in urlsplit(value).netloc
            if name == "style":
                assert "url(" not in value
    sheets = [style.text or "" for style in tree.iter("style")]
    assert len(sheets) == 2
    assert not any(word in sheet for sheet in sheets for word in ("evil", "url(", "@import"))
    for part in (message.html, message.text, message.data):
        assert not re.search(
            "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]",
            part,
        )
    assert len(message.subject.splitlines()) == 1


@pytest.mark.parametrize("text", XSS)
def test_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    """In each field: no element, handler, address or remote load comes from it, in HTML or inside JSON."""
    message = RENDERER.render(poisoned(text), NOW)

    assert_harmless(message)
    assert "<script" not in message.data
    assert json.loads(message.data)["data"]["digest"] == "morning"
    assert "49" not in message.subject
    if text.startswith("<") and text.isascii() and text.isprintable():
        assert text in message.text.replace("\n", " ") or text.split()[0] in message.text
        assert text in lxml_html.document_fromstring(message.html).text_content()


@pytest.mark.parametrize("url", LINKS)
def test_an_unsafe_address_is_no_link(url: str) -> None:
    """The story is told all the same, and says that there is no safe link."""
    message = RENDERER.render(digest_of(found("Told anyway", url=url)), NOW)

    assert_harmless(message)
    assert "Told anyway" in message.html
    assert "Told anyway" in message.text
    assert "(no safe link)" in message.html
    assert "(no safe link)" in message.text
    assert "<a " not in message.html
    assert json.loads(message.data)["data"]["initiatives"][0]["stories"][0]["url"] is None


def test_the_real_host_stands_beside_each_link() -> None:
    """A host in look-alike letters is shown as the network sees it."""
    cyrillic = "https://www.\u0440\u0430\u0443\u0440\u0430l.example/login"

    message = RENDERER.render(digest_of(found("Log in", url=cyrillic)), NOW)

    assert "xn--l-7sba6dbr.example" in lxml_html.document_fromstring(message.html).text_content()


def test_evidence_is_marked_in_the_snippet() -> None:
    one = found("t", snippet="… under the ‘TRUST’ initiative, and the voters' trust …")

    html = RENDERER.render(digest_of(one), NOW).html

    assert re.findall(r"<mark[^>]*>(.*?)</mark>", html) == ["TRUST’ initiative"]


@pytest.mark.parametrize(
    ("term", "snippet", "hits"),
    [
        ("export controls", "new Export-Controls for chips", ["Export-Controls"]),
        ("semiconduct*", "a semiconductor and semiconducting", ["semiconductor", "semiconducting"]),
        ("U.S. trade", "the US trade desk and the U.S. trade desk", ["US trade", "U.S. trade"]),
        (
            '(roadmap OR "road map") NEAR/10 "AI infrastructure"',
            "a road map for AI infrastructure",
            ["road map", "AI infrastructure"],
        ),
        ("title:TRUST AND India", "TRUST grows in India", ["TRUST", "India"]),
        ("=TRUST", "TRUST, not trust", ["TRUST"]),
        ("C++", "in C++ and C", ["C++"]),
        ("initiative", "two initiatives", ["initiatives"]),
        ("/indus[- ]?x/", "INDUS-X", []),
        ("(((", "(((", []),
    ],
)
def test_a_highlight_follows_the_spelling_of_the_term(term: str, snippet: str, hits: list[str]) -> None:
    html = RENDERER.render(digest_of(found("t", snippet=snippet, term=term)), NOW).html

    assert re.findall(r"<mark[^>]*>(.*?)</mark>", html) == hits


def test_evidence_in_the_title_is_marked_there_and_not_told_twice() -> None:
    title = "India and U.S. launch TRUST initiative on chips"

    html = RENDERER.render(digest_of(found(title, snippet=title, field=Field.TITLE)), NOW).html

    assert re.findall(r"<mark[^>]*>(.*?)</mark>", html) == ["TRUST initiative"]
    assert html.count("on chips") == 2  # once in <title>, where a mail program shows it nowhere else


def full_digest() -> Digest:
    """Many outlets, a late find, an overdue commitment, a story told before, titles past the cap."""
    shared = [found("Chip call opens", source=f"Paper {n}", story="chips") for n in range(6)]
    return digest_of(
        *shared,
        found("Old promise", published=NOW - timedelta(days=6)),
        found("Third", story="third"),
        found("Grown", source="Latecomer", told_at=NOW - timedelta(days=2)),
        found("Working group meets", initiative="compact"),
        most=3,
    )


def test_html_and_text_are_equally_complete() -> None:
    """Each title, outlet, link, commitment and line of coverage stands in both parts."""
    message = RENDERER.render(full_digest(), NOW)
    text = " ".join(message.text.split())
    page = " ".join(lxml_html.document_fromstring(message.html).text_content().split())
    hrefs = re.findall(r'href="([^"]+)"', message.html)

    for fact in (
        "Chip call opens", "Old promise", "Third", "Grown", "Working group meets", "Latecomer",
        *(f"Paper {n}" for n in range(6)),
        "roadmap for accelerating AI infrastructure", "overdue by 329 days", "No report found",
        "6 outlets, 6 independent reports", "first told Mon 23 Nov, 07:30",
        "214 sources checked", "Eastern Ledger", "answers 503", "Deccan Courier", "all sources", "Next digest: Thu 26 Nov 2026, 07:30 EST",
    ):  # fmt: skip
        assert fact in text
        assert fact in page
    assert "published 6 days ago, found today" in text
    assert "published 6 days ago, found today" in page
    assert all(href in text for href in hrefs)


def edited(one: MatchedArticle) -> MatchedArticle:
    """The same, found in the archive by an edit of the day before."""
    how = Found(by=FoundBy.EDIT, at=NOW - timedelta(days=1))
    match = replace(
        one.match, found=how, watchlist_version="0123456789ab", watchlist_since=NOW - timedelta(days=1)
    )
    return replace(one, match=match)


def test_what_an_edit_found_stands_under_its_heading() -> None:
    """Once for all its stories, after the news; also beside titles and beside what was told before."""
    message = RENDERER.render(
        digest_of(
            found("News of today"),
            *(edited(found(f"Find {n}", hours=30 + n)) for n in range(3)),
            edited(found("Told", source="Latecomer", told_at=NOW - timedelta(days=2))),
            most=3,
        ),
        NOW,
    )
    page = lxml_html.document_fromstring(message.html).text_content()

    for part in (message.text, page):
        words = " ".join(part.split())
        assert words.count("Found by your edit of 24 Nov") == 1
        news, _, finds = words.partition("Found by your edit of 24 Nov")
        assert "News of today" in news
        assert "Find 0" in finds
        title, told = finds.partition("by title")[2], finds.partition("Told before")[2]
        assert "found by your edit of 24 Nov" in title.partition("Told before")[0]
        assert "first told Mon 23 Nov, 07:30, found by your edit of 24 Nov" in told
        assert "lso now in Latecomer" not in told


def test_the_json_says_how_a_story_was_found_and_by_which_watchlist() -> None:
    """Times in UTC; nothing for what was found as it came."""
    digest = digest_of(found("News"), edited(found("Find")))
    stories = json.loads(RENDERER.render(digest, NOW).data)["data"]["initiatives"][0]["stories"]

    keys = ("found_by_edit", "found_by_rematch", "watchlist_version", "watchlist_since")
    assert [tuple(one[key] for key in keys) for one in stories] == [
        (None, None, "", None),
        ("2026-11-24T12:30:00Z", None, "0123456789ab", "2026-11-24T12:30:00Z"),
    ]


def test_text_lines_end_within_78_columns() -> None:
    lines = RENDERER.render(full_digest(), NOW).text.splitlines()

    assert max(len(line) for line in lines if "http" not in line) <= 78
    assert not any(line.endswith(" ") for line in lines)


def test_text_in_wide_scripts_is_wrapped_by_columns() -> None:
    message = RENDERER.render(digest_of(found("半導体と人工知能" * 20)), NOW)

    assert max(columns(line) for line in message.text.splitlines()) <= 78


def test_a_page_never_passes_what_mail_programs_show_whole() -> None:
    """1,550 stories: the page is cut and says so, the text part and the JSON have all of it."""
    many = [
        found(f"Story {n} " + "word " * 20, source=f"Paper {m}", story=f"s{n}")
        for n in range(150)
        for m in range(3)
    ]
    titles = [found(f"Brief {n} " + "word " * 15, story=f"b{n}") for n in range(1400)]
    digest = digest_of(*many, *titles, most=150)

    message = RENDERER.render(digest, NOW)

    assert len(message.html.encode()) <= HTML_BYTES < 102_000
    assert len(message.html.encode()) > HTML_BYTES * 0.7
    assert "Shortened to what mail programs show whole" in message.html
    assert all(f"Story {n} " in message.text for n in range(150))
    assert all(f"Brief {n} " in message.text for n in range(1400))
    assert len(json.loads(message.data)["data"]["initiatives"][0]["stories"]) == 1550
    shown = len(set(re.findall(r"(?:Story|Brief) \d+ ", message.html)))
    said = int(re.search(r"([\d,]+) stories without even a title", message.html)[1].replace(",", ""))  # type: ignore[index]  # the assertion is the search
    assert shown + said == 1550


def test_a_middling_digest_gives_up_details_before_stories() -> None:
    many = [
        found(f"Story {n} " + "word " * 20, source=f"Paper {m}", story=f"s{n}")
        for n in range(40)
        for m in range(20)
    ]

    message = RENDERER.render(digest_of(*many), NOW)

    assert len(message.html.encode()) <= HTML_BYTES
    assert all(f"Story {n} " in message.html for n in range(40))
    assert "detail lines left out" in message.html
    assert "by title only" not in message.html


def test_the_json_is_the_contract() -> None:
    """CloudEvents 1.0 with the name of its schema, and the keys of `data` that programs read."""
    envelope = json.loads(RENDERER.render(full_digest(), NOW).data)

    assert set(envelope) == {"specversion", "id", "source", "type", "dataschema", "time", "data"}
    assert envelope["specversion"] == "1.0"
    assert envelope["id"] == "morning/2026-11-25T07:30"
    assert envelope["time"] == "2026-11-25T12:30:00Z"
    data = envelope["data"]
    assert {"digest", "since", "until", "initiatives", "coverage"} <= set(data)
    assert {"id", "name", "stories", "commitments"} <= set(data["initiatives"][0])
    story = data["initiatives"][0]["stories"][0]
    assert {
        "id", "title", "url", "source", "published", "first_told", "outlets", "reports", "evidence", "also",
    } <= set(story)  # fmt: skip
    assert {"title", "url", "source", "published"} <= set(story["also"][0])
    assert {"term", "field", "start", "end", "snippet", "strength", "words"} == set(story["evidence"][0])
    assert {"checked", "failing", "quiet", "gaps", "held"} <= set(data["coverage"])
    assert {"unread", "judged", "without_page"} <= set(data["coverage"])
    assert set(data["coverage"]["failing"][0]) == {"source", "since", "reason", "state"}
    assert set(data["coverage"]["gaps"][0]) == {"source", "from", "until", "caught_up"}
    assert [s["title"] for s in data["initiatives"][0]["stories"] if s["first_told"]] == ["Grown"]


def test_the_same_digest_gives_the_same_message() -> None:
    digest = full_digest()

    first, second = RENDERER.render(digest, NOW), Renderer().render(digest, NOW)

    assert all(getattr(first, f.name) == getattr(second, f.name) for f in fields(first))


def test_an_empty_digest_reads_well() -> None:
    message = RENDERER.render(digest_of(coverage=Coverage(checked=12)), NOW)

    assert "No new stories." in message.text
    assert "12 sources checked" in message.text
    assert "None failing or blocked. No gaps." in " ".join(message.text.split())


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        (Coverage(checked=1, judged=412), ""),
        (
            Coverage(
                checked=1,
                judged=412,
                unread=3,
                without_page=((Unread.BUDGET, 20), (Unread.PAYWALL, 12), (Unread.UNREACHABLE, 6)),
            ),
            "3 articles were matched without the full page, on title and summary only; in all 38 of 412 articles "
            "were judged so: 20 over the budget of their host, 12 behind paywalls, 6 unreachable.",
        ),
        (
            Coverage(checked=1, judged=1, without_page=((Unread.REFUSED, 1),)),
            "1 of 1 article was judged on title and summary only: 1 without a readable page.",
        ),
        (
            Coverage(checked=1, judged=5, unread=1),
            "1 article was matched without the full page, on title and summary only.",
        ),
        (
            Coverage(checked=1, judged=9, without_page=((Unread.CRASHED, 1), (Unread.WAITING, 2))),
            "3 of 9 articles were judged on title and summary only: 1 crashing the reader, 2 still awaited.",
        ),
    ],
)
def test_what_was_judged_without_its_page_is_one_sentence(coverage: Coverage, expected: str) -> None:
    """How many of how many, and why; nothing where every page was read."""
    assert coverage_words.unread_pages(coverage) == expected
    line = " ".join(RENDERER.render(digest_of(coverage=coverage), NOW).text.split())
    assert expected in line
    assert expected or "title and summary" not in line


# -- the user's own templates ----------------------------------------------------------------------


def user(tmp_path: Path, html: str = "<p>{{ title }}</p>", text: str = "{{ title }}\n") -> Renderer:
    (tmp_path / "digest.html.j2").write_text(html)
    (tmp_path / "digest.txt.j2").write_text(text)
    return Renderer(tmp_path)


def test_a_user_template_comes_before_the_bundled_one(tmp_path: Path) -> None:
    message = user(tmp_path, text="Mine: {{ title }}").render(full_digest(), NOW)

    assert message.text == "Mine: Morning digest: U.S.–India technology\n"
    assert "<p>Morning digest" in message.html


def test_one_part_alone_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "digest.txt.j2").write_text("Mine")

    message = Renderer(tmp_path).render(full_digest(), NOW)

    assert message.text == "Mine\n"
    assert "Chip call opens" in message.html


@pytest.mark.parametrize(
    ("template", "line", "says"),
    [
        ("line one\n{{ missing }}", 2, "'missing' is undefined"),
        ("a\nb\n{% for x in %}", 3, "Expected an expression"),
        ("{{ sections[0].nothing }}", 1, "has no attribute 'nothing'"),
        ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ title.__class__ }}", 1, "unsafe"),
        ("{{ self.__init__.__globals__ }}", 1, "unsafe"),
        ("{{ cycler.__init__.__globals__ }}", 1, "unsafe"),
        ("{{ 'a' * 1000000000 }}", 1, "whole numbers only"),
        ("{{ 10 ** 1000000 }}", 1, "whole numbers only"),
        ("{{ '%999999999d' % 1 }}", 1, "whole numbers only"),
        ("{{ '{:>999999999}'.format(1) }}", 1, "not safely callable|unsafe"),
        ("{{ 'a'.ljust(999999999) }}", 1, "not safely callable|unsafe"),
        ("{% for x in range(100000000) %}{% endfor %}", 1, "1,000 numbers"),
        ("{{ title | safe }}", 1, "No filter named 'safe'"),
        ("{% autoescape false %}{{ title }}{% endautoescape %}", 1, "cannot be switched off"),
        ("{{ notes.append(1) }}", 1, "not safely callable|unsafe"),
        ("x\n{{ 1 / 0 }}", 2, "division by zero"),
    ],
)
def test_a_fault_in_a_user_template_names_file_and_line(
    tmp_path: Path, template: str, line: int, says: str
) -> None:
    renderer = user(tmp_path, html=template)

    with pytest.raises(TemplateFault, match=says) as fault:
        renderer.render(full_digest(), NOW)

    assert f"digest.html.j2:{line}: " in str(fault.value)


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.txt", "secret.txt"])
def test_a_template_loads_nothing_outside_its_folder(tmp_path: Path, name: str) -> None:
    """Neither by path nor by a link that leads out."""
    (tmp_path / "secret.txt").write_text("hidden words")
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "secret.txt").symlink_to(tmp_path / "secret.txt")

    with pytest.raises(TemplateFault, match="no such template"):
        user(folder, html="{% include '" + name + "' %}").render(full_digest(), NOW)


def test_a_user_template_escapes_hostile_text(tmp_path: Path) -> None:
    renderer = user(tmp_path, html='<p title="{{ title }}">{{ title }}</p>')

    html = renderer.render(poisoned('"><script>alert(1)</script>'), NOW).html

    assert not list(lxml_html.document_fromstring(html).iter("script"))


def test_a_template_that_writes_without_end_is_stopped(tmp_path: Path) -> None:
    loops = "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}{{ title }}{% endfor %}{% endfor %}{% endfor %}"

    with pytest.raises(TemplateFault, match="writes more than"):
        user(tmp_path, html=loops).render(full_digest(), NOW)


@pytest.mark.parametrize("name", ["../digest", "a/b", "", ".hidden", "weekly"])
def test_an_unknown_template_name_is_a_fault(name: str) -> None:
    with pytest.raises(TemplateFault):
        RENDERER.render(full_digest(), NOW, template=name)


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\u0300"), max_size=400),
    st.sampled_from(["", "    "]),
)
def test_wrapping_loses_nothing_and_keeps_the_width(text: str, indent: str) -> None:
    """However long the words and wide the letters; only an address may run over."""
    lines = wrapped(text, indent).split("\n")

    assert "".join("".join(lines).split()) == "".join(text.split())
    assert max(columns(line) for line in lines) <= 78 or "http" in text


@given(st.text(st.characters(), max_size=200))
def test_one_line_is_one_line_of_valid_text(text: str) -> None:
    """Lone surrogates and separators included; what is clean stays as it is."""
    clean = one_line(text)

    clean.encode()
    assert len(clean.splitlines()) <= 1
    assert one_line(clean) == clean
    assert len(one_line(text, 20)) <= 20
