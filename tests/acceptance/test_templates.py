"""Templates of one's own by the command line: copied, edited, checked, looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from alerts import sample
from alerts.render import Renderer
from tests.acceptance.conftest import Done, configure, tidings
from tidings.cli import app
from tidings.cli.previewing import Previewed, _places

Place = Callable[..., Done]
MORNING = (
    "watchlist: chips\ntitle: Chips\ninitiatives:\n  - {id: chips, name: Chips act, any: [semiconductor plant]}\n"
    "  - {id: ores, name: Rare ores, any: [lithium mine]}\n"
    "digests:\n  - id: morning\n    to: [outbox, desk]\n    at: '07:30'\n    template: %s\n"
)
CHANNELS = (
    "channels:\n  outbox: {type: file, dir: outbox}\n"
    "  desk: {type: email, from: 'Tidings <tidings@example.org>', to: [a@example.org, b@example.org],\n"
    "    smtp: {host: 127.0.0.1, port: 1, tls: 'off'}}\n"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """`tidings` in this process, in an empty folder with configuration and state of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Done:
        env = {"TIDINGS_CONFIG": str(tmp_path / "config"), "TIDINGS_STATE": str(tmp_path / "state")}
        done = CliRunner().invoke(app, [*map(str, words)], env=env, catch_exceptions=False)
        return Done(done.exit_code, done.stdout, done.stderr)

    return run


def told(tmp_path: Path, template: str = "digest") -> Path:
    """A configuration with one digest of this template; returns the folder of templates."""
    configure(tmp_path / "config", tidings=CHANNELS, watchlists__chips=MORNING % template)
    return tmp_path / "config" / "templates"


def test_a_copy_is_edited_checked_and_shown(tmp_path: Path, place: Place) -> None:
    """The way of a template, from the bundled one to a digest of one's own."""
    folder = told(tmp_path)

    copied = place("templates", "copy", "--as", "brief")
    assert copied.code == 0
    assert copied.out.splitlines()[:2] == [str(folder / "brief.html.j2"), str(folder / "brief.txt.j2")]
    assert "write `template: brief` into a digest" in copied.out

    told(tmp_path, "brief")
    (folder / "brief.txt.j2").write_text("MINE {{ title }}\n{% for s in sections %}{{ s.nme }}{% endfor %}")
    wrong = place("check")
    assert wrong.code == 2
    assert wrong.err.splitlines() == [
        f"{folder}/brief.txt.j2:2:29: error: a section has no `nme`; did you mean `name`?"
    ]

    (folder / "brief.txt.j2").write_text(
        "MINE {{ title }}\n{% for s in sections %}{{ s.name }}\n{% endfor %}"
    )
    assert ", 2 templates tried, 0 warnings" in place("check").out
    shown = place("digest", "preview", "morning", "--sample")
    assert shown.code == 0
    assert "\nMINE morning\nChips act\nRare ores\n" in shown.out


def test_check_tells_programs_what_is_wrong_with_templates(tmp_path: Path, place: Place) -> None:
    """In the shape of all its errors and warnings."""
    folder = told(tmp_path, "brif")
    place("templates", "copy", "--as", "brief")
    (folder / "brief.html.j2").write_text("<script></script>{{ storys }}")

    done = place("check", "--json")

    (row,) = done.rows()
    assert done.code == 2
    assert row["ok"] is False
    assert row["errors"] == [
        {
            "file": str(tmp_path / "config/watchlists/chips.yaml"),
            "line": 10,
            "column": 15,
            "problem": "there is no template 'brif'",
            "remedy": "did you mean 'brief'? `tidings templates copy digest --as brif` makes one",
        },
        {
            "file": str(folder / "brief.html.j2"),
            "line": 1,
            "column": 21,
            "problem": "`storys` is not defined here",
            "remedy": "did you mean `stories`? each of `sections` has it: write "
            "`{% for section in sections %}`, then `section.stories`",
        },
    ]
    assert [(one["file"], one["problem"]) for one in row["warnings"]] == [
        (str(folder / "brief.html.j2"), "mail programs drop scripts")
    ]


def test_a_template_without_end_does_not_hold_check(tmp_path: Path, place: Place) -> None:
    """It is ended after its five seconds of computing."""
    folder = told(tmp_path)
    folder.mkdir()
    loops = "".join(f"{{% for {name} in range(1000) %}}" for name in "abcd") + "{% endfor %}" * 4
    (folder / "digest.txt.j2").write_text(loops)

    done = place("check")

    assert done.code == 2
    assert done.err.splitlines() == [
        f"{folder}/digest.txt.j2:1:1: error: it takes longer than 5 seconds; make its loops smaller"
    ]


def test_a_template_that_fails_does_not_hide_the_news(tmp_path: Path, place: Place) -> None:
    """A preview of the archive falls back to the bundled one and says so; with made-up news it is the fault that is
    told."""
    folder = told(tmp_path)
    folder.mkdir()
    (folder / "digest.txt.j2").write_text(
        "{% macro twice(x, n) %}{% if n %}{{ twice(x ~ x, n - 1) }}{% endif %}{% endmacro %}{{ twice(title, 60) }}"
    )
    fault = f"{folder}/digest.txt.j2: it needs more than 256 MiB of memory; make its loops and texts smaller"

    sampled = place("digest", "preview", "morning", "--sample")
    shown = place("digest", "preview", "morning")

    assert (sampled.code, sampled.err) == (1, f"{fault}\n")
    assert shown.code == 0
    assert shown.err == f"your template failed, this is the bundled one: {fault}\n"
    assert "No new stories." in shown.out
    assert "Your template failed, this is the bundled one" in " ".join(shown.out.split())


def test_a_digest_may_not_use_the_templates_of_alerts(tmp_path: Path, place: Place) -> None:
    """They know nothing of its fields."""
    told(tmp_path, "alert")

    done = place("check")

    assert done.code == 2
    assert "chips.yaml:10:15: error: the template 'alert' is for alerts" in done.err


def test_the_list_says_whose_templates_are_used_and_what_has_changed(tmp_path: Path, place: Place) -> None:
    """As copied, edited, older than the bundled one, one's own."""
    folder = told(tmp_path, "brief")
    place("templates", "copy", "--as", "brief")
    place("templates", "copy", "style")
    (folder / "brief.txt.j2").write_text((folder / "brief.txt.j2").read_text() + "\nmine")
    style = (folder / "style.css.j2").read_text()
    (folder / "style.css.j2").write_text(re.sub(r"print \w{12}", "print 0123456789ab", style))
    (folder / "own.html.j2").write_text("x")

    rows = {row["name"]: row for row in place("templates", "list", "--json").rows()}
    lines = place("templates", "list").out.splitlines()

    assert rows["brief.html.j2"] == {
        "name": "brief.html.j2",
        "file": str(folder / "brief.html.j2"),
        "used_by": ["morning"],
        "copy_of": "digest.html.j2",
        "edited": False,
        "older": False,
    }
    assert rows["brief.txt.j2"]["edited"]
    assert rows["style.css.j2"]["older"]
    assert rows["style.css.j2"]["used_by"] == ["frame.html.j2"]
    assert rows["own.html.j2"]["copy_of"] is None
    assert rows["digest.html.j2"]["file"] is None
    assert "brief.html.j2" in rows["frame.html.j2"]["used_by"]
    state = {line.split()[0]: line for line in lines[1:]}
    assert state["brief.html.j2"].endswith("  as copied")
    assert state["brief.txt.j2"].endswith("  edited")
    assert state["style.css.j2"].endswith("  edited; older than the bundled one")
    assert state["own.html.j2"].endswith("  your own")
    assert "bundled" in state["digest.html.j2"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("copy", "digst"), 2, "there is no bundled template 'digst'; did you mean 'digest'?"),
        (("copy", "alert", "--as", "mine"), 2, "--as is for copies of digest"),
        (("copy", "--as", "../x"), 2, "is no name of a template"),
        (("copy", "--as", "alert"), 2, "the name of another bundled template"),
        (("copy",), 1, "digest.html.j2 is there already, and nothing was written"),
    ],
)
def test_a_copy_that_cannot_be_is_refused(
    tmp_path: Path, place: Place, words: tuple[str, ...], code: int, says: str
) -> None:
    """And what is there stays as it is."""
    folder = told(tmp_path)
    folder.mkdir()
    (folder / "digest.html.j2").write_text("mine {{ title }}")

    done = place("templates", *words)

    assert done.code == code
    assert says in done.err
    assert [path.name for path in folder.iterdir()] == ["digest.html.j2"]
    assert (folder / "digest.html.j2").read_text() == "mine {{ title }}"


def test_a_copy_overwrites_when_told_to(tmp_path: Path, place: Place) -> None:
    """`--force`; a link that stands there is replaced, not followed."""
    folder = told(tmp_path)
    folder.mkdir()
    (tmp_path / "outside").write_text("kept")
    (folder / "digest.html.j2").symlink_to(tmp_path / "outside")

    done = place("templates", "copy", "--force")

    assert done.code == 0
    assert (tmp_path / "outside").read_text() == "kept"
    assert "Copied from digest.html.j2" in (folder / "digest.html.j2").read_text()
    assert place("check").code == 0


# -- preview ---------------------------------------------------------------------------------------


def test_a_preview_with_made_up_news_needs_no_database(tmp_path: Path, place: Place) -> None:
    """Subject, headers of the mails, channels, text; nothing is written into the state."""
    told(tmp_path)

    done = place("digest", "preview", "morning", "--sample", "--at", "2026-11-25T06:00+00:00")

    head, _, text = done.out.partition("\n\n")
    assert done.code == 0
    assert head.splitlines()[0].startswith("Subject: Chips: 6 stories")
    assert "From: Tidings <tidings@example.org>" in head
    assert "To: a@example.org (and 1 more, each a mail of their own)" in head
    assert "List-Id: <digest-morning.tidings.example.org>" in head
    assert "Channels: outbox, desk" in head
    assert re.search(r"HTML: [\d,]+ bytes, \d+ pictures?", head)
    assert "This is a sample: every story, outlet and number in it is made up." in " ".join(text.split())
    assert "Wed 25 Nov 2026, 07:30 UTC" in text
    assert not (tmp_path / "state").exists()


def test_a_preview_is_written_as_a_page_that_stands_alone(tmp_path: Path, place: Place) -> None:
    """With its pictures in it."""
    told(tmp_path)

    done = place("digest", "preview", "morning", "--sample", "--html", "out.html")

    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert (done.code, done.out) == (0, "out.html\n")
    assert "data:image/png;base64," in html
    assert "cid:" not in html.replace("img-src cid:", "")


@pytest.mark.parametrize(("browser", "code"), [("/bin/true", 0), ("/bin/false %s", 1)])
def test_a_preview_is_opened_in_the_browser(tmp_path: Path, browser: str, code: int) -> None:
    """Its path is printed, too; where there is no browser a sentence says so."""
    told(tmp_path)

    env = {
        "BROWSER": browser,
        "TIDINGS_CONFIG": str(tmp_path / "config"),
        "TMPDIR": str(tmp_path),
        "PATH": "/nowhere",
    }
    done = tidings("digest", "preview", "morning", "--sample", "--open", env=env)

    path = Path(done.out.strip())
    assert done.code == code
    assert path.is_relative_to(tmp_path)
    assert "Chips act" in path.read_text(encoding="utf-8")
    assert ("no browser could be opened here" in done.err) == bool(code)


def test_a_preview_for_programs(tmp_path: Path, place: Place) -> None:
    """`--json` is the document that hooks get."""
    told(tmp_path)

    done = place("digest", "preview", "morning", "--sample", "--json")

    row: dict[str, Any] = json.loads(done.out)
    assert row["type"] == "tidings.digest.v1"
    assert row["data"]["digest"] == "morning"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("mornin",), 2, "there is no digest 'mornin'; did you mean 'morning'?"),
        (("morning", "--at", "soon"), 2, "'soon' is no time"),
        (("morning", "--sample", "--text", "--json"), 2, "choose one"),
        (("morning", "--sample", "--html", "/nowhere/out.html"), 1, "cannot be written"),
    ],
)
def test_a_preview_that_cannot_be_says_why(
    tmp_path: Path, place: Place, words: tuple[str, ...], code: int, says: str
) -> None:
    """In one line."""
    told(tmp_path)

    done = place("digest", "preview", *words)

    assert done.code == code
    assert says in done.err
    assert done.err.count("\n") == 1


def test_readers_who_are_told_other_things_are_previewed_each(tmp_path: Path) -> None:
    """A page for each, named after the first of their channels."""
    message = Renderer().render(sample.digest(), sample.NOW)
    several = (Previewed(message, ("outbox",)), Previewed(message, ("desk", "chat")))

    assert _places(several, Path("a/out.html")) == [Path("a/out.html"), Path("a/out-desk.html")]
