"""The mistakes that people make in templates: each is found at its place, and the line says what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.pages import BUNDLED
from alerts.template_check import check
from alerts.template_files import copy

LOOP = "{% for section in sections %}{% for story in section.stories %}\n"
END = "{% endfor %}{% endfor %}"


def written(
    folder: Path, html: str = "<p>{{ title }}</p>", text: str = "{{ title }}\n", name: str = "digest"
) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.html.j2").write_text(html, encoding="utf-8")
    (folder / f"{name}.txt.j2").write_text(text, encoding="utf-8")
    return folder


MISTAKES = [
    # names
    ("{{ titel }}", "1:4", "`titel` is not defined here", "did you mean `title`?"),
    (
        "a\n{{ storys }}",
        "2:4",
        "`storys` is not defined here",
        "did you mean `stories`? each of `sections` has it",
    ),
    (
        "{% for s in stories %}{% endfor %}",
        "1:13",
        "`stories` is not defined here",
        "each of `sections` has it",
    ),
    (
        "{% if section.late %}x{% endif %}",
        "1:7",
        "`section` is not defined here",
        "{% for section in sections %}",
    ),
    (LOOP + "{{ story.titel }}" + END, "2:10", "a story has no `titel`", "did you mean `title`?"),
    (LOOP + "{{ story.url }}" + END, "2:10", "a story has no `url`", "did you mean `href`?"),
    (LOOP + "{{ story['link'] }}" + END, "2:11", "a story has no `link`", "did you mean `href`?"),
    (LOOP + "{{ href }}" + END, "2:4", "`href` is not defined here", "did you mean `story.href`?"),
    (LOOP + "{{ loop.indx }}" + END, "2:9", "`loop` has no `indx`", "did you mean `index`?"),
    (
        LOOP + "{% for p in story.snippet %}{{ p.txt }}{% endfor %}" + END,
        "2:34",
        "a part has no `txt`",
        "`text`",
    ),
    (
        "{% for s in sections %}{{ s.stories | map(attribute='titel') | join }}{% endfor %}",
        "1:54",
        "`titel`",
        "`title`",
    ),
    (
        "{% for s in sections | sort(attribute='nme') %}{% endfor %}",
        "1:40",
        "a section has no `nme`",
        "`name`",
    ),
    (
        "{% if false %}{{ nothing.here }}{% endif %}",
        "1:18",
        "`nothing` is not defined here",
        "there are `title`",
    ),
    ("{% set n = namespace(x=1) %}", "1:12", "`namespace` is not defined here", "there are"),
    (
        "{% macro m(one) %}{{ one.nme }}{% endmacro %}\n{{ m(sections[0]) }}",
        "1:26",
        "a section has no `nme`",
        "`name`",
    ),
    (
        "{% macro m(a, b) %}{% endmacro %}\n{{ m(1) }}",
        "2:4",
        "`m` is called without its `b`",
        "give it: (a, b)",
    ),
    ("{% macro m() %}{% endmacro %}\n{{ m }}", "2:4", "`m` is a macro", "call it"),
    # lists, things, texts
    ("{{ sections }}", "1:4", "`sections` is a list", "loop over it"),
    ("{{ coverage }}", "1:4", "`coverage` is the coverage, not a text", "`line`"),
    ("{{ sections.name }}", "1:13", "`sections` is a list and has no `name`", "sections[0].name"),
    ("{% for note in notes %}{{ note.text }}{% endfor %}", "1:32", "a text has no `text`", "leave it out"),
    ("{{ subject() }}", "1:4", "`subject` cannot be called", "leave out the brackets"),
    # filters and tests
    ("{{ title | uper }}", "1:12", "there is no filter `uper`", "did you mean `upper`?"),
    ("{{ title | safe }}", "1:12", "there is no filter `safe`", "leave it out"),
    ("{% if title is definde %}{% endif %}", "1:16", "there is no test `definde`", "did you mean `defined`?"),
    # what is forbidden
    ("{{ ''.__class__.__mro__ }}", "1:7", "`__class__` may not be used", "docs/templates.md"),
    ("{{ title.__init__.__globals__ }}", "1:10", "`__init__` may not be used", "docs/templates.md"),
    ("{{ cycler.__init__.__globals__ }}", "1:4", "`cycler` is not defined here", "there are"),
    ("{{ title.format(1) }}", "1:10", "`format` is switched off", "wrap"),
    ("{{ notes.append('x') }}", "1:10", "`append` would change", "loop"),
    (
        "{% autoescape false %}{{ title }}{% endautoescape %}",
        "1:4",
        "escaping cannot be switched off",
        "strangers",
    ),
    ("{% include 'digest.txt.j2' %}", "1:13", "is for plain text", "HTML template"),
    # syntax
    ("{% for s in sections %}", "1:1", "a `{% for %}` is still open", "write `{% endfor %}`"),
    (
        "{% for s in sections %}x{% endif %}",
        "1:28",
        "`{% endif %}` stands where a `{% for %}`",
        "`{% endfor %}` before",
    ),
    ("{% fro s in sections %}{% endfor %}", "1:4", "there is no tag `fro`", "did you mean `for`?"),
    ("x{% endif %}", "1:5", "nothing that `{% endif %}` belongs to", "leave it out"),
    ("{{ title", "1:1", "`}}` is missing", "write `}}`"),
    ("{{ }}", "1:1", "an expression is missing", "write"),
    ("{% if title = 'x' %}{% endif %}", "1:13", "`=` is not expected here", "`==`"),
    ("{{ 'a }}", "1:1", "a quote is never closed", "close it"),
    ("{{ title; }}", "1:1", "`;`", "sign"),
    # other templates
    ("{% include 'parts.html.j2' %}", "1:13", "there is no such template as 'parts.html.j2'", "add the file"),
    (
        "{% extends 'frame.html.j2' %}{% block content %}{{ sectons }}{% endblock %}",
        "1:52",
        "`sectons`",
        "`sections`",
    ),
    # what only shows when it runs
    ("x\n{{ 1 / 0 }}", "2:1", "division by zero", "correct the template"),
    ("{{ 'a' * 1000000000 }}", "1:1", "whole numbers only", "correct the template"),
    ("{% for x in range(10 * 10000) %}{% endfor %}", "1:1", "1,000 numbers", "correct the template"),
    ("{# nothing #}", "1:1", "it writes nothing", "something"),
]


@pytest.mark.parametrize(("html", "where", "problem", "remedy"), MISTAKES, ids=[one[0] for one in MISTAKES])
def test_a_mistake_is_found_at_its_place(
    tmp_path: Path, html: str, where: str, problem: str, remedy: str
) -> None:
    """File, line, column, what is wrong, and what to do."""
    folder = written(tmp_path / "templates", html)

    found = check(folder).errors

    assert [f"{one.line}:{one.column}" for one in found] == [where], found
    assert found[0].file == str(folder / "digest.html.j2")
    assert problem in found[0].problem
    assert remedy in found[0].remedy


FINE = [
    "{% if story is defined %}{{ story }}{% endif %}{{ later | default('') }}{{ title }}",
    "{% for s in sections %}{% for src, them in s.stories | groupby('source') %}{{ src }}{% for o in them %}{{ o.title }}{% endfor %}{% endfor %}{% endfor %}x",
    "{% for s in sections %}{{ loop.index }}{{ loop.cycle('a', 'b') }}{{ s.name[:3] | upper }}{% else %}none{% endfor %}",
    "{% macro m(one, word='x') %}{{ word }}{{ one.title }}{{ caller() if caller is defined }}{% endmacro %}x{% for s in sections %}{% for t in s.stories %}{{ m(t) }}{% endfor %}{% for t in s.again %}{{ m(t, word='y') }}{% endfor %}{% endfor %}",
    "{% set n = 0 %}{% set words %}{{ title }}{% endset %}{{ words | length + n }}",
    "{% extends 'frame.html.j2' %}{% block content %}{% for s in sections %}{{ s.name }}{% endfor %}{% endblock %}",
    "{% with a = coverage %}{{ a.line }}{% endwith %}{% filter upper %}{{ title }}{% endfilter %}",
    "{% for s in sections if s.stories | selectattr('late') | list %}{{ s.stories[0].title.lower() }}{% endfor %}x",
    "{{ 'x' if notes }}{{ notes | join(', ') }}{{ sections | map(attribute='name') | join }}x",
    "{% raw %}{{ any }}{% endraw %}{# {{ any }} #}",
]


@pytest.mark.parametrize("html", FINE)
def test_what_is_right_is_let_through(tmp_path: Path, html: str) -> None:
    """Guards, macros, groups, blocks: nothing is complained of that works."""
    found = check(written(tmp_path / "templates", html))

    assert found.errors == ()
    assert found.warnings == ()
    assert found.templates == 2


def test_copies_of_what_is_bundled_are_right(tmp_path: Path) -> None:
    """All of it, and the frame under the templates of alerts as well."""
    for name in ("digest", "alert", "entries", "frame", "style"):
        copy(name, tmp_path)

    found = check(tmp_path)

    assert found.errors == ()
    assert found.warnings == ()
    assert found.templates == 7


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """In both parts of all templates, in the order of the files."""
    folder = written(tmp_path / "templates", "{{ a }}{{ b }}", "{{ c }}", name="brief")
    written(folder, text="{{ d }}")

    found = check(folder, {"brief"}).errors

    assert [Path(one.file).name + " " + one.problem[:3] for one in found] == [
        "brief.html.j2 `a`",
        "brief.html.j2 `b`",
        "brief.txt.j2 `c`",
        "digest.txt.j2 `d`",
    ]


def test_a_part_is_tried_where_it_is_taken_in(tmp_path: Path) -> None:
    """What it is given there is known: no name of its caller is complained of, and a wrong one is."""
    folder = written(
        tmp_path / "templates",
        "{% for s in sections %}{% for story in s.stories %}{% include '_story.html.j2' %}{% endfor %}{% endfor %}x",
    )
    (folder / "_story.html.j2").write_text("{{ story.title }}{{ s.name }}")
    assert check(folder).errors == ()

    (folder / "_story.html.j2").write_text("{{ story.title }}\n{{ story.nam }}")
    (found,) = check(folder).errors
    assert (Path(found.file).name, found.line, found.column) == ("_story.html.j2", 2, 10)
    assert "a story has no `nam`" in found.problem


def test_macros_of_another_template_are_followed(tmp_path: Path) -> None:
    """`from … import`: a name that it has not, and a field that its macro uses wrongly."""
    folder = written(
        tmp_path / "templates",
        "{% from 'parts.html.j2' import entry, entri %}{% for s in sections %}{{ entry(s) }}{% endfor %}x",
    )
    (folder / "parts.html.j2").write_text("{% macro entry(one) %}{{ one.nme }}{% endmacro %}")

    found = {one.problem: one for one in check(folder).errors}

    assert found["that template has no `entri`"].remedy == "did you mean `entry`?"
    assert Path(found["a section has no `nme`"].file).name == "parts.html.j2"


def test_a_mail_needs_both_parts(tmp_path: Path) -> None:
    """A template of one's own with HTML only."""
    folder = written(tmp_path / "templates", name="brief")
    (folder / "brief.txt.j2").unlink()

    (found,) = check(folder, {"brief"}).errors

    assert Path(found.file).name == "brief.html.j2"
    assert "there is no brief.txt.j2 beside it" in found.problem


def test_one_part_of_a_bundled_template_may_be_replaced_alone(tmp_path: Path) -> None:
    """The other stays the bundled one."""
    (tmp_path / "digest.txt.j2").write_text("{{ title }}")

    assert check(tmp_path).errors == ()


@pytest.mark.parametrize(
    ("name", "html", "problem"),
    [
        ("digest.html.j2", "<script>alert(1)</script>x", "mail programs drop scripts"),
        ("digest.html.j2", "<p onclick='x'>x</p>", "handlers"),
        ("digest.html.j2", "<img src='https://a.example/x.png'>x", "loaded from elsewhere"),
        (
            "digest.html.j2",
            "<style>p { background: url(//a.example/x.png) }</style>x",
            "loaded from elsewhere",
        ),
        ("digest.html", "x", "it is never read"),
        ("brief.jinja", "x", "it is never read"),
        ("part.j2", "x", "no template takes it in"),
    ],
)
def test_what_works_and_is_no_good_is_warned_of(tmp_path: Path, name: str, html: str, problem: str) -> None:
    """What mail programs drop or block, and files that nobody reads."""
    (tmp_path / "style.css.j2").write_text((BUNDLED / "style.css.j2").read_text(encoding="utf-8"))
    (tmp_path / name).write_text(html)

    found = check(tmp_path)

    assert found.errors == ()
    assert [(Path(one.file).name, problem in one.problem) for one in found.warnings] == [(name, True)]


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    """Not a traceback."""
    folder = written(tmp_path / "templates")
    (folder / "digest.txt.j2").write_bytes(b"\xff\xfe{\x00")

    (found,) = check(folder).errors

    assert found.problem == "it is not written in UTF-8"


def test_a_link_that_leads_out_is_an_error(tmp_path: Path) -> None:
    """Whatever is there."""
    folder = written(tmp_path / "templates")
    (tmp_path / "outside").write_text("hidden words")
    (folder / "digest.txt.j2").unlink()
    (folder / "digest.txt.j2").symlink_to(tmp_path / "outside")

    (found,) = check(folder).errors

    assert Path(found.file).name == "digest.txt.j2"
    assert "leads out of this folder" in found.problem


def test_no_folder_is_no_mistake(tmp_path: Path) -> None:
    """Most have none."""
    found = check(tmp_path / "templates")

    assert (found.errors, found.warnings, found.templates) == ((), (), 0)
