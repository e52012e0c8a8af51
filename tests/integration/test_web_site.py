"""The pages for people: what each shows, who may see it, and that nothing of an article is taken for more than words."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import html5lib
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.secret import Secret
from tests.acceptance.world import HOUR
from tests.fakes.shown import Shown, shown
from tidings.web.site.gate import COOKIE, LASTS

pytestmark = pytest.mark.asyncio(loop_scope="module")
PUBLIC = "https://news.example.org/desk"
THERE = {"Host": "news.example.org"}
TOKEN = Secret("open-sesame")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def archive(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shown]:
    async with shown(tmp_path_factory.mktemp("site")) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def site(archive: Shown) -> Shown:
    """As on a laptop: loopback, no token."""
    return await archive.serve(token=None, public=None)


async def page(site: Shown, path: str) -> str:
    """Text of a page that is there."""
    status, text, _ = await site.get(path)
    assert status == 200, (path, text[:300])
    return text


async def first(site: Shown, path: str, kind: str) -> str:
    """The first address of a kind that a page links to."""
    found = re.search(rf'href="(/{kind}/[^"/?]+)"', await page(site, path))
    assert found is not None
    return found[1]


# -- what is shown ---------------------------------------------------------------------------------


async def test_the_overview_tells_what_needs_somebody_first(site: Shown) -> None:
    text = await page(site, "/")

    needs, lately = text.index("Needs you"), text.index("What came last")
    assert needs < text.index("source broken is failing") < lately
    assert "1 commitment overdue" in text
    assert "Semiconductor report number" in text[lately:]


async def test_an_initiative_shows_its_promises_and_its_stories_page_by_page(site: Shown) -> None:
    """Each story once, the newest first, whatever page it is on."""
    text = await page(site, "/initiatives/chips")
    assert "overdue by 328 days" in text
    assert "due in 402 days" in text

    seen: list[str] = []
    path = "/initiatives/chips"
    while path:
        text = await page(site, path)
        seen += re.findall(r'href="/stories/(s[0-9a-f]+)"', text)
        further = re.search(r'href="([^"]+)">Older ones', text)
        path = further[1].replace("&amp;", "&") if further else ""

    matching, _ = await site.app.stores.showing.stories("chips", before=None, limit=1_000)
    assert seen == [articles[0].story_id for articles in matching]
    assert len(seen) == len(set(seen)) == 52  # of 53 articles, one a reprint


async def test_a_story_shows_every_telling_and_who_was_told(site: Shown) -> None:
    text = await page(site, await first(site, "/stories?words=dholera&outlets=2", "stories"))

    assert "2 articles in 2 outlets, 1 independent report" in text
    assert "repeats “" in text
    assert "by the digest “<bdi>now</bdi>”" in text


async def test_an_article_tells_why_it_matched_and_why_not(site: Shown) -> None:
    text = await page(site, await first(site, "/search?q=dholera", "articles"))
    assert "<mark>semiconductor</mark>" in text.lower()
    assert "Why it did not match 1 other" in text
    assert "“unobtainium” does not occur" in text

    other = await page(site, await first(site, "/search?q=monsoon", "articles"))
    assert "It matched nothing" in other
    assert "Told to nobody" in other


async def test_a_source_shows_its_health_and_what_to_do(site: Shown) -> None:
    assert "<td" in await page(site, "/sources?state=failing")
    text = await page(site, "/sources/broken")
    assert "500" in text
    assert "What to do:" in text
    assert "51 articles in 30 days" in await page(site, "/sources/post")


async def test_a_delivery_shows_the_message_as_it_went_out(site: Shown) -> None:
    """In a frame that may do nothing, and as text."""
    path = await first(site, "/deliveries", "deliveries")
    text = await page(site, path)
    assert "desk@policy.example" in text
    assert f'src="{path}/page"' in text

    status, mail, headers = await site.get(f"{path}/page")
    assert status == 200
    assert "Semiconductor" in mail
    assert 'src="cid:' not in mail
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "script" not in headers["Content-Security-Policy"]


async def test_search_speaks_the_language_of_the_watchlists(site: Shown) -> None:
    """With the remedy where it does not understand."""
    assert "1 found" in await page(site, f"/search?q={quote('semiconductor AND dholera AND source:times')}")
    assert "The newest 50." in await page(site, f"/search?q={quote('semiconductor OR monsoon OR report')}")
    assert "Nothing found" in await page(site, "/search?q=unobtainium")
    broken = await page(site, f"/search?q={quote('semiconductor AND (')}")
    assert "That cannot be read:" in broken
    assert "Remedy:" in broken
    assert "neither an age (90d) nor a day" in await page(site, "/search?q=chips+since:yesterday")
    assert "The best 50 of the last 90 days." in await page(site, "/search?q=report&order=best")


async def test_an_initiative_has_its_dossier(site: Shown) -> None:
    """The page of `tidings report`, with the policy that it carries itself."""
    assert 'href="/initiatives/chips/dossier?days=90"' in await page(site, "/initiatives/chips")
    status, text, headers = await site.get("/initiatives/chips/dossier?days=30")
    assert status == 200
    assert "Overdue by 328 days" in text
    assert "script" not in headers["Content-Security-Policy"]
    assert "img-src" not in headers["Content-Security-Policy"]
    assert (await site.get("/initiatives/nope/dossier"))[0] == 404


async def test_initiatives_and_searches_are_feeds_for_who_sees_the_site(site: Shown) -> None:
    """A reader that is given the page finds the feed by its link."""
    for path, words in (("/initiatives/chips", "Semiconductor report"), ("/search", "A late monsoon")):
        text = await page(site, path)
        (atom,) = set(re.findall(r'href="(/feeds/[^"]+[.]atom)"', text))
        status, feed, headers = await site.get(atom)
        assert (status, headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
        assert words in feed
    assert 'rel="alternate" type="application/atom+xml"' in await page(site, "/initiatives/chips")


async def test_what_is_not_there_is_said_in_the_frame_of_the_site(site: Shown) -> None:
    for path in ("/initiatives/x", "/stories/x", "/articles/x", "/sources/x", "/deliveries/x"):
        status, text, _ = await site.get(path)
        assert status == 404
        assert "There is no such" in text
        assert 'aria-label="Pages"' in text
    assert (await site.get("/deliveries/x/page"))[0] == 404


async def test_a_match_is_judged_where_it_is_shown(site: Shown) -> None:
    """On the page of its initiative and on its own; the word is kept, shown at once, and taken back."""
    article = (await first(site, "/search?q=number+7", "articles")).rpartition("/")[2]
    said = {"article": article, "initiative": "chips", "verdict": "not-about", "to": f"/articles/{article}"}

    status, _, headers = await site.ask("POST", "/judge", data=said)
    assert (status, headers["Location"]) == (303, f"/articles/{article}")
    text = await page(site, f"/articles/{article}")
    assert "Judged not to be about it" in text
    assert "judged not to be about it on the site" in text
    (kept,) = await site.app.stores.judgements.list("chips")
    assert (kept.article_id, str(kept.way)) == (article, "site")
    dossier = await page(site, "/initiatives/chips/dossier?days=90")
    assert "What people said of its matches:" in dossier

    await site.ask("POST", "/judge", data=said | {"verdict": "about"})
    assert "after all" not in await page(site, f"/articles/{article}")


async def test_nobody_judges_what_is_not_there_or_without_the_key(archive: Shown) -> None:
    site = await archive.serve(token=None, public=None)
    article = (await first(site, "/search?q=number+7", "articles")).rpartition("/")[2]
    said = {"article": article, "initiative": "chips", "verdict": "not-about"}
    wrong: list[tuple[dict[str, str], int]] = [
        ({"article": "f" * 16}, 404),
        ({"initiative": "nothing"}, 404),
        ({"verdict": "perhaps"}, 400),
        ({"article": "\x00"}, 404),
    ]
    for change, status in wrong:
        assert (await site.ask("POST", "/judge", data=said | change))[0] == status
    assert (await site.ask("POST", "/judge", data=said, headers={"Origin": "https://evil.example"}))[0] == 403
    site = await archive.serve(token=TOKEN, public=None)
    assert (await site.ask("POST", "/judge", data=said))[0] == 403


# -- hostile words ---------------------------------------------------------------------------------


async def test_nothing_of_an_article_is_markup_and_nothing_is_loaded_from_elsewhere(site: Shown) -> None:
    """Titles with elements in them, in all pages that show them."""
    paths = [
        "/",
        "/initiatives",
        "/initiatives/chips",
        "/stories",
        "/search?q=talks",
        "/sources",
        "/deliveries",
    ]
    hostile = await first(site, "/search?q=talks", "articles")
    told = await site.app.stores.lookup.find(hostile.rpartition("/")[2])
    assert told is not None
    for path in (*paths, hostile, f"/stories/{told.article.story_id}", "/sources/times"):
        text = await page(site, path)
        tree = html5lib.parse(text, namespaceHTMLElements=False)
        for element in tree.iter():
            assert element.tag not in {"script", "style", "object", "embed", "base"}, path
            for name, value in element.attrib.items():
                assert not name.startswith("on"), (path, element.tag, name)
                assert name != "style", (path, element.tag)
                if name == "src":
                    assert value.startswith(("data:image/png;base64,", "/")), (path, value)
        assert "\u202e" not in text


async def test_every_page_carries_the_headers_that_a_browser_needs(site: Shown) -> None:
    for path in ("/", "/search?q=x", "/initiatives/chips"):
        _, _, headers = await site.get(path)
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


# -- who may see it --------------------------------------------------------------------------------


async def test_a_page_of_elsewhere_cannot_ask_by_a_name_of_its_own(site: Shown) -> None:
    """DNS rebinding: the name leads here, and is not ours."""
    assert (await site.get("/", Host="rebound.example"))[0] == 421
    assert (await site.get("/", Host="localhost:1"))[0] == 200


async def test_with_a_token_nobody_sees_anything_without_it(archive: Shown) -> None:
    """The door leads back to where one wanted to go; the cookie is for this site alone, and no script reads it."""
    site = await archive.serve(token=TOKEN, public=None)
    for path in ("/", "/search?q=chips", "/deliveries/x/page", "/stories/x"):
        status, text, headers = await site.get(path)
        assert (status, "Semiconductor" in text) == (303, False)
        assert headers["Location"].startswith("/enter?to=/")

    status, text, _ = await site.ask("POST", "/enter", data={"token": "guess", "to": "/stories"})
    assert status == 403
    assert "That is not the token" in text
    status, _, headers = await site.ask(
        "POST", "/enter", data={"token": " open-sesame ", "to": "/stories?days=7"}
    )
    assert (status, headers["Location"]) == (303, "/stories?days=7")
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN.reveal() not in cookie
    value = cookie.partition(";")[0]
    site.session.cookie_jar.clear()
    assert (await site.get("/stories", Cookie=value))[0] == 200

    status, _, headers = await site.ask("POST", "/leave", headers={"Cookie": value})
    assert (status, "Max-Age=0" in headers["Set-Cookie"]) == (303, True)


async def test_a_session_ends_with_its_time_its_token_and_its_secret(archive: Shown) -> None:
    site = await archive.serve(token=TOKEN, public=None)
    _, _, headers = await site.ask("POST", "/enter", data={"token": "open-sesame"})
    name, value = headers["Set-Cookie"].partition(";")[0].split("=", 1)
    site.session.cookie_jar.clear()
    assert name == COOKIE
    until, _, signature = value.partition(".")
    for forged in (
        f"{int(until) + 1}.{signature}",
        f"{until}.{signature[:-1]}x",
        f"{until}.",
        "",
        ".",
        f"-{until}.{signature}",
        f"{until}x.{signature}",
    ):
        assert (await site.get("/", Cookie=f"{COOKIE}={forged}"))[0] == 303

    site.world.clock.time += LASTS + HOUR
    assert (await site.get("/", Cookie=f"{name}={value}"))[0] == 303
    site.world.clock.time -= LASTS + HOUR
    assert (await site.get("/", Cookie=f"{name}={value}"))[0] == 200
    await archive.serve(token=Secret("another"), public=None)
    assert (await site.get("/", Cookie=f"{name}={value}"))[0] == 303


async def test_the_door_leads_only_into_the_site(archive: Shown) -> None:
    site = await archive.serve(token=TOKEN, public=None)
    for to in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=y",
    ):
        _, _, headers = await site.ask("POST", "/enter", data={"token": "open-sesame", "to": to})
        assert headers["Location"] == "/"
    site.session.cookie_jar.clear()


async def test_guesses_of_the_token_are_slowed_down(archive: Shown) -> None:
    site = await archive.serve(token=TOKEN, public=None)
    said = [(await site.ask("POST", "/enter", data={"token": str(n)}))[0] for n in range(12)]
    assert said[:3] == [403] * 3
    assert said[-1] == 429


async def test_no_page_of_elsewhere_sends_our_forms(archive: Shown) -> None:
    """A browser says where a form comes from."""
    site = await archive.serve(token=TOKEN, public=None)
    site.session.cookie_jar.clear()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        status, _, answer = await site.ask("POST", "/enter", data={"token": "open-sesame"}, headers=headers)
        assert (status, "Set-Cookie" in answer) == (403, False)
    status, _, _ = await site.ask(
        "POST", "/enter", data={"token": "open-sesame"}, headers={"Origin": site.base}
    )
    assert status == 303
    site.session.cookie_jar.clear()


async def test_behind_the_public_name_the_site_needs_a_token(archive: Shown) -> None:
    """Without one it is not there, whoever asks; with one all its links stay under the public path."""
    site = await archive.serve(token=None, public=PUBLIC)
    assert (await site.get("/desk/", **THERE))[0] == 404
    assert (await site.get("/", **THERE))[0] == 404

    site = await archive.serve(token=TOKEN, public=PUBLIC)
    status, _, headers = await site.get("/desk/stories", **THERE)
    assert (status, headers["Location"]) == (303, "/desk/enter?to=/stories")
    _, _, headers = await site.ask("POST", "/desk/enter", data={"token": "open-sesame"}, headers=THERE)
    assert "Secure" in headers["Set-Cookie"]
    assert "Path=/desk/" in headers["Set-Cookie"]
    cookie = headers["Set-Cookie"].partition(";")[0]
    site.session.cookie_jar.clear()
    near = {"Host": f"127.0.0.1:{site.server.port}"}
    for path, name in (("/desk/stories", THERE), ("/stories", THERE), ("/stories", near)):
        # as it is, and from proxies that cut the path off, and keep the name to themselves
        status, text, _ = await site.get(path, Cookie=cookie, **name)
        assert status == 200
        inside = re.findall(r'(?:href|action|src)="(/[^"]*)"', text)
        assert inside
        assert all(one.startswith("/desk/") for one in inside)


async def test_who_has_entered_may_look_as_often_as_he_likes(site: Shown) -> None:
    assert {(await site.get("/sources"))[0] for _ in range(150)} == {200}


# -- what it costs ---------------------------------------------------------------------------------


async def test_what_has_not_changed_is_not_sent_again(site: Shown) -> None:
    _, _, headers = await site.get("/stories")
    status, text, _ = await site.get("/stories", If_None_Match=headers["ETag"])
    assert (status, text) == (304, "")


async def test_the_style_sheet_is_kept_by_browsers_until_it_changes(site: Shown) -> None:
    found = re.search(r'rel="stylesheet" href="([^"]+)"', await page(site, "/"))
    assert found is not None
    status, _, headers = await site.get(found[1])
    assert (status, headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in headers["Cache-Control"]


# -- nonsense --------------------------------------------------------------------------------------

_PATHS = st.sampled_from(
    [
        "/",
        "/initiatives",
        "/stories",
        "/sources",
        "/deliveries",
        "/search",
        "/enter",
        "/articles",
        "/leave",
        "/feeds",
    ]
)
_WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "chips",
            "AND",
            "(",
            '"',
            "/a(/",
            "NEAR/9",
            "since:1d",
            "0.x",
            "9" * 30,
            "\x00",
            "💥",
            "../..",
            "%2f",
        ]
    ),
)
_NAMES = st.sampled_from(
    ["q", "order", "before", "days", "outlets", "words", "initiative", "state", "tag", "channel", "to", "x"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=_PATHS,
    part=st.one_of(st.just(""), _WORDS),
    query=st.dictionaries(_NAMES, _WORDS, max_size=4),
    method=st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE"]),
)
async def test_no_request_breaks_a_page(
    site: Shown, path: str, part: str, query: dict[str, str], method: str
) -> None:
    """Whatever is asked for, by whatever method, nothing fails inside; what it makes of it is a page."""
    address = path + (f"/{quote(part, safe='')}" if part else "")
    query_string = "&".join(f"{k}={quote(v.encode('utf-8', 'surrogatepass'))}" for k, v in query.items())
    form = {"data": query} if method == "POST" else {}
    status, _, _ = await site.ask(method, f"{address}?{query_string}", **form)
    assert status < 500, (address, query_string)
