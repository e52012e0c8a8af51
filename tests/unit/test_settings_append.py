"""`sources add` and `sources import` write what reads back, and leave every line as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.settings import ConfigError, load
from tidings.settings.append import ImportRow, NewSource, append_source, slug, unique_id, write_import

NEW = NewSource(id="new", feed="https://example.org/new.xml", name="News: all of it", tags=("press", "no"))


@pytest.mark.parametrize(
    "before",
    [
        "sources:\n  - {id: a, feed: 'https://a.example/'}\n",
        "sources:\n- id: a   # ours\n  feed: 'https://a.example/'   \n\n# the end",
        "# mine\r\nsources:\r\n    -   id: a\r\n        feed: 'https://a.example/'\r\n",
        "\ufeffsources:\n  - id: a\n    feed: https://a.example/\n    name: |\n      A\n",
        "sources:\n",
        "sources:\n  # - id: none yet\n",
        "# nothing\n",
        "",
    ],
)
def test_a_source_is_added_behind_what_is_there(before: str, tmp_path: Path) -> None:
    """The old text stays byte for byte at the front; the new source reads back."""
    path = tmp_path / "sources.yaml"
    path.write_bytes(before.encode())
    (tmp_path / "tidings.yaml").write_text("{}")

    append_source(path, NEW)

    assert path.read_bytes().startswith(before.encode())
    added = load(tmp_path, state_dir=tmp_path, environ={}).sources[-1]
    assert (added.id, added.url, added.name, added.tags) == (NEW.id, NEW.feed, NEW.name, NEW.tags)
    assert ("\r\n" in before) == (b"\r\n" in path.read_bytes())


def test_a_first_source_makes_the_file(tmp_path: Path) -> None:
    """With the line that names its schema."""
    append_source(tmp_path / "sources.yaml", NEW)

    assert (tmp_path / "sources.yaml").read_text() == (
        "# yaml-language-server: $schema=schema/sources.json\n"
        "sources:\n"
        "  - id: new\n"
        '    feed: "https://example.org/new.xml"\n'
        '    name: "News: all of it"\n'
        '    tags: [press, "no"]\n'
    )


@pytest.mark.parametrize(
    "before",
    [
        "sources: [{id: a, feed: 'https://a.example/'}]\n",
        "sources: {id: a, feed: 'https://a.example/'}\n",
        "sources: []\n",
        "sources:\n  - {id: new, feed: 'https://a.example/'}\n",
        "sources:\n  - {id: a\n",
    ],
)
def test_a_file_that_cannot_be_added_to_stays_as_it_is(before: str, tmp_path: Path) -> None:
    """An error with a place, and not a byte changed."""
    path = tmp_path / "sources.yaml"
    path.write_text(before)

    with pytest.raises(ConfigError, match=r"sources\.yaml:\d+:\d+: error: "):
        append_source(path, NEW)

    assert path.read_text() == before
    assert [one.name for one in tmp_path.iterdir()] == ["sources.yaml"]


def test_an_added_source_keeps_the_mode_and_the_link_of_the_file(tmp_path: Path) -> None:
    """A file behind a link, or one that only its owner reads, stays so."""
    real = tmp_path / "real.yaml"
    real.write_text("sources:\n")
    real.chmod(0o600)
    link = tmp_path / "sources.yaml"
    link.symlink_to(real)

    append_source(link, NEW)

    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert "id: new" in real.read_text()


def test_an_import_is_a_new_file_with_ids_of_its_own(tmp_path: Path) -> None:
    """Ids come from titles or hosts, tags from folders; what is known or no address is left out and said."""
    (tmp_path / "tidings.yaml").write_text("{}")
    path = tmp_path / "sources" / "reader.yaml"
    rows = [
        ImportRow(
            "The Hindu: Économie",
            "https://hindu.example/rss",
            "https://hindu.example/",
            ("India", "Press & TV"),
        ),
        ImportRow("The Hindu – Economie", "https://hindu.example/2", None, ()),
        ImportRow("", "https://www.blog.example/feed", "javascript:alert(1)\n- x", ("all",)),
        ImportRow("दैनिक", "https://hi.example/feed", None, ()),
        ImportRow("Old", "https://old.example/feed", None, ()),
        ImportRow("Twice", "https://hi.example/feed", None, ()),
        ImportRow("Bad", "feed:nonsense", None, ()),
    ]

    done = write_import(path, rows, taken={"the-hindu-economie"}, known={"https://old.example/feed"})

    loaded = load(tmp_path, state_dir=tmp_path, environ={}).sources
    assert [(one.id, one.name, one.tags) for one in loaded] == [
        ("the-hindu-economie-2", "The Hindu: Économie", ("india", "press-tv")),
        ("the-hindu-economie-3", "The Hindu – Economie", ()),
        ("blog-example", None, ()),
        ("दैनिक", "दैनिक", ()),
    ]
    assert [one.id for one in done.sources] == [one.id for one in loaded]
    assert [feed for feed, _ in done.skipped] == [
        "https://old.example/feed",
        "https://hi.example/feed",
        "feed:nonsense",
    ]
    assert "# https://hindu.example/\n" in path.read_text(encoding="utf-8")


def test_an_import_overwrites_nothing(tmp_path: Path) -> None:
    """A file of this name is an error."""
    (tmp_path / "x.yaml").write_text("mine")

    with pytest.raises(ConfigError, match="the file is there already"):
        write_import(
            tmp_path / "x.yaml", [ImportRow("A", "https://a.example/", None, ())], taken=(), known=()
        )

    assert (tmp_path / "x.yaml").read_text() == "mine"


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=100), st.lists(st.text(max_size=20), max_size=3))
def test_any_title_and_folder_can_be_imported(
    tmp_path_factory: pytest.TempPathFactory, title: str, folders: list[str]
) -> None:
    """OPML comes from anywhere; whatever it holds reads back as a source."""
    folder = tmp_path_factory.mktemp("import")
    (folder / "tidings.yaml").write_text("{}")
    row = ImportRow(title, "https://a.example/feed", title, tuple(folders))

    done = write_import(folder / "sources" / "x.yaml", [row], taken=(), known=())

    (source,) = load(folder, state_dir=folder, environ={}).sources
    assert (source.id, source.tags) == (done.sources[0].id, done.sources[0].tags)


def test_ids_are_short_and_free() -> None:
    """No id twice, none too long, none of a word that means something else."""
    assert unique_id("Example", "https://x.example/", {"example", "example-2"}) == "example-3"
    assert unique_id("all", "https://x.example/", ()) == "source-all"
    assert unique_id("?!", "https://feeds.example.org/x", ()) == "example-org"
    assert len(unique_id("long " * 50, "https://x.example/", ())) <= 60
    assert slug("Zürich – Tages Anzeiger") == "zurich-tages-anzeiger"
