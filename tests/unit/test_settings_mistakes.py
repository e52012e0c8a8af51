"""The mistakes that people make, and the very words they read then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from alerts.errors import RuleError
from alerts.records import Term
from tidings.settings import ConfigError, load

SOURCES = """\
sources:
  - {id: example-times, feed: "https://example.org/rss.xml", tags: [india-press]}
"""
HEAD = """\
watchlist: technology
initiatives:
  - id: trust
    any:
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration folder, named as a user would name it."""
    monkeypatch.chdir(tmp_path)
    for name in ("config/watchlists", "config/sources"):
        (tmp_path / name).mkdir(parents=True)
    return Path("config")


def told(folder: Path, files: Mapping[str, str], environ: Mapping[str, str] | None = None) -> list[str]:
    """The lines a user reads for these files."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(folder, state_dir=Path("var"), environ=environ or {}, validate_term=_no_lonely_not)
    return str(caught.value).splitlines()


def _no_lonely_not(term: Term) -> None:
    at = term.text.find("NOT ")
    if at >= 0:
        raise RuleError("NOT stands alone", "say what must be there: A AND NOT B", offset=at)


WATCHLIST = "watchlists/technology.yaml"
MISTAKES = {
    "a tab": (
        WATCHLIST,
        HEAD + "\t- ferry\n",
        "config/watchlists/technology.yaml:5:1: error: a tab stands in the indentation; "
        "indent with spaces only, two a level",
    ),
    "a missing colon": (
        "tidings.yaml",
        "database: sqlite\npolling\n  every: 30m\n",
        "config/tidings.yaml:2:1: error: a colon is missing after 'polling'; write 'polling:'",
    ),
    "a typo in a key": (
        WATCHLIST,
        HEAD + "      - iCET\n    non:\n      - exam\n",
        "config/watchlists/technology.yaml:6:5: error: unknown key 'non'; did you mean 'none'?",
    ),
    "a duplicate key": (
        WATCHLIST,
        HEAD + "      - iCET\n    any:\n      - TRUST initiative\n",
        "config/watchlists/technology.yaml:6:5: error: duplicate key 'any', which stands already in line 4; "
        "join the two, or remove one",
    ),
    "no for false": (
        WATCHLIST,
        HEAD + "      - iCET\n    paused: no\n",
        "config/watchlists/technology.yaml:6:13: error: 'no' is neither true nor false; write false",
    ),
    "a wrong type": (
        "tidings.yaml",
        "polling:\n  every: 30\n",
        "config/tidings.yaml:2:10: error: '30' is no duration; "
        "write a number and s, m, h or d, such as 30s, 15m, 6h or 30d",
    ),
    "half a unit": (
        "tidings.yaml",
        "polling:\n  max_size: 50M\n",
        "config/tidings.yaml:2:13: error: '50M' is no size; write a number and kB, MB, KiB or MiB, such as 50MiB",
    ),
    "a bound that is no number": (
        "tidings.yaml",
        "polling: {pages_per_host: lots}\n",
        "config/tidings.yaml:1:27: error: 'lots' is no number of pages; "
        "write digits only, such as 200, or unlimited",
    ),
    "a limit out of bounds": (
        "tidings.yaml",
        "polling: {max_headers: 2MiB}\n",
        "config/tidings.yaml:1:24: error: '2MiB' is out of range; write a size from 8KiB to 1MiB",
    ),
    "a port that is none": (
        "tidings.yaml",
        "polling:\n  ports:\n    - 443\n    - 70000\n",
        "config/tidings.yaml:4:7: error: 70000 is out of range; write a number from 1 to 65535",
    ),
    "no port at all": (
        "tidings.yaml",
        "polling: {ports: []}\n",
        "config/tidings.yaml:1:18: error: no port is left to ask on; name some, such as [80, 443]",
    ),
    "a time to connect past the time in all": (
        "tidings.yaml",
        "polling:\n  timeout: 20s\n  connect_timeout: 21s\n",
        "config/tidings.yaml:3:20: error: connect_timeout is longer than timeout; make it shorter",
    ),
    "an address where a host is wanted": (
        "tidings.yaml",
        "polling:\n  bridges: [https://rsshub.example.org/]\n",
        "config/tidings.yaml:2:13: error: 'https://rsshub.example.org/' is no host; "
        "write its name alone, such as rsshub.example.org",
    ),
    "an unknown source tag": (
        WATCHLIST,
        HEAD + "      - iCET\n    sources: [india-pres]\n",
        "config/watchlists/technology.yaml:6:15: error: no source has the id or tag 'india-pres'; "
        "did you mean 'india-press'?",
    ),
    "an unknown channel": (
        WATCHLIST,
        HEAD + '      - iCET\ndigests:\n  - {id: morning, at: "07:30", to: [policy-desk]}\n',
        "config/watchlists/technology.yaml:7:37: error: there is no channel 'policy-desk'; "
        "there are these channels: outbox",
    ),
    "an impossible time zone": (
        WATCHLIST,
        HEAD + "      - iCET\ndigests:\n  - {id: morning, at: 07:30, to: outbox, zone: America/NewYork}\n",
        "config/watchlists/technology.yaml:7:48: error: 'America/NewYork' is no time zone; "
        "did you mean 'America/New_York'?",
    ),
    "a missing secret": (
        "tidings.yaml",
        'channels:\n  hook: {type: webhook, url: "https://hooks.example.org/${HOOK_TOKEN}"}\n  outbox: {type: file}\n',
        "config/tidings.yaml:2:30: error: the environment variable HOOK_TOKEN is not set; "
        "set HOOK_TOKEN before you start tidings",
    ),
    "a missing secret file": (
        "tidings.yaml",
        "channels:\n  chat: {type: apprise, url_file: chat-url}\n",
        "config/tidings.yaml:2:35: error: the file config/chat-url is missing; "
        "create it with the secret in it, and chmod 600",
    ),
    "an unquoted colon": (
        WATCHLIST,
        HEAD + "      - TRUST: next phase\n",
        "config/watchlists/technology.yaml:5:9: error: 'TRUST: next phase' is read as a key and its value; "
        "quote it: 'TRUST: next phase'",
    ),
    "a colon in a title": (
        WATCHLIST,
        "watchlist: technology\ntitle: U.S.: India\n",
        "config/watchlists/technology.yaml:2:8: error: a colon stands inside an unquoted text; "
        "quote it: title: 'U.S.: India'",
    ),
    "an unquoted expression": (
        WATCHLIST,
        HEAD + '      - "AI roadmap"~3   # close by\n',
        "config/watchlists/technology.yaml:5:9: error: something follows a text in quotes or brackets; "
        "quote it: - '\"AI roadmap\"~3'",
    ),
    "an unquoted sign": (
        WATCHLIST,
        HEAD + "      - *chip\n",
        "config/watchlists/technology.yaml:5:9: error: '*chip' stands for a text marked '&chip', and there is none; "
        "quote it: - '*chip'",
    ),
    "an empty item": (
        WATCHLIST,
        HEAD + '      - ""\n      - iCET\n',
        "config/watchlists/technology.yaml:5:9: error: this item is empty; "
        "write a word or phrase between the quotes, or remove the line",
    ),
    "a null": (
        WATCHLIST,
        HEAD + "      - null\n",
        "config/watchlists/technology.yaml:5:9: error: this item is empty; "
        "write a word or phrase, or remove the dash; quote it if it is meant: 'null'",
    ),
    "a key with nothing behind it": (
        WATCHLIST,
        HEAD + "      - iCET\n    none:\n    name: TRUST\n",
        "config/watchlists/technology.yaml:6:5: error: nothing stands here; "
        "write one item a line with '- ' before it, or [] for none",
    ),
    "two lines run together": (
        WATCHLIST,
        HEAD + "      - TRUST initiative\n        iCET\n",
        "config/watchlists/technology.yaml:5:9: error: two lines run together to one term; "
        "begin each term with '- ' in the same column, or quote the long one",
    ),
    "a dash without a space": (
        WATCHLIST,
        HEAD + "      -iCET\n      -TRUST\n",
        "config/watchlists/technology.yaml:5:7: error: a dash stands without a space after it; write '- iCET'",
    ),
    "a wrong date": (
        WATCHLIST,
        HEAD + "      - {term: iCET, until: 2025-02-30}\n",
        "config/watchlists/technology.yaml:5:29: error: the date 2025-02-30 does not exist; "
        "look at the month and the day",
    ),
    "a rule that cannot be read": (
        WATCHLIST,
        HEAD + "      - 'it''s NOT chips'\n",
        "config/watchlists/technology.yaml:5:16: error: NOT stands alone; say what must be there: A AND NOT B",
    ),
    "a password in the file": (
        "tidings.yaml",
        "channels:\n  m: {type: email, from: a@example.org, to: b@example.org,"
        " smtp: {host: h, user: u, password: hunter2}}\n",
        "config/tidings.yaml:2:95: error: the secret itself stands in the file; "
        'write "${NAME}" and set NAME in the environment, or use a …_file key',
    ),
    "metrics open to all": (
        "tidings.yaml",
        'web: {bind: "0.0.0.0:8787"}\n',
        "config/tidings.yaml:1:13: error: metrics would be open to others on 0.0.0.0; "
        'add token_file, or bind: "127.0.0.1:8787"',
    ),
    "a heartbeat without an address": (
        "tidings.yaml",
        "heartbeat: {every: 5m}\n",
        "config/tidings.yaml:1:12: error: the heartbeat has no address; add url or url_file",
    ),
    "a heartbeat that is no web address": (
        "tidings.yaml",
        "heartbeat: {url: hc-ping.example.org}\n",
        "config/tidings.yaml:1:18: error: the url is no web address; "
        "write it in full, such as https://hooks.example.org/tidings",
    ),
    "a heartbeat at a gallop": (
        "tidings.yaml",
        'heartbeat: {url: "https://beat.example.org/x", every: 1s}\n',
        "config/tidings.yaml:1:55: error: a heartbeat so often helps nobody; write 10s or more",
    ),
    "a queue without PostgreSQL": (
        "tidings.yaml",
        "queue: procrastinate\n",
        "config/tidings.yaml:1:8: error: queue: procrastinate needs PostgreSQL; "
        "set database: postgresql://…, or remove queue",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_its_remedy(mistake: str, folder: Path) -> None:
    """One mistake, one line: file, line, column, what is wrong, what to do."""
    name, text, line = MISTAKES[mistake]

    assert told(folder, {"sources.yaml": SOURCES, name: text}) == [line]


def test_all_errors_of_all_files_are_told_at_once(folder: Path) -> None:
    """A user corrects everything in one go, in the order of files and lines."""
    lines = told(
        folder,
        {
            "tidings.yaml": "polling: {every: often, floor: 15}\noperator: nobody\n",
            "sources.yaml": "sources:\n  - {id: a, feed: rss}\n  - {id: a, feed: 'https://example.org/'}\n",
            WATCHLIST: HEAD
            + "      - {term: x, case: smrt}\n      - NOT x\n    in: titel\n    any: y\n    colour: red\n",
            "watchlists/broken.yaml": "watchlist: 'open\n",
        },
    )

    assert [line.split(": error: ")[0] for line in lines] == [
        "config/sources.yaml:2:19",
        "config/sources.yaml:3:10",
        "config/tidings.yaml:1:18",
        "config/tidings.yaml:1:32",
        "config/tidings.yaml:2:11",
        "config/watchlists/broken.yaml:1:12",
        "config/watchlists/technology.yaml:5:25",
        "config/watchlists/technology.yaml:6:9",
        "config/watchlists/technology.yaml:7:9",
        "config/watchlists/technology.yaml:8:5",
        "config/watchlists/technology.yaml:9:5",
    ]


def test_a_broken_file_causes_no_errors_in_others(folder: Path) -> None:
    """Names that stand in an unreadable file are not called unknown elsewhere."""
    lines = told(
        folder,
        {
            "tidings.yaml": "channels: {desk: {type: file\n",
            "sources.yaml": "sources: 'open\n",
            WATCHLIST: HEAD + "      - x\n    sources: [times]\ndigests:\n  - {id: d, to: desk, every: 1h}\n",
        },
    )

    assert [line.split(":")[0] for line in lines] == ["config/sources.yaml", "config/tidings.yaml"]


def test_an_id_stands_once_over_the_folder(folder: Path) -> None:
    """The later of two equal ids is named, with the place of the first."""
    lines = told(
        folder,
        {
            "watchlists/a.yaml": "watchlist: w\ninitiatives: [{id: trust, any: x}]\n"
            "searches: [{id: chips, query: chip}]\n",
            "watchlists/b.yaml": "watchlist: w\ninitiatives: [{id: trust, any: x}]\n"
            "searches: [{id: chips, query: chip}]\n",
        },
    )

    assert lines == [
        "config/watchlists/b.yaml:1:12: error: the watchlist id 'w' stands already at config/watchlists/a.yaml:1:12; "
        "give one of them another id",
        "config/watchlists/b.yaml:2:20: error: the initiative id 'trust' stands already at "
        "config/watchlists/a.yaml:2:20; give one of them another id",
        "config/watchlists/b.yaml:3:17: error: the search id 'chips' stands already at "
        "config/watchlists/a.yaml:3:17; give one of them another id",
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("'NOT chip'", "4:12: error: NOT stands alone; say what must be there: A AND NOT B"),
        (
            "'chip OR since:30d'",
            "4:21: error: “since:30d” stands beside OR, and narrows the query as a whole; write it apart from the words",
        ),
        (
            "chip since:soon",
            "4:23: error: 'soon' names no time; write an age (since:90d) or a day (since:2026-03-01)",
        ),
        (
            "chip until:2026-02-30",
            "4:23: error: '2026-02-30' names no time; write an age (until:90d) or a day (until:2026-03-01)",
        ),
        ("chip initiative:trsut", "4:28: error: there is no initiative 'trsut'; did you mean 'trust'?"),
        (
            "",
            "4:5: error: this item is empty; write a word or phrase, or remove the dash; quote it if it is meant: 'null'",
        ),
    ],
)
def test_a_saved_search_that_cannot_be_asked_is_an_error_at_its_place(
    query: str, said: str, folder: Path
) -> None:
    """As a term is: the column is that of the word that is wrong."""
    text = (
        f"watchlist: w\ninitiatives: [{{id: trust, any: x}}]\nsearches:\n  - query: {query}\n    id: chips\n"
    )

    assert told(folder, {"watchlists/w.yaml": text}) == [f"config/watchlists/w.yaml:{said}"]


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_without_configuration_names_the_command_that_writes_one(
    made: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing or empty, the remedy is `tidings init`."""
    monkeypatch.chdir(tmp_path)
    if made:
        Path("config").mkdir()

    with pytest.raises(ConfigError, match="run 'tidings init config', or name another with --config"):
        load(Path("config"), state_dir=Path("var"), environ={})
