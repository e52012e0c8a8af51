"""A user's template runs in a process of its own: what never ends, or eats memory, costs its own page and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil
import pytest

from alerts import sample
from alerts.alert_document import alert_document
from alerts.errors import TemplateFault
from alerts.pages import Pages
from alerts.render import Renderer
from alerts.sandbox import Environment, Isolated

SECOND = 1.0
THOUSANDS = "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}{% endfor %}{% endfor %}{% endfor %}"
DOUBLE = "{% macro twice(x, n) %}{% if n %}{{ twice(x ~ x, n - 1) }}{% endif %}{% endmacro %}{{ twice(title, 60) }}"
SQUARE = "{% macro square(x, n) %}{% if n %}{{ square(x * x, n - 1) }}{% endif %}{% endmacro %}{{ square(99, 60) }}"


def folder(tmp_path: Path, **templates: str) -> Path:
    for name, text in templates.items():
        (tmp_path / f"{name}.html.j2").write_text(text)
    return tmp_path


def children() -> list[psutil.Process]:
    """Those that run templates; other tests of this process may have children too."""
    return [one for one in psutil.Process().children() if "alerts.sandbox.child" in one.cmdline()]


@pytest.mark.parametrize(
    ("template", "says"),
    [
        (THOUSANDS, "longer than 1 seconds"),
        (SQUARE, "longer than 1 seconds"),
        (DOUBLE, "more than 256 MiB"),
        ("{{ [1] | batch(1000000000, 'x') | list | length }}", "more than 256 MiB"),
        (
            "{{ range(1000) | join(range(1000) | join(range(1000) | join('x'))) | length }}",
            "more than 256 MiB",
        ),
        ("{% macro deeper() %}{{ deeper() }}{% endmacro %}{{ deeper() }}", "recursion"),
        (THOUSANDS.replace("%}{% end", "%}{{ title }}{% end", 1), "more than 8,000,000 characters"),
        ("{{ 'a' * 10 ** 9 }}", "whole numbers only"),
        ("{{ range(10 * 100000000) }}", "at most 1,000 numbers"),
    ],
)
def test_what_has_no_end_is_ended(tmp_path: Path, template: str, says: str) -> None:
    """In time or in memory; the fault names the file, the child is gone, and the next template is written."""
    folder(tmp_path, endless=template, fine="{{ title }}")
    begun = time.monotonic()

    with Isolated([tmp_path], seconds=SECOND) as templates:
        with pytest.raises(TemplateFault, match=says) as fault:
            templates.text_of("endless.html.j2", {"title": "some words " * 50})
        written = templates.text_of("fine.html.j2", {"title": "<b>"})

    assert fault.value.file == str(tmp_path / "endless.html.j2")
    assert written == "&lt;b&gt;"
    assert time.monotonic() - begun < 15
    assert children() == []


def test_a_child_knows_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords may stand there."""
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    folder(tmp_path, fine="{{ title }}")

    with Isolated([tmp_path]) as templates:
        templates.text_of("fine.html.j2", {"title": "x"})
        (child,) = children()
        environment = child.environ()
        assert child.num_fds() <= 8

    assert "hunter2" not in str(environment)
    assert not environment.keys() & (
        os.environ.keys() - {"PYTHONPATH", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE", "LC_CTYPE"}
    )


def test_a_child_that_is_killed_is_replaced(tmp_path: Path) -> None:
    """The page that it was at is lost, and the next one is written."""
    folder(tmp_path, fine="{{ title }}")

    with Isolated([tmp_path]) as templates:
        assert templates.text_of("fine.html.j2", {"title": "x"}) == "x"
        children()[0].kill()
        with pytest.raises(TemplateFault):
            templates.text_of("fine.html.j2", {"title": "x"})
        assert templates.text_of("fine.html.j2", {"title": "y"}) == "y"


def test_a_child_writes_what_the_house_would_write(tmp_path: Path) -> None:
    """The same text, whatever signs are in it."""
    text = "é “x” \u202e 😀 <&> " + "\u2028"
    folder(tmp_path, fine="{% for one in many %}{{ loop.index }} {{ one }}\n{% endfor %}")
    data = {"many": [text] * 3}

    with Isolated([tmp_path]) as templates:
        assert templates.text_of("fine.html.j2", data) == Environment([tmp_path]).text_of(
            "fine.html.j2", data
        )


def test_the_bundled_templates_need_no_child(tmp_path: Path) -> None:
    """Not even when there is a folder for one's own."""
    (tmp_path / "README.md").write_text("nothing yet")
    renderer = Renderer(tmp_path)

    with renderer.pages.opened() as writer:
        written = writer.text("alert.txt.j2", alert_document(sample.alert(), sample.NOW))
        assert children() == []

    assert "Publish the building plan" in written


def test_one_child_writes_all_parts_of_a_message(tmp_path: Path) -> None:
    """And it is gone when the message is there."""
    (tmp_path / "digest.txt.j2").write_text("Mine: {{ title }}")

    message = Renderer(tmp_path).render(sample.digest(), sample.NOW)

    assert message.text == "Mine: Sample digest\n"
    assert "Harbour tunnel" in message.html
    assert children() == []


def test_html_takes_in_no_text_template(tmp_path: Path) -> None:
    """Nothing in it is escaped; also when its name is only known when it runs."""
    (tmp_path / "parts.txt.j2").write_text("{{ title }}")
    folder(tmp_path, sly="{% set name = 'parts.' ~ 'txt.j2' %}{% include name %}")

    with pytest.raises(TemplateFault, match="for plain text"):
        Environment([tmp_path]).text_of("sly.html.j2", {"title": "<script>"})


@pytest.mark.parametrize(
    ("template", "says"),
    [
        (
            "{% for a in range(200) %}{% for b in range(100) %}<div>{% endfor %}{% endfor %}",
            "within each other",
        ),
        (
            "{% for a in range(200) %}<p>{{ loop.index % 2 }}{% for b in range(20) %}<li>{% endfor %}{% endfor %}",
            "",
        ),
    ],
)
def test_a_page_too_deep_for_its_styles_is_refused(tmp_path: Path, template: str, says: str) -> None:
    """It would end our own process; elements that end by themselves make no depth."""
    pages = Pages(folder(tmp_path, deep=template))

    with pages.opened() as writer:
        if says:
            with pytest.raises(TemplateFault, match=says):
                writer.html("deep.html.j2", {})
        else:
            assert "<li>" in writer.html("deep.html.j2", {})


def test_half_a_character_does_not_reach_a_mail(tmp_path: Path) -> None:
    """An escape in a template can write a lone surrogate; a pair is the character that it means."""
    folder(tmp_path, half="{{ '\\ud83d' }}{{ '\\ud83d\\ude00' }}")

    with Isolated([tmp_path]) as templates:
        assert templates.text_of("half.html.j2", {}) == "\ufffd😀"
