"""The pages and the program say the same: commands, settings, template variables, examples, links."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from alerts import envelope
from alerts.channels.webhook import Webhook
from alerts.digest import compose
from alerts.match import validate
from alerts.messages import Delivery
from alerts.notice import test_message as marked_as_test
from alerts.plans import WebhookChannel
from alerts.recent import Recent
from alerts.records import Digest, Flood, ToldIn
from alerts.render import Renderer
from crawler.folds import Change, ChangeKind
from crawler.secret import Secret
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot
from tidings.checking import check_watchlists
from tidings.cli import app
from tidings.settings import Settings, load

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONFIG = ROOT / "config"
PAGES = (ROOT / "README.md", *sorted(DOCS.glob("*.md")))
COMMANDS = (DOCS / "commands.md").read_text(encoding="utf-8")
DIGESTS = (DOCS / "digests.md").read_text(encoding="utf-8")
SHARED = {"--config", "--state", "--json", "--verbose", "-v", "--help"}  # named once, at the top


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(language: str) -> list[Block]:
    fence = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [
        Block(page, page.read_text(encoding="utf-8").count("\n", 0, one.start()) + 1, one[1], one[2])
        for page in PAGES
        for one in fence.finditer(page.read_text(encoding="utf-8"))
        if one[1] == language
    ]


def place(one: Block) -> str:
    return one.id


# -- commands --------------------------------------------------------------------------------------


def commands() -> dict[str, set[str]]:
    """Every command with its options."""

    def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:
        if hasattr(command, "commands"):
            for name, below in command.commands.items():
                yield from walk(below, (*path, name))
        else:
            yield (
                " ".join(path),
                {
                    name
                    for one in command.params
                    for name in (*one.opts, *one.secondary_opts)
                    if name.startswith("-")
                },
            )

    return dict(walk(get_command(app), ()))


EVERY = commands()


def rows(command: str) -> list[str]:
    """Rows of the page's tables that name a command."""
    named = re.compile(rf"`tidings {command}(?![\w-])")
    return [line for line in COMMANDS.splitlines() if line.startswith("|") and named.search(line)]


@pytest.mark.parametrize("command", EVERY)
def test_a_command_and_its_options_are_on_the_page_of_commands(command: str) -> None:
    """A row names the command, and each of its own options."""
    told = rows(command)

    assert told, f"docs/commands.md does not name `tidings {command}`"
    missing = [
        name for name in EVERY[command] - SHARED if not any(re.search(rf"{name}\b", row) for row in told)
    ]
    assert missing == []


@pytest.mark.parametrize("command", EVERY)
def test_the_help_of_a_command_says_what_each_word_is(command: str) -> None:
    """Each has a sentence; values have a name in capitals, to which the library adds brackets and dots."""
    found: Any = get_command(app)
    for word in command.split():
        found = found.commands[word]
    assert found.help

    for one in (param for param in found.params if not getattr(param, "is_eager", False)):
        assert (one.help or "").endswith((".", ".)")), one.name
        if not getattr(one, "is_flag", False) and not one.type_descriptor.is_choice:
            assert re.fullmatch(r"'?[A-Z][A-Z|: -]*(\.jsonl\|-|\.opml)?'?", one.metavar or ""), one.name


def test_the_options_of_all_commands_stand_above_the_tables() -> None:
    """Those before the command, and those that many commands share."""
    top = COMMANDS.partition("\n## ")[0]
    general = {name for one in get_command(app).params for name in one.opts}

    assert [name for name in sorted(general | SHARED) if not re.search(rf"[ `]{name}\b", top)] == []


def spoken() -> Iterator[tuple[str, str]]:
    """(place, command line) of each `tidings …` in a shell block or between backticks."""
    for block in blocks("sh"):
        for line in block.text.splitlines():
            if line.startswith("tidings "):
                yield block.id, line.partition(" #")[0]
    for page in PAGES:
        prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for line in re.findall(r"`(tidings [a-z-][^`]*)`", prose):
            yield page.name, line


@pytest.mark.parametrize(("where", "line"), sorted(set(spoken())))
def test_a_command_line_in_the_pages_exists(where: str, line: str) -> None:
    """Its verbs and its options are those of the program."""
    words = line.removeprefix("tidings ").split()
    if words[0].startswith("--"):
        assert words[0] in {option for one in get_command(app).params for option in one.opts}, where
        return
    name = next((n for n in (" ".join(words[:2]), words[0]) if n in EVERY), None)

    assert name, f"{where}: there is no `tidings {' '.join(words[:2])}`"
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", line))
    assert options <= EVERY[name] | {"--help"}, where


# -- settings --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    """docs/draw_settings.py."""
    sys.path.insert(0, str(DOCS))
    try:
        import draw_settings
    finally:
        sys.path.pop(0)
    return draw_settings


def test_the_tables_of_settings_are_those_of_the_code(drawing: ModuleType) -> None:
    """`python docs/draw_settings.py` draws them anew."""
    text = drawing.PAGE.read_text(encoding="utf-8")

    assert drawing.page(text) == text


def test_every_key_of_the_schemas_is_in_the_tables(drawing: ModuleType) -> None:
    """The schemas for editors know no key that the page does not have."""
    tables = drawing.tables()
    for path in (CONFIG / "schema").glob("*.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        for one in (schema, *schema["$defs"].values()):
            for shape in (one, *one.get("anyOf", ())):
                for key in shape.get("properties", {}):
                    assert f"| `{key}` |" in tables, f"{path.name}: {key}"


# -- examples of configuration ---------------------------------------------------------------------

BASE = {
    "tidings.yaml": "channels:\n  outbox: {type: file}\n  policy-desk: {type: file}\n  ops-webhook: {type: file}\n",
    "sources.yaml": "sources:\n  - {id: base, feed: 'https://example.org/base.xml', tags: [us-government, india-press]}\n",
}
RULES = (
    "initiatives:\n  - {id: trust, any: [TRUST initiative]}\n  - {id: compact, any: [COMPACT initiative]}\n"
)
INSTALLATION = {
    "database",
    "queue",
    "polling",
    "retention",
    "web",
    "heartbeat",
    "edits",
    "operator",
    "channels",
}
SECRETS = {
    "hook-secret": "whsec_aHVudGVyMg==",
    "hook-url": "https://hooks.example.org/x",
    "example-token": "Bearer x",
}


def file_of(text: str) -> tuple[str, str]:
    """Name and whole text of the file that an example is, or is a part of; by its first level of keys."""
    keys = set(re.findall(r"^([a-z]+):", text, re.MULTILINE))
    if keys <= INSTALLATION:
        return "tidings.yaml", text
    if keys == {"sources"}:
        return "sources.yaml", text
    head = "" if "watchlist" in keys else "watchlist: example\n"
    rules = "" if "initiatives" in keys else RULES
    return "watchlists/example.yaml", head + text + "\n" + rules


def loaded(folder: Path, text: str) -> Settings:
    """The example within the smallest configuration around it."""
    name, whole = file_of(text)
    for path, content in {**BASE, name: whole}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    for secret in re.findall(r"_file: ([\w-]+)", text):
        (folder / secret).write_text(SECRETS.get(secret, "hunter2"), encoding="utf-8")
        (folder / secret).chmod(0o600)
    for spider in re.findall(r"spider: ([\w/]+\.py)", text):
        (folder / spider).parent.mkdir(parents=True, exist_ok=True)
        (folder / spider).write_bytes((DOCS / "examples" / spider).read_bytes())
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "hunter2")
    return load(folder, state_dir=folder / "state", environ=environ, validate_term=validate)


@pytest.mark.parametrize("block", blocks("yaml"), ids=place)
def test_an_example_of_configuration_loads(block: Block, tmp_path: Path) -> None:
    """Every YAML block of the pages is a file, or a part of one, that the program takes; its `examples` hold."""
    settings = loaded(tmp_path, block.text)

    errors, _, _ = check_watchlists(settings.watchlists, settings.tags)
    assert errors == []
    assert settings.sources
    assert settings.channels


def test_an_example_with_a_slip_would_be_noticed(tmp_path: Path) -> None:
    """The test above is no formality."""
    with pytest.raises(Exception, match="unknown key 'evry'"):
        loaded(tmp_path, "polling:\n  evry: 30m\n")


def test_the_shipped_configuration_is_clean(tmp_path: Path) -> None:
    """`tidings check` on config/: no error, no warning."""
    done = CliRunner().invoke(
        app, ["check", "--json", "--config", str(CONFIG), "--state", str(tmp_path)], catch_exceptions=False
    )

    assert done.exit_code == 0
    assert json.loads(done.stdout) == {"ok": True, "errors": [], "warnings": []}


# -- digests and hooks -----------------------------------------------------------------------------


def digest() -> Digest:
    """One with everything in it: stories, titles, updates, told before, commitments, failures, gaps, a flood."""
    told_in = ToldIn(key="morning/x", subject="TRUST: 1 story, 1 outlet", at=SINCE)
    known = found("TRUST initiative: 15 projects", story="s4", hours=30, told_at=SINCE, told_in=told_in)
    change = Change(
        article_id=known.telling.article_id,
        before=1,
        after=2,
        at=NOW,
        kinds=(ChangeKind.NUMBERS,),
        said="12 became 15",
    )
    several = [
        found("Ministers launch the TRUST initiative", story="s1", commitments=("ai-roadmap",)),
        found("Ministers launch the TRUST initiative", story="s1", source="The Delhi Observer"),
        found("TRUST initiative opens a call", story="s2"),
        found("TRUST initiative goes on", story="s3", told_at=SINCE - timedelta(days=1)),
        found("The same for COMPACT", story="s1", source="AP", credit="AP", initiative="compact"),
        replace(known, changes=(change,), earlier=(known.telling,)),
    ]
    evidence = {("trust", "ai-roadmap"): (several[0].telling,)}
    held = Flood(
        source="The Delhi Observer",
        source_id="observer",
        since=SINCE,
        until=NOW,
        articles=60,
        matching=(several[1].telling,),
    )
    a_plan = plan(max_stories=1)
    days = {name: Recent(days=(1,) * 30, last_day=NOW.date()) for name in (*INITIATIVES, "idle")}
    names = INITIATIVES | {"idle": replace(INITIATIVES["compact"], id="idle")}
    a_plan = replace(a_plan, initiatives=(*a_plan.initiatives, "idle"))
    one = compose(a_plan, [slot()], SINCE, several, names, evidence, COVERAGE, NOW, [held], days)
    return replace(one, notes=("Also covers the slot of Tue 24 Nov, 07:30, which was missed.",))


def described(kind: str, heading: str) -> set[str]:
    """The names in the first column of the table under `### Variables of …` or `### Fields of …`."""
    chapter = DIGESTS.partition(f"### {kind} of {heading}\n")[2].partition("\n#")[0]
    cells = [line.split("|")[1] for line in chapter.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def first(container: Mapping[str, Any], *path: str) -> Any:
    """The mapping at `path`; of a list its first item."""
    at: Any = container
    for step in path:
        at = at[step]
        at = at[0] if isinstance(at, Sequence) and not isinstance(at, str) else at
    return at


def test_every_field_of_the_hook_is_described() -> None:
    """The tables of docs/digests.md name the fields of the document: all of them, and no other."""
    whole = json.loads(envelope.document(digest(), key="morning/x", created_at=NOW))
    data = whole["data"]
    telling = described("Fields", "a telling")
    updated = next(one for one in data["initiatives"][0]["stories"] if one["updates"])
    wanted = {
        "the envelope": (whole, set()),
        "the data": (data, set()),
        "an initiative": (first(data, "initiatives"), set()),
        "the last days": (first(data, "initiatives", "last_days"), set()),
        "a telling": (first(data, "initiatives", "stories", "also"), set()),
        "a story": (first(data, "initiatives", "stories"), telling),
        "an agency": (first(data, "initiatives", "stories", "agencies"), set()),
        "a message of before": (updated["told_in"], set()),
        "an update": (first(updated, "updates"), telling),
        "evidence": (first(data, "initiatives", "stories", "evidence"), set()),
        "a commitment": (first(data, "initiatives", "commitments"), set()),
        "the coverage": (data["coverage"], set()),
        "a failing source": (first(data, "coverage", "failing"), set()),
        "a gap": (first(data, "coverage", "gaps"), set()),
        "a flood": (first(data, "held"), set()),
        "the data of a test": (json.loads(marked_as_test(NOW).data)["data"], set()),
    }
    for heading, (given, inherited) in wanted.items():
        assert described("Fields", heading) | inherited == set(given), heading


def test_the_templates_on_the_page_render(tmp_path: Path) -> None:
    """`brief.html.j2` and `brief.txt.j2` as they stand there."""
    html, text = blocks("jinja")
    (tmp_path / "brief.html.j2").write_text(html.text, encoding="utf-8")
    (tmp_path / "brief.txt.j2").write_text(text.text, encoding="utf-8")

    message = Renderer(tmp_path).render(digest(), NOW, template="brief")

    assert "Ministers launch the TRUST initiative" in message.html
    assert "  - Ministers launch the TRUST initiative" in message.text


@dataclass(frozen=True)
class Taken:
    status: int
    headers: Mapping[str, str]
    body: bytes


async def test_the_receiver_on_the_page_believes_our_hooks_and_no_others() -> None:
    """The Python of docs/digests.md, run on a request as the channel sends it."""
    names: dict[str, Any] = {}
    (receiver,) = (one for one in blocks("python") if one.page.name == "digests.md")
    exec(compile(receiver.text, receiver.id, "exec"), names)
    believed = names["believed"]
    old, new = "whsec_aHVudGVyMg==", "whsec_bmV3IHNlY3JldA=="
    sent: list[tuple[bytes, dict[str, str]]] = []

    async def post(url: str, body: bytes, headers: dict[str, str]) -> Taken:
        sent.append((body, headers))
        return Taken(204, {}, b"")

    message = Renderer().render(digest(), NOW)
    delivery = Delivery(
        id="0" * 32,
        message_key=message.key,
        channel_id="hook",
        recipient="",
        created_at=NOW,
        next_attempt_at=NOW,
    )
    hook = WebhookChannel(id="hook", url=Secret("https://hooks.example.org/x"), secret=Secret(old))
    await Webhook(hook, post=post, now=lambda: datetime(2026, 11, 25, 12, 31, tzinfo=UTC)).send(
        message, delivery
    )
    ((body, headers),) = sent
    at = float(headers["webhook-timestamp"])

    assert believed(body, headers, [old], now=at)
    assert believed(body, headers, [new, old], now=at + 200)
    assert not believed(body, headers, [new], now=at)
    assert not believed(body + b" ", headers, [old], now=at)
    assert not believed(body, headers, [old], now=at + 301)
    assert not believed(body, headers, [old])
    assert not believed(body, {**headers, "webhook-id": "1" * 32}, [old], now=at)
    assert not believed(body, {}, [old], now=at)


@pytest.mark.parametrize("block", blocks("python"), ids=place)
def test_an_example_in_python_can_be_run(block: Block) -> None:
    """It is whole: its imports are there."""
    exec(compile(block.text, block.id, "exec"), {"__name__": "example"})


# -- links -----------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """What a heading is linked by: its letters in lower case, spaces as hyphens, signs dropped."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_within_the_repository_leads_somewhere(page: Path) -> None:
    """Files exist, and so do the headings they are linked to."""
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (heading and heading not in anchors(path)):
            lost.append(target)

    assert lost == []
