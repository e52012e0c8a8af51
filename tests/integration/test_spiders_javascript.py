"""Pages that need JavaScript: a real spider process with the system's Chromium, against servers on loopback."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from crawler.errors import NotAFeedError, TemporaryFetchError, TooLarge
from crawler.net.hosts import HostGate
from crawler.net.limits import Limits
from crawler.records import Fetched, Listed, ListingRules, Selector, Source, SourceKind
from crawler.secret import Secret
from crawler.spiders.browser import Browser, lacking
from crawler.spiders.crew import SpiderCrew
from crawler.spiders.showing import Asked, Given
from tests.fakes.net_site import Seen, Site, reply

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(lacking() is not None, reason="; ".join(lacking() or ())),
]

AGENT = "tidings/1.0 (+https://example.org/monitoring)"
HTML, SCRIPT, JSON = "text/html; charset=utf-8", "text/javascript", "application/json"
ALLOWED = "127.0.0.0/9"
FORBIDDEN = "127.200.0.1"  # outside of it
BRISK = Limits(body=50_000, total=timedelta(seconds=2))

SHELL = """<!doctype html><html lang="de"><head><title>Presse</title><meta charset="windows-1252"><link rel="stylesheet" href="/app.css">
<script src="/app.js" defer></script></head><body><img src="/logo.png"><main id="app">…</main></body></html>""".encode()
APP = b"""
const list = await_list();
async function await_list() {
  const items = await (await fetch("/api/news?page=1", {headers: {"X-Requested-With": "app"}})).json();
  for (const item of items) {
    document.querySelector("#app").insertAdjacentHTML("beforeend",
      `<article><a href="/n/${item.id}">${item.title}</a></article>`);
  }
}
"""
NEWS = '[{"id": 1, "title": "Wärmepumpen: Förderung steigt"}, {"id": 2, "title": "Second"}]'.encode()
LISTED = ["Wärmepumpen: Förderung steigt", "Second"]


def newsroom(**more: bytes) -> dict[str, bytes]:
    """A site whose list page is empty until its script has asked for the news."""
    routes = {
        "/press": reply(body=SHELL, content_type=HTML, etag='"shell"', cache_control="max-age=86400"),
        "/app.js": reply(body=APP, content_type=SCRIPT),
        "/api/news?page=1": reply(body=NEWS, content_type=JSON),
    }
    return {**routes, **more}


def scripted(script: str, body: str = "") -> bytes:
    """A page of one script."""
    text = f"<html><body>{body}<script>{script}</script></body></html>"
    return reply(body=text.encode(), content_type=HTML)


def source(url: str, **more: object) -> Source:
    rules = ListingRules(links=Selector(css="article a"))
    return Source(id="press", kind=SourceKind.SITE, url=url, listing=rules, javascript=True, **more)  # type: ignore[arg-type]  # test shorthand


@asynccontextmanager
async def crewed(**more: object) -> AsyncIterator[SpiderCrew]:
    crew = SpiderCrew(
        gate=more.pop("gate", None) or HostGate(timedelta(0)),  # type: ignore[arg-type]  # test shorthand
        user_agent=AGENT,
        allow_private=(ALLOWED,),
        **more,  # type: ignore[arg-type]  # test shorthand
    )
    try:
        yield crew
    finally:
        await crew.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crew() -> AsyncIterator[SpiderCrew]:
    """One process, and one browser, for the tests that do nothing to it."""
    async with crewed() as shared:
        yield shared


def titles(listed: Listed) -> list[str]:
    return [entry.title for entry in listed.feed.entries]


# -- what is read ----------------------------------------------------------------------------------


async def test_a_list_that_a_script_makes_is_read(crew: SpiderCrew) -> None:
    """Scripts and their data are fetched under our own name; pictures and styles are not, and no cookie is sent."""
    async with Site(newsroom()) as site:
        listed = await crew.list(source(site.url("/press")))

    assert titles(listed) == LISTED
    assert [entry.link for entry in listed.feed.entries] == [site.url("/n/1"), site.url("/n/2")]
    assert (listed.feed.title, listed.feed.language, listed.feed.problems) == ("Presse", "de", ())
    assert sorted(set(site.paths)) == ["/api/news?page=1", "/app.js", "/press", "/robots.txt"]
    for seen in site.seen:
        assert seen.header("User-Agent") == AGENT
        assert seen.header("Cookie") is None
        assert seen.header("Referer") is None
    assert site.seen[-1].header("X-Requested-With") == "app"


async def test_without_the_flag_no_script_runs(crew: SpiderCrew) -> None:
    async with Site(newsroom()) as site:
        with pytest.raises(NotAFeedError):
            await crew.list(replace(source(site.url("/press")), javascript=False))

    assert "/app.js" not in site.paths


async def test_an_unchanged_shell_does_not_hide_new_articles(crew: SpiderCrew) -> None:
    """Validators and freshness are the shell's, so nothing is built on them."""
    async with Site(newsroom()) as site:
        listed = await crew.list(source(site.url("/press")), etag='"shell"')

    assert site.seen[1].path == "/press"
    assert site.seen[1].header("If-None-Match") is None
    assert (listed.etag, listed.last_modified, listed.fresh_for) == (None, None, None)


async def test_a_page_of_an_article_is_read_after_its_scripts_ran(crew: SpiderCrew) -> None:
    """The address stays, and what is no HTML is not touched."""
    async with Site(newsroom()) as site:
        page = Fetched(
            url=site.url("/n/1"),
            status=200,
            headers=(("content-type", "text/html; charset=iso-8859-1"),),
            content_type="text/html; charset=iso-8859-1",
            body='<title>Grüße</title><p id="app"></p><script src="/app.js"></script>'.encode("iso-8859-1"),
        )
        shown = await crew.render(page, source(site.url("/press")))
        pdf = Fetched(
            url=site.url("/a"), status=200, headers=(), content_type="application/pdf", body=b"%PDF"
        )
        assert await crew.render(pdf, source(site.url("/press"))) is pdf

    assert shown.url == page.url
    assert shown.content_type == "text/html; charset=utf-8"
    assert "<title>Grüße</title>" in shown.body.decode()
    assert LISTED[0] in shown.body.decode()


async def test_a_page_is_shown_to_a_reader_of_its_own_language_and_zone(crew: SpiderCrew) -> None:
    """So what a script makes of a time is read in the zone in which times of the source are read."""
    script = """const at = new Date("2026-07-01T12:00:00Z").toLocaleTimeString("de", {timeStyle: "short"});
        document.body.innerHTML = `<article><a href="/n/1">${navigator.language} ${at}</a></article>`"""
    async with Site({"/": scripted(script)}) as site:
        there = await crew.list(source(site.url(), language="hi", zone="Asia/Kolkata"))
        anywhere = await crew.list(source(site.url()))

    assert (titles(there), titles(anywhere)) == (["hi 17:30"], ["en 12:00"])


async def test_what_stands_in_shadow_roots_is_read(crew: SpiderCrew) -> None:
    script = """const outer = document.querySelector("news-list").attachShadow({mode: "open"});
        outer.innerHTML = "<article><a href='/n/1'>One</a></article><news-more></news-more>";
        outer.querySelector("news-more").attachShadow({mode: "open"}).innerHTML =
          "<article><a href='/n/2'>Two</a></article>";"""
    async with Site({"/": scripted(script, "<news-list></news-list>")}) as site:
        listed = await crew.list(source(site.url()))

    assert titles(listed) == ["One", "Two"]


async def test_credentials_go_to_the_own_site_only(crew: SpiderCrew) -> None:
    async with Site() as other, Site() as site:
        other.routes["/all"] = reply(body=b"[]", content_type=JSON)
        script = f"""fetch("/own").then(() => fetch("{other.url("/all")}", {{headers: {{"X-App": "1"}}}}))
            .then(answer => answer.json())
            .then(() => document.body.innerHTML = "<article><a href='/n/1'>One</a></article>")"""
        site.routes.update({"/": scripted(script), "/own": reply(body=b"{}", content_type=JSON)})
        listed = await crew.list(source(site.url(), headers=(("X-Key", "k"),), auth=Secret("Bearer t")))

    assert titles(listed) == ["One"]
    own, all_ = site.seen[-1], other.seen[-1]
    assert (own.path, own.header("Authorization"), own.header("X-Key")) == ("/own", "Bearer t", "k")
    assert (all_.path, all_.header("Authorization"), all_.header("X-Key")) == ("/all", None, None)


async def test_nothing_of_one_visit_is_left_for_the_next(crew: SpiderCrew) -> None:
    script = """const before = document.cookie + (localStorage.getItem("was") || "");
        document.cookie = "was=here"; localStorage.setItem("was", "here");
        document.body.innerHTML = `<article><a href="/n/1">before: ${before}</a></article>`"""
    async with Site({"/": scripted(script)}) as site:
        first = await crew.list(source(site.url()))
        second = await crew.list(source(site.url()))

    assert titles(first) == titles(second) == ["before:"]


async def test_every_request_of_a_page_takes_its_turn_and_obeys_robots_txt() -> None:
    """The gaps of a host hold for what its pages load, too; what robots.txt forbids is not loaded, and told."""
    spacing = timedelta(milliseconds=300)
    async with Site(newsroom()) as site, crewed(gate=HostGate(spacing)) as crew:
        times: list[float] = []
        loop = asyncio.get_running_loop()

        def timed(answer: bytes) -> Callable[[Seen, asyncio.StreamWriter], object]:
            async def send(seen: Seen, writer: asyncio.StreamWriter) -> None:
                times.append(loop.time())
                writer.write(answer)
                await writer.drain()

            return send

        for path, answer in newsroom().items():
            site.routes[path] = timed(answer)  # type: ignore[assignment]  # a script of the fake
        assert titles(await crew.list(source(site.url("/press")))) == LISTED
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert len(gaps) == 2
        assert min(gaps) > 0.25

    async with Site(newsroom()) as site, crewed() as crew:
        site.routes["/robots.txt"] = reply(body=b"User-agent: *\nDisallow: /api/", content_type="text/plain")
        with pytest.raises(NotAFeedError, match=r"/press .*robots\.txt of .* does not allow"):
            await crew.list(source(site.url("/press")))
        assert not any(path.startswith("/api/") for path in site.paths)


# -- what a page cannot do -------------------------------------------------------------------------

ATTEMPTS = """
const away = "AWAY", own = location.origin, host = new URL(away).host;
const tried = [];
const attempt = (name, work) => { try { const done = work(); if (done && done.catch) done.catch(() => 0); }
                                  catch (error) { } tried.push(name); };
const element = (name, values) => document.body.append(Object.assign(document.createElement(name), values));
attempt("fetch", () => fetch(away + "fetch"));
attempt("opaque", () => fetch(away + "opaque", {mode: "no-cors"}));
attempt("post", () => fetch(away + "post", {method: "POST", mode: "no-cors", body: "x"}));
attempt("post home", () => fetch("/post", {method: "POST", body: "x"}));
attempt("redirected", () => fetch("/away"));
attempt("xhr", () => { const x = new XMLHttpRequest(); x.open("GET", away + "xhr"); x.send(); });
attempt("beacon", () => navigator.sendBeacon(away + "beacon", "x"));
attempt("keepalive", () => fetch(away + "keepalive", {keepalive: true}));
attempt("events", () => new EventSource(away + "events"));
attempt("socket", () => new WebSocket("ws://" + host + "/socket"));
attempt("transport", () => new WebTransport("https://" + host + "/transport"));
attempt("rtc", () => {
  for (const url of ["stun:UDP", "turn:UDP?transport=udp", "turn:" + host + "?transport=tcp"]) {
    const peer = new RTCPeerConnection({iceServers: [{urls: url, username: "a", credential: "b"}]});
    peer.createDataChannel("x"); peer.createOffer().then(offer => peer.setLocalDescription(offer));
  }
});
attempt("rtc of a frame", () => {
  const frame = document.createElement("iframe"); document.body.append(frame);
  const peer = new frame.contentWindow.RTCPeerConnection({iceServers: [{urls: "stun:UDP"}]});
  peer.createDataChannel("x"); peer.createOffer().then(offer => peer.setLocalDescription(offer));
});
attempt("fetch of a frame", () => {
  const frame = document.createElement("iframe"); document.body.append(frame);
  return frame.contentWindow.fetch(away + "frame-fetch");
});
attempt("worker", () => new Worker(URL.createObjectURL(new Blob([`
  fetch("${away}worker"); new WebSocket("ws://${host}/worker"); importScripts("${away}imported")`]))));
attempt("shared worker", () => new SharedWorker("data:text/javascript,fetch('" + away + "shared')"));
attempt("service worker", () => navigator.serviceWorker.register("/worker.js"));
attempt("import", () => import(away + "module.js"));
for (const rel of ["stylesheet", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload", "icon",
                   "manifest", "prerender"])
  attempt(rel, () => document.head.append(Object.assign(document.createElement("link"),
                                                        {rel, href: away + rel, as: "script"})));
attempt("speculation", () => document.head.append(Object.assign(document.createElement("script"),
  {type: "speculationrules", textContent: JSON.stringify({prefetch: [{source: "list", urls: [away + "spec"]}],
                                                          prerender: [{source: "list", urls: [away + "prer"]}]})})));
attempt("style", () => document.head.append(Object.assign(document.createElement("style"), {textContent:
  `@import "${away}imported.css"; @font-face {font-family: x; src: url(${away}font)} body {font-family: x;
   background: url(${away}background)}`})));
for (const name of ["img", "iframe", "embed", "script", "audio", "video", "source", "track", "input"])
  attempt(name, () => element(name, {src: away + name, type: name === "input" ? "image" : ""}));
attempt("object", () => element("object", {data: away + "object"}));
attempt("srcdoc", () => element("iframe", {srcdoc: `<img src="${away}srcdoc"><script src="${away}srcdoc.js"><\\/script>`}));
attempt("svg", () => document.body.insertAdjacentHTML("beforeend", `<svg><image href="${away}svg"/></svg>`));
attempt("window", () => window.open(away + "window"));
attempt("home window", () => window.open("/window"));
attempt("download", () => { const a = document.createElement("a"); a.href = away + "download"; a.download = "x";
                            document.body.append(a); a.click(); });
attempt("ping", () => { const a = document.createElement("a"); a.href = "#x"; a.ping = away + "ping";
                        document.body.append(a); a.click(); });
attempt("form", () => { const form = document.createElement("form"); form.action = away + "form";
                        form.method = "post"; document.body.append(form); form.submit(); });
attempt("file", () => fetch("file:///etc/passwd"));
attempt("refresh", () => document.head.insertAdjacentHTML("beforeend",
  `<meta http-equiv="refresh" content="0; url=${away}refresh">`));
const held = fetch("/held");  // until the last step, so that nobody takes the page for done before
let step = 0;
const timer = setInterval(async () => {
  if (++step == 2) attempt("navigation", () => location.href = away + "navigation");
  if (step == 4) attempt("home navigation", () => location.assign("/elsewhere"));
  if (step < 8) return fetch("/step" + step);
  clearInterval(timer);
  await held;
  document.body.insertAdjacentHTML("beforeend", `<article><a href="/n/1">${tried.length} tried</a></article>`);
}, 250);
"""


async def test_a_page_reaches_no_address_that_we_may_not_ask(crew: SpiderCrew) -> None:
    """Whatever it tries: not a connection and not a packet; and at home it can only read."""
    packets: list[bytes] = []

    class Ear(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            packets.append(data)

    loop = asyncio.get_running_loop()
    ear, _ = await loop.create_datagram_endpoint(Ear, local_addr=(FORBIDDEN, 0))
    try:
        async with Site(address=FORBIDDEN) as away, Site() as site:
            heard = ear.get_extra_info("sockname")
            script = ATTEMPTS.replace("AWAY", away.url()).replace("UDP", f"{heard[0]}:{heard[1]}")
            site.routes["/"] = scripted(script)
            site.routes["/away"] = reply(302, location=away.url("/redirected"))
            site.routes["/worker.js"] = reply(body=b"fetch('/from-worker')", content_type=SCRIPT)
            stepped = asyncio.Event()

            async def step(seen: Seen, writer: asyncio.StreamWriter) -> None:
                stepped.set()
                writer.write(reply(404))

            async def hold(seen: Seen, writer: asyncio.StreamWriter) -> None:
                await stepped.wait()
                writer.write(reply())

            site.routes.update({"/step7": step, "/held": hold})
            listed = await crew.list(source(site.url()))
            made = ATTEMPTS.count("attempt(") + 8 + 8  # two of them in a loop of nine
            assert titles(listed) == [f"{made} tried"]
            assert away.connections == 0
            assert away.seen == []
            assert packets == []
    finally:
        ear.close()

    assert {seen.method for seen in site.seen} == {"GET"}
    at_home = {path for path in site.paths if not path.startswith("/step")}
    assert at_home == {"/robots.txt", "/", "/away", "/held"}


async def test_a_page_cannot_ask_without_end(crew: SpiderCrew) -> None:
    script = """document.body.innerHTML = "<article><a href='/n/1'>One</a></article>";
        (async () => { for (let i = 0; ; i++) try { await fetch("/" + i) } catch { await new Promise(r => setTimeout(r, 50)) } })()"""
    async with Site({"/": scripted(script)}) as site:
        listed = await crew.list(source(site.url()))

    assert titles(listed) == ["One"]
    assert sum(path[1:].isdigit() for path in site.paths) == 100


# -- what ends -------------------------------------------------------------------------------------


async def test_a_script_that_never_ends_is_stopped_and_the_next_page_is_read() -> None:
    async with Site() as site, crewed(limits=BRISK) as crew:
        site.routes["/stuck"] = scripted("for (;;);")
        site.routes.update(newsroom())
        with pytest.raises(TemporaryFetchError, match="its scripts do not let go"):
            await crew.list(source(site.url("/stuck")))
        assert titles(await crew.list(source(site.url("/press")))) == LISTED


async def test_a_page_that_grows_without_end_is_refused() -> None:
    """The browser's processes have a limit of memory, and what comes out of it one of size."""
    async with Site() as site, crewed(limits=BRISK) as crew:
        site.routes["/large"] = scripted("document.body.innerHTML = 'x'.repeat(60000)")
        site.routes["/endless"] = scripted(
            "const all = []; for (;;) all.push(new Array(1e6).fill(all.length))"
        )
        site.routes.update(newsroom())
        with pytest.raises(TooLarge, match="make more than 50 kB of it"):
            await crew.list(source(site.url("/large")))
        with pytest.raises(TemporaryFetchError):
            await crew.list(source(site.url("/endless")))
        assert titles(await crew.list(source(site.url("/press")))) == LISTED


async def test_a_browser_that_nobody_needs_ends() -> None:
    """It takes hundreds of megabytes, so it does not stay for the next visit in a quarter of an hour."""
    browser = Browser(
        user_agent=AGENT,
        memory=2 * 1024**3,
        largest=10_000,
        limit=timedelta(seconds=5),
        idle=timedelta(seconds=0.1),
    )
    document = Given(
        headers=(("content-type", HTML),), body=b"<p>x</p><script>document.title = 1 + 1</script>"
    )
    before = set(descendants(os.getpid()))
    try:
        played = await browser.play("http://news.example/", document, Silence())
        assert "<title>2</title>" in played.html
        family = set(descendants(os.getpid())) - before
        assert any("chrom" in name_of(pid) for pid in family)
        async with asyncio.timeout(20):
            while any(name_of(pid) for pid in family):  # nothing in this process could set an event
                await asyncio.sleep(0.05)
    finally:
        await browser.close()


class Silence:
    """Answers for a page that asks for nothing."""

    asked = 0
    waiting = 0
    hurried = False

    async def answer(self, asked: Asked) -> Given | None:
        raise AssertionError(f"the page asks for {asked.url}")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder of a short name: Chromium makes sockets in it, whose paths the system limits to 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


@pytest.mark.parametrize("how", ["in order", "killed", "killed at work"])
async def test_no_browser_outlives_the_process(
    how: str, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended in order or killed, it leaves no process behind and no folder."""
    monkeypatch.setenv("TMPDIR", str(short_folder))
    async with Site(newsroom()) as site, crewed() as crew:
        asked = asyncio.Event()

        async def send(seen: Seen, writer: asyncio.StreamWriter) -> None:
            asked.set()
            await asyncio.Event().wait()  # it is never answered

        site.routes["/slow.js"] = send
        site.routes["/stuck"] = scripted("", '<script src="/slow.js"></script>')
        assert titles(await crew.list(source(site.url("/press")))) == LISTED
        assert crew.pid is not None
        work = asyncio.create_task(crew.list(source(site.url("/stuck"))))
        if how == "killed at work":
            await asked.wait()
        else:
            work.cancel()
        await asyncio.sleep(0)
        family = set(descendants(crew.pid))
        assert any("chrom" in name_of(pid) for pid in family)
        if how == "in order":
            await crew.close()
        else:
            os.kill(crew.pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            while any(name_of(pid) for pid in family) or any(short_folder.iterdir()):
                await asyncio.sleep(0.05)  # nothing in this process could set an event
        outcome = (await asyncio.gather(work, return_exceptions=True))[0]
        assert isinstance(outcome, TemporaryFetchError | asyncio.CancelledError)


def descendants(pid: int) -> Iterator[int]:
    """A process and all that it started, and those of a session that one of them began."""
    parents, sessions = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(after_name[1])
            sessions[int(folder.name)] = int(after_name[3])
    found = {pid}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    own = {sessions[one] for one in found if one in sessions} - {os.getsid(0)}
    yield from found | {one for one, session in sessions.items() if session in own}


def name_of(pid: int) -> str:
    """Its program; empty when it is gone, or only its parent still has to hear of it."""
    try:
        stat = (Path("/proc") / str(pid) / "stat").read_text()
    except OSError:
        return ""
    name, _, rest = stat.partition("(")[2].rpartition(")")
    return "" if rest.split()[0] in "ZX" else name
